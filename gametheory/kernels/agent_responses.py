"""Conditional expected payoffs of actions in a game tree, and their derivatives.

An action's payoff is the expected payoff of its player given that the action is taken: an average
over the terminal histories that pass it, weighted by their probabilities. With log probabilities
as variables, its derivative by the log probability of another action is the covariance, under the
same weights, of the payoff with passing the other one. Weights are taken relative to the
largest one at each action, so that actions of whatever small a probability have payoffs.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["TerminalPaths", "linearize", "responses", "slopes"]

Array = NDArray[Any]


class TerminalPaths(NamedTuple):
    """The terminal histories that chance allows, as the actions on the way to each.

    Attributes
    ----------
    starts : ndarray of int64, shape (T + 1,)
        Where each terminal's actions begin in ``actions``.
    actions : ndarray of int64
        Players' actions from the root on, flat as in behavior profiles.
    log_chance : ndarray of float64, shape (T,)
    payoffs : ndarray of float64, shape (n_players, T)
        Each player's, moved and scaled by whoever builds this.
    owner : ndarray of int64, shape (K,)
        Player of each action.
    offsets : ndarray of int64, shape (n_infosets + 1,)
        Where each information set's actions begin.
    """

    starts: Array
    actions: Array
    log_chance: Array
    payoffs: Array
    owner: Array
    offsets: Array


@njit(cache=True)
def responses(paths: TerminalPaths, logs: Array, values: Array, weights: Array) -> None:
    """Compute the payoff of each action, given that it is taken.

    Parameters
    ----------
    paths : TerminalPaths
    logs : ndarray of float64, shape (K,)
        Log probabilities.
    values : ndarray of float64, shape (K,)
        Out; 0 at actions that chance never allows.
    weights : ndarray of float64, shape (len(paths.actions),)
        Out: of each terminal history among those that pass the action.
    """
    size = len(logs)
    top, total = np.full(size, -np.inf), np.zeros(size)
    rest_at_top, rests = np.zeros(size), np.zeros(len(weights))
    values[:] = 0.0
    for z in range(len(paths.log_chance)):
        # What is far from zero and common to all ways must not cost the digits of what is not:
        # the rounding of each sum is summed up, too (Knuth's TwoSum).
        reach, rest = paths.log_chance[z], 0.0
        for i in range(paths.starts[z], paths.starts[z + 1]):
            more = logs[paths.actions[i]]
            both = reach + more
            part = both - reach
            rest += (reach - (both - part)) + (more - part)
            reach = both
        for i in range(paths.starts[z], paths.starts[z + 1]):
            action = paths.actions[i]
            weights[i], rests[i] = reach, rest
            if reach > top[action]:
                top[action], rest_at_top[action] = reach, rest
    for i in range(len(weights)):
        action = paths.actions[i]
        weights[i] = math.exp((weights[i] - top[action]) + (rests[i] - rest_at_top[action]))
        total[action] += weights[i]
    for z in range(len(paths.log_chance)):
        for i in range(paths.starts[z], paths.starts[z + 1]):
            action = paths.actions[i]
            weights[i] /= total[action]
            values[action] += weights[i] * paths.payoffs[paths.owner[action], z]


@njit(cache=True)
def slopes(paths: TerminalPaths, values: Array, weights: Array, jacobian: Array) -> None:
    """Fill in the derivatives of all actions' payoffs by all log probabilities.

    Parameters
    ----------
    paths : TerminalPaths
    values, weights : ndarray
        As :func:`responses` filled them in.
    jacobian : ndarray of float64, shape (K, K) or larger
        Out: the first K rows.
    """
    jacobian[: len(values)] = 0.0
    for z in range(len(paths.log_chance)):
        for i in range(paths.starts[z], paths.starts[z + 1]):
            action = paths.actions[i]
            player = paths.owner[action]
            ahead = weights[i] * (paths.payoffs[player, z] - values[action])
            # A player's own earlier actions are on every way to the action.
            for j in range(paths.starts[z], i):
                if paths.owner[paths.actions[j]] != player:
                    jacobian[action, paths.actions[j]] += ahead
            for j in range(i + 1, paths.starts[z + 1]):
                jacobian[action, paths.actions[j]] += ahead


@njit(cache=True)
def linearize(
    paths: TerminalPaths,
    point: Array,
    values: Array,
    weights: Array,
    system: Array,
    right: Array,
) -> None:
    """Fill in the equations of the logit correspondence and their derivatives.

    At each information set with r its most likely action: ``y_a - y_r = rationality (v_a - v_r)``
    for every other action a, and probabilities that sum to one.

    Parameters
    ----------
    paths : TerminalPaths
    point : ndarray of float64, shape (K + 1,)
        Log probabilities and, last, the rationality.
    values, weights : ndarray
        As :func:`responses` filled them in.
    system : ndarray of float64, shape (K + 1, K + 1)
        Out: all rows but the last.
    right : ndarray of float64, shape (K + 1,)
        Out: the residuals, negated; all but the last.
    """
    size = len(point) - 1
    rationality = point[size]
    slopes(paths, values, weights, system)
    for infoset in range(len(paths.offsets) - 1):
        start, end = paths.offsets[infoset], paths.offsets[infoset + 1]
        likely, total = start, 0.0
        for action in range(start, end):
            total += math.exp(min(point[action], 1.0))
            if point[action] > point[likely]:
                likely = action
        for action in range(start, end):
            if action == likely:
                continue
            for k in range(size):
                slope = system[action, k] - system[likely, k]
                system[action, k] = -rationality * slope if slope != 0.0 else 0.0
            system[action, action] += 1.0
            system[action, likely] -= 1.0
            better = values[action] - values[likely]
            system[action, size] = -better
            right[action] = rationality * better - (point[action] - point[likely])
        system[likely, :] = 0.0
        for action in range(start, end):
            system[likely, action] = math.exp(min(point[action], 1.0)) / total
        right[likely] = -math.log(total)
