"""Checks that the catalog's games share for their parameters."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from gametheory.errors import InvalidGame
from gametheory.rationals import to_fraction

__all__ = ["MOST_PLAYERS", "number", "require", "whole"]

MOST_PLAYERS = 12  # two actions each: 49,152 payoffs
"""Payoffs in normal form grow exponentially with the players; this many stay comfortable."""


def whole(name: str, value: Any, low: int, high: int) -> int:
    """Return ``value`` as an int if it is a whole number from low to high, else InvalidGame."""
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise InvalidGame(
            f"{name} is {value!r}", where=name, valid=f"a whole number from {low} to {high}"
        )
    return value


def number(name: str, value: Any) -> Fraction:
    """Return ``value`` exactly if it is a finite real number, else InvalidGame."""
    try:
        return to_fraction(value)
    except ValueError as reason:
        raise InvalidGame(str(reason), where=name, valid="a finite real number") from None


def require(holds: bool, what: str, where: str, valid: str) -> None:
    """Raise InvalidGame unless a condition on the parameters holds."""
    if not holds:
        raise InvalidGame(what, where=where, valid=valid)
