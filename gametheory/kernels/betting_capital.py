"""Capitals of gamblers who bet against candidate means, and the means that they exclude.

Samples lie in [0, 1]. The gambler who bets that the mean is above m multiplies his capital by
``1 + min(bet, c / m) (x - m)`` at every sample x, with c below 1; the one who bets below is he at the mirrored
samples 1 - x. Each factor falls in m, so that the excluded means are all those up to some end.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gametheory.kernels.compiling import compiled, inner

__all__ = ["RUNGS", "excluded_ends", "running_ends"]

Array = NDArray[Any]

RUNGS = 32
"""Candidate means that a running gambler keeps his books for."""

_LARGEST, _LARGEST_RUNNING = 0.75, 0.5  # shares of the largest bet that cannot lose everything
_ROUNDING = 1e-12  # a factor is at least 1/4, a bet at most about 30: each rounds by under 1e-13
_BROKE = 1e-200  # poorer gamblers stop betting, before numbers run out
_PRECISION = 1e-10  # of the distance between the mean and the end
_SPACING = 64.0  # rungs in the distance between the end and the mean


@inner
def _is_excluded(x: Array, bets: Array, n: int, m: float, threshold: float, share: float) -> bool:
    """Say whether the capital against the mean m has ever reached the threshold."""
    cap = share / m if m > 0.0 else np.inf
    enough = threshold * (1.0 + _ROUNDING * (n + 1))
    capital = 1.0
    for i in range(n):
        capital *= 1.0 + min(bets[i], cap) * (x[i] - m)
        if capital >= enough:
            return True
        if capital < _BROKE:
            return False
    return False


@inner
def _largest_excluded(
    x: Array, bets: Array, n: int, floor: float, mean: float, threshold: float, share: float
) -> float:
    """Find the largest excluded mean by bisection, from below; the floor is known to be out."""
    out, kept = floor, max(mean, floor)
    if not _is_excluded(x, bets, n, out + _PRECISION * (kept - out), threshold, share):
        return out
    if _is_excluded(x, bets, n, kept, threshold, share):
        out, kept = kept, 1.0
    for _ in range(60):
        if kept - out <= _PRECISION * abs(mean - out):
            break
        middle = 0.5 * (out + kept)
        if _is_excluded(x, bets, n, middle, threshold, share):
            out = middle
        else:
            kept = middle
    return out


@compiled
def excluded_ends(
    unit: Array, log_share: float, threshold: float, below: bool, above: bool, ends: Array
) -> None:
    """Find the means that gamblers exclude who know how many samples will come.

    Parameters
    ----------
    unit : ndarray of float64, shape (k, n)
        Samples of k means, between 0 and 1.
    log_share : float
        Logarithm of one over the probability of error of one end.
    threshold : float
        Capital that excludes a mean.
    below, above : bool
        Which ends are asked for.
    ends : ndarray of float64, shape (k, 2)
        Becomes the largest mean that is excluded from below (0 if none), and one minus the
        smallest that is excluded from above.
    """
    k, n = unit.shape
    x, bets = np.empty(n), np.empty(n)
    for row in range(k):
        total, squares, variance = 0.5, 0.25, 0.25
        for i in range(n):
            bets[i] = np.sqrt(2.0 * log_share / (n * variance))
            total += unit[row, i]
            squares += (unit[row, i] - total / (i + 2)) ** 2
            variance = squares / (i + 2)
        mean = (total - 0.5) / n
        if below:
            ends[row, 0] = _largest_excluded(unit[row], bets, n, 0.0, mean, threshold, _LARGEST)
        if above:
            for i in range(n):
                x[i] = 1.0 - unit[row, i]
            ends[row, 1] = _largest_excluded(x, bets, n, 0.0, 1.0 - mean, threshold, _LARGEST)


@inner
def _build_ladder(
    x: Array, bets: Array, n: int, gap: float, threshold: float, marks: Array, ladder: Array
) -> None:
    """Find the end anew and place the rungs above it; each with its capital after n samples."""
    mean = marks[0] + gap
    end = _largest_excluded(x, bets, n, marks[0], mean, threshold, _LARGEST_RUNNING)
    spacing = (mean - end) / _SPACING
    if spacing <= 0.0:  # even the mean is excluded: look on from there
        spacing = (1.0 - end) / _SPACING
    marks[0], marks[1], marks[2], marks[3] = end, spacing, 0.0, n
    for j in range(RUNGS):
        m = min(end + (j + 1) * spacing, 1.0)
        cap = _LARGEST_RUNNING / m if m > 0.0 else np.inf
        capital = 1.0
        for i in range(n):
            capital *= 1.0 + min(bets[i], cap) * (x[i] - m)
            if capital < _BROKE:
                capital = 0.0
                break
        ladder[0, j], ladder[1, j], ladder[2, j] = m, cap, capital


@inner
def _climb(x: float, bet: float, enough: float, marks: Array, ladder: Array) -> None:
    """Let one sample change all capitals; the end rises to the highest rung that is excluded."""
    for j in range(RUNGS):
        capital = ladder[2, j] * (1.0 + min(bet, ladder[1, j]) * (x - ladder[0, j]))
        ladder[2, j] = capital if capital >= _BROKE else 0.0
    base = int(marks[2])
    while base < RUNGS and ladder[2, base] >= enough:
        marks[0] = ladder[0, base]
        base += 1
    marks[2] = base


@compiled
def running_ends(
    samples: Array,
    bets: Array,
    start: int,
    stop: int,
    log_share: float,
    threshold: float,
    below: bool,
    above: bool,
    moments: Array,
    marks: Array,
    ladders: Array,
    ends: Array,
) -> None:
    """Find the means excluded after every sample, by gamblers who may stop at any time.

    Each keeps books for a ladder of candidate means above the end; where the rungs have become
    too coarse, or all are excluded, the end is found anew from the samples so far, never before
    there are a quarter more of them: so a sample costs O(1) on average. The end may lag behind by
    one rung, a 32nd of its distance from the mean.

    Parameters
    ----------
    samples : ndarray of float64, shape (2, k, m)
        Samples of k means, between 0 and 1, and one minus them; those before ``stop`` are read.
    bets : ndarray of float64, shape (k, m)
        Filled from ``start`` to ``stop``.
    start, stop : int
        The new samples.
    log_share, threshold, below, above
        As in :func:`excluded_ends`.
    moments : ndarray of float64, shape (k, 2)
        Sum and squares, with their prior; changed in place, 0.5 and 0.25 at first.
    marks : ndarray of float64, shape (k, 2, 4)
        For each end: the end, the spacing of the rungs, how many are excluded, and when they were
        placed; changed in place, zeros at first.
    ladders : ndarray of float64, shape (k, 2, 3, RUNGS)
        Candidate means, largest bets and capitals; changed in place.
    ends : ndarray of float64, shape (k, 2, stop - start)
        Becomes the largest mean excluded from below, and one minus the smallest from above.
    """
    for row in range(samples.shape[1]):
        total, squares = moments[row, 0], moments[row, 1]
        for i in range(start, stop):
            bet = np.sqrt(2.0 * log_share / (squares * np.log(2.0 + i)))
            bets[row, i] = bet
            total += samples[0, row, i]
            squares += (samples[0, row, i] - total / (i + 2)) ** 2
            mean = (total - 0.5) / (i + 1)
            enough = threshold * (1.0 + _ROUNDING * (i + 2))
            for side in range(2):
                if (side == 0 and not below) or (side == 1 and not above):
                    continue
                x, mark, ladder = samples[side, row], marks[row, side], ladders[row, side]
                placed = mark[3]
                if placed > 0.0:
                    _climb(x[i], bet, enough, mark, ladder)
                gap = (mean if side == 0 else 1.0 - mean) - mark[0]
                coarse = mark[1] * (0.5 * _SPACING) > gap or mark[2] >= RUNGS
                if placed == 0.0 or (coarse and gap > 0.0 and i + 1 >= 1.25 * placed + 8.0):
                    _build_ladder(x, bets[row], i + 1, max(gap, 1e-3), threshold, mark, ladder)
                ends[row, side, i - start] = mark[0]
        moments[row, 0], moments[row, 1] = total, squares
