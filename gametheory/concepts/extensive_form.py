"""Best responses and regrets of behavior profiles, in the sequence form."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gametheory.errors import UnsupportedGame
from gametheory.games.behavior_profile import BehaviorProfile
from gametheory.games.extensive_form import ExtensiveFormGame

__all__ = [
    "best_response",
    "best_response_value",
    "exploitability",
    "max_regret",
    "nash_conv",
    "player_regrets",
]


def best_response(
    game: ExtensiveFormGame, profile: BehaviorProfile, player: int
) -> BehaviorProfile:
    """Return the profile with one player's behavior replaced by a pure best response.

    The response is optimal at every information set that the others allow to be reached, and
    takes the first best action at ties. Cost: linear in the terminal histories.
    """
    profile.check_fits(game)
    form = game.sequence_form
    treeplex = form.treeplexes[player]
    _, behavior = treeplex.best_response(form.gains(profile.probabilities, player))
    probabilities = profile.probabilities.copy()
    probabilities[treeplex.flat] = behavior
    return BehaviorProfile(game, probabilities)


def best_response_value(game: ExtensiveFormGame, profile: BehaviorProfile, player: int) -> float:
    """Return what a player earns by best responding to the others in a profile."""
    profile.check_fits(game)
    form = game.sequence_form
    value, _ = form.treeplexes[player].best_response(form.gains(profile.probabilities, player))
    return value


def player_regrets(game: ExtensiveFormGame, profile: BehaviorProfile) -> NDArray[np.float64]:
    """Return each player's gain from a best response, in payoff units, shape (n_players,)."""
    payoffs = game.expected_payoffs(profile)
    best = [best_response_value(game, profile, player) for player in range(game.n_players)]
    return np.array(best) - payoffs


def max_regret(game: ExtensiveFormGame, profile: BehaviorProfile) -> float:
    """Return the epsilon for which the profile is an epsilon-equilibrium."""
    return float(player_regrets(game, profile).max())


def nash_conv(game: ExtensiveFormGame, profile: BehaviorProfile) -> float:
    """Return the sum of the player regrets."""
    return float(player_regrets(game, profile).sum())


def exploitability(game: ExtensiveFormGame, profile: BehaviorProfile) -> float:
    """Return NashConv divided by two, for two-player constant-sum games only.

    Raises
    ------
    UnsupportedGame
        For any other game, where the figure has no meaning.
    """
    if game.n_players != 2 or not game.is_constant_sum():
        raise UnsupportedGame(
            "exploitability is defined for two-player constant-sum games",
            where=repr(game),
            hint="use nash_conv or max_regret",
        )
    return nash_conv(game, profile) / 2
