"""Deviation payoffs of an n-player game without their derivatives: a pass over each tensor."""

from __future__ import annotations

from typing import Any

from numba import njit
from numpy.typing import NDArray

from gametheory.kernels.payoff_jacobian import contract
from gametheory.kernels.support_newton import FlatGame

__all__ = ["deviation_payoffs"]

Array = NDArray[Any]


@njit(cache=True)
def deviation_payoffs(game: FlatGame, strategies: Array, values: Array, work: Array) -> None:
    """Fill ``values`` with the payoff of every action when the others follow ``strategies``.

    Parameters
    ----------
    game : FlatGame
    strategies, values : ndarray of float64, shape (M,)
    work : ndarray of float64, shape (2 or more, m_1 * ... * m_n)
        Scratch.
    """
    payoffs, offsets = game.payoffs, game.offsets
    n = len(payoffs)
    for own in range(n):
        cells, current, buffer = payoffs.shape[1], payoffs[own], 0
        for other in range(n - 1, own, -1):
            size = offsets[other + 1] - offsets[other]
            cells //= size
            contract(current, cells, size, 1, strategies, offsets[other], work[buffer])
            current, buffer = work[buffer], 1 - buffer
        for other in range(own):
            size = offsets[other + 1] - offsets[other]
            cells //= size
            contract(current, 1, size, cells, strategies, offsets[other], work[buffer])
            current, buffer = work[buffer], 1 - buffer
        for action in range(offsets[own], offsets[own + 1]):
            values[action] = current[action - offsets[own]]
