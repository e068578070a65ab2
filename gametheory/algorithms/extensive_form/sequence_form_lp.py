"""Maxmin realization plans of two-player constant-sum games by linear programming.

Koller, Megiddo and von Stengel (1996), "Efficient computation of equilibria for extensive
two-person games", Games and Economic Behavior 14; von Stengel (1996), "Efficient computation of
behavior strategies", Games and Economic Behavior 14.
"""

from __future__ import annotations

import math
from collections.abc import Generator
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gametheory.algorithms.registry import Outcome, Search, register
from gametheory.concepts.extensive_form import player_regrets
from gametheory.errors import UnsupportedGame
from gametheory.games.behavior_profile import BehaviorProfile
from gametheory.games.extensive_form import ExtensiveFormGame
from gametheory.games.sequence_form import Treeplex, chance_reach
from gametheory.linear_programs import LinearProgram, optimize
from gametheory.solution import Status

__all__ = ["is_too_large", "sequence_form_lp"]

_EXACT_SEQUENCES = 400  # of both players: up to here the exact plans take less than a second
_MANY_SEQUENCES = 150_000  # of both players: a third of them takes two or three seconds
_SIMPLE_HISTORIES = 60_000  # up to here a second or two proves such fractions exact
_LARGEST_DENOMINATOR = 10_000
_NOTHING = 1e-13  # a regret over the payoff range that floats cannot tell from none
_WEIGHT_BITS = 60  # of payoffs that are rounded to integers


def _applies(game: ExtensiveFormGame) -> str:
    if game.n_players == 2 and game.is_constant_sum():
        return ""
    return "the sequence-form linear program needs a two-player constant-sum game"


def is_too_large(game: ExtensiveFormGame) -> bool:
    """Whether the program of a two-player constant-sum game would take minutes."""
    return not _applies(game) and sum(game.n_sequences) > _MANY_SEQUENCES


@register(
    "sequence-form-lp",
    concepts=("minimax", "nash"),
    form=ExtensiveFormGame,
    applies=_applies,
    automatic=lambda game: not is_too_large(game),
    rank=5,
    guarantee="an equilibrium, exactly in small games and where exact=True, else to rounding",
    cost="one linear program with a row for each sequence of one player",
    source="Koller, Megiddo and von Stengel (1996), Games and Economic Behavior 14",
)
def sequence_form_lp(game: ExtensiveFormGame, *, exact: bool | None = None) -> Search:
    """Yield one equilibrium: a maxmin plan and, from the dual variables, the other player's.

    Parameters
    ----------
    game : ExtensiveFormGame
        Two players, constant sum.
    exact : bool, optional
        Whether the plans are rational numbers that solve the program exactly, or floats. If left
        out: exact up to 400 sequences, and beyond, in games of up to 60,000 histories, the small
        fractions that the floats are close to, where these do as well. With a few thousand
        sequences the exact solution takes minutes.

    Yields
    ------
    BehaviorProfile
        Uniform at information sets that the player's own plan does not reach.

    Returns
    -------
    Outcome
        NUMERICAL_FAILURE, and HiGHS' word, where neither its simplex methods nor its
        interior-point method solve the program.
    """
    if exact not in (None, True, False):
        raise UnsupportedGame(f"exact={exact!r}", valid="True, False or None")
    wanted = sum(game.n_sequences) <= _EXACT_SEQUENCES if exact is None else exact
    program = _program(game, exact=wanted)
    found = yield from (_exact_plans(program) if wanted else _float_plans(program))
    if isinstance(found, str) and exact is None and wanted:
        found = yield from _float_plans(_program(game, exact=False))
    if isinstance(found, str):
        return Outcome(
            status=Status.NUMERICAL_FAILURE, reason=f"the linear program failed: {found}"
        )
    behaviors = [
        _behavior(treeplex, plan)
        for treeplex, plan in zip(game.sequence_form.treeplexes, found.plans, strict=True)
    ]
    profile = BehaviorProfile(game, np.concatenate(behaviors))
    yield profile if wanted or exact is False else _simplified(game, profile)
    return Outcome(found.iterations)


class _Plans(NamedTuple):
    """Both players' realization plans, floats or Fractions, not yet of unit weight."""

    plans: tuple[NDArray[Any], NDArray[Any]]
    iterations: int


def _program(game: ExtensiveFormGame, *, exact: bool) -> LinearProgram:
    """Build max_x min_y x'Ay as: maximize q_0 subject to F'q - A'x <= 0, E x = e, x >= 0.

    Variables are the first player's plan x and a value q for each information set of the second,
    and one for the root; rows are the second player's sequences, whose dual variables are its
    plan, and the equations of x.
    """
    first, second = game.sequence_form.treeplexes
    weights, own, other = _weights(game, exact=exact)
    n, m = first.n_sequences, second.n_sequences
    n_sets, m_sets = len(first.parent_sequence), len(second.parent_sequence)
    # F'q: a sequence's own information set, less those that it leads to.
    value_rows = np.concatenate([np.arange(m), second.parent_sequence])
    value_columns = np.concatenate([[0], 1 + _owners(second), 1 + np.arange(m_sets)]) + n
    unit = int(np.abs(weights).max(initial=1))  # of values, so that entries are of one size
    value_entries = np.repeat(np.array([unit, -unit], weights.dtype), [m, m_sets])
    plan_rows = np.concatenate([[0], 1 + _owners(first), 1 + np.arange(n_sets)]) + m
    plan_columns = np.concatenate([np.arange(n), first.parent_sequence])
    plan_entries = np.concatenate([np.ones(n, np.int64), -np.ones(n_sets, np.int64)])
    rows = np.concatenate([value_rows, other, plan_rows])
    columns = np.concatenate([value_columns, own, plan_columns])
    entries = np.concatenate([value_entries, -weights, plan_entries])
    order = np.lexsort((columns, rows))
    n_rows, n_columns = m + 1 + n_sets, n + 1 + m_sets
    bounds, objective = np.zeros(n_rows, np.int64), np.zeros(n_columns, np.int64)
    bounds[m] = objective[n] = 1
    return LinearProgram(
        objective=objective,
        starts=np.searchsorted(rows[order], np.arange(n_rows + 1)),
        columns=columns[order],
        values=entries[order],
        bounds=bounds,
        equalities=np.arange(n_rows) >= m,
        free=np.arange(n_columns) >= n,
    )


def _owners(treeplex: Treeplex) -> NDArray[np.int64]:
    """Tell the information set of each sequence but the empty one."""
    owners = np.zeros(treeplex.n_sequences, np.int64)
    for level in treeplex.levels:
        owners[level.sequences] = level.infosets[level.owner]
    return owners[1:]


def _weights(
    game: ExtensiveFormGame, *, exact: bool
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Add up what pairs of sequences earn, as integers: entries, first's and second's sequence."""
    form = game.sequence_form
    if exact:
        reach = chance_reach(game, game.terminals, game.exact_chance)
        fractions = np.broadcast_to(reach * game.exact_payoffs[0], reach.shape).tolist()
        scale = math.lcm(*(fraction.denominator for fraction in fractions))
        weights = np.array([int(fraction * scale) for fraction in fractions], dtype=object)
    else:
        floats = form.terminal_chance * form.terminal_payoffs[0]
        bits = _WEIGHT_BITS - math.frexp(float(np.abs(floats).max(initial=0.0)))[1]
        weights = np.ldexp(floats, bits - max(len(floats).bit_length() - 1, 0))
        weights = np.rint(weights).astype(np.int64)
    first, second = form.terminal_sequences.astype(np.int64)
    pairs, which = np.unique(second * game.n_sequences[0] + first, return_inverse=True)
    totals = np.zeros(len(pairs), dtype=weights.dtype)
    np.add.at(totals, which, weights)
    used = np.flatnonzero(totals)
    other, own = np.divmod(pairs[used], game.n_sequences[0])
    return totals[used], own, other


def _exact_plans(program: LinearProgram) -> Generator[None, None, _Plans | str]:
    optimum = yield from optimize(program)
    if isinstance(optimum, str):
        return optimum
    n = int(np.flatnonzero(program.free)[0])
    m = int(np.flatnonzero(program.equalities)[0])
    plans = [np.array([Fraction(w) for w in optimum.weights[:n]], dtype=object)]
    plans += [np.array([Fraction(w) for w in optimum.duals[:m]], dtype=object)]
    return _Plans((plans[0], plans[1]), optimum.iterations)


def _float_plans(program: LinearProgram) -> Generator[None, None, _Plans | str]:
    from gametheory.linear_programs.float_simplex import FloatSimplex
    from gametheory.linear_programs.scaling import row_scales

    solver = FloatSimplex(program, presolve=True)
    found = yield from solver.run()
    if found is None:
        return solver.reason
    n = int(np.flatnonzero(program.free)[0])
    m = int(np.flatnonzero(program.equalities)[0])
    other = np.ldexp(found.duals, row_scales(program))[:m]
    return _Plans((np.maximum(found.weights[:n], 0.0), np.maximum(other, 0.0)), solver.iterations)


def _behavior(treeplex: Treeplex, plan: NDArray[Any]) -> NDArray[Any]:
    """Divide a realization plan by its parents; uniform where the plan does not go."""
    behavior = plan / plan[0]
    tiny = 0 if plan.dtype == object else 1e-13  # plans are probabilities: relative to one
    for level in reversed(treeplex.levels):
        weights = behavior[level.sequences]
        total = np.add.reduceat(weights, level.starts)[level.owner]
        count = np.bincount(level.owner)[level.owner]
        reached = total > tiny
        even = np.array([Fraction(1, c) for c in count.tolist()]) if not tiny else 1 / count
        behavior[level.sequences] = np.where(reached, weights / np.where(reached, total, 1), even)
    chosen: NDArray[Any] = behavior[1:]
    return chosen


def _simplified(game: ExtensiveFormGame, profile: BehaviorProfile) -> BehaviorProfile:
    """Replace probabilities by the small fractions next to them, unless that costs anything."""
    if game.n_nodes > _SIMPLE_HISTORIES:
        return profile
    values, which = np.unique(profile.probabilities, return_inverse=True)
    near = [Fraction(value).limit_denominator(_LARGEST_DENOMINATOR) for value in values.tolist()]
    rounded = np.array(near, dtype=object)[which]
    sums = np.add.reduceat(rounded, game.action_offsets[:-1])
    simple = BehaviorProfile(game, rounded / np.repeat(sums, game.infoset_n_actions))
    return simple if player_regrets(game, simple).max() <= _NOTHING * game.payoff_range else profile
