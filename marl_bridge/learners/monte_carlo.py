"""Learners that wait for the end of an episode: what follows an action is its return."""

from __future__ import annotations

from typing import Any

from marl_bridge.learners.entries import Entry
from marl_bridge.learners.independent import IndependentLearner

__all__ = ["MonteCarloLearner"]


class MonteCarloLearner(IndependentLearner):
    """An independent learner that is told of each action what was earned from it on.

    A learner derives a class and says in :meth:`credit` what that teaches; the last action of an
    episode comes first.
    """

    def __init__(self, source: Any, **arguments: Any) -> None:
        super().__init__(source, **arguments)
        self._paths: dict[int, list[tuple[Entry, int, float]]] = {}

    def credit(self, entry: Entry, action: int, earned: float) -> None:
        """Learn from an action and its discounted return."""
        raise NotImplementedError

    def learn(self, entry: Entry, action: int, reward: float, following: Entry | None) -> None:
        """Keep what happened until the agent's episode is over."""
        # Entries belong to one agent each, so that the next one tells whose path this is.
        path = self._paths.pop(id(entry), [])
        path.append((entry, action, reward))
        if following is not None:
            self._paths[id(following)] = path
            return
        earned = 0.0
        for place, chosen, told in reversed(path):
            earned = told + self.discount * earned
            self.credit(place, chosen, earned)
