"""CE-Q: every state is worth what a correlated equilibrium of its stage game earns."""

from __future__ import annotations

import numpy as np

from marl_bridge.environments.opening import EnvironmentSource
from marl_bridge.errors import InvalidEnvironment
from marl_bridge.learners.joint import JointLearner, Stage, StageSolution
from marl_bridge.learners.registry import register
from marl_bridge.learners.schedules import Schedule
from marl_bridge.learners.stage_games import best_correlated

__all__ = ["CorrelatedQ"]

_OBJECTIVES = ("utilitarian", "egalitarian")


@register(
    "ce-q",
    default_episodes=20_000,
    promise="each stage is played by a correlated equilibrium of its values, the best by the "
    "objective; that values converge is not promised in general. Policies are each agent's own "
    "part, and agents that draw their parts separately no longer play a correlated equilibrium",
    source="Greenwald and Hall (2003), Correlated Q-learning",
)
class CorrelatedQ(JointLearner):
    """Tabular Q-learning on joint actions, with the payoffs of a correlated equilibrium.

    Parameters
    ----------
    source, episodes, seed, exploration, step_size, discount
        See :class:`~marl_bridge.learners.joint.JointLearner`.
    objective : {"utilitarian", "egalitarian"}
        Which correlated equilibrium is taken: the one of largest total value (uCE-Q), or of
        largest smallest value (eCE-Q), over all agents of the environment.

    Raises
    ------
    InvalidEnvironment
        If there is no such objective.

    References
    ----------
    A. Greenwald and K. Hall (2003), Correlated Q-learning, ICML.
    """

    def __init__(
        self,
        source: EnvironmentSource,
        *,
        episodes: int,
        seed: int = 0,
        exploration: Schedule = Schedule(1.0, 0.1, 0.8),
        step_size: Schedule | float = Schedule(0.5, 0.05, 1.0),
        discount: float = 1.0,
        objective: str = "utilitarian",
    ) -> None:
        if objective not in _OBJECTIVES:
            raise InvalidEnvironment(
                f"objective is {objective!r}",
                where="objective",
                valid=" or ".join(map(repr, _OBJECTIVES)),
            )
        super().__init__(
            source,
            episodes=episodes,
            seed=seed,
            exploration=exploration,
            step_size=step_size,
            discount=discount,
        )
        self.objective = objective

    def solve(self, stage: Stage) -> StageSolution:
        """Play the stage's best correlated equilibrium."""
        joint = best_correlated(stage.values[list(stage.acting)], stage.values, self.objective)
        return StageSolution(joint, np.tensordot(stage.values, joint, axes=joint.ndim).tolist())
