"""Minimax strategies of a large two-player constant-sum game, by an interior-point method.

1. Scale the payoffs to B between 1 and 2, and start inside both linear programs: maximize sum(y)
   subject to B y <= 1, y >= 0, and minimize sum(x) subject to x B >= 1, x >= 0.
2. Mehrotra's predictor-corrector steps (1992, "On the implementation of a primal-dual interior
   point method", SIAM Journal on Optimization 2) with a centrality corrector after Gondzio (1996,
   "Multiple centrality correctors", Computational Optimization and Applications 6). Each step is
   one Cholesky factorization, of the size of the player with fewer actions.
3. As soon as the iterate tells which actions are in use, solve for their vertex and stop where its
   duality gap, that of the game itself, is closed.
4. A game with many optimal strategies has no such moment: the iterates tend to the middle of the
   optimal face. Slightly other right-hand sides and costs leave one vertex only, from which a few
   simplex pivots end at one of the game itself.
5. From its basis on, find the exact strategies: :mod:`.exact_kernel`.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gametheory.algorithms.normal_form.matrix_game import (
    Vertex,
    exact_or_float,
    refusal,
    scaled_payoffs,
)
from gametheory.algorithms.normal_form.minimax_lp import minimax_lp
from gametheory.algorithms.normal_form.simplex_vertex import improved_vertex, simplex_vertex
from gametheory.algorithms.registry import Outcome, Search, register
from gametheory.games.normal_form import NormalFormGame
from gametheory.games.profiles import MixedProfile

__all__ = ["interior_point", "interior_vertex"]

Floats = NDArray[np.float64]
Basis = tuple[NDArray[np.int64], NDArray[np.int64]]

_MOST_STEPS = 60
_CLOSE = 1e-3  # duality gap from which on vertices are looked for
_CLOSED = 1e-11  # duality gap at which a vertex should have been found
_FEASIBLE = 1e-10  # what a vertex may violate, of its own size
_PERTURBATION = 1e-5
_NEGLIGIBLE = 1e-10  # weight of a column in the normal equations, of the largest one
_NEARLY_THERE = 0.9995  # of the way to the boundary


@register(
    "interior-point",
    concepts=("minimax", "nash"),
    form=NormalFormGame,
    applies=refusal,
    guarantee="one minimax profile; exact rational strategies, always with up to 40 actions in "
    "all and otherwise unless that is predicted to take more than ten seconds",
    cost="with k and l actions, k <= l: 10 to 25 steps of k k l + k k k / 3 operations; then exact "
    "linear systems of the size of the supports",
    source="Mehrotra (1992), SIAM Journal on Optimization 2; Gondzio (1996), Computational "
    "Optimization and Applications 6; Shapley and Snow (1950), in Contributions to the Theory of "
    "Games I",
    rank=4,
)
def interior_point(game: NormalFormGame) -> Search:
    """Yield one profile of minimax strategies.

    Parameters
    ----------
    game : NormalFormGame
        Two-player and constant-sum.

    Yields
    ------
    MixedProfile or None
        None while at work, then the profile.

    Returns
    -------
    Outcome
        ``iterations`` counts the interior-point steps and the pivots after them. Where rounding
        breaks them down, the simplex method goes on, and after it ``minimax-lp``.

    Examples
    --------
    >>> pennies = NormalFormGame.zero_sum([[2, -1], [-1, 1]])
    >>> next(profile for profile in interior_point(pennies) if profile is not None)
    MixedProfile([[2/5, 3/5], [2/5, 3/5]])
    """
    scaled = scaled_payoffs(game)
    if scaled is None:  # every profile is minimax
        yield MixedProfile.uniform(game)
        return Outcome()
    vertex, steps = yield from interior_vertex(scaled)
    if vertex is None:
        vertex, pivots = yield from simplex_vertex(scaled)
        steps += pivots
    if vertex is None:
        return (yield from minimax_lp(game))
    yield (yield from exact_or_float(game, vertex))
    return Outcome(iterations=steps)


def interior_vertex(scaled: Floats) -> Generator[None, None, tuple[Vertex | None, int]]:
    """Run the interior-point method to an optimal vertex.

    Parameters
    ----------
    scaled : ndarray of float64, shape (m, n)
        Payoffs between 0 and 1.

    Yields
    ------
    None
        After each step.

    Returns
    -------
    vertex : Vertex or None
        None if rounding broke it down: no vertex with a duality gap below 1e-11 was reached.
    steps : int
        Interior-point steps, and pivots after them.
    """
    if scaled.shape[0] > scaled.shape[1]:  # the other player's seat: the smaller factorization
        vertex, steps = yield from interior_vertex(1 - scaled.T)
        if vertex is not None:
            vertex = Vertex(vertex.column, vertex.row, vertex.columns, vertex.rows)
        return vertex, steps
    steps = 0
    for perturbation in (0.0, _PERTURBATION):
        basis, more = yield from _optimal_basis(_Program.of(scaled, perturbation))
        steps += more
        if basis is not None:
            vertex, more = yield from improved_vertex(scaled, *basis)
            steps += more
            if vertex is not None:
                return vertex, steps
    return None, steps


class _Program(NamedTuple):
    """Maximize c y subject to B y <= b, y >= 0; its dual: minimize b x, x B >= c, x >= 0."""

    payoffs: Floats  # B, in Fortran order
    b: Floats
    c: Floats

    @classmethod
    def of(cls, scaled: Floats, perturbation: float) -> _Program:
        """Perturb by multiples of the golden ratio modulo one: spread evenly, never alike."""
        m, n = scaled.shape
        spread = np.arange(1, m + n + 1) * 0.6180339887498949 % 1
        sides = 1 + perturbation * spread
        return cls(np.asfortranarray(1 + scaled), sides[:m], sides[m:])

    def start(self) -> _Point:
        """Return a point inside both programs."""
        m, n = self.payoffs.shape
        y = np.full(n, 0.9 * self.b.min() / self.payoffs.sum(axis=1).max())
        x = np.full(m, 1.1 * self.c.max() / self.payoffs.sum(axis=0).min())
        return _Point(x, self.b - self.payoffs @ y, y, x @ self.payoffs - self.c)

    def gap(self, point: _Point) -> float:
        """Duality gap, as a part of the value, of the multiples of x and y that are feasible."""
        above = (point.x @ self.b) / (point.x @ self.payoffs / self.c).min()
        below = (point.y @ self.c) / (self.payoffs @ point.y / self.b).max()
        return float(above / below - 1)


class _Point(NamedTuple):
    """Primal and dual variables: s = b - B y is the partner of x, z = x B - c that of y."""

    x: Floats
    s: Floats
    y: Floats
    z: Floats


def _optimal_basis(program: _Program) -> Generator[None, None, tuple[Basis | None, int]]:
    """Step until the iterate gives away an optimal basis; None if it never does."""
    import scipy.linalg  # noqa: F401 - its BLAS has to be loaded to be limited
    from threadpoolctl import ThreadpoolController

    # Threads that wait for each other on a busy machine make small factorizations ten times slower.
    threads = ThreadpoolController()
    point = program.start()
    for steps in range(_MOST_STEPS):
        with threads.limit(limits=1, user_api="blas"):
            gap = program.gap(point)
            if gap < _CLOSE:
                for basis in _guesses(point):
                    if _is_optimal(program, *basis):
                        return basis, steps
            moved = _step(program, point) if gap > _CLOSED else None
        if moved is None:
            return None, steps
        point = moved
        yield None
    return None, _MOST_STEPS


def _guesses(point: _Point) -> Iterator[Basis]:
    """Square parts of the actions that seem in use: as many as of either player, at most two."""
    in_use, tight = point.x / point.s, point.y / point.z
    for size in sorted({max(1, int((ratio > 1).sum())) for ratio in (in_use, tight)}):
        if size <= min(len(in_use), len(tight)):
            rows, columns = np.argsort(-in_use)[:size], np.argsort(-tight)[:size]
            yield np.sort(rows), np.sort(columns)


def _is_optimal(program: _Program, rows: Any, columns: Any) -> bool:
    """Whether a basis is optimal, as far as floats can tell."""
    payoffs, b, c = program
    part = payoffs[np.ix_(rows, columns)]
    try:
        y, x = np.linalg.solve(part, b[rows]), np.linalg.solve(part.T, c[columns])
    except np.linalg.LinAlgError:
        return False
    if y.min() < -_FEASIBLE * y.max() or x.min() < -_FEASIBLE * x.max():
        return False
    fits = (payoffs[:, columns] @ y <= b + _FEASIBLE).all()
    return bool(fits and (x @ payoffs[rows] >= c - _FEASIBLE).all())


def _step(program: _Program, point: _Point) -> _Point | None:
    """Make one predictor-corrector step; None if the normal equations lost definiteness."""
    x, s, y, z = point
    newton = _Newton.at(program, point)
    if newton is None:
        return None
    size = len(x) + len(y)
    centrality = float(x @ s + y @ z) / size
    affine = newton.direction(-x * s, -y * z)
    primal, dual = _longest(point, affine)
    ahead = _moved(point, affine, primal, dual)
    reached = float(ahead.x @ ahead.s + ahead.y @ ahead.z) / size
    target = (reached / centrality) ** 3 * centrality
    of_x, of_y = target - x * s - affine.x * affine.s, target - y * z - affine.y * affine.z
    direction = newton.direction(of_x, of_y)
    primal, dual = _longest(point, direction)
    # Gondzio: aim 0.3 further, and draw outlying products x s and y z back towards the target.
    trial = _moved(point, direction, min(1.0, primal + 0.3), min(1.0, dual + 0.3))
    corrected = newton.direction(
        of_x + _outlying(trial.x * trial.s, target), of_y + _outlying(trial.y * trial.z, target)
    )
    further = _longest(point, corrected)
    if sum(further) >= primal + dual + 0.05:
        direction, (primal, dual) = corrected, further
    moved = _moved(point, direction, _NEARLY_THERE * primal, _NEARLY_THERE * dual)
    return moved if all(np.isfinite(part).all() for part in moved) else None


class _Newton(NamedTuple):
    """The Newton equations at a point, factorized.

    B dy + ds = b - B y - s;  dx B - dz = c - x B + z;  x ds + s dx and y dz + z dy as asked.
    """

    program: _Program
    point: _Point
    factor: Floats
    primal_residual: Floats
    dual_residual: Floats

    @classmethod
    def at(cls, program: _Program, point: _Point) -> _Newton | None:
        from scipy.linalg import blas, lapack

        payoffs, b, c = program
        x, s, y, z = point
        weights = y / z
        kept = weights > _NEGLIGIBLE * weights.max()
        normal = blas.dsyrk(1.0, payoffs[:, kept] * np.sqrt(weights[kept]), lower=1)
        normal[np.diag_indices(len(x))] += s / x
        factor, failed = lapack.dpotrf(normal, lower=1, overwrite_a=1, clean=0)
        if failed:
            return None
        return cls(program, point, factor, b - payoffs @ y - s, c - x @ payoffs + z)

    def direction(self, of_x: Floats, of_y: Floats) -> _Point:
        """Solve for the direction with x ds + s dx = of_x and y dz + z dy = of_y."""
        from scipy.linalg import lapack

        payoffs = self.program.payoffs
        x, s, y, z = self.point
        right = payoffs @ ((of_y + y * self.dual_residual) / z) + of_x / x - self.primal_residual
        dx = lapack.dpotrs(self.factor, right, lower=1)[0]
        dz = dx @ payoffs - self.dual_residual
        return _Point(dx, (of_x - s * dx) / x, (of_y - y * dz) / z, dz)


def _longest(point: _Point, direction: _Point) -> tuple[float, float]:
    """Longest primal and dual steps, at most 1, that keep every variable nonnegative."""

    def longest(values: Floats, changes: Floats) -> float:
        falling = changes < 0
        return float((values[falling] / -changes[falling]).min(initial=1.0))

    x, s, y, z = (longest(*pair) for pair in zip(point, direction, strict=True))
    return min(s, y), min(x, z)


def _moved(point: _Point, direction: _Point, primal: float, dual: float) -> _Point:
    lengths = (dual, primal, primal, dual)
    return _Point(*(v + t * d for v, d, t in zip(point, direction, lengths, strict=True)))


def _outlying(products: Floats, target: float) -> Floats:
    """How to move products that are far from the target, never down by more than ten targets."""
    correction: Floats = np.clip(products, 0.1 * target, 10 * target) - products
    return np.maximum(correction, -10 * target)
