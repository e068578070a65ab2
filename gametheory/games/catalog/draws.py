"""Random numbers that depend on their seed alone, not on the machine or the version of NumPy."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gametheory.games.catalog.parameters import whole

__all__ = ["Draws"]

_GRID = 2.0**20


class Draws:
    """A stream of random numbers made from a seed.

    NumPy promises the same raw bits of a bit generator for ever (NEP 19), but not what a
    ``Generator`` makes of them; so the little that the catalog needs is made here.

    Parameters
    ----------
    seed : int
        From 0 to 2**64 - 1; for :class:`numpy.random.SeedSequence` and PCG64.

    Raises
    ------
    InvalidGame
        The seed is no such number.

    Examples
    --------
    >>> Draws(7).integers(-9, 9, (2, 3)).tolist()
    [[4, -8, 0], [8, -3, 4]]
    """

    def __init__(self, seed: Any) -> None:
        entropy = whole("seed", seed, 0, 2**64 - 1)
        self._bits = np.random.PCG64(np.random.SeedSequence(entropy))

    def integers(self, low: int, high: int, shape: Sequence[int] = ()) -> NDArray[np.int64]:
        """Draw integers from low to high, both included, with equal probabilities."""
        span = high - low + 1
        most = np.uint64(2**64 - 2**64 % span - 1)  # what is left above would favor small numbers
        raw = self._raw(math.prod(shape))
        while (beyond := raw > most).any():
            raw[beyond] = self._raw(int(beyond.sum()))
        drawn: NDArray[np.int64] = (raw % np.uint64(span)).astype(np.int64).reshape(shape) + low
        return drawn

    def chosen(self, count: int, among: int) -> list[int]:
        """Draw ``count`` different numbers below ``among``, in random order."""
        return [int(k) for k in np.argsort(self._raw(among), kind="stable")[:count]]

    def normals(self, shape: Sequence[int]) -> NDArray[np.float64]:
        """Draw standard normal numbers.

        They are found by the inverse distribution function and rounded to multiples of 2**-20:
        coarse enough to hide how a machine's logarithm rounds its last digit.
        """
        inverse = NormalDist().inv_cdf
        uniform = ((self._raw(math.prod(shape)) >> np.uint64(11)) + 0.5) / 2.0**53
        exact = np.fromiter(map(inverse, uniform.tolist()), np.float64, len(uniform))
        return np.asarray(np.rint(exact * _GRID) / _GRID).reshape(shape)

    def _raw(self, count: int) -> NDArray[np.uint64]:
        return np.asarray(self._bits.random_raw(count), dtype=np.uint64)
