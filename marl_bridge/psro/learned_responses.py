"""Responses that are learned: one agent's problem against the others' mixtures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from gametheory.errors import UnsupportedGame
from marl_bridge.environments.opening import EnvironmentSource
from marl_bridge.exploitation.remembering import needed_memory
from marl_bridge.exploitation.single_agent import SingleAgentEnvironment
from marl_bridge.exploitation.tabular_exploiter import Budget, Memory, learn_table

__all__ = ["LearnedResponses"]


@dataclass
class LearnedResponses:
    """Learns best responses to mixtures, one after another.

    Parameters
    ----------
    source : EnvironmentSource
    oracle : {"tabular", "ppo"}
        Q-learning in a table, or masked PPO (the extra ``torch``).
    budget : Budget
        Of each response.
    seed : int
        Response k learns from a stream of its own.
    """

    source: EnvironmentSource
    oracle: str
    budget: Budget
    seed: int
    _number: int = 0

    def __post_init__(self) -> None:
        if self.oracle not in ("tabular", "ppo"):
            raise UnsupportedGame(
                f"there is no oracle {self.oracle!r}", valid="'exact', 'tabular' or 'ppo'"
            )
        self._memory: dict[str, Memory] = {}

    def respond(self, agent: str, others: Mapping[str, Any]) -> Any:
        """Learn a policy for one agent while the others keep to theirs.

        Raises
        ------
        MissingExtra
            If PPO is asked for and torch is not installed.
        """
        self._number += 1
        stream, episodes = np.random.SeedSequence(self.seed, spawn_key=(self._number,)).spawn(2)
        problem = SingleAgentEnvironment(
            self.source, agent, others, seed=int(episodes.generate_state(1)[0])
        )
        try:
            if self.oracle == "tabular":
                if agent not in self._memory:
                    self._memory[agent] = needed_memory(self.source, agent, seed=self.seed)
                learned, interrupted = learn_table(
                    problem, memory=self._memory[agent], budget=self.budget, seed=stream
                )
                policy: Any = learned
            else:
                from marl_bridge.exploitation.masked_ppo import learn_ppo

                policy, _, interrupted = learn_ppo(problem, budget=self.budget, seed=stream)
        finally:
            problem.close()
        if interrupted:
            raise KeyboardInterrupt
        return policy
