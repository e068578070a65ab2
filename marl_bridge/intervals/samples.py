"""Samples: checked, scaled to [0, 1], and their ends scaled back, rounded outward."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gametheory.errors import GameTheoryError
from marl_bridge.intervals.interval import Interval, Side

__all__ = ["EPSILON", "InvalidSamples", "Ranges", "Risk", "checked_values"]

Array = NDArray[np.float64]

EPSILON = float(np.finfo(np.float64).eps)
# Sums of rewards may pass a proven bound by rounding alone.
_SLACK_OF_RANGE, _SLACK_OF_BOUNDS = 1e-9, 64 * EPSILON


class InvalidSamples(GameTheoryError, ValueError):
    """The samples, their bounds or the confidence do not allow an interval."""


@dataclass(frozen=True, slots=True)
class Risk:
    """How much probability of error there is, and on which ends.

    Attributes
    ----------
    confidence : float
    side : {"two-sided", "lower", "upper"}
    """

    confidence: float
    side: Side

    @classmethod
    def of(cls, confidence: float, side: str) -> Risk:
        """Check both.

        Raises
        ------
        InvalidSamples
            If the confidence is not in (0, 1), or there is no such side.
        """
        if not (isinstance(confidence, float | int | np.number) and 0.0 < confidence < 1.0):
            raise InvalidSamples(
                f"confidence is {confidence!r}",
                where="confidence",
                valid="a number between 0 and 1",
            )
        if side not in ("two-sided", "lower", "upper"):
            raise InvalidSamples(
                f"side is {side!r}", where="side", valid="'two-sided', 'lower' or 'upper'"
            )
        return cls(float(confidence), side)  # type: ignore[arg-type]

    @property
    def below(self) -> bool:
        """Whether the lower end is asked for."""
        return self.side != "upper"

    @property
    def above(self) -> bool:
        """Whether the upper end is asked for."""
        return self.side != "lower"

    @property
    def threshold(self) -> float:
        """One over the probability of error of one end."""
        return (2.0 if self.side == "two-sided" else 1.0) / (1.0 - self.confidence)

    @property
    def log_share(self) -> float:
        """Its logarithm."""
        return math.log(self.threshold)


@dataclass(frozen=True, slots=True, eq=False)
class Ranges:
    """Proven bounds on the samples of k means.

    Attributes
    ----------
    lower, upper : ndarray, shape (k,)
    single : bool
        Whether both were given as numbers.
    """

    lower: Array
    upper: Array
    single: bool

    @classmethod
    def of(cls, lower: Any, upper: Any) -> Ranges:
        """Check that there are bounds to rely on.

        Raises
        ------
        InvalidSamples
            If a bound is not finite, or a lower one exceeds its upper one.
        """
        low, high = _numbers(lower, "lower"), _numbers(upper, "upper")
        if (
            low.ndim > 1
            or high.ndim > 1
            or (low.size != high.size and 1 not in (low.size, high.size))
        ):
            raise InvalidSamples(
                f"the bounds have shapes {low.shape} and {high.shape}",
                where="lower, upper",
                valid="numbers, or one for each mean",
            )
        single = low.ndim == high.ndim == 0
        low, high = np.broadcast_arrays(np.atleast_1d(low), np.atleast_1d(high))
        wrong = np.flatnonzero(~(np.isfinite(low) & np.isfinite(high) & (low <= high)))
        if wrong.size:
            at = int(wrong[0])
            raise InvalidSamples(
                f"the bounds are [{low[at]:g}, {high[at]:g}]",
                where="lower, upper" if single else f"lower[{at}], upper[{at}]",
                valid="finite, lower <= upper",
            )
        return cls(low, high, single)

    def broadcast(self, k: int) -> Ranges:
        """Give each of k means its range.

        Raises
        ------
        InvalidSamples
            If there are ranges for another number of means.
        """
        if self.lower.size not in (1, k):
            raise InvalidSamples(
                f"there are samples of {k} means and bounds for {self.lower.size}",
                where="lower, upper",
                valid="numbers, or one for each mean",
            )
        return Ranges(
            np.broadcast_to(self.lower, (k,)), np.broadcast_to(self.upper, (k,)), self.single
        )

    def unit(self, x: Array, first: int = 0) -> Array:
        """Scale samples of shape (k, n) to [0, 1]; those that rounding put outside are put back.

        Raises
        ------
        InvalidSamples
            If a sample is outside its range; samples are counted from ``first``.
        """
        low, high = self.lower[:, None], self.upper[:, None]
        # Halves, since the width of a range may overflow; exact but for the tiniest numbers.
        halves = np.abs(self.lower).max() > 1e300 or np.abs(self.upper).max() > 1e300
        half = 0.5 if halves else 1.0
        width = high * half - low * half
        slack = _SLACK_OF_RANGE * width + _SLACK_OF_BOUNDS * np.maximum(np.abs(low), np.abs(high))
        above_low = x * half - low * half
        outside = (above_low < -slack) | (above_low > width + slack)
        if outside.any():
            row, at = (int(index) for index in np.argwhere(outside)[0])
            name = f"sample {first + at}" + (f" of mean {row}" if len(x) > 1 else "")
            raise InvalidSamples(
                f"{name} is {x[row, at]:g}, outside the bounds "
                f"[{self.lower[row]:g}, {self.upper[row]:g}]",
                where="values",
                valid="bounds that are proven for every sample",
                hint="widen the bounds, or use student_t, which needs none and proves nothing",
            )
        with np.errstate(divide="ignore", invalid="ignore"):
            share = np.where(width > 0.0, above_low / width, 0.0)
        return np.ascontiguousarray(np.clip(share, 0.0, 1.0))

    def ends(self, low: Array, high: Array) -> tuple[Array, Array]:
        """Scale ends back, outward by more than rounding can be, but not past the bounds.

        Parameters
        ----------
        low, high : ndarray, shape (k,) or (k, n)
            Ends for samples in [0, 1]; they may lie outside.
        """
        lower, upper = self.lower, self.upper
        if low.ndim > 1:
            lower, upper = lower[:, None], upper[:, None]
        slack = 8.0 * EPSILON * np.maximum(np.abs(lower), np.abs(upper))
        low, high = np.clip(low, 0.0, 1.0), np.clip(high, 0.0, 1.0)
        # Both products are finite where the width of the range is not; an infinite end is cut.
        with np.errstate(over="ignore"):
            down = np.nextafter((1.0 - low) * lower + low * upper - slack, -np.inf)
            up = np.nextafter((1.0 - high) * lower + high * upper + slack, np.inf)
        return np.clip(down, lower, upper), np.clip(up, lower, upper)

    def interval(
        self, low: Array, high: Array, risk: Risk, method: str, n: int, *, single: bool
    ) -> Interval:
        """Make the record; for a single mean the ends lose their first axis."""
        down, up = self.ends(low, high)
        if not risk.below:
            down = np.broadcast_to(self.lower.reshape(-1, *[1] * (low.ndim - 1)), low.shape).copy()
        if not risk.above:
            up = np.broadcast_to(self.upper.reshape(-1, *[1] * (low.ndim - 1)), low.shape).copy()
        ends: tuple[Any, Any] = (down, up)
        if single:
            ends = (down[0], up[0]) if low.ndim > 1 else (float(down[0]), float(up[0]))
        return Interval(*ends, risk.confidence, risk.side, method, n)


def checked_values(values: ArrayLike, *, may_be_empty: bool = False) -> tuple[Array, bool]:
    """Read samples of one mean or of several.

    Returns
    -------
    x : ndarray, shape (k, n)
    single : bool
        Whether they had shape (n,).

    Raises
    ------
    InvalidSamples
        If they have another shape, there is none, or one is not a finite number.
    """
    x = _numbers(values, "values")
    no_means = x.ndim == 2 and len(x) == 0
    if x.ndim not in (1, 2) or no_means or (x.size == 0 and not may_be_empty):
        raise InvalidSamples(
            f"samples have shape {x.shape}",
            where="values",
            valid="shape (n,), or (k, n) for k means, with n at least 1",
            hint="play at least one episode",
        )
    single = x.ndim == 1
    x = np.atleast_2d(x)
    if not np.isfinite(x).all():
        row, at = (int(index) for index in np.argwhere(~np.isfinite(x))[0])
        name = f"sample {at}" + ("" if single else f" of mean {row}")
        raise InvalidSamples(f"{name} is {x[row, at]}", where="values", valid="finite numbers")
    return x, single


def _numbers(values: Any, where: str) -> Array:
    try:
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidSamples(f"not numbers: {error}", where=where, valid="numbers") from error
