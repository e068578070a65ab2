"""Gauss-Jordan elimination with full pivoting, for square systems and for null vectors alike."""

from __future__ import annotations

from typing import Any

from numba import njit
from numpy.typing import NDArray

__all__ = ["eliminate"]

_RELATIVE_ZERO = 1e-12


@njit(cache=True)
def eliminate(
    matrix: NDArray[Any], rows: int, columns: int, pivot_row: NDArray[Any]
) -> tuple[int, int]:
    """Reduce the leading block of a matrix, in place; return its numerical rank and a sign.

    Parameters
    ----------
    matrix : ndarray of float64
        The block is ``matrix[:rows, :columns]``; one further column, the right-hand side, is
        transformed along.
    rows, columns : int
    pivot_row : ndarray of int64, shape (at least columns,)
        Out: the row that holds each column's pivot, -1 for a free column. Afterwards a solution
        with the free unknowns at zero is ``x[c] = matrix[pivot_row[c], columns]``, and the null
        vector of one free column f is one at f and ``-matrix[pivot_row[c], f]`` elsewhere.

    Returns
    -------
    rank, sign : int
        The sign is that of the determinant of the block's pivot columns in the order of their
        pivots, if there is a pivot in each row.

    Notes
    -----
    Entries below 1e-12 of the largest are zero: a singular but consistent system still gets a
    solution, which Newton's method on a continuum of equilibria needs. Costs rows^2 * columns
    multiplications.
    """
    for c in range(columns):
        pivot_row[c] = -1
    zero, sign = 0.0, 1
    for step in range(min(rows, columns)):
        row, column, largest = -1, -1, zero
        for r in range(step, rows):
            for c in range(columns):
                entry = abs(matrix[r, c])
                if entry > largest and pivot_row[c] < 0:
                    row, column, largest = r, c, entry
        if row < 0:
            return step, sign
        if step == 0:
            zero = _RELATIVE_ZERO * largest
        pivot_row[column] = step
        if (row != step) != (matrix[row, column] < 0.0):
            sign = -sign
        inverse = 1.0 / matrix[row, column]
        for c in range(columns + 1):
            moved = matrix[row, c]
            matrix[row, c] = matrix[step, c]
            matrix[step, c] = moved * inverse
        for r in range(rows):
            factor = matrix[r, column]
            if r != step and factor != 0.0:
                for c in range(columns + 1):
                    matrix[r, c] -= factor * matrix[step, c]
                matrix[r, column] = 0.0
    return min(rows, columns), sign
