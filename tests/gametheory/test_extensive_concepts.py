"""Best responses, regrets and certificates of trees, against brute force over pure strategies."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import gametheory as gt
from gametheory import BehaviorProfile, UnsupportedGame
from tests.gametheory import observed_games as og
from tests.gametheory.test_extensive_form import kuhn

SEEDS = st.integers(0, 2**16)


def brute_best_responses(rules, behavior, sizes):
    best = []
    for player in range(rules.n_players):
        values = [
            og.expected_payoffs(rules, og.with_pure(behavior, pure, sizes))[player]
            for pure in og.pure_behaviors(rules, player)
        ]
        best.append(max(values))
    return np.array(best)


def small(rules):
    counts = [
        np.prod([rules.n_actions[s] for s, m in enumerate(rules.movers) if m == p] or [1])
        for p in range(rules.n_players)
    ]
    return max(counts) <= 9 and np.prod(rules.n_actions) <= 27


@given(og.rules(steps=3), SEEDS)
def test_best_responses_match_brute_force(rules, seed):
    assume(small(rules))
    game = og.game_of(rules)
    profile = og.draw_profile(game, seed)
    sizes = {i.label: len(i.actions) for i in game.information_sets}
    best = brute_best_responses(rules, og.by_label(game, profile), sizes)
    found = [gt.best_response_value(game, profile, p) for p in range(game.n_players)]
    assert found == pytest.approx(best, abs=1e-12)


@given(og.rules(), SEEDS)
def test_playing_the_best_response_earns_its_value(rules, seed):
    game = og.game_of(rules)
    profile = og.draw_profile(game, seed)
    for player in range(game.n_players):
        response = gt.best_response(game, profile, player)
        value = gt.best_response_value(game, profile, player)
        assert game.expected_payoffs(response)[player] == pytest.approx(value, abs=1e-12)


@given(og.rules(), SEEDS)
def test_certificates_agree_with_regrets_and_share_no_code_with_them(rules, seed):
    game = og.game_of(rules)
    profile = og.draw_profile(game, seed)
    certificate = gt.verify(game, profile)
    regrets = gt.player_regrets(game, profile)
    assert [float(r) for r in certificate.regrets] == pytest.approx(regrets, abs=1e-9)
    assert [float(p) for p in certificate.payoffs] == pytest.approx(
        game.expected_payoffs(profile), abs=1e-9
    )
    assert certificate.epsilon == max(certificate.regrets)
    assert min(certificate.regrets) >= 0


def test_uniform_kuhn_has_the_known_best_responses():
    # Values of best responses to uniform play: 1/2 and 5/12, by hand from the 6 deals.
    game = kuhn()
    uniform = BehaviorProfile.uniform(game)
    assert gt.best_response_value(game, uniform, 0) == pytest.approx(1 / 2)
    assert gt.best_response_value(game, uniform, 1) == pytest.approx(5 / 12)
    assert gt.exploitability(game, uniform) == pytest.approx((1 / 2 + 5 / 12) / 2)


def test_exploitability_is_refused_outside_two_player_constant_sum():
    tree = gt.GameTree(["A", "B"])
    tree.root.terminal([1, 1])
    game = tree.build()
    assert gt.exploitability(game, BehaviorProfile(game, [])) == 0
    ends = gt.GameTree(["A", "B"])
    nodes = ends.root.decision("A", "A", ["x", "y"])
    nodes["x"].terminal([1, 1])
    nodes["y"].terminal([0, 5])
    general = ends.build()
    with pytest.raises(UnsupportedGame, match=r"not constant-sum.*nash_conv"):
        gt.exploitability(general, BehaviorProfile.uniform(general))


@given(og.rules(perfect_information=True), SEEDS)
def test_one_shot_deviations_are_found_wherever_they_are(rules, seed):
    game = og.game_of(rules)
    rng = np.random.default_rng(seed)
    actions = rng.integers(0, game.infoset_n_actions)
    profile = BehaviorProfile.pure(game, actions)
    certificate = gt.verify(game, profile, "subgame-perfect")
    behavior = {i.label: int(actions[i.index]) for i in game.information_sets}

    def value(history):
        while len(history) < len(rules.movers):
            mover = rules.movers[len(history)]
            if mover < 0:
                odds = rules.odds[len(history)]
                return sum(float(p) * value((*history, a)) for a, p in enumerate(odds))
            history = (*history, behavior[rules.label(mover, history)])
        return np.array(rules.payoffs[history], dtype=float)

    worst = 0.0
    for infoset in game.information_sets:
        history = tuple(int(x) for x in game.history(infoset.nodes[0]))
        here = value(history)[infoset.player]
        for action in range(len(infoset.actions)):
            worst = max(worst, value((*history, action))[infoset.player] - here)
    assert float(certificate.epsilon) == pytest.approx(worst, abs=1e-12)
