"""What a linear program is: sparse integer data, kept exactly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["LinearProgram"]


@dataclass(frozen=True, slots=True, eq=False)
class LinearProgram:
    """Maximize ``objective @ x`` subject to ``rows @ x <= bounds`` and ``x >= 0``.

    Attributes
    ----------
    objective : ndarray of int64 or of Python ints, shape (n,)
    starts : ndarray of int64, shape (m + 1,)
        Row i has the entries ``starts[i]`` to ``starts[i + 1]`` of the next two.
    columns : ndarray of int64
    values : ndarray of int64 or of Python ints
    bounds : ndarray of int64 or of Python ints, shape (m,)
    equalities : ndarray of bool, shape (m,)
        Rows that hold with equality; their dual variables have no sign.
    free : ndarray of bool, shape (n,)
        Variables without a sign.
    """

    objective: NDArray[Any]
    starts: NDArray[np.int64]
    columns: NDArray[np.int64]
    values: NDArray[Any]
    bounds: NDArray[Any]
    equalities: NDArray[np.bool_]
    free: NDArray[np.bool_]

    @property
    def shape(self) -> tuple[int, int]:
        """Numbers of rows and of variables."""
        return len(self.bounds), len(self.objective)

    def times(self, weights: list[int]) -> list[int]:
        """Compute ``rows @ weights`` exactly; cheap where most weights are zero."""
        return self._sums(self._row_of(), self.columns, weights, self.shape[0])

    def transposed_times(self, duals: list[int]) -> list[int]:
        """Compute ``rows.T @ duals`` exactly; cheap where most of them are zero."""
        return self._sums(self.columns, self._row_of(), duals, self.shape[1])

    def _row_of(self) -> NDArray[np.int64]:
        return np.repeat(np.arange(self.shape[0]), np.diff(self.starts))

    def _sums(
        self, into: NDArray[np.int64], along: NDArray[np.int64], factors: list[int], size: int
    ) -> list[int]:
        """Add up ``values * factors[along]`` for each index ``into``."""
        used = np.array([factor != 0 for factor in factors], dtype=np.bool_)[along]
        totals = [0] * size
        lists = (into[used].tolist(), along[used].tolist(), self.values[used].tolist())
        for target, source, value in zip(*lists, strict=True):
            totals[target] += value * factors[source]
        return totals

    @classmethod
    def sparse(
        cls,
        objective: NDArray[Any],
        rows: Sequence[tuple[NDArray[np.int64], NDArray[Any]]],
        bounds: NDArray[Any],
        *,
        equalities: Sequence[int] = (),
        free: Sequence[int] = (),
    ) -> LinearProgram:
        """Build a program from rows that are pairs of columns and values.

        Parameters
        ----------
        objective, bounds : ndarray of integers, shapes (n,) and (m,)
        rows : sequence of m pairs
            Columns, each at most once, and the integers that stand there.
        equalities, free : sequence of int
            Indices of the rows that hold with equality, and of the variables without a sign.
        """
        lengths = [len(columns) for columns, _ in rows]
        return cls(
            objective=objective,
            starts=np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)]),
            columns=np.concatenate([columns for columns, _ in rows]),
            values=np.concatenate([values for _, values in rows]),
            bounds=bounds,
            equalities=_marked(equalities, len(bounds)),
            free=_marked(free, len(objective)),
        )

    @classmethod
    def dense(
        cls,
        objective: Any,
        matrix: Any,
        bounds: Any,
        *,
        equalities: Sequence[int] = (),
        free: Sequence[int] = (),
    ) -> LinearProgram:
        """Build a program from a full matrix of integers, shape (m, n); zeros are left out.

        Examples
        --------
        >>> program = LinearProgram.dense([1, 1], [[2, 1], [0, 3]], [4, 6])
        >>> program.shape, program.values.tolist()
        ((2, 2), [2, 1, 3])
        """
        table = _integers(matrix)
        kept = table != 0
        return cls(
            objective=_integers(objective),
            starts=np.concatenate([[0], np.cumsum(kept.sum(axis=1), dtype=np.int64)]),
            columns=np.nonzero(kept)[1],
            values=table[kept],
            bounds=_integers(bounds),
            equalities=_marked(equalities, len(table)),
            free=_marked(free, table.shape[1]),
        )


def _integers(numbers: Any) -> NDArray[Any]:
    """Read as int64, or as Python ints where some are too large."""
    array = np.asarray(numbers)
    return array if array.dtype == object else array.astype(np.int64)


def _marked(indices: Sequence[int], size: int) -> NDArray[np.bool_]:
    marks = np.zeros(size, dtype=np.bool_)
    marks[list(indices)] = True
    return marks
