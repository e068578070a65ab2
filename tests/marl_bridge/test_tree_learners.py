"""Learners on extracted trees: against plain versions, proven bounds, and fixed points."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import gametheory as gt
from gametheory.errors import UnsupportedGame
from marl_bridge import train
from marl_bridge.environments.opening import open_environment
from marl_bridge.errors import ExtractionRefused, InvalidEnvironment
from marl_bridge.learners.registry import find_learner
from marl_bridge.policies.profile_policy import ProfilePolicy
from marl_bridge.policies.tabular import TabularPolicy
from marl_bridge.policies.tabulation import tabulate
from marl_bridge.rollouts import rollouts

KUHN = gt.catalog.load("kuhn_poker")
BIASED = gt.catalog.load("biased_rock_paper_scissors")
NO_TIES = gt.NormalFormGame(np.random.default_rng(4).normal(size=(2, 3, 3)))
NAMES = ["xfp", "cfr", "mccfr", "mmd"]


def start(make, name, episodes, seed=0, env_kwargs=None, **options):
    """Train a learner and return it."""
    source = open_environment(make, env_kwargs=env_kwargs)
    learner = find_learner(name).start(source, episodes=episodes, seed=seed, **options)
    for _ in range(episodes):
        learner.run_episode()
    return learner


def exploitability(learner) -> float:
    return float(gt.exploitability(learner.extraction.game, learner.profile()))


def bound(game, iterations) -> float:
    """Bound exploitability by the largest regrets that regret matching leaves."""
    most = int(game.infoset_n_actions.max())
    return 2 * game.payoff_range * sum(game.n_infosets) * (most / iterations) ** 0.5


# Extensive-form fictitious play


def test_fictitious_play_in_one_round_is_that_of_matrices():
    rows = np.full((2, 3), 1 / 3)
    learner = start(NO_TIES, "xfp", 1)
    for t in range(1, 120):
        worth = np.array([NO_TIES.payoffs[0] @ rows[1], rows[0] @ NO_TIES.payoffs[1]])
        rows += (np.eye(3)[worth.argmax(axis=1)] - rows) / (t + 1)
        assert_allclose(learner.profile().probabilities, np.concatenate(rows), atol=1e-12)
        learner.run_episode()


def test_fictitious_play_averages_what_strategies_realize():
    # Nothing is shown in two rounds; the second one's average depends on the own first action.
    learner = start(NO_TIES, "xfp", 1, env_kwargs={"rounds": 2}, iterations=5)
    game = learner.extraction.game
    form, profiles = game.sequence_form, [np.repeat(1 / 3, int(game.action_offsets[-1]))]
    for _ in range(5):
        plans = [
            np.mean([plex.realization_plan(p) for p in profiles], axis=0)
            for plex in form.treeplexes
        ]
        following = np.empty_like(profiles[0])
        for player, plex in enumerate(form.treeplexes):
            others = plans[1 - player][form.terminal_sequences[1 - player]]
            weights = others * form.terminal_chance * form.terminal_payoffs[player]
            gains = np.bincount(form.terminal_sequences[player], weights, plex.n_sequences)
            _, following[plex.flat] = plex.best_response(gains)
        profiles.append(following)
    reaches = np.array([[p.realization_plan(b) for b in profiles] for p in form.treeplexes])
    for player, plex in enumerate(form.treeplexes):
        learned = plex.realization_plan(learner.profile().probabilities)
        assert_allclose(learned, reaches[player].mean(axis=0), atol=1e-12)


def test_fictitious_play_comes_close_to_equilibrium_in_kuhn_poker():
    learner = start(KUHN, "xfp", 1, iterations=100)
    before = exploitability(learner)
    for _ in range(19):
        learner.run_episode()
    assert exploitability(learner) < min(0.01, before / 2)


def test_fictitious_play_cycles_in_shapleys_game():
    game = gt.catalog.load("shapley")
    learner = start(game, "xfp", 1, iterations=1_000)
    worst = []
    for _ in range(12):
        learner.run_episode()
        rows = np.split(learner.profile().probabilities, 2)
        worst.append(gt.max_regret(game, gt.MixedProfile(rows)))
    assert min(worst) > 0.01


# Counterfactual regret minimization


@pytest.mark.parametrize("options", [{"variant": "cfr", "alternating": False}, {}])
def test_regret_minimization_keeps_its_bound(options):
    learner = start(KUHN, "cfr", 1, **options)
    for t in range(2, 200):
        assert exploitability(learner) <= bound(KUHN, t - 1)
        learner.run_episode()
    assert exploitability(learner) < 0.02


def test_sampled_regret_minimization_keeps_its_bound(monkeypatch):
    extraction = start(KUHN, "mccfr", 1).extraction  # once, for all seeds
    monkeypatch.setattr("marl_bridge.learners.tree.extract", lambda *_, **__: extraction)
    # With probability 1 - p regrets stay below (1 + sqrt(2 / p)) times those of the whole tree.
    factor = 1 + (2 / 0.05) ** 0.5
    for seed in range(20):
        learner = start(KUHN, "mccfr", 1, seed, iterations=200)
        for k in range(1, 6):
            assert exploitability(learner) <= factor * bound(KUHN, 200 * k)
            learner.run_episode()


@pytest.mark.parametrize("sampling", ["external", "outcome", "chance"])
def test_sampling_comes_close_to_equilibrium_in_kuhn_poker(sampling, monkeypatch):
    extraction = start(KUHN, "mccfr", 1).extraction
    monkeypatch.setattr("marl_bridge.learners.tree.extract", lambda *_, **__: extraction)
    for seed in range(5):
        learner = start(KUHN, "mccfr", 2, seed, sampling=sampling, iterations=20_000)
        assert exploitability(learner) < 0.02


@pytest.mark.slow
@pytest.mark.parametrize("make", [gt.catalog.load("leduc_poker"), "classic/leduc-holdem-v4"])
def test_sampling_learns_leduc_poker(make):
    for seed in range(3):
        learner = start(make, "mccfr", 10, seed, iterations=20_000)
        assert exploitability(learner) < 0.1


# Magnetic mirror descent


def test_a_magnet_at_rest_leads_to_the_regularized_equilibrium():
    # Logit responses to one another: log x - A y / temperature is the same for all actions.
    learner = start(
        BIASED, "mmd", 1, iterations=20_000, magnet_iterations=0, temperature=0.2, step=0.1
    )
    x, y = np.split(learner.profile().probabilities, 2)
    temperature = 0.2 * BIASED.payoff_range
    for row, worth in ((x, BIASED.payoffs[0] @ y), (y, x @ BIASED.payoffs[1])):
        assert np.ptp(np.log(row) - worth / temperature) < 1e-9
    assert gt.max_regret(BIASED, gt.MixedProfile([x, y])) > 1e-3


def test_a_moving_magnet_leads_the_last_iterate_to_equilibrium():
    learner = start(KUHN, "mmd", 1, iterations=20_000)
    assert exploitability(learner) < 1e-4


# What they share


@pytest.mark.parametrize("name", NAMES)
def test_policies_are_what_was_learned(name):
    learner = start(KUHN, name, 2)
    policies = learner.policies()
    assert all(isinstance(policy, TabularPolicy) for policy in policies.values())
    learned = learner.profile().probabilities
    assert_allclose(tabulate(policies, learner.extraction).probabilities, learned, rtol=1e-12)
    # Two rounds of which nothing is shown: what to do depends on one's own first action.
    learner = start(BIASED, name, 3, env_kwargs={"rounds": 2}, iterations=50)
    policies = learner.policies()
    assert all(isinstance(policy, ProfilePolicy) for policy in policies.values())
    learned = learner.profile().probabilities
    assert_allclose(tabulate(policies, learner.extraction).probabilities, learned, rtol=1e-12)
    source = open_environment(BIASED, env_kwargs={"rounds": 2})
    assert rollouts(source, policies, episodes=5).returns.shape == (2, 5)


@pytest.mark.parametrize("name", NAMES)
def test_only_play_is_counted_as_play(name):
    training = train(BIASED, name, episodes=30, seed=2)
    assert training.trace.joint_counts[-1].sum() == 30
    earned = (BIASED.payoffs[0] * training.trace.joint_counts[-1]).sum() / 30
    assert training.trace.returns[:, 0].mean() == pytest.approx(earned)


def test_equal_seeds_learn_the_same():
    options = {"episodes": 5, "iterations": 20}
    first, second, other = (train(KUHN, "mccfr", seed=seed, **options) for seed in (0, 0, 1))
    assert first.policies == second.policies != other.policies
    assert_array_equal(first.trace.returns, second.trace.returns)


def test_three_players_learn_to_leave_what_is_dominated():
    game = gt.catalog.load("public_goods")
    assert game.n_players == 3
    (exact,) = gt.solve(game, "pure-nash", find="all").equilibria
    for name in ("xfp", "cfr", "mccfr"):
        rows = np.split(start(game, name, 1, iterations=2_000).profile().probabilities, 3)
        for row, best in zip(rows, exact, strict=True):
            assert np.abs(row - np.asarray(best, dtype=float)).max() < 0.01


def test_an_environment_of_another_game_is_no_resumption():
    state = start(KUHN, "cfr", 1).state()
    with pytest.raises(InvalidEnvironment, match="another game"):
        start(BIASED, "cfr", 1).restore(state)


def test_wrong_options_say_what_is_right():
    with pytest.raises(InvalidEnvironment, match="'external' or 'outcome' or 'chance'"):
        train(KUHN, "mccfr", episodes=1, sampling="robust")
    with pytest.raises(UnsupportedGame, match="exploration=0"):
        train(KUHN, "mccfr", episodes=1, exploration=0)
    with pytest.raises(InvalidEnvironment, match=r"variant is 'cfr\+\+'"):
        train(KUHN, "cfr", episodes=1, variant="cfr++")
    with pytest.raises(InvalidEnvironment, match="temperature"):
        train(KUHN, "mmd", episodes=1, temperature=0.0)
    with pytest.raises(InvalidEnvironment, match="iterations is 0"):
        train(KUHN, "xfp", episodes=1, iterations=0)
    with pytest.raises(ExtractionRefused):
        train("classic/tictactoe-v3", "cfr", episodes=1, max_states=100)
