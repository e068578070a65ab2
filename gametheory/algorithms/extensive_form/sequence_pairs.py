"""What pairs of sequences earn two players, exactly, and the equations of their realization plans.

Fixing one action at each information set, the pivots, solves the equations of a plan: the
probabilities of the other actions then are coordinates without equations (von Stengel 1996,
"Efficient computation of behavior strategies", Games and Economic Behavior 14, for the equations).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gametheory.games.behavior_profile import BehaviorProfile
from gametheory.games.extensive_form import ExtensiveFormGame
from gametheory.games.sequence_form import Treeplex, chance_reach

__all__ = ["PairPayoffs", "Plans", "integer_plan", "pair_payoffs", "plans_of"]

Ints = NDArray[Any]

_SMALL = 2**62


@dataclass(frozen=True, eq=False, slots=True)
class Plans:
    """The information sets and sequences of one player; 0 is the empty sequence.

    Attributes
    ----------
    n_sequences, n_infosets : int
    first, count : ndarray of int, shape (n_infosets,)
        Sequences of an information set: ``first`` and the ``count - 1`` numbers after it.
    parent : ndarray of int, shape (n_infosets,)
        The sequence that leads there; information sets come after those above them.
    owner : ndarray of int, shape (n_sequences,)
        Information set of each sequence, -1 for the empty one.
    depth : ndarray of int, shape (n_sequences,)
        Number of own actions in each sequence.
    """

    n_sequences: int
    n_infosets: int
    first: Ints
    count: Ints
    parent: Ints
    owner: Ints
    depth: Ints

    def eliminate(self, table: NDArray[Any], pivots: Ints) -> None:
        """Turn rows for sequences into rows for coordinates, in place; pivots' rows become zero."""
        for infoset in range(self.n_infosets - 1, -1, -1):
            row = table[pivots[infoset]].copy()
            table[self.parent[infoset]] += row
            low = self.first[infoset]
            table[low : low + self.count[infoset]] -= row

    def expand(self, coordinates: NDArray[Any], pivots: Ints) -> NDArray[Any]:
        """Complete coordinates, zero at the pivots, to a plan, or to a table of plans' rows."""
        plan = coordinates.copy()
        for infoset in range(self.n_infosets):
            low = self.first[infoset]
            others = plan[low : low + self.count[infoset]].sum(axis=0)
            plan[pivots[infoset]] = plan[self.parent[infoset]] - others
        return plan

    def best_reply(self, gains: NDArray[Any]) -> tuple[NDArray[Any], Ints]:
        """Maximize over plans what the sequences earn by themselves.

        Returns
        -------
        totals : ndarray, shape (n_sequences,)
            What each sequence earns with the best continuation; that of the empty one is the
            best payoff.
        pivots : ndarray of int, shape (n_infosets,)
            The first best sequence of each information set.
        """
        totals = gains.copy()
        pivots = np.zeros(self.n_infosets, np.int64)
        for infoset in range(self.n_infosets - 1, -1, -1):
            low = self.first[infoset]
            pivots[infoset] = low + int(np.argmax(totals[low : low + self.count[infoset]]))
            totals[self.parent[infoset]] += totals[pivots[infoset]]
        return totals, pivots

    def losses(self, totals: NDArray[Any]) -> NDArray[Any]:
        """Say by how much each sequence falls short of the best one of its information set."""
        short: NDArray[Any] = totals - totals
        for infoset in range(self.n_infosets):
            own = slice(self.first[infoset], self.first[infoset] + self.count[infoset])
            short[own] = totals[own].max() - totals[own]
        return short


def plans_of(treeplex: Treeplex) -> Plans:
    """Describe a player's plans."""
    n, n_infosets = treeplex.n_sequences, len(treeplex.parent_sequence)
    owner = np.full(n, -1)
    first, count = np.zeros(n_infosets, np.int64), np.zeros(n_infosets, np.int64)
    depth = np.zeros(n, np.int64)
    for number, level in enumerate(treeplex.levels, start=1):
        owner[level.sequences] = level.infosets[level.owner]
        depth[level.sequences] = number
        first[level.infosets] = level.sequences[level.starts]
        count[level.infosets] = np.bincount(level.owner, minlength=level.infosets.size)
    parent = np.asarray(treeplex.parent_sequence, np.int64)
    return Plans(n, n_infosets, first, count, parent, owner, depth)


@dataclass(frozen=True, eq=False, slots=True)
class PairPayoffs:
    """What pairs of sequences add to two players' expected payoffs; pairs left out add nothing.

    Attributes
    ----------
    rows, columns : ndarray of int, shape (k,)
        The first and the second player's sequence.
    entries : pair of ndarray, shape (k,)
        Integers, of any size if need be: the payoffs times a positive number of each player's own.
    """

    rows: Ints
    columns: Ints
    entries: tuple[NDArray[Any], NDArray[Any]]

    def gains(self, player: int, plan: NDArray[Any], size: int) -> NDArray[Any]:
        """Sum up what each sequence of a player earns against the other one's plan."""
        own, other = (self.rows, self.columns)[:: 1 - 2 * player]
        worth = self.entries[player] * plan[other]
        totals = np.zeros(size, worth.dtype)
        np.add.at(totals, own, worth)
        return totals

    def table(self, player: int, shape: tuple[int, int]) -> NDArray[Any]:
        """Spread a player's entries out, own sequences first; integers of 64 bits where safe."""
        own, other = (self.rows, self.columns)[:: 1 - 2 * player]
        entries = self.entries[player]
        # Elimination adds entries up, each at most once a place, with either sign.
        small = sum(map(abs, entries.tolist())) < _SMALL
        table = np.zeros(shape[:: 1 - 2 * player], np.int64 if small else object)
        table[own, other] = entries
        return table


def pair_payoffs(game: ExtensiveFormGame) -> PairPayoffs:
    """Add up exactly what pairs of sequences earn in a game of two players."""
    form = game.sequence_form
    m = game.n_sequences[1]
    reach = chance_reach(game, game.terminals, game.exact_chance)
    first, second = form.terminal_sequences.astype(np.int64)
    pairs, which = np.unique(first * m + second, return_inverse=True)
    entries = []
    for payoffs in game.exact_payoffs:
        worth = np.broadcast_to(reach * payoffs, reach.shape).tolist()
        scale = math.lcm(*{fraction.denominator for fraction in worth})
        integers = np.empty(len(worth), dtype=object)
        integers[:] = [f.numerator * (scale // f.denominator) for f in worth]
        totals = np.zeros(len(pairs), dtype=object)
        np.add.at(totals, which, integers)
        common = math.gcd(*totals.tolist()) or 1
        entries.append(totals // common)
    rows, columns = np.divmod(pairs, m)
    return PairPayoffs(rows, columns, (entries[0], entries[1]))


def integer_plan(plans: Plans, treeplex: Treeplex, profile: BehaviorProfile) -> NDArray[Any]:
    """Multiply exact probabilities along each sequence: the plan times a positive integer."""
    behavior = np.concatenate([[1], profile.exact[treeplex.flat]]).astype(object)
    for infoset in range(plans.n_infosets):
        low = plans.first[infoset]
        behavior[low : low + plans.count[infoset]] *= behavior[plans.parent[infoset]]
    exact = behavior.tolist()
    scale = math.lcm(*{weight.denominator for weight in exact})
    whole = np.empty(len(exact), dtype=object)
    whole[:] = [weight.numerator * (scale // weight.denominator) for weight in exact]
    return whole
