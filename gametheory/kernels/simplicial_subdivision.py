"""A path of simplices, of varying dimension, on a grid over the product of strategy simplices.

Points of the grid are integers: a player's coordinates sum to the grid's fineness. An action a
*labels* a point when nothing gains more over its player's expected payoff than a does.

From the start, action a in the set of labels points the way ``e(a) - e(a + 1)``, a + 1 being the
player's next action, cyclically. The region of a set T of labels holds the start plus
nonnegative multiples of these directions. In it the path consists of simplices of dimension |T|
whose facets carry all labels in T. Where a coordinate k is zero and would become negative, the
path goes on inside the face: k joins the *blocked* actions and the direction that would lower
k lowers the next action instead. It ends when every action of some player is a label or blocked.

A simplex is its first vertex and an order of T: each vertex is the one before plus a direction.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from gametheory.kernels.deviation_payoffs import deviation_payoffs
from gametheory.kernels.support_newton import FlatGame

__all__ = ["BROKEN", "ENDED", "N_ROWS", "RUNNING", "STATE_LENGTH", "center", "restart", "trace"]

Array = NDArray[Any]

RUNNING, ENDED, BROKEN = 0, 1, 2

# Rows of ``grid``: the simplex's first vertex; how often each direction is used there; whether
# an action is a label, blocked, or neither; the order of the directions; the vertices' labels;
# a vertex being looked at.
_FIRST, _USES, _KIND, _ORDER, _LABELS, _VERTEX = range(6)
N_ROWS = 6
_NEITHER, _LABEL, _BLOCKED = 0, 1, 2

# Places in ``state``: number of directions; which vertex comes next: the one to replace, or a
# new one to label; whether it is new.
_DIMENSION, _AT, _NEW = range(3)
STATE_LENGTH = 3


@njit(cache=True)
def restart(grid: Array, state: Array, start: Array) -> None:
    """Begin at a point of the grid."""
    grid[:] = 0
    grid[_FIRST] = start
    state[:] = 0
    state[_NEW] = 1


@njit(cache=True)
def center(game: FlatGame, grid: Array, state: Array, strategies: Array) -> None:
    """Fill ``strategies`` with the average of the present simplex's vertices."""
    offsets, vertex = game.offsets, grid[_VERTEX]
    dimension = state[_DIMENSION]
    strategies[:] = 0.0
    for index in range(dimension + 1):
        _go_to(offsets, grid, index)
        for k in range(len(vertex)):
            strategies[k] += vertex[k]
    for player in range(len(offsets) - 1):
        total = strategies[offsets[player] : offsets[player + 1]].sum()
        for k in range(offsets[player], offsets[player + 1]):
            strategies[k] /= total


@njit(cache=True)
def trace(
    game: FlatGame,
    fineness: int,
    grid: Array,
    state: Array,
    strategies: Array,
    values: Array,
    work: Array,
    pivots: int,
) -> tuple[int, int]:
    """Follow the path through a number of simplices at most.

    Parameters
    ----------
    game : FlatGame
    fineness : int
        What each player's coordinates sum to.
    grid : ndarray of int64, shape (N_ROWS, M + 1)
        In and out; made by :func:`restart`. M + 1 so that all labels of a simplex fit in.
    state : ndarray of int64, shape (STATE_LENGTH,)
        In and out.
    strategies, values : ndarray of float64, shape (M,)
        Scratch.
    work : ndarray of float64, shape (2 or more, m_1 * ... * m_n)
        Scratch.
    pivots : int

    Returns
    -------
    status : int
        ENDED when the present simplex is the last one.
    done : int
        How many vertices were labeled.
    """
    offsets, labels = game.offsets, grid[_LABELS]
    done = 0
    while done < pivots:
        if state[_NEW] == 1:
            _go_to(offsets, grid, state[_AT])
            for k in range(len(strategies)):
                strategies[k] = grid[_VERTEX, k] / fineness
            deviation_payoffs(game, strategies, values, work)
            labels[state[_AT]] = _label(offsets, strategies, values)
            done += 1
            status = _after_label(offsets, grid, state)
        else:
            status = _replace(offsets, grid, state)
        if status != RUNNING:
            return status, done
    return RUNNING, done


@njit(cache=True)
def _label(offsets: Array, strategies: Array, values: Array) -> int:
    """Return the action that gains most over its player's payoff, the first such action.

    Players with a single action gain nothing, and are left out unless all are like that.
    """
    best, most = 0, -np.inf
    for player in range(len(offsets) - 1):
        start, end = offsets[player], offsets[player + 1]
        if end - start > 1:
            expected = 0.0
            for k in range(start, end):
                expected += strategies[k] * values[k]
            for k in range(start, end):
                if values[k] - expected > most:
                    best, most = k, values[k] - expected
    return best


@njit(cache=True)
def _player(offsets: Array, action: int) -> int:
    player = 0
    while offsets[player + 1] <= action:
        player += 1
    return player


@njit(cache=True)
def _next(offsets: Array, action: int) -> int:
    player = _player(offsets, action)
    return action + 1 if action + 1 < offsets[player + 1] else offsets[player]


@njit(cache=True)
def _lowered(offsets: Array, grid: Array, action: int) -> int:
    """Return the coordinate that an action's direction lowers: the next one not blocked."""
    lowered = _next(offsets, action)
    while grid[_KIND, lowered] == _BLOCKED:
        lowered = _next(offsets, lowered)
    return lowered


@njit(cache=True)
def _move(offsets: Array, grid: Array, action: int, by: int) -> None:
    """Move the first vertex along an action's direction."""
    grid[_FIRST, action] += by
    grid[_FIRST, _lowered(offsets, grid, action)] -= by
    grid[_USES, action] += by
    passed = _next(offsets, action)
    while grid[_KIND, passed] == _BLOCKED:
        grid[_USES, passed] += by
        passed = _next(offsets, passed)


@njit(cache=True)
def _go_to(offsets: Array, grid: Array, index: int) -> None:
    """Write a vertex of the present simplex to the scratch row."""
    vertex = grid[_VERTEX]
    vertex[:] = grid[_FIRST]
    for position in range(index):
        action = grid[_ORDER, position]
        vertex[action] += 1
        vertex[_lowered(offsets, grid, action)] -= 1


@njit(cache=True)
def _is_full(offsets: Array, grid: Array, action: int) -> bool:
    """Whether all actions of this action's player are labels or blocked."""
    player = _player(offsets, action)
    missing = 0
    for k in range(offsets[player], offsets[player + 1]):
        if grid[_KIND, k] == _NEITHER:
            missing += 1
    return missing == 0


@njit(cache=True)
def _unblock(offsets: Array, grid: Array, action: int) -> None:
    """Release an action, and the blocked ones right after it."""
    while grid[_KIND, action] == _BLOCKED:
        grid[_KIND, action] = _NEITHER
        action = _next(offsets, action)


@njit(cache=True)
def _block_zeros(offsets: Array, grid: Array, action: int) -> int:
    """Block coordinates that are zero at the scratch vertex and that a direction would lower."""
    if _is_full(offsets, grid, action):
        return ENDED
    lowered = _lowered(offsets, grid, action)
    while grid[_VERTEX, lowered] == 0:
        if grid[_KIND, lowered] != _NEITHER:
            return BROKEN
        grid[_KIND, lowered] = _BLOCKED
        grid[_USES, lowered] = 0
        if _is_full(offsets, grid, action):
            return ENDED
        lowered = _lowered(offsets, grid, action)
    return RUNNING


@njit(cache=True)
def _insert(row: Array, position: int, length: int, entry: int) -> None:
    for k in range(length, position, -1):
        row[k] = row[k - 1]
    row[position] = entry


@njit(cache=True)
def _remove(row: Array, position: int, length: int) -> None:
    for k in range(position, length - 1):
        row[k] = row[k + 1]


@njit(cache=True)
def _expect(state: Array, index: int, new: bool) -> int:
    state[_AT], state[_NEW] = index, 1 if new else 0
    return RUNNING


@njit(cache=True)
def _replace_label(grid: Array, state: Array, label: int, but: int) -> int:
    """Replace the vertex that carries a label next, other than the vertex ``but``."""
    for index in range(state[_DIMENSION] + 1):
        if grid[_LABELS, index] == label and index != but:
            return _expect(state, index, False)
    return BROKEN


@njit(cache=True)
def _after_label(offsets: Array, grid: Array, state: Array) -> int:
    """Go on from a vertex just labeled: drop its double, or grow by a dimension."""
    order, labels, dimension, at = grid[_ORDER], grid[_LABELS], state[_DIMENSION], state[_AT]
    label = labels[at]
    if grid[_KIND, label] == _LABEL:
        return _replace_label(grid, state, label, at)
    if grid[_KIND, label] == _BLOCKED:  # leave the face: its direction is split in two
        before = label
        while grid[_KIND, before] == _BLOCKED:
            player = _player(offsets, before)
            before = before - 1 if before > offsets[player] else offsets[player + 1] - 1
        position = 0
        while position < dimension and order[position] != before:
            position += 1
        if position == dimension:
            return BROKEN
        grid[_KIND, label] = _LABEL
        _insert(order, position, dimension, label)
        _insert(labels, position + 1, dimension + 1, 0)
        state[_DIMENSION] += 1
        return _expect(state, position + 1, True)
    _go_to(offsets, grid, dimension)
    grid[_KIND, label] = _LABEL
    grid[_USES, label] = 0
    status = _block_zeros(offsets, grid, label)
    if status != RUNNING:
        return status
    order[dimension] = label
    state[_DIMENSION] += 1
    return _expect(state, dimension + 1, True)


@njit(cache=True)
def _replace(offsets: Array, grid: Array, state: Array) -> int:
    """Replace a vertex by the one across the facet, or go on in that facet at a boundary."""
    dimension, at = state[_DIMENSION], state[_AT]
    if dimension == 0:
        return BROKEN
    if at == 0:
        return _replace_first(offsets, grid, state)
    if at == dimension:
        return _replace_last(offsets, grid, state)
    order, labels = grid[_ORDER], grid[_LABELS]
    before, after = order[at - 1], order[at]
    _go_to(offsets, grid, at - 1)
    if grid[_VERTEX, _lowered(offsets, grid, after)] == 0:
        # Only the direction before lifts that coordinate off zero: into the face, without it.
        if _lowered(offsets, grid, after) != before:
            return BROKEN
        grid[_KIND, before] = _BLOCKED
        _remove(order, at - 1, dimension)
        _remove(labels, at, dimension + 1)
        state[_DIMENSION] -= 1
        return _replace_label(grid, state, before, -1)
    order[at - 1], order[at] = after, before
    return _expect(state, at, True)


@njit(cache=True)
def _replace_first(offsets: Array, grid: Array, state: Array) -> int:
    order, dimension = grid[_ORDER], state[_DIMENSION]
    action = order[0]
    _go_to(offsets, grid, dimension)
    _move(offsets, grid, action, 1)
    _remove(order, 0, dimension)
    _remove(grid[_LABELS], 0, dimension + 1)
    status = _block_zeros(offsets, grid, action)
    if status != RUNNING:
        state[_DIMENSION] -= 1
        return status
    order[dimension - 1] = action
    return _expect(state, dimension, True)


@njit(cache=True)
def _replace_last(offsets: Array, grid: Array, state: Array) -> int:
    order, dimension = grid[_ORDER], state[_DIMENSION]
    action = order[dimension - 1]
    following = _next(offsets, action)
    if grid[_USES, action] == 0:  # the boundary of the region: on with one label less
        grid[_KIND, action] = _NEITHER
        _unblock(offsets, grid, following)
        state[_DIMENSION] -= 1
        return _replace_label(grid, state, action, -1)
    while grid[_KIND, following] == _BLOCKED and grid[_USES, following] > 0:
        following = _next(offsets, following)
    _unblock(offsets, grid, following)
    _move(offsets, grid, action, -1)
    _insert(order, 0, dimension - 1, action)
    _insert(grid[_LABELS], 0, dimension, 0)
    return _expect(state, 0, True)
