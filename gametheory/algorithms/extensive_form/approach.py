"""What first-order methods share: looking at their plans now and then, and keeping the best."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from functools import partial
from math import inf
from numbers import Real
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from gametheory.algorithms.extensive_form.checkpoints import Checkpoint
from gametheory.algorithms.registry import Approximation, Outcome, Search
from gametheory.certificates import MAX_RELATIVE_EPSILON
from gametheory.errors import UnsupportedGame
from gametheory.games.behavior_profile import BehaviorProfile
from gametheory.games.extensive_form import ExtensiveFormGame
from gametheory.games.sequence_layout import SequenceLayout
from gametheory.solution import Status

__all__ = ["Iteration", "approach", "behavior_of", "check_limits", "plan_of", "uniform_strategy"]

Floats = NDArray[np.float64]

_PIECE = 0.02  # seconds between two looks at the clock
_SPACING = 20  # plans are looked at when a part of the iterations so far has been added again:
_RARELY = 100  # one of so many since the last fresh start, but one of so many in all
_TRY_AGAIN = 0.7  # a certificate that was missed is asked for again when regrets fell so far
_SMALLEST_REACH = 1e-290  # below, too few bits are left to divide


class Iteration(Protocol):
    """A first-order method at work on one game."""

    layout: SequenceLayout

    def advance(self, first: int, last: int) -> None:
        """Do iterations first to last - 1, counted from 1."""

    def plans(self) -> Iterable[Floats]:
        """Give the realization plans to look at, shape (n_positions,)."""

    def arrays(self) -> Mapping[str, NDArray[Any]]:
        """Give everything that the next iterations depend on; written to when resumed."""

    def checked(self, best: Floats, regret: float, done: int) -> int:
        """Hear of the best plans so far, their max regret and the iterations done.

        Called whenever plans were looked at; returns the iterations since the last fresh start.
        """


def check_limits(target: Any, max_iterations: Any, check_every: Any) -> None:
    """Refuse what is no limit."""
    if not isinstance(max_iterations, int) or max_iterations < 1:
        raise UnsupportedGame(f"max_iterations={max_iterations!r}", valid="a whole number from 1")
    if check_every is not None and (not isinstance(check_every, int) or check_every < 1):
        raise UnsupportedGame(
            f"check_every={check_every!r}", valid="a whole number from 1, or None"
        )
    if target is not None and (not isinstance(target, Real) or not 0 <= float(target) < inf):
        raise UnsupportedGame(f"target={target!r}", valid="a number of payoff units, or None")


def approach(
    game: ExtensiveFormGame,
    iteration: Iteration,
    *,
    target: float | None,
    max_iterations: int,
    check_every: int | None,
    checkpoint: Checkpoint | None,
) -> Search:
    """Iterate, and yield each profile that is better than all before.

    The plans are looked at after each of the first iterations, then ever less often, or every
    ``check_every`` iterations: at iterations that depend on nothing else, so that a search that
    was resumed does the same as one that never stopped.
    """
    wanted = MAX_RELATIVE_EPSILON * (game.payoff_range or 1.0) if target is None else target
    measure = _Measure(iteration.layout)
    best = np.array(next(iter(iteration.plans())))
    regret, tried = np.array([inf]), np.array([inf])
    clock = np.array([0, 1])  # iterations done, and after how many plans are looked at next
    state = {**iteration.arrays(), "best": best, "regret": regret, "tried": tried, "clock": clock}
    if checkpoint is not None:
        checkpoint.resume(state)

    def report(plan: Floats, *, good_enough: bool) -> Approximation:
        profile = partial(behavior_of, game, iteration.layout, plan.copy())
        return Approximation(profile, wanted, good_enough, int(clock[0]))

    yield report(best, good_enough=bool(regret[0] <= wanted))
    piece = 1
    try:
        while clock[0] < max_iterations:
            started = time.perf_counter()
            done, last = int(clock[0]), min(int(clock[0]) + piece, int(clock[1]), max_iterations)
            iteration.advance(done + 1, last + 1)
            piece = _next_piece(last - done, time.perf_counter() - started)
            clock[0] = last
            found = None
            if last == clock[1]:
                plan, epsilon = measure.best(iteration.plans())
                if epsilon < regret[0]:
                    best[:], regret[0] = plan, epsilon
                    good_enough = bool(epsilon <= wanted and epsilon <= _TRY_AGAIN * tried[0])
                    if good_enough:
                        tried[0] = epsilon
                    found = report(best, good_enough=good_enough)
                age = iteration.checked(best, float(regret[0]), last)
                clock[1] = last + (check_every or max(age // _SPACING, last // _RARELY, 1))
            if checkpoint is not None:
                checkpoint.save_now_and_then(state)
            yield found
    except GeneratorExit:  # all is in order wherever something is yielded
        if checkpoint is not None:
            checkpoint.save(state)
        raise
    if checkpoint is not None:
        checkpoint.save(state)
    plan, epsilon = measure.best(iteration.plans())
    if epsilon < regret[0]:
        yield report(plan, good_enough=epsilon <= wanted)
    return Outcome(
        int(clock[0]),
        status=Status.ITERATION_LIMIT,
        reason=f"the limit of {max_iterations:,} iterations was reached",
    )


def _next_piece(n: int, seconds: float) -> int:
    """Choose how many iterations to do without looking at the clock."""
    return max(min(int(_PIECE * n / max(seconds, 1e-9)), 4 * n), 1)


class _Measure:
    """Finds the best of some realization plans."""

    def __init__(self, layout: SequenceLayout) -> None:
        self.layout = layout
        n_slots = layout.slots.size
        self.scratch = np.zeros(n_slots), np.zeros(n_slots + 1), np.zeros(layout.n_positions)
        self.regrets = np.zeros(layout.n_players)

    def best(self, plans: Iterable[Floats]) -> tuple[Floats, float]:
        """Return the plans whose max regret is smallest, and that."""
        from gametheory.kernels.plan_regrets import plan_regrets

        chosen, smallest = np.zeros(0), inf
        for plan in plans:
            plan_regrets(self.layout, plan, *self.scratch, self.regrets)
            epsilon = float(self.regrets.max())
            if epsilon < smallest:
                chosen, smallest = plan, epsilon
        return chosen, max(smallest, 0.0)


def uniform_strategy(layout: SequenceLayout) -> Floats:
    """Give all actions of an information set the same probability, shape (n_positions,)."""
    strategy = np.zeros(layout.n_positions)
    strategy[layout.player_start[:-1]] = 1.0
    for first, m, k, _ in layout.groups.tolist():
        strategy[first : first + m * k] = 1.0 / k
    return strategy


def plan_of(layout: SequenceLayout, strategy: Floats) -> Floats:
    """Multiply the probabilities along each sequence, shape (n_positions,)."""
    plan = np.zeros(layout.n_positions)
    plan[layout.player_start[:-1]] = 1.0
    for first, m, k, infoset in layout.groups.tolist():
        there = slice(first, first + m * k)
        plan[there] = np.tile(plan[layout.parents[infoset : infoset + m]], k) * strategy[there]
    return plan


def behavior_of(game: ExtensiveFormGame, layout: SequenceLayout, plan: Floats) -> BehaviorProfile:
    """Divide realization plans by what leads to each information set; uniform if nothing does."""
    weights = np.empty(int(game.action_offsets[-1]))
    for player, treeplex in enumerate(game.sequence_form.treeplexes):
        low, high = layout.sequence_start[player : player + 2]
        weights[treeplex.flat] = plan[layout.position[low + 1 : high]]
    if not weights.size:
        return BehaviorProfile(game, weights)
    counts = game.infoset_n_actions
    totals = np.repeat(np.add.reduceat(weights, game.action_offsets[:-1]), counts)
    reached = totals > _SMALLEST_REACH
    share = weights / np.where(reached, totals, 1.0)
    return BehaviorProfile(game, np.where(reached, share, 1.0 / np.repeat(counts, counts)))
