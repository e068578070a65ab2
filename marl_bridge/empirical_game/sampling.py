"""Sampling: the episodes of one cell, each a function of the seed, the cell and its own number.

Neither the size of a task, nor who does it, nor what else is played changes an episode: so tables
are the same for any number of workers, and a population can grow without playing anything twice.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from marl_bridge.empirical_game.layout import Cell
from marl_bridge.empirical_game.populations import Role
from marl_bridge.environments.faults import environments_errors
from marl_bridge.environments.observations import observation_key
from marl_bridge.environments.opening import EnvironmentSource
from marl_bridge.errors import InvalidEnvironment
from marl_bridge.policies.policy import Policy
from marl_bridge.rollouts import Instances, play_episode

__all__ = ["Chunk", "Seats", "Table", "play_chunk", "seats_of"]


@dataclass(frozen=True, slots=True, eq=False)
class Chunk:
    """A row of episodes of one cell.

    Attributes
    ----------
    cell : str
        Its key.
    start : int
        Number of the first episode.
    returns : ndarray, shape (n_groups, n_episodes)
        The average return of each group of agents that have one role and one policy.
    steps : int
        Of all episodes together.
    truncated : ndarray of bool, shape (n_episodes,)
        Episodes that were cut by a limit.
    trace : bytes
        A digest of all actions of the first episode.
    """

    cell: str
    start: int
    returns: NDArray[np.float64]
    steps: int
    truncated: NDArray[np.bool_]
    trace: bytes

    @property
    def stop(self) -> int:
        """Number of the episode after the last one."""
        return self.start + int(self.returns.shape[1])


@dataclass(frozen=True, slots=True, eq=False)
class Seats:
    """Who may sit where in a cell.

    Attributes
    ----------
    agents : tuple of tuple of str
        Of each role.
    policies : tuple of tuple of Policy
        As many for each role.
    groups : tuple of tuple of int
        The group of each.
    """

    agents: tuple[tuple[str, ...], ...]
    policies: tuple[tuple[Policy, ...], ...]
    groups: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """What all cells have in common."""

    source: EnvironmentSource
    seed: int
    instances: Instances
    max_steps: int | None


def seats_of(cell: Cell, roles: tuple[Role, ...]) -> Seats:
    """Seat the policies of a cell, before lots are drawn."""
    return Seats(
        tuple(role.agents for role in roles),
        tuple(
            tuple(role.policies[policy] for policy in row)
            for role, row in zip(roles, cell.policies, strict=True)
        ),
        tuple(
            tuple(cell.groups.index((number, policy)) for policy in row)
            for number, row in enumerate(cell.policies)
        ),
    )


def play_chunk(table: Table, cell: Cell, seats: Seats, start: int, number: int) -> Chunk:
    """Play a row of episodes of one cell.

    Parameters
    ----------
    table : Table
    cell : Cell
    seats : Seats
        Its policies.
    start, number : int
        The first episode, and how many.

    Raises
    ------
    InvalidPolicy
        If a policy returns something that is no legal action.
    InvalidEnvironment
        If a return is no finite number.
    """
    n_groups = 1 + max(group for row in seats.groups for group in row)
    returns = np.empty((n_groups, number))
    trace = hashlib.blake2b(digest_size=16)
    truncated = np.zeros(number, dtype=np.bool_)
    steps = 0
    driver = table.source.driver(checked=False)
    try:
        for k in range(number):
            if k and table.instances == "fresh":
                driver.env.close()
                driver = table.source.driver(checked=False)
            reset_seed, rng = _streams(table.seed, cell.words, start + k)
            seated, members = _draw_lots(seats, rng, n_groups)
            with environments_errors(driver.env, f"reset(seed={reset_seed})"):
                driver.reset(seed=reset_seed)
            length, cut = play_episode(
                driver,
                seated,
                rng,
                table.max_steps,
                None if k else lambda acts: trace.update(observation_key(list(acts.items()))),
            )
            for group, agents in enumerate(members):
                returns[group, k] = math.fsum(driver.returns[a] for a in agents) / len(agents)
            if not np.isfinite(returns[:, k]).all():
                raise InvalidEnvironment(
                    f"a return is {returns[:, k].tolist()}",
                    where=f"episode {start + k} of {cell.key}",
                    valid="finite rewards",
                )
            steps += length
            truncated[k] = cut or any(driver.truncated.values())
    finally:
        driver.env.close()
    return Chunk(cell.key, start, returns, steps, truncated, trace.digest())


def _streams(seed: int, words: tuple[int, ...], episode: int) -> tuple[int, np.random.Generator]:
    """Return an episode's reset seed, and the generator of lots and policies."""
    environment, policy = np.random.SeedSequence(seed, spawn_key=(*words, episode)).spawn(2)
    return int(environment.generate_state(1)[0] >> 1), np.random.default_rng(policy)


def _draw_lots(
    seats: Seats, rng: np.random.Generator, n_groups: int
) -> tuple[dict[str, Policy], list[list[str]]]:
    """Seat the policies of each role at random; list the agents of each group."""
    seated: dict[str, Policy] = {}
    members: list[list[str]] = [[] for _ in range(n_groups)]
    for agents, policies, groups in zip(seats.agents, seats.policies, seats.groups, strict=True):
        order = rng.permutation(len(agents)) if len(agents) > 1 else np.zeros(1, dtype=int)
        for agent, lot in zip(agents, order.tolist(), strict=True):
            seated[agent] = policies[lot]
            members[groups[lot]].append(agent)
    return seated, members
