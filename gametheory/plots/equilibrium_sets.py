"""The Nash equilibria of a game as sets to mark in a picture."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from gametheory.concepts.convex_hull import in_convex_hull
from gametheory.games.normal_form import NormalFormGame

__all__ = ["equilibrium_sets", "symmetric_sets"]

Strategies = tuple[tuple[Fraction, ...], ...]


def equilibrium_sets(
    game: NormalFormGame, time_limit: float | None = 10.0
) -> tuple[tuple[Strategies, ...], ...]:
    """Find the equilibria as products of convex hulls.

    Parameters
    ----------
    game : NormalFormGame
    time_limit : float or None
        Seconds; after that those found so far.

    Returns
    -------
    tuple of tuple
        For each set and each player strategies, as Fractions; every mixture of one player's with
        every mixture of the others' is an equilibrium. Of two players these are all, as maximal
        sets, unless time runs out; of more players single equilibria.

    Examples
    --------
    >>> entry = NormalFormGame.bimatrix([[0, 0], [-1, 1]], [[2, 2], [-1, 1]])
    >>> sets = equilibrium_sets(entry)
    >>> [[len(strategies) for strategies in one] for one in sets]
    [[1, 2], [1, 1]]
    """
    from gametheory.solve import solve

    solution = solve(game, find="all", time_limit=time_limit)
    if solution.components:
        return tuple(one.vertices for part in solution.components for one in part.subsets)
    return tuple(tuple((tuple(x),) for x in profile.exact) for profile in solution.equilibria)


def symmetric_sets(sets: Sequence[tuple[Strategies, ...]]) -> tuple[Strategies, ...]:
    """Return what both players can do alike: the strategies of one hull that lie in the other.

    Examples
    --------
    >>> hawk_dove = NormalFormGame.symmetric([[-1, 4], [0, 2]])
    >>> [[str(p) for p in x] for (x,) in symmetric_sets(equilibrium_sets(hawk_dove))]
    [['2/3', '1/3']]
    """
    found: list[Any] = []
    for one in sets:
        alike = [x for side in one for x in side if all(in_convex_hull(x, hull) for hull in one)]
        if alike:
            found.append(tuple(sorted(set(alike))))
    return tuple(found)
