"""Figures: every reported number with its interval, what it bounds, and how it was found."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, Literal

__all__ = ["Figure", "Side"]

Side = Literal["estimate", "lower bound", "upper bound", "exact"]


@dataclass(frozen=True, slots=True)
class Figure:
    """A number, and how far it can be trusted.

    Attributes
    ----------
    value : float
        The figure itself, in units of the environment's rewards unless said otherwise.
    lower, upper : float
        The ends of its interval; infinite where nothing bounds it.
    confidence : float
        Probability with which the interval contains the true figure, before the data are
        seen; 1 for exact figures.
    side : {"estimate", "lower bound", "upper bound", "exact"}
        What ``value`` is of the true figure.
    method : str
        How the interval was found.
    episodes : int
        Number of episodes it rests on; 0 for figures that were computed.
    note : str
        What a reader must know besides.
    deviations : str
        The class of deviations a regret was tested against, in words; "" for other figures.

    Examples
    --------
    >>> print(Figure(0.512, 0.401, 0.623, 0.95, "estimate", "betting", 200))
    0.512 [0.401, 0.623]
    >>> print(Figure.exact(-1 / 18))
    -0.0556
    """

    value: float
    lower: float
    upper: float
    confidence: float
    side: Side
    method: str
    episodes: int
    note: str = ""
    deviations: str = ""

    @property
    def width(self) -> float:
        """Upper minus lower end; infinite where one of them is."""
        return self.upper - self.lower

    @classmethod
    def exact(cls, value: float, *, method: str = "exact", note: str = "") -> Figure:
        """Make a figure that was computed, not estimated."""
        return cls(float(value), float(value), float(value), 1.0, "exact", method, 0, note)

    def contains(self, value: float, tolerance: float = 1e-9) -> bool:
        """Say whether the interval contains a value, up to rounding."""
        return self.lower - tolerance <= value <= self.upper + tolerance

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON; infinite ends become None."""
        return {
            name: None if isinstance(entry, float) and not math.isfinite(entry) else entry
            for name, entry in asdict(self).items()
        }

    def __str__(self) -> str:
        if self.side == "exact":
            return f"{self.value:.4f}"
        return f"{self.value:.3f} [{self.lower:.3f}, {self.upper:.3f}]"
