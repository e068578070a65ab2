"""The convex combination of vectors whose smallest gain is largest: a linear program."""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gametheory.linear_programs import LinearProgram, optimize

__all__ = ["SmallestGain", "convex_weights", "smallest_gain"]

Vectors = Sequence[Sequence[Fraction]]


class SmallestGain(NamedTuple):
    """The best mixture of vectors.

    Attributes
    ----------
    value : Fraction
        The smallest gain over the targets.
    mixture : tuple of Fraction
        Of the vectors; of several that reach the value one with the largest sum, so that nothing
        dominates it.
    weights : tuple of Fraction
        Of the coordinates, summing to one: no vector's weighted gain is above the value.
    """

    value: Fraction
    mixture: tuple[Fraction, ...]
    weights: tuple[Fraction, ...]


def smallest_gain(
    vectors: Vectors, target: Sequence[Fraction]
) -> Generator[None, None, SmallestGain | str]:
    """Maximize the smallest coordinate of a convex combination minus a target.

    Parameters
    ----------
    vectors : sequence of k sequences of n Fractions
    target : sequence of n Fractions

    Yields
    ------
    None
        Between pieces of work.

    Returns
    -------
    SmallestGain or str
        The text says why a linear program could not be solved exactly.

    Examples
    --------
    >>> from gametheory.linear_programs import finish
    >>> found = finish(smallest_gain([(4, 0), (0, 2)], (0, 0)))
    >>> found.value, found.mixture, found.weights
    (Fraction(4, 3), (Fraction(1, 3), Fraction(2, 3)), (Fraction(1, 3), Fraction(2, 3)))
    """
    gains = [[Fraction(u) - t for u, t in zip(vector, target, strict=True)] for vector in vectors]
    scale = math.lcm(*(gain.denominator for row in gains for gain in row))
    table = np.array([[int(gain * scale) for gain in row] for row in gains], dtype=object)
    lowest = int(table.min())
    table = table - lowest
    unit = max(int(table.max()), 1)
    k, n = table.shape
    # Gains are not negative now: maximize v with unit * v <= mixture @ table, sum(mixture) = 1.
    rows = np.hstack([-table.T, np.full((n, 1), unit, dtype=object)])
    total = np.array([[1] * k + [0]], dtype=object)
    first = LinearProgram.dense(
        [0] * k + [1], np.vstack([rows, total]), [0] * n + [1], equalities=[n]
    )
    answer = yield from optimize(first)
    if isinstance(answer, str):
        return answer
    level = answer.value * unit
    # Among those that reach the value, the largest sum.
    bounds = np.array([-level.numerator] * n + [1], dtype=object)
    second = LinearProgram.dense(
        table.sum(axis=1) // max(math.gcd(*table.sum(axis=1).tolist()), 1),
        np.vstack([-table.T * level.denominator, np.ones((1, k), dtype=int).astype(object)]),
        bounds,
        equalities=[n],
    )
    best = yield from optimize(second)
    if isinstance(best, str):
        return best
    duals = answer.duals[:n]
    return SmallestGain(
        value=(level + lowest) / scale,
        mixture=tuple(Fraction(w, best.scale) for w in best.weights),
        weights=tuple(Fraction(y, sum(duals)) for y in duals),
    )


def convex_weights(
    vectors: NDArray[np.object_], target: Sequence[Fraction]
) -> Generator[None, None, tuple[Fraction, ...] | str]:
    """Write a vector as a convex combination of integer vectors, of as few as coordinates plus one.

    Returns
    -------
    tuple of Fraction or str
        The text says why not: "infeasible" where it lies outside.

    Examples
    --------
    >>> from gametheory.linear_programs import finish
    >>> finish(convex_weights(np.array([[0], [4]], dtype=object), [Fraction(1)]))
    (Fraction(3, 4), Fraction(1, 4))
    """
    k, n = vectors.shape
    rows = np.ones((n + 1, k), dtype=object)
    bounds = np.ones(n + 1, dtype=object)
    for i, goal in enumerate(map(Fraction, target)):
        lowest = int(vectors[:, i].min())
        rows[i] = (vectors[:, i] - lowest) * goal.denominator
        bounds[i] = goal.numerator - lowest * goal.denominator
    answer = yield from optimize(
        LinearProgram.dense([0] * k, rows, bounds, equalities=range(n + 1))
    )
    if isinstance(answer, str):
        return answer
    return tuple(Fraction(w, answer.scale) for w in answer.weights)
