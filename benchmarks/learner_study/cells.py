"""One run: a learner in a game from a seed, and everything that is measured of it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np

import gametheory as gt
from gametheory.errors import GameTheoryError
from marl_bridge.learners.registry import find_learner
from marl_bridge.learners.training import Training, train

from .budgets import SIZES, family_of, iterations_of, options_of
from .games import StudyGame, studied
from .measures import (
    convergence,
    late_regret,
    pareto_distance,
    signed_regrets,
    welfare_ratio,
)
from .profiles import reader
from .promises import regret_bounds

__all__ = ["RETURNS_AVERAGES", "Task", "run", "seed_of"]

RETURNS_AVERAGES = frozenset({"cfr", "mccfr", "nfsp", "xfp"})
"""Learners whose policies are averages of what they played."""

RECORDS = 25  # on a learning curve
DRAWN = 3  # seeds whose paths are kept for pictures


@dataclass(frozen=True, slots=True)
class Task:
    """What one run is named by.

    Attributes
    ----------
    size, learner, game : str
    root : int
        The study's seed.
    index : int
        The run's number among those of its cell.
    """

    size: str
    learner: str
    game: str
    root: int
    index: int


def seed_of(root: int, index: int) -> int:
    """Return the seed of a run; more runs leave the first ones as they are."""
    return int(np.random.SeedSequence(root, spawn_key=(index,)).generate_state(1)[0] >> 1)


def run(task: Task) -> dict[str, Any]:
    """Train, and measure: plain data, the same for equal tasks wherever they are done.

    What a learner refuses to play is reported as ``refused``, with its reason.
    """
    game, learner = studied(task.game), find_learner(task.learner)
    episodes = SIZES[task.size].episodes_of(learner, game)
    named = {"learner": task.learner, "game": task.game, "index": task.index, "episodes": episodes}
    started = time.process_time()
    try:
        training = train(
            game.game,
            task.learner,
            episodes=episodes,
            seed=seed_of(task.root, task.index),
            keep_policies=True,
            **options_of(learner, game),
        )
    except GameTheoryError as error:
        return {**named, "refused": str(error)}
    seconds = time.process_time() - started
    found = _measured(task, game, training, iterations_of(learner))
    return {**named, "refused": "", **found, "seconds": seconds}


def _measured(task: Task, game: StudyGame, training: Training, iterations: int) -> dict[str, Any]:
    trace, read = training.trace, reader(task.game)
    kept = _records(len(trace.policies))
    profiles = [read.read(trace.policies[k]) for k in kept]
    final = read.read(training.policies)
    gaps = [read.nash_conv(profile) for profile in profiles[:-1]] + [read.nash_conv(final)]
    profiles[-1] = final
    paid = [read.payoffs(profile) for profile in profiles]
    late = max(1, len(trace.returns) // 10)
    average_gap = read.nash_conv(read.average(profiles))
    mean_payoffs = np.mean(paid[len(paid) // 2 :], axis=0).tolist()
    found: dict[str, Any] = {
        "returns": trace.returns[-late:].mean(axis=0).tolist(),
        "payoffs": paid[-1],
        "nash_conv": gaps[-1],
        "ce_gap": gaps[-1],  # of independent strategies it is NashConv, and so is the CCE gap
        "cce_gap": gaps[-1],
        "average_nash_conv": average_gap,
        "mean_payoffs": mean_payoffs,
        "pareto_distance": pareto_distance(game, paid[-1]),
        "welfare_ratio": welfare_ratio(game, paid[-1]),
        "curve": {
            "steps": [int(trace.episodes[k]) * iterations for k in kept],
            "nash_conv": gaps,
        },
    }
    regret = None
    # What learners on trees play is for show, a hundred rounds: they do not learn from it.
    if trace.joint_counts.size and family_of(find_learner(task.learner)) != "tree":
        counts = trace.joint_counts
        joint = counts[-1] / counts[-1].sum()
        regret = late_regret(game, counts)
        found |= {
            "ce_gap": gt.ce_gap(game.game, joint),
            "cce_gap": gt.cce_gap(game.game, joint),
            "least_count": int(counts[-1].min()),  # of the joint action that was played least
            "late_regret": regret,
            "profile": [np.asarray(strategy).tolist() for strategy in final],
            "regrets": signed_regrets(game, counts[-1]),
        }
        found["curve"]["least_count"] = [int(counts[k].min()) for k in kept]
        if regret_bounds(task.learner, game, 1) is not None:
            found["curve"]["regrets"] = [signed_regrets(game, counts[k]) for k in kept]
    if game.picture and task.index < DRAWN:
        found["path"] = [[np.asarray(s).tolist() for s in profile] for profile in profiles]
    found["convergence"] = convergence(
        game,
        gaps=gaps,
        average_gap=average_gap,
        mean_payoffs=mean_payoffs,
        regret=regret,
        averages=task.learner in RETURNS_AVERAGES,
    )
    return found


def _records(n: int) -> list[int]:
    """Choose evenly spaced records, the last one among them."""
    count = min(n, RECORDS)
    return sorted({round((k + 1) * n / count) - 1 for k in range(count)})
