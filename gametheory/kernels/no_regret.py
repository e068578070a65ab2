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
        [played, instead]; a matrix of payoffs, each row weighted by an action's probability.
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
def _match(learner: Learner, place: int, first: int, last: int, out: Array) -> None:
    """Play in proportion to positive regrets."""
    total = 0.0
    for i in range(first, last):
        out[i] = max(learner.memory[place + i - first], 0.0)
        total += out[i]
    for i in range(first, last):
        out[i] = out[i] / total if total > 0.0 else learner.start[i]


@inner
def _match_pairs(learner: Learner, place: int, first: int, last: int, out: Array) -> None:
    """Play what the chain keeps that goes from action to action in proportion to regrets."""
    m = last - first
    total = 0.0
    for i in range(m):
        for j in range(m):
            rate = max(learner.memory[place + i * m + j], 0.0)
            learner.chain[i, j] = rate
            total += rate
    if total > 0.0:
        stationary(learner.chain, m, out, first)
    else:
        for i in range(first, last):
            out[i] = learner.start[i]


@inner
def _leave(
    learner: Learner, player: int, first: int, last: int, action: int, rounds: float, out: Array
) -> None:
    """Leave the last action in proportion to the regrets for it, and stay otherwise."""
    m = last - first
    if rounds == 0.0:
        for i in range(first, last):
            out[i] = learner.start[i]
        return
    stay = 1.0
    row = learner.places[player] + action * m
    for i in range(m):
        if i != action:
            leave = 0.0
            if learner.rates[player] > 0.0:
                regret = max(learner.memory[row + i], 0.0) / rounds
                leave = regret / learner.rates[player]
            out[first + i] = leave
            stay -= leave
    out[first + action] = max(stay, 0.0)


@inner
def _choose(learner: Learner, player: int, offsets: Array, ledger: Ledger, out: Array) -> None:
    """Fill in a player's strategy of the next round."""
    first, last = offsets[player], offsets[player + 1]
    place = learner.places[player]
    m = last - first
    rate = learner.rates[player]
    if learner.fading:
        rate /= np.sqrt(ledger.clock[0] + 1.0)
    if learner.kind in (REGRETS, REGRETS_PLUS):
        _match(learner, place, first, last, out)
    elif learner.kind == INTERNAL:
        _match_pairs(learner, place, first, last, out)
    elif learner.kind == CONDITIONAL:
        _leave(learner, player, first, last, ledger.actions[player], ledger.clock[0], out)
    elif learner.kind == SWAP_HEDGE:
        for i in range(m):
            row = place + i * m
            softmax(learner.memory, row, row + m, rate, learner.log_start, out, first)
            for j in range(m):
                learner.chain[i, j] = out[first + j]
        stationary(learner.chain, m, out, first)
    elif learner.kind == EXP3:
        softmax(learner.memory, place, place + m, rate, learner.log_start, out, first)
        explored = learner.exploration[player]
        for i in range(first, last):
            out[i] = (1.0 - explored) * out[i] + explored / m
    elif learner.optimism > 0.0:
        for i in range(m):
            recent = learner.optimism * ledger.pay[first + i]
            learner.chain[0, i] = learner.memory[place + i] + recent
        softmax(learner.chain[0], 0, m, rate, learner.log_start, out, first)
    else:
        softmax(learner.memory, place, place + m, rate, learner.log_start, out, first)


@inner
def _learn(learner: Learner, player: int, offsets: Array, ledger: Ledger, sampled: bool) -> None:
    """Remember what a player's actions earned."""
    first, last = offsets[player], offsets[player + 1]
    place = learner.places[player]
    m = last - first
    x, pay, memory = ledger.strategies, ledger.pay, learner.memory
    action = ledger.actions[player]
    if learner.kind == HEDGE:
        for i in range(m):
            memory[place + i] += pay[first + i]
    elif learner.kind == EXP3:
        memory[place + action] += pay[first + action] / x[first + action]
    elif learner.kind == SWAP_HEDGE:
        for i in range(m):
            for j in range(m):
                memory[place + i * m + j] += x[first + i] * pay[first + j]
    elif learner.kind in (INTERNAL, CONDITIONAL):
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
            memory[place + i] = max(regret, 0.0) if learner.kind == REGRETS_PLUS else regret


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
    offsets = table.offsets
    n = len(ledger.actions)
    sampled = len(uniform) > 0
    x, pay = ledger.strategies, ledger.pay
    for step in range(steps):
        weight = (ledger.clock[0] + 1.0) ** learner.power
        for player in range(n):
            if learner.alternating and player == 0:
                # The second player's next strategy is settled: learn against it first.
                _choose(learner, 1, offsets, ledger, x)
                pay_strategies(table, x, 0, pay, ledger.work)
                _learn(learner, 0, offsets, ledger, sampled)
            if not (learner.alternating and player == 1):
                _choose(learner, player, offsets, ledger, x)
        if sampled:
            for player in range(n):
                ledger.actions[player] = draw(
                    x, offsets[player], offsets[player + 1], uniform[step, player]
                )
        for player in range(n):
            if sampled:
                pay_actions(table, ledger.actions, player, pay)
            elif not (learner.alternating and player == 0):
                pay_strategies(table, x, player, pay, ledger.work)
        if sampled:
            add_actions(table, ledger, weight)
        else:
            add_strategies(table, ledger, weight)
        for player in range(n):
            if not (learner.alternating and player == 0):
                _learn(learner, player, offsets, ledger, sampled)
