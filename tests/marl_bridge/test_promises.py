"""What theory promises of learners, and the failures that are known, each over twenty seeds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import pytest
from gymnasium.spaces import Discrete
from pettingzoo import ParallelEnv

import gametheory as gt
import marl_bridge
from marl_bridge import train
from marl_bridge.learners.schedules import Schedule

SEEDS = range(20)


class AgainstFixedPlay(ParallelEnv):
    """One agent, one action an episode, against an opponent whose actions were fixed in advance."""

    metadata: ClassVar[dict[str, Any]] = {"name": "against_fixed_play"}

    def __init__(self, payoffs: np.ndarray, actions: Sequence[int]) -> None:
        self.possible_agents, self.agents = ["learner"], []
        self.payoffs, self.actions, self.round = payoffs, actions, 0

    def observation_space(self, agent: str) -> Discrete:
        return Discrete(1)

    def action_space(self, agent: str) -> Discrete:
        return Discrete(len(self.payoffs))

    def reset(self, seed: int | None = None, options: Any = None) -> tuple[dict, dict]:
        self.agents = ["learner"]
        return {"learner": np.int64(0)}, {"learner": {}}

    def step(self, actions: dict[str, int]) -> tuple[dict, ...]:
        earned = float(self.payoffs[actions["learner"], self.actions[self.round]])
        self.round, self.agents = self.round + 1, []
        over, here = {"learner": True}, {"learner": np.int64(0)}
        return here, {"learner": earned}, over, {"learner": False}, {"learner": {}}


def rows(training: Any) -> list[np.ndarray]:
    """Each agent's policy in a game of one observation."""
    return [next(iter(policy.table.values())) for policy in training.policies.values()]


def ends_at(game: gt.NormalFormGame, learner: str, seed: int, **options: Any) -> float:
    """What the most probable joint action pays the first player at the end."""
    training = train(game, learner, seed=seed, **options)
    return float(game.payoffs[0][tuple(int(row.argmax()) for row in rows(training))])


ROUNDS = 1500
SEQUENCES = {
    "always the same": [0] * ROUNDS,
    "by turns": [0, 1] * (ROUNDS // 2),
    "changed in the middle": [0] * (ROUNDS // 2) + [1] * (ROUNDS // 2),
    "a random one": np.random.default_rng(0).integers(2, size=ROUNDS).tolist(),
}


@pytest.mark.parametrize("actions", SEQUENCES.values(), ids=SEQUENCES)
def test_exp3_keeps_its_bound_against_actions_fixed_in_advance(actions: list[int]) -> None:
    # Auer et al. (2002), theorem 3.1; gains lie in [0, 1].
    payoffs, gamma = np.array([[1.0, 0.0], [0.0, 1.0], [0.4, 0.4]]), 0.1
    best = payoffs[:, actions].sum(axis=1).max()
    bound = (math.e - 1) * gamma * best + len(payoffs) * math.log(len(payoffs)) / gamma
    regrets = []
    for seed in SEEDS:
        training = train(
            lambda: AgainstFixedPlay(payoffs, actions), "exp3",
            episodes=ROUNDS, seed=seed, exploration=gamma, payoff_range=(0.0, 1.0),
        )  # fmt: skip
        blocks = np.diff(training.trace.episodes, prepend=0)
        regrets.append(best - training.trace.returns[:, 0] @ blocks)
    assert np.mean(regrets) <= bound


@pytest.mark.parametrize("learner", ["boltzmann-q", "frequency-adjusted-q"])
@pytest.mark.parametrize("name", ["matching_pennies", "stag_hunt", "battle_of_the_sexes"])
def test_softmax_learners_settle_at_logit_equilibria(name: str, learner: str) -> None:
    game = gt.catalog.load(name)
    for seed in SEEDS:
        training = train(
            game, learner, episodes=100_000, seed=seed,
            temperature=Schedule(1.0, 1.0), step_size=Schedule(0.05, 0.0002),
        )  # fmt: skip
        strategies = rows(training)
        for player, row in enumerate(strategies):
            values = game.deviation_payoffs(gt.MixedProfile(strategies), player)
            response = np.exp(values - values.max())
            assert np.abs(row - response / response.sum()).max() < 0.03, (seed, player)


def test_regrets_of_regret_matching_fall() -> None:
    shapley = gt.catalog.load("shapley")
    early, late = (
        np.array([train(shapley, "regret-matching", episodes=n, seed=s).trace.regrets[-1].max()
                  for s in SEEDS])
        for n in (200, 200_000)
    )  # fmt: skip
    assert late.max() < early.mean() / 2
    # Two per cent of the play is uniform at the end, fifteen on the average: it costs a share.
    assert late.max() < 0.16 * np.ptp(shapley.payoffs)


def decisions(leaves: np.ndarray) -> gt.ExtensiveFormGame:
    """One player's tree: each axis of the leaves is a choice."""
    tree = gt.GameTree(["alone"])
    open_nodes = [(tree.root, leaves)]
    while open_nodes:
        node, below = open_nodes.pop()
        if not below.ndim:
            node.terminal([float(below)])
            continue
        actions = [str(k) for k in range(len(below))]
        branches = node.decision("alone", f"set {len(open_nodes)} {below.tobytes().hex()}", actions)
        open_nodes += zip(branches.values(), below, strict=True)
    return tree.build()


@pytest.mark.parametrize("learner", ["independent-q", "hysteretic-q", "lenient-q"])
def test_a_learner_alone_decides_for_the_best(learner: str) -> None:
    leaves = np.random.default_rng(3).normal(size=(3, 3, 3))
    game = decisions(leaves)
    for seed in SEEDS:
        training = train(game, learner, episodes=1000, seed=seed)
        value = marl_bridge.estimate(game, training.policies, episodes=1)
        assert value.returns["alone"].value == pytest.approx(leaves.max())


# Known failures


@pytest.mark.parametrize("seed", SEEDS)
def test_independent_learners_miss_the_best_of_the_climbing_game(seed: int) -> None:
    climbing = gt.catalog.load("climbing")
    assert ends_at(climbing, "independent-q", seed, episodes=4000) in {5.0, 6.0}
    assert ends_at(climbing, "central-q", seed, episodes=1000) == 11.0


@pytest.mark.parametrize("seed", SEEDS)
def test_a_harsh_penalty_leaves_independent_learners_at_the_safe_action(seed: int) -> None:
    harsh = gt.catalog.load("penalty", k=-100)
    assert ends_at(harsh, "independent-q", seed, episodes=4000) == 2.0
    assert ends_at(harsh, "central-q", seed, episodes=1000) == 10.0
