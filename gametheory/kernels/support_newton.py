"""Newton's method on a support: indifference between the actions in use, and nothing else.

The unknowns are the probabilities of the actions in use and each player's payoff; the equations
say that every action in use earns its player's payoff and that probabilities sum to one.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from gametheory.kernels.payoff_jacobian import deviation_jacobian

__all__ = [
    "DIVERGED",
    "SINGULAR",
    "SOLVED",
    "FlatGame",
    "Linearization",
    "eliminate",
    "linearize",
    "new_linearization",
    "support_newton",
]

Array = NDArray[Any]

SOLVED, SINGULAR, DIVERGED = 0, 1, 2

_MOST_STEPS = 25
_SMALLEST_PIVOT = 1e-10  # of payoffs of unit range
_CONVERGED = 1e-9  # the step after one of this size is lost in rounding
_LARGEST_STEP = 4.0


class FlatGame(NamedTuple):
    """A game as kernels read it, see :mod:`gametheory.kernels.payoff_jacobian`.

    Attributes
    ----------
    payoffs : ndarray of float64, shape (n, m_1 * ... * m_n)
    offsets : ndarray of int64, shape (n + 1,)
    """

    payoffs: Array
    offsets: Array


class Linearization(NamedTuple):
    """The deviation payoffs at a profile, their derivatives, and scratch.

    Attributes
    ----------
    values : ndarray of float64, shape (M,)
    jacobian : ndarray of float64, shape (M, M)
    work : ndarray of float64, shape (4, m_1 * ... * m_n)
    """

    values: Array
    jacobian: Array
    work: Array


def new_linearization(game: FlatGame) -> Linearization:
    """Allocate the arrays for one game."""
    size = int(game.offsets[-1])
    return Linearization(
        np.zeros(size), np.zeros((size, size)), np.zeros((4, game.payoffs.shape[1]))
    )


def linearize(game: FlatGame, strategies: Array, out: Linearization) -> None:
    """Fill ``out`` with the deviation payoffs at a profile and their derivatives."""
    deviation_jacobian(game.payoffs, game.offsets, strategies, out.values, out.jacobian, out.work)


@njit(cache=True)
def eliminate(matrix: Array, size: int, columns: int, smallest: float) -> float:
    """Solve linear systems in place, by Gaussian elimination with partial pivoting.

    Parameters
    ----------
    matrix : ndarray of float64
        The head of each of the first ``size`` rows holds ``size`` coefficients, then the
        right-hand sides up to ``columns``, which the solutions replace.
    size, columns : int
    smallest : float
        A pivot up to this size is zero.

    Returns
    -------
    float
        The sign of the determinant; 0.0 if the matrix is singular or not finite.
    """
    sign = 1.0
    for k in range(size):
        best, row = abs(matrix[k, k]), k
        for i in range(k + 1, size):
            if abs(matrix[i, k]) > best:
                best, row = abs(matrix[i, k]), i
        if not smallest < best < np.inf:
            return 0.0
        if row != k:
            sign = -sign
            for j in range(k, columns):
                matrix[k, j], matrix[row, j] = matrix[row, j], matrix[k, j]
        if matrix[k, k] < 0.0:
            sign = -sign
        for i in range(k + 1, size):
            factor = matrix[i, k] / matrix[k, k]
            if factor != 0.0:
                for j in range(k + 1, columns):
                    matrix[i, j] -= factor * matrix[k, j]
    for k in range(size - 1, -1, -1):
        for j in range(size, columns):
            matrix[k, j] /= matrix[k, k]
        for i in range(k):
            factor = matrix[i, k]
            if factor != 0.0:
                for j in range(size, columns):
                    matrix[i, j] -= factor * matrix[k, j]
    return sign


@njit(cache=True)
def support_newton(
    game: FlatGame, support: Array, strategies: Array, out: Linearization, system: Array
) -> int:
    """Move ``strategies`` to a solution on ``support``: SOLVED, or why there is none.

    Parameters
    ----------
    game : FlatGame
    support : ndarray of int64, shape (k,)
        The actions in use, in increasing order, at least one for each player.
    strategies : ndarray of float64, shape (M,)
        In and out. Probabilities may come out negative: the caller looks.
    out : Linearization
        Out: at the last point but one.
    system : ndarray of float64, shape (M + n, M + n + 1) or larger
        Scratch.
    """
    offsets, values, jacobian = game.offsets, out.values, out.jacobian
    n, k = len(game.payoffs), len(support)
    size = k + n
    for action in range(len(strategies)):
        if not np.any(support == action):
            strategies[action] = 0.0
    before = _LARGEST_STEP
    for _ in range(_MOST_STEPS):
        deviation_jacobian(game.payoffs, offsets, strategies, values, jacobian, out.work)
        system[:size, : size + 1] = 0.0
        row = 0
        for player in range(n):
            system[k + player, size] = 1.0
            while row < k and support[row] < offsets[player + 1]:
                action = support[row]
                for column in range(k):
                    system[row, column] = jacobian[action, support[column]]
                system[row, k + player] = -1.0
                system[row, size] = -values[action]
                system[k + player, row] = 1.0
                system[k + player, size] -= strategies[action]
                row += 1
        if eliminate(system, size, size + 1, _SMALLEST_PIVOT) == 0.0:
            return SINGULAR
        step = 0.0
        for column in range(k):
            step = max(step, abs(system[column, size]))
        if not step <= min(_LARGEST_STEP, 2.0 * before + _CONVERGED):
            return DIVERGED
        for column in range(k):
            strategies[support[column]] += system[column, size]
        if step <= _CONVERGED:
            return SOLVED
        before = step
    return DIVERGED
