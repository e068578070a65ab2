"""Elimination of a Markov chain's states without subtractions, on logarithms.

Rates are exp(log) * epsilon^order for an epsilon that goes to zero: of a sum only the smallest
order counts. With all orders zero this is plain arithmetic on logarithms.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gametheory.kernels.compiling import compiled, inner

__all__ = ["eliminate_state", "weigh_state"]

Array = NDArray[Any]


@inner
def _add(order: float, log: float, other_order: float, other_log: float) -> tuple[float, float]:
    if other_log == -np.inf or (log > -np.inf and order < other_order):
        return order, log
    if log == -np.inf or other_order < order:
        return other_order, other_log
    high, low = max(log, other_log), min(log, other_log)
    return order, high + np.log1p(np.exp(low - high))


@compiled
def eliminate_state(orders: Array, logs: Array, last: int) -> None:
    """Take the last of some states out: what went into it goes where it would have gone.

    Parameters
    ----------
    orders, logs : ndarray of float64, shape (n, n)
        The rates from row to column; minus infinity in ``logs`` for none. Changed in place; the
        column ``last`` then holds the rates into it over all those out of it.
    last : int
        Some state before it can be reached.
    """
    order, log = 0.0, -np.inf
    for j in range(last):
        order, log = _add(order, log, orders[last, j], logs[last, j])
    for i in range(last):
        if logs[i, last] == -np.inf:
            continue
        logs[i, last] -= log
        orders[i, last] -= order
        for j in range(last):
            if logs[last, j] > -np.inf and i != j:
                orders[i, j], logs[i, j] = _add(
                    orders[i, j],
                    logs[i, j],
                    orders[i, last] + orders[last, j],
                    logs[i, last] + logs[last, j],
                )


@compiled
def weigh_state(
    orders: Array, logs: Array, state: int, weight_orders: Array, weights: Array
) -> None:
    """Fill in a state's weight from those before it, after all were eliminated."""
    order, log = 0.0, -np.inf
    for i in range(state):
        if logs[i, state] > -np.inf:
            order, log = _add(
                order, log, weight_orders[i] + orders[i, state], weights[i] + logs[i, state]
            )
    weight_orders[state], weights[state] = order, log
