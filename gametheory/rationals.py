"""One number, exactly: read from what people write, written so that nothing is lost.

Every number of a game is rational: integers, fractions, and floats, which are dyadic rationals.
"""

from __future__ import annotations

import math
import numbers
import operator
import re
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from gametheory.errors import GameFormatError

__all__ = ["decode", "encode", "shown", "to_fraction"]

# Bounded digits and exponents: "1e-999999999" is a small string and an enormous fraction.
_RATIONAL_TEXT = re.compile(
    r"\s*[-+]?(\d{1,4000}/\d{1,4000}|(\d{1,4000}(\.\d{0,4000})?|\.\d{1,4000})"
    r"([eE][-+]?\d{1,3})?)\s*"
)


def to_fraction(value: Any) -> Fraction:
    """Read one number exactly; ValueError with the reason in words if it is not a finite real.

    Examples
    --------
    >>> to_fraction("1/3"), to_fraction(0.25), to_fraction(2**60 + 1)
    (Fraction(1, 3), Fraction(1, 4), Fraction(1152921504606846977, 1))
    """
    if isinstance(value, Fraction):
        return value
    if isinstance(value, (int, np.integer, np.bool_)):
        return Fraction(operator.index(int(value)))
    if isinstance(value, numbers.Rational):
        return Fraction(int(value.numerator), int(value.denominator))
    if isinstance(value, (float, np.floating, Decimal)):
        if not math.isfinite(value):
            raise ValueError(f"{value} is not finite")
        return Fraction(*map(int, value.as_integer_ratio()))
    if isinstance(value, numbers.Complex):
        raise ValueError(f"{value} is complex")
    if isinstance(value, str) and _RATIONAL_TEXT.fullmatch(value):
        try:
            return Fraction(value)
        except ZeroDivisionError:
            raise ValueError(f"{value!r} divides by zero") from None
    raise ValueError(f"{shown(value)} is not a number")


def shown(value: Any) -> str:
    """Write any value for an error message: short, also where Python refuses to print it."""
    try:
        return f"{value!r:.80}" if isinstance(value, str) else f"{value!s:.80}"
    except ValueError:  # an integer of more digits than Python's limit
        return "an enormous number"


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
        return _text(exact)
    return near if Fraction(near) == exact else _text(exact)


def _text(exact: Fraction) -> str:
    """Write "p/q"; in hexadecimal beyond the digits that Python converts to decimal."""
    try:
        return str(exact)
    except ValueError:
        return f"{exact.numerator:#x}/{exact.denominator:#x}"


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
    try:
        if isinstance(value, bool):
            raise ValueError(f"{value} is not a number")
        if isinstance(value, str) and value.lstrip("-").startswith("0x"):
            numerator, _, denominator = value.partition("/")
            return Fraction(int(numerator, 16), int(denominator or "1", 16))
        exact = to_fraction(value)
    except (ValueError, ZeroDivisionError) as error:
        raise GameFormatError(
            f"{shown(value)} is no number: {error}",
            where=where,
            valid='an int, a finite float, or a string such as "1/3"',
        ) from error
    return exact if isinstance(value, str) else value
