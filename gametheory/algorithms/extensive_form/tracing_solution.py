"""The equilibrium that the basis at a path's end stands for, exactly, and a check of it.

The basis says which sequences may be used and have to be best replies. One of each information
set is a pivot; the others' weights solve a square system: each of them earns its player what the
pivot does. What is found is a solution if no weight is negative and no best reply was forgotten.
"""

from __future__ import annotations

from collections.abc import Generator
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gametheory.algorithms.extensive_form.sequence_pairs import Plans
from gametheory.algorithms.extensive_form.tracing_program import TracingProgram

__all__ = ["behavior_of", "exact_plans"]

Ints = NDArray[Any]
Masks = tuple[NDArray[np.bool_], NDArray[np.bool_]]


def exact_plans(
    program: TracingProgram, used: Masks
) -> Generator[None, None, tuple[NDArray[Any], NDArray[Any]] | None]:
    """Solve for both plans, each times a positive integer; None if they are no equilibrium."""
    pivots = _pivots(program.plans[0], used[0]), _pivots(program.plans[1], used[1])
    if pivots[0] is None or pivots[1] is None:
        return None
    chosen = pivots[0], pivots[1]
    found = []
    for player in (0, 1):
        yield None
        # The other one's replies determine the player's plan.
        table = program.condensed(1 - player, chosen)
        rows = _without_pivots(used[1 - player], chosen[1 - player])
        columns = _without_pivots(used[player], chosen[player])
        solution = _solve(table, rows, columns)
        if solution is None:
            return None
        coordinates = np.zeros(program.sizes[player], dtype=object)
        coordinates[columns], coordinates[0] = solution[1:], solution[0]
        plan = program.plans[player].expand(coordinates, chosen[player])
        if min(plan.tolist()) < 0:
            return None
        found.append(plan)
    for player in (0, 1):
        gains = program.payoffs.gains(player, found[1 - player], program.sizes[player])
        totals, _ = program.plans[player].best_reply(gains)
        if (program.plans[player].losses(totals)[found[player] > 0] > 0).any():
            return None
    return found[0], found[1]


def _pivots(plans: Plans, used: NDArray[np.bool_]) -> Ints | None:
    """Choose the first sequence of each information set that may be used."""
    pivots = np.zeros(plans.n_infosets, np.int64)
    for infoset in range(plans.n_infosets):
        low = plans.first[infoset]
        there = used[low : low + plans.count[infoset]]
        if not there.any():
            return None
        pivots[infoset] = low + int(np.argmax(there))
    return pivots


def _without_pivots(used: NDArray[np.bool_], pivots: Ints) -> Ints:
    rest = used.copy()
    rest[pivots] = rest[0] = False
    return np.flatnonzero(rest)


def _solve(table: NDArray[Any], rows: Ints, columns: Ints) -> list[int] | None:
    """Solve for the coordinates: first the empty sequence's weight, then those of ``columns``."""
    if len(rows) != len(columns):
        return None
    if not len(rows):
        return [1]
    from flint import fmpz_mat

    matrix = fmpz_mat(table[np.ix_(rows, columns)].tolist())
    try:
        solution: Any = matrix.solve(fmpz_mat([[-entry] for entry in table[rows, 0].tolist()]))
    except ZeroDivisionError:
        return None
    numbers, scale = solution.numer_denom()
    weights = [int(scale), *(int(number) for number in numbers.entries())]
    return weights if weights[0] > 0 else [-weight for weight in weights]


def behavior_of(plans: Plans, plan: NDArray[Any], used: NDArray[np.bool_]) -> NDArray[Any]:
    """Divide a plan by what leads to each information set.

    Where the plan does not go, the sequences that may be used share evenly: they are best replies
    there, too.
    """
    exact = plan.dtype == object
    behavior = np.zeros(plans.n_sequences, dtype=plan.dtype)
    for infoset in range(plans.n_infosets):
        own = slice(plans.first[infoset], plans.first[infoset] + plans.count[infoset])
        weights = plan[own]
        total = weights.sum()
        if total <= (0 if exact else 1e-13):
            weights = used[own].astype(int if exact else float)
            total = weights.sum()
        if exact:
            behavior[own] = [Fraction(int(weight), int(total)) for weight in weights.tolist()]
        else:
            behavior[own] = weights / total
    return behavior[1:]
