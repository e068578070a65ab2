"""Friend-or-foe-Q: each agent is told who helps it and who works against it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from marl_bridge.environments.opening import EnvironmentSource
from marl_bridge.errors import InvalidEnvironment
from marl_bridge.learners.joint import JointLearner, Stage, StageSolution
from marl_bridge.learners.registry import register
from marl_bridge.learners.schedules import Schedule
from marl_bridge.learners.stage_games import minimax, product

__all__ = ["FriendOrFoeQ"]


@register(
    "friend-or-foe-q",
    default_episodes=20_000,
    promise="states seen in full: values converge, whatever the game; to equilibrium values if the "
    "friends' best joint action is an equilibrium of every stage, or everybody is a foe and "
    "every stage has a saddle point",
    also=("ffq",),
    source="Littman (2001), Friend-or-foe Q-learning in general-sum games",
)
class FriendOrFoeQ(JointLearner):
    """Tabular Q-learning on joint actions; friends maximize an agent's value, foes minimize it.

    A stage is worth to an agent what it and its friends together can secure against its foes
    together: a matrix game of their joint actions. It plays its own part of that; among equally
    good joint actions of friends the first is taken.

    Parameters
    ----------
    source, episodes, seed, exploration, step_size, discount
        See :class:`~marl_bridge.learners.joint.JointLearner`.
    foes : {"all", "none"} or mapping
        For each agent the names of its foes; agents left out have none. "all" makes everybody
        everybody's foe (foe-Q), "none" a friend (friend-Q).

    Raises
    ------
    InvalidEnvironment
        If ``foes`` names no agent of the environment, or an agent as its own foe.

    References
    ----------
    M. L. Littman (2001), Friend-or-foe Q-learning in general-sum games, ICML.
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
        foes: str | Mapping[str, Sequence[str]] = "all",
    ) -> None:
        super().__init__(
            source,
            episodes=episodes,
            seed=seed,
            exploration=exploration,
            step_size=step_size,
            discount=discount,
        )
        self._foes = _numbered(foes, self.agents)

    def solve(self, stage: Stage) -> StageSolution:
        """Let each agent secure its value against its foes, and play its own part of that."""
        rows: list[NDArray[np.float64]] = [np.empty(0)] * len(stage.acting)
        values = []
        for agent, own in enumerate(stage.values):
            against = [a for a, other in enumerate(stage.acting) if other in self._foes[agent]]
            along = [a for a in range(own.ndim) if a not in against]
            shape = [own.shape[a] for a in along]
            table = own.transpose(*along, *against).reshape(int(np.prod(shape)), -1)
            value, together, _ = minimax(table)
            values.append(value)
            if agent in stage.acting:
                place = along.index(stage.acting.index(agent))
                others = tuple(a for a in range(len(along)) if a != place)
                rows[along[place]] = together.reshape(shape).sum(axis=others)
        return StageSolution(product(rows), values)


def _numbered(
    foes: str | Mapping[str, Sequence[str]], agents: tuple[str, ...]
) -> list[frozenset[int]]:
    """List the numbers of everybody's foes."""
    everybody = range(len(agents))
    if isinstance(foes, str):
        if foes not in ("all", "none"):
            raise InvalidEnvironment(
                f"foes is {foes!r}",
                where="foes",
                valid="'all', 'none' or a mapping from agents to the names of their foes",
            )
        hostile = foes == "all"
        return [frozenset(o for o in everybody if hostile and o != agent) for agent in everybody]
    for agent, names in foes.items():
        unknown = [name for name in (agent, *names) if name not in agents]
        if unknown or agent in names:
            raise InvalidEnvironment(
                f"agent {agent!r} has the foes {list(names)!r}",
                where="foes",
                valid=f"names of other agents among {', '.join(agents)}",
            )
    return [frozenset(agents.index(foe) for foe in foes.get(agent, ())) for agent in agents]
