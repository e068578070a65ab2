"""Positive affine maps of payoffs, which change nobody's preferences."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from gametheory.games.extensive_form import ExtensiveFormGame
from gametheory.games.normal_form import NormalFormGame
from gametheory.games.stochastic_game import StochasticGame
from gametheory.testing.definitions.plain_tree import Chance, Choice, End, Tree, build, plain_tree

__all__ = ["affine", "map_payoffs", "with_stages"]


def affine(game: Any, scales: Sequence[Any], shifts: Sequence[Any]) -> Any:
    """Replace every player's payoff u by ``scale * u + shift``, exactly.

    In a stochastic game that is each stage's payoff.

    Examples
    --------
    >>> affine(NormalFormGame([[1, 2]]), [3], [1]).payoffs
    array([[4., 7.]])
    """
    if isinstance(game, NormalFormGame):
        payoffs = [
            scale * own + shift
            for own, scale, shift in zip(game.exact_payoffs, scales, shifts, strict=True)
        ]
        return NormalFormGame(np.stack(payoffs), players=game.players, actions=game.actions)
    if isinstance(game, StochasticGame):
        return with_stages(game, [affine(stage, scales, shifts) for stage in game.stages])

    def mapped(payoffs: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(a * u + b for u, a, b in zip(payoffs, scales, shifts, strict=True))

    return map_payoffs(game, mapped)


def map_payoffs(game: ExtensiveFormGame, mapped: Any) -> ExtensiveFormGame:
    """Replace what every terminal history pays by a function of it."""

    def walk(tree: Tree) -> Tree:
        if isinstance(tree, End):
            return End(mapped(tree.payoffs))
        if isinstance(tree, Chance):
            return Chance(tuple((a, p, walk(child)) for a, p, child in tree.outcomes))
        actions = tuple((a, walk(child)) for a, child in tree.actions)
        return Choice(tree.player, tree.infoset, actions)

    return build(walk(plain_tree(game)), game.players)


def with_stages(game: StochasticGame, stages: Sequence[NormalFormGame]) -> StochasticGame:
    """Give a stochastic game other payoffs."""
    rows: list[Any] = []
    exact = game.exact_probabilities
    bounds = game.first.tolist()
    for low, high in pairwise(bounds):
        row: list[Any] = [0] * game.n_states
        for place in range(low, high):
            row[int(game.next_states[place])] = exact[place]
        rows.append(row)
    transitions = []
    offsets = game.row_offsets.tolist()
    for state, stage in enumerate(stages):
        block = np.array(rows[offsets[state] : offsets[state + 1]], dtype=object)
        transitions.append(block.reshape(*stage.n_actions, game.n_states))
    return StochasticGame(stages, transitions, game.discount, states=game.states, start=game.start)
