"""Central Q-learning: one learner chooses everybody's actions to the good of all."""

from __future__ import annotations

from typing import Any

import numpy as np

from marl_bridge.learners.joint import JointLearner, Stage, StageSolution
from marl_bridge.learners.registry import register

__all__ = ["CentralQ"]


@register(
    "central-q",
    default_episodes=20_000,
    promise="the largest total return, in the limit, where the agents together see the whole state",
    also=("cql",),
    source="Watkins and Dayan (1992) on joint actions; Albrecht, Christianos and Schäfer (2024), "
    "section 5.3.1, central learning",
)
class CentralQ(JointLearner):
    """Tabular Q-learning on joint actions, for the sum of all agents' rewards.

    The best joint action is taken, the first one at ties. Parameters and errors are those of
    :class:`~marl_bridge.learners.joint.JointLearner`.

    References
    ----------
    C. Watkins and P. Dayan (1992), Q-learning, Machine Learning 8.
    S. V. Albrecht, F. Christianos and L. Schäfer (2024), Multi-Agent Reinforcement Learning:
    Foundations and Modern Approaches, MIT Press, section 5.3.1.
    """

    def solve(self, stage: Stage) -> StageSolution:
        """Take a joint action of largest total value."""
        total = stage.values.sum(axis=0)
        best: Any = np.unravel_index(int(np.argmax(total)), total.shape)
        joint = np.zeros(total.shape)
        joint[best] = 1.0
        return StageSolution(joint, stage.values[(slice(None), *best)].tolist())
