"""Congestion models: players choose resources, and what one pays depends on how many use it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gametheory.games.catalog.known_facts import KnownFacts

__all__ = ["congestion_payoffs", "rosenthal_potential"]

_SOURCE = "Rosenthal (1973), International Journal of Game Theory 2, pages 65-67"


def congestion_payoffs(uses: Any, earnings: Any, n_players: int) -> NDArray[np.int64]:
    """Return everybody's payoffs where all players have the same actions.

    Parameters
    ----------
    uses : array_like of bool, shape (n_actions, n_resources)
        Which resources an action takes.
    earnings : array_like of int, shape (n_resources, n_players)
        ``earnings[r, k - 1]`` is what each user of resource r gets when there are k of them.
    n_players : int

    Returns
    -------
    ndarray of int64, shape (n_players, n_actions, ..., n_actions)

    Examples
    --------
    >>> congestion_payoffs([[1, 0], [0, 1]], [[3, 1], [2, 0]], 2)[0].tolist()
    [[1, 3], [2, 0]]
    """
    used = np.asarray(uses, dtype=np.int64)
    taken = _actions(used, n_players)
    payoffs = np.zeros(taken.shape, dtype=np.int64)
    for resource, earned, load in zip(used.T, earnings, _loads(used, taken), strict=True):
        payoffs += resource[taken] * np.append(0, earned)[load]
    return payoffs


def rosenthal_potential(uses: Any, earnings: Any, n_players: int) -> KnownFacts:
    """State Rosenthal's exact potential of a congestion model, as for :func:`congestion_payoffs`.

    It adds up, for every resource, what its first, second, ... user gets on arrival.
    """
    used = np.asarray(uses, dtype=np.int64)
    taken = _actions(used, n_players)
    potential = np.zeros(taken.shape[1:], dtype=np.int64)
    for earned, load in zip(earnings, _loads(used, taken), strict=True):
        potential += np.append(0, np.cumsum(earned))[load]
    return KnownFacts.of(_SOURCE, potential=potential)


def _loads(used: NDArray[np.int64], taken: NDArray[Any]) -> Iterator[NDArray[np.int64]]:
    """Yield how many use each resource at every joint action: one at a time, they may be large."""
    for resource in used.T:
        load = np.zeros(taken.shape[1:], dtype=np.int64)
        for actions in taken:
            load += resource[actions]
        yield load


def _actions(uses: NDArray[np.int64], n_players: int) -> NDArray[np.int32]:
    """Return what every player does at every joint action."""
    return np.indices((len(uses),) * n_players, dtype=np.int32)
