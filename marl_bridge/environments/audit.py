"""The audit of an extraction: episodes of fresh instances must lie inside the game."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from gametheory.games.extensive_form import TERMINAL
from gametheory.games.state_graph import StateGraph
from marl_bridge.environments.opening import EnvironmentSource
from marl_bridge.environments.positions import random_action, view_key
from marl_bridge.errors import ExtractionRefused

__all__ = ["Audit", "replay_episodes"]


@dataclass(frozen=True)
class Audit:
    """How an extraction was made and what was checked.

    Attributes
    ----------
    environment, api : str
    mechanism : {"copy", "replay"}
        How positions were returned to.
    copy_microseconds, replay_microseconds : float or None
        Median cost of one return, measured on this environment; None when that way failed.
    copy_refused : str
        Why positions were not copied; "" when they were.
    n_states, n_edges, n_terminal_states : int
        Distinct states stepped, actions tried, states where the episode is over.
    n_observations : int
        Distinct things an agent was shown when it had to act.
    joint_steps : bool
        Whether several agents act in one step, as in Parallel environments. (An AEC environment
        can hide a choice all the same; the game's information sets tell.)
    episodes_checked : int
        Random episodes of fresh instances, each with another seed, that were found in the game.
    seconds : float
        Time of the extraction, without unrolling.
    """

    environment: str
    api: str
    mechanism: str
    copy_microseconds: float | None
    replay_microseconds: float | None
    copy_refused: str
    n_states: int
    n_edges: int
    n_terminal_states: int
    n_observations: int
    joint_steps: bool
    episodes_checked: int
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as a dictionary."""
        return asdict(self)


def replay_episodes(
    source: EnvironmentSource,
    graph: StateGraph,
    observations: Mapping[tuple[str, bytes], int],
    *,
    seed: int,
    episodes: int = 30,
) -> int:
    """Play random episodes on fresh instances, each with another seed, and follow them.

    Parameters
    ----------
    source : EnvironmentSource
    graph : StateGraph
        The extracted game.
    observations : mapping
        Number of each (agent, what it is shown) in the graph.
    seed, episodes : int

    Returns
    -------
    int
        The number of episodes found in the graph, all of them.

    Raises
    ------
    ExtractionRefused
        At the first observation or return that is not in the graph.
    """
    rng = np.random.default_rng(np.random.SeedSequence([seed, 2]))
    for episode in range(episodes):
        driver = source.driver()
        driver.reset(seed=seed + 1000 + episode)
        state = 0
        path: list[str] = []
        while driver.acting:
            actions: dict[str, Any] = {}
            for agent in driver.acting:
                view = driver.view(agent)
                seen = observations.get((agent, view_key(view)), -2)
                if driver.agents.index(agent) != graph.player[state] or (
                    seen != graph.observation[state]
                ):
                    raise _outside(source, f"agent {agent!r} is shown something else", path)
                actions[agent] = random_action(view, rng)
                path.append(str(actions[agent]))
                rank = view.legal_indices().tolist().index(actions[agent] - view.start)
                state = int(graph.edge_target[graph.first_edge[state] + rank])
            driver.step(actions)
        returns = tuple(driver.returns[agent] for agent in driver.agents)
        if graph.player[state] != TERMINAL or tuple(graph.payoffs[state]) != returns:
            raise _outside(source, f"the episode ends with returns {returns}", path)
    return episodes


def _outside(source: EnvironmentSource, what: str, path: list[str]) -> ExtractionRefused:
    return ExtractionRefused(
        f"an episode of {source.name} does not follow the extracted game: {what}",
        where=f"after the actions {' '.join(path) or '(none)'}",
        valid="an environment whose episodes depend on the actions alone",
        hint="look for chance or for state outside the environment object",
    )
