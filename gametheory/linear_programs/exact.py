"""Exact optima: a basis found in floats, its vertex solved for in integers, and the proof.

A basis picks k variables and k rows. Solving the k equations gives the vertex, solving the
transposed system the dual variables; signs then prove that both are feasible, and therefore
optimal, as they have one value. Where rounding misled the floats they are asked again for the
correction alone, magnified: see :mod:`gametheory.linear_programs.refinement`.

References
----------
Applegate, Cook, Dash and Espinoza (2007), "Exact solutions to linear programming problems",
Operations Research Letters 35.
"""

from __future__ import annotations

import math
from collections.abc import Generator
from typing import TypeVar

from gametheory.linear_programs.basis_vertex import vertex_of
from gametheory.linear_programs.column_generation import optimize_by_columns
from gametheory.linear_programs.criss_cross import criss_cross
from gametheory.linear_programs.float_simplex import Basis, FloatSimplex
from gametheory.linear_programs.optimum import Optimum, optimum
from gametheory.linear_programs.program import LinearProgram
from gametheory.linear_programs.refinement import Refinement

__all__ = ["finish", "optimize"]

Result = TypeVar("Result")

_MOST_ROUNDS = 20
_SMALL = 200  # rows times variables: the criss-cross method is faster than starting HiGHS
_MODERATE = 20_000  # the criss-cross method ends within seconds
_MANY_COLUMNS = 5_000
_WIDE = 20  # times as many variables as rows: few of them are ever looked at
_LARGEST_BASIS = 1_200  # equations; beyond, exact arithmetic takes minutes


def finish(search: Generator[None, None, Result]) -> Result:
    """Run a generator to its end and return what it returns."""
    while True:
        try:
            next(search)
        except StopIteration as end:
            result: Result = end.value
            return result


def optimize(program: LinearProgram) -> Generator[None, None, Optimum | str]:
    """Solve a linear program exactly.

    Parameters
    ----------
    program : LinearProgram

    Yields
    ------
    None
        Between pieces of work, for the caller to look at its clock.

    Returns
    -------
    Optimum or str
        The text says why there is none: "infeasible", "unbounded" (proven for small programs, the
        floats' word for large ones), or what kept floats from a basis that is optimal exactly.

    Notes
    -----
    Small programs, and moderate ones of numbers too wild for floats, are pivoted in integers.
    Otherwise the cost is the simplex method in floats and the exact solution of two linear systems
    with as many equations as variables are basic.

    Examples
    --------
    >>> from gametheory.linear_programs import LinearProgram, finish
    >>> program = LinearProgram.dense([1, 1], [[3, 1], [1, 3]], [2, 2])
    >>> optimum = finish(optimize(program))
    >>> optimum.value, optimum.weights, optimum.scale
    (Fraction(1, 1), [1, 1], 2)
    """
    size = math.prod(program.shape)
    if size <= _SMALL:
        return (yield from criss_cross(program))
    n_rows, n_columns = program.shape
    if n_columns > max(_MANY_COLUMNS, _WIDE * n_rows):
        return (yield from optimize_by_columns(program, optimize))
    answer = yield from _through_floats(program)
    if isinstance(answer, str) and size <= _MODERATE:
        return (yield from criss_cross(program))
    return answer


def _through_floats(program: LinearProgram) -> Generator[None, None, Optimum | str]:
    floats, refinement = FloatSimplex(program), Refinement(program)
    tried: Basis | None = None
    iterations = 0
    for _ in range(_MOST_ROUNDS):
        found = yield from floats.run()
        if found is None:
            return floats.reason
        if found.basis != tried:
            if len(found.basis.variables) > _LARGEST_BASIS:
                return f"{len(found.basis.variables)} basic variables: too many to solve exactly"
            vertex = yield from vertex_of(program, found.basis)
            if vertex is not None and vertex.is_optimal():
                x, y = (vertex.weights, vertex.scale), (vertex.duals, vertex.dual_scale)
                return optimum(program, x, y, iterations + floats.iterations)
        if tried is None:
            iterations += floats.iterations
            floats = FloatSimplex(program, start=found.basis)
        tried = found.basis
        floats.correct(*refinement.correction(found))
        yield None
    return f"no optimal basis after {_MOST_ROUNDS} refinements"
