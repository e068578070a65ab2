"""Where the histories of a tree are drawn: columns from left to right, no two in one place.

1. Histories of one information set belong into one column, so each is as many columns to the
   right as the longest way there in the graph in which information sets are single points. Where
   that graph has a cycle (players who cannot agree on what came first) columns are depths.
2. Every terminal history has a row of its own; a node stands midway between its first and its
   last child. An edge fans out at once and then runs along its child's row, where nothing else is.
3. Information sets that interleave in a column are joined by lines in lanes beside the nodes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from gametheory.games.extensive_form import ExtensiveFormGame

__all__ = ["TreeLayout", "tree_layout"]


@dataclass(frozen=True, slots=True)
class TreeLayout:
    """The places of a tree's histories, in columns and rows.

    Attributes
    ----------
    column : ndarray of int, shape (n_nodes,)
        0 for the root; larger for every child than for its parent.
    row : ndarray of float64, shape (n_nodes,)
        From 0 on; terminal histories have the whole numbers.
    links : tuple of tuple of int
        For each information set of several histories these, from top to bottom; else empty.
    lane : tuple of int
        For each information set: 0 where a straight line joins its histories without meeting
        others, else the number of the lane, from 1 on, beside the column.
    """

    column: NDArray[np.int64]
    row: NDArray[np.float64]
    links: tuple[tuple[int, ...], ...]
    lane: tuple[int, ...]


def tree_layout(game: ExtensiveFormGame) -> TreeLayout:
    """Find a place for every history.

    Cost: linear in the histories, but for the lanes, where each information set meets those that
    overlap with it.

    Examples
    --------
    >>> from gametheory.games.catalog import load
    >>> places = tree_layout(load("matching_pennies_tree"))
    >>> places.column.tolist(), places.row.tolist()
    ([0, 1, 1, 2, 2, 2, 2], [1.5, 0.5, 2.5, 0.0, 1.0, 2.0, 3.0])
    >>> places.links, places.lane
    (((), (1, 2)), (0, 0))
    """
    column, row = _columns(game), _rows(game)
    links = []
    for infoset in range(game.infoset_player.size):
        nodes = game.infoset_nodes(infoset).tolist()
        links.append(tuple(sorted(nodes, key=row.__getitem__)) if len(nodes) > 1 else ())
    return TreeLayout(column, row, tuple(links), _lanes(links, column, row))


def _columns(game: ExtensiveFormGame) -> NDArray[np.int64]:
    """Longest way to each history, information sets taken as points; or the depth."""
    n = game.n_nodes
    n_infosets = game.infoset_player.size
    point = np.where(game.node_infoset >= 0, game.node_infoset, n_infosets + np.arange(n))
    after: dict[int, set[int]] = defaultdict(set)
    waiting = np.zeros(n_infosets + n, dtype=np.int64)
    for child, parent in enumerate(game.parent.tolist()):
        if parent >= 0 and int(point[child]) not in after[int(point[parent])]:
            after[int(point[parent])].add(int(point[child]))
            waiting[point[child]] += 1
    longest = np.zeros(n_infosets + n, dtype=np.int64)
    ready, reached = [int(point[0])] if not waiting[point[0]] else [], 0
    while ready:
        here = ready.pop()
        reached += 1
        for there in after[here]:
            longest[there] = max(longest[there], longest[here] + 1)
            waiting[there] -= 1
            if not waiting[there]:
                ready.append(there)
    if reached == np.unique(point).size:
        return longest[point]
    depth: NDArray[np.int64] = np.searchsorted(game.level_offsets, np.arange(n), side="right") - 1
    return depth


def _rows(game: ExtensiveFormGame) -> NDArray[np.float64]:
    """Terminal histories in the order of play from top to bottom; parents amid their children."""
    n, parent = game.n_nodes, game.parent.tolist()
    first, size = game.first_child.tolist(), game.n_children.tolist()
    leaves = [int(not k) for k in size]
    for node in range(n - 1, 0, -1):  # children come after their parents
        leaves[parent[node]] += leaves[node]
    top = [0] * n
    for node in range(n):
        at = top[node]
        for child in range(first[node], first[node] + size[node]):
            top[child] = at
            at += leaves[child]
    row = np.array(top, dtype=np.float64)
    for node in range(n - 1, -1, -1):
        if size[node]:
            row[node] = (row[first[node]] + row[first[node] + size[node] - 1]) / 2
    return row


def _lanes(
    links: Sequence[tuple[int, ...]], column: NDArray[np.int64], row: NDArray[np.float64]
) -> tuple[int, ...]:
    """Give information sets of one column that overlap different lanes."""
    in_column = {int(c): np.sort(row[column == c]) for c in np.unique(column)}
    lane = [0] * len(links)
    taken: dict[int, list[list[tuple[float, float]]]] = defaultdict(list)
    order = [k for k, nodes in enumerate(links) if nodes]
    for k in sorted(order, key=lambda k: (row[links[k][0]], k)):
        low, high = float(row[links[k][0]]), float(row[links[k][-1]])
        where = {int(column[node]) for node in links[k]}
        if len(where) > 1:
            continue  # its line runs from column to column
        rows = in_column[where.pop()]
        between = np.searchsorted(rows, high, "right") - np.searchsorted(rows, low, "left")
        if between == len(links[k]):
            continue
        lanes = taken[int(column[links[k][0]])]
        free = (i for i, held in enumerate(lanes) if all(end < low for _, end in held))
        chosen = next(free, len(lanes))
        if chosen == len(lanes):
            lanes.append([])
        lanes[chosen].append((low, high))
        lane[k] = chosen + 1
    return tuple(lane)
