"""How much each learner learns: episodes by its family, never seconds, so that results repeat.

The families are the base classes of ``marl_bridge/learners``: a learner that is registered
tomorrow is studied with the budget of its family.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from marl_bridge.learners.central_training import CentralTrainingLearner
from marl_bridge.learners.independent import IndependentLearner
from marl_bridge.learners.joint import JointLearner
from marl_bridge.learners.monte_carlo import MonteCarloLearner
from marl_bridge.learners.registry import RegisteredLearner
from marl_bridge.learners.schedules import Schedule
from marl_bridge.learners.tree import TreeLearner

from .games import StudyGame

__all__ = ["FAMILIES", "SIZES", "STEPS", "Size", "family_of", "iterations_of", "options_of"]

FAMILIES = {
    "values": "independent learners of action values",
    "policies": "independent learners of policies, and bandits",
    "joint": "learners of joint action values",
    "tree": "learners on the game's tree",
    "central": "central training: a critic or a value for all",
    "network": "networks",
    "other": "others",
}
"""The families, in the order of tables and pictures."""

STEPS = Schedule(0.5, 0.05, 1.0)
"""How far joint learners move their values, in one-round games; bounds are computed from it."""

RESPONDING = {"exploration": Schedule(0.3, 0.02, 1.0)}
"""How regret matching explores; its bound is computed from it."""

EXPLORING = {"exploration": 0.1}
"""How Exp3 explores; its bound is computed from it."""

ITERATIONS = {"cfr": 10, "mccfr": 100, "mmd": 10, "xfp": 10}
"""What learners on trees do before each of their "episodes"."""


@dataclass(frozen=True)
class Size:
    """How large a study is.

    Attributes
    ----------
    name : str
    seeds : int
    episodes : dict of str to int
        By family, for one-round games.
    played : float
        What these numbers are multiplied by in trees and stochastic games: there an episode is
        longer, and not played by compiled code.
    networks : float
        What networks are given of their default number: their "episodes" differ too much.
    """

    name: str
    seeds: int
    episodes: dict[str, int]
    played: float
    networks: float

    def episodes_of(self, learner: RegisteredLearner, game: StudyGame) -> int:
        """Return the episodes of one run."""
        family = family_of(learner)
        if family == "network":
            return max(1, round(self.networks * learner.default_episodes))
        longer = game.form != "matrix" and family != "tree"
        return max(1, round(self.episodes[family] * (self.played if longer else 1.0)))


SIZES = {
    "standard": Size(
        "standard",
        20,
        {"values": 50_000, "policies": 50_000, "joint": 5_000, "central": 5_000}
        | {"tree": 100, "other": 5_000},
        0.2,
        0.05,
    ),
    "quick": Size(
        "quick",
        3,
        {"values": 5_000, "policies": 5_000, "joint": 500, "central": 1_000}
        | {"tree": 25, "other": 1_000},
        0.2,
        0.025,
    ),
    "tiny": Size(  # for tests
        "tiny",
        2,
        {"values": 60, "policies": 60, "joint": 40, "central": 40} | {"tree": 8, "other": 40},
        0.5,
        0.025,
    ),
}


_BASES: tuple[tuple[type, str], ...] = (
    (TreeLearner, "tree"),
    (JointLearner, "joint"),
    (CentralTrainingLearner, "central"),
    (MonteCarloLearner, "policies"),
    (IndependentLearner, "values"),
)


def family_of(learner: RegisteredLearner) -> str:
    """Return a learner's family: a key of :data:`FAMILIES`."""
    if learner.extra == "torch":
        return "network"
    if learner.name == "actor-critic":  # by its class a learner of values
        return "policies"
    kind: Any = learner.start
    for base, family in _BASES:
        if isinstance(kind, type) and issubclass(kind, base):
            return family
    return "other"


def options_of(learner: RegisteredLearner, game: StudyGame) -> dict[str, Any]:
    """Return what a learner is told besides episodes and seed."""
    name, family = learner.name, family_of(learner)
    if name == "exp3":
        return {"payoff_range": game.bounds, **EXPLORING}
    if name == "regret-matching":
        return dict(RESPONDING)
    if family == "joint":
        # Where states come by chance, steps as k ** -0.8 are what convergence proofs ask for.
        return {"step_size": 0.8 if game.form == "stochastic" else STEPS}
    if family == "tree":  # no tree of a game without end is small: refuse it soon
        return {"iterations": iterations_of(learner), "max_states": 300}
    if name == "self-play-ppo":
        return {"steps": 256, "n_steps": 128}
    return {}


def iterations_of(learner: RegisteredLearner) -> int:
    """Return the iterations that one "episode" of a learner stands for."""
    return ITERATIONS.get(learner.name, 1)
