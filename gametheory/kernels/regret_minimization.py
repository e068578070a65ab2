"""Iterations of counterfactual regret minimization on a sequence layout.

One kernel for the whole family: a variant is a table with a row for each iteration, see
:data:`SCHEDULE`. Groups of information sets are treated several at a time; a group of one, of
which small games are made, without the work that prepares for more.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from numpy.typing import NDArray

from gametheory.games.sequence_layout import LANES, SequenceLayout
from gametheory.kernels.compiling import compiled, inner
from gametheory.kernels.lanes import each, gather, larger, load, magnitude, pick, reciprocal, store
from gametheory.kernels.sequence_payoffs import (
    fill_slots,
    multiply_blocks,
    multiply_sparse,
    read_slots,
)

__all__ = ["SCHEDULE", "Iterate", "advance"]

Array = NDArray[Any]

SCHEDULE = ("positive discount", "negative discount", "next positive discount", "prediction")
"""Columns of a schedule: what regrets so far are multiplied with where they are positive, and
where negative, before this iteration's are added; the factor of positive regrets in the next
iteration; and how much of this iteration's regrets is expected to come once more in the next."""

_ROUNDING = 1e-14
"""Payoffs of an information set's actions that differ by less than this part of their size are
the same number. Regret matching divides regrets by their sum: where all actions are worth the
same, rounding would choose among them at random, and anew in each iteration."""


class Iterate(NamedTuple):
    """What an iteration changes, at every position.

    Attributes
    ----------
    strategy : ndarray, shape (n_positions,)
        Action probabilities of the next iteration.
    regrets : ndarray, shape (n_positions,)
        Discounted sums of counterfactual regrets.
    plan : ndarray, shape (n_positions,)
        The strategy's realization plan.
    averages : ndarray, shape (n_averages * n_positions,)
        Weighted sums of realization plans, one behind the other.
    gains : ndarray, shape (n_positions,)
        Scratch.
    inputs, outputs : ndarray, shape (n_slots,), (n_slots + 1,)
        The plan in slots, and scratch.
    work : ndarray, shape (LANES,)
        Scratch.
    """

    strategy: Array
    regrets: Array
    plan: Array
    averages: Array
    gains: Array
    inputs: Array
    outputs: Array
    work: Array


@inner
def _update(
    first_group: int,
    last_group: int,
    groups: Array,
    parents: Array,
    strategy: Array,
    regrets: Array,
    gains: Array,
    work: Array,
    row: Array,
    floor: float,
) -> None:
    """Pass up the treeplex: counterfactual values, regrets, and the next strategy.

    What is done to a group is done to ``LANES`` of its information sets at a time. It all stands
    in one loop: a call would pass each array as seven numbers.
    """
    positive, negative, following, prediction = row[0], row[1], row[2], row[3]
    positives, negatives = each(positive), each(negative)
    followings, predictions = each(following), each(prediction)
    zero, one, lowest, rounding = each(0.0), each(1.0), each(floor), each(_ROUNDING)
    for g in range(last_group - 1, first_group - 1, -1):
        start, m, k, infoset = groups[g, 0], groups[g, 1], groups[g, 2], groups[g, 3]
        uniform = 1.0 / k
        if m == 1:
            value, size, total = 0.0, 0.0, 0.0
            for at in range(start, start + k):
                value += gains[at] * strategy[at]
                size += abs(gains[at])
            for at in range(start, start + k):
                regret = gains[at] - value
                if abs(regret) <= _ROUNDING * size:
                    regret = 0.0
                old = regrets[at]
                new = max(old * (positive if old > 0.0 else negative) + regret, floor)
                regrets[at] = new
                wanted = max(new * following + prediction * regret, 0.0)
                strategy[at] = wanted
                total += wanted
            factor = 1.0 / total if total > 0.0 else 0.0
            otherwise = 0.0 if total > 0.0 else uniform
            for at in range(start, start + k):
                strategy[at] = strategy[at] * factor + otherwise
            gains[parents[infoset]] += value
            continue
        for i in range(0, m, LANES):
            first = start + i
            last = first + k * m
            values, sizes, totals = zero, zero, zero
            for at in range(first, last, m):
                gain = load(gains, at)
                values = values + gain * load(strategy, at)
                sizes = sizes + magnitude(gain)
            sizes = rounding * sizes
            for at in range(first, last, m):
                apart = load(gains, at) - values
                apart = pick(magnitude(apart) - sizes, apart, zero)
                olds = load(regrets, at)
                news = larger(olds * pick(olds, positives, negatives) + apart, lowest)
                store(regrets, at, news)
                expected = larger(news * followings + predictions * apart, zero)
                store(strategy, at, expected)
                totals = totals + expected
            factors = pick(totals, reciprocal(pick(totals, totals, one)), zero)
            others = pick(totals, zero, each(uniform))
            for at in range(first, last, m):
                store(strategy, at, load(strategy, at) * factors + others)
            store(work, 0, values)
            for lane in range(LANES):
                gains[parents[infoset + i + lane]] += work[lane]


@inner
def _extend(
    first_group: int,
    last_group: int,
    groups: Array,
    parents: Array,
    strategy: Array,
    plan: Array,
    averages: Array,
    weights: Array,
) -> None:
    """Pass down the treeplex: the strategy's realization plan, and its averages."""
    size = len(plan)
    for g in range(first_group, last_group):
        start, m, k, infoset = groups[g, 0], groups[g, 1], groups[g, 2], groups[g, 3]
        if m == 1:
            reach = plan[parents[infoset]]
            for at in range(start, start + k):
                plan[at] = reach * strategy[at]
                for number in range(len(weights)):
                    averages[number * size + at] += weights[number] * plan[at]
            continue
        for i in range(0, m, LANES):
            above = gather(plan, parents, infoset + i)
            for at in range(start + i, start + i + k * m, m):
                reached = above * load(strategy, at)
                store(plan, at, reached)
                for number in range(len(weights)):
                    there = number * size + at
                    average = load(averages, there) + each(weights[number]) * reached
                    store(averages, there, average)


@compiled
def advance(
    layout: SequenceLayout,
    x: Iterate,
    schedule: Array,
    weights: Array,
    floor: float,
    alternating: bool,
) -> None:
    """Run one iteration for each row of the schedule.

    Parameters
    ----------
    layout : SequenceLayout
    x : Iterate
        Changed.
    schedule : ndarray, shape (n, 4)
    weights : ndarray, shape (n, n_averages)
        Of each iteration in each average.
    floor : float
        Sums of regrets are kept at least so large: 0, or minus infinity.
    alternating : bool
        Whether each player sees what the players before it have changed in this iteration. The
        averages are then of the strategies that an iteration ends with, else of those that it
        begins with.
    """
    starts, group_starts, groups, parents = (
        layout.player_start,
        layout.group_start,
        layout.groups,
        layout.parents,
    )
    slot_starts, slots, factor = layout.slot_start, layout.slots, layout.slot_factor
    slot_of, row_starts, rows = layout.slot_of, layout.row_start, layout.rows
    entry_slot, entry_value = layout.entry_slot, layout.entry_value
    sparse_starts, position, sparse_row = (
        layout.sparse_start,
        layout.sparse_position,
        layout.sparse_row,
    )
    others, value = layout.sparse_others, layout.sparse_value
    strategy, regrets, plan, averages = x.strategy, x.regrets, x.plan, x.averages
    gains, inputs, outputs, work = x.gains, x.inputs, x.outputs, x.work
    n_players, size = len(starts) - 1, len(plan)
    for t in range(len(schedule)):
        row, now, later = schedule[t], weights[t], weights[t]
        if not alternating:
            later = now[:0]
            for number in range(len(now)):
                for i in range(size):
                    averages[number * size + i] += now[number] * plan[i]
        # Both kinds of update in one loop: a simultaneous one does all products first.
        for step in range(n_players if alternating else 2 * n_players):
            p = step % n_players
            if alternating or step < n_players:
                multiply_blocks(
                    row_starts[p], row_starts[p + 1], rows, entry_slot, entry_value, inputs, outputs
                )
                read_slots(starts[p], starts[p + 1], slot_of, outputs, gains)
                multiply_sparse(
                    sparse_starts[p],
                    sparse_starts[p + 1],
                    position,
                    sparse_row,
                    others,
                    value,
                    plan,
                    gains,
                )
            if alternating or step >= n_players:
                first, last = group_starts[p], group_starts[p + 1]
                _update(first, last, groups, parents, strategy, regrets, gains, work, row, floor)
                for number in range(len(later)):
                    averages[number * size + starts[p]] += later[number]
                _extend(first, last, groups, parents, strategy, plan, averages, later)
                fill_slots(slot_starts[p], slot_starts[p + 1], slots, factor, plan, inputs)
