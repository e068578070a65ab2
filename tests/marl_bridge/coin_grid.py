"""A small simultaneous game on a grid, for the tests of exploitation."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from gymnasium.spaces import Box, Discrete
from pettingzoo import ParallelEnv

STEPS = ((0, 0), (0, 1), (1, 0), (0, -1), (-1, 0))


class CoinGrid(ParallelEnv):
    """Two agents on a 3 x 3 grid race for coins that are put on free cells at random.

    Whoever enters a coin's cell takes 1 from the other; if both do, nobody earns anything. All
    is shown to both, but they act at once.
    """

    metadata: ClassVar[dict[str, Any]] = {"name": "coin_grid_v0", "render_modes": []}

    def __init__(self, rounds: int = 2, size: int = 3) -> None:
        self.rounds, self.size = rounds, size
        self.possible_agents = ["red", "blue"]

    def observation_space(self, agent: str) -> Box:
        return Box(0, 9, (7,), np.int8)

    def action_space(self, agent: str) -> Discrete:
        return Discrete(len(STEPS))

    def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> Any:
        self.np_random = np.random.default_rng(seed)
        self.agents = list(self.possible_agents)
        self.places = {"red": (0, 0), "blue": (self.size - 1, self.size - 1)}
        self.round = 0
        self._drop()
        return self._observations(), {agent: {} for agent in self.agents}

    def _drop(self) -> None:
        taken = tuple(self.places.values())
        cells = [(x, y) for x in range(self.size) for y in range(self.size)]
        free = [cell for cell in cells if cell not in taken and sum(cell) == self.size - 1]
        self.coin = free[int(self.np_random.integers(len(free)))]

    def _observations(self) -> dict[str, Any]:
        seen = (*self.places["red"], *self.places["blue"], *self.coin, self.round)
        return {agent: np.array(seen, dtype=np.int8) for agent in self.agents}

    def step(self, actions: dict[str, int]) -> Any:
        for agent, action in actions.items():
            (x, y), (dx, dy) = self.places[agent], STEPS[int(action)]
            self.places[agent] = (
                min(self.size - 1, max(0, x + dx)),
                min(self.size - 1, max(0, y + dy)),
            )
        got = [agent for agent in self.possible_agents if self.places[agent] == self.coin]
        rewards = dict.fromkeys(self.agents, 0.0)
        if len(got) == 1:
            rewards = {agent: 1.0 if agent in got else -1.0 for agent in self.agents}
        self.round += 1
        over = self.round >= self.rounds
        if got and not over:
            self._drop()
        agents = list(self.agents)
        observations = self._observations()
        if over:
            self.agents = []
        return (
            observations,
            rewards,
            dict.fromkeys(agents, over),
            dict.fromkeys(agents, False),
            {agent: {} for agent in agents},
        )
