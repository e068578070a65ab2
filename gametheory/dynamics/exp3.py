"""Exp3: exponential weights for those who only see what they earned themselves.

Auer, Cesa-Bianchi, Freund and Schapire (2002), "The nonstochastic multiarmed bandit problem", SIAM
Journal on Computing 32.
"""

from __future__ import annotations

import math

import numpy as np

from gametheory.dynamics.no_regret import learning_trace, over_ranges
from gametheory.dynamics.recording import count, number
from gametheory.dynamics.registry import register
from gametheory.dynamics.rounds import Rounds
from gametheory.games.normal_form import NormalFormGame
from gametheory.solution import Trace

__all__ = ["exp3"]


@register(
    "exp3",
    guarantee="at the default exploration no fixed action is expected to earn more than "
    "2.63 * range * sqrt(T * m * ln(m)) above what is earned in T rounds with m actions",
    source="Auer, Cesa-Bianchi, Freund and Schapire (2002), SIAM Journal on Computing 32, "
    "corollary 3.2",
)
def exp3(
    game: NormalFormGame,
    *,
    rounds: int = 10_000,
    exploration: float | None = None,
    record: int = 200,
    spacing: str = "log",
    seed: int = 0,
) -> Trace:
    """Follow Exp3: a player learns from its own payoff alone, of the action that it drew.

    Parameters
    ----------
    game : NormalFormGame
        Any number of players.
    rounds : int
        How many are played.
    exploration : float, optional
        The probability of playing uniformly, the paper's gamma, from 1e-9 to 1; for
        each player sqrt(m ln(m) / ((e - 1) rounds)), or 1 if that is less, if left out.
    record, spacing
        How many records there are, and how they are spaced.
    seed : int
        Equal seeds draw equal actions.

    Returns
    -------
    Trace
        ``averages`` and ``joint_average`` are of the actions drawn.

    Raises
    ------
    UnsupportedGame
        An option is not valid.

    Notes
    -----
    Gains are payoffs moved and scaled to lie between 0 and 1: a player knows the range of its
    payoffs, and nothing else of the game. The guarantee is on expectations of each fixed action;
    the largest regret in hindsight is expected to be larger where opponents react.

    Examples
    --------
    >>> pennies = NormalFormGame.zero_sum([[2, -1], [-1, 1]])
    >>> trace = exp3(pennies, rounds=100_000)
    >>> trace.averages[0][-1].round(1), bool(trace.gaps[-1] < 0.1)
    (array([0.4, 0.6]), True)
    """
    played = Rounds(game, None, play="sampled", seed=seed)
    m = played.sizes
    if exploration is None:
        total = (math.e - 1) * count("rounds", rounds)
        gamma = np.minimum(np.sqrt(m * np.log(m) / total), 1.0)
    else:
        gamma = np.full(len(m), number("exploration", exploration, 1e-9, 1.0))
    return learning_trace(
        played,
        "EXP3",
        recorded=(rounds, record, spacing),
        rates=over_ranges(gamma / m, played),
        exploration=gamma,
    )
