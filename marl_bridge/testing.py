"""Checks for environments and intervals: what has to hold of any that the bridge is to speak of.

>>> from gametheory.games.catalog import load
>>> report = check_environment(load("prisoners_dilemma"), episodes=3)
>>> report.holds
True
>>> print(report)  # doctest: +ELLIPSIS
Prisoner...: ... checks, 0 fail
...
"""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gametheory.errors import GameTheoryError, MissingExtra, UnsupportedGame
from marl_bridge.arguments import require_counts, require_seed
from marl_bridge.environments.driver import Driver, drive
from marl_bridge.environments.extraction import extract
from marl_bridge.environments.observations import observation_key
from marl_bridge.environments.opening import EnvironmentSource, Make, open_environment
from marl_bridge.environments.streams import episode_streams
from marl_bridge.errors import ExtractionRefused, InvalidEnvironment
from marl_bridge.worlds.opening import environment_of
from marl_bridge.worlds.sameness import difference

__all__ = [
    "CHECKS",
    "EnvironmentCheck",
    "EnvironmentCheckFailed",
    "EnvironmentOutcome",
    "EnvironmentReport",
    "check_environment",
    "check_interval",
]

_SMALL, _SECONDS = 2_000, 10.0  # states and time; what is larger is not extracted here
_ROUNDING = 1e-9


class EnvironmentCheckFailed(GameTheoryError, AssertionError):
    """An environment, or an interval, breaks what every sound one keeps.

    Attributes
    ----------
    check : str
    environment : str
    seed : int
        What ``check_environment`` was called with.
    episode : int or None
        The episode in which it was seen, where that is one.
    """

    def __init__(
        self, what: str, *, check: str, environment: str, seed: int, episode: int | None = None
    ) -> None:
        self.check, self.environment, self.seed, self.episode = check, environment, seed, episode
        where = f"seed {seed}" if episode is None else f"seed {seed}, episode {episode}"
        super().__init__(f"{environment} fails {check!r}: {what}", where=where)


class _Skipped(Exception):
    """The check says nothing about this environment; the message says why."""


@dataclass(frozen=True)
class EnvironmentCheck:
    """One thing that has to hold.

    Attributes
    ----------
    name : str
    asserts : str
        What holds, in one sentence.
    """

    name: str
    asserts: str
    run: Callable[[_Subject], None]


@dataclass(frozen=True)
class EnvironmentOutcome:
    """One check of one environment.

    Attributes
    ----------
    check, asserts : str
    verdict : {"holds", "fails", "skipped"}
    reason : str
        Why it was skipped.
    failure : EnvironmentCheckFailed or None
    """

    check: str
    asserts: str
    verdict: str
    reason: str = ""
    failure: EnvironmentCheckFailed | None = None


@dataclass(frozen=True)
class EnvironmentReport:
    """All checks of one environment.

    Attributes
    ----------
    environment : str
    outcomes : tuple of EnvironmentOutcome
    """

    environment: str
    outcomes: tuple[EnvironmentOutcome, ...]

    @property
    def holds(self) -> bool:
        """Whether no check fails."""
        return not self.failed

    @property
    def failed(self) -> tuple[str, ...]:
        """The checks that fail."""
        return tuple(one.check for one in self.outcomes if one.failure is not None)

    def __str__(self) -> str:
        lines = [f"{self.environment}: {len(self.outcomes)} checks, {len(self.failed)} fail"]
        width = max((len(one.check) for one in self.outcomes), default=0)
        for one in self.outcomes:
            said = f"{one.asserts} ({one.reason})" if one.reason else one.asserts
            lines.append(f"  {one.check:<{width}}  {one.verdict:<7}  {said}")
            if one.failure is not None:
                lines.append(f"    {one.failure}")
        return "\n".join(lines)


@dataclass(frozen=True)
class _Step:
    """One agent at its turn, as data that can be compared."""

    agent: str
    shown: bytes
    mask: tuple[bool, ...] | None
    action: bytes
    returns: tuple[float, ...]


class _Subject:
    """The environment under test, and the episodes that were played on it."""

    def __init__(
        self,
        make: Make,
        env_kwargs: Mapping[str, Any] | None,
        *,
        episodes: int,
        max_steps: int,
        seed: int,
    ) -> None:
        self.make, self.env_kwargs = make, env_kwargs
        self.source: EnvironmentSource = open_environment(make, env_kwargs=env_kwargs)
        self.episodes, self.max_steps, self.seed = episodes, max_steps, seed
        self.check = ""

    def fail(self, what: str, episode: int | None = None) -> EnvironmentCheckFailed:
        return EnvironmentCheckFailed(
            what,
            check=self.check,
            environment=self.source.name,
            seed=self.seed,
            episode=episode,
        )

    def play(self, driver: Driver, episode: int) -> list[_Step]:
        """Play an episode at random, by numbers that depend on its number alone."""
        reset_seed, rng = episode_streams(self.seed, episode)
        driver.reset(seed=reset_seed)
        steps: list[_Step] = []
        while driver.acting and len(steps) < self.max_steps:
            actions = {}
            noted = []
            for agent in driver.acting:
                view = driver.view(agent)
                mask = None if view.mask is None else tuple(view.mask.tolist())
                actions[agent] = _legal(view.action_space, view.mask, rng)
                action = observation_key(actions[agent])
                noted.append((agent, observation_key(view.observation), mask, action))
            driver.step(actions)
            returns = tuple(driver.returns.values())
            steps += [_Step(*one, returns) for one in noted]
        return steps


_REGISTERED: dict[str, EnvironmentCheck] = {}


def _check(
    name: str, *, asserts: str
) -> Callable[[Callable[[_Subject], None]], Callable[[_Subject], None]]:
    def add(run: Callable[[_Subject], None]) -> Callable[[_Subject], None]:
        _REGISTERED[name] = EnvironmentCheck(name, asserts, run)
        return run

    return add


def check_environment(
    make: Make,
    *,
    env_kwargs: Mapping[str, Any] | None = None,
    episodes: int = 10,
    max_steps: int = 500,
    seed: int = 0,
    checks: Sequence[str] | None = None,
    keep_going: bool = False,
) -> EnvironmentReport:
    """Check an environment: PettingZoo's own tests, and what they leave out.

    Parameters
    ----------
    make : str, module, callable or game
        As for :func:`marl_bridge.open_environment`.
    env_kwargs : mapping, optional
    episodes : int
        Random episodes for each check that plays.
    max_steps : int
        Turns after which an episode is cut.
    seed : int
    checks : sequence of str, optional
        Only these; ``CHECKS`` lists all.
    keep_going : bool
        Whether to go on after a failure and report it, instead of raising it.

    Returns
    -------
    EnvironmentReport
        Print it; ``report.failed`` names the checks that fail.

    Raises
    ------
    EnvironmentCheckFailed
        With the check, the seed and the episode.
    InvalidEnvironment
        If there is no such environment, or it does not start.
    UnsupportedGame
        If there is no such check.
    MissingExtra
        If PettingZoo is not installed.

    Examples
    --------
    >>> check_environment("classic/rps-v2", env_kwargs={"max_cycles": 2}, episodes=3).failed
    ()
    """
    require_counts(episodes=episodes, max_steps=max_steps)
    require_seed(seed)
    subject = _Subject(make, env_kwargs, episodes=episodes, max_steps=max_steps, seed=seed)
    known = {one.name: one for one in CHECKS}
    unknown = [name for name in checks or () if name not in known]
    if unknown:
        raise UnsupportedGame(f"unknown check {unknown[0]!r}", valid=f"one of {list(known)}")
    outcomes = []
    for one in CHECKS if checks is None else [known[name] for name in checks]:
        outcome = _outcome(one, subject)
        if outcome.failure is not None and not keep_going:
            raise outcome.failure
        outcomes.append(outcome)
    return EnvironmentReport(subject.source.name, tuple(outcomes))


def _outcome(check: EnvironmentCheck, subject: _Subject) -> EnvironmentOutcome:
    subject.check = check.name
    failure = None
    try:
        check.run(subject)
    except _Skipped as reason:
        return EnvironmentOutcome(check.name, check.asserts, "skipped", str(reason))
    except EnvironmentCheckFailed as error:
        failure = error
    except (MissingExtra, MemoryError):
        raise
    except Exception as error:
        failure = subject.fail(f"{type(error).__name__}: {error}")
        failure.__cause__ = error
    verdict = "fails" if failure is not None else "holds"
    return EnvironmentOutcome(check.name, check.asserts, verdict, failure=failure)


@_check("pettingzoo-api", asserts="PettingZoo's api_test, or parallel_api_test, passes.")
def _pettingzoo_api(subject: _Subject) -> None:
    from pettingzoo.test import api_test, parallel_api_test

    test = api_test if subject.source.api == "aec" else parallel_api_test
    with _quiet():
        test(subject.source.new(), num_cycles=50)


@_check("pettingzoo-seed", asserts="PettingZoo's seed_test, or parallel_seed_test, passes.")
def _pettingzoo_seed(subject: _Subject) -> None:
    from pettingzoo.test import parallel_seed_test, seed_test

    test = seed_test if subject.source.api == "aec" else parallel_seed_test
    with _quiet():
        test(subject.source.new, num_cycles=20)


@contextlib.contextmanager
def _quiet() -> Any:
    """Keep what PettingZoo's tests print, and warn of, to themselves: they raise what matters."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        yield


@_check(
    "episodes-repeat",
    asserts="Two fresh instances with one seed play the same whole episode, rewards "
    "and ends included.",
)
def _episodes_repeat(subject: _Subject) -> None:
    for episode in range(subject.episodes):
        _require_same(
            subject,
            subject.play(subject.source.driver(), episode),
            subject.play(subject.source.driver(), episode),
            episode,
            "two fresh instances",
        )


@_check(
    "reset-starts-over",
    asserts="An instance that has played before plays like a fresh one after a "
    "reset with the seed.",
)
def _reset_starts_over(subject: _Subject) -> None:
    used = subject.source.driver()
    for episode in range(subject.episodes):
        _require_same(
            subject,
            subject.play(used, episode),
            subject.play(subject.source.driver(), episode),
            episode,
            "a used instance and a fresh one",
        )


def _require_same(
    subject: _Subject, one: list[_Step], other: list[_Step], episode: int, who: str
) -> None:
    for place, (mine, yours) in enumerate(zip(one, other, strict=False)):
        if mine != yours:
            names = [
                name
                for name in ("agent", "shown", "mask", "action", "returns")
                if getattr(mine, name) != getattr(yours, name)
            ]
            raise subject.fail(f"{who} differ at turn {place}, in {', '.join(names)}", episode)
    if len(one) != len(other):
        raise subject.fail(f"{who} end after {len(one)} and {len(other)} turns", episode)


@_check(
    "observations-in-spaces", asserts="Every observation lies in its agent's observation space."
)
def _observations_in_spaces(subject: _Subject) -> None:

    def look(env: Any, agent: str, shown: Any, mask: Any, episode: int) -> None:
        space = env.observation_space(agent)
        if not space.contains(shown):
            raise subject.fail(
                f"agent {agent!r} is shown {_short(shown)}, which is not in {space}", episode
            )

    _watch(subject, look)


@_check(
    "masks-are-legal",
    asserts="Masks have one entry for each action, allow one at least, and what "
    "they allow is accepted.",
)
def _masks_are_legal(subject: _Subject) -> None:

    def look(env: Any, agent: str, shown: Any, mask: Any, episode: int) -> None:
        n = getattr(env.action_space(agent), "n", None)
        if mask is None or n is None or np.ndim(n):
            return
        entries = np.asarray(mask)
        if entries.shape != (int(n),) or not np.isin(entries, (0, 1)).all() or not entries.any():
            raise subject.fail(f"agent {agent!r} has the mask {_short(entries)} of {n}", episode)

    _watch(subject, look)


def _watch(subject: _Subject, look: Callable[[Any, str, Any, Any, int], None]) -> None:
    """Play episodes and show every raw observation of an agent on turn to ``look``."""
    for episode in range(subject.episodes):
        env = subject.source.new()
        reset_seed, rng = episode_streams(subject.seed, episode)
        if subject.source.api == "aec":
            env.reset(seed=reset_seed)
            for _ in range(subject.max_steps):
                if not env.agents:
                    break
                shown, _, terminated, truncated, info = env.last()
                agent = env.agent_selection
                if terminated or truncated:
                    env.step(None)
                    continue
                mask = _mask(shown, info)
                look(env, agent, shown, mask, episode)
                env.step(_legal(env.action_space(agent), mask, rng))
        else:
            shown_to, infos = env.reset(seed=reset_seed)
            for _ in range(subject.max_steps):
                if not env.agents:
                    break
                actions = {}
                for agent in env.agents:
                    mask = _mask(shown_to[agent], infos.get(agent))
                    look(env, agent, shown_to[agent], mask, episode)
                    actions[agent] = _legal(env.action_space(agent), mask, rng)
                shown_to, _, _, _, infos = env.step(actions)


def _mask(shown: Any, info: Any) -> Any:
    """Find the action mask in the observation, or in the info."""
    for place in (shown, info):
        if isinstance(place, Mapping) and "action_mask" in place:
            return place["action_mask"]
    return None


def _legal(space: Any, mask: Any, rng: np.random.Generator) -> Any:
    """Draw an action that the mask allows."""
    n = getattr(space, "n", None)
    if n is None or np.ndim(n):
        space.seed(int(rng.integers(2**31)))
        return space.sample()
    legal = np.arange(int(n)) if mask is None else np.flatnonzero(np.asarray(mask))
    return int(getattr(space, "start", 0)) + int(legal[rng.integers(legal.size)])


def _short(value: Any) -> str:
    return f"{value!r:.120}"


@_check("rewards-are-finite", asserts="Every return is a finite number.")
def _rewards_are_finite(subject: _Subject) -> None:
    for episode in range(subject.episodes):
        for step in subject.play(subject.source.driver(), episode):
            if not np.isfinite(step.returns).all():
                raise subject.fail(f"the returns are {step.returns}", episode)


@_check(
    "wrappers-only-check",
    asserts="PettingZoo's checking wrappers change nothing in an episode of legal actions.",
)
def _wrappers_only_check(subject: _Subject) -> None:
    for episode in range(subject.episodes):
        _require_same(
            subject,
            subject.play(subject.source.driver(), episode),
            subject.play(subject.source.driver(checked=False), episode),
            episode,
            "the environment with its wrappers and without",
        )


@_check(
    "aec-and-parallel-agree",
    asserts="Where both APIs are there, the same actions earn every agent the same return.",
)
def _aec_and_parallel_agree(subject: _Subject) -> None:
    both = _both_forms(subject)
    for episode in range(subject.episodes):
        returns = [_joint_episode(subject, env, episode) for env in (both[0](), both[1]())]
        (agents, aec), (other, parallel) = returns
        if agents != other or any(
            abs(a - p) > _ROUNDING * (1 + abs(a)) for a, p in zip(aec, parallel, strict=True)
        ):
            raise subject.fail(f"AEC returns {aec}, Parallel ones {parallel}", episode)


def _both_forms(subject: _Subject) -> tuple[Callable[[], Any], Callable[[], Any]]:
    """Find what builds the environment with the AEC API, and with the Parallel one."""
    from pettingzoo.utils import aec_to_parallel, parallel_to_aec

    new = subject.source.new
    if subject.source.api == "parallel":
        return (lambda: parallel_to_aec(new())), new
    with contextlib.suppress(InvalidEnvironment):
        other = open_environment(subject.make, env_kwargs=subject.env_kwargs, api="parallel")
        return new, other.new
    if not new().metadata.get("is_parallelizable", False):
        raise _Skipped("agents do not act at the same time")
    return new, lambda: aec_to_parallel(new())


def _joint_episode(
    subject: _Subject, env: Any, episode: int
) -> tuple[tuple[str, ...], tuple[float, ...]]:
    """Play by actions that depend on the agent and its count of turns alone."""
    driver = drive(env)
    reset_seed, _ = episode_streams(subject.seed, episode)
    driver.reset(seed=reset_seed)
    turns = dict.fromkeys(driver.agents, 0)
    while driver.acting and max(turns.values()) < subject.max_steps:
        actions = {}
        for agent in driver.acting:
            view, place = driver.view(agent), driver.agents.index(agent)
            rng = np.random.default_rng([subject.seed, episode, place, turns[agent]])
            turns[agent] += 1
            actions[agent] = _legal(view.action_space, view.mask, rng)
        driver.step(actions)
    if driver.acting:
        raise _Skipped(f"episodes are longer than {subject.max_steps} turns")
    return driver.agents, tuple(driver.returns.values())


@_check(
    "extraction-round-trip",
    asserts="The game that is extracted, played as an environment and extracted "
    "again, is the same.",
)
def _extraction_round_trip(subject: _Subject) -> None:
    try:
        first = extract(
            subject.make,
            env_kwargs=subject.env_kwargs,
            max_states=_SMALL,
            time_limit=_SECONDS,
        ).game
    except (ExtractionRefused, UnsupportedGame) as refusal:
        raise _Skipped(f"no small exact game: {refusal.what}") from refusal
    second = extract(environment_of(first), max_states=20 * _SMALL).game
    found = difference(first, second)
    if found:
        raise subject.fail(f"the games differ {found}")


CHECKS: tuple[EnvironmentCheck, ...] = tuple(_REGISTERED.values())
"""Every check of :func:`check_environment`, in its order."""


def check_interval(
    interval: Callable[..., Any],
    *,
    n: int = 400,
    seed: int = 0,
    least: float = 0.25,
    most: float = 0.75,
) -> float:
    """Check that an interval for a mean narrows like 1/sqrt(n).

    With four times the samples it should be about half as wide.

    Parameters
    ----------
    interval : callable
        ``interval(values, lower=0, upper=1)`` with the attributes ``lower`` and ``upper``.
    n : int
        Samples, of which there are then four times as many.
    seed : int
    least, most : float
        What the ratio of the widths, a half in the limit, has to lie between.

    Returns
    -------
    float
        The ratio.

    Raises
    ------
    EnvironmentCheckFailed
        If it is another one, or an interval does not contain the samples' mean.

    Examples
    --------
    >>> from marl_bridge.intervals import hoeffding
    >>> check_interval(hoeffding)
    0.5
    """
    rng = np.random.default_rng(np.random.SeedSequence(seed))
    values = rng.beta(2, 3, size=4 * n)
    name = getattr(interval, "__name__", type(interval).__name__)
    widths = []
    for sample in (values[:n], values):
        found = interval(sample, lower=0.0, upper=1.0)
        low, high = float(found.lower), float(found.upper)
        if not low <= float(sample.mean()) <= high:
            raise EnvironmentCheckFailed(
                f"[{low:g}, {high:g}] does not contain the mean {sample.mean():g}",
                check="interval-width",
                environment=name,
                seed=seed,
            )
        widths.append(high - low)
    ratio = widths[1] / widths[0]
    if not least <= ratio <= most:
        raise EnvironmentCheckFailed(
            f"with four times the samples it is {ratio:.3g} times as wide, not about half",
            check="interval-width",
            environment=name,
            seed=seed,
        )
    return round(ratio, 9)
