"""Following the equilibria of a game along a ray of perturbations, one trial step at a time.

A point is a vector of M + n + 1 numbers: for each action its probability if it is in use, else
what it loses against the player's best (its slack); each player's payoff; and lambda. Within a
cell, where the actions in use do not change, the points solve

    payoff_k(s) + lambda * ray_k + slack_k = u_i    for each action k of each player i,
    sum of player i's s_k = 1,

one equation fewer than unknowns. Where a probability or a slack reaches zero the path enters the
neighboring cell, in which the action has changed sides.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from gametheory.kernels.equilibrium_newton import GameArrays, linearize
from gametheory.kernels.linear_elimination import eliminate

__all__ = ["AT_ZERO", "ENDED", "LOST", "WORKING", "RayPath", "follow_ray", "new_ray_path"]

Array = NDArray[Any]

# What a call ends with: the budget is used up; lambda is zero; the path has left for infinity;
# no step is short enough, or two branches meet.
WORKING, AT_ZERO, ENDED, LOST = 0, 1, 2, 3

# Places in ``state``: trial steps so far; the action that has just changed sides, or -1; the
# orientation of the tangent.
_STEPS, _ENTERING, _SIDE = 0, 1, 2

_PLAIN = -1  # a step to no particular place
_NEVER = np.inf
_MOST_CORRECTIONS = 8
_CONVERGED = 1e-12
_FEASIBLE = -1e-9
_SHORTEST = 1e-9
_LONGEST = 4.0
_FIRST = 0.1
_STRAY = 0.1  # a correction may be this part of the step, or the step is tried shorter
_STRAIGHT = 0.95  # cosine of the angle between tangents


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
        return int(self.state[_STEPS])


def new_ray_path(game: GameArrays, ray: Array, favorites: Array, level: float) -> RayPath:
    """Start where lambda is ``level`` and the pure profile ``favorites`` is dominant."""
    size, n = len(ray), len(game.offsets) - 1
    linearize(game, favorites)
    earned = game.values + level * ray
    point = np.zeros(size + n + 1)
    in_use = favorites > 0.0
    point[size : size + n] = earned[in_use]
    point[:size] = np.repeat(earned[in_use], np.diff(game.offsets)) - earned
    point[:size][in_use] = 1.0
    point[-1] = level
    tangent = np.zeros_like(point)
    tangent[-1] = -1.0  # lambda falls; the first step makes it a tangent
    return RayPath(
        ray,
        point,
        tangent,
        in_use,
        np.zeros_like(point),
        np.zeros_like(point),
        np.array([_FIRST]),
        np.array([0, -1, 0], np.int64),
    )


@njit(cache=True)
def follow_ray(game: GameArrays, path: RayPath, budget: int) -> int:
    """Try ``budget`` steps, or fewer if something happens on the way.

    Returns
    -------
    int
        WORKING, AT_ZERO (``path.point`` is where lambda is zero; call again to go on), ENDED or
        LOST.
    """
    size = len(path.ray)
    last = len(path.point) - 1
    for _ in range(budget):
        path.state[_STEPS] += 1
        if path.state[_STEPS] == 1 or path.state[_ENTERING] >= 0:
            path.state[_SIDE] = _tangent(game, path, path.point, path.tangent)
            if path.state[_SIDE] == 0:
                return LOST
            _orient(path)
        event, length = _next_event(path)
        if length == _NEVER and _is_pure(game, path):
            return ENDED
        if length > path.step[0] and not _is_pure(game, path):
            event, length = _PLAIN, path.step[0]
        for k in range(last + 1):
            path.trial[k] = path.point[k] + length * path.tangent[k]
        if not _correct(game, path, event) or not _acceptable(game, path, event, length):
            path.step[0] = 0.5 * min(length, path.step[0])
            if path.step[0] < _SHORTEST:
                return LOST
            continue
        path.point[:] = path.trial
        if event == _PLAIN:
            path.tangent[:] = path.next_tangent
            path.step[0] = min(2.0 * length, _LONGEST)
        elif event < size:
            path.point[event] = 0.0
            path.in_use[event] = not path.in_use[event]
            path.state[_ENTERING] = event
            path.step[0] = max(path.step[0], _FIRST)
        else:
            path.point[last] = 0.0
            path.tangent[:] = path.next_tangent
            return AT_ZERO
    return WORKING


@njit(cache=True)
def _is_pure(game: GameArrays, path: RayPath) -> bool:
    """Whether everybody uses one action: then the path in this cell is a straight line."""
    count = 0
    for k in range(len(path.ray)):
        count += path.in_use[k]
    return count == len(game.offsets) - 1


@njit(cache=True)
def _next_event(path: RayPath) -> tuple[int, float]:
    """Return what the tangent first takes to zero, an action or (as M) lambda, and how far off."""
    event, nearest = _PLAIN, _NEVER
    last = len(path.point) - 1
    for k in range(last + 1):
        if k >= len(path.ray) and k < last:
            continue
        position, slope = path.point[k], path.tangent[k]
        if k == last and position < 0.0:
            position, slope = -position, -slope
        if slope < -1e-14 and (k < last or position > 0.0):
            length = max(position, 0.0) / -slope
            # Where a degenerate game has ties at lambda = 0, that is the place to stop at.
            if length < nearest or (k == last and length <= nearest + _CONVERGED):
                event, nearest = k if k < last else len(path.ray), length
    return event, nearest


@njit(cache=True)
def _coefficients(game: GameArrays, path: RayPath, members: Array, matrix: Array) -> None:
    """Write the derivatives of the equations by probabilities in use, payoffs and lambda."""
    n, count = len(game.offsets) - 1, len(members)
    matrix[:, :] = 0.0
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
def _tangent(game: GameArrays, path: RayPath, point: Array, tangent: Array) -> int:
    """Fill in a unit tangent of the cell's curve at a point; its orientation, 0 for none."""
    n, size = len(game.offsets) - 1, len(path.ray)
    members = np.flatnonzero(path.in_use)
    count = len(members)
    unknowns = count + n + 1
    matrix = np.empty((unknowns - 1, unknowns + 1))
    pivot_row = np.empty(unknowns, np.int64)
    _linearize_at(game, path, point)
    _coefficients(game, path, members, matrix)
    rank, sign = eliminate(matrix, unknowns - 1, unknowns, pivot_row)
    if rank < unknowns - 1:
        return 0
    free = np.argmin(pivot_row)
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
    strategies = np.zeros(len(path.ray))
    for k in range(len(path.ray)):
        if path.in_use[k]:
            strategies[k] = point[k]
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
def _orient(path: RayPath) -> None:
    """Turn a new tangent into the cell that was entered; at the start, towards falling lambda."""
    entering = path.state[_ENTERING]
    forward = path.tangent[entering] if entering >= 0 else -path.tangent[len(path.tangent) - 1]
    path.state[_ENTERING] = -1
    if forward < 0.0:
        _reverse(path.tangent)
        path.state[_SIDE] *= -1


@njit(cache=True)
def _reverse(vector: Array) -> None:
    for k in range(len(vector)):
        vector[k] = -vector[k]


@njit(cache=True)
def _align(path: RayPath) -> float:
    """Turn ``next_tangent`` along ``tangent``; return the cosine from before, without slacks."""
    size = len(path.ray)
    product, first, second = 0.0, 0.0, 0.0
    for k in range(len(path.tangent)):
        if k >= size or path.in_use[k]:
            product += path.tangent[k] * path.next_tangent[k]
            first += path.tangent[k] ** 2
            second += path.next_tangent[k] ** 2
    if product < 0.0:
        _reverse(path.next_tangent)
    return float(product / np.sqrt(first * second))


@njit(cache=True)
def _correct(game: GameArrays, path: RayPath, event: int) -> bool:
    """Newton's method from the trial point to the curve, across it or to where ``event`` is."""
    n, size, last = len(game.offsets) - 1, len(path.ray), len(path.point) - 1
    trial = path.trial
    members = np.flatnonzero(path.in_use)
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
        if not change < _LONGEST:
            return False
        if change <= _CONVERGED or largest <= 1e-15:
            _linearize_at(game, path, trial)
            _slacks(game, path, trial)
            return bool(np.isfinite(trial[last]))
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
    elif event == _PLAIN:  # at right angles to the tangent
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
        matrix[row, np.searchsorted(members, event)] = 1.0
        matrix[row, right] = -path.trial[event]
    else:
        player = np.searchsorted(game.offsets, event, "right") - 1
        for place in range(count):
            matrix[row, place] = -game.jacobian[event, members[place]]
        matrix[row, count + player] = 1.0
        matrix[row, row] = -path.ray[event]
        matrix[row, right] = -path.trial[event]


@njit(cache=True)
def _acceptable(game: GameArrays, path: RayPath, event: int, length: float) -> bool:
    """Whether the corrected point lies in the cell and on the branch that was followed."""
    size, last = len(path.ray), len(path.point) - 1
    for k in range(size):
        if k != event and path.trial[k] < _FEASIBLE:
            return False
    if event != size and path.trial[last] * path.point[last] < 0.0:
        return False
    for k in range(last + 1):
        if k >= size or path.in_use[k]:
            stray = path.trial[k] - path.point[k] - length * path.tangent[k]
            if abs(stray) > _STRAY * length + _SHORTEST:
                return False
    side = _tangent(game, path, path.trial, path.next_tangent)
    if side == 0:  # a degenerate game may have branches meet where lambda is zero
        path.next_tangent[:] = path.tangent
        return event == size
    cosine = _align(path)
    same_side = (side == path.state[_SIDE]) == (cosine > 0.0)
    return same_side and abs(cosine) > _STRAIGHT and not _dips(path, event, length)


@njit(cache=True)
def _dips(path: RayPath, event: int, length: float) -> bool:
    """Whether some coordinate may have been below zero, or lambda beyond it, between two points.

    It falls at one end and rises at the other, and the tangents meet on the wrong side of zero.
    """
    size, last = len(path.ray), len(path.point) - 1
    for place in range(size + 1):
        k = place if place < size else last
        sign = -1.0 if k == last and path.point[k] < 0.0 else 1.0
        falls, rises = sign * path.tangent[k], sign * path.next_tangent[k]
        if place != event and falls < 0.0 < rises and path.point[k] != 0.0:
            fallen = (sign * (path.point[k] - path.trial[k]) + rises * length) / (rises - falls)
            if sign * path.point[k] + falls * fallen < 0.0:
                return True
    return False
