"""Learners that also regret each action for each other one: joint play comes to correlated ones.

Hart and Mas-Colell (2000), "A simple adaptive procedure leading to correlated equilibrium",
Econometrica 68, leave the last action in proportion to such internal regrets. Foster and Vohra
(1997), "Calibrated learning and correlated equilibrium", Games and Economic Behavior 21, play what
a chain with these rates keeps, which has a bound after every round.
"""

from __future__ import annotations

from gametheory.dynamics.no_regret import learning_trace
from gametheory.dynamics.recording import number
from gametheory.dynamics.registry import register
from gametheory.dynamics.rounds import STEEPEST, Rounds
from gametheory.errors import UnsupportedGame
from gametheory.games.normal_form import NormalFormGame
from gametheory.games.profiles import MixedProfile
from gametheory.solution import Trace

__all__ = ["conditional_regret_matching", "internal_regret_matching"]


@register(
    "internal-regret-matching",
    guarantee="internal regret of at most range * sqrt((m - 1) * T) and swap regret of at most "
    "range * sqrt(m * (m - 1) * T) after T rounds with m actions, in expectation where play is "
    "sampled: joint play comes to correlated equilibria",
    source="Foster and Vohra (1997), Games and Economic Behavior 21; Hart and Mas-Colell (2000), "
    "Econometrica 68; Stoltz and Lugosi (2005), Machine Learning 59",
)
def internal_regret_matching(
    game: NormalFormGame,
    *,
    rounds: int = 10_000,
    play: str = "expected",
    start: MixedProfile | None = None,
    record: int = 200,
    spacing: str = "log",
    seed: int = 0,
) -> Trace:
    """Follow internal-regret matching.

    Parameters
    ----------
    game : NormalFormGame
        Any number of players.
    rounds : int
        How many are played.
    play : {"expected", "sampled"}
        Whether players learn against the others' strategies, or against actions drawn from them.
    start : MixedProfile, optional
        What is played while nothing is regretted; uniform play if left out.
    record, spacing
        How many records there are, and how they are spaced.
    seed : int
        For the actions drawn.

    Returns
    -------
    Trace
        :func:`gametheory.ce_gap` of ``joint_average`` is the sum of swap regrets per round.

    Raises
    ------
    UnsupportedGame, InvalidProfile
        An option, or the start, is not valid for this game.

    Notes
    -----
    The strategy x solves ``sum_k x_k * R_kj = x_j * sum_k R_jk`` for every action j, where R_jk is
    the positive part of what would have been gained by k whenever j was played. Then the sum of
    squares of R grows by at most (m - 1) * range^2 a round.

    Cost: a round reads all payoffs once and takes about m^3 / 3 steps for each player.

    Examples
    --------
    >>> from gametheory import ce_gap
    >>> chicken = NormalFormGame.symmetric([[6, 2], [7, 0]])
    >>> trace = internal_regret_matching(chicken, play="sampled", rounds=100_000)
    >>> bool(ce_gap(chicken, trace.joint_average) < 0.05)
    True
    """
    played = Rounds(game, start, play=play, seed=seed)
    return learning_trace(played, "INTERNAL", recorded=(rounds, record, spacing))


@register(
    "conditional-regret-matching",
    guarantee="joint play comes to correlated equilibria with probability one, in the limit",
    source="Hart and Mas-Colell (2000), Econometrica 68, main theorem",
)
def conditional_regret_matching(
    game: NormalFormGame,
    *,
    rounds: int = 10_000,
    inertia: float | None = None,
    start: MixedProfile | None = None,
    record: int = 200,
    spacing: str = "log",
    seed: int = 0,
) -> Trace:
    """Follow Hart and Mas-Colell's procedure: stay, or leave in proportion to regrets.

    Parameters
    ----------
    game : NormalFormGame
        Any number of players.
    rounds : int
        How many are played.
    inertia : float, optional
        The paper's mu, in payoff units: an action k is played after j with probability
        (average regret for not having played k whenever j was played) / mu. More than each
        player's (m - 1) * range; twice that if left out.
    start : MixedProfile, optional
        What the first actions are drawn from; uniform play if left out.
    record, spacing
        How many records there are, and how they are spaced.
    seed : int
        Equal seeds draw equal actions.

    Returns
    -------
    Trace
        ``iterates`` are what was drawn from, given the last action.

    Raises
    ------
    UnsupportedGame, InvalidProfile
        An option, or the start, is not valid for this game.

    Examples
    --------
    >>> from gametheory import ce_gap
    >>> chicken = NormalFormGame.symmetric([[6, 2], [7, 0]])
    >>> trace = conditional_regret_matching(chicken, rounds=100_000)
    >>> bool(ce_gap(chicken, trace.joint_average) < 0.1)
    True
    """
    played = Rounds(game, start, play="sampled", seed=seed)
    least = (played.sizes - 1) * played.ranges
    inertias = 2 * least
    if inertia is not None:
        inertias[:] = min(number("inertia", inertia) / played.who.payoffs.unit, STEEPEST)
        if (inertias <= least).any() and least.any():
            raise UnsupportedGame(
                f"inertia is {inertia!r}",
                where="inertia",
                valid=f"more than {float(least.max() * played.who.payoffs.unit):.6g}, "
                "the largest (m - 1) * range of a player",
            )
    return learning_trace(played, "CONDITIONAL", recorded=(rounds, record, spacing), rates=inertias)
