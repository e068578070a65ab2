"""Policies on information states, tabulated: held against profiles made in other ways."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings

import gametheory as gt
from gametheory import BehaviorProfile, ExtensiveFormGame
from gametheory.games.catalog.card_games import _Goofspiel
from gametheory.games.tabulated_policy import profile_of
from tests.gametheory import observed_games as og
from tests.gametheory.played_trees import PlayedTree


@settings(max_examples=40)
@given(og.rules())
def test_a_profile_asked_as_a_policy_is_itself(rules):
    game = og.game_of(rules)
    profile = og.draw_profile(game, 1)
    table = og.by_label(game, profile)

    def policy(player, known, actions):
        assert known.startswith(f"P{player}:")
        assert len(actions) == len(table[known])
        return table[known]

    assert profile_of(game, policy) == profile
    assert profile_of(game, policy, state=og.Position(rules)) == profile
    behavior = {label: row.tolist() for label, row in table.items()}
    expected = og.expected_payoffs(rules, behavior)
    assert game.expected_payoffs(profile_of(game, policy)) == pytest.approx(expected, abs=1e-12)


def test_states_show_their_own_keys_and_actions():
    rules = og.Rules(
        2,
        (0, 1),
        (2, 3),
        (frozenset({0, 1}),) * 2,
        ((Fraction(1, 2),) * 2, (Fraction(1, 3),) * 3),
        {},
    )

    class Keyed(og.Position):
        def information_state(self, player):
            return player, self.history

        def clone(self):
            return Keyed(self.rules, self.history)

    asked = []

    def policy(player, known, actions):
        asked.append((player, known, list(actions)))
        return {action: Fraction(int(action == 1)) for action in actions}

    game = ExtensiveFormGame.from_state(Keyed(rules))
    profile = profile_of(game, policy, state=Keyed(rules))
    assert sorted(asked) == [
        (0, (0, ()), [0, 1]),
        (1, (1, (0,)), [0, 1, 2]),
        (1, (1, (1,)), [0, 1, 2]),
    ]
    assert profile == BehaviorProfile.pure(game, [1, 1, 1]) and profile.is_given_exactly


def test_simultaneous_states_show_nobody_the_others_action():
    state = _Goofspiel.start(3, "descending", "win_loss", False)
    game = ExtensiveFormGame.from_state(state)
    asked = {}

    def policy(player, known, actions):
        asked[player, known] = tuple(actions)
        return np.arange(1, len(actions) + 1) / sum(range(1, len(actions) + 1))

    profile = profile_of(game, policy, state=state)
    assert len(asked) == len(game.information_sets) == 16  # 1 + 2 + 3 + 2 for each player
    assert asked[1, ("second sees prize 3",)] == (1, 2, 3)
    won = "second sees prize 2, 3 to second"
    assert asked[1, ("second sees prize 3", 3, won)] == (1, 2)
    assert profile == profile_of(game, lambda player, known, actions: policy(0, "", actions))


def test_best_responses_and_regrets_of_a_callable():
    game = gt.catalog.load("kuhn_poker")
    profile = profile_of(game, lambda player, known, actions: [1 / len(actions)] * len(actions))
    assert profile == BehaviorProfile.uniform(game)
    assert gt.nash_conv(game, profile) == gt.nash_conv(game, BehaviorProfile.uniform(game))
    exact = profile_of(game, lambda p, known, actions: {a: Fraction(1, 2) for a in actions})
    assert exact.is_given_exactly
    assert gt.verify(game, exact, "nash").epsilon == Fraction(gt.verify(game, exact).epsilon)


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        (lambda p, known, actions: {actions[0]: 1}, "no probability of action"),
        (lambda p, known, actions: {**dict.fromkeys(actions, 0.5), "x": 0}, "unknown action 'x'"),
        (lambda p, known, actions: [1.0], "a probability for each of"),
        (lambda p, known, actions: 0.5, "a probability for each of"),
        (lambda p, known, actions: None, "a probability for each of"),
        (lambda p, known, actions: [0.5, 0.4], "sum to 0.9"),
        (lambda p, known, actions: [1.5, -0.5], "probability -0.5"),
        (lambda p, known, actions: [float("nan"), 1.0], "probability nan"),
        (lambda p, known, actions: ["much", "little"], "'much' is no probability"),
        (lambda p, known, actions: [None, 1], "None is no probability"),
        (lambda p, known, actions: [1j, 1], "1j is no probability"),
    ],
)
def test_what_is_no_distribution_is_refused_by_name(policy, message):
    game = gt.catalog.load("kuhn_poker")
    with pytest.raises(gt.InvalidProfile, match=message) as error:
        profile_of(game, policy)
    assert "information set" in str(error.value)


def test_another_games_state_is_refused():
    def uniform(player, known, actions):
        return [1 / len(actions)] * len(actions)

    game = gt.catalog.load("kuhn_poker")
    for other in ("leduc_poker", "liars_dice"):
        state = PlayedTree(gt.catalog.load(other))
        with pytest.raises(gt.InvalidProfile, match="was not built from this state"):
            profile_of(game, uniform, state=state)
    assert profile_of(game, uniform, state=PlayedTree(game)) == BehaviorProfile.uniform(game)


def test_games_of_open_spiel_agree_with_their_own_tabulation():
    pyspiel = pytest.importorskip("pyspiel")
    from gametheory.games.open_spiel import start_of

    start = start_of("leduc_poker")
    game = ExtensiveFormGame.from_state(start)
    theirs = pyspiel.load_game("leduc_poker")
    uniform = pyspiel.UniformRandomPolicy(theirs)
    profile = profile_of(game, lambda p, known, actions: [1 / len(actions)] * len(actions))
    assert gt.nash_conv(game, profile) == pytest.approx(pyspiel.nash_conv(theirs, uniform))
