"""A game as a graph of states, and its unrolling into the tree of histories.

Every way to write a game down ends here: a hand-built tree, a simulator, an extracted
environment. States reached by several histories are kept once; :func:`unroll` counts out the
histories level by level with array operations and groups them into information sets.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from gametheory.errors import InvalidGame, UnsupportedGame
from gametheory.games.extensive_form import CHANCE, TERMINAL, ExtensiveFormGame
from gametheory.games.frozen import FrozenArrays, freeze

__all__ = ["StateGraph", "unroll"]

Ints = NDArray[np.int64]


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
    edge_probability : tuple of Fraction or float, or None per edge
        Chance probabilities; None on the edges of players.
    payoffs : sequence, one entry a state
        The payoffs (n_players,) of a terminal state, None elsewhere.
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
    edge_probability: Sequence[Fraction | float | None]
    payoffs: Sequence[Any]
    action_labels: tuple[str, ...]
    observation_labels: tuple[str, ...]
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


class _Infosets:
    """Numbers one player's information sets and sequences in the order they appear."""

    def __init__(self) -> None:
        self.index: dict[tuple[int, ...], int] = {}
        self.first_sequence: list[int] = []
        self.parent: list[int] = []
        self.n_actions: list[int] = []
        self.observation: list[int] = []
        self.first_state: list[int] = []
        self.n_sequences = 1  # the empty sequence is 0

    def add(self, key: tuple[int, ...], parent: int, observation: int, state: int, n: int) -> int:
        number = len(self.first_sequence)
        self.index[key] = number
        self.parent.append(parent)
        self.observation.append(observation)
        self.first_state.append(state)
        self.n_actions.append(n)
        self.first_sequence.append(self.n_sequences)
        self.n_sequences += n
        return number


@dataclass
class _Level:
    """The histories of one length."""

    state: Ints
    last_sequence: Ints  # (n_players, n_histories)
    label: Ints  # label of the edge that led here
    probability_edge: Ints  # the chance edge that led here, -1 for a player's
    infoset: Ints
    n_children: Ints


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
    Cost: a few array operations a level and one dictionary look-up for each information set of
    a level; about 2 microseconds a history.
    """
    infosets = tuple(_Infosets() for _ in graph.players)
    levels: list[_Level] = []
    level = _Level(
        state=np.zeros(1, np.int64),
        last_sequence=np.zeros((len(graph.players), 1), np.int64),
        label=np.full(1, -1),
        probability_edge=np.full(1, -1),
        infoset=np.empty(0, np.int64),
        n_children=np.empty(0, np.int64),
    )
    n_histories = 0
    while level.state.size:
        n_histories += level.state.size
        if n_histories > max_histories:
            raise UnsupportedGame(
                f"the game has more than {max_histories:,} histories",
                where=f"{n_histories:,} within the first {len(levels)} actions",
                hint="shorten the game, or raise max_histories if memory allows "
                "(about 150 bytes a history)",
            )
        level.infoset = _group(graph, level, infosets)
        level.n_children = (graph.first_edge[level.state + 1]) - graph.first_edge[level.state]
        levels.append(level)
        level = _next_level(graph, level, infosets)
    return _assemble(graph, levels, infosets)


def _group(graph: StateGraph, level: _Level, infosets: tuple[_Infosets, ...]) -> Ints:
    """Give each history of a level the information set of the player to act."""
    infoset = np.full(level.state.size, -1)
    mover = graph.player[level.state]
    for player, known in enumerate(infosets):
        here = np.flatnonzero(mover == player)
        if not here.size:
            continue
        state = level.state[here]
        keys = np.stack([level.last_sequence[player, here], graph.observation[state]])
        _, first, inverse = np.unique(
            keys[0] * (len(graph.observation_labels) + 1) + keys[1],
            return_index=True,
            return_inverse=True,
        )
        number = np.empty(first.size, np.int64)
        for group in np.argsort(first).tolist():  # number in order of appearance
            at = first[group]
            parent, seen = int(keys[0, at]), int(keys[1, at])
            key = (parent, seen) if graph.recall == "refine" else (seen,)
            found = known.index.get(key)
            if found is None:
                root = int(state[at])
                degree = int(graph.first_edge[root + 1] - graph.first_edge[root])
                found = known.add(key, parent, seen, root, degree)
            elif known.parent[found] != parent:
                raise InvalidGame(
                    f"player {graph.players[player]!r} forgets what it knew or did",
                    where=f"information set {graph.observation_labels[seen]!r}",
                    valid="perfect recall: every history of an information set holds the same "
                    "earlier information sets and own actions of the player",
                    hint="give the histories different information sets",
                )
            number[group] = found
        infoset[here] = number[inverse]
        _check_same_actions(graph, state, infoset[here], known)
    return infoset


def _check_same_actions(graph: StateGraph, state: Ints, infoset: Ints, known: _Infosets) -> None:
    """Refuse information sets whose histories offer different actions."""
    reference = np.array(known.first_state)[infoset]
    suspects = np.flatnonzero(state != reference)
    pairs = np.unique(np.stack([state[suspects], reference[suspects]], axis=1), axis=0)
    for one, other in pairs.tolist():
        labels = [
            graph.edge_label[graph.first_edge[s] : graph.first_edge[s + 1]] for s in (one, other)
        ]
        if not np.array_equal(labels[0], labels[1]):
            names = [[graph.action_labels[label] for label in row] for row in labels]
            raise InvalidGame(
                f"histories of one information set offer different actions {names[1]} and "
                f"{names[0]}",
                where=f"information set {graph.observation_labels[graph.observation[one]]!r}",
                valid="the same actions in the same order",
                hint="split the information set or align the actions",
            )


def _next_level(graph: StateGraph, level: _Level, infosets: tuple[_Infosets, ...]) -> _Level:
    """Extend every history of a level by every action."""
    parent = np.repeat(np.arange(level.state.size), level.n_children)
    first_child = np.cumsum(level.n_children) - level.n_children
    rank = np.arange(parent.size) - first_child[parent]
    edge = graph.first_edge[level.state[parent]] + rank
    mover = graph.player[level.state][parent]
    last_sequence = level.last_sequence[:, parent]
    for player, known in enumerate(infosets):
        own = np.flatnonzero(mover == player)
        first = np.array(known.first_sequence, np.int64)
        last_sequence[player, own] = first[level.infoset[parent[own]]] + rank[own]
    return _Level(
        state=graph.edge_target[edge],
        last_sequence=last_sequence,
        label=graph.edge_label[edge],
        probability_edge=np.where(mover == CHANCE, edge, -1),
        infoset=np.empty(0, np.int64),
        n_children=np.empty(0, np.int64),
    )


def _assemble(
    graph: StateGraph, levels: list[_Level], infosets: tuple[_Infosets, ...]
) -> ExtensiveFormGame:
    """Put the levels one behind the other."""
    state = np.concatenate([level.state for level in levels])
    player = graph.player[state]
    local = np.concatenate([level.infoset for level in levels])
    offset = np.cumsum([0] + [len(known.parent) for known in infosets])
    terminal_state = state[player == TERMINAL]
    used, which = np.unique(terminal_state, return_inverse=True)
    payoffs = np.array([graph.payoffs[s] for s in used.tolist()], dtype=object)
    edges = np.concatenate([level.probability_edge for level in levels])
    return ExtensiveFormGame(
        players=graph.players,
        title=graph.title,
        node_player=player,
        node_infoset=np.where(player >= 0, local + offset[np.maximum(player, 0)], -1),
        n_children=np.concatenate([level.n_children for level in levels]),
        node_label=np.concatenate([level.label for level in levels]),
        chance_probabilities=[graph.edge_probability[e] for e in edges[edges >= 0].tolist()],
        terminal_payoffs=payoffs[which].T.reshape(len(graph.players), -1),
        level_sizes=np.array([level.state.size for level in levels]),
        infoset_observation=np.concatenate(
            [np.array(known.observation, np.int64) for known in infosets]
        ),
        action_labels=graph.action_labels,
        observation_labels=graph.observation_labels,
        unique_observations=graph.recall == "check",
    )
