"""Looking at an environment: one page on what it promises, before anything is built on it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from itertools import count
from typing import Any

from marl_bridge.arguments import require_counts, require_seconds, require_seed
from marl_bridge.environments.chance_sites import ChanceSite, ChanceSites, chance_sites
from marl_bridge.environments.driver import Driver
from marl_bridge.environments.endings import Ending, early_truncation
from marl_bridge.environments.faults import environments_errors
from marl_bridge.environments.illegal_actions import IllegalActions, try_illegal_actions
from marl_bridge.environments.observations import observation_key
from marl_bridge.environments.opening import EnvironmentSource, Make, open_environment
from marl_bridge.environments.outlook import Attempt, Outlook, attempt_extraction, outlook
from marl_bridge.environments.random_play import (
    Step,
    UnlistedActions,
    listed_actions,
    random_episode,
)
from marl_bridge.environments.size_estimate import SizeEstimate, estimate_size
from marl_bridge.environments.trials import (
    Trial,
    hidden_choices,
    mask_leaks,
    repeats,
    seeds_matter,
    trial_attribute_copy,
    trial_deepcopy,
    trial_state_copy,
)

__all__ = ["Inspection", "inspect"]

# Sums of float rewards that differ by less than this are equal.
_REWARD_TOLERANCE = 1e-9

# Shares of the time limit. What a part leaves over is there for the extraction, the last one.
_SHARES = {
    "episodes": 0.16,
    "fresh": 0.1,
    "reused": 0.1,
    "seeds": 0.06,
    "sites": 0.05,
    "deepcopy": 0.03,
    "attributes": 0.04,
    "snapshots": 0.18,
    "masks": 0.04,
    "illegal": 0.04,
    "hidden": 0.07,
    "size": 0.14,
    "extraction": 0.4,
}
_ILLEGAL_WITHIN = 60  # steps of an episode
_OVERTIME = 1.3  # for a tree small enough to be tried
# Trees that are surely larger are not tried.
_LOG10_TRIED = 7.0


@dataclass(frozen=True)
class Inspection:
    """What was seen of an environment. Only what is called proven is more than that.

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
    fresh, reused : Trial
        Whether a new instance, or one that has played the episode already, answers the same
        seed and actions with the same observations, rewards and turns to the end.
    seeds : Trial
        Whether episodes of different seeds with the same actions are alike.
    chance : str
        "none seen", or when random numbers are drawn: "at the start", "in play", or both.
    chance_sites : tuple of ChanceSite
        Where in the code: those made in the constructor alone do not count as chance.
    global_generators : tuple of str
        Global generators that were seeded or drawn from.
    reset_depends_on_seed : str
        "yes", or "not seen" when all first observations were alike.
    deepcopy, attribute_copy, snapshot : Trial
        Whether ``copy.deepcopy(env)``, a deep copy of the attributes past EzPickle, and the
        toolkit's own snapshots go on like the original.
    mask_leaks : Trial
        Whether masks allow nothing to those who are not on turn.
    illegal_actions : IllegalActions
        What becomes of actions that a mask forbids, tried on instances of their own.
    hidden_choices : Trial
        Whether the next agent to act is shown what was chosen before.
    zero_sum : str
        "proven", "refuted", or "not refuted by N random episodes": random play proves nothing.
        It is proven by the extraction of the whole game.
    zero_sum_witness : dict or None
        The first episode whose returns do not cancel: its number and returns.
    endings : dict of str to int
        Episodes that ended by "termination", by "truncation", or were cut at ``max_steps``.
    early_truncation : str
        "seen: ..." names an episode that was truncated before the length others reached, or
        lengths that differ: no plain limit does that. "not seen: ..." gives the length at which
        all were truncated; whether that is the game's own limit, only its rules tell.
    rewards : tuple of float
        Smallest and largest reward an agent was given at one of its turns.
    size : SizeEstimate or None
        None when the actions cannot be listed.
    attempt : Attempt or None
        A short try at the exact game; None when the tree is too large to try.
    outlook : Outlook
        What can be known of this environment, and why.
    seconds : float
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
    fresh: Trial
    reused: Trial
    seeds: Trial
    chance: str
    chance_sites: tuple[ChanceSite, ...]
    global_generators: tuple[str, ...]
    reset_depends_on_seed: str
    deepcopy: Trial
    attribute_copy: Trial
    snapshot: Trial
    mask_leaks: Trial
    illegal_actions: IllegalActions
    hidden_choices: Trial
    zero_sum: str
    zero_sum_witness: dict[str, Any] | None
    endings: dict[str, int]
    early_truncation: str
    rewards: tuple[float, float]
    size: SizeEstimate | None
    attempt: Attempt | None
    outlook: Outlook
    seconds: float

    @property
    def fresh_is_deterministic(self) -> bool:
        """Whether a new instance repeated an episode from its seed and actions."""
        return self.fresh.passed is True

    @property
    def reused_is_deterministic(self) -> bool:
        """Whether an instance that was used before repeated an episode."""
        return self.reused.passed is True

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        found: dict[str, Any] = {}
        for item in fields(self):
            entry = getattr(self, item.name)
            if isinstance(entry, SizeEstimate):
                entry = entry.to_dict()
            elif isinstance(entry, Trial | IllegalActions | Attempt | Outlook):
                entry = asdict(entry)
            elif item.name == "chance_sites":
                entry = [asdict(site) for site in entry]
            found[item.name] = list(entry) if isinstance(entry, tuple) else entry
        found["fresh_is_deterministic"] = self.fresh_is_deterministic
        found["reused_is_deterministic"] = self.reused_is_deterministic
        return found


@dataclass(frozen=True, slots=True)
class _Episode:
    """One random episode, as far as it is kept."""

    start: bytes
    returns: dict[str, float]
    rewards: tuple[float, float]
    ending: Ending
    has_mask: bool


class _Clock:
    """Gives each part of the inspection its share of the time."""

    def __init__(self, time_limit: float | None) -> None:
        self._limit, self.started = time_limit, time.perf_counter()

    def until(self, part: str) -> float:
        """Return the deadline of a part that begins now."""
        return time.perf_counter() + self.share(part)

    def share(self, part: str) -> float:
        return math.inf if self._limit is None else _SHARES[part] * self._limit

    def left(self, part: str) -> float:
        """Return the seconds of the last part: its share, or more where time is left."""
        if self._limit is None:
            return math.inf
        left = _OVERTIME * self._limit - (time.perf_counter() - self.started)
        return max(self.share(part), left)


def inspect(
    make: Make,
    *,
    env_kwargs: Mapping[str, Any] | None = None,
    episodes: int = 20,
    seed: int = 0,
    max_steps: int = 1000,
    time_limit: float | None = 12.0,
) -> Inspection:
    """Look at an environment: play it at random, repeat it, copy it, estimate its tree.

    Parameters
    ----------
    make : str, module or callable
        The environment, see :func:`marl_bridge.environments.opening.open_environment`.
    env_kwargs : mapping, optional
        Keyword arguments for the environment.
    episodes : int
        Number of random episodes, at most.
    seed : int
        Equal seeds give equal episodes. How much is tried in the time is the machine's matter.
    max_steps : int
        Longer episodes are cut.
    time_limit : float, optional
        Seconds to spend, roughly: a step under way is not interrupted, and a short try at the
        exact game may take 40 % more.

    Raises
    ------
    InvalidEnvironment
        If there is no such environment, or it does not follow PettingZoo's API.
    MissingExtra
        If a package it needs is not installed.

    Examples
    --------
    >>> seen = inspect("classic/tictactoe-v3", episodes=5)
    >>> seen.agents, seen.has_action_mask, seen.fresh_is_deterministic
    (('player_1', 'player_2'), True, True)
    >>> seen.zero_sum, seen.outlook.verdict
    ('proven', 'exact tree')
    >>> low, high = seen.size.interval
    >>> low < 549_946 < high
    True
    """
    require_seed(seed)
    require_counts(episodes=episodes, max_steps=max_steps)
    require_seconds(time_limit=time_limit)
    source, clock = open_environment(make, env_kwargs=env_kwargs), _Clock(time_limit)
    seen, steps_per_second = _play_episodes(source, clock, episodes, seed, max_steps)
    endings = [episode.ending for episode in seen]
    lengths = sorted(ending.steps for ending in endings)

    def trial(test: Callable[..., Trial], part: str, **options: Any) -> Trial:
        return _tried(
            test, source, seed=seed, max_steps=max_steps, deadline=clock.until(part), **options
        )

    fresh, reused = trial(repeats, "fresh", fresh=True), trial(repeats, "reused", fresh=False)
    seeds = trial(seeds_matter, "seeds", episodes=5)
    sites = _look_for_chance(source, seed, max_steps, clock.until("sites"))
    env = source.new()
    unlisted = _unlisted(source)
    hidden = Trial(None, 0, unlisted) if unlisted else trial(hidden_choices, "hidden")
    size = None if unlisted else _size(source, seed, max_steps, clock)
    deepcopy = trial(trial_deepcopy, "deepcopy")
    attribute_copy = trial(trial_attribute_copy, "attributes")
    snapshot = trial(trial_state_copy, "snapshots")
    leaks = trial(mask_leaks, "masks", episodes=3)
    illegal = _try_illegal_actions(source, seed, max_steps, clock.until("illegal"))
    attempt = None
    if size is not None and size.log10_lower <= _LOG10_TRIED and fresh.passed:
        attempt = attempt_extraction(
            make,
            env_kwargs=env_kwargs,
            api=source.api,
            seed=seed,
            seconds=clock.left("extraction"),
        )
    witness = _first_unbalanced(seen)
    chance = _chance(sites, seeds)
    found = outlook(
        size=size,
        unlisted=unlisted,
        unrepeatable="" if fresh.passed else fresh.what,
        chance="" if chance == "none seen" else chance,
        continuous=_continuous(sites),
        attempt=attempt,
        hidden="" if hidden.passed else hidden.what,
        n_agents=len(env.possible_agents),
        may_be_zero_sum=witness is None,
    )
    inspection = Inspection(
        name=source.name,
        api=source.api,
        agents=tuple(env.possible_agents),
        action_spaces={agent: str(env.action_space(agent)) for agent in env.possible_agents},
        observation_spaces={
            agent: str(env.observation_space(agent)) for agent in env.possible_agents
        },
        has_action_mask=any(episode.has_mask for episode in seen),
        episodes=len(seen),
        seed=seed,
        max_steps=max_steps,
        steps=(lengths[0], lengths[len(lengths) // 2], lengths[-1]),
        steps_per_second=steps_per_second,
        fresh=fresh,
        reused=reused,
        seeds=seeds,
        chance=chance,
        chance_sites=sites.listed(),
        global_generators=sites.global_generators,
        reset_depends_on_seed="yes" if len({episode.start for episode in seen}) > 1 else "not seen",
        deepcopy=deepcopy,
        attribute_copy=attribute_copy,
        snapshot=snapshot,
        mask_leaks=leaks,
        illegal_actions=illegal,
        hidden_choices=hidden,
        zero_sum=_zero_sum(attempt, witness, len(seen)),
        zero_sum_witness=witness,
        endings={
            how: sum(ending.how == how for ending in endings)
            for how in ("termination", "truncation", "cut at max_steps")
        },
        early_truncation=early_truncation(endings),
        rewards=(
            min(episode.rewards[0] for episode in seen),
            max(episode.rewards[1] for episode in seen),
        ),
        size=size,
        attempt=attempt,
        outlook=found,
        seconds=time.perf_counter() - clock.started,
    )
    env.close()
    return inspection


def _play_episodes(
    source: EnvironmentSource, clock: _Clock, episodes: int, seed: int, max_steps: int
) -> tuple[list[_Episode], float]:
    seen: list[_Episode] = []
    deadline, seconds = clock.until("episodes"), 0.0
    while len(seen) < episodes and (not seen or time.perf_counter() < deadline):
        started = time.perf_counter()
        seen.append(_play(source, seed, len(seen), max_steps))
        seconds += time.perf_counter() - started
    return seen, sum(episode.ending.steps for episode in seen) / seconds


def _in_words(driver: Driver, steps: Iterator[Step]) -> Iterator[Step]:
    """Hand out steps; tell in words what the environment raises between them."""
    where = "reset"
    for number in count(1):
        with environments_errors(driver.env, where):
            step = next(steps, None)
        if step is None:
            return
        yield step
        where = f"step {number} of an episode"  # it is taken when the next one is asked for


def _play(source: EnvironmentSource, seed: int, number: int, max_steps: int) -> _Episode:
    """Play one episode on a fresh instance, so that each can be repeated alone."""
    driver = source.driver(checked=False)
    own_steps = dict.fromkeys(driver.agents, 0)
    start, has_mask, steps = b"", False, 0
    told: dict[str, float] | None = None
    low, high = math.inf, -math.inf
    for step in _in_words(driver, random_episode(driver, seed, number, max_steps)):
        views = step.views
        if told is None:
            start = observation_key(
                [(agent, view.observation, view.mask) for agent, view in views.items()]
            )
        else:
            low, high = _widened(low, high, driver.returns, told)
        has_mask = has_mask or any(view.mask is not None for view in views.values())
        steps += 1
        for agent in views:
            own_steps[agent] += 1
        told = dict(driver.returns)
    low, high = _widened(low, high, driver.returns, told or driver.returns)
    how: Any = "truncation" if any(driver.truncated.values()) else "termination"
    most = max(own_steps.values(), default=0)
    ending = Ending("cut at max_steps" if driver.acting else how, steps, most)
    driver.env.close()
    return _Episode(start, dict(driver.returns), (low, high), ending, has_mask)


def _widened(
    low: float, high: float, returns: Mapping[str, float], told: Mapping[str, float]
) -> tuple[float, float]:
    rewards = [returns[agent] - told[agent] for agent in told]
    return min(low, *rewards), max(high, *rewards)


def _tried(test: Callable[..., Trial], *args: Any, **options: Any) -> Trial:
    """Run a trial; an environment that fails in it has failed it."""
    try:
        return test(*args, **options)
    except Exception as error:
        return Trial(False, 0, f"{type(error).__name__}: {error}")


def _try_illegal_actions(
    source: EnvironmentSource, seed: int, max_steps: int, deadline: float
) -> IllegalActions:
    most = min(max_steps, _ILLEGAL_WITHIN)
    try:
        return try_illegal_actions(source, seed=seed, max_steps=most, deadline=deadline)
    except Exception as error:  # of an environment that fails in legal episodes too
        return IllegalActions(1, ((f"{type(error).__name__}: {error}", 1),), None)


def _unlisted(source: EnvironmentSource) -> str:
    driver = source.driver(checked=False)
    try:
        listed_actions(driver)
    except UnlistedActions as error:
        return str(error)
    finally:
        driver.env.close()
    return ""


def _size(source: EnvironmentSource, seed: int, max_steps: int, clock: _Clock) -> SizeEstimate:
    share = clock.share("size")
    return estimate_size(
        source,
        seed=seed,
        max_steps=max_steps,
        time_limit=None if math.isinf(share) else share,
    )


def _look_for_chance(
    source: EnvironmentSource, seed: int, max_steps: int, deadline: float
) -> ChanceSites:
    """Play a few episodes and note what draws random numbers."""
    with chance_sites() as sites:
        for number in range(5):
            if number and time.perf_counter() > deadline:
                break
            sites.phase = "made"
            driver = source.driver(checked=False)
            sites.phase = "start"
            for _ in random_episode(driver, seed, number, max_steps):
                sites.phase = "play"
                if time.perf_counter() > deadline:
                    break
            driver.env.close()
    return sites


def _chance(sites: ChanceSites, seeds: Trial) -> str:
    phases = {site.phase for site in sites.seen} - {"made"}
    words = [
        word for phase, word in (("start", "at the start"), ("play", "in play")) if phase in phases
    ]
    if not words and seeds.passed is False:
        words = ["from an unseen source"]
    if not words and sites.global_generators:
        words = ["from a global generator"]
    return " and ".join(words) or "none seen"


def _continuous(sites: ChanceSites) -> str:
    """Name a draw with infinitely many outcomes, "" if none was seen."""
    found = [site for site in sites.listed() if not site.is_discrete and site.phase != "made"]
    return f"{found[0].method} in {found[0].caller}" if found else ""


def _zero_sum(attempt: Attempt | None, witness: object, episodes: int) -> str:
    if attempt is not None and attempt.zero_sum is not None:
        return "proven" if attempt.zero_sum else "refuted"
    return "refuted" if witness else f"not refuted by {episodes} random episodes"


def _first_unbalanced(seen: list[_Episode]) -> dict[str, Any] | None:
    """Find an episode with returns that do not cancel; a cut one may have rewards to come."""
    for number, episode in enumerate(seen):
        total = sum(episode.returns.values())
        if abs(total) > _REWARD_TOLERANCE and episode.ending.how != "cut at max_steps":
            return {"episode": number, "returns": episode.returns, "sum": total}
    return None
