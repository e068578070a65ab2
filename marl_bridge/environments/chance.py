"""Looking for chance in an environment: what it draws, and whether the seed changes anything."""

from __future__ import annotations

import random

import numpy as np

from marl_bridge.environments.copying import Snapshots
from marl_bridge.environments.opening import EnvironmentSource
from marl_bridge.environments.positions import random_action, same_returns, view_key
from marl_bridge.errors import ExtractionRefused

__all__ = ["chance_refused", "global_generators", "refuse_chance"]


def global_generators() -> tuple[str, str]:
    """Return the state of the global generators, for comparing."""
    return repr(random.getstate()), repr(np.random.get_state(legacy=False))  # noqa: NPY002


def refuse_chance(
    source: EnvironmentSource, *, seed: int, episodes: int = 6, steps: int = 200
) -> None:
    """Refuse an environment that is seen to use chance.

    Plays random episodes in step on fresh instances that were reset with different seeds:
    whatever they show must be the same. Also looks whether a random generator in the state, or
    a global one, was drawn from. Chance that hides from both is left to the audit.

    Raises
    ------
    ExtractionRefused
        Naming what was seen.
    """
    rng = np.random.default_rng(np.random.SeedSequence([seed, 1]))
    for episode in range(episodes):
        _play_in_step(source, (seed, seed + 1 + episode), steps, rng)


def _play_in_step(
    source: EnvironmentSource, seeds: tuple[int, int], steps: int, rng: np.random.Generator
) -> None:
    drivers = [source.driver(checked=False) for _ in seeds]
    for driver, seed in zip(drivers, seeds, strict=True):
        driver.reset(seed=seed)
    first, second = drivers
    snapshots = _meet_generators(first)
    before = global_generators()
    for step in range(steps):
        if first.acting != second.acting or not same_returns(first, second):
            raise chance_refused(f"seeds {seeds} give different episodes after {step} steps")
        if not first.acting:
            break
        views = {agent: first.view(agent) for agent in first.acting}
        for agent, view in views.items():
            if view_key(view) != view_key(second.view(agent)):
                where = "at the start" if step == 0 else f"after {step} steps"
                raise chance_refused(
                    f"with seeds {seeds} agent {agent!r} is shown different things {where}"
                )
        actions = {agent: random_action(view, rng) for agent, view in views.items()}
        for driver in drivers:
            driver.step(actions)
    if snapshots.draws():
        raise chance_refused(f"it draws from a {snapshots.draws()} while it is played")
    if global_generators() != before:
        raise chance_refused("it draws from a global generator, numpy.random or random")


def _meet_generators(driver: object) -> Snapshots:
    """Note the generators in an environment's state, as far as it can be walked."""
    snapshots = Snapshots()
    try:
        snapshots.take(driver)  # type: ignore[arg-type]
    except Exception:  # a state that cannot be pickled still shows its behavior
        return snapshots
    return snapshots


def chance_refused(what: str) -> ExtractionRefused:
    """Build the error for an environment that uses chance."""
    return ExtractionRefused(
        f"the environment uses chance: {what}",
        valid="an environment without chance",
        hint="its exact game needs chance nodes, which this version does not extract; "
        "use estimate() for statistics on its returns",
    )
