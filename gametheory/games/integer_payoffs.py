"""Payoffs as integers: each player's payoffs times one positive number, exactly.

A positive factor changes no best response, and integers are what exact arithmetic is fast with.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["IntegerPayoffs", "integer_payoffs"]

_WIDEST_DENOMINATOR = 20_000  # bits; exact work with more would not end in reasonable time
_SAFE = 2**62


class IntegerPayoffs(NamedTuple):
    """One player's payoffs: ``integers / denominator``.

    Attributes
    ----------
    integers : ndarray, shape (m_1, ..., m_n)
        int64 where all magnitudes are below 2^62, otherwise objects that are Python ints.
    denominator : int
        Positive.
    """

    integers: NDArray[Any]
    denominator: int


def integer_payoffs(entries: NDArray[Any]) -> IntegerPayoffs | None:
    """Bring one player's exact payoffs to their common denominator.

    Parameters
    ----------
    entries : ndarray of float64, or of Fractions
        The payoffs, exactly.

    Returns
    -------
    IntegerPayoffs or None
        None if the common denominator has more than 20,000 bits, which floats never need.

    Examples
    --------
    >>> integers, denominator = integer_payoffs(np.array([[0.5, 0.75], [2.0, -1.0]]))
    >>> integers.tolist(), denominator
    ([[2, 3], [8, -4]], 4)
    """
    if entries.dtype == object:
        return _from_fractions(entries)
    if (np.abs(entries) < _SAFE).all() and (entries == np.trunc(entries)).all():
        return _frozen(entries.astype(np.int64), 1)
    return _from_floats(entries)


def _from_floats(entries: NDArray[np.float64]) -> IntegerPayoffs:
    """Split floats into odd mantissas and powers of two."""
    fractions, exponents = np.frexp(entries)
    mantissas = np.ldexp(fractions, 53).astype(np.int64)
    lowest_bit = np.maximum(mantissas & -mantissas, 1)
    trailing = np.round(np.log2(lowest_bit.astype(np.float64))).astype(np.int64)
    powers = np.where(mantissas == 0, 0, exponents.astype(np.int64) - 53 + trailing)
    shift = -min(int(powers.min()), 0)
    if int(exponents.max(initial=0)) + shift <= 61:
        return _frozen((mantissas >> trailing) << (powers + shift), 1 << shift)
    odd = (mantissas >> trailing).ravel().tolist()
    by = (powers + shift).ravel().tolist()
    return _objects([m << k for m, k in zip(odd, by, strict=True)], entries.shape, 1 << shift)


def _from_fractions(entries: NDArray[Any]) -> IntegerPayoffs | None:
    flat = entries.ravel().tolist()
    scale = 1
    for payoff in flat:
        if scale % payoff.denominator:
            scale = math.lcm(scale, payoff.denominator)
            if scale.bit_length() > _WIDEST_DENOMINATOR:
                return None
    integers = [payoff.numerator * (scale // payoff.denominator) for payoff in flat]
    return _objects(integers, entries.shape, scale)


def _objects(integers: list[int], shape: tuple[int, ...], denominator: int) -> IntegerPayoffs:
    if max(map(abs, integers)) < _SAFE:
        return _frozen(np.array(integers, dtype=np.int64).reshape(shape), denominator)
    array = np.empty(len(integers), dtype=object)
    array[:] = integers
    return _frozen(array.reshape(shape), denominator)


def _frozen(integers: NDArray[Any], denominator: int) -> IntegerPayoffs:
    integers.setflags(write=False)
    return IntegerPayoffs(integers, denominator)
