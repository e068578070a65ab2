"""Maxmin realization plans of two-player constant-sum games by linear programming.

Koller, Megiddo and von Stengel (1996), "Efficient computation of equilibria for extensive
two-person games", Games and Economic Behavior 14; von Stengel (1996).
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gametheory.algorithms.registry import Outcome, Search, register
from gametheory.concepts import max_regret
from gametheory.games.behavior_profile import BehaviorProfile
from gametheory.games.extensive_form import ExtensiveFormGame
from gametheory.games.sequence_form import SequenceForm, Treeplex
from gametheory.solution import Status

__all__ = ["sequence_form_lp"]

_DENOMINATORS = (1, 12, 120, 2520)  # tried in turn when a plan is rounded to small fractions


def _applies(game: ExtensiveFormGame) -> str:
    if game.n_players == 2 and game.is_constant_sum():
        return ""
    return "the sequence-form linear program needs a two-player constant-sum game"


@register(
    "sequence-form-lp",
    concepts=("minimax", "nash"),
    form=ExtensiveFormGame,
    applies=_applies,
    rank=5,
    guarantee="an equilibrium to about 1e-9 of the payoff range, often exactly",
    cost="one linear program with a row for each sequence of one player",
    source="Koller, Megiddo and von Stengel (1996), Games and Economic Behavior 14",
)
def sequence_form_lp(game: ExtensiveFormGame) -> Search:
    """Yield one equilibrium: a maxmin plan and, from the dual, the other player's.

    Behaviors off the equilibrium path are uniform. Probabilities close to small fractions are
    replaced by them when that does not raise the regret, so that the certificate is often exact.
    """
    form = game.sequence_form
    plans, iterations, message = _maxmin_plans(form, game.payoff_range or 1.0)
    if plans is None:
        return Outcome(iterations, status=Status.NUMERICAL_FAILURE, reason=message)
    yield None
    behavior = np.concatenate(
        [_behavior(treeplex, plan) for treeplex, plan in zip(form.treeplexes, plans, strict=True)]
    )
    yield _simplest(game, behavior)
    return Outcome(iterations)


def _constraints(treeplex: Treeplex) -> Any:
    """Matrix E of E plan = e: flow in equals flow out at each information set."""
    from scipy.sparse import coo_array

    n_infosets = treeplex.parent_sequence.size
    sizes = np.diff(np.append(_starts(treeplex), treeplex.n_sequences))
    row = np.repeat(np.arange(n_infosets), sizes)
    entries = np.concatenate([[1.0], -np.ones(n_infosets), np.ones(row.size)])
    rows = np.concatenate([[0], 1 + np.arange(n_infosets), 1 + row])
    columns = np.concatenate([[0], treeplex.parent_sequence, 1 + np.arange(row.size)])
    return coo_array((entries, (rows, columns)), shape=(1 + n_infosets, treeplex.n_sequences))


def _starts(treeplex: Treeplex) -> NDArray[np.int64]:
    starts = np.zeros(treeplex.parent_sequence.size, np.int64)
    for level in treeplex.levels:
        starts[level.infosets] = level.sequences[level.starts]
    return starts


def _maxmin_plans(
    form: SequenceForm, scale: float
) -> tuple[tuple[NDArray[np.float64], NDArray[np.float64]] | None, int, str]:
    """Solve max_x min_y x'Ay: maximize f'q subject to F'q <= A'x, Ex = e, x >= 0."""
    from scipy.optimize import linprog
    from scipy.sparse import coo_array, hstack

    first, second = form.treeplexes
    weights = form.terminal_chance * form.terminal_payoffs[0] / scale
    shape = (first.n_sequences, second.n_sequences)
    payoff = coo_array((weights, tuple(form.terminal_sequences)), shape=shape)
    own, other = _constraints(first), _constraints(second)
    n_bounds = other.shape[0]
    objective = np.zeros(first.n_sequences + n_bounds)
    objective[first.n_sequences] = -1.0
    right = np.zeros(own.shape[0])
    right[0] = 1.0
    result = linprog(
        objective,
        A_ub=hstack([-payoff.T, other.T]).tocsr(),
        b_ub=np.zeros(second.n_sequences),
        A_eq=hstack([own, coo_array((own.shape[0], n_bounds))]).tocsr(),
        b_eq=right,
        bounds=[(0, None)] * first.n_sequences + [(None, None)] * n_bounds,
        method="highs-ds",
    )
    if not result.success:
        return None, int(result.nit), f"the linear program failed: {result.message}"
    return (result.x[: first.n_sequences], -result.ineqlin.marginals), int(result.nit), ""


def _behavior(treeplex: Treeplex, plan: NDArray[np.float64]) -> NDArray[np.float64]:
    """Divide a realization plan by its parents; uniform where the plan does not go."""
    behavior = np.maximum(plan, 0.0)
    for level in reversed(treeplex.levels):
        weights = behavior[level.sequences]
        total = np.add.reduceat(weights, level.starts)[level.owner]
        count = np.bincount(level.owner)[level.owner]
        reached = total > 1e-9  # plans are probabilities, so the threshold is relative to one
        behavior[level.sequences] = np.where(
            reached, weights / np.where(reached, total, 1.0), 1.0 / count
        )
    return behavior[1:]


def _simplest(game: ExtensiveFormGame, behavior: NDArray[np.float64]) -> BehaviorProfile:
    """Round to the smallest fractions that do not raise the regret."""
    given = BehaviorProfile(game, behavior)
    allowed = max(max_regret(game, given), 1e-12 * game.payoff_range)
    for denominator in _DENOMINATORS:
        rounded = [Fraction(p).limit_denominator(denominator) for p in behavior.tolist()]
        sums = np.add.reduceat(np.array(rounded, dtype=object), game.action_offsets[:-1])
        if all(total == 1 for total in sums):
            simple = BehaviorProfile(game, np.array(rounded, dtype=object))
            if max_regret(game, simple) <= allowed:
                return simple
    return given
