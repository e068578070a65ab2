"""Numbers that change while a learner learns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from marl_bridge.errors import InvalidEnvironment

__all__ = ["Schedule", "require_positive", "require_unit"]


@dataclass(frozen=True, slots=True)
class Schedule:
    """A number that moves linearly from ``first`` to ``last`` and stays there.

    Attributes
    ----------
    first, last : float
        The ends.
    share : float
        Share of the episodes after which ``last`` is reached.

    Examples
    --------
    >>> [Schedule(1.0, 0.0, 0.5).at(progress) for progress in (0.0, 0.25, 0.5, 1.0)]
    [1.0, 0.5, 0.0, 0.0]
    """

    first: float
    last: float
    share: float = 1.0

    def at(self, progress: float) -> float:
        """Return the number when a share ``progress`` of the episodes is over."""
        done = min(1.0, progress / self.share) if self.share > 0.0 else 1.0
        return self.first + (self.last - self.first) * done


def require_unit(**numbers: Any) -> None:
    """Raise InvalidEnvironment unless the numbers, or the ends of schedules, are in [0, 1]."""
    for name, number in numbers.items():
        if not all(0.0 <= end <= 1.0 for end in _ends(number)):
            raise InvalidEnvironment(f"{name} is {number}", where=name, valid="within [0, 1]")


def require_positive(**numbers: Any) -> None:
    """Raise InvalidEnvironment unless the numbers, or the ends of schedules, are positive."""
    for name, number in numbers.items():
        if not all(0.0 < end < float("inf") for end in _ends(number)):
            raise InvalidEnvironment(f"{name} is {number}", where=name, valid="positive, finite")


def _ends(number: Any) -> tuple[float, ...]:
    return (number.first, number.last) if isinstance(number, Schedule) else (number,)
