"""What an environment does with an action that its mask forbids.

Some end the game and punish the offender (PettingZoo's ``TerminateIllegalWrapper``), some raise,
some ignore it, some play it. That is no part of the game, so it is tried on instances of its own.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np

from marl_bridge.environments.driver import Driver
from marl_bridge.environments.observations import observation_key
from marl_bridge.environments.opening import EnvironmentSource
from marl_bridge.environments.random_play import Step, random_episode

__all__ = ["IllegalActions", "try_illegal_actions"]


@dataclass(frozen=True, slots=True)
class IllegalActions:
    """What became of the illegal actions that were tried.

    Attributes
    ----------
    tried : int
    answers : tuple of (str, int)
        What the environment did, and how often; the most frequent first.
    returns_cancel : bool or None
        Whether the returns of all agents added up to zero where the action ended the episode;
        None where none did.
    """

    tried: int
    answers: tuple[tuple[str, int], ...]
    returns_cancel: bool | None

    def __str__(self) -> str:
        if not self.tried:
            return "none met: at no position seen does a mask forbid an action"
        times = [
            what if len(self.answers) == 1 else f"{what} ({count} of {self.tried} times)"
            for what, count in self.answers
        ]
        text = "; ".join(times)
        return text if self.returns_cancel is not False else f"{text}; those returns do not cancel"


def try_illegal_actions(
    source: EnvironmentSource,
    *,
    seed: int,
    tries: int = 12,
    max_steps: int = 200,
    deadline: float | None = None,
) -> IllegalActions:
    """Play illegal actions at positions of random episodes, each on a fresh instance.

    Parameters
    ----------
    source : EnvironmentSource
    seed, tries : int
        Try k is the same however many there are.
    max_steps : int
        Longer episodes are cut.
    deadline : float, optional
        Of :func:`time.perf_counter`; the first try is made in any case.

    Examples
    --------
    >>> from marl_bridge.environments import open_environment
    >>> print(try_illegal_actions(open_environment("classic/tictactoe-v3"), seed=0))
    ends the episode, -1 for the offender and 0 for the others; those returns do not cancel
    """
    answers: Counter[str] = Counter()
    sums: list[float] = []
    with _without_warnings():
        for number in range(tries):
            if number and deadline is not None and time.perf_counter() > deadline:
                break
            driver = source.driver()
            found = _place(driver, seed, number, max_steps)
            if found is None:
                driver.env.close()
                continue
            step, agent, action = found
            answers[_answer(driver, step, agent, action)] += 1
            if not driver.acting:
                sums.append(sum(driver.returns.values()))
            driver.env.close()
    return IllegalActions(
        answers.total(),
        tuple(sorted(answers.items(), key=lambda answer: (-answer[1], answer[0]))),
        None if not sums else all(abs(total) <= 1e-9 for total in sums),
    )


def _place(driver: Driver, seed: int, number: int, max_steps: int) -> tuple[Step, str, Any] | None:
    """Go to a random position of an episode where some action is illegal, and draw one."""
    forbidden = [
        at
        for at, step in enumerate(random_episode(driver, seed, number, max_steps))
        if any(_illegal(step, agent).size for agent in step.views)
    ]
    if not forbidden:
        return None
    rng = np.random.default_rng(np.random.SeedSequence([seed, 5, number]))
    at = int(rng.choice(forbidden))
    step = next(islice(random_episode(driver, seed, number, max_steps), at, None))
    agents = [agent for agent in step.views if _illegal(step, agent).size]
    if not agents:  # a reused instance that differs from what it was
        return None
    agent = agents[int(rng.integers(len(agents)))]
    return step, agent, step.views[agent].start + int(rng.choice(_illegal(step, agent)))


def _illegal(step: Step, agent: str) -> np.ndarray[Any, Any]:
    view = step.views[agent]
    if view.mask is None or view.mask.shape != (view.n_actions,):
        return np.empty(0, dtype=np.intp)
    return np.flatnonzero(~view.mask)


def _answer(driver: Driver, step: Step, agent: str, action: Any) -> str:
    """Play an illegal action and say what happens."""
    before, acting, shown = dict(driver.returns), driver.acting, _shown(driver)
    try:
        driver.step({**step.actions, agent: action})
        over = not driver.acting
        same = driver.acting == acting and _shown(driver) == shown
    except Exception as error:  # whatever an environment raises is its answer
        return f"raises {type(error).__name__}"
    if over:
        told = {name: driver.returns[name] - before[name] for name in driver.returns}
        others = {f"{reward:g}" for name, reward in told.items() if name != agent}
        rest = f" and {' or '.join(sorted(others))} for the others" if others else ""
        return f"ends the episode, {told[agent]:g} for the offender{rest}"
    return "changes nothing: the offender acts again" if same else "plays on"


def _shown(driver: Driver) -> bytes:
    views = [driver.view(agent) for agent in driver.acting]
    return observation_key([(view.observation, view.mask) for view in views])


@contextmanager
def _without_warnings() -> Iterator[None]:
    """Keep PettingZoo from printing a warning for each illegal action."""
    from pettingzoo.utils.env_logger import EnvLogger

    logger = EnvLogger.get_logger()
    disabled, queued = logger.disabled, list(EnvLogger.mqueue)
    logger.disabled = True
    try:
        yield
    finally:
        logger.disabled = disabled
        EnvLogger.mqueue[:] = queued
