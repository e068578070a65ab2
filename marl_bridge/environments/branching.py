"""Returning to positions of an environment under a script, and stepping on from there.

A position is returned to by restoring a copy of the environment's state, or by replaying all steps
on a fresh instance, each with its tape of chance. A step that needs an outcome which is not on its
tape yet is a chance state: it has the position before the step, the step and the tape so far.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from typing import Any, Protocol

import numpy as np

from gametheory.errors import GameTheoryError
from marl_bridge.environments.copying import Snapshots
from marl_bridge.environments.driver import Driver, View
from marl_bridge.environments.opening import EnvironmentSource
from marl_bridge.environments.script import (
    ChoiceNeeded,
    DrawRefused,
    Interrupted,
    Script,
    Tape,
    TapeMismatch,
)
from marl_bridge.environments.views import view_key
from marl_bridge.errors import AuditFailed, ExtractionRefused, InvalidEnvironment

__all__ = [
    "START",
    "Actions",
    "Backend",
    "Branching",
    "ByCopy",
    "ByReplay",
    "Visit",
    "all_branches",
    "chance_refused",
    "does_not_repeat",
    "look",
]

Actions = tuple[tuple[str, Any], ...]
"""What each acting agent does in a step; empty at the start."""

START: Actions = ()
_MOST_START_BRANCHES = 64
_MOST_DRAWS = 200
"""In one step: a loop that draws until something fits has no longest run."""


@dataclass(frozen=True, slots=True)
class Visit:
    """An environment between two steps, with all that can be seen of it.

    Attributes
    ----------
    driver : Driver
    acting : tuple of str
        Empty once the episode is over.
    views : dict of str to (View, bytes)
        What each acting agent is shown, and its key.
    returns : tuple of float
    truncated : bool
        Whether a limit stopped an agent.
    """

    driver: Driver
    acting: tuple[str, ...]
    views: dict[str, tuple[View, bytes]]
    returns: tuple[float, ...]
    truncated: bool

    def shows_the_same(self, other: Visit) -> str:
        """Name what differs between what is seen here and there, "" if nothing."""
        if self.acting != other.acting:
            return f"{other.acting or 'nobody'} instead of {self.acting or 'nobody'} to act"
        if not np.array_equal(self.returns, other.returns, equal_nan=True):
            return f"returns {other.returns} instead of {self.returns}"
        for agent in self.acting:
            if self.views[agent][1] != other.views[agent][1]:
                return f"something else shown to agent {agent!r}"
        return ""


def look(driver: Driver) -> Visit:
    """See all that the acting agents are shown; an environment may draw while it shows."""
    acting = driver.acting
    views = {}
    for agent in acting:
        view = driver.view(agent)
        views[agent] = (view, view_key(view))
    returns = tuple(driver.returns[agent] for agent in driver.agents)
    return Visit(driver, acting, views, returns, any(driver.truncated.values()))


class Backend(Protocol):
    """A way to return to positions."""

    name: str

    def open(self, position: Any) -> Driver:
        """Build an independent driver at a position."""

    def save(self, position: Any, actions: Actions, tape: Tape, driver: Driver) -> Any:
        """Return the position that ``driver`` reached."""

    def key(self, position: Any) -> Hashable:
        """Return equal keys for equal positions."""


class ByCopy:
    """Positions are copies of the whole state; equal ones are the same position."""

    name = "copy"

    def __init__(self) -> None:
        self.snapshots = Snapshots()

    def open(self, position: bytes) -> Driver:
        """Restore a copy."""
        return self.snapshots.restore(position)

    def save(self, position: Any, actions: Actions, tape: Tape, driver: Driver) -> bytes:
        """Copy the state."""
        return self.snapshots.take(driver)

    def key(self, position: bytes) -> bytes:
        """Digest the copy, which is much longer."""
        return blake2b(position, digest_size=20).digest()


class ByReplay:
    """Positions are the steps from the start with their tapes; two are never the same."""

    name = "replay"

    def __init__(self, branching: Branching) -> None:
        self._branching = branching

    def open(self, position: tuple[tuple[Actions, Tape], ...]) -> Driver:
        """Play all steps again on a fresh instance (a reused one may carry something over)."""
        driver: Driver | None = None
        for actions, tape in position:
            driver = self._branching.run(driver, actions, tape).driver
        assert driver is not None  # a position begins with the start
        return driver

    def save(self, position: Any, actions: Actions, tape: Tape, driver: Driver) -> Any:
        """Append the step."""
        return (*(position or ()), (actions, tape))

    def key(self, position: Any) -> Hashable:
        """Return the steps themselves."""
        return position  # type: ignore[no-any-return]


class Branching:
    """Runs the steps of one environment under a script.

    Parameters
    ----------
    source : EnvironmentSource
    script : Script
        Its factories must be in place (:func:`~marl_bridge.environments.factories.intercepted`).
    seed : int
        What ``reset`` is given.

    Attributes
    ----------
    construction : Tape or None
        The outcomes of draws in the constructor where these do not matter, so that they are no
        part of the game; None while they count as part of the start.
    """

    def __init__(self, source: EnvironmentSource, script: Script, seed: int) -> None:
        self.source, self.script, self.seed = source, script, seed
        self.construction: Tape | None = None
        self.backend: Backend = ByCopy()
        self._blank: Any = None

    def run(
        self,
        driver: Driver | None,
        actions: Actions,
        tape: Tape,
        rng: np.random.Generator | None = None,
        *,
        seed: int | None = None,
    ) -> Visit:
        """Start or step, on a tape; past its end draw from ``rng`` if given.

        Parameters
        ----------
        driver : Driver or None
            None starts with a fresh instance.
        actions : tuple
            START resets; otherwise the step.
        tape : tuple of Outcome
        rng : Generator, optional
        seed : int, optional
            For ``reset``, instead of the usual one.

        Raises
        ------
        ChoiceNeeded
            Past the end of the tape, without ``rng``.
        ExtractionRefused
            For a draw that cannot become a chance node.
        InvalidEnvironment
            If the environment raises an error.
        """
        if driver is None and self.construction is not None:
            driver = self._fresh(self.construction)
        try:
            with self.script.follow(tape, rng):
                if driver is None:
                    driver = self.source.driver(checked=False)
                if actions == START:
                    driver.reset(seed=self.seed if seed is None else seed)
                else:
                    driver.step(dict(actions))
                return look(driver)
        except (ChoiceNeeded, GameTheoryError):
            raise
        except (Interrupted, Exception) as error:
            raise self._told(error, actions) from error

    def construct(self, tape: Tape, rng: np.random.Generator | None = None) -> Driver:
        """Build an instance, on a tape of its own."""
        try:
            with self.script.follow(tape, rng):
                return self.source.driver(checked=False)
        except (DrawRefused, TapeMismatch) as reason:
            raise self._told(reason, START) from reason

    def _fresh(self, construction: Tape) -> Driver:
        """Build an instance, or copy the one that was built first."""
        if self.backend.name != "copy":
            return self.construct(construction)
        if self._blank is None:
            self._blank = self.backend.save(None, START, (), self.construct(construction))
        return self.backend.open(self._blank)

    def _told(self, error: BaseException, actions: Actions) -> BaseException:
        """Say what an error means for who wanted to know the game."""
        if isinstance(error, DrawRefused):
            return chance_refused(error.what, valid=error.valid)
        if isinstance(error, TapeMismatch):
            return does_not_repeat(str(error))
        played = ", ".join(f"{action} by {agent}" for agent, action in actions)
        return InvalidEnvironment(
            f"{self.source.name} raises {type(error).__name__}: {error}",
            where=f"after {played}" if actions else "at the start",
            valid="an environment that takes every action its masks allow",
            hint="look at the error that this one was raised from",
        )

    def attempt(
        self, position: Any, actions: Actions, tape: Tape, driver: Driver | None = None
    ) -> Visit | ChoiceNeeded:
        """Step from a position; return where that leads, or the choice that it needs.

        A driver that stands there already is used up; without one the position is returned to.
        """
        if driver is None and actions != START:
            driver = self.backend.open(position)
        try:
            return self.run(driver, actions, tape)
        except ChoiceNeeded as needed:
            if len(tape) >= _MOST_DRAWS:
                raise chance_refused(
                    f"one step draws more than {_MOST_DRAWS} times, last by {needed.site}",
                    valid="draws that come to an end, not repeated until they fit",
                ) from needed
            return needed

    def leave_out_construction(self) -> None:
        """Take the draws of the constructor out of the game where they do not matter.

        They do not where every outcome leads to the same states after ``reset``. States are
        compared by copies; where there are none, or too many outcomes, the draws stay.
        """
        compared = Snapshots(spaces_by_value=True)
        first: dict[Tape, bytes] | None = None
        try:
            for count, (construction, driver) in enumerate(all_branches(self.construct)):
                if construction == ():
                    self.construction = ()
                    return
                if count == _MOST_START_BRANCHES or self.backend.name != "copy":
                    return
                blank = self.backend.save(None, START, (), driver)
                after: dict[Tape, bytes] = {}
                for tape, visit in all_branches(partial(self._start_from, blank)):
                    after[tape] = compared.take(visit.driver)
                    if len(after) > _MOST_START_BRANCHES:
                        return
                if first is not None and after != first:
                    return
                first = after
        except Exception:  # whatever copying raises
            return
        self.construction = construction

    def _start_from(self, blank: Any, tape: Tape) -> Visit:
        return self.run(self.backend.open(blank), START, tape)


def all_branches(run: Callable[[Tape], Any]) -> Iterator[tuple[Tape, Any]]:
    """Run something on every tape of chance that it can need."""
    todo: list[Tape] = [()]
    while todo:
        tape = todo.pop()
        try:
            found = run(tape)
        except ChoiceNeeded as needed:
            todo += [(*tape, outcome) for outcome, _ in reversed(needed.outcomes)]
        else:
            yield tape, found


def does_not_repeat(how: str) -> AuditFailed:
    """Build the error for an environment that answers the same steps differently."""
    return AuditFailed(
        f"the same seed, actions and draws give different episodes: {how}",
        check="determinism",
        valid="an environment whose episodes depend on the actions and its own generators alone",
        hint="look for state outside the environment object, a clock, or hidden chance",
    )


def chance_refused(what: str, *, valid: str) -> ExtractionRefused:
    """Build the error for an environment whose chance cannot be controlled."""
    return ExtractionRefused(
        f"the environment uses chance: {what}".rstrip(","),
        valid=valid,
        hint="use estimate() for statistics on its returns",
    )
