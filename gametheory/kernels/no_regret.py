"""Learners that keep one number for each action, or for each pair, and play by it.

A learner has two parts: what it plays, given its memory, and what it remembers of a round. Both
are chosen by ``Learner.kind``; the rounds, payoffs and sums are the same for all.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gametheory.kernels.compiling import compiled, inner
from gametheory.kernels.rounds import (
    Ledger,
    Table,
    add_actions,
    add_strategies,
    draw,
    pay_actions,
    pay_strategies,
    softmax,
)
from gametheory.kernels.stationary import stationary

__all__ = [
    "CONDITIONAL",
    "EXP3",
    "HEDGE",
    "INTERNAL",
    "REGRETS",
    "REGRETS_PLUS",
    "SWAP_HEDGE",
    "Learner",
    "learning_rounds",
]

Array = NDArray[Any]

REGRETS, REGRETS_PLUS, HEDGE, EXP3, INTERNAL, CONDITIONAL, SWAP_HEDGE = range(7)


class Learner(NamedTuple):
    """How players learn, all in the same way.

    Attributes
    ----------
    kind : int
        One of the constants above.
    rates : ndarray of float64, shape (n,)
        Learning rates; the inertia of ``CONDITIONAL``.
    exploration : ndarray of float64, shape (n,)
        Exp3's probability of playing uniformly.
    fading : bool
        Whether the rate in round t is divided by the square root of t.
    optimism : float
        How often the last payoffs are counted once more.
    alternating : bool
        Two players: the first one has learned against the second one's strategy before it plays.
    power : int
        Strategies are averaged with weight t ** power in round t.
    memory : ndarray of float64
        Changed in place. For each player sums of: regrets; payoffs; a matrix of regrets
        [played, instead]; a matrix of payoffs [played, instead].
    places : ndarray of int64, shape (n + 1,)
        Where each player's memory begins.
    start, log_start : ndarray of float64, shape (M,)
        What is played when there is nothing to go by, and its logarithms.
    chain : ndarray of float64, shape (m, m), m the largest number of actions
        Scratch.
    """

    kind: int
    rates: Array
    exploration: Array
    fading: bool
    optimism: float
    alternating: bool
    power: int
    memory: Array
    places: Array
    start: Array
    log_start: Array
    chain: Array


@inner
def _match(memory: Array, place: int, first: int, last: int, start: Array, out: Array) -> None:
    """Play in proportion to positive regrets."""
    total = 0.0
    for i in range(first, last):
        out[i] = max(memory[place + i - first], 0.0)
        total += out[i]
    for i in range(first, last):
        out[i] = out[i] / total if total > 0.0 else start[i]


@inner
def _match_pairs(
    memory: Array, place: int, first: int, last: int, start: Array, chain: Array, out: Array
) -> None:
    """Play what the chain keeps that goes from action to action in proportion to regrets."""
    m = last - first
    total = 0.0
    for i in range(m):
        for j in range(m):
            rate = max(memory[place + i * m + j], 0.0)
            chain[i, j] = rate
            total += rate
    if total > 0.0:
        stationary(chain, m, out, first)
    else:
        for i in range(first, last):
            out[i] = start[i]


@inner
def _leave(
    memory: Array, row: int, first: int, last: int, action: int, inertia: float, out: Array
) -> None:
    """Leave an action in proportion to the regrets for it, and stay otherwise."""
    stay = 1.0
    for i in range(last - first):
        if i != action:
            regret = max(memory[row + i], 0.0)
            out[first + i] = regret / inertia if regret > 0.0 else 0.0
            stay -= out[first + i]
    out[first + action] = max(stay, 0.0)


@inner
def _swap_hedge(
    memory: Array,
    place: int,
    first: int,
    last: int,
    rate: float,
    log_start: Array,
    chain: Array,
    out: Array,
) -> None:
    """Play what the matrix of all learners' strategies keeps."""
    m = last - first
    for i in range(m):
        row = place + i * m
        softmax(memory, row, row + m, rate, log_start, out, first)
        for j in range(m):
            chain[i, j] = out[first + j]
    stationary(chain, m, out, first)


@inner
def _learn(
    kind: int,
    memory: Array,
    place: int,
    first: int,
    last: int,
    action: int,
    sampled: bool,
    x: Array,
    pay: Array,
) -> None:
    """Remember what a player's actions earned."""
    m = last - first
    if kind == HEDGE:
        for i in range(m):
            memory[place + i] += pay[first + i]
    elif kind == EXP3:
        memory[place + action] += pay[first + action] / x[first + action]
    elif kind == SWAP_HEDGE:
        for i in range(m):
            weight = x[first + i]
            if sampled:
                weight = 1.0 if i == action else 0.0
            if weight > 0.0:
                for j in range(m):
                    memory[place + i * m + j] += weight * pay[first + j]
    elif kind in (INTERNAL, CONDITIONAL):
        for i in range(m):
            weight = x[first + i]
            if sampled:
                weight = 1.0 if i == action else 0.0
            if weight > 0.0:
                for j in range(m):
                    memory[place + i * m + j] += weight * (pay[first + j] - pay[first + i])
    else:
        value = 0.0
        if sampled:
            value = pay[first + action]
        else:
            for i in range(first, last):
                value += x[i] * pay[i]
        for i in range(m):
            regret = memory[place + i] + (pay[first + i] - value)
            memory[place + i] = max(regret, 0.0) if kind == REGRETS_PLUS else regret


@compiled
def learning_rounds(
    table: Table, ledger: Ledger, learner: Learner, steps: int, uniform: Array
) -> None:
    """Play so many rounds.

    Parameters
    ----------
    table : Table
    ledger : Ledger
        Changed in place.
    learner : Learner
        Its memory is changed in place.
    steps : int
    uniform : ndarray of float64, shape (steps, n) or (0, n)
        Random numbers that actions are drawn with; without them all play against strategies.
    """
    payoffs, offsets = table
    x, pay, actions, played, earned, realized, joint, clock, work = ledger
    kind, rates, exploration, fading, optimism, alternating, power = learner[:7]
    memory, places, start, log_start, chain = learner[7:]
    n = len(actions)
    sampled = len(uniform) > 0
    for step in range(steps):
        for turn in range(n):
            player = n - 1 - turn
            first, last, place = offsets[player], offsets[player + 1], places[player]
            if alternating and player == 0:  # the second player's next strategy is known
                pay_strategies(payoffs, offsets, x, 0, pay, work)
                _learn(kind, memory, place, first, last, 0, False, x, pay)
            rate = rates[player]
            if fading:
                rate /= np.sqrt(clock[0] + 1.0)
            if kind <= REGRETS_PLUS:
                _match(memory, place, first, last, start, x)
            elif kind == INTERNAL:
                _match_pairs(memory, place, first, last, start, chain, x)
            elif kind == SWAP_HEDGE:
                _swap_hedge(memory, place, first, last, rate, log_start, chain, x)
            elif kind == HEDGE:
                for i in range(first, last):
                    chain[0, i - first] = memory[place + i - first] + optimism * pay[i]
                softmax(chain[0], 0, last - first, rate, log_start, x, first)
            elif kind == EXP3:
                softmax(memory, place, place + last - first, rate, log_start, x, first)
                for i in range(first, last):
                    explored = exploration[player] / (last - first)
                    x[i] = (1.0 - exploration[player]) * x[i] + explored
            elif clock[0] > 0.0:
                action = actions[player]
                row = place + action * (last - first)
                _leave(memory, row, first, last, action, rate * clock[0], x)
        if sampled:
            for player in range(n):
                number = uniform[step, player]
                actions[player] = draw(x, offsets[player], offsets[player + 1], number)
        for player in range(n):
            if sampled:
                pay_actions(payoffs, offsets, actions, player, pay)
            elif not (alternating and player == 0):
                pay_strategies(payoffs, offsets, x, player, pay, work)
        weight = (clock[0] + 1.0) ** power
        if sampled:
            add_actions(offsets, actions, pay, weight, played, earned, realized, joint, clock)
        else:
            add_strategies(offsets, x, pay, weight, played, earned, realized, joint, clock, work)
        for player in range(1 if alternating else 0, n):
            first, last, place = offsets[player], offsets[player + 1], places[player]
            _learn(kind, memory, place, first, last, actions[player], sampled, x, pay)
