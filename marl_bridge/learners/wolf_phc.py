"""WoLF policy hill climbing: learn fast when losing and cautiously when winning."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from gametheory.games.normal_form import NormalFormGame
from marl_bridge.learners.entries import Entry, best_actions
from marl_bridge.learners.independent_q import IndependentQ
from marl_bridge.learners.matrix_rounds import MatrixRule
from marl_bridge.learners.registry import register
from marl_bridge.learners.schedules import require_unit

__all__ = ["WolfPHC"]


class _Entry(Entry):
    """With a policy, its average over all visits, and their number."""

    __slots__ = ("average", "policy", "visits")

    def __init__(self, n_actions: int) -> None:
        super().__init__(n_actions)
        self.policy: list[float] = []  # of the legal actions
        self.average: list[float] = []
        self.visits = 0

    def begin(self) -> None:
        """Begin with uniform play."""
        self.policy = [1.0 / len(self.legal)] * len(self.legal)
        self.average = list(self.policy)


@register(
    "wolf-phc",
    default_episodes=50_000,
    promise="none proven; its model with exact gradients, WoLF-IGA, converges in 2x2 games",
    also=("wolf",),
    source="Bowling and Veloso (2002), Multiagent learning using a variable learning rate, "
    "Artificial Intelligence 136, table 5",
)
class WolfPHC(IndependentQ):
    """Q-learning, and a mixed policy that climbs towards the best action.

    The policy's step is ``winning`` while the policy earns more than its average over time would
    by the present values, and ``losing`` otherwise.

    Parameters
    ----------
    winning, losing : float
        Steps of the policy per visit; winning is the smaller one.
    **arguments
        Of :class:`~marl_bridge.learners.independent_q.IndependentQ`.
    """

    entry: ClassVar[type[Entry]] = _Entry

    def __init__(
        self, source: Any, *, winning: float = 0.001, losing: float = 0.004, **arguments: Any
    ) -> None:
        require_unit(winning=winning, losing=losing)
        super().__init__(source, **arguments)
        self._winning, self._losing = winning, losing

    def matrix_rule(self, game: NormalFormGame) -> MatrixRule:
        """Say which compiled rule this is."""
        schedules, constants = (self.exploration, self.step_size), (self._winning, self._losing)
        rows = "policy", "average"
        return MatrixRule("WOLF_PHC", schedules, constants, rows, numbers=("visits",))

    def choose(self, entry: Entry) -> int:
        """Draw from the policy, or any legal action with the probability of exploration."""
        assert isinstance(entry, _Entry)
        if self.draws.uniform() < self.epsilon:
            return entry.legal[self.draws.index(len(entry.legal))]
        return entry.legal[self.draws.place(entry.policy)]

    def learn(self, entry: Entry, action: int, reward: float, following: Entry | None) -> None:
        """Move the action's value, then the policy."""
        super().learn(entry, action, reward, following)
        assert isinstance(entry, _Entry)
        entry.visits += 1
        policy, average, legal = entry.policy, entry.average, entry.legal
        n, share, values = len(legal), 1.0 / entry.visits, entry.values
        earns = earned = 0.0
        for k, other in enumerate(legal):
            p, value = policy[k], values[other]
            average[k] += (p - average[k]) * share
            earns += p * value
            earned += average[k] * value
        if n == 1:
            return
        step = (self._winning if earns > earned else self._losing) / (n - 1)
        best = legal.index(best_actions(entry)[0])
        for k in range(n):
            if k != best:
                taken = policy[k] if policy[k] < step else step
                policy[k] -= taken
                policy[best] += taken

    def row(self, entry: Entry) -> NDArray[np.float64]:
        """Return the policy."""
        assert isinstance(entry, _Entry)
        row = np.zeros(len(entry.values))
        row[entry.legal] = entry.policy
        return np.asarray(row / row.sum())
