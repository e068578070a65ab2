"""Running intervals around a weighted mean, whose weights are set before each sample is seen."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from marl_bridge.intervals.samples import EPSILON, Risk

__all__ = ["PlugIn"]

Array = NDArray[np.float64]


class PlugIn:
    """Sums that an interval at any time rests on, for samples of k means in [0, 1].

    After t samples the ends are ``sum(w x) / sum(w) -+ (log_share + sum(cost)) / sum(w)``. A
    method says what a sample weighs and costs; weights depend on earlier samples only.

    Parameters
    ----------
    k : int
        Number of means.
    risk : Risk
    """

    def __init__(self, k: int, risk: Risk) -> None:
        self.log_share = risk.log_share
        self._count = 0
        # Carried on: sum and squares with their prior, weights, weighted samples, costs.
        self._sums = np.tile(np.array([0.5, 0.25, 0.0, 0.0, 0.0]), (k, 1)).T[:, :, None].copy()

    def weights(self, count: Array, squares: Array) -> Array:
        """Weigh samples 1, 2, ...: ``squares`` is t times the variance before sample t."""
        raise NotImplementedError

    def costs(self, weights: Array, deviations: Array) -> Array:
        """Return what samples add to the radius; deviations are from the mean before each."""
        raise NotImplementedError

    def extend(self, unit: Array) -> tuple[Array, Array]:
        """Take in samples of shape (k, m); return the ends after each, of the same shape."""
        m = unit.shape[1]
        count = np.arange(self._count + 1, self._count + m + 1, dtype=np.float64)
        total, squares, weighed, weighted, cost = self._sums
        totals = _continued(total, unit)
        means = totals / np.concatenate(([count[0]], count + 1.0))  # before, and after each sample
        all_squares = _continued(squares, (unit - means[:, 1:]) ** 2)
        weights = np.broadcast_to(self.weights(count, all_squares[:, :-1]), unit.shape)
        weight_sums = _continued(weighed, weights)
        weighted_sums = _continued(weighted, weights * unit)
        cost_sums = _continued(cost, self.costs(weights, unit - means[:, :-1]))
        self._count += m
        self._sums = np.stack(
            [s[:, -1:] for s in (totals, all_squares, weight_sums, weighted_sums, cost_sums)]
        )
        # Each sum of t positive numbers is off by at most t roundings.
        rounding = 4.0 * (count + 16.0) * EPSILON
        middle = weighted_sums[:, 1:] / weight_sums[:, 1:]
        radius = (self.log_share + cost_sums[:, 1:]) / weight_sums[:, 1:]
        radius = radius * (1.0 + rounding) + rounding
        return middle - radius, middle + radius


def _continued(carried: Array, added: Array) -> Array:
    """Add up one sample after the other, so that it does not matter how they were batched."""
    return np.cumsum(np.concatenate([carried, added], axis=1), axis=1)
