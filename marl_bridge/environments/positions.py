"""Returning to positions of an environment: by copying its state, or by replaying actions.

Both are tried on random episodes of the environment at hand and checked step by step against
an untouched instance; copying is taken when it passes (equal copies can be merged), else
replaying from the seed, else neither.
"""

from __future__ import annotations

import time
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from marl_bridge.environments.copying import Snapshots
from marl_bridge.environments.driver import Driver, View
from marl_bridge.environments.opening import EnvironmentSource
from marl_bridge.errors import ExtractionRefused
from marl_bridge.observations import observation_key

__all__ = [
    "Choice",
    "Copies",
    "Positions",
    "Replays",
    "choose",
    "compare",
    "random_action",
    "same_returns",
    "view_key",
]

Actions = Mapping[str, Any]


class Positions(Protocol):
    """A way to name positions of an environment and to return to them."""

    name: str
    start: Any

    def open(self, position: Any) -> Driver:
        """Build an independent driver at a position."""

    def after(self, position: Any, actions: Actions, driver: Driver) -> Hashable:
        """Name the position that ``driver`` reached from ``position`` by ``actions``."""

    def draws(self) -> str:
        """Name a random generator that was drawn from meanwhile, "" if none was seen."""


class Copies:
    """Positions are snapshots of the whole state: equal ones are the same position."""

    name = "copy"

    def __init__(self, source: EnvironmentSource, seed: int) -> None:
        self.snapshots = Snapshots()
        driver = source.driver(checked=False)
        driver.reset(seed=seed)
        self.start: bytes = self.snapshots.take(driver)

    def open(self, position: bytes) -> Driver:
        """Restore a snapshot."""
        return self.snapshots.restore(position)

    def after(self, position: bytes, actions: Actions, driver: Driver) -> bytes:
        """Take a snapshot."""
        return self.snapshots.take(driver)

    def draws(self) -> str:
        """Name a generator in the state that was drawn from, "" if none was."""
        return self.snapshots.draws()


class Replays:
    """Positions are the actions from the start: never merged, but any environment can do it."""

    name = "replay"

    def __init__(self, source: EnvironmentSource, seed: int) -> None:
        self._source, self._seed = source, seed
        self.start: tuple[Any, ...] = ()

    def open(self, position: tuple[Any, ...]) -> Driver:
        """Reset a fresh instance (a reused one may carry something over) and play again."""
        driver = self._source.driver(checked=False)
        driver.reset(seed=self._seed)
        for actions in position:
            driver.step(dict(actions))
        return driver

    def after(self, position: tuple[Any, ...], actions: Actions, driver: Driver) -> Hashable:
        """Append the actions."""
        return (*position, tuple(actions.items()))

    def draws(self) -> str:
        """Return "": a fresh instance draws the same numbers again, nothing is seen here."""
        return ""


@dataclass(frozen=True)
class Choice:
    """The way chosen and what the trial measured.

    Attributes
    ----------
    positions : Positions
    copy_microseconds, replay_microseconds : float or None
        Median time to return to a position of the trial episodes; None when that way failed.
    refused : str
        Why copying was not taken, "" when it was.
    """

    positions: Positions
    copy_microseconds: float | None
    replay_microseconds: float | None
    refused: str


def choose(source: EnvironmentSource, *, seed: int, episodes: int = 4, steps: int = 60) -> Choice:
    """Try both ways on random episodes and take copying if it agrees with the environment.

    Raises
    ------
    ExtractionRefused
        If neither way repeats the environment.
    """
    timings: dict[str, float] = {}
    failures: dict[str, str] = {}
    ways: dict[str, Positions] = {}
    kinds: tuple[type[Copies] | type[Replays], ...] = (Copies, Replays)
    for kind in kinds:
        try:
            way = kind(source, seed)
            timings[kind.name] = _trial(source, way, seed, episodes, steps)
            ways[kind.name] = way
        except Exception as error:  # an environment's state may fail in any way
            failures[kind.name] = f"{type(error).__name__}: {error}"
    if not ways:
        raise ExtractionRefused(
            "the environment's states can be neither copied nor replayed",
            where="; ".join(f"{name}: {failure}" for name, failure in failures.items()),
            valid="an environment whose episodes repeat exactly from a seed and actions",
            hint="use estimate() for statistics on its returns",
        )
    return Choice(
        positions=ways.get("copy") or ways["replay"],
        copy_microseconds=timings.get("copy"),
        replay_microseconds=timings.get("replay"),
        refused=failures.get("copy", ""),
    )


class _Differs(Exception):
    """A position that was returned to does not behave like the original."""


def _trial(
    source: EnvironmentSource, positions: Positions, seed: int, episodes: int, steps: int
) -> float:
    """Play random episodes, returning to each position, and compare with the original.

    Returns the median time of a return, in microseconds.
    """
    rng = np.random.default_rng(np.random.SeedSequence(seed))
    durations = []
    for _ in range(episodes):
        original = source.driver(checked=False)
        original.reset(seed=seed)
        position = positions.start
        for _ in range(steps):
            if not original.acting:
                break
            started = time.perf_counter()
            copy = positions.open(position)
            durations.append(time.perf_counter() - started)
            views = compare(original, copy)
            actions = {agent: random_action(view, rng) for agent, view in views.items()}
            copy.step(actions)  # before the original: it must not move with its copy
            position = positions.after(position, actions, copy)
            original.step(actions)
            compare(original, copy)
    return float(np.median(durations) * 1e6)


def compare(one: Driver, other: Driver) -> dict[str, View]:
    """Return the acting agents' views, the same for both drivers, or raise an error."""
    if one.acting != other.acting or not same_returns(one, other):
        raise _Differs(
            f"{other.acting} act with returns {other.returns} instead of "
            f"{one.acting} with {one.returns}"
        )
    views = {agent: one.view(agent) for agent in one.acting}
    for agent, view in views.items():
        if view_key(view) != view_key(other.view(agent)):
            raise _Differs(f"agent {agent!r} is shown something else")
    return views


def same_returns(one: Driver, other: Driver) -> bool:
    """Tell whether two drivers have paid the same; undefined rewards are equal to themselves."""
    first, second = (list(driver.returns.values()) for driver in (one, other))
    return np.array_equal(first, second, equal_nan=True)


def view_key(view: View) -> bytes:
    """Identify what an agent is shown: its observation and its mask."""
    mask = b"" if view.mask is None else view.mask.tobytes()
    return observation_key(view.observation) + b"|" + mask


def random_action(view: View, rng: np.random.Generator) -> int:
    """Draw one of the legal actions of a discrete action space."""
    return view.start + int(rng.choice(view.legal_indices()))
