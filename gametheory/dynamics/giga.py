"""GIGA and GIGA-WoLF: projected gradient steps that shrink with the square root of time.

GIGA goes a step along the gradient and back to the nearest strategy: Zinkevich (2003), "Online
convex programming and generalized infinitesimal gradient ascent", ICML. GIGA-WoLF keeps a second,
three times slower strategy, and after each step goes towards it as far as that one has moved, so
that it learns fast while it loses: Bowling (2005), "Convergence and no-regret in multiagent
learning", NIPS 17.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gametheory.dynamics.gradient_rounds import (
    Schedule,
    gradient_trace,
    gradient_widths,
    positive,
)
from gametheory.dynamics.registry import register
from gametheory.dynamics.rounds import STEEPEST, Rounds
from gametheory.games.normal_form import NormalFormGame
from gametheory.games.profiles import MixedProfile
from gametheory.solution import Trace

__all__ = ["giga", "giga_wolf"]


@register(
    "giga",
    guarantee="external regret over T rounds of at most range * sqrt(actions * T), whatever the "
    "others do, so that joint play comes to coarse correlated equilibria and, in two-player "
    "zero-sum games, averages to minimax strategies; with another step see the function's notes",
    source="Zinkevich (2003), ICML, Theorem 1",
)
def giga(
    game: NormalFormGame,
    *,
    start: MixedProfile | None = None,
    rounds: int = 10_000,
    step: float | None = None,
    record: int = 200,
    spacing: str = "log",
) -> Trace:
    """Follow generalized infinitesimal gradient ascent.

    Parameters
    ----------
    game : NormalFormGame
        Any number of players.
    start : MixedProfile, optional
        Uniform play if left out.
    rounds : int
        How many.
    step : float, optional
        Step sizes are step / sqrt(t), in probability for each unit of payoff. For each player
        2 / (its payoff range * sqrt(its actions)) if left out, which makes the bound smallest.
    record, spacing
        How many records there are, and how they are spaced.

    Returns
    -------
    Trace
        ``averages`` and ``regrets`` are per round.

    Raises
    ------
    UnsupportedGame, InvalidProfile
        An option, or the start, is not valid for this game.

    Notes
    -----
    With steps of c / sqrt(t), strategies at most D = sqrt(2) apart and gradients no longer than
    G, external regret is at most D^2 * sqrt(T) / (2 c) + c * G^2 * (sqrt(T) - 1/2). Adding a
    constant to all actions' payoffs changes no step and no regret, so G is
    range * sqrt(actions) / 2.

    Examples
    --------
    >>> pennies = NormalFormGame.zero_sum([[1, -1], [-1, 1]])
    >>> trace = giga(pennies, start=MixedProfile([[1, 0], [1, 0]]), rounds=1000)
    >>> bool((trace.regrets[-1] <= 2 * np.sqrt(2 / 1000)).all())
    True
    """
    return gradient_trace(
        game,
        "giga",
        start=start,
        schedule=_schedule(step),
        rounds=rounds,
        record=record,
        spacing=spacing,
    )


@register(
    "giga-wolf",
    guarantee="external regret over T rounds of at most 8/3 * range * sqrt(actions * T), whatever "
    "the others do; in 2x2 games with infinitesimal steps, strategies converge to a Nash "
    "equilibrium against GIGA; in self-play convergence is observed only",
    source="Bowling (2005), NIPS 17, Theorems 4 and 7",
)
def giga_wolf(
    game: NormalFormGame,
    *,
    start: MixedProfile | None = None,
    rounds: int = 10_000,
    step: float | None = None,
    record: int = 200,
    spacing: str = "log",
) -> Trace:
    """Follow GIGA-WoLF: gradient steps, bent towards a slower copy of themselves.

    Parameters
    ----------
    game : NormalFormGame
        Any number of players.
    start : MixedProfile, optional
        Uniform play if left out.
    rounds : int
        How many.
    step : float, optional
        Step sizes are step / sqrt(t), in probability for each unit of payoff. For each player
        2 / (its payoff range * sqrt(its actions)) if left out.
    record, spacing
        How many records there are, and how they are spaced.

    Returns
    -------
    Trace
        ``averages`` and ``regrets`` are per round.

    Raises
    ------
    UnsupportedGame, InvalidProfile
        An option, or the start, is not valid for this game.

    Notes
    -----
    With c, D and G as for :func:`giga`, external regret is at most
    2 D^2 * sqrt(T) / c + 4/3 * c * G^2 * (sqrt(T) - 1/2). The slow strategy's own regret is
    GIGA's with a third of the step. What the strategy earns less than the slow one is bounded as
    in GIGA's proof with the slow strategy as the comparison: by the triangle inequality their
    distance after a round is no more than that from the projected step to where the slow one was.

    Examples
    --------
    >>> pennies = NormalFormGame.zero_sum([[1, -1], [-1, 1]])
    >>> trace = giga_wolf(pennies, start=MixedProfile([[1, 0], [1, 0]]), rounds=10_000)
    >>> bool(trace.iterate_gaps[-1] < 0.01)
    True
    """
    return gradient_trace(
        game,
        "giga-wolf",
        start=start,
        schedule=_schedule(step),
        rounds=rounds,
        record=record,
        spacing=spacing,
    )


def _schedule(step: float | None) -> Callable[[Rounds], Schedule]:
    def schedule(rounds: Rounds) -> Schedule:
        if step is None:
            return Schedule(1 / gradient_widths(rounds.who), 0.5)
        size = min(positive("step", step) * rounds.who.payoffs.unit, STEEPEST)
        return Schedule(np.full(rounds.game.n_players, size), 0.5)

    return schedule
