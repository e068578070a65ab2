"""Sequences and payoffs laid out for first-order methods: passes over memory in order.

What such a method does, time and again, is to sum up what every sequence of a player earns
against the others' realization plans, and to pass up and down the player's treeplex. Two things
make that fast:

- Information sets with the same number of own ones above them and the same number of actions form
  a group, stored action by action, so that one instruction treats several of them.
- For two players the payoff matrix over sequences falls apart into blocks: sequences that end in
  the same public situation. Blocks that are equal but for a factor share one pattern, and a
  pattern's entry is read once for all its blocks, whose sequences lie side by side. Nothing of
  this must be told by the game; the blocks are the connected components of the matrix.

What fits no pattern stays in compressed rows, as do all payoffs of more than two players.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gametheory.games.frozen import freeze

if TYPE_CHECKING:
    from gametheory.games.sequence_form import SequenceForm, Treeplex

__all__ = ["LANES", "SequenceLayout", "lay_out"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Indices = NDArray[np.uint32]  # kernels need not ask whether they are negative

LANES = 4
"""Blocks of a pattern are stored in multiples of this."""

_GROUP_SIZE = 1024  # sequences of a group: their data stay in the nearest cache from pass to pass
_NOWHERE = 1  # a position without a sequence, from the player's first on
_FEWEST_BLOCKS = 2  # that share a pattern; a single block is no faster than its rows


class SequenceLayout(NamedTuple):
    """Where everything lies. A position is an index into flat arrays for all players' sequences.

    Attributes
    ----------
    position : ndarray of int, shape (n_sequences,)
        Of each sequence, player by player in the order of the treeplex.
    sequence_start : ndarray of int, shape (n_players + 1,)
        Where each player's sequences begin in ``position``.
    player_start : ndarray of int, shape (n_players + 1,)
        Where each player's positions begin: first that of the empty sequence.
    groups : ndarray of int, shape (n_groups, 4)
        Position of the group's first sequence, number of information sets m and of actions k,
        and where the group begins in ``parents``. Action a of information set i is at the first
        position + a * m + i. Top down.
    group_start : ndarray of int, shape (n_players + 1,)
    parents : ndarray of int, shape (n_infosets,)
        Position of the sequence that leads to each information set. A group is filled up to a
        multiple of ``LANES``, unless it is a single one, with information sets that nothing leads
        to: theirs is a position without a sequence.
    slots : ndarray of int, shape (n_slots,)
        Position of the sequence that each slot of the blocks stands for; padding stands for any.
    slot_factor : ndarray, shape (n_slots,)
        Factor of the slot's block; 0 for padding.
    slot_start : ndarray of int, shape (n_players + 1,)
    slot_of : ndarray of int, shape (n_positions,)
        The slot of each position, ``n_slots`` where there is none.
    rows : ndarray of int, shape (n_rows, 4)
        Of each row of each pattern: its entries' range, the number of blocks, and the first slot
        of its results.
    row_start : ndarray of int, shape (n_players + 1,)
    entry_slot, entry_value : ndarray, shape (n_entries,)
        First slot of the other player's sequences that a pattern's entry multiplies, and the
        entry.
    sparse_position : ndarray of int, shape (n_sparse,)
        Positions of the sequences whose payoffs are in compressed rows.
    sparse_row : ndarray of int, shape (n_sparse + 1,)
    sparse_start : ndarray of int, shape (n_players + 1,)
    sparse_others : ndarray of int, shape (n_nonzeros, n_players - 1)
        Positions of the others' sequences.
    sparse_value : ndarray, shape (n_nonzeros,)

    Notes
    -----
    Payoffs are those of the game less what a player gets in any case, where that is more than
    what is at stake. Regrets are the same.
    """

    position: Ints
    sequence_start: Ints
    player_start: Ints
    groups: Ints
    group_start: Ints
    parents: Indices
    slots: Indices
    slot_factor: Floats
    slot_start: Ints
    slot_of: Indices
    rows: Ints
    row_start: Ints
    entry_slot: Ints
    entry_value: Floats
    sparse_position: Ints
    sparse_row: Ints
    sparse_start: Ints
    sparse_others: Indices
    sparse_value: Floats

    @property
    def n_players(self) -> int:
        """Number of players."""
        return len(self.player_start) - 1

    @property
    def n_positions(self) -> int:
        """Length of the flat arrays."""
        return int(self.player_start[-1])


class _Entries(NamedTuple):
    """Nonzero payoffs, one for each combination of the players' last sequences.

    ``sequences`` has shape (n_players, n_entries), ``values`` too: each player's payoff times
    chance's probability, summed over the terminal histories with these sequences.
    """

    sequences: Ints
    values: Floats

    def select(self, which: NDArray[Any]) -> _Entries:
        return _Entries(self.sequences[:, which], self.values[:, which])


class _Pattern(NamedTuple):
    """Blocks that are multiples of one another.

    ``row`` and ``column`` locate the entries of shape (m,) in a block, ``values`` (2, m) are
    both players' entries, ``factors`` (n_blocks,) the multiples. ``sequences`` holds, for each
    player, the sequences of shape (its rows or columns, n_blocks).
    """

    row: Ints
    column: Ints
    values: Floats
    factors: Floats
    sequences: tuple[Ints, Ints]


def lay_out(form: SequenceForm, *, grouped: bool = True) -> SequenceLayout:
    """Lay a game out.

    Parameters
    ----------
    form : SequenceForm
    grouped : bool
        False keeps the sequence form's own order and compressed rows: the plain layout, which
        is faster for no game, to compare with.

    Notes
    -----
    Cost: linear in the terminal histories, but for sorting.

    Examples
    --------
    >>> from gametheory.games.catalog import load
    >>> layout = lay_out(load("kuhn_poker").sequence_form)
    >>> layout.n_players, len(layout.position)
    (2, 26)
    """
    entries = _entries(form)
    if not grouped:
        return _lay_out(form, [_ungrouped(one) for one in form.treeplexes], [], entries)
    patterns: list[_Pattern] = []
    if len(form.treeplexes) == 2:
        patterns, rest = _patterns(entries)
        entries = entries.select(rest)
    return _lay_out(form, [_grouped(one) for one in form.treeplexes], patterns, entries)


class _Order(NamedTuple):
    """Positions of one player's sequences and how many, groups, information sets' parents."""

    position: Ints
    n_positions: int
    groups: Ints
    parents: Ints


def _grouped(treeplex: Treeplex) -> _Order:
    """Order by level, number of actions, action, and then by the place of the parent."""
    position = np.zeros(treeplex.n_sequences, np.int64)
    next_position, n_infosets = LANES, 0  # the empty sequence first, then nothing's position
    groups, parents = [], []
    for level in treeplex.levels:
        n_actions = np.diff(np.append(level.starts, level.owner.size))
        above = position[level.parents]
        for k in np.unique(n_actions).tolist():
            members = np.flatnonzero(n_actions == k)
            members = members[np.argsort(above[members], kind="stable")]
            step = max(_GROUP_SIZE // k, 1)
            for chosen in np.split(members, range(step, members.size, step)):
                pad = -chosen.size % LANES if chosen.size > 1 else 0
                m = chosen.size + pad
                which = level.sequences[level.starts[chosen] + np.arange(k)[:, None]]
                place = next_position + np.arange(k * m).reshape(k, m)
                position[which] = place[:, : chosen.size]
                groups.append((next_position, m, k, n_infosets))
                parents.append(np.append(above[chosen], np.full(pad, _NOWHERE)))
                next_position += k * m
                n_infosets += m
    return _Order(
        position,
        next_position,
        np.array(groups, np.int64).reshape(-1, 4),
        np.concatenate([np.zeros(0, np.int64), *parents]),
    )


def _ungrouped(treeplex: Treeplex) -> _Order:
    """Keep the order; every information set is a group of its own."""
    first = np.zeros(treeplex.parent_sequence.size, np.int64)
    for level in treeplex.levels:
        first[level.infosets] = level.sequences[level.starts]
    counts = np.diff(np.append(first, treeplex.n_sequences))
    number = np.arange(first.size)
    groups = np.stack([first, np.ones_like(first), counts, number], axis=1)
    n = treeplex.n_sequences
    return _Order(np.arange(n), n, groups, treeplex.parent_sequence)


def _entries(form: SequenceForm) -> _Entries:
    shape = tuple(treeplex.n_sequences for treeplex in form.treeplexes)
    _, first, which = np.unique(
        _keys(form.terminal_sequences, shape), return_index=True, return_inverse=True
    )
    weighted = form.terminal_chance * _near_zero(form.terminal_payoffs)
    values: Floats = np.stack(
        [np.bincount(which, weights=one, minlength=first.size) for one in weighted]
    ).astype(np.float64, copy=False)
    kept = values.any(axis=0)
    return _Entries(form.terminal_sequences[:, first[kept]], values[:, kept])


def _near_zero(payoffs: Floats) -> Floats:
    """Take away what a player gets in any case, where that hides what is at stake in rounding.

    It adds the same to all of a player's expected payoffs, so no regret changes.
    """
    low, high = payoffs.min(axis=1, keepdims=True), payoffs.max(axis=1, keepdims=True)
    hides = np.minimum(np.abs(low), np.abs(high)) > high - low
    return np.asarray(payoffs - np.where(hides, low, 0.0))


def _keys(sequences: Ints, shape: tuple[int, ...]) -> Ints:
    """Give each combination of sequences a number, in lexicographic order."""
    if np.prod(shape, dtype=float) < 2**62:
        keys: Ints = np.ravel_multi_index(tuple(sequences), shape).astype(np.int64, copy=False)
        return keys
    _, columns = np.unique(sequences, axis=1, return_inverse=True)
    return columns.reshape(-1)


def _patterns(entries: _Entries) -> tuple[list[_Pattern], NDArray[Any]]:
    """Find the patterns; also return the positions of the entries that fit none."""
    block = _blocks(entries)
    order = np.lexsort((entries.sequences[1], entries.sequences[0], block))
    block = block[order]
    n_blocks = int(block[-1]) + 1 if block.size else 0
    row, n_rows = _ranks(entries.sequences[0][order], block, n_blocks)
    column, n_columns = _ranks(entries.sequences[1][order], block, n_blocks)
    size = np.bincount(block, minlength=n_blocks)
    start = np.cumsum(size) - size
    kinds, kind_of = np.unique(
        np.stack([n_rows, n_columns, size], axis=1), axis=0, return_inverse=True
    )
    patterns: list[_Pattern] = []
    rest = [np.zeros(0, np.int64)]
    for kind, (height, width, m) in enumerate(kinds.tolist()):
        blocks = np.flatnonzero(kind_of.reshape(-1) == kind)
        at = start[blocks][:, None] + np.arange(m)  # (number of blocks, entries of a block)
        values = entries.values[:, order[at]]
        factors = np.abs(values).max(axis=(0, 2))
        scaled = np.concatenate(values / factors[:, None], axis=1)
        signature = np.hstack([row[at], column[at], np.round(scaled, 12) + 0.0])
        _, first, which = np.unique(signature, axis=0, return_index=True, return_inverse=True)
        for number, model in enumerate(first.tolist()):
            members = np.flatnonzero(which.reshape(-1) == number)
            there = order[at[members]]
            if members.size < _FEWEST_BLOCKS:
                rest.append(there.reshape(-1))
                continue
            rows = np.empty((height, members.size), np.int64)
            columns = np.empty((width, members.size), np.int64)
            rows[row[at[model]]] = entries.sequences[0][there].T
            columns[column[at[model]]] = entries.sequences[1][there].T
            patterns.append(
                _Pattern(
                    row[at[model]],
                    column[at[model]],
                    values[:, model] / factors[model],
                    factors[members],
                    (rows, columns),
                )
            )
    return patterns, np.concatenate(rest)


def _blocks(entries: _Entries) -> Ints:
    """Find, for each entry, the number of its connected component of the payoff matrix."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    first, second = entries.sequences
    shift = int(first.max(initial=0)) + 1
    n = shift + int(second.max(initial=0)) + 1
    graph = coo_array((np.ones(first.size), (first, second + shift)), shape=(n, n))
    _, component = connected_components(graph, directed=False)
    _, block = np.unique(component[first], return_inverse=True)
    return block.reshape(-1).astype(np.int64)


def _ranks(sequences: Ints, block: Ints, n_blocks: int) -> tuple[Ints, Ints]:
    """Rank each entry's sequence among those of its block; also count these, for each block."""
    present, which = np.unique(sequences, return_inverse=True)
    home = np.zeros(present.size, np.int64)
    home[which.reshape(-1)] = block  # a sequence lies in one block only
    order = np.argsort(home, kind="stable")
    counts = np.bincount(home, minlength=n_blocks)
    rank = np.empty(present.size, np.int64)
    rank[order] = np.arange(present.size) - (np.cumsum(counts) - counts)[home[order]]
    return rank[which.reshape(-1)], counts


def _lay_out(
    form: SequenceForm, orders: list[_Order], patterns: list[_Pattern], rest: _Entries
) -> SequenceLayout:
    start = _offsets([order.n_positions for order in orders])
    sequence_start = _offsets([treeplex.n_sequences for treeplex in form.treeplexes])
    position = np.concatenate([p.position + s for p, s in zip(orders, start[:-1], strict=True)])
    infosets = _offsets([order.parents.size for order in orders])
    groups = [
        order.groups + np.array([first, 0, 0, shift])
        for order, first, shift in zip(orders, start[:-1], infosets[:-1], strict=True)
    ]
    parents = [order.parents + first for order, first in zip(orders, start[:-1], strict=True)]
    layout = SequenceLayout(
        position=position,
        sequence_start=sequence_start,
        player_start=start,
        groups=np.concatenate(groups),
        group_start=_offsets([len(order.groups) for order in orders]),
        parents=np.concatenate(parents).astype(np.uint32),
        **_dense(patterns, position, sequence_start, int(start[-1])),
        **_sparse(rest, position, sequence_start),
    )
    freeze(layout._asdict())
    return layout


def _offsets(sizes: list[int]) -> Ints:
    return np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)])


def _dense(
    patterns: list[_Pattern], position: Ints, start: Ints, n_positions: int
) -> dict[str, NDArray[Any]]:
    """Lay out the blocks: slots for the sequences, row after row, the blocks side by side."""
    n_players = len(start) - 1
    slots: list[list[Ints]] = [[] for _ in range(n_players)]
    factors: list[list[Floats]] = [[] for _ in range(n_players)]
    first_slot: list[list[int]] = [[] for _ in range(n_players)]
    sizes = [0] * n_players
    for pattern in patterns:
        pad = -pattern.factors.size % LANES
        padded = np.append(pattern.factors, np.zeros(pad))
        for player, sequences in enumerate(pattern.sequences):
            wide = np.pad(position[start[player] + sequences], ((0, 0), (0, pad)), mode="edge")
            first_slot[player].append(sizes[player])
            slots[player].append(wide.reshape(-1))
            factors[player].append(np.tile(padded, len(sequences)))
            sizes[player] += wide.size
    slot_start = _offsets(sizes)
    rows, row_counts, entry_slots, entry_values = [], [0] * n_players, [], []
    n_entries = 0
    for player in range(n_players):
        for number, pattern in enumerate(patterns):
            own, other = (pattern.row, pattern.column)[:: 1 - 2 * player]
            n_blocks = pattern.factors.size + -pattern.factors.size % LANES
            order = np.lexsort((other, own))
            height = len(pattern.sequences[player])
            bounds = n_entries + np.searchsorted(own[order], np.arange(height + 1))
            first = slot_start[player] + first_slot[player][number]
            there = slot_start[1 - player] + first_slot[1 - player][number]
            rows.append(
                np.stack(
                    [
                        bounds[:-1],
                        bounds[1:],
                        np.full(height, n_blocks),
                        first + n_blocks * np.arange(height),
                    ],
                    axis=1,
                )
            )
            entry_slots.append(there + n_blocks * other[order])
            entry_values.append(pattern.values[player][order])
            row_counts[player] += height
            n_entries += order.size
    flat = [np.concatenate([np.zeros(0, np.int64), *one]) for one in slots]
    slot = np.concatenate(flat)
    weight = np.concatenate([np.zeros(0), *(one for player in factors for one in player)])
    slot_of = np.full(n_positions, slot.size, np.uint32)
    real = np.flatnonzero(weight)
    slot_of[slot[real]] = real
    return {
        "slots": slot.astype(np.uint32),
        "slot_factor": weight,
        "slot_start": slot_start,
        "slot_of": slot_of,
        "rows": np.concatenate([np.zeros((0, 4), np.int64), *rows]),
        "row_start": _offsets(row_counts),
        "entry_slot": np.concatenate([np.zeros(0, np.int64), *entry_slots]),
        "entry_value": np.concatenate([np.zeros(0), *entry_values]),
    }


def _sparse(rest: _Entries, position: Ints, start: Ints) -> dict[str, NDArray[Any]]:
    """Lay out the rows of payoffs that fit no pattern."""
    n_players = len(start) - 1
    places = np.stack([position[start[p] + rest.sequences[p]] for p in range(n_players)])
    rows, others, values, lengths, counts = [], [], [], [], []
    for player in range(n_players):
        nonzero = np.flatnonzero(rest.values[player])
        at = places[:, nonzero]
        among = np.delete(at, player, axis=0)
        order = np.lexsort((*among[::-1], at[player]))
        own, length = np.unique(at[player], return_counts=True)
        rows.append(own)
        lengths.append(length)
        counts.append(own.size)
        others.append(among[:, order].T)
        values.append(rest.values[player][nonzero][order])
    return {
        "sparse_position": np.concatenate(rows),
        "sparse_row": _offsets(np.concatenate(lengths).tolist()),
        "sparse_start": _offsets(counts),
        "sparse_others": np.ascontiguousarray(np.concatenate(others), dtype=np.uint32),
        "sparse_value": np.concatenate(values),
    }
