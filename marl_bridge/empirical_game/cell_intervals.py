"""The interval of one payoff: certified where the return is bounded, else a heuristic."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from marl_bridge.intervals import betting, betting_sequence, student_t

__all__ = ["interval_of", "mean_of"]


def interval_of(
    samples: NDArray[np.float64],
    bounds: tuple[float, float] | None,
    *,
    confidence: float,
    adaptive: bool,
) -> tuple[float, float]:
    """Bound the mean of a cell's returns.

    Parameters
    ----------
    samples : ndarray, shape (n,)
        In the order they were drawn.
    bounds : (float, float) or None
        Proven bounds on every sample.
    confidence : float
        For this payoff.
    adaptive : bool
        Whether the number of samples was chosen while they were looked at: then the interval is
        the last one of a sequence that holds at all numbers at once. The mean may lie outside it,
        as the sequence keeps what it has excluded.

    Raises
    ------
    InvalidSamples
        If a sample is outside the bounds.

    Examples
    --------
    >>> narrow = interval_of(np.full(100, 0.5), (0, 1), confidence=0.95, adaptive=False)
    >>> narrow[0] < 0.5 < narrow[1] < 0.6
    True
    """
    if bounds is None:
        found = student_t(samples, confidence)
        return float(found.lower), float(found.upper)
    low, high = bounds
    if adaptive:
        running = betting_sequence(samples, lower=low, upper=high, confidence=confidence)
        return float(np.asarray(running.lower)[-1]), float(np.asarray(running.upper)[-1])
    found = betting(samples, lower=low, upper=high, confidence=confidence)
    return float(found.lower), float(found.upper)


def mean_of(samples: NDArray[np.float64]) -> float:
    """Return the mean, summed exactly: the same number in any order of summation.

    Examples
    --------
    >>> mean_of(np.array([0.25, 0.5, 0.75])), mean_of(np.array([1.5e308, 1.5e308]))
    (0.5, 1.5e+308)
    """
    try:
        return math.fsum(samples) / samples.size
    except OverflowError:  # the sum is too large for a float, the mean is not
        return math.fsum(samples / samples.size)
