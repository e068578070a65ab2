"""Learners that wait for the end of an episode: what follows an action is its return."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from marl_bridge.learners.entries import DrawnEntry, Entry
from marl_bridge.learners.independent import IndependentLearner
from marl_bridge.learners.softmax import full_row

__all__ = ["MonteCarloLearner"]


class MonteCarloLearner(IndependentLearner):
    """An independent learner that is told of each action what was earned from it on.

    A learner derives a class and says in :meth:`chances` how it acts, which must not change within
    an episode, and in :meth:`credit` what a return teaches; the last action of an episode comes
    first.
    """

    entry: ClassVar[type[Entry]] = DrawnEntry

    def __init__(self, source: Any, **arguments: Any) -> None:
        super().__init__(source, **arguments)
        # Entries belong to one agent each, so that an entry tells whose path this is.
        self._paths: dict[int, list[tuple[DrawnEntry, int, float]]] = {}

    def chances(self, entry: Entry) -> list[float]:
        """Return the probability of each legal action, in their order."""
        raise NotImplementedError

    def credit(self, entry: Any, place: int, earned: float) -> None:
        """Learn from the discounted return of the legal action at a place.

        ``entry.chances`` has the probabilities that it was drawn from.
        """
        raise NotImplementedError

    def choose(self, entry: Any) -> int:
        """Draw from :meth:`chances`, and keep them."""
        entry.chances = chances = self.chances(entry)
        legal: list[int] = entry.legal
        return legal[self.draws.place(chances)]

    def learn(self, entry: Any, action: int, reward: float, following: Entry | None) -> None:
        """Keep what happened until the agent's episode is over."""
        path = self._paths.pop(id(entry), None)
        if path is None:
            if following is None:
                self.credit(entry, entry.legal.index(action), reward)
                return
            path = []
        path.append((entry, entry.legal.index(action), reward))
        if following is not None:
            self._paths[id(following)] = path
            return
        earned = 0.0
        for chosen, place, told in reversed(path):
            earned = told + self.discount * earned
            self.credit(chosen, place, earned)

    def row(self, entry: Entry) -> NDArray[np.float64]:
        """Return the probabilities it acts with."""
        return full_row(entry, self.chances(entry))
