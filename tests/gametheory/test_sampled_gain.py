"""Lower bounds on regrets in simulators, held against the regrets of the game when it is held."""

from __future__ import annotations

import numpy as np
import pytest

import gametheory as gt
from gametheory.algorithms.extensive_form.sampled_gain import _Responder, sampled_gain
from gametheory.algorithms.extensive_form.simulator_cfr import monte_carlo_cfr
from gametheory.games.tabulated_policy import profile_of
from tests.gametheory.played_trees import PlayedTree


def uniform(player, known, actions):
    return [1 / len(actions)] * len(actions)


@pytest.mark.parametrize("n_players", [2, 3])
def test_bounds_are_below_the_regret_and_near_it_where_that_is_large(n_players):
    game = gt.catalog.load("kuhn_poker", n_players=n_players)
    regrets = gt.player_regrets(game, profile_of(game, uniform))
    for player in range(n_players):
        options = {"payoff_range": game.payoff_range, "iterations": 300, "episodes": 3000}
        gain = sampled_gain(PlayedTree(game), uniform, player, **options)
        assert 0 <= gain.lower <= regrets[player]
        assert gain.lower <= gain.mean
        assert gain.mean == pytest.approx(regrets[player], abs=0.2)
        assert (gain.player, gain.iterations, gain.episodes) == (player, 300, 3000)
    assert sampled_gain(PlayedTree(game), uniform, player, **options) == gain


def test_the_learned_response_is_nearly_a_best_one():
    game = gt.catalog.load("leduc_poker")
    learner = _Responder(PlayedTree(game), uniform, 0, 1)
    learner.run(iterations=1500)
    mixed = profile_of(game, learner.respond)
    gained = game.expected_payoffs(mixed)[0] - game.expected_payoffs(profile_of(game, uniform))[0]
    regret = gt.player_regrets(game, profile_of(game, uniform))[0]
    assert 0.85 * regret <= gained <= regret
    others = game.infoset_player != 0
    for infoset in np.flatnonzero(others).tolist():
        assert np.ptp(mixed[infoset]) == 0


def test_nothing_is_claimed_against_an_equilibrium():
    game = gt.catalog.load("kuhn_poker")
    solution = gt.solve(game)
    table = {
        (infoset.player, infoset.label): solution.profile[infoset.index]
        for infoset in game.information_sets
    }
    options = {"payoff_range": 4, "iterations": 200, "episodes": 2000}
    for player in (0, 1):
        gain = sampled_gain(
            PlayedTree(game), lambda p, known, actions: table[p, known], player, **options
        )
        assert gain.lower == 0


def test_learned_strategies_can_be_asked():
    game = gt.catalog.load("kuhn_poker")
    learned = monte_carlo_cfr(PlayedTree(game), iterations=30)
    regrets = gt.player_regrets(game, profile_of(game, learned))
    gain = sampled_gain(PlayedTree(game), learned, 0, payoff_range=4, episodes=500, iterations=50)
    assert gain.lower <= regrets[0]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"player": 2}, "player"),
        ({"player": True}, "player"),
        ({"payoff_range": -1}, "payoff_range"),
        ({"payoff_range": 0.5}, "differ by"),
        ({"episodes": 1}, "episodes"),
        ({"confidence": 1}, "confidence"),
        ({"iterations": 0}, "iterations"),
    ],
)
def test_nonsense_is_refused(changes, message):
    state = PlayedTree(gt.catalog.load("kuhn_poker"))
    options = {"player": 0, "payoff_range": 4, "episodes": 50, "iterations": 5, **changes}
    with pytest.raises(gt.UnsupportedGame, match=message):
        sampled_gain(state, uniform, **options)


@pytest.mark.parametrize("row", [[0.5, 0.4], [1.5, -0.5], [1.0], {"x": 1}])
def test_policies_that_give_no_distribution_are_named(row):
    state = PlayedTree(gt.catalog.load("kuhn_poker"))
    with pytest.raises(gt.InvalidProfile, match="information state"):
        sampled_gain(state, lambda *known: row, 0, payoff_range=4, iterations=2, episodes=2)
