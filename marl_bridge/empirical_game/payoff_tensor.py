"""Payoff tensors: play every joint policy of some populations and make a game of the results.

Wellman (2006), "Methods for empirical game-theoretic analysis", AAAI. What follows for the true
game from a table of estimates: Viqueira, Cousins and Greenwald (2019), "Improved algorithms for
learning equilibria in simulation-based games", arXiv:1905.13379.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from numbers import Real
from pathlib import Path
from typing import Any

import numpy as np

from marl_bridge.arguments import (
    require_confidence,
    require_counts,
    require_instances,
    require_range,
    require_seed,
)
from marl_bridge.empirical_game.cell_intervals import interval_of, mean_of
from marl_bridge.empirical_game.chunk_store import (
    CheckpointRefused,
    ChunkStore,
    MemoryStore,
    SQLiteStore,
)
from marl_bridge.empirical_game.layout import Layout, lay_out
from marl_bridge.empirical_game.populations import Role, read_roles
from marl_bridge.empirical_game.record import EmpiricalGame, Samples
from marl_bridge.empirical_game.sampling import Chunk, Seats, Table, play_chunk, seats_of
from marl_bridge.empirical_game.schedule import next_goals, stage_size
from marl_bridge.environments.opening import Make, open_environment
from marl_bridge.errors import InvalidEnvironment
from marl_bridge.plain_data import plain
from marl_bridge.rollouts import Instances, Progress, Stopwatch, chunk_size
from marl_bridge.workers import Backend, Workers, require_portable

__all__ = ["Ranges", "payoff_tensor"]

Ranges = Mapping[str, tuple[float, float]] | tuple[float, float]
_PILOT = 4  # episodes that are played to see how long one takes


def payoff_tensor(
    make: Make,
    populations: Any,
    *,
    episodes: int = 200,
    target_width: float | None = None,
    max_episodes: int | None = None,
    confidence: float = 0.95,
    ranges: Ranges | None = None,
    roles: Mapping[str, Sequence[str]] | None = None,
    symmetric: bool = False,
    reduction: Mapping[str, int] | int | None = None,
    profiles: Sequence[Sequence[str | int]] | None = None,
    seed: int = 0,
    env_kwargs: Mapping[str, Any] | None = None,
    max_steps: int | None = None,
    instances: Instances = "fresh",
    workers: int = 1,
    backend: Backend = "loky",
    checkpoint: str | Path | None = None,
    verify_checkpoint: bool = True,
    progress: Progress | None = None,
) -> EmpiricalGame:
    """Play every joint policy and make a game of the average returns.

    Parameters
    ----------
    make : str, module or callable
        The environment, see :func:`marl_bridge.environments.opening.open_environment`.
    populations : mapping
        Agent, or role, to a mapping of name to policy (or a sequence of policies); or one
        population for all agents. A policy is "random", a Policy, or a function of (observation,
        mask). It must draw from the generator it is given alone.
    episodes : int
        Of each cell; with ``target_width`` of each cell's first look.
    target_width : float, optional
        Go on with the cells that have a wider interval, the widest first, a quarter more
        episodes at a time, until none is left.
    max_episodes : int, optional
        Of all cells together. Cells it does not reach are missing.
    confidence : float
        Of all intervals together, however often they are looked at.
    ranges : (low, high) or mapping of agent to (low, high), optional
        Proven bounds on the return in an episode, such as ``extract(make).return_ranges``. With
        them the intervals are guaranteed (:func:`~marl_bridge.intervals.betting`); without they
        are Student's t, a heuristic, and say so.
    roles : mapping of str to sequence of agents, optional
        Agents that choose from one population and draw lots for their seats in every episode, so
        that joint policies that differ by who of them plays what are one cell. Where the
        environment treats them alike, lots change nothing; where it does not, the table is of the
        game with lots.
    symmetric : bool
        All agents have one role.
    reduction : int or mapping of role to int, optional
        Let so many players stand for the agents of each role, see
        :mod:`marl_bridge.empirical_game.layout`.
    profiles : sequence of joint policies, optional
        Play only these, each a sequence of names or numbers; the others are missing.
    seed : int
        Equal seeds give equal tables, to the last bit, for any number of workers.
    env_kwargs : mapping, optional
        Keyword arguments for the environment.
    max_steps : int, optional
        Longer episodes are cut.
    instances : {"fresh", "reused"}
        As for :func:`marl_bridge.rollouts.rollouts`.
    workers : int
        Processes, or threads, that play at the same time.
    backend : {"loky", "threading", "ray"}
        Of more than one worker, see :class:`marl_bridge.workers.Workers`.
    checkpoint : str or Path, optional
        A file that keeps every finished chunk of episodes. If it is there, what it holds is not
        played again; it may hold fewer policies, but not other ones of the same name.
    verify_checkpoint : bool
        Play an episode again for every policy in the file, and refuse the file if it comes out
        differently.
    progress : callable, optional
        ``progress(done, total)`` in episodes; the total grows when cells need more.

    Returns
    -------
    EmpiricalGame

    Raises
    ------
    InvalidEnvironment
        If there is no such environment, or an argument does not fit it.
    InvalidPolicy
        If a population or a policy is invalid, or one cannot be sent to another process.
    InvalidSamples
        If a return lies outside its range.
    CheckpointRefused
        If the checkpoint is damaged, in use or about something else.
    MissingExtra
        If several workers are wanted and joblib, or Ray, is not installed.

    Notes
    -----
    Episode k of a cell depends on ``seed``, the names of the cell's policies and k alone. The
    intervals hold together by a union bound over all payoffs that were estimated, each at level
    ``(1 - confidence) / number``. With ``target_width`` they are confidence sequences, which hold
    however often one looks, and may stop at any time; without, they hold for ``episodes`` that was
    chosen beforehand, and not for one that was raised because of what was seen.

    Ctrl-C returns what was played; ``interrupted`` tells.

    Examples
    --------
    >>> def first(observation, mask):
    ...     return int(mask.argmax())
    >>> table = payoff_tensor("classic/tictactoe-v3", {"random": "random", "first": first},
    ...     episodes=50, ranges=(-1, 1))
    >>> table.means[0].round(2).tolist(), table.complete
    ([[0.14, 0.0], [0.48, 1.0]], True)
    """
    _require_valid(episodes, target_width, max_episodes, confidence, max_steps)
    require_seed(seed)
    require_instances(instances)
    crew = Workers(workers, backend)
    source = open_environment(make, env_kwargs=env_kwargs)
    env = source.new()
    agents = tuple(map(str, env.possible_agents))
    env.close()
    found = read_roles(populations, agents, roles=roles, symmetric=symmetric)
    layout = lay_out(found, agents, reduction=reduction, profiles=profiles)
    bounds = _bounds(ranges, agents, found)
    if crew.elsewhere:
        require_portable({source.name: source}, where="make")
        named = {
            f"{name!r} of {role.name!r}": policy
            for role in found
            for name, policy in zip(role.names, role.policies, strict=True)
        }
        require_portable(named, where="policies")
    table = Table(source, seed, instances, max_steps)
    store: ChunkStore
    if checkpoint is None:
        store = MemoryStore()
    else:
        store = SQLiteStore(checkpoint, _about(table, env_kwargs, found))
    try:
        sampler = _Sampler(table, layout, store, crew, progress)
        if checkpoint is not None and verify_checkpoint:
            sampler.verify(checkpoint)
        design = _Design(episodes, target_width, max_episodes, (1.0 - confidence), bounds)
        interrupted = design.run(sampler)
    finally:
        store.close()
    return _record(source.name, sampler, design, confidence, interrupted)


class _Sampler:
    """Plays what is missing, and keeps it."""

    def __init__(
        self,
        table: Table,
        layout: Layout,
        store: ChunkStore,
        crew: Workers,
        progress: Progress | None,
    ) -> None:
        self.table, self.layout, self.store, self.crew = table, layout, store, crew
        self.progress = progress
        self.numbers = {cell.key: number for number, cell in enumerate(layout.cells)}
        self.seats: list[Seats] = [seats_of(cell, layout.roles) for cell in layout.cells]
        self.kept: list[dict[int, Chunk]] = [{} for _ in layout.cells]
        self.used: list[list[int]] = [[] for _ in layout.cells]  # groups the table asks for
        for number, group in layout.used:
            self.used[number].append(group)
        self.seconds: float | None = None  # for an episode
        for chunk in store.chunks():
            if chunk.cell in self.numbers:
                self._keep(chunk)

    def verify(self, path: str | Path) -> None:
        """Play an episode of every policy that has been played before, and compare."""
        seen: set[tuple[int, int]] = set()
        for number, cell in enumerate(self.layout.cells):
            chunks = self.kept[number]
            if not chunks or seen.issuperset(cell.groups):
                continue
            seen.update(cell.groups)
            kept = chunks[min(chunks)]
            again = self._play(number, kept.start, 1)
            same = np.array_equal(again.returns[:, 0], kept.returns[:, 0])
            if not same or again.trace != kept.trace:
                raise CheckpointRefused(
                    f"episode {kept.start} of {cell.key} comes out differently from the one that "
                    "is kept: a policy or the environment has changed, or draws from a generator "
                    "of its own",
                    where=str(path),
                    hint="use another file; or verify_checkpoint=False if it draws by itself and "
                    "nothing has changed",
                )

    def play(self, goals: Mapping[int, int]) -> bool:
        """Play until each cell has its number of episodes; say whether Ctrl-C came before."""
        left = {number: self._gaps(number, goal) for number, goal in goals.items()}
        missing = sum(stop - start for gaps in left.values() for start, stop in gaps)
        if not missing:
            return False
        done = sum(self.count(number) for number in range(len(self.kept)))
        total = done + missing
        try:
            if self.seconds is None:
                number = next(number for number, gaps in left.items() if gaps)
                start, stop = left[number][0]
                self.seconds = self._pilot(number, start, min(stop - start, _PILOT))
                left[number] = self._gaps(number, goals[number])
                missing = sum(stop - start for gaps in left.values() for start, stop in gaps)
            size = chunk_size(self.seconds, missing, self.crew.number)
            tasks = [
                self._task(number, first, min(size, stop - first))
                for number, gaps in left.items()
                for start, stop in gaps
                for first in range(start, stop, size)
            ]
            tasks.sort(key=lambda task: task[3])  # so that Ctrl-C leaves all cells with something
            for chunk in self.crew.run(play_chunk, tasks):
                self._keep(chunk)
                self.store.add(chunk)
                missing -= chunk.returns.shape[1]
                if self.progress is not None:
                    self.progress(total - missing, total)
        except KeyboardInterrupt:
            return True
        return False

    def count(self, number: int) -> int:
        """Return how many episodes of a cell are kept, in a row from the first one."""
        count = 0
        for start in sorted(self.kept[number]):
            if start > count:
                break
            count = self.kept[number][start].stop
        return count

    def returns(self, number: int, count: int) -> np.ndarray[Any, Any]:
        """Return a cell's first episodes, shape (n_groups, count)."""
        chunks = self.kept[number]
        rows = [chunks[start].returns for start in sorted(chunks) if start < count]
        empty = np.empty((len(self.layout.cells[number].groups), 0))
        return np.concatenate([empty, *rows], axis=1)[:, :count]

    def truncated(self, number: int, count: int) -> int:
        """Return how many of a cell's first episodes were cut."""
        chunks = self.kept[number].items()
        return sum(int(chunk.truncated[: max(count - start, 0)].sum()) for start, chunk in chunks)

    def _gaps(self, number: int, goal: int) -> list[tuple[int, int]]:
        """List the (start, stop) of episodes before the goal that are not kept."""
        gaps, reached = [], 0
        for start in sorted(self.kept[number]):
            if start >= goal:
                break
            if start > reached:
                gaps.append((reached, start))
            reached = self.kept[number][start].stop
        if reached < goal:
            gaps.append((reached, goal))
        return gaps

    def _keep(self, chunk: Chunk) -> None:
        number = self.numbers[chunk.cell]
        if len(chunk.returns) != len(self.layout.cells[number].groups):
            raise CheckpointRefused(
                f"{len(chunk.returns)} groups are kept of {chunk.cell}", where="checkpoint"
            )
        self.kept[number][chunk.start] = chunk

    def _task(self, number: int, start: int, length: int) -> tuple[Any, ...]:
        return self.table, self.layout.cells[number], self.seats[number], start, length

    def _play(self, number: int, start: int, length: int) -> Chunk:
        return play_chunk(*self._task(number, start, length))

    def _pilot(self, number: int, start: int, length: int) -> float:
        """Play the first episodes here, and say how long one takes."""
        watch = Stopwatch()
        chunk = self._play(number, start, length)
        seconds = watch.seconds / length
        self._keep(chunk)
        self.store.add(chunk)
        return seconds


class _Design:
    """Decides how much of what is played, from the data alone."""

    def __init__(
        self,
        episodes: int,
        target_width: float | None,
        max_episodes: int | None,
        delta: float,
        bounds: tuple[tuple[float, float] | None, ...],
    ) -> None:
        self.episodes, self.target, self.budget = episodes, target_width, max_episodes
        self.delta, self.bounds = delta, bounds
        self.rounds = 0
        self.stages: list[int] = []
        self.reached_target = True

    @property
    def adaptive(self) -> bool:
        return self.target is not None

    def run(self, sampler: _Sampler) -> bool:
        """Sample round by round; say whether Ctrl-C came before the end."""
        n_cells = len(sampler.layout.cells)
        self.stages = [0] * n_cells
        widths = [float("inf")] * n_cells
        left = self.budget
        while True:
            goals = next_goals(
                widths,
                self.stages,
                episodes=self.episodes,
                target=-1.0 if self.target is None else self.target,
                budget=left,
            )
            if not goals:
                break
            counts = {cell: stage_size(self.episodes, stage) for cell, stage in goals.items()}
            if sampler.play(counts):
                return True
            self.rounds += 1
            if left is not None:
                left -= sum(counts[cell] - self.count(cell) for cell in goals)
            for cell, stage in goals.items():
                self.stages[cell] = stage
                found = self.intervals(sampler, cell, self.count(cell))
                widths[cell] = max(upper - lower for lower, upper in found.values())
            if self.target is None:
                break
        self.reached_target = self.target is None or max(widths) <= self.target
        return False

    def count(self, cell: int) -> int:
        """Return how many episodes a cell has had at its stage."""
        return stage_size(self.episodes, self.stages[cell]) if self.stages[cell] else 0

    def intervals(self, sampler: _Sampler, cell: int, count: int) -> dict[int, tuple[float, float]]:
        """Bound the payoff of each group of a cell that the table uses."""
        n_used = sum(map(len, sampler.used))
        returns = sampler.returns(cell, count)
        groups = sampler.layout.cells[cell].groups
        return {
            group: interval_of(
                returns[group],
                self.bounds[groups[group][0]],
                confidence=1.0 - self.delta / n_used,
                adaptive=self.adaptive,
            )
            for group in sampler.used[cell]
        }


def _record(
    name: str, sampler: _Sampler, design: _Design, confidence: float, interrupted: bool
) -> EmpiricalGame:
    layout = sampler.layout
    width = 1 + int(layout.group_of.max())
    # By cell and group, and a last row for what is left out.
    means = np.full((len(layout.cells) + 1, width), np.nan)
    lower, upper = np.full_like(means, -np.inf), np.full_like(means, np.inf)
    counts = np.zeros(means.shape, dtype=np.int64)
    returns, truncated = [], 0
    for cell in range(len(layout.cells)):
        # What was played beyond the last look, in an earlier run or before Ctrl-C, is left out:
        # the table depends on its settings alone.
        count = design.count(cell)
        if interrupted:
            played = sampler.count(cell)
            count = max(count, played if design.adaptive else min(played, design.episodes))
        episodes = sampler.returns(cell, count)
        episodes.setflags(write=False)
        returns.append(episodes)
        truncated += sampler.truncated(cell, count)
        for group, found in design.intervals(sampler, cell, count).items() if count else ():
            means[cell, group], counts[cell, group] = mean_of(episodes[group]), count
            lower[cell, group], upper[cell, group] = found
    at = layout.cell_of, layout.group_of
    means, counts, lower, upper = means[at], counts[at], lower[at], upper[at]
    for player, role in enumerate(layout.role_of):
        declared = design.bounds[role]
        if declared is not None:
            never = counts[player] == 0
            lower[player][never], upper[player][never] = declared
    for array in (means, lower, upper, counts):
        array.setflags(write=False)
    certified = all(bound is not None for bound in design.bounds)
    return EmpiricalGame(
        environment=name,
        players=layout.players,
        names=layout.names,
        means=means,
        lower=lower,
        upper=upper,
        counts=counts,
        confidence=confidence,
        method=("betting sequence" if design.adaptive else "betting") if certified else "student-t",
        certified=certified,
        roles={role.name: role.agents for role in layout.roles if len(role.agents) > 1},
        reduced=layout.reduced,
        seed=sampler.table.seed,
        rounds=design.rounds,
        episodes=sum(one.shape[1] for one in returns),
        truncated=truncated,
        interrupted=interrupted,
        notes=tuple(_notes(layout, design, certified=certified, interrupted=interrupted)),
        layout=layout,
        samples=Samples(tuple(returns)),
        ranges=design.bounds,
        adaptive=design.adaptive,
    )


def _notes(layout: Layout, design: _Design, *, certified: bool, interrupted: bool) -> list[str]:
    notes = []
    if not certified:
        notes.append(
            "No bounds on the returns are known: the intervals are heuristic and nothing is "
            "certified."
        )
    if layout.reduced:
        notes.append(
            "The game is reduced: players stand for several agents. What one agent gains where "
            "all others play alike is sampled directly; elsewhere the reduction is exact only if "
            "returns are affine in the numbers of agents with each policy."
        )
    if not design.reached_target:
        notes.append(f"Some intervals are still wider than {design.target:g}.")
    if interrupted and not design.adaptive:
        notes.append("Interrupted: the intervals assume that nobody stopped because of the data.")
    return notes


def _about(
    table: Table, env_kwargs: Mapping[str, Any] | None, roles: Sequence[Role]
) -> dict[str, Any]:
    """Say what the episodes depend on, as far as it has a name."""
    about: dict[str, Any] = {
        "environment": table.source.name,
        "api": table.source.api,
        # Addresses differ from process to process.
        "env_kwargs": re.sub(r" at 0x[0-9a-f]+", "", repr(sorted((env_kwargs or {}).items()))),
        "seed": plain(table.seed),
        "max_steps": table.max_steps,
        "instances": table.instances,
        "roles": [[role.name, list(role.agents)] for role in roles],
    }
    for role in roles:
        for name, policy in zip(role.names, role.policies, strict=True):
            kind = type(policy)
            content = getattr(policy, "content_hash", lambda: None)()
            about[f"policy {name!r} of {role.name!r}"] = [
                f"{kind.__module__}.{kind.__qualname__}",
                content,
            ]
    return about


def _bounds(
    ranges: Ranges | None, agents: Sequence[str], roles: Sequence[Role]
) -> tuple[tuple[float, float] | None, ...]:
    """Return the range of each role's pooled returns."""
    if ranges is None:
        return (None,) * len(roles)
    given = ranges if isinstance(ranges, Mapping) else dict.fromkeys(agents, ranges)
    if set(given) != set(agents):
        raise InvalidEnvironment(
            f"ranges are given for {sorted(given)}", where="ranges", valid=f"for {list(agents)}"
        )
    for agent, pair in given.items():
        require_range(agent, pair)
    return tuple(
        (
            float(min(given[agent][0] for agent in role.agents)),
            float(max(given[agent][1] for agent in role.agents)),
        )
        for role in roles
    )


def _require_valid(
    episodes: int,
    target_width: float | None,
    max_episodes: int | None,
    confidence: float,
    max_steps: int | None,
) -> None:
    require_counts(
        episodes=episodes, optional={"max_episodes": max_episodes, "max_steps": max_steps}
    )
    if target_width is not None and not (isinstance(target_width, Real) and target_width > 0):
        raise InvalidEnvironment(
            f"target_width is {target_width!r}", where="target_width", valid="a positive number"
        )
    require_confidence(confidence)
