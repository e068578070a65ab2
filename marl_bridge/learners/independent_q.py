"""Independent Q-learning: every agent learns action values as if it were alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from marl_bridge.environments.driver import View
from marl_bridge.environments.observations import observation_key
from marl_bridge.environments.opening import EnvironmentSource
from marl_bridge.errors import InvalidEnvironment
from marl_bridge.learners.registry import register
from marl_bridge.policies.checks import n_actions_of
from marl_bridge.policies.tabular import TabularPolicy

__all__ = ["IndependentQ", "Schedule"]

# Values closer than this count as tied: they differ by the rounding of sums only.
_TIE = 1e-12
_DRAWS = 4096


@dataclass(frozen=True, slots=True)
class Schedule:
    """A number that moves linearly from ``first`` to ``last`` and stays there.

    Attributes
    ----------
    first, last : float
        The ends.
    share : float
        Share of the episodes after which ``last`` is reached.

    Examples
    --------
    >>> [Schedule(1.0, 0.0, 0.5).at(progress) for progress in (0.0, 0.25, 0.5, 1.0)]
    [1.0, 0.5, 0.0, 0.0]
    """

    first: float
    last: float
    share: float

    def at(self, progress: float) -> float:
        """Return the number when a share ``progress`` of the episodes is over."""
        done = min(1.0, progress / self.share) if self.share > 0.0 else 1.0
        return self.first + (self.last - self.first) * done


class _Entry:
    """Action values at one observation, and the actions that are legal there."""

    __slots__ = ("legal", "mask", "values")

    def __init__(self, n_actions: int) -> None:
        self.values = [0.0] * n_actions
        self.mask: bytes | None = None
        self.legal: list[int] = []


@register(
    "independent-q",
    default_episodes=60_000,
    promise="none with several learners; one learner against fixed opponents in a Markov "
    "environment: optimal action values in the limit",
    source="Watkins and Dayan (1992), Q-learning; Tan (1993), independent agents",
)
class IndependentQ:
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
        _require_unit(exploration=exploration, step_size=step_size, discount=discount)
        # Only legal actions are played, so PettingZoo's checks, half the time, are left out.
        self._driver = source.driver(checked=False)
        self.agents = self._driver.agents
        self._tables: dict[str, dict[bytes, _Entry]] = {agent: {} for agent in self.agents}
        self._episodes, self._done = episodes, 0
        self._exploration, self._step_size, self._discount = exploration, step_size, discount
        resets, draws = np.random.SeedSequence(seed).spawn(2)
        self._resets = np.random.default_rng(resets)
        self._rng = np.random.default_rng(draws)
        self._draws: list[float] = []

    def run_episode(self) -> Sequence[float]:
        """Play and learn from one episode; return each agent's return in it."""
        driver, progress = self._driver, self._done / self._episodes
        epsilon, alpha = self._exploration.at(progress), self._step_size.at(progress)
        driver.reset(seed=int(self._resets.integers(2**31)))
        # Per agent the values and the action it is waiting to learn about, and its return then.
        waiting: dict[str, tuple[list[float], int, float]] = {}
        while acting := driver.acting:
            actions: dict[str, int] = {}
            for agent in acting:
                view = driver.view(agent)
                entry = self._entry(view)
                values, legal = entry.values, entry.legal
                best = max([values[a] for a in legal])
                told = driver.returns[agent]
                if agent in waiting:
                    old, action, before = waiting[agent]
                    old[action] += alpha * (told - before + self._discount * best - old[action])
                    best = max([values[a] for a in legal])
                action = self._choose(values, legal, best, epsilon)
                waiting[agent] = (values, action, told)
                actions[agent] = action + view.start
            driver.step(actions)
        for agent, (values, action, before) in waiting.items():
            values[action] += alpha * (driver.returns[agent] - before - values[action])
        self._done += 1
        return [driver.returns[agent] for agent in self.agents]

    def policies(self) -> dict[str, TabularPolicy]:
        """Return each agent's greedy policy, uniform over tied actions."""
        return {
            agent: TabularPolicy({key: _greedy(entry) for key, entry in table.items()})
            for agent, table in self._tables.items()
        }

    def _entry(self, view: View) -> _Entry:
        """Look the observation up; its legal actions are listed again only when they change."""
        table, key = self._tables[view.agent], observation_key(view.observation)
        entry = table.get(key)
        mask = None if view.mask is None else view.mask.tobytes()
        if entry is None:
            entry = table[key] = _Entry(n_actions_of(view, "tabular Q-learning"))
        elif mask == entry.mask:
            return entry
        entry.mask, entry.legal = mask, view.legal_indices().tolist()
        return entry

    def _choose(self, values: list[float], legal: list[int], best: float, epsilon: float) -> int:
        if self._draw() < epsilon:
            candidates = legal
        else:
            candidates = [action for action in legal if values[action] >= best - _TIE]
        if len(candidates) == 1:
            return candidates[0]
        return candidates[int(self._draw() * len(candidates))]

    def _draw(self) -> float:
        # One call for many numbers: a call for each would cost as much as the environment.
        if not self._draws:
            self._draws = self._rng.random(_DRAWS).tolist()
        return self._draws.pop()


def _greedy(entry: _Entry) -> NDArray[np.float64]:
    row = np.zeros(len(entry.values))
    best = max(entry.values[action] for action in entry.legal)
    ties = [action for action in entry.legal if entry.values[action] >= best - _TIE]
    row[ties] = 1.0 / len(ties)
    return row


def _require_unit(**numbers: Any) -> None:
    for name, number in numbers.items():
        ends = (number.first, number.last) if isinstance(number, Schedule) else (number,)
        if not all(0.0 <= end <= 1.0 for end in ends):
            raise InvalidEnvironment(f"{name} is {number}", where=name, valid="within [0, 1]")
