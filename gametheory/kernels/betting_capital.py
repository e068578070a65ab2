"""Capitals of gamblers who bet against candidate means, and the means that they exclude.

Samples lie in [0, 1]. The gambler who bets that the mean is above m multiplies his capital by
``1 + min(bet, 3 / (4 m)) (x - m)`` at every sample x; the one who bets below is he at the mirrored
samples 1 - x. Each factor falls in m, so that the excluded means are all those up to some end.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gametheory.kernels.compiling import compiled, inner

__all__ = ["HORIZONS", "PURSES", "RUNGS", "excluded_ends", "running_ends"]

Array = NDArray[Any]

RUNGS = 16
"""Candidate means that a running gambler keeps his books for."""

HORIZONS = 8.0 * 5.0 ** np.arange(7)
"""Numbers of samples that a running gambler bets for, each with a part of his money."""

PURSES = (1.0 / np.arange(1, 9)) / np.sum(1.0 / np.arange(1, 9))
"""The parts; the last one bets for no horizon, as if t ln(1 + t) samples came, t so far."""

_LARGEST = 0.75  # share of the largest bet that cannot lose everything
_LARGEST_BET = 1000.0  # wanted for short horizons in hindsight only; and see the next line
_ROUNDING = (
    1e-12  # a factor is at least 1/4 and 1 - x rounds by 1e-16: all rounds by less than this
)
_BROKE = 1e-200  # poorer gamblers stop betting, before numbers run out
_PRECISION = 1e-10  # of the distance between the mean and the end
_SPACING = 64.0  # rungs in the distance between the end and the mean
_RUNNING_PRECISION = 1e-3  # where rungs are placed, of the distance between the mean and the end
_PARTS = 8


@inner
def _largest_bet(m: float) -> float:
    return min(_LARGEST / m, _LARGEST_BET) if m > 0.0 else _LARGEST_BET


@inner
def _is_excluded(x: Array, bets: Array, n: int, m: float, threshold: float) -> bool:
    """Say whether the capital against the mean m has ever reached the threshold."""
    cap = _largest_bet(m)
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
def _largest_excluded(x: Array, bets: Array, n: int, mean: float, threshold: float) -> float:
    """Find the largest excluded mean by bisection, from below."""
    out, kept = 0.0, mean
    if not _is_excluded(x, bets, n, _PRECISION * kept, threshold):
        return out
    if _is_excluded(x, bets, n, kept, threshold):
        out, kept = kept, 1.0
    for _ in range(60):
        if kept - out <= _PRECISION * abs(mean - out):
            break
        middle = 0.5 * (out + kept)
        if _is_excluded(x, bets, n, middle, threshold):
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
            ends[row, 0] = _largest_excluded(unit[row], bets, n, mean, threshold)
        if above:
            for i in range(n):
                x[i] = 1.0 - unit[row, i]
            ends[row, 1] = _largest_excluded(x, bets, n, 1.0 - mean, threshold)


@inner
def _play(x: float, bet: float, paces: Array, m: float, cap: float, capitals: Array) -> float:
    """Let one sample change the parts of a capital against the mean m; return their sum."""
    total = 0.0
    for j in range(_PARTS):
        stake = bet * paces[j]
        stake = stake if stake < cap else cap
        capital = capitals[j] * (1.0 + stake * (x - m))
        capital = capital if capital >= _BROKE else 0.0
        capitals[j] = capital
        total += capital
    return total


@inner
def _replay(
    x: Array,
    bets: Array,
    endless: Array,
    n: int,
    m: float,
    threshold: float,
    paces: Array,
    capitals: Array,
) -> bool:
    """Play n samples against the mean m, until it is excluded; say whether it is."""
    cap = _largest_bet(m)
    enough = threshold * (1.0 + _ROUNDING * (n + 1))
    for j in range(_PARTS):
        capitals[j] = PURSES[j]
    for i in range(n):
        paces[_PARTS - 1] = endless[i]
        if _play(x[i], bets[i], paces, m, cap, capitals) >= enough:
            return True
    return False


@inner
def _build_ladder(
    x: Array,
    bets: Array,
    endless: Array,
    n: int,
    gap: float,
    threshold: float,
    paces: Array,
    marks: Array,
    ladder: Array,
    capitals: Array,
) -> None:
    """Find the end anew and place the rungs above it; each with its capital after n samples."""
    out, kept = marks[0], marks[0] + gap
    mean, books = kept, capitals[0]
    if _replay(x, bets, endless, n, kept, threshold, paces, books):
        out, kept = kept, 1.0
    for _ in range(40):
        if kept - out <= _RUNNING_PRECISION * abs(mean - out):
            break
        middle = 0.5 * (out + kept)
        if _replay(x, bets, endless, n, middle, threshold, paces, books):
            out = middle
        else:
            kept = middle
    spacing = (mean - out if mean > out else 1.0 - out) / _SPACING
    marks[0], marks[1], marks[2], marks[3] = out, spacing, 0.0, n
    for j in range(RUNGS):
        m = min(out + (j + 1) * spacing, 1.0)
        ladder[0, j], ladder[1, j] = m, _largest_bet(m)
        _replay(x, bets, endless, n, m, threshold, paces, capitals[j])


@inner
def _climb(
    x: float,
    bet: float,
    enough: float,
    paces: Array,
    marks: Array,
    ladder: Array,
    capitals: Array,
) -> None:
    """Let one sample change all capitals; the end rises to the highest rung that is excluded."""
    base, lowest = int(marks[2]), int(marks[2])
    for j in range(lowest, RUNGS):
        total = _play(x, bet, paces, ladder[0, j], ladder[1, j], capitals[j])
        if total >= enough and j == base:
            marks[0] = ladder[0, j]
            base += 1
    marks[2] = base


@compiled
def running_ends(
    samples: Array,
    bets: Array,
    endless: Array,
    start: int,
    stop: int,
    log_share: float,
    threshold: float,
    below: bool,
    above: bool,
    moments: Array,
    marks: Array,
    ladders: Array,
    capitals: Array,
    ends: Array,
) -> None:
    """Find the means excluded after every sample, by gamblers who may stop at any time.

    Each keeps books for a ladder of candidate means above the end; where the rungs have become
    too coarse, or all are excluded, the end is found anew from the samples so far, never before
    there are a tenth more of them: so a sample costs O(1) on average. The end may lag behind by
    one rung, a 32nd of its distance from the mean, and in between by more.

    Parameters
    ----------
    samples : ndarray of float64, shape (2, k, m)
        Samples of k means, between 0 and 1, and one minus them; those before ``stop`` are read.
    bets : ndarray of float64, shape (k, m)
        For a horizon of one sample; filled from ``start`` to ``stop``.
    endless : ndarray of float64, shape (m,)
        One over the square root of t ln(1 + t); filled from ``start`` to ``stop``.
    start, stop : int
        The new samples.
    log_share, threshold, below, above
        As in :func:`excluded_ends`.
    moments : ndarray of float64, shape (k, 2)
        Sum and squares, with their prior; changed in place, 0.5 and 0.25 at first.
    marks : ndarray of float64, shape (k, 2, 4)
        For each end: the end, the spacing of the rungs, how many are excluded, and when they were
        placed; changed in place, zeros at first.
    ladders : ndarray of float64, shape (k, 2, 2, RUNGS)
        Candidate means and largest bets; changed in place.
    capitals : ndarray of float64, shape (k, 2, RUNGS, 8)
        The parts of the capital against each candidate; changed in place.
    ends : ndarray of float64, shape (k, 2, stop - start)
        Becomes the largest mean excluded from below, and one minus the smallest from above.
    """
    paces = np.empty(_PARTS)
    paces[: _PARTS - 1] = 1.0 / np.sqrt(HORIZONS)
    for i in range(start, stop):
        endless[i] = 1.0 / np.sqrt((i + 1.0) * np.log(i + 2.0))
    for row in range(samples.shape[1]):
        total, squares = moments[row, 0], moments[row, 1]
        for i in range(start, stop):
            bet = np.sqrt(2.0 * log_share * (i + 1.0) / squares)
            bets[row, i] = bet
            total += samples[0, row, i]
            squares += (samples[0, row, i] - total / (i + 2)) ** 2
            mean = (total - 0.5) / (i + 1)
            enough = threshold * (1.0 + _ROUNDING * (i + 2))
            for side in range(2):
                if (side == 0 and not below) or (side == 1 and not above):
                    continue
                x, mark, ladder = samples[side, row], marks[row, side], ladders[row, side]
                books, placed = capitals[row, side], mark[3]
                if placed > 0.0:
                    paces[_PARTS - 1] = endless[i]
                    _climb(x[i], bet, enough, paces, mark, ladder, books)
                gap = (mean if side == 0 else 1.0 - mean) - mark[0]
                coarse = mark[1] * (0.5 * _SPACING) > gap or mark[2] >= RUNGS
                if placed == 0.0 or (coarse and gap > 0.0 and i + 1 >= 1.1 * placed + 1.0):
                    _build_ladder(
                        x,
                        bets[row],
                        endless,
                        i + 1,
                        max(gap, 1e-3),
                        threshold,
                        paces,
                        mark,
                        ladder,
                        books,
                    )
                ends[row, side, i - start] = mark[0]
        moments[row, 0], moments[row, 1] = total, squares
