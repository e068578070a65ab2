"""Confidence sequences: intervals that hold at all numbers of samples at once.

Who looks at the samples, and stops when he has seen enough, needs these.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from marl_bridge.intervals.betting import BettingProcess
from marl_bridge.intervals.empirical_bernstein import BernsteinProcess
from marl_bridge.intervals.hoeffding import HoeffdingProcess
from marl_bridge.intervals.interval import Interval, Side
from marl_bridge.intervals.samples import InvalidSamples, Ranges, Risk, checked_values

__all__ = [
    "ConfidenceSequence",
    "SequenceMethod",
    "betting_sequence",
    "empirical_bernstein_sequence",
    "hoeffding_sequence",
]

Array = NDArray[np.float64]
SequenceMethod = Literal["betting", "empirical-bernstein", "hoeffding"]

_PROCESSES: dict[str, type[BettingProcess | BernsteinProcess | HoeffdingProcess]] = {
    "betting": BettingProcess,
    "empirical-bernstein": BernsteinProcess,
    "hoeffding": HoeffdingProcess,
}


class ConfidenceSequence:
    """An interval for a mean that may be looked at after every sample, and stopped at any time.

    With probability ``confidence`` the mean lies in all the intervals, however many there will
    be. Each is the intersection of those before with a new one. It can be pickled.

    Parameters
    ----------
    method : {"betting", "empirical-bernstein", "hoeffding"}
        See :func:`betting_sequence`, :func:`empirical_bernstein_sequence` and
        :func:`hoeffding_sequence`.
    lower, upper : float or array_like of shape (k,)
        Proven bounds on every sample; arrays for k means that are sampled together.
    confidence : float
        For each mean alone.
    side : {"two-sided", "lower", "upper"}
        On which end the probability of error is spent.

    Raises
    ------
    InvalidSamples
        If there is no such method, or the bounds or the confidence allow no interval.

    Notes
    -----
    If the intersection becomes empty, which happens with a probability below 1 - confidence or
    when the samples have no common mean, the last interval stays. Results do not depend on how
    the samples were batched. A new sample costs O(1) on average; betting keeps all samples.

    Examples
    --------
    Sample until a width of 0.3 is reached:

    >>> rng = np.random.default_rng(0)
    >>> sequence = ConfidenceSequence("betting", lower=0, upper=1)
    >>> while sequence.interval.width > 0.3:
    ...     interval = sequence.update(rng.random(10))
    >>> 0.5 in sequence.interval, sequence.n < 200
    (True, True)
    """

    def __init__(
        self,
        method: SequenceMethod = "betting",
        *,
        lower: Any,
        upper: Any,
        confidence: float = 0.95,
        side: Side = "two-sided",
    ) -> None:
        if method not in _PROCESSES:
            raise InvalidSamples(
                f"there is no method {method!r}", where="method", valid=", ".join(_PROCESSES)
            )
        self._method = method
        self._risk, self._ranges = Risk.of(confidence, side), Ranges.of(lower, upper)
        k = len(self._ranges.lower)
        self._process = _PROCESSES[method](k, self._risk)
        self._n, self._total = 0, np.zeros((k, 1))
        # The ends of the intersection, and those of the last one that was not empty.
        self._reached, self._kept = (np.tile(np.array([[0.0], [1.0]])[:, None], (1, k, 1)),) * 2

    @property
    def n(self) -> int:
        """Number of samples of each mean so far."""
        return self._n

    @property
    def mean(self) -> Any:
        """Mean of the samples so far, rounded; shape (k,) for k means. NaN before the first."""
        if self._n == 0:
            mean = np.full(len(self._total), np.nan)
        else:
            share = self._total[:, 0] / self._n
            mean = (1.0 - share) * self._ranges.lower + share * self._ranges.upper
        return float(mean[0]) if self._ranges.single else mean

    @property
    def interval(self) -> Interval:
        """The interval so far; the whole range before the first sample."""
        low, high = self._kept[:, :, 0]
        return self._interval(low, high)

    def update(self, values: ArrayLike) -> Interval:
        """Take in new samples.

        Parameters
        ----------
        values : float or array_like, shape (m,), or (k, m) for k means
            In the order they were drawn.

        Returns
        -------
        Interval
            The interval after all of them.

        Raises
        ------
        InvalidSamples
            If one is not finite or outside the bounds, or they are not samples of k means.
            Nothing is taken in then.
        """
        self.run(values)
        return self.interval

    def run(self, values: ArrayLike) -> Interval:
        """Take in new samples, and return the intervals after each: ends of shape (m,) or (k, m).

        Parameters
        ----------
        values : float or array_like, shape (m,), or (k, m) for k means

        Raises
        ------
        InvalidSamples
            As :meth:`update`.
        """
        x, single = checked_values(np.atleast_1d(values), may_be_empty=True)
        if single != self._ranges.single or len(x) != len(self._ranges.lower):
            shape = "(m,)" if self._ranges.single else f"({len(self._ranges.lower)}, m)"
            raise InvalidSamples(
                f"samples have shape {np.shape(values)}", where="values", valid=f"shape {shape}"
            )
        unit = self._ranges.unit(x, self._n)
        if unit.shape[1] == 0:
            return self._interval(*self._kept[:, :, :0])
        low, high = self._process.extend(unit)
        low = np.maximum.accumulate(np.concatenate([self._reached[0], low], axis=1), axis=1)
        high = np.minimum.accumulate(np.concatenate([self._reached[1], high], axis=1), axis=1)
        self._reached = np.stack([low[:, -1:], high[:, -1:]])
        kept = np.stack([low, high])
        kept[:, :, :1] = self._kept
        for row in np.flatnonzero((low > high).any(axis=1)):
            first = max(int(np.argmax(low[row] > high[row])), 1)
            kept[:, row, first:] = kept[:, row, first - 1 : first]
        self._kept = kept[:, :, -1:]
        self._n += unit.shape[1]
        self._total = self._total + unit.sum(axis=1, keepdims=True)
        return self._interval(kept[0, :, 1:], kept[1, :, 1:])

    def _interval(self, low: Array, high: Array) -> Interval:
        return self._ranges.interval(
            low,
            high,
            self._risk,
            f"{self._method} (any time)",
            self._n,
            single=self._ranges.single,
        )


def hoeffding_sequence(
    values: ArrayLike,
    *,
    lower: Any,
    upper: Any,
    confidence: float = 0.95,
    side: Side = "two-sided",
) -> Interval:
    """Bound a mean after every sample by the range alone, at all numbers of samples at once.

    Parameters
    ----------
    values : array_like, shape (n,) or (k, n)
        Samples in the order they were drawn; a row for each of k means.
    lower, upper : float or array_like of shape (k,)
        Proven bounds on every sample.
    confidence : float
        Probability that all intervals contain the mean, at least; for each mean alone.
    side : {"two-sided", "lower", "upper"}
        On which end the probability of error is spent.

    Returns
    -------
    Interval
        With ends of the shape of ``values``: entry t is the interval after t + 1 samples.

    Raises
    ------
    InvalidSamples
        If there is no sample, one is outside the bounds, or the confidence is not in (0, 1).

    Notes
    -----
    Weights ``w_t = min(1, sqrt(8 L / (t ln(1 + t))))`` and the radius
    ``(L + sum(w^2) / 8) / sum(w)`` around the weighted mean, L = ln(2 / delta).

    References
    ----------
    I. Waudby-Smith and A. Ramdas (2024), Estimating means of bounded random variables by
    betting, JRSS B 86, proposition 1; arXiv:2010.09686.

    Examples
    --------
    >>> running = hoeffding_sequence([0.0, 1.0] * 100, lower=0, upper=1)
    >>> running.lower.shape, round(float(running.upper[-1]), 3)
    ((200,), 0.611)
    """
    return _running("hoeffding", values, (lower, upper), confidence, side)


def empirical_bernstein_sequence(
    values: ArrayLike,
    *,
    lower: Any,
    upper: Any,
    confidence: float = 0.95,
    side: Side = "two-sided",
) -> Interval:
    """Bound a mean after every sample by range and variance, at all numbers of samples at once.

    Parameters
    ----------
    values : array_like, shape (n,) or (k, n)
        Samples in the order they were drawn; a row for each of k means.
    lower, upper : float or array_like of shape (k,)
        Proven bounds on every sample.
    confidence : float
        Probability that all intervals contain the mean, at least; for each mean alone.
    side : {"two-sided", "lower", "upper"}
        On which end the probability of error is spent.

    Returns
    -------
    Interval
        With ends of the shape of ``values``: entry t is the interval after t + 1 samples.

    Raises
    ------
    InvalidSamples
        If there is no sample, one is outside the bounds, or the confidence is not in (0, 1).

    Notes
    -----
    Weights ``w_t = min(1/2, sqrt(2 L / (s_{t-1} t ln(1 + t))))``, s the variance seen before, and
    the radius ``(L + sum((x_t - m_{t-1})^2 (-ln(1 - w_t) - w_t))) / sum(w)`` around the weighted
    mean, L = ln(2 / delta).

    References
    ----------
    I. Waudby-Smith and A. Ramdas (2024), Estimating means of bounded random variables by
    betting, JRSS B 86, theorem 2; arXiv:2010.09686.

    Examples
    --------
    >>> running = empirical_bernstein_sequence([0.4, 0.6] * 500, lower=0, upper=1)
    >>> bool(running.upper[-1] - running.lower[-1] < 0.04)
    True
    """
    return _running("empirical-bernstein", values, (lower, upper), confidence, side)


def betting_sequence(
    values: ArrayLike,
    *,
    lower: Any,
    upper: Any,
    confidence: float = 0.95,
    side: Side = "two-sided",
) -> Interval:
    """Bound a mean after every sample by betting, at all numbers of samples at once.

    Parameters
    ----------
    values : array_like, shape (n,) or (k, n)
        Samples in the order they were drawn; a row for each of k means.
    lower, upper : float or array_like of shape (k,)
        Proven bounds on every sample.
    confidence : float
        Probability that all intervals contain the mean, at least; for each mean alone.
    side : {"two-sided", "lower", "upper"}
        On which end the probability of error is spent.

    Returns
    -------
    Interval
        With ends of the shape of ``values``: entry t is the interval after t + 1 samples.

    Raises
    ------
    InvalidSamples
        If there is no sample, one is outside the bounds, or the confidence is not in (0, 1).

    Notes
    -----
    As :func:`~marl_bridge.intervals.betting.betting`, by a gambler who divides his money between
    several numbers of samples to bet for, see
    :class:`~marl_bridge.intervals.betting.BettingProcess`. An end may lag behind by about a 32nd
    of its distance from the mean (:func:`gametheory.kernels.betting_capital.running_ends`).

    References
    ----------
    I. Waudby-Smith and A. Ramdas (2024), Estimating means of bounded random variables by
    betting, JRSS B 86, theorem 3 and equation (26); arXiv:2010.09686.

    Examples
    --------
    >>> running = betting_sequence([0.4, 0.6] * 500, lower=0, upper=1)
    >>> bool(running.upper[-1] - running.lower[-1] < 0.025)
    True
    """
    return _running("betting", values, (lower, upper), confidence, side)


def _running(
    method: SequenceMethod,
    values: ArrayLike,
    bounds: tuple[Any, Any],
    confidence: float,
    side: Side,
) -> Interval:
    x, single = checked_values(values)
    ranges = Ranges.of(*bounds).broadcast(len(x))
    low, high = (ranges.lower[0], ranges.upper[0]) if single else (ranges.lower, ranges.upper)
    sequence = ConfidenceSequence(method, lower=low, upper=high, confidence=confidence, side=side)
    return sequence.run(x[0] if single else x)
