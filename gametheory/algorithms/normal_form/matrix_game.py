"""What the algorithms for two-player constant-sum games share: the matrix, and the way out.

Adding a number to all payoffs and multiplying them by a positive one changes no minimax strategy.
So floats work on payoffs between 0 and 1, and exact arithmetic on positive integers.
"""

from __future__ import annotations

import math
from collections.abc import Generator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gametheory.algorithms.normal_form.exact_kernel import optimal_strategies
from gametheory.games.normal_form import NormalFormGame
from gametheory.games.profiles import MixedProfile

__all__ = [
    "Vertex",
    "distribution",
    "duality_gap",
    "exact_or_float",
    "positive_integers",
    "refusal",
    "scaled_payoffs",
]

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

_INT64 = 2**62
_NOISE = 1e-13  # of a probability: what rounding leaves of a zero


class Vertex(NamedTuple):
    """Strategies, and the square matrix they solve.

    Attributes
    ----------
    row, column : ndarray of float64
        Distributions over the actions of player 0 and player 1.
    rows, columns : ndarray of int64
        The kernel: actions that may have positive probability, the others have none.
    """

    row: Floats
    column: Floats
    rows: Indices
    columns: Indices


def refusal(game: NormalFormGame) -> str:
    """Say why a game is not a two-player constant-sum game; "" if it is one."""
    if game.n_players != 2:
        return f"it needs two players and the game has {game.n_players}"
    if game.is_constant_sum():
        return ""
    return "it needs payoffs that sum to the same number in every cell, exactly"


def scaled_payoffs(game: NormalFormGame) -> Floats | None:
    """Move and scale player 0's payoffs to [0, 1]; None if all are equal.

    Differences are taken before anything is rounded.

    Examples
    --------
    >>> game = NormalFormGame.zero_sum([[10**17, 10**17 + 1], [10**17 + 4, 10**17]])
    >>> scaled_payoffs(game).tolist()
    [[0.0, 0.25], [1.0, 0.0]]
    """
    if game.payoffs_are_exact:
        return _unit_range(game.payoffs[0])
    integers = positive_integers(game)
    if integers is None:
        return _unit_range(game.exact_payoffs[0])
    highest = int(integers.max()) - 1
    if highest == 0:
        return None
    # Integers divide with one rounding, however large they are.
    quotients = [(entry - 1) / highest for entry in integers.ravel().tolist()]
    return np.array(quotients).reshape(integers.shape)


def positive_integers(game: NormalFormGame) -> NDArray[Any] | None:
    """Move and scale player 0's payoffs, exactly, to integers from 1 up with no common factor.

    They are int64, or Python ints where they are large; None if that would take absurdly wide
    ones.

    Examples
    --------
    >>> positive_integers(NormalFormGame.zero_sum([[0.25, 0.75], [2.25, 0.25]])).tolist()
    [[1, 2], [5, 1]]
    """
    exact = game.integer_payoffs[0]
    return None if exact is None else _from_one(exact.integers)


def _unit_range(payoffs: NDArray[Any]) -> Floats | None:
    lowest, highest = payoffs.min(), payoffs.max()
    if lowest == highest:
        return None
    if payoffs.dtype != np.float64 or max(-lowest, highest) < 1e300:
        scaled = (payoffs - lowest) / (highest - lowest)
    else:  # the range may be above the largest float
        scaled = (payoffs / 4 - lowest / 4) / (highest / 4 - lowest / 4)
    unit: Floats = np.ascontiguousarray(scaled, dtype=np.float64)
    return unit


def _from_one(integers: NDArray[Any]) -> NDArray[Any]:
    """Move the least entry to zero, divide by the common factor, add one."""
    lowest, highest = int(integers.min()), int(integers.max())
    wide = highest - lowest >= _INT64
    moved = (integers.astype(object) if wide else integers) - lowest
    factor = max(int(np.gcd.reduce(moved.ravel())), 1) if not wide else _common_factor(moved)
    reduced: NDArray[Any] = moved // factor + 1
    if reduced.dtype == object and (highest - lowest) // factor < _INT64 - 1:
        reduced = reduced.astype(np.int64)
    return reduced


def _common_factor(integers: NDArray[Any]) -> int:
    return math.gcd(*integers.ravel().tolist()) or 1


def duality_gap(scaled: Floats, row: Floats, column: Floats) -> float:
    """Return how much the strategies leave open of the value, as a part of the payoff range.

    The column player's strategy holds the row player to max(scaled @ column), and the row
    player's own guarantees it min(row @ scaled).
    """
    return float((scaled @ column).max() - (row @ scaled).min())


def distribution(weights: Floats) -> Floats:
    """Normalize weights; what is negative or mere rounding becomes an exact zero."""
    clipped = np.where(weights > _NOISE * weights.max(), weights, 0.0)
    normalized: Floats = clipped / clipped.sum()
    return normalized


def exact_or_float(game: NormalFormGame, vertex: Vertex) -> Generator[None, None, MixedProfile]:
    """Return exact strategies from a vertex on, the vertex itself where that would take too long.

    Yields None between the steps.
    """
    yield None
    integers = positive_integers(game)
    if integers is not None:
        exact = yield from optimal_strategies(integers, vertex.rows, vertex.columns)
        if exact is not None:
            return MixedProfile(exact)
    return MixedProfile([vertex.row, vertex.column])
