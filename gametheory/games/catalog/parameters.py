"""Checks that the catalog's games share for their parameters."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from gametheory.errors import InvalidGame
from gametheory.rationals import to_fraction

__all__ = [
    "MOST_PAYOFFS",
    "MOST_PLAYERS",
    "MOST_RULED_PAYOFFS",
    "action_sizes",
    "bounds",
    "check_size",
    "flag",
    "number",
    "require",
    "square_sizes",
    "whole",
    "whole_numbers",
]

MOST_PAYOFFS = 10**7
"""80 megabytes of floats: more is refused before anything is allocated."""

MOST_RULED_PAYOFFS = 10**6
"""The same for games whose payoffs are found one joint action at a time."""

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


def flag(name: str, value: Any) -> bool:
    """Return ``value`` if it is True or False, else InvalidGame."""
    require(isinstance(value, bool), f"{name} is {value!r}", name, "True or False")
    return bool(value)


def require(holds: bool, what: str, where: str, valid: str) -> None:
    """Raise InvalidGame unless a condition on the parameters holds."""
    if not holds:
        raise InvalidGame(what, where=where, valid=valid)


def whole_numbers(name: str, values: Any, low: int, high: int) -> tuple[int, ...]:
    """Return one whole number, or a sequence of them, as a tuple of ints, else InvalidGame."""
    listed = values if isinstance(values, Sequence) and not isinstance(values, str) else (values,)
    require(len(listed) > 0, f"{name} is empty", name, "at least one whole number")
    return tuple(
        whole(name if len(listed) == 1 else f"{name}[{i}]", value, low, high)
        for i, value in enumerate(listed)
    )


def bounds(low: Any, high: Any) -> tuple[int, int]:
    """Return the smallest and the largest integer payoff that may be drawn."""
    smallest = whole("low", low, -(10**9), 10**9)
    return smallest, whole("high", high, smallest, 10**9)


def check_size(n_actions: Sequence[int], where: str, most: int = MOST_PAYOFFS) -> None:
    """Raise InvalidGame, before anything is allocated, if there would be too many payoffs."""
    size = len(n_actions) * math.prod(n_actions)
    require(
        size <= most,
        f"{_described(n_actions)} make {size} payoffs",
        where,
        f"at most {most} payoffs",
    )


def action_sizes(n_players: Any, n_actions: Any, *, least: int = 1) -> tuple[int, ...]:
    """Return each player's number of actions, of a game that is not too large.

    Parameters
    ----------
    n_players : int
    n_actions : int or sequence of int
        One number for all players, or one for each.
    least : int
        The fewest players that make sense.

    Examples
    --------
    >>> action_sizes(3, 2), action_sizes(2, (4, 5))
    ((2, 2, 2), (4, 5))
    """
    n = whole("n_players", n_players, least, 30)
    sizes = whole_numbers("n_actions", n_actions, 1, MOST_PAYOFFS)
    require(
        len(sizes) in (1, n),
        f"{len(sizes)} numbers of actions for {n} players",
        "n_actions",
        "one number for all players, or one for each",
    )
    sizes = sizes * n if len(sizes) == 1 else sizes
    check_size(sizes, "n_players, n_actions")
    return sizes


def square_sizes(
    n_players: Any, n_actions: Any, *, least: int = 1, fewest: int = 1, most: int = MOST_PAYOFFS
) -> tuple[int, ...]:
    """Return each player's number of actions where all players have equally many."""
    n = whole("n_players", n_players, least, 30)
    sizes = (whole("n_actions", n_actions, fewest, MOST_PAYOFFS),) * n
    check_size(sizes, "n_players, n_actions", most)
    return sizes


def _described(n_actions: Sequence[int]) -> str:
    if len(set(n_actions)) == 1:
        return f"{len(n_actions)} players with {n_actions[0]} actions each"
    return f"players with {', '.join(map(str, n_actions))} actions"
