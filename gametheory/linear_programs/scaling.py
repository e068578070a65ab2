"""Integers of any size as floats of moderate size: scaling by powers of two."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gametheory.linear_programs.program import LinearProgram

__all__ = ["common_scale", "row_scales", "scaled"]


def scaled(integers: Any, exponents: Any) -> NDArray[np.float64]:
    """Compute ``integers * 2.0 ** exponents``, rounded, without overflow on the way.

    Examples
    --------
    >>> scaled([3, 2**2000], [-1, -1999])
    array([1.5, 2. ])
    """
    if isinstance(integers, np.ndarray) and integers.dtype != object:
        floats: NDArray[np.float64] = np.ldexp(integers.astype(np.float64), exponents)
        return floats
    shifts = np.broadcast_to(exponents, len(integers)).tolist()
    pairs = zip(integers, shifts, strict=True)
    return np.array([_shifted(n, shift) for n, shift in pairs], dtype=np.float64)


def _shifted(integer: int, exponent: int) -> float:
    excess = max(integer.bit_length() - 64, 0)  # digits beyond a float's
    return math.ldexp(integer >> excess, exponent + excess) if integer else 0.0


def common_scale(integers: NDArray[Any]) -> int:
    """Return the exponent that brings the largest of them to between 1/2 and 1."""
    return -int(np.abs(integers).max(initial=0)).bit_length()


def row_scales(program: LinearProgram) -> NDArray[np.int64]:
    """Return for each row the exponent that brings its largest entry to between 1/2 and 1."""
    sizes, starts = np.abs(program.values), program.starts
    if sizes.dtype != object and bool((np.diff(starts) > 0).all()):
        largest: NDArray[np.float64] = np.maximum.reduceat(sizes, starts[:-1]).astype(np.float64)
        return -np.frexp(largest)[1].astype(np.int64)
    scales = [
        -int(sizes[low:high].max(initial=0)).bit_length()
        for low, high in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True)
    ]
    return np.array(scales, dtype=np.int64)
