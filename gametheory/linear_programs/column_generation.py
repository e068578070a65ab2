"""Programs of many more variables than rows: only those that may be worth something are written.

1. Solve the program of some variables in floats, with slack that is let in at a price.
2. Price all others by the dual variables; take in those that gain most, and go on until none does.
3. Solve the program of the variables taken in exactly, and price all variables exactly. Those few
   that rounding passed over are taken in as well.

References
----------
Dantzig and Wolfe (1960), "Decomposition principle for linear programs", Operations Research 8.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gametheory.linear_programs.float_simplex import FloatSimplex
from gametheory.linear_programs.optimum import Optimum, optimum
from gametheory.linear_programs.program import LinearProgram
from gametheory.linear_programs.scaling import common_scale, row_scales, scaled

__all__ = ["optimize_by_columns"]

Solver = Callable[[LinearProgram], Generator[None, None, Optimum | str]]
Columns = NDArray[np.int64]

_AT_ONCE = 2  # variables taken in a round, for each row
_GAIN = 1e-9  # of the largest objective, from which on a variable is taken in
_MOST_ROUNDS = 500
_PRICES = (10, 10**3, 10**6, 10**9)  # of the slack let in, in units of the largest objective


def optimize_by_columns(
    program: LinearProgram, solve: Solver
) -> Generator[None, None, Optimum | str]:
    """Solve a program exactly, writing few of its variables.

    Parameters
    ----------
    program : LinearProgram
        Without free variables beyond a few, and feasible.
    solve : callable
        Solves the small programs exactly.

    Returns
    -------
    Optimum or str
        As for :func:`gametheory.linear_programs.optimize`.
    """
    taken = yield from _worthwhile(program)
    if isinstance(taken, str):
        return taken
    while True:
        answer = yield from solve(_part(program, taken))
        if isinstance(answer, str):
            return answer
        earned = program.transposed_times(answer.duals)
        pairs = zip(program.objective.tolist(), earned, strict=True)
        gains = [c * answer.dual_scale - e for c, e in pairs]
        missed = [j for j, gain in enumerate(gains) if gain > 0]
        if not missed:
            weights = [0] * program.shape[1]
            for column, weight in zip(taken.tolist(), answer.weights, strict=True):
                weights[column] = weight
            x, y = (weights, answer.scale), (answer.duals, answer.dual_scale)
            return optimum(program, x, y, answer.iterations)
        missed.sort(key=gains.__getitem__, reverse=True)
        most = _AT_ONCE * program.shape[0]
        taken = np.union1d(taken, np.array(missed[:most], dtype=np.int64))
        yield None


def _worthwhile(program: LinearProgram) -> Generator[None, None, Columns | str]:
    """Generate columns in floats; a text if that does not end."""
    from scipy.sparse import csr_matrix

    scales = row_scales(program)
    values = scaled(program.values, np.repeat(scales, np.diff(program.starts)))
    matrix = csr_matrix((values, program.columns, program.starts), shape=program.shape).tocsc().T
    objective = scaled(program.objective, common_scale(program.objective))
    most = _AT_ONCE * program.shape[0]
    best = np.argsort(-objective, kind="stable")[:most]
    taken = np.union1d(best, np.flatnonzero(program.free))
    price = 0
    for _ in range(_MOST_ROUNDS):
        elastic = _elastic(_part(program, taken), _PRICES[price])
        floats = FloatSimplex(elastic)
        found = yield from floats.run()
        if found is None:
            return floats.reason
        yield None
        smaller = common_scale(program.objective) - common_scale(elastic.objective)
        gains = objective - matrix @ np.ldexp(found.duals, smaller)
        gains[taken] = 0.0
        order = np.argsort(-gains, kind="stable")[:most]
        wanted = order[gains[order] > _GAIN]
        if len(wanted):
            taken = np.union1d(taken, wanted)
        elif found.weights[len(taken) :].max(initial=0.0) <= _GAIN:
            return taken
        elif price + 1 < len(_PRICES):
            price += 1
        else:
            return "infeasible"
    return f"columns still gain after {_MOST_ROUNDS} rounds"


def _part(program: LinearProgram, taken: Columns) -> LinearProgram:
    """Write the program of some of the variables."""
    place = np.full(program.shape[1], -1)
    place[taken] = np.arange(len(taken))
    kept = place[program.columns] >= 0
    ends = np.concatenate([[0], np.cumsum(kept)])
    return LinearProgram(
        objective=program.objective[taken],
        starts=ends[program.starts],
        columns=place[program.columns[kept]],
        values=program.values[kept],
        bounds=program.bounds,
        equalities=program.equalities,
        free=program.free[taken],
    )


def _elastic(program: LinearProgram, price: int) -> LinearProgram:
    """Let every row be violated at a price, downward too where it is an equation."""
    n_rows, n_columns = program.shape
    sizes = _largest(program)
    equations = np.flatnonzero(program.equalities)
    rows = np.concatenate([np.arange(n_rows), equations])
    signs = np.concatenate([-np.ones(n_rows, dtype=np.int64), np.ones_like(equations)])
    order = np.argsort(rows, kind="stable")
    extra = n_columns + np.arange(len(rows))
    at = program.starts[1:][rows[order]]
    cost = -price * max(int(np.abs(program.objective).max(initial=0)), 1)
    return LinearProgram(
        objective=np.concatenate([program.objective.astype(object), [cost] * len(rows)]),
        starts=program.starts + np.concatenate([[0], np.cumsum(1 + program.equalities)]),
        columns=np.insert(program.columns, at, extra[order]),
        values=np.insert(program.values.astype(object), at, (signs * sizes[rows])[order]),
        bounds=program.bounds,
        equalities=program.equalities,
        free=np.concatenate([program.free, np.zeros(len(rows), dtype=np.bool_)]),
    )


def _largest(program: LinearProgram) -> NDArray[Any]:
    """Largest entry of each row in absolute value, 1 for empty ones, as Python's integers."""
    pairs = zip(program.starts[:-1].tolist(), program.starts[1:].tolist(), strict=True)
    sizes = np.abs(program.values)
    return np.array([int(sizes[low:high].max(initial=0)) or 1 for low, high in pairs], dtype=object)
