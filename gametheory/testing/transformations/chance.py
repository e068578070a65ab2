"""Trees with more nodes in which nothing is decided that was not decided before."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from gametheory.testing.definitions.plain_tree import Chance, Choice, End, Tree, nodes_of

__all__ = ["add_impossible_outcomes", "insert_idle_nodes", "merge_chance", "split_chance"]


def insert_idle_nodes(tree: Tree, rng: np.random.Generator, n_players: int) -> Tree:
    """Put chance nodes with one outcome, and players with one action, in front of some nodes.

    A player gets one only where it does not act again: it would remember it, but not have it on
    the other ways to its later information sets.
    """
    count = [0]

    def walk(part: Tree) -> Tree:
        kind = int(rng.integers(4))
        inner = _with(part, walk)
        if kind == 0:
            return Chance((("on", Fraction(1), inner),))
        player = int(rng.integers(n_players))
        acts = (isinstance(n, Choice) and n.player == player for n in nodes_of(inner))
        if kind == 1 and not any(acts):
            count[0] += 1
            return Choice(player, f"idle {count[0]}", (("on", inner),))
        return inner

    return walk(tree)


def add_impossible_outcomes(tree: Tree, rng: np.random.Generator, n_players: int) -> Tree:
    """Put chance nodes in front of some nodes, with a second outcome that never happens."""

    def walk(part: Tree) -> Tree:
        inner = _with(part, walk)
        if rng.integers(3):
            return inner
        never = End(tuple(int(u) for u in rng.integers(-50, 51, size=n_players)))
        outcomes = [("really", Fraction(1), inner), ("never", Fraction(0), never)]
        return Chance(tuple(outcomes[:: 1 if rng.integers(2) else -1]))

    return walk(tree)


def split_chance(tree: Tree, rng: np.random.Generator) -> Tree:
    """Let chance draw in two steps: first a part of its outcomes, then one of them."""

    def walk(part: Tree) -> Tree:
        inner = _with(part, walk)
        if not isinstance(inner, Chance) or len(inner.outcomes) < 2:
            return inner
        cut = int(rng.integers(1, len(inner.outcomes)))
        halves = inner.outcomes[:cut], inner.outcomes[cut:]
        split: list[tuple[str, Fraction, Tree]] = []
        for name, half in zip(("these", "those"), halves, strict=True):
            total = sum((p for _, p, _ in half), Fraction(0))
            if not total:
                return inner
            below = tuple((a, p / total, child) for a, p, child in half)
            split.append((name, total, Chance(below)))
        return Chance(tuple(split))

    return walk(tree)


def merge_chance(tree: Tree) -> Tree:
    """Draw at once what chance draws in two steps directly after one another."""
    inner = _with(tree, merge_chance)
    if not isinstance(inner, Chance):
        return inner
    outcomes: list[tuple[str, Fraction, Tree]] = []
    for label, p, child in inner.outcomes:
        if isinstance(child, Chance):
            outcomes += [(f"{label}, {a}", p * q, below) for a, q, below in child.outcomes]
        else:
            outcomes.append((label, p, child))
    return Chance(tuple(outcomes))


def _with(tree: Tree, walk: Any) -> Tree:
    """Rebuild a node with its branches changed."""
    if isinstance(tree, End):
        return tree
    if isinstance(tree, Chance):
        return Chance(tuple((a, p, walk(child)) for a, p, child in tree.outcomes))
    return Choice(tree.player, tree.infoset, tuple((a, walk(child)) for a, child in tree.actions))
