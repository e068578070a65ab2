"""What a solution is: best responses and regrets, for both game forms.

Each function takes a game and a full profile and hands over to the game form's own module.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gametheory.concepts import extensive_form, normal_form
from gametheory.errors import UnsupportedGame
from gametheory.games.extensive_form import ExtensiveFormGame
from gametheory.games.normal_form import NormalFormGame

__all__ = [
    "best_response",
    "best_response_value",
    "exploitability",
    "max_regret",
    "nash_conv",
    "player_regrets",
]


def _form(game: Any) -> Any:
    if isinstance(game, NormalFormGame):
        return normal_form
    if isinstance(game, ExtensiveFormGame):
        return extensive_form
    raise UnsupportedGame(
        f"{type(game).__name__!r} is not a game form",
        valid="a NormalFormGame or an ExtensiveFormGame",
        hint="build one, e.g. NormalFormGame.bimatrix(A, B) or ExtensiveFormGame.from_state(state)",
    )


def player_regrets(game: Any, profile: Any) -> NDArray[np.float64]:
    """Return each player's gain from a best response, in payoff units, shape (n_players,).

    Examples
    --------
    >>> from gametheory.games.catalog import load
    >>> from gametheory.games.profiles import MixedProfile
    >>> game = load("prisoners_dilemma")
    >>> player_regrets(game, MixedProfile.pure(game, [0, 0]))
    array([1., 1.])
    """
    regrets: NDArray[np.float64] = _form(game).player_regrets(game, profile)
    return regrets


def max_regret(game: Any, profile: Any) -> float:
    """Return the epsilon for which the profile is an epsilon-equilibrium."""
    return float(_form(game).max_regret(game, profile))


def nash_conv(game: Any, profile: Any) -> float:
    """Return NashConv, the sum of the player regrets."""
    return float(_form(game).nash_conv(game, profile))


def exploitability(game: Any, profile: Any) -> float:
    """Return NashConv / 2; UnsupportedGame unless two-player constant-sum."""
    return float(_form(game).exploitability(game, profile))


def best_response(game: Any, profile: Any, player: int) -> Any:
    """Return a best response to the others in a profile.

    In normal form the tuple of best actions; in extensive form the profile with the player's
    behavior replaced.
    """
    return _form(game).best_response(game, profile, player)


def best_response_value(game: Any, profile: Any, player: int) -> float:
    """Return what a player earns by best responding to the others in a profile."""
    return float(_form(game).best_response_value(game, profile, player))
