"""Profiles of dominant strategies: each player's action is best whatever the others do."""

from __future__ import annotations

import itertools
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from gametheory.algorithms.registry import Outcome, Search, register
from gametheory.errors import UnsupportedGame
from gametheory.games.normal_form import NormalFormGame
from gametheory.games.profiles import MixedProfile
from gametheory.solution import Status

__all__ = ["dominant_strategy"]

_STRICTNESS = ("very-weak", "weak", "strict")


@register(
    "dominant-strategy",
    concepts=("dominant-strategy", "pure-nash", "nash"),
    form=NormalFormGame,
    finds="all",
    guarantee="all profiles of dominant strategies, exactly",
    cost="one comparison for each payoff and action",
    source="Shoham and Leyton-Brown (2009), Multiagent Systems, section 3.4.3",
    rank=90,
)
def dominant_strategy(
    game: NormalFormGame, *, strictness: Literal["very-weak", "weak", "strict"] = "very-weak"
) -> Search:
    """Yield the profiles in which every player's action is dominant.

    Parameters
    ----------
    game : NormalFormGame
    strictness : {"very-weak", "weak", "strict"}
        Never worse than any other action; besides, better at least once than each; or better
        always.

    Yields
    ------
    MixedProfile
        Pure.

    Returns
    -------
    Outcome
        INFEASIBLE, with the players that have no dominant strategy, if there is none.

    Raises
    ------
    UnsupportedGame
        The strictness is none of these.

    Examples
    --------
    >>> dilemma = NormalFormGame.symmetric([[-1, -3], [0, -2]])
    >>> list(dominant_strategy(dilemma, strictness="strict"))
    [MixedProfile([[0, 1], [0, 1]])]
    """
    if strictness not in _STRICTNESS:
        raise UnsupportedGame(f"strictness={strictness!r}", valid=f"one of {list(_STRICTNESS)}")
    dominant = [_dominant(game, player, strictness) for player in range(game.n_players)]
    without = [name for name, actions in zip(game.players, dominant, strict=True) if not actions]
    if without:
        reason = f"no {strictness}ly dominant strategy: {', '.join(without)}"
        return Outcome(complete=True, status=Status.INFEASIBLE, reason=reason)
    for actions in itertools.product(*dominant):
        yield MixedProfile.pure(game, actions)
    return Outcome(complete=True)


def _dominant(game: NormalFormGame, player: int, strictness: str) -> list[int]:
    """Compare each action with the best replies; integers, so that ties are ties."""
    read = game.integer_payoffs[player]
    table: NDArray[Any] = game.exact_payoffs[player] if read is None else read.integers
    own = np.moveaxis(table, player, 0).reshape(table.shape[player], -1)
    never_worse = np.flatnonzero((own == own.max(axis=0)).all(axis=1)).tolist()
    if strictness == "very-weak":
        return never_worse
    return [
        action
        for action in never_worse
        if all(
            (own[action] > own[other]).all()
            if strictness == "strict"
            else (own[action] > own[other]).any()
            for other in range(len(own))
            if other != action
        )
    ]
