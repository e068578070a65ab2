"""A game as a graph of states, and its unrolling into the tree of histories.

Every way to write a game down ends here: a hand-built tree, a simulator, an extracted
environment. States reached by several histories are kept once; :func:`unroll` counts out the
histories level by level with array operations and groups them into information sets.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gametheory.errors import InvalidGame, UnsupportedGame
from gametheory.games.extensive_form import CHANCE, TERMINAL, ExtensiveFormGame
from gametheory.games.frozen import FrozenArrays, freeze
from gametheory.games.own_choices import chain_depths, last_choices, ranges

__all__ = ["StateGraph", "unroll"]

Ints = NDArray[Any]


@dataclass(frozen=True, eq=False)
class StateGraph(FrozenArrays):
    """A finite game whose states may be reached by several histories.

    State 0 is the root. The edges of state ``s`` are ``first_edge[s] .. first_edge[s + 1]``.

    Attributes
    ----------
    players : tuple of str
    title : str
    player : ndarray of int64, shape (n_states,)
        The player to act, CHANCE or TERMINAL.
    observation : ndarray of int64, shape (n_states,)
        What the player to act is shown, an index into ``observation_labels``; -1 elsewhere.
    first_edge : ndarray of int64, shape (n_states + 1,)
    edge_target, edge_label : ndarray of int64, shape (n_edges,)
        The next state and the action's index in ``action_labels``.
    edge_probability : sequence of Fraction or float, or ndarray, one entry an edge
        Chance probabilities; anything on the edges of players.
    payoffs : sequence or ndarray, one entry a state
        The payoffs (n_players,) of a terminal state, anything elsewhere.
    recall : {"check", "refine"}
        What an observation is. "check": all the player knows; an information set is an
        observation, and a game without perfect recall is refused. "refine": only what it is
        shown now; an information set is the player's own sequence of observations and actions.
    """

    players: tuple[str, ...]
    title: str
    player: Ints
    observation: Ints
    first_edge: Ints
    edge_target: Ints
    edge_label: Ints
    edge_probability: Sequence[Fraction | float | None] | NDArray[Any]
    payoffs: Sequence[Any] | NDArray[Any]
    action_labels: Sequence[str]
    observation_labels: Sequence[str]
    recall: Literal["check", "refine"]

    def __post_init__(self) -> None:
        freeze(self.__dict__)

    @property
    def n_states(self) -> int:
        """Number of distinct states."""
        return len(self.player)

    @property
    def n_edges(self) -> int:
        """Number of edges."""
        return len(self.edge_target)


def unroll(graph: StateGraph, *, max_histories: int = 5_000_000) -> ExtensiveFormGame:
    """Unroll a graph of states into the tree of its histories.

    Parameters
    ----------
    graph : StateGraph
    max_histories : int
        Refuse games with more histories (nodes) than this.

    Returns
    -------
    ExtensiveFormGame
        Nodes in level order, children of a node side by side.

    Raises
    ------
    InvalidGame
        If histories of one information set offer different actions, or recall is imperfect.
    UnsupportedGame
        If there are more than ``max_histories`` histories.

    Notes
    -----
    Cost: a few array operations a level, and as many for the whole tree; about half a microsecond
    a history.
    """
    tree = _expand(graph, max_histories)
    sets = [_group(graph, tree, player) for player in range(len(graph.players))]
    infoset = np.full(tree.state.size, -1, np.int32)
    offset = 0
    for found in sets:
        infoset[found.nodes] = found.infoset + offset
        offset += len(found.first)
    terminals = tree.state[tree.player == TERMINAL]
    outcomes, which = np.unique(terminals, return_inverse=True)
    chance_edges = tree.edge[1:][tree.player[tree.parent[1:]] == CHANCE]
    return ExtensiveFormGame(
        players=graph.players,
        title=graph.title,
        node_player=tree.player,
        node_infoset=infoset,
        n_children=tree.n_children,
        node_label=np.append(np.int32(-1), graph.edge_label[tree.edge[1:]].astype(np.int32)),
        chance_probabilities=_entries(graph.edge_probability, chance_edges),
        terminal_payoffs=_payoff_rows(graph, outcomes)[which].T,
        level_sizes=tree.level_sizes,
        infoset_observation=np.concatenate([found.observation for found in sets]),
        action_labels=graph.action_labels,
        observation_labels=graph.observation_labels,
        unique_observations=graph.recall == "check",
    )


class _Tree(NamedTuple):
    """The histories in level order: state, edge that led there, mover, parent and children."""

    state: Ints
    edge: Ints
    player: Ints
    parent: Ints
    n_children: Ints
    first_child: Ints
    level_sizes: Ints


def _expand(graph: StateGraph, max_histories: int) -> _Tree:
    """Extend every history by every action, level by level."""
    degree = np.diff(graph.first_edge)
    state, edge = np.zeros(1, np.int64), np.full(1, -1)
    states: list[Ints] = []
    edges: list[Ints] = []
    n_histories = 0
    while state.size:
        n_histories += state.size
        if n_histories > max_histories:
            raise UnsupportedGame(
                f"the game has more than {max_histories:,} histories",
                where=f"{n_histories:,} within the first {len(states)} actions",
                hint="shorten the game, or raise max_histories if memory allows "
                "(about 150 bytes a history)",
            )
        states.append(state)
        edges.append(edge)
        edge = ranges(graph.first_edge[state], degree[state])
        state = graph.edge_target[edge]
    all_states = np.concatenate(states).astype(np.int32)
    counts = degree[all_states].astype(np.int32)
    parent = np.repeat(np.arange(counts.size, dtype=np.int32), counts)
    return _Tree(
        state=all_states,
        edge=np.concatenate(edges).astype(np.int32),
        player=graph.player[all_states].astype(np.int16),
        parent=np.append(np.int32(-1), parent),
        n_children=counts,
        first_child=(1 + np.cumsum(counts) - counts).astype(np.int32),
        level_sizes=np.array([level.size for level in states]),
    )


class _Sets(NamedTuple):
    """One player's information sets, numbered in order of appearance.

    Attributes
    ----------
    nodes : ndarray of int, shape (k,)
        The player's histories, in level order.
    infoset : ndarray of int, shape (k,)
        Each one's information set.
    first : ndarray of int
        Where in ``nodes`` each information set appears first.
    observation : ndarray of int
        What the player is shown there.
    """

    nodes: Ints
    infoset: Ints
    first: Ints
    observation: Ints


def _group(graph: StateGraph, tree: _Tree, player: int) -> _Sets:
    """Tell one player's information sets, and check them."""
    nodes = np.flatnonzero(tree.player == player)
    seen = graph.observation[tree.state[nodes]]
    choices = last_choices(tree.parent, tree.player[tree.parent], player)[nodes]
    keys = _refined(tree, nodes, seen, choices) if graph.recall == "refine" else seen
    _, first, infoset = np.unique(keys, return_index=True, return_inverse=True)
    order = np.argsort(first)
    place = np.empty_like(order)
    place[order] = np.arange(order.size)
    found = _Sets(nodes, place[infoset], first[order], seen[first[order]])
    _check_same_actions(graph, tree, found)
    if graph.recall == "check":
        _check_recall(graph, tree, found, choices)
    return found


def _refined(tree: _Tree, nodes: Ints, seen: Ints, choices: Ints) -> Ints:
    """Give a number to each of a player's own sequences of observations and actions."""
    above = np.searchsorted(nodes, tree.parent[choices])
    above[choices == 0] = -1
    rank = choices - tree.first_child[tree.parent[choices]]
    keys = np.empty(nodes.size, np.int64)
    depth = chain_depths(above)
    order = np.argsort(depth, kind="stable")
    base, n_keys = int(rank.max(initial=0)) + 1, 0
    for group in np.split(order, np.cumsum(np.bincount(depth))[:-1]):
        before = np.where(above[group] < 0, -1, keys[above[group]]) * base + rank[group]
        pairs = np.stack([np.where(above[group] < 0, -1, before), seen[group]])
        _, number = np.unique(pairs, axis=1, return_inverse=True)
        keys[group] = n_keys + number.ravel()
        n_keys += int(number.max(initial=-1)) + 1
    return keys


def _check_same_actions(graph: StateGraph, tree: _Tree, found: _Sets) -> None:
    """Refuse information sets whose histories offer different actions."""
    one = tree.state[found.nodes]
    other = one[found.first][found.infoset]
    different = one != other
    one, other = one[different], other[different]
    counts = graph.first_edge[one + 1] - graph.first_edge[one]
    alike = counts == graph.first_edge[other + 1] - graph.first_edge[other]
    edges = [ranges(graph.first_edge[s[alike]], counts[alike]) for s in (one, other)]
    unequal = graph.edge_label[edges[0]] != graph.edge_label[edges[1]]
    wrong = np.flatnonzero(~alike)
    if unequal.any():
        first_unequal = np.repeat(np.flatnonzero(alike), counts[alike])[unequal][0]
        wrong = np.append(wrong, first_unequal)
    if wrong.size:
        here, there = int(one[wrong[0]]), int(other[wrong[0]])
        names = [
            [
                graph.action_labels[label]
                for label in graph.edge_label[graph.first_edge[s] : graph.first_edge[s + 1]]
            ]
            for s in (there, here)
        ]
        raise InvalidGame(
            f"histories of one information set offer different actions {names[0]} and {names[1]}",
            where=f"information set {graph.observation_labels[graph.observation[here]]!r}",
            valid="the same actions in the same order",
            hint="split the information set or align the actions",
        )


def _check_recall(graph: StateGraph, tree: _Tree, found: _Sets, choices: Ints) -> None:
    """Refuse information sets that lie behind different choices of their own player."""
    infoset = np.full(tree.state.size, -1)
    infoset[found.nodes] = found.infoset
    above = tree.parent[choices]
    pasts = infoset[above] * (int(tree.n_children.max()) + 1) + choices - tree.first_child[above]
    pasts[choices == 0] = -1
    wrong = np.flatnonzero(pasts != pasts[found.first][found.infoset])
    if not wrong.size:
        return
    forgetful = int(wrong[0])
    node, here = int(found.nodes[forgetful]), int(found.infoset[forgetful])
    where = f"information set {graph.observation_labels[found.observation[here]]!r}"
    who = graph.players[int(tree.player[node])]
    while node and infoset[tree.parent[node]] != here:
        node = int(tree.parent[node])
    if node:
        raise InvalidGame(
            f"player {who!r} is absent-minded: it can pass twice through the same information set",
            where=where,
            valid="at most one history of an information set on any way through the game",
            hint="give the later history an information set of its own",
        )
    raise InvalidGame(
        f"player {who!r} forgets what it knew or did",
        where=where,
        valid="perfect recall: every history of an information set holds the same "
        "earlier information sets and own actions of the player",
        hint="give the histories different information sets",
    )


def _entries(numbers: Any, chosen: Ints) -> NDArray[Any]:
    """Pick some entries of an array, or of a sequence that is to become one of objects."""
    if isinstance(numbers, np.ndarray):
        return numbers[chosen]
    different, which = np.unique(chosen, return_inverse=True)
    table = np.empty(different.size, dtype=object)
    table[:] = [numbers[i] for i in different.tolist()]
    return table[which]


def _payoff_rows(graph: StateGraph, states: Ints) -> NDArray[Any]:
    """Payoffs of some terminal states, as floats where these are exactly what was given."""
    if isinstance(graph.payoffs, np.ndarray):
        rows = graph.payoffs[states]
    else:
        rows = np.empty((states.size, len(graph.players)), dtype=object)
        rows[:] = [graph.payoffs[s] for s in states.tolist()]
    floats = rows.astype(np.float64)
    return floats if (floats == rows).all() else rows
