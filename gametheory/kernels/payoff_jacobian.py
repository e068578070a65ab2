"""Deviation payoffs of an n-player game and their derivatives, by contracting payoff tensors.

The game is flat: ``payoffs[i]`` is player i's tensor in C order, and player i's actions are the
entries ``offsets[i]:offsets[i + 1]`` of every vector over actions.
"""

from __future__ import annotations

from typing import Any

from numba import njit
from numpy.typing import NDArray

__all__ = ["contract", "deviation_jacobian"]

Array = NDArray[Any]


@njit(cache=True)
def contract(
    source: Array, before: int, size: int, after: int, weights: Array, start: int, target: Array
) -> None:
    """Average a tensor of shape (before, size, after) over its middle axis.

    The weights are ``weights[start:start + size]``; the result, of shape (before, after), fills
    the head of ``target``.
    """
    for row in range(before):
        head = row * after
        for column in range(after):
            target[head + column] = 0.0
        for action in range(size):
            weight = weights[start + action]
            if weight != 0.0:
                base = (row * size + action) * after
                for column in range(after):
                    target[head + column] += weight * source[base + column]


@njit(cache=True)
def deviation_jacobian(
    payoffs: Array,
    offsets: Array,
    strategies: Array,
    values: Array,
    jacobian: Array,
    work: Array,
) -> None:
    """Fill ``values`` with all deviation payoffs and ``jacobian`` with their derivatives.

    Parameters
    ----------
    payoffs : ndarray of float64, shape (n, m_1 * ... * m_n)
    offsets : ndarray of int64, shape (n + 1,)
    strategies : ndarray of float64, shape (M,)
        M = offsets[n]. Need not be distributions: the payoffs are multilinear functions.
    values : ndarray of float64, shape (M,)
        Out: the payoff of each action when the other players follow ``strategies``.
    jacobian : ndarray of float64, shape (M, M)
        Out: the derivative of values[k] by strategies[l]. It is the payoff of action k when
        one other player takes action l and the rest follow their strategies; zero between
        actions of one player.
    work : ndarray of float64, shape (4, m_1 * ... * m_n)

    Notes
    -----
    Player i's tensor is averaged over one player j after the other, the last first; before
    each average the players ahead of j are averaged out for the block (i, j). The tensors
    shrink geometrically, so the whole costs a few passes over the payoffs.
    """
    n = len(payoffs)
    for own in range(n):
        m = offsets[own + 1] - offsets[own]
        current, cells, buffer = payoffs[own], payoffs.shape[1], 0
        for action in range(offsets[own], offsets[own + 1]):
            for column in range(offsets[own], offsets[own + 1]):
                jacobian[action, column] = 0.0
        for other in range(n - 1, -1, -1):
            if other == own:
                continue
            _pair_block(current, cells, offsets, own, other, strategies, jacobian, work)
            size = offsets[other + 1] - offsets[other]
            after = m if own > other else 1
            cells //= size
            contract(current, cells // after, size, after, strategies, offsets[other], work[buffer])
            current, buffer = work[buffer], 1 - buffer
        for action in range(m):
            values[offsets[own] + action] = current[action]


@njit(cache=True)
def _pair_block(
    current: Array,
    cells: int,
    offsets: Array,
    own: int,
    other: int,
    strategies: Array,
    jacobian: Array,
    work: Array,
) -> None:
    """Write the payoffs of ``own``'s actions against ``other``'s, all before ``other`` averaged.

    ``current`` has axes for own and for the players up to ``other``, in the players' order.
    """
    m = offsets[own + 1] - offsets[own]
    before, buffer = 1, 2
    for player in range(other):
        if player == own:
            before = m
            continue
        size = offsets[player + 1] - offsets[player]
        cells //= size
        contract(current, before, size, cells // before, strategies, offsets[player], work[buffer])
        current, buffer = work[buffer], 5 - buffer
    size = offsets[other + 1] - offsets[other]
    for action in range(m):
        for column in range(size):
            cell = action * size + column if own < other else column * m + action
            jacobian[offsets[own] + action, offsets[other] + column] = current[cell]
