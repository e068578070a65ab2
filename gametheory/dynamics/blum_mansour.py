"""Blum and Mansour's reduction: one Hedge learner for each action, and what their advice keeps.

Blum and Mansour (2007), "From external to internal regret", Journal of Machine Learning Research 8.
"""

from __future__ import annotations

import numpy as np

from gametheory.dynamics.no_regret import learning_trace, over_ranges, scaled_rate
from gametheory.dynamics.recording import count
from gametheory.dynamics.registry import register
from gametheory.dynamics.rounds import Rounds
from gametheory.games.normal_form import NormalFormGame
from gametheory.games.profiles import MixedProfile
from gametheory.solution import Trace

__all__ = ["blum_mansour"]


@register(
    "blum-mansour",
    guarantee="at the default rate swap regret of at most range * sqrt(T * m * ln(m) / 2) after "
    "the last of T rounds with m actions, from uniform play, in expectation where play is sampled: "
    "joint play comes to correlated equilibria",
    source="Blum and Mansour (2007), Journal of Machine Learning Research 8",
)
def blum_mansour(
    game: NormalFormGame,
    *,
    rounds: int = 10_000,
    rate: float | None = None,
    play: str = "expected",
    start: MixedProfile | None = None,
    record: int = 200,
    spacing: str = "log",
    seed: int = 0,
) -> Trace:
    """Follow the swap-regret learner made of Hedge learners.

    Parameters
    ----------
    game : NormalFormGame
        Any number of players.
    rounds : int
        How many are played.
    rate : float, optional
        The learning rate, per unit of the game's payoffs; for each player
        sqrt(8 m ln(m) / rounds) / range if left out.
    play : {"expected", "sampled"}
        Whether players learn against the others' strategies, or against actions drawn from them.
    start : MixedProfile, optional
        What is played first, and every learner's weights from then on; uniform if left out.
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
    Learner j earns x_j times the payoffs, or all of them when j was drawn; x is the distribution
    that the matrix of all learners' strategies keeps. Each regrets at most ln(m) / rate +
    rate * range^2 / 8 * (sum over rounds of x_j^2), and the squares sum to at most T.

    Cost: a round reads all payoffs once and takes m^2 exponentials and about m^3 / 3 steps for
    each player.

    Examples
    --------
    >>> from gametheory import ce_gap
    >>> chicken = NormalFormGame.symmetric([[6, 2], [7, 0]])
    >>> trace = blum_mansour(chicken, play="sampled", rounds=100_000)
    >>> bool(ce_gap(chicken, trace.joint_average) < 0.05)
    True
    """
    played = Rounds(game, start, play=play, seed=seed)
    m = played.sizes
    if rate is None:
        rates = over_ranges(np.sqrt(8 * m * np.log(m) / count("rounds", rounds)), played)
    else:
        rates = scaled_rate("rate", rate, played)
    return learning_trace(played, "SWAP_HEDGE", recorded=(rounds, record, spacing), rates=rates)
