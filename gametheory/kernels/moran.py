"""Births and deaths in a finite population, one after the other."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from gametheory.kernels.compiling import compiled

__all__ = ["moran_steps"]

Array = NDArray[Any]


@compiled
def moran_steps(
    fitness: Array,
    payoffs: Array,
    counts: Array,
    draws: Array,
    mutation: float,
    sums: Array,
    scratch: Array,
) -> None:
    """Let one individual after the other be born, in proportion to fitness, and one die.

    Parameters
    ----------
    fitness : ndarray of float64, shape (k, k)
        Of an individual of one type when it meets one of another; none negative.
    payoffs : ndarray of float64, shape (k, k)
    counts : ndarray of int64, shape (k,)
        The population: changed in place.
    draws : ndarray of float64, shape (steps, 4)
        Uniform between 0 and 1: who gives birth, whether the child mutates, to what, who dies.
    mutation : float
        Probability that a child is of a type drawn from all.
    sums : ndarray of float64, shape (2 * k + 2,)
        Shares, payoffs of each type, average payoffs, and ones are added up, before each birth.
    scratch : ndarray of float64, shape (k,)
    """
    k = len(counts)
    size = 0
    for i in range(k):
        size += counts[i]
    for step in range(len(draws)):
        total = 0.0
        sums[2 * k + 1] += 1.0
        for i in range(k):
            met, earned = -fitness[i, i], 0.0
            for j in range(k):
                met += fitness[i, j] * counts[j]
                earned += payoffs[i, j] * counts[j]
            scratch[i] = met * counts[i] if counts[i] > 0 else 0.0
            total += scratch[i]
            sums[i] += counts[i] / size
            sums[k + i] += earned / size
            sums[2 * k] += earned * counts[i] / (size * size)
        left, child = draws[step, 0] * total, -1
        dying, dead = draws[step, 3] * size, -1
        for i in range(k):
            if counts[i] > 0:
                if left >= 0:
                    child = i
                if dying >= 0:
                    dead = i
            left -= scratch[i] if total > 0 else 0.0
            dying -= counts[i]
        if draws[step, 1] < mutation:
            child = min(int(draws[step, 2] * k), k - 1)
        counts[child] += 1
        counts[dead] -= 1
