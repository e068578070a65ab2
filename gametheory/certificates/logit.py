"""Proofs that a profile is a logit quantal response equilibrium, to within an error bound.

Exponentials of rational numbers are irrational, so no such proof can be exact in rational
arithmetic. Deviation payoffs are: they are computed from exact payoffs and probabilities without
any rounding. Only then do python-flint's balls come in, whose radii enclose every rounding.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from operator import mul
from typing import Any

import numpy as np

from gametheory.errors import InvalidProfile
from gametheory.games.normal_form import NormalFormGame
from gametheory.games.profiles import MixedProfile
from gametheory.games.quantal_response import LogitEquilibrium
from gametheory.solution import Certificate

__all__ = ["certify_logit"]

_PRECISION = 128  # bits; errors of the enclosures are then far below those of float profiles

_TINIEST = -2000  # binary exponent; bounds need not be any smaller


def certify_logit(game: NormalFormGame, profile: MixedProfile) -> Certificate:
    """Prove by how much, if at all, probabilities miss those of logit responses.

    The certificate's ``epsilon`` bounds the largest difference between a probability and
    ``exp(rationality * v_a) / sum over b of exp(rationality * v_b)``, v being the player's
    deviation payoffs; ``regrets`` bounds it for each player. These are differences of
    probabilities, not of payoffs.

    Parameters
    ----------
    game : NormalFormGame
    profile : LogitEquilibrium
        Probabilities and rationality are read exactly.

    Returns
    -------
    Certificate
        Of "float with error bound" arithmetic: the violations are upper bounds, a few units of
        2^-128 above the truth. Where all payoffs that a player compares are equal, as at
        rationality 0, its responses are uniform and its figure is exact.

    Raises
    ------
    InvalidProfile
        The profile is not one of this game, or it has no rationality.

    Notes
    -----
    McKelvey and Palfrey (1995), "Quantal response equilibria for normal form games", Games and
    Economic Behavior 10: the logit response function. Exponents are taken relative to the
    largest payoff, so that none overflows.

    Examples
    --------
    >>> pennies = NormalFormGame.zero_sum([[1, -1], [-1, 1]])
    >>> print(certify_logit(pennies, LogitEquilibrium.uniform(pennies)))
    logit-qre: exact (rational arithmetic)
    >>> dilemma = NormalFormGame.symmetric([[2, 0], [3, 1]])
    >>> odds = [1 / (1 + math.e), math.e / (1 + math.e)]
    >>> certify_logit(dilemma, LogitEquilibrium([odds, odds], 1.0)).epsilon < 1e-16
    True
    """
    if not isinstance(profile, LogitEquilibrium):
        raise InvalidProfile(
            f"a {type(profile).__name__} has no rationality",
            where="profile",
            valid="a LogitEquilibrium",
            hint="wrap it: LogitEquilibrium(strategies, rationality)",
        )
    profile.check_fits(game)
    payoffs, violations = [], []
    for player in range(game.n_players):
        deviations = _deviation_payoffs(game, profile, player)
        payoffs.append(sum(map(mul, deviations, profile.exact[player]), Fraction(0)))
        exponents = [Fraction(profile.rationality) * (v - max(deviations)) for v in deviations]
        violations.append(_violation(profile.exact[player], exponents))
    exact = all(known for _, known in violations)
    return Certificate(
        concept="logit-qre",
        epsilon=max(bound for bound, _ in violations),
        payoffs=tuple(payoffs),
        regrets=tuple(bound for bound, _ in violations),
        arithmetic="rational" if exact else "float with error bound",
        game_digest=game.digest,
        profile=profile,
    )


def _deviation_payoffs(
    game: NormalFormGame, profile: LogitEquilibrium, player: int
) -> list[Fraction]:
    """Exact payoff of each of a player's actions against the others' strategies."""
    integers = game.integer_payoffs[player]
    table, denominator = (game.exact_payoffs[player], 1) if integers is None else integers
    tensor = np.moveaxis(table, player, 0).astype(object)
    for other in reversed([i for i in range(game.n_players) if i != player]):
        strategy = profile.exact[other]
        scale = math.lcm(*(p.denominator for p in strategy))
        weights = np.empty(len(strategy), dtype=object)
        weights[:] = [p.numerator * (scale // p.denominator) for p in strategy]
        tensor = tensor @ weights
        denominator *= scale
    return [Fraction(payoff) / denominator for payoff in tensor.tolist()]


def _violation(
    probabilities: Sequence[Fraction], exponents: Sequence[Fraction]
) -> tuple[Fraction, bool]:
    """Bound the largest difference to the softmax of the exponents; whether it is exact."""
    if not any(exponents):
        even = Fraction(1, len(exponents))
        return max(abs(p - even) for p in probabilities), True
    from flint import arb, ctx

    with ctx.workprec(_PRECISION):
        responses = [_ball(exponent).exp() for exponent in exponents]
        total = sum(responses, arb(0))
        differences = [
            abs(_ball(p) - response / total)
            for p, response in zip(probabilities, responses, strict=True)
        ]
        return max(_upper_bound(difference) for difference in differences), False


def _ball(number: Fraction) -> Any:
    from flint import arb, fmpq

    return arb(fmpq(number.numerator, number.denominator))


def _upper_bound(ball: Any) -> Fraction:
    """Return a rational number that is no smaller than anything in the ball."""
    mantissa, exponent = map(int, ball.abs_upper().man_exp())
    if mantissa and mantissa.bit_length() + exponent < _TINIEST:  # it might not fit in memory
        mantissa, exponent = 1, _TINIEST
    return Fraction(mantissa) * Fraction(2) ** exponent
