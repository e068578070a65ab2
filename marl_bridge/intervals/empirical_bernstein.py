"""Empirical Bernstein: the range and the observed variance bound the mean."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from marl_bridge.intervals.interval import Interval, Side
from marl_bridge.intervals.plug_in import PlugIn
from marl_bridge.intervals.samples import EPSILON, Ranges, Risk, checked_values

__all__ = ["BernsteinProcess", "empirical_bernstein"]

Array = NDArray[np.float64]

_LARGEST_WEIGHT = 0.5


def empirical_bernstein(
    values: ArrayLike,
    *,
    lower: Any,
    upper: Any,
    confidence: float = 0.95,
    side: Side = "two-sided",
) -> Interval:
    """Bound a mean by the range and the variance of the samples.

    Parameters
    ----------
    values : array_like, shape (n,) or (k, n)
        Independent samples from one distribution; a row for each of k means.
    lower, upper : float or array_like of shape (k,)
        Proven bounds on every sample.
    confidence : float
        Probability that the interval contains the mean, at least; for each mean alone.
    side : {"two-sided", "lower", "upper"}
        On which end the probability of error is spent.

    Raises
    ------
    InvalidSamples
        If there is no sample, one is outside the bounds, or the confidence is not in (0, 1).

    Notes
    -----
    The radius is ``sqrt(2 V L / n) + 7 (upper - lower) L / (3 (n - 1))``, V the variance with
    n - 1 below and L = ``ln(2 / d)`` for an end that errs with probability d: delta / 2 of two
    sides, delta of one. The whole range for a single sample. Guaranteed at an n that was fixed
    before; :func:`~marl_bridge.intervals.betting.betting` is narrower nearly always.

    References
    ----------
    A. Maurer and M. Pontil (2009), Empirical Bernstein bounds and sample variance penalization,
    COLT, theorem 4; arXiv:0907.3740.

    Examples
    --------
    >>> interval = empirical_bernstein([0.4, 0.6] * 500, lower=0, upper=1)
    >>> round(interval.lower, 3), round(interval.upper, 3)
    (0.48, 0.52)
    """
    x, single = checked_values(values)
    risk, ranges = Risk.of(confidence, side), Ranges.of(lower, upper).broadcast(len(x))
    unit = ranges.unit(x)
    n = unit.shape[1]
    mean = unit.mean(axis=1)
    if n > 1:
        log = np.log(2.0 * risk.threshold)
        radius = np.sqrt(2.0 * unit.var(axis=1, ddof=1) * log / n) + 7.0 * log / (3.0 * (n - 1))
        radius += (n + 16) * EPSILON * (1.0 + radius)  # mean and variance are rounded
    else:
        radius = np.ones_like(mean)
    return ranges.interval(
        mean - radius, mean + radius, risk, "empirical-bernstein", n, single=single
    )


class BernsteinProcess(PlugIn):
    """Running empirical Bernstein intervals.

    References
    ----------
    I. Waudby-Smith and A. Ramdas (2024), Estimating means of bounded random variables by
    betting, JRSS B 86, theorem 2; arXiv:2010.09686.
    """

    def weights(self, count: Array, squares: Array) -> Array:
        """Weigh a sample by the variance seen before it."""
        weights = np.sqrt(2.0 * self.log_share / (squares * np.log1p(count)))
        return np.minimum(weights, _LARGEST_WEIGHT)

    def costs(self, weights: Array, deviations: Array) -> Array:
        """Return what a sample adds to the radius."""
        return deviations**2 * (-np.log1p(-weights) - weights)
