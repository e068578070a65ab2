"""Policy-space response oracles where there is no tree: everything is measured in episodes."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping
from functools import partial
from numbers import Integral
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gametheory.errors import UnsupportedGame
from gametheory.games.normal_form import NormalFormGame
from marl_bridge.empirical_game import payoff_tensor
from marl_bridge.environments.opening import Make
from marl_bridge.policies.mixture import mixture
from marl_bridge.policies.policy import UniformRandomPolicy
from marl_bridge.psro.learned_responses import LearnedResponses
from marl_bridge.psro.meta_solvers import CORRELATED, marginals, meta_solver
from marl_bridge.psro.result import PSROResult
from marl_bridge.rollouts import rollouts

__all__ = ["sampled_psro"]

Floats = NDArray[np.float64]
_meta_solver = meta_solver  # the parameter has its name


def sampled_psro(
    make: Make,
    learned: LearnedResponses,
    *,
    meta_solver: str,
    gap: float,
    max_iterations: int,
    cell_episodes: int,
    env_kwargs: Mapping[str, Any] | None = None,
    time_limit: float | None = None,
    progress: Callable[[int, float], object] | None = None,
) -> PSROResult:
    """Grow populations by learned responses; parameters as for :func:`marl_bridge.psro.psro`.

    The gap is the sum of what the new responses earned more than the mixture, both in
    ``cell_episodes`` fresh episodes: an estimate from below, as a better response may exist.
    """
    weigh = _meta_solver(meta_solver)
    if not isinstance(max_iterations, Integral) or max_iterations < 1:
        raise UnsupportedGame(
            f"max_iterations is {max_iterations!r}", where="max_iterations", valid="at least 1"
        )
    started = time.perf_counter()
    agents = learned.source.driver(checked=False).agents
    populations: dict[str, list[Any]] = {agent: [UniformRandomPolicy()] for agent in agents}
    gaps: list[float] = []
    best: tuple[float, Floats] | None = None
    table: NormalFormGame | None = None
    stopped = "iteration limit"
    try:
        with tempfile.TemporaryDirectory() as folder:
            how = {"episodes": cell_episodes, "seed": learned.seed, "env_kwargs": env_kwargs}
            play = partial(_table, make, how, Path(folder) / "payoffs.sqlite")
            for iteration in range(1, max_iterations + 1):
                table = play(populations)
                joint = weigh(table)
                shares = marginals(joint)
                mixed = {
                    agent: mixture(populations[agent], share)
                    for agent, share in zip(agents, shares, strict=True)
                }
                found = {agent: learned.respond(agent, mixed) for agent in agents}
                gained = _gains(learned, mixed, found, cell_episodes, iteration)
                gaps.append(gained)
                if best is None or gained < best[0]:
                    best = gained, joint
                if progress is not None:
                    progress(iteration, gained)
                if gained <= gap:
                    stopped = "gap"
                    break
                if time_limit is not None and time.perf_counter() - started > time_limit:
                    stopped = "time limit"
                    break
                if iteration < max_iterations:
                    for agent, policy in found.items():
                        populations[agent].append(policy)
    except KeyboardInterrupt:
        if best is None or table is None:
            raise
        stopped = "interrupted"
    assert best is not None and table is not None
    gained, weights = best
    joint = np.zeros(table.n_actions)
    joint[tuple(slice(0, size) for size in weights.shape)] = weights
    shares = marginals(joint)
    tied = meta_solver in CORRELATED
    return PSROResult(
        meta_game=table,
        joint=joint,
        meta_solver=meta_solver,
        profile=None,
        gap=gained,
        certificate=None,
        gaps=np.array(gaps),
        stopped=stopped,
        seconds=time.perf_counter() - started,
        policies={}
        if tied
        else {
            agent: mixture(populations[agent][: share.size], share)
            for agent, share in zip(agents, shares, strict=True)
        },
        sampled=True,
    )


def _table(
    make: Make, how: dict[str, Any], path: Path, populations: Mapping[str, list[Any]]
) -> NormalFormGame:
    """Play the joint choices that were not played before."""
    named = {
        agent: {str(k): policy for k, policy in enumerate(policies)}
        for agent, policies in populations.items()
    }
    # What the file holds was played in this run: nothing to verify.
    found = payoff_tensor(make, named, checkpoint=path, verify_checkpoint=False, **how)
    if found.interrupted:
        raise KeyboardInterrupt
    return found.game


def _gains(
    learned: LearnedResponses,
    mixed: Mapping[str, Any],
    found: Mapping[str, Any],
    episodes: int,
    iteration: int,
) -> float:
    """Measure what each response earns more than the mixture, in episodes of its own."""
    streams = np.random.SeedSequence(learned.seed, spawn_key=(0, iteration))
    own_seed, *seeds = (int(s.generate_state(1)[0]) for s in streams.spawn(1 + len(found)))
    own = rollouts(learned.source, mixed, episodes=episodes, seed=own_seed)
    gained = 0.0
    for (agent, policy), seed in zip(found.items(), seeds, strict=True):
        played = rollouts(learned.source, {**mixed, agent: policy}, episodes=episodes, seed=seed)
        gained += max(float(played.of(agent).mean() - own.of(agent).mean()), 0.0)
        if own.interrupted or played.interrupted:
            raise KeyboardInterrupt
    return gained
