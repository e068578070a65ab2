"""Stationary distributions from logarithms of rates, so that no rate is too small.

Grassmann, Taksar and Heyman (1985), "Regenerative analysis and steady state distributions for
Markov chains", Operations Research 33: states are eliminated without a subtraction, so that every
probability has a small relative error. As nothing is subtracted, the same elimination works on
leading terms in an epsilon that goes to zero.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["stationary_distribution"]

Floats = NDArray[np.float64]


def stationary_distribution(log_rates: Floats, orders: Floats | None = None) -> Floats:
    """Return the part of time that an irreducible chain spends in each state.

    Parameters
    ----------
    log_rates : ndarray of float64, shape (n, n)
        Logarithms of the rates, or probabilities, of going from row to column; minus infinity
        where it never does. The diagonal is not read.
    orders : ndarray of float64, shape (n, n), optional
        The rates are exp(log_rates) * epsilon**orders, and the distribution is the limit for
        epsilon to zero. Differences of a half are told apart: whole numbers are meant.

    Returns
    -------
    ndarray of float64, shape (n,)

    Notes
    -----
    The chain may go from every state to every other one, if not directly. Cost: n^3 / 3
    exponentials and logarithms.

    Examples
    --------
    >>> stationary_distribution(np.log([[1, 1], [3, 1]]))
    array([0.75, 0.25])

    Rare steps of order one out of the first two states, and of order two out of the third:

    >>> orders = np.array([[0, 0, 1], [0, 0, 1], [2, 2, 0]])
    >>> stationary_distribution(np.zeros((3, 3)), orders)
    array([0., 0., 1.])
    """
    from gametheory.kernels.log_stationary import eliminate_state, weigh_state

    logs = np.array(log_rates, dtype=np.float64)
    n = len(logs)
    powers = np.zeros((n, n)) if orders is None else np.array(orders, dtype=np.float64)
    for last in range(n - 1, 0, -1):
        eliminate_state(powers, logs, last)
    weights, weight_orders = np.zeros(n), np.zeros(n)
    for state in range(1, n):
        weigh_state(powers, logs, state, weight_orders, weights)
    weights[weight_orders > weight_orders.min() + 0.5] = -np.inf
    odds = np.exp(weights - weights.max())
    return np.asarray(odds / odds.sum())
