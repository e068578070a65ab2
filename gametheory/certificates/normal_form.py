"""Proofs, in rational arithmetic, that a mixed profile solves a normal-form game.

Nothing here trusts an algorithm, and nothing is rounded: payoffs and probabilities are read as
the exact rationals they are and brought to one denominator, so that all sums are sums of
integers. Independent of :mod:`gametheory.concepts` on purpose: two ways to one figure.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gametheory.errors import InvalidProfile, UnsupportedGame
from gametheory.games.normal_form import NormalFormGame
from gametheory.games.profiles import MixedProfile
from gametheory.solution import Certificate

__all__ = ["certify_minimax", "certify_nash", "certify_pure_nash"]

# Beyond this many bits a common denominator costs more than it saves.
_WIDEST_DENOMINATOR = 20_000


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
    against_column = _deviation_payoffs(game, profile, 0)  # of player 0's actions
    against_row = _deviation_payoffs(game, profile, 1)
    value_above, value_below = max(against_column), total - max(against_row)
    gap = value_above - value_below
    payoff = _average(against_column, profile.exact[0])
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
    payoffs, regrets = [], []
    for player in range(game.n_players):
        deviations = _deviation_payoffs(game, profile, player)
        payoffs.append(_average(deviations, profile.exact[player]))
        regrets.append(max(deviations) - payoffs[-1])
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


def _deviation_payoffs(game: NormalFormGame, profile: MixedProfile, player: int) -> list[Fraction]:
    """Exact expected payoff of each of the player's actions against the others' strategies."""
    supports: list[Sequence[int]] = [*profile.support()]  # what is never taken adds nothing
    supports[player] = range(game.n_actions[player])
    reached = game.exact_payoffs[player][np.ix_(*supports)]
    tensor, denominator = _integers(np.moveaxis(reached, player, 0))
    for other in reversed([i for i in range(game.n_players) if i != player]):
        taken = [profile.exact[other][action] for action in supports[other]]
        weights, scale = _integers(np.array(taken, dtype=object))
        tensor = tensor @ weights
        denominator *= scale
    return [Fraction(numerator) / denominator for numerator in tensor.tolist()]


def _average(payoffs: list[Fraction], strategy: tuple[Fraction, ...]) -> Fraction:
    taken = [action for action, probability in enumerate(strategy) if probability]
    values, denominator = _integers(np.array([payoffs[a] for a in taken], dtype=object))
    weights, scale = _integers(np.array([strategy[a] for a in taken], dtype=object))
    return Fraction(values @ weights) / (denominator * scale)


def _integers(fractions: NDArray[Any]) -> tuple[NDArray[Any], int]:
    """Bring Fractions to one denominator; keep them as they are where it would be too wide."""
    flat = fractions.ravel().tolist()
    denominator = 1
    for fraction in flat:
        denominator = math.lcm(denominator, fraction.denominator)
        if denominator.bit_length() > _WIDEST_DENOMINATOR:
            return fractions, 1
    scaled = np.empty(len(flat), dtype=object)
    scaled[:] = [f.numerator * (denominator // f.denominator) for f in flat]
    return scaled.reshape(fractions.shape), denominator
