"""Control variates: subtract luck whose mean is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from marl_bridge.figures import Figure
from marl_bridge.intervals import InvalidSamples, betting

__all__ = ["ControlVariates", "fit_controls"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ControlVariates:
    """Numbers that vary with a payoff and whose means are known, and how much of each to subtract.

    Attributes
    ----------
    coefficients : ndarray, shape (n_controls,)
        Fixed before the samples are seen that they will correct; see :func:`fit_controls`.
    means : ndarray, shape (n_controls,)
        The controls' exact expectations.
    ranges : ndarray, shape (n_controls, 2)
        Proven bounds on each control.

    Raises
    ------
    InvalidSamples
        If shapes differ or a number is not finite.

    Examples
    --------
    A player's payoff is its card plus noise; the mean card is known to be 1/2.

    >>> rng = np.random.default_rng(0)
    >>> card = rng.integers(0, 2, 1000)
    >>> payoff = card + rng.uniform(-0.1, 0.1, 1000)
    >>> controls = ControlVariates([1.0], [0.5], [(0, 1)])
    >>> figure = controls.estimate(payoff, [card], (-0.1, 1.1))
    >>> figure.contains(0.5), bool(figure.width < 0.04), figure.method
    (True, True, 'betting, control variates')
    """

    coefficients: Floats
    means: Floats
    ranges: Floats

    def __post_init__(self) -> None:
        arrays = {
            name: np.array(getattr(self, name), dtype=np.float64)
            for name in ("coefficients", "means", "ranges")
        }
        count = arrays["coefficients"].size
        shapes = {"coefficients": (count,), "means": (count,), "ranges": (count, 2)}
        for name, array in arrays.items():
            if array.shape != shapes[name] or not np.isfinite(array).all():
                raise InvalidSamples(
                    f"{name} have shape {array.shape}, or are not finite",
                    where=name,
                    valid=f"finite numbers of shape {shapes[name]}",
                )
            array.setflags(write=False)
            object.__setattr__(self, name, array)
        low, high = self.ranges.T
        if ((self.means < low) | (self.means > high)).any():
            raise InvalidSamples(
                "a control's mean is outside its range", where="means", valid="means within ranges"
            )

    def correct(self, samples: ArrayLike, controls: ArrayLike) -> Floats:
        """Return samples less what the controls say was luck; their mean is the same.

        Parameters
        ----------
        samples : array_like, shape (n,)
        controls : array_like, shape (n_controls, n)

        Raises
        ------
        InvalidSamples
            If the shapes do not fit, or a control lies outside its range.
        """
        x, c = _checked(samples, controls)
        if len(c) != self.coefficients.size:
            raise InvalidSamples(
                f"{len(c)} controls", where="controls", valid=f"{self.coefficients.size}"
            )
        slack = 1e-9 * np.maximum(1.0, np.abs(self.ranges).max(axis=1))[:, None]
        low, high = self.ranges[:, :1] - slack, self.ranges[:, 1:] + slack
        if ((c < low) | (c > high)).any():
            raise InvalidSamples(
                "a control lies outside its range",
                where="controls",
                valid="bounds that are proven for every sample",
            )
        return np.asarray(x - self.coefficients @ (c - self.means[:, None]))

    def bounds(self, lower: float, upper: float) -> tuple[float, float]:
        """Return proven bounds on corrected samples, of samples within [lower, upper].

        They are wider than those of the samples: bounds that were not widened would make the
        interval invalid.
        """
        ends = -self.coefficients[:, None] * (self.ranges - self.means[:, None])
        return lower + float(ends.min(axis=1).sum()), upper + float(ends.max(axis=1).sum())

    def estimate(
        self,
        samples: ArrayLike,
        controls: ArrayLike,
        bounds: tuple[float, float],
        *,
        confidence: float = 0.95,
    ) -> Figure:
        """Estimate the samples' mean from corrected samples, with a betting interval."""
        corrected = self.correct(samples, controls)
        low, high = self.bounds(*bounds)
        interval = betting(corrected, lower=low, upper=high, confidence=confidence)
        return Figure(
            value=float(corrected.mean()),
            lower=float(max(interval.lower, bounds[0])),
            upper=float(min(interval.upper, bounds[1])),
            confidence=confidence,
            side="estimate",
            method="betting, control variates",
            episodes=corrected.size,
        )


def fit_controls(
    samples: ArrayLike, controls: ArrayLike, means: ArrayLike, ranges: ArrayLike
) -> ControlVariates:
    """Fit coefficients by least squares, on pilot samples.

    Parameters
    ----------
    samples : array_like, shape (n,)
        A pilot: estimates must rest on other samples, or they are biased.
    controls : array_like, shape (n_controls, n)
    means : array_like, shape (n_controls,)
        The controls' exact expectations.
    ranges : array_like, shape (n_controls, 2)
        Proven bounds on each control.

    Raises
    ------
    InvalidSamples
        If the shapes do not fit.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> card = rng.integers(0, 2, 500)
    >>> fit_controls(2 * card + 1, [card], [0.5], [(0, 1)]).coefficients.round(6)
    array([2.])
    """
    x, c = _checked(samples, controls)
    centered = c - c.mean(axis=1, keepdims=True)
    coefficients = np.linalg.lstsq(centered.T, x - x.mean(), rcond=None)[0]
    return ControlVariates(coefficients, np.asarray(means), np.asarray(ranges))


def _checked(samples: ArrayLike, controls: ArrayLike) -> tuple[Floats, Floats]:
    x, c = np.asarray(samples, dtype=np.float64), np.asarray(controls, dtype=np.float64)
    if x.ndim != 1 or not x.size or c.ndim != 2 or c.shape[1] != x.size:
        raise InvalidSamples(
            f"samples have shape {x.shape}, controls {c.shape}",
            where="samples, controls",
            valid="(n,) and (n_controls, n), n at least 1",
        )
    if not (np.isfinite(x).all() and np.isfinite(c).all()):
        raise InvalidSamples(
            "a number is not finite", where="samples, controls", valid="finite numbers"
        )
    return x, c
