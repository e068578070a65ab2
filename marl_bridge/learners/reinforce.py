"""REINFORCE: every agent climbs the gradient of its own return, with a baseline."""

from __future__ import annotations

from typing import Any, ClassVar

from gametheory.games.normal_form import NormalFormGame
from marl_bridge.learners.entries import DrawnEntry, Entry
from marl_bridge.learners.matrix_rounds import MatrixRule
from marl_bridge.learners.monte_carlo import MonteCarloLearner
from marl_bridge.learners.registry import register
from marl_bridge.learners.schedules import Schedule, require_positive
from marl_bridge.learners.softmax import softmax

__all__ = ["BaselineEntry", "Reinforce", "climb"]


class BaselineEntry(DrawnEntry):
    """Preferences in place of values, and what is expected at the observation."""

    __slots__ = ("baseline", "visits")

    def __init__(self, n_actions: int) -> None:
        super().__init__(n_actions)
        self.baseline, self.visits = 0.0, 0


@register(
    "reinforce",
    default_episodes=20_000,
    promise="none with several learners; alone, a local optimum as steps get small",
    source="Williams (1992), Simple statistical gradient-following algorithms for connectionist "
    "reinforcement learning, Machine Learning 8",
)
class Reinforce(MonteCarloLearner):
    """Tabular softmax policies moved along ``(return - baseline) * grad log p``.

    The baseline of an observation is the mean return from it on.

    Parameters
    ----------
    step_size : Schedule
        Of the preferences.
    **arguments
        Of :class:`~marl_bridge.learners.independent.IndependentLearner`.
    """

    entry: ClassVar[type[Entry]] = BaselineEntry

    def __init__(
        self, source: Any, *, step_size: Schedule = Schedule(0.1, 0.02, 1.0), **arguments: Any
    ) -> None:
        require_positive(step_size=step_size)
        super().__init__(source, **arguments)
        self._step_size, self._alpha = step_size, step_size.first

    def matrix_rule(self, game: NormalFormGame) -> MatrixRule:
        """Say which compiled rule this is."""
        return MatrixRule("REINFORCE", (self._step_size,), numbers=("baseline", "visits"))

    def begin(self, progress: float) -> None:
        """Move the schedule on."""
        self._alpha = self._step_size.at(progress)

    def chances(self, entry: Entry) -> list[float]:
        """Return the softmax of the preferences."""
        return softmax(entry.values, entry.legal, 1.0)

    def credit(self, entry: BaselineEntry, place: int, earned: float) -> None:
        """Move the preferences by the advantage, then the baseline by the return."""
        climb(entry, place, self._alpha * (earned - entry.baseline))
        entry.visits += 1
        entry.baseline += (earned - entry.baseline) / entry.visits


def climb(entry: BaselineEntry, place: int, step: float) -> None:
    """Move the preferences by ``step`` times the gradient of the log-probability of an action.

    The gradient is taken where the action was drawn: at ``entry.chances``.
    """
    preferences = entry.values
    for action, p in zip(entry.legal, entry.chances, strict=True):
        preferences[action] -= step * p
    preferences[entry.legal[place]] += step
