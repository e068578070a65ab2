"""Stationary distributions without subtractions, so that each probability is relatively exact.

Grassmann, Taksar and Heyman (1985), "Regenerative analysis and steady state distributions for
Markov chains", Operations Research 33.
"""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from gametheory.kernels.compiling import inner

__all__ = ["stationary"]

Array = NDArray[Any]


@inner
def stationary(rates: Array, m: int, out: Array, start: int) -> None:
    """Write a distribution that a chain keeps to ``out[start:start + m]``.

    Parameters
    ----------
    rates : ndarray of float64, shape (m or more, m or more)
        Of changing from one place to another, or probabilities; overwritten. The diagonal is not
        read. Where some places are never left there are several distributions, and one is found.
    """
    root = 0
    for last in range(m - 1, 0, -1):
        total = 0.0
        for i in range(last):
            total += rates[last, i]
        if total <= 0.0:  # with those that were taken out it is never left
            root = last
            break
        for i in range(last):
            rate = rates[i, last] / total
            rates[i, last] = rate
            if rate > 0.0:
                for j in range(last):
                    rates[i, j] += rate * rates[last, j]
    for i in range(root):
        out[start + i] = 0.0
    out[start + root] = 1.0
    total = 1.0
    for k in range(root + 1, m):
        weight = 0.0
        for i in range(root, k):
            weight += out[start + i] * rates[i, k]
        out[start + k] = weight
        total += weight
    for i in range(root, m):
        out[start + i] /= total
