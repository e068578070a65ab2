"""The most even strategy among optimal ones: of largest entropy, with a bound that proves it.

With G a matrix of integers, the strategies are the distributions p with G p <= 0: what a player of
a zero-sum game of value zero may play at an equilibrium, each row being what one action of the
opponent would gain. They form a polytope, and its relative interior has one support.

1. An exact linear program finds a strategy of that support, the **widest** one.
2. On its face the rows that are equations everywhere are those of the opponent's own widest
   strategy (strict complementarity: Goldman and Tucker 1956, "Theory of linear programming", in
   Linear Inequalities and Related Systems). Entropy is maximized there by Newton's method on the
   dual problem, which is log(sum(exp(-G' y))) over prices y, with a logarithmic barrier where
   prices may not be negative.
3. The result is moved to the nearest point that is found to satisfy the equations exactly, and as
   far towards the widest strategy as the inequalities ask for.
4. For any prices y >= 0, log(sum(exp(-G' y))) bounds the entropy of all p with G p <= 0.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gametheory.algorithms.normal_form.incentive_program import IncentiveRows
from gametheory.algorithms.normal_form.relative_interior import relative_interior
from gametheory.errors import GameTheoryError

__all__ = ["EvenStrategy", "most_even", "widest"]

Floats = NDArray[np.float64]
Matrix = NDArray[Any]

_EXACT_PROGRAM = 300  # rows and columns: larger ones are solved in floats
_EXACT_WIDE_PROGRAM = 100  # where entries do not fit words
_EXACT_SYSTEM = 200  # rows or columns
_SHORTER = (44, 40, 36, 32)  # bits
_USED = 1e-6  # of a weight that is 0 or at least 1
_RANK = 1e-11  # of the largest singular value
_LAST_BARRIER = 1e-13
_NEWTON_STEPS = 60  # for each barrier
_CLOSE = 1e-20  # twice what a Newton step still gains
_NOTHING = 60.0  # exp(-60) is nothing beside one
_BITS = 80  # of probabilities and prices


class EvenStrategy(NamedTuple):
    """A strategy, and how even it is.

    Attributes
    ----------
    weights : list of int
        Proportional to its probabilities.
    entropy : float
        In nats, rounded down.
    entropy_gap : float
        No strategy has an entropy larger by more than this, rounded up.
    """

    weights: list[int]
    entropy: float
    entropy_gap: float


def widest(gains: Matrix) -> list[int]:
    """Find a strategy p with gains p <= 0 that uses every action which any of them uses.

    Parameters
    ----------
    gains : ndarray of int64 or of Python ints, shape (rows, actions)

    Returns
    -------
    list of int
        Weights; exact for up to 300 rows and columns (100 if entries do not fit words), read from
        floats otherwise.
    """
    if sum(gains.shape) <= (_EXACT_WIDE_PROGRAM if gains.dtype == object else _EXACT_PROGRAM):
        rows = IncentiveRows([], [], [], [1])
        for i, row in enumerate(gains):
            if (row > 0).any():
                places = np.flatnonzero(row)
                rows.incentives.append((0, None, i))
                rows.columns.append(places)
                rows.values.append(row[places])
        if not rows.incentives:
            return [1] * gains.shape[1]
        search = relative_interior(rows, gains.shape[1])
        while True:
            try:
                next(search)
            except StopIteration as end:
                if isinstance(end.value, str):
                    break
                return [int(weight) for weight in end.value.weights]
    return _widest_in_floats(_scaled(gains))


def _scaled(gains: Matrix) -> Floats:
    """Divide by the largest entry, without overflow."""
    largest = max(1, *(abs(int(x)) for x in (gains.max(), gains.min())))
    if gains.dtype != object:
        return np.asarray(gains / largest)
    flat = [int(x) / largest for x in gains.ravel().tolist()]
    return np.reshape(np.array(flat), gains.shape)


def _widest_in_floats(gains: Floats) -> list[int]:
    """Maximize the sum of t <= 1, for weights t + u of any size: used actions get t = 1."""
    from scipy.optimize import linprog

    n = gains.shape[1]
    # HiGHS refuses some dense programs for no stated reason, and takes them with shorter entries.
    for bits in (None, *_SHORTER):
        entries = gains if bits is None else np.ldexp(np.rint(np.ldexp(gains, bits)), -bits)
        answer = linprog(
            np.repeat([-1.0, 0.0], n),
            A_ub=np.hstack([entries, entries]),
            b_ub=np.zeros(len(gains)),
            bounds=[(0, 1)] * n + [(0, None)] * n,
            method="highs-ds",
        )
        if answer.x is not None and answer.x[:n].max() > _USED:
            break
    else:
        raise GameTheoryError(
            f"the linear program was not solved: {answer.message}", where="nash_averaging"
        )
    weights = answer.x[:n] + answer.x[n:]
    weights[answer.x[:n] < _USED] = 0.0
    return _integers(weights / weights.sum())


def _integers(probabilities: Floats) -> list[int]:
    return [round(math.ldexp(p, _BITS)) for p in probabilities.tolist()]


def most_even(gains: Matrix, inside: Sequence[int], opposed: Sequence[int]) -> EvenStrategy:
    """Find the strategy p of largest entropy with gains p <= 0.

    Parameters
    ----------
    gains : ndarray of int64 or of Python ints, shape (rows, actions)
    inside, opposed : sequence of int
        The widest strategy, and the opponent's over the rows.

    Notes
    -----
    Cost: some fifty factorizations of matrices of the size of the support in floats, and one
    elimination of that size in integers where it is at most 200.
    """
    used, tight = np.array(inside, dtype=object) > 0, np.array(opposed, dtype=object) > 0
    used, tight = used.astype(np.bool_), tight.astype(np.bool_)
    floats = _scaled(gains)[:, used]
    slack = ~tight & (floats > 0).any(axis=1)
    total = sum(inside)
    start = np.array([weight / total for weight in inside])[used]
    p, on_tight, on_slack = _maximize(floats[tight], floats[slack], start)
    prices = np.zeros(len(gains))
    prices[tight], prices[slack] = on_tight, on_slack
    weights = [0] * gains.shape[1]
    exact = _exactly(
        gains[:, used], tight, slack, p, [inside[i] for i in np.flatnonzero(used).tolist()]
    )
    for place, weight in zip(np.flatnonzero(used).tolist(), exact, strict=True):
        weights[place] = weight
    bound = _bound(gains, prices, opposed, used)
    entropy = _entropy(weights)
    return EvenStrategy(
        weights,
        math.nextafter(float(entropy.lower()), -math.inf),
        max(math.nextafter(float((bound - entropy).upper()), math.inf), 0.0),
    )


def _maximize(equal: Floats, below: Floats, inside: Floats) -> tuple[Floats, Floats, Floats]:
    """Maximize entropy with equal p = 0 and below p <= 0; returns p and the rows' prices.

    ``inside`` is positive, and satisfies the rows.
    """
    import scipy.linalg  # noqa: F401 - its BLAS has to be loaded to be limited
    from threadpoolctl import ThreadpoolController

    left, values, right = np.linalg.svd(equal, full_matrices=False)
    rank = int((values > _RANK * values.max(initial=0.0)).sum())
    basis = right[:rank]
    rows = np.vstack([basis, below])
    barred = np.arange(len(rows)) >= rank
    y = np.where(barred, 1.0, 0.0)
    y[:rank] = -(basis @ np.log(inside))  # where the widest strategy is the only one, its prices
    barrier = 1.0
    threads = ThreadpoolController()  # several threads make small factorizations slower
    with threads.limit(limits=1, user_api="blas"):
        while len(rows):
            y = _newton(rows, y, barrier, barred)
            if barrier <= _LAST_BARRIER or not barred.any():
                break
            barrier /= 10
    p = _softmax(-(rows.T @ y))
    on_equal = left[:, :rank] @ (y[:rank] / values[:rank])
    return p, on_equal, y[rank:]


def _newton(rows: Floats, y: Floats, barrier: float, barred: NDArray[np.bool_]) -> Floats:
    """Minimize log(sum(exp(-rows' y))) less the barrier's logarithms."""

    def height(y: Floats) -> float:
        exponents = -(rows.T @ y)
        top = exponents.max()
        logs = float(np.log(y[barred]).sum()) if barred.any() else 0.0
        return float(top + np.log(np.exp(exponents - top).sum())) - barrier * logs

    current, careful = height(y), False
    for _ in range(_NEWTON_STEPS):
        p = _softmax(-(rows.T @ y))
        mean = rows @ p
        gradient, curvature = -mean, (rows * p) @ rows.T - np.outer(mean, mean)
        gradient[barred] -= barrier / y[barred]
        diagonal = np.where(barred, barrier / np.where(barred, y, 1.0) ** 2, 1e-15)
        curvature[np.diag_indices_from(curvature)] += diagonal
        step = -_solve(curvature, gradient, careful)
        gain = -float(gradient @ step)
        shrinking = barred & (step < 0)
        length = min(1.0, 0.99 * float((-y[shrinking] / step[shrinking]).min(initial=np.inf)))
        if gain < _CLOSE:
            return y
        while length > 1e-12:
            after = height(y + length * step)
            if after <= current - 0.1 * length * gain:
                break
            length /= 2
        else:  # rounding ends it
            if careful:
                return y
            careful = True
            continue
        y, current, careful = y + length * step, after, False
    return y


def _solve(matrix: Floats, right: Floats, careful: bool) -> Floats:
    """Solve with a matrix that is positive definite but for rounding."""
    from scipy.linalg import LinAlgError, cho_factor, cho_solve

    if not careful:
        try:
            return np.asarray(cho_solve(cho_factor(matrix), right))
        except LinAlgError:
            pass
    return np.asarray(np.linalg.lstsq(matrix, right, rcond=None)[0], dtype=np.float64)


def _softmax(exponents: Floats) -> Floats:
    odds = np.exp(exponents - exponents.max())
    return np.asarray(odds / odds.sum())


def _exactly(
    gains: Matrix,
    tight: NDArray[np.bool_],
    slack: NDArray[np.bool_],
    p: Floats,
    inside: list[int],
) -> list[int]:
    """Move p to where the tight rows are zero exactly and the others not positive."""
    if max(len(p), int(tight.sum())) > _EXACT_SYSTEM:
        return _integers(p)
    found = _nearby_solution(gains[tight], p)
    total = sum(inside)
    strict = [Fraction(weight, total) for weight in inside]
    share = Fraction(0)  # of the widest strategy, which has room in every inequality
    pairs = list(zip(found, strict, strict=True))
    for here, there in pairs:
        if here < 0:
            share = max(share, here / (here - there))
    for row in gains[slack].tolist():
        here = sum((g * a for g, (a, _) in zip(row, pairs, strict=True)), start=Fraction(0))
        if here > 0:
            there = sum((g * b for g, (_, b) in zip(row, pairs, strict=True)), start=Fraction(0))
            share = max(share, here / (here - there) if there < here else Fraction(1))
    mixed = [a + share * (b - a) for a, b in pairs] if share else found
    common = math.lcm(*(weight.denominator for weight in mixed))
    return [int(weight * common) for weight in mixed]


def _nearby_solution(equations: Matrix, p: Floats) -> list[Fraction]:
    """Find a rational solution of equations p = 0, sum(p) = 1: its free entries are those of p."""
    from flint import fmpq, fmpq_mat, fmpz_mat

    n = len(p)
    table = [[int(x) for x in row] for row in equations.tolist()] + [[1] * n]
    reduced, denominator, rank = fmpz_mat(table).rref()
    pivots, column = [], 0
    for row in range(rank):
        while reduced[row, column] == 0:
            column += 1
        pivots.append(column)
    free = [k for k in range(n) if k not in set(pivots)]
    # The right side goes through the same elimination: one more column, only its last row 1.
    right = fmpz_mat([[*row, 0] for row in table[:-1]] + [[*table[-1], 1]]).rref()
    sides = [fmpq(right[0][row, n], right[1]) for row in range(rank)]
    values = [fmpq(round(math.ldexp(p[k], _BITS)), 2**_BITS) for k in free]
    solution = [fmpq(0)] * n
    for k, value in zip(free, values, strict=True):
        solution[k] = value
    if free:
        block = fmpq_mat(
            [[fmpq(reduced[row, k], denominator) for k in free] for row in range(rank)]
        )
        moved = block * fmpq_mat([[value] for value in values])
        sides = [side - moved[row, 0] for row, side in enumerate(sides)]
    for column, value in zip(pivots, sides, strict=True):
        solution[column] = value
    return [Fraction(int(value.p), int(value.q)) for value in solution]


def _bound(gains: Matrix, prices: Floats, opposed: Sequence[int], used: NDArray[np.bool_]) -> Any:
    """Bound the entropy: raise prices by the opponent's strategy, then log(sum(exp(-G' y)))."""
    from flint import arb, fmpq

    largest = max(1, *(abs(int(x)) for x in (gains.max(), gains.min())))
    total = sum(opposed)
    strategy = np.array([weight / total for weight in opposed])
    floats = _scaled(gains)
    cost, exponents = floats.T @ strategy, -(floats.T @ prices)
    raised = float((-prices[strategy > 0] / strategy[strategy > 0]).max(initial=0.0))
    over = exponents - exponents[used].max() + _NOTHING
    costly = ~used & (cost > 0) & (over > 0)
    raised = max(raised, float((over[costly] / cost[costly]).max(initial=0.0)))
    whole = [
        Fraction(price) + Fraction(raised) * Fraction(weight, total)
        for price, weight in zip(prices.tolist(), opposed, strict=True)
    ]
    scaled = [max(math.floor(price * 2**_BITS), 0) for price in whole]
    entries = (gains.T.astype(object) @ np.array(scaled, dtype=object)).tolist()
    top = max(-entry for entry in entries)
    scale = largest * 2**_BITS
    sums = sum((arb(fmpq(-entry - top, scale)).exp() for entry in entries), start=arb(0))
    return sums.log() + arb(fmpq(top, scale))


def _entropy(weights: list[int]) -> Any:
    from flint import arb

    total = sum(weights)
    logs = sum((arb(w) * arb(w).log() for w in weights if w), start=arb(0))
    return arb(total).log() - logs / total
