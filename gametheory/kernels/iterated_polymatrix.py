"""Iterated polymatrix approximation: Lemke's pivoting on one linearized game after another.

A polymatrix game's perturbed equilibria, in which action k of player i earns ``ray[k]`` times
lambda more, solve the linear complementarity problem

    slack_k = u_i - (constant + jacobian @ s)_k - lambda * ray_k >= 0,   s_k >= 0,
    s_k * slack_k = 0,   sum of player i's s_k = 1,   lambda >= 0.

For large lambda everybody takes the action of the largest ray. Complementary pivoting follows
the piecewise linear path from there to lambda = 0. Variables are numbered: s_k is k, slack_k is
M + k, lambda is 2 M.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from gametheory.kernels.equilibrium_newton import (
    GameArrays,
    assign,
    clear,
    linearize,
    polish_equilibrium,
)

__all__ = ["FOUND", "LOST", "WORKING", "PolymatrixPath", "iterate_polymatrix", "new_path"]

Array = NDArray[Any]

# What a call ends with: its budget is used up; an equilibrium was found; the run failed.
WORKING, FOUND, LOST = 0, 1, 2

# Places in ``state``: the variable to enter next, -1 before a path starts; counts.
_ENTERING, _ITERATIONS, _PIVOTS = 0, 1, 2

_SMALLEST_PIVOT = 1e-11
_TIE = 1e-12


class PolymatrixPath(NamedTuple):
    """The state of one run along one ray, M being the number of all actions.

    Attributes
    ----------
    ray : ndarray of float64, shape (M,)
        With one largest entry for each player.
    iterate : ndarray of float64, shape (M,)
        The profile at which the game is linearized.
    target : ndarray of float64, shape (M,)
        The linearized game's equilibrium; in the end the game's own.
    tableau : ndarray of float64, shape (M, M + 2)
        Basic variables as affine functions of the nonbasic ones, the constant last.
    basic, nonbasic : ndarray of int64, shapes (M,) and (M + 1,)
    state : ndarray of int64, shape (3,)
        The variable to enter next, or -1; linearizations so far; pivots so far.
    """

    ray: Array
    iterate: Array
    target: Array
    tableau: Array
    basic: Array
    nonbasic: Array
    state: Array

    @property
    def iterations(self) -> int:
        """Linearizations made so far."""
        return int(self.state[_ITERATIONS])

    @property
    def pivots(self) -> int:
        """Pivots made so far."""
        return int(self.state[_PIVOTS])


def new_path(ray: Array, iterate: Array) -> PolymatrixPath:
    """Start a run: ``iterate`` is where the first linearization is made."""
    size = len(ray)
    return PolymatrixPath(
        ray,
        iterate.copy(),
        np.zeros(size),
        np.zeros((size, size + 2)),
        np.zeros(size, np.int64),
        np.zeros(size + 1, np.int64),
        np.array([-1, 0, 0], np.int64),
    )


@njit(cache=True)
def iterate_polymatrix(
    game: GameArrays,
    path: PolymatrixPath,
    budget: int,
    most_iterations: int,
    most_pivots: int,
    tolerance: float,
) -> int:
    """Make ``budget`` linearizations and pivots, or fewer if that settles the run.

    Returns
    -------
    int
        FOUND: ``path.target`` is a profile of regret at most ``tolerance``; WORKING: the budget
        is used, call again; LOST: the path of a linearized game broke off, or the run has made
        the most iterations or pivots that it may.
    """
    size = len(path.ray)
    tableau, basic, nonbasic, state = path.tableau, path.basic, path.nonbasic, path.state
    for _ in range(budget):
        if state[_ENTERING] < 0:
            if state[_ITERATIONS] >= most_iterations:
                return LOST
            linearize(game, path.iterate)
            _start(game, path)
            state[_ITERATIONS] += 1
            row, column = _first_row(tableau), size
        else:
            column = _column_of(nonbasic, state[_ENTERING])
            row = _blocking_row(tableau, basic, column)
            if row < 0 or state[_PIVOTS] >= most_pivots:
                return LOST
        if row >= 0:
            state[_PIVOTS] += 1
            state[_ENTERING] = _exchange(tableau, basic, nonbasic, row, column)
            if nonbasic[column] != 2 * size:
                continue
        state[_ENTERING] = -1
        if _end_path(game, path, tolerance):
            return FOUND
    return WORKING


@njit(cache=True)
def _start(game: GameArrays, path: PolymatrixPath) -> None:
    """Write the dictionary at the far end of the path, where the largest ray is played.

    With b the action of the largest ray, its probability is one minus those of the player's
    other actions, and its own equation gives u; both are substituted everywhere.
    """
    offsets, values, jacobian = game.offsets, game.values, game.jacobian
    n, size = len(offsets) - 1, len(path.ray)
    ray, tableau, basic, nonbasic = path.ray, path.tableau, path.basic, path.nonbasic
    clear(tableau)
    best = np.empty(n, np.int64)
    for player in range(n):
        best[player] = offsets[player]
        for k in range(offsets[player] + 1, offsets[player + 1]):
            if ray[k] > ray[best[player]]:
                best[player] = k
    nonbasic[size] = 2 * size
    for player in range(n):
        b = best[player]
        for k in range(offsets[player], offsets[player + 1]):
            if k == b:
                basic[k], nonbasic[k] = b, size + b
                tableau[k, size + 1] = 1.0
                for other in range(offsets[player], offsets[player + 1]):
                    if other != b:
                        tableau[k, other] = -1.0
                continue
            basic[k], nonbasic[k] = size + k, k
            tableau[k, b] = 1.0
            tableau[k, size] = ray[b] - ray[k]
            # A multilinear payoff's linear part is its Jacobian, its constant 2 - n times it.
            constant = (2 - n) * (values[b] - values[k])
            for j in range(n):
                if j != player:
                    first = jacobian[b, best[j]] - jacobian[k, best[j]]
                    constant += first
                    for other in range(offsets[j], offsets[j + 1]):
                        if other != best[j]:
                            tableau[k, other] = jacobian[b, other] - jacobian[k, other] - first
            tableau[k, size + 1] = constant


@njit(cache=True)
def _first_row(tableau: Array) -> int:
    """Return the row whose slack is first to vanish as lambda falls; -1 if none does before 0."""
    size = len(tableau)
    row, largest = -1, 0.0
    for k in range(size):
        if tableau[k, size] > 0.0:
            level = -tableau[k, size + 1] / tableau[k, size]
            if level > largest:
                row, largest = k, level
    return row


@njit(cache=True)
def _column_of(nonbasic: Array, variable: int) -> int:
    for column in range(len(nonbasic)):
        if nonbasic[column] == variable:
            return column
    return -1


@njit(cache=True)
def _blocking_row(tableau: Array, basic: Array, column: int) -> int:
    """Ratio test: the first row to vanish; of those that tie lambda's, else the largest pivot."""
    size = len(basic)
    smallest = np.inf
    for k in range(size):
        if tableau[k, column] < -_SMALLEST_PIVOT:
            ratio = max(tableau[k, size + 1], 0.0) / -tableau[k, column]
            smallest = min(smallest, ratio)
    row, pivot = -1, 0.0
    for k in range(size):
        if tableau[k, column] < -_SMALLEST_PIVOT:
            ratio = max(tableau[k, size + 1], 0.0) / -tableau[k, column]
            if ratio <= smallest + _TIE:
                if basic[k] == 2 * size:
                    return k
                if -tableau[k, column] > pivot:
                    row, pivot = k, -tableau[k, column]
    return row


@njit(cache=True)
def _exchange(tableau: Array, basic: Array, nonbasic: Array, row: int, column: int) -> int:
    """Pivot; return the complement of the variable that left the basis, to enter next."""
    width = tableau.shape[1]
    size = len(basic)
    inverse = 1.0 / tableau[row, column]
    for c in range(width):
        tableau[row, c] *= -inverse
    tableau[row, column] = inverse
    for r in range(size):
        factor = tableau[r, column]
        if r != row and factor != 0.0:
            tableau[r, column] = 0.0
            for c in range(width):
                tableau[r, c] += factor * tableau[row, c]
    left = basic[row]
    basic[row], nonbasic[column] = nonbasic[column], left
    return int((left + size) % (2 * size))


@njit(cache=True)
def _end_path(game: GameArrays, path: PolymatrixPath, tolerance: float) -> bool:
    """Read the linearized game's equilibrium; try it if its support settles; move the iterate.

    On a settled support the next linearizations would be Newton's steps, so they are made as
    such. Otherwise the iterate moves to the weighted mean of the equilibria so far: going the
    whole way to each of them often runs in circles.
    """
    size = len(path.basic)
    target = path.target
    new = game.values  # free until the next linearization
    for k in range(size):
        new[k] = 0.0
    for k in range(size):
        if path.basic[k] < size:
            new[path.basic[k]] = max(path.tableau[k, size + 1], 0.0)
    # A polymatrix game, such as any of two players, is its own linearization.
    settled = len(game.offsets) <= 3
    if not settled:
        settled = True
        for k in range(size):
            settled = settled and (new[k] > 0.0) == (target[k] > 0.0)
    assign(target, new)
    if settled:
        polished = np.empty(size)
        assign(polished, target)
        if polish_equilibrium(game, polished) <= tolerance:
            assign(target, polished)
            return True
    weight = 2.0 / (1.0 + path.state[_ITERATIONS])
    for k in range(size):
        path.iterate[k] += weight * (target[k] - path.iterate[k])
    return False
