"""Uniform draws one at a time, at the price of many at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

__all__ = ["Draws"]

_MANY = 4096


class Draws:
    """Random numbers of one stream.

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

    __slots__ = ("_generator", "_left")

    def __init__(self, seed: np.random.SeedSequence) -> None:
        self._generator = np.random.default_rng(seed)
        self._left: list[float] = []

    def uniform(self) -> float:
        """Draw from [0, 1)."""
        # A call of the generator for each number would cost as much as the environment.
        if not self._left:
            self._left = self._generator.random(_MANY).tolist()
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

    def state(self) -> dict[str, Any]:
        """Return plain data that :meth:`restore` takes."""
        return {"generator": self._generator.bit_generator.state, "left": self._left}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on where another one, or this one earlier, had stopped."""
        self._generator.bit_generator.state = state["generator"]
        self._left = list(state["left"])
