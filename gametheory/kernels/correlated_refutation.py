"""Proofs that a cell of mixed profiles holds no equilibrium, by linear programming.

If no weights but zero satisfy the conditions of :mod:`gametheory.kernels.correlated_program`,
some combination of them is positive in every column (Gordan's theorem); that combination,
checked with its rounding errors, is the proof.
"""

from __future__ import annotations

from typing import Any, Final

from numpy.typing import NDArray

from gametheory.kernels.compiling import inner
from gametheory.kernels.correlated_program import (
    BASIC,
    COLUMNS,
    EQUALITIES,
    FREE,
    ROWS,
    Program,
)

__all__ = ["FEASIBLE", "REFUTED", "UNKNOWN", "refute"]

Array = NDArray[Any]

UNKNOWN: Final = 0
REFUTED: Final = 1
FEASIBLE: Final = 2

_ZERO: Final = 1e-9  # what the pivots take for zero; the proof does not rely on it
_SLACK: Final = 1e-6  # right sides against degeneracy; the proof does not see them
_ROUNDING: Final = 2.0**-52


@inner
def refute(program: Program, error: float, spent: Array) -> int:
    """Prove that no weights satisfy the rows, or find some.

    Parameters
    ----------
    program : Program
        With its rows written; their entries are in [-1, 1].
    error : float
        Bound on the absolute error of each entry.
    spent : ndarray of int64
        The first entry grows by the number of entries updated.

    Returns
    -------
    int
        REFUTED is a proof. FEASIBLE comes with ``program.weights``; UNKNOWN says nothing.
    """
    _eliminate(program, spent)
    answer = _maximize(program, spent)
    if answer == REFUTED and not _proven(program, error, spent):
        return UNKNOWN
    return answer


@inner
def _eliminate(program: Program, spent: Array) -> None:
    """Solve the equalities for as many weights; those that depend on others are left out."""
    sizes, tableau, basic, nonbasic = (
        program.sizes, program.tableau, program.basic, program.nonbasic,
    )  # fmt: skip
    n_rows, n_free = sizes[ROWS], sizes[COLUMNS]
    for row in range(n_rows):
        for column in range(n_free):
            tableau[row, column] = program.rows[row, column]
    for column in range(n_free):
        nonbasic[column] = column
    for row in range(sizes[EQUALITIES]):
        largest, pivot = _ZERO, -1
        for column in range(n_free):
            if abs(tableau[row, column]) > largest:
                largest, pivot = abs(tableau[row, column]), column
        program.kept[row] = pivot >= 0
        if pivot >= 0:
            n_free -= 1
            basic[row] = nonbasic[pivot]
            nonbasic[pivot] = nonbasic[n_free]
            _solve_for(tableau, n_rows, n_free, row, pivot)
            spent[0] += n_rows * n_free
    n_basic = 0
    for row in range(n_rows):
        if row >= sizes[EQUALITIES]:
            program.kept[row] = False
            basic[row] = sizes[COLUMNS] + row
        elif not program.kept[row]:
            continue
        basic[n_basic] = basic[row]
        for column in range(n_free):
            tableau[n_basic, column] = tableau[row, column]
        n_basic += 1
    sizes[BASIC], sizes[FREE] = n_basic, n_free


@inner
def _solve_for(tableau: Array, n_rows: int, last: int, row: int, pivot: int) -> None:
    """Eliminate column ``pivot`` by ``row``; column ``last`` takes its place."""
    factor = 1.0 / tableau[row, pivot]
    tableau[row, pivot] = tableau[row, last]
    for column in range(last):
        tableau[row, column] *= factor
    for other in range(n_rows):
        if other != row:
            factor = tableau[other, pivot]
            tableau[other, pivot] = tableau[other, last]
            if factor != 0.0:
                for column in range(last):
                    tableau[other, column] -= factor * tableau[row, column]


@inner
def _maximize(program: Program, spent: Array) -> int:
    """Maximize the sum of the weights: bounded only if zero is all there is."""
    tableau, basic, nonbasic = program.tableau, program.basic, program.nonbasic
    n_columns = program.sizes[COLUMNS]
    n_basic, n_free = program.sizes[BASIC], program.sizes[FREE]
    _write_objective(program)
    for _ in range(40 * (n_basic + n_free) + 100):
        largest, entering = _ZERO, -1
        for column in range(n_free):
            if tableau[n_basic, column] > largest:
                largest, entering = tableau[n_basic, column], column
        if entering < 0:
            return REFUTED
        least, leaving = 0.0, -1
        for row in range(n_basic):
            if tableau[row, entering] > _ZERO:
                ratio = tableau[row, n_free] / tableau[row, entering]
                if leaving < 0 or ratio < least:
                    least, leaving = ratio, row
        if leaving < 0:
            _read_ray(program, entering)
            return FEASIBLE
        _exchange(tableau, n_basic + 1, n_free + 1, leaving, entering)
        variable = basic[leaving]
        basic[leaving] = nonbasic[entering]
        nonbasic[entering] = variable
        spent[0] += (n_basic + 1) * (n_free + 1)
    for column in range(n_columns):
        program.weights[column] = 1.0 / n_columns
    return UNKNOWN


@inner
def _write_objective(program: Program) -> None:
    tableau, n_columns = program.tableau, program.sizes[COLUMNS]
    n_basic, n_free = program.sizes[BASIC], program.sizes[FREE]
    for column in range(n_free):
        total = 1.0 if program.nonbasic[column] < n_columns else 0.0
        for row in range(n_basic):
            if program.basic[row] < n_columns:
                total -= tableau[row, column]
        tableau[n_basic, column] = total
    noise = 12345
    for row in range(n_basic):  # unlike right sides: no two rows tie
        noise = (noise * 1103515245 + 12345) % 2147483648
        tableau[row, n_free] = _SLACK * (1.0 + noise / 2147483648.0)
    tableau[n_basic, n_free] = 0.0


@inner
def _exchange(tableau: Array, n_rows: int, n_columns: int, leaving: int, entering: int) -> None:
    """Pivot: a basic and a free variable change places."""
    pivot = 1.0 / tableau[leaving, entering]
    for column in range(n_columns):
        tableau[leaving, column] *= pivot
    tableau[leaving, entering] = pivot
    for row in range(n_rows):
        factor = tableau[row, entering]
        if row != leaving and factor != 0.0:
            tableau[row, entering] = 0.0
            for column in range(n_columns):
                tableau[row, column] -= factor * tableau[leaving, column]


@inner
def _read_ray(program: Program, entering: int) -> None:
    """Weights along which the program is unbounded."""
    weights, n_columns = program.weights, program.sizes[COLUMNS]
    for column in range(n_columns):
        weights[column] = 0.0
    if program.nonbasic[entering] < n_columns:
        weights[program.nonbasic[entering]] = 1.0
    for row in range(program.sizes[BASIC]):
        if program.basic[row] < n_columns:
            weights[program.basic[row]] = max(0.0, -program.tableau[row, entering])
    total = 0.0
    for column in range(n_columns):
        total += weights[column]
    for column in range(n_columns):
        weights[column] = weights[column] / total if total > 0.0 else 1.0 / n_columns


@inner
def _proven(program: Program, error: float, spent: Array) -> bool:
    """Whether the last basis gives multipliers that are positive in every column, provably.

    Their combination of the rows is one in the basic columns: a square system.
    """
    sizes, rows, multipliers = program.sizes, program.rows, program.multipliers
    n_rows, n_columns, n_basic = sizes[ROWS], sizes[COLUMNS], sizes[BASIC]
    for column in range(sizes[FREE]):
        if program.nonbasic[column] >= n_columns:
            program.kept[program.nonbasic[column] - n_columns] = True
    size = 0
    for place in range(n_basic):
        if program.basic[place] < n_columns:
            used = 0
            for row in range(n_rows):
                if program.kept[row]:
                    program.square[size, used] = rows[row, program.basic[place]]
                    used += 1
            multipliers[size] = 1.0
            size += 1
    if not _solve(program.square, multipliers, size):
        return False
    spent[0] += size * size * size // 3 + n_rows * n_columns
    used, total = size, 0.0
    for row in range(n_rows - 1, -1, -1):  # from the last, so that moving needs no copy
        multiplier = 0.0
        if program.kept[row]:
            used -= 1
            multiplier = multipliers[used]
            if row >= sizes[EQUALITIES]:
                multiplier = max(0.0, multiplier)
        multipliers[row] = multiplier
        total += abs(multiplier)
    least = total * (error + (n_rows + 2) * _ROUNDING)
    for column in range(n_columns):
        combined = 0.0
        for row in range(n_rows):
            combined += multipliers[row] * rows[row, column]
        if not combined > least:
            return False
    return True


@inner
def _solve(matrix: Array, right: Array, size: int) -> bool:
    """Gaussian elimination with partial pivoting, in place; False if the matrix is singular."""
    for k in range(size):
        pivot = k
        for row in range(k + 1, size):
            if abs(matrix[row, k]) > abs(matrix[pivot, k]):
                pivot = row
        if matrix[pivot, k] == 0.0:
            return False
        if pivot != k:
            for column in range(k, size):
                entry = matrix[pivot, column]
                matrix[pivot, column] = matrix[k, column]
                matrix[k, column] = entry
            entry = right[pivot]
            right[pivot] = right[k]
            right[k] = entry
        for row in range(k + 1, size):
            factor = matrix[row, k] / matrix[k, k]
            if factor != 0.0:
                for column in range(k + 1, size):
                    matrix[row, column] -= factor * matrix[k, column]
                right[row] -= factor * right[k]
    for k in range(size - 1, -1, -1):
        total = right[k]
        for column in range(k + 1, size):
            total -= matrix[k, column] * right[column]
        right[k] = total / matrix[k, k]
    return True
