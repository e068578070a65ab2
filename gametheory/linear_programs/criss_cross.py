"""The least-index criss-cross method in integers: no rounding, and no feasible start needed.

The dictionary states every basic variable, and the objective, in terms of the nonbasic ones:
``basic + sum(entries * nonbasic) = right``, all over one positive denominator. A pivot multiplies
out and divides by the previous denominator, which leaves no remainder (Bareiss 1968, "Sylvester's
identity and multistep integer-preserving Gaussian elimination", Mathematics of Computation 22).

References
----------
Terlaky (1985), "A convergent criss-cross method", Mathematische Operationsforschung und
Statistik, Series Optimization 16.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gametheory.linear_programs.optimum import Optimum, Ratios, optimum
from gametheory.linear_programs.program import LinearProgram

__all__ = ["criss_cross"]

_ENTRIES_BETWEEN_LOOKS = 200_000  # of one word each
_WORD = 64  # bits


def criss_cross(program: LinearProgram) -> Generator[None, None, Optimum | str]:
    """Solve a small program exactly.

    Yields
    ------
    None
        Between pieces of work.

    Returns
    -------
    Optimum or str
        "infeasible" or "unbounded", which then are proven.

    Notes
    -----
    Never cycles. Cost: as many products of integers a pivot as the program has rows times
    variables; pivots are few in practice, and may be exponentially many.

    Examples
    --------
    >>> from gametheory.linear_programs import LinearProgram, finish
    >>> program = LinearProgram.dense([1, 1], [[3, 1], [1, 3]], [2, 2])
    >>> finish(criss_cross(program)).value
    Fraction(1, 1)
    """
    dictionary = _Dictionary(program)
    reason = dictionary.settle()
    work = 0
    while not reason:
        step = dictionary.next_pivot()
        if step is None:
            return optimum(program, *dictionary.solution(), dictionary.pivots)
        if isinstance(step, str):
            reason = step
        else:
            dictionary.pivot(*step)
        # Numbers grow from pivot to pivot, and with them the time that a product takes.
        work += dictionary.entries.size * (1 + dictionary.denominator.bit_length() // _WORD)
        if work > _ENTRIES_BETWEEN_LOOKS:
            work = 0
            yield None
    return reason


class _Dictionary:
    """Variables are numbered: those of the program, then a slack for each row.

    ``entries`` has the objective in its first row and the right-hand sides in its last column.
    """

    def __init__(self, program: LinearProgram) -> None:
        n_rows, n_columns = program.shape
        self.entries: NDArray[Any] = np.zeros((n_rows + 1, n_columns + 1), dtype=object)
        rows = np.repeat(np.arange(1, n_rows + 1), np.diff(program.starts))
        self.entries[rows, program.columns] = program.values.astype(object)
        self.entries[0, :-1] = -program.objective.astype(object)
        self.entries[1:, -1] = program.bounds.astype(object)
        self.denominator, self.pivots = 1, 0
        self.basic = list(range(n_columns, n_columns + n_rows))
        self.nonbasic = list(range(n_columns))
        self.n_columns = n_columns
        self.free = set(np.flatnonzero(program.free).tolist())
        self.fixed = {n_columns + i for i in np.flatnonzero(program.equalities).tolist()}

    def settle(self) -> str:
        """Make variables without a sign basic for good, slacks of equations nonbasic for good."""
        for column in range(len(self.nonbasic)):
            if self.nonbasic[column] in self.free:
                rows = [r for r in self._nonzero(self.entries[1:, column]) if self._may_leave(r)]
                if rows:  # slacks of equations first
                    self.pivot(min(rows, key=lambda r: self.basic[r] not in self.fixed), column)
                elif self.entries[0, column]:
                    return "unbounded"
        for row in range(len(self.basic)):
            if self.basic[row] in self.fixed:
                columns = self._nonzero(self.entries[row + 1, :-1])
                columns = [c for c in columns if self._may_enter(c)]
                if columns:
                    self.pivot(row, columns[0])
                elif self.entries[row + 1, -1]:
                    return "infeasible"
        return ""

    def next_pivot(self) -> tuple[int, int] | str | None:
        """Pivot on the violated variable of least index; None when nothing is violated."""
        violated = [
            (variable, row, -1)
            for row, variable in enumerate(self.basic)
            if self.entries[row + 1, -1] < 0 and self._may_leave(row)
        ] + [
            (variable, -1, column)
            for column, variable in enumerate(self.nonbasic)
            if self.entries[0, column] < 0 and self._may_enter(column)
        ]
        if not violated:
            return None
        _, row, column = min(violated)
        if column < 0:
            line = self.entries[row + 1, :-1]
            columns = [c for c in self._nonzero(line) if line[c] < 0 and self._may_enter(c)]
            if not columns:
                return "infeasible"
            return row, min(columns, key=self.nonbasic.__getitem__)
        line = self.entries[1:, column]
        rows = [r for r in self._nonzero(line) if line[r] > 0 and self._may_leave(r)]
        if not rows:
            return "unbounded"
        return min(rows, key=self.basic.__getitem__), column

    def pivot(self, row: int, column: int) -> None:
        """Exchange a basic for a nonbasic variable."""
        old, at = self.entries, row + 1
        pivot = old[at, column]
        new = (old * pivot - np.outer(old[:, column], old[at])) // self.denominator
        new[at], new[:, column] = old[at], -old[:, column]
        new[at, column] = self.denominator
        self.entries, self.denominator = (new, pivot) if pivot > 0 else (-new, -pivot)
        leaving, self.basic[row] = self.basic[row], self.nonbasic[column]
        self.nonbasic[column] = leaving
        self.pivots += 1

    def solution(self) -> tuple[Ratios, Ratios]:
        """Return variables and dual variables, each over the denominator."""
        total = self.n_columns + len(self.basic)
        values, prices = [0] * total, [0] * total
        for row, variable in enumerate(self.basic):
            values[variable] = self.entries[row + 1, -1]
        for column, variable in enumerate(self.nonbasic):
            prices[variable] = self.entries[0, column]
        n = self.n_columns
        return (values[:n], self.denominator), (prices[n:], self.denominator)

    def _may_leave(self, row: int) -> bool:
        return self.basic[row] not in self.free

    def _may_enter(self, column: int) -> bool:
        return self.nonbasic[column] not in self.fixed and self.nonbasic[column] not in self.free

    @staticmethod
    def _nonzero(line: NDArray[Any]) -> list[int]:
        return [k for k, entry in enumerate(line.tolist()) if entry]
