"""Games played in rounds: one driver for all that learn from round to round.

In each round all players play, and learn what each of their actions earned: against the others'
strategies (``play="expected"``), or against the actions that were drawn from them
(``play="sampled"``). A kernel plays the rounds and enters them into a ledger; this is the way from
a game to the ledger, and from the ledger to a trace.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gametheory.dynamics.flows import populations_of
from gametheory.dynamics.recording import Record, choice, count, follow, record_steps, trace_of
from gametheory.games.normal_form import NormalFormGame
from gametheory.games.profiles import MixedProfile
from gametheory.solution import Trace

if TYPE_CHECKING:
    from gametheory.kernels.rounds import Ledger, Table

__all__ = ["STEEPEST", "Rounds", "log_of"]

Floats = NDArray[np.float64]

STEEPEST = 1e300
"""No rate is taken larger, in units of the scaled payoffs: products with 0 stay 0."""
_DRAWS_AT_ONCE = 2**14


class Rounds:
    """A game that is played in rounds.

    Parameters
    ----------
    game : NormalFormGame
    start : MixedProfile or None
        Uniform play if None.
    play : {"expected", "sampled"}
        Against strategies, or against actions drawn from them.
    seed : int
        Equal seeds draw equal actions.
    draws : bool, optional
        Whether random numbers are drawn; by default where play is sampled.

    Attributes
    ----------
    who : Populations
        The game, its payoffs between 0 and 1 with their unit, and the start.
    table, ledger
        See :mod:`gametheory.kernels.rounds`.

    Raises
    ------
    UnsupportedGame, InvalidProfile
        An option, or the start, is not valid.
    """

    def __init__(
        self,
        game: NormalFormGame,
        start: MixedProfile | None,
        *,
        play: str = "expected",
        seed: int = 0,
        draws: bool | None = None,
    ) -> None:
        self.game = game
        self.who = populations_of(game, "each", start)
        self.sampled = choice("play", play, ("expected", "sampled")) == "sampled"
        self.draws = self.sampled if draws is None else draws
        self.random = np.random.default_rng(count("seed", seed, 0))
        self.table, self.ledger = _tables(game, self.who.payoffs.tensors, self.who.start)

    @property
    def ranges(self) -> Floats:
        """Each player's payoff range, in units of ``who.payoffs``, shape (n,)."""
        return self.who.payoffs.widths

    @property
    def sizes(self) -> NDArray[np.int64]:
        """Each player's number of actions, shape (n,)."""
        return np.array(self.who.sizes, dtype=np.int64)

    def trace(
        self,
        kernel: Callable[[Table, Ledger, int, Floats], None],
        rounds: int,
        record: int,
        spacing: str,
    ) -> Trace:
        """Play, and record.

        Parameters
        ----------
        kernel : callable
            ``kernel(table, ledger, steps, uniform)`` plays so many rounds. ``uniform`` has one
            row a round, one random number from 0 to 1 a player; no rows where none are drawn.
            What it changes lies in arrays, so that an interrupt comes before or after.
        rounds, record, spacing
            See :func:`gametheory.dynamics.recording.record_steps`.

        Returns
        -------
        Trace
            ``iterates`` are what was played in the round of the record, ``joint_average`` is the
            average of the joint play: its external regrets are the last ``regrets``.
        """

        def advance(steps: int) -> None:
            for first in range(0, steps, _DRAWS_AT_ONCE) if self.draws else range(1):
                some = min(_DRAWS_AT_ONCE, steps - first) if self.draws else steps
                shape = (some if self.draws else 0, self.game.n_players)
                kernel(self.table, self.ledger, some, self.random.random(shape))

        records = follow(record_steps(rounds, record, spacing), advance, self.read)
        joint = self.ledger.joint.reshape(self.game.n_actions)
        total = joint.sum()
        return trace_of(self.game, records, joint / total if total else None, self.who.payoffs)

    def read(self) -> Record:
        """Describe the last round and the averages."""
        ledger = self.ledger
        done, weights = ledger.clock.tolist()
        if not done:
            return self.who.starting_record()
        first, unit = self.table.offsets[:-1], self.who.payoffs.unit
        best = np.maximum.reduceat(ledger.earned, first) / done
        averages = ledger.played / weights
        return Record(
            done,
            ledger.strategies.copy(),
            averages / np.repeat(np.add.reduceat(averages, first), self.sizes),
            np.maximum(best - ledger.realized / done, 0.0) * unit,
        )


def log_of(strategies: Floats) -> Floats:
    """Return logarithms of probabilities, minus infinity for 0."""
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(strategies))


def _tables(game: NormalFormGame, tensors: Floats, start: Floats) -> tuple[Any, Any]:
    from gametheory.kernels.rounds import Ledger, Table

    n, actions, cells = game.n_players, len(start), tensors[0].size
    own_last = [np.moveaxis(tensor, i, -1).ravel() for i, tensor in enumerate(tensors)]
    offsets = np.concatenate([[0], np.cumsum(game.n_actions)]).astype(np.int64)
    ledger = Ledger(
        strategies=start.copy(),
        pay=np.zeros(actions),
        actions=np.zeros(n, dtype=np.int64),
        played=np.zeros(actions),
        earned=np.zeros(actions),
        realized=np.zeros(n),
        joint=np.zeros(cells),
        clock=np.zeros(2),
        work=np.zeros((2, cells)),
    )
    return Table(np.array(own_last), offsets), ledger
