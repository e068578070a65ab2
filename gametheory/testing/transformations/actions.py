"""Games with an action more or less."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gametheory.games.normal_form import NormalFormGame

__all__ = ["add_dominated_action", "copy_action", "embed", "restrict"]


def add_dominated_action(game: NormalFormGame, player: int, rng: np.random.Generator) -> Any:
    """Give a player one more action, its last, that always pays less than another one.

    The others are paid what the other action pays them, or anything else; in a two-player game
    with a constant sum the sum stays.
    """
    model = int(rng.integers(game.n_actions[player]))
    payoffs = game.exact_payoffs
    added = np.take(payoffs, [model], axis=player + 1).copy()
    shape = added[player].shape
    added[player] = added[player] - rng.integers(1, 4, size=shape).astype(object)
    fixed = game.constant_sum if game.n_players == 2 else None
    for other in range(game.n_players):
        if other != player and fixed is not None:
            added[other] = fixed - added[player]
        elif other != player and rng.integers(2):
            added[other] = rng.integers(-3, 4, size=shape).astype(object)
    return NormalFormGame(np.concatenate([payoffs, added], axis=player + 1))


def copy_action(game: NormalFormGame, player: int, action: int) -> NormalFormGame:
    """Give a player one more action, its last, that is an old one under another name."""
    added = np.take(game.exact_payoffs, [action], axis=player + 1)
    return NormalFormGame(np.concatenate([game.exact_payoffs, added], axis=player + 1))


def restrict(game: NormalFormGame, actions: Sequence[Sequence[int]]) -> NormalFormGame:
    """Leave the players only some of their actions."""
    return NormalFormGame(game.exact_payoffs[np.ix_(range(game.n_players), *actions)])


def embed(plain: Any, n_actions: Sequence[int], actions: Sequence[Sequence[int]]) -> Any:
    """Read what solves a restricted game as a profile or distribution of the whole one."""
    if isinstance(plain, dict):
        return {
            tuple(kept[a] for kept, a in zip(actions, cell, strict=True)): p
            for cell, p in plain.items()
        }
    whole = []
    for size, kept, strategy in zip(n_actions, actions, plain, strict=True):
        odds: list[Any] = [strategy[0] * 0] * size
        for action, p in zip(kept, strategy, strict=True):
            odds[action] = p
        whole.append(tuple(odds))
    return tuple(whole)
