"""Lemke's path of a tracing program in floats, by the revised method on sparse factors.

Only the right-hand side, and a direction that tells ties apart, are kept up to date; the column
that enters is solved for when it does. Where floats may have chosen wrongly, the end tells: its
basis is solved anew, exactly where that can be afforded.

Ties: the right-hand side counts as larger by an infinitely small multiple of one random vector,
whose entries are largest for slacks, and grow with the depth of a sequence for weights (see
``tracing_in_integers``). Ties between two rows in both have probability zero.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gametheory.algorithms.extensive_form.tracing_program import TracingProgram

__all__ = ["FloatPath"]

Floats = NDArray[np.float64]
Masks = tuple[NDArray[np.bool_], NDArray[np.bool_]]

_REFACTOR = 60  # pivots between two factorizations
_SMALLEST_PIVOT = 1e-9
_TIE = 1e-11
_SMALLER_SPREAD = 1e-4


class FloatPath:
    """A basis that moves along the path.

    Variables are numbered: weights, slacks, both players' sequences one behind the other, then z,
    then the values of information sets, which have no sign.

    Parameters
    ----------
    program : TracingProgram
    seed : int
        Of the vector that breaks ties.

    Attributes
    ----------
    steps : int
        Pivots so far.
    """

    def __init__(self, program: TracingProgram, seed: int = 0) -> None:
        from gametheory.kernels.product_form import Updates

        self.program, self.steps = program, 0
        self._size = sum(program.sizes)
        self._z = 2 * self._size
        self._columns = self._matrix()
        self._right = np.zeros(self._columns.shape[0])
        n_infosets = program.plans[0].n_infosets
        self._right[[self._size, self._size + 1 + n_infosets]] = 1.0
        self._basic = self._first_basis()
        self._updates = Updates(
            np.zeros(_REFACTOR, np.int64),
            np.zeros(_REFACTOR),
            np.zeros(_REFACTOR + 1, np.int64),
            np.zeros(self._right.size, np.int64),
            np.zeros(self._right.size),
        )
        self._factorize()
        self._direction = self._columns[:, self._basic] @ self._spread(seed)
        self._refresh()

    def _matrix(self) -> Any:
        """Write all equations down, a column a variable."""
        from scipy.sparse import csc_array

        program, size = self.program, self._size
        rows: list[Any] = []
        columns: list[Any] = []
        entries: list[Any] = []

        def add(row: Any, column: Any, value: Any) -> None:
            shape = np.broadcast_shapes(np.shape(row), np.shape(column), np.shape(value))
            for part, given in zip((rows, columns, entries), (row, column, value), strict=True):
                part.append(np.broadcast_to(given, shape).ravel())

        every = np.arange(size)
        add(every, size + every, -1.0)
        starts = (0, program.sizes[0])
        plan_row, value = size, self._z + 1
        for player, plans in enumerate(program.plans):
            start, infosets = starts[player], np.arange(plans.n_infosets)
            sequences = np.arange(plans.n_sequences)
            unit = float(max(map(abs, program.payoffs.entries[player].tolist()), default=0) or 1)
            worth = np.array([e / unit for e in program.payoffs.entries[player].tolist()])
            against = np.array([e / unit for e in program.prior.gains[player].tolist()])
            own, other = program.payoffs.rows, program.payoffs.columns
            if player:
                own, other = other, own
            add(start + own, starts[1 - player] + other, -worth)
            add(start + sequences, self._z, -against)
            add(plan_row, self._z, 1.0)
            add(plan_row + 1 + plans.owner, start + sequences, 1.0)
            add(plan_row + 1 + infosets, start + plans.parent, -1.0)
            add(start + sequences, value + 1 + plans.owner, 1.0)
            add(start + plans.parent, value + 1 + infosets, -1.0)
            plan_row += 1 + plans.n_infosets
            value += 1 + plans.n_infosets
        table = csc_array(
            (np.concatenate(entries), (np.concatenate(rows), np.concatenate(columns))),
            shape=(plan_row, value),
        )
        table.sum_duplicates()
        return table

    def _first_basis(self) -> NDArray[np.int64]:
        n = self.program.sizes[0]
        basic = np.arange(self._size, 2 * self._size)
        pivots = self.program.prior.pivots
        for tight in (pivots[0], n + pivots[1], np.array([n])):
            basic[tight] = tight
        basic[0] = self._z
        return np.concatenate([basic, np.arange(self._z + 1, self._columns.shape[1])])

    def _spread(self, seed: int) -> Floats:
        """Draw how much larger the first basic variables count as."""
        spread = np.random.default_rng(np.random.SeedSequence(seed)).uniform(
            0.25, 0.75, len(self._basic)
        )
        depth = np.concatenate([plans.depth for plans in self.program.plans])
        weights = self._basic[: self._size] < self._size
        weights[0] = True  # z is there
        spread[: self._size][weights] += depth[weights]
        spread[: self._size][weights] *= _SMALLER_SPREAD
        spread[self._size :] = 0.0
        return spread

    def _factorize(self) -> None:
        from scipy.sparse.linalg import splu

        from gametheory.kernels.product_form import Factors

        factors = splu(self._columns[:, self._basic].tocsc())
        lower, upper = factors.L, factors.U
        self._factors = Factors(
            factors.perm_r,
            factors.perm_c,
            *(lower.indptr, lower.indices, lower.data),
            *(upper.indptr, upper.indices, upper.data),
            upper.diagonal(),
        )
        self._n_updates = 0

    def _refresh(self) -> None:
        self.values = self._solve(self._right)
        self._spreads = self._solve(self._direction)

    def _solve(self, right: Floats) -> Floats:
        from gametheory.kernels.product_form import solve

        solution = np.empty(right.size)
        solve(right.copy(), self._factors, self._updates, self._n_updates, solution)
        return solution

    def _column(self, variable: int) -> Floats:
        low, high = self._columns.indptr[variable : variable + 2]
        dense = np.zeros(self._columns.shape[0])
        dense[self._columns.indices[low:high]] = self._columns.data[low:high]
        return self._solve(dense)

    def follow(
        self, most_steps: int
    ) -> Generator[None, None, tuple[NDArray[np.bool_], NDArray[np.bool_]] | str]:
        """Pivot until z is zero; yields None now and then.

        Returns
        -------
        pair of ndarray of bool, or str
            Which sequences of each player are basic; or why there is no end: too many steps, or
            rounding must have misled the path.
        """
        size, entering = self._size, 0
        try:
            while self.steps < most_steps:
                column = self._column(entering)
                row = self._leaving_row(column)
                if row < 0:
                    return f"rounding led into a ray after {self.steps} pivots"
                leaving = int(self._basic[row])
                self._pivot(row, column, entering)
                self.steps += 1
                if leaving == self._z:
                    basic = np.isin(np.arange(size), self._basic)
                    n = self.program.sizes[0]
                    return basic[:n], basic[n:]
                entering = leaving + size if leaving < size else leaving - size
                if self._n_updates >= _REFACTOR:
                    self._factorize()
                    self._refresh()
                    yield None
        except RuntimeError:  # SuperLU's word for a singular matrix
            return f"the basis is singular in floats after {self.steps} pivots"
        return f"the path has not ended after {self.steps} pivots"

    def _leaving_row(self, column: Floats) -> int:
        free = self._basic > self._z
        large = np.flatnonzero((column > _SMALLEST_PIVOT) & ~free)
        if not large.size:
            return -1
        entries, values = column[large], np.maximum(self.values[large], 0.0)
        ratios = values / entries
        smallest = ratios.min()
        tied = large[ratios <= smallest + _TIE * (1.0 + 1.0 / entries)]
        ends = tied[self._basic[tied] == self._z]
        if ends.size:
            return int(ends[0])
        return int(tied[np.argmin(self._spreads[tied] / column[tied])])

    def _pivot(self, row: int, column: Floats, entering: int) -> None:
        pivot = float(column[row])
        others = np.flatnonzero(column)
        others = others[others != row]
        rest = column[others]
        for vector in (self.values, self._spreads):
            step = vector[row] / pivot
            vector[others] -= step * rest
            vector[row] = step
        self.values[row] = max(self.values[row], 0.0)
        self._remember(row, pivot, others, rest)
        self._basic[row] = entering

    def _remember(self, row: int, pivot: float, others: NDArray[np.int64], rest: Floats) -> None:
        rows, pivots, starts, indices, entries = self._updates
        k = self._n_updates
        low, high = int(starts[k]), int(starts[k]) + others.size
        if high > indices.size:
            room = max(high, 2 * indices.size)
            indices, entries = np.resize(indices, room), np.resize(entries, room)
            self._updates = self._updates._replace(others=indices, entries=entries)
        rows[k], pivots[k], starts[k + 1] = row, pivot, high
        indices[low:high], entries[low:high] = others, rest
        self._n_updates = k + 1

    def weights(self) -> tuple[Floats, Floats]:
        """Return both plans at the present basis, solved anew."""
        self._factorize()
        values = self._solve(self._right)
        basis = self._columns[:, self._basic]
        values += self._solve(self._right - basis @ values)
        every = np.zeros(self._size)
        chosen = self._basic < self._size
        every[self._basic[chosen]] = np.maximum(values[chosen], 0.0)
        n = self.program.sizes[0]
        return every[:n], every[n:]
