"""Lemke's path of a tracing program in integers of any size, where nothing is ever rounded.

Degenerate vertices are told apart as if the right-hand side were larger by infinitely small
numbers. The largest ones choose between best replies to the prior: the path then begins at the
only solution with z = 1, and cannot come back there. Of the others, those of deeper sequences are
larger: the equations of the plans keep positive right-hand sides, which rules rays out.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gametheory.algorithms.extensive_form.tracing_program import TracingProgram
from gametheory.algorithms.normal_form.integer_dictionary import IntegerDictionary

__all__ = ["IntegerPath"]

_ENTRIES_BETWEEN_LOOKS = 100_000
_WORD = 64


class IntegerPath:
    """The dictionary at a point of the path.

    Variables come in pairs, the weight of a sequence and its slack, of which one is basic; the
    first player's sequences come first. Its empty sequence takes turns with z instead.

    Parameters
    ----------
    program : TracingProgram

    Attributes
    ----------
    steps : int
        Pivots so far.
    """

    def __init__(self, program: TracingProgram) -> None:
        self.program, self.steps = program, 0
        n, m = program.sizes
        size = n + m
        tight = np.zeros(size, bool)
        tight[[0, n]] = True
        tight[program.prior.pivots[0]] = True
        tight[n + program.prior.pivots[1]] = True
        depth = np.concatenate([program.plans[0].depth, program.plans[1].depth])
        order = np.lexsort((np.arange(size), -depth, tight))
        order = np.append(order[order > 0], 0)
        table, right = self._table(tight)
        self._dictionary = IntegerDictionary(table[order].tolist())
        for row, number in zip(self._dictionary.rows, right[order].tolist(), strict=True):
            row[-1] = number
        basic = np.empty(size, np.int64)
        basic[order] = size + np.arange(size)
        nonbasic = np.arange(size)
        self._z, basic[0] = int(basic[0]), -1
        nonbasic[0] = 0  # of the first pair only the weight is there
        self._weights = np.where(tight, basic, nonbasic)
        self._slacks = np.where(tight, nonbasic, basic)
        self._weights[0], self._slacks[0] = 0, -1

    def _table(self, tight: NDArray[np.bool_]) -> tuple[NDArray[Any], NDArray[Any]]:
        """Build the rows of the basic variables over the nonbasic ones, a column for each pair."""
        n, m = self.program.sizes
        table = np.zeros((n + m, n + m), dtype=object)
        right = np.zeros(n + m, dtype=object)
        starts, sizes = (0, n), (n, m)
        for player, plans in enumerate(self.program.plans):
            pivots, start = self.program.prior.pivots[player], starts[player]
            own = np.flatnonzero(~tight[start : start + sizes[player]])
            coordinates = np.eye(sizes[player], dtype=np.int64)
            coordinates[pivots, pivots] = 0
            expansion = plans.expand(coordinates, pivots)[pivots]
            table[np.ix_(start + pivots, start + own)] = -expansion[:, own]
            table[start + pivots, 0] = -expansion[:, 0]
            table[np.ix_(start + own, start + pivots)] = expansion[:, own].T
            gains = self.program.prior.gains[player].reshape(-1, 1).copy()
            plans.eliminate(gains, pivots)
            payoffs = self.program.condensed(player)
            other = np.flatnonzero(~tight[n:] if player == 0 else ~tight[:n])
            table[np.ix_(start + own, starts[1 - player] + other)] = payoffs[np.ix_(own, other)]
            table[start + own, 0] = payoffs[own, 0] - gains[own, 0]
            right[start + own] = -gains[own, 0]
        table[0, 0] = right[0] = 1  # z + x_0 = 1
        table[n, 0] = -1  # y_0 - x_0 = 0
        return table, right

    def follow(self) -> Generator[None, None, tuple[NDArray[np.bool_], NDArray[np.bool_]] | str]:
        """Pivot until z is zero; yields None now and then.

        Returns
        -------
        pair of ndarray of bool, or str
            Which sequences of each player are basic; or the reason, where the path is a ray.
        """
        dictionary, entering, work = self._dictionary, 0, 0
        while True:
            column = dictionary.nonbasic.index(entering)
            row = dictionary.leaving_row(column)
            if row < 0:
                return f"the path ends in a ray after {self.steps} pivots"
            row = self._z_first(row, column)
            leaving = dictionary.basic[row]
            dictionary.pivot(row, column)
            self.steps += 1
            if leaving == self._z:
                break
            entering = self._partner(leaving)
            if entering < 0:
                return f"the path returns to its beginning after {self.steps} pivots"
            words = 1 + abs(dictionary.denominator).bit_length() // _WORD
            work += len(dictionary.rows) ** 2 * words
            if work > _ENTRIES_BETWEEN_LOOKS:
                work = 0
                yield None
        basic = np.isin(self._weights, dictionary.basic)
        n = self.program.sizes[0]
        return basic[:n], basic[n:]

    def _partner(self, variable: int) -> int:
        """Name the other variable of a pair; -1 where there is none."""
        at = np.flatnonzero(self._weights == variable)
        if at.size:
            return int(self._slacks[at[0]])
        return int(self._weights[self._slacks == variable][0])

    def _z_first(self, row: int, column: int) -> int:
        """Let z leave wherever it could: that is a solution."""
        dictionary = self._dictionary
        if self._z in dictionary.basic:
            own = dictionary.basic.index(self._z)
            mine, other = dictionary.rows[own], dictionary.rows[row]
            if mine[column] > 0 and mine[-1] * other[column] == other[-1] * mine[column]:
                return own
        return row
