"""Expected returns, estimated from episodes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from marl_bridge.environments.opening import Make, open_environment
from marl_bridge.errors import InvalidEnvironment
from marl_bridge.figures import Figure
from marl_bridge.intervals import Interval, betting, student_t
from marl_bridge.rollouts import Episodes, Progress, rollouts

__all__ = ["Estimate", "estimate", "figure_of_mean"]

_HEURISTIC = "heuristic interval: no bounds on the return are known, nothing is certified"
_CONSTANT = "all episodes returned the same; the interval's width says nothing"


@dataclass(frozen=True, eq=False)
class Estimate:
    """Expected returns of one joint policy.

    Attributes
    ----------
    returns : dict of str to Figure
        Each agent's expected return.
    team : Figure
        Expected sum of all agents' returns.
    episodes : Episodes
        The episodes themselves.
    """

    returns: dict[str, Figure]
    team: Figure
    episodes: Episodes

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON, without the episodes."""
        return {
            "returns": {agent: figure.to_dict() for agent, figure in self.returns.items()},
            "team": self.team.to_dict(),
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
    max_steps: int | None = None,
    progress: Progress | None = None,
) -> Estimate:
    """Estimate each agent's expected return, and the team's.

    Parameters
    ----------
    make : str, module or callable
        The environment, see :func:`marl_bridge.environments.opening.open_environment`.
    policies : policy-like or mapping
        One for all agents or one for each.
    episodes : int
        Number of episodes.
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

    Examples
    --------
    >>> result = estimate("classic/tictactoe-v3", "random", episodes=200)
    >>> result.returns["player_1"].side, result.team.value
    ('estimate', 0.0)
    """
    source = open_environment(make, env_kwargs=env_kwargs)
    played = rollouts(
        source, policies, episodes=episodes, seed=seed, max_steps=max_steps, progress=progress
    )
    if len(played) == 0:
        raise InvalidEnvironment(
            "interrupted before the first episode ended",
            hint="allow more time, or cut the episodes with max_steps",
        )
    require_ranges_of(ranges, played.agents)
    figures = {
        agent: figure_of_mean(
            played.of(agent), confidence, None if ranges is None else ranges[agent]
        )
        for agent in played.agents
    }
    total = None
    if ranges is not None:
        total = (sum(low for low, _ in ranges.values()), sum(high for _, high in ranges.values()))
    team = figure_of_mean(played.returns.sum(axis=0), confidence, total)
    return Estimate(figures, team, played)


def figure_of_mean(
    samples: NDArray[np.float64], confidence: float, bounds: tuple[float, float] | None
) -> Figure:
    """Report the mean of samples: certified if there are proven bounds, else heuristic.

    Parameters
    ----------
    samples : ndarray, shape (n,)
        Returns of independent episodes.
    confidence : float
        For this interval.
    bounds : (float, float) or None
        Proven bounds on every sample.
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


def require_ranges_of(ranges: Mapping[str, Any] | None, agents: tuple[str, ...]) -> None:
    if ranges is not None and set(ranges) != set(agents):
        raise InvalidEnvironment(
            f"ranges are given for {sorted(ranges)}", where="ranges", valid=f"for {list(agents)}"
        )
