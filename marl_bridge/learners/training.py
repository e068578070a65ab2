"""Training: gives a learner its episodes, keeps its curve, and survives Ctrl-C."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from marl_bridge.environments.opening import Make, open_environment
from marl_bridge.errors import InvalidEnvironment
from marl_bridge.learners.registry import Learner, find_learner
from marl_bridge.policies.tabular import TabularPolicy

__all__ = ["Training", "train"]

_POINTS = 100


@dataclass(frozen=True, eq=False)
class Training:
    """What was learned.

    Attributes
    ----------
    policies : dict of str to TabularPolicy
        One for each agent.
    learner : str
        The learner's name.
    episodes : int
        Number of episodes played.
    seconds : float
        Time they took.
    curve : ndarray, shape (n_points, n_agents)
        Mean return of each agent, exploration included, over consecutive blocks of episodes.
    curve_episodes : ndarray of int, shape (n_points,)
        Number of episodes played at the end of each block.
    interrupted : bool
        True when Ctrl-C ended the training early.
    """

    policies: dict[str, TabularPolicy]
    learner: str
    episodes: int
    seconds: float
    curve: NDArray[np.float64]
    curve_episodes: NDArray[np.int64]
    interrupted: bool = False


def train(
    make: Make,
    learner: str = "independent-q",
    *,
    episodes: int | None = None,
    seed: int = 0,
    env_kwargs: Mapping[str, Any] | None = None,
    progress: Callable[[int, int], object] | None = None,
    **options: Any,
) -> Training:
    """Train every agent of an environment by self-play.

    Parameters
    ----------
    make : str, module or callable
        The environment, see :func:`marl_bridge.environments.opening.open_environment`.
    learner : str
        A registered learner, see :func:`marl_bridge.learners.registry.learners`.
    episodes : int, optional
        Number of episodes; the learner's own default without it.
    seed : int
        Equal seeds give equal policies.
    env_kwargs : mapping, optional
        Keyword arguments for the environment.
    progress : callable, optional
        ``progress(done, total)`` a hundred times.
    **options
        The learner's parameters.

    Raises
    ------
    UnsupportedGame
        If there is no such learner.
    InvalidEnvironment
        If there is no such environment, or the learner cannot take it.

    Examples
    --------
    >>> training = train("classic/rps-v2", episodes=100, env_kwargs={"max_cycles": 1})
    >>> sorted(training.policies), training.episodes
    (['player_0', 'player_1'], 100)
    """
    known = find_learner(learner)
    total = known.default_episodes if episodes is None else episodes
    if total < 1:
        raise InvalidEnvironment(f"episodes is {total}", where="episodes", valid="at least 1")
    source = open_environment(make, env_kwargs=env_kwargs)
    try:
        learning = known.start(source, episodes=total, seed=seed, **options)
    except TypeError as error:
        if "unexpected keyword argument" not in str(error):
            raise
        raise InvalidEnvironment(
            f"learner {learner!r} does not take {sorted(options)}: {error}", where="options"
        ) from error
    started = time.perf_counter()
    returns, interrupted = _run(learning, total, progress)
    return Training(
        policies=learning.policies(),
        learner=learner,
        episodes=len(returns),
        seconds=time.perf_counter() - started,
        curve=_block_means(returns, total),
        curve_episodes=np.minimum(
            np.arange(0, len(returns), _block(total)) + _block(total), len(returns)
        ),
        interrupted=interrupted,
    )


def _run(
    learning: Learner, total: int, progress: Callable[[int, int], object] | None
) -> tuple[NDArray[np.float64], bool]:
    """Play the episodes; return the finished ones' returns, shape (n_episodes, n_agents)."""
    returns = np.zeros((total, len(learning.agents)))
    episode = 0
    try:
        for episode in range(total):
            returns[episode] = learning.run_episode()
            if progress is not None and (
                (episode + 1) % _block(total) == 0 or episode + 1 == total
            ):
                progress(episode + 1, total)
    except KeyboardInterrupt:
        return returns[:episode], True
    return returns, False


def _block(total: int) -> int:
    return max(1, total // _POINTS)


def _block_means(returns: NDArray[np.float64], total: int) -> NDArray[np.float64]:
    starts = np.arange(0, len(returns), _block(total))
    if not starts.size:
        return np.zeros((0, returns.shape[1]))
    sums = np.add.reduceat(returns, starts, axis=0)
    sizes = np.diff(np.append(starts, len(returns)))
    return np.asarray(sums / sizes[:, None])
