"""Optimistic gradient ascent: each player steps as if the next gradient were the last one.

A base point takes the gradient step, and what is played is one more step of the same gradient
ahead of it: Popov (1980), "A modification of the Arrow-Hurwicz method for search of saddle
points", Mathematical Notes 28; Rakhlin and Sridharan (2013), "Online learning with predictable
sequences", COLT. Between two players in a zero-sum game it is optimistic gradient
descent-ascent.
"""

from __future__ import annotations

import numpy as np

from gametheory.dynamics.gradient_rounds import Schedule, coupling, gradient_trace, positive
from gametheory.dynamics.registry import register
from gametheory.dynamics.rounds import STEEPEST, Rounds
from gametheory.games.normal_form import NormalFormGame
from gametheory.games.profiles import MixedProfile
from gametheory.solution import Trace

__all__ = ["optimistic_gradient"]


@register(
    "optimistic-gradient",
    guarantee="in two-player zero-sum games, with the default step, the strategies themselves "
    "converge to minimax strategies, linearly, and the players' regrets have a sum that does not "
    "grow with the rounds: see the function's notes",
    source="Wei, Lee, Zhang and Luo (2021), Linear last-iterate convergence in constrained "
    "saddle-point optimization, ICLR; Rakhlin and Sridharan (2013), COLT",
)
def optimistic_gradient(
    game: NormalFormGame,
    *,
    start: MixedProfile | None = None,
    rounds: int = 10_000,
    step: float | None = None,
    record: int = 200,
    spacing: str = "log",
) -> Trace:
    """Follow optimistic gradient ascent.

    Parameters
    ----------
    game : NormalFormGame
        Any number of players.
    start : MixedProfile, optional
        Uniform play if left out.
    rounds : int
        How many.
    step : float, optional
        Step size, in probability for each unit of payoff. If left out 1 / (8 L), L being how
        much faster than the strategies the gradients change at most.
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
    Between two players L is the largest singular value of a payoff matrix less its row and column
    means. With G_i the length of player i's longest gradient less its mean, at most
    range * sqrt(actions) / 2, and steps s of at most 1 / (2 L), the sum of two players' regrets
    over any number of rounds is at most 2 / s + s * (G_1^2 + G_2^2) in zero-sum games, one below
    zero counting as such; that sum over T is NashConv of the average strategies. The rate of the
    last iterate depends on the game.

    Examples
    --------
    >>> pennies = NormalFormGame.zero_sum([[2, -1], [-1, 1]])
    >>> trace = optimistic_gradient(pennies, rounds=2000)
    >>> trace.iterates[0][-1].round(6)
    array([0.4, 0.6])
    """

    def schedule(played: Rounds) -> Schedule:
        if step is None:
            size = 1 / (8 * coupling(played.who))
        else:
            size = min(positive("step", step) * played.who.payoffs.unit, STEEPEST)
        return Schedule(np.full(game.n_players, size))

    return gradient_trace(
        game,
        "optimistic",
        start=start,
        schedule=schedule,
        rounds=rounds,
        record=record,
        spacing=spacing,
    )
