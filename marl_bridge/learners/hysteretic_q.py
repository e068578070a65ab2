"""Hysteretic Q-learning: bad news counts less than good news."""

from __future__ import annotations

from typing import Any

from gametheory.games.normal_form import NormalFormGame
from marl_bridge.learners.entries import Entry
from marl_bridge.learners.independent_q import IndependentQ
from marl_bridge.learners.matrix_rounds import MatrixRule
from marl_bridge.learners.registry import register
from marl_bridge.learners.schedules import require_unit

__all__ = ["HystereticQ"]


@register(
    "hysteretic-q",
    default_episodes=20_000,
    promise="none; made for agents with one common reward, where others' exploration looks like "
    "bad luck",
    source="Matignon, Laurent and Le Fort-Piat (2007), Hysteretic Q-learning, IROS",
)
class HystereticQ(IndependentQ):
    """Independent Q-learning with smaller steps downward.

    Parameters
    ----------
    pessimism : float
        Steps downward are this share of steps upward.
    **arguments
        Of :class:`~marl_bridge.learners.independent_q.IndependentQ`.
    """

    def __init__(self, source: Any, *, pessimism: float = 0.1, **arguments: Any) -> None:
        require_unit(pessimism=pessimism)
        super().__init__(source, **arguments)
        self._pessimism = pessimism

    def matrix_rule(self, game: NormalFormGame) -> MatrixRule:
        """Say which compiled rule this is."""
        schedules = self.exploration, self.step_size
        return MatrixRule("HYSTERETIC_Q", schedules, (self._pessimism,))

    def learn(self, entry: Entry, action: int, reward: float, following: Entry | None) -> None:
        """Move the action's value all the way up or a little down."""
        before = entry.values[action]
        super().learn(entry, action, reward, following)
        change = entry.values[action] - before
        if change < 0.0:
            entry.values[action] = before + self._pessimism * change
