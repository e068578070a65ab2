"""Best responses to mixed profiles, and what they gain."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gametheory.games.normal_form import NormalFormGame
from gametheory.games.profiles import MixedProfile

__all__ = ["best_response", "best_response_value", "player_regrets"]

_TIE = 1e-9  # of the player's payoff range


def player_regrets(game: NormalFormGame, profile: MixedProfile) -> NDArray[np.float64]:
    """Return what each player could gain by its best deviation, shape (n_players,).

    In payoff units, never negative; all zero exactly at a Nash equilibrium.

    Raises
    ------
    InvalidProfile
        The profile is not one of this game.

    Examples
    --------
    >>> pennies = NormalFormGame.zero_sum([[1, -1], [-1, 1]])
    >>> player_regrets(pennies, MixedProfile([[1, 0], [0.75, 0.25]]))
    array([0. , 1.5])
    """
    regrets = np.empty(game.n_players)
    for player in range(game.n_players):
        payoffs = game.deviation_payoffs(profile, player)
        # Average the shortfalls, not the payoffs: a large common offset cancels before rounding.
        regrets[player] = (payoffs.max() - payoffs) @ profile[player]
    return regrets


def best_response_value(game: NormalFormGame, profile: MixedProfile, player: int) -> float:
    """Return the most ``player`` can expect while the others follow the profile.

    Examples
    --------
    >>> pennies = NormalFormGame.zero_sum([[1, -1], [-1, 1]])
    >>> best_response_value(pennies, MixedProfile([[1, 0], [0.75, 0.25]]), 1)
    1.0
    """
    return float(game.deviation_payoffs(profile, player).max())


def best_response(
    game: NormalFormGame, profile: MixedProfile, player: int, *, exact: bool = False
) -> tuple[int, ...]:
    """Return the actions of ``player`` that are best while the others follow the profile.

    Parameters
    ----------
    exact : bool
        Compare in rational arithmetic. Otherwise actions tie within 1e-9 of the range of the
        player's payoffs.

    Returns
    -------
    tuple of int
        Indices in increasing order, at least one.

    Raises
    ------
    InvalidProfile
        The profile is not one of this game, or there is no such player.

    Examples
    --------
    >>> pennies = NormalFormGame.zero_sum([[1, -1], [-1, 1]])
    >>> best_response(pennies, MixedProfile([[1, 0], [0.75, 0.25]]), 0)
    (0,)
    >>> best_response(pennies, MixedProfile.uniform(pennies), 0)
    (0, 1)
    """
    floats = game.deviation_payoffs(profile, player)
    if exact:
        payoffs = _exact_deviation_payoffs(game, profile, player)
        return tuple(np.flatnonzero(payoffs == payoffs.max()).tolist())
    own = game.payoffs[player]
    rounding = 8 * np.finfo(np.float64).eps * np.abs(own).max()
    tolerance = _TIE * (own.max() - own.min()) + rounding
    return tuple(np.flatnonzero(floats >= floats.max() - tolerance).tolist())


def _exact_deviation_payoffs(
    game: NormalFormGame, profile: MixedProfile, player: int
) -> NDArray[Any]:
    tensor: NDArray[Any] = np.moveaxis(game.exact_payoffs[player], player, 0)
    others = [*profile.exact[:player], *profile.exact[player + 1 :]]
    for strategy in reversed(others):
        tensor = tensor @ np.array(strategy, dtype=object)
    return tensor
