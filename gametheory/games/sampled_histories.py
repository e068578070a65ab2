"""Plays of a game tree drawn by the thousand, of several profiles with common random numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gametheory.errors import InvalidProfile
from gametheory.games.behavior_profile import BehaviorProfile
from gametheory.games.extensive_form import ExtensiveFormGame
from gametheory.games.node_values import edge_probabilities

__all__ = ["sample_plays"]

Ints = NDArray[np.int64]


def sample_plays(
    game: ExtensiveFormGame,
    profiles: BehaviorProfile | Sequence[BehaviorProfile],
    size: int,
    *,
    seed: int = 0,
) -> Ints:
    """Draw plays of a game: the terminal histories that they end at.

    Parameters
    ----------
    game : ExtensiveFormGame
    profiles : BehaviorProfile, or sequence of them
        How the players act. Several profiles meet the same random numbers: play k of each uses
        one number for the first action or outcome, one for the second, and so on, so that they
        are the same play until probabilities differ.
    size : int
        Number of plays of each profile.
    seed : int
        Equal seeds draw equal plays.

    Returns
    -------
    ndarray of int64, shape (size,) or (n_profiles, size)
        Positions in ``game.terminals``: play k pays ``game.terminal_payoffs[:, plays[k]]``.

    Raises
    ------
    InvalidProfile
        A profile is not one of this game, or the size is negative.

    Notes
    -----
    Independent over plays. Cost: all plays advance together, one binary search for each level of
    the tree.

    Examples
    --------
    >>> from gametheory.games.catalog import load
    >>> game = load("kuhn_poker")
    >>> plays = sample_plays(game, BehaviorProfile.uniform(game), 10_000)
    >>> payoffs = game.terminal_payoffs[:, plays].mean(axis=1)
    >>> bool(abs(payoffs[0] - 1 / 8) < 0.06)
    True
    """
    if size < 0:
        raise InvalidProfile(f"{size} plays", where="size", valid="a number from 0 on")
    single = isinstance(profiles, BehaviorProfile)
    each = [profiles] if isinstance(profiles, BehaviorProfile) else list(profiles)
    depth = len(game.level_offsets) - 2
    random = np.random.default_rng(seed).random((depth, size))
    drawn = np.empty((len(each), size), dtype=np.int64)
    for row, profile in enumerate(each):
        drawn[row] = _descend(game, profile, random)
    return drawn[0] if single else drawn


def _descend(
    game: ExtensiveFormGame, profile: BehaviorProfile, random: NDArray[np.float64]
) -> Ints:
    """Follow all plays from the root to their ends, one row of ``random`` a level."""
    probability = edge_probabilities(game, profile)
    probability[0] = 0.0  # the edges, not the root
    cumulative = np.cumsum(probability)
    # Rounding must not end a play on an edge of probability 0: the last one with more.
    likely = np.where(probability > 0.0, np.arange(game.n_nodes), 0)
    last = np.zeros(game.n_nodes, dtype=np.int64)
    np.maximum.at(last, game.parent[1:], likely[1:])
    node = np.zeros(random.shape[1], dtype=np.int64)
    for numbers in random:
        on = np.flatnonzero(game.n_children[node])
        if not on.size:
            break
        here = node[on]
        low = cumulative[game.first_child[here] - 1]
        high = cumulative[last[here]]
        target = low + numbers[on] * (high - low)
        found = np.searchsorted(cumulative, target, side="right")
        node[on] = np.minimum(found, last[here])
    return np.searchsorted(game.terminals, node).astype(np.int64)
