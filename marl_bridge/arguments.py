"""Arguments that many functions take, and what of them makes sense: seeds, counts, ranges."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from marl_bridge.errors import InvalidEnvironment

__all__ = [
    "is_confidence",
    "require_confidence",
    "require_counts",
    "require_instances",
    "require_path",
    "require_range",
    "require_ranges_of",
    "require_seconds",
    "require_seed",
]

_REAL = (int, float, np.integer, np.floating)


def require_seed(seed: Any) -> None:
    """Refuse what NumPy's seed sequences take amiss, or take for "another one each time".

    Raises
    ------
    InvalidEnvironment
        If the seed is no integer, or negative.

    Examples
    --------
    >>> require_seed(2**70)
    >>> require_seed(None)
    Traceback (most recent call last):
    marl_bridge.errors.InvalidEnvironment: seed is None; where: seed; valid: an integer, at least 0
    """
    require_counts(0, seed=seed)


def require_counts(
    least: int = 1, *, optional: Mapping[str, Any] | None = None, **numbers: Any
) -> None:
    """Refuse numbers of things that are no integers, or too small.

    Parameters
    ----------
    least : int
        The smallest that makes sense.
    optional : mapping of str to int or None
        Numbers that may be left out.
    **numbers : int

    Raises
    ------
    InvalidEnvironment
        Naming the first one.

    Examples
    --------
    >>> require_counts(episodes=10, optional={"max_steps": None})
    >>> require_counts(episodes=2.5)
    Traceback (most recent call last):
    marl_bridge.errors.InvalidEnvironment: episodes is 2.5; where: episodes; valid: an integer, at least 1
    """  # noqa: E501 - the message is one line
    given = {name: number for name, number in (optional or {}).items() if number is not None}
    for name, number in {**numbers, **given}.items():
        if isinstance(number, bool) or not isinstance(number, int | np.integer) or number < least:
            raise InvalidEnvironment(
                f"{name} is {number!r}", where=name, valid=f"an integer, at least {least}"
            )


def require_seconds(*, zero: bool = False, none: bool = True, **limits: Any) -> None:
    """Refuse limits of time that are no positive numbers.

    Parameters
    ----------
    zero, none : bool
        Whether 0, or None for no limit, are fine.
    **limits : float or None
        Seconds.

    Raises
    ------
    InvalidEnvironment
        Naming the first one.

    Examples
    --------
    >>> require_seconds(seconds=0.5, time_limit=None)
    >>> require_seconds(seconds=0)
    Traceback (most recent call last):
    marl_bridge.errors.InvalidEnvironment: seconds is 0; where: seconds; valid: a number above 0
    """
    for name, limit in limits.items():
        if limit is None and none:
            continue
        if isinstance(limit, _REAL) and (limit > 0 or (zero and limit == 0)):
            continue
        raise InvalidEnvironment(
            f"{name} is {limit!r}",
            where=name,
            valid="a number, at least 0" if zero else "a number above 0",
        )


def require_instances(instances: Any) -> None:
    """Raise InvalidEnvironment unless this says how long an instance is played."""
    if instances not in ("fresh", "reused"):
        raise InvalidEnvironment(
            f"instances is {instances!r}", where="instances", valid="'fresh' or 'reused'"
        )


def require_path(**paths: Any) -> None:
    """Raise InvalidEnvironment unless these are paths, or None.

    Examples
    --------
    >>> require_path(checkpoint="game.bin", record=None)
    >>> require_path(checkpoint=3)
    Traceback (most recent call last):
    marl_bridge.errors.InvalidEnvironment: checkpoint is 3; where: checkpoint; valid: a path
    """
    for name, path in paths.items():
        if path is not None and not isinstance(path, str | os.PathLike):
            raise InvalidEnvironment(f"{name} is {path!r}", where=name, valid="a path")


def is_confidence(number: Any) -> bool:
    """Say whether something is a number between 0 and 1, both excluded.

    Examples
    --------
    >>> is_confidence(0.95), is_confidence(1), is_confidence("0.95")
    (True, False, False)
    """
    return isinstance(number, _REAL) and bool(0.0 < number < 1.0)


def require_confidence(confidence: Any) -> None:
    """Raise InvalidEnvironment unless this is a number between 0 and 1."""
    if not is_confidence(confidence):
        raise InvalidEnvironment(
            f"confidence is {confidence!r}", where="confidence", valid="a number between 0 and 1"
        )


def require_range(agent: str, pair: Any, *, where: str = "ranges") -> None:
    """Raise InvalidEnvironment unless a pair bounds an agent's returns."""
    ends = tuple(pair) if isinstance(pair, Sequence) or hasattr(pair, "__array__") else ()
    numbers = len(ends) == 2 and all(isinstance(end, _REAL) for end in ends)
    if not (numbers and -math.inf < ends[0] <= ends[1] < math.inf):
        raise InvalidEnvironment(
            f"the range of {agent!r} is {pair!r}",
            where=where,
            valid="finite (low, high), low <= high",
        )


def require_ranges_of(ranges: Any, agents: Sequence[str]) -> None:
    """Raise InvalidEnvironment unless ranges are given for exactly the agents, or not at all.

    Examples
    --------
    >>> require_ranges_of({"zoe": (-1, 1)}, ("zoe",))
    >>> require_ranges_of({"zoe": (1, -1)}, ("zoe",))
    Traceback (most recent call last):
    marl_bridge.errors.InvalidEnvironment: the range of 'zoe' is (1, -1); where: ranges; \
valid: finite (low, high), low <= high
    """
    if ranges is None:
        return
    if not isinstance(ranges, Mapping) or set(ranges) != set(agents):
        given = list(ranges) if isinstance(ranges, Mapping) else repr(ranges)
        raise InvalidEnvironment(
            f"ranges are given for {given}", where="ranges", valid=f"for {list(agents)}"
        )
    for agent, pair in ranges.items():
        require_range(agent, pair)
