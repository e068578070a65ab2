"""Players who believe that the others will play as often as they have, and respond to that."""

from __future__ import annotations

from typing import Any, NamedTuple

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

__all__ = ["Beliefs", "fictitious_rounds"]

Array = NDArray[Any]


class Beliefs(NamedTuple):
    """What players go by, and how they respond.

    Attributes
    ----------
    counts : ndarray of float64, shape (M,)
        How often each action was played, what is believed before included. Changed in place.
    earned : ndarray of float64, shape (M,)
        What each action earns against the others' counts. Changed in place.
    totals : ndarray of float64, shape (n,)
        Sums of a player's counts. Changed in place.
    first : ndarray of int64, shape (n,)
        Actions in the first round; -1 where they follow from beliefs.
    rationality : float
        Of logit responses; negative for best responses.
    alternating : bool
        Whether players see what those before them do in the same round.
    log_uniform : ndarray of float64, shape (M,)
        Zeros.
    """

    counts: Array
    earned: Array
    totals: Array
    first: Array
    rationality: float
    alternating: bool
    log_uniform: Array


@inner
def _respond(table: Table, ledger: Ledger, beliefs: Beliefs, player: int, uniform: Array) -> int:
    """Fill in a player's strategy of this round, and return its action, -1 if none is drawn."""
    offsets, out, earned = table.offsets, ledger.strategies, beliefs.earned
    first, last = offsets[player], offsets[player + 1]
    n = len(ledger.actions)
    action = -1
    if n > 2:
        pay_strategies(table, beliefs.counts, player, earned, ledger.work)
    forced = beliefs.first[player] >= 0 and ledger.clock[0] == 0.0
    if forced:
        action = beliefs.first[player]
    elif beliefs.rationality >= 0.0:
        scale = 1.0
        for other in range(n):
            if other != player:
                scale *= beliefs.totals[other]
        rate = beliefs.rationality / scale if scale > 0.0 else 0.0
        softmax(earned, first, last, rate, beliefs.log_uniform, out, first)
        if len(uniform) > 0:
            action = draw(out, first, last, uniform[player])
    else:
        action, ties = 0, 0
        for i in range(first, last):
            if earned[i] > earned[first + action]:
                action, ties = i - first, 0
            if earned[i] == earned[first + action]:
                ties += 1
        if len(uniform) > 0 and ties > 1:
            left = int(uniform[player] * ties)
            best = earned[first + action]
            while left > 0:
                action += 1
                if earned[first + action] == best:
                    left -= 1
    if forced or beliefs.rationality < 0.0:
        for i in range(first, last):
            out[i] = 0.0
        out[first + action] = 1.0
    return action


@inner
def _pay(table: Table, ledger: Ledger, player: int) -> None:
    """Fill in what a player's actions earn in this round."""
    drawn = True
    for other in range(len(ledger.actions)):
        drawn = drawn and (other == player or ledger.actions[other] >= 0)
    if drawn:
        pay_actions(table, ledger.actions, player, ledger.pay)
    else:
        pay_strategies(table, ledger.strategies, player, ledger.pay, ledger.work)


@inner
def _observe(table: Table, ledger: Ledger, beliefs: Beliefs, player: int) -> None:
    """Let all see what a player does."""
    offsets = table.offsets
    beliefs.totals[player] += 1.0
    if ledger.actions[player] >= 0:
        beliefs.counts[offsets[player] + ledger.actions[player]] += 1.0
    else:
        for i in range(offsets[player], offsets[player + 1]):
            beliefs.counts[i] += ledger.strategies[i]
    if len(ledger.actions) == 2:  # payoffs are linear in the other's counts: add this round's
        other = 1 - player
        _pay(table, ledger, other)
        for i in range(offsets[other], offsets[other + 1]):
            beliefs.earned[i] += ledger.pay[i]


@compiled
def fictitious_rounds(
    table: Table, ledger: Ledger, beliefs: Beliefs, steps: int, uniform: Array
) -> None:
    """Play so many rounds.

    Parameters
    ----------
    table : Table
    ledger : Ledger
        Changed in place.
    beliefs : Beliefs
        Changed in place. Counts and what is earned against them stay exact as long as they are
        integers below 2**53, in units of the payoffs' last bit.
    steps : int
    uniform : ndarray of float64, shape (steps, n) or (0, n)
        Random numbers that ties are broken with, or logit responses drawn; without them the first
        best response is taken, or the logit response itself.
    """
    n = len(ledger.actions)
    for step in range(steps):
        row = uniform[step] if len(uniform) > 0 else uniform[0:0].ravel()
        for player in range(n):
            ledger.actions[player] = _respond(table, ledger, beliefs, player, row)
            if beliefs.alternating:
                _observe(table, ledger, beliefs, player)
        if not beliefs.alternating:
            for player in range(n):
                _observe(table, ledger, beliefs, player)
        all_drawn = True
        for player in range(n):
            all_drawn = all_drawn and ledger.actions[player] >= 0
            if n != 2:
                _pay(table, ledger, player)
        if all_drawn:
            add_actions(table, ledger, 1.0)
        else:
            add_strategies(table, ledger, 1.0)
