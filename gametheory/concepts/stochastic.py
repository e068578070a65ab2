"""Best responses to stationary profiles of stochastic games, and what they gain.

Against stationary opponents a player faces a Markov decision process, so some pure stationary
strategy is a best response from every state at once (Blackwell 1962, Annals of Mathematical
Statistics 33); Howard's policy iteration finds it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gametheory.games.stationary_profile import StationaryProfile
from gametheory.games.stochastic_game import StochasticGame

__all__ = ["best_response", "best_response_value", "best_response_values", "player_regrets"]

_TIE = 1e-12  # of the payoff range: changing an action for less would only follow rounding
_MOST_ROUNDS = 10_000


def player_regrets(game: StochasticGame, profile: StationaryProfile) -> NDArray[np.float64]:
    """Return each player's largest gain from a best response, over all states it may start in.

    All zero exactly at a stationary (Markov perfect) equilibrium. Shape (n_players,).

    Raises
    ------
    InvalidProfile
        If the profile is not one of this game.

    Examples
    --------
    >>> stage = [[[3, 0], [5, 1]], [[3, 5], [0, 1]]]  # a prisoner's dilemma, for ever
    >>> game = StochasticGame([stage], [np.ones((2, 2, 1))], 0.5)
    >>> player_regrets(game, StationaryProfile([[[1, 0], [1, 0]]])).round(9).tolist()
    [4.0, 4.0]
    """
    values = game.values(profile)
    gains = [
        (best_response_values(game, profile, player) - values[player]).max()
        for player in range(game.n_players)
    ]
    return np.maximum(gains, 0.0)


def best_response_values(
    game: StochasticGame, profile: StationaryProfile, player: int
) -> NDArray[np.float64]:
    """Return the most a player can expect from each state on, shape (n_states,).

    Cost: a sparse linear system a round of policy iteration, few rounds in practice.
    """
    return _respond(game, profile, player)[0]


def best_response_value(game: StochasticGame, profile: StationaryProfile, player: int) -> float:
    """Return the most a player can expect from the start while the others follow the profile."""
    return float(best_response_values(game, profile, player)[game.start])


def best_response(
    game: StochasticGame, profile: StationaryProfile, player: int
) -> StationaryProfile:
    """Return the profile with one player's strategy replaced by a pure best response.

    Examples
    --------
    >>> stage = [[[3, 0], [5, 1]], [[3, 5], [0, 1]]]
    >>> game = StochasticGame([stage], [np.ones((2, 2, 1))], 0.5)
    >>> best_response(game, StationaryProfile.uniform(game), 0)[0][0].tolist()
    [0.0, 1.0]
    """
    return _respond(game, profile, player)[1]


def _respond(
    game: StochasticGame, profile: StationaryProfile, player: int
) -> tuple[NDArray[np.float64], StationaryProfile]:
    profile.check_fits(game)
    actions = [0] * game.n_states
    tie = _TIE * (game.payoff_range or 1.0)
    for _ in range(_MOST_ROUNDS):
        current = profile.replace(player, _pure(game, actions, player))
        values = game.values(current)
        better = list(actions)
        for state, tensor in enumerate(game.stage_tensors(values)):
            payoffs = np.moveaxis(tensor[player], player, 0)
            others = [s for i, s in enumerate(profile[state]) if i != player]
            for strategy in reversed(others):
                payoffs = payoffs @ strategy
            best = int(np.argmax(payoffs))
            if payoffs[best] > payoffs[actions[state]] + tie:
                better[state] = best
        if better == actions:
            break
        actions = better
    return values[player], current


def _pure(game: StochasticGame, actions: list[int], player: int) -> StationaryProfile:
    """Return a pure profile in which one player takes these actions, and the others their first."""
    rows = []
    for stage, action in zip(game.stages, actions, strict=True):
        sizes = stage.n_actions
        rows.append(
            [
                [int(k == (action if i == player else 0)) for k in range(size)]
                for i, size in enumerate(sizes)
            ]
        )
    return StationaryProfile(rows)
