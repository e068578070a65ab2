"""The nearest point of a simplex, exactly: sort, then find how much to take from every entry.

Held, Wolfe and Crowder (1974), "Validation of subgradient optimization", Mathematical Programming
6; Duchi, Shalev-Shwartz, Singer and Chandra (2008), "Efficient projections onto the l1-ball for
learning in high dimensions", ICML.
"""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from gametheory.kernels.compiling import compiled, inner

__all__ = ["project_to_simplex"]

Array = NDArray[Any]


_FEW = 24


@inner
def _sort(values: Array) -> None:
    if len(values) > _FEW:
        values.sort()
        return
    for i in range(1, len(values)):
        value, k = values[i], i
        while k > 0 and values[k - 1] > value:
            values[k] = values[k - 1]
            k -= 1
        values[k] = value


@compiled
def project_to_simplex(values: Array, sorted_values: Array) -> None:
    """Replace a vector by the probability distribution that is nearest to it.

    Parameters
    ----------
    values : ndarray of float64, shape (m,)
        Finite; changed in place.
    sorted_values : ndarray of float64, shape (m,)
        Scratch.
    """
    m = len(values)
    highest = values[0]
    for i in range(1, m):
        highest = max(highest, values[i])
    for i in range(m):  # a common shift changes nothing; small numbers round less
        values[i] -= highest
        sorted_values[i] = values[i]
    _sort(sorted_values)
    total, taken = 0.0, 0.0
    for k in range(1, m + 1):
        entry = sorted_values[m - k]
        total += entry
        if entry * k <= total - 1.0:
            break
        taken = (total - 1.0) / k
    total = 0.0
    for i in range(m):
        values[i] = max(values[i] - taken, 0.0)
        total += values[i]
    for i in range(m):  # only rounding is left to take away
        values[i] /= total
