"""Finite games in extensive form, as flat arrays in level order."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gametheory.games.exact_array import widest_range
from gametheory.games.frozen import FrozenArrays, array_bytes
from gametheory.games.information_sets import InformationSet, InformationSets

if TYPE_CHECKING:
    from gametheory.games.behavior_profile import BehaviorProfile
    from gametheory.games.game_state import GameState
    from gametheory.games.sequence_form import SequenceForm

__all__ = ["CHANCE", "TERMINAL", "ExtensiveFormGame", "InformationSet"]

CHANCE = -1
TERMINAL = -2


def _frozen(array: NDArray[Any]) -> NDArray[Any]:
    array.setflags(write=False)
    return array


def _index_type(largest: int) -> Any:
    """Four bytes an index as long as that is enough."""
    return np.int32 if largest < 2**31 - 1 else np.int64


class ExtensiveFormGame(FrozenArrays):
    """A finite game of perfect recall, immutable.

    People build one with :class:`~gametheory.games.game_tree.GameTree`, programs with
    :meth:`from_state` or :meth:`from_arrays`; this constructor takes arrays that were checked.
    Memory: about 30 bytes a history, and for each terminal one and player 8, as much again for
    the sequence form (:attr:`nbytes`).

    Parameters
    ----------
    players : tuple of str
    title : str
    node_player : ndarray of int, shape (n_nodes,)
        The player to act, CHANCE (-1) or TERMINAL (-2). Nodes are in level order: the root
        first, then every child of a level, parents in order, each one's children side by side.
    node_infoset : ndarray of int, shape (n_nodes,)
        Information set of a decision node, -1 elsewhere. Numbered player by player, within a
        player in order of first appearance.
    n_children : ndarray of int, shape (n_nodes,)
    node_label : ndarray of int, shape (n_nodes,)
        Index into ``action_labels`` of the action that leads to the node, -1 for the root.
    chance_probabilities : ndarray of Fraction or float, shape (n_chance_children,)
        One for each child of a chance node, in node order. Those of one node sum to one.
    terminal_payoffs : ndarray, shape (n_players, n_terminals)
        Payoffs at the terminal nodes, in node order; Fractions, ints or floats.
    level_sizes : ndarray of int, shape (n_levels,)
    infoset_observation : ndarray of int, shape (n_infosets,)
        What the player is shown there, an index into ``observation_labels``.
    action_labels, observation_labels : sequence of str
    unique_observations : bool
        True when an observation identifies its information set.
    """

    def __init__(
        self,
        *,
        players: tuple[str, ...],
        title: str,
        node_player: NDArray[Any],
        node_infoset: NDArray[Any],
        n_children: NDArray[Any],
        node_label: NDArray[Any],
        chance_probabilities: NDArray[Any],
        terminal_payoffs: NDArray[Any],
        level_sizes: NDArray[np.int64],
        infoset_observation: NDArray[np.int64],
        action_labels: Sequence[str],
        observation_labels: Sequence[str],
        unique_observations: bool,
    ) -> None:
        self.players = players
        self.title = title
        self.node_player = _frozen(node_player)
        self.node_infoset = _frozen(node_infoset)
        self.n_children = _frozen(n_children)
        self.node_label = _frozen(node_label)
        self.infoset_observation = _frozen(infoset_observation)
        self.action_labels = action_labels
        self.observation_labels = observation_labels
        self.unique_observations = unique_observations
        self.level_offsets = _frozen(np.concatenate([[0], np.cumsum(level_sizes)]))
        size = _index_type(node_player.size)
        self.first_child = _frozen((1 + np.cumsum(n_children) - n_children).astype(size))
        parents = np.repeat(np.arange(node_player.size, dtype=size), n_children)
        self.parent = _frozen(np.append(size(-1), parents))
        self.terminals = _frozen(np.flatnonzero(node_player == TERMINAL).astype(size))
        self.terminal_payoffs = _frozen(np.ascontiguousarray(terminal_payoffs, dtype=np.float64))
        is_rounded = terminal_payoffs.dtype != np.float64 and not bool(
            (self.terminal_payoffs == terminal_payoffs).all()
        )
        self._given_payoffs = _frozen(terminal_payoffs) if is_rounded else None
        self.chance_children = _frozen(np.flatnonzero(self._under(CHANCE)).astype(size))
        self._given_probabilities = _frozen(np.asarray(chance_probabilities))
        self._set_infosets()

    def _under(self, player: int) -> NDArray[np.bool_]:
        """Tell the children of a player's (or chance's) nodes."""
        under: NDArray[np.bool_] = self.node_player[self.parent] == player
        under[0] = False
        return under

    def _set_infosets(self) -> None:
        size = _index_type(self.n_nodes)
        decisions = np.flatnonzero(self.node_infoset >= 0)
        _, first = np.unique(self.node_infoset[decisions], return_index=True)
        self.infoset_first_node = _frozen(decisions[first].astype(size))
        self.infoset_player = _frozen(self.node_player[self.infoset_first_node])
        self.infoset_n_actions = _frozen(self.n_children[self.infoset_first_node].astype(np.int64))
        self.action_offsets = _frozen(np.concatenate([[0], np.cumsum(self.infoset_n_actions)]))

    @cached_property
    def chance_probabilities(self) -> NDArray[np.float64]:
        """Probability of each of ``chance_children``, as floats."""
        return _frozen(self._given_probabilities.astype(np.float64))

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays, the sequence form included once it was asked for; not labels."""
        return array_bytes(self.__dict__)

    @property
    def n_players(self) -> int:
        """Number of players."""
        return len(self.players)

    @property
    def n_nodes(self) -> int:
        """Number of histories, terminal ones included."""
        return len(self.node_player)

    @property
    def n_terminals(self) -> int:
        """Number of terminal histories."""
        return len(self.terminals)

    @cached_property
    def n_infosets(self) -> tuple[int, ...]:
        """Number of information sets of each player."""
        return tuple(np.bincount(self.infoset_player, minlength=self.n_players).tolist())

    @cached_property
    def n_sequences(self) -> tuple[int, ...]:
        """Number of sequences of each player: the empty one and one for each own action."""
        counts = np.bincount(
            self.infoset_player, weights=self.infoset_n_actions, minlength=self.n_players
        )
        return tuple(1 + int(count) for count in counts)

    @cached_property
    def sequence_form(self) -> SequenceForm:
        """The treeplexes and terminal sequences, derived once."""
        from gametheory.games.sequence_form import derive

        return derive(self)

    @property
    def information_sets(self) -> InformationSets:
        """All information sets, made when they are looked at."""
        return InformationSets(self)

    @cached_property
    def _nodes_by_infoset(self) -> NDArray[np.int64]:
        """Decision nodes sorted by information set; the sets' bounds come from a bincount."""
        decisions = np.flatnonzero(self.node_infoset >= 0)
        return decisions[np.argsort(self.node_infoset[decisions], kind="stable")]

    @cached_property
    def _infoset_bounds(self) -> NDArray[np.int64]:
        counts = np.bincount(self.node_infoset[self.node_infoset >= 0])
        return np.concatenate([[0], np.cumsum(counts)])

    def infoset_nodes(self, infoset: int) -> NDArray[np.int64]:
        """Return the histories of an information set, in level order."""
        low, high = self._infoset_bounds[infoset : infoset + 2]
        return self._nodes_by_infoset[low:high]

    def infoset_actions(self, infoset: int) -> tuple[str, ...]:
        """Return the labels of an information set's actions."""
        first = self.first_child[self.infoset_first_node[infoset]]
        labels = self.node_label[first : first + self.infoset_n_actions[infoset]]
        return tuple(self.action_labels[label] for label in labels)

    def infoset_label(self, infoset: int) -> str:
        """Name an information set: its observation, and the way there where that is needed."""
        label: str = self.observation_labels[int(self.infoset_observation[infoset])]
        if self.unique_observations:
            return label
        node = int(self.infoset_first_node[infoset])
        own = self.own_actions(node, int(self.infoset_player[infoset]))
        return f"{label} after {' '.join(own)}" if own else label

    def history(self, node: int) -> tuple[str, ...]:
        """Labels of the actions from the root to a node."""
        return tuple(self.action_labels[self.node_label[n]] for n in self._path(node))

    def own_actions(self, node: int, player: int) -> tuple[str, ...]:
        """Labels of a player's own actions from the root to a node."""
        return tuple(
            self.action_labels[self.node_label[n]]
            for n in self._path(node)
            if self.node_player[self.parent[n]] == player
        )

    def _path(self, node: int) -> list[int]:
        path = []
        while node:
            path.append(node)
            node = int(self.parent[node])
        return path[::-1]

    @property
    def payoffs_are_exact(self) -> bool:
        """Whether ``terminal_payoffs`` holds the payoffs as they were given, not roundings."""
        return self._given_payoffs is None

    @cached_property
    def exact_payoffs(self) -> NDArray[Any]:
        """Terminal payoffs as Fractions, shape (n_players, n_terminals), object dtype."""
        if self._given_payoffs is None:
            values, which = np.unique(self.terminal_payoffs, return_inverse=True)
            table = _objects([Fraction(v) for v in values.tolist()])
            return _frozen(table[which].reshape(self.terminal_payoffs.shape))
        exact = _objects([_fraction(payoff) for payoff in self._given_payoffs.flat])
        return _frozen(exact.reshape(self._given_payoffs.shape))

    @cached_property
    def exact_chance(self) -> NDArray[Any]:
        """Probability of each of ``chance_children`` as Fractions that sum to one a node."""
        exact = _objects([_fraction(p) for p in self._given_probabilities.tolist()])
        if exact.size:
            _, sibling = np.unique(self.parent[self.chance_children], return_inverse=True)
            total = np.full(sibling.max() + 1, Fraction(0), dtype=object)
            np.add.at(total, sibling, exact)
            exact = exact / total[sibling]
        return _frozen(exact)

    @cached_property
    def payoff_range(self) -> float:
        """Largest difference between two payoffs of one player, at most the largest float."""
        return widest_range(self.terminal_payoffs)

    def expected_payoffs(self, profile: BehaviorProfile) -> NDArray[np.float64]:
        """Compute the expected payoffs of a profile, shape (n_players,)."""
        profile.check_fits(self)
        return self.sequence_form.expected_payoffs(profile.probabilities)

    def is_constant_sum(self) -> bool:
        """Whether the payoffs add up to the same number at every terminal history, exactly."""
        integral = bool((self.terminal_payoffs == np.rint(self.terminal_payoffs)).all())
        small = bool((np.abs(self.terminal_payoffs) < 2**40).all())
        sums_exactly = integral and small and self.payoffs_are_exact
        payoffs = self.terminal_payoffs if sums_exactly else self.exact_payoffs
        sums = payoffs.sum(axis=0)
        return bool((sums == sums[0]).all())

    def has_perfect_information(self) -> bool:
        """Whether every information set is a single history."""
        return bool(self.infoset_player.size == np.count_nonzero(self.node_infoset >= 0))

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the game's content."""
        sha = hashlib.sha256(b"gametheory extensive form 2")
        # Labels in order of appearance: how they are numbered is no part of the game.
        used, first, which = np.unique(self.node_label[1:], return_index=True, return_inverse=True)
        order = np.argsort(first)
        numbers = np.argsort(order)[which] if used.size else which
        for array in (self.node_player, self.node_infoset, self.n_children, numbers):
            sha.update(np.ascontiguousarray(array, dtype="<i8").tobytes())
        labels = tuple(self.action_labels[label] for label in used[order].tolist())
        sha.update(repr((self.players, self.title, labels)).encode())
        if self.payoffs_are_exact:
            sha.update((self.terminal_payoffs + 0.0).astype("<f8").tobytes())  # -0.0 is 0.0
        else:
            sha.update(" ".join(map(str, self.exact_payoffs.flat)).encode())
        sha.update(" ".join(map(str, self.exact_chance)).encode())
        return sha.hexdigest()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ExtensiveFormGame):
            return NotImplemented
        return self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    def __repr__(self) -> str:
        name = f" {self.title!r}" if self.title else ""
        return (
            f"<ExtensiveFormGame{name}: {self.n_players} players, {self.n_nodes:,} histories, "
            f"{self.infoset_player.size:,} information sets>"
        )

    def _repr_svg_(self) -> str | None:
        """Draw the tree in a notebook; None, and so only ``repr``, where it is large."""
        from gametheory.games.tree_svg import MOST_IN_NOTEBOOKS, tree_svg

        return tree_svg(self) if self.n_nodes <= MOST_IN_NOTEBOOKS else None

    @classmethod
    def from_state(
        cls,
        state: GameState,
        *,
        players: Sequence[str] | None = None,
        title: str = "",
        max_histories: int = 5_000_000,
    ) -> ExtensiveFormGame:
        """Build the whole tree of a game that a simulator can play.

        Parameters
        ----------
        state : GameState
            The state at the start; it is cloned, never changed.
        players : sequence of str, optional
            Names; "player 0", "player 1", ... by default.
        title : str
        max_histories : int
            Refuse larger games.

        Raises
        ------
        InvalidGame
            If the states contradict one another, or recall is imperfect.
        UnsupportedGame
            If the game has more than ``max_histories`` histories.
        """
        from gametheory.games.game_state import explore
        from gametheory.games.state_graph import unroll

        graph = explore(state, players=players, title=title, max_states=max_histories)
        return unroll(graph, max_histories=max_histories)

    @classmethod
    def from_arrays(
        cls,
        parent: ArrayLike,
        player: ArrayLike,
        infoset: ArrayLike,
        payoffs: ArrayLike,
        *,
        chance: ArrayLike | None = None,
        action: ArrayLike | None = None,
        players: Sequence[str] | None = None,
        title: str = "",
        action_labels: Sequence[str] | None = None,
        infoset_labels: Sequence[str] | None = None,
    ) -> ExtensiveFormGame:
        """Build a tree from arrays with one entry a node.

        Parameters
        ----------
        parent : array_like of int, shape (n_nodes,)
            Node 0 is the root and has the parent -1. Nodes come in any order; the children of
            one are ordered by their numbers.
        player : array_like of int, shape (n_nodes,)
            Who decides: a player, CHANCE (-1), or TERMINAL (-2) exactly where there are no
            children.
        infoset : array_like of int, shape (n_nodes,)
            A number from 0 for each information set; read at decisions only.
        payoffs : array_like, shape (n_players, n_terminals)
            A column for each terminal node, in the order of their numbers. Ints and Fractions
            stay exact.
        chance : array_like, shape (n_nodes,), optional
            The probability of the edge into each node; read below chance's nodes only.
        action : array_like of int, shape (n_nodes,), optional
            The label of the edge into each node; the root's is not read. Positions among the
            siblings if left out.
        players : sequence of str, optional
        title : str
        action_labels : sequence of str, optional
            What the numbers in ``action`` mean; "0", "1", ... if left out.
        infoset_labels : sequence of str, optional
            What the numbers in ``infoset`` mean; "0", "1", ... if left out.

        Raises
        ------
        InvalidGame
            The arrays are no tree of perfect recall; it names the node or information set.

        Notes
        -----
        Cost: linear but for sorting; under a second for a million nodes.

        Examples
        --------
        >>> entry = ExtensiveFormGame.from_arrays(
        ...     parent=[-1, 0, 0, 1, 1],
        ...     player=[0, 1, TERMINAL, TERMINAL, TERMINAL],
        ...     infoset=[0, 1, -1, -1, -1],
        ...     payoffs=[[0, -1, 1], [2, -1, 1]],
        ... )
        >>> entry
        <ExtensiveFormGame: 2 players, 5 histories, 2 information sets>
        """
        from gametheory.games.state_graph import unroll
        from gametheory.games.tree_arrays import graph_from_arrays

        graph = graph_from_arrays(
            parent,
            player,
            infoset,
            payoffs,
            chance=chance,
            action=action,
            players=players,
            title=title,
            action_labels=action_labels,
            infoset_labels=infoset_labels,
        )
        return unroll(graph, max_histories=graph.n_states)


def _objects(items: list[Any]) -> NDArray[Any]:
    array = np.empty(len(items), dtype=object)
    array[:] = items
    return array


def _fraction(number: Any) -> Fraction:
    return Fraction(number.item() if isinstance(number, np.generic) else number)
