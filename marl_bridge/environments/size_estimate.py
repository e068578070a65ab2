"""How large is an environment's tree? Estimated from random playouts, before anything is built.

Knuth (1975), "Estimating the efficiency of backtrack programs", Mathematics of Computation 29:
walk down at random and multiply the numbers of choices met on the way. With ``b_1, b_2, ...``
choices, ``1 + b_1 + b_1 b_2 + ...`` has the number of histories as its expectation.

The estimate is unbiased and heavy-tailed: most playouts fall short and few go far beyond, so no
upper bound holds with any confidence, and the spread of a few playouts says little. What can be
had is a lower bound: the playouts' estimates are nonnegative with a known hypothetical mean, so
the capital of a bettor against "the tree has at most m histories" is large with small probability
(Waudby-Smith and Ramdas, arXiv 2010.09686; Ville's inequality). It holds whatever the
distribution, whenever the playouts are stopped.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from marl_bridge.environments.chance_sites import chance_sites
from marl_bridge.environments.driver import Driver
from marl_bridge.environments.opening import EnvironmentSource
from marl_bridge.environments.random_play import UnlistedActions, listed_actions, random_episode
from marl_bridge.errors import InvalidEnvironment

__all__ = ["LatePositions", "SizeEstimate", "estimate_size", "lower_bound", "subtree_estimates"]

Branching = Sequence[Sequence[int]]
Draws = Sequence[Sequence[Fraction | None]]

_BATCHES = 10
# Shares of the capital that are bet; their mean is as good as the best of them, up to a factor.
_BETS = np.array([1.0, 0.8, 0.6, 0.4, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001])


@dataclass(frozen=True)
class LatePositions:
    """Random positions after so many steps, and how much of the tree is still below them.

    Attributes
    ----------
    steps : int
        Steps played from the start.
    log10_histories : float
        Mean estimate of the histories below a position that random play reaches.
    playouts : int
        Playouts that got so far.
    """

    steps: int
    log10_histories: float
    playouts: int


@dataclass(frozen=True)
class SizeEstimate:
    """The size of a tree, as random playouts let it appear. Sizes are decimal logarithms.

    Attributes
    ----------
    log10_histories : float
        Mean of the playouts' unbiased estimates of the number of histories.
    log10_lower : float
        With ``confidence``, at least so many histories: a proven bound.
    log10_batches : tuple of float
        Lowest and highest mean over ten batches of playouts. This is a spread, not an interval
        of any confidence: an estimate with heavy tails falls short more often than not.
    log10_terminals : float
        Mean estimate of the number of terminal histories.
    confidence : float
    depth : tuple of int
        Fewest, median and most actions of a playout.
    branching : float
        Mean number of legal actions met.
    playouts, cut : int
        Playouts, and how many of them were cut before their end: of these only what lies
        above the cut is counted.
    log10_with_chance : float or None
        Mean estimate when every random draw is a chance node with all its outcomes; an extraction
        that draws late and merges equal futures needs fewer. The same as ``log10_histories``
        without chance, None when a draw's outcomes cannot be counted.
    seed, max_steps : int
    late : tuple of LatePositions
        Means over the positions after 0, 1, 2, ... steps.
    steps_per_second : float
    """

    log10_histories: float
    log10_lower: float
    log10_batches: tuple[float, float]
    log10_terminals: float
    confidence: float
    depth: tuple[int, int, int]
    branching: float
    playouts: int
    cut: int
    log10_with_chance: float | None
    seed: int
    max_steps: int
    late: tuple[LatePositions, ...]
    steps_per_second: float

    @property
    def histories(self) -> float:
        """The estimated number of histories; infinite beyond the range of floats."""
        return _power(self.log10_histories)

    @property
    def interval(self) -> tuple[float, float]:
        """Proven lower bound and highest batch: its upper end has no confidence."""
        return _power(self.log10_lower), _power(self.log10_batches[1])

    def late_enough(self, histories: float, *, share: float = 0.1) -> LatePositions | None:
        """Find the first step from which on the positions have at most ``histories`` below.

        Positions that less than ``share`` of the playouts reach, or fewer than five, do not
        count; nor does anything when playouts were cut, whose ends were not seen.
        """
        if self.cut:
            return None
        needed = max(5.0, share * self.playouts)
        found = None
        for positions in reversed([entry for entry in self.late if entry.playouts >= needed]):
            if positions.log10_histories > math.log10(histories):
                break
            found = positions
        return found

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON, without the means of every step."""
        return {name: entry for name, entry in asdict(self).items() if name != "late"}


def subtree_estimates(branching: Branching) -> tuple[list[int], int]:
    """Estimate the histories below each step of one playout, and the tree's terminals.

    Parameters
    ----------
    branching : sequence of sequence of int
        For each step the numbers of legal actions of those who act in it. Actions taken at the
        same time count one after the other, as in the tree.

    Returns
    -------
    subtrees : list of int, length n_steps + 1
        Entry k estimates the histories from the position after k steps on, that one included.
    terminals : int
        The product of all numbers: the estimate of the number of terminal histories.

    Examples
    --------
    >>> subtree_estimates([(2,), (3,)])
    ([9, 4, 1], 6)
    >>> subtree_estimates([(3, 3)])
    ([13, 1], 9)
    """
    below, product = [1], 1
    for factors in reversed(branching):
        size = below[-1]
        for factor in reversed(factors):
            size = 1 + factor * size
            product *= factor
        below.append(size)
    return below[::-1], product


def lower_bound(logarithms: NDArray[np.float64], confidence: float = 0.95) -> float:
    """Bound the mean of nonnegative variables from below, whatever their distribution.

    Parameters
    ----------
    logarithms : ndarray, shape (n,)
        Natural logarithms of independent positive samples with the same mean, in the order in
        which they were drawn.
    confidence : float

    Returns
    -------
    float
        The logarithm of a number that is at most the mean in at least the stated share of
        experiments.

    Notes
    -----
    If the mean is m, the capital ``prod(1 + bet * (x / m - 1))`` has expectation 1, and so has
    its mean over several bets. By Markov's inequality it exceeds ``1 / (1 - confidence)`` with
    a probability of at most ``1 - confidence``. The bound is the smallest m it does not exceed.

    Examples
    --------
    >>> bool(0.99 < lower_bound(np.zeros(1000)) + 1 < 1.0)
    True
    """
    limit = -math.log1p(-confidence)
    bets = _BETS[:, None]
    with np.errstate(divide="ignore"):
        kept, staked = np.log1p(-bets), np.log(bets)

    def capital(log_mean: float) -> float:
        growth = np.logaddexp(kept, staked + (logarithms - log_mean)).sum(axis=1)
        return float(np.logaddexp.reduce(growth)) - math.log(len(_BETS))

    high = float(np.logaddexp.reduce(logarithms)) - math.log(len(logarithms))
    step = 1.0
    while capital(high - step) < limit:
        step *= 2
    low = high - step
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if capital(middle) >= limit else (low, middle)
    return low


def estimate_size(
    source: EnvironmentSource,
    *,
    playouts: int = 1000,
    seed: int = 0,
    max_steps: int = 1000,
    time_limit: float | None = 4.0,
    confidence: float = 0.95,
) -> SizeEstimate:
    """Estimate the number of histories of an environment's tree.

    Random draws of the environment are not branched on: each playout takes those of its own
    seed. With chance the figures are those of the tree with one draw for each chance node, in
    the mean over the draws: fewer histories than the game has. ``log10_with_chance`` counts the
    draws as well.

    Parameters
    ----------
    source : EnvironmentSource
        From :func:`~marl_bridge.environments.opening.open_environment`.
    playouts : int
        How many, at most.
    seed : int
        Playout k is the same for equal seeds, whatever the number of playouts.
    max_steps : int
        Longer playouts are cut.
    time_limit : float, optional
        Seconds after which no playout is begun; one that takes as long again is cut.
    confidence : float
        Of the lower bound.

    Raises
    ------
    InvalidEnvironment
        If an action space is not discrete, or an argument is out of range.

    Examples
    --------
    >>> from marl_bridge.environments import open_environment
    >>> source = open_environment("classic/rps-v2", env_kwargs={"max_cycles": 2})
    >>> size = estimate_size(source, playouts=200, time_limit=None)
    >>> round(size.histories), size.depth
    (121, (4, 4, 4))
    """
    if playouts < 1 or max_steps < 1 or not 0 < confidence < 1:
        raise InvalidEnvironment(
            f"playouts is {playouts}, max_steps {max_steps}, confidence {confidence}",
            valid="at least one playout and one step, a confidence between 0 and 1",
        )
    started, n_steps, cut = time.perf_counter(), 0, 0
    end = math.inf if time_limit is None else started + time_limit
    ways: list[Branching] = []
    drawn: list[Draws] = []
    with chance_sites() as sites:
        for number in range(playouts):
            if ways and time.perf_counter() >= end:
                break
            sites.phase = "made"
            driver = source.driver(checked=False)
            _require_listed(source, driver)
            sites.take_draws()  # a constructor's draws: reset makes its own
            sites.phase = "start"
            factors: list[tuple[int, ...]] = []
            draws: list[list[Fraction | None]] = []
            deadline = math.inf if time_limit is None else end + time_limit
            for step in random_episode(driver, seed, number, max_steps):
                sites.phase = "play"
                draws.append(sites.take_draws())
                factors.append(tuple(view.legal_indices().size for view in step.views.values()))
                if time.perf_counter() > deadline:
                    break
            cut += bool(driver.acting)
            draws.append(sites.take_draws())
            driver.env.close()
            ways.append(factors)
            drawn.append(draws)
            n_steps += len(factors)
    seconds = time.perf_counter() - started
    return _summary(
        ways,
        drawn,
        confidence=confidence,
        cut=cut,
        seed=seed,
        max_steps=max_steps,
        steps_per_second=n_steps / seconds,
    )


def _require_listed(source: EnvironmentSource, driver: Driver) -> None:
    try:
        listed_actions(driver)
    except UnlistedActions as error:
        driver.env.close()
        raise InvalidEnvironment(
            f"{source.name} has no tree to measure: {error}",
            where="action_space",
            valid="finitely many actions, a Discrete space",
        ) from error


def _with_draws(branching: Branching, draws: Draws) -> Fraction | None:
    """Estimate the histories of one playout's tree, its random draws branched on as well.

    ``draws[k]`` are those before step k, the last ones those after the last step.
    """
    size = Fraction(1)
    for factors, before in zip(reversed([*branching, ()]), reversed(draws), strict=True):
        for factor in reversed(factors):
            size = 1 + factor * size
        for outcomes in reversed(before):
            if outcomes is None:
                return None
            if outcomes != 1:  # a draw without a choice is no node
                size = 1 + outcomes * size
    return size


def _summary(
    ways: Sequence[Branching],
    drawn: Sequence[Draws],
    *,
    confidence: float,
    cut: int,
    seed: int,
    max_steps: int,
    steps_per_second: float,
) -> SizeEstimate:
    estimates = [subtree_estimates(way) for way in ways]
    sizes = [subtrees[0] for subtrees, _ in estimates]
    met = [factor for way in ways for factors in way for factor in factors]
    depths = sorted(sum(map(len, way)) for way in ways)
    bounds = np.linspace(0, len(sizes), min(_BATCHES, len(sizes)) + 1).astype(int)
    batches = [_log10_mean(sizes[i:j]) for i, j in pairwise(bounds)]
    late = []
    for step in range(max(len(subtrees) for subtrees, _ in estimates)):
        below = [subtrees[step] for subtrees, _ in estimates if step < len(subtrees)]
        late.append(LatePositions(step, _log10_mean(below), len(below)))
    with_draws = [_with_draws(*playout) for playout in zip(ways, drawn, strict=True)]
    counted = [size for size in with_draws if size is not None]
    logarithms = np.array([math.log(size) for size in sizes])
    return SizeEstimate(
        log10_histories=_log10_mean(sizes),
        log10_lower=max(0.0, lower_bound(logarithms, confidence) / math.log(10)),
        log10_batches=(min(batches), max(batches)),
        log10_terminals=_log10_mean([terminals for _, terminals in estimates]),
        confidence=confidence,
        depth=(depths[0], depths[len(depths) // 2], depths[-1]),
        branching=sum(met) / len(met) if met else 0.0,
        playouts=len(ways),
        cut=cut,
        log10_with_chance=_log10_mean(counted) if len(counted) == len(ways) else None,
        seed=seed,
        max_steps=max_steps,
        late=tuple(late),
        steps_per_second=steps_per_second,
    )


def _log10_mean(numbers: Sequence[int] | Sequence[Fraction]) -> float:
    """Return the logarithm of a mean of numbers beyond the range of floats."""
    total = sum(map(Fraction, numbers))
    return math.log10(total.numerator) - math.log10(total.denominator * len(numbers))


def _power(logarithm: float) -> float:
    return 10.0**logarithm if logarithm < 308 else math.inf
