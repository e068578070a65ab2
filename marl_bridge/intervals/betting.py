"""Betting: a mean is excluded when a gambler who bets against it has become rich."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from marl_bridge.intervals.interval import Interval, Side
from marl_bridge.intervals.samples import Ranges, Risk, checked_values

__all__ = ["BettingProcess", "betting"]

Array = NDArray[np.float64]


def betting(
    values: ArrayLike,
    *,
    lower: Any,
    upper: Any,
    confidence: float = 0.95,
    side: Side = "two-sided",
) -> Interval:
    """Bound a mean by the fortunes of gamblers who bet against every candidate mean.

    Much narrower than :func:`~marl_bridge.intervals.hoeffding.hoeffding` when the variance is
    small, never much wider.

    Parameters
    ----------
    values : array_like, shape (n,) or (k, n)
        Independent samples with a common mean, in the order they were drawn; a row for each of
        k means.
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
    For samples scaled to [0, 1], a candidate mean m is excluded as soon as one of the capitals
    ``prod(1 + min(l_i, c / m) (x_i - m))`` and ``prod(1 - min(l_i, c / (1 - m)) (x_i - m))``
    has reached ``2 / delta``, at the last sample or before; with one side, the first or the
    second ``1 / delta``. The bets ``l_i = sqrt(2 ln(2 / delta) / (n s_{i-1}))`` use the variance
    ``s_{i-1}`` of the samples before, and c = 3/4. Each factor of the first capital falls in m
    and each of the second rises, so that bisection finds the two ends; they are rounded outward,
    and the sample mean is never left out. Guaranteed at every n that was fixed before, by
    Ville's inequality, and for dependent samples too as long as the mean of each, given those
    before, is the same. The order of the samples matters. Cost O(n log(1 / precision)), compiled.

    References
    ----------
    I. Waudby-Smith and A. Ramdas (2024), Estimating means of bounded random variables by
    betting, JRSS B 86, theorem 3 and equations (26) and (27); arXiv:2010.09686.

    Examples
    --------
    >>> interval = betting([0.0, 1.0] * 100, lower=0, upper=1)
    >>> 0.4 < interval.lower < 0.5 < interval.upper < 0.6
    True
    """
    from gametheory.kernels.betting_capital import excluded_ends

    x, single = checked_values(values)
    risk, ranges = Risk.of(confidence, side), Ranges.of(lower, upper).broadcast(len(x))
    unit = ranges.unit(x)
    ends = np.zeros((len(unit), 2))
    excluded_ends(unit, risk.log_share, risk.threshold, risk.below, risk.above, ends)
    mean = unit.mean(axis=1)
    low, high = ends[:, 0], 1.0 - ends[:, 1]
    low, high = np.minimum(np.minimum(low, high), mean), np.maximum(np.maximum(low, high), mean)
    return ranges.interval(low, high, risk, "betting", unit.shape[1], single=single)


class BettingProcess:
    """Running betting intervals, for any stopping time.

    A gambler cannot bet for the right number of samples if he does not know it: he divides his
    money between horizons of 8, 40, 200, ..., 125,000 samples and one part that bets as if
    t ln(1 + t) samples came. The sum is a capital like any other, and the part with the best
    horizon costs only the logarithm of its share. Of the last part alone, which Waudby-Smith and
    Ramdas propose, the intervals would be wider: by up to a quarter at 1,000 samples, and by up to
    a half at 5,000.

    Parameters
    ----------
    k : int
        Number of means.
    risk : Risk

    References
    ----------
    I. Waudby-Smith and A. Ramdas (2024), Estimating means of bounded random variables by
    betting, JRSS B 86, theorem 3 and equation (26); arXiv:2010.09686.
    """

    def __init__(self, k: int, risk: Risk) -> None:
        from gametheory.kernels.betting_capital import PURSES, RUNGS

        self._risk, self._count = risk, 0
        self._samples, self._bets, self._endless = _rooms(k, 64)
        self._moments = np.tile(np.array([0.5, 0.25]), (k, 1))
        self._marks, self._ladders = np.zeros((k, 2, 4)), np.zeros((k, 2, 2, RUNGS))
        self._capitals = np.zeros((k, 2, RUNGS, len(PURSES)))

    def extend(self, unit: Array) -> tuple[Array, Array]:
        """Take in samples of shape (k, m); return the ends after each, of the same shape."""
        from gametheory.kernels.betting_capital import running_ends

        k, m = unit.shape
        start, stop = self._count, self._count + m
        if stop > len(self._endless):
            wider = _rooms(k, max(stop, 2 * start))
            for new, old in zip(wider, (self._samples, self._bets, self._endless), strict=True):
                new[..., :start] = old[..., :start]
            self._samples, self._bets, self._endless = wider
        self._samples[0, :, start:stop], self._samples[1, :, start:stop] = unit, 1.0 - unit
        ends = np.zeros((k, 2, m))
        running_ends(
            self._samples,
            self._bets,
            self._endless,
            start,
            stop,
            self._risk.log_share,
            self._risk.threshold,
            self._risk.below,
            self._risk.above,
            self._moments,
            self._marks,
            self._ladders,
            self._capitals,
            ends,
        )
        self._count = stop
        return ends[:, 0], 1.0 - ends[:, 1]


def _rooms(k: int, m: int) -> tuple[Array, Array, Array]:
    """Make room for m samples of k means, the bets on them, and the last part's pace."""
    return np.empty((2, k, m)), np.empty((k, m)), np.empty(m)
