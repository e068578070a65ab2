"""Joint-action learning with agent models: each agent answers to how the others used to play."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from marl_bridge.learners.joint import JointLearner, Stage, StageSolution
from marl_bridge.learners.registry import register
from marl_bridge.learners.stage_games import product

__all__ = ["AgentModelling"]

_TIE = 1e-12


@register(
    "jal-am",
    default_episodes=20_000,
    promise="none in general; against others whose play settles, in states seen in full: best "
    "responses to it in the limit",
    source="Claus and Boutilier (1998), joint action learners; Albrecht, Christianos and Schäfer "
    "(2024), joint-action learning with agent modeling",
)
class AgentModelling(JointLearner):
    """Tabular Q-learning on joint actions, weighed by empirical models of the other agents.

    An agent's model of another one is, for each state, how often that one took each of its
    actions there; the others are taken to act independently of one another. An action is worth
    its expected value under the models::

        AV_i(s, a_i) = sum over a_-i of Q_i(s, a_i, a_-i) * product over j of model_j(s, a_j)

    Each agent takes a best action, any of them at ties, and explores by itself. Where nothing was
    seen yet models are uniform. Parameters and errors are those of
    :class:`~marl_bridge.learners.joint.JointLearner`, but that ``exploration`` is the probability
    that one agent acts at random, whatever the others do.

    References
    ----------
    C. Claus and C. Boutilier (1998), The dynamics of reinforcement learning in cooperative
    multiagent systems, AAAI.
    """

    solved_from_counts = True

    def solve(self, stage: Stage) -> StageSolution:
        """Let everybody answer to the models of the others."""
        values = [0.0] * len(self.agents)
        for agent in range(len(self.agents)):
            if agent not in stage.acting:
                values[agent] = float(self._expected(stage, agent, None))
        rows = []
        for place, agent in enumerate(stage.acting):
            worth = self._expected(stage, agent, place)
            best = worth >= worth.max() - _TIE
            rows.append(best / best.sum())
            values[agent] = float(worth.max())
        return StageSolution(product(rows), values)

    def choose(self, stage: Stage, epsilon: float) -> tuple[int, ...]:
        """Let each agent choose by itself."""
        chosen = []
        for legal, row in zip(stage.legal, self.marginals(stage), strict=True):
            if self.draws.uniform() < epsilon:
                chosen.append(self.draws.index(len(legal)))
            else:
                best = np.flatnonzero(row).tolist()
                chosen.append(best[self.draws.index(len(best))])
        return tuple(chosen)

    def _expected(self, stage: Stage, agent: int, place: int | None) -> NDArray[np.float64]:
        """Average an agent's values over what the others at other places do."""
        expected = stage.values[agent]
        # The last axis first, so that the numbers of those before it stay.
        for axis in reversed(range(stage.counts.ndim)):
            if axis != place:
                others = tuple(a for a in range(stage.counts.ndim) if a != axis)
                seen = stage.counts.sum(axis=others)
                total = int(seen.sum())
                model = seen / total if total else np.full(seen.size, 1.0 / seen.size)
                expected = np.tensordot(expected, model, axes=(axis, 0))
        return np.asarray(expected)
