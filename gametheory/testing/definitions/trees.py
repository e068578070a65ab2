"""Expected payoffs, best responses and equilibria of trees, by recursion over histories."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from gametheory.testing.definitions.plain_tree import (
    Behavior,
    Chance,
    Choice,
    End,
    Tree,
    branches_of,
    nodes_of,
)

__all__ = [
    "best_response_value",
    "expected_payoffs",
    "regrets",
    "subgame_regrets",
    "subgames",
]


def expected_payoffs(tree: Tree, behavior: Behavior, n_players: int) -> list[Any]:
    """Add up what the terminal histories pay, weighted by how probable they are."""
    if isinstance(tree, End):
        return list(tree.payoffs)
    total: list[Any] = [Fraction(0)] * n_players
    for weight, child in _weighted(tree, behavior):
        if weight:
            part = expected_payoffs(child, behavior, n_players)
            total = [t + weight * p for t, p in zip(total, part, strict=True)]
    return total


def _weighted(tree: Tree, behavior: Behavior) -> Iterator[tuple[Any, Tree]]:
    if isinstance(tree, Chance):
        yield from ((p, child) for _, p, child in tree.outcomes)
    elif isinstance(tree, Choice):
        odds = behavior[tree.infoset]
        yield from ((p, child) for p, (_, child) in zip(odds, tree.actions, strict=True))


def best_response_value(tree: Tree, behavior: Behavior, player: int) -> Any:
    """Return the most that a player can earn against the others.

    The player's information sets are settled from the last ones up: at each of them the action
    is best that pays most over its histories, each weighted by the chance that the others and
    chance lead there. Perfect recall makes that enough.
    """
    found: dict[str, list[tuple[Any, Choice]]] = {}
    depth: dict[str, int] = {}

    def collect(part: Tree, reach: Any, own: int) -> None:
        if isinstance(part, Choice) and part.player == player:
            found.setdefault(part.infoset, []).append((reach, part))
            depth[part.infoset] = own
            for _, child in part.actions:
                collect(child, reach, own + 1)
            return
        for weight, child in _weighted(part, behavior):
            collect(child, reach * weight, own)

    collect(tree, Fraction(1), 0)
    chosen: dict[str, int] = {}
    for name in sorted(found, key=lambda one: -depth[one]):
        worth = [
            sum(
                reach * _value(node.actions[action][1], behavior, player, chosen)
                for reach, node in found[name]
            )
            for action in range(len(found[name][0][1].actions))
        ]
        chosen[name] = worth.index(max(worth))
    return _value(tree, behavior, player, chosen)


def _value(tree: Tree, behavior: Behavior, player: int, chosen: dict[str, int]) -> Any:
    if isinstance(tree, End):
        return tree.payoffs[player]
    if isinstance(tree, Choice) and tree.player == player:
        return _value(tree.actions[chosen[tree.infoset]][1], behavior, player, chosen)
    return sum(
        weight * _value(child, behavior, player, chosen)
        for weight, child in _weighted(tree, behavior)
        if weight
    )


def regrets(tree: Tree, behavior: Behavior, n_players: int) -> list[Any]:
    """Return what each player could gain by a best response."""
    now = expected_payoffs(tree, behavior, n_players)
    return [
        best_response_value(tree, behavior, player) - now[player] for player in range(n_players)
    ]


def subgames(tree: Tree) -> list[Tree]:
    """List the parts that hold each information set entirely or not at all, the whole first."""
    everywhere = _infosets(tree)
    return [
        part
        for part in nodes_of(tree)
        if branches_of(part)
        and all(everywhere[name] == count for name, count in _infosets(part).items())
    ]


def _infosets(tree: Tree) -> Counter[str]:
    return Counter(node.infoset for node in nodes_of(tree) if isinstance(node, Choice))


def subgame_regrets(tree: Tree, behavior: Behavior, n_players: int) -> list[Any]:
    """Return each player's largest gain in any subgame."""
    each = [regrets(part, behavior, n_players) for part in subgames(tree)]
    return [max(gains) for gains in zip(*each, strict=True)] or [Fraction(0)] * n_players
