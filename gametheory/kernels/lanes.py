"""Several numbers side by side in one register, for kernels that treat neighbors in memory alike.

Numba leaves vector instructions to LLVM, which is good at long loops over few arrays. Passes over
a game tree are short loops over many: LLVM then checks, for each, whether the arrays overlap, and
does the last few numbers one by one, which takes longer than the work itself. ``Lanes`` are
vectors that a kernel handles by itself, with ``+``, ``-``, ``*`` and the functions below.

Offsets count from an array's start; they are never negative, and nobody checks them.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core.typing.templates import ConcreteTemplate, infer_global
from numba.extending import intrinsic, lower_builtin, models, register_model

from gametheory.games.sequence_layout import LANES

__all__ = ["each", "gather", "larger", "load", "magnitude", "pick", "reciprocal", "store", "total"]

_intrinsic: Any = intrinsic  # its type takes what it decorates for what is to be called
_NUMBER, _INDEX = ir.DoubleType(), ir.IntType(64)
_VECTOR = ir.VectorType(_NUMBER, LANES)


class _LanesType(types.Type):
    """Type of ``LANES`` numbers of 64 bits."""

    def __init__(self) -> None:
        super().__init__(name=f"lanes({LANES})")


_lanes: Any = _LanesType()


@register_model(_LanesType)
class _LanesModel(models.PrimitiveModel):
    """Kept as an LLVM vector."""

    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, _VECTOR)  # type: ignore[no-untyped-call]


def _define_operator(symbol: Callable[..., Any], instruction: str) -> None:
    class Operator(ConcreteTemplate):
        cases = [_lanes(_lanes, _lanes)]  # noqa: RUF012

    infer: Any = infer_global
    lower_with: Any = lower_builtin
    infer(symbol)(Operator)

    @lower_with(symbol, _lanes, _lanes)
    def lower(context: Any, build: Any, signature: Any, arguments: Any) -> Any:
        return getattr(build, instruction)(*arguments)


_define_operator(operator.add, "fadd")
_define_operator(operator.sub, "fsub")
_define_operator(operator.mul, "fmul")


def _numbers(context: Any, build: Any, array_type: Any, array: Any, offset: Any) -> Any:
    """Point to an array's elements from an offset on, in vector length."""
    data = context.make_array(array_type)(context, build, array).data
    return build.bitcast(build.gep(data, [offset]), _VECTOR.as_pointer())


def _splat(build: Any, number: Any) -> Any:
    nothing = ir.Constant(_VECTOR, ir.Undefined)
    first = build.insert_element(nothing, number, ir.Constant(ir.IntType(32), 0))
    same = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
    return build.shuffle_vector(first, nothing, same)


@_intrinsic
def each(typing: Any, number: Any) -> Any:
    """Put the same number in each lane."""

    def emit(context: Any, build: Any, signature: Any, arguments: Any) -> Any:
        return _splat(build, arguments[0])

    return _lanes(types.float64), emit


@_intrinsic
def load(typing: Any, array: Any, offset: Any) -> Any:
    """Read neighbors from an array of float64."""

    def emit(context: Any, build: Any, signature: Any, arguments: Any) -> Any:
        return build.load(_numbers(context, build, signature.args[0], *arguments), align=8)

    return _lanes(array, types.intp), emit


@_intrinsic
def store(typing: Any, array: Any, offset: Any, lanes: Any) -> Any:
    """Write neighbors to an array of float64."""

    def emit(context: Any, build: Any, signature: Any, arguments: Any) -> Any:
        there = _numbers(context, build, signature.args[0], *arguments[:2])
        build.store(arguments[2], there, align=8)
        return context.get_dummy_value()

    return types.void(array, types.intp, _lanes), emit


@_intrinsic
def gather(typing: Any, array: Any, indices: Any, offset: Any) -> Any:
    """Read ``array[indices[offset + lane]]`` for each lane; indices are of type uint32."""

    def emit(context: Any, build: Any, signature: Any, arguments: Any) -> Any:
        data = context.make_array(signature.args[0])(context, build, arguments[0]).data
        where = context.make_array(signature.args[1])(context, build, arguments[1]).data
        lanes = ir.Constant(_VECTOR, ir.Undefined)
        for lane in range(LANES):
            place = build.add(arguments[2], ir.Constant(_INDEX, lane))
            index = build.zext(build.load(build.gep(where, [place])), _INDEX)
            number = build.load(build.gep(data, [index]))
            lanes = build.insert_element(lanes, number, ir.Constant(ir.IntType(32), lane))
        return lanes

    return _lanes(array, indices, types.intp), emit


@_intrinsic
def pick(typing: Any, test: Any, positive: Any, otherwise: Any) -> Any:
    """Choose in each lane by whether ``test`` is positive there."""

    def emit(context: Any, build: Any, signature: Any, arguments: Any) -> Any:
        zero = ir.Constant(_VECTOR, [0.0] * LANES)
        return build.select(build.fcmp_ordered(">", arguments[0], zero), *arguments[1:])

    return _lanes(_lanes, _lanes, _lanes), emit


@_intrinsic
def larger(typing: Any, first: Any, second: Any) -> Any:
    """Take the larger number in each lane."""

    def emit(context: Any, build: Any, signature: Any, arguments: Any) -> Any:
        return build.select(build.fcmp_ordered(">", *arguments), *arguments)

    return _lanes(_lanes, _lanes), emit


@_intrinsic
def magnitude(typing: Any, lanes: Any) -> Any:
    """Drop the signs."""

    def emit(context: Any, build: Any, signature: Any, arguments: Any) -> Any:
        negative = build.fneg(arguments[0])
        positive = build.fcmp_ordered(">", arguments[0], negative)
        return build.select(positive, arguments[0], negative)

    return _lanes(_lanes), emit


@_intrinsic
def total(typing: Any, lanes: Any) -> Any:
    """Add up the numbers in all lanes."""

    def emit(context: Any, build: Any, signature: Any, arguments: Any) -> Any:
        numbers = [
            build.extract_element(arguments[0], ir.Constant(ir.IntType(32), lane))
            for lane in range(LANES)
        ]
        while len(numbers) > 1:  # in pairs: the same on every machine, and quicker than in a row
            half = len(numbers) // 2
            numbers = [build.fadd(numbers[i], numbers[half + i]) for i in range(half)]
        return numbers[0]

    return types.float64(_lanes), emit


@_intrinsic
def reciprocal(typing: Any, lanes: Any) -> Any:
    """Divide one by each number."""

    def emit(context: Any, build: Any, signature: Any, arguments: Any) -> Any:
        return build.fdiv(ir.Constant(_VECTOR, [1.0] * LANES), arguments[0])

    return _lanes(_lanes), emit
