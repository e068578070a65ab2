"""Two joint policies compared on common random numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from marl_bridge.arguments import require_counts, require_ranges_of
from marl_bridge.environments.opening import Make, open_environment
from marl_bridge.errors import InvalidEnvironment
from marl_bridge.estimation.common_numbers import episodes_on_common_numbers, require_within
from marl_bridge.estimation.returns import figure_of_mean
from marl_bridge.figures import Figure
from marl_bridge.rollouts import Episodes, Progress

__all__ = ["Comparison", "compare"]


@dataclass(frozen=True, eq=False)
class Comparison:
    """How much more each agent earns under one joint policy than under another.

    Attributes
    ----------
    differences : dict of str to Figure
        Each agent's expected return under the first joint policy less that under the second.
    team : Figure
        The same for the sum of all returns.
    first, second : Episodes
        Played on common random numbers: episode k of both met the same luck.
    """

    differences: dict[str, Figure]
    team: Figure
    first: Episodes
    second: Episodes

    def variance_ratio(self, agent: str) -> float:
        """Return by which factor pairing cut the variance of an agent's difference.

        Infinite where all pairs differ by the same number.
        """
        one, other = self.first.of(agent), self.second.of(agent)
        paired = float((one - other).var())
        apart = float(one.var() + other.var())
        if paired > 0.0:
            return apart / paired
        return float("inf") if apart > 0.0 else 1.0

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON, without the episodes."""
        return {
            "differences": {agent: figure.to_dict() for agent, figure in self.differences.items()},
            "team": self.team.to_dict(),
            "episodes": len(self.first),
            "seed": self.first.seed,
            "interrupted": self.first.interrupted or self.second.interrupted,
        }


def compare(
    make: Make,
    first: Any,
    second: Any,
    *,
    episodes: int = 2000,
    confidence: float = 0.95,
    seed: int = 0,
    env_kwargs: Mapping[str, Any] | None = None,
    ranges: Mapping[str, tuple[float, float]] | None = None,
    max_steps: int | None = None,
    progress: Progress | None = None,
) -> Comparison:
    """Estimate how much more each agent earns under one joint policy than under another.

    Both play the same episodes: the same resets, and the same random numbers for every agent. A
    difference of two policies that mostly do the same is then known far better than from
    independent episodes.

    Parameters
    ----------
    make : str, module or callable
        The environment, see :func:`marl_bridge.environments.opening.open_environment`.
    first, second : policy-like or mapping
        One for all agents or one for each.
    episodes : int
        Number of pairs.
    confidence : float
        For each interval alone.
    seed : int
        Equal seeds give equal comparisons.
    env_kwargs : mapping, optional
        Keyword arguments for the environment.
    ranges : mapping of agent to (low, high), optional
        Proven bounds on each agent's return; without them the intervals are a heuristic.
    max_steps : int, optional
        Longer episodes are cut.
    progress : callable, optional
        ``progress(done, total)`` after every episode, two a pair.

    Raises
    ------
    InvalidEnvironment
        If there is no such environment, ``ranges`` and agents differ, or Ctrl-C came before the
        first pair was played.
    InvalidPolicy
        If a policy returns something that is no legal action.
    InvalidSamples
        If an episode's return lies outside its range.

    Notes
    -----
    The difference of two returns within [low, high] lies within [low - high, high - low]: the
    intervals use this range, twice as wide, so they are valid, and still narrower where pairing
    leaves little variance.

    Examples
    --------
    >>> careless = {"player_0": lambda observation, mask: 0, "player_1": "random"}
    >>> found = compare("classic/rps-v2", careless, "random", episodes=100,
    ...     env_kwargs={"max_cycles": 1}, ranges={"player_0": (-1, 1), "player_1": (-1, 1)})
    >>> found.differences["player_0"].contains(0.0)
    True
    """
    source = open_environment(make, env_kwargs=env_kwargs)
    agents = source.driver(checked=False).agents
    require_ranges_of(ranges, agents)
    require_counts(episodes=episodes)
    played: list[Episodes] = []
    for policies in (first, second):
        done = len(played) * episodes
        told = None if progress is None else _shifted(progress, done, 2 * episodes)
        played.append(
            episodes_on_common_numbers(
                source, policies, episodes=episodes, seed=seed, max_steps=max_steps, progress=told
            )
        )
        if played[-1].interrupted:
            break
    common = min(len(part) for part in played) if len(played) == 2 else 0
    if common == 0:
        raise InvalidEnvironment(
            "interrupted before the first pair of episodes was played",
            hint="allow more time, or ask for fewer episodes",
        )
    one, other = (_first(part, common) for part in played)
    require_within(one, ranges)
    require_within(other, ranges)
    difference = one.returns - other.returns
    bounds = None if ranges is None else [_difference_range(ranges[agent]) for agent in agents]
    figures = {
        agent: _paired(difference[row], confidence, None if bounds is None else bounds[row])
        for row, agent in enumerate(agents)
    }
    total = None
    if bounds is not None:
        total = (sum(low for low, _ in bounds), sum(high for _, high in bounds))
    return Comparison(figures, _paired(difference.sum(axis=0), confidence, total), one, other)


def _paired(
    samples: NDArray[np.float64], confidence: float, bounds: tuple[float, float] | None
) -> Figure:
    figure = figure_of_mean(samples, bounds, confidence=confidence)
    return replace(figure, method=f"{figure.method}, paired")


def _difference_range(bounds: tuple[float, float]) -> tuple[float, float]:
    low, high = bounds
    return low - high, high - low


def _first(episodes: Episodes, number: int) -> Episodes:
    return replace(
        episodes,
        returns=episodes.returns[:, :number],
        lengths=episodes.lengths[:number],
        truncated=episodes.truncated[:number],
    )


def _shifted(progress: Progress, before: int, total: int) -> Progress:
    return lambda done, _: progress(before + done, total)
