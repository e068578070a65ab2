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
def _best(
    earned: Array, first: int, last: int, tie_breaker: float, random_ties: bool, out: Array
) -> int:
    """Fill in a best response, and return its action."""
    best = first
    for i in range(first, last):
        out[i] = 0.0
        if earned[i] > earned[best]:
            best = i
    if random_ties:
        ties = 0
        for i in range(best, last):
            if earned[i] == earned[best]:
                ties += 1
        left, top = int(tie_breaker * ties), earned[best]
        while left > 0:
            best += 1
            if earned[best] == top:
                left -= 1
    out[best] = 1.0
    return best - first


@inner
def _logit_rate(rationality: float, totals: Array, player: int) -> float:
    """Return the rationality per unit of payoffs against the others' counts."""
    scale = 1.0
    for other in range(len(totals)):
        if other != player:
            scale *= totals[other]
    return rationality / scale if scale > 0.0 else 0.0


@inner
def _pay(
    payoffs: Array, offsets: Array, x: Array, actions: Array, player: int, pay: Array, work: Array
) -> None:
    """Fill in what a player's actions earn in this round."""
    drawn = True
    for other in range(len(actions)):
        drawn = drawn and (other == player or actions[other] >= 0)
    if drawn:
        pay_actions(payoffs, offsets, actions, player, pay)
    else:
        pay_strategies(payoffs, offsets, x, player, pay, work)


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
    payoffs, offsets = table
    x, pay, actions, played, earned, realized, joint, clock, work = ledger
    counts, believed, totals, first_actions, rationality, alternating, log_uniform = beliefs
    n = len(actions)
    random = len(uniform) > 0
    for step in range(steps):
        # Twice over the players: once to respond, once to be seen; at once where they alternate.
        for turn in range(2 * n):
            player = turn // 2 if alternating else turn % n
            first, last = offsets[player], offsets[player + 1]
            responds = turn % 2 == 0 if alternating else turn < n
            if responds:
                number = uniform[step, player] if random else 0.0
                if n != 2:
                    pay_strategies(payoffs, offsets, counts, player, believed, work)
                if clock[0] == 0.0 and first_actions[player] >= 0:
                    action = first_actions[player]
                    for i in range(first, last):
                        x[i] = 0.0
                    x[first + action] = 1.0
                elif rationality < 0.0:
                    action = _best(believed, first, last, number, random, x)
                else:
                    rate = _logit_rate(rationality, totals, player)
                    softmax(believed, first, last, rate, log_uniform, x, first)
                    action = draw(x, first, last, number) if random else -1
                actions[player] = action
                continue
            totals[player] += 1.0
            if actions[player] >= 0:
                counts[first + actions[player]] += 1.0
            else:
                for i in range(first, last):
                    counts[i] += x[i]
            if n == 2:  # payoffs are linear in the other's counts: add this round's
                other = 1 - player
                _pay(payoffs, offsets, x, actions, other, pay, work)
                for i in range(offsets[other], offsets[other + 1]):
                    believed[i] += pay[i]
        drawn = True
        for player in range(n):
            drawn = drawn and actions[player] >= 0
            if n != 2:
                _pay(payoffs, offsets, x, actions, player, pay, work)
        if drawn:
            add_actions(offsets, actions, pay, 1.0, played, earned, realized, joint, clock)
        else:
            add_strategies(offsets, x, pay, 1.0, played, earned, realized, joint, clock, work)
