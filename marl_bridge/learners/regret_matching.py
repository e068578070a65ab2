"""Regret matching for bandits: actions in proportion to the regret of not having taken them."""

from __future__ import annotations

from typing import Any

from marl_bridge.learners.entries import Entry
from marl_bridge.learners.monte_carlo import MonteCarloLearner
from marl_bridge.learners.registry import register
from marl_bridge.learners.schedules import Schedule, require_unit

__all__ = ["BanditRegretMatching"]


@register(
    "regret-matching",
    default_episodes=20_000,
    promise="on a matrix game, external regret per round that falls to what exploration costs, so "
    "that joint play comes close to a coarse correlated equilibrium",
    source="after Hart and Mas-Colell (2001), A reinforcement procedure leading to correlated "
    "equilibrium, in Economics Essays",
)
class BanditRegretMatching(MonteCarloLearner):
    """External regret matching on estimates of what other actions would have earned.

    The estimates weigh a return by one over the probability that its action was taken with.

    Parameters
    ----------
    exploration : Schedule
        Share of uniform play.
    **arguments
        Of :class:`~marl_bridge.learners.independent.IndependentLearner`.
    """

    def __init__(
        self, source: Any, *, exploration: Schedule = Schedule(0.3, 0.02, 1.0), **arguments: Any
    ) -> None:
        require_unit(exploration=exploration)
        super().__init__(source, **arguments)
        self._exploration, self._gamma = exploration, exploration.first

    def begin(self, progress: float) -> None:
        """Move the schedule on."""
        self._gamma = self._exploration.at(progress)

    def chances(self, entry: Entry) -> list[float]:
        """Share by positive regrets, uniformly if there is none, mixed with uniform play."""
        n = len(entry.legal)
        positive = [max(entry.values[a], 0.0) for a in entry.legal]
        total = sum(positive)
        shares = [p / total for p in positive] if total > 0.0 else [1.0 / n] * n
        return [(1.0 - self._gamma) * share + self._gamma / n for share in shares]

    def credit(self, entry: Entry, action: int, earned: float, odds: float) -> None:
        """Add to each action's regret: its estimated return less what was earned."""
        for other in entry.legal:
            entry.values[other] -= earned
        entry.values[action] += earned / odds
