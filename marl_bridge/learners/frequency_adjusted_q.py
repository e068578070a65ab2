"""Frequency-adjusted Q-learning: rare actions take larger steps."""

from __future__ import annotations

from typing import Any

from gametheory.games.normal_form import NormalFormGame
from marl_bridge.learners.boltzmann_q import BoltzmannQ
from marl_bridge.learners.entries import Entry
from marl_bridge.learners.matrix_rounds import MatrixRule
from marl_bridge.learners.registry import register
from marl_bridge.learners.schedules import require_unit

__all__ = ["FrequencyAdjustedQ"]


@register(
    "frequency-adjusted-q",
    default_episodes=20_000,
    promise="follows the replicator-mutator dynamics of its matrix game as steps get small; to a "
    "logit equilibrium in 2x2 games",
    also=("faq",),
    source="Kaisers and Tuyls (2010), Frequency adjusted multi-agent Q-learning, AAMAS",
)
class FrequencyAdjustedQ(BoltzmannQ):
    """Boltzmann Q-learning whose step is ``min(cap / p, 1)`` times the step size.

    ``p`` is the probability that the action was taken with, so that all actions move equally fast
    on average.

    Parameters
    ----------
    cap : float
        The published method's beta.
    **arguments
        Of :class:`~marl_bridge.learners.boltzmann_q.BoltzmannQ`.
    """

    def __init__(self, source: Any, *, cap: float = 0.1, **arguments: Any) -> None:
        require_unit(cap=cap)
        super().__init__(source, **arguments)
        self._cap = cap

    def matrix_rule(self, game: NormalFormGame) -> MatrixRule:
        """Say which compiled rule this is."""
        schedules = self.cooling, self.step_size
        return MatrixRule("FREQUENCY_ADJUSTED_Q", schedules, (self._cap,))

    def learn(self, entry: Any, action: int, reward: float, following: Entry | None) -> None:
        """Move the action's value, further if it is rarely taken."""
        taken = entry.chances[entry.legal.index(action)]
        alpha = self.alpha * min(self._cap / taken, 1.0)
        self._move(entry, action, reward, following, alpha)
