"""Learners that wait for the end of an episode: what follows an action is its return."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from marl_bridge.learners.entries import Entry
from marl_bridge.learners.independent import IndependentLearner
from marl_bridge.learners.softmax import full_row

__all__ = ["MonteCarloLearner"]


class MonteCarloLearner(IndependentLearner):
    """An independent learner that is told of each action what was earned from it on.

    A learner derives a class and says in :meth:`chances` how it acts, and in :meth:`credit` what a
    return teaches; the last action of an episode comes first.
    """

    def __init__(self, source: Any, **arguments: Any) -> None:
        super().__init__(source, **arguments)
        # Entries belong to one agent each, so that an entry tells whose action or path this is.
        self._odds: dict[int, float] = {}
        self._paths: dict[int, list[tuple[Entry, int, float, float]]] = {}

    def chances(self, entry: Entry) -> list[float]:
        """Return the probability of each legal action, in their order."""
        raise NotImplementedError

    def credit(self, entry: Entry, action: int, earned: float, odds: float) -> None:
        """Learn from an action, its discounted return, and the probability it was taken with."""
        raise NotImplementedError

    def choose(self, entry: Entry) -> int:
        """Draw from :meth:`chances`, and keep the probability."""
        chances = self.chances(entry)
        place = self.draws.place(chances)
        self._odds[id(entry)] = chances[place]
        return entry.legal[place]

    def learn(self, entry: Entry, action: int, reward: float, following: Entry | None) -> None:
        """Keep what happened until the agent's episode is over."""
        path = self._paths.pop(id(entry), [])
        path.append((entry, action, reward, self._odds.pop(id(entry))))
        if following is not None:
            self._paths[id(following)] = path
            return
        earned = 0.0
        for place, chosen, told, odds in reversed(path):
            earned = told + self.discount * earned
            self.credit(place, chosen, earned, odds)

    def row(self, entry: Entry) -> NDArray[np.float64]:
        """Return the probabilities it acts with."""
        return full_row(entry, self.chances(entry))
