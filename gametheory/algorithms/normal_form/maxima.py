"""The maxima of a set of vectors: those that no other vector of the set dominates.

Kung, Luccio and Preparata (1975), "On finding the maxima of a set of vectors", Journal of the ACM
22. The vectors are halved by one coordinate. The maxima of the upper half are maxima; those of the
lower half are, unless one of the upper half dominates them in the other coordinates, which is a
problem with one coordinate less. With two coordinates one pass in sorted order decides.
"""

from __future__ import annotations

from collections.abc import Generator

import numpy as np
from numpy.typing import NDArray

__all__ = ["maxima"]

_PAIRS = 200_000  # so few comparisons are done at once
_PIVOTS = 32  # vectors of large sum, which dominate most of those that are dominated

Vectors = NDArray[np.int64]


def maxima(vectors: Vectors) -> Generator[None, None, NDArray[np.bool_]]:
    """Find the vectors that no other one dominates.

    Parameters
    ----------
    vectors : ndarray of int64, shape (k, n)
        No two of them equal; larger is better. Ranks do, as only the order matters.

    Yields
    ------
    None
        Between pieces of work.

    Returns
    -------
    ndarray of bool, shape (k,)

    Notes
    -----
    Time O(k (log k)^(n - 2)) besides sorting, for n > 2, also where nothing is dominated.

    Examples
    --------
    >>> search = maxima(np.array([[0, 3], [1, 1], [2, 2], [2, 0]]))
    >>> try:
    ...     while True:
    ...         next(search)
    ... except StopIteration as end:
    ...     end.value.tolist()
    [True, False, True, False]
    """
    left = np.arange(len(vectors))
    sums = vectors.sum(axis=1)
    for _ in range(_PIVOTS if vectors.shape[1] > 2 else 0):
        if len(left) * len(left) <= _PAIRS:
            break
        pivot = vectors[left[np.argmax(sums[left])]]
        below = (vectors[left] <= pivot).all(axis=1) & (vectors[left] != pivot).any(axis=1)
        sums[left[np.argmax(sums[left])]] = -1  # a maximum: not chosen again, but kept
        left = left[~below]
        yield None
    found = np.zeros(len(vectors), dtype=np.bool_)
    kept = yield from _maxima(vectors[left])
    found[left[kept]] = True
    return found


def _maxima(vectors: Vectors) -> Generator[None, None, NDArray[np.bool_]]:
    k, n = vectors.shape
    kept: NDArray[np.bool_]
    if n <= 1 or k <= 1:
        return np.asarray((vectors == vectors.max(axis=0)).all(axis=1)) if k else np.zeros(0, bool)
    if n == 2:
        return _staircase(vectors)
    if k * k <= _PAIRS:
        return ~_dominated_distinct(vectors)
    upper = _upper_half(vectors[:, -1])
    if upper.all():
        return (yield from _maxima(vectors[:, :-1]))
    yield None
    kept = np.zeros(k, dtype=np.bool_)
    kept[upper] = yield from _maxima(vectors[upper])
    lower = np.flatnonzero(~upper)
    beaten = yield from _beaten(vectors[lower, :-1], vectors[kept, :-1])
    lower = lower[~beaten]
    kept[lower] = yield from _maxima(vectors[lower])
    return kept


def _beaten(vectors: Vectors, others: Vectors) -> Generator[None, None, NDArray[np.bool_]]:
    """Mark the vectors that some other is at least equal to in every coordinate."""
    k, n = vectors.shape
    if not k or not len(others):
        return np.zeros(k, dtype=np.bool_)
    if n == 1:
        return np.asarray(vectors[:, 0] <= others.max())
    if n == 2:
        return _below_staircase(vectors, others)
    if k * len(others) <= _PAIRS:
        below = (vectors[:, None] <= others[None]).all(axis=2)
        return np.asarray(below.sum(axis=1) > 0)
    both = np.concatenate([vectors[:, -1], others[:, -1]])
    upper = _upper_half(both)
    if upper.all():
        return (yield from _beaten(vectors[:, :-1], others[:, :-1]))
    yield None
    high, strong = upper[:k], upper[k:]
    marked = np.zeros(k, dtype=np.bool_)
    marked[high] = yield from _beaten(vectors[high], others[strong])
    marked[~high] = yield from _beaten(vectors[~high, :-1], others[strong, :-1])
    left = ~high & ~marked
    marked[left] = yield from _beaten(vectors[left], others[~strong])
    return marked


def _upper_half(values: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Mark the larger half of the values, equal ones together; all only if all are equal."""
    middle = np.partition(values, len(values) // 2)[len(values) // 2]
    upper = values >= middle
    if upper.all():
        above = values > middle
        return np.asarray(above if above.any() else upper)
    return np.asarray(upper)


def _staircase(vectors: Vectors) -> NDArray[np.bool_]:
    """Find the maxima of distinct pairs: in falling order, the second number has to rise."""
    order = np.lexsort((-vectors[:, 1], -vectors[:, 0]))
    second = vectors[order, 1]
    best = np.maximum.accumulate(second)
    kept = np.zeros(len(vectors), dtype=np.bool_)
    kept[order[0]] = True
    kept[order[1:]] = second[1:] > best[:-1]
    return kept


def _below_staircase(vectors: Vectors, others: Vectors) -> NDArray[np.bool_]:
    order = np.argsort(others[:, 0], kind="stable")
    first = others[order, 0]
    best = np.maximum.accumulate(others[order, 1][::-1])[::-1]
    place = np.searchsorted(first, vectors[:, 0], side="left")
    reached = np.append(best, np.iinfo(np.int64).min)[place]
    return np.asarray(vectors[:, 1] <= reached)


def _dominated_distinct(vectors: Vectors) -> NDArray[np.bool_]:
    """Compare all pairs; none are equal, so each vector is below itself only once."""
    below = (vectors[:, None] <= vectors[None]).all(axis=2)
    return np.asarray(below.sum(axis=1) > 1)
