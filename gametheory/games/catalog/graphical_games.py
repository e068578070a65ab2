"""Families in which a graph tells who matters to whom, or which actions touch each other."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gametheory.games.catalog.draws import Draws
from gametheory.games.catalog.graphs import edges
from gametheory.games.catalog.known_facts import KnownFacts, joint_actions
from gametheory.games.catalog.parameters import (
    MOST_RULED_PAYOFFS,
    action_sizes,
    bounds,
    check_size,
    number,
    require,
    square_sizes,
    whole,
)
from gametheory.games.catalog.quotients import quotients
from gametheory.games.catalog.registry import game
from gametheory.games.catalog.sources import GAMUT
from gametheory.games.normal_form import NormalFormGame

__all__ = ["best_shot", "graphical_game", "local_effect", "polymatrix"]

_KINDS = ("general", "coordination", "zero-sum")


@game(
    source="Kearns, Littman and Singh (2001), Graphical models for game theory, UAI-01",
    summary="random payoffs that depend on the own action and those of neighbors in a graph",
    n_players=4,
)
def graphical_game(
    n_players: int = 4,
    n_actions: Any = 2,
    graph: str = "ring",
    *,
    low: int = -100,
    high: int = 100,
    seed: int = 0,
) -> NormalFormGame:
    """Draw a payoff for each joint action of a player and its neighbors.

    ``graph`` is complete, grid, path, random, ring or star.
    """
    sizes = action_sizes(n_players, n_actions)
    least, most = bounds(low, high)
    draws = Draws(seed)
    near = edges(graph, len(sizes), draws)
    payoffs = np.empty((len(sizes), *sizes))
    for player in range(len(sizes)):
        hood = {player, *(j for edge in near if player in edge for j in edge)}
        local = [m if j in hood else 1 for j, m in enumerate(sizes)]
        payoffs[player] = draws.integers(least, most, local)
    return NormalFormGame(payoffs, title=f"Graphical game on a {graph} graph, {seed}")


def _polymatrix_model(
    sizes: tuple[int, ...], graph: str, kind: str, limits: tuple[int, int], seed: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return everybody's payoffs, and the sum over edges of what the first of the two gets."""
    require(kind in _KINDS, f"kind is {kind!r}", "kind", f"one of {', '.join(_KINDS)}")
    draws = Draws(seed)
    payoffs = np.zeros((len(sizes), *sizes), dtype=np.int64)
    total = np.zeros(sizes, dtype=np.int64)
    for one, other in edges(graph, len(sizes), draws):
        shape = [m if j in (one, other) else 1 for j, m in enumerate(sizes)]
        mine = draws.integers(*limits, shape)
        theirs = draws.integers(*limits, shape) if kind == "general" else mine
        payoffs[one] += mine
        payoffs[other] += -mine if kind == "zero-sum" else theirs
        total += mine
    return payoffs, total


def _polymatrix_facts(
    n_players: int = 3,
    n_actions: Any = 2,
    graph: str = "complete",
    kind: str = "general",
    *,
    low: int = -100,
    high: int = 100,
    seed: int = 0,
) -> KnownFacts:
    if kind != "coordination":
        return KnownFacts()
    sizes = action_sizes(n_players, n_actions)
    _, total = _polymatrix_model(sizes, graph, kind, bounds(low, high), seed)
    return KnownFacts.of(
        "Cai and Daskalakis (2011), On minmax theorems for multiplayer games, SODA 2011",
        potential=total,
    )


@game(
    source="Yanovskaya (1968), Equilibrium points in polymatrix games; Howson (1972), Management "
    f"Science 18, pages 312-318; {GAMUT}",
    summary="each pair of neighbors plays a random bimatrix game, with one action in all of them",
    n_players=3,
    facts=_polymatrix_facts,
)
def polymatrix(
    n_players: int = 3,
    n_actions: Any = 2,
    graph: str = "complete",
    kind: str = "general",
    *,
    low: int = -100,
    high: int = 100,
    seed: int = 0,
) -> NormalFormGame:
    """Draw a two-player game for each edge; payoffs are the sums over a player's games.

    ``graph`` is complete, grid, path, random, ring or star; ``kind`` says whether the two players
    of an edge get unrelated payoffs (general), the same (coordination), or opposite ones
    (zero-sum).
    """
    sizes = action_sizes(n_players, n_actions)
    payoffs, _ = _polymatrix_model(sizes, graph, kind, bounds(low, high), seed)
    return NormalFormGame(payoffs, title=f"Polymatrix game {seed}")


def _local_effect_model(
    n_players: int, n_actions: int, graph: str, strongest: int, seed: int
) -> tuple[list[NDArray[np.int64]], NDArray[np.int64]]:
    """Return everybody's payoffs and the potential of linear effects."""
    sizes = square_sizes(n_players, n_actions)
    most = whole("strongest", strongest, 0, 10**6)
    draws = Draws(seed)
    effect = np.diag(draws.integers(0, most, (n_actions,)))
    near = edges(graph, n_actions, draws)
    one_end, other_end = np.array(near, dtype=np.intp).reshape(-1, 2).T
    effect[one_end, other_end] = effect[other_end, one_end] = draws.integers(0, most, (len(near),))
    taken = np.indices(sizes, dtype=np.int32)
    # Each player suffers its action's effect from every user of it, itself included, and of
    # the neighboring actions: a sum over pairs of players, symmetric in the two.
    suffered = [
        sum((effect[own, other] for other in taken), start=np.zeros(sizes, dtype=np.int64))
        for own in taken
    ]
    pairs = (effect[own, other] for own, other in combinations(taken, 2))
    alone = sum((effect[own, own] for own in taken), start=np.zeros(sizes, dtype=np.int64))
    return [-loss for loss in suffered], -sum(pairs, start=alone)


def _local_effect_facts(
    n_players: int = 3, n_actions: int = 3, graph: str = "path", strongest: int = 9, seed: int = 0
) -> KnownFacts:
    _, potential = _local_effect_model(n_players, n_actions, graph, strongest, seed)
    return KnownFacts.of("Leyton-Brown and Tennenholtz (2003)", potential=potential)


@game(
    source="Leyton-Brown and Tennenholtz (2003), Local-effect games, IJCAI-03; "
    f"{GAMUT} (BidirectionalLEG)",
    summary="crowding hurts those with the same action and, less or more, with neighboring ones",
    n_players=3,
    facts=_local_effect_facts,
)
def local_effect(
    n_players: int = 3, n_actions: int = 3, graph: str = "path", strongest: int = 9, seed: int = 0
) -> NormalFormGame:
    """Build a bidirectional local-effect game with linear effects on a graph of actions.

    Whoever takes action a loses e(a, a) for each player who takes it, itself included, and
    e(a, b) = e(b, a) for each one at a neighboring action b; drawn from 0 to ``strongest``.
    ``graph`` is complete, grid, path, random, ring or star.
    """
    payoffs, _ = _local_effect_model(n_players, n_actions, graph, strongest, seed)
    return NormalFormGame(np.stack(payoffs), title=f"Local-effect game {seed}")


def _givers(n_players: int, graph: str, seed: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return, at every joint action, who gives and who has a neighbor that gives."""
    gives = np.indices((2,) * n_players, dtype=np.int32).astype(bool)
    helped = np.zeros_like(gives)
    for one, other in edges(graph, n_players, Draws(seed)):
        helped[one] |= gives[other]
        helped[other] |= gives[one]
    return gives, helped


def _best_shot_facts(
    n_players: int = 4, graph: str = "ring", cost: Any = "1/2", seed: int = 0
) -> KnownFacts:
    gives, helped = _givers(n_players, graph, seed)
    return KnownFacts.of(
        "Bramoullé and Kranton (2007): the givers are a maximal independent set",
        pure_equilibria=joint_actions((gives != helped).all(axis=0)),
    )


@game(
    source="Bramoullé and Kranton (2007), Journal of Economic Theory 135, pages 478-494; "
    "Hirshleifer (1983), Public Choice 41, pages 371-386, on the best shot",
    summary="one giver in the neighborhood is enough: equilibria are maximal independent sets",
    n_players=4,
    facts=_best_shot_facts,
)
def best_shot(
    n_players: int = 4, graph: str = "ring", cost: Any = "1/2", seed: int = 0
) -> NormalFormGame:
    """Pay 1 to everybody with a giver nearby, itself included, and charge each giver ``cost``.

    ``graph`` is complete, grid, path, random, ring or star; the seed draws the random one.
    """
    n = whole("n_players", n_players, 1, 30)
    check_size((2,) * n, "n_players", MOST_RULED_PAYOFFS)
    price = number("cost", cost)
    require(0 < price < 1, f"cost {price}", "cost", "between 0 and 1")
    gives, helped = _givers(n, graph, seed)
    require(price.denominator < 2**31, f"cost {price}", "cost", "a denominator below 2**31")
    payoffs = (gives | helped) * price.denominator - gives * price.numerator
    return NormalFormGame(
        quotients(payoffs, price.denominator),
        actions=(("Rely", "Give"),) * n,
        title=f"Best shot on a {graph} graph",
    )
