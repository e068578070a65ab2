"""Following the equilibria of a game along a ray of perturbations, one trial step at a time.

Within a cell the equilibria form a smooth curve, see :mod:`gametheory.kernels.perturbed_cells`.
Where a probability or a slack reaches zero the path enters the neighboring cell, in which the
action has changed sides. A step goes along the tangent, to the next place where the tangent
says that something reaches zero if that is near enough, and is corrected by Newton's method. It
is taken back and halved where it leaves the cell, strays, bends, or changes the orientation of
the curve, which within a cell is constant: such a step has met another branch.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from gametheory.kernels.equilibrium_newton import GameArrays, assign, linearize
from gametheory.kernels.perturbed_cells import (
    PLAIN,
    Array,
    RayPath,
    align,
    correct,
    reverse,
    tangent_at,
)

__all__ = ["AT_ZERO", "ENDED", "LOST", "WORKING", "follow_ray", "new_ray_path"]

# What a call ends with: the budget is used up; lambda is zero; the path has left for infinity;
# no step is short enough, or two branches meet.
WORKING, AT_ZERO, ENDED, LOST = 0, 1, 2, 3

# Places in ``state``: trial steps so far; the action that has just changed sides, or -1; the
# orientation of the tangent.
_STEPS, _ENTERING, _SIDE = 0, 1, 2

_NEVER = np.inf
_CONVERGED = 1e-12
_FEASIBLE = -1e-9
_SHORTEST = 1e-9
_LONGEST = 4.0
_FIRST = 0.1
_STRAY = 0.1  # a correction may be this part of the step, or the step is tried shorter
_STRAIGHT = 0.95  # cosine of the angle between tangents


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
            path.state[_SIDE] = tangent_at(game, path, path.point, path.tangent)
            if path.state[_SIDE] == 0:
                return LOST
            _orient(path)
        event, length = _next_event(path)
        if length == _NEVER and _is_pure(game, path):
            return ENDED
        if length > path.step[0] and not _is_pure(game, path):
            event, length = PLAIN, path.step[0]
        for k in range(last + 1):
            path.trial[k] = path.point[k] + length * path.tangent[k]
        if not correct(game, path, event) or not _acceptable(game, path, event, length):
            path.step[0] = 0.5 * min(length, path.step[0])
            if path.step[0] < _SHORTEST:
                return LOST
            continue
        assign(path.point, path.trial)
        if event == PLAIN:
            assign(path.tangent, path.next_tangent)
            path.step[0] = min(2.0 * length, _LONGEST)
        elif event < size:
            path.point[event] = 0.0
            path.in_use[event] = not path.in_use[event]
            path.state[_ENTERING] = event
            path.step[0] = max(path.step[0], _FIRST)
        else:
            path.point[last] = 0.0
            assign(path.tangent, path.next_tangent)
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
    event, nearest = PLAIN, _NEVER
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
def _orient(path: RayPath) -> None:
    """Turn a new tangent into the cell that was entered; at the start, towards falling lambda."""
    entering = path.state[_ENTERING]
    forward = path.tangent[entering] if entering >= 0 else -path.tangent[len(path.tangent) - 1]
    path.state[_ENTERING] = -1
    if forward < 0.0:
        reverse(path.tangent)
        path.state[_SIDE] *= -1


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
    side = tangent_at(game, path, path.trial, path.next_tangent)
    if side == 0:  # a degenerate game may have branches meet where lambda is zero
        assign(path.next_tangent, path.tangent)
        return event == size
    cosine = align(path)
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
