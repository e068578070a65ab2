"""Many agents choose roads, and the more take one the longer it takes: a congestion game.

R. W. Rosenthal (1973), A class of games possessing pure-strategy Nash equilibria, International
Journal of Game Theory 2, pages 65-67: the sum over the roads of the delays that its first,
second, ... user met falls with every change that pays, by exactly what is gained. So pure
equilibria exist, and with one road an action and delays that do not fall with the traffic, they
come about when agents choose one after the other what is best on arrival.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from gametheory.games.catalog.rosenthal import congestion_payoffs
from gametheory.games.normal_form import NormalFormGame
from marl_bridge.errors import InvalidEnvironment
from marl_bridge.worlds.pettingzoo_parts import Box, Discrete, ParallelEnv, Space
from marl_bridge.worlds.world import World, enclose, illegal_action

__all__ = ["CongestionEnv", "Roads", "congestion_game"]

_MOST_AGENTS = 100_000
_MOST_CELLS = 10_000_000


@dataclass(frozen=True, eq=False)
class Roads:
    """Roads with their delays, and what is known of the game on them.

    Parameters
    ----------
    delays : ndarray of int, shape (n_roads, n_agents)
        ``delays[r, k - 1]`` is what each of k users of road r loses. No row falls.

    Examples
    --------
    >>> roads = Roads.linear([(0, 2), (6, 1)], n_agents=4)
    >>> loads = roads.equilibrium_loads()
    >>> loads.tolist(), roads.gains(loads).tolist()
    ([3, 1], [0, 0])
    """

    delays: NDArray[np.int64]

    @classmethod
    def linear(cls, roads: Sequence[tuple[int, int]], n_agents: int) -> Roads:
        """Let a road with k users take ``fixed + rising * k``, for (fixed, rising) of each.

        Raises
        ------
        InvalidEnvironment
            If there are no roads or agents, or numbers that are negative or no integers.
        """
        whole = all(
            len(road) == 2 and all(isinstance(x, int | np.integer) and x >= 0 for x in road)
            for road in roads
        )
        if not roads or not whole:
            raise InvalidEnvironment(
                f"roads are {list(roads)!r}",
                where="roads",
                valid="(fixed, rising) for each road, integers from 0",
            )
        if isinstance(n_agents, bool) or not 1 <= n_agents <= _MOST_AGENTS:
            raise InvalidEnvironment(
                f"n_agents is {n_agents}", where="n_agents", valid=f"1 to {_MOST_AGENTS:,}"
            )
        fixed, rising = np.array(roads, dtype=np.int64).T
        return cls(fixed[:, None] + rising[:, None] * np.arange(1, n_agents + 1))

    @property
    def n_roads(self) -> int:
        """Number of roads."""
        return len(self.delays)

    @property
    def n_agents(self) -> int:
        """Number of agents."""
        return int(self.delays.shape[1])

    def met(self, loads: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the delay of each road under loads, zero where nobody is."""
        loads = np.asarray(loads)
        at = self.delays[np.arange(self.n_roads), np.maximum(loads, 1) - 1]
        return np.where(loads > 0, at, 0)

    def potential(self, loads: NDArray[np.int64]) -> int:
        """Return Rosenthal's potential: what a change that pays lowers by its gain."""
        return int(
            sum(row[:k].sum() for row, k in zip(self.delays, np.asarray(loads), strict=True))
        )

    def total_delay(self, loads: NDArray[np.int64]) -> int:
        """Return what all agents lose together."""
        return int((np.asarray(loads) * self.met(loads)).sum())

    def gains(self, loads: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return what a user of each road could gain by another one; zero where nobody is.

        All zero exactly at a pure Nash equilibrium.
        """
        loads = np.asarray(loads)
        roads = np.arange(self.n_roads)
        joined = self.delays[roads, np.minimum(loads, self.n_agents - 1)]
        others = np.where(np.eye(self.n_roads, dtype=bool), self.met(loads)[:, None], joined)
        return np.where(loads > 0, np.maximum(self.met(loads) - others.min(axis=1), 0), 0)

    def equilibrium_loads(self) -> NDArray[np.int64]:
        """Let agents choose one after the other: the loads of a pure Nash equilibrium.

        It minimizes the potential. Ties go to the road that is listed first.
        """
        return self._filled(self.delays)

    def optimal_loads(self) -> NDArray[np.int64]:
        """Return loads that minimize the total delay, for delays that are convex in the traffic.

        Raises
        ------
        InvalidEnvironment
            If what one more user adds to the total falls somewhere: choosing road by road may
            miss the optimum then.
        """
        total = self.delays * np.arange(1, self.n_agents + 1)
        added = np.diff(total, axis=1, prepend=0)
        if (np.diff(added, axis=1) < 0).any():
            raise InvalidEnvironment(
                "the delays are not convex in the traffic",
                where="delays",
                valid="delays such as those of Roads.linear",
            )
        return self._filled(added)

    def _filled(self, costs: NDArray[np.int64]) -> NDArray[np.int64]:
        """Take the cheapest next place, for each agent in turn."""
        loads = np.zeros(self.n_roads, dtype=np.int64)
        places = [(int(row[0]), road) for road, row in enumerate(costs)]
        heapq.heapify(places)
        for _ in range(self.n_agents):
            _, road = places[0]
            loads[road] += 1
            if loads[road] < self.n_agents:
                heapq.heapreplace(places, (int(costs[road, loads[road]]), road))
        return loads


def congestion_game(
    n_agents: int = 3, roads: Sequence[tuple[int, int]] = ((0, 2), (2, 1))
) -> NormalFormGame:
    """Build the normal form of one round, for few agents.

    Parameters
    ----------
    n_agents : int
    roads : sequence of (int, int)
        Fixed delay and what each user adds.

    Raises
    ------
    InvalidEnvironment
        If the payoff table would have more than ten million entries.

    Examples
    --------
    >>> congestion_game(2).payoffs[0].tolist()
    [[-4.0, -2.0], [-3.0, -4.0]]
    """
    made = Roads.linear(roads, n_agents)
    if n_agents * made.n_roads**n_agents > _MOST_CELLS:
        raise InvalidEnvironment(
            f"{n_agents} agents on {made.n_roads} roads have {made.n_roads}^{n_agents} joint "
            "actions",
            where="n_agents, roads",
            valid=f"at most {_MOST_CELLS:,} entries in the table",
            hint="Roads.linear(...).equilibrium_loads() needs no table",
        )
    return NormalFormGame(
        congestion_payoffs(np.eye(made.n_roads, dtype=int), -made.delays, n_agents),
        players=[f"driver_{i}" for i in range(n_agents)],
        actions=[[f"road {r}" for r in range(made.n_roads)]] * n_agents,
        title=f"Congestion of {n_agents} drivers",
    )


class CongestionEnv(World, ParallelEnv):  # type: ignore[misc]
    """A crowd chooses roads, round after round; a reward is minus the delay.

    Everybody is shown the loads of the round before, zeros in the first one.

    Parameters
    ----------
    n_agents : int
        Up to 100,000.
    roads : sequence of (int, int), optional
        For each road its fixed delay and what each user adds. By default three: a short one that
        clogs, a longer one that clogs half as fast, and a long one that never does.
    rounds : int
        After so many the episode is over.
    render_mode : {"ansi"}, optional
        "ansi" for the loads.

    Raises
    ------
    InvalidEnvironment
        If there are no rounds, roads or agents.

    Notes
    -----
    :attr:`roads` knows Rosenthal's potential, an equilibrium and the social optimum for any
    number of agents; for few, :func:`congestion_game` is the normal form of a round.

    Examples
    --------
    >>> env = CongestionEnv(n_agents=4, roads=[(0, 2), (6, 1)])
    >>> observations, infos = env.reset()
    >>> _, rewards, *_ = env.step(dict(zip(env.agents, [0, 0, 0, 1])))
    >>> list(rewards.values())
    [-6.0, -6.0, -6.0, -7.0]
    """

    metadata: ClassVar[dict[str, Any]] = {"name": "worlds/congestion", "render_modes": ["ansi"]}
    _changing: ClassVar[tuple[str, ...]] = ("agents", "_round", "_loads")
    _roads: Callable[[], Roads]
    _paid: Callable[[], list[list[float]]]

    def __init__(
        self,
        n_agents: int = 10,
        roads: Sequence[tuple[int, int]] | None = None,
        rounds: int = 1,
        render_mode: str | None = None,
    ) -> None:
        if rounds < 1:
            raise InvalidEnvironment(f"{rounds} rounds", where="rounds", valid="at least one")
        made = Roads.linear(
            [(0, 2), (n_agents // 2, 1), (n_agents, 0)] if roads is None else roads, n_agents
        )
        self._roads = enclose(made)
        self._paid = enclose((-made.delays).astype(np.float64).tolist())
        self.rounds, self.render_mode = rounds, render_mode
        self.possible_agents = [f"driver_{i}" for i in range(n_agents)]
        self.agents: list[str] = []
        self._action_spaces = dict.fromkeys(self.possible_agents, Discrete(made.n_roads))
        shown: Space[Any] = Box(0, n_agents, (made.n_roads,), np.int64)
        self._observation_spaces = dict.fromkeys(self.possible_agents, shown)
        self._round = 0
        self._loads = np.zeros(made.n_roads, dtype=np.int64)

    @property
    def roads(self) -> Roads:
        """The roads and what is known of the game on them."""
        return self._roads()

    @property
    def loads(self) -> NDArray[np.int64]:
        """How many took each road in the last round."""
        return self._loads.copy()

    def state(self) -> NDArray[np.int64]:
        """Return the number of rounds played, and the loads of the last one."""
        return np.append(np.int64(self._round), self._loads)

    def render(self) -> str | None:
        """Return the loads and delays of the last round, a road a line."""
        if self.render_mode is None:
            return None
        pairs = zip(self._loads.tolist(), self.roads.met(self._loads).tolist(), strict=True)
        return "\n".join(f"road {r}: {k} users, delay {d}" for r, (k, d) in enumerate(pairs))

    def reset(
        self, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
        """Begin the first round; nothing is random."""
        self.agents = list(self.possible_agents)
        self._round, self._loads = 0, np.zeros(self.roads.n_roads, dtype=np.int64)
        return self._observations(), {agent: {} for agent in self.agents}

    def step(self, actions: Mapping[str, int]) -> tuple[dict[str, Any], ...]:
        """Let everybody drive.

        Raises
        ------
        InvalidEnvironment
            If an action is no road.
        """
        live = self.agents
        if not live:
            return {}, {}, {}, {}, {}
        paid = self._paid()
        chosen = [actions[agent] for agent in live]
        n_roads = len(paid)
        if min(chosen) < 0 or max(chosen) >= n_roads:
            agent = next(a for a in live if not 0 <= actions[a] < n_roads)
            raise illegal_action(agent, actions[agent], n_roads)
        self._loads = np.bincount(chosen, minlength=n_roads)
        met = [row[k - 1] for row, k in zip(paid, self._loads.tolist(), strict=True)]
        self._round += 1
        over = self._round == self.rounds
        result: tuple[dict[str, Any], ...] = (
            self._observations(),
            {agent: met[road] for agent, road in zip(live, chosen, strict=True)},
            dict.fromkeys(live, over),
            dict.fromkeys(live, False),
            {agent: {} for agent in live},
        )
        if over:
            self.agents = []
        return result

    def _observations(self) -> dict[str, Any]:
        return {agent: self._loads.copy() for agent in self.agents}
