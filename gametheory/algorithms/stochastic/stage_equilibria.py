"""Minimax strategies of all stages at once, given what the states are worth."""

from __future__ import annotations

from collections.abc import Generator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gametheory.algorithms.normal_form.simplex_vertex import simplex_vertex
from gametheory.games.stationary_profile import StationaryProfile
from gametheory.games.stochastic_game import StochasticGame

__all__ = ["StageEquilibria", "StageFailure", "refusal", "stage_equilibria", "value_scale"]

Floats = NDArray[np.float64]


class StageFailure(ArithmeticError):
    """Rounding broke a stage's linear program down; the text says which one."""


class StageEquilibria(NamedTuple):
    """What Shapley's operator makes of values: new ones, and the strategies that earn them.

    Attributes
    ----------
    values : ndarray, shape (n_states,)
        Of player 0.
    profile : StationaryProfile
    """

    values: Floats
    profile: StationaryProfile


def refusal(game: StochasticGame) -> str:
    """Say why a game is not a two-player zero-sum one; "" if it is."""
    if game.n_players != 2:
        return f"it needs two players and the game has {game.n_players}"
    return "" if game.is_zero_sum() else "it needs payoffs that sum to zero in every cell"


def value_scale(game: StochasticGame) -> float:
    """Return what violations are compared with: the payoff range, 1.0 if it is zero."""
    return game.payoff_range or 1.0


def stage_equilibria(
    game: StochasticGame, values: Floats
) -> Generator[None, None, StageEquilibria]:
    """Solve every stage with what follows: Shapley's operator.

    Yields None between the stages.

    Raises
    ------
    StageFailure
        If a linear program breaks down.
    """
    new, strategies = np.empty(game.n_states), []
    for state, tensor in enumerate(game.stage_tensors(np.stack([values, -values]))):
        new[state], row, column = yield from _solve(tensor[0], game.states[state])
        strategies.append((row, column))
        yield None
    return StageEquilibria(new, StationaryProfile(strategies))


def _solve(payoffs: Floats, state: str) -> Generator[None, None, tuple[float, Floats, Floats]]:
    secured, conceded = payoffs.min(axis=1), payoffs.max(axis=0)
    best, worst = int(np.argmax(secured)), int(np.argmin(conceded))
    if secured[best] >= conceded[worst]:  # a saddle point
        sides = [np.zeros(size) for size in payoffs.shape]
        sides[0][best] = sides[1][worst] = 1.0
        return float(secured[best]), sides[0], sides[1]
    lowest, width = float(payoffs.min()), float(np.ptp(payoffs))
    vertex, _ = yield from simplex_vertex(np.ascontiguousarray((payoffs - lowest) / width))
    if vertex is None:
        raise StageFailure(f"the linear program of state {state!r} broke down")
    return float(vertex.row @ payoffs @ vertex.column), vertex.row, vertex.column
