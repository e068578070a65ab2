"""Monte-Carlo counterfactual regret minimization on a tree in arrays.

A traversal goes through the tree along parents and children, so it needs no stack, whatever the
depth. Random numbers come from xoshiro256++ (Blackman and Vigna 2021, "Scrambled linear
pseudorandom number generators"), whose four words are the caller's: how iterations are cut into
calls changes nothing, and a search that was stopped goes on as if it had not been.

:mod:`gametheory.algorithms.extensive_form.simulator_cfr` is the same on a simulator, draw by draw.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gametheory.games.extensive_form import CHANCE, TERMINAL
from gametheory.kernels.compiling import compiled, inner

__all__ = [
    "CHANCES",
    "EXTERNAL",
    "OUTCOME",
    "ROUNDING",
    "Sampling",
    "SamplingTree",
    "fill_uniform",
    "run_iterations",
]

Array = NDArray[Any]

EXTERNAL, OUTCOME, CHANCES = range(3)

ROUNDING = 1e-14
"""Payoffs of an information set's actions that differ by less than this part of their size are
the same number: regret matching would make a choice of their rounding."""

_SHIFT_11, _SHIFT_17, _SHIFT_23, _SHIFT_45 = (np.uint64(n) for n in (11, 17, 23, 45))
_WORD = np.uint64(64)


class SamplingTree(NamedTuple):
    """A game's tree.

    Attributes
    ----------
    player, first_child, n_children, parent : ndarray of int, shape (n_nodes,)
        As in :class:`~gametheory.games.extensive_form.ExtensiveFormGame`.
    entry : ndarray of int, shape (n_nodes,)
        Of a decision its information set's first action among all, of a chance node its first
        outcome among all, of a terminal node its number.
    chance : ndarray, shape (n_outcomes,)
        Sums of each chance node's probabilities up to and including each outcome; infinite from
        the last possible one on.
    payoffs : ndarray, shape (n_players, n_terminals)
    """

    player: Array
    first_child: Array
    n_children: Array
    parent: Array
    entry: Array
    chance: Array
    payoffs: Array


class Sampling(NamedTuple):
    """What traversals change.

    Attributes
    ----------
    strategy, regrets, averages : ndarray, shape (n_actions,)
        Of all information sets' actions: current probabilities, sums of sampled counterfactual
        regrets, and weighted sums of strategies.
    random : ndarray of uint64, shape (4,)
    values : ndarray, shape (n_nodes,)
        Scratch.
    changes : ndarray, shape (n_actions,)
        Zeros: scratch of chance sampling.
    marked : ndarray of bool, shape (n_actions,)
        False: scratch of chance sampling.
    touched : ndarray of int64, shape (n_infosets,)
        Scratch.
    own, others : ndarray, shape (n_levels,)
        Scratch.
    baselines : ndarray, shape (n_players, n_actions)
        Outcome sampling: what each player is expected to earn after each action.
    """

    strategy: Array
    regrets: Array
    averages: Array
    random: Array
    values: Array
    changes: Array
    marked: Array
    touched: Array
    own: Array
    others: Array
    baselines: Array


@inner
def _uniform(random: Array) -> float:
    """Draw a number from 0 to 1, 1 excluded."""
    s0, s1, s2, s3 = random[0], random[1], random[2], random[3]
    both = s0 + s3
    drawn = ((both << _SHIFT_23) | (both >> (_WORD - _SHIFT_23))) + s0
    shifted = s1 << _SHIFT_17
    s2 ^= s0
    s3 ^= s1
    s1 ^= s2
    s0 ^= s3
    s2 ^= shifted
    s3 = (s3 << _SHIFT_45) | (s3 >> (_WORD - _SHIFT_45))
    random[0], random[1], random[2], random[3] = s0, s1, s2, s3
    return float(drawn >> _SHIFT_11) * 2.0**-53


@compiled
def fill_uniform(random: Array, out: Array) -> None:
    """Fill an array with the next numbers of the stream."""
    for i in range(len(out)):
        out[i] = _uniform(random)


@inner
def _draw_outcome(chance: Array, random: Array, at: int, k: int) -> int:
    """Draw one of chance's outcomes."""
    if k == 1:
        return 0
    number = _uniform(random)
    low, high = at, at + k - 1
    while low < high:
        middle = (low + high) // 2
        if chance[middle] > number:
            high = middle
        else:
            low = middle + 1
    return low - at


@inner
def _draw_action(strategy: Array, random: Array, at: int, k: int, exploration: float) -> int:
    """Draw one of a decision's actions; with probability ``exploration`` uniformly."""
    if k == 1:
        return 0
    number = _uniform(random)
    total, last = 0.0, 0
    for a in range(k):
        weight = exploration / k + (1.0 - exploration) * strategy[at + a]
        total += weight
        if number < total:
            return a
        if weight > 0.0:
            last = a
    return last  # the sum is less than one by a rounding


@inner
def _add_strategy(averages: Array, strategy: Array, at: int, k: int, weight: float) -> None:
    for a in range(at, at + k):
        averages[a] += weight * strategy[a]


@inner
def _add_regrets(
    values: Array, first: int, k: int, value: float, reach: float, at: int, out: Array
) -> None:
    """Add what a decision's actions are worth more than the decision, times a reach probability."""
    size = 0.0
    for a in range(first, first + k):
        size += abs(values[a])
    for a in range(k):
        regret = values[first + a] - value
        if abs(regret) > ROUNDING * size:
            out[at + a] += reach * regret


@inner
def _match(regrets: Array, strategy: Array, at: int, k: int, floor: float) -> None:
    """Keep sums of regrets from falling below a floor, and play in proportion to positive ones."""
    total = 0.0
    for a in range(at, at + k):
        regrets[a] = max(regrets[a], floor)
        total += max(regrets[a], 0.0)
    for a in range(at, at + k):
        strategy[a] = max(regrets[a], 0.0) / total if total > 0.0 else 1.0 / k


# The traversals name their arrays first: taking one out of its tuple costs more than an entry.


@inner
def _external(tree: SamplingTree, x: Sampling, player: int, floor: float, averaging: bool) -> None:
    """Try all actions of the player; draw one of everyone else's and of chance's.

    No information set of the player is met twice: two histories of one differ in what others
    did, of which one thing is drawn.
    """
    movers, firsts, counts, parents, entries, chance, payoffs = tree
    strategy, regrets, averages, random, values = x[:5]
    node = 0
    while True:
        mover = movers[node]
        while mover != TERMINAL:
            first = firsts[node]
            if mover == player:
                node = first
            elif mover == CHANCE:
                node = first + _draw_outcome(chance, random, entries[node], counts[node])
            else:
                at, k = entries[node], counts[node]
                if averaging:
                    _add_strategy(averages, strategy, at, k, 1.0)
                node = first + _draw_action(strategy, random, at, k, 0.0)
            mover = movers[node]
        value = payoffs[player, entries[node]]
        while True:
            if node == 0:
                return
            above = parents[node]
            if movers[above] == player:
                values[node] = value
                first, k = firsts[above], counts[above]
                if node + 1 < first + k:
                    node += 1
                    break
                at = entries[above]
                value = 0.0
                for a in range(k):
                    value += strategy[at + a] * values[first + a]
                _add_regrets(values, first, k, value, 1.0, at, regrets)
                _match(regrets, strategy, at, k, floor)
            node = above


@inner
def _outcome(
    tree: SamplingTree,
    x: Sampling,
    player: int,
    exploration: float,
    rate: float,
    floor: float,
    averaging: bool,
) -> None:
    """Draw one history, and learn at the player's decisions on it.

    An action's value is its baseline, corrected where it was drawn by how far off that was,
    divided by the probability of drawing it.
    """
    movers, firsts, counts, parents, entries, chance, payoffs = tree
    strategy, regrets, averages, random = x[:4]
    baselines = x.baselines[player]
    node, drawn = 0, 1.0  # the probability with which the player's own actions are drawn
    mover = movers[node]
    while mover != TERMINAL:
        first, at, k = firsts[node], entries[node], counts[node]
        if mover == CHANCE:
            node = first + _draw_outcome(chance, random, at, k)
        elif mover == player:
            a = _draw_action(strategy, random, at, k, exploration)
            node = first + a
            if k > 1:
                drawn *= exploration / k + (1.0 - exploration) * strategy[at + a]
        else:
            if averaging:
                _add_strategy(averages, strategy, at, k, 1.0 / drawn)
            node = first + _draw_action(strategy, random, at, k, 0.0)
        mover = movers[node]
    value = payoffs[player, entries[node]]
    while node != 0:
        above = parents[node]
        mover = movers[above]
        at, k = entries[above], counts[above]
        if mover != CHANCE and k > 1 and (mover == player or rate > 0.0):
            chosen = at + node - firsts[above]
            odds = strategy[chosen]
            if mover == player:
                odds = exploration / k + (1.0 - exploration) * odds
                drawn /= odds
            off = value - baselines[chosen]
            correction = off / odds
            value = strategy[chosen] * correction
            for a in range(at, at + k):
                value += strategy[a] * baselines[a]
            if mover == player:
                for a in range(at, at + k):
                    worth = baselines[a] + correction if a == chosen else baselines[a]
                    regrets[a] += (worth - value) / drawn
                _match(regrets, strategy, at, k, floor)
            baselines[chosen] += rate * off
        node = above


@inner
def _apply_changes(tree: SamplingTree, x: Sampling, n_touched: int, floor: float) -> None:
    """Add the regrets that a traversal has noted."""
    for i in range(n_touched):
        node = x.touched[i]
        at, k = tree.entry[node], tree.n_children[node]
        for a in range(at, at + k):
            x.regrets[a] += x.changes[a]
            x.changes[a] = 0.0
        x.marked[at] = False
        _match(x.regrets, x.strategy, at, k, floor)


@inner
def _chances(tree: SamplingTree, x: Sampling, player: int, floor: float) -> None:
    """Draw chance's outcomes and try all actions of all players.

    An information set may be met several times, so its strategy changes after the traversal.
    Where neither the player nor the others lead to, nothing would change.
    """
    movers, firsts, counts, parents, entries, chance, payoffs = tree
    strategy, _, averages, random, values, changes, marked, touched, reach, others = x[:10]
    node, depth, n_touched = 0, 0, 0
    reach[0], others[0] = 1.0, 1.0
    while True:
        mover, p, q, value = movers[node], reach[depth], others[depth], 0.0
        while mover != TERMINAL and (p > 0.0 or q > 0.0):
            first, at, k = firsts[node], entries[node], counts[node]
            node = first
            if mover == CHANCE:
                node += _draw_outcome(chance, random, at, k)
            elif mover == player:
                _add_strategy(averages, strategy, at, k, p)
                p *= strategy[at]
            else:
                q *= strategy[at]
            depth += 1
            reach[depth], others[depth] = p, q
            mover = movers[node]
        if mover == TERMINAL:
            value = payoffs[player, entries[node]]
        while True:
            if node == 0:
                _apply_changes(tree, x, n_touched, floor)
                return
            above = parents[node]
            mover, at = movers[above], entries[above]
            p, q = reach[depth - 1], others[depth - 1]
            if mover != CHANCE:
                values[node] = value
                first, k = firsts[above], counts[above]
                if node + 1 < first + k:
                    node += 1
                    odds = strategy[at + node - first]
                    reach[depth] = p * odds if mover == player else p
                    others[depth] = q if mover == player else q * odds
                    break
                value = 0.0
                for a in range(k):
                    value += strategy[at + a] * values[first + a]
                if mover == player and q > 0.0:
                    if not marked[at]:
                        marked[at], touched[n_touched] = True, above
                        n_touched += 1
                    _add_regrets(values, first, k, value, q, at, changes)
            node = above
            depth -= 1


@inner
def _average_walk(tree: SamplingTree, x: Sampling, player: int) -> None:
    """Add the player's strategy along a history on which the others play uniformly.

    An information set is then met in proportion to the player's own reach probability of it:
    what others do, and chance, is drawn in the same way in every iteration.
    """
    movers, firsts, counts, _, entries, chance, _ = tree
    strategy, _, averages, random = x[:4]
    node = 0
    mover = movers[node]
    while mover != TERMINAL:
        first, at, k = firsts[node], entries[node], counts[node]
        if mover == CHANCE:
            node = first + _draw_outcome(chance, random, at, k)
        elif mover == player:
            _add_strategy(averages, strategy, at, k, 1.0)
            node = first + _draw_action(strategy, random, at, k, 0.0)
        else:
            node = first + _draw_action(strategy, random, at, k, 1.0)
        mover = movers[node]


@compiled
def run_iterations(
    tree: SamplingTree,
    x: Sampling,
    sampling: int,
    exploration: float,
    rate: float,
    floor: float,
    n: int,
) -> None:
    """Run iterations: one traversal for each player, the first player's first.

    Parameters
    ----------
    tree : SamplingTree
    x : Sampling
        Changed.
    sampling : int
        ``EXTERNAL``, ``OUTCOME`` or ``CHANCES``.
    exploration : float
        Outcome sampling: with what probability a player's actions are drawn uniformly.
    rate : float
        Outcome sampling: how far a baseline moves to each new value; 0 for no baselines.
    floor : float
        Sums of regrets are kept at least so large: 0, or minus infinity.
    n : int
        How many iterations.

    Notes
    -----
    Of two players, each one's average is kept while the other's actions are tried, as in the
    paper. Of more, that would weight it with what the third player does at the time, so each
    has a walk of its own.
    """
    n_players = len(tree.payoffs)
    for _ in range(n):
        for player in range(n_players):
            if sampling == CHANCES:
                _chances(tree, x, player, floor)
                continue
            if sampling == EXTERNAL:
                _external(tree, x, player, floor, n_players == 2)
            else:
                _outcome(tree, x, player, exploration, rate, floor, n_players == 2)
            if n_players != 2:
                _average_walk(tree, x, player)
