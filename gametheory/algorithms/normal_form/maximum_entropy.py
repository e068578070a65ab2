"""The correlated equilibrium of largest entropy, by interior points on the dual problem.

With G the gains of deviations, one row each, the problem is to maximize the entropy of a
distribution w with G w <= 0. Its dual is to minimize the convex function log(sum(exp(-G' y))) over
prices y >= 0, and w is the softmax of -G' y. The interior-point method follows y s = t, where
s = -G w is the slack, to t = 0, with Mehrotra's predictor and corrector. Newton's equations,

    (G (diag(w) - w w') G' + diag(s / y)) dy = r,

are solved in :mod:`.newton_system`, no more precisely than the products y s are to be known.

References
----------
Ortiz, Schapire and Kakade (2007), "Maximum entropy correlated equilibria", AISTATS. Mehrotra
(1992), "On the implementation of a primal-dual interior point method", SIAM Journal on
Optimization 2.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gametheory.algorithms.normal_form.incentive_program import IncentiveRows
from gametheory.algorithms.normal_form.newton_system import (
    NewtonEquations,
    NewtonSystem,
    told_alike,
)
from gametheory.algorithms.normal_form.relative_interior import (
    RelativeInterior,
    relative_interior,
)

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController

__all__ = ["EntropyOptimum", "maximize_entropy"]

Floats = NDArray[np.float64]

_MOST_STEPS = 50
_MORE_STEPS = 3  # once the gap is closed, for inequalities to become certain
_NEVER = 5e-3  # times as likely as the average: the path may be giving an action up
_TELLING = 1e-3  # gap from which on that is looked for
_SMALL = 300  # joint actions and deviations
_PROXIMAL = 1e-9  # where rows are equations, so that dependent ones do no harm
_GAP = 1e-10  # of the entropy, when the path is left: slacks are then above rounding errors
_NOTHING = 50.0  # exp(-50) is nothing beside one
_SAME = 1e-9
_BITS = 200  # of the weights
_ACCURACY = 0.01  # of the products of prices and slacks
_FARTHEST = 3.0  # that a step may change the logarithm of a ratio of probabilities
_TO_BOUNDARY = 0.995  # of the way to where the first price or slack vanishes


class EntropyOptimum(NamedTuple):
    """A distribution that satisfies the rows, and the prices that bound every entropy.

    Attributes
    ----------
    weights : list of int, length n_cells
        Proportional to the probabilities.
    prices : ndarray, shape (n_rows,)
        For each row of the incentive rows, in its own integer units.
    steps : int
        Newton steps.
    """

    weights: list[int]
    prices: Floats
    steps: int


def maximize_entropy(rows: IncentiveRows, n_cells: int) -> Generator[None, None, EntropyOptimum]:
    """Find the distribution of largest entropy that satisfies the rows.

    Parameters
    ----------
    rows : IncentiveRows
        The deviations' gains.
    n_cells : int
        Number of joint actions.

    Yields
    ------
    None
        Between Newton steps.

    Returns
    -------
    EntropyOptimum
        Close to the optimum; how close is for the certificate to say.

    Notes
    -----
    Cost: about 15 steps, each a Cholesky factorization with a row for each deviation that is
    nearly indifferent, and some ten products with the gains. Where it gives actions up, it is
    followed again without them; and where no solution satisfies all inequalities strictly, for
    small games, on the face that an exact linear program proves to hold all solutions.
    """
    if not rows.incentives:
        return EntropyOptimum([1] * n_cells, np.empty(0), 0)
    signed = np.zeros(len(rows.incentives), dtype=np.bool_)
    end = yield from _central_path(rows, n_cells, signed, watched=_told(rows))
    if end.idle:
        answer = yield from _without_idle(rows, n_cells, end)
        if answer is not None:
            return answer
        end = yield from _central_path(rows, n_cells, signed)
    if not end.strict and n_cells + len(rows.incentives) <= _SMALL:
        common = yield from relative_interior(rows, n_cells)
        if not isinstance(common, str):
            return (yield from _on_face(rows, common))
    return EntropyOptimum(_integers(end.weights), end.prices, end.steps)


def _told(rows: IncentiveRows) -> list[slice]:
    """Find the rows that concern one recommended action; none where players are told nothing."""
    return [block for block in told_alike(rows) if rows.incentives[block.start][1] is not None]


def _without_idle(
    rows: IncentiveRows, n_cells: int, end: _PathEnd
) -> Generator[None, None, EntropyOptimum | None]:
    """Leave out actions that the path stops recommending, and price them out; None if wrong."""
    used, push = np.ones(n_cells, dtype=np.bool_), np.zeros(len(rows.incentives))
    for block in end.idle:
        cells = np.unique(np.concatenate(rows.columns[block]))
        own = np.zeros(len(rows.incentives))
        own[block] = end.prices[block]
        if _priced(rows, own, n_cells)[cells].min() > 0:  # the prices mix a dominating strategy
            used[cells] = False
            push += own
    if used.all():
        return None
    reduced, kept = _restricted(rows, used)
    inside = yield from maximize_entropy(reduced, int(used.sum()))
    prices = np.zeros(len(rows.incentives))
    prices[kept] = inside.prices
    exponents, cost = -_priced(rows, prices, n_cells), _priced(rows, push, n_cells)[~used]
    top = exponents[used].max()
    prices += push * max(float(((exponents[~used] - top + _NOTHING) / cost).max()), 0.0)
    exponents = -_priced(rows, prices, n_cells)
    bound = top + math.log(float(np.exp(exponents - top).sum()))
    w = np.array([n / sum(inside.weights) for n in inside.weights])
    entropy = -float((w[w > 0] * np.log(w[w > 0])).sum())
    if bound - entropy > _SAME:
        return None
    weights = [0] * n_cells
    for cell, weight in zip(np.flatnonzero(used).tolist(), inside.weights, strict=True):
        weights[cell] = weight
    return EntropyOptimum(weights, prices, end.steps + inside.steps)


def _priced(rows: IncentiveRows, prices: Floats, n_cells: int) -> Floats:
    """Add up, for each joint action, prices times gains."""
    total = np.zeros(n_cells)
    for price, columns, values in zip(prices.tolist(), rows.columns, rows.values, strict=True):
        if price:
            total[columns] += price * values.astype(np.float64)
    return total


def _restricted(rows: IncentiveRows, used: NDArray[np.bool_]) -> tuple[IncentiveRows, list[int]]:
    """Keep the joint actions that are used, and the rows in which some of them are."""
    place = np.cumsum(used) - 1
    inside = [used[columns] for columns in rows.columns]
    kept = [i for i, cells in enumerate(inside) if cells.any()]
    reduced = IncentiveRows(
        [rows.incentives[i] for i in kept],
        [place[rows.columns[i][inside[i]]] for i in kept],
        [rows.values[i][inside[i]] for i in kept],
        rows.denominators,
    )
    return reduced, kept


def _on_face(
    rows: IncentiveRows, common: RelativeInterior
) -> Generator[None, None, EntropyOptimum]:
    """Maximize over the joint actions that some solution uses; price the others out."""
    used = np.array([weight > 0 for weight in common.weights], dtype=np.bool_)
    reduced, kept = _restricted(rows, used)
    end = yield from _central_path(reduced, int(used.sum()), common.tight[kept])
    prices = np.zeros(len(rows.incentives))
    prices[kept] = end.prices
    # Enough of what proves the face makes all prices nonnegative, and what is unused worthless.
    exponents = -_priced(rows, prices, len(used))
    excess = (exponents - exponents[used].max())[~used].max(initial=-_NOTHING)
    owed = (-prices[common.tight] / common.prices[common.tight]).max(initial=0.0)
    return EntropyOptimum(
        _spread(end.weights, used, common.weights),
        prices + max(excess + _NOTHING, owed) * common.prices,
        end.steps,
    )


def _spread(weights: Floats, used: NDArray[np.bool_], exact: list[int]) -> list[int]:
    """Return integers for all joint actions: the exact solution's where that is the only one."""
    only = np.array([w / sum(exact) for w in exact])[used]
    if np.abs(weights - only).max() < _SAME:
        return exact
    full = np.zeros(len(used))
    full[used] = weights
    return _integers(full)


def _integers(weights: Floats) -> list[int]:
    return [int(math.ldexp(w, _BITS)) for w in weights.tolist()]


class _PathEnd(NamedTuple):
    """Where the central path was left.

    ``strict`` if all inequalities then hold for certain; ``idle`` are the rows about actions that
    it stops recommending, where it was left for that reason.
    """

    weights: Floats
    prices: Floats
    strict: bool
    idle: list[slice]
    steps: int


def _blas() -> ThreadpoolController:
    """Return what limits threads: several make small factorizations slower."""
    import scipy.linalg  # noqa: F401  (with a BLAS of its own, which is to be loaded before)
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


class _Point(NamedTuple):
    prices: Floats
    slacks: Floats


def _central_path(
    rows: IncentiveRows,
    n_cells: int,
    equal: NDArray[np.bool_],
    *,
    watched: Sequence[slice] = (),
) -> Generator[None, None, _PathEnd]:
    """Follow the path to its end; or else to where rounding ends it, and back to its best point.

    It ends at no finite prices if some inequality is an equation, or some joint action has
    probability zero, in every solution; unless ``equal`` and the rows say so.
    """
    from numpy.linalg import LinAlgError

    if not rows.incentives:
        return _PathEnd(np.full(n_cells, 1 / n_cells), np.empty(0), True, [], 0)
    system = NewtonSystem(rows, n_cells)
    threads = _blas()
    start = np.where(equal, 0.0, 0.1)
    point, closed, steps, near, strict = _Point(start, start), 0, 0, False, False
    groups = [np.unique(np.concatenate(rows.columns[block])) for block in watched]
    idle: list[slice] = []
    best, least = (np.full(n_cells, 1 / n_cells), point), math.inf
    while True:
        w, residual, gap, error = _measured(system, point)
        if not math.isfinite(error):
            near = strict = False
            break
        if error <= least:
            best, least = (w, point), error
        strict = bool((residual < point.slacks)[~equal].all()) and not equal.any()
        near = error < _GAP
        if gap < _TELLING:
            pairs = zip(watched, groups, strict=True)
            idle = [b for b, cells in pairs if w[cells].mean() * n_cells < _NEVER]
        closed += near
        if idle or (near and strict) or closed > _MORE_STEPS or steps == _MOST_STEPS:
            break
        try:
            with threads.limit(limits=1, user_api="blas"):
                point = _newton_step(system, w, point, residual, equal)
        except LinAlgError:
            break
        steps += 1
        yield None
    if not (near or strict or idle):
        w, point = best
    return _PathEnd(w, point.prices / system.scales, strict, idle, steps)


@np.errstate(over="ignore", invalid="ignore")
def _measured(system: NewtonSystem, point: _Point) -> tuple[Floats, Floats, float, float]:
    """Return the distribution, by how much its slacks are others, the gap, and the larger error."""
    w = system.distribution(point.prices)
    residual = point.slacks + system.gains @ w
    gap = float(point.prices @ point.slacks)
    return w, residual, gap, float(np.maximum(gap, np.abs(residual).max()))


@np.errstate(over="ignore", invalid="ignore", divide="ignore")  # the path then ends
def _newton_step(
    system: NewtonSystem, w: Floats, point: _Point, residual: Floats, equal: NDArray[np.bool_]
) -> _Point:
    """Predict and correct."""
    y, s = point
    gap, signed = float(y @ s), ~equal
    diagonal = np.where(equal, _PROXIMAL, 0.0)
    diagonal[signed] = s[signed] / y[signed]
    equations = NewtonEquations(system, w, diagonal)
    # An error e in an equation is one of e y in the product y s.
    precise = _ACCURACY / np.where(equal, 1.0, y)
    # Predictor: all the way to t = 0, to see how much of it goes well.
    dy = equations.solve(residual - s, precise * max(gap, _GAP) / len(y))
    ds = np.where(equal, 0.0, system.curvature(w, dy) - residual)
    reach = min(_reach(y[signed], dy[signed]), _reach(s[signed], ds[signed]))
    after = float((y + reach * dy) @ (s + reach * ds))
    target = max((after / gap) ** 3 * gap, 0.5 * _GAP) / signed.sum() if gap else 0.0
    # Corrector: to a smaller t, minding what the predictor left out.
    aim = np.zeros(len(y))
    aim[signed] = (target - dy[signed] * ds[signed]) / y[signed]
    dy = equations.solve(residual - s + aim, precise * max(target, _GAP / len(y)), dy)
    ds = np.where(equal, 0.0, system.curvature(w, dy) - residual)
    reach = min(_reach(y[signed], dy[signed]), _reach(s[signed], ds[signed]))
    reach = min(_TO_BOUNDARY * reach, 1.0)
    if equal.any():  # no barrier holds back prices of equations
        reach = min(reach, _FARTHEST / max(system.spread(dy), _FARTHEST))
    return _Point(y + reach * dy, s + reach * ds)


def _reach(point: Floats, direction: Floats) -> float:
    """How far one may go until an entry reaches zero, at most 1 / _TO_BOUNDARY."""
    shrinking = direction < 0
    steps = -point[shrinking] / direction[shrinking]
    return min(float(steps.min(initial=np.inf)), 1 / _TO_BOUNDARY)
