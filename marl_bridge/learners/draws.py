"""Uniform draws one at a time, at the price of many at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Draws"]

_MANY = 4096


class Draws:
    """Random numbers of one stream, in its order, however they are asked for.

    Parameters
    ----------
    seed : SeedSequence
        Equal ones give equal draws.

    Examples
    --------
    >>> draws = Draws(np.random.SeedSequence(0))
    >>> 0.0 <= draws.uniform() < 1.0, draws.index(3) in range(3)
    (True, True)
    """

    __slots__ = ("_ahead", "_generator", "_left")

    def __init__(self, seed: np.random.SeedSequence) -> None:
        self._generator = np.random.default_rng(seed)
        self._left: list[float] = []  # the next ones, last first
        self._ahead: NDArray[np.float64] = np.empty(0)  # those after them

    def uniform(self) -> float:
        """Draw from [0, 1)."""
        # A call of the generator for each number would cost as much as the environment.
        if not self._left:
            if not len(self._ahead):
                self._ahead = self._generator.random(_MANY)
            self._left = self._ahead[:_MANY][::-1].tolist()
            self._ahead = self._ahead[_MANY:]
        return self._left.pop()

    def index(self, n: int) -> int:
        """Draw one of 0 .. n - 1."""
        return int(self.uniform() * n)

    def place(self, weights: Sequence[float]) -> int:
        """Draw a position with probability proportional to its weight."""
        threshold = self.uniform() * sum(weights)
        for place, weight in enumerate(weights):
            threshold -= weight
            if threshold < 0.0:
                return place
        return len(weights) - 1

    def ahead(self, n: int) -> NDArray[np.float64]:
        """Show the next numbers, at least so many, without drawing them."""
        missing = n - len(self._left) - len(self._ahead)
        if self._left or missing > 0:
            more = self._generator.random(max(missing, 0))
            self._ahead = np.concatenate([self._left[::-1], self._ahead, more])
            self._left = []
        return self._ahead

    def skip(self, n: int) -> None:
        """Draw so many numbers that nobody looks at."""
        self._ahead, self._left = np.concatenate([self._left[::-1], self._ahead]), []
        beyond = n - len(self._ahead)
        self._ahead = self._ahead[n:]
        if beyond > 0:
            bits: Any = self._generator.bit_generator
            bits.advance(beyond)

    def state(self) -> dict[str, Any]:
        """Return plain data that :meth:`restore` takes."""
        left = [*self._left[::-1], *self._ahead.tolist()]
        return {"generator": self._generator.bit_generator.state, "left": left}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on where another one, or this one earlier, had stopped."""
        self._generator.bit_generator.state = state["generator"]
        self._left, self._ahead = [], np.array(state["left"], dtype=float)
