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

from collections.abc import Generator
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeVar

from gametheory.linear_programs.basis_vertex import BasisVertex, vertex_of
from gametheory.linear_programs.float_simplex import Basis, FloatSimplex
from gametheory.linear_programs.program import LinearProgram
from gametheory.linear_programs.refinement import Refinement

__all__ = ["Optimum", "finish", "optimize"]

Result = TypeVar("Result")

_MOST_ROUNDS = 20
_LARGEST_BASIS = 1_200  # equations; beyond, exact arithmetic takes minutes


@dataclass(frozen=True, slots=True)
class Optimum:
    """An optimal vertex of a linear program with the proof that it is one, exactly.

    Attributes
    ----------
    value : Fraction
        The objective's.
    weights : list of int
        The variables, times ``scale``.
    scale : int
        Positive.
    duals : list of int
        For each row its dual variable, times ``dual_scale``: not negative except for equalities,
        and ``rows.T @ duals >= objective``, with equality for variables without a sign.
    dual_scale : int
        Positive.
    iterations : int
        Simplex steps in floats.
    """

    value: Fraction
    weights: list[int]
    scale: int
    duals: list[int]
    dual_scale: int
    iterations: int = 0


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
        The text says why there is none: "infeasible", "unbounded", or what kept the floats from
        leading to a basis that is optimal exactly.

    Notes
    -----
    Cost: the simplex method in floats, and two linear systems with as many equations as variables
    are basic, at about 1e-9 s times bits times equations cubed.

    Examples
    --------
    >>> from gametheory.linear_programs import LinearProgram, finish
    >>> program = LinearProgram.dense([1, 1], [[3, 1], [1, 3]], [2, 2])
    >>> optimum = finish(optimize(program))
    >>> optimum.value, optimum.weights, optimum.scale
    (Fraction(1, 1), [1, 1], 2)
    """
    floats, refinement = FloatSimplex(program), Refinement(program)
    tried: Basis | None = None
    iterations = 0
    for _ in range(_MOST_ROUNDS):
        found = yield from floats.run()
        iterations += floats.iterations
        if found is None:
            return floats.reason
        if found.basis != tried:
            if len(found.basis.variables) > _LARGEST_BASIS:
                return f"{len(found.basis.variables)} basic variables: too many to solve exactly"
            vertex = yield from vertex_of(program, found.basis)
            if vertex is not None and vertex.is_optimal():
                return _optimum(program, vertex, iterations)
        if tried is None:
            floats = FloatSimplex(program, start=found.basis)
        tried = found.basis
        floats.correct(*refinement.correction(found))
        yield None
    return f"no optimal basis after {_MOST_ROUNDS} refinements"


def _optimum(program: LinearProgram, vertex: BasisVertex, iterations: int) -> Optimum:
    pairs = zip(program.objective.tolist(), vertex.weights, strict=True)
    value = Fraction(sum(c * w for c, w in pairs if w), vertex.scale)
    return Optimum(value, vertex.weights, vertex.scale, vertex.duals, vertex.dual_scale, iterations)
