"""Policy iteration for zero-sum stochastic games.

1. Begin with values v = 0.
2. Solve each state's matrix game of stage payoffs and discounted v for minimax strategies.
3. Let player 0 respond as well as it can to player 1's: a Markov decision process. Its values are
   the next v; from the second time on they fall toward the game's.
4. Stop when the best responses to both strategies leave no more between them than was asked for.
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
from gametheory.concepts.stochastic import best_response_values
from gametheory.games.stochastic_game import StochasticGame
from gametheory.solution import Status

__all__ = ["hoffman_karp"]


@register(
    "hoffman-karp",
    concepts=("minimax", "nash"),
    form=StochasticGame,
    applies=refusal,
    guarantee="stationary minimax strategies, as close as asked for; few iterations whatever "
    "the discount",
    cost="a matrix game a state and two Markov decision processes an iteration",
    source="Hoffman and Karp (1966), Management Science 12, pages 359-370",
    rank=0,
)
def hoffman_karp(
    game: StochasticGame, *, target: float = 1e-9, max_iterations: int = 10_000
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
    >>> game = StochasticGame([stage], [np.ones((2, 2, 1))], "99/100")
    >>> solution = gametheory.solve(game, "minimax")
    >>> solution.method, solution.iterations, solution.payoffs.round(6).tolist()
    ('hoffman-karp', 1, [20.0, -20.0])
    """
    goal = target * value_scale(game)
    values = np.zeros(game.n_states)
    for iteration in range(1, max_iterations + 1):
        try:
            found = yield from stage_equilibria(game, values)
        except StageFailure as failure:
            return Outcome(iteration, status=Status.NUMERICAL_FAILURE, reason=str(failure))
        values = best_response_values(game, found.profile, 0)
        yield None
        held_to = -best_response_values(game, found.profile, 1)
        gap = float((values - held_to).max())
        yield Approximation(partial(getattr, found, "profile"), goal, gap <= goal, iteration)
    return Outcome(
        max_iterations,
        status=Status.ITERATION_LIMIT,
        reason=f"{max_iterations:,} iterations did not reach the target",
    )
