"""The builder people write game trees with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from types import MappingProxyType
from typing import Any

from gametheory.errors import InvalidGame
from gametheory.games.extensive_form import ExtensiveFormGame
from gametheory.games.graph_builder import GraphBuilder, check_payoffs, check_probabilities
from gametheory.games.state_graph import unroll

__all__ = ["GameTree", "TreeNode"]


class TreeNode:
    """A place in a tree under construction; made by :class:`GameTree`, never directly."""

    def __init__(self, tree: GameTree, number: int, path: tuple[str, ...]) -> None:
        self._tree, self._number, self._path = tree, number, path

    def __str__(self) -> str:
        return f"node {' > '.join(('root', *self._path))}"

    def decision(
        self, player: str | int, infoset: str, actions: Sequence[str]
    ) -> Mapping[str, TreeNode]:
        """Let a player choose; returns the node behind each action.

        Parameters
        ----------
        player : str or int
            Its name or 0-based index.
        infoset : str
            Nodes of one player with the same label are one information set.
        actions : sequence of str
            At least one, all different.
        """
        number = self._tree._player_index(player, self)
        if not isinstance(infoset, str):
            raise InvalidGame(f"information set label {infoset!r}", where=str(self), valid="a str")
        return self._tree._decide(self, number, infoset, tuple(actions))

    def chance(self, probabilities: Mapping[str, Fraction | float]) -> Mapping[str, TreeNode]:
        """Let chance choose; returns the node behind each outcome.

        Probabilities sum to one; Fractions stay exact.
        """
        return self._tree._chance(self, dict(probabilities))

    def terminal(self, payoffs: Sequence[Any]) -> None:
        """End the game here, with one payoff for each player."""
        self._tree._end(self, payoffs)


class GameTree:
    """A game tree written by hand.

    Parameters
    ----------
    players : sequence of str
    title : str

    Examples
    --------
    >>> tree = GameTree(["entrant", "incumbent"], title="entry deterrence")
    >>> enter = tree.root.decision("entrant", "start", ["in", "out"])
    >>> enter["out"].terminal([0, 2])
    >>> reply = enter["in"].decision("incumbent", "entry", ["fight", "share"])
    >>> reply["fight"].terminal([-1, -1])
    >>> reply["share"].terminal([1, 1])
    >>> tree.build()
    <ExtensiveFormGame 'entry deterrence': 2 players, 5 histories, 2 information sets>
    """

    def __init__(self, players: Sequence[str], *, title: str = "") -> None:
        self.players = tuple(str(player) for player in players)
        if not self.players or len(set(self.players)) < len(self.players):
            raise InvalidGame(
                f"players {list(self.players)}", valid="at least one name, all different"
            )
        self.title = title
        self._builder = GraphBuilder()
        self._open: dict[int, TreeNode] = {}
        self._owner: dict[str, int] = {}
        self.root = self._node(())

    def build(self) -> ExtensiveFormGame:
        """Check the tree and freeze it.

        Raises
        ------
        InvalidGame
            If a node has neither choices nor payoffs, an information set offers different
            actions, or a player forgets.
        """
        if self._open:
            node = next(iter(self._open.values()))
            raise InvalidGame(
                f"{len(self._open)} nodes are not described, the first: {node}",
                hint="call decision, chance or terminal on it",
            )
        return unroll(self._builder.build(self.players, self.title, refine=False))

    def _node(self, path: tuple[str, ...]) -> TreeNode:
        node = TreeNode(self, self._builder.reserve(), path)
        self._open[node._number] = node
        return node

    def _close(self, node: TreeNode) -> None:
        if self._open.pop(node._number, None) is None:
            raise InvalidGame(f"{node} is described twice", hint="describe each node once")

    def _player_index(self, player: str | int, node: TreeNode) -> int:
        if isinstance(player, str) and player in self.players:
            return self.players.index(player)
        if isinstance(player, int) and 0 <= player < len(self.players):
            return player
        raise InvalidGame(
            f"unknown player {player!r}", where=str(node), valid=f"one of {list(self.players)}"
        )

    def _children(self, node: TreeNode, labels: Sequence[str]) -> dict[str, TreeNode]:
        if not labels or len(set(labels)) < len(labels):
            raise InvalidGame(
                f"actions {list(labels)}", where=str(node), valid="at least one, all different"
            )
        return {label: self._node((*node._path, label)) for label in map(str, labels)}

    def _decide(
        self, node: TreeNode, player: int, infoset: str, actions: tuple[str, ...]
    ) -> Mapping[str, TreeNode]:
        if self._owner.setdefault(infoset, player) != player:
            other = self.players[self._owner[infoset]]
            raise InvalidGame(
                f"information set {infoset!r} belongs to {other!r}",
                where=str(node),
                hint="give each player's information sets labels of their own",
            )
        children = self._children(node, actions)
        self._close(node)
        self._builder.decision(node._number, player, infoset)
        for label, child in children.items():
            self._builder.edge(node._number, label, child._number)
        return MappingProxyType(children)

    def _chance(
        self, node: TreeNode, probabilities: dict[str, Fraction | float]
    ) -> Mapping[str, TreeNode]:
        check_probabilities(list(probabilities.values()), str(node))
        children = self._children(node, list(probabilities))
        self._close(node)
        self._builder.chance(node._number)
        for (label, child), probability in zip(
            children.items(), probabilities.values(), strict=True
        ):
            self._builder.edge(node._number, label, child._number, probability)
        return MappingProxyType(children)

    def _end(self, node: TreeNode, payoffs: Sequence[Any]) -> None:
        row = check_payoffs(payoffs, len(self.players), str(node))
        self._close(node)
        self._builder.terminal(node._number, row)
