"""Regret matching for bandits: actions in proportion to the regret of not having taken them."""

from __future__ import annotations

from typing import Any

from gametheory.games.normal_form import NormalFormGame
from marl_bridge.learners.entries import DrawnEntry, Entry
from marl_bridge.learners.matrix_rounds import MatrixRule
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

    def matrix_rule(self, game: NormalFormGame) -> MatrixRule:
        """Say which compiled rule this is."""
        return MatrixRule("REGRETS", (self._exploration,))

    def begin(self, progress: float) -> None:
        """Move the schedule on."""
        self._gamma = self._exploration.at(progress)

    def chances(self, entry: Entry) -> list[float]:
        """Share by positive regrets, uniformly if there is none, mixed with uniform play."""
        n = len(entry.legal)
        values, floor = entry.values, self._gamma / n
        positive = [values[a] if values[a] > 0.0 else 0.0 for a in entry.legal]
        total = sum(positive)
        if total <= 0.0:
            return [1.0 / n] * n
        share = (1.0 - self._gamma) / total
        return [share * p + floor for p in positive]

    def credit(self, entry: DrawnEntry, place: int, earned: float) -> None:
        """Add to each action's regret: its estimated return less what was earned."""
        regrets = entry.values
        for other in entry.legal:
            regrets[other] -= earned
        regrets[entry.legal[place]] += earned / entry.chances[place]
