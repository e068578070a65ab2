"""Proof, in rational arithmetic, that nothing is better for some player and worse for none.

Without weights every joint action is looked at. With a positive weight for each player one number
proves more: if no joint action has a larger weighted sum of payoffs, neither has any distribution
over them, and what dominated the profile would have one.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gametheory.games.normal_form import NormalFormGame
from gametheory.games.pareto_profile import ParetoProfile
from gametheory.games.profiles import MixedProfile
from gametheory.rationals import shown
from gametheory.solution import Certificate

__all__ = ["certify_pareto"]


def certify_pareto(game: NormalFormGame, profile: MixedProfile) -> Certificate:
    """Prove by how much, if at all, a profile misses being Pareto optimal.

    Parameters
    ----------
    game : NormalFormGame
    profile : MixedProfile or ParetoProfile
        A :class:`ParetoProfile` claims that no distribution over joint actions dominates it, any
        other profile that no joint action does.

    Returns
    -------
    Certificate
        ``regrets`` are the most that each player could gain in what costs no other player
        anything; with weights an upper bound on it. ``violation`` names the joint action.

    Raises
    ------
    InvalidProfile
        The profile is not one of this game.

    Notes
    -----
    Shoham and Leyton-Brown (2009), Multiagent Systems, section 3.3.1. A distribution that
    dominates gains g_i >= 0 with sum(w_i g_i) at most the gap in the weighted sum, so no player
    gains more than the gap divided by its weight.

    Examples
    --------
    >>> dilemma = NormalFormGame.symmetric([[-1, -3], [0, -2]])
    >>> certify_pareto(dilemma, MixedProfile.pure(dilemma, (0, 1))).exact
    True
    >>> certify_pareto(dilemma, MixedProfile.pure(dilemma, (1, 1))).violation
    '(0, 0) gives player 0 1 more, and no player less'
    >>> certify_pareto(dilemma, ParetoProfile([[1, 0], [0, 1]], [1, 1])).violation
    '(0, 0) has a weighted sum of payoffs that is larger by 1'
    """
    profile.check_fits(game)
    # Floats where they are the payoffs and not roundings of them; comparing them is exact.
    entries: NDArray[Any] = game.payoffs if game.payoffs_are_exact else game.exact_payoffs
    payoffs = tuple(_expected(own, profile) for own in entries)
    flat = entries.reshape(game.n_players, -1)
    if isinstance(profile, ParetoProfile):
        regrets, violation = _by_weights(game, flat, payoffs, profile.weights)
    else:
        regrets, violation = _by_joint_actions(game, flat, payoffs)
    return Certificate(
        concept="pareto",
        epsilon=max(regrets),
        payoffs=payoffs,
        regrets=regrets,
        arithmetic="rational",
        game_digest=game.digest,
        profile=profile,
        violation=violation,
    )


Payoffs = tuple[Fraction, ...]


def _expected(own: NDArray[Any], profile: MixedProfile) -> Fraction:
    """Add up a player's payoffs where the profile has positive probability."""
    used = profile.support()
    expected: Any = own[np.ix_(*used)]
    expected = np.array(list(map(Fraction, expected.ravel().tolist())), object).reshape(
        expected.shape
    )
    for actions, strategy in reversed(list(zip(used, profile.exact, strict=True))):
        expected = expected @ np.array([strategy[action] for action in actions], dtype=object)
    return Fraction(expected)


def _by_joint_actions(
    game: NormalFormGame, entries: NDArray[Any], payoffs: Payoffs
) -> tuple[Payoffs, str]:
    """Look for joint actions that give nobody less, and at what each player has there."""
    fit = np.ones(entries.shape[1], dtype=np.bool_)
    for own, payoff in zip(entries, payoffs, strict=True):
        fit &= np.asarray(own >= (payoff if own.dtype == object else _least(payoff)), np.bool_)
    cells = np.flatnonzero(fit)
    if not len(cells):  # a mixture may be better for all than any joint action
        return (Fraction(0),) * game.n_players, ""
    best = [int(cells[np.argmax(own[cells])]) for own in entries]
    gains = tuple(
        Fraction(own[cell]) - payoff
        for own, cell, payoff in zip(entries, best, payoffs, strict=True)
    )
    worst = max(range(game.n_players), key=lambda player: gains[player])
    if not gains[worst]:
        return gains, ""
    names = _names(game, best[worst])
    return (
        gains,
        f"{names} gives {game.players[worst]} {shown(gains[worst])} more, and no player less",
    )


def _least(payoff: Fraction) -> float:
    """Return the smallest float that is no less, so that floats compare alike with both."""
    near = float(payoff)
    return near if Fraction(near) >= payoff else math.nextafter(near, math.inf)


def _by_weights(
    game: NormalFormGame, entries: NDArray[Any], payoffs: Payoffs, weights: Payoffs
) -> tuple[Payoffs, str]:
    """Compare the weighted sum of payoffs with the largest one."""
    largest, best = Fraction(0), -1
    for cell in _candidates(game, weights):
        pairs = zip(weights, entries[:, cell], strict=True)
        total = sum((weight * Fraction(payoff) for weight, payoff in pairs), Fraction(0))
        if best < 0 or total > largest:
            largest, best = total, cell
    own = sum(weight * payoff for weight, payoff in zip(weights, payoffs, strict=True))
    gap = max(largest - own, Fraction(0))
    violation = f"{_names(game, best)} has a weighted sum of payoffs that is larger by {shown(gap)}"
    return tuple(gap / weight for weight in weights), violation if gap else ""


def _candidates(game: NormalFormGame, weights: Payoffs) -> list[int]:
    """List the joint actions whose weighted sum may be the largest, judged in floats.

    In units in which no payoff and no weight is above one. Payoffs, units, weights, products and
    sums are each rounded, by at most a part 2^-53 of them (or 2^-1075), so a sum of n products is
    off by less than (n + 4) 2^-52 times the sum of the weights, and 1e-290.
    """
    flat = game.payoffs.reshape(game.n_players, -1)
    units = [float(own) or 1.0 for own in np.abs(flat).max(axis=1)]
    heavy = [weight * Fraction(unit) for weight, unit in zip(weights, units, strict=True)]
    shares = np.array([float(weight / max(heavy)) for weight in heavy])
    sums = shares @ (flat / np.array(units)[:, None])
    off = (game.n_players + 4) * 2.0**-52 * shares.sum() + 1e-290
    cells: list[int] = np.flatnonzero(sums >= sums.max() - 2 * off).tolist()
    return cells


def _names(game: NormalFormGame, cell: int) -> str:
    joint = np.unravel_index(cell, game.n_actions)
    return f"({', '.join(names[a] for names, a in zip(game.actions, joint, strict=True))})"
