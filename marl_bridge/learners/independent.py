"""What independent tabular learners share: one table for each agent, one loop over an episode."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from marl_bridge.environments.opening import EnvironmentSource
from marl_bridge.learners.draws import Draws
from marl_bridge.learners.entries import Entry, Table, best_actions
from marl_bridge.learners.schedules import require_unit
from marl_bridge.policies.tabular import TabularPolicy

__all__ = ["IndependentLearner"]


class IndependentLearner:
    """Each agent learns on what it is shown, by itself.

    A learner derives a class and says in :meth:`learn` what a transition teaches and in
    :meth:`choose` how to act; :meth:`row` is the policy that it stands for. An agent is taught
    at its next turn: the rewards that reached it since its last one belong to its last action.
    The last reward of an episode closes it with no entry to follow, truncated or not.

    Parameters
    ----------
    source : EnvironmentSource
        The environment; its actions must be discrete.
    episodes : int
        Number of episodes the schedules are stretched over.
    seed : int
        Equal seeds give equal results.
    discount : float
        Of rewards, per turn of the agent.
    """

    entry: ClassVar[type[Entry]] = Entry
    """The class of the entries."""

    def __init__(
        self, source: EnvironmentSource, *, episodes: int, seed: int = 0, discount: float = 1.0
    ) -> None:
        require_unit(discount=discount)
        # Only legal actions are played, so PettingZoo's checks, half the time, are left out.
        self._driver = source.driver(checked=False)
        self.agents = self._driver.agents
        self.tables = {agent: Table(self.entry) for agent in self.agents}
        self.discount = discount
        self.episodes, self.done = episodes, 0
        resets, draws = np.random.SeedSequence(seed).spawn(2)
        self._resets, self.draws = Draws(resets), Draws(draws)

    def only_entries(self) -> list[Entry]:
        """Return each agent's entry where nothing but the beginning of an episode is ever shown."""
        self._driver.reset(seed=0)
        return [self.tables[agent].at(self._driver.view(agent)) for agent in self.agents]

    def pass_episodes(self, n: int) -> None:
        """Count episodes that somebody else played for the learner."""
        self._resets.skip(n)
        self.done += n
        self.begin((self.done - 1) / self.episodes)  # schedules stand where the last one began

    def begin(self, progress: float) -> None:
        """Set what depends on the share of the episodes that is over."""

    def choose(self, entry: Entry) -> int:
        """Choose a legal action."""
        raise NotImplementedError

    def learn(self, entry: Entry, action: int, reward: float, following: Entry | None) -> None:
        """Learn from an action, what it earned until the next turn, and where that is."""
        raise NotImplementedError

    def row(self, entry: Entry) -> NDArray[np.float64]:
        """Return what was learned to do: greedy, uniform over ties, unless said otherwise."""
        row, best = np.zeros(len(entry.values)), best_actions(entry)
        row[best] = 1.0 / len(best)
        return row

    def run_episode(self) -> Sequence[float]:
        """Play and learn from one episode; return each agent's return in it."""
        self.begin(self.done / self.episodes)
        driver, tables, learn = self._driver, self.tables, self.learn
        driver.reset(seed=self._resets.index(2**31))
        # Per agent the entry and the action it is waiting to learn about, and its return then.
        waiting: dict[str, tuple[Entry, int, float]] = {}
        while acting := driver.acting:
            actions: dict[str, int] = {}
            for agent in acting:
                view = driver.view(agent)
                entry = tables[agent].at(view)
                told = driver.returns[agent]
                if agent in waiting:
                    old, action, before = waiting[agent]
                    learn(old, action, told - before, entry)
                action = self.choose(entry)
                waiting[agent] = (entry, action, told)
                actions[agent] = action + view.start
            driver.step(actions)
        for agent, (old, action, before) in waiting.items():
            learn(old, action, driver.returns[agent] - before, None)
        self.done += 1
        return [driver.returns[agent] for agent in self.agents]

    def policies(self) -> dict[str, TabularPolicy]:
        """Return what was learned so far.

        Where one observation comes with several masks its row is the average of theirs; it is
        scaled to the legal actions when it is played.
        """
        found = {}
        for agent, table in self.tables.items():
            rows: dict[bytes, NDArray[np.float64]] = {}
            for entry in table.entries.values():
                row = self.row(entry)
                rows[entry.key] = rows[entry.key] + row if entry.key in rows else row
            found[agent] = TabularPolicy({key: row / row.sum() for key, row in rows.items()})
        return found

    def state(self) -> dict[str, Any]:
        """Return plain data that :meth:`restore` takes."""
        return {
            "done": self.done,
            "draws": self.draws.state(),
            "resets": self._resets.state(),
            "tables": {agent: table.state() for agent, table in self.tables.items()},
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on where an equal learner had stopped."""
        self.done = state["done"]
        self.draws.restore(state["draws"])
        self._resets.restore(state["resets"])
        for agent, kept in state["tables"].items():
            self.tables[agent].restore(kept)
        self.begin(max(self.done - 1, 0) / self.episodes)  # as in the last episode played
