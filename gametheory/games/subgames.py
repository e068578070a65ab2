"""Subgames: the parts of a game tree that can be played, and solved, by themselves.

A subgame begins at a history where whoever acts there, now or later, knows that it was reached:
its subtree holds every information set that it touches entirely (Selten, 1965 and 1975).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gametheory.errors import UnsupportedGame
from gametheory.games.behavior_profile import BehaviorProfile
from gametheory.games.extensive_form import TERMINAL, ExtensiveFormGame
from gametheory.games.frozen import FrozenArrays, freeze
from gametheory.games.own_choices import ranges

__all__ = ["Subgame", "cut", "subgame", "subgame_roots"]

Ints = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Subgame(FrozenArrays):
    """A part of a game as a game of its own, and where everything came from.

    Attributes
    ----------
    game : ExtensiveFormGame
    nodes : ndarray of int, shape (game.n_nodes,)
        The history of the whole game that each history continues, by index.
    infosets : ndarray of int, shape (n_infosets,)
        Each information set's index in the whole game.
    flat : ndarray of int
        Where each action probability of a behavior profile lies in one of the whole game.
    """

    game: ExtensiveFormGame
    nodes: Ints
    infosets: Ints
    flat: Ints

    def __post_init__(self) -> None:
        freeze(self.__dict__)

    def restrict(self, profile: BehaviorProfile) -> BehaviorProfile:
        """Return what a profile of the whole game prescribes here."""
        exact = profile.is_given_exactly
        probabilities = profile.exact if exact else profile.probabilities
        return BehaviorProfile(self.game, probabilities[self.flat])


def subgame_roots(game: ExtensiveFormGame) -> NDArray[np.int64]:
    """List the histories at which subgames begin, the whole game's first.

    Parameters
    ----------
    game : ExtensiveFormGame

    Returns
    -------
    ndarray of int64
        Histories of players and of chance, in level order; terminal ones are left out.

    Notes
    -----
    In a depth-first numbering a subtree is an interval, and so is the narrowest one around an
    information set. A subgame begins where the intervals of all information sets below lie
    within its own.

    Cost: linear in the tree, a few array operations a level.

    Examples
    --------
    >>> from gametheory.games.catalog import load
    >>> game = load("outside_option")
    >>> [game.history(node) for node in subgame_roots(game).tolist()]
    [(), ('in',)]
    >>> subgame_roots(load("selten_horse")).tolist()
    [0]
    """
    sizes, numbers = _depth_first(game)
    nodes = np.flatnonzero(game.node_infoset >= 0)
    infosets = game.node_infoset[nodes]
    n_infosets = game.infoset_player.size
    first = np.full(n_infosets, game.n_nodes, np.int64)
    last = np.full(n_infosets, -1, np.int64)
    np.minimum.at(first, infosets, numbers[nodes])
    np.maximum.at(last, infosets, numbers[nodes])
    low, high = numbers.copy(), numbers.copy()  # of all information sets that a subtree touches
    low[nodes], high[nodes] = first[infosets], last[infosets]
    for inner, children, starts in _levels_bottom_up(game):
        low[inner] = np.minimum(low[inner], np.minimum.reduceat(low[children], starts))
        high[inner] = np.maximum(high[inner], np.maximum.reduceat(high[children], starts))
    closed = (low >= numbers) & (high < numbers + sizes)
    return np.flatnonzero(closed & (game.node_player != TERMINAL))


def subgame(game: ExtensiveFormGame, node: int) -> Subgame:
    """Take out the subgame that begins at a history.

    Parameters
    ----------
    game : ExtensiveFormGame
    node : int
        One of :func:`subgame_roots`.

    Returns
    -------
    Subgame
        With the same players, and payoffs as in the whole game.

    Raises
    ------
    UnsupportedGame
        If no subgame begins there, with the information set that lies partly outside.

    Notes
    -----
    Cost: linear in the subtree, but for exact chance probabilities, which are made for the whole
    game once.

    Examples
    --------
    >>> from gametheory.games.catalog import load
    >>> part = subgame(load("outside_option"), 2)
    >>> part.game.n_nodes, part.infosets.tolist()
    (7, [1, 2])
    """
    if not 0 <= node < game.n_nodes:
        raise UnsupportedGame(f"there is no history {node}", valid=f"0 to {game.n_nodes - 1}")
    if game.node_player[node] == TERMINAL:
        raise UnsupportedGame(
            f"history {node} is terminal",
            where=_place(game, node),
            valid="a history where a player or chance acts",
        )
    part = cut(game, node)
    inside = np.bincount(part.game.node_infoset[part.game.node_infoset >= 0])
    for here, count in zip(part.infosets.tolist(), inside.tolist(), strict=True):
        if count < len(game.infoset_nodes(here)):
            raise UnsupportedGame(
                f"no subgame begins at history {node}: information set "
                f"{game.infoset_label(here)!r} lies partly outside",
                where=_place(game, node),
                valid="one of subgame_roots(game)",
            )
    return part


def cut(
    game: ExtensiveFormGame,
    root: int,
    leaves: NDArray[np.bool_] | None = None,
    worth: NDArray[Any] | None = None,
) -> Subgame:
    """Take out the tree below a history, ending it at certain histories.

    Parameters
    ----------
    game : ExtensiveFormGame
    root : int
    leaves : ndarray of bool, shape (n_nodes,), optional
        Histories to end at, the root itself excepted.
    worth : ndarray, shape (n_players, n_nodes), optional
        What to pay at the ends, terminal histories included; the game's payoffs if left out.

    Returns
    -------
    Subgame
        Its information sets are the parts that lie inside.
    """
    nodes, counts, level_sizes = _below(game, root, leaves)
    movers = game.node_player[nodes].copy()
    movers[counts == 0] = TERMINAL
    decisions = movers >= 0
    infosets, which = np.unique(game.node_infoset[nodes[decisions]], return_inverse=True)
    numbered = np.full(nodes.size, -1, game.node_infoset.dtype)
    numbered[decisions] = which
    ends = nodes[movers == TERMINAL]
    if worth is not None:
        payoffs = worth[:, ends]
    else:
        given = game.terminal_payoffs if game.payoffs_are_exact else game.exact_payoffs
        payoffs = given[:, np.searchsorted(game.terminals, ends)]
    labels = game.node_label[nodes].copy()
    labels[0] = -1
    part = ExtensiveFormGame(
        players=game.players,
        title=game.title,
        node_player=movers,
        node_infoset=numbered,
        n_children=counts,
        node_label=labels,
        chance_probabilities=_chance(game, nodes),
        terminal_payoffs=payoffs,
        level_sizes=level_sizes,
        infoset_observation=game.infoset_observation[infosets],
        action_labels=game.action_labels,
        observation_labels=game.observation_labels,
        unique_observations=game.unique_observations,
    )
    flat = ranges(game.action_offsets[infosets], game.infoset_n_actions[infosets])
    return Subgame(part, nodes, infosets, flat)


def _chance(game: ExtensiveFormGame, nodes: Ints) -> NDArray[Any]:
    """Exact probabilities of the children of chance among some nodes, their parents included."""
    below = nodes[1:]
    drawn = below[game.node_player[game.parent[below]] == -1]
    if not drawn.size:
        return np.empty(0)
    exact: NDArray[Any] = game.exact_chance[np.searchsorted(game.chance_children, drawn)]
    return exact


def _below(
    game: ExtensiveFormGame, root: int, leaves: NDArray[np.bool_] | None
) -> tuple[Ints, Ints, NDArray[np.int64]]:
    """Find the nodes of a tree level by level, their numbers of children and the level sizes."""
    level = np.array([root])
    nodes: list[Ints] = []
    counts: list[Ints] = []
    while level.size:
        count = game.n_children[level]
        if leaves is not None and nodes:
            count = np.where(leaves[level], 0, count)
        nodes.append(level)
        counts.append(count)
        level = ranges(game.first_child[level], count)
    sizes = np.array([part.size for part in nodes])
    return np.concatenate(nodes), np.concatenate(counts).astype(game.n_children.dtype), sizes


def _levels_bottom_up(game: ExtensiveFormGame) -> Iterator[tuple[Ints, slice, Ints]]:
    """Yield each level's inner nodes, the slice of their children, and where each one's begin."""
    offsets = game.level_offsets.tolist()
    for low, high in zip(offsets[-2::-1], offsets[:0:-1], strict=True):
        inner = low + np.flatnonzero(game.n_children[low:high])
        if inner.size:
            first = int(game.first_child[inner[0]])
            end = int(game.first_child[inner[-1]] + game.n_children[inner[-1]])
            yield inner, slice(first, end), game.first_child[inner] - first


def _depth_first(game: ExtensiveFormGame) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Count each subtree's nodes, and number all nodes depth first."""
    sizes = np.ones(game.n_nodes, np.int64)
    for inner, children, starts in _levels_bottom_up(game):
        sizes[inner] += np.add.reduceat(sizes[children], starts)
    before = np.cumsum(sizes) - sizes  # sizes of all nodes to the left, in level order
    numbers = np.zeros(game.n_nodes, np.int64)
    offsets = game.level_offsets.tolist()
    for low, high in pairwise(offsets[1:]):
        above = game.parent[low:high]
        older = before[low:high] - before[game.first_child[above]]
        numbers[low:high] = numbers[above] + 1 + older
    return sizes, numbers


def _place(game: ExtensiveFormGame, node: int) -> str:
    path = game.history(node)
    return f"after {' > '.join(path)}" if path else "at the root"
