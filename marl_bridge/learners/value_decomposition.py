"""What learners share that make one value of joint actions out of every agent's own values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from marl_bridge.learners.central_training import CentralTrainingLearner, Scene
from marl_bridge.learners.entries import Entry, best_actions
from marl_bridge.learners.schedules import Schedule, require_unit

__all__ = ["ValueDecomposition"]


class ValueDecomposition(CentralTrainingLearner):
    """Q-learning of a joint value that never falls when an agent's own value rises.

    Each agent's best actions by its own values are then together a best joint action: no search
    over joint actions is needed to learn, and none to act. A learner derives a class and says in
    :meth:`total` what own values amount to and in :meth:`correct` how an error is made smaller.
    The joint value of what was done moves towards::

        mean reward of all agents + discount * largest joint value where it led

    The mean is the common reward where there is one; elsewhere it makes the agents a team too.

    Parameters
    ----------
    source : EnvironmentSource
        The environment; its actions must be discrete.
    exploration : Schedule
        Probability, of each agent by itself, of a uniformly random legal action.
    step_size : Schedule or float
        The share of an error that a correction removes, to first order. A number w from 0 to 1
        stands for k ** -w, k counting the visits of the scene.
    discount : float
        Of rewards, per step of the environment; of no effect in one round.
    **arguments
        Of :class:`~marl_bridge.learners.central_training.CentralTrainingLearner`.

    Raises
    ------
    InvalidEnvironment
        If a schedule or a number leaves [0, 1].

    Notes
    -----
    What was tried says something of joint actions that were not, often too much, and the largest
    value is what is passed on. Where a state can be left and come back to, only a discount below
    one stops that from feeding itself: in ``worlds/foraging`` sums and mixtures earn next to
    nothing with 0.99 and all there is with 0.9.
    """

    def __init__(
        self,
        source: Any,
        *,
        exploration: Schedule = Schedule(1.0, 0.1, 0.8),
        step_size: Schedule | float = Schedule(0.5, 0.05, 1.0),
        discount: float = 0.9,
        **arguments: Any,
    ) -> None:
        require_unit(exploration=exploration, step_size=step_size)
        super().__init__(source, discount=discount, **arguments)
        self._exploration, self._step_size = exploration, step_size
        self.begin(0.0)

    def total(self, scene: Scene, values: Sequence[float]) -> float:
        """Return the joint value that the acting agents' own values amount to."""
        raise NotImplementedError

    def correct(self, scene: Scene, actions: Sequence[int], target: float, step: float) -> None:
        """Bring the value of a joint action nearer to its target."""
        raise NotImplementedError

    def begin(self, progress: float) -> None:
        """Move the schedules on."""
        steps = self._step_size
        self._epsilon = self._exploration.at(progress)
        self._alpha = steps.at(progress) if isinstance(steps, Schedule) else None

    def choose(self, entry: Entry) -> int:
        """Choose a best action by the agent's own values, or with chance any."""
        explores = self.draws.uniform() < self._epsilon
        candidates = entry.legal if explores else best_actions(entry)
        return candidates[self.draws.index(len(candidates))]

    def teach(
        self,
        scene: Scene,
        actions: Sequence[int],
        rewards: Sequence[float],
        following: Scene | None,
    ) -> None:
        """Correct the joint value of what was done."""
        target = sum(rewards) / len(rewards)
        if following is not None:
            best = [max([e.values[a] for a in e.legal]) for e in following.entries]
            target += self.discount * self.total(following, best)
        steps, alpha = self._step_size, self._alpha
        if alpha is None:
            assert not isinstance(steps, Schedule)
            alpha = float(scene.visits) ** -steps
        self.correct(scene, actions, target, alpha)
