"""What a basis says, exactly: its vertex, its dual variables, and whether they are optimal."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gametheory.linear_programs.float_simplex import Basis
from gametheory.linear_programs.program import LinearProgram

__all__ = ["BasisVertex", "vertex_of"]


class BasisVertex(NamedTuple):
    """Both sides' solutions of a basis, and how much room they leave.

    Attributes
    ----------
    program : LinearProgram
    weights, slacks : list of int
        The variables and ``bounds - rows @ x``, times ``scale``.
    duals, surpluses : list of int
        The dual variables and ``rows.T @ y - objective``, times ``dual_scale``.
    """

    program: LinearProgram
    weights: list[int]
    slacks: list[int]
    scale: int
    duals: list[int]
    surpluses: list[int]
    dual_scale: int

    def is_optimal(self) -> bool:
        """Whether every sign is right."""
        free, equal = self.program.free.tolist(), self.program.equalities.tolist()
        return (
            _signs_hold(self.weights, free, without_sign=True)
            and _signs_hold(self.slacks, equal, without_sign=False)
            and _signs_hold(self.duals, equal, without_sign=True)
            and _signs_hold(self.surpluses, free, without_sign=False)
        )


def _signs_hold(numbers: list[int], marked: list[bool], *, without_sign: bool) -> bool:
    """Whether no number is negative; a marked one may be, or must be zero."""
    pairs = zip(numbers, marked, strict=True)
    if without_sign:
        return all(mark or n >= 0 for n, mark in pairs)
    return all(n == 0 if mark else n >= 0 for n, mark in pairs)


def vertex_of(program: LinearProgram, basis: Basis) -> Generator[None, None, BasisVertex | None]:
    """Solve both systems of a basis; None if they are singular. Yields None between them."""
    from flint import fmpz_mat

    square = _square(program, basis)
    size = len(square)
    matrix = fmpz_mat(size, size, [entry for row in square for entry in row])
    try:
        x, scale = _solve(matrix, [int(program.bounds[i]) for i in basis.rows])
        yield None
        y, dual_scale = _solve(
            matrix.transpose(), [int(program.objective[j]) for j in basis.variables]
        )
    except ZeroDivisionError:
        return None
    yield None
    weights = _scattered(x, basis.variables, program.shape[1])
    duals = _scattered(y, basis.rows, program.shape[0])
    bounds, objective = program.bounds.tolist(), program.objective.tolist()
    slacks = [b * scale - s for b, s in zip(bounds, program.times(weights), strict=True)]
    earned = program.transposed_times(duals)
    surpluses = [s - c * dual_scale for c, s in zip(objective, earned, strict=True)]
    return BasisVertex(program, weights, slacks, scale, duals, surpluses, dual_scale)


def _square(program: LinearProgram, basis: Basis) -> list[list[int]]:
    """Cut out the basic variables' columns of the tight rows."""
    place = np.full(program.shape[1], -1)
    place[list(basis.variables)] = np.arange(len(basis.variables))
    table = []
    for row in basis.rows:
        entries = slice(program.starts[row], program.starts[row + 1])
        places: NDArray[np.int64] = place[program.columns[entries]]
        line = [0] * len(basis.variables)
        for k, value in zip(places.tolist(), program.values[entries].tolist(), strict=True):
            if k >= 0:
                line[k] = value
        table.append(line)
    return table


def _solve(matrix: Any, right: list[int]) -> tuple[list[int], int]:
    """Solve a square system of integers; the solution over one positive denominator."""
    from flint import fmpz_mat

    if not right:
        return [], 1
    solution, denominator = matrix.solve(fmpz_mat(len(right), 1, right)).numer_denom()
    numbers, scale = [int(entry) for entry in solution.entries()], int(denominator)
    return (numbers, scale) if scale > 0 else ([-n for n in numbers], -scale)


def _scattered(values: list[int], places: tuple[int, ...], size: int) -> list[int]:
    full = [0] * size
    for place, value in zip(places, values, strict=True):
        full[place] = value
    return full
