"""Advantage actor-critic: every agent's policy follows its own critic, step by step."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from gametheory.games.normal_form import NormalFormGame
from marl_bridge.learners.entries import Entry
from marl_bridge.learners.independent import IndependentLearner
from marl_bridge.learners.matrix_rounds import MatrixRule
from marl_bridge.learners.registry import register
from marl_bridge.learners.reinforce import BaselineEntry, climb
from marl_bridge.learners.schedules import Schedule, require_positive, require_unit
from marl_bridge.learners.softmax import full_row, softmax

__all__ = ["ActorCritic"]


@register(
    "actor-critic",
    default_episodes=20_000,
    promise="none with several learners; alone, a local optimum as steps get small",
    also=("a2c", "ia2c"),
    source="Sutton, McAllester, Singh and Mansour (1999), Policy gradient methods for "
    "reinforcement learning with function approximation, NeurIPS",
)
class ActorCritic(IndependentLearner):
    """Tabular softmax policies moved by the temporal-difference error of a tabular critic.

    Parameters
    ----------
    step_size : Schedule
        Of the preferences.
    critic_step_size : float
        Of the values, within [0, 1].
    **arguments
        Of :class:`~marl_bridge.learners.independent.IndependentLearner`.
    """

    entry: ClassVar[type[Entry]] = BaselineEntry

    def __init__(
        self,
        source: Any,
        *,
        step_size: Schedule = Schedule(0.1, 0.02, 1.0),
        critic_step_size: float = 0.1,
        **arguments: Any,
    ) -> None:
        require_positive(step_size=step_size)
        require_unit(critic_step_size=critic_step_size)
        super().__init__(source, **arguments)
        self._step_size, self._alpha = step_size, step_size.first
        self._critic_step = critic_step_size

    def matrix_rule(self, game: NormalFormGame) -> MatrixRule:
        """Say which compiled rule this is."""
        schedules, constants = (self._step_size,), (self._critic_step,)
        return MatrixRule("ACTOR_CRITIC", schedules, constants, numbers=("baseline",))

    def begin(self, progress: float) -> None:
        """Move the schedule on."""
        self._alpha = self._step_size.at(progress)

    def choose(self, entry: Any) -> int:
        """Draw from the softmax of the preferences."""
        entry.chances = chances = softmax(entry.values, entry.legal, 1.0)
        legal: list[int] = entry.legal
        return legal[self.draws.place(chances)]

    def learn(self, entry: Any, action: int, reward: float, following: Any) -> None:
        """Move critic and preferences by the temporal-difference error."""
        expected = 0.0 if following is None else self.discount * following.baseline
        error = reward + expected - entry.baseline
        climb(entry, entry.legal.index(action), self._alpha * error)
        entry.baseline += self._critic_step * error

    def row(self, entry: Entry) -> NDArray[np.float64]:
        """Return the softmax of the preferences."""
        return full_row(entry, softmax(entry.values, entry.legal, 1.0))
