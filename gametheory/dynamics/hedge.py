"""Hedge: weights that grow exponentially with what actions have earned.

Littlestone and Warmuth (1994), "The weighted majority algorithm", Information and Computation 108;
Freund and Schapire (1999), "Adaptive game playing using multiplicative weights", Games and Economic
Behavior 29; Cesa-Bianchi and Lugosi (2006), Prediction, Learning, and Games, chapter 2.
"""

from __future__ import annotations

import numpy as np

from gametheory.dynamics.no_regret import learning_trace, over_ranges, scaled_rate
from gametheory.dynamics.recording import count
from gametheory.dynamics.registry import register
from gametheory.dynamics.rounds import Rounds
from gametheory.errors import UnsupportedGame
from gametheory.games.normal_form import NormalFormGame
from gametheory.games.profiles import MixedProfile
from gametheory.solution import Trace

__all__ = ["hedge", "optimistic_hedge"]


@register(
    "hedge",
    guarantee="external regret of at most range * sqrt(T * ln(m) / 2) after the last of T rounds "
    "with m actions, of range * sqrt(t * ln(m)) after every round t with rate='anytime', and of "
    "ln(m) / rate + rate * range^2 * t / 8 with a rate of one's own, from uniform play, in "
    "expectation where play is sampled: joint play comes to coarse correlated equilibria, and in "
    "two-player zero-sum games averages to Nash equilibria",
    source="Freund and Schapire (1999), Games and Economic Behavior 29; Cesa-Bianchi and Lugosi "
    "(2006), Prediction, Learning, and Games, theorem 2.2",
)
def hedge(
    game: NormalFormGame,
    *,
    rounds: int = 10_000,
    rate: float | str = "optimal",
    play: str = "expected",
    start: MixedProfile | None = None,
    record: int = 200,
    spacing: str = "log",
    seed: int = 0,
) -> Trace:
    """Follow Hedge, also known as multiplicative weights.

    Parameters
    ----------
    game : NormalFormGame
        Any number of players.
    rounds : int
        How many are played.
    rate : {"optimal", "anytime"} or float
        The learning rate: sqrt(8 ln(m) / rounds) / range for each player; 2 sqrt(ln(m) / t) / range
        in round t; or a positive number, per unit of the game's payoffs.
    play : {"expected", "sampled"}
        Whether players learn against the others' strategies, or against actions drawn from them.
    start : MixedProfile, optional
        What is played first, and every action's weight from then on; uniform play if left out.
    record, spacing
        How many records there are, and how they are spaced.
    seed : int
        For the actions drawn.

    Returns
    -------
    Trace
        ``averages`` and ``joint_average`` are of the actions drawn where play is sampled.

    Raises
    ------
    UnsupportedGame, InvalidProfile
        An option, or the start, is not valid for this game.

    Notes
    -----
    Cost: a round reads all payoffs once and takes an exponential for each action.

    Examples
    --------
    >>> pennies = NormalFormGame.zero_sum([[2, -1], [-1, 1]])
    >>> trace = hedge(pennies, rounds=100_000)
    >>> trace.averages[0][-1].round(2)
    array([0.4, 0.6])
    >>> bool(trace.regrets[-1].max() < 3 * (np.log(2) / 2 / 100_000) ** 0.5)
    True
    """
    played = Rounds(game, start, play=play, seed=seed)
    logs = np.log(played.sizes)
    if not isinstance(rate, str):
        rates = scaled_rate("rate", rate, played)
    elif rate == "optimal":
        rates = over_ranges(np.sqrt(8 * logs / count("rounds", rounds)), played)
    elif rate == "anytime":
        rates = over_ranges(2 * np.sqrt(logs), played)
    else:
        raise UnsupportedGame(
            f"rate is {rate!r}", where="rate", valid="'optimal', 'anytime' or a positive number"
        )
    recorded = rounds, record, spacing
    return learning_trace(
        played,
        "HEDGE",
        recorded=recorded,
        rates=rates,
        fading=isinstance(rate, str) and rate == "anytime",
    )


@register(
    "optimistic-hedge",
    guarantee="at the default rate the sum of all players' external regrets, each over its range, "
    "is at most 4 * (n - 1) * (sum of ln(m)) + n / (4 * (n - 1)) however many rounds n players "
    "play: averages of two-player zero-sum games come to Nash equilibria like 1/T, joint play to "
    "coarse correlated equilibria; the last iterate converges to the equilibrium of a two-player "
    "zero-sum game that has only one. In expected play",
    source="Rakhlin and Sridharan (2013), NeurIPS; Syrgkanis, Agarwal, Luo and Schapire (2015), "
    "NeurIPS; Wei, Lee, Zhang and Luo (2021), ICLR",
)
def optimistic_hedge(
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
    """Follow optimistic Hedge, which expects the last payoffs once more.

    Parameters
    ----------
    game : NormalFormGame
        Any number of players.
    rounds : int
        How many are played.
    rate : float, optional
        The learning rate, per unit of the game's payoffs; for each player 1 / (4 (n - 1) range) if
        left out.
    play, start, record, spacing, seed
        As for :func:`hedge`.

    Returns
    -------
    Trace

    Raises
    ------
    UnsupportedGame, InvalidProfile
        An option, or the start, is not valid for this game.

    Notes
    -----
    Between two players the default rate is 1/8 for payoffs between -1 and 1, as Wei et al. (2021)
    take it.

    Examples
    --------
    >>> pennies = NormalFormGame.zero_sum([[2, -1], [-1, 1]])
    >>> trace = optimistic_hedge(pennies)
    >>> trace.iterates[0][-1].round(9), bool(trace.iterate_gaps[-1] < 1e-9)
    (array([0.4, 0.6]), True)
    """
    played = Rounds(game, start, play=play, seed=seed)
    others = max(game.n_players - 1, 1)
    rates = over_ranges(1 / (4 * others), played)
    if rate is not None:
        rates = scaled_rate("rate", rate, played)
    recorded = rounds, record, spacing
    return learning_trace(played, "HEDGE", recorded=recorded, rates=rates, optimism=1.0)
