"""Policy hill climbing: a mixed policy that walks towards the best action at a steady pace."""

from __future__ import annotations

from typing import Any

from gametheory.games.normal_form import NormalFormGame
from marl_bridge.learners.matrix_rounds import MatrixRule
from marl_bridge.learners.registry import register
from marl_bridge.learners.schedules import Schedule, require_unit
from marl_bridge.learners.wolf_phc import WolfPHC

__all__ = ["PolicyHillClimbing"]


@register(
    "phc",
    default_episodes=50_000,
    promise="none with several learners, where it need not settle; one learner against fixed "
    "opponents in a Markov environment: a best response, as its action values become right",
    source="Bowling and Veloso (2002), Multiagent learning using a variable learning rate, "
    "Artificial Intelligence 136",
)
class PolicyHillClimbing(WolfPHC):
    """WoLF policy hill climbing that climbs as fast when it wins as when it loses.

    Parameters
    ----------
    source : EnvironmentSource
        The environment; its actions must be discrete.
    policy_step : float
        Step of the policy per visit.
    episodes, seed, exploration, step_size, discount
        Of :class:`~marl_bridge.learners.independent_q.IndependentQ`.

    References
    ----------
    M. Bowling and M. Veloso (2002), Multiagent learning using a variable learning rate,
    Artificial Intelligence 136.
    """

    def __init__(
        self,
        source: Any,
        *,
        episodes: int,
        seed: int = 0,
        policy_step: float = 0.002,
        exploration: Schedule = Schedule(1.0, 0.2, 0.8),
        step_size: Schedule = Schedule(0.5, 0.05, 1.0),
        discount: float = 1.0,
    ) -> None:
        require_unit(policy_step=policy_step)
        super().__init__(
            source,
            winning=policy_step,
            losing=policy_step,
            episodes=episodes,
            seed=seed,
            exploration=exploration,
            step_size=step_size,
            discount=discount,
        )

    def matrix_rule(self, game: NormalFormGame) -> MatrixRule:
        """Say which compiled rule this is: that of WoLF with equal steps."""
        return super().matrix_rule(game)
