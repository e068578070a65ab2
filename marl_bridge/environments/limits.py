"""Limits of an extraction: states, time, memory, and generators that nobody may draw from."""

from __future__ import annotations

import math
import sys
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from marl_bridge.environments.branching import ByCopy, chance_refused
from marl_bridge.environments.environment_state import Shared
from marl_bridge.environments.factories import global_generators
from marl_bridge.errors import ExtractionRefused

__all__ = ["Guard", "SearchProgress", "resident_bytes"]

_EVERY = 256
_WINDOW = 4


@dataclass(frozen=True, slots=True)
class SearchProgress:
    """How far the search through an environment's states is.

    Attributes
    ----------
    n_states : int
        Distinct states met.
    n_waiting : int
        Of these, how many still have to be stepped on from.
    max_states : int
        The search is given up beyond.
    seconds : float
        Since the search began.
    states_per_second : float
        States stepped on from, lately.
    expected_states : float
        How many there will be, if states go on to have as many new ones behind them as lately;
        infinite while they have more than one each.
    """

    n_states: int
    n_waiting: int
    max_states: int
    seconds: float
    states_per_second: float
    expected_states: float

    @property
    def seconds_left(self) -> float:
        """Time until the search ends by itself, if it goes on as lately."""
        left = self.expected_states - (self.n_states - self.n_waiting)
        return left / self.states_per_second if self.states_per_second else math.inf

    def __str__(self) -> str:
        text = f"{self.n_states:,} states, {self.n_waiting:,} to look at"
        if math.isfinite(self.expected_states):
            return f"{text}, about {self.expected_states:,.0f} in all"
        return f"{text}, still growing"


class Guard:
    """Counts states, keeps the limits and watches the generators.

    Parameters
    ----------
    shared : Shared
    max_states : int
    time_limit : float
        Seconds.
    deadline : float
        When they are over, by ``time.perf_counter``.
    max_memory : int or None
        Bytes by which the process may grow.
    progress : callable, optional
        ``progress(n_states, max_states)``.
    watch : callable, optional
        ``watch(SearchProgress)``.
    """

    def __init__(
        self,
        shared: Shared,
        *,
        max_states: int,
        time_limit: float,
        deadline: float,
        max_memory: int | None = None,
        progress: Callable[[int, int], object] | None = None,
        watch: Callable[[SearchProgress], object] | None = None,
    ) -> None:
        self.n_states = 0
        self._shared, self._backend = shared, shared.branching.backend
        self._global_state = global_generators()
        self._deadline, self._max_states = deadline, max_states
        self._time_limit, self._max_memory = time_limit, max_memory
        self._progress, self._watch = progress, watch
        self._started = time.perf_counter()
        self._memory_before = resident_bytes() if max_memory is not None else 0
        shared.look = self.keep_time
        self._past: deque[tuple[float, int, int]] = deque(maxlen=_WINDOW)

    def __call__(self, n_states: int) -> None:
        """Look at the limits; the search calls it for every state that it meets."""
        self.n_states = n_states
        if n_states % _EVERY == 0:
            self.refuse_draws()
            self._keep_memory(n_states)
            if self._progress:
                self._progress(n_states, self._max_states)
            if self._watch:
                self._watch(self.look(n_states))

    def keep_time(self) -> None:
        """Raise ExtractionRefused if the time is over, whether or not there are more states."""
        if time.perf_counter() > self._deadline:
            raise ExtractionRefused(
                f"{self.n_states:,} states and no end after {self._time_limit:g} s",
                where=self._where(self.n_states),
                hint="shorten the episodes with env_kwargs, or raise time_limit" + self._to_go_on(),
            )

    def look(self, n_states: int) -> SearchProgress:
        """Say how far the search is, and when it ends if it goes on as lately."""
        now, expanded = time.perf_counter(), self._shared.n_expanded
        then, before, states_before = self._past[0] if self._past else (self._started, 0, 0)
        self._past.append((now, expanded, n_states))
        done = expanded - before
        growth = (n_states - states_before) / done if done else math.inf
        waiting = n_states - expanded
        return SearchProgress(
            n_states=n_states,
            n_waiting=waiting,
            max_states=self._max_states,
            seconds=now - self._started,
            states_per_second=done / (now - then) if now > then else 0.0,
            expected_states=expanded + waiting / (1 - growth) if growth < 1 else math.inf,
        )

    def refuse_draws(self) -> None:
        """Raise ExtractionRefused if a generator that is not scripted was drawn from."""
        drawn = self._backend.snapshots.draws() if isinstance(self._backend, ByCopy) else ""
        if not drawn and global_generators() != self._global_state:
            drawn = "global generator, numpy.random or random,"
        if drawn:
            raise chance_refused(
                f"it draws from a {drawn} that was made outside of it",
                valid="generators that the environment makes itself, in its constructor or reset",
            )

    def _keep_memory(self, n_states: int) -> None:
        if self._max_memory is None:
            return
        grown = resident_bytes() - self._memory_before
        if grown > self._max_memory:
            raise ExtractionRefused(
                f"{n_states:,} states and no end in {grown / 2**20:,.0f} MiB of memory",
                where=self._where(n_states),
                valid=f"at most {self._max_memory / 2**20:,.0f} MiB, by max_memory",
                hint="shorten the episodes with env_kwargs, or raise max_memory" + self._to_go_on(),
            )

    def _where(self, n_states: int) -> str:
        waiting = f"{n_states - self._shared.n_expanded:,} of them to be looked at"
        drawn = self._shared.most_drawn(n_states)
        return f"{waiting}; {drawn}" if drawn else waiting

    def _to_go_on(self) -> str:
        if self._shared.journal is None:
            return "; with checkpoint=path it could go on from here"
        return "; call it again to go on from the checkpoint"


def resident_bytes() -> int:
    """Return the memory that this process holds now; its peak where only that can be told."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except (OSError, ValueError, IndexError):
        return _peak_bytes()
    import resource

    return pages * resource.getpagesize()


def _peak_bytes() -> int:
    try:
        import resource
    except ImportError as error:  # Windows
        raise ExtractionRefused(
            "the memory of this process cannot be measured on this system",
            where="max_memory",
            hint="leave max_memory out and limit max_states",
        ) from error
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
