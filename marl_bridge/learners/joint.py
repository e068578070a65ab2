"""What learners of joint action values share: one table of stage games, one loop over an episode.

They see everything: what all acting agents are shown together is the state, and everybody's
actions and rewards are known. That is what central training allows; the policies that come of it
still act on their own agent's observation alone.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from gametheory.errors import UnsupportedGame
from marl_bridge.environments.driver import View
from marl_bridge.environments.observations import observation_key
from marl_bridge.environments.opening import EnvironmentSource
from marl_bridge.environments.views import view_key
from marl_bridge.learners.draws import Draws
from marl_bridge.learners.schedules import Schedule, require_unit
from marl_bridge.policies.checks import n_actions_of
from marl_bridge.policies.tabular import TabularPolicy

__all__ = ["JointLearner", "Stage", "StageSolution"]

Floats = NDArray[np.float64]

_MOST_JOINT_ACTIONS = 100_000


class StageSolution:
    """What to do in a stage, and what that is worth to each agent of the environment.

    Attributes
    ----------
    joint : ndarray, shape (m_1, ..., m_k)
        Probabilities of the acting agents' joint actions.
    values : list of float
        One for each agent.
    """

    __slots__ = ("cumulative", "joint", "values")

    def __init__(self, joint: Floats, values: Sequence[float]) -> None:
        self.joint = joint
        self.values = list(values)
        self.cumulative: list[float] = np.cumsum(joint.ravel()).tolist()


class Stage:
    """One state: who acts, what is legal, and every agent's value of every joint action.

    Attributes
    ----------
    acting : tuple of int
        The acting agents' numbers.
    keys : tuple of bytes
        What each of them is shown.
    legal : tuple of list of int
        Each one's legal actions; the axes of ``values`` after the first count these.
    n_actions : tuple of int
        Each one's number of actions, legal or not.
    values : ndarray, shape (n_agents, m_1, ..., m_k)
    counts : ndarray of int, shape (m_1, ..., m_k)
        How often each joint action was taken.
    seen : list of ndarray, shapes (m_1,), ..., (m_k,)
        How often each acting agent took each of its actions: the margins of ``counts``, kept up
        where solutions depend on them.
    solution : StageSolution or None
        None when what it was found from has changed since.
    """

    __slots__ = ("acting", "counts", "keys", "legal", "n_actions", "seen", "solution", "values")

    def __init__(
        self,
        n_agents: int,
        acting: tuple[int, ...],
        keys: tuple[bytes, ...],
        legal: tuple[list[int], ...],
        n_actions: tuple[int, ...],
    ) -> None:
        self.acting, self.keys, self.legal, self.n_actions = acting, keys, legal, n_actions
        shape = tuple(map(len, legal))
        self.values: Floats = np.zeros((n_agents, *shape))
        self.counts = np.zeros(shape, dtype=np.int64)
        self.seen: list[Floats] = [np.zeros(size) for size in shape]
        self.solution: StageSolution | None = None


class JointLearner:
    """Learns the value of joint actions to every agent, and what to do from stage games.

    A learner derives a class and says in :meth:`solve` how a stage is played and what it is worth.
    The values move, over the next state's solution::

        Q_i(s, a) += step_size * (reward_i + discount * V_i(s') - Q_i(s, a))

    A state in which one agent acts alone is a stage of one player. The end of an episode is worth
    nothing more, truncated or not. Stages are solved when their solution is asked for and what it
    depends on has changed.

    Parameters
    ----------
    source : EnvironmentSource
        The environment; its actions must be discrete.
    episodes : int
        Number of episodes the schedules are stretched over.
    seed : int
        Equal seeds give equal results.
    exploration : Schedule
        Probability that all agents act uniformly at random.
    step_size : Schedule or float
        How far a value moves towards its target. A number w from 0 to 1 stands for k ** -w, k
        counting the visits of the joint action in its state: what convergence proofs ask of
        rewards and states that come by chance is w above 1/2.
    discount : float
        Of rewards, per step of the environment.

    Raises
    ------
    InvalidEnvironment
        If a schedule or a number leaves [0, 1].
    UnsupportedGame
        If a state has more than 100,000 joint actions.
    """

    solved_from_counts: ClassVar[bool] = False
    """Whether solutions depend on how often joint actions were taken, not on values alone."""

    def __init__(
        self,
        source: EnvironmentSource,
        *,
        episodes: int,
        seed: int = 0,
        exploration: Schedule = Schedule(1.0, 0.1, 0.8),
        step_size: Schedule | float = Schedule(0.5, 0.05, 1.0),
        discount: float = 1.0,
    ) -> None:
        require_unit(exploration=exploration, step_size=step_size, discount=discount)
        self._driver = source.driver(checked=False)
        self.agents = self._driver.agents
        self.stages: dict[tuple[bytes, ...], Stage] = {}
        self.discount = discount
        spaces = {agent: self._driver.env.action_space(agent) for agent in self.agents}
        self._starts = {name: int(getattr(space, "start", 0)) for name, space in spaces.items()}
        self._number = {agent: number for number, agent in enumerate(self.agents)}
        self._exploration, self._step_size = exploration, step_size
        self._power = 0.0 if isinstance(step_size, Schedule) else float(step_size)
        self._episodes, self._done = episodes, 0
        resets, draws = np.random.SeedSequence(seed).spawn(2)
        self._resets, self.draws = Draws(resets), Draws(draws)

    def solve(self, stage: Stage) -> StageSolution:
        """Say how a stage is played, and what it is worth."""
        raise NotImplementedError

    def marginals(self, stage: Stage) -> list[Floats]:
        """Return what each acting agent does by itself: its part of the solution."""
        joint = self.solution(stage).joint
        axes = range(joint.ndim)
        return [joint.sum(axis=tuple(a for a in axes if a != own)) for own in axes]

    def choose(self, stage: Stage, epsilon: float) -> tuple[int, ...]:
        """Choose a joint action: the solution's, or with probability ``epsilon`` any."""
        if self.draws.uniform() < epsilon:
            return tuple([self.draws.index(len(actions)) for actions in stage.legal])
        cumulative, threshold = self.solution(stage).cumulative, self.draws.uniform()
        flat = min(bisect_right(cumulative, threshold), len(cumulative) - 1)
        joint = []
        for actions in reversed(stage.legal):
            flat, k = divmod(flat, len(actions))
            joint.append(k)
        return tuple(reversed(joint))

    def solution(self, stage: Stage) -> StageSolution:
        """Return a stage's solution, found again only when its values have changed."""
        if stage.solution is None:
            stage.solution = self.solve(stage)
        return stage.solution

    def run_episode(self) -> Sequence[float]:
        """Play and learn from one episode; return each agent's return in it."""
        progress = self._done / self._episodes
        epsilon = self._exploration.at(progress)
        steps = self._step_size
        alpha = steps.at(progress) if isinstance(steps, Schedule) else None
        driver, agents, starts = self._driver, self.agents, self._starts
        driver.reset(seed=self._resets.index(2**31))
        before: tuple[Stage, tuple[int, ...], list[float]] | None = None
        while acting := driver.acting:
            views = [driver.view(agent) for agent in acting]
            stage = self._stage(views)
            told = list(driver.returns.values())  # in the order of the agents
            if before is not None:
                self._learn(before, told, self.solution(stage).values, alpha)
            joint = self.choose(stage, epsilon)
            before = (stage, joint, told)
            played = zip(acting, stage.legal, joint, strict=True)
            driver.step({agent: legal[k] + starts[agent] for agent, legal, k in played})
        if before is not None:
            self._learn(before, list(driver.returns.values()), [0.0] * len(agents), alpha)
        self._done += 1
        return list(driver.returns.values())

    def policies(self) -> dict[str, TabularPolicy]:
        """Return each agent's own part of the stages' solutions.

        An agent that is shown the same in several states does what it does there on average,
        weighed by how often the learner was there.
        """
        rows: dict[str, dict[bytes, Floats]] = {agent: {} for agent in self.agents}
        for stage in self.stages.values():
            weight = 1.0 + float(stage.counts.sum())
            parts = zip(
                stage.acting, stage.keys, stage.legal, stage.n_actions, self.marginals(stage),
                strict=True,
            )  # fmt: skip
            for agent, key, legal, size, marginal in parts:
                row = np.zeros(size)
                row[legal] = marginal
                table = rows[self.agents[agent]]
                table[key] = table.get(key, np.zeros(size)) + weight * row
        return {
            agent: TabularPolicy({key: row / row.sum() for key, row in table.items()})
            for agent, table in rows.items()
        }

    def state(self) -> dict[str, Any]:
        """Return plain data that :meth:`restore` takes."""
        stages = [
            (name, s.acting, s.keys, s.legal, s.n_actions, s.values, s.counts)
            for name, s in self.stages.items()
        ]
        return {
            "done": self._done,
            "draws": self.draws.state(),
            "resets": self._resets.state(),
            "stages": stages,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on where an equal learner had stopped."""
        self._done = state["done"]
        self.draws.restore(state["draws"])
        self._resets.restore(state["resets"])
        self.stages = {}
        for name, acting, keys, legal, n_actions, values, counts in state["stages"]:
            stage = self.stages[name] = Stage(len(self.agents), acting, keys, legal, n_actions)
            stage.values, stage.counts = values, counts
            axes = range(counts.ndim)
            margins = [counts.sum(axis=tuple(a for a in axes if a != own)) for own in axes]
            stage.seen = [margin.astype(np.float64) for margin in margins]

    def _stage(self, views: Sequence[View]) -> Stage:
        acting = tuple([self._number[view.agent] for view in views])
        # With the masks: where other actions are legal is another state.
        name = (bytes(acting), *[view_key(view) for view in views])
        stage = self.stages.get(name)
        if stage is None:
            legal = tuple(view.legal_indices().tolist() for view in views)
            sizes = tuple(n_actions_of(view, "a learner of joint actions") for view in views)
            keys = tuple(observation_key(view.observation) for view in views)
            n_joint = int(np.prod([len(actions) for actions in legal]))
            if n_joint > _MOST_JOINT_ACTIONS:
                raise UnsupportedGame(
                    f"{n_joint:,} joint actions in one state",
                    where=", ".join(self.agents),
                    valid=f"at most {_MOST_JOINT_ACTIONS:,}",
                    hint="use an independent learner",
                )
            stage = self.stages[name] = Stage(len(self.agents), acting, keys, legal, sizes)
        return stage

    def _learn(
        self,
        before: tuple[Stage, tuple[int, ...], list[float]],
        told: list[float],
        following: Sequence[float],
        alpha: float | None,
    ) -> None:
        stage, joint, earlier = before
        stage.counts[joint] += 1
        if self.solved_from_counts:
            for row, k in zip(stage.seen, joint, strict=True):
                row[k] += 1.0
        if alpha is None:
            alpha = float(stage.counts[joint]) ** -self._power
        changed = self.solved_from_counts
        for values, now, then, value in zip(stage.values, told, earlier, following, strict=True):
            old = float(values[joint])
            new = old + alpha * (now - then + self.discount * value - old)
            if new != old:
                values[joint] = new
                changed = True
        if changed:
            stage.solution = None
