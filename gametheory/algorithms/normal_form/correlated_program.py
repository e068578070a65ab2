"""The best correlated and coarse correlated equilibria, by convex programming.

1. Write the sparse program over joint actions: :mod:`.incentive_program`.
2. A linear objective: solve it exactly; dual variables prove that no equilibrium is better.
   Entropy: follow the central path, :mod:`.maximum_entropy`, whose prices bound every entropy.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np

from gametheory.algorithms.normal_form.incentive_program import (
    IncentiveRows,
    incentive_rows,
    program_for,
    proof_of,
    read_objective,
    refusal,
)
from gametheory.algorithms.normal_form.maximum_entropy import maximize_entropy
from gametheory.algorithms.registry import Outcome, Search, register
from gametheory.games.correlated_distribution import CorrelatedDistribution
from gametheory.games.normal_form import NormalFormGame
from gametheory.games.optimality_proof import OptimalityProof
from gametheory.linear_programs import LinearProgram, optimize
from gametheory.linear_programs.float_simplex import FloatSimplex
from gametheory.solution import Status

__all__ = ["coarse_correlated_program", "correlated_program"]

_NOISE = 1e-14
_MOST_CELLS = 200_000  # entries of the program grow with cells times actions


def _applies(game: NormalFormGame) -> str:
    if math.prod(game.n_actions) > _MOST_CELLS:
        return f"more than {_MOST_CELLS:,} joint actions"
    return refusal(game)


@register(
    "correlated-program",
    concepts=("correlated",),
    form=NormalFormGame,
    applies=_applies,
    guarantee="a correlated equilibrium that is best by the objective, both exactly, with the "
    "multipliers that prove it; for entropy to within a proven gap",
    cost="one linear program with a variable for each joint action and a row for each pair of a "
    "player's actions, and exact linear systems of the size of its basis",
    source="Aumann (1974), Journal of Mathematical Economics 1; as a linear program: Gilboa and "
    "Zemel (1989), Games and Economic Behavior 1",
    rank=10,
)
def correlated_program(game: NormalFormGame, *, objective: Any = "welfare") -> Search:
    """Yield one correlated equilibrium, the best by an objective.

    Parameters
    ----------
    game : NormalFormGame
    objective : str, int or array_like
        "welfare" (the sum of payoffs), "egalitarian" (the smallest payoff), a player's index or
        "player 0" and so on, "entropy", or an array of shape ``n_actions`` whose expectation is
        maximized.

    Yields
    ------
    CorrelatedDistribution or None
        None while at work.

    Returns
    -------
    Outcome
        ``iterations`` counts simplex steps, or Newton's.

    Raises
    ------
    UnsupportedGame
        The objective is none of these.

    Examples
    --------
    >>> chicken = NormalFormGame.symmetric([[6, 2], [7, 0]])
    >>> next(found for found in correlated_program(chicken) if found is not None)
    CorrelatedDistribution({(0, 0): 1/2, (0, 1): 1/4, (1, 0): 1/4}, n_actions=(2, 2))
    """
    return (yield from _best(game, objective, coarse=False))


@register(
    "coarse-correlated-program",
    concepts=("coarse-correlated",),
    form=NormalFormGame,
    applies=_applies,
    guarantee="a coarse correlated equilibrium that is best by the objective, both exactly, with "
    "the multipliers that prove it; for entropy to within a proven gap",
    cost="one linear program with a variable for each joint action and a row for each action, and "
    "exact linear systems of the size of its basis",
    source="Moulin and Vial (1978), International Journal of Game Theory 7",
    rank=10,
)
def coarse_correlated_program(game: NormalFormGame, *, objective: Any = "welfare") -> Search:
    """Yield one coarse correlated equilibrium, the best by an objective.

    Parameters, errors and what it returns are as for :func:`correlated_program`.

    Examples
    --------
    >>> dilemma = NormalFormGame.symmetric([[-1, -3], [0, -2]])
    >>> next(found for found in coarse_correlated_program(dilemma) if found is not None)
    CorrelatedDistribution({(1, 1): 1}, n_actions=(2, 2))
    """
    return (yield from _best(game, objective, coarse=True))


def _best(game: NormalFormGame, objective: Any, *, coarse: bool) -> Search:
    rows = incentive_rows(game, coarse=coarse)
    yield None
    if isinstance(objective, str) and objective == "entropy":
        return (yield from _most_random(game, rows))
    goal = read_objective(game, objective)
    program = program_for(game, rows, goal)
    answer = yield from optimize(program)
    if isinstance(answer, str):
        return (yield from _best_in_floats(game, program, answer))
    weights = answer.weights[: math.prod(game.n_actions)]
    yield _distribution(game, weights, proof_of(rows, goal, answer.duals, answer.dual_scale))
    return Outcome(iterations=answer.iterations)


def _best_in_floats(game: NormalFormGame, program: LinearProgram, why_not: str) -> Search:
    """Settle for what floats find where numbers of many magnitudes keep them from a basis."""
    floats = FloatSimplex(program)
    found = yield from floats.run()
    weights = np.zeros(0) if found is None else found.weights[: math.prod(game.n_actions)]
    weights = np.where(weights > _NOISE * weights.max(initial=0.0), weights, 0.0)
    if not weights.any():
        return Outcome(status=Status.NUMERICAL_FAILURE, reason=f"the linear program: {why_not}")
    yield CorrelatedDistribution((weights / weights.sum()).reshape(game.n_actions))
    return Outcome(floats.iterations, reason=f"solved in floats alone; exactly: {why_not}")


def _most_random(game: NormalFormGame, rows: IncentiveRows) -> Search:
    answer = yield from maximize_entropy(rows, math.prod(game.n_actions))
    prices = {
        incentive: Fraction(price) * rows.denominators[incentive[0]]
        for incentive, price in zip(rows.incentives, answer.prices.tolist(), strict=True)
        if price > 0
    }
    yield _distribution(game, answer.weights, OptimalityProof("entropy", (), prices))
    return Outcome(iterations=answer.steps)


def _distribution(
    game: NormalFormGame, weights: list[int], proof: OptimalityProof
) -> CorrelatedDistribution:
    taken = [cell for cell, weight in enumerate(weights) if weight]
    joints = np.stack(np.unravel_index(taken, game.n_actions), axis=1).tolist()
    return CorrelatedDistribution.from_weights(
        game.n_actions,
        {tuple(joint): weights[cell] for joint, cell in zip(joints, taken, strict=True)},
        proof=proof,
    )
