"""Proofs, in rational arithmetic, that a mixed profile solves a normal-form game.

Nothing here trusts an algorithm, and nothing is rounded: payoffs and probabilities are read as
the exact rationals they are and brought to common denominators, so that all sums are sums of
integers. Independent of :mod:`gametheory.concepts` on purpose: two ways to one figure.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from operator import mul
from typing import Any, NamedTuple

import numpy as np

from gametheory.certificates.exact_products import dyadic_products
from gametheory.errors import InvalidProfile, UnsupportedGame
from gametheory.games.normal_form import NormalFormGame
from gametheory.games.profiles import MixedProfile
from gametheory.solution import Certificate

__all__ = ["certify_minimax", "certify_nash", "certify_pure_nash"]

# From this many payoffs on, Python's integers are slower than slices of floats.
_MANY_PAYOFFS = 2_000


class _Rationals(NamedTuple):
    """Rational numbers ``numerators[k] / denominator``.

    The numerators are ints, or Fractions where payoffs have no reasonable common denominator.
    """

    numerators: Sequence[Any]
    denominator: int


def certify_nash(game: NormalFormGame, profile: MixedProfile) -> Certificate:
    """Prove by how much, if at all, a profile misses being a Nash equilibrium.

    The certificate's ``epsilon`` is the largest regret, exactly: zero means that no player gains
    anything by any deviation.

    Parameters
    ----------
    game : NormalFormGame
    profile : MixedProfile
        Read exactly, see :attr:`gametheory.games.profiles.MixedProfile.exact`.

    Raises
    ------
    InvalidProfile
        The profile is not one of this game.

    Notes
    -----
    A profile is a Nash equilibrium if and only if no pure deviation gains: Nash (1951),
    "Non-cooperative games", Annals of Mathematics 54, equation (2).

    Cost: for each player as many products of integers as the game has joint actions; for payoffs
    that are floats these are done as products of float matrices, exactly (see
    :mod:`gametheory.certificates.exact_products`), so that millions of payoffs take a second.

    Examples
    --------
    >>> pennies = NormalFormGame.zero_sum([[1, -1], [-1, 1]])
    >>> print(certify_nash(pennies, MixedProfile.uniform(pennies)))
    nash: exact (rational arithmetic)
    >>> certify_nash(pennies, MixedProfile([["2/3", "1/3"], [0.5, 0.5]])).regrets
    (Fraction(0, 1), Fraction(1, 3))
    """
    return _certify_nash(game, profile, "nash")


def certify_pure_nash(game: NormalFormGame, profile: MixedProfile) -> Certificate:
    """Prove by how much, if at all, a pure profile misses being a Nash equilibrium.

    Raises
    ------
    InvalidProfile
        The profile is not pure, or not one of this game.

    Examples
    --------
    >>> dilemma = NormalFormGame.symmetric([[-1, -3], [0, -2]])
    >>> certify_pure_nash(dilemma, MixedProfile.pure(dilemma, (1, 1))).exact
    True
    """
    _check(game, profile)
    for player, actions in enumerate(profile.support()):
        if len(actions) > 1:
            raise InvalidProfile(
                f"the profile is not pure: {game.players[player]} mixes {len(actions)} actions",
                where=f"profile[{player}]",
                valid="one action of probability one for each player",
                hint="use the concept 'nash' for mixed profiles",
            )
    return _certify_nash(game, profile, "pure-nash")


def certify_minimax(game: NormalFormGame, profile: MixedProfile) -> Certificate:
    """Prove how close each strategy comes to guaranteeing the value of a constant-sum game.

    What player 0 guarantees bounds its value from below, and what player 1 holds it to bounds
    it from above. The distance between the two bounds is ``epsilon`` and both players'
    violation: each strategy guarantees its player at least the value minus epsilon.

    Raises
    ------
    InvalidProfile
        The profile is not one of this game.
    UnsupportedGame
        The game is not two-player and constant-sum.

    Notes
    -----
    von Neumann (1928), "Zur Theorie der Gesellschaftsspiele", Mathematische Annalen 100:
    both bounds are equal exactly when both strategies are optimal.

    Examples
    --------
    >>> pennies = NormalFormGame.zero_sum([[1, -1], [-1, 1]])
    >>> certify_minimax(pennies, MixedProfile([["2/3", "1/3"], [0.5, 0.5]])).epsilon
    Fraction(1, 3)
    """
    _check(game, profile)
    total = game.constant_sum
    if game.n_players != 2 or total is None:
        raise UnsupportedGame(
            "minimax strategies are those of two-player constant-sum games",
            hint="certify the concept 'nash' instead",
        )
    weights = [_weights(strategy) for strategy in profile.exact]
    against_column = _deviation_payoffs(game, weights, 0)  # of player 0's actions
    against_row = _deviation_payoffs(game, weights, 1)
    gap = _best(against_column) + _best(against_row) - total
    payoff = _average(against_column, weights[0])
    return Certificate(
        concept="minimax",
        epsilon=gap,
        payoffs=(payoff, total - payoff),
        regrets=(gap, gap),
        arithmetic="rational",
        game_digest=game.digest,
        profile=profile,
    )


def _certify_nash(game: NormalFormGame, profile: MixedProfile, concept: str) -> Certificate:
    _check(game, profile)
    weights = [_weights(strategy) for strategy in profile.exact]
    payoffs, regrets = [], []
    for player in range(game.n_players):
        deviations = _deviation_payoffs(game, weights, player)
        payoffs.append(_average(deviations, weights[player]))
        regrets.append(_best(deviations) - payoffs[-1])
    return Certificate(
        concept=concept,
        epsilon=max(regrets),
        payoffs=tuple(payoffs),
        regrets=tuple(regrets),
        arithmetic="rational",
        game_digest=game.digest,
        profile=profile,
    )


def _check(game: NormalFormGame, profile: MixedProfile) -> None:
    if not isinstance(profile, MixedProfile):
        raise InvalidProfile(
            f"a {type(profile).__name__} is not a profile of a normal-form game",
            where="profile",
            valid="a MixedProfile",
        )
    profile.check_fits(game)


def _weights(strategy: tuple[Fraction, ...]) -> _Rationals:
    """Bring probabilities to one denominator."""
    ratios = [p.as_integer_ratio() for p in strategy]
    scale = math.lcm(*[denominator for _, denominator in ratios])
    return _Rationals([n * (scale // d) for n, d in ratios], scale)


def _deviation_payoffs(
    game: NormalFormGame, weights: Sequence[_Rationals], player: int
) -> _Rationals:
    """Compute the payoff of each of the player's actions against the others' strategies.

    One product of a matrix, the player's actions by the others' joint actions, with the vector
    of the joint actions' probabilities.
    """
    opponents = [i for i in range(game.n_players) if i != player]
    others = [weights[i] for i in opponents]
    scale = math.prod(other.denominator for other in others)
    if game.payoffs_are_exact and game.payoffs[player].size >= _MANY_PAYOFFS:
        taken = [[a for a, n in enumerate(other.numerators) if n] for other in others]
        joint = _joint([[o.numerators[a] for a in t] for o, t in zip(others, taken, strict=True)])
        tensor = game.payoffs[player].transpose(player, *opponents)
        if len(joint) < tensor[0].size:  # what is never taken adds nothing
            tensor = tensor[np.ix_(range(len(tensor)), *taken)]
        products, exponent = dyadic_products(tensor.reshape(len(tensor), -1), joint)
        raised = products if exponent <= 0 else [product << exponent for product in products]
        return _Rationals(raised, scale << max(-exponent, 0))
    read = game.integer_payoffs[player]
    table, denominator = (game.exact_payoffs[player], 1) if read is None else read
    rows = table.transpose(player, *opponents).reshape(table.shape[player], -1).tolist()
    joint = _joint([other.numerators for other in others])
    return _Rationals([sum(map(mul, row, joint)) for row in rows], denominator * scale)


def _joint(strategies: Sequence[Sequence[int]]) -> list[int]:
    """Multiply out independent strategies: one number a joint action, the last player fastest."""
    joint = [1]
    for strategy in strategies:
        joint = [odds * own for odds in joint for own in strategy]
    return joint


def _best(payoffs: _Rationals) -> Fraction:
    return Fraction(max(payoffs.numerators), payoffs.denominator)


def _average(payoffs: _Rationals, weights: _Rationals) -> Fraction:
    total = sum(map(mul, payoffs.numerators, weights.numerators))
    return Fraction(total, payoffs.denominator * weights.denominator)
