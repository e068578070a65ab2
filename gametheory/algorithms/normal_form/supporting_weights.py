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
    Maximizes the sum of gains g with ``weights @ vectors - ranges * g = target`` and weights that
    sum to one. The optimum is zero exactly if nothing dominates; then the dual variables of the
    first equations, with their sign changed, are the weights.

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
    lowest = vectors.min(axis=0)
    ranges = np.maximum(vectors.max(axis=0) - lowest, 1)
    goals = [Fraction(t) - int(low) for t, low in zip(target, lowest, strict=True)]
    scales = [goal.denominator for goal in goals]
    rows = np.zeros((n + 1, k + n), dtype=object)
    for i in range(n):
        rows[i, :k] = (vectors[:, i] - lowest[i]) * scales[i]
        rows[i, k + i] = -int(ranges[i]) * scales[i]
    rows[n, :k] = 1
    bounds = np.array([*(goal.numerator for goal in goals), 1], dtype=object)
    program = LinearProgram.dense([0] * k + [1] * n, rows, bounds, equalities=range(n + 1))
    answer = yield from optimize(program)
    if isinstance(answer, str):
        return answer
    if answer.value:
        return Support(mixture=tuple(Fraction(w, answer.scale) for w in answer.weights[:k]))
    duals = [-y * scale for y, scale in zip(answer.duals, scales, strict=False)]
    divisor = math.gcd(*duals)
    return Support(weights=tuple(Fraction(y // divisor, 1) for y in duals))
