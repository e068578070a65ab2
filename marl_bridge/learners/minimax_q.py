"""Minimax-Q: two agents of opposite interests, each secure against whatever the other does."""

from __future__ import annotations

from collections.abc import Sequence

from gametheory.errors import UnsupportedGame
from marl_bridge.environments.opening import EnvironmentSource
from marl_bridge.learners.joint import JointLearner, Stage, StageSolution
from marl_bridge.learners.registry import register
from marl_bridge.learners.schedules import Schedule
from marl_bridge.learners.stage_games import minimax, product, pure

__all__ = ["MinimaxQ"]

_ROUNDING = 1e-9


@register(
    "minimax-q",
    default_episodes=20_000,
    promise="two agents, zero-sum, states seen in full: the value and minimax policies in the "
    "limit, if every joint action is tried again and again with steps as step_size=0.8 has them",
    source="Littman (1994), Markov games as a framework for multi-agent reinforcement learning",
)
class MinimaxQ(JointLearner):
    """Tabular Q-learning on joint actions, with the value of the stage's matrix game.

    Parameters and errors are those of :class:`~marl_bridge.learners.joint.JointLearner`.

    Raises
    ------
    UnsupportedGame
        Unless there are two agents, and their returns sum to zero in every episode.

    References
    ----------
    M. L. Littman (1994), Markov games as a framework for multi-agent reinforcement learning, ICML.
    Convergence: C. Szepesvári and M. L. Littman (1999), A unified analysis of value-function-based
    reinforcement-learning algorithms, Neural Computation 11.
    """

    def __init__(
        self,
        source: EnvironmentSource,
        *,
        episodes: int,
        seed: int = 0,
        exploration: Schedule = Schedule(1.0, 0.2, 0.8),
        step_size: Schedule | float = Schedule(0.5, 0.05, 1.0),
        discount: float = 1.0,
    ) -> None:
        super().__init__(
            source,
            episodes=episodes,
            seed=seed,
            exploration=exploration,
            step_size=step_size,
            discount=discount,
        )
        if len(self.agents) != 2:
            raise UnsupportedGame(
                f"{len(self.agents)} agents",
                where=", ".join(self.agents),
                valid="two",
                hint="nash-q, ce-q and friend-or-foe-q take any number",
            )

    def run_episode(self) -> Sequence[float]:
        """Play and learn from one episode; return each agent's return in it."""
        first, second = super().run_episode()
        if abs(first + second) > _ROUNDING * max(1.0, abs(first), abs(second)):
            raise UnsupportedGame(
                f"an episode's returns are {first:g} and {second:g}",
                where="minimax-q",
                valid="returns that sum to zero",
                hint="nash-q, ce-q and friend-or-foe-q take any returns",
            )
        return [first, second]

    def solve(self, stage: Stage) -> StageSolution:
        """Solve the matrix game, or take the best action where one agent acts alone."""
        if len(stage.acting) == 1:
            own = stage.values[stage.acting[0]]
            best = int(own.argmax())
            return StageSolution(pure(own.shape, best), stage.values[:, best].tolist())
        value, row, column = minimax(stage.values[stage.acting[0]])
        values = [value, -value] if stage.acting[0] == 0 else [-value, value]
        return StageSolution(product([row, column]), values)
