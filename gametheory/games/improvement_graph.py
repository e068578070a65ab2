"""Who wants to go where: the graph of improving deviations, and potentials that rise along it.

On each line of joint actions that differ in one player's action, the player's payoffs sort these
into classes, and a hub stands between one class and the next: from every joint action of the lower
one an arc goes to the hub, and from there one to every joint action of the higher. A path through
a hub is a strict improvement, and all strict improvements are paths through hubs, with a number of
arcs in proportion to the number of joint actions instead of its pairs. Arcs in both directions
join those joint actions of a class that must have the same potential:

- ordinal: all;
- generalized ordinal: none;
- best-response: there are two classes, best responses and the rest; best responses are joined.

A potential has to rise at every hub and to be constant along joints, so there is none if some hub
lies on a cycle. If none does, strongly connected components consist of joined joint actions alone,
and the length of the longest path to a component, counted in hubs, is a potential. For ordinal
potentials this is the theorem of Voorneveld and Norde (1997), for generalized ordinal ones Lemma
2.5 of Monderer and Shapley (1996).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Levels", "improvement_levels"]

JointAction = tuple[int, ...]
Integers = NDArray[np.int64]


class Levels(NamedTuple):
    """What was found.

    Attributes
    ----------
    levels : ndarray of int64, shape (m_1, ..., m_n)
        The smallest potential of nonnegative integers; of shape (0,) if there is none.
    cycle : tuple of joint actions
        If there is none: joint actions, each of which differs from the next, and the last from the
        first, in one player's action, which that player does not lose by, and some player gains.
    """

    levels: Integers
    cycle: tuple[JointAction, ...] = ()


class _Graph(NamedTuple):
    n_cells: int
    n_nodes: int  # joint actions in C order, then hubs
    tails: Integers
    heads: Integers


def improvement_levels(payoffs: NDArray[Any], kind: str) -> Levels:
    """Find the smallest integer potential of an ordinal kind, or a cycle of improvements.

    Parameters
    ----------
    payoffs : ndarray, shape (n_players, m_1, ..., m_n)
        Exact; only their order matters.
    kind : {"ordinal", "generalized-ordinal", "best-response"}

    Examples
    --------
    >>> improvement_levels(np.array([[[3, 0], [5, 1]], [[3, 5], [0, 1]]]), "ordinal").levels
    array([[0, 1],
           [1, 2]])
    """
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    shape = payoffs.shape[1:]
    graph = _graph(payoffs, kind)
    arcs = csr_array(
        (np.ones(len(graph.tails), dtype=np.int8), (graph.tails, graph.heads)),
        shape=(graph.n_nodes, graph.n_nodes),
    )
    n_components, component = connected_components(arcs, directed=True, connection="strong")
    sizes = np.bincount(component, minlength=n_components)
    turning = np.flatnonzero(sizes[component[graph.n_cells :]] > 1)
    if len(turning):
        hub = graph.n_cells + int(turning[0])
        return Levels(np.empty(0, dtype=np.int64), _cycle(arcs, graph, component, hub, shape))
    levels = _longest_paths(
        n_components,
        component[graph.tails].astype(np.int64),
        component[graph.heads].astype(np.int64),
    )
    return Levels(levels[component[: graph.n_cells]].reshape(shape) // 2)


def _graph(payoffs: NDArray[Any], kind: str) -> _Graph:
    shape = payoffs.shape[1:]
    n_cells = int(np.prod(shape))
    cells = np.arange(n_cells).reshape(shape)
    tails, heads, n_nodes = [], [], n_cells
    for player, size in enumerate(shape):
        paid = np.moveaxis(payoffs[player], player, -1).reshape(-1, size)
        lines = np.moveaxis(cells, player, -1).reshape(-1, size)
        if kind == "best-response":
            paid = (paid == paid.max(axis=1, keepdims=True)).astype(np.int64)
        order = np.argsort(paid, axis=1, kind="stable")
        paid, lines = np.take_along_axis(paid, order, 1), np.take_along_axis(lines, order, 1)
        rises = np.zeros(paid.shape, dtype=np.int64)
        rises[:, 1:] = paid[:, 1:] != paid[:, :-1]
        classes = np.cumsum(rises, axis=1)
        above = np.cumsum(classes[:, -1]) - classes[:, -1]  # hubs of the lines before
        hubs = n_nodes - 1 + above[:, None] + classes  # the one below each class
        leaves, enters = classes < classes[:, -1:], classes > 0
        tails += [lines[leaves], hubs[enters]]
        heads += [hubs[leaves] + 1, lines[enters]]
        if kind != "generalized-ordinal":
            joined = rises[:, 1:] == 0
            if kind == "best-response":
                joined &= paid[:, 1:] == 1
            tails += [lines[:, :-1][joined], lines[:, 1:][joined]]
            heads += [lines[:, 1:][joined], lines[:, :-1][joined]]
        n_nodes += int(classes[:, -1].sum())
    return _Graph(n_cells, n_nodes, np.concatenate(tails), np.concatenate(heads))


def _longest_paths(n: int, tails: Integers, heads: Integers) -> Integers:
    """Return the length of the longest path to each node of a graph that has no cycle but loops."""
    between = tails != heads
    tails, heads = tails[between], heads[between]
    order = np.argsort(tails, kind="stable")
    tails, heads = tails[order], heads[order]
    starts = np.searchsorted(tails, np.arange(n + 1))
    waiting = np.bincount(heads, minlength=n)
    levels = np.zeros(n, dtype=np.int64)
    layer, level = np.flatnonzero(waiting == 0), 0
    while len(layer):
        levels[layer] = level
        counts = starts[layer + 1] - starts[layer]
        offsets = np.repeat(starts[layer] - np.cumsum(counts) + counts, counts)
        reached, times = np.unique(heads[offsets + np.arange(counts.sum())], return_counts=True)
        waiting[reached] -= times
        layer, level = reached[waiting[reached] == 0], level + 1
    return levels


def _cycle(
    arcs: Any, graph: _Graph, component: NDArray[Any], hub: int, shape: tuple[int, ...]
) -> tuple[JointAction, ...]:
    """Go from a hub back to itself by a shortest path, and leave out what a single step skips."""
    from scipy.sparse.csgraph import breadth_first_order

    _, before = breadth_first_order(arcs, hub, directed=True)
    entering = graph.tails[graph.heads == hub]
    last = next(int(cell) for cell in entering if component[cell] == component[hub])
    path = [last]
    while before[path[-1]] != hub:
        path.append(int(before[path[-1]]))
    cells = np.array([node for node in reversed(path) if node < graph.n_cells])
    cycle = [tuple(joint) for joint in np.stack(np.unravel_index(cells, shape), axis=1).tolist()]
    k = 0
    while k < len(cycle):
        ahead, behind = cycle[(k + 1) % len(cycle)], cycle[k - 1]
        if _changed(behind, cycle[k]) == _changed(cycle[k], ahead):
            del cycle[k]
            k = max(k - 1, 0)
        else:
            k += 1
    return tuple(cycle)


def _changed(one: JointAction, other: JointAction) -> int:
    """Return whose action differs."""
    return next(i for i, (a, b) in enumerate(zip(one, other, strict=True)) if a != b)
