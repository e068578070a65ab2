"""Following the logit correspondence by a predictor and a corrector.

A point is the vector of all log probabilities and, last, the rationality. The equations, for
each player with r its most likely action: ``y_a - y_r = rationality * (v_a - v_r)`` for every
other action a, and probabilities that sum to one. The v are deviation payoffs. Log probabilities
keep the system well scaled however unlikely an action becomes.
"""

from __future__ import annotations

import math
from typing import Any

from numba import njit
from numpy.typing import NDArray

from gametheory.kernels.payoff_jacobian import deviation_jacobian
from gametheory.kernels.support_newton import FlatGame, Linearization, eliminate

__all__ = [
    "BIFURCATIONS",
    "BIFURCATION_AT",
    "LAST_STEP",
    "MOST_CHANGE",
    "ORIENTATION",
    "STALLED",
    "STATE_LENGTH",
    "STEP",
    "advance",
]

Array = NDArray[Any]

# Places in ``state``. The caller sets MOST_CHANGE, by how much a step may change a probability.
STEP, LAST_STEP, ORIENTATION, BIFURCATIONS, BIFURCATION_AT, STALLED, MOST_CHANGE = range(7)
STATE_LENGTH = 7

_FIRST_STEP = 0.1
_LEAST_STEP = 1e-11
_BIFURCATION_STEP = 1e-3  # a change of orientation over a shorter step is no jump elsewhere
_STEP_PAST_BIFURCATION = 0.05
_LARGEST_GROWTH = 2.0
_MOST_CORRECTIONS = 7
_CONVERGED = 1e-8  # Newton squares it once more
_LARGEST_CORRECTION = 0.5
_LARGEST_NOISE = 1e-3
_IDEAL_CORRECTION, _IDEAL_CONTRACTION, _IDEAL_COSINE = 0.05, 0.1, 0.97
_LEAST_COSINE = 0.7
_ROOM = 0.7  # of the change allowed


@njit(cache=True)
def advance(
    game: FlatGame,
    path: Array,
    state: Array,
    trail: Array,
    out: Linearization,
    system: Array,
    target: float,
    attempts: int,
) -> int:
    """Try a number of steps along the path; return how many succeeded.

    Parameters
    ----------
    game : FlatGame
    path : ndarray of float64, shape (6, M + 1)
        In and out: the point, the tangent there, the tangent before; the rest is scratch.
    state : ndarray of float64, shape (STATE_LENGTH,)
        In and out: see the names above; zeros at the beginning, but for MOST_CHANGE. While
        ORIENTATION is zero, the tangent is still to be found.
    trail : ndarray of float64, shape (attempts, M + 1)
        Out: the points reached.
    out : Linearization
        Scratch.
    system : ndarray of float64, shape (M + 1, M + 3) or larger
        Scratch.
    target : float
        A step that would pass this rationality ends at it; nothing is done beyond.
    attempts : int
    """
    size = path.shape[1]
    point, tangent, before, trial = path[0], path[1], path[2], path[3]
    reached = 0
    for _ in range(attempts):
        if state[STALLED] != 0.0 or point[size - 1] >= target:
            break
        beginning, landing = state[ORIENTATION] == 0.0, False
        step = state[STEP]
        if beginning:
            tangent[:] = 0.0
            tangent[size - 1] = step = state[LAST_STEP] = 1.0
        if point[size - 1] + step * tangent[size - 1] >= target:
            step, landing = (target - point[size - 1]) / tangent[size - 1], True
        _predict(path, 0.0 if beginning else step, state[LAST_STEP])
        if landing and not beginning:
            trial[size - 1] = target
        shrink, sign = _correct(game, path, out, system, landing or beginning)
        if beginning:
            tangent[:] = path[4]
            before[:] = tangent
            state[STEP] = state[LAST_STEP] = _FIRST_STEP
            state[ORIENTATION] = sign
            state[STALLED] = 1.0 if shrink == 0.0 else 0.0
            continue
        cosine = 0.0
        for k in range(size):
            cosine += tangent[k] * path[4, k]
        failed = shrink == 0.0 or cosine < _LEAST_COSINE
        failed = failed or (not landing and trial[size - 1] > target)
        change = _largest_change(point, trial) / state[MOST_CHANGE]
        failed = failed or change > 1.0
        turned = not failed and sign != state[ORIENTATION]
        if failed or (turned and step > _BIFURCATION_STEP):
            state[STEP] = step * (0.25 if turned else 0.5)
            if state[STEP] < _LEAST_STEP * (1.0 + point[size - 1]):
                state[STALLED] = 1.0
            continue
        growth = min(shrink, math.sqrt((1.0 - _IDEAL_COSINE) / max(1.0 - cosine, 1e-12)))
        growth = min(growth, _ROOM / max(change, 1e-12), _LARGEST_GROWTH)
        state[STEP] = (max(state[STEP], step) if landing else step) * max(0.5, growth)
        state[LAST_STEP] = step
        if turned:
            state[BIFURCATIONS] += 1.0
            state[BIFURCATION_AT] = trial[size - 1]
            state[ORIENTATION] = sign
            state[STEP] = _STEP_PAST_BIFURCATION
        point[:] = trial
        before[:] = tangent
        tangent[:] = path[4]
        trail[reached] = point
        reached += 1
    return reached


@njit(cache=True)
def _predict(path: Array, step: float, last_step: float) -> None:
    """Extrapolate the curve from the point and the last two tangents, to second order."""
    bend = 0.5 * step / last_step
    for k in range(path.shape[1]):
        path[3, k] = path[0, k] + step * (path[1, k] + bend * (path[1, k] - path[2, k]))


@njit(cache=True)
def _correct(
    game: FlatGame, path: Array, out: Linearization, system: Array, fixed: bool
) -> tuple[float, float]:
    """Move the trial point ``path[3]`` to the curve, at right angles to the tangent.

    With ``fixed`` the rationality stays as it is instead. ``path[4]`` becomes the tangent of
    length one. Returns by how much the step may grow, 0.0 for a failure, and the sign of the
    determinant.
    """
    size = path.shape[1]
    tangent, trial, ahead, strategies = path[1], path[3], path[4], path[5]
    last, shrink, noise = 1.0, _LARGEST_GROWTH, False
    for correction in range(_MOST_CORRECTIONS):
        for k in range(size - 1):
            strategies[k] = math.exp(min(trial[k], 1.0))
        deviation_jacobian(
            game.payoffs, game.offsets, strategies, out.values, out.jacobian, out.work
        )
        _linearize(game, trial, strategies, out, system)
        for k in range(size):
            system[size - 1, k] = 0.0 if fixed else tangent[k]
        if fixed:
            system[size - 1, size - 1] = 1.0
        system[size - 1, size], system[size - 1, size + 1] = 0.0, 1.0
        sign = eliminate(system, size, size + 2, 0.0)
        if sign == 0.0:
            return 0.0, 0.0
        length, change = 0.0, 0.0
        for k in range(size):
            length = max(length, abs(system[k, size]) / (1.0 + abs(trial[k])))
        for k in range(size - 1):
            change = max(change, abs(system[k, size]) * strategies[k])
        contraction = length / last
        if not length <= _LARGEST_CORRECTION:
            return 0.0, 0.0
        if correction == 0:
            shrink = min(shrink, math.sqrt(_IDEAL_CORRECTION / max(length, 1e-12)))
        elif length > _CONVERGED and contraction > 0.5:
            if length > _LARGEST_NOISE or change > _CONVERGED:
                return 0.0, 0.0
            noise = True  # the logarithms of tiny probabilities are no more certain than that
        elif length > _CONVERGED:
            shrink = min(shrink, math.sqrt(_IDEAL_CONTRACTION / max(contraction, 1e-12)))
        for k in range(size):
            trial[k] += system[k, size]
        last = length
        if length <= _CONVERGED or noise:
            norm = 0.0
            for k in range(size):
                norm += system[k, size + 1] ** 2
            for k in range(size):
                ahead[k] = system[k, size + 1] / math.sqrt(norm)
            return shrink, sign
    return 0.0, 0.0


@njit(cache=True)
def _largest_change(point: Array, trial: Array) -> float:
    """Largest difference of a probability between two points."""
    largest = 0.0
    for k in range(len(point) - 1):
        largest = max(largest, abs(math.exp(point[k]) - math.exp(min(trial[k], 1.0))))
    return largest


@njit(cache=True)
def _linearize(
    game: FlatGame, trial: Array, strategies: Array, out: Linearization, system: Array
) -> None:
    """Fill all rows but the last with the derivatives, the residuals negated, and zero."""
    offsets, values, jacobian = game.offsets, out.values, out.jacobian
    size = len(trial)
    rationality = trial[size - 1]
    for player in range(len(offsets) - 1):
        start, end = offsets[player], offsets[player + 1]
        likely, total = start, 0.0
        for action in range(start, end):
            total += strategies[action]
            if trial[action] > trial[likely]:
                likely = action
        for action in range(start, end):
            if action == likely:
                system[action, :size] = 0.0
                for own in range(start, end):
                    system[action, own] = strategies[own] / total
                system[action, size] = -math.log(total)
            else:
                for k in range(size - 1):
                    slope = jacobian[action, k] - jacobian[likely, k]
                    system[action, k] = -rationality * slope * strategies[k]
                system[action, action] += 1.0
                system[action, likely] -= 1.0
                ahead = values[action] - values[likely]
                system[action, size - 1] = -ahead
                gap = trial[action] - trial[likely]
                system[action, size] = rationality * ahead - gap
            system[action, size + 1] = 0.0
