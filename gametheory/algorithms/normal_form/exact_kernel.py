"""Exact strategies from approximate ones: the kernel of a matrix game.

An extreme minimax strategy solves a square linear system, the kernel of Shapley and Snow (1950),
"Basic solutions of discrete games", in Contributions to the Theory of Games I. Knowing roughly
which actions it uses and which of the opponent's are as good as any, the system is found and
solved in rational arithmetic.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["guarantee", "integer_matrix", "kernel_strategy"]

Strategy = list[Fraction]

_WIDEST_DENOMINATOR = 20_000  # bits
# Ranks are read modulo a prime. It can only read a rank too low, and then the exact check fails.
_PRIME = 2**61 - 1


def integer_matrix(payoffs: NDArray[Any]) -> list[list[int]] | None:
    """Scale a matrix of Fractions to integers, which changes no minimax strategy.

    None if their common denominator is too wide for exact work to end in reasonable time.
    """
    scale = 1
    for payoff in payoffs.ravel().tolist():
        scale = math.lcm(scale, payoff.denominator)
        if scale.bit_length() > _WIDEST_DENOMINATOR:
            return None
    return [[p.numerator * (scale // p.denominator) for p in row] for row in payoffs.tolist()]


def guarantee(matrix: list[list[int]], strategy: Strategy) -> Fraction:
    """Return the least that a row strategy earns against any column, exactly."""
    scale = math.lcm(*(p.denominator for p in strategy))
    used = [i for i, p in enumerate(strategy) if p]
    weights = [strategy[i].numerator * (scale // strategy[i].denominator) for i in used]
    earned = np.array(weights, dtype=object) @ np.array([matrix[i] for i in used], dtype=object)
    return Fraction(min(earned.tolist()), scale)


def kernel_strategy(
    matrix: list[list[int]],
    rows: NDArray[np.intp],
    columns: NDArray[np.intp],
    approximate: NDArray[np.float64],
) -> Strategy | None:
    """Solve exactly for the strategy on ``rows`` that earns the same against all ``columns``.

    Parameters
    ----------
    matrix : list of list of int
        The row player's payoffs.
    rows, columns : ndarray of int
        The actions in use, and the opponent's actions that should earn alike.
    approximate : ndarray, shape (n_rows,)
        Probabilities to fix what the equations leave open.

    Returns
    -------
    list of Fraction or None
        A distribution over all rows; None if the solution has a negative entry. It satisfies
        the equations only if they are consistent: check what it guarantees.
    """
    from flint import fmpz_mat

    system, right = _system(matrix, rows, columns)
    basic = _pivots(system)
    kept = _pivots([list(equation) for equation in zip(*system, strict=True)], among=basic)
    free = [k for k in range(len(rows) + 1) if k not in set(basic)]
    value_is_free = len(rows) in free
    if not basic or value_is_free or len(kept) != len(basic):
        return None
    fixed = {k: Fraction(float(approximate[rows[k]])) for k in free}
    scale = math.lcm(*(value.denominator for value in fixed.values()))
    shifted = [
        scale * right[e] - sum(system[e][k] * int(value * scale) for k, value in fixed.items())
        for e in kept
    ]
    try:
        solution = fmpz_mat([[system[e][k] for k in basic] for e in kept]).solve(
            fmpz_mat([[entry] for entry in shifted])
        )
    except ZeroDivisionError:
        return None
    values = dict(fixed)
    for position, k in enumerate(basic):
        entry = solution[position, 0]
        values[k] = Fraction(int(entry.p), int(entry.q) * scale)
    return _distribution(values, rows, len(matrix))


def _system(
    matrix: list[list[int]], rows: NDArray[np.intp], columns: NDArray[np.intp]
) -> tuple[list[list[int]], list[int]]:
    """Equations in (strategy on rows, value): payoff in each column = value; total = 1."""
    equations = [[matrix[i][j] for i in rows] + [-1] for j in columns]
    equations.append([1] * len(rows) + [0])
    return equations, [0] * len(columns) + [1]


def _pivots(system: Sequence[Sequence[int]], among: Sequence[int] | None = None) -> list[int]:
    """First maximal set of independent columns; of the given rows only, if any are given."""
    from flint import fmpz_mat, nmod_mat

    chosen = system if among is None else [system[k] for k in among]
    if not chosen:
        return []
    reduced, rank = nmod_mat(fmpz_mat([list(row) for row in chosen]), _PRIME).rref()
    pivots, column = [], 0
    for row in range(rank):
        while int(reduced[row, column]) == 0:
            column += 1
        pivots.append(column)
    return pivots


def _distribution(
    values: dict[int, Fraction], rows: NDArray[np.intp], size: int
) -> Strategy | None:
    strategy = [Fraction(0)] * size
    for k, row in enumerate(rows.tolist()):
        if values[k] < 0:
            return None
        strategy[row] = values[k]
    return strategy if sum(strategy) == 1 else None
