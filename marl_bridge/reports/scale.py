"""The axis that pictures of returns share: where a number goes, and round numbers along it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["LEFT", "RIGHT", "Scale"]

LEFT, RIGHT = 2.0, 98.0  # percent of the width between which the axis runs


@dataclass(frozen=True, slots=True)
class Scale:
    """An axis from ``low`` to ``high`` over the width of a drawing.

    Examples
    --------
    >>> scale = Scale(-1.0, 1.0)
    >>> scale.at(0.0), scale.at(5.0), scale.ticks()[:3]
    ('50.000%', '98.000%', [-1.0, -0.5, 0.0])
    """

    low: float
    high: float

    @classmethod
    def over(cls, marks: Iterable[float], others: Iterable[float] = ()) -> Scale:
        """Span all finite marks, and never so little that a hair looks wide.

        ``others`` are not drawn, but tell how large numbers of this kind are.
        """
        shown = [mark for mark in marks if math.isfinite(mark)] or [0.0]
        low, high = min(shown), max(shown)
        size = max([1e-6, *(abs(mark) for mark in [*shown, *others] if math.isfinite(mark))])
        pad = max(0.06 * (high - low), 0.1 * size - (high - low) / 2)
        return cls(low - pad, high + pad)

    def percent(self, x: float) -> float:
        """Place a number, or the nearest end of the axis, in percent of the width."""
        inside = min(max(x, self.low), self.high)
        return LEFT + (RIGHT - LEFT) * (inside - self.low) / (self.high - self.low)

    def at(self, x: float) -> str:
        """Write :meth:`percent` as SVG takes it."""
        return f"{self.percent(x):.3f}%"

    def ticks(self, wanted: int = 7) -> list[float]:
        """Choose round numbers, 1, 2 or 5 times a power of ten apart."""
        raw = (self.high - self.low) / wanted
        power = 10.0 ** math.floor(math.log10(raw))
        step = next(m * power for m in (1, 2, 5, 10) if m * power >= raw)
        first, last = math.ceil(self.low / step), math.floor(self.high / step)
        return [round(k * step, 12) for k in range(first, last + 1)]

    def grid(self, height: int) -> list[str]:
        """Draw a line and its number at each tick."""
        lines = []
        for tick in self.ticks():
            at, label = self.at(tick), f"{tick:g}".replace("-", "\u2212")
            lines.append(f'<line class="grid" x1="{at}" x2="{at}" y1="0" y2="{height - 22}"/>')
            lines.append(
                f'<text class="soft" x="{at}" y="{height - 6}" text-anchor="middle">{label}</text>'
            )
        return lines
