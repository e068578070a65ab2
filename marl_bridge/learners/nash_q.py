"""Nash-Q: every state is worth what an equilibrium of its stage game earns."""

from __future__ import annotations

import numpy as np

from marl_bridge.learners.joint import JointLearner, Stage, StageSolution
from marl_bridge.learners.registry import register
from marl_bridge.learners.stage_games import equilibrium, product

__all__ = ["NashQ"]


@register(
    "nash-q",
    default_episodes=20_000,
    promise="states seen in full: equilibrium values in the limit if every stage game on the way "
    "has a global optimum, or every one a saddle point, and that is the equilibrium taken; "
    "otherwise none",
    source="Hu and Wellman (2003), Nash Q-learning for general-sum stochastic games",
)
class NashQ(JointLearner):
    """Tabular Q-learning on joint actions, with the payoffs of an equilibrium of the stage.

    All agents take the same equilibrium, always the same one of equal stages: the pure one of
    largest total payoff, which is the global optimum if there is one; where none is pure, a mixed
    one. Parameters and errors are those of :class:`~marl_bridge.learners.joint.JointLearner`.

    References
    ----------
    J. Hu and M. P. Wellman (2003), Nash Q-learning for general-sum stochastic games, Journal of
    Machine Learning Research 4.
    """

    def solve(self, stage: Stage) -> StageSolution:
        """Play the stage's equilibrium."""
        strategies = equilibrium(stage.values[list(stage.acting)], stage.values.sum(axis=0))
        joint = product(strategies)
        return StageSolution(joint, np.tensordot(stage.values, joint, axes=joint.ndim).tolist())
