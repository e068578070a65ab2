"""Nash averaging: rate agents by what they earn against the most even equilibrium.

Balduzzi, Tuyls, Perolat and Graepel (2018), "Re-evaluating evaluation", NeurIPS. Agents are the
actions of a zero-sum game, against each other or against tasks. Averages over all opponents change
when an agent is entered twice; what is earned against a unique equilibrium does not. Of several the
one of largest entropy is taken, which is unique and treats equal agents equally; a copy may move
it, and with it the ratings of agents outside its support.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gametheory.errors import GameTheoryError, UnsupportedGame
from gametheory.games.normal_form import NormalFormGame
from gametheory.games.profiles import MixedProfile
from gametheory.solution import Certificate

__all__ = ["NashAverage", "nash_averaging"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class NashAverage:
    """The most even equilibrium of an evaluation, and how agents do against it.

    Attributes
    ----------
    ratings : ndarray of float64, shape (n_agents,)
        What each agent earns against the equilibrium, in payoff units; the highest one is
        ``value``.
    task_ratings : ndarray of float64, shape (n_tasks,)
        What each task earns, as the column player, against the agents' equilibrium strategy: the
        harder ones more. Empty where agents meet each other.
    ranking : tuple of tuple of int
        The agents from the highest rating to the lowest; those within 1e-9 of the payoff range
        of the next one are together.
    value : float
        The row player's payoff at the equilibrium.
    profile : MixedProfile
        The equilibrium.
    certificate : Certificate
        That it is an equilibrium, and with which max regret.
    entropies : tuple of float
        Of both strategies, in nats.
    entropy_gaps : tuple of float
        No equilibrium strategy has an entropy larger by more than this.
    """

    ratings: Floats
    task_ratings: Floats
    ranking: tuple[tuple[int, ...], ...]
    value: float
    profile: MixedProfile
    certificate: Certificate
    entropies: tuple[float, float]
    entropy_gaps: tuple[float, float]


def nash_averaging(game: NormalFormGame, *, against: str = "agents") -> NashAverage:
    """Rate agents by what they earn against the most even equilibrium.

    Parameters
    ----------
    game : NormalFormGame
        Two-player and constant-sum. The row player's actions are the agents.
    against : {"agents", "tasks"}
        Whether the column player's actions are the same agents, in a symmetric game, or tasks,
        which earn what the agents do not.

    Returns
    -------
    NashAverage

    Raises
    ------
    UnsupportedGame
        The game is not constant-sum, or not symmetric where agents meet each other, or has too
        many tasks for its exact value.
    GameTheoryError
        A linear program of hundreds of agents and tasks was not solved, or not well enough.

    Notes
    -----
    Balduzzi et al. (2018) average the logits of win probabilities; ``game`` holds whatever is to
    be averaged. The equilibrium is exact for up to 150 agents, or 300 agents and tasks, and
    otherwise the certificate says how close it is; what is further than 1e-6 of the payoff range
    is refused. Cost: one linear program for each player of
    the size of the game, and see :func:`gametheory.evaluation.even_strategies.most_even`.

    Examples
    --------
    Three agents in a circle, and one that loses to all of them:

    >>> wins = [[0, -1, 1, 1], [1, 0, -1, 2], [-1, 1, 0, 3], [-1, -2, -3, 0]]
    >>> average = nash_averaging(NormalFormGame.zero_sum(wins))
    >>> average.profile
    MixedProfile([[1/3, 1/3, 1/3, 0], [1/3, 1/3, 1/3, 0]])
    >>> average.ratings, average.ranking
    (array([ 0.,  0.,  0., -2.]), ((0, 1, 2), (3,)))
    >>> print(average.certificate)
    nash: exact (rational arithmetic)
    """
    if against not in ("agents", "tasks"):
        raise UnsupportedGame(
            f"against is {against!r}", where="against", valid="'agents' or 'tasks'"
        )
    if game.n_players != 2 or not game.is_constant_sum():
        raise UnsupportedGame(
            "no Nash averaging: it needs two players and payoffs with a constant sum",
            where=repr(game),
            hint="NormalFormGame.zero_sum(payoffs) for what agents win",
        )
    if against == "agents" and not game.is_symmetric():
        raise UnsupportedGame(
            "agents do not meet each other: the game is not symmetric",
            where=repr(game),
            valid="what one agent wins the other one loses",
            hint="against='tasks' where the columns are tasks",
        )
    from gametheory.certificates import MAX_RELATIVE_EPSILON
    from gametheory.certificates.normal_form import certify_nash
    from gametheory.evaluation.even_strategies import most_even, widest

    matrix = _from_value(game, against)
    if against == "agents":
        inside = widest(matrix)
        even = most_even(matrix, inside, inside)
        answers = (even, even)
    else:
        rows, columns = widest(-matrix.T), widest(matrix)
        answers = most_even(-matrix.T, rows, columns), most_even(matrix, columns, rows)
    profile = MixedProfile.from_weights([answer.weights for answer in answers])
    ratings = game.deviation_payoffs(profile, 0)
    tasks = game.deviation_payoffs(profile, 1) if against == "tasks" else np.empty(0)
    ratings.setflags(write=False)
    tasks.setflags(write=False)
    certificate = certify_nash(game, profile)
    if certificate.epsilon > MAX_RELATIVE_EPSILON * game.payoff_range:
        raise GameTheoryError(
            f"rounding errors: somebody could gain {float(certificate.epsilon):.3g}",
            where=repr(game),
            hint="fewer agents and tasks, or rounder scores",
        )
    return NashAverage(
        ratings=ratings,
        task_ratings=tasks,
        ranking=_ranking(ratings, float(game.payoff_range)),
        value=float(certificate.payoffs[0]),
        profile=profile,
        certificate=certificate,
        entropies=(answers[0].entropy, answers[1].entropy),
        entropy_gaps=(answers[0].entropy_gap, answers[1].entropy_gap),
    )


_TIE = 1e-9  # of the payoff range


def _ranking(ratings: Floats, width: float) -> tuple[tuple[int, ...], ...]:
    order = np.argsort(-ratings, kind="stable")
    cuts = np.flatnonzero(-np.diff(ratings[order]) > _TIE * width) + 1
    return tuple(tuple(sorted(part.tolist())) for part in np.split(order, cuts))


def _from_value(game: NormalFormGame, against: str) -> NDArray[Any]:
    """Return the row player's payoffs less the game's value, times a number, as integers."""
    read = game.integer_payoffs[0]
    if read is None:
        raise UnsupportedGame(
            "the payoffs have no common denominator of reasonable size", where=repr(game)
        )
    value = Fraction(game.constant_sum or 0) / 2 if against == "agents" else _value(game)
    integers = read.integers.astype(object) * value.denominator
    moved = integers - value.numerator * read.denominator
    largest = max(abs(entry) for entry in moved.ravel().tolist())
    return moved if largest >= 2**61 else moved.astype(np.int64)


def _value(game: NormalFormGame) -> Fraction:
    from gametheory.algorithms.normal_form.minimax_lp import minimax_lp
    from gametheory.certificates.normal_form import certify_minimax

    profile = None
    for found in minimax_lp(game):
        profile = found or profile
    certificate = None if profile is None else certify_minimax(game, profile)
    if certificate is None or not certificate.exact:
        raise UnsupportedGame(
            "the value of the game was not found exactly in reasonable time",
            where=repr(game),
            hint="fewer agents and tasks, or rounder scores",
        )
    return certificate.payoffs[0]
