"""Learners that train together and act apart: closed forms, and what they can and cannot learn."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import gametheory as gt
from gametheory.errors import UnsupportedGame
from marl_bridge import estimate, train
from marl_bridge.environments.opening import open_environment
from marl_bridge.errors import InvalidEnvironment
from marl_bridge.learners.central_training import CentralTrainingLearner
from marl_bridge.learners.qmix import mix, mix_gradients
from marl_bridge.learners.registry import find_learner
from marl_bridge.learners.schedules import Schedule
from tests.marl_bridge.environments import Coordination

CLIMBING, DILEMMA = (gt.catalog.load(name) for name in ("climbing", "prisoners_dilemma"))
NEW = ("centralized-critic", "phc", "qmix", "vdn")
EVERYTHING = Schedule(1.0, 1.0)
BASELINES = ("state", "counterfactual")
SEEDS = range(20)


def common(table, n_players=2):
    """Make a game in which all earn the same."""
    return gt.NormalFormGame([table] * n_players)


def start(game, name, episodes, seed=0, env_kwargs=None, **options) -> CentralTrainingLearner:
    source = open_environment(game, env_kwargs=env_kwargs or {})
    learner = find_learner(name).start(source, episodes=episodes, seed=seed, **options)
    for _ in range(episodes):
        learner.run_episode()
    return learner


def joint_values(learner, scene):
    """Return the value of every joint action."""
    found = np.zeros([len(entry.legal) for entry in scene.entries])
    for joint in np.ndindex(*found.shape):
        own = [e.values[e.legal[k]] for e, k in zip(scene.entries, joint, strict=True)]
        found[joint] = learner.total(scene, own)
    return found


def only(learner):
    """Return the one scene of a game of one round."""
    (scene,) = learner.scenes.values()
    return scene


def greedy(learner, scene):
    return tuple(int(learner.row(entry).argmax()) for entry in scene.entries)


def additive_fit(table):
    """Return the least-squares fit of a table by a sum of functions of one action each."""
    cells = list(np.ndindex(*table.shape))
    columns = [(axis, k) for axis, m in enumerate(table.shape) for k in range(m)]
    design = np.array([[float(cell[axis] == k) for axis, k in columns] for cell in cells])
    return (design @ (np.linalg.pinv(design) @ table.ravel())).reshape(table.shape)


# VDN


@pytest.mark.parametrize("shape", [(2, 2), (2, 3), (3, 2, 2)])
def test_at_the_additive_fit_and_only_there_corrections_cancel(shape):
    table = np.random.default_rng(len(shape)).normal(size=shape)
    learner = start(common(table, len(shape)), "vdn", 1)
    scene = only(learner)
    # The fit's own parts: means over the other axes, less the common mean but for the first one.
    for axis, entry in enumerate(scene.entries):
        rest = tuple(a for a in range(table.ndim) if a != axis)
        entry.values = (table.mean(axis=rest) - (table.mean() if axis else 0.0)).tolist()
    assert_allclose(joint_values(learner, scene), additive_fit(table), atol=1e-12)

    def mean_correction():
        before = [list(entry.values) for entry in scene.entries]
        moved = [np.zeros(m) for m in shape]
        for cell in np.ndindex(*shape):
            learner.correct(scene, cell, float(table[cell]), 0.5)
            for axis, (entry, old) in enumerate(zip(scene.entries, before, strict=True)):
                moved[axis] += np.array(entry.values) - old
                entry.values = list(old)
        return max(np.abs(change).max() for change in moved)

    assert mean_correction() < 1e-12
    scene.entries[-1].values[0] += 0.1
    assert mean_correction() > 1e-3


@pytest.mark.parametrize("shape", [(2, 2), (3, 3)])
def test_vdn_tends_to_the_least_squares_additive_fit(shape):
    errors = []
    for seed in SEEDS:
        table = np.random.default_rng(seed).normal(size=shape)
        learner = start(common(table), "vdn", 1_000, seed, exploration=EVERYTHING, step_size=0.6)
        error = joint_values(learner, only(learner)) - additive_fit(table)
        errors.append(np.sqrt((error**2).mean()) / table.std())
    # What noise remains is of the order of the square root of the last step, 0.016.
    assert max(errors) < 0.25 and np.mean(errors) < 0.1


def test_vdn_picks_the_best_of_the_fit_in_the_climbing_game():
    best = np.unravel_index(additive_fit(CLIMBING.payoffs[0]).argmax(), (3, 3))
    assert CLIMBING.payoffs[0][best] == 5.0
    for seed in SEEDS:
        learner = start(CLIMBING, "vdn", 500, seed, exploration=EVERYTHING, step_size=0.6)
        assert greedy(learner, only(learner)) == best


def test_a_team_serves_its_mean_reward():
    for seed in SEEDS:
        policies = train(DILEMMA, "vdn", episodes=300, seed=seed).policies
        for policy in policies.values():
            assert_array_equal(next(iter(policy.table.values())), [1.0, 0.0])  # both cooperate


def test_one_agent_at_a_time_is_backward_induction():
    tree = gt.GameTree(["first", "second"])
    payoffs = iter([3, 1, 0, 4])
    for mine, node in tree.root.decision("first", "start", ["left", "right"]).items():
        for end in node.decision("second", f"saw {mine}", ["left", "right"]).values():
            end.terminal([payoff := next(payoffs), payoff])
    for seed in SEEDS:
        learner = start(
            tree.build(), "vdn", 60, seed, step_size=0.0, exploration=EVERYTHING, discount=1.0
        )
        values = sorted(entry.values for s in learner.scenes.values() for entry in s.entries)
        assert values == [[0.0, 4.0], [3.0, 1.0], [3.0, 4.0]]


# QMIX


@pytest.mark.parametrize("n_agents", [1, 2, 3])
@pytest.mark.parametrize("n_hidden", [1, 4])
def test_gradients_of_mixing_are_those_of_finite_differences(n_agents, n_hidden):
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        weights, values = rng.normal(size=n_hidden * (n_agents + 2)), rng.normal(size=n_agents)
        total, by_weights, by_values = mix_gradients(weights, values)
        assert total == mix(weights, values)
        step = 1e-6
        for k, slope in enumerate(by_weights):
            move = step * (np.arange(len(weights)) == k)
            found = (mix(weights + move, values) - mix(weights - move, values)) / (2 * step)
            assert slope == pytest.approx(found, rel=1e-5, abs=1e-7)
        for k, slope in enumerate(by_values):
            move = step * (np.arange(n_agents) == k)
            found = (mix(weights, values + move) - mix(weights, values - move)) / (2 * step)
            assert slope == pytest.approx(found, rel=1e-5, abs=1e-7)


def test_mixing_is_monotone_so_that_own_best_actions_are_a_best_joint_action():
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        learner = start(common(rng.normal(size=(3, 2, 4)), 3), "qmix", 50, seed)
        scene = only(learner)
        scene.kept[:] = rng.normal(size=len(scene.kept)) * 3
        for entry in scene.entries:
            entry.values = rng.normal(size=len(entry.values)).tolist()
        table = joint_values(learner, scene)
        for axis, entry in enumerate(scene.entries):
            rising = table.take(np.argsort(entry.values), axis=axis)
            assert np.diff(rising, axis=axis).min() >= -1e-12
        assert table[greedy(learner, scene)] == pytest.approx(table.max(), abs=1e-12)


def test_a_correction_removes_its_share_of_the_error():
    learner = start(common([[0, 1], [1, 8]]), "qmix", 50)
    scene = only(learner)
    before = joint_values(learner, scene)[1, 0]
    learner.correct(scene, (1, 0), before + 1e-4, 0.3)
    assert joint_values(learner, scene)[1, 0] - before == pytest.approx(0.3e-4, rel=1e-2)


@pytest.mark.parametrize(("unit", "zero"), [(1.0, 0.0), (100.0, -777.0), (0.01, 5.0)])
def test_qmix_represents_monotone_payoffs_that_no_sum_does(unit, zero):
    table = unit * np.array([[0.0, 1.0], [1.0, 8.0]]) + zero
    misfit = np.abs(additive_fit(table) - table).max()
    assert misfit == pytest.approx(1.5 * unit)
    for seed in range(5):
        learner = start(common(table), "qmix", 1_000, seed, exploration=EVERYTHING)
        assert np.abs(joint_values(learner, only(learner)) - table).max() < 0.05 * unit


def test_qmix_cannot_represent_payoffs_that_are_not_monotone():
    # Whatever the actions' orders, the lowest cell and the two between have to rise, and hold
    # 1, 0, 0 (or 0, 1, 1 seen from the highest cell): pooled at 1/3 they miss by 2/3 in squares.
    least = 2 / 3
    for seed in range(5):
        learner = start(common(np.eye(2)), "qmix", 1_000, seed, exploration=EVERYTHING)
        error = joint_values(learner, only(learner)) - np.eye(2)
        assert (error**2).sum() >= least - 1e-9


def test_monotone_values_miss_the_best_of_the_climbing_game():
    found = []
    for seed in range(5):
        learner = start(CLIMBING, "qmix", 1_000, seed, exploration=EVERYTHING)
        found.append(CLIMBING.payoffs[0][greedy(learner, only(learner))])
    assert max(found) < 11.0


# The two-step game of Rashid et al. (2018): the first agent's first action decides what is played


def two_step():
    ends, follow = np.zeros((2, 2, 3)), np.zeros((2, 2, 3))
    follow[0, :, 1] = follow[1, :, 2] = 1
    stages = [np.zeros((2, 2)), np.full((2, 2), 7), np.array([[0, 1], [1, 8]])]
    return gt.StochasticGame(
        [[stage, stage] for stage in stages], [follow, ends, ends], "1/2", states=["1", "2A", "2B"]
    )


STEPS = {"stop_by_chance": False}  # returns are not discounted


def tables_by_state(learner):
    scenes = sorted(learner.scenes.values(), key=lambda scene: scene.entries[0].key)
    return [joint_values(learner, scene) for scene in scenes], [greedy(learner, s) for s in scenes]


def test_in_the_two_step_game_vdn_takes_seven():
    fitted = np.array([[-1.5, 2.5], [2.5, 6.5]])  # of the last stage
    assert_allclose(additive_fit(np.array([[0.0, 1.0], [1.0, 8.0]])), fitted, atol=1e-12)
    for seed in SEEDS:
        learner = start(
            two_step(), "vdn", 700, seed, STEPS, exploration=EVERYTHING, step_size=0.6, discount=1.0
        )
        (first, sure, last), actions = tables_by_state(learner)
        assert_allclose(last, fitted, atol=0.9)
        assert_allclose(sure, 7.0, atol=0.05)
        assert_allclose(first, [[7.0, 7.0], [6.5, 6.5]], atol=0.9)
        assert actions[0][0] == 0 and actions[2] == (1, 1)


def test_in_the_two_step_game_qmix_takes_eight():
    for seed in range(10):
        learner = start(two_step(), "qmix", 800, seed, STEPS, exploration=EVERYTHING, discount=1.0)
        (first, sure, last), actions = tables_by_state(learner)
        assert_allclose(last, [[0, 1], [1, 8]], atol=0.4)
        assert_allclose(sure, 7.0, atol=0.2)
        assert_allclose(first, [[7, 7], [8, 8]], atol=0.4)
        assert actions[0][0] == 1 and actions[2] == (1, 1)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["vdn", "qmix"])
def test_teams_take_all_food_and_meet(name):
    for seed in range(3):
        returns = train("worlds/foraging", name, episodes=1_500, seed=seed).trace.returns
        assert returns[-5:].sum(axis=1).mean() > 0.95  # of 1
        returns = train("worlds/coordination-grid", name, episodes=1_500, seed=seed).trace.returns
        assert returns[-5:].mean() > 1.0 > 0.0 > returns[:5].mean()


# Centralized critics


@pytest.mark.parametrize("baseline", BASELINES)
@pytest.mark.parametrize("shape", [(3,), (2, 3), (2, 2, 3)])
def test_with_exact_critics_actors_follow_their_own_gradients_on_average(baseline, shape):
    rng = np.random.default_rng(7)
    game = gt.NormalFormGame(rng.normal(size=(len(shape), *shape)))
    learner = start(
        game, "centralized-critic", 1, baseline=baseline, critic_step_size=0.0,
        step_size=Schedule(0.5, 0.5),
    )  # fmt: skip
    scene = only(learner)
    preferences = [rng.normal(size=m) for m in shape]
    strategies = [np.exp(p) / np.exp(p).sum() for p in preferences]
    profile = gt.MixedProfile(strategies)
    worth = np.array(game.expected_payoffs(profile), dtype=float)
    scene.kept[:] = game.payoffs if baseline == "counterfactual" else worth
    moved = [np.zeros(m) for m in shape]
    for cell in np.ndindex(*shape):
        for entry, own, row in zip(scene.entries, preferences, strategies, strict=True):
            entry.values, entry.chances = own.tolist(), row.tolist()
        learner.teach(scene, cell, game.payoffs[(slice(None), *cell)].tolist(), None)
        weight = np.prod([row[k] for row, k in zip(strategies, cell, strict=True)])
        for axis, (entry, own) in enumerate(zip(scene.entries, preferences, strict=True)):
            moved[axis] += weight * (np.array(entry.values) - own)
    for player, (row, change) in enumerate(zip(strategies, moved, strict=True)):
        deviations = np.array(game.deviation_payoffs(profile, player), dtype=float)
        assert_allclose(change, 0.5 * row * (deviations - worth[player]), atol=1e-12)


def test_counterfactual_advantages_are_zero_on_average():
    game = gt.NormalFormGame(np.random.default_rng(2).normal(size=(2, 3, 2)))
    learner = start(game, "centralized-critic", 50, baseline="counterfactual")
    scene = only(learner)
    first, second = (np.array(entry.chances) for entry in scene.entries)
    found = np.array([[learner._advantages(scene, (a, b)) for b in range(2)] for a in range(3)])
    assert np.abs(found).max() > 0.01
    assert_allclose(first @ found[:, :, 0], 0.0, atol=1e-12)
    assert_allclose(found[:, :, 1] @ second, 0.0, atol=1e-12)


def test_critics_learn_what_joint_actions_and_what_follows_are_worth():
    for seed in SEEDS:
        payoffs = np.random.default_rng(seed).normal(size=(2, 2, 2))
        learner = start(
            gt.NormalFormGame(payoffs), "centralized-critic", 60, seed, baseline="counterfactual",
            critic_step_size=1.0, step_size=Schedule(1e-9, 1e-9),
        )  # fmt: skip
        assert_allclose(only(learner).kept, payoffs, atol=1e-12)
    for baseline in BASELINES:
        learner = start(
            two_step(), "centralized-critic", 60, 0, STEPS, baseline=baseline,
            critic_step_size=1.0, step_size=Schedule(1e-9, 1e-9), discount=0.5,
        )  # fmt: skip
        scenes = sorted(learner.scenes.values(), key=lambda scene: scene.entries[0].key)
        assert_allclose(scenes[1].kept, 7.0)
        if baseline == "counterfactual":  # uniform actors: 7 or the mean of the last stage
            assert_allclose(scenes[0].kept, [[[3.5, 3.5], [1.25, 1.25]]] * 2, atol=1e-6)


@pytest.mark.parametrize("baseline", BASELINES)
def test_centralized_critics_find_dominant_actions(baseline):
    for seed in range(5):
        training = train(DILEMMA, "centralized-critic", episodes=800, seed=seed, baseline=baseline)
        assert all(next(iter(p.table.values()))[1] > 0.9 for p in training.policies.values())


@pytest.mark.slow
@pytest.mark.parametrize("baseline", BASELINES)
def test_centralized_critics_find_the_best_of_the_climbing_game_now_and_then(baseline):
    found = []
    for seed in SEEDS:
        learner = start(CLIMBING, "centralized-critic", 5_000, seed, baseline=baseline)
        found.append(CLIMBING.payoffs[0][greedy(learner, only(learner))])
    assert 0 < found.count(11.0) < 20
    assert min(found) > 0.0  # and avoid what pays nothing or less


# Policy hill climbing


def test_policies_climb_by_their_step():
    learner = start(gt.NormalFormGame(np.zeros((1, 3))), "phc", 1, policy_step=0.05)
    (table,) = learner.tables.values()
    (entry,) = table.entries.values()
    entry.policy, entry.values = [1 / 3] * 3, [0.0, 2.0, 1.0]
    for k in range(1, 31):
        learner.learn(entry, 0, entry.values[0], None)
        best = min(1.0, 1 / 3 + 0.05 * k)
        rest = (1 - best) / 2
        assert_allclose(entry.policy, [rest, best, rest], atol=1e-12)


def test_phc_is_wolf_phc_that_neither_wins_nor_loses():
    game = gt.catalog.load("rock_paper_scissors")
    for seed in range(3):
        first = train(game, "phc", episodes=300, seed=seed, policy_step=0.01)
        second = train(game, "wolf-phc", episodes=300, seed=seed, winning=0.01, losing=0.01)
        assert first.policies == second.policies


def test_phc_finds_dominant_actions():
    for seed in SEEDS:
        policies = train(DILEMMA, "phc", episodes=500, seed=seed, policy_step=0.01).policies
        assert all(next(iter(p.table.values()))[1] > 0.9 for p in policies.values())


# What they share


@pytest.mark.parametrize("name", NEW)
@pytest.mark.parametrize("game", ["matching_pennies", "tree"])
def test_equal_seeds_learn_the_same(name, game):
    kwargs = {"rounds": 3, "memory": 1}
    played = gt.catalog.load("matching_pennies")
    if game == "tree":
        kwargs, played = {}, gt.catalog.load("kuhn_poker")
    first, second, other = (
        train(played, name, episodes=40, seed=seed, env_kwargs=kwargs) for seed in (0, 0, 1)
    )
    assert first.policies == second.policies
    assert_array_equal(first.trace.returns, second.trace.returns)
    assert not np.array_equal(first.trace.returns, other.trace.returns)


@pytest.mark.parametrize("name", NEW)
@pytest.mark.parametrize("options", [{}, {"baseline": "counterfactual"}])
def test_masks_are_kept_and_policies_can_be_played(name, options):
    if options and name != "centralized-critic":
        return
    for make in (Coordination, "classic/tictactoe-v3"):
        training = train(make, name, episodes=20, seed=0, **options)
        assert estimate(make, training.policies, episodes=3).returns.keys() == set(
            training.policies
        )


@pytest.mark.parametrize("name", NEW)
def test_a_restored_learner_goes_on_alike(name):
    options = {"baseline": "counterfactual"} if name == "centralized-critic" else {}
    first, second = (start(two_step(), name, 40, 3, STEPS, **options) for _ in range(2))
    kept = first.state()
    for learner in (second, start(two_step(), name, 40, 9, STEPS, **options)):
        learner.restore(kept)
        returns = [learner.run_episode() for _ in range(5)]
        if learner is second:
            expected, policies = returns, learner.policies()
            kept = start(two_step(), name, 40, 3, STEPS, **options).state()
    assert returns == expected and learner.policies() == policies


def test_options_that_make_no_sense_are_refused():
    for learner, options, match in (
        ("vdn", {"exploration": Schedule(2.0, 0.0)}, "exploration"),
        ("vdn", {"step_size": 1.5}, "step_size"),
        ("qmix", {"hidden": 0}, "hidden"),
        ("qmix", {"mixing": 3}, "does not take"),
        ("centralized-critic", {"baseline": "value"}, "'state' or 'counterfactual'"),
        ("centralized-critic", {"critic_step_size": 2.0}, "critic_step_size"),
        ("centralized-critic", {"step_size": Schedule(0.0, 0.0)}, "step_size"),
        ("phc", {"policy_step": -1.0}, "policy_step"),
        ("phc", {"winning": 0.1}, "does not take"),
    ):
        with pytest.raises(InvalidEnvironment, match=match):
            train(DILEMMA, learner, episodes=5, **options)
    many = gt.NormalFormGame(np.zeros((1, 100_001)))
    with pytest.raises(UnsupportedGame, match="100,001 joint actions"):
        train(many, "centralized-critic", episodes=1, baseline="counterfactual")
