"""Is it hopeless to extract an environment's game? Found out from short random games, in seconds.

Histories say little: tictactoe has 549,946 of them and 5,478 states. What an extraction cannot
have too many of is states, and these can be counted from below. Random games, all stopped after
the same number of steps, are independent draws from the positions there are after so many steps.
If there are at most ``m``, draws repeat at least as often as those from ``m`` equally likely ones
(the number of distinct outcomes is stochastically largest for equal chances: Wong and Yue, 1973,
Annals of Probability 1), and of ``n`` of these about ``n^2 / 2m`` repeat: the birthday problem. So
few repetitions among enough draws refute "at most m positions", whatever the distribution is.

Positions are told apart by what the agents to act are shown. Positions that look alike may differ,
which makes the count lower, and never wrong.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from marl_bridge.environments.opening import EnvironmentSource
from marl_bridge.environments.outlook import in_words
from marl_bridge.environments.random_play import UnlistedActions, listed_actions, random_episode
from marl_bridge.environments.size_estimate import lower_bound, subtree_estimates
from marl_bridge.environments.views import view_key
from marl_bridge.errors import ExtractionRefused, InvalidEnvironment

__all__ = ["HopelessSize", "RepetitionTest", "refuse_if_hopeless"]

_CONFIDENCE = 0.99
_MOST_REPETITIONS = 6
_FIRST_PLAYOUTS = 60
_FIRST_STEPS = 200
_LONGEST = 6.0
_SHARE_OF_TIME = 0.1
_SPARE_DIGITS = 4.0
"""Histories beyond the limit, in digits, where positions are compared: some of them merge."""
_ALIVE = 0.5
_MOST_SHORT = 20
"""Games that were over before the step, for each that was not."""
_FASTER = 2.0
"""More steps a second than random play has are given to an extraction, to be on the safe side."""


class HopelessSize(ExtractionRefused):
    """The game has more states than can be extracted; refused before the extraction began.

    Attributes
    ----------
    log10_histories : float
        Mean estimate of the number of histories, as a decimal logarithm.
    log10_lower : float
        At least so many histories, with 99% confidence.
    """

    def __init__(
        self, what: str, *, where: str, hint: str, log10_histories: float, log10_lower: float
    ) -> None:
        self.log10_histories, self.log10_lower = log10_histories, log10_lower
        super().__init__(what, where=where, hint=hint)


class RepetitionTest:
    """Tests "there are at most so many different things" with draws, one after the other.

    Parameters
    ----------
    most : int
        The number that is to be refuted.
    confidence : float
        Probability of not refuting it when it is true.

    Attributes
    ----------
    draws, repetitions : int
        Draws so far, and how many of them had been drawn before.

    Notes
    -----
    With r repetitions the hypothesis is refuted at the first n for which ``most`` equally likely
    things would show at most r repetitions with probability ``(1 - confidence) / 2**(r + 1)``.
    Each r has one such n, so all together err with probability ``1 - confidence`` at most.

    Examples
    --------
    >>> test = RepetitionTest(100)
    >>> refuted_after = next(n for n in range(1, 100) if test.draw(n))
    >>> refuted_after, RepetitionTest(100).draw("once")
    (32, False)
    """

    def __init__(self, most: int, confidence: float = _CONFIDENCE) -> None:
        self.most, self.draws, self.repetitions = most, 0, 0
        self._seen: set[object] = set()
        counts = np.arange(_MOST_REPETITIONS)
        self._counts, self._levels = counts, (1 - confidence) / 2.0 ** (counts + 1)
        self._odds = np.zeros(_MOST_REPETITIONS)  # of 0, 1, ... repetitions among equal chances
        self._odds[0] = 1.0

    @property
    def is_lost(self) -> bool:
        """Whether too much was repeated for refuting anything any more."""
        return self.repetitions >= _MOST_REPETITIONS

    def draw(self, thing: object) -> bool:
        """Take a draw into account; return whether the hypothesis is refuted now."""
        repeat = np.clip((self.draws - self._counts) / self.most, 0.0, 1.0)
        again = self._odds * repeat
        self._odds -= again
        self._odds[1:] += again[:-1]
        self.draws += 1
        self.repetitions += thing in self._seen
        self._seen.add(thing)
        if self.is_lost:
            return False
        as_few = float(self._odds[: self.repetitions + 1].sum())
        return as_few <= float(self._levels[self.repetitions])


@dataclass(frozen=True, slots=True)
class _Glimpse:
    """A few random games: their estimates of the tree, and where to compare positions."""

    log10_histories: float
    log10_lower: float
    step: int
    steps_per_second: float


def refuse_if_hopeless(
    source: EnvironmentSource,
    max_states: int,
    time_limit: float,
    seed: int,
    *,
    merging: bool = True,
    seconds: float | None = None,
) -> None:
    """Refuse an extraction that cannot come to an end, without starting it.

    It must be called outside of
    :func:`~marl_bridge.environments.factories.intercepted`: the games here take their chance from
    the environment's own generators.

    Parameters
    ----------
    source : EnvironmentSource
    max_states : int
        The largest number of states that the extraction would accept.
    time_limit : float
        The seconds it would have; twice as many states as random play has steps in them count as
        within its reach.
    seed : int
    merging : bool
        Whether equal states are merged. If not, each history is a state of its own, and the
        number of histories is tested.
    seconds : float, optional
        Time to spend at most; a tenth of the time limit, and not more than 6, if not given.
        A small game takes a tenth of a second, connect_four one or two.

    Raises
    ------
    HopelessSize
        If there are more states than within reach, with 99% confidence. In doubt nothing is
        raised; nor is anything about environments that an extraction refuses for other reasons.

    Examples
    --------
    >>> from marl_bridge.environments import open_environment
    >>> refuse_if_hopeless(open_environment("classic/tictactoe-v3"), 100_000, 60.0, 0)
    >>> refuse_if_hopeless(
    ...     open_environment("classic/connect-four-v3"), 1_000, 60.0, 0
    ... )  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    marl_bridge.environments.forecast.HopelessSize: classic/connect_four-v3 has about 10^...
    """
    started = time.perf_counter()
    if seconds is None:
        seconds = min(_LONGEST, _SHARE_OF_TIME * time_limit)
    end = started + seconds
    try:
        seen = _glimpse(source, seed, max_states, end=min(end, started + seconds / 4))
        if seen is None:
            return
        reach = min(max_states, math.ceil(_FASTER * seen.steps_per_second * time_limit))
        if reach < 1:
            return
        limit = f"max_states={max_states:,}"
        if reach < max_states:
            limit = f"{reach:,} states, the most that {time_limit:g} s allow"
        if not merging:
            if seen.log10_lower > math.log10(reach):
                raise _hopeless(source, seen, reach, limit, None)
            return
        test = RepetitionTest(reach)
        number = _FIRST_PLAYOUTS
        while time.perf_counter() < end and not test.is_lost:
            position = _position(source, seed, number, seen.step)
            number += 1
            if position is not None and test.draw(position):
                raise _hopeless(source, seen, reach, limit, test)
            if number - _FIRST_PLAYOUTS - test.draws > _MOST_SHORT * (test.draws + 1):
                return  # hardly any game is that long
    except (InvalidEnvironment, UnlistedActions):
        return  # the extraction says what is wrong with it


def _glimpse(
    source: EnvironmentSource, seed: int, max_states: int, *, end: float
) -> _Glimpse | None:
    """Play a few random games; None when none of them has a step."""
    ways: list[list[tuple[int, ...]]] = []
    started, n_steps = time.perf_counter(), 0
    for number in range(_FIRST_PLAYOUTS):
        if ways and time.perf_counter() >= end:
            break
        driver = source.driver(checked=False)
        listed_actions(driver)
        way = [
            tuple(view.legal_indices().size for view in step.views.values())
            for step in random_episode(driver, seed, number, _FIRST_STEPS)
        ]
        driver.env.close()
        ways.append(way)
        n_steps += len(way)
    if not n_steps:
        return None
    rate = n_steps / (time.perf_counter() - started)
    sizes = np.array([math.log(subtree_estimates(way)[0][0]) for way in ways])
    mean = float(np.logaddexp.reduce(sizes)) - math.log(sizes.size)
    lower = max(0.0, lower_bound(sizes, _CONFIDENCE))
    wanted = math.log10(max_states) + _SPARE_DIGITS
    return _Glimpse(mean / math.log(10), lower / math.log(10), _step_for(ways, wanted), rate)


def _step_for(ways: list[list[tuple[int, ...]]], digits: float) -> int:
    """Choose after how many steps positions are compared: as few as seem enough.

    Enough are so many that the median game's estimate of the histories has ``digits`` digits;
    most games must not be over yet.
    """
    longest = max(1, sorted(map(len, ways))[int((1 - _ALIVE) * len(ways))] - 1)
    middle = sorted(
        sum(1 for size in accumulate(sum(map(math.log10, step)) for step in way) if size < digits)
        for way in ways
    )[len(ways) // 2]
    return min(longest, middle + 1)


def _position(
    source: EnvironmentSource, seed: int, number: int, step: int
) -> tuple[tuple[str, bytes], ...] | None:
    """Play a random game for so many steps; None if it ends before."""
    driver = source.driver(checked=False)
    found: tuple[tuple[str, bytes], ...] | None = None
    for played, now in enumerate(random_episode(driver, seed, number, step + 1)):
        if played == step:
            found = tuple((agent, view_key(view)) for agent, view in now.views.items())
            break
    driver.env.close()
    return found


def _hopeless(
    source: EnvironmentSource, seen: _Glimpse, reach: int, limit: str, test: RepetitionTest | None
) -> HopelessSize:
    about = (
        f"about {in_words(seen.log10_histories)} histories (more than "
        f"{in_words(seen.log10_lower)} with {_CONFIDENCE:.0%} confidence)"
    )
    if test is None:
        found = f"{about}, and its equal states are not merged"
    else:
        if seen.log10_histories <= math.log10(reach):
            about = f"{about} without those of its chance"
        found = (
            f"{about}, and more than {reach:,} positions after {seen.step} steps alone: "
            f"{test.draws:,} random games were in {test.draws - test.repetitions:,} different "
            f"ones ({_CONFIDENCE:.0%} confidence)"
        )
    return HopelessSize(
        f"{source.name} has {found}",
        where=limit,
        hint="shorten the episodes with env_kwargs; where nothing is hidden and nothing random, "
        "solve_position() finds the exact values of late positions",
        log10_histories=seen.log10_histories,
        log10_lower=seen.log10_lower,
    )
