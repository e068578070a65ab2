"""Boltzmann Q-learning: every agent acts by the softmax of its own action values."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from gametheory.games.normal_form import NormalFormGame
from marl_bridge.environments.opening import EnvironmentSource
from marl_bridge.learners.entries import DrawnEntry, Entry
from marl_bridge.learners.independent import IndependentLearner
from marl_bridge.learners.matrix_rounds import MatrixRule
from marl_bridge.learners.registry import register
from marl_bridge.learners.schedules import Schedule, require_positive, require_unit
from marl_bridge.learners.softmax import full_row, softmax

__all__ = ["BoltzmannQ"]


@register(
    "boltzmann-q",
    default_episodes=20_000,
    promise="where it settles, a softmax response to its action values: a logit equilibrium of a "
    "matrix game; it need not settle",
    source="Tuyls, Verbeeck and Lenaerts (2003), A selection-mutation model for Q-learning in "
    "multi-agent systems, AAMAS",
)
class BoltzmannQ(IndependentLearner):
    """Q-learning that explores by softmax, at a temperature that may fall.

    The policy learned is the softmax at the last temperature.

    Parameters
    ----------
    source, episodes, seed, discount
        As for :class:`~marl_bridge.learners.independent.IndependentLearner`.
    temperature : Schedule
        Of the softmax, in units of return.
    step_size : Schedule
        How far a value moves towards its target.

    Raises
    ------
    InvalidEnvironment
        If the temperature is not positive or the step size leaves [0, 1].
    """

    entry: ClassVar[type[Entry]] = DrawnEntry

    def __init__(
        self,
        source: EnvironmentSource,
        *,
        episodes: int,
        seed: int = 0,
        temperature: Schedule = Schedule(1.0, 0.1, 0.8),
        step_size: Schedule = Schedule(0.1, 0.01, 1.0),
        discount: float = 1.0,
    ) -> None:
        require_positive(temperature=temperature)
        require_unit(step_size=step_size)
        super().__init__(source, episodes=episodes, seed=seed, discount=discount)
        self.cooling, self.step_size = temperature, step_size
        self.temperature, self.alpha = temperature.first, step_size.first

    def matrix_rule(self, game: NormalFormGame) -> MatrixRule:
        """Say which compiled rule this is."""
        return MatrixRule("BOLTZMANN_Q", (self.cooling, self.step_size))

    def begin(self, progress: float) -> None:
        """Move both schedules on."""
        self.temperature = self.cooling.at(progress)
        self.alpha = self.step_size.at(progress)

    def choose(self, entry: Any) -> int:
        """Draw from the softmax."""
        entry.chances = chances = softmax(entry.values, entry.legal, self.temperature)
        legal: list[int] = entry.legal
        return legal[self.draws.place(chances)]

    def learn(self, entry: Entry, action: int, reward: float, following: Entry | None) -> None:
        """Move the action's value towards the reward and the best value that follows."""
        self._move(entry, action, reward, following, self.alpha)

    def _move(
        self, entry: Entry, action: int, reward: float, following: Entry | None, alpha: float
    ) -> None:
        target = reward
        if following is not None:
            values = following.values
            target += self.discount * max([values[b] for b in following.legal])
        entry.values[action] += alpha * (target - entry.values[action])

    def row(self, entry: Entry) -> NDArray[np.float64]:
        """Return the softmax at the present temperature."""
        return full_row(entry, softmax(entry.values, entry.legal, self.temperature))
