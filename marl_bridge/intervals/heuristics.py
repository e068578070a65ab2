"""Heuristic intervals, which need no bounds on the samples and prove nothing."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from marl_bridge.intervals.interval import Interval, Side
from marl_bridge.intervals.samples import InvalidSamples, Risk, checked_values

__all__ = ["bootstrap", "student_t"]

Array = NDArray[np.float64]

_BLOCK = 1 << 22  # drawn indices held at once


def student_t(values: ArrayLike, confidence: float = 0.95, *, side: Side = "two-sided") -> Interval:
    """Guess an interval for a mean from the spread of the samples: a heuristic.

    It covers the mean with the stated probability only for normal samples. Rare large payoffs
    break it: with 50 draws of Bernoulli(0.02) a nominal 95% interval covers 62%. Show it;
    never certify with it.

    Parameters
    ----------
    values : array_like, shape (n,) or (k, n)
        Independent samples; a row for each of k means.
    confidence : float
        Nominal probability.
    side : {"two-sided", "lower", "upper"}
        With one side the other end is infinite.

    Returns
    -------
    Interval
        The whole line for a single sample.

    Raises
    ------
    InvalidSamples
        If there is no sample, or the confidence is not in (0, 1).

    Examples
    --------
    >>> interval = student_t([1.0, 2.0, 3.0])
    >>> round(interval.lower, 3), round(interval.upper, 3), interval.heuristic
    (-0.484, 4.484, True)
    """
    from scipy.special import stdtrit

    x, single = checked_values(values)
    risk, n = Risk.of(confidence, side), x.shape[1]
    if n == 1:
        middle, radius = np.zeros(len(x)), np.full(len(x), np.inf)
    else:
        level = 0.5 + confidence / 2.0 if side == "two-sided" else confidence
        shares, scale = _scaled(x)
        middle = scale * shares.mean(axis=1)
        quantile = float(stdtrit(n - 1, level))
        radius = quantile * shares.std(axis=1, ddof=1) / math.sqrt(n) * scale
    return _labelled(middle - radius, middle + radius, risk, "student-t", n, single)


def bootstrap(
    values: ArrayLike,
    confidence: float = 0.95,
    *,
    side: Side = "two-sided",
    resamples: int = 2000,
    seed: int = 0,
) -> Interval:
    """Guess an interval for a mean from resampled means, by their quantiles: a heuristic.

    It covers too seldom at small n, and not at all what the samples have missed. Show it; never
    certify with it.

    Parameters
    ----------
    values : array_like, shape (n,) or (k, n)
        Independent samples; a row for each of k means, which share the drawn indices.
    confidence : float
        Nominal probability.
    side : {"two-sided", "lower", "upper"}
        With one side the other end is infinite.
    resamples : int
        How many means are drawn.
    seed : int
        Equal seeds give equal intervals.

    Raises
    ------
    InvalidSamples
        If there is no sample, no resample, or the confidence is not in (0, 1).

    References
    ----------
    B. Efron and R. Tibshirani (1993), An introduction to the bootstrap, chapter 13.

    Examples
    --------
    >>> interval = bootstrap([1.0, 2.0, 3.0, 4.0] * 10)
    >>> 2.0 < interval.lower < 2.5 < interval.upper < 3.0
    True
    """
    x, single = checked_values(values)
    risk, n = Risk.of(confidence, side), x.shape[1]
    if resamples < 1:
        raise InvalidSamples(f"resamples is {resamples}", where="resamples", valid="at least 1")
    rng = np.random.default_rng(seed)
    shares, scale = _scaled(x)
    error = (1.0 - confidence) / (2.0 if side == "two-sided" else 1.0)
    means = np.empty((len(x), resamples))
    block = max(1, _BLOCK // n)
    for first in range(0, resamples, block):
        drawn = range(min(block, resamples - first))
        counts = np.array([np.bincount(rng.integers(0, n, n), minlength=n) for _ in drawn])
        means[:, first : first + len(drawn)] = shares @ counts.T / n
    ends = np.quantile(means, [error, 1.0 - error], axis=1)
    return _labelled(ends[0] * scale, ends[1] * scale, risk, "bootstrap", n, single)


def _scaled(x: Array) -> tuple[Array, Array]:
    """Divide each row by its largest number, lest squares overflow or vanish."""
    scale = np.abs(x).max(axis=1)
    scale[scale == 0.0] = 1.0
    return x / scale[:, None], scale


def _labelled(low: Array, high: Array, risk: Risk, *words: Any) -> Interval:
    method, n, single = words
    if not risk.below:
        low = np.full_like(low, -np.inf)
    if not risk.above:
        high = np.full_like(high, np.inf)
    ends: tuple[Any, Any] = (float(low[0]), float(high[0])) if single else (low, high)
    return Interval(*ends, risk.confidence, risk.side, method, n, True)
