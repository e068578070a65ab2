"""Rounds of a matrix game between learners that see what they earn and nothing else.

A learner has two parts: how it acts on its memory, and what it remembers of its payoff. Both are
chosen by ``Rule.kind``; drawing, payoffs and sums are the same for all. Every learner here exists
in plain Python too, one file each in :mod:`marl_bridge.learners`. The two take the same random
numbers in the same order, so that they can be held against each other.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gametheory.kernels.compiling import compiled, inner

__all__ = [
    "ACTOR_CRITIC",
    "BOLTZMANN_Q",
    "EXP3",
    "FREQUENCY_ADJUSTED_Q",
    "HYSTERETIC_Q",
    "LENIENT_Q",
    "MOST_DRAWS",
    "REGRETS",
    "REINFORCE",
    "WOLF_PHC",
    "Q",
    "Rule",
    "bandit_rounds",
]

Array = NDArray[Any]

(
    Q,
    HYSTERETIC_Q,
    LENIENT_Q,
    WOLF_PHC,
    BOLTZMANN_Q,
    FREQUENCY_ADJUSTED_Q,
    EXP3,
    REGRETS,
    REINFORCE,
    ACTOR_CRITIC,
) = range(10)

MOST_DRAWS = 3
"""Random numbers that one player may need in one round."""

_TIE = 1e-12  # values closer than this are tied


class Rule(NamedTuple):
    """How players learn, all in the same way.

    Attributes
    ----------
    kind : int
        One of the constants above.
    schedules : ndarray of float64, shape (s, 3)
        Numbers that move linearly from the first entry to the second over a share of the rounds,
        the third. By kind: exploration and step size for the first four, temperature and step
        size, temperature and step size, none, exploration, step size, step size.
    constants : ndarray of float64
        By kind: none; pessimism; leniency and cooling; winning and losing step; none; cap;
        exploration and the bounds of payoffs; none; none; the critic's step size.
    rows : ndarray of float64, shape (n, r, m)
        Changed in place: what each player keeps for each action, values first.
    numbers : ndarray of float64, shape (n, k)
        Changed in place: what each player keeps besides.
    """

    kind: int
    schedules: Array
    constants: Array
    rows: Array
    numbers: Array


@inner
def _best(values: Array, m: int) -> float:
    best: float = values[0]
    for i in range(1, m):
        best = max(best, values[i])
    return best


@inner
def _place(chances: Array, m: int, number: float) -> int:
    """Return where a uniform number falls among weights."""
    total = 0.0
    for i in range(m):
        total += chances[i]
    threshold = number * total
    for i in range(m):
        threshold -= chances[i]
        if threshold < 0.0:
            return i
    return m - 1


@inner
def _softmax(values: Array, m: int, temperature: float, out: Array) -> None:
    best, total = _best(values, m), 0.0
    for i in range(m):
        out[i] = np.exp((values[i] - best) / temperature)
        total += out[i]
    for i in range(m):
        out[i] /= total


@inner
def _greedy(values: Array, m: int, epsilon: float, uniform: Array, place: int) -> tuple[int, int]:
    """Choose a best action, or any with probability ``epsilon``; return where to read on."""
    explores = uniform[place] < epsilon
    place += 1
    limit = _best(values, m) - _TIE
    count = 0
    for i in range(m):
        if explores or values[i] >= limit:
            count += 1
    chosen = 0
    if count > 1:
        chosen = int(uniform[place] * count)
        place += 1
    for i in range(m):
        if explores or values[i] >= limit:
            if chosen == 0:
                return i, place
            chosen -= 1
    return m - 1, place


@inner
def _act(rule: Rule, now: Array, player: int, m: int, chances: Array) -> None:
    """Fill in the probabilities a player draws from."""
    kind, _, constants, rows, _ = rule
    values = rows[player, 0]
    if kind in (BOLTZMANN_Q, FREQUENCY_ADJUSTED_Q):
        _softmax(values, m, now[0], chances)
    elif kind in (REINFORCE, ACTOR_CRITIC):
        _softmax(values, m, 1.0, chances)
    elif kind == EXP3:
        _softmax(values, m, 1.0, chances)
        for i in range(m):
            chances[i] = (1.0 - constants[0]) * chances[i] + constants[0] / m
    else:  # REGRETS
        total = 0.0
        for i in range(m):
            chances[i] = values[i] if values[i] > 0.0 else 0.0
            total += chances[i]
        share = (1.0 - now[0]) / total
        for i in range(m):
            chances[i] = share * chances[i] + now[0] / m if total > 0.0 else 1.0 / m


@inner
def _climb(preferences: Array, m: int, action: int, chances: Array, step: float) -> None:
    for i in range(m):
        preferences[i] -= step * chances[i]
    preferences[action] += step


@inner
def _hill_climb(rule: Rule, player: int, m: int) -> None:
    """Move WoLF's policy towards the best action: slowly if it beats its average, else fast."""
    values, policy, average = rule.rows[player, 0], rule.rows[player, 1], rule.rows[player, 2]
    rule.numbers[player, 0] += 1.0
    share = 1.0 / rule.numbers[player, 0]
    earns = earned = 0.0
    for i in range(m):
        average[i] += (policy[i] - average[i]) * share
        earns += policy[i] * values[i]
        earned += average[i] * values[i]
    if m == 1:
        return
    step = (rule.constants[0] if earns > earned else rule.constants[1]) / (m - 1)
    limit, best = _best(values, m) - _TIE, 0
    while values[best] < limit:
        best += 1
    for i in range(m):
        if i != best:
            taken = min(policy[i], step)
            policy[i] -= taken
            policy[best] += taken


@inner
def _learn(
    rule: Rule,
    now: Array,
    player: int,
    m: int,
    action: int,
    reward: float,
    chances: Array,
    uniform: Array,
    place: int,
) -> int:
    """Remember what an action earned; return where to read on among the random numbers."""
    kind, _, constants, rows, numbers = rule
    values = rows[player, 0]
    if kind == EXP3:
        gain = (reward - constants[1]) / (constants[2] - constants[1])
        values[action] += constants[0] * gain / (chances[action] * m)
    elif kind == REGRETS:
        for i in range(m):
            values[i] -= reward
        values[action] += reward / chances[action]
    elif kind == REINFORCE:
        _climb(values, m, action, chances, now[0] * (reward - numbers[player, 0]))
        numbers[player, 1] += 1.0
        numbers[player, 0] += (reward - numbers[player, 0]) / numbers[player, 1]
    elif kind == ACTOR_CRITIC:
        error = reward - numbers[player, 0]
        _climb(values, m, action, chances, now[0] * error)
        numbers[player, 0] += constants[0] * error
    else:
        before, alpha = values[action], now[1]
        if kind == FREQUENCY_ADJUSTED_Q:
            alpha *= min(constants[0] / chances[action], 1.0)
        values[action] = before + alpha * (reward - before)
        change = values[action] - before
        if kind == HYSTERETIC_Q and change < 0.0:
            values[action] = before + constants[0] * change
        elif kind == LENIENT_Q:
            heat = constants[0] * rows[player, 1, action]
            if change < 0.0 and heat > 0.0:
                if uniform[place] < np.exp(-1.0 / heat):
                    values[action] = before
                place += 1
            rows[player, 1, action] *= constants[1]
        elif kind == WOLF_PHC:
            _hill_climb(rule, player, m)
    return place


@compiled
def bandit_rounds(
    rewards: Array,
    sizes: Array,
    rule: Rule,
    clock: Array,
    steps: int,
    uniform: Array,
    counts: Array,
    earned: Array,
) -> int:
    """Play so many rounds.

    Parameters
    ----------
    rewards : ndarray of float64, shape (m_1 * ... * m_n, n)
        Of the joint actions, the last player's actions next to each other.
    sizes : ndarray of int64, shape (n,)
        Numbers of actions.
    rule : Rule
        Its memory is changed in place.
    clock : ndarray of float64, shape (2,)
        Rounds played before, changed in place, and rounds in all.
    steps : int
    uniform : ndarray of float64
        At least ``MOST_DRAWS * n * steps`` random numbers.
    counts : ndarray of int64, shape (m_1 * ... * m_n,)
        How often each joint action was played; added to.
    earned : ndarray of float64, shape (n,)
        Sums of rewards; added to.

    Returns
    -------
    int
        How many of the random numbers were used.
    """
    n, place = len(sizes), 0
    kind, schedules = rule.kind, rule.schedules
    now = np.empty(len(schedules))
    actions = np.empty(n, dtype=np.int64)
    chances = np.empty((n, rule.rows.shape[2]))
    for _ in range(steps):
        progress = clock[0] / clock[1]
        for k in range(len(schedules)):
            first, last, share = schedules[k]
            over = min(1.0, progress / share) if share > 0.0 else 1.0
            now[k] = first + (last - first) * over
        cell = 0
        for player in range(n):
            m = sizes[player]
            if kind <= LENIENT_Q:
                values = rule.rows[player, 0]
                actions[player], place = _greedy(values, m, now[0], uniform, place)
            elif kind == WOLF_PHC:
                explores = uniform[place] < now[0]
                number = uniform[place + 1]
                place += 2
                if explores:
                    actions[player] = int(number * m)
                else:
                    actions[player] = _place(rule.rows[player, 1], m, number)
            else:
                _act(rule, now, player, m, chances[player])
                actions[player] = _place(chances[player], m, uniform[place])
                place += 1
            cell = cell * m + actions[player]
        counts[cell] += 1
        for player in range(n):
            reward = rewards[cell, player]
            earned[player] += reward
            place = _learn(
                rule, now, player, sizes[player], actions[player], reward, chances[player],
                uniform, place,
            )  # fmt: skip
        clock[0] += 1.0
    return place
