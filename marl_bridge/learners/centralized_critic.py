"""Actors that see their own observation, and critics that see what all are shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from gametheory.errors import UnsupportedGame
from marl_bridge.errors import InvalidEnvironment
from marl_bridge.learners.central_training import CentralTrainingLearner, Scene
from marl_bridge.learners.entries import DrawnEntry, Entry
from marl_bridge.learners.registry import register
from marl_bridge.learners.reinforce import climb
from marl_bridge.learners.schedules import Schedule, require_positive, require_unit
from marl_bridge.learners.softmax import full_row, softmax

__all__ = ["CentralizedCritic"]

Floats = NDArray[np.float64]

_MOST_JOINT_ACTIONS = 100_000


@register(
    "centralized-critic",
    default_episodes=20_000,
    promise="none in general; where the agents together see the whole state, rewards are not "
    "discounted and critics are exact, every actor moves along the gradient of its own return on "
    "average: with one common reward to a local optimum at best",
    source="Foerster, Farquhar, Afouras, Nardelli and Whiteson (2018), Counterfactual multi-agent "
    "policy gradients, AAAI; Lowe et al. (2017), Multi-agent actor-critic for mixed "
    "cooperative-competitive environments, NeurIPS",
)
class CentralizedCritic(CentralTrainingLearner):
    """Tabular softmax policies, judged by critics of the whole scene, one for each agent.

    With the baseline "state" a critic knows what a scene is worth to its agent, V_i(s), and an
    actor follows the temporal-difference error::

        reward_i + discount * V_i(s') - V_i(s)

    With "counterfactual" it knows what every joint action is worth there, Q_i(s, a), and an actor
    follows what its own action adds to what it would have done on average, the others' actions
    as they were::

        Q_i(s, a) - sum_b p_i(b) Q_i(s, (b, a_-i))

    Q_i moves towards ``reward_i + discount * V_i(s')``, where V_i(s') is the expectation of
    Q_i(s', .) over the actors' policies.

    Parameters
    ----------
    source : EnvironmentSource
        The environment; its actions must be discrete.
    baseline : {"state", "counterfactual"}
        What a return is compared with.
    step_size : Schedule
        Of the preferences.
    critic_step_size : float
        Of the values, within [0, 1].
    **arguments
        Of :class:`~marl_bridge.learners.central_training.CentralTrainingLearner`.

    Raises
    ------
    InvalidEnvironment
        If there is no such baseline, or a number is out of its range.
    UnsupportedGame
        If a scene has more than 100,000 joint actions and the baseline is counterfactual.

    References
    ----------
    J. Foerster, G. Farquhar, T. Afouras, N. Nardelli and S. Whiteson (2018), Counterfactual
    multi-agent policy gradients, AAAI; arXiv:1705.08926.
    R. Lowe, Y. Wu, A. Tamar, J. Harb, P. Abbeel and I. Mordatch (2017), Multi-agent actor-critic
    for mixed cooperative-competitive environments, NeurIPS; arXiv:1706.02275.
    """

    entry: ClassVar[type[Entry]] = DrawnEntry

    def __init__(
        self,
        source: Any,
        *,
        baseline: str = "state",
        step_size: Schedule = Schedule(0.1, 0.02, 1.0),
        critic_step_size: float = 0.1,
        **arguments: Any,
    ) -> None:
        if baseline not in ("state", "counterfactual"):
            raise InvalidEnvironment(
                f"baseline is {baseline!r}",
                where="baseline",
                valid="'state' or 'counterfactual'",
            )
        require_positive(step_size=step_size)
        require_unit(critic_step_size=critic_step_size)
        super().__init__(source, **arguments)
        self._counterfactual = baseline == "counterfactual"
        self._step_size, self._alpha = step_size, step_size.first
        self._critic_step = critic_step_size

    def initial(self, entries: Sequence[Entry]) -> Floats:
        """Return the critics of a scene: shape (n_agents,), or (n_agents, m_1, ..., m_k)."""
        shape = [len(entry.legal) for entry in entries] if self._counterfactual else []
        n_joint = int(np.prod(shape))
        if n_joint > _MOST_JOINT_ACTIONS:
            raise UnsupportedGame(
                f"{n_joint:,} joint actions in one state",
                where=", ".join(self.agents),
                valid=f"at most {_MOST_JOINT_ACTIONS:,}",
                hint='use baseline="state"',
            )
        return np.zeros((len(self.agents), *shape))

    def begin(self, progress: float) -> None:
        """Move the schedule on."""
        self._alpha = self._step_size.at(progress)

    def choose(self, entry: Any) -> int:
        """Draw from the softmax of the preferences."""
        entry.chances = chances = softmax(entry.values, entry.legal, 1.0)
        legal: list[int] = entry.legal
        return legal[self.draws.place(chances)]

    def row(self, entry: Entry) -> Floats:
        """Return the softmax of the preferences."""
        return full_row(entry, softmax(entry.values, entry.legal, 1.0))

    def teach(
        self,
        scene: Scene,
        actions: Sequence[int],
        rewards: Sequence[float],
        following: Scene | None,
    ) -> None:
        """Move the critics, and the acting agents' preferences by their advantages."""
        targets = np.array(rewards)
        if following is not None:
            targets += self.discount * self._worth(following)
        places = [e.legal.index(a) for e, a in zip(scene.entries, actions, strict=True)]
        taken: Any = (slice(None), *places) if self._counterfactual else slice(None)
        errors = targets - scene.kept[taken]
        scene.kept[taken] += self._critic_step * errors
        advantages = (
            self._advantages(scene, places) if self._counterfactual else errors[[*scene.acting]]
        )
        entries: Sequence[Any] = scene.entries
        for entry, place, advantage in zip(entries, places, advantages.tolist(), strict=True):
            climb(entry, place, self._alpha * advantage)

    def _worth(self, scene: Scene) -> Floats:
        """Return what a scene is worth to every agent under the actors' policies."""
        worth = scene.kept
        if self._counterfactual:
            for entry in reversed(scene.entries):  # the last axis belongs to the last one
                worth = worth @ np.array(softmax(entry.values, entry.legal, 1.0))
        return worth

    def _advantages(self, scene: Scene, places: Sequence[int]) -> Floats:
        """Return what each acting agent's action adds to its average one."""
        found = []
        entries: Sequence[Any] = scene.entries
        for axis, (agent, entry) in enumerate(zip(scene.acting, entries, strict=True)):
            others: Any = (*places[:axis], slice(None), *places[axis + 1 :])
            values = scene.kept[(agent, *others)]
            found.append(values[places[axis]] - values @ np.array(entry.chances))
        return np.array(found)
