"""The float filter of support enumeration: rule out pairs of supports, provably.

A pair is k rows and k columns. With payoffs moved and scaled to [1, 2], the row strategy x of
the pair earns player 1 the payoff 1 in each of the columns: ``M'x = 1`` where M is player 1's
payoffs on the pair. Whatever M's condition is, a pair is ruled out by a proof: for any w and c,

    c'x = (M w)'x - (M w - c)'x = sum(w) - (M w - c)'x,

and the last term is at most ``max |M w - c|``, because payoffs are at least 1 and so sum(x) <= 1.
With ``c`` a unit vector this bounds a probability, with ``c`` another column what that column
earns. The floats only choose w; what is left is one residual, bounded with its rounding.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

__all__ = ["DONE", "N_PAIRS", "PHASE", "advance"]

PHASE, _N_CANDIDATES, N_PAIRS = 0, 1, 2
_NEW_ROWS, _SAME_ROWS, DONE = 0, 1, 2
_IMPOSSIBLE, _UNDECIDED, _ALONE = 0, 1, 2
_OUT, _FIRST, _TWIN = 0, 1, 2

_UNIT = 2.0**-53
# Ulps for reading the payoffs (an error of 8 units at most) and for each of a residual's terms.
_ULPS_FOR_DATA, _ULPS_PER_TERM = 32, 4
_SLIGHT = 1e-12  # violations below this are not worth a proof


@njit(cache=True)
def _next_combination(chosen: Any, size: int) -> bool:
    """Advance to the lexicographically next k of ``range(size)``; False after the last."""
    k = len(chosen)
    place = k - 1
    while place >= 0 and chosen[place] == size - k + place:
        place -= 1
    if place < 0:
        return False
    chosen[place] += 1
    for later in range(place + 1, k):
        chosen[later] = chosen[later - 1] + 1
    return True


@njit(cache=True)
def _classify_columns(order: Any, rows: Any, kind: Any) -> None:
    """Tell which columns a strategy with just these rows as its support can make best.

    A column that is nowhere above another one on the rows, and somewhere below it, is out.
    Among columns that are equal on the rows the first one stands for its twins.
    """
    n_columns = order.shape[1]
    for j in range(n_columns):
        kind[j] = _FIRST
        for other in range(n_columns):
            if other == j:
                continue
            above, below = False, False
            for i in rows:
                if order[i, j] > order[i, other]:
                    above = True
                    break
                below |= order[i, j] < order[i, other]
            if above:
                continue
            if below:
                kind[j] = _OUT
                break
            if other < j:
                kind[j] = _TWIN


@njit(cache=True)
def _some_row_is_dominated(order: Any, rows: Any, kind: Any) -> bool:
    """Whether another row is strictly better than one of ``rows`` wherever a column is not out."""
    for i in rows:
        for better in range(order.shape[0]):
            dominates = True
            for j in range(order.shape[1]):
                if kind[j] != _OUT and order[better, j] <= order[i, j]:
                    dominates = False
                    break
            if dominates:
                return True
    return False


@njit(cache=True)
def _factor(payoffs: Any, own: Any, other: Any, factors: Any, swaps: Any) -> bool:
    """LU factors of ``payoffs[own][:, other]`` with partial pivoting; False if it breaks down."""
    k = len(own)
    for r in range(k):
        swaps[r] = r
        for s in range(k):
            factors[r, s] = payoffs[own[r], other[s]]
    for s in range(k):
        pivot = s
        for r in range(s + 1, k):
            if abs(factors[r, s]) > abs(factors[pivot, s]):
                pivot = r
        if factors[pivot, s] == 0.0:
            return False
        if pivot != s:
            swaps[s], swaps[pivot] = swaps[pivot], swaps[s]
            for t in range(k):
                factors[s, t], factors[pivot, t] = factors[pivot, t], factors[s, t]
        for r in range(s + 1, k):
            factor = factors[r, s] / factors[s, s]
            factors[r, s] = factor
            for t in range(s + 1, k):
                factors[r, t] -= factor * factors[s, t]
    return True


@njit(cache=True)
def _solve_transposed(factors: Any, swaps: Any, k: int, work: Any, x: Any) -> None:
    """Solve ``M'x = 1``."""
    for s in range(k):
        total = 1.0
        for r in range(s):
            total -= factors[r, s] * work[r]
        work[s] = total / factors[s, s]
    for s in range(k - 1, -1, -1):
        total = work[s]
        for r in range(s + 1, k):
            total -= factors[r, s] * work[r]
        work[s] = total
        x[swaps[s]] = total


@njit(cache=True)
def _bounds(
    payoffs: Any, own: Any, other: Any, factors: Any, swaps: Any, c: Any, w: Any
) -> tuple[float, float]:
    """Bounds on ``c'x`` over every x >= 0 with ``M'x = 1``, by the identity above."""
    k = len(own)
    for r in range(k):
        total = c[swaps[r]]
        for s in range(r):
            total -= factors[r, s] * w[s]
        w[r] = total
    for r in range(k - 1, -1, -1):
        total = w[r]
        for s in range(r + 1, k):
            total -= factors[r, s] * w[s]
        w[r] = total / factors[r, r]
    middle, norm, residual = 0.0, 0.0, 0.0
    for s in range(k):
        middle += w[s]
        norm += abs(w[s])
    for r in range(k):
        total = -c[r]
        for s in range(k):
            total += payoffs[own[r], other[s]] * w[s]
        residual = max(residual, abs(total))
    radius = residual + (_ULPS_FOR_DATA + _ULPS_PER_TERM * k) * _UNIT * (norm + 1.0)
    return middle - radius, middle + radius


@njit(cache=True)
def _judge(
    payoffs: Any, own: Any, other: Any, factors: Any, swaps: Any, vectors: Any, alone: bool
) -> int:
    """Judge the strategies on ``own`` whose best responses include ``other``.

    ``_IMPOSSIBLE``: there is none. ``_ALONE``, only looked for if ``alone``: whichever there is
    has no other best response. Both are proven; anything else is ``_UNDECIDED``.
    """
    if not _factor(payoffs, own, other, factors, swaps):
        return _UNDECIDED
    k = len(own)
    x, c, w = vectors[0], vectors[1], vectors[2]
    _solve_transposed(factors, swaps, k, w, x)
    least = 0
    for r in range(1, k):
        if x[r] < x[least]:
            least = r
    if x[least] < -_SLIGHT:
        c[:k] = 0.0
        c[least] = 1.0
        _, above = _bounds(payoffs, own, other, factors, swaps, c, w)
        return _IMPOSSIBLE if above < 0.0 else _UNDECIDED
    place = 0
    tie = False
    for j in range(payoffs.shape[1]):
        if place < k and other[place] == j:
            place += 1
            continue
        earned = 0.0
        for r in range(k):
            earned += x[r] * payoffs[own[r], j]
        if earned > 1.0 + _SLIGHT:
            for r in range(k):
                c[r] = payoffs[own[r], j]
            below, _ = _bounds(payoffs, own, other, factors, swaps, c, w)
            return _IMPOSSIBLE if below > 1.0 else _UNDECIDED
        tie |= earned > 1.0 - _SLIGHT
    if tie or not alone:
        return _UNDECIDED
    place = 0
    for j in range(payoffs.shape[1]):
        if place < k and other[place] == j:
            place += 1
            continue
        for r in range(k):
            c[r] = payoffs[own[r], j]
        _, above = _bounds(payoffs, own, other, factors, swaps, c, w)
        if not above < 1.0:
            return _UNDECIDED
    return _ALONE


@njit(cache=True)
def advance(
    row_side: Any,
    column_side: Any,
    row_order: Any,
    column_order: Any,
    rows: Any,
    places: Any,
    candidates: Any,
    state: Any,
    found: Any,
    budget: int,
) -> int:
    """Examine pairs of supports of one size until the budget is used up, or ``found`` is full.

    Parameters
    ----------
    row_side : ndarray of float64, shape (m, n)
        Player 1's payoffs, moved and scaled to [1, 2]: what row strategies are judged by.
    column_side : ndarray of float64, shape (n, m)
        Player 0's payoffs, so scaled and transposed.
    row_order, column_order : ndarray of int64, shape (m, n)
        Numbers ordered exactly as player 0's and as player 1's payoffs.
    rows, places : ndarray of int64, shape (k,)
        The pair that is next: rows, and places in ``candidates``. Both begin as 0, ..., k - 1.
    candidates : ndarray of int64, shape (n,)
        The columns that can be best responses to a strategy with support ``rows``.
    state : ndarray of int64, shape (3,)
        Phase, number of candidates, number of pairs examined. Begins as zeros.
    found : ndarray of int64, shape (capacity, 2, k)
        Filled with the rows and columns that could not be ruled out.
    budget : int
        Arithmetic operations, roughly.

    Returns
    -------
    int
        How many pairs ``found`` holds.
    """
    k, (n_rows, n_columns) = len(rows), row_side.shape
    factors, vectors = np.empty((k, k)), np.empty((3, k))
    swaps, columns = np.empty(k, np.int64), np.empty(k, np.int64)
    kind = np.empty(n_columns, np.int64)
    n_found, spent = 0, 0
    while state[PHASE] != DONE and spent < budget and n_found < len(found):
        if state[PHASE] == _NEW_ROWS:
            _classify_columns(column_order, rows, kind)
            spent += 3 * n_columns * n_columns
            state[_N_CANDIDATES] = 0
            for j in range(n_columns):
                if kind[j] == _FIRST:
                    candidates[state[_N_CANDIDATES]] = j
                    state[_N_CANDIDATES] += 1
            if state[_N_CANDIDATES] < k or _some_row_is_dominated(row_order, rows, kind):
                if not _next_combination(rows, n_rows):
                    state[PHASE] = DONE
                continue
            places[:] = np.arange(k)
            state[PHASE] = _SAME_ROWS
        for s in range(k):
            columns[s] = candidates[places[s]]
        state[N_PAIRS] += 1
        spent += k * k * k + k * n_columns + 10
        verdict = _judge(row_side, rows, columns, factors, swaps, vectors, True)
        if verdict == _ALONE:
            # The column strategy can then use these columns only, and must make the rows best.
            spent += k * k * n_columns
            verdict = _judge(column_side, columns, rows, factors, swaps, vectors, False)
        if verdict != _IMPOSSIBLE:
            found[n_found, 0], found[n_found, 1] = rows, columns
            n_found += 1
        if not _next_combination(places, state[_N_CANDIDATES]):
            state[PHASE] = _NEW_ROWS if _next_combination(rows, n_rows) else DONE
    return n_found
