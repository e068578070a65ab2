"""Value iteration for zero-sum stochastic games.

1. Begin with values v = 0.
2. Replace each v(s) by the value of the matrix game of stage payoffs and discounted v.
3. The operator contracts by c, the discount times the chance to go on: stop when the last change
   bounds what is left, and play the last matrix games' minimax strategies.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from gametheory.algorithms.registry import Approximation, Outcome, Search, register
from gametheory.algorithms.stochastic.stage_equilibria import (
    StageFailure,
    refusal,
    stage_equilibria,
    value_scale,
)
from gametheory.games.stochastic_game import StochasticGame
from gametheory.solution import Status

__all__ = ["shapley_iteration"]


@register(
    "shapley-iteration",
    concepts=("minimax", "nash"),
    form=StochasticGame,
    applies=refusal,
    guarantee="stationary minimax strategies, as close as asked for: the values' error shrinks "
    "by the contraction factor an iteration",
    cost="a matrix game a state an iteration; log(1 / error) / (1 - contraction) iterations",
    source="Shapley (1953), PNAS 39, pages 1095-1100",
    rank=1,
)
def shapley_iteration(
    game: StochasticGame, *, target: float = 1e-9, max_iterations: int = 100_000
) -> Search:
    """Yield better and better stationary minimax profiles.

    Parameters
    ----------
    game : StochasticGame
        Two-player and zero-sum.
    target : float
        The violation to reach, as a part of the payoff range.
    max_iterations : int

    Yields
    ------
    Approximation or None

    Returns
    -------
    Outcome
        ITERATION_LIMIT when the target was not reached, NUMERICAL_FAILURE when a stage's linear
        program broke down.

    Examples
    --------
    >>> import gametheory
    >>> stage = [[[2, -1], [-1, 1]], [[-2, 1], [1, -1]]]
    >>> game = StochasticGame([stage], [np.ones((2, 2, 1))], 0.5)
    >>> solution = gametheory.solve(game, "minimax", method="shapley-iteration")
    >>> solution.payoffs.round(6).tolist()
    [0.4, -0.4]
    """
    factor, goal = float(game.contraction), target * value_scale(game)
    values = np.zeros(game.n_states)
    for iteration in range(1, max_iterations + 1):
        try:
            found = yield from stage_equilibria(game, values)
        except StageFailure as failure:
            return Outcome(iteration, status=Status.NUMERICAL_FAILURE, reason=str(failure))
        change = float(np.abs(found.values - values).max())
        values = found.values
        # Both strategies are within the values' error, twice, of what they should secure.
        reached = 2.0 * factor * change / (1.0 - factor) <= goal
        yield Approximation(partial(getattr, found, "profile"), goal, reached, iteration)
        if change == 0.0:
            return Outcome(iteration)
    return Outcome(
        max_iterations,
        status=Status.ITERATION_LIMIT,
        reason=f"{max_iterations:,} iterations did not reach the target",
    )
