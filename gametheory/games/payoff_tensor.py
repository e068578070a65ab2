"""What the shape and the exact entries of a payoff tensor say about its game."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gametheory.errors import InvalidGame

__all__ = ["action_counts", "check_matrix", "constant_sum", "is_symmetric"]


def action_counts(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return each player's number of actions; InvalidGame if ``shape`` is no payoff tensor's."""
    valid = "shape (n_players, m_1, ..., m_n): for each player, one axis for each player's actions"
    if not shape or shape[0] == 0:
        raise InvalidGame("the game has no player", where="payoffs", valid=valid)
    n_players, n_actions = shape[0], shape[1:]
    if len(n_actions) != n_players:
        raise InvalidGame(
            f"shape {shape} has {len(n_actions)} axes of actions for {n_players} players",
            where="payoffs",
            valid=valid,
            hint="for two matrices use NormalFormGame.bimatrix(A, B), for one zero_sum(A)",
        )
    if 0 in n_actions:
        raise InvalidGame(
            f"player {n_actions.index(0)} has no action",
            where=f"payoffs, shape {shape}",
            valid="at least one action for each player",
        )
    return n_actions


def check_matrix(matrix: NDArray[Any], name: str) -> None:
    """Raise InvalidGame unless ``matrix`` has two axes and an entry."""
    if matrix.ndim != 2 or matrix.size == 0:
        raise InvalidGame(
            f"{name} has shape {matrix.shape}",
            where=name,
            valid="a matrix with at least one row and one column",
        )


def constant_sum(entries: NDArray[Any]) -> Fraction | None:
    """Return what the players' exact payoffs sum to in every cell, None if that differs.

    Parameters
    ----------
    entries : ndarray, shape (n_players, m_1, ..., m_n)
        float64 or Fractions, as :func:`gametheory.games.exact_array.exact_array` returns them.
    """
    cells = entries.reshape(len(entries), -1)
    first = sum(map(Fraction, cells[:, 0]), start=Fraction(0))
    if cells.dtype == np.float64 and len(cells) == 2:
        agree = _two_sums_agree(*cells)
        if agree is not None:
            return first if agree else None
    constant = all(sum(map(Fraction, column), start=Fraction(0)) == first for column in cells.T)
    return first if constant else None


def _two_sums_agree(a: NDArray[np.float64], b: NDArray[np.float64]) -> bool | None:
    """Whether a + b is one number in every cell, exactly; None if the sums overflow.

    Knuth's two-sum splits a + b into its rounding and the exact error of that rounding; the
    exact sum determines the pair and the pair the sum (The Art of Computer Programming 2,
    section 4.2.2).
    """
    with np.errstate(over="ignore", invalid="ignore"):
        total = a + b
        virtual = total - a
        error = (a - (total - virtual)) + (b - virtual)
    if not (np.isfinite(total).all() and np.isfinite(error).all()):
        return None
    return bool((total == total[0]).all() and (error == error[0]).all())


def is_symmetric(entries: NDArray[Any]) -> bool:
    """Whether renaming the players, with the actions as ordered, changes no payoff.

    Every renaming is made of exchanges of two neighbors, so those are enough to check.
    """
    n_players, *n_actions = entries.shape
    if len(set(n_actions)) > 1:
        return False
    for i in range(n_players - 1):
        order = list(range(n_players))
        order[i], order[i + 1] = i + 1, i
        if not np.array_equal(entries[order], np.swapaxes(entries, i + 1, i + 2)):
            return False
    return True
