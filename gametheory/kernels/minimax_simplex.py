"""The simplex method on a dense dictionary, steepest edge, a bounded number of pivots a call.

A dictionary is an array of m + 1 rows and n + 1 columns. Row i < m says that the basic variable
``basic[i]`` equals ``dictionary[i, n]`` minus the sum of ``dictionary[i, j]`` times the nonbasic
variable ``nonbasic[j]``; the last row holds the reduced costs (the dictionary is optimal once
none is negative) and the objective. Exchanging one basic for one nonbasic variable touches every
entry once, and the same pass measures the columns: the exact norms of the steepest edges of
Goldfarb and Reid (1977), "A practicable steepest-edge simplex algorithm", Mathematical
Programming 12, cost no pass of their own.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["BROKEN", "OPTIMAL", "WORKING", "at_origin", "measure", "pivots", "weights"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

OPTIMAL, WORKING, BROKEN = 0, 1, 2

_TINY_COST = 1e-11
_TINY_PIVOT = 1e-9
_TIE = 1e-12


@njit(cache=True)
def at_origin(payoffs: Floats) -> tuple[Floats, Integers, Integers, Floats]:
    """Return the dictionary of: maximize sum(y) subject to (1 + payoffs) y <= 1, y >= 0.

    Parameters
    ----------
    payoffs : ndarray of float64, shape (m, n)
        Between 0 and 1. The optimal y, and the optimal x of the dual, are minimax strategies
        times a number.

    Returns
    -------
    dictionary, basic, nonbasic, norms
        Variables 0 to n-1 are the entries of y, n to n+m-1 the slacks of the rows. The norms are
        for :func:`measure` to fill.
    """
    m, n = payoffs.shape
    dictionary = np.empty((m + 1, n + 1))
    norms = np.empty(n + 1)
    for i in range(m):
        for j in range(n):
            dictionary[i, j] = 1.0 + payoffs[i, j]
        dictionary[i, n] = 1.0
    dictionary[m, :] = -1.0
    dictionary[m, n] = 0.0
    return dictionary, np.arange(n, n + m), np.arange(n), norms


@njit(cache=True)
def measure(dictionary: Floats, norms: Floats) -> None:
    """Fill ``norms`` with one plus the squared length of each column above the reduced costs."""
    norms[:] = 1.0
    for i in range(dictionary.shape[0] - 1):
        for j in range(dictionary.shape[1]):
            norms[j] += dictionary[i, j] * dictionary[i, j]


@njit(cache=True)
def pivots(
    dictionary: Floats,
    basic: Integers,
    nonbasic: Integers,
    norms: Floats,
    counts: Integers,
    most: int,
) -> int:
    """Make up to ``most`` pivots from a primal feasible dictionary, in place.

    Parameters
    ----------
    dictionary : ndarray of float64, shape (m + 1, n + 1)
    basic, nonbasic : ndarray of int64, shapes (m,) and (n,)
    norms : ndarray of float64, shape (n + 1,)
        As :func:`measure` leaves them.
    counts : ndarray of int64, shape (2,)
        All pivots so far, and those since the objective last moved; updated.
    most : int

    Returns
    -------
    int
        OPTIMAL, WORKING (call again) or BROKEN (an unbounded edge, which only rounding makes).
    """
    m, n = basic.shape[0], nonbasic.shape[0]
    pivot_row = np.empty(n + 1)
    for _ in range(most):
        # Bland's least index once the objective has stood still for long: it never cycles.
        careful = counts[1] > m + n
        entering = _entering(dictionary, nonbasic, norms, careful)
        if entering < 0:
            return OPTIMAL
        leaving = _leaving(dictionary, basic, entering, careful)
        if leaving < 0:
            return BROKEN
        moved = dictionary[leaving, n] > _TIE * dictionary[leaving, entering]
        counts[0] += 1
        counts[1] = 0 if moved else counts[1] + 1
        _exchange(dictionary, norms, pivot_row, leaving, entering)
        basic[leaving], nonbasic[entering] = nonbasic[entering], basic[leaving]
    return WORKING


@njit(cache=True)
def weights(dictionary: Floats, basic: Integers, nonbasic: Integers) -> tuple[Floats, Floats]:
    """Return (x, y), both nonnegative: the dual and the primal solution of the dictionary."""
    m, n = basic.shape[0], nonbasic.shape[0]
    x, y = np.zeros(m), np.zeros(n)
    for i in range(m):
        if basic[i] < n:
            y[basic[i]] = max(dictionary[i, n], 0.0)
    for j in range(n):
        if nonbasic[j] >= n:
            x[nonbasic[j] - n] = max(dictionary[m, j], 0.0)
    return x, y


@njit(cache=True)
def _entering(dictionary: Floats, nonbasic: Integers, norms: Floats, careful: bool) -> int:
    m, n = dictionary.shape[0] - 1, nonbasic.shape[0]
    best, steepest = -1, 0.0
    for j in range(n):
        cost = dictionary[m, j]
        if cost < -_TINY_COST:
            if careful:
                if best < 0 or nonbasic[j] < nonbasic[best]:
                    best = j
            elif cost * cost > steepest * norms[j]:
                best, steepest = j, cost * cost / norms[j]
    return best


@njit(cache=True)
def _leaving(dictionary: Floats, basic: Integers, entering: int, careful: bool) -> int:
    """Ratio test; the largest pivot among ties, for accuracy, or the least index."""
    m, n = basic.shape[0], dictionary.shape[1] - 1
    least, best = 0.0, -1
    for i in range(m):
        pivot = dictionary[i, entering]
        if pivot > _TINY_PIVOT:
            ratio = dictionary[i, n] / pivot
            if best < 0 or ratio < least:
                least, best = ratio, i
    if best < 0:
        return best
    for i in range(m):
        pivot = dictionary[i, entering]
        if pivot > _TINY_PIVOT and dictionary[i, n] <= (least + _TIE) * pivot:
            if careful:
                if basic[i] < basic[best]:
                    best = i
            elif pivot > dictionary[best, entering]:
                best = i
    return best


@njit(cache=True)
def _exchange(
    dictionary: Floats, norms: Floats, pivot_row: Floats, leaving: int, entering: int
) -> None:
    """Pivot, and measure the new columns. The pivot row's copy lets the loops run in parallel."""
    last, columns = dictionary.shape[0] - 1, dictionary.shape[1]
    inverse = 1.0 / dictionary[leaving, entering]
    for j in range(columns):
        pivot_row[j] = dictionary[leaving, j] * inverse
        dictionary[leaving, j] = 0.0
        norms[j] = 1.0
    pivot_row[entering] = inverse
    for i in range(last):
        factor = dictionary[i, entering]
        dictionary[i, entering] = 0.0
        for j in range(columns):
            entry = dictionary[i, j] - factor * pivot_row[j]
            dictionary[i, j] = entry
            norms[j] += entry * entry
    factor = dictionary[last, entering]
    dictionary[last, entering] = 0.0
    for j in range(columns):
        dictionary[last, j] -= factor * pivot_row[j]
        dictionary[leaving, j] = pivot_row[j]
        norms[j] += pivot_row[j] * pivot_row[j]
