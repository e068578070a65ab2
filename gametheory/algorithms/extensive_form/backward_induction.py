"""Backward induction: subgame-perfect equilibria of games with perfect information.

Zermelo (1913); Kuhn (1953), "Extensive games and the problem of information".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gametheory.algorithms.registry import Outcome, Search, register
from gametheory.games.behavior_profile import BehaviorProfile
from gametheory.games.extensive_form import CHANCE, ExtensiveFormGame

__all__ = ["backward_induction"]


def _applies(game: ExtensiveFormGame) -> str:
    if game.has_perfect_information():
        return ""
    return "backward induction needs perfect information: some information set has two histories"


@register(
    "backward-induction",
    concepts=("subgame-perfect", "nash"),
    form=ExtensiveFormGame,
    applies=_applies,
    rank=0,
    guarantee="exact pure subgame-perfect equilibria; with find='all' every pure one, and complete "
    "where nothing ties",
    cost="one pass up the tree for the first, up to one more for each further equilibrium",
    source="Zermelo (1913); Kuhn (1953), Extensive games and the problem of information",
)
def backward_induction(game: ExtensiveFormGame) -> Search:
    """Yield the pure subgame-perfect equilibria, the first best actions first.

    Players take the first of their best actions; then the choices at ties are counted through
    like the digits of a number, the deepest tied node fastest. Without chance only payoffs are
    compared, so floats are exact; with chance expected payoffs are rational numbers.
    """
    exact = bool(game.chance_children.size)
    payoffs = game.exact_payoffs if exact else game.terminal_payoffs
    tree = _Values(game, payoffs, exact=exact)
    tree.settle_all()
    count = 1
    yield BehaviorProfile.pure(game, tree.actions())
    for actions in _other_choices(tree):
        count += actions is not None
        yield None if actions is None else BehaviorProfile.pure(game, actions)
    if count == 1:  # nothing ties, so nobody can mix either
        return Outcome(iterations=count, complete=True)
    return Outcome(
        iterations=count,
        reason=f"these are all {count:,} pure ones; where actions tie, mixtures may be some too",
    )


class _Values:
    """Every node's payoffs under the choices made so far, level by level."""

    def __init__(self, game: ExtensiveFormGame, payoffs: NDArray[Any], *, exact: bool) -> None:
        self.game = game
        self.values = np.zeros((game.n_players, game.n_nodes), dtype=object if exact else float)
        self.values[:, game.terminals] = payoffs
        self.choice = np.zeros(game.n_nodes, np.int64)  # position among the node's children
        self.chance = np.zeros(game.n_nodes, dtype=object)
        self.chance[game.chance_children] = game.exact_chance

    def settle_all(self) -> None:
        """Choose the first best action everywhere, all nodes of a level at once."""
        game = self.game
        for low, high in _levels_bottom_up(game):
            nodes = np.arange(low, high)
            nodes = nodes[game.n_children[nodes] > 0]
            for player in range(game.n_players):
                self._choose_first_best(nodes[game.node_player[nodes] == player], player)
            for node in nodes[game.node_player[nodes] == CHANCE].tolist():
                self.settle(node)

    def _choose_first_best(self, nodes: NDArray[np.int64], player: int) -> None:
        if not nodes.size:
            return
        game = self.game
        counts = game.n_children[nodes]
        starts = np.cumsum(counts) - counts
        owner = np.repeat(np.arange(nodes.size), counts)
        rank = np.arange(owner.size) - starts[owner]
        offered = self.values[player, game.first_child[nodes][owner] + rank]
        best = np.maximum.reduceat(offered, starts)
        tied = np.flatnonzero(offered == best[owner])
        _, first = np.unique(owner[tied], return_index=True)
        self.choice[nodes] = rank[tied[first]]
        self.values[:, nodes] = self.values[:, game.first_child[nodes] + self.choice[nodes]]

    def best_actions(self, node: int) -> list[int]:
        """Positions of a decision node's best actions given the choices below."""
        low = int(self.game.first_child[node])
        offered = self.values[self.game.node_player[node], low : low + self.game.n_children[node]]
        return np.flatnonzero(offered == offered.max()).tolist()

    def settle(self, node: int) -> None:
        """Recompute one node's payoffs from its children."""
        low = int(self.game.first_child[node])
        if self.game.node_player[node] == CHANCE:
            children = slice(low, low + int(self.game.n_children[node]))
            self.values[:, node] = (self.values[:, children] * self.chance[children]).sum(axis=1)
        else:
            self.values[:, node] = self.values[:, low + int(self.choice[node])]

    def actions(self) -> NDArray[np.int64]:
        """Return the choices as one action for each information set."""
        actions: NDArray[np.int64] = self.choice[self.game.infoset_first_node]
        return actions


def _levels_bottom_up(game: ExtensiveFormGame) -> Iterator[tuple[int, int]]:
    offsets = game.level_offsets.tolist()
    return zip(offsets[-2::-1], offsets[:0:-1], strict=True)


def _other_choices(tree: _Values) -> Iterator[NDArray[np.int64] | None]:
    """Count through the choices at ties; nodes higher up depend on those below.

    The inner nodes stand in reverse level order, so a node comes after all below it. To go
    on from one equilibrium: take the last node in that order with a best action left, choose
    it, and choose the first best action at all nodes after it.
    """
    game = tree.game
    order = np.flatnonzero(game.n_children > 0)[::-1].tolist()
    remaining: dict[int, list[int]] = {}
    for node in order:
        if game.node_player[node] >= 0:
            remaining[node] = tree.best_actions(node)[1:]
    position = len(order) - 1
    while position >= 0:
        node = order[position]
        if not remaining.get(node):
            position -= 1
            if position % 4096 == 0:
                yield None
            continue
        tree.choice[node] = remaining[node].pop(0)
        tree.settle(node)
        for later in order[position + 1 :]:
            if game.node_player[later] >= 0:
                best = tree.best_actions(later)
                tree.choice[later], remaining[later] = best[0], best[1:]
            tree.settle(later)
        yield tree.actions()
        position = len(order) - 1
