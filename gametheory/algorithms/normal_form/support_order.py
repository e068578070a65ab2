"""The order in which support sizes are tried."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

__all__ = ["support_sizes"]


def support_sizes(n_actions: Sequence[int]) -> list[tuple[int, ...]]:
    """List all vectors of support sizes: small ones first, and balanced ones first among equals.

    Parameters
    ----------
    n_actions : sequence of int
        Each player's number of actions.

    Notes
    -----
    Porter, Nudelman and Shoham (2008), "Simple search methods for finding a Nash equilibrium",
    Games and Economic Behavior 63, the order for more than two players: by the sum, then by the
    difference between the largest and the smallest.

    Examples
    --------
    >>> support_sizes((2, 1, 3))
    [(1, 1, 1), (1, 1, 2), (2, 1, 1), (2, 1, 2), (1, 1, 3), (2, 1, 3)]
    """
    return sorted(
        product(*(range(1, m + 1) for m in n_actions)),
        key=lambda size: (sum(size), max(size) - min(size)),
    )
