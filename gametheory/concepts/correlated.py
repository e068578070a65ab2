"""How far a distribution over joint actions is from a correlated equilibrium, in floats.

A player that is told an action may take another one (correlated equilibrium, CE), or it must
decide before it is told (coarse correlated equilibrium, CCE). What it gains by the best way to do
so is its swap regret and its external regret.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gametheory.errors import InvalidProfile, UnsupportedGame
from gametheory.games.correlated_distribution import CorrelatedDistribution
from gametheory.games.normal_form import NormalFormGame
from gametheory.games.profiles import SUM_TOLERANCE, MixedProfile

__all__ = ["cce_gap", "ce_gap", "external_regrets", "swap_regrets"]

Distribution = CorrelatedDistribution | MixedProfile | ArrayLike


def swap_regrets(game: NormalFormGame, distribution: Distribution) -> NDArray[np.float64]:
    """Return each player's gain from the best reaction to what it is told, shape (n_players,).

    Parameters
    ----------
    game : NormalFormGame
    distribution : CorrelatedDistribution, MixedProfile or array_like of shape ``n_actions``

    Returns
    -------
    ndarray
        Expected gains in payoff units: zero for all players in a correlated equilibrium, and at
        most epsilon in an epsilon-correlated equilibrium.

    Raises
    ------
    InvalidProfile
        The distribution is not one over this game's joint actions.

    References
    ----------
    Aumann (1974), "Subjectivity and correlation in randomized strategies", Journal of
    Mathematical Economics 1. Blum and Mansour (2007), "From external to internal regret", Journal
    of Machine Learning Research 8.

    Examples
    --------
    >>> from gametheory.games.catalog import load
    >>> game = load("rock_paper_scissors")
    >>> swap_regrets(game, [[0, 1 / 6, 1 / 6], [1 / 6, 0, 1 / 6], [1 / 6, 1 / 6, 0]]).round(6)
    array([0.5, 0.5])
    """
    gains = _gains(game, _joint(game, distribution))
    return np.array([per_told.max(axis=1).sum() for per_told in gains])


def external_regrets(game: NormalFormGame, distribution: Distribution) -> NDArray[np.float64]:
    """Return each player's gain from the best fixed action, at least zero, shape (n_players,).

    Zero for all players in a coarse correlated equilibrium (Moulin and Vial 1978, "Strategically
    zero-sum games", International Journal of Game Theory 7). Parameters and errors as for
    :func:`swap_regrets`.

    Examples
    --------
    >>> from gametheory.games.catalog import load
    >>> game = load("rock_paper_scissors")
    >>> external_regrets(game, [[0, 1 / 6, 1 / 6], [1 / 6, 0, 1 / 6], [1 / 6, 1 / 6, 0]])
    array([0., 0.])
    """
    gains = _gains(game, _joint(game, distribution))
    return np.array([max(per_told.sum(axis=0).max(), 0.0) for per_told in gains])


def ce_gap(game: NormalFormGame, distribution: Distribution) -> float:
    """Return the CE gap, the sum of the players' swap regrets.

    Zero exactly in a correlated equilibrium; of independent strategies it is NashConv.

    References
    ----------
    Marris, Muller, Lanctot, Tuyls and Graepel (2021), "Multi-agent training beyond zero-sum with
    correlated equilibrium meta-solvers", International Conference on Machine Learning.
    """
    return float(swap_regrets(game, distribution).sum())


def cce_gap(game: NormalFormGame, distribution: Distribution) -> float:
    """Return the CCE gap, the sum of the players' external regrets; see :func:`ce_gap`."""
    return float(external_regrets(game, distribution).sum())


def _gains(game: NormalFormGame, joint: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """For each player what it gains, told one action, by taking another: shape (m, m)."""
    gains = []
    for player, payoffs in enumerate(game.payoffs):
        own = np.moveaxis(payoffs, player, 0).reshape(payoffs.shape[player], -1)
        told = np.moveaxis(joint, player, 0).reshape(own.shape)
        earned = told @ own.T
        gains.append(earned - np.diag(earned)[:, None])
    return gains


def _joint(game: NormalFormGame, distribution: Any) -> NDArray[np.float64]:
    if not isinstance(game, NormalFormGame):
        raise UnsupportedGame(
            f"{type(game).__name__!r} has no joint actions", valid="a NormalFormGame"
        )
    if isinstance(distribution, MixedProfile):
        distribution.check_fits(game)
        distribution = CorrelatedDistribution.from_profile(distribution)
    if isinstance(distribution, CorrelatedDistribution):
        distribution.check_fits(game)
        return distribution.probabilities
    try:
        joint = np.asarray(distribution, dtype=np.float64)
    except (TypeError, ValueError):
        joint = np.empty(0)
    if joint.shape != game.n_actions:
        raise InvalidProfile(
            f"an array of shape {joint.shape}",
            where="distribution",
            valid=f"probabilities of shape {game.n_actions}",
        )
    total = float(joint.sum())
    if not (abs(total - 1) <= SUM_TOLERANCE and joint.min() >= 0):
        raise InvalidProfile(
            f"the array sums to {total:g}, and its smallest entry is {joint.min():g}",
            where="distribution",
            valid=f"nonnegative probabilities with a sum of one within {SUM_TOLERANCE}",
        )
    return joint
