"""Small environments written with nothing beyond PettingZoo's own API, shared by the tests."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from gymnasium.spaces import Box, Dict, Discrete
from gymnasium.utils import seeding
from pettingzoo import AECEnv, ParallelEnv


class MatchingPennies(AECEnv):
    """One after the other, the first choice hidden: value 0, each side plays 1/2."""

    metadata: ClassVar[dict[str, Any]] = {"name": "matching_pennies_v0", "render_modes": []}
    order = ("matcher", "mismatcher")

    def __init__(self, stake: float = 1.0, render_mode: str | None = None) -> None:
        super().__init__()
        self.stake, self.render_mode = stake, render_mode
        self.possible_agents = list(self.order)

    def observation_space(self, agent: str) -> Discrete:
        return Discrete(1)

    def action_space(self, agent: str) -> Discrete:
        return Discrete(2)

    def observe(self, agent: str) -> int:
        return 0

    def payoffs(self) -> dict[str, float]:
        first, second = (self.choices[agent] for agent in self.order)
        won = self.stake if first == second else -self.stake
        return {"matcher": won, "mismatcher": -won}

    def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> None:
        self.agents = list(self.possible_agents)
        self.rewards = dict.fromkeys(self.agents, 0.0)
        self._cumulative_rewards = dict.fromkeys(self.agents, 0.0)
        self.terminations = dict.fromkeys(self.agents, False)
        self.truncations = dict.fromkeys(self.agents, False)
        self.infos: dict[str, dict[str, Any]] = {agent: {} for agent in self.agents}
        self.choices: dict[str, int] = {}
        self.agent_selection = self.agents[0]

    def step(self, action: int | None) -> None:
        agent = self.agent_selection
        if self.terminations[agent] or self.truncations[agent]:
            self._was_dead_step(action)
            return
        self.choices[agent] = int(action)
        self._cumulative_rewards[agent] = 0.0
        self.rewards = dict.fromkeys(self.agents, 0.0)
        if len(self.choices) == len(self.order):
            self.rewards = self.payoffs()
            self.terminations = dict.fromkeys(self.agents, True)
        position = (self.order.index(agent) + 1) % len(self.order)
        self.agent_selection = self.order[position]
        self._accumulate_rewards()


class OddOneOut(MatchingPennies):
    """Three agents, the last sees the first choice: who differs takes 1 from each other."""

    metadata: ClassVar[dict[str, Any]] = {"name": "odd_one_out_v0", "render_modes": []}
    order = ("first", "second", "third")

    def observation_space(self, agent: str) -> Discrete:
        return Discrete(3)

    def observe(self, agent: str) -> int:
        return self.choices.get("first", 2) if agent == "third" else 2

    def payoffs(self) -> dict[str, float]:
        ones = sum(self.choices.values())
        if ones in (0, len(self.order)):
            return dict.fromkeys(self.order, 0.0)
        odd = 1 if ones == 1 else 0
        return {
            agent: 2.0 * self.stake if choice == odd else -self.stake
            for agent, choice in self.choices.items()
        }


class HigherCard(MatchingPennies):
    """Chance at the start: each agent is dealt one of three cards and may fold (0) or play (1).

    Folding against a player costs a quarter of the stake; if both play, the higher card wins it.
    """

    metadata: ClassVar[dict[str, Any]] = {"name": "higher_card_v0", "render_modes": []}
    order = ("dealer", "guest")

    def observation_space(self, agent: str) -> Discrete:
        return Discrete(3)

    def observe(self, agent: str) -> int:
        return self.cards[agent]

    def payoffs(self) -> dict[str, float]:
        dealer, guest = self.choices["dealer"], self.choices["guest"]
        won = 0.25 * self.stake * (dealer - guest)
        if dealer and guest:
            won = self.stake if self.cards["dealer"] > self.cards["guest"] else -self.stake
        return {"dealer": won, "guest": -won}

    def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> None:
        super().reset(seed, options)
        if seed is not None or not hasattr(self, "np_random"):
            self.np_random, _ = seeding.np_random(seed)
        deal = self.np_random.permutation(3)
        self.cards = {agent: int(deal[seat]) for seat, agent in enumerate(self.order)}


class Coordination(ParallelEnv):
    """Two rounds of pure coordination at once: both choose 0 for 1 each, or both 1 for 2 each.

    From the second round on, action 0 is illegal for whoever just played 0, by its mask.
    """

    metadata: ClassVar[dict[str, Any]] = {
        "name": "coordination_v0",
        "render_modes": ["rgb_array"],
        "render_fps": 4,
    }

    def __init__(self, rounds: int = 2, render_mode: str | None = None) -> None:
        self.rounds, self.render_mode = rounds, render_mode
        self.possible_agents = ["left", "right"]

    def observation_space(self, agent: str) -> Dict:
        board = Box(-1, 1, (2,), np.int8)
        return Dict({"observation": board, "action_mask": Box(0, 1, (2,), np.int8)})

    def action_space(self, agent: str) -> Discrete:
        return Discrete(2)

    def _observations(self) -> dict[str, Any]:
        seen = {}
        for seat, agent in enumerate(self.agents):
            mine, other = self.last[seat], self.last[1 - seat]
            mask = np.array([0 if mine == 0 else 1, 1], dtype=np.int8)
            board = np.array([mine, other], dtype=np.int8)
            seen[agent] = {"observation": board, "action_mask": mask}
        return seen

    def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> Any:
        self.agents = list(self.possible_agents)
        self.last, self.round = (-1, -1), 0
        return self._observations(), {agent: {} for agent in self.agents}

    def step(self, actions: dict[str, int]) -> Any:
        self.last = (int(actions["left"]), int(actions["right"]))
        self.round += 1
        reward = float(1 + self.last[0]) if self.last[0] == self.last[1] else 0.0
        over = self.round >= self.rounds
        agents = list(self.agents)
        observations = self._observations()
        if over:
            self.agents = []
        return (
            observations,
            dict.fromkeys(agents, reward),
            dict.fromkeys(agents, False),
            dict.fromkeys(agents, over),
            {agent: {} for agent in agents},
        )

    def render(self) -> np.ndarray:
        frame = np.zeros((700, 1400, 3), dtype=np.uint8)
        frame[:, :700] = 100 * (1 + self.last[0])
        frame[:, 700:] = 100 * (1 + self.last[1])
        return frame


class Pointing(ParallelEnv):
    """Continuous actions: two agents point somewhere in a square and earn their closeness."""

    metadata: ClassVar[dict[str, Any]] = {"name": "pointing_v0", "render_modes": []}

    def __init__(self) -> None:
        self.possible_agents = ["a", "b"]
        self._spaces = {agent: Box(-1.0, 1.0, (2,), np.float32) for agent in self.possible_agents}

    def observation_space(self, agent: str) -> Discrete:
        return Discrete(1)

    def action_space(self, agent: str) -> Box:
        return self._spaces[agent]

    def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> Any:
        self.agents = list(self.possible_agents)
        return dict.fromkeys(self.agents, 0), {agent: {} for agent in self.agents}

    def step(self, actions: dict[str, Any]) -> Any:
        agents, self.agents = self.agents, []
        reward = -float(np.linalg.norm(actions["a"] - actions["b"]))
        return (
            dict.fromkeys(agents, 0),
            dict.fromkeys(agents, reward),
            dict.fromkeys(agents, True),
            dict.fromkeys(agents, False),
            {agent: {} for agent in agents},
        )
