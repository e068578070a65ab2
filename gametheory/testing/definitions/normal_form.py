"""Equilibria of games in normal form by their definitions: sums over joint actions."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from gametheory.games.normal_form import NormalFormGame

__all__ = [
    "coarse_gains",
    "correlated_gains",
    "deviation_payoffs",
    "dominates_strictly",
    "expected_payoffs",
    "joint_of",
    "joint_payoffs",
    "logit_response",
    "payoff_of",
    "pure_maxmin",
    "regrets",
    "surviving_pure_dominance",
]

Joint = tuple[int, ...]
Strategies = Sequence[Sequence[Any]]


def payoff_of(game: NormalFormGame) -> Callable[[int, Joint], Fraction]:
    """Return the function of player and joint action that gives the exact payoff."""
    payoffs = game.exact_payoffs
    return lambda player, joint: payoffs[(player, *joint)]


def joint_of(strategies: Strategies) -> dict[Joint, Any]:
    """Multiply independent strategies out: the probability of each joint action."""
    joint: dict[Joint, Any] = {(): Fraction(1)}
    for strategy in strategies:
        joint = {
            (*head, action): odds * p
            for head, odds in joint.items()
            for action, p in enumerate(strategy)
            if p
        }
    return joint


def joint_payoffs(game: NormalFormGame, joint: Mapping[Joint, Any]) -> list[Any]:
    """Return each player's expected payoff from a distribution over joint actions."""
    pays = payoff_of(game)
    return [
        sum(p * pays(player, cell) for cell, p in joint.items()) for player in range(game.n_players)
    ]


def expected_payoffs(game: NormalFormGame, strategies: Strategies) -> list[Any]:
    """Return each player's expected payoff."""
    return joint_payoffs(game, joint_of(strategies))


def deviation_payoffs(game: NormalFormGame, strategies: Strategies, player: int) -> list[Any]:
    """Return what each action of a player pays against the others."""
    pays = payoff_of(game)
    others = list(strategies)
    others[player] = [1]  # the player's own place in the joint action, filled in below
    joint = joint_of(others)
    return [
        sum(p * pays(player, (*cell[:player], a, *cell[player + 1 :])) for cell, p in joint.items())
        for a in range(game.n_actions[player])
    ]


def regrets(game: NormalFormGame, strategies: Strategies) -> list[Any]:
    """Return what each player could gain by its best action."""
    gains = []
    for player, strategy in enumerate(strategies):
        pays = deviation_payoffs(game, strategies, player)
        gains.append(max(pays) - sum(p * u for p, u in zip(strategy, pays, strict=True)))
    return gains


def correlated_gains(game: NormalFormGame, joint: Mapping[Joint, Any]) -> list[Any]:
    """Return what each player gains by the best reply to every action that it is told."""
    pays = payoff_of(game)
    gains = []
    for player, size in enumerate(game.n_actions):
        total: Any = Fraction(0)
        for told in range(size):
            cells = [(cell, p) for cell, p in joint.items() if cell[player] == told]
            total += max(
                sum(
                    p * (pays(player, (*c[:player], a, *c[player + 1 :])) - pays(player, c))
                    for c, p in cells
                )
                for a in range(size)
            )
        gains.append(total)
    return gains


def coarse_gains(game: NormalFormGame, joint: Mapping[Joint, Any]) -> list[Any]:
    """Return what each player gains by the best fixed action, at least zero."""
    pays = payoff_of(game)
    gains = []
    for player, size in enumerate(game.n_actions):
        best = max(
            sum(
                p * (pays(player, (*c[:player], a, *c[player + 1 :])) - pays(player, c))
                for c, p in joint.items()
            )
            for a in range(size)
        )
        gains.append(max(best, Fraction(0)))
    return gains


def pure_maxmin(game: NormalFormGame, player: int) -> Fraction:
    """Return the most that a player can guarantee itself by a pure action."""
    pays = payoff_of(game)
    worst: dict[int, Fraction] = {}
    for cell in itertools.product(*map(range, game.n_actions)):
        own = cell[player]
        worst[own] = min(worst.get(own, pays(player, cell)), pays(player, cell))
    return max(worst.values())


def dominates_strictly(
    game: NormalFormGame,
    player: int,
    better: int,
    worse: int,
    allowed: Sequence[Sequence[int]],
) -> bool:
    """Whether one action always pays more than another while others keep to some actions."""
    pays = payoff_of(game)
    places = [list(actions) for actions in allowed]
    places[player] = [0]
    return all(
        pays(player, (*cell[:player], better, *cell[player + 1 :]))
        > pays(player, (*cell[:player], worse, *cell[player + 1 :]))
        for cell in itertools.product(*places)
    )


def surviving_pure_dominance(game: NormalFormGame) -> list[list[int]]:
    """Take out actions that another action strictly dominates, as long as there is one."""
    left = [list(range(size)) for size in game.n_actions]
    while True:
        for player, actions in enumerate(left):
            beaten = [
                a
                for a in actions
                if any(dominates_strictly(game, player, b, a, left) for b in actions if b != a)
            ]
            if beaten:
                left[player] = [a for a in actions if a not in beaten]
                break
        else:
            return left


def logit_response(pays: Sequence[Any], rationality: float) -> list[float]:
    """Return probabilities proportional to exp(rationality * payoff)."""
    best = max(pays)
    weights = [math.exp(rationality * float(pay - best)) for pay in pays]
    total = math.fsum(weights)
    return [weight / total for weight in weights]
