"""Families of congestion games: facilities, roads, and crowds that want to disperse."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from math import comb

import numpy as np
from numpy.typing import NDArray

from gametheory.games.catalog.draws import Draws
from gametheory.games.catalog.known_facts import KnownFacts, joint_actions
from gametheory.games.catalog.parameters import bounds, check_size, flag, square_sizes, whole
from gametheory.games.catalog.registry import game
from gametheory.games.catalog.rosenthal import congestion_payoffs, rosenthal_potential
from gametheory.games.catalog.sources import GAMUT
from gametheory.games.normal_form import NormalFormGame

__all__ = ["braess_paradox", "congestion", "dispersion", "network_congestion"]


def _falling(draws: Draws, low: int, high: int, shape: tuple[int, int]) -> NDArray[np.int64]:
    """Draw what each of k = 1, 2, ... users of a resource earns: never more when k grows."""
    return np.asarray(np.sort(draws.integers(low, high, shape), axis=1)[:, ::-1])


def _congestion_model(
    n_players: int, n_facilities: int, low: int, high: int, seed: int
) -> tuple[NDArray[np.bool_], NDArray[np.int64], int]:
    """Return which facilities an action takes, what they earn, and the number of players."""
    n = whole("n_players", n_players, 1, 30)
    facilities = whole("n_facilities", n_facilities, 1, 20)
    check_size((2**facilities - 1,) * n, "n_players, n_facilities")
    subsets = np.arange(1, 2**facilities)
    uses = (subsets[:, None] >> np.arange(facilities)) % 2 == 1
    return uses, _falling(Draws(seed), *bounds(low, high), (facilities, n)), n


def _congestion_facts(
    n_players: int = 2, n_facilities: int = 2, low: int = -100, high: int = 100, seed: int = 0
) -> KnownFacts:
    return rosenthal_potential(*_congestion_model(n_players, n_facilities, low, high, seed))


@game(
    source="Rosenthal (1973), International Journal of Game Theory 2, pages 65-67; "
    f"{GAMUT} (CongestionGame)",
    summary="players take sets of facilities, which earn less the more they are crowded",
    facts=_congestion_facts,
)
def congestion(
    n_players: int = 2, n_facilities: int = 2, low: int = -100, high: int = 100, seed: int = 0
) -> NormalFormGame:
    """Draw what facilities earn for each number of users; an action is a set of facilities."""
    uses, earnings, n = _congestion_model(n_players, n_facilities, low, high, seed)
    names = ["+".join(str(facility) for facility in np.flatnonzero(row)) for row in uses]
    return NormalFormGame(
        congestion_payoffs(uses, earnings, n), actions=(names,) * n, title=f"Congestion game {seed}"
    )


def _routes(width: int, height: int) -> Iterator[tuple[str, list[int]]]:
    """Yield the ways through a grid of streets, east and north, with the roads that each takes."""
    for east_steps in combinations(range(width + height), width):
        east = north = 0
        roads, letters = [], ""
        for step in range(width + height):
            goes_east = step in east_steps
            # Roads east come first: one for each of the height + 1 streets and each block.
            roads.append(
                north * width + east if goes_east else width * (height + 1) + east * height + north
            )
            east, north = east + goes_east, north + (not goes_east)
            letters += "E" if goes_east else "N"
        yield letters, roads


def _network(
    n_players: int, width: int, height: int, slowest: int, seed: int
) -> tuple[list[str], NDArray[np.bool_], NDArray[np.int64], int]:
    """Return the routes, the roads they take, minus the delays of roads, the number of players."""
    n = whole("n_players", n_players, 1, 30)
    blocks = whole("width", width, 1, 6), whole("height", height, 1, 6)
    check_size((comb(sum(blocks), blocks[0]),) * n, "n_players, width, height")
    names, roads = zip(*_routes(*blocks), strict=True)
    n_roads = blocks[0] * (blocks[1] + 1) + blocks[1] * (blocks[0] + 1)
    uses = np.zeros((len(names), n_roads), dtype=bool)
    for route, taken in enumerate(roads):
        uses[route, taken] = True
    draws = Draws(seed)
    fixed, rising = draws.integers(0, whole("slowest", slowest, 0, 10**9), (2, n_roads, 1))
    return list(names), uses, -(fixed + rising * np.arange(1, n + 1)), n


def _network_facts(
    n_players: int = 3, width: int = 2, height: int = 1, slowest: int = 9, seed: int = 0
) -> KnownFacts:
    _, uses, earnings, n = _network(n_players, width, height, slowest, seed)
    return rosenthal_potential(uses, earnings, n)


@game(
    source="Fabrikant, Papadimitriou and Talwar (2004), The complexity of pure Nash equilibria, "
    "STOC 2004, on network congestion games",
    summary="drivers cross a grid of streets whose delays grow with the traffic",
    n_players=3,
    facts=_network_facts,
)
def network_congestion(
    n_players: int = 3, width: int = 2, height: int = 1, slowest: int = 9, seed: int = 0
) -> NormalFormGame:
    """Let all drivers go from the south-west to the north-east corner, east and north only.

    The delay of a road is a + b * traffic, a and b drawn from 0 to ``slowest``.
    """
    names, uses, earnings, n = _network(n_players, width, height, slowest, seed)
    return NormalFormGame(
        congestion_payoffs(uses, earnings, n),
        actions=(names,) * n,
        title=f"Network congestion game {seed}",
    )


def _braess_model(n_players: int, shortcut: bool) -> tuple[list[list[int]], NDArray[np.int64], int]:
    """Return roads: start-north, north-end, start-south, south-end; the shortcut costs nothing."""
    n = whole("n_players", n_players, 2, 30)
    n_routes = 2 + flag("shortcut", shortcut)
    check_size((n_routes,) * n, "n_players")
    crowded, wide = -np.arange(1, n + 1), np.full(n, -(n + 1))
    uses = [[1, 1, 0, 0], [0, 0, 1, 1], [1, 0, 0, 1]][:n_routes]
    return uses, np.stack([crowded, wide, wide, crowded]), n


def _braess_facts(n_players: int = 4, shortcut: bool = True) -> KnownFacts:
    facts = rosenthal_potential(*_braess_model(n_players, shortcut))
    if shortcut:
        return facts | KnownFacts.of(
            "the shortcut replaces a delay of n + 1 by one of at most n",
            dominant_actions=(2,) * n_players,
            pure_equilibria=((2,) * n_players,),
            n_equilibria=1,
        )
    north = np.indices((2,) * n_players).sum(axis=0)
    even = (north == n_players // 2) | (north == (n_players + 1) // 2)
    return facts | KnownFacts.of(
        "nobody gains by a change where the routes' traffic differs by one at most",
        pure_equilibria=joint_actions(even),
    )


@game(
    source="Braess (1968), Unternehmensforschung 12, pages 258-268",
    summary="a free shortcut is dominant for every driver and makes everybody slower",
    n_players=4,
    facts=_braess_facts,
)
def braess_paradox(n_players: int = 4, shortcut: bool = True) -> NormalFormGame:
    """Build Braess's network with n drivers: delays are the traffic on two roads, n + 1 on two.

    Without the shortcut, of an even number half take each route and lose n / 2 + n + 1; with it
    all take it and lose 2 n, which is more from four drivers on.
    """
    uses, earnings, n = _braess_model(n_players, shortcut)
    names = ("North", "South", "Shortcut")[: len(uses)]
    return NormalFormGame(
        congestion_payoffs(uses, earnings, n), actions=(names,) * n, title="Braess's paradox"
    )


def _dispersion_facts(n_players: int = 3, n_actions: int = 3) -> KnownFacts:
    taken = np.indices((n_actions,) * n_players, dtype=np.int32)
    meetings = sum((one == other for one, other in combinations(taken, 2)), start=np.int64(0))
    crowds = np.stack([(taken == action).sum(axis=0) for action in range(n_actions)])
    spread = crowds.max(axis=0) - crowds.min(axis=0) <= 1
    return KnownFacts.of(
        "Rosenthal (1973): minus the number of pairs that meet",
        potential=-meetings * np.ones(taken.shape[1:], dtype=np.int64),
    ) | KnownFacts.of(
        "Grenager, Powers and Shoham (2002): nobody gains by a change where crowds differ by one "
        "at most",
        pure_equilibria=joint_actions(spread),
    )


@game(
    source=f"Grenager, Powers and Shoham (2002), Dispersion games, AAAI-02; {GAMUT}",
    summary="players want to be where the others are not; all ways to spread out are equilibria",
    n_players=3,
    facts=_dispersion_facts,
)
def dispersion(n_players: int = 3, n_actions: int = 3) -> NormalFormGame:
    """Let everybody lose the number of other players that took the same action."""
    taken = np.indices(square_sizes(n_players, n_actions), dtype=np.int32)
    others = [sum((own == other for other in taken), start=np.int64(-1)) for own in taken]
    return NormalFormGame(-np.stack(others), title="Dispersion game")
