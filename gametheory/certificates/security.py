"""Proofs, in rational arithmetic, that strategies guarantee as much as any can.

What a strategy earns against the worst joint action of the opponents bounds the player's maxmin
value from below; what the best action earns against a distribution over these joint actions bounds
it from above. The distance between the two is the violation.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gametheory.errors import InvalidProfile
from gametheory.games.correlated_distribution import CorrelatedDistribution
from gametheory.games.normal_form import NormalFormGame
from gametheory.games.security import SecurityProfile
from gametheory.solution import Certificate

__all__ = ["certify_maxmin"]


def certify_maxmin(game: NormalFormGame, profile: SecurityProfile) -> Certificate:
    """Prove how close each strategy comes to guaranteeing its player's maxmin value.

    Parameters
    ----------
    game : NormalFormGame
    profile : SecurityProfile
        Strategies and punishments are read exactly.

    Returns
    -------
    Certificate
        ``payoffs`` are what the strategies guarantee, ``regrets`` how much more the punishments
        leave possible: 0 proves that the guarantee is the security level.

    Raises
    ------
    InvalidProfile
        The profile is not one of this game, or has no punishments.

    Notes
    -----
    Shoham and Leyton-Brown (2009), Multiagent Systems, section 3.4.1: maxmin strategies. The two
    bounds meet by linear programming duality when the opponents may correlate.

    Cost: as many products of integers for each player as the game has joint actions.

    Examples
    --------
    >>> chicken = NormalFormGame.symmetric([[6, 2], [7, 0]])
    >>> swerve, straight = CorrelatedDistribution([1, 0]), CorrelatedDistribution([0, 1])
    >>> claim = SecurityProfile([[1, 0], [1, 0]], [straight, straight])
    >>> print(certify_maxmin(chicken, claim))
    maxmin: exact (rational arithmetic)
    >>> certify_maxmin(chicken, claim).payoffs
    (Fraction(2, 1), Fraction(2, 1))
    """
    if not isinstance(profile, SecurityProfile):
        raise InvalidProfile(
            f"a {type(profile).__name__} carries no punishments",
            where="profile",
            valid="a SecurityProfile",
            hint="solve(game, 'maxmin') returns one",
        )
    profile.check_fits(game)
    bounds = [
        _bounds(game, player, profile.exact[player], profile.punishments[player])
        for player in range(game.n_players)
    ]
    regrets = tuple(cap - guarantee for guarantee, cap in bounds)
    return Certificate(
        concept="maxmin",
        epsilon=max(regrets),
        payoffs=tuple(guarantee for guarantee, _ in bounds),
        regrets=regrets,
        arithmetic="rational",
        game_digest=game.digest,
        profile=profile,
        violation=_worst(game, bounds),
    )


def _bounds(
    game: NormalFormGame,
    player: int,
    strategy: tuple[Fraction, ...],
    punishment: CorrelatedDistribution,
) -> tuple[Fraction, Fraction]:
    """Return what the strategy guarantees, and what the punishment holds the player to."""
    table, denominator = _table(game, player)
    own: NDArray[Any] = np.moveaxis(table, player, 0)
    scale = math.lcm(*(p.denominator for p in strategy))
    taken = [(a, int(p * scale)) for a, p in enumerate(strategy) if p]
    # Python's integers, which never overflow; actions that are never taken earn nothing.
    rows = own.reshape(len(own), -1)
    earned: NDArray[Any] = sum(rows[action].astype(object) * weight for action, weight in taken)
    guarantee = Fraction(min(earned.tolist())) / (denominator * scale)
    held = [0] * len(own)
    for joint, weight in punishment.weights.items():
        cell: tuple[Any, ...] = (slice(None), *joint)
        for action, payoff in enumerate(own[cell].tolist()):
            held[action] += weight * payoff
    return guarantee, Fraction(max(held)) / (denominator * punishment.scale)


def _table(game: NormalFormGame, player: int) -> tuple[NDArray[Any], int]:
    """Payoffs as integers over a denominator, or as Fractions."""
    read = game.integer_payoffs[player]
    return (game.exact_payoffs[player], 1) if read is None else (read.integers, read.denominator)


def _worst(game: NormalFormGame, bounds: list[tuple[Fraction, Fraction]]) -> str:
    gap, player = max((cap - low, -player) for player, (low, cap) in enumerate(bounds))
    if not gap:
        return ""
    low, cap = bounds[-player]
    return f"{game.players[-player]} is guaranteed {low}, and is proven to be held to {cap} only"
