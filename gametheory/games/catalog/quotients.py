"""Arrays of integers over one denominator, exactly."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["quotients"]

_LARGEST_EXACT_INTEGER = 2**53


def quotients(integers: NDArray[np.int64], denominator: int) -> NDArray[Any]:
    """Return ``integers / denominator`` exactly: floats where they are exact, or Fractions.

    Examples
    --------
    >>> quotients(np.array([1, 2, 1]), 4).tolist(), quotients(np.array([1, 2, 1]), 6).tolist()
    ([0.25, 0.5, 0.25], [Fraction(1, 6), Fraction(1, 3), Fraction(1, 6)])
    """
    power_of_two = denominator & (denominator - 1) == 0
    if power_of_two and denominator < 2**1000 and abs(integers).max() <= _LARGEST_EXACT_INTEGER:
        return np.asarray(integers / float(denominator))
    # Payoffs by rule have few different values: each is reduced once.
    values, places = np.unique(integers, return_inverse=True)
    exact = np.empty(len(values), dtype=object)
    exact[:] = [Fraction(value, denominator) for value in values.tolist()]
    return exact[places.reshape(integers.shape)]
