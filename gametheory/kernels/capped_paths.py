"""Lemke-Howson paths of many labels with growing caps: the schedule, and a search in floats.

Path lengths differ by orders of magnitude between labels, so that a label that has taken long is
better left alone for a while. The schedule is that of Luby, Sinclair and Zuckerman (1993) but
without repetition: no label is tried twice with one cap.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from gametheory.kernels.lemke_howson import (
    BROKEN,
    ENDED,
    LABEL,
    SIZES,
    STEPS,
    advance,
    workspace,
)

__all__ = ["SCHEDULE_LENGTH", "next_path", "search"]

_SHORTEST_CAP = 20  # steps
_LAST_LEVEL = 40
_ATTEMPTS, _LOWEST, _TRIED = 0, 1, 2  # places in a schedule: counters, then one a level
SCHEDULE_LENGTH = _TRIED + _LAST_LEVEL + 1
_NO_LIMIT = 2**62

_allocate: Any = njit(inline="always")(workspace)


def next_path(schedule: Any, n_labels: int) -> tuple[int, int]:
    """Say which label's path to follow next, and for how many steps; count it in the schedule.

    Caps double from level to level, and each level gets as many steps as any other: half of all
    attempts are at the lowest level, a quarter at the next. On a level labels take turns from 0
    on, and after the last one the level is done with.

    Parameters
    ----------
    schedule : list or ndarray of int, shape (SCHEDULE_LENGTH,)
        Zeros at first; changed in place.
    n_labels : int

    Examples
    --------
    >>> schedule = [0] * SCHEDULE_LENGTH
    >>> [next_path(schedule, 4) for _ in range(7)]
    [(0, 20), (0, 40), (1, 20), (0, 80), (2, 20), (1, 40), (3, 20)]
    """
    while True:
        schedule[_ATTEMPTS] += 1
        level, rest = schedule[_LOWEST], schedule[_ATTEMPTS]
        while rest % 2 == 0 and level < _LAST_LEVEL:
            level, rest = level + 1, rest // 2
        label = schedule[_TRIED + level]
        if label < n_labels or level == _LAST_LEVEL:
            schedule[_TRIED + level] += 1
            return label % n_labels, _SHORTEST_CAP << level
        if level == schedule[_LOWEST]:
            schedule[_LOWEST] += 1


_next_path: Any = njit(inline="always")(next_path)


@njit(cache=True, error_model="numpy")
def search(A, B):  # type: ignore[no-untyped-def]
    """Find one equilibrium in floats, without a pause.

    Parameters
    ----------
    A, B : ndarray of float64, shape (m, n), C order
        Finite payoffs, their ranges below the largest float.

    Returns
    -------
    tuple
        Both strategies, and whether a path ended; nothing is checked.
    """
    m, n = A.shape
    columns0, columns1 = np.empty((n, m)), np.empty((m, n))
    _scale(A, columns0.T)
    _scale(B, columns1)
    inverses, basis, values, scratch, state = _allocate(m, n)
    schedule = np.zeros(SCHEDULE_LENGTH, dtype=np.int64)
    broken = np.zeros(m + n, dtype=np.bool_)
    status = BROKEN
    while status != ENDED and not broken.all():
        label, cap = _next_path(schedule, m + n)
        if not broken[label]:
            state[LABEL], state[STEPS] = label, 0
            status = advance(
                columns0, columns1, inverses, basis, values, scratch, state, cap, _NO_LIMIT
            )
            broken[label] = status == BROKEN
    x, y = np.zeros(m), np.zeros(n)
    if status == ENDED:
        _spread(x, basis[1], values[1], state[SIZES + 1], n)
        _spread(y, basis[0], values[0], state[SIZES], m)
    return x, y, status == ENDED


@njit(inline="always")
def _scale(payoffs, result):  # type: ignore[no-untyped-def]
    """Move and scale to [1, 2]; all ones if the payoffs are all equal."""
    lowest, highest = payoffs[0, 0], payoffs[0, 0]
    for i in range(payoffs.shape[0]):
        for j in range(payoffs.shape[1]):
            lowest, highest = min(lowest, payoffs[i, j]), max(highest, payoffs[i, j])
    spread = highest - lowest if highest > lowest else 1.0
    for i in range(payoffs.shape[0]):
        for j in range(payoffs.shape[1]):
            result[i, j] = 1.0 + (payoffs[i, j] - lowest) / spread


@njit(inline="always")
def _spread(strategy, basis, values, k, n_rows):  # type: ignore[no-untyped-def]
    total = 0.0
    for p in range(k):
        total += values[n_rows + p]
    for p in range(k):
        strategy[basis[1, p]] = values[n_rows + p] / total
