"""Vertices and facets of the convex hull of integer points, exactly, in any dimension.

Both functions here grow a hull from a few vertices. The facets of the hull so far are the extreme
rays of a cone, which :mod:`.double_description` finds; outside each facet the furthest point is a
vertex that was missing. When nothing is outside, all vertices and all facets are known. Points
inside are never looked at again, as in Barber, Dobkin and Huhdanpaa (1996), "The quickhull
algorithm for convex hulls", ACM Transactions on Mathematical Software 22.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gametheory.algorithms.normal_form.double_description import extreme_rays
from gametheory.errors import UnsupportedGame

__all__ = ["Hull", "Row", "UpperHull", "convex_hull", "upper_hull"]

_MOST_PIECES = 4_000  # of the double description's work: a minute or so

Integers = NDArray[np.object_]


class Row(NamedTuple):
    """An inequality ``normal @ point <= offset`` or an equation, in integers without a factor."""

    normal: tuple[int, ...]
    offset: int


class Hull(NamedTuple):
    """A convex hull.

    Attributes
    ----------
    vertices : tuple of int
        Indices of points, in increasing order.
    facets : tuple of Row
        Inequalities, each tight on a facet; none where the hull is a single point.
    equations : tuple of Row
        What holds for all points; as many as dimensions are missing.
    """

    vertices: tuple[int, ...]
    facets: tuple[Row, ...]
    equations: tuple[Row, ...]


class UpperHull(NamedTuple):
    """What lies below a convex hull in every coordinate: its facets, and the points on them.

    Attributes
    ----------
    vertices : tuple of int
        Indices of points, in increasing order: no convex combination of others dominates one or
        equals it.
    facets : tuple of Row
        With normals that are not negative, and not zero.
    """

    vertices: tuple[int, ...]
    facets: tuple[Row, ...]


def convex_hull(points: Integers) -> Generator[None, None, Hull]:
    """Find the convex hull of integer points.

    Parameters
    ----------
    points : ndarray of Python ints, shape (k, n)
        No two equal, k at least 1.

    Yields
    ------
    None
        Between pieces of work.

    Returns
    -------
    Hull

    Raises
    ------
    UnsupportedGame
        The hull has too many facets for the double description method.

    Examples
    --------
    >>> points = np.array([[0, 0], [0, 2], [2, 0], [1, 1]], dtype=object)
    >>> from gametheory.linear_programs import finish
    >>> hull = finish(convex_hull(points))
    >>> hull.vertices
    (0, 1, 2)
    >>> hull.facets
    (Row(normal=(-1, 0), offset=0), Row(normal=(0, -1), offset=0), Row(normal=(1, 1), offset=2))
    """
    simplex, pivots, equations = _simplex(points)
    if len(simplex) == 1:
        return Hull((simplex[0],), (), equations)
    # An affine function is given by its values at the simplex, all of which are at least zero
    # where it is at least zero on the hull: so the cone of such functions lies in an orthant.
    corners = np.array([[1, *(-points[k, pivots])] for k in simplex], dtype=object)
    inverse, scale = _inverse(corners)
    lifted = np.hstack([np.ones((len(points), 1), dtype=object), -points[:, pivots]])

    def rows(chosen: list[int]) -> Integers:
        outside: Integers = -(lifted[chosen] @ inverse)
        return outside

    def read(ray: tuple[int, ...]) -> Row:
        offset, *normal = (inverse @ np.array(ray, dtype=object)).tolist()
        full = [0] * points.shape[1]
        for pivot, entry in zip(pivots, normal, strict=True):
            full[pivot] = entry
        return _reduced(full, offset)

    if scale < 0:
        inverse = -inverse
    vertices, facets = yield from _grow(points, list(simplex), rows, read, len(simplex))
    return Hull(vertices, facets, equations)


def upper_hull(points: Integers) -> Generator[None, None, UpperHull]:
    """Find the facets of what lies below the convex hull of integer points.

    Parameters, what it yields and errors are as for :func:`convex_hull`.

    Notes
    -----
    The normals of the facets that meet in a point generate all weights for which the point
    maximizes the weighted sum. So a convex combination dominates the point exactly if the sum of
    these normals is zero in some coordinate.

    Examples
    --------
    >>> points = np.array([[0, 3], [1, 1], [2, 2], [3, 0]], dtype=object)
    >>> from gametheory.linear_programs import finish
    >>> hull = finish(upper_hull(points))
    >>> hull.vertices, [facet.normal for facet in hull.facets]
    ((0, 2, 3), [(0, 1), (1, 0), (1, 2), (2, 1)])
    """
    n = points.shape[1]
    lowest = points.min(axis=0)

    def rows(chosen: list[int]) -> Integers:
        shifted = points[chosen] - lowest
        return np.hstack([shifted, np.full((len(chosen), 1), -1, dtype=object)])

    def read(ray: tuple[int, ...]) -> Row:
        normal, offset = ray[:-1], ray[-1]
        return _reduced(normal, offset + sum(map(int.__mul__, normal, lowest.tolist())))

    # Shifted points are not negative, so neither is an offset. One vertex to begin with.
    start = [_furthest(points, points.sum(axis=1), range(len(points)))]
    vertices, facets = yield from _grow(points, start, rows, read, n + 1)
    return UpperHull(vertices, facets)


def _grow(
    points: Integers, chosen: list[int], rows: Any, read: Any, size: int
) -> Generator[None, None, tuple[tuple[int, ...], tuple[Row, ...]]]:
    """Add the furthest point outside each facet until nothing is outside."""
    outside = np.arange(len(points))
    pieces = 0
    while True:
        search = extreme_rays([], rows(chosen).tolist(), size)
        while True:
            try:
                next(search)
            except StopIteration as end:
                rays = end.value
                break
            pieces += 1
            if pieces > _MOST_PIECES:
                raise UnsupportedGame(
                    f"the convex hull of {len(points):,} payoff vectors has too many facets",
                    hint="ask for the optima of single objectives, or a game of fewer players",
                )
            yield None
        facets = sorted({row for ray in rays if any((row := read(ray)).normal)})
        candidates = points[outside]
        beyond = np.zeros(len(outside), dtype=np.bool_)
        added = set()
        for facet in facets:
            excess = candidates @ np.array(facet.normal, dtype=object) - facet.offset
            out = np.asarray(excess > 0, dtype=np.bool_)
            if out.any():
                beyond |= out
                added.add(_furthest(points, excess, outside.tolist()))
            yield None
        if not added:
            return tuple(sorted(chosen)), tuple(facets)
        chosen = [*chosen, *sorted(added)]
        outside = outside[beyond]


def _furthest(points: Integers, values: Integers, indices: Sequence[int]) -> int:
    """Return where a linear function is largest, at the last point in lexicographic order.

    That is a vertex: the first two criteria, and so on, are maximized one after the other.
    """
    largest = values.max()
    best = [k for k, value in zip(indices, values.tolist(), strict=True) if value == largest]
    return max(best, key=lambda k: tuple(points[k].tolist()))


def _simplex(points: Integers) -> tuple[list[int], list[int], tuple[Row, ...]]:
    """Find vertices that span as much as all points do.

    With the coordinates that tell them apart, and the equations that hold for all points.
    """
    n = points.shape[1]
    everyone = range(len(points))
    first = _furthest(points, np.zeros(len(points), dtype=object), everyone)
    away = points - points[first]
    functionals = np.eye(n, dtype=int).astype(object)
    simplex, pivots, equations = [first], [], []
    for k in range(n):
        values = away @ functionals[k]
        sizes = np.abs(values)
        if not sizes.any():
            normal = functionals[k].tolist()
            offset = int(points[first] @ functionals[k])
            equations.append(_reduced(normal, offset))
            continue
        sign = 1 if values.max() == sizes.max() else -1
        vertex = _furthest(points, sign * values, everyone)
        simplex.append(vertex)
        pivots.append(k)
        for j in range(k + 1, n):
            there = int(away[vertex] @ functionals[j])
            functionals[j] = functionals[j] * int(values[vertex]) - functionals[k] * there
    return simplex, pivots, tuple(equations)


def _inverse(matrix: Integers) -> tuple[Integers, int]:
    """Return the inverse of a square matrix times a number, in integers, and the number."""
    import flint

    inverse = flint.fmpq_mat(flint.fmpz_mat(matrix.tolist())).inv()
    entries = [[Fraction(int(e.p), int(e.q)) for e in row] for row in inverse.tolist()]
    scale = math.lcm(*(entry.denominator for row in entries for entry in row))
    return np.array([[int(e * scale) for e in row] for row in entries], dtype=object), scale


def _reduced(normal: Sequence[int], offset: int) -> Row:
    divisor = math.gcd(offset, *normal) or 1
    return Row(tuple(entry // divisor for entry in normal), offset // divisor)
