"""Families of games whose payoffs are drawn at random."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gametheory.games.catalog.draws import Draws
from gametheory.games.catalog.known_facts import KnownFacts, pure_profile
from gametheory.games.catalog.parameters import (
    action_sizes,
    bounds,
    number,
    require,
    square_sizes,
    whole,
)
from gametheory.games.catalog.registry import game
from gametheory.games.catalog.sources import GAMUT
from gametheory.games.normal_form import NormalFormGame

__all__ = [
    "covariant_game",
    "random_common_interest",
    "random_coordination",
    "random_degenerate",
    "random_game",
    "random_potential",
    "random_symmetric",
    "random_zero_sum",
]

_BY_DEFINITION = "by definition: the payoffs differ from it by what the others decide"


@game(
    source=f"{GAMUT} (RandomGame)",
    summary="every payoff is an integer drawn with equal probabilities",
)
def random_game(
    n_players: int = 2, n_actions: Any = 3, low: int = -100, high: int = 100, seed: int = 0
) -> NormalFormGame:
    """Draw every payoff independently and uniformly from the integers ``low`` to ``high``.

    ``n_actions`` is one number for all players, or one for each.
    """
    sizes = action_sizes(n_players, n_actions)
    least, most = bounds(low, high)
    payoffs = Draws(seed).integers(least, most, (len(sizes), *sizes))
    return NormalFormGame(payoffs, title=f"Random game {seed}")


@game(
    source=f"{GAMUT} (ZeroSum)",
    summary="what one player gets the other loses; payoffs drawn with equal probabilities",
)
def random_zero_sum(
    n_actions: Any = 3, low: int = -100, high: int = 100, seed: int = 0
) -> NormalFormGame:
    """Draw the first player's payoffs; ``n_actions`` is one number or (rows, columns)."""
    sizes = action_sizes(2, n_actions)
    matrix = Draws(seed).integers(*bounds(low, high), sizes)
    return NormalFormGame.zero_sum(matrix, title=f"Random zero-sum game {seed}")


@game(
    source="von Neumann and Morgenstern (1944), Theory of Games and Economic Behavior, on "
    f"symmetric games; {GAMUT}, on random ones",
    summary="random payoffs that depend on the own action and on how many take which other one",
)
def random_symmetric(
    n_players: int = 2, n_actions: int = 3, low: int = -100, high: int = 100, seed: int = 0
) -> NormalFormGame:
    """Draw one payoff for every own action and every multiset of the others' actions."""
    sizes = square_sizes(n_players, n_actions)
    table = Draws(seed).integers(*bounds(low, high), sizes)
    taken = np.indices(sizes, dtype=np.int32)
    payoffs = [
        table[(taken[own], *np.sort(np.delete(taken, own, axis=0), axis=0))]
        for own in range(len(sizes))
    ]
    return NormalFormGame(np.stack(payoffs), title=f"Random symmetric game {seed}")


def _common_interest_facts(
    n_players: int = 2, n_actions: Any = 3, low: int = -100, high: int = 100, seed: int = 0
) -> KnownFacts:
    team = Draws(seed).integers(*bounds(low, high), action_sizes(n_players, n_actions))
    best = np.unravel_index(int(team.argmax()), team.shape)
    return KnownFacts.of(_BY_DEFINITION, potential=team) | KnownFacts.of(
        "Monderer and Shapley (1996), Games and Economic Behavior 14, pages 124-143: the largest "
        "potential is an equilibrium",
        equilibria=(pure_profile(team.shape, [int(k) for k in best]),),
        correlated_welfare=Fraction(n_players * int(team.max())),
    )


@game(
    source="Marschak and Radner (1972), Economic Theory of Teams, on the concept; payoffs drawn",
    summary="a team: all players get the same random payoff",
    facts=_common_interest_facts,
)
def random_common_interest(
    n_players: int = 2, n_actions: Any = 3, low: int = -100, high: int = 100, seed: int = 0
) -> NormalFormGame:
    """Draw one payoff for every joint action; everybody gets it."""
    sizes = action_sizes(n_players, n_actions)
    team = Draws(seed).integers(*bounds(low, high), sizes)
    payoffs = np.broadcast_to(team, (len(sizes), *sizes))
    return NormalFormGame(payoffs, title=f"Random common-interest game {seed}")


def _coordination_facts(
    n_players: int = 2, n_actions: int = 3, low: int = -100, high: int = 100, seed: int = 0
) -> KnownFacts:
    agreements = tuple((action,) * n_players for action in range(n_actions))
    sizes = (n_actions,) * n_players
    source = "by definition: every agreement pays more than any disagreement"
    facts = KnownFacts.of(
        source, equilibria=tuple(pure_profile(sizes, agreed) for agreed in agreements)
    )
    # Of two players either one can turn any disagreement into an agreement; more cannot.
    alone = KnownFacts.of(source, pure_equilibria=agreements)
    return facts | alone if n_players == 2 else facts


@game(
    source=f"{GAMUT} (CoordinationGame)",
    summary="random payoffs, larger wherever all players agree than anywhere else",
    facts=_coordination_facts,
)
def random_coordination(
    n_players: int = 2, n_actions: int = 3, low: int = -100, high: int = 100, seed: int = 0
) -> NormalFormGame:
    """Draw payoffs up to ``high``; where all take the same action, above ``high``."""
    sizes = square_sizes(n_players, n_actions, least=2)
    least, most = bounds(low, high)
    draws = Draws(seed)
    payoffs = draws.integers(least, most, (len(sizes), *sizes))
    agreed: tuple[Any, ...] = (slice(None), *[np.arange(sizes[0])] * len(sizes))
    payoffs[agreed] = draws.integers(most + 1, most + 1 + (most - least), (len(sizes), sizes[0]))
    return NormalFormGame(payoffs, title=f"Random coordination game {seed}")


def _potential_and_dummies(
    sizes: tuple[int, ...], low: int, high: int, seed: int
) -> tuple[NDArray[np.int64], list[NDArray[np.int64]]]:
    """Draw a potential, and for each player what it gets whatever it does itself."""
    draws = Draws(seed)
    potential = draws.integers(low, high, sizes)
    dummies = [
        draws.integers(low, high, [1 if j == own else m for j, m in enumerate(sizes)])
        for own in range(len(sizes))
    ]
    return potential, dummies


def _potential_facts(
    n_players: int = 2, n_actions: Any = 3, low: int = -100, high: int = 100, seed: int = 0
) -> KnownFacts:
    sizes = action_sizes(n_players, n_actions)
    potential, _ = _potential_and_dummies(sizes, *bounds(low, high), seed)
    return KnownFacts.of(_BY_DEFINITION, potential=potential)


@game(
    source="Monderer and Shapley (1996), Games and Economic Behavior 14, pages 124-143",
    summary="a random exact potential plus, for each player, what only the others decide",
    facts=_potential_facts,
)
def random_potential(
    n_players: int = 2, n_actions: Any = 3, low: int = -100, high: int = 100, seed: int = 0
) -> NormalFormGame:
    """Draw an exact potential game: every one is the sum of a common and a dummy payoff."""
    sizes = action_sizes(n_players, n_actions)
    potential, dummies = _potential_and_dummies(sizes, *bounds(low, high), seed)
    payoffs = np.stack([potential + dummy for dummy in dummies])
    return NormalFormGame(payoffs, title=f"Random potential game {seed}")


@game(
    source="von Stengel (2002), Computing equilibria for two-person games, Handbook of Game "
    "Theory 3, chapter 45, on degenerate games",
    summary="random payoffs with few levels: ties, duplicates, equilibria in continua",
)
def random_degenerate(
    n_players: int = 2, n_actions: Any = 3, levels: int = 2, seed: int = 0
) -> NormalFormGame:
    """Draw every payoff from 0, 1, ..., ``levels`` - 1."""
    sizes = action_sizes(n_players, n_actions)
    highest = whole("levels", levels, 1, 10**9) - 1
    payoffs = Draws(seed).integers(0, highest, (len(sizes), *sizes))
    return NormalFormGame(payoffs, title=f"Random degenerate game {seed}")


def _covariant_facts(
    n_players: int = 2, n_actions: Any = 3, rho: Any = "1/2", seed: int = 0
) -> KnownFacts:
    if number("rho", rho) != 1:
        return KnownFacts()
    payoffs = covariant_game(n_players, n_actions, rho, seed).exact_payoffs
    return KnownFacts.of("by definition: all players get the same", potential=payoffs[0].copy())


@game(
    source="Rinott and Scarsini (2000), Games and Economic Behavior 33, pages 274-293; "
    f"{GAMUT} (CovariantGame)",
    summary="normal payoffs; those of one joint action are correlated, from rivalry to a team",
    facts=_covariant_facts,
)
def covariant_game(
    n_players: int = 2, n_actions: Any = 3, rho: Any = "1/2", seed: int = 0
) -> NormalFormGame:
    """Draw payoffs with mean 0, variance 1 and correlation ``rho`` between players.

    ``rho`` is at least -1 / (n_players - 1): at that end payoffs sum to about zero, at 1 they are
    equal. Payoffs are multiples of 2**-20, so they are known exactly.
    """
    sizes = action_sizes(n_players, n_actions)
    n, correlation = len(sizes), number("rho", rho)
    lowest = Fraction(-1, n - 1) if n > 1 else Fraction(-1)
    require(lowest <= correlation <= 1, f"rho is {correlation}", "rho", f"from {lowest} to 1")
    own = math.sqrt(1 - correlation)
    shared = (math.sqrt(1 + (n - 1) * correlation) - own) / n
    normal = Draws(seed).normals((n, *sizes))
    # The symmetric square root of the covariance (1 - rho) I + rho J, J all ones.
    payoffs = np.rint((own * normal + shared * normal.sum(axis=0)) * 2**20) / 2**20
    return NormalFormGame(payoffs, title=f"Covariant game {seed}, rho = {correlation}")
