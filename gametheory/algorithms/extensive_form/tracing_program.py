"""The linear complementarity problem of a two-player game in sequence form, with a prior.

With plans x and y, payoffs A and B, and a prior plan s and t of each player, ask for

    E x + e z = e,       r = E'p - A y - A t z >= 0,    x >= 0,    x'r = 0,
    F y + f z = f,       q likewise: F'q - B'x - B's z >= 0, ...,   z >= 0.

The solutions with z = 0 are the equilibria (Koller, Megiddo and von Stengel 1996). At z = 1 the
plans are zero, and p and q are the values of best replies to the prior. In between, (x + s z,
y + t z) is what players expect of each other while they are certain of the prior with weight z
(von Stengel, van den Elzen and Talman 2002).

Fixing a best reply to the prior at each information set solves all equations. What remains is a
dictionary with a row for each sequence, whose first pivot lets x_0 = 1 - z grow.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from gametheory.algorithms.extensive_form.sequence_pairs import (
    PairPayoffs,
    Plans,
    integer_plan,
    pair_payoffs,
    plans_of,
)
from gametheory.games.behavior_profile import BehaviorProfile
from gametheory.games.extensive_form import ExtensiveFormGame

__all__ = ["Prior", "TracingProgram", "program_of"]

Ints = NDArray[Any]


@dataclass(frozen=True, eq=False, slots=True)
class Prior:
    """What each player earns with its sequences against the prior, and its best replies.

    Attributes
    ----------
    gains : pair of ndarray, shape (n_sequences,)
        Integers, in units of the program's payoffs.
    pivots : pair of ndarray of int, shape (n_infosets,)
    slacks : pair of ndarray, shape (n_sequences,)
        By how much each sequence falls short of the best one; zero at the pivots.
    """

    gains: tuple[NDArray[Any], NDArray[Any]]
    pivots: tuple[Ints, Ints]
    slacks: tuple[NDArray[Any], NDArray[Any]]


@dataclass(frozen=True, eq=False, slots=True)
class TracingProgram:
    """Both players' plans, payoffs as integers, and a prior."""

    plans: tuple[Plans, Plans]
    payoffs: PairPayoffs
    prior: Prior

    @property
    def sizes(self) -> tuple[int, int]:
        """Number of sequences of each player."""
        return self.plans[0].n_sequences, self.plans[1].n_sequences

    def condensed(self, player: int, pivots: tuple[Ints, Ints] | None = None) -> NDArray[Any]:
        """Write a player's payoffs for coordinates: own ones in rows, the other's in columns.

        The pivots are those of the prior if left out.
        """
        chosen = self.prior.pivots if pivots is None else pivots
        table = self.payoffs.table(player, self.sizes)
        self.plans[player].eliminate(table, chosen[player])
        self.plans[1 - player].eliminate(table.T, chosen[1 - player])
        return table


def program_of(game: ExtensiveFormGame, prior: BehaviorProfile) -> TracingProgram:
    """Build the program of a game of two players; the prior is taken exactly."""
    form = game.sequence_form
    plans = plans_of(form.treeplexes[0]), plans_of(form.treeplexes[1])
    weights = [
        integer_plan(own, treeplex, prior)
        for own, treeplex in zip(plans, form.treeplexes, strict=True)
    ]
    payoffs = pair_payoffs(game)
    gains = [
        payoffs.gains(player, weights[1 - player], plans[player].n_sequences) for player in (0, 1)
    ]
    # The gains come times the weight of the other one's empty sequence: so do payoffs then.
    scaled = [payoffs.entries[player] * weights[1 - player][0] for player in (0, 1)]
    replies = [own.best_reply(gain) for own, gain in zip(plans, gains, strict=True)]
    slacks = [own.losses(totals) for own, (totals, _) in zip(plans, replies, strict=True)]
    return TracingProgram(
        plans,
        PairPayoffs(payoffs.rows, payoffs.columns, (scaled[0], scaled[1])),
        Prior((gains[0], gains[1]), (replies[0][1], replies[1][1]), (slacks[0], slacks[1])),
    )
