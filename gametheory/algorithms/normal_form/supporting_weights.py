"""Weights that prove that no distribution over joint actions dominates, or one that does.

A payoff vector is dominated by a convex combination of others exactly if no positive weights make
its weighted sum the largest (linear programming duality; for efficient points of a polytope see
Yu (1974), "Cone convexity, cone extreme points, and nondominated solutions in decision problems
with multiobjectives", Journal of Optimization Theory and Applications 14).
"""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gametheory.linear_programs import LinearProgram, optimize

__all__ = ["Support", "supporting_weights"]


class Support(NamedTuple):
    """What was found about a vector; one of the two is empty.

    Attributes
    ----------
    weights : tuple of Fraction
        Positive, one for each coordinate: no vector of the set has a larger weighted sum.
    mixture : tuple of Fraction
        Of the set's vectors: at least the vector in every coordinate, and more in some.
    """

    weights: tuple[Fraction, ...] = ()
    mixture: tuple[Fraction, ...] = ()


def supporting_weights(
    vectors: NDArray[np.object_], target: Sequence[Fraction]
) -> Generator[None, None, Support | str]:
    """Decide whether a convex combination of vectors dominates a vector.

    Parameters
    ----------
    vectors : ndarray of Python ints, shape (k, n)
    target : sequence of n Fractions
        At most some convex combination of the vectors.

    Yields
    ------
    None
        Between pieces of work.

    Returns
    -------
    Support or str
        The text says why the linear program could not be solved exactly.

    Notes
    -----
    Maximizes the sum of gains g with ``mixture @ (vectors - target) = ranges * g`` and a mixture
    that sums to one. The optimum is zero exactly if nothing dominates; then the dual variables of
    the first equations, with their sign changed, are the weights. Differences are taken before
    anything is rounded, so that floats see a target that is a vector itself as one.

    Examples
    --------
    >>> from gametheory.linear_programs import finish
    >>> corners = np.array([[0, 2], [2, 0]], dtype=object)
    >>> finish(supporting_weights(corners, (1, 1))).weights
    (Fraction(1, 1), Fraction(1, 1))
    >>> finish(supporting_weights(corners, (1, 0))).mixture
    (Fraction(0, 1), Fraction(1, 1))
    """
    k, n = vectors.shape
    goals = [Fraction(t) for t in target]
    scales = [goal.denominator for goal in goals]
    rows = np.zeros((n + 1, k + n), dtype=object)
    for i, goal in enumerate(goals):
        rows[i, :k] = vectors[:, i] * goal.denominator - goal.numerator
        rows[i, k + i] = -(int(np.abs(rows[i, :k]).max()) or 1)
    rows[n, :k] = 1
    program = LinearProgram.dense([0] * k + [1] * n, rows, [0] * n + [1], equalities=range(n + 1))
    answer = yield from optimize(program)
    if isinstance(answer, str):
        return answer
    if answer.value:
        return Support(mixture=tuple(Fraction(w, answer.scale) for w in answer.weights[:k]))
    duals = [-y * scale for y, scale in zip(answer.duals, scales, strict=False)]
    divisor = math.gcd(*duals)
    return Support(weights=tuple(Fraction(y // divisor, 1) for y in duals))
