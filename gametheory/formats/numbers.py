"""Numbers in JSON documents: exact ones stay exact."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

from gametheory.errors import GameFormatError

__all__ = ["decode", "encode"]


def encode(number: Fraction | int | float) -> int | float | str:
    """Write a number as an int, as a float that is exactly it, or as "p/q".

    Examples
    --------
    >>> encode(Fraction(6, 3)), encode(Fraction(1, 3)), encode(Fraction(1, 4)), encode(0.1)
    (2, '1/3', 0.25, 0.1)
    """
    exact = Fraction(number)
    if exact.denominator == 1:
        return int(exact)
    try:
        near = float(exact)
    except OverflowError:
        return str(exact)
    return near if Fraction(near) == exact else str(exact)


def decode(value: Any, where: str) -> Fraction | int | float:
    """Read a number: an int, a finite float, or a string such as "1/3" or "0.1" (exactly).

    Raises
    ------
    GameFormatError
        If it is none of these.

    Examples
    --------
    >>> decode("1/3", "payoffs[0]")
    Fraction(1, 3)
    """
    number = value
    if isinstance(value, str):
        try:
            return Fraction(value)
        except (ValueError, ZeroDivisionError):
            number = None
    if isinstance(number, bool) or not isinstance(number, int | float) or not math.isfinite(number):
        raise GameFormatError(
            f"{value!r} is no number",
            where=where,
            valid='an int, a finite float, or a string such as "1/3"',
        )
    return number
