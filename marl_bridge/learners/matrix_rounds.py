"""Many rounds of a matrix game at once, for learners whose rule exists as compiled code."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gametheory.games.normal_form import NormalFormGame
from marl_bridge.learners.entries import Entry
from marl_bridge.learners.schedules import Schedule

__all__ = ["MatrixRounds", "MatrixRule", "has_matrix_rule"]

_CHUNK = 2048  # rounds: so few that random numbers drawn in advance are no burden to a checkpoint


@dataclass(frozen=True, slots=True)
class MatrixRule:
    """What the kernel :func:`gametheory.kernels.bandit_rounds.bandit_rounds` has to know.

    Attributes
    ----------
    kind : str
        The name of the kernel's constant.
    schedules : sequence of Schedule
    constants : sequence of float
    rows : sequence of str
        What an entry keeps for each action besides values, by its attribute's name.
    numbers : sequence of str
        What it keeps besides.
    """

    kind: str
    schedules: Sequence[Schedule] = ()
    constants: Sequence[float] = ()
    rows: Sequence[str] = ()
    numbers: Sequence[str] = ()


def has_matrix_rule(learning: Any) -> bool:
    """Whether a learner's own class says which rule it is.

    A class that derives from it may learn otherwise, so that nothing is inherited.
    """
    return "matrix_rule" in vars(type(learning))


class MatrixRounds:
    """Plays one-round episodes of a game: what ``run_episode`` does, at a hundredth of its time.

    The learner's entries and random streams are left as ``run_episode`` would have left them, up to
    the rounding of exponentials.

    Parameters
    ----------
    game : NormalFormGame
        What the learner's environment plays, one round an episode.
    learning : IndependentLearner
        With a rule of its own.
    """

    def __init__(self, game: NormalFormGame, learning: Any) -> None:
        self._game, self._learning = game, learning
        self._rule: MatrixRule = learning.matrix_rule(game)
        table = np.moveaxis(game.payoffs, 0, -1).reshape(-1, game.n_players)
        self._rewards = np.ascontiguousarray(table, dtype=float)
        self._sizes = np.array(game.n_actions, dtype=np.int64)

    def play(self, rounds: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Play; return the sum of each player's payoffs, and how often each action profile came."""
        from gametheory.kernels import bandit_rounds as kernel

        learning, rule, entries = self._learning, self._rule, self._learning.only_entries()
        played: Callable[..., int] = kernel.bandit_rounds
        names = ("values", *rule.rows)
        rows = np.zeros((len(entries), len(names), max(self._sizes)))
        for own, entry in zip(rows, entries, strict=True):
            for row, name in zip(own, names, strict=True):
                kept = getattr(entry, name)
                row[: len(kept)] = kept
        numbers = np.array(
            [[float(getattr(entry, name)) for name in rule.numbers] for entry in entries]
        )
        memory = kernel.Rule(
            getattr(kernel, rule.kind),
            np.array([(s.first, s.last, s.share) for s in rule.schedules]).reshape(-1, 3),
            np.array(rule.constants, dtype=float),
            rows,
            numbers.reshape(len(entries), -1),
        )
        clock = np.array([learning.done, learning.episodes], dtype=float)
        counts, earned = np.zeros(len(self._rewards), dtype=np.int64), np.zeros(len(entries))
        for first in range(0, rounds, _CHUNK):
            steps = min(_CHUNK, rounds - first)
            uniform = learning.draws.ahead(kernel.MOST_DRAWS * len(entries) * steps)
            used = played(self._rewards, self._sizes, memory, clock, steps, uniform, counts, earned)
            learning.draws.skip(used)
        learning.pass_episodes(rounds)
        self._keep(entries, names, memory)
        return earned, counts.reshape(self._game.n_actions)

    def _keep(self, entries: Sequence[Entry], names: Sequence[str], memory: Any) -> None:
        for entry, rows, numbers in zip(entries, memory.rows, memory.numbers, strict=True):
            n_actions = len(entry.values)
            for name, row in zip(names, rows, strict=True):
                setattr(entry, name, row[:n_actions].tolist())
            for name, number in zip(self._rule.numbers, numbers, strict=True):
                setattr(entry, name, type(getattr(entry, name))(number))
