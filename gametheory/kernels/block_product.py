"""Products of one pattern with many blocks side by side, in vector instructions.

Numba leaves it to LLVM to find vector code, and LLVM finds none in sums as short as a payoff
block's rows: the work around them is then several times the work itself. So the few instructions
of that sum are written here as they are to run.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

__all__ = ["combine_4", "combine_16"]


def _combination(lanes: int) -> Any:
    """Build ``combine(first, last, slots, values, inputs, outputs)`` for so many lanes.

    The arguments but ``first < last`` are addresses of arrays: int64 and three of float64. Does

        outputs[:lanes] = sum(values[e] * inputs[slots[e] :][:lanes] for e in range(first, last))

    one product after the other, so that results do not depend on the machine.
    """

    def combine(typing_context: Any, *arguments: Any) -> Any:
        return types.void(*[types.uint64] * 6), _emit

    def _emit(context: Any, build: Any, signature: Any, arguments: Any) -> Any:
        first, last, *addresses = arguments
        index, number = ir.IntType(64), ir.DoubleType()
        vector = ir.VectorType(number, lanes)
        slots = build.inttoptr(addresses[0], index.as_pointer())
        values, inputs, outputs = (
            build.inttoptr(address, number.as_pointer()) for address in addresses[1:]
        )
        before = build.block
        loop, after = (build.append_basic_block(name) for name in ("entries", "done"))
        build.branch(loop)
        build.position_at_end(loop)
        entry, total = build.phi(index), build.phi(vector)
        slot, value = (build.load(build.gep(array, [entry])) for array in (slots, values))
        there = build.bitcast(build.gep(inputs, [slot]), vector.as_pointer())
        nothing = ir.Constant(vector, ir.Undefined)
        one = build.insert_element(nothing, value, ir.Constant(ir.IntType(32), 0))
        same = ir.Constant(ir.VectorType(ir.IntType(32), lanes), [0] * lanes)
        factor = build.shuffle_vector(one, nothing, same)
        added = build.fadd(total, build.fmul(factor, build.load(there, align=8)))
        following = build.add(entry, ir.Constant(index, 1))
        for phi, start, step in (
            (entry, first, following),
            (total, ir.Constant(vector, [0.0] * lanes), added),
        ):
            phi.add_incoming(start, before)
            phi.add_incoming(step, loop)
        build.cbranch(build.icmp_unsigned("<", following, last), loop, after)
        build.position_at_end(after)
        build.store(added, build.bitcast(outputs, vector.as_pointer()), align=8)
        return context.get_dummy_value()

    def fixed(
        typing_context: Any,
        first: Any,
        last: Any,
        slots: Any,
        values: Any,
        inputs: Any,
        outputs: Any,
    ) -> Any:
        return combine(typing_context)

    return intrinsic(fixed)


combine_4 = _combination(4)
combine_16 = _combination(16)
