"""Best responses to behavior profiles, and what they gain, in the sequence form."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gametheory.errors import InvalidProfile
from gametheory.games.behavior_profile import BehaviorProfile
from gametheory.games.extensive_form import ExtensiveFormGame

__all__ = ["best_response", "best_response_value", "player_regrets"]


def best_response(
    game: ExtensiveFormGame, profile: BehaviorProfile, player: int
) -> BehaviorProfile:
    """Return the profile with one player's behavior replaced by a pure best response.

    The response is optimal at every information set that the others allow to be reached, and
    takes the first best action at ties. Cost: linear in the terminal histories.
    """
    _check(game, profile, player)
    form = game.sequence_form
    treeplex = form.treeplexes[player]
    _, behavior = treeplex.best_response(form.gains(profile.probabilities, player))
    probabilities = profile.probabilities.copy()
    probabilities[treeplex.flat] = behavior
    return BehaviorProfile(game, probabilities)


def best_response_value(game: ExtensiveFormGame, profile: BehaviorProfile, player: int) -> float:
    """Return what a player earns by best responding to the others in a profile."""
    _check(game, profile, player)
    form = game.sequence_form
    value, _ = form.treeplexes[player].best_response(form.gains(profile.probabilities, player))
    return value


def player_regrets(game: ExtensiveFormGame, profile: BehaviorProfile) -> NDArray[np.float64]:
    """Return each player's gain from a best response, shape (n_players,).

    In payoff units; rounding never makes it negative.
    """
    payoffs = game.expected_payoffs(profile)
    best = [best_response_value(game, profile, player) for player in range(game.n_players)]
    return np.maximum(np.array(best) - payoffs, 0.0)


def _check(game: ExtensiveFormGame, profile: BehaviorProfile, player: int) -> None:
    profile.check_fits(game)
    if not 0 <= player < game.n_players:
        raise InvalidProfile(
            f"there is no player {player}", valid=f"0 to {game.n_players - 1}", where="player"
        )
