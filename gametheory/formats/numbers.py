"""Numbers in JSON documents: exact ones stay exact."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from gametheory.errors import GameFormatError
from gametheory.games.exact_array import shown, to_fraction

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
