"""Independent Q-learning: every agent learns action values as if it were alone."""

from __future__ import annotations

from gametheory.games.normal_form import NormalFormGame
from marl_bridge.environments.opening import EnvironmentSource
from marl_bridge.learners.entries import Entry, best_actions
from marl_bridge.learners.independent import IndependentLearner
from marl_bridge.learners.matrix_rounds import MatrixRule
from marl_bridge.learners.registry import register
from marl_bridge.learners.schedules import Schedule, require_unit

__all__ = ["IndependentQ"]


@register(
    "independent-q",
    default_episodes=60_000,
    promise="none with several learners; one learner against fixed opponents in a Markov "
    "environment: optimal action values in the limit",
    also=("iql",),
    source="Watkins and Dayan (1992), Q-learning; Tan (1993), independent agents",
)
class IndependentQ(IndependentLearner):
    """Tabular Q-learning for each agent on what it is shown.

    After each of its turns an agent moves the value of its last action towards the rewards
    that reached it since, plus the discounted best value where it now stands::

        Q(s, a) += step_size * (reward + discount * max_b Q(s', b) - Q(s, a))

    over the legal actions b; the last reward of an episode, by whichever agent's turn it
    comes, closes it without a next value. Truncation counts as the end.

    Parameters
    ----------
    source : EnvironmentSource
        The environment; its actions must be discrete.
    episodes : int
        Number of episodes the schedules are stretched over.
    seed : int
        Equal seeds give equal tables.
    exploration : Schedule
        Probability of a uniformly random legal action.
    step_size : Schedule
        How far a value moves towards its target.
    discount : float
        Of rewards, per turn of the agent.

    Raises
    ------
    InvalidEnvironment
        If a schedule leaves [0, 1], or the environment's actions are not discrete.

    References
    ----------
    C. Watkins and P. Dayan (1992), Q-learning, Machine Learning 8, equation (1).
    M. Tan (1993), Multi-agent reinforcement learning: independent vs. cooperative agents, ICML.
    """

    def __init__(
        self,
        source: EnvironmentSource,
        *,
        episodes: int,
        seed: int = 0,
        exploration: Schedule = Schedule(1.0, 0.2, 0.8),
        step_size: Schedule = Schedule(0.5, 0.05, 1.0),
        discount: float = 1.0,
    ) -> None:
        require_unit(exploration=exploration, step_size=step_size)
        super().__init__(source, episodes=episodes, seed=seed, discount=discount)
        self.exploration, self.step_size = exploration, step_size
        self.epsilon, self._alpha = exploration.first, step_size.first

    def matrix_rule(self, game: NormalFormGame) -> MatrixRule:
        """Say which compiled rule this is."""
        return MatrixRule("Q", (self.exploration, self.step_size))

    def begin(self, progress: float) -> None:
        """Move both schedules on."""
        self.epsilon = self.exploration.at(progress)
        self._alpha = self.step_size.at(progress)

    def choose(self, entry: Entry) -> int:
        """Choose a best action, or any legal one with the probability of exploration."""
        explores = self.draws.uniform() < self.epsilon
        candidates = entry.legal if explores else best_actions(entry)
        return (
            candidates[0] if len(candidates) == 1 else candidates[self.draws.index(len(candidates))]
        )

    def learn(self, entry: Entry, action: int, reward: float, following: Entry | None) -> None:
        """Move the action's value towards the reward and the best value that follows."""
        target = reward
        if following is not None:
            values = following.values
            target += self.discount * max([values[b] for b in following.legal])
        entry.values[action] += self._alpha * (target - entry.values[action])
