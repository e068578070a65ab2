"""Solving with a basis that changes by pivots: triangular factors, and a product form on top.

Right-hand sides are sparse, and so are most solutions: what is zero is passed over.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from numba import njit
from numpy.typing import NDArray

__all__ = ["Factors", "Updates", "solve"]

Array = NDArray[Any]


class Factors(NamedTuple):
    """A factorization ``L U`` of a matrix with permuted rows and columns, column by column.

    Attributes
    ----------
    row_place, column_place : ndarray of int32, shape (size,)
        Where each row and each column of the matrix went.
    lower_starts, lower_rows, lower_entries : ndarray
        L in compressed columns; its diagonal of ones is passed over.
    upper_starts, upper_rows, upper_entries : ndarray
        U likewise; its diagonal is passed over, too.
    diagonal : ndarray of float64, shape (size,)
        That of U.
    """

    row_place: Array
    column_place: Array
    lower_starts: Array
    lower_rows: Array
    lower_entries: Array
    upper_starts: Array
    upper_rows: Array
    upper_entries: Array
    diagonal: Array


class Updates(NamedTuple):
    """The columns that entered since the factorization, solved for when they did.

    Attributes
    ----------
    rows, pivots : ndarray
        Each pivot's row, and the column's entry there.
    starts, others, entries : ndarray
        The column's other entries: where they begin, their rows, their values.
    """

    rows: Array
    pivots: Array
    starts: Array
    others: Array
    entries: Array


@njit(cache=True)
def solve(right: Array, factors: Factors, updates: Updates, n: int, out: Array) -> None:
    """Solve a system with the present basis, which is n pivots away from the factors.

    Parameters
    ----------
    right : ndarray of float64, shape (size,)
        Destroyed.
    factors : Factors
    updates : Updates
    n : int
    out : ndarray of float64, shape (size,)
        Out: the solution.
    """
    size = len(right)
    for i in range(size):
        out[factors.row_place[i]] = right[i]
    for j in range(size):
        own = out[j]
        if own != 0.0:
            for k in range(factors.lower_starts[j], factors.lower_starts[j + 1]):
                i = factors.lower_rows[k]
                if i != j:
                    out[i] -= factors.lower_entries[k] * own
    for j in range(size - 1, -1, -1):
        if out[j] != 0.0:
            own = out[j] / factors.diagonal[j]
            out[j] = own
            for k in range(factors.upper_starts[j], factors.upper_starts[j + 1]):
                i = factors.upper_rows[k]
                if i != j:
                    out[i] -= factors.upper_entries[k] * own
    for i in range(size):
        right[i] = out[factors.column_place[i]]
    out[:] = right
    for k in range(n):
        own = out[updates.rows[k]] / updates.pivots[k]
        out[updates.rows[k]] = own
        if own != 0.0:
            for i in range(updates.starts[k], updates.starts[k + 1]):
                out[updates.others[i]] -= own * updates.entries[i]
