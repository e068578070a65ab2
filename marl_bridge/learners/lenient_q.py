"""Lenient Q-learning: bad news is overlooked at first."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from gametheory.games.normal_form import NormalFormGame
from marl_bridge.learners.entries import Entry
from marl_bridge.learners.independent_q import IndependentQ
from marl_bridge.learners.matrix_rounds import MatrixRule
from marl_bridge.learners.registry import register
from marl_bridge.learners.schedules import require_positive, require_unit

__all__ = ["LenientQ"]


class _Entry(Entry):
    """With a temperature for each action, which falls whenever it is taken."""

    __slots__ = ("temperatures",)

    def __init__(self, n_actions: int) -> None:
        super().__init__(n_actions)
        self.temperatures = [1.0] * n_actions


@register(
    "lenient-q",
    default_episodes=20_000,
    promise="none; made for agents with one common reward, where others' exploration looks like "
    "bad luck",
    source="after Wei and Luke (2016), Lenient learning in independent-learner stochastic "
    "cooperative games, JMLR 17",
)
class LenientQ(IndependentQ):
    """Independent Q-learning that ignores most disappointments while an action is young.

    A simplified form: exploration is epsilon-greedy, and temperatures stay where they are.

    A value falls only with probability ``1 - exp(-1 / (leniency * temperature))``; each time an
    action is taken its temperature is multiplied by ``cooling``.

    Parameters
    ----------
    leniency : float
        The larger, the longer disappointments are overlooked.
    cooling : float
        Factor of the temperature, within [0, 1].
    **arguments
        Of :class:`~marl_bridge.learners.independent_q.IndependentQ`.
    """

    entry: ClassVar[type[Entry]] = _Entry

    def __init__(
        self, source: Any, *, leniency: float = 10.0, cooling: float = 0.995, **arguments: Any
    ) -> None:
        require_positive(leniency=leniency)
        require_unit(cooling=cooling)
        super().__init__(source, **arguments)
        self._leniency, self._cooling = leniency, cooling

    def matrix_rule(self, game: NormalFormGame) -> MatrixRule:
        """Say which compiled rule this is."""
        schedules, constants = (self.exploration, self.step_size), (self._leniency, self._cooling)
        return MatrixRule("LENIENT_Q", schedules, constants, rows=("temperatures",))

    def learn(self, entry: Entry, action: int, reward: float, following: Entry | None) -> None:
        """Move the action's value up, or down if this disappointment is not overlooked."""
        assert isinstance(entry, _Entry)
        before, heat = entry.values[action], self._leniency * entry.temperatures[action]
        super().learn(entry, action, reward, following)
        falls = entry.values[action] < before
        if falls and heat > 0.0 and self.draws.uniform() < math.exp(-1.0 / heat):
            entry.values[action] = before
        entry.temperatures[action] *= self._cooling
