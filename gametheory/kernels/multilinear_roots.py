"""Roots of the indifference equations on one support, by Newton's method.

The unknowns are the probabilities of the actions in the support, player by player. Player p's
equations say that each of its actions pays as much as its first one, and that its probabilities
sum to one: as many equations as unknowns.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gametheory.kernels.compiling import compiled, inner

__all__ = [
    "Restriction",
    "Roots",
    "converge",
    "evaluate",
    "new_restriction",
    "new_roots",
    "next_joint",
]

Array = NDArray[Any]

_ROUNDING: Final = 2.0**-52
_STEPS: Final = 8
_CONVERGED: Final = 1e-9  # a last step of this size leaves an error near rounding
_FARTHEST: Final = 2.0  # roots with a larger coordinate are of no use


class Restriction(NamedTuple):
    """A game seen from one support.

    Attributes
    ----------
    n_actions, size : ndarray of int64, shape (n,)
        How many actions each player has, and how many are in the support.
    offsets : ndarray of int64, shape (n + 1,)
        Where each player's unknowns begin.
    order : ndarray of int64, shape (n, max actions)
        Each player's actions, those of the support first.
    payoffs : ndarray of float64, shape (n, max actions, max others)
        Payoff of the player's action (in that order) against the others' joint actions in the
        support, which count in C order.
    columns : ndarray of int64, shape (n, max actions, max others)
        The joint action made of the player's own and the others'.
    digits : ndarray of int64, shape (n,)
        Room to count joint actions.
    """

    n_actions: Array
    size: Array
    offsets: Array
    order: Array
    payoffs: Array
    columns: Array
    digits: Array


class Roots(NamedTuple):
    """Newton's arrays, and the boxes that hold one root each.

    Attributes
    ----------
    point, residual, step : ndarray of float64, shape (max unknowns,)
    values : ndarray of float64, shape (n, max actions)
        Payoffs of all actions, in the restriction's order.
    gradients : ndarray of float64, shape (n, max actions, max unknowns)
        Their derivatives.
    jacobian, inverse, work : ndarray of float64, shape (max unknowns, max unknowns)
    centers : ndarray of float64, shape (max roots, max unknowns)
    radii : ndarray of float64, shape (max roots,)
        Around each center, a box of this radius holds exactly one root.
    """

    point: Array
    residual: Array
    step: Array
    values: Array
    gradients: Array
    jacobian: Array
    inverse: Array
    work: Array
    centers: Array
    radii: Array


def new_restriction(n_actions: tuple[int, ...]) -> Restriction:
    """Allocate for any support of a game of this size.

    Examples
    --------
    >>> new_restriction((2, 3, 4)).payoffs.shape
    (3, 4, 12)
    """
    n, most = len(n_actions), max(n_actions)
    others = int(np.prod(n_actions)) // min(n_actions)
    return Restriction(
        n_actions=np.array(n_actions, np.int64),
        size=np.ones(n, np.int64),
        offsets=np.zeros(n + 1, np.int64),
        order=np.zeros((n, most), np.int64),
        payoffs=np.zeros((n, most, others)),
        columns=np.zeros((n, most, others), np.int64),
        digits=np.zeros(n, np.int64),
    )


def new_roots(n_actions: tuple[int, ...], max_roots: int) -> Roots:
    """Allocate for any support of a game of this size."""
    n, most, unknowns = len(n_actions), max(n_actions), sum(n_actions)
    return Roots(
        point=np.zeros(unknowns),
        residual=np.zeros(unknowns),
        step=np.zeros(unknowns),
        values=np.zeros((n, most)),
        gradients=np.zeros((n, most, unknowns)),
        jacobian=np.zeros((unknowns, unknowns)),
        inverse=np.zeros((unknowns, unknowns)),
        work=np.zeros((unknowns, unknowns)),
        centers=np.zeros((max_roots, unknowns)),
        radii=np.zeros(max_roots),
    )


@inner
def next_joint(digits: Array, size: Array, skipped: int) -> bool:
    """Count to the next joint action of all players but ``skipped``; False after the last."""
    for player in range(len(size) - 1, -1, -1):
        if player != skipped:
            digits[player] += 1
            if digits[player] < size[player]:
                return True
            digits[player] = 0
    return False


@compiled
def evaluate(game: Restriction, roots: Roots) -> None:
    """Fill values, gradients, residual and jacobian at the point."""
    n, size, offsets, digits, x = (
        len(game.size), game.size, game.offsets, game.digits, roots.point,
    )  # fmt: skip
    roots.values[:] = 0.0
    roots.gradients[:] = 0.0
    for player in range(n):
        digits[:] = 0
        n_others = 1
        for other in range(n):
            if other != player:
                n_others *= size[other]
        for others in range(n_others):
            chance = 1.0
            for other in range(n):
                if other != player:
                    chance *= x[offsets[other] + digits[other]]
            for action in range(game.n_actions[player]):
                roots.values[player, action] += chance * game.payoffs[player, action, others]
            for other in range(n):
                if other == player:
                    continue
                rest = 1.0
                for third in range(n):
                    if third not in (player, other):
                        rest *= x[offsets[third] + digits[third]]
                unknown = offsets[other] + digits[other]
                for action in range(size[player]):
                    roots.gradients[player, action, unknown] += (
                        rest * game.payoffs[player, action, others]
                    )
            next_joint(digits, size, player)
    _write_equations(game, roots)


@inner
def _write_equations(game: Restriction, roots: Roots) -> None:
    n_unknowns = game.offsets[-1]
    for player in range(len(game.size)):
        first, last = game.offsets[player], game.offsets[player + 1]
        for action in range(1, last - first):
            row = first + action
            roots.residual[row] = roots.values[player, action] - roots.values[player, 0]
            for unknown in range(n_unknowns):
                roots.jacobian[row, unknown] = (
                    roots.gradients[player, action, unknown] - roots.gradients[player, 0, unknown]
                )
        roots.residual[first] = -1.0
        for unknown in range(n_unknowns):
            own = first <= unknown < last
            roots.jacobian[first, unknown] = 1.0 if own else 0.0
            if own:
                roots.residual[first] += roots.point[unknown]


@inner
def _invert(roots: Roots, size: int) -> bool:
    """Gauss-Jordan elimination with partial pivoting; False if the jacobian is singular."""
    work, inverse = roots.work, roots.inverse
    for row in range(size):
        for column in range(size):
            work[row, column] = roots.jacobian[row, column]
            inverse[row, column] = 1.0 if row == column else 0.0
    for k in range(size):
        pivot = k
        for row in range(k + 1, size):
            if abs(work[row, k]) > abs(work[pivot, k]):
                pivot = row
        if abs(work[pivot, k]) < _ROUNDING:
            return False
        factor = 1.0 / work[pivot, k]
        for column in range(size):
            entry, other = work[k, column], inverse[k, column]
            work[k, column] = work[pivot, column] * factor
            inverse[k, column] = inverse[pivot, column] * factor
            if pivot != k:
                work[pivot, column] = entry
                inverse[pivot, column] = other
        for row in range(size):
            factor = work[row, k]
            if row != k and factor != 0.0:
                for column in range(size):
                    work[row, column] -= factor * work[k, column]
                    inverse[row, column] -= factor * inverse[k, column]
    return True


@inner
def converge(game: Restriction, roots: Roots, spent: Array) -> bool:
    """Run Newton's method from ``roots.point``; False if it leads nowhere or far away.

    Afterwards residual, jacobian and inverse are those of the point it reached.
    """
    size = game.offsets[-1]
    last = False
    for _ in range(_STEPS):
        evaluate(game, roots)
        spent[0] += 2 * size * size * size
        if not _invert(roots, size):
            return False
        if last:
            return True
        longest, largest = 0.0, 0.0
        for row in range(size):
            step = 0.0
            for column in range(size):
                step += roots.inverse[row, column] * roots.residual[column]
            roots.step[row] = step
            longest = max(longest, abs(step))
        for row in range(size):
            roots.point[row] -= roots.step[row]
            largest = max(largest, abs(roots.point[row]))
        if not largest <= _FARTHEST:
            return False
        last = longest < _CONVERGED
    return False
