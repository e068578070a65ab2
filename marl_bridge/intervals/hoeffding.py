"""Hoeffding's inequality: the range of the samples bounds their mean."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from marl_bridge.intervals.interval import Interval, Side
from marl_bridge.intervals.plug_in import PlugIn
from marl_bridge.intervals.samples import EPSILON, Ranges, Risk, checked_values

__all__ = ["HoeffdingProcess", "hoeffding"]

Array = NDArray[np.float64]


def hoeffding(
    values: ArrayLike,
    *,
    lower: Any,
    upper: Any,
    confidence: float = 0.95,
    side: Side = "two-sided",
) -> Interval:
    """Bound a mean by the range of the samples alone.

    Parameters
    ----------
    values : array_like, shape (n,) or (k, n)
        Independent samples with a common mean; a row for each of k means.
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
    The radius is ``(upper - lower) sqrt(ln(2 / delta) / 2n)``, or with ``ln(1 / delta)`` for one
    side. Guaranteed at an n that was fixed before; for an n chosen while sampling see
    :func:`~marl_bridge.intervals.sequences.hoeffding_sequence`.

    References
    ----------
    W. Hoeffding (1963), Probability inequalities for sums of bounded random variables, JASA
    58, theorem 2.

    Examples
    --------
    >>> interval = hoeffding([0.0, 1.0] * 100, lower=0, upper=1)
    >>> round(interval.lower, 3), round(interval.upper, 3)
    (0.404, 0.596)
    """
    x, single = checked_values(values)
    risk, ranges = Risk.of(confidence, side), Ranges.of(lower, upper).broadcast(len(x))
    unit = ranges.unit(x)
    n = unit.shape[1]
    mean = unit.mean(axis=1)
    radius = math.sqrt(risk.log_share / (2.0 * n)) + (n + 16) * EPSILON  # the mean is rounded
    return ranges.interval(mean - radius, mean + radius, risk, "hoeffding", n, single=single)


class HoeffdingProcess(PlugIn):
    """Running Hoeffding intervals.

    References
    ----------
    I. Waudby-Smith and A. Ramdas (2024), Estimating means of bounded random variables by
    betting, JRSS B 86, proposition 1; arXiv:2010.09686.
    """

    def weights(self, count: Array, squares: Array) -> Array:
        """Weigh a sample by how many there are."""
        return np.minimum(np.sqrt(8.0 * self.log_share / (count * np.log1p(count))), 1.0)

    def costs(self, weights: Array, deviations: Array) -> Array:
        """Return what a sample adds to the radius."""
        return weights**2 / 8.0
