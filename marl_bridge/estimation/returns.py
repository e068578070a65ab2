"""Expected returns, estimated from episodes."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from marl_bridge.arguments import require_counts, require_ranges_of, require_seed
from marl_bridge.environments.opening import Make, open_environment
from marl_bridge.errors import InvalidEnvironment
from marl_bridge.figures import Figure
from marl_bridge.intervals import (
    ConfidenceSequence,
    Interval,
    InvalidSamples,
    betting,
    student_t,
)
from marl_bridge.rollouts import Episodes, Progress, rollouts

__all__ = [
    "Estimate",
    "estimate",
    "figure_of_mean",
    "joined",
    "more_episodes",
]

Seats = Literal["fixed", "balanced"]

_FIRST_PART = 64

_HEURISTIC = "heuristic interval: no bounds on the return are known, nothing is certified"
_CONSTANT = "all episodes returned the same; the interval's width says nothing"


@dataclass(frozen=True, eq=False)
class Estimate:
    """Expected returns of one joint policy.

    Attributes
    ----------
    returns : dict of str to Figure
        Each agent's expected return; with balanced seats, that of whoever sits there.
    team : Figure
        Expected sum of all agents' returns.
    episodes : Episodes
        The episodes themselves.
    policies : tuple of Figure
        With balanced seats, each policy's expected return over all seats; else empty.
    in_seats : tuple of dict of str to Figure
        With balanced seats, each policy's expected return in each agent's seat; else empty.
    """

    returns: dict[str, Figure]
    team: Figure
    episodes: Episodes
    policies: tuple[Figure, ...] = ()
    in_seats: tuple[dict[str, Figure], ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON, without the episodes."""
        balanced = {
            "policies": [figure.to_dict() for figure in self.policies],
            "in_seats": [
                {agent: figure.to_dict() for agent, figure in seats.items()}
                for seats in self.in_seats
            ],
        }
        return {
            "returns": {agent: figure.to_dict() for agent, figure in self.returns.items()},
            "team": self.team.to_dict(),
            **(balanced if self.policies else {}),
            "episodes": len(self.episodes),
            "truncated_episodes": int(self.episodes.truncated.sum()),
            "seed": self.episodes.seed,
            "interrupted": self.episodes.interrupted,
        }


def estimate(
    make: Make,
    policies: Any,
    *,
    episodes: int = 2000,
    confidence: float = 0.95,
    seed: int = 0,
    env_kwargs: Mapping[str, Any] | None = None,
    ranges: Mapping[str, tuple[float, float]] | None = None,
    seats: Seats = "fixed",
    until_width: float | None = None,
    max_steps: int | None = None,
    progress: Progress | None = None,
) -> Estimate:
    """Estimate each agent's expected return, and the team's.

    Parameters
    ----------
    make : str, module or callable
        The environment, see :func:`marl_bridge.environments.opening.open_environment`.
    policies : policy-like, mapping, or sequence
        One for all agents or one for each; with balanced seats a sequence, as many as agents.
    episodes : int
        Number of episodes; with ``until_width`` at most so many.
    confidence : float
        For each interval alone.
    seed : int
        Equal seeds give equal estimates.
    env_kwargs : mapping, optional
        Keyword arguments for the environment.
    ranges : mapping of agent to (low, high), optional
        Proven bounds on each agent's return in an episode. With them the intervals are
        guaranteed at any number of episodes (:func:`~marl_bridge.intervals.betting`); without
        they are Student's t, a heuristic, and say so.
    seats : {"fixed", "balanced"}
        Balanced rotates the policies over the seats, and reports each one's return over all of
        them and in each.
    until_width : float, optional
        Stop as soon as every agent's interval, or with balanced seats every policy's, is no
        wider. The intervals hold at all times at once, so that stopping does not spoil them;
        they need ``ranges``.
    max_steps : int, optional
        Longer episodes are cut.
    progress : callable, optional
        ``progress(done, total)`` after every episode.

    Raises
    ------
    InvalidEnvironment
        If there is no such environment, ``ranges`` and agents differ, or Ctrl-C came before
        the first episode ended.
    InvalidPolicy
        If a policy returns something that is no legal action.
    InvalidSamples
        If an episode's return lies outside its range.

    Notes
    -----
    With balanced seats the samples are means over one rotation: an episode's return depends on
    who sits where, so that single episodes are no samples with a common mean.

    Examples
    --------
    >>> result = estimate("classic/tictactoe-v3", "random", episodes=200)
    >>> result.returns["player_1"].side, result.team.value
    ('estimate', 0.0)
    >>> until = estimate("classic/rps-v2", "random", env_kwargs={"max_cycles": 1},
    ...     ranges={"player_0": (-1, 1), "player_1": (-1, 1)}, until_width=0.5)
    >>> until.returns["player_0"].width <= 0.5, len(until.episodes) < 2000
    (True, True)
    """
    source = open_environment(make, env_kwargs=env_kwargs)
    agents = source.driver(checked=False).agents
    require_ranges_of(ranges, agents)
    require_seed(seed)
    require_counts(episodes=episodes)
    how: dict[str, Any] = {"seats": seats, "max_steps": max_steps}
    if until_width is None:
        played = rollouts(source, policies, episodes=episodes, seed=seed, progress=progress, **how)
        _require_some(played)
        return _figures(played, ranges, partial(figure_of_mean, confidence=confidence))
    positive = isinstance(until_width, int | float | np.number) and until_width > 0.0
    if ranges is None or not positive:
        raise InvalidEnvironment(
            f"until_width is {until_width!r}, ranges are {'not ' if ranges is None else ''}given",
            where="until_width",
            valid="a positive width, and proven ranges of the returns",
            hint="heuristic intervals are not valid at a time that the samples chose",
        )

    def play(number: int, size: int, told: Progress | None) -> Episodes:
        part = _part_seed(seed, number)
        return rollouts(source, policies, episodes=size, seed=part, progress=told, **how)

    played = _until(
        play,
        ranges,
        width=until_width,
        confidence=confidence,
        episodes=episodes,
        progress=progress,
    )
    _require_some(played)
    played = replace(played, seed=seed)
    found = _figures(played, ranges, partial(_figure_at_any_time, confidence=confidence))
    return _with_width_note(found, until_width)


def more_episodes(figure: Figure, width: float) -> int:
    """Say about how many more episodes make a figure's interval so narrow.

    Parameters
    ----------
    figure : Figure
        An estimate from episodes.
    width : float
        Upper minus lower end wanted.

    Returns
    -------
    int
        0 if it is narrow enough. Widths shrink with the square root of the number of episodes
        once there are many, and faster before: with few episodes this is rather too many.

    Raises
    ------
    InvalidSamples
        If the width is not positive, or the figure's own is not finite or rests on no episode.

    Examples
    --------
    >>> more_episodes(Figure(0.1, 0.0, 0.2, 0.95, "estimate", "betting", 1000), 0.1)
    3000
    """
    if not (isinstance(width, int | float | np.number) and width > 0.0):
        raise InvalidSamples(f"width is {width!r}", where="width", valid="a positive number")
    if figure.width <= width:
        return 0
    if not math.isfinite(figure.width) or figure.episodes < 1:
        raise InvalidSamples(
            f"the figure {figure} rests on {figure.episodes} episodes",
            where="figure",
            valid="an estimate with a finite interval",
            hint="play a few episodes first",
        )
    # Rounding must not ask for one more than the exact square.
    wanted = figure.episodes * (figure.width / width) ** 2 * (1.0 - 1e-12)
    return math.ceil(wanted) - figure.episodes


MakeFigure = Callable[[NDArray[np.float64], tuple[float, float] | None], Figure]
Play = Callable[[int, int, Progress | None], Episodes]


def _until(
    play: Play,
    ranges: Mapping[str, tuple[float, float]],
    *,
    width: float,
    confidence: float,
    episodes: int,
    progress: Progress | None,
) -> Episodes:
    """Play parts until the intervals are narrow: each adds a quarter to what there is."""
    parts: list[Episodes] = []
    sequence: ConfidenceSequence | None = None
    done = 0
    while done < episodes:
        size = min(max(_FIRST_PART, done // 4), episodes - done)
        told = None if progress is None else _shifted(progress, done, episodes)
        parts.append(play(len(parts), size, told))
        part = parts[-1]
        if len(part):
            samples, bounds = _watched(part, ranges)
            if sequence is None:
                low, high = np.array(bounds).T
                sequence = ConfidenceSequence(lower=low, upper=high, confidence=confidence)
            sequence.update(samples)
        done += len(part)
        narrow = sequence is not None and float(np.max(sequence.interval.width)) <= width
        if narrow or part.interrupted:
            break
    return joined(parts)


def _watched(
    played: Episodes, ranges: Mapping[str, tuple[float, float]]
) -> tuple[NDArray[np.float64], list[tuple[float, float]]]:
    """Return the samples whose widths decide when to stop, and their bounds."""
    each = [ranges[agent] for agent in played.agents]
    if played.policy_returns is None:
        return played.returns, each
    return _rotations(played.policy_returns, len(each)), [_mean_range(each)] * len(each)


def _figures(
    played: Episodes, ranges: Mapping[str, tuple[float, float]] | None, figure: MakeFigure
) -> Estimate:
    agents = played.agents
    each = None if ranges is None else [ranges[agent] for agent in agents]
    balanced = played.policy_returns is not None
    period = len(agents) if balanced else 1
    samples = _rotations(played.returns, period)

    def of(rows: NDArray[np.float64], bounds: tuple[float, float] | None) -> Figure:
        return replace(figure(rows, bounds), episodes=rows.size * period)

    returns = {
        agent: of(samples[row], None if each is None else each[row])
        for row, agent in enumerate(agents)
    }
    total = None if each is None else (sum(low for low, _ in each), sum(high for _, high in each))
    team = of(samples.sum(axis=0), total)
    if played.policy_returns is None:
        return Estimate(returns, team, played)
    average = None if each is None else _mean_range(each)
    rotated = _rotations(played.policy_returns, period)
    by_policy = tuple(of(row, average) for row in rotated)
    in_seats = tuple(
        {
            # In episode k policy j sits in seat j + k, around the table.
            agent: figure(
                played.returns[seat, (seat - j) % period :: period],
                None if each is None else each[seat],
            )
            for seat, agent in enumerate(agents)
        }
        for j in range(period)
    )
    return Estimate(returns, team, played, by_policy, in_seats)


def _rotations(rows: NDArray[np.float64], period: int) -> NDArray[np.float64]:
    """Average over each rotation of the seats."""
    return np.asarray(rows.reshape(len(rows), -1, period).mean(axis=2))


def _mean_range(each: Sequence[tuple[float, float]]) -> tuple[float, float]:
    return sum(low for low, _ in each) / len(each), sum(high for _, high in each) / len(each)


def _figure_at_any_time(
    samples: NDArray[np.float64], bounds: tuple[float, float] | None, *, confidence: float
) -> Figure:
    low, high = bounds or (-math.inf, math.inf)
    sequence = ConfidenceSequence(lower=low, upper=high, confidence=confidence)
    interval = sequence.update(samples)
    return Figure(
        value=float(samples.mean()),
        lower=float(interval.lower),
        upper=float(interval.upper),
        confidence=confidence,
        side="estimate",
        method=interval.method,
        episodes=int(samples.size),
    )


def _with_width_note(found: Estimate, width: float) -> Estimate:
    """Say of figures that are still too wide that the episodes ran out."""

    def noted(figure: Figure) -> Figure:
        if figure.width <= width:
            return figure
        return replace(figure, note=f"not as narrow as {width:g} when the episodes ended")

    if found.policies:
        return replace(found, policies=tuple(map(noted, found.policies)))
    return replace(found, returns={who: noted(figure) for who, figure in found.returns.items()})


def joined(parts: Sequence[Episodes]) -> Episodes:
    """Put episodes that were played in parts one behind the other.

    Examples
    --------
    >>> from marl_bridge.environments.opening import open_environment
    >>> source = open_environment("classic/rps-v2", env_kwargs={"max_cycles": 1})
    >>> parts = [rollouts(source, "random", episodes=2, seed=seed) for seed in (0, 1)]
    >>> len(joined(parts)), joined(parts).returns.shape
    (4, (2, 4))
    """
    moved = [part.policy_returns for part in parts if part.policy_returns is not None]
    return replace(
        parts[0],
        returns=np.concatenate([part.returns for part in parts], axis=1),
        lengths=np.concatenate([part.lengths for part in parts]),
        truncated=np.concatenate([part.truncated for part in parts]),
        policy_returns=np.concatenate(moved, axis=1) if moved else None,
        interrupted=any(part.interrupted for part in parts),
    )


def _part_seed(seed: int, number: int) -> int:
    """Seed of a part of the episodes, far from the seeds that users choose."""
    return int(np.random.SeedSequence([seed, number]).generate_state(1, np.uint64)[0] >> 1)


def _shifted(progress: Progress, before: int, total: int) -> Progress:
    return lambda done, _: progress(before + done, total)


def _require_some(played: Episodes) -> None:
    if len(played) == 0:
        raise InvalidEnvironment(
            "interrupted before the first episode ended",
            hint="allow more time, or cut the episodes with max_steps",
        )


def figure_of_mean(
    samples: NDArray[np.float64], bounds: tuple[float, float] | None, *, confidence: float
) -> Figure:
    """Report the mean of samples: certified if there are proven bounds, else heuristic.

    Parameters
    ----------
    samples : ndarray, shape (n,)
        Returns of independent episodes.
    bounds : (float, float) or None
        Proven bounds on every sample.
    confidence : float
        For this interval.
    """
    interval: Interval
    if bounds is not None:
        interval = betting(samples, lower=bounds[0], upper=bounds[1], confidence=confidence)
        method, note = "betting", ""
    else:
        interval = student_t(samples, confidence)
        method, note = "student-t", _HEURISTIC
        if samples.size > 1 and np.ptp(samples) <= 0.0:
            note = f"{note}; {_CONSTANT}"
    return Figure(
        value=float(samples.mean()),
        lower=interval.lower,
        upper=interval.upper,
        confidence=confidence,
        side="estimate",
        method=method,
        episodes=int(samples.size),
        note=note,
    )
