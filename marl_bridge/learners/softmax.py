"""Softmax over legal actions, for learners that act by preferences."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from marl_bridge.learners.entries import Entry

__all__ = ["full_row", "softmax"]


def softmax(preferences: Sequence[float], legal: Sequence[int], temperature: float) -> list[float]:
    """Return the probability of each legal action, in their order.

    Examples
    --------
    >>> [round(p, 3) for p in softmax([0.0, 9.0, 1.0], [0, 2], 1.0)]
    [0.269, 0.731]
    """
    best = max([preferences[a] for a in legal])
    weights = [math.exp((preferences[a] - best) / temperature) for a in legal]
    total = sum(weights)
    return [weight / total for weight in weights]


def full_row(entry: Entry, probabilities: Sequence[float]) -> NDArray[np.float64]:
    """Spread probabilities of legal actions over all actions."""
    row = np.zeros(len(entry.values))
    row[entry.legal] = probabilities
    return row
