"""Values and best responses of stochastic games, by adding up stage after stage."""

from __future__ import annotations

import itertools
from typing import Any

from gametheory.games.stochastic_game import StochasticGame

__all__ = ["regrets", "values"]

Plain = tuple[tuple[tuple[Any, ...], ...], ...]
_CLOSE = 1e-13


def values(game: StochasticGame, plain: Plain) -> list[list[float]]:
    """Return what each player expects from each state on, in floats."""
    return [_iterate(game, plain, player, best=False) for player in range(game.n_players)]


def regrets(game: StochasticGame, plain: Plain) -> list[float]:
    """Return each player's largest gain, over the states, by a best response."""
    return [
        max(
            b - v
            for b, v in zip(
                _iterate(game, plain, player, best=True),
                _iterate(game, plain, player, best=False),
                strict=True,
            )
        )
        for player in range(game.n_players)
    ]


def _iterate(game: StochasticGame, plain: Plain, player: int, *, best: bool) -> list[float]:
    """Play ever more stages until more of them make no difference."""
    table = _table(game, plain, player)
    discount, worth = float(game.discount), [0.0] * game.n_states
    while True:
        after = []
        for state, rows in enumerate(table):
            actions = [
                earned + discount * sum(p * w for p, w in zip(odds, worth, strict=True))
                for earned, odds in rows
            ]
            own = [float(p) for p in plain[state][player]]
            mixed = sum(p * u for p, u in zip(own, actions, strict=True))
            after.append(max(actions) if best else mixed)
        change = max(abs(a - w) for a, w in zip(after, worth, strict=True))
        worth = after
        if change <= _CLOSE * (1 - discount) * (1 + max(map(abs, worth))):
            return worth


def _table(
    game: StochasticGame, plain: Plain, player: int
) -> list[list[tuple[float, list[float]]]]:
    """For each state and own action: what it pays now, and the odds of the next state."""
    bounds, offsets = game.first.tolist(), game.row_offsets.tolist()
    found = []
    for state, stage in enumerate(game.stages):
        rows = [(0.0, [0.0] * game.n_states) for _ in range(stage.n_actions[player])]
        for k, cell in enumerate(itertools.product(*map(range, stage.n_actions))):
            weight = 1.0
            for other, action in enumerate(cell):
                weight *= 1.0 if other == player else float(plain[state][other][action])
            earned, odds = rows[cell[player]]
            row = offsets[state] + k
            for place in range(bounds[row], bounds[row + 1]):
                odds[int(game.next_states[place])] += weight * float(game.probabilities[place])
            rows[cell[player]] = (
                earned + weight * float(stage.payoffs[(player, *cell)]),
                odds,
            )
        found.append(rows)
    return found
