"""What every sequence of a player earns by itself, against the others' realization plans.

Taking a record apart counts references, so kernels do it once and pass its arrays on.
"""

from __future__ import annotations

from typing import Any

import numba as nb
from numpy.typing import NDArray

from gametheory.games.sequence_layout import LANES
from gametheory.kernels.block_product import combine_4, combine_16
from gametheory.kernels.compiling import inner
from gametheory.kernels.lanes import each, gather, load, store, total

__all__ = ["fill_slots", "multiply_blocks", "multiply_sparse", "read_slots"]

Array = NDArray[Any]


@inner
def fill_slots(
    first: int, last: int, slots: Array, factor: Array, plan: Array, inputs: Array
) -> None:
    """Copy a player's realization plan to the slots of its blocks."""
    for i in range(first, last, LANES):
        store(inputs, i, load(factor, i) * gather(plan, slots, i))


@inner
def multiply_blocks(
    first_row: int,
    last_row: int,
    rows: Array,
    entry_slot: Array,
    entry_value: Array,
    inputs: Array,
    outputs: Array,
) -> None:
    """Multiply patterns with blocks: from the other player's slots to the player's own."""
    slots = nb.uint64(entry_slot.ctypes.data)
    values = nb.uint64(entry_value.ctypes.data)
    source, target = nb.uint64(inputs.ctypes.data), nb.uint64(outputs.ctypes.data)
    for r in range(first_row, last_row):
        first, last, n = nb.uint64(rows[r, 0]), nb.uint64(rows[r, 1]), rows[r, 2]
        start = target + nb.uint64(8 * rows[r, 3])
        b = 0
        while b + 16 <= n:
            shift = nb.uint64(8 * b)
            combine_16(first, last, slots, values, source + shift, start + shift)
            b += 16
        while b < n:
            shift = nb.uint64(8 * b)
            combine_4(first, last, slots, values, source + shift, start + shift)
            b += 4


@inner
def read_slots(first: int, last: int, slot_of: Array, outputs: Array, gains: Array) -> None:
    """Copy what blocks give from slots to a player's positions, zero where there is no slot."""
    i = first
    while i + LANES <= last:
        store(gains, i, gather(outputs, slot_of, i))
        i += LANES
    while i < last:
        gains[i] = outputs[slot_of[i]]
        i += 1


@inner
def multiply_sparse(
    first_row: int,
    last_row: int,
    position: Array,
    starts: Array,
    others: Array,
    value: Array,
    plan: Array,
    gains: Array,
) -> None:
    """Multiply compressed rows with the others' plans."""
    n_others = others.shape[1]
    for r in range(first_row, last_row):
        e, last, gain = starts[r], starts[r + 1], 0.0
        if n_others == 1:
            if e + LANES <= last:  # sums side by side: one would wait for itself
                sums = each(0.0)
                while e + LANES <= last:
                    sums = sums + load(value, e) * gather(plan, others, e)
                    e += LANES
                gain = total(sums)
            while e < last:
                gain += value[e] * plan[others[e, 0]]
                e += 1
        else:
            for entry in range(e, last):
                product = value[entry]
                for other in range(n_others):
                    product *= plan[others[entry, other]]
                gain += product
        gains[position[r]] = gain
