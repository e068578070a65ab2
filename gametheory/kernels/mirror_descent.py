"""Iterations of magnetic mirror descent on a sequence layout."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gametheory.games.sequence_layout import SequenceLayout
from gametheory.kernels.compiling import compiled, inner
from gametheory.kernels.sequence_payoffs import (
    fill_slots,
    multiply_blocks,
    multiply_sparse,
    read_slots,
)

__all__ = ["MirrorIterate", "descend"]

Array = NDArray[Any]


class MirrorIterate(NamedTuple):
    """What an iteration changes, at every position.

    Attributes
    ----------
    logs, magnet : ndarray, shape (n_positions,)
        Logarithms of action probabilities: of the iterate, and of what attracts it.
    plan, average : ndarray, shape (n_positions,)
        The iterate's realization plan, and the sum of all so far.
    gains : ndarray, shape (n_positions,)
        Scratch.
    inputs, outputs : ndarray, shape (n_slots,), (n_slots + 1,)
        The plan in slots, and scratch.
    """

    logs: Array
    magnet: Array
    plan: Array
    average: Array
    gains: Array
    inputs: Array
    outputs: Array


@inner
def _descend_treeplex(
    first_group: int,
    last_group: int,
    groups: Array,
    parents: Array,
    logs: Array,
    magnet: Array,
    gains: Array,
    step: float,
    temperature: float,
) -> None:
    """Pass up the treeplex: the proximal step, each information set's part in closed form."""
    pull = step * temperature
    weight = 1.0 + pull
    for g in range(last_group - 1, first_group - 1, -1):
        first, m, k, infoset = groups[g, 0], groups[g, 1], groups[g, 2], groups[g, 3]
        for i in range(m):
            low, high = first + i, first + k * m
            highest = -np.inf
            for at in range(low, high, m):
                logs[at] = (logs[at] + pull * magnet[at] + step * gains[at]) / weight
                highest = max(highest, logs[at])
            total = 0.0
            for at in range(low, high, m):
                total += np.exp(logs[at] - highest)
            normal = highest + np.log(total)
            for at in range(low, high, m):
                logs[at] -= normal
            gains[parents[infoset + i]] += weight * normal / step


@inner
def _extend(
    first_group: int,
    last_group: int,
    groups: Array,
    parents: Array,
    logs: Array,
    plan: Array,
    average: Array,
) -> None:
    """Pass down the treeplex: the realization plan, and its average."""
    for g in range(first_group, last_group):
        first, m, k, infoset = groups[g, 0], groups[g, 1], groups[g, 2], groups[g, 3]
        for i in range(m):
            above = plan[parents[infoset + i]]
            for at in range(first + i, first + k * m, m):
                plan[at] = above * np.exp(logs[at])
                average[at] += plan[at]


@compiled
def descend(
    layout: SequenceLayout, x: MirrorIterate, n: int, step: float, temperature: float
) -> None:
    """Run n alternating iterations.

    Parameters
    ----------
    layout : SequenceLayout
    x : MirrorIterate
        Changed.
    n : int
    step : float
        Step size, per unit of the payoffs.
    temperature : float
        Weight of the distance to the magnet, in payoff units.
    """
    starts, groups, parents = layout.player_start, layout.groups, layout.parents
    group_starts, slot_starts = layout.group_start, layout.slot_start
    row_starts, sparse_starts = layout.row_start, layout.sparse_start
    slots, factor, slot_of = layout.slots, layout.slot_factor, layout.slot_of
    rows, entry_slot, entry_value = layout.rows, layout.entry_slot, layout.entry_value
    position, sparse_row = layout.sparse_position, layout.sparse_row
    others, value = layout.sparse_others, layout.sparse_value
    logs, magnet, plan, average = x.logs, x.magnet, x.plan, x.average
    gains, inputs, outputs = x.gains, x.inputs, x.outputs
    for _ in range(n):
        for p in range(len(starts) - 1):
            multiply_blocks(
                row_starts[p], row_starts[p + 1], rows, entry_slot, entry_value, inputs, outputs
            )
            read_slots(starts[p], starts[p + 1], slot_of, outputs, gains)
            multiply_sparse(
                sparse_starts[p],
                sparse_starts[p + 1],
                position,
                sparse_row,
                others,
                value,
                plan,
                gains,
            )
            first, last = group_starts[p], group_starts[p + 1]
            _descend_treeplex(first, last, groups, parents, logs, magnet, gains, step, temperature)
            average[starts[p]] += 1.0
            _extend(first, last, groups, parents, logs, plan, average)
            fill_slots(slot_starts[p], slot_starts[p + 1], slots, factor, plan, inputs)
