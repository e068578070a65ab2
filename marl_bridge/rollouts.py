"""Seeded episodes: returns of policies in fixed or balanced seats."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from marl_bridge.environments.driver import Driver
from marl_bridge.environments.opening import EnvironmentSource
from marl_bridge.environments.streams import episode_streams
from marl_bridge.errors import InvalidEnvironment, InvalidPolicy
from marl_bridge.policies.checks import checked_action
from marl_bridge.policies.policy import Policy, as_policy, assign

__all__ = ["Episodes", "rollouts"]

Progress = Callable[[int, int], object]


@dataclass(frozen=True, eq=False)
class Episodes:
    """What came of a number of episodes.

    Attributes
    ----------
    agents : tuple of str
        The environment's agents, the rows of ``returns``.
    returns : ndarray, shape (n_agents, n_episodes)
        Undiscounted sum of each agent's rewards.
    lengths : ndarray of int, shape (n_episodes,)
        Steps of the driver: turns of an AEC environment, rounds of a Parallel one.
    truncated : ndarray of bool, shape (n_episodes,)
        Episodes cut by the environment's limit or by ``max_steps``.
    seed : int
        The seed they can be repeated with.
    policy_returns : ndarray, shape (n_policies, n_episodes), or None
        With balanced seats, the return of each policy, wherever it sat.
    interrupted : bool
        True when Ctrl-C ended the work; the finished episodes are all here.
    """

    agents: tuple[str, ...]
    returns: NDArray[np.float64]
    lengths: NDArray[np.int64]
    truncated: NDArray[np.bool_]
    seed: int
    policy_returns: NDArray[np.float64] | None = None
    interrupted: bool = False

    def __len__(self) -> int:
        return int(self.lengths.size)

    def of(self, agent: str) -> NDArray[np.float64]:
        """Return one agent's returns, shape (n_episodes,)."""
        return np.asarray(self.returns[self.agents.index(agent)])


def rollouts(
    source: EnvironmentSource,
    policies: Any,
    *,
    episodes: int,
    seed: int = 0,
    seats: Literal["fixed", "balanced"] = "fixed",
    instances: Literal["fresh", "reused"] = "fresh",
    max_steps: int | None = None,
    progress: Progress | None = None,
) -> Episodes:
    """Play episodes.

    Parameters
    ----------
    source : EnvironmentSource
        The environment.
    policies : policy-like, mapping, or sequence
        One for all agents or one for each; with balanced seats a sequence, as many as agents.
    episodes : int
        How many; with balanced seats rounded up to a multiple of the number of seats.
    seed : int
        Equal seeds give equal episodes.
    seats : {"fixed", "balanced"}
        Balanced rotates the policies over the seats, so that each sits in each equally often.
    instances : {"fresh", "reused"}
        A fresh environment for every episode, or one for all: only for environments that are
        dear to build and are known to forget the episodes before.
    max_steps : int, optional
        Longer episodes are cut. A cut episode counts what its agents were told they earned.
    progress : callable, optional
        ``progress(done, total)`` after every episode.

    Raises
    ------
    InvalidPolicy
        If a policy returns something that is no legal action, or policies and agents differ.
    InvalidEnvironment
        If the number of episodes or steps is not positive.
    """
    _require_positive(episodes=episodes, max_steps=max_steps)
    # A fresh instance for each episode. After a finished episode knights_archers_zombies answers
    # the same seed differently, and a reused texas_holdem_no_limit keeps its dealer:
    # episodes would be neither repeatable alone nor independent, which intervals assume. It
    # costs 0.6 ms an episode on tictactoe (0.3 ms to play) and 25 ms on knights_archers_zombies
    # (130 ms to play).
    driver = source.driver(checked=False)
    seating = _Seating.of(policies, driver.agents, seats)
    total = -(-episodes // seating.period) * seating.period
    records: list[tuple[list[float], int, bool]] = []
    interrupted = False
    try:
        for episode in range(total):
            if episode and instances == "fresh":
                driver.env.close()
                driver = source.driver(checked=False)
            reset_seed, rng = episode_streams(seed, episode)
            driver.reset(seed=reset_seed)
            length, cut = _play(driver, seating.at(episode), rng, max_steps)
            told = [driver.returns[agent] for agent in driver.agents]
            records.append((told, length, cut or any(driver.truncated.values())))
            if progress is not None:
                progress(episode + 1, total)
    except KeyboardInterrupt:
        interrupted = True
    driver.env.close()
    finished = len(records) // seating.period * seating.period
    return seating.collect(_episodes(driver.agents, records[:finished], seed, interrupted))


def _play(
    driver: Driver, policies: Mapping[str, Policy], rng: np.random.Generator, limit: int | None
) -> tuple[int, bool]:
    """Play a started episode to its end; say how many steps it took and whether it was cut."""
    steps = 0
    while acting := driver.acting:
        if limit is not None and steps >= limit:
            return steps, True
        actions = {}
        for agent in acting:
            view = driver.view(agent)
            actions[agent] = checked_action(view, policies[agent].act(view, rng))
        driver.step(actions)
        steps += 1
    return steps, False


@dataclass(frozen=True, slots=True)
class _Seating:
    """Which policy sits where in which episode."""

    agents: tuple[str, ...]
    policies: tuple[Policy, ...]
    period: int

    @classmethod
    def of(cls, policies: Any, agents: tuple[str, ...], seats: str) -> _Seating:
        if seats == "fixed":
            fixed = assign(policies, agents)
            return cls(agents, tuple(fixed[agent] for agent in agents), 1)
        if seats != "balanced":
            raise InvalidPolicy(f"unknown seats {seats!r}", valid="'fixed' or 'balanced'")
        if not isinstance(policies, Sequence) or isinstance(policies, str):
            raise InvalidPolicy(
                f"balanced seats rotate a sequence of policies, not {type(policies).__name__}",
                where="policies",
                valid=f"a sequence of {len(agents)} policies",
            )
        if len(policies) != len(agents):
            raise InvalidPolicy(
                f"{len(policies)} policies for {len(agents)} seats",
                where="policies",
                valid=f"one policy per seat {list(agents)}",
            )
        return cls(agents, tuple(map(as_policy, policies)), len(agents))

    def at(self, episode: int) -> dict[str, Policy]:
        """Seat policy j at position j + episode, around the table."""
        n = len(self.agents)
        shift = episode % self.period
        return {self.agents[(j + shift) % n]: policy for j, policy in enumerate(self.policies)}

    def collect(self, episodes: Episodes) -> Episodes:
        """Add the returns by policy, if the policies moved."""
        if self.period == 1:
            return episodes
        numbers = np.arange(len(episodes))
        seat = (np.arange(self.period)[:, None] + numbers) % self.period
        return replace(episodes, policy_returns=episodes.returns[seat, numbers])


def _episodes(
    agents: tuple[str, ...],
    records: Sequence[tuple[list[float], int, bool]],
    seed: int,
    interrupted: bool,
) -> Episodes:
    returns = np.array([told for told, _, _ in records], dtype=np.float64)
    return Episodes(
        agents=agents,
        returns=np.ascontiguousarray(returns.reshape(len(records), len(agents)).T),
        lengths=np.array([length for _, length, _ in records], dtype=np.int64),
        truncated=np.array([cut for _, _, cut in records], dtype=np.bool_),
        seed=seed,
        interrupted=interrupted,
    )


def _require_positive(**numbers: int | None) -> None:
    for name, number in numbers.items():
        if number is not None and number < 1:
            raise InvalidEnvironment(f"{name} is {number}", where=name, valid="at least 1")
