"""Iterative refinement: what floats leave over becomes a program of its own, magnified.

With slacks s every row is an equation: ``A x + s = b``, or ``A x = b``. Given x and y, ask for the
correction, times 2**p: it has the same rows with the right-hand side ``2**p (b - A x - s)``, lower
bounds ``-2**p x`` and ``-2**p s``, and the objectives ``2**d (c - A' y)`` and ``-2**d y``. All of
these are computed exactly, and then rounded. As x and y came from floats, their errors are small,
and magnified by 2**p and 2**d about one in size; the solution is as accurate relative to them as
floats are, so that each round adds that many digits.

References
----------
Gleixner, Steffy and Wolter (2016), "Iterative refinement for linear programming", INFORMS
Journal on Computing 28, algorithm 1.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gametheory.linear_programs.float_simplex import MAGNIFIED, FloatOptimum
from gametheory.linear_programs.program import LinearProgram
from gametheory.linear_programs.scaling import common_scale, row_scales, scaled

__all__ = ["Correction", "Refinement"]

Floats = NDArray[np.float64]

_DIGITS = 60  # bits of each correction that are kept
_MOST_MAGNIFIED = 20  # bits of magnification that one round may add
_FAR = 1e15  # a lower bound further away than this, once magnified, is none
_DEAR = 1e6  # more than any correction can be worth: HiGHS stumbles over larger costs


class Correction(NamedTuple):
    """The program for what is left: bounds and objective, slacks after the variables."""

    lower: Floats
    bounds: Floats
    objective: Floats


class Refinement:
    """A solution that every round makes more accurate, in dyadic rationals.

    Rows and objective are scaled as in the program inside HiGHS, so that all violations compare.
    """

    def __init__(self, program: LinearProgram) -> None:
        self.program = program
        self.row_scale = row_scales(program)
        self.objective_scale = common_scale(program.objective)
        self.weights, self.duals = [0] * program.shape[1], [0] * program.shape[0]
        self.bits = self.dual_bits = 0  # weights are over 2**bits
        self.magnified, self.dual_magnified = MAGNIFIED, 0

    def correction(self, found: FloatOptimum) -> Correction:
        """Add what was found to the solution; return the program for what is left then."""
        self._add(found)
        lower, bounds = self._primal()
        return Correction(lower, bounds, np.maximum(self._objective(), -_DEAR))

    def _add(self, found: FloatOptimum) -> None:
        bits = self.magnified + _DIGITS
        self.weights = _added(self.weights, bits - self.bits, found.weights)
        self.bits = bits
        bits = self.dual_magnified + _DIGITS
        # A row that is scaled up inside has a smaller dual variable there.
        own = np.ldexp(found.duals, self.row_scale)
        self.duals = _added(self.duals, bits - self.dual_bits, own)
        self.dual_bits = bits

    def _primal(self) -> tuple[Floats, Floats]:
        """Lower bounds, and right-hand sides; slacks are what makes inequalities equations."""
        program, equal = self.program, self.program.equalities
        bounds = program.bounds.tolist()
        covered = program.times(self.weights)
        room = [(b << self.bits) - s for b, s in zip(bounds, covered, strict=True)]
        slack_scale = self.row_scale - self.bits
        self.magnified = _magnification(
            np.concatenate(
                [
                    np.where(program.free, 0.0, np.minimum(scaled(self.weights, -self.bits), 0.0)),
                    _one_sided(scaled(room, slack_scale), equal),
                ]
            ),
            self.magnified,
        )
        near = scaled(room, slack_scale + self.magnified)
        lower = -np.append(scaled(self.weights, self.magnified - self.bits), near[~equal])
        return np.where(lower < -_FAR, -np.inf, lower), np.where(equal, near, 0.0)

    def _objective(self) -> Floats:
        """Objective of the variables, then of the slacks."""
        program, equal = self.program, self.program.equalities
        over = max(self.dual_bits + self.objective_scale, 0)
        under = over - self.dual_bits - self.objective_scale  # for objectives beyond 2**60
        pairs = zip(program.objective.tolist(), program.transposed_times(self.duals), strict=True)
        gains = [(c << over) - (s << under) for c, s in pairs]
        bits, own = self.dual_bits + under, -self.dual_bits - self.row_scale
        self.dual_magnified = _magnification(
            np.concatenate(
                [
                    -_one_sided(-scaled(gains, -bits), program.free),
                    np.where(equal, 0.0, np.minimum(scaled(self.duals, own), 0.0)),
                ]
            ),
            self.dual_magnified,
        )
        slacks = -scaled(self.duals, own + self.dual_magnified)
        return np.append(scaled(gains, self.dual_magnified - bits), slacks[~equal])


def _added(integers: list[int], shift: int, correction: Floats) -> list[int]:
    """Shift the integers and add the correction, in units of ``2**-_DIGITS``."""
    pairs = zip(integers, correction.tolist(), strict=True)
    return [(n << shift) + (int(math.ldexp(x, _DIGITS)) if x else 0) for n, x in pairs]


def _one_sided(numbers: Floats, marked: NDArray[np.bool_]) -> Floats:
    """Return violations: what is below zero, or all of what has to be zero."""
    return np.where(marked, numbers, np.minimum(numbers, 0.0))


def _magnification(violations: Floats, before: int) -> int:
    """Return the exponent that makes the largest violation about one, growing step by step."""
    largest = float(np.abs(violations).max(initial=0.0))
    wanted = -math.frexp(largest)[1] if largest > 0 else before + _MOST_MAGNIFIED
    return max(min(wanted, before + _MOST_MAGNIFIED), before)
