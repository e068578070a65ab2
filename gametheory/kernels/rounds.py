"""A game played in rounds: what actions earn in one, and the sums over all so far.

Kernels take the tuples here apart once, before the first round: what is compiled counts the
references to an array each time that it is read from a tuple.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gametheory.kernels.compiling import inner
from gametheory.kernels.payoff_jacobian import contract

__all__ = [
    "Ledger",
    "Table",
    "add_actions",
    "add_strategies",
    "draw",
    "pay_actions",
    "pay_strategies",
    "softmax",
]

Array = NDArray[Any]


class Table(NamedTuple):
    """A game's payoffs, laid out so that what all actions of a player earn lies side by side.

    Attributes
    ----------
    payoffs : ndarray of float64, shape (n, m_1 * ... * m_n)
        Player i's in C order of the others' actions, in the players' order, and its own last.
    offsets : ndarray of int64, shape (n + 1,)
        Player i's entries in vectors over actions are ``offsets[i]:offsets[i + 1]``.
    """

    payoffs: Array
    offsets: Array


class Ledger(NamedTuple):
    """The last round, and sums over all rounds; M is the number of all players' actions.

    Attributes
    ----------
    strategies, pay : ndarray of float64, shape (M,)
        What was played last, and what each action earned then.
    actions : ndarray of int64, shape (n,)
        What was drawn last, where actions are drawn.
    played, earned : ndarray of float64, shape (M,)
        Sums of strategies, weighted, and of what actions earned.
    realized : ndarray of float64, shape (n,)
        Sums of what players earned.
    joint : ndarray of float64, shape (m_1 * ... * m_n,)
        How often each joint action was played.
    clock : ndarray of float64, shape (2,)
        Rounds played, and the sum of their weights.
    work : ndarray of float64, shape (2, m_1 * ... * m_n)
        Scratch.
    """

    strategies: Array
    pay: Array
    actions: Array
    played: Array
    earned: Array
    realized: Array
    joint: Array
    clock: Array
    work: Array


@inner
def softmax(
    values: Array, first: int, last: int, rate: float, log_prior: Array, out: Array, start: int
) -> None:
    """Write ``exp(log_prior + rate * values)``, made a distribution, to ``out[start:]``.

    ``log_prior`` has places of ``out``, one of them finite; ``values[first:last]`` are finite.
    """
    shift = start - first
    best, found = 0.0, False
    for i in range(first, last):
        if log_prior[i + shift] > -np.inf and (not found or values[i] > best):
            best, found = values[i], True
    highest = -np.inf
    for i in range(first, last):
        # Differences first: they are at most 0, so that nothing overflows.
        out[i + shift] = log_prior[i + shift] + rate * min(values[i] - best, 0.0)
        highest = max(highest, out[i + shift])
    total = 0.0
    for i in range(start, last + shift):
        out[i] = np.exp(out[i] - highest)
        total += out[i]
    for i in range(start, last + shift):
        out[i] /= total


@inner
def draw(strategies: Array, first: int, last: int, uniform: float) -> int:
    """Draw an action from ``strategies[first:last]``, counted from ``first``."""
    action = -1
    left = uniform
    for i in range(first, last):
        if strategies[i] > 0.0:
            action = i - first
            left -= strategies[i]
            if left < 0.0:
                break
    return action


@inner
def pay_strategies(
    payoffs: Array, offsets: Array, strategies: Array, player: int, pay: Array, work: Array
) -> None:
    """Fill in what each action of a player earns when the others follow ``strategies``."""
    n = len(payoffs)
    first, last = offsets[player], offsets[player + 1]
    current, cells, left, buffer = payoffs[player], payoffs.shape[1], n - 1, 0
    if n == 1:
        for i in range(first, last):
            pay[i] = current[i - first]
    for other in range(n):
        if other == player:
            continue
        size = offsets[other + 1] - offsets[other]
        cells //= size
        left -= 1
        target = work[buffer] if left > 0 else pay[first:last]
        contract(current, 1, size, cells, strategies, offsets[other], target)
        current, buffer = target, 1 - buffer


@inner
def pay_actions(payoffs: Array, offsets: Array, actions: Array, player: int, pay: Array) -> None:
    """Fill in what each action of a player earns when the others take ``actions``."""
    place = 0
    for other in range(len(actions)):
        if other != player:
            place = place * (offsets[other + 1] - offsets[other]) + actions[other]
    first, size = offsets[player], offsets[player + 1] - offsets[player]
    for i in range(size):
        pay[first + i] = payoffs[player, place * size + i]


@inner
def add_actions(
    offsets: Array,
    actions: Array,
    pay: Array,
    weight: float,
    played: Array,
    earned: Array,
    realized: Array,
    joint: Array,
    clock: Array,
) -> None:
    """Enter a round in which players took ``actions`` into a ledger."""
    cell = 0
    for player in range(len(actions)):
        first, action = offsets[player], actions[player]
        cell = cell * (offsets[player + 1] - first) + action
        played[first + action] += weight
        realized[player] += pay[first + action]
    for i in range(len(pay)):
        earned[i] += pay[i]
    joint[cell] += 1.0
    clock[0] += 1.0
    clock[1] += weight


@inner
def add_strategies(
    offsets: Array,
    strategies: Array,
    pay: Array,
    weight: float,
    played: Array,
    earned: Array,
    realized: Array,
    joint: Array,
    clock: Array,
    work: Array,
) -> None:
    """Enter a round in which players followed ``strategies``, independently, into a ledger."""
    n = len(realized)
    for player in range(n):
        value = 0.0
        for i in range(offsets[player], offsets[player + 1]):
            value += strategies[i] * pay[i]
            played[i] += weight * strategies[i]
            earned[i] += pay[i]
        realized[player] += value
    rows, buffer = 1, 0
    work[0, 0] = 1.0
    for player in range(n - 1):
        size = offsets[player + 1] - offsets[player]
        for row in range(rows):
            for i in range(size):
                product = work[buffer, row] * strategies[offsets[player] + i]
                work[1 - buffer, row * size + i] = product
        rows, buffer = rows * size, 1 - buffer
    first = offsets[n - 1]
    size = offsets[n] - first
    for row in range(rows):
        weighted = work[buffer, row]
        if weighted > 0.0:
            for i in range(size):
                joint[row * size + i] += weighted * strategies[first + i]
    clock[0] += 1.0
    clock[1] += weight
