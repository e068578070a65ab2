"""Trials of an environment's promises: repeating episodes, copying positions, hiding choices.

A trial ends at its first failure, or when it has seen enough, or when its time is up; its text
says which. What passed a trial is not proven, it was not refuted by so many steps.
"""

from __future__ import annotations

import copy
import hashlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations, islice
from typing import Any

import numpy as np

from marl_bridge.environments.copying import Snapshots
from marl_bridge.environments.driver import Driver, View, drive
from marl_bridge.environments.observations import observation_key
from marl_bridge.environments.opening import EnvironmentSource
from marl_bridge.environments.random_play import random_episode
from marl_bridge.environments.streams import episode_streams

__all__ = [
    "Trial",
    "hidden_choices",
    "in_steps",
    "mask_leaks",
    "repeats",
    "seeds_matter",
    "trial_attribute_copy",
    "trial_deepcopy",
    "trial_state_copy",
]

Script = list[dict[str, Any]]

# Several short episodes find a copy that goes astray sooner than a long one.
_COPIED_STEPS = 120
_COPIED_AFTER = (1, 4, 13)


@dataclass(frozen=True, slots=True)
class Trial:
    """The outcome of a trial.

    Attributes
    ----------
    passed : bool or None
        None when nothing could be tried.
    steps : int
        Steps that were compared.
    what : str
        What went wrong, "" if nothing did.
    """

    passed: bool | None
    steps: int
    what: str = ""

    def __str__(self) -> str:
        if self.passed is None:
            return f"not tried: {self.what}"
        return f"yes, in {in_steps(self.steps)}" if self.passed else f"no: {self.what}"


def in_steps(number: int) -> str:
    """Write a number of steps."""
    return "1 step" if number == 1 else f"{number:,} steps"


def _shown(driver: Driver) -> tuple[bytes, ...]:
    """Identify all that the acting agents are shown and have been told they earned."""
    parts = [_identity(driver.view(agent)) for agent in driver.acting]
    return (repr(driver.acting).encode(), *parts, observation_key(driver.returns))


def _identity(view: View) -> bytes:
    return observation_key((view.observation, view.mask))


def _difference(original: Driver, other: Driver) -> str:
    """Say in what another driver differs from the original; "" if it does not."""
    if original.acting != other.acting:
        return f"{_who(other)}, in the original {_who(original)}"
    mine, theirs = _shown(original), _shown(other)
    if mine == theirs:
        return ""
    for agent, one, two in zip(original.acting, mine[1:], theirs[1:], strict=False):
        if one != two:
            return f"{agent} is shown something else"
    for agent, earned in original.returns.items():
        if other.returns[agent] != earned:
            return f"{agent} has earned {other.returns[agent]:g} instead of {earned:g}"
    return "other agents are shown something"  # views of a different number


def _who(driver: Driver) -> str:
    """Name who acts."""
    acting = [str(agent) for agent in driver.acting]
    if len(acting) > 4:
        return f"{len(acting)} agents act"
    return f"{', '.join(acting)} acts" if acting else "the episode is over"


def _record(
    driver: Driver, seed: int, max_steps: int, deadline: float
) -> tuple[Script, list[bytes]]:
    """Play an episode, and keep its actions and a digest of what was shown at each step.

    What is shown at its end, the last rewards among it, is digested as well.
    """
    script: Script = []
    digests: list[bytes] = []
    for step in random_episode(driver, seed, 0, max_steps):
        digests.append(_digest(driver))
        script.append(dict(step.actions))
        if time.perf_counter() > deadline:
            return script, digests
    return script, [*digests, _digest(driver)]


def _digest(driver: Driver) -> bytes:
    return hashlib.blake2b(b"|".join(_shown(driver)), digest_size=16).digest()


def repeats(
    source: EnvironmentSource, *, fresh: bool, seed: int, max_steps: int, deadline: float
) -> Trial:
    """Play an episode, then its actions again from the same seed, and compare every step.

    Parameters
    ----------
    source : EnvironmentSource
    fresh : bool
        Whether a new instance repeats the episode, or the one that has just played it to its
        end. (PettingZoo 1.27's own seed tests look at one step only.)
    seed, max_steps : int
    deadline : float
        Of :func:`time.perf_counter`; half of what remains is for the repetition.
    """
    driver = source.driver(checked=False)
    now = time.perf_counter()
    script, digests = _record(driver, seed, max_steps, now + max(0.0, deadline - now) / 2)
    if fresh:
        driver.env.close()
        driver = source.driver(checked=False)
    driver.reset(seed=episode_streams(seed, 0)[0])
    trial = Trial(True, len(script))
    for number, digest in enumerate(digests):
        if _digest(driver) != digest:
            trial = Trial(False, number, f"differs after {in_steps(number)}")
            break
        if number < len(script):
            driver.step(script[number])
    driver.env.close()
    return trial


def seeds_matter(
    source: EnvironmentSource, *, seed: int, episodes: int, max_steps: int, deadline: float
) -> Trial:
    """Play the same actions after resets with different seeds; passed if the seed changes nothing.

    Parameters
    ----------
    source : EnvironmentSource
    seed, episodes, max_steps : int
    deadline : float
        Of :func:`time.perf_counter`.
    """
    compared = 0
    for number in range(episodes):
        if compared and time.perf_counter() > deadline:
            break
        other = source.driver(checked=False)
        other.reset(seed=episode_streams(seed, episodes + number)[0])
        driver = source.driver(checked=False)
        different = ""
        for played, step in enumerate(random_episode(driver, seed, number, max_steps)):
            if _difference(driver, other):
                different = "at the start" if played == 0 else f"after {in_steps(played)}"
            if different or (compared and time.perf_counter() > deadline):
                break
            other.step(step.actions)
            compared += 1
        driver.env.close()
        other.env.close()
        if different:
            return Trial(False, compared, f"two seeds and the same actions differ {different}")
    return Trial(True, compared)


def trial_state_copy(
    source: EnvironmentSource, *, seed: int, max_steps: int, deadline: float
) -> Trial:
    """Take snapshots of an environment during episodes; play copy and original side by side.

    This is the way :func:`~marl_bridge.environments.extraction.extract` copies. The original is
    held against an untouched instance as well: a copy that shares something with it would
    disturb it.
    """
    snapshots = Snapshots()

    def copied(driver: Driver) -> Driver:
        return snapshots.restore(snapshots.take(driver))

    trial = _side_by_side(source, copied, seed=seed, max_steps=max_steps, deadline=deadline)
    drawn = snapshots.draws()
    if drawn and trial.passed is not None:
        shared = f"copies share a {drawn} that is drawn from"
        return Trial(False, trial.steps, f"{shared}; {trial.what}" if trial.what else shared)
    return trial


def trial_deepcopy(
    source: EnvironmentSource, *, seed: int, max_steps: int, deadline: float
) -> Trial:
    """Try ``copy.deepcopy(env)`` as :func:`trial_state_copy` tries snapshots."""

    def copied(driver: Driver) -> Driver:
        other = _continued(driver, copy.deepcopy(driver.env))
        try:
            begun = None not in other.acting
        except AttributeError:
            begun = False
        if not begun:
            raise _FailedCopyError("the copy is a new environment, before its first reset")
        return other

    return _side_by_side(source, copied, seed=seed, max_steps=max_steps, deadline=deadline)


def trial_attribute_copy(
    source: EnvironmentSource, *, seed: int, max_steps: int, deadline: float
) -> Trial:
    """Try ``copy.deepcopy`` of the attributes, past EzPickle, as it is often written by hand."""

    def copied(driver: Driver) -> Driver:
        env = source.driver(checked=False).env
        vars(env.unwrapped).update(copy.deepcopy(vars(driver.env.unwrapped)))
        return _continued(driver, env)

    return _side_by_side(source, copied, seed=seed, max_steps=max_steps, deadline=deadline)


def _continued(driver: Driver, env: Any) -> Driver:
    """Build a driver around another environment, with what a driver has seen so far."""
    other = drive(env)
    for name, value in vars(driver).items():
        if name != "env":
            setattr(other, name, copy.copy(value))
    return other


class _FailedCopyError(Exception):
    """A copy is no copy; the text says how."""


def _side_by_side(
    source: EnvironmentSource,
    copied: Callable[[Driver], Driver],
    *,
    seed: int,
    max_steps: int,
    deadline: float,
    episodes: int = 10,
) -> Trial:
    """Copy after 1, 4 and 13 steps of several episodes, and play the copies on for a while.

    A step or two show little: in a physics engine small differences need time to grow.
    """
    compared, reason = 0, "no episode has a second step"
    for number in _until(deadline, episodes):
        drivers = [source.driver(checked=False) for _ in range(2)]
        try:
            episode = seed, number, min(max_steps, _COPIED_STEPS)
            steps, what = _compare_copies(
                drivers[0],
                drivers[1],
                copied,
                episode,
                deadline,
            )
        except _FailedCopyError as error:
            steps, what = 0, str(error)
        except Exception as error:  # an environment's state may fail in any way
            steps, what = 0, f"{type(error).__name__}: {error}"
        for driver in drivers:
            driver.env.close()
        compared += steps
        if what:
            return Trial(False, compared, what)
    return Trial(True, compared) if compared else Trial(None, 0, reason)


def _compare_copies(
    original: Driver,
    untouched: Driver,
    copied: Callable[[Driver], Driver],
    episode: tuple[int, int, int],
    deadline: float,
) -> tuple[int, str]:
    """Play one episode; return the steps compared and the first difference, "" if none."""
    seed, number, max_steps = episode
    untouched.reset(seed=episode_streams(seed, number)[0])
    copies: list[tuple[int, Driver]] = []
    played = 0
    for played, step in enumerate(random_episode(original, seed, number, max_steps)):
        if played in _COPIED_AFTER:
            copies.append((played, copied(original)))
        what = _first_difference(original, untouched, copies, played)
        if what or (played > 20 and time.perf_counter() > deadline):
            return max(0, played - 1), what
        for other in (*(other for _, other in copies), untouched):
            other.step(step.actions)
    return played, _first_difference(original, untouched, copies, played + 1)


def _first_difference(
    original: Driver, untouched: Driver, copies: list[tuple[int, Driver]], steps: int
) -> str:
    for made, other in copies:
        different = _difference(original, other)
        if different:
            since = f"{in_steps(steps - made)} later " if steps > made else ""
            return f"copied after {in_steps(made)}, {since}{different}"
    different = _difference(untouched, original)
    return f"after copying, the original is not what it was: {different}" if different else ""


def mask_leaks(
    source: EnvironmentSource, *, seed: int, episodes: int, max_steps: int, deadline: float
) -> Trial:
    """Look for action masks that allow something to an AEC environment's agent not on turn."""
    looked = 0
    for number in range(episodes):
        driver = source.driver(checked=False)
        if source.api != "aec":
            return Trial(None, 0, "all live agents act at the same time")
        masked = False
        for step in random_episode(driver, seed, number, max_steps):
            masked = masked or any(view.mask is not None for view in step.views.values())
            if not masked or (looked and time.perf_counter() > deadline):
                break
            for agent in driver.env.agents:
                mask = None if agent in step.views else driver.view(agent).mask
                looked += mask is not None
                if mask is not None and mask.any():
                    what = f"{agent} is shown {int(mask.sum())} legal actions out of turn"
                    return Trial(False, looked, what)
        driver.env.close()
    return Trial(True, looked) if looked else Trial(None, 0, "no mask is shown out of turn")


def hidden_choices(
    source: EnvironmentSource, *, seed: int, max_steps: int, deadline: float, choices: int = 6
) -> Trial:
    """Look whether the next agent to act is shown what was chosen before; passed if it is.

    At positions of random episodes several actions are tried in turn (by replaying on fresh
    instances) and the next agent's views compared: where two are alike, it cannot tell which
    action was taken.
    """
    compared = 0
    rng = np.random.default_rng(np.random.SeedSequence([seed, 3]))
    for number in _until(deadline, 40):
        driver = source.driver(checked=False)
        length = sum(1 for _ in random_episode(driver, seed, number, max_steps))
        reset_seed, _ = episode_streams(seed, number)
        at = int(rng.integers(max(1, length - 1)))
        script = [
            dict(step.actions)
            for step in islice(random_episode(driver, seed, number, max_steps), at)
        ]
        branches: dict[Any, Driver] = {}
        for _ in range(choices):
            branch = source.driver(checked=False)
            branch.reset(seed=reset_seed)
            for actions in script:
                branch.step(actions)
            if len(branch.acting) > 1:
                return Trial(False, compared, "several agents act at the same time")
            if not branch.acting:
                break
            (agent,) = branch.acting
            view = branch.view(agent)
            action = view.start + int(rng.choice(view.legal_indices()))
            if action not in branches:
                branch.step({agent: action})
                branches[action] = branch
        for one, two in combinations(branches, 2):
            first, second = branches[one], branches[two]
            if first.acting != second.acting or first.acting in ((), (agent,)):
                continue
            compared += 1
            if _shown(first)[1:-1] == _shown(second)[1:-1]:
                what = f"{first.acting[0]} is not shown whether {agent} chose {one} or {two}"
                return Trial(False, compared, what)
    return Trial(True, compared) if compared else Trial(None, 0, "no two choices to compare")


def _until(deadline: float, most: int) -> Iterator[int]:
    for number in range(most):
        if number and time.perf_counter() > deadline:
            return
        yield number
