"""What a way to play is worth to all players together: four definitions.

Welfare is the sum of the payoffs, the egalitarian value the smallest one, the Nash product (Nash
1950, "The bargaining problem", Econometrica 18) the product of what players gain over a
disagreement point. Proportional fairness (Kelly 1997, "Charging and rate control for elastic
traffic", European Transactions on Telecommunications 8) is the sum of logarithms, so it prefers
what the Nash product over the disagreement point zero prefers. Albrecht, Christianos and Schäfer
(2024), Multi-Agent Reinforcement Learning, section 4.9, call the optimum of the product of payoffs
fair. Only welfare and the egalitarian value compare payoffs of different players; the optimum of
the Nash product stays where it is when a player's payoffs and disagreement payoff are rescaled.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from gametheory.concepts.pareto import JointPlay, exact_payoffs_of
from gametheory.errors import InvalidProfile, UnsupportedGame
from gametheory.games.normal_form import NormalFormGame
from gametheory.rationals import shown, to_fraction

__all__ = ["egalitarian_value", "nash_product", "proportional_fairness", "welfare"]


def welfare(game: NormalFormGame, play: JointPlay) -> Fraction:
    """Return the sum of the expected payoffs, exactly.

    Parameters
    ----------
    game : NormalFormGame
    play : MixedProfile, CorrelatedDistribution, or sequence of int or str
        A joint action has one index or label for each player.

    Raises
    ------
    InvalidProfile
        It does not belong to the game.

    Examples
    --------
    >>> dilemma = NormalFormGame.symmetric([[-1, -3], [0, -2]])
    >>> welfare(dilemma, (0, 0))
    Fraction(-2, 1)
    """
    return sum(exact_payoffs_of(game, play), Fraction(0))


def egalitarian_value(game: NormalFormGame, play: JointPlay) -> Fraction:
    """Return the smallest expected payoff, exactly; see :func:`welfare`.

    Examples
    --------
    >>> egalitarian_value(NormalFormGame.symmetric([[-1, -3], [0, -2]]), (0, 1))
    Fraction(-3, 1)
    """
    return min(exact_payoffs_of(game, play))


def nash_product(game: NormalFormGame, play: JointPlay, disagreement: Sequence[Any]) -> Fraction:
    """Return the product of the gains over a disagreement point, exactly; see :func:`welfare`.

    Parameters
    ----------
    disagreement : sequence of numbers, one for each player
        What they have if they do not agree, such as their security levels.

    Raises
    ------
    InvalidProfile
        The disagreement point is none, or ``play`` does not belong to the game.
    UnsupportedGame
        Some player has less than in disagreement: it would not agree.

    Examples
    --------
    >>> nash_product(NormalFormGame.symmetric([[-1, -3], [0, -2]]), (0, 0), (-2, -2))
    Fraction(1, 1)
    """
    payoffs = exact_payoffs_of(game, play)
    point = read_point(game, disagreement)
    gains = [payoff - least for payoff, least in zip(payoffs, point, strict=True)]
    if min(gains) < 0:
        player = gains.index(min(gains))
        raise UnsupportedGame(
            f"{game.players[player]} has {shown(payoffs[player])}, less than "
            f"{shown(point[player])} in disagreement",
            valid="payoffs at least as large as the disagreement point",
        )
    return math.prod(gains, start=Fraction(1))


def proportional_fairness(game: NormalFormGame, play: JointPlay) -> float:
    """Return the sum of the logarithms of the expected payoffs; see :func:`welfare`.

    Raises
    ------
    UnsupportedGame
        Some payoff is not positive.

    Examples
    --------
    >>> round(proportional_fairness(NormalFormGame.symmetric([[3, 1], [4, 2]]), (0, 0)), 6)
    2.197225
    """
    payoffs = exact_payoffs_of(game, play)
    if min(payoffs) <= 0:
        raise UnsupportedGame(
            f"an expected payoff of {shown(min(payoffs))} has no logarithm",
            valid="positive expected payoffs",
            hint="use nash_product, which measures from a disagreement point",
        )
    return math.fsum(math.log(p.numerator) - math.log(p.denominator) for p in payoffs)


def read_point(game: NormalFormGame, point: Sequence[Any]) -> tuple[Fraction, ...]:
    """Read one number for each player exactly; InvalidProfile if it is none."""
    try:
        numbers = tuple(to_fraction(number) for number in point)
    except (TypeError, ValueError) as error:
        raise InvalidProfile(
            str(error), where="disagreement", valid="one number for each player"
        ) from None
    if len(numbers) != game.n_players:
        raise InvalidProfile(
            f"{len(numbers)} numbers for {game.n_players} players",
            where="disagreement",
            valid="one number for each player",
        )
    return numbers
