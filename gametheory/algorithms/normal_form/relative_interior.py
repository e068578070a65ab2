"""What all correlated equilibria have in common, from one exact linear program.

With the gains G of deviations, split weights w = t + u with t <= 1, give every deviation a reserve
r <= 1 with G w + r <= 0, and maximize the sum of t and r. As weights may be of any size, every
joint action that has positive probability in some equilibrium gets t = 1, and every deviation that
costs something in some equilibrium gets r = 1. The dual variables prove that the others do not.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gametheory.algorithms.normal_form.incentive_program import IncentiveRows
from gametheory.linear_programs import LinearProgram, optimize

__all__ = ["RelativeInterior", "relative_interior"]


class RelativeInterior(NamedTuple):
    """An equilibrium with as many joint actions and as many strict inequalities as any.

    Attributes
    ----------
    weights : list of int, length n_cells
        Proportional to its probabilities, exactly.
    tight : ndarray of bool, shape (n_rows,)
        Deviations that gain exactly nothing in every equilibrium.
    prices : ndarray of float64, shape (n_rows,)
        Not negative, positive for tight rows; the joint actions that no equilibrium uses gain at
        least 1 by them, the others nothing.
    """

    weights: list[int]
    tight: NDArray[np.bool_]
    prices: NDArray[np.float64]


def relative_interior(
    rows: IncentiveRows, n_cells: int
) -> Generator[None, None, RelativeInterior | str]:
    """Solve the program; a text says why it was not solved. Yields None between pieces of work."""
    n_rows = len(rows.incentives)
    reserves = 2 * n_cells + np.arange(n_rows)
    written = [
        (
            np.concatenate([columns, n_cells + columns, reserves[i : i + 1]]),
            np.concatenate([values, values, np.abs(values).max(keepdims=True)]),
        )
        for i, (columns, values) in enumerate(zip(rows.columns, rows.values, strict=True))
    ]
    one = np.ones(1, dtype=np.int64)
    capped = np.concatenate([np.arange(n_cells), reserves])
    objective = np.zeros(2 * n_cells + n_rows, dtype=np.int64)
    objective[capped] = 1
    bounds = np.zeros(n_rows + len(capped), dtype=np.int64)
    bounds[n_rows:] = 1
    program = LinearProgram.sparse(
        objective, [*written, *((capped[k : k + 1], one) for k in range(len(capped)))], bounds
    )
    answer = yield from optimize(program)
    if isinstance(answer, str):
        return answer
    t, u, r = (
        answer.weights[:n_cells],
        answer.weights[n_cells : 2 * n_cells],
        answer.weights[2 * n_cells :],
    )
    return RelativeInterior(
        [a + b for a, b in zip(t, u, strict=True)],
        np.array([reserve == 0 for reserve in r], dtype=np.bool_),
        np.array([y / answer.dual_scale for y in answer.duals[:n_rows]]),
    )
