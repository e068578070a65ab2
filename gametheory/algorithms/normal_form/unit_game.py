"""A game as its compiled kernels read it: flat float tensors of unit range.

Subtracting a constant from a player's payoffs and dividing all payoffs by one number changes no
equilibrium; done exactly, before rounding to floats, it makes games of any scale look alike.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gametheory.games.normal_form import NormalFormGame
from gametheory.rationals import to_fraction

__all__ = ["UnitGame", "largest_regret", "profile_of", "refine_on_support", "unit_game"]

Floats = NDArray[np.float64]

# Solutions on a support are accepted up to rounding; solve's certificate has the last word.
_ROUNDING = 1e-13


class UnitGame(NamedTuple):
    """Payoffs between 0 and 1, with room for the kernels to work in.

    Attributes
    ----------
    flat : gametheory.kernels.support_newton.FlatGame
        Each player's payoffs minus its lowest one, over ``unit``.
    unit : Fraction
        The largest range of a player's payoffs, exactly; 0 if no player's payoffs differ.
    local : gametheory.kernels.support_newton.Linearization
        Scratch: deviation payoffs and their derivatives.
    system : ndarray of float64
        Scratch: a linear system.
    """

    flat: Any
    unit: Fraction
    local: Any
    system: Floats


def unit_game(game: NormalFormGame) -> UnitGame:
    """Scale a game to unit range; differences are taken exactly, before any rounding.

    Examples
    --------
    >>> game = unit_game(NormalFormGame.bimatrix([[10**17, 10**17 + 4]], [[0, 1]]))
    >>> game.flat.payoffs.tolist(), game.unit
    ([[0.0, 1.0], [0.0, 0.25]], Fraction(4, 1))
    """
    from gametheory.kernels.support_newton import FlatGame, new_linearization

    moved = [_from_zero(game, player) for player in range(game.n_players)]
    ranges = [to_fraction(numbers.max()) / scale for numbers, scale in moved]
    unit = max(ranges)
    payoffs = np.zeros((game.n_players, game.payoffs[0].size))
    for row, (numbers, _), width in zip(payoffs, moved, ranges, strict=True):
        if width:
            highest = numbers.max()
            row[:] = (numbers / highest).astype(np.float64) * float(width / unit)
    offsets = np.concatenate([[0], np.cumsum(game.n_actions)]).astype(np.int64)
    flat = FlatGame(payoffs, offsets)
    side = int(offsets[-1]) + game.n_players
    return UnitGame(flat, unit, new_linearization(flat), np.empty((side + 1, side + 3)))


def _from_zero(game: NormalFormGame, player: int) -> tuple[NDArray[Any], int]:
    """One player's payoffs minus the lowest, exactly: flat numbers over a denominator."""
    exact = game.integer_payoffs[player]
    if exact is None:  # an absurd common denominator
        fractions = game.exact_payoffs[player].ravel()
        return fractions - fractions.min(), 1
    flat = exact.integers.ravel()
    return flat - flat.min(), exact.denominator


def profile_of(game: UnitGame, strategies: Floats) -> list[Floats]:
    """Cut a flat vector into one normalized vector for each player."""
    return [part / part.sum() for part in np.split(strategies, game.flat.offsets[1:-1])]


def refine_on_support(game: UnitGame, strategies: Floats) -> Floats | None:
    """Find the equilibrium that a nearby profile approximates, None if it shows none.

    Parameters
    ----------
    strategies : ndarray of float64, shape (M,)
        An approximate equilibrium; flat.

    Returns
    -------
    ndarray of float64, shape (M,) or None
        Regrets are within rounding of zero, and actions not in use have probability exactly
        zero.

    Notes
    -----
    An action is taken to be in use where its probability exceeds what it loses: near an
    equilibrium in which unused actions lose something, one of the two is far smaller than the
    other. Where the system on the support is singular, as in a continuum of equilibria, steps
    of least norm stay near the given profile.
    """
    from gametheory.kernels.support_newton import DIVERGED, SINGULAR, linearize, support_newton

    linearize(game.flat, strategies, game.local)
    support = _support(game, strategies)
    solution = strategies.copy()
    status = support_newton(game.flat, support, solution, game.local, game.system)
    if status == DIVERGED:
        return None
    if status == SINGULAR:
        solution = _least_norm_steps(game, support, strategies)
    if not np.isfinite(solution).all() or solution.min() < -_ROUNDING:
        return None
    solution = np.concatenate(profile_of(game, np.clip(solution, 0.0, None)))
    linearize(game.flat, solution, game.local)
    return solution if largest_regret(game, solution) <= _ROUNDING else None


def _support(game: UnitGame, strategies: Floats) -> NDArray[np.int64]:
    """Actions whose probability exceeds what they lose; at least each player's best one."""
    starts = game.flat.offsets[:-1]
    sizes = np.diff(game.flat.offsets)
    best = np.repeat(np.maximum.reduceat(game.local.values, starts), sizes)
    used = strategies > best - game.local.values
    for player, start in enumerate(starts.tolist()):
        end = int(game.flat.offsets[player + 1])
        if not used[start:end].any():
            used[start + int(np.argmax(strategies[start:end]))] = True
    return np.flatnonzero(used)


def largest_regret(game: UnitGame, strategies: Floats) -> float:
    """Largest regret of a player, in units of the payoff range, from ``game.local``."""
    starts = game.flat.offsets[:-1]
    best = np.maximum.reduceat(game.local.values, starts)
    losses = (np.repeat(best, np.diff(game.flat.offsets)) - game.local.values) * strategies
    return float(np.add.reduceat(losses, starts).max())


def _least_norm_steps(game: UnitGame, support: NDArray[np.int64], strategies: Floats) -> Floats:
    """Gauss-Newton with least-norm steps, for supports that hold a continuum of solutions."""
    from gametheory.kernels.support_newton import linearize

    n, k = len(game.flat.payoffs), len(support)
    owner = np.searchsorted(game.flat.offsets, support, side="right") - 1
    members = (owner == np.arange(n)[:, None]).astype(np.float64)
    solution = np.zeros_like(strategies)
    solution[support] = strategies[support]
    for _ in range(12):
        linearize(game.flat, solution, game.local)
        block = game.local.jacobian[np.ix_(support, support)]
        system = np.block([[block, -members.T], [members, np.zeros((n, n))]])
        averages = members @ game.local.values[support] / members.sum(axis=1)
        residual = np.concatenate(
            [averages[owner] - game.local.values[support], 1.0 - members @ solution[support]]
        )
        if not np.isfinite(system).all() or not np.isfinite(residual).all():
            break
        step = np.linalg.lstsq(system, residual, rcond=1e-10)[0][:k]
        solution[support] += step
        if np.abs(step).max() <= 1e-15:
            break
    return solution
