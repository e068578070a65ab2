"""Rounds in which each player follows the gradient of its expected payoff, by four rules."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gametheory.kernels.compiling import compiled, inner
from gametheory.kernels.rounds import Ledger, Table, add_strategies, pay_strategies
from gametheory.kernels.simplex_projection import project_to_simplex

__all__ = ["GIGA", "GIGA_WOLF", "MAGNETIC", "OPTIMISTIC", "Rule", "gradient_rounds"]

Array = NDArray[Any]

_STRONGEST = 1e300  # products with logarithms stay finite
GIGA, GIGA_WOLF, OPTIMISTIC, MAGNETIC = 0, 1, 2, 3


class Rule(NamedTuple):
    """How players change their strategies.

    Attributes
    ----------
    kind : int
        ``GIGA``, ``GIGA_WOLF``, ``OPTIMISTIC`` or ``MAGNETIC``.
    steps : ndarray of float64, shape (n_players,)
        Step sizes in the first round, per unit of the payoffs.
    step_decay : float
        In round t they are ``steps / t**step_decay``.
    temperature, temperature_decay : float
        The same for the temperature of ``MAGNETIC``, in units of the payoffs.
    magnet : ndarray of float64, shape (M,)
        Logarithms of the probabilities that ``MAGNETIC`` is drawn to.
    memory : ndarray of float64, shape (M,)
        Changed in place: the slow strategies of ``GIGA_WOLF``, the base point of ``OPTIMISTIC``,
        the logarithms of the probabilities of ``MAGNETIC``.
    """

    kind: int
    steps: Array
    step_decay: float
    temperature: float
    temperature_decay: float
    magnet: Array
    memory: Array


@inner
def _giga_wolf(x: Array, slow: Array, before: Array, scratch: Array) -> None:
    """Go from the projected step towards the slow strategy, as far as that one has moved.

    ``x`` is the strategy after a step, ``slow`` after a third of one, not yet projected;
    ``before`` is the slow strategy before.
    """
    project_to_simplex(x, scratch)
    project_to_simplex(slow, scratch)
    moved, apart = 0.0, 0.0
    for i in range(len(x)):
        moved += (slow[i] - before[i]) ** 2
        apart += (slow[i] - x[i]) ** 2
    part = 1.0 if moved >= apart else np.sqrt(moved / apart)
    for i in range(len(x)):
        x[i] += part * (slow[i] - x[i])


@inner
def _magnetic(x: Array, logs: Array, magnet: Array, pay: Array, step: float, pull: float) -> None:
    """Add what is earned to the logarithms, draw them to the magnet, and exponentiate."""
    highest = -np.inf
    for i in range(len(x)):
        logs[i] = (logs[i] + pull * magnet[i] + step * pay[i]) / (1.0 + pull)
        highest = max(highest, logs[i])
    total = 0.0
    for i in range(len(x)):
        total += np.exp(logs[i] - highest)
    shift = highest + np.log(total)
    for i in range(len(x)):
        logs[i] -= shift
        x[i] = np.exp(logs[i])


@inner
def _change(rule: Rule, t: float, x: Array, pay: Array, offsets: Array, work: Array) -> None:
    """Let every player change its strategy, given what its actions earned in round t."""
    memory = rule.memory
    for player in range(len(rule.steps)):
        first, last = offsets[player], offsets[player + 1]
        step = rule.steps[player] * t**-rule.step_decay
        own, kept = x[first:last], memory[first:last]
        scratch, before = work[0, : last - first], work[1, : last - first]
        if rule.kind == GIGA:
            for i in range(first, last):
                x[i] += step * pay[i]
            project_to_simplex(own, scratch)
        elif rule.kind == GIGA_WOLF:
            for i in range(first, last):
                before[i - first] = memory[i]
                x[i] += step * pay[i]
                memory[i] += step * pay[i] / 3.0
            _giga_wolf(own, kept, before, scratch)
        elif rule.kind == OPTIMISTIC:
            for i in range(first, last):
                memory[i] += step * pay[i]
            project_to_simplex(kept, scratch)
            for i in range(first, last):
                x[i] = memory[i] + step * pay[i]
            project_to_simplex(own, scratch)
        else:
            pull = min(step * rule.temperature * t**-rule.temperature_decay, _STRONGEST)
            _magnetic(own, kept, rule.magnet[first:last], pay[first:last], step, pull)


@compiled
def gradient_rounds(table: Table, ledger: Ledger, rule: Rule, rounds: int, work: Array) -> None:
    """Play some rounds, the first one with the ledger's strategies.

    Parameters
    ----------
    table : Table
    ledger : Ledger
        Changed in place.
    rule : Rule
        Its memory is changed in place.
    rounds : int
    work : ndarray of float64, shape (2, largest number of actions)
        Scratch.
    """
    payoffs, offsets = table.payoffs, table.offsets
    x, pay, _, played, earned, realized, joint, clock, products = ledger
    for _ in range(rounds):
        if clock[0] > 0.0:
            _change(rule, clock[0], x, pay, offsets, work)
        for player in range(len(payoffs)):
            pay_strategies(payoffs, offsets, x, player, pay, products)
        add_strategies(offsets, x, pay, 1.0, played, earned, realized, joint, clock, products)
