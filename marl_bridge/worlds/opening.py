"""Any game as what opens an environment."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from gametheory.errors import MissingExtra
from gametheory.games.normal_form import NormalFormGame

__all__ = ["environment_of", "is_game"]


def is_game(make: Any) -> bool:
    """Whether this is a game that :func:`environment_of` takes, not an environment."""
    return isinstance(make, NormalFormGame)


def environment_of(game: Any) -> Callable[..., Any]:
    """Return what builds a game as a PettingZoo environment; keyword arguments are its own.

    Raises
    ------
    MissingExtra
        If PettingZoo is not installed.

    Examples
    --------
    >>> from gametheory.games.catalog import load
    >>> environment_of(load("prisoners_dilemma"))(rounds=3).possible_agents
    ['player 0', 'player 1']
    """
    try:
        from marl_bridge.worlds.matrix_game import MatrixGameEnv
    except ImportError as error:
        raise MissingExtra.of("pettingzoo", "playing a game as an environment") from error
    return partial(MatrixGameEnv, game)
