"""Looking at an environment: its spaces, its pace, and what random play shows of its rules."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from marl_bridge.environments.driver import Driver
from marl_bridge.environments.opening import EnvironmentSource, Make, open_environment
from marl_bridge.errors import InvalidEnvironment
from marl_bridge.observations import observation_key
from marl_bridge.policies import UniformRandomPolicy
from marl_bridge.rollouts import episode_streams

__all__ = ["Inspection", "inspect"]

# Sums of float rewards that differ by less than this are equal.
_REWARD_TOLERANCE = 1e-9


@dataclass(frozen=True)
class Inspection:
    """What uniformly random play showed of an environment.

    Attributes
    ----------
    name : str
        The registered id, or the name the environment gives itself.
    api : str
        "aec" or "parallel".
    agents : tuple of str
        All agents that can take part.
    action_spaces, observation_spaces : dict of str to str
        Each agent's spaces, as text.
    has_action_mask : bool
        True when some agent was shown its legal actions.
    episodes, seed, max_steps : int
        Episodes played, their seed, and the number of steps they were cut at.
    steps : tuple of int
        Fewest, median and most steps of an episode: turns (AEC) or rounds (Parallel).
    steps_per_second : float
        Random steps per second on this machine, drawing the actions included.
    fresh_is_deterministic, reused_is_deterministic : bool
        Whether two new instances, or one used twice, answer the same seed and actions with
        the same observations, rewards and turns in whole episodes.
    reset_depends_on_seed : str
        "yes", or "not seen" when all first observations were alike.
    zero_sum : str
        "refuted", or "not refuted by N random episodes": random play proves nothing.
    zero_sum_witness : dict or None
        The first episode whose returns do not cancel: its number and returns.
    endings : dict of str to int
        Episodes that ended by "termination", by "truncation", or were cut at ``max_steps``.
    rewards : tuple of float
        Smallest and largest reward an agent was given at one of its turns.
    """

    name: str
    api: str
    agents: tuple[str, ...]
    action_spaces: dict[str, str]
    observation_spaces: dict[str, str]
    has_action_mask: bool
    episodes: int
    seed: int
    max_steps: int
    steps: tuple[int, int, int]
    steps_per_second: float
    fresh_is_deterministic: bool
    reused_is_deterministic: bool
    reset_depends_on_seed: str
    zero_sum: str
    zero_sum_witness: dict[str, Any] | None
    endings: dict[str, int]
    rewards: tuple[float, float]

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {
            name: list(entry) if isinstance(entry, tuple) else entry
            for name, entry in asdict(self).items()
        }


@dataclass(frozen=True, slots=True)
class _Episode:
    """One random episode, as far as it is kept."""

    start: bytes
    digest: bytes
    actions: tuple[dict[str, Any], ...]
    returns: dict[str, float]
    rewards: tuple[float, float]
    ending: str
    has_mask: bool


def inspect(
    make: Make,
    *,
    env_kwargs: Mapping[str, Any] | None = None,
    episodes: int = 20,
    seed: int = 0,
    max_steps: int = 1000,
) -> Inspection:
    """Play an environment at random and say what was seen.

    Parameters
    ----------
    make : str, module or callable
        The environment, see :func:`marl_bridge.environments.opening.open_environment`.
    env_kwargs : mapping, optional
        Keyword arguments for the environment.
    episodes : int
        Number of episodes.
    seed : int
        Equal seeds give equal episodes.
    max_steps : int
        Longer episodes are cut.

    Raises
    ------
    InvalidEnvironment
        If there is no such environment, or it does not follow PettingZoo's API.

    Examples
    --------
    >>> seen = inspect("classic/tictactoe-v3", episodes=5)
    >>> seen.agents, seen.has_action_mask, seen.fresh_is_deterministic
    (('player_1', 'player_2'), True, True)
    >>> seen.zero_sum
    'not refuted by 5 random episodes'
    """
    if episodes < 1 or max_steps < 1:
        raise InvalidEnvironment(
            f"episodes is {episodes} and max_steps is {max_steps}", valid="at least 1 each"
        )
    source = open_environment(make, env_kwargs=env_kwargs)
    seen: list[_Episode] = []
    seconds = 0.0
    for number in range(episodes):
        driver = source.driver(checked=False)  # fresh, so that each episode can be repeated alone
        started = time.perf_counter()
        seen.append(_play(driver, seed, number, max_steps))
        seconds += time.perf_counter() - started
        driver.env.close()
    lengths = sorted(len(episode.actions) for episode in seen)
    witness = _first_unbalanced(seen)
    env = source.new()
    inspection = Inspection(
        name=source.name,
        api=source.api,
        agents=tuple(env.possible_agents),
        action_spaces={agent: str(env.action_space(agent)) for agent in env.possible_agents},
        observation_spaces={
            agent: str(env.observation_space(agent)) for agent in env.possible_agents
        },
        has_action_mask=any(episode.has_mask for episode in seen),
        episodes=episodes,
        seed=seed,
        max_steps=max_steps,
        steps=(lengths[0], lengths[len(lengths) // 2], lengths[-1]),
        steps_per_second=sum(lengths) / seconds,
        fresh_is_deterministic=_repeats(source, seed, max_steps, fresh=True),
        reused_is_deterministic=_repeats(source, seed, max_steps, fresh=False),
        reset_depends_on_seed="yes" if len({episode.start for episode in seen}) > 1 else "not seen",
        zero_sum="refuted" if witness else f"not refuted by {episodes} random episodes",
        zero_sum_witness=witness,
        endings={
            ending: sum(episode.ending == ending for episode in seen)
            for ending in ("termination", "truncation", "cut at max_steps")
        },
        rewards=(
            min(episode.rewards[0] for episode in seen),
            max(episode.rewards[1] for episode in seen),
        ),
    )
    env.close()
    return inspection


def _play(
    driver: Driver,
    seed: int,
    number: int,
    max_steps: int,
    *,
    script: tuple[dict[str, Any], ...] | None = None,
) -> _Episode:
    """Play one episode at random, or by a script of actions as far as it goes."""
    reset_seed, rng = episode_streams(seed, number)
    policy, record = UniformRandomPolicy(), hashlib.blake2b()
    driver.reset(seed=reset_seed)
    actions: list[dict[str, Any]] = []
    start, has_mask, told = b"", False, dict(driver.returns)
    low, high = np.inf, -np.inf
    while (acting := driver.acting) and len(actions) < max_steps:
        views = {agent: driver.view(agent) for agent in acting}
        shown = observation_key(
            [(agent, view.observation, view.mask, told[agent]) for agent, view in views.items()]
        )
        start = start or shown
        record.update(shown)
        has_mask = has_mask or any(view.mask is not None for view in views.values())
        if script is not None and (
            len(actions) == len(script) or script[len(actions)].keys() != views.keys()
        ):
            break  # other agents act than in the scripted episode, or it goes on for longer
        chosen = (
            {agent: policy.act(view, rng) for agent, view in views.items()}
            if script is None
            else script[len(actions)]
        )
        actions.append(chosen)
        driver.step(chosen)
        rewards = [driver.returns[agent] - told[agent] for agent in driver.agents]
        low, high = min(low, *rewards), max(high, *rewards)
        told = dict(driver.returns)
    record.update(observation_key(told))
    ending = "truncation" if any(driver.truncated.values()) else "termination"
    if driver.acting:
        ending = "cut at max_steps"
    return _Episode(
        start, record.digest(), tuple(actions), told, (float(low), float(high)), ending, has_mask
    )


def _repeats(source: EnvironmentSource, seed: int, max_steps: int, *, fresh: bool) -> bool:
    """Play an episode, then its actions again from the same seed; compare all that was shown.

    PettingZoo 1.27's own seed tests look at one step only.
    """
    driver = source.driver(checked=False)
    first = _play(driver, seed, 0, max_steps)
    if fresh:
        driver.env.close()
        driver = source.driver(checked=False)
    again = _play(driver, seed, 0, max_steps, script=first.actions)
    driver.env.close()
    return first.digest == again.digest and len(first.actions) == len(again.actions)


def _first_unbalanced(seen: list[_Episode]) -> dict[str, Any] | None:
    """Find an episode with returns that do not cancel; a cut one may have rewards to come."""
    for number, episode in enumerate(seen):
        total = sum(episode.returns.values())
        if abs(total) > _REWARD_TOLERANCE and episode.ending != "cut at max_steps":
            return {"episode": number, "returns": episode.returns, "sum": total}
    return None
