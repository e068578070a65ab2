"""Fictitious play: respond to what the others have played so far.

Brown (1951), "Iterative solution of games by fictitious play", in Activity Analysis of Production
and Allocation; Robinson (1951), "An iterative method of solving a game", Annals of Mathematics 54.
With best responses that are smoothed, and actions drawn from them: Fudenberg and Levine (1998), The
Theory of Learning in Games, chapter 4.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gametheory.dynamics.recording import choice, number
from gametheory.dynamics.registry import register
from gametheory.dynamics.rounds import STEEPEST, Rounds
from gametheory.errors import InvalidProfile
from gametheory.games.normal_form import NormalFormGame
from gametheory.games.profiles import MixedProfile
from gametheory.rationals import shown
from gametheory.solution import Trace

__all__ = ["fictitious_play", "stochastic_fictitious_play"]


@register(
    "fictitious-play",
    guarantee="averages converge to the Nash equilibria of two-player zero-sum games, of potential "
    "games and of 2 x n games without ties; none elsewhere, and Shapley's game has a cycle. "
    "Averages that do converge are a Nash equilibrium",
    source="Brown (1951), in Activity Analysis of Production and Allocation; Robinson (1951), "
    "Annals of Mathematics 54; Monderer and Shapley (1996), Journal of Economic Theory 68; Berger "
    "(2005), Journal of Economic Theory 120",
)
def fictitious_play(
    game: NormalFormGame,
    *,
    rounds: int = 10_000,
    updates: str = "simultaneous",
    ties: str = "first",
    actions: Sequence[int] | None = None,
    beliefs: MixedProfile | None = None,
    weight: float | None = None,
    record: int = 200,
    spacing: str = "log",
    seed: int = 0,
) -> Trace:
    """Follow fictitious play.

    Parameters
    ----------
    game : NormalFormGame
        Any number of players. With more than two they believe that the others play independently.
    rounds : int
        How many are played.
    updates : {"simultaneous", "alternating"}
        Alternating, players respond in their order to what those before them do in this round:
        Brown's own version.
    ties : {"first", "random"}
        Which of several best responses is taken.
    actions : sequence of int, optional
        What is played in the first round; best responses to ``beliefs`` if left out.
    beliefs : MixedProfile, optional
        What is believed at first.
    weight : float, optional
        Of ``beliefs``, in rounds: 1 where they are given, else 0, so that all actions tie at first.
    record, spacing
        How many records there are, and how they are spaced.
    seed : int
        For random ties.

    Returns
    -------
    Trace
        ``iterates`` are pure, ``averages`` how often each action was played.

    Raises
    ------
    UnsupportedGame, InvalidProfile
        An option, the actions or the beliefs are not valid for this game.

    Notes
    -----
    Payoffs are scaled by a power of two, so that sums of integer payoffs, and ties between them,
    are exact as long as they are below 2**53 times the smallest payoff difference. Beliefs of
    fractional weight, and payoffs that are no multiples of a power of two, are rounded.

    Cost: a round takes the time to read one column of each of two players' payoffs, or with more
    players all their payoffs.

    References
    ----------
    Berger (2007), "Brown's original fictitious play", Journal of Economic Theory 135.

    Examples
    --------
    >>> pennies = NormalFormGame.zero_sum([[1, -1], [-1, 1]])
    >>> trace = fictitious_play(pennies, rounds=8, record=8, spacing="even")
    >>> trace.iterates[0].argmax(axis=1).tolist(), trace.iterates[1].argmax(axis=1).tolist()
    ([0, 0, 0, 1, 1, 1, 1, 1], [0, 1, 1, 1, 1, 1, 0, 0])
    """
    random_ties = choice("ties", ties, ("first", "random")) == "random"
    believed = 0.0 if beliefs is None else 1.0
    return _play(
        Rounds(game, beliefs, seed=seed, draws=random_ties),
        weight=number("weight", believed if weight is None else weight),
        actions=actions,
        updates=updates,
        rationality=-1.0,
        recorded=(rounds, record, spacing),
    )


@register(
    "stochastic-fictitious-play",
    guarantee="averages converge to logit equilibria in two-player zero-sum games, in potential "
    "games where these are isolated, and in games with an interior evolutionarily stable strategy",
    source="Fudenberg and Kreps (1993), Games and Economic Behavior 5; Fudenberg and Levine "
    "(1998), The Theory of Learning in Games; Hofbauer and Sandholm (2002), Econometrica 70",
)
def stochastic_fictitious_play(
    game: NormalFormGame,
    *,
    rationality: float = 1.0,
    rounds: int = 10_000,
    play: str = "sampled",
    updates: str = "simultaneous",
    actions: Sequence[int] | None = None,
    beliefs: MixedProfile | None = None,
    weight: float | None = None,
    record: int = 200,
    spacing: str = "log",
    seed: int = 0,
) -> Trace:
    """Follow fictitious play with logit responses.

    Parameters
    ----------
    game : NormalFormGame
        Any number of players.
    rationality : float
        At least 0, per unit of the game's payoffs: an action's odds are exp(rationality * payoff).
    rounds : int
        How many are played.
    play : {"sampled", "expected"}
        Whether actions are drawn from the responses, or beliefs move by the responses themselves.
    updates, actions, beliefs, weight, record, spacing
        As for :func:`fictitious_play`.
    seed : int
        For the actions drawn.

    Returns
    -------
    Trace
        ``iterates`` are the logit responses, ``averages`` how often each action was played, or the
        average responses.

    Raises
    ------
    UnsupportedGame, InvalidProfile
        An option, the actions or the beliefs are not valid for this game.

    Examples
    --------
    >>> pennies = NormalFormGame.zero_sum([[2, -1], [-1, 1]])
    >>> trace = stochastic_fictitious_play(pennies, rationality=2.0, play="expected")
    >>> trace.averages[0][-1].round(3)  # the logit equilibrium
    array([0.449, 0.551])
    """
    rate = number("rationality", rationality)
    believed = 0.0 if beliefs is None else 1.0
    played = Rounds(game, beliefs, play=play, seed=seed)
    return _play(
        played,
        weight=number("weight", believed if weight is None else weight),
        actions=actions,
        updates=updates,
        rationality=min(rate * played.who.payoffs.unit, STEEPEST),
        recorded=(rounds, record, spacing),
    )


def _play(
    played: Rounds,
    *,
    weight: float,
    actions: Sequence[int] | None,
    updates: str,
    rationality: float,
    recorded: tuple[int, int, str],
) -> Trace:
    from gametheory.kernels.fictitious_play import Beliefs, fictitious_rounds

    who = played.who
    state = Beliefs(
        counts=weight * who.start,
        earned=weight * who.action_payoffs(who.start),
        totals=np.full(played.game.n_players, weight),
        first=_first_actions(played.game, actions),
        rationality=rationality,
        alternating=choice("updates", updates, ("simultaneous", "alternating")) == "alternating",
        log_uniform=np.zeros(len(who.start)),
    )
    return played.trace(
        lambda payoffs, ledger, steps, uniform: fictitious_rounds(
            payoffs, ledger, state, steps, uniform
        ),
        *recorded,
    )


def _first_actions(game: NormalFormGame, actions: Any) -> NDArray[np.int64]:
    if actions is None:
        return np.full(game.n_players, -1, dtype=np.int64)
    try:
        found = np.asarray(actions)
    except ValueError:
        found = np.empty(0)
    integral = found.dtype.kind in "iu" and found.shape == (game.n_players,)
    if not integral or (found < 0).any() or (found >= np.array(game.n_actions)).any():
        raise InvalidProfile(
            f"actions are {shown(actions)}",
            where="actions",
            valid=f"one action a player, counted from 0: less than {list(game.n_actions)}",
        )
    return found.astype(np.int64)
