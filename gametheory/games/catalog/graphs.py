"""Undirected graphs by name: who is whose neighbor."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import combinations
from typing import Any

from gametheory.games.catalog.draws import Draws
from gametheory.games.catalog.parameters import require

__all__ = ["GRAPHS", "edges"]

GRAPHS = ("complete", "grid", "path", "random", "ring", "star")


def edges(graph: Any, n_nodes: int, draws: Draws) -> tuple[tuple[int, int], ...]:
    """Return the edges (i, j), i < j, in order.

    Parameters
    ----------
    graph : {"complete", "grid", "path", "random", "ring", "star"}
        A grid has as many columns as the rounded-up root of the number of nodes, and is filled
        row by row; a star has its center at 0; a random graph has every edge with probability
        one half.
    n_nodes : int
    draws : Draws
        Used by the random graph only.

    Raises
    ------
    InvalidGame
        There is no such graph.

    Examples
    --------
    >>> edges("ring", 4, Draws(0)), edges("grid", 4, Draws(0))
    (((0, 1), (0, 3), (1, 2), (2, 3)), ((0, 1), (0, 2), (1, 3), (2, 3)))
    """
    require(graph in GRAPHS, f"graph is {graph!r}", "graph", f"one of {', '.join(GRAPHS)}")
    pairs = list(combinations(range(n_nodes), 2))
    if graph == "random":
        heads = draws.integers(0, 1, (len(pairs),)).tolist()
        return tuple(pair for pair, head in zip(pairs, heads, strict=True) if head)
    columns = math.isqrt(max(n_nodes - 1, 0)) + 1
    joined: Callable[[int, int], bool] = {
        "complete": lambda i, j: True,
        "path": lambda i, j: j == i + 1,
        "ring": lambda i, j: j == i + 1 or (i, j) == (0, n_nodes - 1),
        "star": lambda i, j: i == 0,
        "grid": lambda i, j: j == i + columns or (j == i + 1 and j % columns != 0),
    }[graph]
    return tuple(pair for pair in pairs if joined(*pair))
