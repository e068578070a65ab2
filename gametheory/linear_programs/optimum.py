"""The answer to a linear program: an optimal vertex, and the dual variables that prove it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from gametheory.linear_programs.program import LinearProgram

__all__ = ["Optimum", "optimum"]


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
        Simplex steps.
    """

    value: Fraction
    weights: list[int]
    scale: int
    duals: list[int]
    dual_scale: int
    iterations: int = 0


Ratios = tuple[list[int], int]


def optimum(program: LinearProgram, x: Ratios, y: Ratios, iterations: int) -> Optimum:
    """Say what a vertex is worth; x and y are integers over a positive denominator."""
    weights, scale = _reduced(*x)
    pairs = zip(program.objective.tolist(), weights, strict=True)
    value = Fraction(sum(c * w for c, w in pairs if w), scale)
    return Optimum(value, weights, scale, *_reduced(*y), iterations)


def _reduced(numbers: list[int], scale: int) -> Ratios:
    divisor = math.gcd(scale, *numbers)
    return [n // divisor for n in numbers], scale // divisor
