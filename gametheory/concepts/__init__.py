"""What a solution is: best responses and regrets, for all game forms.

Each function takes a game and a full profile and hands over to the game form's own module.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gametheory.concepts import extensive_form, normal_form, stochastic
from gametheory.errors import UnsupportedGame
from gametheory.games.extensive_form import ExtensiveFormGame
from gametheory.games.normal_form import NormalFormGame
from gametheory.games.stochastic_game import StochasticGame

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
    if isinstance(game, StochasticGame):
        return stochastic
    raise UnsupportedGame(
        f"{type(game).__name__!r} is not a game form",
        valid="a NormalFormGame, an ExtensiveFormGame or a StochasticGame",
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
    """Return the largest player regret: the profile is an epsilon-equilibrium for this epsilon.

    Examples
    --------
    >>> from gametheory.games.catalog import load
    >>> from gametheory.games.profiles import MixedProfile
    >>> game = load("matching_pennies")
    >>> max_regret(game, MixedProfile.uniform(game))
    0.0
    """
    return float(player_regrets(game, profile).max())


def nash_conv(game: Any, profile: Any) -> float:
    """Return NashConv, the sum of the player regrets.

    References
    ----------
    Lanctot et al. (2017), "A unified game-theoretic approach to multiagent reinforcement
    learning", Advances in Neural Information Processing Systems 30.

    Examples
    --------
    >>> from gametheory.games.catalog import load
    >>> from gametheory.games.profiles import MixedProfile
    >>> game = load("matching_pennies")
    >>> nash_conv(game, MixedProfile.pure(game, [0, 0]))
    2.0
    """
    return float(player_regrets(game, profile).sum())


def exploitability(game: Any, profile: Any) -> float:
    """Return NashConv divided by the number of players, for two-player constant-sum games.

    There it is the mean of what the two strategies lose against a best response, measured
    from the value of the game.

    Raises
    ------
    UnsupportedGame
        The game is not two-player and constant-sum.
    """
    if game.n_players != 2 or not game.is_constant_sum():
        kind = "not constant-sum" if game.n_players == 2 else f"of {game.n_players} players"
        raise UnsupportedGame(
            f"exploitability is undefined: the game is {kind}",
            where=repr(game),
            valid="a two-player constant-sum game",
            hint="use nash_conv or max_regret, which every game has",
        )
    return nash_conv(game, profile) / 2


def best_response(game: Any, profile: Any, player: int) -> Any:
    """Return a best response to the others in a profile.

    In normal form the tuple of best actions; in the other forms the profile with the player's
    behavior replaced.
    """
    return _form(game).best_response(game, profile, player)


def best_response_value(game: Any, profile: Any, player: int) -> float:
    """Return what a player earns by best responding to the others in a profile."""
    return float(_form(game).best_response_value(game, profile, player))
