"""Best responses to realization plans, on a sequence layout."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gametheory.games.sequence_layout import LANES, SequenceLayout
from gametheory.kernels.compiling import compiled, inner
from gametheory.kernels.lanes import each, larger, load, store, total
from gametheory.kernels.sequence_payoffs import (
    fill_slots,
    multiply_blocks,
    multiply_sparse,
    read_slots,
)

__all__ = ["plan_regrets"]

Array = NDArray[Any]


@inner
def _maximize(
    first_group: int, last_group: int, groups: Array, parents: Array, gains: Array, work: Array
) -> None:
    """Maximize over a player's treeplex: its empty sequence ends with the best payoff."""
    for g in range(last_group - 1, first_group - 1, -1):
        first, m, k, start = groups[g, 0], groups[g, 1], groups[g, 2], groups[g, 3]
        if m == 1:
            best = gains[first]
            for at in range(first + 1, first + k):
                best = max(best, gains[at])
            gains[parents[start]] += best
            continue
        for i in range(0, m, LANES):
            bests = load(gains, first + i)
            for at in range(first + i + m, first + i + k * m, m):
                bests = larger(bests, load(gains, at))
            store(work, 0, bests)
            for lane in range(LANES):
                gains[parents[start + i + lane]] += work[lane]


@inner
def _product(first: int, last: int, one: Array, other: Array) -> float:
    """Sum up products of two arrays."""
    sums, i = each(0.0), first
    while i + LANES <= last:
        sums = sums + load(one, i) * load(other, i)
        i += LANES
    rest = 0.0
    while i < last:
        rest += one[i] * other[i]
        i += 1
    return float(total(sums) + rest)


@compiled
def plan_regrets(
    layout: SequenceLayout, plan: Array, inputs: Array, outputs: Array, gains: Array, out: Array
) -> None:
    """Fill in what each player gains by a best response to a profile of realization plans.

    Parameters
    ----------
    layout : SequenceLayout
    plan : ndarray, shape (n_positions,)
    inputs, outputs, gains : ndarray, shape (n_slots,), (n_slots + 1,), (n_positions,)
        Scratch; the last number of ``outputs`` is zero.
    out : ndarray, shape (n_players,)
    """
    work = np.empty(LANES)
    starts, groups, parents = layout.player_start, layout.groups, layout.parents
    for p in range(len(starts) - 1):
        first, last = layout.slot_start[p], layout.slot_start[p + 1]
        fill_slots(first, last, layout.slots, layout.slot_factor, plan, inputs)
    for p in range(len(starts) - 1):
        multiply_blocks(
            layout.row_start[p],
            layout.row_start[p + 1],
            layout.rows,
            layout.entry_slot,
            layout.entry_value,
            inputs,
            outputs,
        )
        read_slots(starts[p], starts[p + 1], layout.slot_of, outputs, gains)
        multiply_sparse(
            layout.sparse_start[p],
            layout.sparse_start[p + 1],
            layout.sparse_position,
            layout.sparse_row,
            layout.sparse_others,
            layout.sparse_value,
            plan,
            gains,
        )
        payoff = _product(starts[p], starts[p + 1], gains, plan)
        first, last = layout.group_start[p], layout.group_start[p + 1]
        _maximize(first, last, groups, parents, gains, work)
        out[p] = gains[starts[p]] - payoff
