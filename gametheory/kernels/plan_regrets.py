"""Best responses to realization plans, on a sequence layout."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from gametheory.games.sequence_layout import SequenceLayout
from gametheory.kernels.compiling import compiled, inner
from gametheory.kernels.sequence_payoffs import (
    fill_slots,
    multiply_blocks,
    multiply_sparse,
    read_slots,
)

__all__ = ["plan_regrets"]

Array = NDArray[Any]


@inner
def _best_value(
    first_group: int, last_group: int, groups: Array, parents: Array, gains: Array
) -> None:
    """Maximize over a player's treeplex: its empty sequence ends with the best payoff."""
    for g in range(last_group - 1, first_group - 1, -1):
        first, m, k, start = groups[g, 0], groups[g, 1], groups[g, 2], groups[g, 3]
        for i in range(m):
            best = gains[first + i]
            for at in range(first + i + m, first + k * m, m):
                best = max(best, gains[at])
            gains[parents[start + i]] += best


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
        payoff = 0.0
        for i in range(starts[p], starts[p + 1]):
            payoff += gains[i] * plan[i]
        _best_value(layout.group_start[p], layout.group_start[p + 1], groups, parents, gains)
        out[p] = gains[starts[p]] - payoff
