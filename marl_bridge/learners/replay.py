"""Memories that networks learn from: the newest rows, or a fair sample of all that ever came."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from marl_bridge.errors import InvalidEnvironment

__all__ = ["CircularMemory", "Memory", "ReservoirMemory"]

_FIRST = 1024

Columns = Mapping[str, tuple[tuple[int, ...], Any]]


class Memory:
    """Rows of equal columns, in arrays that grow up to a capacity.

    Parameters
    ----------
    capacity : int
        Most rows that are kept.
    columns : mapping of str to (shape, dtype)
        What one row holds.

    Attributes
    ----------
    added : int
        Rows that came, kept or not.

    Raises
    ------
    InvalidEnvironment
        If the capacity is below 1.
    """

    def __init__(self, capacity: int, columns: Columns) -> None:
        if capacity < 1:
            raise InvalidEnvironment(f"a capacity of {capacity}", where="capacity", valid="above 0")
        self.capacity, self.added = capacity, 0
        n = min(_FIRST, capacity)
        self._columns = {
            name: np.zeros((n, *shape), dtype) for name, (shape, dtype) in columns.items()
        }
        self._arrays = tuple(self._columns.values())

    def __len__(self) -> int:
        return min(self.added, self.capacity)

    def sample(self, n: int, rng: np.random.Generator) -> list[NDArray[Any]]:
        """Draw rows, with replacement; return them column by column.

        Returns
        -------
        list of ndarray, shape (n, ...)
        """
        rows = rng.integers(len(self), size=n)
        return [column[rows] for column in self._arrays]

    def write(self, place: int, row: tuple[Any, ...]) -> None:
        """Put a row at a place."""
        if place >= len(self._arrays[0]):
            self._grow()
        for column, value in zip(self._arrays, row, strict=True):
            column[place] = value

    def _grow(self) -> None:
        more = min(2 * len(self._arrays[0]), self.capacity)
        for name, column in self._columns.items():
            self._columns[name] = np.zeros((more, *column.shape[1:]), column.dtype)
            self._columns[name][: len(column)] = column
        self._arrays = tuple(self._columns.values())

    def state(self) -> dict[str, Any]:
        """Return plain data that :meth:`restore` takes."""
        return {"added": self.added, **{name: c[: len(self)] for name, c in self._columns.items()}}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take the rows of another memory."""
        self.added = state["added"]
        self._columns = {name: np.array(state[name]) for name in self._columns}
        self._arrays = tuple(self._columns.values())


class CircularMemory(Memory):
    """Keeps the newest rows.

    Examples
    --------
    >>> memory = CircularMemory(3, {"number": ((), int)})
    >>> for number in range(5):
    ...     memory.add((number,))
    >>> memory.state()["number"].tolist()
    [3, 4, 2]
    """

    def add(self, row: tuple[Any, ...]) -> None:
        """Keep a row in place of the oldest one."""
        self.write(self.added % self.capacity, row)
        self.added += 1


class ReservoirMemory(Memory):
    """Keeps a uniform sample of all rows that came.

    References
    ----------
    J. S. Vitter (1985), Random sampling with a reservoir, ACM Transactions on Mathematical
    Software 11(1), algorithm R.

    Examples
    --------
    >>> memory = ReservoirMemory(3, {"number": ((), int)})
    >>> for number in range(100):
    ...     memory.add((number,), 0.5)
    >>> len(memory), memory.added
    (3, 100)
    """

    def add(self, row: tuple[Any, ...], uniform: float) -> None:
        """Keep a row with the chance that every row has; ``uniform`` is a draw from [0, 1)."""
        place = self.added
        if place >= self.capacity:
            place = int(uniform * (self.added + 1))
        self.added += 1
        if place < self.capacity:
            self.write(place, row)
