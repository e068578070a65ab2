"""Seeded episodes: returns of policies in fixed or balanced seats."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from gametheory.errors import GameTheoryError
from marl_bridge.arguments import require_counts, require_instances, require_seed
from marl_bridge.environments.driver import Driver, View
from marl_bridge.environments.faults import environment_raised, environments_errors
from marl_bridge.environments.opening import EnvironmentSource
from marl_bridge.environments.streams import episode_streams
from marl_bridge.errors import InvalidEnvironment, InvalidPolicy
from marl_bridge.policies.checks import checked_action, policy_raised
from marl_bridge.policies.memory import begin_episode
from marl_bridge.policies.policy import Policy, as_policy, assign
from marl_bridge.workers import Backend, Workers, require_portable

__all__ = ["Episodes", "Stopwatch", "chunk_size", "play_episode", "rollouts"]

Progress = Callable[[int, int], object]
Observer = Callable[[Mapping[str, Any]], object]
Instances = Literal["fresh", "reused"]

_PILOT = 4  # episodes that are played to see how long one takes
_SECONDS = 0.2  # of work in a task: sending one takes about 3 ms, and the last ones are waited for


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
    instances: Instances = "fresh",
    max_steps: int | None = None,
    workers: int = 1,
    backend: Backend = "loky",
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
    workers : int
        Processes, or threads, that play at the same time. The episodes are the same ones for
        any number, provided that policies draw from the generator they are given alone.
    backend : {"loky", "threading", "ray"}
        Of more than one worker, see :class:`marl_bridge.workers.Workers`.
    progress : callable, optional
        ``progress(done, total)`` after every episode, with several workers after every task.

    Raises
    ------
    InvalidPolicy
        If a policy raises an error or returns something that is no legal action, policies and
        agents differ, or a policy cannot be sent to another process.
    InvalidEnvironment
        If the number of episodes, steps or workers is not positive, the seed is no integer from
        0 on, the environment raises an error or pays what is no finite number, or it cannot be
        sent to another process.
    MissingExtra
        If several workers are wanted and joblib, or Ray, is not installed.
    """
    require_seed(seed)
    require_instances(instances)
    require_counts(episodes=episodes, optional={"max_steps": max_steps})
    crew = Workers(workers, backend)
    driver = source.driver(checked=False)
    driver.env.close()
    seating = _Seating.of(policies, driver.agents, seats)
    total = -(-episodes // seating.period) * seating.period
    if crew.elsewhere:
        require_portable({source.name: source}, where="make")
        require_portable({repr(one): one for one in seating.policies}, where="policies")
    batch = _Batch(source, seating, seed, instances, max_steps)
    records: list[_Record] = []
    told = None if progress is None else (lambda done: progress(done, total))
    interrupted = False
    try:
        if crew.number == 1:
            _play_batch(batch, 0, total, records, told)
        else:
            interrupted = _play_tasks(crew, batch, total, records, told)
    except KeyboardInterrupt:
        interrupted = True
    finished = len(records) // seating.period * seating.period
    return seating.collect(_episodes(driver.agents, records[:finished], seed, interrupted))


_Record = tuple[list[float], int, bool]


@dataclass(frozen=True, slots=True, eq=False)
class _Batch:
    """What all episodes have in common."""

    source: EnvironmentSource
    seating: _Seating
    seed: int
    instances: Instances
    max_steps: int | None


def _play_batch(
    batch: _Batch,
    first: int,
    number: int,
    records: list[_Record],
    told: Callable[[int], object] | None = None,
) -> None:
    """Play a row of episodes and append what came of each."""
    # A fresh instance for each episode. After a finished episode knights_archers_zombies answers
    # the same seed differently, and a reused texas_holdem_no_limit keeps its dealer:
    # episodes would be neither repeatable alone nor independent, which intervals assume. It
    # costs 0.6 ms an episode on tictactoe (0.3 ms to play) and 25 ms on knights_archers_zombies
    # (130 ms to play).
    driver = batch.source.driver(checked=False)
    try:
        for episode in range(first, first + number):
            if episode > first and batch.instances == "fresh":
                driver.env.close()
                driver = batch.source.driver(checked=False)
            reset_seed, rng = episode_streams(batch.seed, episode)
            with environments_errors(driver.env, f"reset(seed={reset_seed})"):
                driver.reset(seed=reset_seed)
            length, cut = play_episode(driver, batch.seating.at(episode), rng, batch.max_steps)
            returns = [driver.returns[agent] for agent in driver.agents]
            if not all(map(math.isfinite, returns)):
                raise InvalidEnvironment(
                    f"the returns of {list(driver.agents)} are {returns}",
                    where=f"episode {episode}, reset(seed={reset_seed})",
                    valid="finite rewards",
                )
            records.append((returns, length, cut or any(driver.truncated.values())))
            if told is not None:
                told(len(records))
    finally:
        driver.env.close()


def _play_task(batch: _Batch, first: int, number: int) -> tuple[int, list[_Record]]:
    records: list[_Record] = []
    _play_batch(batch, first, number, records)
    return first, records


def _play_tasks(
    crew: Workers,
    batch: _Batch,
    total: int,
    records: list[_Record],
    told: Callable[[int], object] | None,
) -> bool:
    """Let workers play, keep the episodes before the first missing one, say if it was cut."""
    watch = Stopwatch()
    _play_batch(batch, 0, min(_PILOT, total), records)
    first = len(records)
    size = chunk_size(watch.seconds / first, total - first, crew.number)
    starts = range(first, total, size)
    tasks = [(batch, start, min(size, total - start)) for start in starts]
    done: dict[int, list[_Record]] = {}
    finished, interrupted = first, False
    try:
        for start, played in crew.run(_play_task, tasks):
            done[start] = played
            finished += len(played)
            if told is not None:
                told(finished)
    except KeyboardInterrupt:
        interrupted = True
    for start in starts:
        if start not in done:
            break
        records.extend(done[start])
    return interrupted


class Stopwatch:
    """Tells how long some work takes, also where other programs slow it down."""

    def __init__(self) -> None:
        self._wall, self._own = time.perf_counter(), time.process_time()

    @property
    def seconds(self) -> float:
        """Processor time so far; at least a quarter of all time, as some work is waiting."""
        wall, own = time.perf_counter() - self._wall, time.process_time() - self._own
        return max(own, wall / 4)


def chunk_size(seconds: float, total: int, workers: int) -> int:
    """How many episodes to play in one task.

    Parameters
    ----------
    seconds : float
        That one episode takes, roughly.
    total : int
        Number of episodes to be played.
    workers : int
        Who share them: each gets several tasks, lest one is left to wait for another.

    Examples
    --------
    >>> chunk_size(0.001, 100_000, 2), chunk_size(0.001, 100, 2), chunk_size(5.0, 100, 2)
    (200, 7, 1)
    """
    fair = -(-total // (8 * workers)) if workers > 1 else total
    return max(1, min(round(_SECONDS / max(seconds, 1e-6)), fair))


def play_episode(
    driver: Driver,
    policies: Mapping[str, Policy],
    rng: np.random.Generator,
    limit: int | None = None,
    observer: Observer | None = None,
) -> tuple[int, bool]:
    """Play a started episode to its end.

    Parameters
    ----------
    driver : Driver
        After its reset.
    policies : mapping of agent to Policy
    rng : numpy.random.Generator
        What the policies draw from.
    limit : int, optional
        Cut the episode after so many steps.
    observer : callable, optional
        Called with the actions of each step.

    Returns
    -------
    length : int
        Steps of the driver.
    cut : bool
        Whether the limit ended it.

    Raises
    ------
    InvalidPolicy
        If a policy raises an error, or returns something that is no legal action.
    InvalidEnvironment
        If the environment raises an error.
    """
    begin_episode(policies.values())
    steps = 0
    asked: View | None = None  # whose policy is at work, to tell its errors from the environment's
    try:
        while acting := driver.acting:
            if limit is not None and steps >= limit:
                return steps, True
            actions = {}
            for agent in acting:
                view = asked = driver.view(agent)
                action = policies[agent].act(view, rng)
                asked = None
                actions[agent] = checked_action(view, action)
            if observer is not None:
                observer(actions)
            driver.step(actions)
            steps += 1
    except GameTheoryError:
        raise
    except Exception as error:
        where = f"step {steps + 1} of an episode"
        if asked is not None:
            raise policy_raised(asked, error, where) from error
        raise environment_raised(driver.env, error, where) from error
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
