"""Whether an environment repeats under a script, and which way back to its positions is taken.

Random episodes are played again with the same outcomes of chance: on a fresh instance with every
clock shifted, with another seed, and on the instance that played them before. Then both ways of
returning to positions are checked step by step against an untouched instance.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from marl_bridge.environments.branching import (
    START,
    Actions,
    Backend,
    Branching,
    ByCopy,
    ByReplay,
    Visit,
    chance_refused,
    does_not_repeat,
)
from marl_bridge.environments.driver import Driver
from marl_bridge.environments.factories import generator_state, real_generators
from marl_bridge.environments.script import ChoiceNeeded, Tape
from marl_bridge.environments.views import random_action
from marl_bridge.errors import AuditFailed, ExtractionRefused

__all__ = ["Choice", "choose_way", "refuse_unrepeatable"]

_CLOCK_SHIFTS = (1.37, 1_234.567, 27_003.1, 43_567.8, 3.79 * 86_400, 40.3 * 86_400, 400.6 * 86_400)
"""Seconds: other fractions, minutes, hours, halves of the day, weekdays, months and years."""


@dataclass(frozen=True, slots=True)
class _Step:
    actions: Actions
    tape: Tape
    visit: Visit


def refuse_unrepeatable(
    branching: Branching, *, seed: int, episodes: int = 4, steps: int = 60
) -> None:
    """Play random episodes again and refuse an environment that does not repeat them.

    Raises
    ------
    AuditFailed
        Saying which check failed: "determinism" (a fresh instance, clocks shifted), "seed" (the
        seed acts past the generators, or does not reach one), "reset" (a reused instance).
    ExtractionRefused
        If it draws from a generator that cannot be scripted.
    """
    rng = np.random.default_rng(np.random.SeedSequence([seed, 1]))
    before = [(item, state) for item, state in real_generators() if item is not rng]
    for number in range(episodes):
        _repeat(branching, seed + number, steps, rng)
    for generator, state in before:
        if generator_state(generator) != state:
            raise chance_refused(
                f"it draws from a {type(generator).__name__} that was made outside of it",
                valid="generators that the environment makes itself, in its constructor or reset",
            )


def _repeat(branching: Branching, seed: int, steps: int, rng: np.random.Generator) -> None:
    script = branching.script
    script.seeds.clear()
    driver = branching.construct((), rng)
    construction, seeds = script.tape, [list(script.seeds)]
    script.seeds.clear()
    played = _play(branching, driver, seed, steps, rng)
    seeds.append(list(script.seeds))
    for shift in _CLOCK_SHIFTS if script.clock_reads else _CLOCK_SHIFTS[-1:]:
        script.clock_shift = shift
        difference = _differs(branching, branching.construct(construction), seed, played)
        if difference:
            clocks = ", ".join(script.clock_reads)
            raise does_not_repeat(difference + (f"; it reads a clock: {clocks}" if clocks else ""))
    script.clock_shift = 0.0
    script.seeds.clear()
    other = branching.construct(construction)
    other_seeds = [list(script.seeds)]
    script.seeds.clear()
    difference = _differs(branching, other, seed + 1, played)
    other_seeds.append(list(script.seeds))
    if difference:
        raise AuditFailed(
            f"reset({seed}) and reset({seed + 1}) give different episodes with the same draws: "
            f"{difference}",
            check="seed",
            valid="a seed that is used for random generators alone",
        )
    _refuse_constant_seeds(branching, seeds, other_seeds)
    difference = _differs(branching, driver, seed, played)
    if difference:
        raise AuditFailed(
            f"a reused instance differs from a fresh one: {difference}",
            check="reset",
            valid="a reset() after which nothing is left of the episodes before",
            hint="set every attribute in reset(), or pass a function that builds a new instance",
        )


def _play(
    branching: Branching, driver: Driver, seed: int, steps: int, rng: np.random.Generator
) -> list[_Step]:
    """Play one episode at random, chance included."""
    actions, played = START, []
    for _ in range(steps):
        visit = branching.run(driver, actions, (), rng, seed=seed)
        played.append(_Step(actions, branching.script.tape, visit))
        if not visit.acting:
            break
        actions = random_actions(visit, rng)
    return played


def random_actions(visit: Visit, rng: np.random.Generator) -> Actions:
    """Draw a legal action for each acting agent."""
    return tuple((agent, random_action(view, rng)) for agent, (view, _) in visit.views.items())


def _differs(branching: Branching, driver: Driver, seed: int, played: list[_Step]) -> str:
    """Play an episode again and name the first difference."""
    for number, step in enumerate(played):
        try:
            visit = branching.run(driver, step.actions, step.tape, seed=seed)
        except AuditFailed as failure:
            return f"{failure.what.rpartition(': ')[2]} {_when(number)}"
        except ChoiceNeeded as needed:
            return f"it draws once more ({needed.site}) {_when(number)}"
        difference = step.visit.shows_the_same(visit)
        if difference:
            return f"{difference} {_when(number)}"
    return ""


def _when(step: int) -> str:
    return f"after {step} steps" if step else "at the start"


def _refuse_constant_seeds(branching: Branching, one: list[Any], other: list[Any]) -> None:
    """Refuse generators whose seed is the same whatever ``reset`` is given.

    Their draws are no chance. What the constructor makes is replaced if ``reset`` makes its own.
    """
    if not branching.script.calls:
        return
    made = [(repr(a), repr(b)) for a, b in zip(one[1], other[1], strict=False) if a is not None]
    if not one[1]:
        made = [(repr(a), repr(b)) for a, b in zip(one[0], other[0], strict=False) if a is not None]
    constant = sorted({a for a, b in made if a == b})
    if constant:
        raise AuditFailed(
            f"it makes a random generator from the seed {constant[0]} whatever reset() is given: "
            "its draws are the same in every episode",
            check="seed",
            valid="generators made from the seed that reset() is given, or from none",
            hint="make them from reset's seed, or list the draws in the code if they are meant "
            "to be fixed",
        )


@dataclass(frozen=True)
class Choice:
    """The way chosen and what the trial measured.

    Attributes
    ----------
    copy_microseconds, replay_microseconds : float or None
        Median time to return to a position of the trial episodes; None when that way failed.
    refused : str
        Why copying was not taken, "" when it was.
    classes : tuple of type
        Classes of the objects in the environment's state, as far as it was copied.
    """

    copy_microseconds: float | None
    replay_microseconds: float | None
    refused: str
    classes: tuple[type, ...]


def choose_way(branching: Branching, *, seed: int, episodes: int = 4, steps: int = 60) -> Choice:
    """Try both ways on random episodes and take copying if it agrees with the environment.

    Equal copies can be merged, so copying is taken when it passes; else replaying.

    Raises
    ------
    ExtractionRefused
        If neither way repeats the environment.
    """
    timings: dict[str, float] = {}
    failures: dict[str, str] = {}
    copies = ByCopy()
    ways: dict[str, Backend] = {"copy": copies, "replay": ByReplay(branching)}
    for name, way in ways.items():
        branching.backend = way
        try:
            timings[name] = _trial(branching, seed, episodes, steps)
        except Exception as error:  # an environment's state may fail in any way
            failures[name] = f"{type(error).__name__}: {error}"
    if not timings:
        raise ExtractionRefused(
            "the environment's states can be neither copied nor replayed",
            where="; ".join(f"{name}: {failure}" for name, failure in failures.items()),
            valid="an environment whose episodes repeat exactly from a seed and actions",
            hint="use estimate() for statistics on its returns",
        )
    branching.backend = ways["copy"] if "copy" in timings else ways["replay"]
    return Choice(
        copy_microseconds=timings.get("copy"),
        replay_microseconds=timings.get("replay"),
        refused=failures.get("copy", ""),
        classes=copies.snapshots.classes,
    )


class _Differs(Exception):
    """A position that was returned to does not behave like the original."""


def _trial(branching: Branching, seed: int, episodes: int, steps: int) -> float:
    """Play random episodes, returning to each position, and compare with the original.

    Returns the median time of a return, in microseconds.
    """
    rng = np.random.default_rng(np.random.SeedSequence(seed))
    durations = []
    for _ in range(episodes):
        position: Any = None
        original: Driver | None = None
        actions = START
        for _ in range(steps):
            started = time.perf_counter()
            copy = None if actions == START else branching.backend.open(position)
            durations.append(time.perf_counter() - started)
            visit = branching.run(copy, actions, (), rng)  # first: the original must not move too
            tape = branching.script.tape
            expected = branching.run(original, actions, tape)
            difference = expected.shows_the_same(visit)
            if difference:
                raise _Differs(difference)
            position = branching.backend.save(position, actions, tape, visit.driver)
            original = expected.driver
            if not visit.acting:
                break
            actions = random_actions(visit, rng)
    return float(np.median(durations) * 1e6)
