"""Mean dynamics of populations: their velocities, and an integrator that chooses its own steps.

The state of P populations with M actions in all is one vector:

- 0 to M: the strategies; for the replicator dynamic each action's logarithmic weight instead, so
  that probabilities stay positive and relatively exact however small;
- M to 2M, 2M to 3M: integrals over time of the strategies and of the actions' payoffs;
- 3M to 3M + P: integrals of the populations' average payoffs.

Dormand and Prince (1980), "A family of embedded Runge-Kutta formulae", Journal of Computational
and Applied Mathematics 6: order 5 with an error estimate of order 4.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gametheory.kernels.compiling import compiled, inner
from gametheory.kernels.deviation_payoffs import deviation_payoffs
from gametheory.kernels.support_newton import FlatGame

__all__ = ["BROWN_VON_NEUMANN_NASH", "LOGIT", "REPLICATOR", "SMITH", "Flow", "integrate"]

Array = NDArray[Any]

REPLICATOR, BROWN_VON_NEUMANN_NASH, SMITH, LOGIT = 0, 1, 2, 3

_NODES = np.array(
    [
        [0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
        [1 / 5, 0.0, 0.0, 0.0, 0.0, 0.0],
        [3 / 40, 9 / 40, 0.0, 0.0, 0.0, 0.0],
        [44 / 45, -56 / 15, 32 / 9, 0.0, 0.0, 0.0],
        [19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729, 0.0, 0.0],
        [9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656, 0.0],
        [35 / 384, 0.0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84],
    ]
)
_ERRORS = np.array(
    [71 / 57600, 0.0, -71 / 16695, 71 / 1920, -17253 / 339200, 22 / 525, -1 / 40]
)  # fifth order less fourth
_SMALLEST_STEP = 1e-13  # of a grid step: there an error is taken as it is


class Flow(NamedTuple):
    """What moves, and how.

    Attributes
    ----------
    game : FlatGame
        With payoffs of unit range.
    populations : int
        1, playing all roles, or one for each player.
    rule : int
        ``REPLICATOR``, ``BROWN_VON_NEUMANN_NASH``, ``SMITH`` or ``LOGIT``.
    rationality : float
        Of ``LOGIT``, per unit of the payoffs here.
    """

    game: FlatGame
    populations: int
    rule: int
    rationality: float


@inner
def _softmax(weights: Array, first: int, last: int, scale: float, out: Array) -> None:
    highest = weights[first]
    for i in range(first + 1, last):
        highest = max(highest, weights[i])
    total = 0.0
    for i in range(first, last):
        out[i] = np.exp(scale * (weights[i] - highest))
        total += out[i]
    for i in range(first, last):
        out[i] /= total


@inner
def _move(flow: Flow, x: Array, pay: Array, average: float, bounds: Array, slope: Array) -> None:
    """Fill in one population's velocity."""
    first, last = bounds
    if flow.rule == REPLICATOR:
        for i in range(first, last):
            slope[i] = pay[i]
    elif flow.rule == BROWN_VON_NEUMANN_NASH:
        total = 0.0
        for i in range(first, last):
            slope[i] = max(pay[i] - average, 0.0)
            total += slope[i]
        for i in range(first, last):
            slope[i] -= total * x[i]
    elif flow.rule == SMITH:
        for i in range(first, last):
            slope[i] = 0.0
        for i in range(first, last):
            for j in range(first, i):
                gain = pay[i] - pay[j]
                flux = gain * (x[j] if gain > 0 else x[i])
                slope[i] += flux
                slope[j] -= flux
    else:
        _softmax(pay, first, last, flow.rationality, slope)
        for i in range(first, last):
            slope[i] -= x[i]


@inner
def _velocity(
    flow: Flow, state: Array, slope: Array, roles: Array, pay: Array, work: Array
) -> None:
    """Fill in the velocity of the whole state; ``roles`` and ``pay`` are of all players' size."""
    offsets = flow.game.offsets
    size = offsets[flow.populations]
    for p in range(flow.populations):
        if flow.rule == REPLICATOR:
            _softmax(state, offsets[p], offsets[p + 1], 1.0, roles)
        else:
            for i in range(offsets[p], offsets[p + 1]):
                roles[i] = state[i]
    for i in range(size, len(roles)):  # one population plays all roles
        roles[i] = roles[i - size]
    deviation_payoffs(flow.game, roles, pay, work)
    for p in range(flow.populations):
        average = 0.0
        for i in range(offsets[p], offsets[p + 1]):
            average += roles[i] * pay[i]
            slope[size + i] = roles[i]
            slope[2 * size + i] = pay[i]
        slope[3 * size + p] = average
        _move(flow, roles, pay, average, offsets[p : p + 2], slope)


@inner
def _settle(flow: Flow, state: Array) -> None:
    """Take rounding away: probabilities that sum to one, or logarithmic weights of at most 0."""
    offsets = flow.game.offsets
    for p in range(flow.populations):
        first, last = offsets[p], offsets[p + 1]
        if flow.rule == REPLICATOR:
            highest = state[first]
            for i in range(first, last):
                highest = max(highest, state[i])
            for i in range(first, last):
                state[i] -= highest
        else:
            total = 0.0
            for i in range(first, last):
                state[i] = max(state[i], 0.0)
                total += state[i]
            for i in range(first, last):
                state[i] /= total


@inner
def _error(state: Array, slopes: Array, step: float, size: int) -> float:
    """Largest error of an entry, relative where the entry is larger than one."""
    largest = 0.0
    for i in range(size):
        error = 0.0
        for k in range(7):
            error += _ERRORS[k] * slopes[k, i]
        largest = max(largest, abs(step * error) / max(1.0, abs(state[i])))
    return largest


@compiled
def integrate(
    flow: Flow,
    state: Array,
    clock: Array,
    grid_steps: int,
    grid: float,
    tolerance: float,
    most_steps: int,
    slopes: Array,
    work: Array,
) -> None:
    """Go on until so many grid steps are done, or so many steps were tried.

    Parameters
    ----------
    flow : Flow
    state : ndarray of float64, shape (3M + P,)
        Changed in place.
    clock : ndarray of float64, shape (3,)
        Grid steps done, time since then, and the step to try next: changed in place.
    grid_steps : int
        Where to stop, counted from the start. The way there depends on the grid alone.
    grid, tolerance : float
        The length of a grid step; the error of a step, relative where an entry exceeds 1.
    most_steps : int
        Of any length, accepted or not.
    slopes : ndarray of float64, shape (8, 3M + P)
        Scratch.
    work : ndarray of float64, shape (4, m_1 * ... * m_n), at least as wide as the actions in all
        Scratch.
    """
    length = len(state)
    players = flow.game.offsets[-1]
    roles, pay, scratch = work[2, :players], work[3, :players], work[:2]
    for _ in range(most_steps):
        if clock[0] >= grid_steps:
            return
        left = grid - clock[1]
        last = clock[2] >= left
        step = left if last else clock[2]
        _velocity(flow, state, slopes[0], roles, pay, scratch)
        for stage in range(1, 7):
            for i in range(length):
                total = 0.0
                for k in range(stage):
                    total += _NODES[stage, k] * slopes[k, i]
                slopes[7, i] = state[i] + step * total
            _velocity(flow, slopes[7], slopes[stage], roles, pay, scratch)
        error = _error(slopes[7], slopes, step, length) / tolerance
        factor = min(5.0, max(0.2, 0.9 * max(error, 1e-10) ** -0.2))
        if error > 1.0 and step > _SMALLEST_STEP * grid:
            clock[2] = step * factor
            continue
        for i in range(length):
            state[i] = slopes[7, i]
        _settle(flow, state)
        clock[2] = max(clock[2], step * factor) if last else step * factor
        clock[0], clock[1] = (clock[0] + 1, 0.0) if last else (clock[0], clock[1] + step)
