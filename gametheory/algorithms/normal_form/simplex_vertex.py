"""Optimal vertices of a matrix game by simplex pivots in floats, from scratch or from a basis.

With payoffs A between 0 and 1 and B = 1 + A the column player's linear program is: maximize
sum(y) subject to B y <= 1, y >= 0. A basis is a square part of B, of rows R and columns C: the
entries of y in C are basic, and so are the slacks of the rows outside R.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gametheory.algorithms.normal_form.matrix_game import Vertex, distribution, duality_gap

__all__ = ["improved_vertex", "simplex_vertex", "vertex_at"]

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]
Search = Generator[None, None, tuple[Vertex | None, int]]

_WIDEST_GAP = 1e-9  # of the payoff range, after a run from scratch; exact steps repair what is left
_CLOSED_GAP = 1e-11
_WORK_BETWEEN_LOOKS = 50_000_000  # entries of the dictionary updated between two yields
_LIFT = 1e-6  # right-hand sides become at least this while costs are repaired, each its own


class _Dictionary(NamedTuple):
    """See :mod:`gametheory.kernels.minimax_simplex`; pivots change it in place."""

    entries: Floats
    basic: Indices
    nonbasic: Indices
    norms: Floats


def simplex_vertex(scaled: Floats) -> Search:
    """Run the simplex method from the origin.

    Parameters
    ----------
    scaled : ndarray of float64, shape (m, n)
        Payoffs between 0 and 1.

    Yields
    ------
    None
        Between pieces of work.

    Returns
    -------
    vertex : Vertex or None
        None if rounding broke it down: no vertex with a duality gap below 1e-9 was reached.
    steps : int
        Pivots made.
    """
    from gametheory.kernels import minimax_simplex as kernel

    start = _Dictionary(*kernel.at_origin(scaled))
    optimal, steps = yield from _pivot(start)
    if not optimal:
        return None, steps
    x, y = kernel.weights(start.entries, start.basic, start.nonbasic)
    vertex = _vertex(x, y, *_kernel_of(start, scaled.shape[1]))
    if vertex and duality_gap(scaled, vertex.row, vertex.column) > _WIDEST_GAP:
        vertex = None
    return vertex, steps


def improved_vertex(scaled: Floats, rows: Indices, columns: Indices) -> Search:
    """Pivot from any nonsingular basis to an optimal one; few times if it is nearly optimal.

    First negative right-hand sides are lifted until no reduced cost is negative, then they return
    to what they are and dual pivots, which are the pivots of the negative transpose, go on.

    Parameters
    ----------
    scaled : ndarray of float64, shape (m, n)
        Payoffs between 0 and 1.
    rows, columns : ndarray of int64
        The basis, as many rows as columns.

    Yields
    ------
    None
        Between pieces of work.

    Returns
    -------
    vertex : Vertex or None
        None if no vertex with a duality gap below 1e-11 was reached.
    steps : int
        Pivots made.
    """
    steps = 0
    for dual in (False, True, False, True):
        vertex = vertex_at(scaled, rows, columns)
        start = None if vertex else _at_basis(scaled, rows, columns)
        if start is None:
            return vertex, steps
        yield None
        if dual:
            start = _negative_transpose(start)
        right = start.entries[:-1, -1]
        if right.min() < 0:
            np.maximum(right, _LIFT * (1 + np.arange(len(right)) / len(right)), out=right)
        _, more = yield from _pivot(start)
        steps += more
        rows, columns = _kernel_of(_negative_transpose(start) if dual else start, scaled.shape[1])
    return vertex_at(scaled, rows, columns), steps


def vertex_at(scaled: Floats, rows: Indices, columns: Indices) -> Vertex | None:
    """Return the vertex of a basis if its duality gap is below 1e-11, None if not."""
    part = 1 + scaled[np.ix_(rows, columns)]
    x, y = np.zeros(scaled.shape[0]), np.zeros(scaled.shape[1])
    try:
        y[columns] = np.linalg.solve(part, np.ones(len(rows)))
        x[rows] = np.linalg.solve(part.T, np.ones(len(rows)))
    except np.linalg.LinAlgError:
        return None
    vertex = _vertex(x, y, rows, columns)
    if vertex and duality_gap(scaled, vertex.row, vertex.column) > _CLOSED_GAP:
        return None
    return vertex


def _vertex(x: Floats, y: Floats, rows: Indices, columns: Indices) -> Vertex | None:
    if not (np.isfinite(x).all() and np.isfinite(y).all() and x.max() > 0 and y.max() > 0):
        return None
    return Vertex(distribution(x), distribution(y), rows, columns)


def _pivot(dictionary: _Dictionary) -> Generator[None, None, tuple[bool, int]]:
    """Pivot until optimal; tell whether that was reached, and the number of pivots."""
    from gametheory.kernels import minimax_simplex as kernel

    entries, basic, nonbasic, norms = dictionary
    counts = np.zeros(2, dtype=np.int64)
    most = max(1, _WORK_BETWEEN_LOOKS // entries.size)
    limit = 1000 + 50 * sum(entries.shape)
    kernel.measure(entries, norms)
    status = kernel.pivots(entries, basic, nonbasic, norms, counts, most)
    while status == kernel.WORKING and counts[0] < limit:
        yield None
        status = kernel.pivots(entries, basic, nonbasic, norms, counts, most)
    return status == kernel.OPTIMAL, int(counts[0])


def _kernel_of(dictionary: _Dictionary, n_columns: int) -> tuple[Indices, Indices]:
    nonbasic, basic = dictionary.nonbasic, dictionary.basic
    return np.sort(nonbasic[nonbasic >= n_columns] - n_columns), np.sort(basic[basic < n_columns])


def _at_basis(scaled: Floats, rows: Indices, columns: Indices) -> _Dictionary | None:
    """Solve the equations for the basic variables; None if the basis is singular."""
    m, n = scaled.shape
    other_rows = np.setdiff1d(np.arange(m), rows)
    other_columns = np.setdiff1d(np.arange(n), columns)
    payoffs = 1 + scaled
    try:
        inverse = np.linalg.inv(payoffs[np.ix_(rows, columns)])
    except np.linalg.LinAlgError:
        return None
    k = len(rows)
    across = payoffs[np.ix_(rows, other_columns)]
    down = payoffs[np.ix_(other_rows, columns)] @ inverse
    entries = np.empty((m + 1, n + 1))
    entries[:k, :k] = inverse
    entries[:k, k:n] = inverse @ across
    entries[:k, n] = inverse.sum(axis=1)
    entries[k:m, :k] = -down
    entries[k:m, k:n] = payoffs[np.ix_(other_rows, other_columns)] - down @ across
    entries[k:m, n] = 1 - down.sum(axis=1)
    entries[m, :k] = inverse.sum(axis=0)
    entries[m, k:n] = entries[m, :k] @ across - 1
    entries[m, n] = inverse.sum()
    basic = np.concatenate([columns, n + other_rows])
    nonbasic = np.concatenate([n + rows, other_columns])
    return _Dictionary(entries, basic, nonbasic, np.empty(n + 1))


def _negative_transpose(dictionary: _Dictionary) -> _Dictionary:
    """Return the dual's dictionary, in which reduced costs and right-hand sides change places."""
    entries = np.ascontiguousarray(-dictionary.entries.T)
    entries[-1, :-1] *= -1
    entries[:-1, -1] *= -1
    return _Dictionary(
        entries, dictionary.nonbasic, dictionary.basic, np.empty(len(dictionary.entries))
    )
