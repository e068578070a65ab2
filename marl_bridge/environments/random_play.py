"""Random play, step by step: what every look at an environment is made from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from marl_bridge.environments.driver import Driver, View
from marl_bridge.environments.streams import episode_streams
from marl_bridge.policies.policy import UniformRandomPolicy

__all__ = ["Step", "UnlistedActions", "listed_actions", "random_episode"]


class UnlistedActions(Exception):
    """An action space is not a list of finitely many actions; the text names it."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step before it is taken: what the acting agents see and what they are going to do."""

    views: Mapping[str, View]
    actions: Mapping[str, Any]


def random_episode(driver: Driver, seed: int, number: int, max_steps: int) -> Iterator[Step]:
    """Play an episode uniformly at random among the legal actions.

    Each step is handed out before it is taken; leaving the loop leaves the episode there.

    Parameters
    ----------
    driver : Driver
        Is reset first.
    seed, number : int
        Episode ``number`` of this seed is the same however many others are played.
    max_steps : int
        Longer episodes are cut.
    """
    reset_seed, rng = episode_streams(seed, number)
    policy = UniformRandomPolicy()
    driver.reset(seed=reset_seed)
    for _ in range(max_steps):
        acting = driver.acting
        if not acting:
            return
        views = {agent: driver.view(agent) for agent in acting}
        actions = {agent: policy.act(view, rng) for agent, view in views.items()}
        yield Step(views, actions)
        driver.step(actions)


def listed_actions(driver: Driver) -> None:
    """Make sure that the actions of all agents can be listed.

    Raises
    ------
    UnlistedActions
        Naming the first space that is not discrete.
    """
    for agent in driver.agents:
        space = driver.env.action_space(agent)
        if getattr(space, "n", None) is None or np.ndim(space.n):
            raise UnlistedActions(f"agent {agent!r} has the action space {space}")
