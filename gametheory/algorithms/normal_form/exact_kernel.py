"""Exact minimax strategies, by a walk over bases in rational arithmetic.

A pair of extreme minimax strategies solves two square linear systems with one matrix, its kernel:
Shapley and Snow (1950), "Basic solutions of discrete games", in Contributions to the Theory of
Games I. With payoffs B >= 1 and a kernel K of rows R and columns C they are y = K^-1 1 on C and
x = K^-T 1 on R, up to a factor, and they are optimal if and only if no entry is negative, no other
row pays more than 1 against y and no other column less than 1 against x.

A kernel that floats found usually passes. Where rounding misled them it is a basis of the linear
program from which the least-index criss-cross method pivots on: it needs no feasible basis to
start from, looks at signs alone and never cycles. Terlaky (1985), "A convergent criss-cross
method", Mathematische Operationsforschung und Statistik, Series Optimization 16.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from fractions import Fraction
from typing import Any, NamedTuple

from numpy.typing import NDArray

__all__ = ["optimal_strategies"]

Strategies = tuple[list[Fraction], list[Fraction]]

_PRIME = 2**61 - 1  # ranks are read modulo it: never too high, and too low is harmless
_SMALL = 40  # rows and columns together: always worth going on to the exact end
_SECONDS = 10.0


class _Kernel(NamedTuple):
    """A nonsingular square part of the payoffs, and what it says. ``scale`` is positive.

    Attributes
    ----------
    rows, columns : list of int
    x, y : list of int
        Weights on ``rows`` and ``columns``, times ``x_scale`` and ``y_scale``.
    x_earns, y_concedes : list of int
        What x earns in every column and what every row earns against y, times the scales.
    """

    rows: list[int]
    columns: list[int]
    x: list[int]
    y: list[int]
    x_scale: int
    y_scale: int
    x_earns: list[int]
    y_concedes: list[int]


def optimal_strategies(
    payoffs: NDArray[Any], rows: Iterable[int], columns: Iterable[int]
) -> Generator[None, None, Strategies | None]:
    """Walk from a basis that floats found to an optimal one.

    Parameters
    ----------
    payoffs : ndarray of int64 or of Python ints, shape (m, n)
        The row player's payoffs, all at least 1.
    rows, columns : iterable of int
        About the actions in use. Only a nonsingular part of them is taken.

    Yields
    ------
    None
        Between the linear systems of each step.

    Returns
    -------
    tuple of two lists of Fraction, or None
        Strategies that prove each other optimal. None where that is predicted to take longer than
        ten seconds, never for games of up to 40 actions in all.
    """
    game = _Payoffs(payoffs)
    basis = game.independent(sorted(set(rows)) or [0], sorted(set(columns)) or [0])
    yield None
    seconds = 0.0
    while True:
        seconds += _seconds(len(basis[0]), game.bits)
        if seconds > _SECONDS and sum(payoffs.shape) > _SMALL:
            return None
        yield None
        kernel = yield from game.solve(*basis)
        variable = _violated(kernel)
        if variable is None:
            return _strategies(payoffs.shape, kernel)
        basis = game.pivot(kernel, variable)


def _seconds(size: int, bits: int) -> float:
    """Predict the time of a step, as measured: both systems of ``size`` equations, and a pivot."""
    return 9e-10 * size**3 * bits * (1 + bits / 100)


def _violated(kernel: _Kernel) -> tuple[str, int] | None:
    """Return the first variable of the wrong sign: a column's first, then a row's.

    In the linear program each column has its weight and its surplus, one of them basic, and so
    has each row.
    """
    weights = dict(zip(kernel.columns, kernel.y, strict=True))
    for j, earned in enumerate(kernel.x_earns):
        if weights.get(j, 0) < 0 or (j not in weights and earned < kernel.x_scale):
            return "column", j
    weights = dict(zip(kernel.rows, kernel.x, strict=True))
    for i, conceded in enumerate(kernel.y_concedes):
        if weights.get(i, 0) < 0 or (i not in weights and conceded > kernel.y_scale):
            return "row", i
    return None


def _strategies(shape: tuple[int, ...], kernel: _Kernel) -> Strategies:
    row, column = [Fraction(0)] * shape[0], [Fraction(0)] * shape[1]
    for strategy, actions, weights in (
        (row, kernel.rows, kernel.x),
        (column, kernel.columns, kernel.y),
    ):
        total = sum(weights)
        for action, weight in zip(actions, weights, strict=True):
            strategy[action] = Fraction(weight, total)
    return row, column


class _Payoffs:
    """A matrix of integers, and exact linear algebra on its parts."""

    def __init__(self, payoffs: NDArray[Any]) -> None:
        self.payoffs = payoffs
        self.bits = int(payoffs.max()).bit_length()

    def part(self, rows: Any, columns: Any) -> Any:
        from flint import fmpz_mat

        return fmpz_mat(self.payoffs[rows][:, columns].tolist())

    def independent(self, rows: list[int], columns: list[int]) -> tuple[list[int], list[int]]:
        """Return the first rows and columns that make a largest nonsingular part."""
        kept = _pivots(self.part(rows, columns))
        columns = [columns[k] for k in kept]
        kept = _pivots(self.part(rows, columns).transpose())
        return [rows[k] for k in kept], columns

    def solve(self, rows: list[int], columns: list[int]) -> Generator[None, None, _Kernel]:
        """Solve for the weights on a nonsingular part; yield None between the systems."""
        from flint import fmpz_mat

        wide, tall = self.part(rows, slice(None)), self.part(slice(None), columns)
        part, ones = self.part(rows, columns), fmpz_mat([[1]] * len(rows))
        y, y_scale = part.solve(ones).numer_denom()
        yield None
        x, x_scale = part.transpose().solve(ones).numer_denom()
        yield None
        return _Kernel(
            rows,
            columns,
            _integers(x),
            _integers(y),
            int(x_scale),
            int(y_scale),
            _integers(x.transpose() * wide),
            _integers(tall * y),
        )

    def pivot(self, kernel: _Kernel, variable: tuple[str, int]) -> tuple[list[int], list[int]]:
        """Exchange the violated variable for the first one that can take its place."""
        side, action = variable
        rows, columns = set(kernel.rows), set(kernel.columns)
        own = columns if side == "column" else rows
        primal = (side == "column") == (action in own)  # else its reduced cost has the wrong sign
        partner = self._partner(kernel, side, action, action in own, primal)
        for which, index in (variable, partner):
            (columns if which == "column" else rows).symmetric_difference_update([index])
        return sorted(rows), sorted(columns)

    def _partner(
        self, kernel: _Kernel, side: str, action: int, used: bool, primal: bool
    ) -> tuple[str, int]:
        """First variable whose entry in the violated one's line of the dictionary has the sign.

        A primal variable's line is a row of the dictionary, B K^-1 in its parts; a reduced cost's
        is a column, K^-1 B.
        """
        from flint import fmpz_mat

        part = self.part(kernel.rows, kernel.columns)
        # ``inner`` are the actions of the kernel met by the line, ``outer`` those outside it.
        inner, across = (
            (kernel.rows, self.part(kernel.rows, slice(None)))
            if primal
            else (kernel.columns, self.part(slice(None), kernel.columns).transpose())
        )
        system = part.transpose() if primal else part
        if used:
            own = kernel.columns if primal else kernel.rows
            right = [[int(k == action)] for k in own]
            base = [0] * across.ncols()
        else:
            line = self.payoffs[action] if primal else self.payoffs[:, action]
            met = kernel.columns if primal else kernel.rows
            right = [[-int(entry)] for entry in line[met]]
            base = line.tolist()
        solved, scale = system.solve(fmpz_mat(right)).numer_denom()
        weights = dict(zip(inner, _integers(solved), strict=True))
        beyond = _integers(solved.transpose() * across)
        # Signs that let the pivot repair the violated variable: (inside, outside) the kernel.
        inside, outside = (-1, -1) if primal else ((1, -1) if used else (-1, 1))
        kept = set(kernel.columns if primal else kernel.rows)
        candidates = [
            ("row" if primal else "column", k)
            for k, weight in weights.items()
            if weight * inside > 0
        ] + [
            ("column" if primal else "row", k)
            for k, entry in enumerate(beyond)
            if k not in kept and (base[k] * int(scale) + entry) * outside > 0
        ]
        return min(candidates)  # columns before rows, as in the order of ``_violated``


def _pivots(matrix: Any) -> list[int]:
    """Return the first maximal set of independent columns."""
    from flint import nmod_mat

    reduced, rank = nmod_mat(matrix, _PRIME).rref()
    pivots, column = [], 0
    for row in range(rank):
        while int(reduced[row, column]) == 0:
            column += 1
        pivots.append(column)
    return pivots


def _integers(vector: Any) -> list[int]:
    return [int(entry) for entry in vector.entries()]
