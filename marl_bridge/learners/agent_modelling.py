"""Joint-action learning with agent models: each agent answers to how the others used to play."""

from __future__ import annotations

from collections.abc import Sequence

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
    also=("jal",),
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
        models = _models(stage)
        values = [0.0] * len(self.agents)
        for agent in range(len(self.agents)):
            if agent not in stage.acting:
                values[agent] = float(_expected(stage.values[agent], models))
        rows = []
        for place, agent in enumerate(stage.acting):
            worth = _worths(stage, models, place, agent)
            best = worth >= worth.max() - _TIE
            rows.append(best / best.sum())
            values[agent] = float(worth.max())
        return StageSolution(product(rows), values)

    def choose(self, stage: Stage, epsilon: float) -> tuple[int, ...]:
        """Let each agent choose by itself."""
        models: list[NDArray[np.float64]] = []
        chosen = []
        for place, (agent, legal) in enumerate(zip(stage.acting, stage.legal, strict=True)):
            if self.draws.uniform() < epsilon:
                chosen.append(self.draws.index(len(legal)))
                continue
            models = models or _models(stage)
            worth = _worths(stage, models, place, agent).tolist()
            limit = max(worth) - _TIE
            best = [k for k, value in enumerate(worth) if value >= limit]
            chosen.append(best[self.draws.index(len(best))] if len(best) > 1 else best[0])
        return tuple(chosen)


def _models(stage: Stage) -> list[NDArray[np.float64]]:
    """Return how often each acting agent took each of its legal actions, as shares."""
    total = sum(stage.seen[0].tolist())
    return [row / total if total else np.full(row.size, 1.0 / row.size) for row in stage.seen]


def _worths(
    stage: Stage, models: Sequence[NDArray[np.float64]], place: int, agent: int
) -> NDArray[np.float64]:
    """Return an acting agent's expected value of each of its actions."""
    others = [axis for axis in range(len(models)) if axis != place]
    own_first = stage.values[agent].transpose(place, *others)
    return _expected(own_first, [models[axis] for axis in others])


def _expected(
    values: NDArray[np.float64], models: Sequence[NDArray[np.float64]]
) -> NDArray[np.float64]:
    """Average over what the agents of the last axes do."""
    for model in reversed(models):
        values = values @ model
    return values
