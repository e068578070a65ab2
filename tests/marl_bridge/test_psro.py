"""Policy-space response oracles with exact payoffs and best responses."""

from __future__ import annotations

import json

import numpy as np
import pytest
from numpy.testing import assert_allclose

import gametheory as gt
import marl_bridge
from gametheory.games.behavior_profile import BehaviorProfile
from marl_bridge.errors import ExtractionRefused
from marl_bridge.policies.mixture import MixturePolicy, mixture
from marl_bridge.policies.profile_policy import ProfilePolicy
from marl_bridge.psro import psro, tree_psro
from marl_bridge.psro.meta_solvers import META_SOLVERS, marginals
from marl_bridge.psro.tree_populations import TreePopulations
from tests.marl_bridge import chance_environments as kuhn

KUHN = gt.catalog.load("kuhn_poker")
KUHN_3 = gt.catalog.load("kuhn_poker", n_players=3)


def test_the_double_oracle_solves_kuhn_poker():
    result = tree_psro(KUHN, gap=1e-9)
    assert result.stopped == "gap" and result.gap <= 1e-9
    assert result.certified_gap <= 1e-9
    assert result.certificate.payoffs[0] == pytest.approx(-1 / 18, abs=1e-12)
    assert result.gaps[-1] == result.gap and len(result.gaps) == result.iterations
    assert result.sizes == result.meta_game.n_actions
    told = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert told["certified_gap"] == result.certified_gap and told["stopped"] == "gap"


def test_the_double_oracle_solves_leduc_poker():
    result = tree_psro(gt.catalog.load("leduc_poker"))
    assert result.certified_gap <= 1e-6
    assert float(result.certificate.payoffs[0]) == pytest.approx(-0.085606424, abs=1e-6)


def test_the_restricted_game_pays_what_the_tree_pays():
    rng = np.random.default_rng(4)
    populations = TreePopulations(KUHN_3)
    for player in range(3):
        for _ in range(player + 1):
            behavior = BehaviorProfile(
                KUHN_3,
                np.concatenate(
                    [rng.dirichlet(np.ones(n)) for n in KUHN_3.infoset_n_actions.tolist()]
                ),
            )
            treeplex = KUHN_3.sequence_form.treeplexes[player]
            populations.add(player, treeplex.realization_plan(behavior.probabilities))
    assert populations.sizes == (2, 3, 4)
    payoffs = populations.payoffs()
    for joint in np.ndindex(2, 3, 4):
        profile = populations.profile(populations.plans[p][k] for p, k in enumerate(joint))
        assert_allclose(
            payoffs[(slice(None), *joint)], KUHN_3.expected_payoffs(profile), atol=1e-12
        )
    # A mixture earns the average, by Kuhn's theorem.
    weights = [rng.dirichlet(np.ones(k)) for k in populations.sizes]
    mixed = populations.profile(populations.mixed(p, w) for p, w in enumerate(weights))
    average = np.einsum("iabc,a,b,c->i", payoffs, *weights)
    assert_allclose(KUHN_3.expected_payoffs(mixed), average, atol=1e-12)


def test_responses_to_independent_and_to_tied_mixtures_agree_where_they_must():
    populations = TreePopulations(KUHN_3)
    for player in range(3):
        _, plan = populations.respond(
            player, populations.reach_of_others(player, np.ones((1, 1, 1)))
        )
        populations.add(player, plan)
    rng = np.random.default_rng(0)
    weights = [rng.dirichlet(np.ones(2)) for _ in range(3)]
    joint = np.einsum("a,b,c->abc", *weights)
    for player in range(3):
        others = populations.reach(
            (p, populations.mixed(p, w)) for p, w in enumerate(weights) if p != player
        )
        assert_allclose(populations.reach_of_others(player, joint), others, atol=1e-12)
        profile = populations.profile(populations.mixed(p, w) for p, w in enumerate(weights))
        value, plan = populations.respond(player, others)
        assert value == pytest.approx(gt.best_response_value(KUHN_3, profile, player), abs=1e-12)
        plans = [populations.mixed(p, w) for p, w in enumerate(weights)]
        plans[player] = plan
        earned = KUHN_3.expected_payoffs(populations.profile(plans))[player]
        assert earned == pytest.approx(value, abs=1e-9)


@pytest.mark.parametrize(("solver", "gap"), [("coarse-correlated", 1e-9), ("correlated", 0.01)])
def test_jpsro_ends_with_a_correlated_equilibrium_of_three_players(solver, gap):
    game = KUHN if solver == "correlated" else KUHN_3
    result = tree_psro(game, meta_solver=solver, gap=gap, max_iterations=60)
    assert result.stopped == "gap" and result.profile is None and result.certificate is None
    assert result.joint.sum() == pytest.approx(1.0)
    # No strategy of the restricted game gains against the mixture either.
    assert gt.cce_gap(result.meta_game, result.joint) <= gap + 1e-9
    if solver == "correlated":
        assert gt.ce_gap(result.meta_game, result.joint) <= gap + 1e-9


def test_uniform_weights_come_closer_and_alpha_rank_says_what_is_left():
    uniform = tree_psro(KUHN, meta_solver="uniform", max_iterations=60)
    assert uniform.stopped == "iteration limit" and uniform.sizes == (61, 61)
    assert uniform.gap < 0.15 < uniform.gaps[0]
    assert uniform.certified_gap == pytest.approx(uniform.gap, abs=1e-9)
    ranked = tree_psro(KUHN, meta_solver="alpha-rank", max_iterations=30)
    assert ranked.certified_gap == pytest.approx(ranked.gap, abs=1e-9)
    assert ranked.gap == ranked.gaps.min()


def test_limits_interrupts_and_refusals():
    limited = tree_psro(KUHN, max_iterations=2)
    assert (limited.stopped, limited.iterations) == ("iteration limit", 2)
    assert tree_psro(KUHN, time_limit=0.0).stopped == "time limit"

    def interrupt(iteration, gap):
        if iteration == 3:
            raise KeyboardInterrupt

    cut = tree_psro(KUHN, progress=interrupt)
    assert cut.stopped == "interrupted" and cut.gap == cut.gaps.min()
    assert cut.certified_gap == pytest.approx(cut.gap, abs=1e-9)
    with pytest.raises(gt.UnsupportedGame, match="no meta-solver 'best'"):
        tree_psro(KUHN, meta_solver="best")
    with pytest.raises(gt.UnsupportedGame, match="max_iterations is 0"):
        tree_psro(KUHN, max_iterations=0)


@pytest.mark.parametrize("name", sorted(META_SOLVERS))
def test_meta_solvers_return_distributions_that_solve(name):
    game = gt.catalog.load("chicken")
    joint = META_SOLVERS[name](game)
    assert joint.shape == game.n_actions and joint.min() >= 0
    assert joint.sum() == pytest.approx(1.0)
    if name == "nash":
        profile = gt.MixedProfile([m / m.sum() for m in marginals(joint)])
        assert gt.max_regret(game, profile) < 1e-9
    if name in ("correlated", "coarse-correlated"):
        gap = gt.ce_gap if name == "correlated" else gt.cce_gap
        assert gap(game, joint) < 1e-9
        assert (game.payoffs.sum(axis=0) * joint).sum() == pytest.approx(10.5, abs=1e-6)


def test_equal_payoffs_are_no_trouble():
    flat = gt.NormalFormGame(np.zeros((2, 2, 2)))
    for name in META_SOLVERS:
        assert META_SOLVERS[name](flat).sum() == pytest.approx(1.0)


def test_an_environment_is_solved_and_its_policies_are_played():
    result = psro(kuhn.Kuhn)
    assert result.certified_gap <= 1e-6 and not result.sampled
    report = marl_bridge.check(kuhn.Kuhn, result.policies, episodes=100)
    assert report.nash_conv == pytest.approx(0.0, abs=1e-6)


def test_learned_responses_are_weighed_exactly_where_there_is_a_tree():
    result = psro(kuhn.Kuhn, oracle="tabular", seconds=None, episodes=700, max_iterations=4, seed=1)
    assert result.gaps[0] == pytest.approx(11 / 12)
    assert result.gap < 0.8 * result.gaps[0]
    assert result.certified_gap == pytest.approx(result.gap, abs=1e-9)


def test_where_there_is_no_tree_everything_is_sampled():
    arguments = {"seconds": None, "episodes": 100, "cell_episodes": 30, "max_iterations": 3}
    one, two = (
        psro(kuhn.Kuhn, oracle="tabular", extraction_limit=0.0, **arguments) for _ in range(2)
    )
    assert one.sampled and one.profile is None and one.certified_gap == float("inf")
    assert one.sizes == (3, 3) and len(one.gaps) == 3
    assert np.array_equal(one.meta_game.payoffs, two.meta_game.payoffs)
    assert np.array_equal(one.gaps, two.gaps)
    returns = marl_bridge.estimate(kuhn.Kuhn, one.policies, episodes=50).returns
    assert set(returns) == set(one.policies)
    with pytest.raises(ExtractionRefused):
        psro(kuhn.Kuhn, oracle="exact", extraction_limit=0.0)
    with pytest.raises(gt.UnsupportedGame, match="no oracle 'best'"):
        psro(kuhn.Kuhn, oracle="best")


def test_a_mixture_acts_as_one_that_is_drawn():
    extraction = marl_bridge.extract(kuhn.Kuhn)
    game, rng = extraction.game, np.random.default_rng(3)
    tables = [
        ProfilePolicy(
            extraction,
            BehaviorProfile(
                game,
                np.concatenate(
                    [rng.dirichlet(np.ones(n)) for n in game.infoset_n_actions.tolist()]
                ),
            ),
        )
        for _ in range(3)
    ]
    weights = [0.2, 0.5, 0.3]
    mixed = marl_bridge.tabulate(MixturePolicy(tables, weights), extraction)
    for player, treeplex in enumerate(game.sequence_form.treeplexes):
        plans = [
            treeplex.realization_plan(marl_bridge.tabulate(t, extraction).probabilities)
            for t in tables
        ]
        assert_allclose(
            treeplex.realization_plan(mixed.probabilities),
            np.average(plans, axis=0, weights=weights),
            atol=1e-12,
            err_msg=str(player),
        )
    assert mixture(tables, [0, 1, 0]) is tables[1]
    with pytest.raises(marl_bridge.InvalidPolicy, match="weights"):
        MixturePolicy(tables, [0.5, 0.5])
