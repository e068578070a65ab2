"""Elo: one number for each player, by maximum likelihood.

Bradley and Terry (1952), "Rank analysis of incomplete block designs: I. The method of paired
comparisons", Biometrika 39: player i beats player j with probability g_i / (g_i + g_j). Elo's scale
is 400 log10(g). Strengths are found by the minorization of Hunter (2004), "MM algorithms for
generalized Bradley-Terry models", Annals of Statistics 32, which never lowers the likelihood, and
by Newton's method at the end, whose steps are kept only if they bring observed and expected scores
closer.

The likelihood has a unique maximum only if no group of players has won everything against the
others: Ford (1957), "Solution of a ranking problem from binary comparisons", American Mathematical
Monthly 64. One number cannot say who beats whom in a circle; ``largest_misfit`` tells.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gametheory.errors import UnsupportedGame

__all__ = ["EloRatings", "elo_ratings"]

Floats = NDArray[np.float64]

_SCALE = 400.0 / math.log(10.0)
_STEPS = 10_000
_ACCEPTED = 1e-9  # error of an expected score, of the games a player has
_MATRIX = 2  # dimensions


@dataclass(frozen=True, slots=True, eq=False)
class EloRatings:
    """Ratings of players from the games between them.

    Attributes
    ----------
    ratings : ndarray of float64, shape (n,)
        On Elo's scale, with mean zero: 400 more are odds of ten to one.
    standard_errors : ndarray of float64, shape (n,)
        Of the ratings, from the observed information: right in the limit of many independent
        games that follow the model, and a heuristic otherwise. Infinite without games.
    ranking : tuple of int
        Players from the highest rating to the lowest.
    expected : ndarray of float64, shape (n, n)
        The score of the row player in a game against the column player by the model.
    largest_misfit : float
        Largest distance of an observed average score from the expected one: what one number
        for each player cannot say.
    log_likelihood : float
    error : float
        Largest difference of a player's observed and expected score over all its games, per game:
        zero at the maximum.
    """

    ratings: Floats
    standard_errors: Floats
    ranking: tuple[int, ...]
    expected: Floats
    largest_misfit: float
    log_likelihood: float
    error: float


def elo_ratings(scores: ArrayLike, *, prior: float = 0.0) -> EloRatings:
    """Rate players by maximum likelihood.

    Parameters
    ----------
    scores : array_like, shape (n, n)
        ``scores[i, j]`` is the sum of what player i scored against player j: wins, and one half
        for a draw. The games between them are ``scores[i, j] + scores[j, i]``.
    prior : float
        So many drawn games are added between each two players: then the maximum always exists,
        and ratings are drawn together a little.

    Returns
    -------
    EloRatings

    Raises
    ------
    UnsupportedGame
        If the scores are no square table of nonnegative numbers, or some players have won
        everything, or never played, against the others.

    Notes
    -----
    With as many games between each two players the order of the ratings is the order of the
    players' total scores. Cost: n^2 a step of the minorization, n^3 for each Newton step.

    Examples
    --------
    >>> result = elo_ratings([[0, 30, 30], [10, 0, 20], [10, 20, 0]])
    >>> result.ratings.round(1), result.ranking
    (array([127.2, -63.6, -63.6]), (0, 1, 2))
    """
    wins = _read(scores, prior)
    n = len(wins)
    _require_connected(wins)
    games = wins + wins.T
    won = wins.sum(axis=1)
    strengths = _maximize(games, won)
    expected = _expected(strengths)
    error = float(_errors(games, won, strengths).max(initial=0.0))
    if not error < _ACCEPTED:
        raise UnsupportedGame(
            f"the likelihood is too flat: expected scores are off by {error:.1g} a game",
            where="scores",
            hint="a prior of a few drawn games",
        )
    played = games > 0
    misfit = np.abs(wins[played] / games[played] - expected[played]).max(initial=0.0)
    logs = np.where(wins > 0, wins * np.log(np.where(wins > 0, expected, 1.0)), 0.0)
    ratings = _SCALE * (strengths - strengths.mean())
    errors = _SCALE * _standard_errors(games, expected)
    for array in (ratings, errors, expected):
        array.setflags(write=False)
    return EloRatings(
        ratings=ratings,
        standard_errors=errors,
        ranking=tuple(np.argsort(-ratings, kind="stable").tolist()) if n else (),
        expected=expected,
        largest_misfit=float(misfit),
        log_likelihood=math.fsum(logs.ravel()),
        error=error,
    )


def _read(scores: Any, prior: float) -> Floats:
    try:
        wins = np.array(scores, dtype=np.float64)
    except (TypeError, ValueError):
        raise UnsupportedGame("the scores are no table of numbers", where="scores") from None
    if wins.ndim != _MATRIX or wins.shape[0] != wins.shape[1] or not len(wins):
        raise UnsupportedGame(f"scores of shape {wins.shape}", where="scores", valid="(n, n)")
    if not (np.isfinite(wins).all() and (wins >= 0).all()):
        raise UnsupportedGame(
            "a score is negative or no finite number", where="scores", valid="at least 0"
        )
    if not (math.isfinite(prior) and prior >= 0):
        raise UnsupportedGame(f"prior is {prior!r}", where="prior", valid="at least 0")
    wins += prior / 2.0
    np.fill_diagonal(wins, 0.0)  # nobody learns from games against itself
    return wins


def _require_connected(wins: Floats) -> None:
    """Ford's condition: from every player a chain of defeats leads to every other one."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    number, component = connected_components(csr_array(wins > 0), connection="strong")
    if number > 1:
        groups = [np.flatnonzero(component == k).tolist() for k in range(number)]
        raise UnsupportedGame(
            "no finite ratings: between some groups of players one side has won everything, or "
            "nobody played",
            where=f"groups {groups}",
            hint="prior=1 adds a drawn game between each two players",
        )


def _maximize(games: Floats, won: Floats) -> Floats:
    """Return the logarithms of the strengths."""
    logs = np.zeros(len(games))
    for step in range(_STEPS):
        error = _errors(games, won, logs).max(initial=0.0)
        if error < 1e-3 * _ACCEPTED:
            break
        if step % 10 == 9:
            logs = _newton(games, won, logs, float(error))
            continue
        # Hunter's equation (3), for all players at once, on logarithms.
        strengths = np.exp(logs)
        rates = games / np.add.outer(strengths, strengths)
        logs = np.log(won) - np.log(rates.sum(axis=1))
        logs -= logs.mean()
    return logs


def _newton(games: Floats, won: Floats, logs: Floats, error: float) -> Floats:
    """Take one step of Newton's method if it comes closer to the maximum."""
    expected = _expected(logs)
    curvature = _laplacian(games, expected)
    gradient = won - (games * expected).sum(axis=1)
    # All strengths may grow together: the matrix of ones makes that direction regular.
    step = np.linalg.solve(curvature + curvature.diagonal().max() / len(logs), gradient)
    for _ in range(20):
        moved = logs + step - step.mean()
        if np.abs(moved).max() < 300 and _errors(games, won, moved).max() < error:
            return np.asarray(moved)
        step = step / 2.0
    return logs


def _expected(logs: Floats) -> Floats:
    from scipy.special import expit

    return np.asarray(expit(np.subtract.outer(logs, logs)))


def _errors(games: Floats, won: Floats, logs: Floats) -> Floats:
    played = games.sum(axis=1)
    difference = np.abs(won - (games * _expected(logs)).sum(axis=1))
    return np.asarray(difference / np.where(played > 0, played, 1.0))


def _laplacian(games: Floats, expected: Floats) -> Floats:
    """Return the observed information of the logarithms of the strengths."""
    weights = games * expected * expected.T
    return np.asarray(np.diag(weights.sum(axis=1)) - weights)


def _standard_errors(games: Floats, expected: Floats) -> Floats:
    """Return the standard errors of the logarithms, with their mean fixed at zero."""
    if len(games) == 1:
        return np.full(1, np.inf)
    covariance = np.linalg.pinv(_laplacian(games, expected), hermitian=True)
    return np.asarray(np.sqrt(np.maximum(covariance.diagonal(), 0.0)))
