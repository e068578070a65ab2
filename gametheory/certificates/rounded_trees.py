"""Bounds on regrets in large game trees: floats, and all that rounding can have done to them.

A sum of products that passes through at most k roundings on its way from the data is off by at
most k u / (1 - k u) times the sum of the terms' absolute values, u being 2**-53: Higham (2002),
Accuracy and Stability of Numerical Algorithms, lemma 3.1. Here the terms are payoffs times
probabilities that add up to one over the terminal histories of any pure strategy, so the largest
absolute payoff takes the place of that sum. Roundings are counted, not guessed.

Like the exact certificates this goes by the tree itself, and shares nothing with the sequence form
that solvers and regrets use.
"""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gametheory.games.behavior_profile import BehaviorProfile
from gametheory.games.extensive_form import CHANCE, ExtensiveFormGame

__all__ = ["BoundedRegrets", "bounded_regrets"]

Floats = NDArray[np.float64]

_UNIT = Fraction(1, 2**53)
_UNDERFLOW = Fraction(1, 2**1070)  # more than what one operation loses where numbers vanish


class BoundedRegrets(NamedTuple):
    """What a profile pays, and what its best deviations bring at most.

    Attributes
    ----------
    payoffs : tuple of Fraction
        Each player's expected payoff, to within rounding.
    regrets : tuple of Fraction
        No player's regret is larger.
    """

    payoffs: tuple[Fraction, ...]
    regrets: tuple[Fraction, ...]


def bounded_regrets(game: ExtensiveFormGame, profile: BehaviorProfile) -> BoundedRegrets:
    """Bound every player's regret from above.

    Parameters
    ----------
    game : ExtensiveFormGame
    profile : BehaviorProfile
        Stands for its exact probabilities, each divided by their exact sum.

    Returns
    -------
    BoundedRegrets

    Notes
    -----
    Cost: a few passes over the tree in floats, about 0.2 microseconds a history and player. The
    bound exceeds the regret by about 1e-16 times the payoff range, the number of levels and that of
    actions, and more where many terms fall to one action.
    """
    odds, n_odds = _odds(game, profile)
    payoffs, regrets = [], []
    for player in range(game.n_players):
        terms = _Terms(game, player)
        reach = _reach(game, odds, np.full(game.n_nodes, False))[game.terminals]
        others = _reach(game, odds, _own_children(game, player))[game.terminals]
        n_reach = (len(game.level_offsets) - 1) * (n_odds + 1)
        paid = Fraction(math.fsum((reach * terms.payoffs).tolist()))
        best, n_sums = _best_payoff(game, others * terms.payoffs, player)
        slack = terms.error(n_reach + 3) + terms.error(n_reach + 3 + n_sums)
        payoffs.append(paid + terms.center)
        regrets.append(max(Fraction(best) - paid, Fraction(0)) + slack)
    return BoundedRegrets(tuple(payoffs), tuple(regrets))


class _Terms:
    """One player's terminal payoffs, moved to around zero, and what sums of them may be off."""

    def __init__(self, game: ExtensiveFormGame, player: int) -> None:
        given = game.terminal_payoffs[player]
        center = given.min() / 2 + given.max() / 2
        self.payoffs: Floats = given - center
        self.center = Fraction(float(center))
        self.largest = Fraction(float(np.abs(self.payoffs).max())) * (1 + 4 * _UNIT)
        rounded = 0 if game.payoffs_are_exact else Fraction(float(np.abs(given).max()))
        operations = game.n_nodes * (len(game.level_offsets) + 4)
        self.lost = rounded * _UNIT * 2 + operations * _UNDERFLOW * (1 + self.largest)

    def error(self, roundings: int) -> Fraction:
        """Bound the error of a sum whose terms passed through so many roundings."""
        k = (roundings + 1) * _UNIT  # one more for moving the payoffs
        return k / (1 - k) * self.largest + self.lost


def _odds(game: ExtensiveFormGame, profile: BehaviorProfile) -> tuple[Floats, int]:
    """Probability of the edge into each node, and through how many roundings it went."""
    odds = np.ones(game.n_nodes)
    parents = game.parent[1:]
    is_chance = game.node_player[parents] == CHANCE
    edges = np.arange(1, game.n_nodes)
    odds[edges[is_chance]] = game.chance_probabilities
    own = edges[~is_chance]
    rank = own - game.first_child[game.parent[own]]
    odds[own] = profile.probabilities[
        game.action_offsets[game.node_infoset[game.parent[own]]] + rank
    ]
    inner = np.flatnonzero(game.n_children)
    if inner.size:
        sums = np.add.reduceat(odds[1:], game.first_child[inner] - 1)
        odds[1:] /= np.repeat(sums, game.n_children[inner])
    # Each number read, the sum of a node's, and the division.
    return odds, int(game.n_children.max(initial=0)) + 2


def _own_children(game: ExtensiveFormGame, player: int) -> NDArray[np.bool_]:
    own: NDArray[np.bool_] = game.node_player[game.parent] == player
    own[0] = False
    return own


def _reach(game: ExtensiveFormGame, odds: Floats, left_out: NDArray[np.bool_]) -> Floats:
    """Multiply the probabilities on the way to each node, some left out."""
    reach = np.where(left_out, 1.0, odds)
    offsets = game.level_offsets.tolist()
    for low, high in pairwise(offsets[1:]):
        reach[low:high] *= reach[game.parent[low:high]]
    return reach


def _best_payoff(game: ExtensiveFormGame, worth: Floats, player: int) -> tuple[float, int]:
    """Choose the best own action from the last information sets up.

    Returns
    -------
    best : float
    roundings : int
        How many additions a term passes through at most.
    """
    last = _last_own_action(game, player)
    nowhere = int(game.action_offsets[-1])  # stands for the start, before any own action
    earned = np.bincount(last[game.terminals], weights=worth, minlength=nowhere + 1)
    added = np.bincount(last[game.terminals], minlength=nowhere + 1)
    mine = np.flatnonzero(game.infoset_player == player)
    first = game.infoset_first_node[mine]
    # An information set's first history lies deeper than that of any earlier own one.
    level = np.searchsorted(game.level_offsets, first, side="right")
    for here in np.split(mine, np.flatnonzero(np.diff(level)) + 1)[::-1]:
        if not here.size:
            continue
        low, high = game.action_offsets[here[0]], game.action_offsets[here[-1] + 1]
        starts = game.action_offsets[here] - low
        above = last[game.infoset_first_node[here]]
        np.add.at(earned, above, np.maximum.reduceat(earned[low:high], starts))
        depth = np.zeros_like(added)  # of what is below: the deepest counts
        np.maximum.at(depth, above, np.maximum.reduceat(added[low:high], starts))
        added += depth
        np.add.at(added, above, 1)
    return float(earned[nowhere]), int(added[nowhere])


def _last_own_action(game: ExtensiveFormGame, player: int) -> NDArray[Any]:
    """Flat index of the player's last action on the way to each node; one past all for none."""
    last = np.full(game.n_nodes, int(game.action_offsets[-1]))
    offsets = game.level_offsets.tolist()
    for low, high in pairwise(offsets[1:]):
        parent = game.parent[low:high]
        flat = game.action_offsets[game.node_infoset[parent]]
        flat = flat + np.arange(low, high) - game.first_child[parent]
        last[low:high] = np.where(game.node_player[parent] == player, flat, last[parent])
    return last
