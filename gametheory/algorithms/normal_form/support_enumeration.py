"""All extreme equilibria of a two-player game, by looking at every pair of supports.

Payoffs are integers, moved to be positive, and strategies are scaled so that the opponent's best
responses earn 1: best-response polytopes ``P = {x >= 0, B'x <= 1}`` and ``Q = {y >= 0, Ay <= 1}``.
An equilibrium is extreme when x and y are vertices of these; every equilibrium is a convex
combination of extreme ones (Mangasarian 1964).

1. A vertex x of P with support I solves ``B[I, J]'x = 1`` for some k = |I| columns J that are
   best responses, the system being nonsingular. All (I, J) are looked at, small supports first
   (Dickhaut and Kaplan 1991), without columns that are dominated on I and without the I one row
   of which is dominated on what is left (conditional dominance: Porter, Nudelman and Shoham 2008).
2. A compiled filter in floats rules out most pairs, each with a proof that holds in spite of
   rounding. What it cannot rule out is decided in exact arithmetic.
3. The vertices y that go with x are those of the face of Q on which only best responses to x are
   used, and all of I are best responses. Without ties that face is one point, the solution of
   ``A[I, J] y = 1``. In degenerate games it can be a polytope, and supports can differ in size.
"""

from __future__ import annotations

import operator
from collections.abc import Generator, Iterator, Sequence
from fractions import Fraction
from itertools import product
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gametheory.algorithms.normal_form.double_description import extreme_rays
from gametheory.algorithms.registry import Outcome, Search, register
from gametheory.games.normal_form import NormalFormGame
from gametheory.games.profiles import MixedProfile

__all__ = ["support_enumeration"]

_BUDGET = 10_000_000  # operations of the filter between two heartbeats: about 10 ms
_CAPACITY = 128  # pairs the filter may hand over at once
_PAIRS_A_HEARTBEAT = 64

Matrix = list[list[int]]
Weights = Sequence[int]  # a mixed strategy times its denominator


def _applies(game: NormalFormGame) -> str:
    if game.n_players != 2:
        return f"it needs two players and the game has {game.n_players}"
    if any(payoffs is None for payoffs in game.integer_payoffs):
        return "the payoffs' common denominator is too wide for exact arithmetic"
    return ""


@register(
    "support-enumeration",
    concepts=("nash",),
    form=NormalFormGame,
    applies=_applies,
    guarantee="every extreme equilibrium exactly once, in rational arithmetic, degenerate games "
    "included; those of small supports first",
    cost="a linear system of k equations for each pair of supports of k actions that is not "
    "excluded by dominance: up to binomial(m + n, m) systems",
    source="Dickhaut and Kaplan (1991), The Mathematica Journal 1(4); Mangasarian (1964), Journal "
    "of the Society for Industrial and Applied Mathematics 12; conditional dominance: Porter, "
    "Nudelman and Shoham (2008), Games and Economic Behavior 63",
    finds="all",
    rank=30,
)
def support_enumeration(game: NormalFormGame) -> Search:
    """Yield every extreme equilibrium of a two-player game.

    Parameters
    ----------
    game : NormalFormGame
        Two players.

    Yields
    ------
    MixedProfile or None
        Exact extreme equilibria, in the order of the size of the support of the player with
        fewer actions; None in between.

    Returns
    -------
    Outcome
        Complete. ``iterations`` counts the pairs of supports that dominance left.

    Examples
    --------
    >>> game = NormalFormGame.bimatrix([[2, 0], [0, 1]], [[1, 0], [0, 2]])
    >>> for profile in support_enumeration(game):
    ...     if profile is not None:
    ...         print(profile)
    ((1, 0), (1, 0))
    ((0, 1), (0, 1))
    ((2/3, 1/3), (1/3, 2/3))
    """
    A, B = (payoffs.integers for payoffs in game.integer_payoffs if payoffs is not None)
    exchanged = A.shape[0] > A.shape[1]  # the side with fewer actions has fewer supports
    if exchanged:
        A, B = B.T, A.T
    exact = _ExactGame(_positive(A.T), _positive(B))
    n_pairs = 0
    tied: list[int] = []
    last: list[int] = []
    for examined, pairs in _filtered_pairs(A, B):
        n_pairs += examined
        yield None
        for count, (rows, columns) in enumerate(pairs):
            if count % _PAIRS_A_HEARTBEAT == _PAIRS_A_HEARTBEAT - 1:
                yield None
            if rows != last:
                tied, last = _without_vertices(exact, rows), rows
            x = _new_vertex(exact, rows, columns, tied)
            if x is None:
                continue
            replies = yield from _replies(exact, x)
            for y in replies:
                profile = [_strategy(x), _strategy(y)]
                yield MixedProfile(profile[::-1] if exchanged else profile)
    return Outcome(iterations=n_pairs, complete=True)


class _ExactGame(NamedTuple):
    """Both players' payoffs as positive integers, each player's own strategy choosing the row.

    Attributes
    ----------
    column_side : list of list of int, shape (n, m)
        Player 0's payoffs, which column strategies are judged by.
    row_side : list of list of int, shape (m, n)
        Player 1's payoffs, which row strategies are judged by.
    """

    column_side: Matrix
    row_side: Matrix


class _Vertex(NamedTuple):
    """A vertex of a best-response polytope, times its denominator.

    Attributes
    ----------
    own : sequence of int
        Actions, among them all that are used.
    weights : sequence of int
        Proportional to their probabilities.
    tight : int
        The opponent's best responses, one bit each.
    size : int
        The player's number of actions.
    """

    own: Sequence[int]
    weights: Sequence[int]
    tight: int
    size: int


def _positive(payoffs: NDArray[Any]) -> Matrix:
    lowest = int(payoffs.min()) - 1
    return [[payoff - lowest for payoff in line] for line in payoffs.tolist()]


def _to_one_and_two(payoffs: NDArray[Any]) -> NDArray[np.float64]:
    """Move and scale payoffs to [1, 2]; differences are taken before anything is rounded."""
    above = payoffs - payoffs.min()
    widest = above.max()
    scaled = np.asarray(above / widest if widest else above * 0.0, dtype=np.float64)
    return np.ascontiguousarray(1.0 + scaled)


def _order(payoffs: NDArray[Any]) -> NDArray[np.int64]:
    """Return int64 numbers that are ordered as the payoffs are."""
    if payoffs.dtype == np.int64:
        return np.array(payoffs, order="C")  # a copy: read-only arrays would compile once more
    ranks = np.unique(payoffs.ravel(), return_inverse=True)[1]
    return ranks.reshape(payoffs.shape).astype(np.int64)


def _filtered_pairs(
    A: NDArray[Any], B: NDArray[Any]
) -> Iterator[tuple[int, list[tuple[list[int], list[int]]]]]:
    """Give, again and again, the number of pairs examined and those the filter left."""
    from gametheory.kernels.support_enumeration import DONE, N_PAIRS, PHASE, advance

    n_rows, n_columns = A.shape
    arrays = _to_one_and_two(B), _to_one_and_two(A.T), _order(A), _order(B)
    candidates = np.empty(n_columns, np.int64)
    for k in range(1, n_rows + 1):
        rows, places = np.arange(k), np.arange(k)
        state, found = np.zeros(3, np.int64), np.empty((_CAPACITY, 2, k), np.int64)
        before = 0
        while state[PHASE] != DONE:
            n_found = advance(*arrays, rows, places, candidates, state, found, _BUDGET)
            examined, before = int(state[N_PAIRS]) - before, int(state[N_PAIRS])
            yield examined, [(pair[0], pair[1]) for pair in found[:n_found].tolist()]


def _without_vertices(exact: _ExactGame, rows: list[int]) -> list[int]:
    """Return sets of columns, as bits, within which no vertex with support ``rows`` is found.

    That is all columns if the rows are dependent: weight can then be moved between them.
    """
    from flint import fmpz_mat

    dependent = fmpz_mat([exact.row_side[i] for i in rows]).rank() < len(rows)
    return [(1 << len(exact.column_side)) - 1] if dependent else []


def _new_vertex(
    exact: _ExactGame, rows: list[int], columns: list[int], tied: list[int]
) -> _Vertex | None:
    """Return the vertex with just these rows in use that is tight on the columns.

    ``tied`` collects the best responses to the vertices of these rows: columns within one of
    them determine that vertex again, or none.
    """
    bits = _bits(columns)
    if any(bits & ~tight == 0 for tight in tied):
        return None
    x = _solve(exact.row_side, rows, columns)
    if x is None or min(x.weights) == 0:  # a smaller support has it
        return None
    if x.tight.bit_count() > len(rows):
        tied.append(x.tight)
    return x


def _solve(payoffs: Matrix, own: Sequence[int], other: Sequence[int]) -> _Vertex | None:
    """Solve for the strategy on ``own`` against which ``other`` are best responses, exactly.

    None if the system is singular or its solution is no strategy of that kind.
    """
    from flint import fmpz_mat

    k = len(own)
    system = fmpz_mat(k, k, [payoffs[i][j] for j in other for i in own])
    try:
        solution: Any = system.solve(fmpz_mat(k, 1, [1] * k))
    except ZeroDivisionError:
        return None
    numerators, denominator = solution.numer_denom()
    weights, best = [int(entry) for entry in numerators.entries()], int(denominator)
    if min(weights) < 0:
        return None
    earned = _earned(payoffs, own, weights)
    if max(earned) > best:
        return None
    tight = _bits([j for j, payoff in enumerate(earned) if payoff == best])
    return _Vertex(own, weights, tight, len(payoffs))


def _earned(payoffs: Matrix, own: Sequence[int], weights: Weights) -> list[int]:
    """Opponent's payoff from each action, times the sum of the weights."""
    chosen = [payoffs[i] for i in own]
    return [sum(map(operator.mul, weights, line)) for line in zip(*chosen, strict=True)]


def _replies(exact: _ExactGame, x: _Vertex) -> Generator[None, None, Iterator[_Vertex]]:
    """All vertices y that are in equilibrium with x."""
    payoffs, best = exact.column_side, _places(x.tight)
    if len(best) == len(x.own):
        y = _solve(payoffs, best, x.own)
        if y is not None:
            return iter([y])
    # Columns that pay player 0 alike are looked at once: a vertex uses one of them at most.
    alike: dict[tuple[int, ...], list[int]] = {}
    for j in best:
        alike.setdefault(tuple(payoffs[j]), []).append(j)
    # Player 0's payoff is the same in all of x's support, and nowhere larger.
    others = [i for i in range(x.size) if i not in set(x.own)]
    first = x.own[0]
    equations = [[line[i] - line[first] for line in alike] for i in x.own[1:]]
    inequalities = [[line[i] - line[first] for line in alike] for i in others]
    rays = yield from extreme_rays(equations, inequalities, len(alike))
    return (
        _Vertex(own, weights, 0, len(payoffs))
        for weights, columns in (_used(ray, list(alike.values())) for ray in rays)
        for own in product(*columns)
    )


def _used(ray: Weights, columns: list[list[int]]) -> tuple[list[int], list[list[int]]]:
    pairs = [(weight, alike) for weight, alike in zip(ray, columns, strict=True) if weight]
    return [weight for weight, _ in pairs], [alike for _, alike in pairs]


def _strategy(vertex: _Vertex) -> list[Fraction]:
    total = sum(vertex.weights)
    strategy = [Fraction(0)] * vertex.size
    for action, weight in zip(vertex.own, vertex.weights, strict=True):
        strategy[action] = Fraction(weight, total)
    return strategy


def _bits(actions: Sequence[int]) -> int:
    return sum(1 << action for action in actions)


def _places(bits: int) -> list[int]:
    return [place for place in range(bits.bit_length()) if bits >> place & 1]
