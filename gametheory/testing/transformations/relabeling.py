"""Players and actions in another order, and answers put back into the first one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gametheory.games.extensive_form import ExtensiveFormGame
from gametheory.games.normal_form import NormalFormGame
from gametheory.testing.definitions.plain_tree import (
    Chance,
    Choice,
    End,
    Tree,
    build,
    nodes_of,
    plain_tree,
)

__all__ = ["Back", "permute_actions", "permute_players"]

Back = Callable[..., Any]
"""Turns plain data that answers the new game into plain data that answers the old one."""


def permute_players(game: Any, order: Sequence[int]) -> tuple[Any, Back]:
    """Let the player ``order[k]`` of the game be player k of a new one.

    Examples
    --------
    >>> new, back = permute_players(NormalFormGame([[[1, 2]], [[3, 4]]]), [1, 0])
    >>> new.payoffs[0].ravel(), back(("of 1", "of 0"))
    (array([3., 4.]), ('of 0', 'of 1'))
    """
    place = [list(order).index(player) for player in range(len(order))]
    if isinstance(game, ExtensiveFormGame):

        def walk(tree: Tree) -> Tree:
            if isinstance(tree, End):
                return End(tuple(tree.payoffs[player] for player in order))
            if isinstance(tree, Chance):
                return Chance(tuple((a, p, walk(child)) for a, p, child in tree.outcomes))
            actions = tuple((a, walk(child)) for a, child in tree.actions)
            return Choice(place[tree.player], tree.infoset, actions)

        players = [game.players[player] for player in order]
        return build(walk(plain_tree(game)), players), lambda plain: plain
    payoffs = np.stack([np.transpose(game.exact_payoffs[player], order) for player in order])
    new = NormalFormGame(
        payoffs,
        players=[game.players[player] for player in order],
        actions=[game.actions[player] for player in order],
    )

    def back(plain: Any) -> Any:
        if isinstance(plain, dict):
            return {tuple(cell[k] for k in place): p for cell, p in plain.items()}
        return tuple(plain[k] for k in place)

    return new, back


def permute_actions(game: Any, rng: np.random.Generator) -> tuple[Any, Back]:
    """Put every player's actions, in trees those of every information set, into another order."""
    if isinstance(game, ExtensiveFormGame):
        return _permute_tree(game, rng)
    orders = [rng.permutation(size).tolist() for size in game.n_actions]
    payoffs = game.exact_payoffs[np.ix_(range(game.n_players), *orders)]
    labels = [[names[a] for a in order] for names, order in zip(game.actions, orders, strict=True)]
    new = NormalFormGame(payoffs, players=game.players, actions=labels)

    def back(plain: Any, *, sets: bool = False) -> Any:
        if sets:  # of actions that survive
            return tuple(
                tuple(sorted(order[a] for a in kept))
                for order, kept in zip(orders, plain, strict=True)
            )
        if isinstance(plain, dict):
            return {
                tuple(order[a] for order, a in zip(orders, cell, strict=True)): p
                for cell, p in plain.items()
            }
        return tuple(
            tuple(strategy[order.index(a)] for a in range(len(order)))
            for strategy, order in zip(plain, orders, strict=True)
        )

    return new, back


def _permute_tree(game: ExtensiveFormGame, rng: np.random.Generator) -> tuple[Any, Back]:
    tree = plain_tree(game)
    sizes = {n.infoset: len(n.actions) for n in nodes_of(tree) if isinstance(n, Choice)}
    orders = {name: rng.permutation(size).tolist() for name, size in sizes.items()}

    def walk(part: Tree) -> Tree:
        if isinstance(part, End):
            return part
        if isinstance(part, Chance):
            return Chance(tuple((a, p, walk(child)) for a, p, child in part.outcomes))
        actions = [part.actions[k] for k in orders[part.infoset]]
        return Choice(part.player, part.infoset, tuple((a, walk(child)) for a, child in actions))

    def back(plain: Any) -> Any:
        return {
            name: tuple(odds[orders[name].index(a)] for a in range(len(odds)))
            for name, odds in plain.items()
        }

    return build(walk(tree), game.players), back
