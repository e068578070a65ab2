"""Equilibria of perturbed games, within one cell: tangents, and Newton's method back to the curve.

A point is a vector of M + n + 1 numbers: for each action its probability if it is in use, else
what it loses against the player's best (its slack); each player's payoff; and lambda. Within a
cell, where the actions in use do not change, the points solve

    payoff_k(s) + lambda * ray_k + slack_k = u_i    for each action k of each player i,
    sum of player i's s_k = 1,

one equation fewer than unknowns.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from gametheory.kernels.equilibrium_newton import GameArrays, clear, linearize, places
from gametheory.kernels.linear_elimination import eliminate

__all__ = ["PLAIN", "RayPath", "align", "correct", "reverse", "tangent_at"]

Array = NDArray[Any]

PLAIN = -1
"""The event of a step to no particular place."""

_MOST_CORRECTIONS = 8
_LARGEST_CORRECTION = 4.0
_CONVERGED = 1e-12


class RayPath(NamedTuple):
    """Where a path stands.

    Attributes
    ----------
    ray : ndarray of float64, shape (M,)
    point, tangent : ndarray of float64, shape (M + n + 1,)
        See the module's text; the tangent at the point, of unit length.
    in_use : ndarray of bool, shape (M,)
    trial, next_tangent : ndarray of float64, shape (M + n + 1,)
        Scratch.
    step : ndarray of float64, shape (1,)
        Length of the next step.
    state : ndarray of int64, shape (3,)
        Trial steps so far; the action that has just changed sides, or -1; the sign of the
        determinant of the cell's equations' derivatives over the tangent, constant in a cell.
    """

    ray: Array
    point: Array
    tangent: Array
    in_use: Array
    trial: Array
    next_tangent: Array
    step: Array
    state: Array

    @property
    def steps(self) -> int:
        """Trial steps so far."""
        return int(self.state[0])


@njit(cache=True)
def tangent_at(game: GameArrays, path: RayPath, point: Array, tangent: Array) -> int:
    """Fill in a unit tangent of the cell's curve at a point; its orientation, 0 for none."""
    n, size = len(game.offsets) - 1, len(path.ray)
    members = places(path.in_use)
    count = len(members)
    unknowns = count + n + 1
    matrix = np.empty((unknowns - 1, unknowns + 1))
    pivot_row = np.empty(unknowns, np.int64)
    _linearize_at(game, path, point)
    _coefficients(game, path, members, matrix)
    rank, sign = eliminate(matrix, unknowns - 1, unknowns, pivot_row)
    if rank < unknowns - 1:
        return 0
    free = 0
    while pivot_row[free] >= 0:
        free += 1
    pivot_row[free] = unknowns - 1
    for c in range(unknowns):
        for before in range(c):
            if pivot_row[before] > pivot_row[c]:
                sign = -sign
    length = 1.0
    for c in range(unknowns):
        if c != free:
            length += matrix[pivot_row[c], free] ** 2
    length = np.sqrt(length)
    for c in range(unknowns):
        k = members[c] if c < count else size + c - count
        tangent[k] = (1.0 if c == free else -matrix[pivot_row[c], free]) / length
    for k in range(size):
        if not path.in_use[k]:
            game.values[k] = 0.0
            for place in range(count):
                game.values[k] += game.jacobian[k, members[place]] * tangent[members[place]]
    _slacks(game, path, tangent)
    return sign


@njit(cache=True)
def _linearize_at(game: GameArrays, path: RayPath, point: Array) -> None:
    """Linearize the game at the profile that a point holds."""
    strategies = np.empty(len(path.ray))
    for k in range(len(path.ray)):
        strategies[k] = point[k] if path.in_use[k] else 0.0
    linearize(game, strategies)


@njit(cache=True)
def _slacks(game: GameArrays, path: RayPath, point: Array) -> None:
    """Fill in what actions out of use lose, ``game.values`` being what they earn without the ray.

    Linear, so it serves points and directions.
    """
    size, last = len(path.ray), len(point) - 1
    for player in range(len(game.offsets) - 1):
        for k in range(game.offsets[player], game.offsets[player + 1]):
            if not path.in_use[k]:
                point[k] = point[size + player] - game.values[k] - point[last] * path.ray[k]


@njit(cache=True)
def _coefficients(game: GameArrays, path: RayPath, members: Array, matrix: Array) -> None:
    """Write the derivatives of the equations by probabilities in use, payoffs and lambda."""
    n, count = len(game.offsets) - 1, len(members)
    clear(matrix)
    player = 0
    for row in range(count):
        k = members[row]
        while k >= game.offsets[player + 1]:
            player += 1
        for column in range(count):
            matrix[row, column] = game.jacobian[k, members[column]]
        matrix[row, count + player] = -1.0
        matrix[row, count + n] = path.ray[k]
        matrix[count + player, row] = 1.0


@njit(cache=True)
def correct(game: GameArrays, path: RayPath, event: int) -> bool:
    """Newton's method from the trial point to the curve, across it or to where ``event`` is."""
    n, size = len(game.offsets) - 1, len(path.ray)
    trial = path.trial
    members = places(path.in_use)
    count = len(members)
    unknowns = count + n + 1
    matrix = np.empty((unknowns, unknowns + 1))
    pivot_row = np.empty(unknowns, np.int64)
    for _ in range(_MOST_CORRECTIONS):
        _linearize_at(game, path, trial)
        _slacks(game, path, trial)
        _coefficients(game, path, members, matrix)
        _residuals(game, path, members, matrix)
        _closing_row(game, path, members, event, matrix)
        largest = 0.0
        for row in range(unknowns):
            largest = max(largest, abs(matrix[row, unknowns]))
        eliminate(matrix, unknowns, unknowns, pivot_row)
        change = 0.0
        for place in range(unknowns):
            if pivot_row[place] >= 0:
                step = matrix[pivot_row[place], unknowns]
                trial[members[place] if place < count else size + place - count] += step
                change = max(change, abs(step))
        if not change < _LARGEST_CORRECTION:
            return False
        if change <= _CONVERGED or largest <= 1e-15:
            _linearize_at(game, path, trial)
            _slacks(game, path, trial)
            return True
    return False


@njit(cache=True)
def _residuals(game: GameArrays, path: RayPath, members: Array, matrix: Array) -> None:
    """Write the negative residuals of the cell's equations as the right-hand side."""
    n, size, count = len(game.offsets) - 1, len(path.ray), len(members)
    right, last = matrix.shape[1] - 1, len(path.trial) - 1
    for player in range(n):
        matrix[count + player, right] = 1.0
    player = 0
    for row in range(count):
        k = members[row]
        while k >= game.offsets[player + 1]:
            player += 1
        earned = game.values[k] + path.trial[last] * path.ray[k]
        matrix[row, right] = path.trial[size + player] - earned
        matrix[count + player, right] -= path.trial[k]


@njit(cache=True)
def _closing_row(
    game: GameArrays, path: RayPath, members: Array, event: int, matrix: Array
) -> None:
    """Write the equation that picks one point of the curve."""
    n, size, count = len(game.offsets) - 1, len(path.ray), len(members)
    row, last = count + n, len(path.trial) - 1
    right = row + 1
    if event == size:
        matrix[row, row] = 1.0
        matrix[row, right] = -path.trial[last]
    elif event == PLAIN:  # at right angles to the tangent
        for place in range(count):
            matrix[row, place] = path.tangent[members[place]]
        for place in range(n + 1):
            matrix[row, count + place] = path.tangent[size + place]
        moved, squared = 0.0, 0.0
        for place in range(row + 1):
            k = members[place] if place < count else size + place - count
            moved += matrix[row, place] * (path.trial[k] - path.point[k])
            squared += matrix[row, place] ** 2
        matrix[row, right] = path.step[0] * squared - moved
    elif path.in_use[event]:
        for place in range(count):
            matrix[row, place] = 1.0 if members[place] == event else 0.0
        matrix[row, right] = -path.trial[event]
    else:
        player = 0
        while event >= game.offsets[player + 1]:
            player += 1
        for place in range(count):
            matrix[row, place] = -game.jacobian[event, members[place]]
        matrix[row, count + player] = 1.0
        matrix[row, row] = -path.ray[event]
        matrix[row, right] = -path.trial[event]


@njit(cache=True)
def align(path: RayPath) -> float:
    """Turn ``next_tangent`` along ``tangent``; return the cosine from before, without slacks."""
    size = len(path.ray)
    product, first, second = 0.0, 0.0, 0.0
    for k in range(len(path.tangent)):
        if k >= size or path.in_use[k]:
            product += path.tangent[k] * path.next_tangent[k]
            first += path.tangent[k] ** 2
            second += path.next_tangent[k] ** 2
    if product < 0.0:
        reverse(path.next_tangent)
    return float(product / np.sqrt(first * second))


@njit(cache=True)
def reverse(vector: Array) -> None:
    """Change the sign of every entry."""
    for k in range(len(vector)):
        vector[k] = -vector[k]
