"""The convex combination of vectors whose product of coordinates is largest.

The logarithm of the product is concave. Its dual problem has one variable for each coordinate:
maximize the sum of log(w_i) so that no vector's weighted sum exceeds n. At the optimum w_i is one
over the coordinate i of the best combination (the equations of log-optimal portfolios, Cover 1984,
"An algorithm for maximizing expected log investment return", IEEE Transactions on Information
Theory 30). A barrier method solves it.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

__all__ = ["largest_product"]

_STAGES = 60
_STEPS = 40  # of Newton's method, for one barrier
_SHRINK = 0.25
_FINEST = 10**15  # denominators of the weights
_DUST = 1e-13
_LAST_BARRIER = 1e-13  # rounding spoils what comes later
_THRESHOLDS = (1e-10, 1e-8, 1e-6, 1e-4)  # what is less may be zero at the optimum
_SMALLEST_STEP = 1e-10
_TINY_STEP = 1e-15
_CENTERED = 1e-8  # of the barrier: a smaller improvement ends Newton's method

Payoffs = tuple[Fraction, ...]
Mixture = dict[int, Fraction]


def largest_product(
    vectors: Sequence[Payoffs], start: Mixture, edges: Sequence[int] | None
) -> Mixture:
    """Maximize the product of the coordinates of a convex combination.

    Parameters
    ----------
    vectors : sequence of k tuples of n Fractions
    start : mapping
        A combination with only positive coordinates: indices of vectors to weights.
    edges : sequence of int, optional
        For n = 2, the vertices of the Pareto frontier in the order of the first coordinate: then
        the result is exact.

    Returns
    -------
    dict
        From indices to positive weights that sum to one. Otherwise as close as floats come, and
        no worse than ``start``.

    Examples
    --------
    >>> largest_product([(Fraction(4), Fraction(0)), (Fraction(0), Fraction(1))], {}, [1, 0])
    {1: Fraction(1, 2), 0: Fraction(1, 2)}
    """
    if edges is not None:
        return _on_edges(vectors, edges)
    found = _by_barrier(vectors, start)
    return max(start, found, key=lambda mixture: _value(vectors, mixture))


def _value(vectors: Sequence[Payoffs], mixture: Mixture) -> Fraction:
    n = len(vectors[0])
    gained = [sum((p * vectors[k][i] for k, p in mixture.items()), Fraction(0)) for i in range(n)]
    return math.prod(gained, start=Fraction(1)) if min(gained) > 0 else Fraction(-1)


def _on_edges(vectors: Sequence[Payoffs], edges: Sequence[int]) -> Mixture:
    """On an edge the product is a parabola: its top, or the end that is nearest to it."""
    best: Mixture = {edges[0]: Fraction(1)}
    for one, other in itertools.pairwise(edges):
        (p1, p2), (q1, q2) = vectors[one], vectors[other]
        d1, d2 = q1 - p1, q2 - p2  # d1 > 0 > d2 along the frontier
        t = min(max(-(p1 * d2 + p2 * d1) / (2 * d1 * d2), Fraction(0)), Fraction(1))
        mixture = {k: p for k, p in ((one, 1 - t), (other, t)) if p}
        if _value(vectors, mixture) > _value(vectors, best):
            best = mixture
    return best


def _by_barrier(vectors: Sequence[Payoffs], start: Mixture) -> Mixture:
    """Follow the barrier's path, in units in which the start is one in every coordinate."""
    n = len(vectors[0])
    middle = [sum(p * vectors[k][i] for k, p in start.items()) for i in range(n)]
    table = np.array([[float(u / m) for u, m in zip(row, middle, strict=True)] for row in vectors])
    weights = np.full(n, n / (2.0 * max(float(np.abs(table).sum(axis=1).max()), 1.0)))
    barrier, shares, missing = 1.0, np.zeros(len(table)), math.inf
    for _ in range(_STAGES):
        weights = _centered(table, weights, barrier)
        found = barrier / (n - table @ weights)
        found /= found.sum()
        excess = float((table @ (1 / (found @ table))).max())  # n at the optimum
        if excess < missing:
            shares, missing = found, excess
        if barrier * len(table) < _LAST_BARRIER:
            break
        barrier *= _SHRINK
    for threshold in _THRESHOLDS:
        found = _polished(table, np.where(shares > threshold, shares, 0.0))
        excess = float((table @ (1 / (found @ table))).max())
        if excess < missing:
            shares, missing = found, excess
    kept = {k: round(share * _FINEST) for k, share in enumerate(shares.tolist()) if share > _DUST}
    total = sum(kept.values())
    return {k: Fraction(w, total) for k, w in kept.items() if w}


def _centered(
    table: NDArray[np.float64], weights: NDArray[np.float64], barrier: float
) -> NDArray[np.float64]:
    """Minimize ``-sum(log w) - barrier * sum(log(n - table @ w))`` by damped Newton steps."""
    n = table.shape[1]
    value = _penalized(table, weights, barrier)
    for _ in range(_STEPS):
        slack = n - table @ weights
        pull = barrier / slack
        gradient = -1 / weights + table.T @ pull
        curvature = np.diag(weights**-2) + table.T @ ((pull / slack)[:, None] * table)
        step = -np.linalg.solve(curvature, gradient)
        slope = float(gradient @ step)
        size = 1.0
        while size > _SMALLEST_STEP:
            moved = weights + size * step
            reached = _penalized(table, moved, barrier)
            if reached <= value + size * slope / 4:
                break
            size /= 2
        else:
            break  # rounding is all that is left
        weights, value = moved, reached
        if -slope < _CENTERED * barrier:
            break
    return weights


def _polished(table: NDArray[np.float64], shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Newton's method on the vectors that are used, which the barrier keeps from the optimum."""
    used = np.flatnonzero(shares)
    rows, mixture = table[used], shares[used] / shares.sum()
    for _ in range(_STEPS):
        gained = mixture @ rows
        scaled = rows / gained
        system = np.ones((len(used) + 1, len(used) + 1))
        system[:-1, :-1] = scaled @ scaled.T
        system[-1, -1] = 0.0
        right = np.append(scaled.sum(axis=1), 0.0)
        step = np.linalg.lstsq(system, right, rcond=None)[0][:-1]
        falling = step < 0
        size = min([1.0, *(0.9 * mixture[falling] / -step[falling]).tolist()])
        mixture = np.maximum(mixture + size * step, 0.0)
        mixture /= mixture.sum()
        if np.abs(step).max() < _TINY_STEP:
            break
    polished = np.zeros(len(shares))
    polished[used] = mixture
    return polished


def _penalized(table: NDArray[np.float64], weights: NDArray[np.float64], barrier: float) -> float:
    """Evaluate what is minimized; infinite outside."""
    slack = table.shape[1] - table @ weights
    if weights.min() <= 0 or slack.min() <= 0:
        return math.inf
    return float(-np.log(weights).sum() - barrier * np.log(slack).sum())
