"""Game trees as nested records, to be taken apart and put together in a few lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from gametheory.games.extensive_form import CHANCE, TERMINAL, ExtensiveFormGame
from gametheory.games.game_tree import GameTree, TreeNode

__all__ = [
    "Behavior",
    "Chance",
    "Choice",
    "End",
    "Tree",
    "branches_of",
    "build",
    "nodes_of",
    "plain_tree",
]

Behavior = Mapping[str, Sequence[Any]]
"""Probabilities of the actions at each information set, by its label."""


@dataclass(frozen=True)
class End:
    """A terminal history and what it pays."""

    payoffs: tuple[Any, ...]


@dataclass(frozen=True)
class Chance:
    """A chance node: (label, probability, what follows) for each outcome."""

    outcomes: tuple[tuple[str, Fraction, Tree], ...]


@dataclass(frozen=True)
class Choice:
    """A decision node: (label, what follows) for each action."""

    player: int
    infoset: str
    actions: tuple[tuple[str, Tree], ...]


Tree = End | Chance | Choice


def plain_tree(game: ExtensiveFormGame) -> Tree:
    """Read a game's arrays.

    Examples
    --------
    >>> from gametheory.games.catalog import load
    >>> tree = plain_tree(load("outside_option"))
    >>> tree.player, [action for action, _ in tree.actions]
    (0, ['out', 'in'])
    """
    ends = dict(zip(game.terminals.tolist(), game.exact_payoffs.T.tolist(), strict=True))
    odds = dict(zip(game.chance_children.tolist(), game.exact_chance.tolist(), strict=True))

    def read(node: int) -> Tree:
        mover = int(game.node_player[node])
        if mover == TERMINAL:
            return End(tuple(ends[node]))
        first = int(game.first_child[node])
        below = range(first, first + int(game.n_children[node]))
        labels = {child: game.action_labels[int(game.node_label[child])] for child in below}
        if mover == CHANCE:
            return Chance(tuple((labels[child], odds[child], read(child)) for child in below))
        name = game.infoset_label(int(game.node_infoset[node]))
        return Choice(mover, name, tuple((labels[child], read(child)) for child in below))

    return read(0)


def build(tree: Tree, players: int | Sequence[str]) -> ExtensiveFormGame:
    """Make a game of the library from nested records.

    Examples
    --------
    >>> build(Choice(0, "start", (("a", End((1,))), ("b", End((2,))))), 1)
    <ExtensiveFormGame: 1 players, 3 histories, 1 information sets>
    """
    names = [f"player {i}" for i in range(players)] if isinstance(players, int) else players
    builder = GameTree(names)

    def grow(node: TreeNode, part: Tree) -> None:
        if isinstance(part, End):
            node.terminal(part.payoffs)
        elif isinstance(part, Chance):
            children = node.chance({label: p for label, p, _ in part.outcomes})
            for label, _, child in part.outcomes:
                grow(children[label], child)
        else:
            below = node.decision(part.player, part.infoset, [label for label, _ in part.actions])
            for label, child in part.actions:
                grow(below[label], child)

    grow(builder.root, tree)
    return builder.build()


def branches_of(tree: Tree) -> tuple[Tree, ...]:
    """Return what may follow directly."""
    if isinstance(tree, Chance):
        return tuple(child for _, _, child in tree.outcomes)
    return tuple(child for _, child in tree.actions) if isinstance(tree, Choice) else ()


def nodes_of(tree: Tree) -> Iterator[Tree]:
    """Iterate over a tree and all that is below it, parents first."""
    yield tree
    for child in branches_of(tree):
        yield from nodes_of(child)
