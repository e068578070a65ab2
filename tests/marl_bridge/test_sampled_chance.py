"""Chance by sampled deals: an approximation that says so, and tends to the exact game."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

import gametheory as gt
import marl_bridge
from gametheory import BehaviorProfile
from gametheory.games.extensive_form import CHANCE
from marl_bridge.environments import sampled_chance
from marl_bridge.environments.sampled_chance import SampledChance
from marl_bridge.environments.script import Outcome
from marl_bridge.errors import AuditFailed
from tests.marl_bridge.chance_environments import CardKuhn, ConstantSeed, Kuhn, LateKuhn
from tests.marl_bridge.environments import MatchingPennies

N = 40_000


@pytest.mark.parametrize("make", [Kuhn, CardKuhn, LateKuhn])
def test_many_deals_are_the_exact_game(make):
    exact, sampled = marl_bridge.extract(make), marl_bridge.extract(make, chance=f"sample:{N}")
    for name in ("node_player", "node_infoset", "n_children", "node_label"):
        np.testing.assert_array_equal(getattr(exact.game, name), getattr(sampled.game, name))
    wanted, found = exact.game.chance_probabilities, sampled.game.chance_probabilities
    smallest = 1 / 6  # of the deals reach every draw
    assert np.abs(wanted - found).max() < 5 * np.sqrt(0.25 / (smallest * N))
    value = gt.solve(exact.game).payoffs[0]
    assert gt.solve(sampled.game).payoffs[0] == pytest.approx(value, abs=5 * 2 / np.sqrt(N))


def test_few_deals_are_without_bias_for_fixed_policies():
    exact = marl_bridge.extract(Kuhn).game
    truth = exact.expected_payoffs(BehaviorProfile.uniform(exact))[0]
    earned = []
    for seed in range(16):
        game = marl_bridge.extract(Kuhn, chance="sample:20", seed=seed).game
        earned.append(game.expected_payoffs(BehaviorProfile.uniform(game))[0])
    spread = np.std(earned, ddof=1) / np.sqrt(len(earned))
    assert spread > 0
    assert abs(np.mean(earned) - truth) < 4.5 * spread


def test_one_deal_leaves_no_chance():
    e = marl_bridge.extract(Kuhn, chance="sample:1")
    assert not (e.graph.player == CHANCE).any()
    assert e.game.n_terminals == 5


def test_an_approximation_is_called_one():
    e = marl_bridge.extract(Kuhn, chance="sample:30")
    assert not e.is_exact
    assert "30 deals" in e.approximations[0]
    assert "sampled deals" in e.game.title
    assert "approximate" in repr(e)
    told = e.to_dict()
    assert told["approximations"] == list(e.approximations)
    assert told["checks"]["episodes"] == "not compared: chance was sampled"
    bounds = e.value_bounds()
    assert (bounds.lower, bounds.upper, bounds.side) == (-np.inf, np.inf, "estimate")
    assert e.return_ranges["first"] == (-np.inf, np.inf)
    without_chance = marl_bridge.extract(MatchingPennies, chance="sample:30")
    assert without_chance.game == marl_bridge.extract(MatchingPennies).game


def test_equal_seeds_give_equal_deals():
    one, same, other = (
        marl_bridge.extract(Kuhn, chance="sample:30", seed=seed).game for seed in (1, 1, 2)
    )
    assert one == same != other


def test_what_cannot_be_chance_is_refused_here_too():
    with pytest.raises(AuditFailed, match="seed"):
        marl_bridge.extract(ConstantSeed, chance="sample:10")


def test_deals_that_earn_something_else_fail_the_audit(monkeypatch):
    def loaded(self, number):
        return np.full(self.n_deals, 0.9)

    monkeypatch.setattr(sampled_chance.SampledChance, "_draws", loaded)
    with pytest.raises(AuditFailed, match="more than samples differ"):
        marl_bridge.extract(Kuhn, chance="sample:4000")


def test_a_deal_answers_every_draw_whoever_asks():
    sampled = SampledChance(500, seed=3)
    die = [(Outcome(n, 6, str(n)), Fraction(1, 6)) for n in range(6)]
    parts = sampled.split(sampled.all_deals, die)
    assert sum(share for _, share, _ in parts) == 1
    numbers = np.concatenate([deals.numbers for _, _, deals in parts])
    np.testing.assert_array_equal(np.sort(numbers), np.arange(500))
    outcome, _, deals = parts[2]
    again = SampledChance(500, seed=3)
    assert any(
        other == outcome and (those.numbers == deals.numbers).all()
        for other, _, those in again.split(again.all_deals, die)
        if those.numbers.size == deals.numbers.size
    )
    assert {d.draws for _, _, d in sampled.split(deals, die)} == {2}
