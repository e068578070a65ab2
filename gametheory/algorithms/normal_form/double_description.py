"""Extreme rays of a polyhedral cone, in integers: the double description method.

Motzkin, Raiffa, Thompson and Thrall (1953), "The double description method", in Contributions to
the Theory of Games II. Begin with the nonnegative orthant and its unit vectors; each inequality
keeps the rays on its good side and adds one ray where it cuts the edge between two neighbors.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence
from itertools import product
from typing import NamedTuple

__all__ = ["extreme_rays"]

_COMPARISONS_A_HEARTBEAT = 100_000  # about 10 ms


class _Ray(NamedTuple):
    entries: tuple[int, ...]
    tight: int  # one bit for each constraint met with equality


def extreme_rays(
    equations: Sequence[Sequence[int]], inequalities: Sequence[Sequence[int]], size: int
) -> Generator[None, None, list[tuple[int, ...]]]:
    """Find the extreme rays of ``{y >= 0 : E y = 0, C y <= 0}``.

    Parameters
    ----------
    equations, inequalities : sequence of sequences of int
        The rows of E and C, each of length ``size``.
    size : int
        Number of variables.

    Yields
    ------
    None
        Often, so that the caller can look at the clock.

    Returns
    -------
    list of tuple of int
        Each extreme ray once, without common factors, in decreasing lexicographic order.

    Notes
    -----
    Exact for every input, degenerate ones included. The rays in between may be many more than
    those of the result; two rays are compared with all others to see whether they are neighbors.

    Examples
    --------
    >>> search = extreme_rays([], [[1, -1, 0]], 3)
    >>> try:
    ...     while True:
    ...         next(search)
    ... except StopIteration as end:
    ...     end.value
    [(1, 1, 0), (0, 1, 0), (0, 0, 1)]
    """
    everything = (1 << size) - 1
    rays = [
        _Ray(tuple(int(k == j) for k in range(size)), everything & ~(1 << j)) for j in range(size)
    ]
    for number, constraint in enumerate([*equations, *inequalities]):
        rays = yield from _cut(rays, constraint, 1 << (size + number), number < len(equations))
    return sorted((ray.entries for ray in rays), reverse=True)


def _cut(
    rays: list[_Ray], constraint: Sequence[int], bit: int, equation: bool
) -> Generator[None, None, list[_Ray]]:
    """Intersect the cone of ``rays`` with one half-space, or hyperplane."""
    values = [sum(a * y for a, y in zip(constraint, ray.entries, strict=True)) for ray in rays]
    above = [(ray, value) for ray, value in zip(rays, values, strict=True) if value > 0]
    below = [(ray, value) for ray, value in zip(rays, values, strict=True) if value < 0]
    kept = [
        _Ray(ray.entries, ray.tight | bit)
        for ray, value in zip(rays, values, strict=True)
        if value == 0
    ]
    if not equation:
        kept += [ray for ray, _ in below]
    fewest = len(constraint) - 2  # neighbors span a plane: so many constraints hold on it
    compared = 0
    for (high, excess), (low, deficit) in product(above, below):
        compared += 1
        common = high.tight & low.tight
        if common.bit_count() >= fewest:
            compared += len(rays)
            if _are_neighbors(rays, high, low, common):
                kept.append(_Ray(_combine(high, low, excess, deficit), common | bit))
        if compared > _COMPARISONS_A_HEARTBEAT:
            compared = 0
            yield None
    yield None
    return kept


def _are_neighbors(rays: list[_Ray], first: _Ray, second: _Ray, common: int) -> bool:
    """Whether no third ray lies on every facet that the two share."""
    return not any(
        ray.tight & common == common for ray in rays if ray is not first and ray is not second
    )


def _combine(high: _Ray, low: _Ray, excess: int, deficit: int) -> tuple[int, ...]:
    mixed = [excess * y - deficit * z for y, z in zip(low.entries, high.entries, strict=True)]
    divisor = math.gcd(*mixed)
    return tuple(y // divisor for y in mixed)
