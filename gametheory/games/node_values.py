"""What play by a profile does at every history: edge probabilities and expected payoffs."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from gametheory.games.behavior_profile import BehaviorProfile
from gametheory.games.extensive_form import ExtensiveFormGame

__all__ = ["edge_probabilities", "node_values"]

Floats = NDArray[np.float64]


def edge_probabilities(game: ExtensiveFormGame, profile: BehaviorProfile) -> Floats:
    """Return the probability of the edge into each history, shape (n_nodes,); 1 for the root.

    Raises
    ------
    InvalidProfile
        The profile is not one of this game.

    Examples
    --------
    >>> from gametheory.games.catalog import load
    >>> game = load("kuhn_poker")
    >>> edge_probabilities(game, BehaviorProfile.uniform(game))[:6].round(3)
    array([1.   , 0.333, 0.333, 0.333, 0.5  , 0.5  ])
    """
    profile.check_fits(game)
    probability = np.ones(game.n_nodes)
    probability[game.chance_children] = game.chance_probabilities
    infoset = game.node_infoset[game.parent]
    infoset[0] = -1
    chosen = np.flatnonzero(infoset >= 0)
    rank = chosen - game.first_child[game.parent[chosen]]
    probability[chosen] = profile.probabilities[game.action_offsets[infoset[chosen]] + rank]
    return probability


def node_values(game: ExtensiveFormGame, profile: BehaviorProfile) -> Floats:
    """Return each player's expected payoff at each history, shape (n_players, n_nodes).

    Cost: one pass over the tree, from the last level to the root.

    Raises
    ------
    InvalidProfile
        The profile is not one of this game.

    Examples
    --------
    >>> from gametheory.games.catalog import load
    >>> game = load("kuhn_poker")
    >>> node_values(game, BehaviorProfile.uniform(game))[:, 0]
    array([ 0.125, -0.125])
    """
    probability = edge_probabilities(game, profile)
    values = np.zeros((game.n_players, game.n_nodes))
    values[:, game.terminals] = game.terminal_payoffs
    for low, high in reversed(list(pairwise(game.level_offsets.tolist()[1:]))):
        parent = game.parent[low:high]
        starts = np.flatnonzero(np.append(True, parent[1:] != parent[:-1]))
        part = probability[low:high] * values[:, low:high]
        values[:, parent[starts]] = np.add.reduceat(part, starts, axis=1)
    return values
