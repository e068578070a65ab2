"""Random games with any kind of number in them, and games built around a known equilibrium."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Planted", "planted", "random_payoffs", "random_strategies", "random_weights"]

SHIFTS = (0, 2**31 - 5, 2**53 - 5, 2**63 - 5, -(2**63), 10**30)


def random_payoffs(rng: np.random.Generator, sizes: Sequence[int]) -> NDArray[Any]:
    """Draw payoffs of one kind: small or huge ints, Fractions, floats of like or unlike sizes."""
    shape = (len(sizes), *sizes)
    small = rng.integers(-9, 10, shape).astype(object)
    kind = rng.integers(6)
    if kind == 0:
        return small
    if kind == 1:
        return small + int(rng.choice(np.array(SHIFTS, dtype=object)))
    if kind == 2:
        denominators = rng.integers(1, 10**6, shape).astype(object)
        return np.vectorize(Fraction, otypes=[object])(small, denominators)
    if kind == 3:
        return rng.standard_normal(shape)
    if kind == 4:
        return rng.integers(0, 3, shape).astype(float)
    return np.ldexp(rng.standard_normal(shape), rng.integers(-900, 900, shape))


def random_weights(
    rng: np.random.Generator, sizes: Sequence[int], largest: int = 9
) -> list[list[int]]:
    """Draw integers proportional to probabilities, about a third of them zero."""
    weights = []
    for size in sizes:
        drawn = rng.integers(1, largest + 1, size) * (rng.random(size) < 2 / 3)
        drawn[rng.integers(size)] += not drawn.any()
        weights.append([int(w) for w in drawn])
    return weights


def random_strategies(rng: np.random.Generator, sizes: Sequence[int]) -> list[list[Any]]:
    """Draw probabilities: Fractions, floats, or pure strategies."""
    kind = rng.integers(3)
    if kind == 0:
        return [[Fraction(w, sum(v)) for w in v] for v in random_weights(rng, sizes, 10**6)]
    if kind == 1:
        return [rng.dirichlet(np.ones(size)).tolist() for size in sizes]
    chosen = [int(rng.integers(size)) for size in sizes]
    return [[int(a == k) for a in range(size)] for k, size in zip(chosen, sizes, strict=True)]


class Planted(NamedTuple):
    """A game of integers and an equilibrium of it."""

    payoffs: NDArray[Any]
    strategies: list[list[Fraction]]


def planted(rng: np.random.Generator, sizes: Sequence[int], slack: int = 1) -> Planted:
    """Add to each action's payoffs what makes the actions in use equal and the others worse.

    ``slack`` of 0 makes actions not in use tie at random, which is degenerate.
    """
    weights = random_weights(rng, sizes)
    table = rng.integers(-9, 10, (len(sizes), *sizes)).astype(object)
    for player in range(len(sizes)):
        own = np.moveaxis(table[player], player, 0)
        others = [np.array(w, dtype=object) for i, w in enumerate(weights) if i != player]
        earned = own
        for vector in reversed(others):
            earned = earned @ vector
        total = int(np.prod([vector.sum() for vector in others], dtype=object))
        used = np.array(weights[player]) > 0
        lag = np.where(used, 0, slack + rng.integers(0, 2, len(used))).astype(object)
        level = (max(earned) - earned - total * lag).reshape(-1, *[1] * (len(sizes) - 1))
        table[player] = np.moveaxis(own * total + level, 0, player)
    return Planted(table, [[Fraction(w, sum(v)) for w in v] for v in weights])
