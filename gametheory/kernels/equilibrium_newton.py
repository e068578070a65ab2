"""Newton's method on the support of a profile, keeping the best profile it meets.

The unknowns are the probabilities in use and each player's payoff; the equations say that all
actions in use earn the same and that probabilities sum to one. Regret, not the equations, tells
how good an iterate is: it sees the actions out of use as well.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from gametheory.kernels.linear_elimination import eliminate
from gametheory.kernels.payoff_jacobian import deviation_jacobian

__all__ = ["GameArrays", "assign", "clear", "linearize", "places", "polish_equilibrium"]

Array = NDArray[Any]

_MOST_STEPS = 60  # at a multiple root each step wins one bit only
_PATIENCE = 5  # steps without a smaller regret
_ENOUGH = 1e-16  # regret below the rounding of payoffs near 1
_NEGLIGIBLE = 1e-13
_LARGEST_STEP = 4.0


class GameArrays(NamedTuple):
    """A game and its linearization at one profile, M being the number of all actions.

    Attributes
    ----------
    payoffs : ndarray of float64, shape (n, m_1 * ... * m_n)
        Each player's tensor in C order, between 0 and 1.
    offsets : ndarray of int64, shape (n + 1,)
        Player i's actions are the entries ``offsets[i]:offsets[i + 1]`` of vectors of length M.
    values, jacobian, work : ndarray of float64
        What :func:`gametheory.kernels.payoff_jacobian.deviation_jacobian` fills in.
    """

    payoffs: Array
    offsets: Array
    values: Array
    jacobian: Array
    work: Array


# Plain loops for what NumPy has functions for: they compile several times faster.


@njit(cache=True)
def places(weights: Array) -> Array:
    """Return the indices of the positive entries, in increasing order."""
    count = 0
    for k in range(len(weights)):
        if weights[k] > 0:
            count += 1
    found = np.empty(count, np.int64)
    count = 0
    for k in range(len(weights)):
        if weights[k] > 0:
            found[count] = k
            count += 1
    return found


@njit(cache=True)
def assign(target: Array, source: Array) -> None:
    """Copy one vector into another of its length."""
    for k in range(len(source)):
        target[k] = source[k]


@njit(cache=True)
def clear(matrix: Array) -> None:
    """Fill a matrix with zeros."""
    for row in range(matrix.shape[0]):
        for column in range(matrix.shape[1]):
            matrix[row, column] = 0.0


@njit(cache=True)
def linearize(game: GameArrays, strategies: Array) -> None:
    """Fill in all deviation payoffs at a profile and their derivatives."""
    deviation_jacobian(
        game.payoffs, game.offsets, strategies, game.values, game.jacobian, game.work
    )


@njit(cache=True)
def polish_equilibrium(game: GameArrays, strategies: Array) -> float:
    """Move a profile to the equilibrium on its support; return the regret that is left.

    Parameters
    ----------
    game : GameArrays
        The linearization is overwritten.
    strategies : ndarray of float64, shape (M,)
        In: a profile near an equilibrium; its zeros stay zeros. Out: the iterate of smallest
        regret, each strategy divided by its sum. Probabilities within rounding of zero or
        below become zero.

    Returns
    -------
    float
        Largest regret; inf if no iterate was a profile.
    """
    members = places(strategies)
    unknowns = len(members) + len(game.offsets) - 1
    system = np.empty((unknowns, unknowns + 1))
    pivot_row = np.empty(unknowns, np.int64)
    iterate, profile = np.empty(len(strategies)), np.empty(len(strategies))
    assign(iterate, strategies)
    best, waited = np.inf, 0
    for _ in range(_MOST_STEPS):
        waited += 1
        if _as_profile(game.offsets, iterate, profile):
            linearize(game, profile)
            regret = _largest_regret(game, profile)
            if regret < best:
                if regret < 0.9 * best:
                    waited = 0
                best = regret
                assign(strategies, profile)
        if best <= _ENOUGH or waited > _PATIENCE:
            break
        linearize(game, iterate)
        _write_system(game, members, iterate, system)
        eliminate(system, unknowns, unknowns, pivot_row)
        length = 0.0
        for place in range(len(members)):
            if pivot_row[place] >= 0:
                change = system[pivot_row[place], unknowns]
                iterate[members[place]] += change
                length = max(length, abs(change))
        if not length < _LARGEST_STEP:
            break
    return best


@njit(cache=True)
def _as_profile(offsets: Array, iterate: Array, profile: Array) -> bool:
    """Divide by the sums; False if a probability is negative beyond rounding."""
    for player in range(len(offsets) - 1):
        total = 0.0
        for k in range(offsets[player], offsets[player + 1]):
            if not iterate[k] >= -_NEGLIGIBLE:
                return False
            profile[k] = iterate[k] if iterate[k] > _NEGLIGIBLE else 0.0
            total += profile[k]
        if not 0.0 < total < np.inf:
            return False
        for k in range(offsets[player], offsets[player + 1]):
            profile[k] /= total
    return True


@njit(cache=True)
def _largest_regret(game: GameArrays, strategies: Array) -> float:
    """Most that a player gains by its best action."""
    largest = 0.0
    for player in range(len(game.offsets) - 1):
        first, end = game.offsets[player], game.offsets[player + 1]
        best = game.values[first]
        for k in range(first + 1, end):
            best = max(best, game.values[k])
        regret = 0.0
        for k in range(first, end):
            if strategies[k] > 0.0:
                regret += strategies[k] * (best - game.values[k])
        largest = max(largest, regret)
    return largest


@njit(cache=True)
def _write_system(game: GameArrays, members: Array, iterate: Array, system: Array) -> None:
    """Newton's equations for the changes of the probabilities and for the n payoffs."""
    offsets = game.offsets
    n, count = len(offsets) - 1, len(members)
    unknowns = count + n
    clear(system)
    for player in range(n):
        system[count + player, unknowns] = 1.0
    player = 0
    for row in range(count):
        k = members[row]
        while k >= offsets[player + 1]:
            player += 1
        for column in range(count):
            system[row, column] = game.jacobian[k, members[column]]
        system[row, count + player] = -1.0
        system[row, unknowns] = -game.values[k]
        system[count + player, row] = 1.0
        system[count + player, unknowns] -= iterate[k]
