"""What every method returns: the ends, and what they are worth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

__all__ = ["Interval", "Side"]

Side = Literal["two-sided", "lower", "upper"]


@dataclass(frozen=True, slots=True, eq=False)
class Interval:
    """An interval for a mean, or one for each of several means.

    Attributes
    ----------
    lower, upper : float or ndarray
        Its ends, in units of the samples: floats for samples of shape (n,), arrays of shape (k,)
        for samples of shape (k, n). Running intervals have one more axis: an entry for every
        number of samples.
    confidence : float
        Probability that the interval contains the mean, for each mean alone; 1 for ends that
        are known.
    side : {"two-sided", "lower", "upper"}
        "lower" and "upper" spend the whole probability of error on that end; the other one is
        the proven bound on the samples.
    method : str
        How it was found.
    n : int
        Number of samples of each mean.
    heuristic : bool
        Whether the confidence is a hope: nothing is proven about the method at this n.

    Examples
    --------
    >>> interval = Interval(0.25, 0.75)
    >>> 0.5 in interval, interval.width
    (True, 0.5)
    """

    lower: Any
    upper: Any
    confidence: float = 1.0
    side: Side = "two-sided"
    method: str = ""
    n: int = 0
    heuristic: bool = False

    @property
    def width(self) -> Any:
        """Upper minus lower end."""
        return self.upper - self.lower

    def covers(self, mean: Any) -> Any:
        """Say of each interval whether it contains its mean."""
        inside = (np.asarray(self.lower) <= mean) & (np.asarray(self.upper) >= mean)
        return inside if np.ndim(inside) else bool(inside)

    def __contains__(self, mean: Any) -> bool:
        return bool(np.all(self.covers(mean)))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Interval):
            return NotImplemented
        return (
            self._words() == other._words()
            and np.array_equal(self.lower, other.lower)
            and np.array_equal(self.upper, other.upper)
        )

    def __hash__(self) -> int:
        return hash(self._words())

    def _words(self) -> tuple[Any, ...]:
        return (self.confidence, self.side, self.method, self.n, self.heuristic)
