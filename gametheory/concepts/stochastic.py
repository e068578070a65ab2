"""Best responses to stationary profiles of stochastic games, and what they gain.

Against stationary opponents a player faces a Markov decision process, so some pure stationary
strategy is a best response from every state at once (Blackwell 1962, Annals of Mathematical
Statistics 33); Howard's policy iteration finds it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gametheory.errors import InvalidProfile
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
    return _solve(_decisions(game, profile, player), game)[0]


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
    """Return what a best response is worth from each state on, and the profile with it."""
    values, actions = _solve(_decisions(game, profile, player), game)
    return values, profile.replace(player, _pure(game, actions.tolist(), player))


class _Decisions(NamedTuple):
    """The decision process that opponents leave to a player: a row for each state and action.

    Attributes
    ----------
    first : ndarray of int, shape (n_states,)
        Each state's first row.
    earned : ndarray, shape (n_rows,)
    following : sparse array, shape (n_rows, n_states)
        Discounted probabilities of the next state.
    """

    first: NDArray[np.int64]
    earned: NDArray[np.float64]
    following: Any


def _decisions(game: StochasticGame, profile: StationaryProfile, player: int) -> _Decisions:
    from scipy.sparse import csr_array

    game.check_profile(profile)
    if not (isinstance(player, int | np.integer) and 0 <= player < game.n_players):
        raise InvalidProfile(
            f"there is no player {player!r}", where="player", valid=f"0 to {game.n_players - 1}"
        )
    player = int(player)
    sizes = np.array([stage.n_actions[player] for stage in game.stages])
    first = np.cumsum(sizes) - sizes
    rows, weights = [], []
    for start, stage, strategies in zip(first.tolist(), game.stages, profile, strict=True):
        weight: NDArray[np.float64] = np.ones(1)
        for i, strategy in enumerate(strategies):
            own = np.ones(stage.n_actions[i]) if i == player else strategy
            weight = np.multiply.outer(weight, own).ravel()
        weights.append(weight)
        repeats = int(np.prod(stage.n_actions[player + 1 :]))
        cell = np.arange(weight.size) // repeats
        rows.append(start + cell % stage.n_actions[player])
    row, weight = np.concatenate(rows), np.concatenate(weights)
    cells = np.flatnonzero(weight)
    shape = (int(sizes.sum()), weight.size)
    choose = csr_array((weight[cells], (row[cells], cells)), shape=shape)
    payoffs = np.concatenate([stage.payoffs[player].ravel() for stage in game.stages])
    return _Decisions(first, choose @ payoffs, (choose @ game.continuation).tocsr())


def _solve(process: _Decisions, game: StochasticGame) -> tuple[NDArray[np.float64], Any]:
    """Find the values and best actions by Howard's policy iteration."""
    from scipy.sparse import eye_array
    from scipy.sparse.linalg import spsolve

    first, earned, following = process
    own = np.append(first[1:], earned.size) - first
    state = np.repeat(np.arange(game.n_states), own)
    identity = eye_array(game.n_states, format="csc")
    tie = _TIE * (game.payoff_range or 1.0)
    chosen = first.copy()
    for _ in range(_MOST_ROUNDS):
        matrix = identity - following[chosen].tocsc()
        values = np.asarray(spsolve(matrix, earned[chosen])).reshape(game.n_states)
        worth = earned + following @ values
        best = np.maximum.reduceat(worth, first)
        tops = np.flatnonzero(worth == best[state])
        _, earliest = np.unique(state[tops], return_index=True)
        better = np.where(best > worth[chosen] + tie, tops[earliest], chosen)
        if np.array_equal(better, chosen):
            break
        chosen = better
    return values, chosen - first


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
