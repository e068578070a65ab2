"""Complementary pivoting on the two best-response polytopes of a two-player game.

Side 0 is ``{y >= 0 : A y <= 1}`` and side 1 is ``{x >= 0 : B' x <= 1}``, both with payoffs in
[1, 2]. A vertex of one side has k *tight* rows and k *used* columns: the used variables solve
the k equations of the tight rows, all others are zero, and the slacks of the other rows follow.
Only the inverse of that k x k matrix is kept, so a step costs k multiplications a row: the
first steps of a path cost next to nothing, where a tableau costs all its columns from the start.

A variable is a column of its side, or the slack of a row. Column i of one side and row i of the
other have the same label, so what leaves one side as a column enters the other as a row.

The arrays, for each side: ``inverses``; ``basis`` with the tight rows, the used columns, and the
place of each row among the tight ones or -1; ``values`` of the slacks, then of the used
variables in the order of the used columns. ``scratch[_RATES]`` says in the same order how fast
they fall.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numba import njit

__all__ = ["BROKEN", "ENDED", "LABEL", "RUNNING", "SIZES", "STEPS", "advance", "workspace"]

RUNNING, ENDED, BROKEN = 0, 1, 2
LABEL, STEPS, SIZES = 0, 1, 2  # places in ``state``; SIZES and _AGES are two, one a side
_AGES, _SIDE, _KIND, _INDEX, _IDLE = 4, 6, 7, 8, 9
_TIGHT, _USED, _PLACE = 0, 1, 2
_RATES, _BORDER, _TIES, _MOVES = 0, 1, 2, 3
_COLUMN, _ROW = 0, 1

_LEAST_RATE = 1e-10  # payoffs are near one; what falls slower than this does so by rounding
_TIE = 1e-11  # the largest slack is one
_LEXICOGRAPHIC_TIE = 1e-9
_INFEASIBLE = -1e-6
_STEPS_BETWEEN_INVERSIONS = 64
_IDLE_STEPS = 10_000  # in one place: rounding has defeated the lexicographic rule

# Inlined: counting the references to arrays handed on would cost more than a small game's sums.
_inlined: Any = partial(njit, inline="always")


def workspace(n_rows: int, n_columns: int) -> tuple[Any, Any, Any, Any, Any]:
    """Allocate the arrays that hold a path: inverses, basis, values, scratch and state.

    A path starts when ``state[LABEL]`` is set and ``state[STEPS]`` zero. ``state[SIZES + side]``
    is the number of used columns.

    Examples
    --------
    >>> [array.shape for array in workspace(2, 3)]
    [(2, 2, 2), (2, 3, 3), (2, 5), (4, 5), (10,)]
    """
    smaller, larger, both = min(n_rows, n_columns), max(n_rows, n_columns), n_rows + n_columns
    return (
        np.empty((2, smaller, smaller)),
        np.empty((2, 3, larger), dtype=np.int64),
        np.empty((2, both)),
        np.empty((4, both)),
        np.zeros(10, dtype=np.int64),
    )


@njit(cache=True, error_model="numpy")  # a division by zero shows as an infinity
def advance(  # type: ignore[no-untyped-def]
    columns0, columns1, inverses, basis, values, scratch, state, max_steps, max_work
):
    """Follow a label's path until it ends, has ``max_steps``, or this call did ``max_work``.

    Parameters
    ----------
    columns0, columns1 : ndarray of float64, shapes (n, m) and (m, n)
        Row j of the first is column j of A, row i of the second is row i of B.
    inverses, basis, values, scratch, state
        From :func:`workspace`; changed in place.
    max_steps : int
        Steps of the whole path.
    max_work : int
        Multiplications of this call, about.

    Returns
    -------
    int
        RUNNING, ENDED, or BROKEN when rounding has made the basis infeasible or singular.
    """
    n_rows, label = columns0.shape[1], state[LABEL]
    first_side = 1 if label < n_rows else 0
    first_column = label if label < n_rows else label - n_rows
    if state[STEPS] == 0:
        _start(basis, values, state, first_side, first_column)
    work = 0
    while state[STEPS] < max_steps and work < max_work:
        side, kind, index = state[_SIDE], state[_KIND], state[_INDEX]
        columns = columns0 if side == 0 else columns1
        n_rows, k = columns.shape[1], state[SIZES + side]
        if state[_AGES + side] >= max(_STEPS_BETWEEN_INVERSIONS, k):
            if not _refresh(columns, inverses, basis, values, scratch, side, k):
                return BROKEN
            state[_AGES + side] = 0
            work += k * k * k
        _rates(columns, inverses, basis, scratch, side, k, kind, index)
        leaving = _ratio_test(columns, inverses, basis, values, scratch, side, k)
        if leaving < 0 or state[_IDLE] > _IDLE_STEPS:
            return BROKEN
        state[_IDLE] = 0 if values[side, leaving] > 0.0 else state[_IDLE] + 1
        _move(columns, inverses, basis, values, scratch, side, k, leaving)
        gone = _exchange(inverses, basis, values, scratch, side, k, kind, index, leaving, n_rows)
        left = _ROW if leaving < n_rows else _COLUMN
        state[SIZES + side] = k + left - kind
        state[STEPS] += 1
        state[_AGES + side] += 1
        work += k * (n_rows + 2 * k) + 4 * n_rows
        if gone == first_column and (left == _COLUMN) == (side == first_side):
            return ENDED
        state[_SIDE], state[_KIND], state[_INDEX] = 1 - side, 1 - left, gone
    return RUNNING


@_inlined
def _start(basis, values, state, side, column):  # type: ignore[no-untyped-def]
    """Go to the pair of zero vectors; this column enters next."""
    state[SIZES:] = 0
    state[_SIDE], state[_INDEX] = side, column
    basis[:, _PLACE, :] = -1
    values[:, :] = 1.0


@_inlined
def _rates(columns, inverses, basis, scratch, side, k, kind, index):  # type: ignore[no-untyped-def]
    """How fast slacks and used variables fall as the entering variable grows."""
    n_rows = columns.shape[1]
    if kind == _ROW:
        place = basis[side, _PLACE, index]
        for i in range(n_rows):
            scratch[_RATES, i] = 0.0
        for p in range(k):
            scratch[_RATES, n_rows + p] = inverses[side, p, place]
    else:
        for i in range(n_rows):
            scratch[_RATES, i] = columns[index, i]
        for q in range(k):
            scratch[_BORDER, q] = columns[index, basis[side, _TIGHT, q]]
        for p in range(k):
            total = 0.0
            for q in range(k):
                total += inverses[side, p, q] * scratch[_BORDER, q]
            scratch[_RATES, n_rows + p] = total
    _subtract_used(columns, basis, scratch, side, k)


@_inlined
def _subtract_used(columns, basis, scratch, side, k):  # type: ignore[no-untyped-def]
    """Subtract the used columns, times the last k of the rates, from the first.

    Four columns at a time spare memory traffic. What tight rows keep is rounding, and set to 0.
    """
    n_rows = columns.shape[1]
    whole = k - k % 4
    for p in range(0, whole, 4):
        a, b = basis[side, _USED, p], basis[side, _USED, p + 1]
        c, d = basis[side, _USED, p + 2], basis[side, _USED, p + 3]
        r, s = scratch[_RATES, n_rows + p], scratch[_RATES, n_rows + p + 1]
        t, u = scratch[_RATES, n_rows + p + 2], scratch[_RATES, n_rows + p + 3]
        for i in range(n_rows):
            scratch[_RATES, i] -= (columns[a, i] * r + columns[b, i] * s) + (
                columns[c, i] * t + columns[d, i] * u
            )
    for p in range(whole, k):
        a, r = basis[side, _USED, p], scratch[_RATES, n_rows + p]
        for i in range(n_rows):
            scratch[_RATES, i] -= columns[a, i] * r
    for q in range(k):
        scratch[_RATES, basis[side, _TIGHT, q]] = 0.0


@_inlined
def _ratio_test(columns, inverses, basis, values, scratch, side, k):  # type: ignore[no-untyped-def]
    """Find the place in ``values`` of the variable that reaches zero first; -1 if none falls.

    Ties are broken as if the right side of row t were larger by the t-th power of a small
    number, the lexicographic rule, so that no basis comes twice.
    """
    n_rows = columns.shape[1]
    theta, leaving = np.inf, -1
    for v in range(n_rows + k):
        if scratch[_RATES, v] > _LEAST_RATE and values[side, v] < theta * scratch[_RATES, v]:
            theta, leaving = values[side, v] / scratch[_RATES, v], v
    n_ties = 0
    for v in range(n_rows + k):
        excess = values[side, v] - theta * scratch[_RATES, v]
        if scratch[_RATES, v] > _LEAST_RATE and excess <= _TIE:
            scratch[_TIES, n_ties] = v
            n_ties += 1
    row = 0
    while n_ties > 1 and row < n_rows:
        n_ties = _break_tie(columns, inverses, basis, scratch, side, k, n_ties, row)
        row += 1
    return leaving if n_ties == 0 else int(scratch[_TIES, 0])


@_inlined
def _break_tie(columns, inverses, basis, scratch, side, k, n_ties, row):  # type: ignore[no-untyped-def]
    """Keep those of the tied variables that a larger right side of this row helps least."""
    n_rows, place = columns.shape[1], basis[side, _PLACE, row]
    least = np.inf
    for c in range(n_ties):
        variable = int(scratch[_TIES, c])
        move = 1.0 if variable == row else 0.0
        if place >= 0 and variable >= n_rows:
            move = inverses[side, variable - n_rows, place]
        elif place >= 0:
            for p in range(k):
                move -= columns[basis[side, _USED, p], variable] * inverses[side, p, place]
        scratch[_MOVES, c] = move / scratch[_RATES, variable]
        least = min(least, scratch[_MOVES, c])
    kept = 0
    for c in range(n_ties):
        if scratch[_MOVES, c] <= least + _LEXICOGRAPHIC_TIE * max(abs(least), 1.0):
            scratch[_TIES, kept] = scratch[_TIES, c]
            kept += 1
    return kept


@_inlined
def _move(columns, inverses, basis, values, scratch, side, k, leaving):  # type: ignore[no-untyped-def]
    """Move to the new vertex, and update the inverse but for the row or column exchanged.

    Whatever enters and leaves, the inverse changes by one column times one row. The step's
    length is left in the value that became zero.
    """
    n_rows = columns.shape[1]
    pivot = scratch[_RATES, leaving]
    theta = values[side, leaving] / pivot
    for v in range(n_rows + k):
        values[side, v] = max(values[side, v] - theta * scratch[_RATES, v], 0.0)
    values[side, leaving] = theta
    if leaving < n_rows:
        sign = 1.0 / pivot
        for q in range(k):
            scratch[_BORDER, q] = 0.0
        for p in range(k):
            entry = columns[basis[side, _USED, p], leaving]
            for q in range(k):
                scratch[_BORDER, q] += entry * inverses[side, p, q]
    else:
        sign = -1.0 / pivot
        for q in range(k):
            scratch[_BORDER, q] = inverses[side, leaving - n_rows, q]
    for p in range(k):
        factor = sign * scratch[_RATES, n_rows + p]
        for q in range(k):
            inverses[side, p, q] += factor * scratch[_BORDER, q]


@_inlined
def _exchange(  # type: ignore[no-untyped-def]
    inverses, basis, values, scratch, side, k, kind, index, leaving, n_rows
):
    """Exchange what enters and what leaves in the basis; return the row or column that left."""
    pivot, theta = scratch[_RATES, leaving], values[side, leaving]
    values[side, leaving] = 0.0
    last = k - 1
    if leaving < n_rows:  # this row becomes tight: in a new place, or in that of the one entering
        gone = leaving
        place = k if kind == _COLUMN else basis[side, _PLACE, index]
        for p in range(k):
            inverses[side, p, place] = -scratch[_RATES, n_rows + p] / pivot
        basis[side, _TIGHT, place], basis[side, _PLACE, gone] = gone, place
        if kind == _COLUMN:
            for q in range(k):
                inverses[side, k, q] = -scratch[_BORDER, q] / pivot
            inverses[side, k, k] = 1.0 / pivot
            basis[side, _USED, k], values[side, n_rows + k] = index, theta
            return gone
    else:
        hole = leaving - n_rows
        gone = basis[side, _USED, hole]
        if kind == _COLUMN:
            for q in range(k):
                inverses[side, hole, q] = scratch[_BORDER, q] / pivot
            basis[side, _USED, hole], values[side, leaving] = index, theta
            return gone
        place = basis[side, _PLACE, index]
        for p in range(k):  # one size smaller: the last ones move into the holes
            inverses[side, p, place] = inverses[side, p, last]
        for q in range(last):
            inverses[side, hole, q] = inverses[side, last, q]
        values[side, leaving] = values[side, n_rows + last]
        basis[side, _USED, hole] = basis[side, _USED, last]
        basis[side, _TIGHT, place] = basis[side, _TIGHT, last]
        basis[side, _PLACE, basis[side, _TIGHT, last]] = place
    basis[side, _PLACE, index], values[side, index] = -1, theta
    return gone


@_inlined
def _refresh(columns, inverses, basis, values, scratch, side, k):  # type: ignore[no-untyped-def]
    """Invert afresh and recompute the values; False if singular or infeasible."""
    n_rows = columns.shape[1]
    for q in range(k):
        for p in range(k):
            inverses[side, q, p] = columns[basis[side, _USED, p], basis[side, _TIGHT, q]]
    _invert(inverses, scratch, side, k)
    for i in range(n_rows):
        scratch[_RATES, i] = 1.0
    for p in range(k):
        total = 0.0
        for q in range(k):
            total += inverses[side, p, q]
        scratch[_RATES, n_rows + p] = total
    _subtract_used(columns, basis, scratch, side, k)
    feasible = True
    for v in range(n_rows + k):
        feasible &= scratch[_RATES, v] >= _INFEASIBLE  # False for a NaN
        values[side, v] = max(scratch[_RATES, v], 0.0)
    return feasible


@_inlined
def _invert(matrices, scratch, side, k):  # type: ignore[no-untyped-def]
    """Gauss-Jordan elimination in place, with row exchanges; not finite if singular."""
    for c in range(k):
        best = c
        for r in range(c + 1, k):
            if abs(matrices[side, r, c]) > abs(matrices[side, best, c]):
                best = r
        scratch[_TIES, c] = best
        for s in range(k):
            entry, matrices[side, best, s] = matrices[side, best, s], matrices[side, c, s]
            matrices[side, c, s] = entry
        pivot = matrices[side, c, c]
        matrices[side, c, c] = 1.0
        for s in range(k):
            matrices[side, c, s] /= pivot
        for r in range(k):
            if r != c:
                factor = matrices[side, r, c]
                matrices[side, r, c] = 0.0
                for s in range(k):
                    matrices[side, r, s] -= factor * matrices[side, c, s]
    for c in range(k - 1, -1, -1):
        other = int(scratch[_TIES, c])
        for r in range(k):
            entry, matrices[side, r, c] = matrices[side, r, c], matrices[side, r, other]
            matrices[side, r, other] = entry
