"""All vertices of the polytopes of correlated and coarse correlated equilibria.

The equilibria are the convex combinations of finitely many. As weights of any sum they are a cone,
whose extreme rays :mod:`.double_description` finds in integers.
"""

from __future__ import annotations

import math

import numpy as np

from gametheory.algorithms.normal_form.double_description import extreme_rays
from gametheory.algorithms.normal_form.incentive_program import incentive_rows, refusal
from gametheory.algorithms.registry import Outcome, Search, register
from gametheory.games.correlated_distribution import CorrelatedDistribution
from gametheory.games.normal_form import NormalFormGame

__all__ = ["coarse_correlated_vertices", "correlated_vertices"]

_MOST_CELLS = 64  # beyond, the rays in between outgrow any memory


def _applies(game: NormalFormGame) -> str:
    cells = math.prod(game.n_actions)
    if cells > _MOST_CELLS:
        return f"{cells} joint actions, and its polytope has too many vertices beyond {_MOST_CELLS}"
    return refusal(game)


@register(
    "correlated-vertices",
    concepts=("correlated",),
    form=NormalFormGame,
    applies=_applies,
    finds="all",
    guarantee="every vertex of the polytope of correlated equilibria, exactly",
    cost="exponential in the number of joint actions: 3x3 games take milliseconds, 4x4 seconds",
    source="Motzkin, Raiffa, Thompson and Thrall (1953), in Contributions to the Theory of Games "
    "II; on the polytope Nau, Gomez Canovas and Hansen (2004), International Journal of Game "
    "Theory 32",
    rank=20,
)
def correlated_vertices(game: NormalFormGame) -> Search:
    """Yield the vertices of the polytope of correlated equilibria.

    Parameters
    ----------
    game : NormalFormGame

    Yields
    ------
    CorrelatedDistribution or None
        None while at work; the vertices come at the end.

    Returns
    -------
    Outcome
        ``iterations`` counts the vertices.

    Examples
    --------
    >>> chicken = NormalFormGame.symmetric([[6, 2], [7, 0]])
    >>> len([found for found in correlated_vertices(chicken) if found is not None])
    5
    """
    return (yield from _vertices(game, coarse=False))


@register(
    "coarse-correlated-vertices",
    concepts=("coarse-correlated",),
    form=NormalFormGame,
    applies=_applies,
    finds="all",
    guarantee="every vertex of the polytope of coarse correlated equilibria, exactly",
    cost="exponential in the number of joint actions: 3x3 games take milliseconds",
    source="Motzkin, Raiffa, Thompson and Thrall (1953), in Contributions to the Theory of "
    "Games II",
    rank=20,
)
def coarse_correlated_vertices(game: NormalFormGame) -> Search:
    """Yield the vertices of the polytope of coarse correlated equilibria.

    As for :func:`correlated_vertices`.

    Examples
    --------
    >>> pennies = NormalFormGame.zero_sum([[1, -1], [-1, 1]])
    >>> len([found for found in coarse_correlated_vertices(pennies) if found is not None])
    1
    """
    return (yield from _vertices(game, coarse=True))


def _vertices(game: NormalFormGame, *, coarse: bool) -> Search:
    rows, n_cells = incentive_rows(game, coarse=coarse), math.prod(game.n_actions)
    dense = []
    for columns, values in zip(rows.columns, rows.values, strict=True):
        row = [0] * n_cells
        for column, value in zip(columns.tolist(), values.tolist(), strict=True):
            row[column] = value
        dense.append(row)
    rays = yield from extreme_rays([], dense, n_cells)
    cells = [tuple(joint) for joint in np.ndindex(*game.n_actions)]
    for ray in rays:
        weights = {joint: weight for joint, weight in zip(cells, ray, strict=True) if weight}
        yield CorrelatedDistribution.from_weights(game.n_actions, weights)
    return Outcome(iterations=len(rays), complete=True)
