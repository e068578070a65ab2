"""Learners of joint actions: stages against exact solutions, and what theory promises of values."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pytest
from gymnasium.spaces import Box, Dict, Discrete
from numpy.testing import assert_allclose, assert_array_equal
from pettingzoo import ParallelEnv

import gametheory as gt
from gametheory.concepts.stochastic import player_regrets
from gametheory.errors import UnsupportedGame
from marl_bridge import train
from marl_bridge.environments.opening import open_environment
from marl_bridge.errors import InvalidEnvironment
from marl_bridge.learners.joint import JointLearner
from marl_bridge.learners.registry import find_learner
from marl_bridge.learners.schedules import Schedule
from marl_bridge.learners.stage_games import best_correlated, equilibrium, minimax, product
from marl_bridge.policies.stationary import stationary_profile

PENNIES = gt.catalog.load("matching_pennies")
CHICKEN = gt.catalog.load("chicken")
EVERYTHING = Schedule(1.0, 1.0)
SEEDS = range(20)


def start(game, name, episodes, seed=0, **options) -> JointLearner:
    """Train a learner and return it, with its stages."""
    kwargs = {}
    if isinstance(game, gt.StochasticGame) and game.title == "layered":  # it ends by itself
        kwargs, options["discount"] = {"max_steps": 4}, float(game.discount)
    source = open_environment(game, env_kwargs=kwargs)
    learner = find_learner(name).start(source, episodes=episodes, seed=seed, **options)
    for _ in range(episodes):
        learner.run_episode()
    return learner


def values(learner) -> np.ndarray:
    """Return the stages' values by the number of the state, shape (n_agents, n_states)."""
    found = sorted(
        (int(stage.keys[0][1:-1]), learner.solution(stage).values)
        for stage in learner.stages.values()
    )
    return np.array([value for _, value in found]).T


def layered(seed, make_stage, n_players=2, m=2):
    """Make a deterministic game in three steps: start, one of three states, one of three, over."""
    rng = np.random.default_rng(seed)
    stages = [make_stage(rng, (n_players, *[m] * n_players)) for _ in range(7)]
    transitions = []
    for first, last in [(1, 4), *[(4, 7)] * 3, *[(0, 0)] * 3]:
        row = np.zeros((*[m] * n_players, 7))
        if last:
            # Every state is reached, as each appears once at least.
            n_cells = m**n_players
            following = rng.permutation(np.resize(np.arange(first, last), n_cells))
            row.reshape(n_cells, 7)[np.arange(n_cells), following] = 1
        transitions.append(row)
    return gt.StochasticGame(stages, transitions, "3/4", title="layered")


def zero_sum(rng, shape):
    payoffs = rng.integers(-9, 10, size=shape[1:])
    return np.array([payoffs, -payoffs])


def common(rng, shape):
    return np.repeat(rng.permutation(np.arange(np.prod(shape[1:]))).reshape(1, *shape[1:]), 2, 0)


# Stages


@pytest.mark.parametrize("shape", [(1, 3), (2, 2), (3, 2), (4, 4), (7, 5)])
def test_minimax_agrees_with_the_exact_value(shape):
    rng = np.random.default_rng(sum(shape))
    for k in range(15):
        payoffs = rng.integers(-3, 4, size=shape).astype(float) * 10.0 ** (k % 5 - 2) + k
        value, row, column = minimax(payoffs)
        exact = gt.solve(gt.NormalFormGame.zero_sum(payoffs), "minimax").payoffs[0]
        scale = max(1.0, np.abs(payoffs).max())
        assert abs(value - float(exact)) < 1e-9 * scale
        assert (row @ payoffs).min() >= value - 1e-9 * scale
        assert (payoffs @ column).max() <= value + 1e-9 * scale


@pytest.mark.parametrize("shape", [(1, 3), (2, 2), (3, 4), (2, 2, 2)])
def test_equilibria_are_equilibria_and_the_best_pure_one_if_any(shape):
    rng = np.random.default_rng(sum(shape))
    mixed = 0
    for _ in range(25):
        payoffs = rng.integers(0, 6, size=(len(shape), *shape)).astype(float)
        strategies = equilibrium(payoffs, payoffs.sum(axis=0))
        game = gt.NormalFormGame(payoffs)
        assert gt.max_regret(game, gt.MixedProfile(strategies)) < 1e-9
        stable = gt.solve(game, "pure-nash", find="all").equilibria
        if stable:
            best = max(sum(game.expected_payoffs(p)) for p in stable)
            assert sum(game.expected_payoffs(gt.MixedProfile(strategies))) == pytest.approx(best)
        mixed += not stable
        again = equilibrium(payoffs, payoffs.sum(axis=0))
        assert all(map(np.array_equal, strategies, again))
    assert mixed or 1 in shape


@pytest.mark.parametrize("shape", [(2, 2), (3, 3), (2, 3, 2), (13, 13)])
@pytest.mark.parametrize(
    ("objective", "exactly"), [("utilitarian", "welfare"), ("egalitarian", "egalitarian")]
)
def test_correlated_equilibria_are_exactly_the_best(shape, objective, exactly):
    rng = np.random.default_rng(sum(shape))
    for k in range(2 if len(shape) == 2 and shape[0] > 9 else 10):
        payoffs = (
            rng.integers(0, 4, size=(len(shape), *shape)).astype(float)
            if k % 2
            else rng.normal(size=(len(shape), *shape)).round(3) * 100
        )
        game = gt.NormalFormGame(payoffs)
        joint = best_correlated(payoffs, payoffs, objective)
        assert joint.min() >= 0 and joint.sum() == pytest.approx(1)
        assert gt.ce_gap(game, joint) < 1e-7 * np.ptp(payoffs)
        best = gt.solve(game, "correlated", objective=exactly).profile.probabilities
        reached, wanted = (np.tensordot(payoffs, d, axes=d.ndim) for d in (joint, best))
        if objective == "utilitarian":
            assert reached.sum() == pytest.approx(wanted.sum(), rel=1e-7, abs=1e-7)
        else:
            assert reached.min() == pytest.approx(wanted.min(), rel=1e-7, abs=1e-7)


# Central Q-learning


@pytest.mark.parametrize(("name", "best"), [("climbing", 11), ("penalty", 10)])
def test_central_q_finds_the_team_optimum(name, best):
    game = gt.catalog.load(name)
    for seed in SEEDS:
        policies = train(game, "central-q", episodes=300, seed=seed).policies
        assert team_payoff(game, policies) == best


@pytest.mark.slow
@pytest.mark.parametrize(("name", "best"), [("climbing", 11), ("penalty", 10)])
def test_central_q_finds_the_team_optimum_60_times_of_60(name, best):
    game = gt.catalog.load(name)
    for seed in range(60):
        policies = train(game, "central-q", episodes=2_000, seed=seed).policies
        assert team_payoff(game, policies) == best


def team_payoff(game, policies) -> float:
    rows = [next(iter(policies[agent].table.values())) for agent in game.players]
    return float(game.expected_payoffs(gt.MixedProfile(rows))[0])


# Minimax-Q


def test_minimax_q_is_exact_where_nothing_is_left_to_chance():
    for seed in SEEDS:
        game = layered(seed, zero_sum)
        truth = game.values(gt.solve(game, "minimax").profile)
        # Steps of one: values are final from the end backwards, once all was tried.
        learner = start(game, "minimax-q", 400, seed, step_size=0.0, exploration=EVERYTHING)
        assert_allclose(values(learner), truth, atol=1e-7)


def test_minimax_q_plays_rock_paper_scissors_uniformly():
    game = gt.catalog.load("rock_paper_scissors")
    for seed in SEEDS:
        training = train(game, "minimax-q", episodes=150, seed=seed, step_size=0.8)
        for policy in training.policies.values():
            assert_allclose(next(iter(policy.table.values())), 1 / 3, atol=1e-9)


def chancy(seed):
    """Make a zero-sum game of three states in which chance leads from any to any."""
    rng = np.random.default_rng(seed)
    following = rng.integers(1, 4, size=(3, 2, 2, 3)).astype(float)
    following /= following.sum(axis=-1, keepdims=True)
    return gt.StochasticGame([zero_sum(rng, (2, 2, 2)) for _ in range(3)], list(following), "1/2")


def test_minimax_q_comes_close_to_the_value_where_chance_decides():
    for seed in range(3):
        game = chancy(seed)
        truth = game.values(gt.solve(game, "minimax").profile)
        learner = start(game, "minimax-q", 3_000, seed, step_size=0.8, exploration=EVERYTHING)
        assert np.abs(values(learner) - truth).max() < 0.05 * game.payoff_range


@pytest.mark.slow
def test_minimax_q_converges_to_the_value_where_chance_decides():
    for seed in SEEDS:
        game = chancy(seed)
        truth = game.values(gt.solve(game, "minimax").profile)
        learner = start(game, "minimax-q", 12_000, seed, step_size=0.8, exploration=EVERYTHING)
        assert np.abs(values(learner) - truth).max() < 0.025 * game.payoff_range


@pytest.mark.slow
def test_minimax_q_learns_to_play_soccer():
    source = open_environment("worlds/soccer", env_kwargs={"width": 3, "height": 2})
    env = source.new().unwrapped
    assert gt.StochasticGame is type(env.game) and env.stop_by_chance
    learner = find_learner("minimax-q").start(
        source, episodes=30_000, step_size=0.8, exploration=EVERYTHING
    )
    for _ in range(30_000):
        learner.run_episode()
    profile = stationary_profile(env, learner.policies())
    # A goal is worth one; who plays at random can be beaten by almost two.
    assert player_regrets(env.game, profile).max() < 0.2


def test_minimax_q_takes_turns():
    # The second player sees what the first one did, so it wins: the value is -1.
    tree = gt.GameTree(["first", "second"])
    for mine, node in tree.root.decision("first", "start", ["heads", "tails"]).items():
        for yours, end in node.decision("second", f"saw {mine}", ["heads", "tails"]).items():
            end.terminal([1, -1] if mine == yours else [-1, 1])
    learner = start(tree.build(), "minimax-q", 60, step_size=0.0)
    (opening,) = [stage for stage in learner.stages.values() if stage.acting == (0,)]
    assert learner.solution(opening).values == [-1.0, 1.0]


def test_minimax_q_refuses_what_is_not_zero_sum_between_two():
    with pytest.raises(UnsupportedGame, match="returns that sum to zero"):
        train(CHICKEN, "minimax-q", episodes=20)
    three = gt.NormalFormGame(np.zeros((3, 2, 2, 2)))
    with pytest.raises(UnsupportedGame, match="3 agents"):
        train(three, "minimax-q", episodes=1)


# Nash-Q


def test_nash_q_finds_the_values_of_global_optima():
    for seed in SEEDS:
        game = layered(seed, common)
        learner = start(game, "nash-q", 400, seed, step_size=0.0, exploration=EVERYTHING)
        assert_allclose(values(learner), best_values(game), atol=1e-9)


def best_values(game) -> np.ndarray:
    """Return what a team can earn at most from each state on, from the last states backwards."""
    found = np.zeros((game.n_players, game.n_states))
    for state in reversed(range(game.n_states)):
        tensor = game.stage_tensors(found)[state]
        found[:, state] = tensor.reshape(game.n_players, -1).max(axis=1)
    return found


def test_nash_q_finds_the_values_of_saddle_points():
    for seed in SEEDS:
        game = layered(seed, zero_sum)
        truth = game.values(gt.solve(game, "minimax").profile)
        learner = start(game, "nash-q", 400, seed, step_size=0.0, exploration=EVERYTHING)
        assert_allclose(values(learner), truth, atol=1e-7)


def test_nash_q_in_turns_is_backward_induction():
    game = gt.catalog.load("centipede")
    for seed in SEEDS:
        learner = start(game, "nash-q", 300, seed, step_size=0.0, exploration=EVERYTHING)
        opening = next(iter(learner.stages.values()))
        exact = gt.solve(game, "subgame-perfect")
        assert learner.solution(opening).values == [float(p) for p in exact.payoffs]


# CE-Q


def test_utilitarian_ce_q_plays_the_best_correlated_equilibrium_of_chicken():
    game = gt.NormalFormGame.symmetric([[6, 2], [7, 0]])
    for seed in SEEDS:
        learner = start(game, "ce-q", 60, seed, step_size=0.0, exploration=EVERYTHING)
        (stage,) = learner.stages.values()
        found = learner.solution(stage)
        assert_allclose(found.joint, [[0.5, 0.25], [0.25, 0.0]], atol=1e-9)
        assert_allclose(found.values, 5.25, atol=1e-9)


def test_egalitarian_ce_q_shares_the_battle_of_the_sexes():
    game = gt.NormalFormGame.bimatrix([[2, 0], [0, 1]], [[1, 0], [0, 2]])
    learner = start(game, "ce-q", 60, step_size=0.0, objective="egalitarian")
    (stage,) = learner.stages.values()
    assert_allclose(learner.solution(stage).values, [1.5, 1.5], atol=1e-9)


@pytest.mark.parametrize("objective", ["utilitarian", "egalitarian"])
def test_in_every_stage_of_ce_q_nobody_gains_by_disobeying(objective):
    def general(rng, shape):
        return rng.integers(0, 10, size=shape)

    mixed = 0
    for seed in SEEDS:
        game = layered(seed, general)
        learner = start(game, "ce-q", 80, seed, objective=objective)
        for stage in learner.stages.values():
            found = learner.solution(stage)
            assert gt.ce_gap(gt.NormalFormGame(stage.values), found.joint) < 1e-7
            assert_allclose(found.values, (stage.values * found.joint).sum(axis=(1, 2)))
            mixed += found.joint.max() < 1 - 1e-9
    assert mixed  # pure ones alone would have proven little


def test_ce_q_knows_two_objectives():
    with pytest.raises(InvalidEnvironment, match="'utilitarian' or 'egalitarian'"):
        train(PENNIES, "ce-q", episodes=1, objective="libertarian")


# Friend-or-foe-Q


def test_friends_find_the_team_optimum_and_foes_the_value():
    climbing = gt.catalog.load("climbing")
    for seed in SEEDS:
        friends = train(climbing, "friend-or-foe-q", episodes=300, seed=seed, foes="none")
        assert team_payoff(climbing, friends.policies) == 11
        game = layered(seed, zero_sum)
        truth = game.values(gt.solve(game, "minimax").profile)
        learner = start(game, "friend-or-foe-q", 400, seed, step_size=0.0, exploration=EVERYTHING)
        assert_allclose(values(learner), truth, atol=1e-7)


def test_two_friends_against_a_foe_secure_what_they_can_together():
    rng = np.random.default_rng(5)
    table = rng.integers(-9, 10, size=(2, 2, 3))
    game = gt.NormalFormGame([table, table, -table], players=["ann", "bob", "foe"])
    foes = {"ann": ["foe"], "bob": ["foe"], "foe": ["ann", "bob"]}
    value = float(gt.solve(gt.NormalFormGame.zero_sum(table.reshape(4, 3)), "minimax").payoffs[0])
    learner = start(game, "friend-or-foe-q", 200, step_size=0.0, exploration=EVERYTHING, foes=foes)
    (stage,) = learner.stages.values()
    assert_allclose(learner.solution(stage).values, [value, value, -value], atol=1e-9)


@pytest.mark.parametrize("foes", ["some", {"player 0": ["player 0"]}, {"nobody": []}])
def test_foes_have_to_be_other_agents(foes):
    with pytest.raises(InvalidEnvironment, match="foes"):
        train(PENNIES, "friend-or-foe-q", episodes=1, foes=foes)


# Joint-action learning with agent models


def test_agent_models_weigh_values_as_defined():
    rng = np.random.default_rng(3)
    game = gt.NormalFormGame(rng.integers(-5, 6, size=(3, 2, 3, 2)))
    learner = start(game, "jal-am", 200, step_size=0.0, exploration=EVERYTHING)
    (stage,) = learner.stages.values()
    models = [stage.counts.sum(axis=axes) / 200 for axes in ((1, 2), (0, 2), (0, 1))]
    assert stage.counts.sum() == 200
    for agent, found in enumerate(learner.solution(stage).values):
        worth = np.zeros(game.n_actions[agent])
        for joint in np.ndindex(*game.n_actions):
            others = [models[j][joint[j]] for j in range(3) if j != agent]
            worth[joint[agent]] += game.payoffs[(agent, *joint)] * np.prod(others)
        assert found == pytest.approx(worth.max())
        assert learner.marginals(stage)[agent][worth.argmax()] == 1.0


def test_agent_modelling_plays_dominant_actions():
    game = gt.catalog.load("prisoners_dilemma")
    for seed in SEEDS:
        policies = train(game, "jal-am", episodes=200, seed=seed).policies
        for policy in policies.values():
            assert_array_equal(next(iter(policy.table.values())), [0.0, 1.0])


# What they share


@pytest.mark.parametrize(
    "name", ["central-q", "jal-am", "minimax-q", "nash-q", "ce-q", "friend-or-foe-q"]
)
def test_equal_seeds_learn_the_same(name):
    first, second, other = (
        train(PENNIES, name, episodes=40, seed=seed, env_kwargs={"rounds": 3, "memory": 1})
        for seed in (0, 0, 1)
    )
    assert first.policies == second.policies
    assert_array_equal(first.trace.returns, second.trace.returns)
    assert not np.array_equal(first.trace.returns, other.trace.returns)


def test_a_solution_is_kept_while_the_values_stay():
    learner = start(PENNIES, "minimax-q", 40, step_size=0.0, exploration=EVERYTHING)
    (stage,) = learner.stages.values()
    solution = learner.solution(stage)
    learner.run_episode()
    assert stage.solution is solution


class Narrowing(ParallelEnv):
    """Shows one number for two rounds; in the second one the first action is forbidden."""

    metadata: ClassVar = {"name": "narrowing"}

    def __init__(self, render_mode=None):
        self.possible_agents = ["one", "two"]
        space = Dict({"observation": Discrete(1), "action_mask": Box(0, 1, (3,), np.int8)})
        self.observation_spaces = dict.fromkeys(self.possible_agents, space)
        self.action_spaces = dict.fromkeys(self.possible_agents, Discrete(3))

    def observation_space(self, agent):
        return self.observation_spaces[agent]

    def action_space(self, agent):
        return self.action_spaces[agent]

    def _shown(self):
        mask = np.array([self.round == 0, 1, 1], dtype=np.int8)
        return {agent: {"observation": 0, "action_mask": mask} for agent in self.agents}

    def reset(self, seed=None, options=None):
        self.agents, self.round = list(self.possible_agents), 0
        return self._shown(), {agent: {} for agent in self.agents}

    def step(self, actions):
        assert self.round == 0 or 0 not in actions.values()
        live, earned = self.agents, float(sum(actions.values()) == self.round)
        self.round += 1
        over = self.round == 2
        shown = self._shown()
        self.agents = [] if over else live
        every = dict.fromkeys
        return shown, every(live, earned), every(live, over), every(live, False), every(live, {})


def test_where_other_actions_are_legal_is_another_state():
    learner = start(Narrowing, "central-q", 200, step_size=0.0, exploration=EVERYTHING)
    first, second = learner.stages.values()
    assert first.legal == ([0, 1, 2],) * 2 and second.legal == ([1, 2],) * 2
    # Two ones are the least that the second round allows, which is not one.
    assert learner.solution(first).values == [1.0, 1.0]
    assert learner.solution(second).values == [0.0, 0.0]


def test_steps_by_visits_average_what_was_earned():
    learner = start(PENNIES, "central-q", 30, step_size=1.0, exploration=EVERYTHING)
    (stage,) = learner.stages.values()
    assert_allclose(stage.values, PENNIES.payoffs)
    with pytest.raises(InvalidEnvironment, match="step_size is 2"):
        train(PENNIES, "central-q", episodes=1, step_size=2.0)


def test_products_are_joint_distributions():
    assert_allclose(product([[0.5, 0.5], [1.0], [0.25, 0.75]]).sum(), 1.0)
