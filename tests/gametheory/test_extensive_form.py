"""Trees: the builder, the flat arrays, information sets, refusals."""

from __future__ import annotations

import pickle
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gametheory import (
    SIMULTANEOUS,
    BehaviorProfile,
    ExtensiveFormGame,
    GameTree,
    InvalidGame,
    InvalidProfile,
    UnsupportedGame,
)
from tests.gametheory import observed_games as og


def two_stage() -> GameTree:
    return GameTree(["A", "B"], title="two stages")


def kuhn() -> ExtensiveFormGame:
    tree = GameTree(["A", "B"])
    deals = [(a, b) for a in "JQK" for b in "JQK" if a != b]
    dealt = tree.root.chance({a + b: Fraction(1, 6) for a, b in deals})
    for a, b in deals:
        sign = 1 if "JQK".index(a) > "JQK".index(b) else -1
        first = dealt[a + b].decision("A", f"A {a}", ["check", "bet"])
        second = first["check"].decision("B", f"B {b} check", ["check", "bet"])
        second["check"].terminal([sign, -sign])
        third = second["bet"].decision("A", f"A {a} check bet", ["fold", "call"])
        third["fold"].terminal([-1, 1])
        third["call"].terminal([2 * sign, -2 * sign])
        other = first["bet"].decision("B", f"B {b} bet", ["fold", "call"])
        other["fold"].terminal([1, -1])
        other["call"].terminal([2 * sign, -2 * sign])
    return tree.build()


def test_kuhn_poker_has_the_known_shape():
    # Kuhn (1950): 6 information sets and 13 sequences a player, 30 terminal histories.
    game = kuhn()
    assert game.n_infosets == (6, 6)
    assert game.n_sequences == (13, 13)
    assert game.n_terminals == 30
    assert game.is_constant_sum()
    assert not game.has_perfect_information()


def test_nodes_stand_in_level_order_with_children_side_by_side():
    game = kuhn()
    assert game.parent[0] == -1
    assert (np.diff(game.parent[1:]) >= 0).all()
    depth = np.zeros(game.n_nodes, int)
    for node in range(1, game.n_nodes):
        depth[node] = depth[game.parent[node]] + 1
    assert (np.diff(depth) >= 0).all()
    for node in np.flatnonzero(game.n_children).tolist():
        low = game.first_child[node]
        assert (game.parent[low : low + game.n_children[node]] == node).all()


def test_arrays_are_read_only_and_games_compare_by_content():
    game, same = kuhn(), kuhn()
    assert game == same
    assert hash(game) == hash(same)
    assert len({game, same}) == 1
    profile = BehaviorProfile.uniform(game)
    _ = game.sequence_form
    for copy in (game, pickle.loads(pickle.dumps(game))):
        assert copy == game
        for array in (copy.terminal_payoffs, copy.parent, copy.sequence_form.terminal_chance):
            with pytest.raises(ValueError, match="read-only"):
                array[...] = 7
    with pytest.raises(ValueError, match="read-only"):
        pickle.loads(pickle.dumps(profile)).probabilities[0] = 1.0


def test_information_sets_are_readable():
    game = kuhn()
    infoset = game.information_sets.find("A", "A J check bet")
    assert infoset.actions == ("fold", "call")
    assert len(infoset.nodes) == 2
    assert game.history(infoset.nodes[0]) == ("JQ", "check", "bet")
    assert len(game.information_sets) == 12
    with pytest.raises(InvalidGame, match="no information set 'A 7'"):
        game.information_sets.find("A", "A 7")


@given(og.rules())
def test_from_state_unrolls_every_history(rules):
    game = og.game_of(rules)
    assert game.n_terminals == int(np.prod(rules.n_actions))
    labels = {
        rules.label(mover, history[:step])
        for history in rules.histories()
        for step, mover in enumerate(rules.movers)
        if mover >= 0
    }
    assert {infoset.label for infoset in game.information_sets} == labels
    for infoset in game.information_sets:
        for node in infoset.nodes:
            history = tuple(int(label) for label in game.history(node))
            assert rules.label(infoset.player, history) == infoset.label


@given(og.rules(), st.integers(0, 2**16))
def test_expected_payoffs_match_a_walk_over_the_histories(rules, seed):
    game = og.game_of(rules)
    profile = og.draw_profile(game, seed)
    walked = og.expected_payoffs(rules, og.by_label(game, profile))
    assert game.expected_payoffs(profile) == pytest.approx(walked, abs=1e-12)


class Merged(og.Position):
    """The same simulator where equal payoffs-to-come are merged: keyed by its full history."""

    def clone(self):
        return Merged(self.rules, self.history)

    def state_key(self):
        return self.history


@given(og.rules(chance=False))
def test_observations_with_own_memory_give_the_same_information_sets(rules):
    merged = ExtensiveFormGame.from_state(Merged(rules))
    plain = og.game_of(rules)
    assert merged.n_infosets == plain.n_infosets
    np.testing.assert_array_equal(merged.node_infoset, plain.node_infoset)


class Counter:
    """Two players alternately add 1 or 2; who reaches 4 wins. Histories meet in states."""

    def __init__(self, total=0, mover=0):
        self.total, self.current_player = total, mover

    def legal_actions(self, player=None):
        return (1, 2)

    def apply(self, action):
        self.total, self.current_player = self.total + action, 1 - self.current_player

    def clone(self):
        return Counter(self.total, self.current_player)

    def chance_outcomes(self):
        return ()

    def information_state(self, player):
        return self.total

    def is_terminal(self):
        return self.total >= 4

    def returns(self):
        return (-1, 1) if self.current_player == 0 else (1, -1)

    def state_key(self):
        return self.total, self.current_player


def test_merged_states_unroll_to_all_histories():
    game = ExtensiveFormGame.from_state(Counter())
    sequences = 0
    stack = [0]
    while stack:
        total = stack.pop()
        if total >= 4:
            sequences += 1
        else:
            stack += [total + 1, total + 2]
    assert game.n_terminals == sequences
    assert game.has_perfect_information()


class RockPaperScissors:
    """One simultaneous round."""

    current_player = SIMULTANEOUS

    def __init__(self, joint=None):
        self.joint = joint

    def legal_actions(self, player=None):
        return ("rock", "paper", "scissors")

    def apply(self, action):
        self.joint = action

    def clone(self):
        return RockPaperScissors(self.joint)

    def chance_outcomes(self):
        return ()

    def information_state(self, player):
        return f"player {player} to choose"

    def is_terminal(self):
        return self.joint is not None

    def returns(self):
        if self.joint is None:
            return (0, 0)
        a, b = (("rock", "paper", "scissors").index(x) for x in self.joint)
        return ((0, 1, -1)[(a - b) % 3], (0, -1, 1)[(a - b) % 3])


def test_simultaneous_actions_are_hidden_from_each_other():
    game = ExtensiveFormGame.from_state(RockPaperScissors(), players=["row", "column"])
    assert (game.n_nodes, game.n_infosets) == (13, (1, 1))
    assert len(game.information_sets[1].nodes) == 3
    assert game.players == ("row", "column")


def test_forgetting_is_refused_with_the_information_set():
    tree = GameTree(["A"])
    first = tree.root.decision("A", "start", ["l", "r"])
    for side in "lr":
        later = first[side].decision("A", "forgot", ["x", "y"])
        later["x"].terminal([0])
        later["y"].terminal([1])
    with pytest.raises(InvalidGame, match=r"forgets.*'forgot'.*perfect recall"):
        tree.build()


def test_absent_mindedness_is_refused():
    tree = GameTree(["driver"])
    first = tree.root.decision("driver", "junction", ["exit", "on"])
    first["exit"].terminal([0])
    second = first["on"].decision("driver", "junction", ["exit", "on"])
    second["exit"].terminal([4])
    second["on"].terminal([1])
    with pytest.raises(InvalidGame, match="junction"):
        tree.build()


def test_information_sets_must_offer_the_same_actions():
    tree = GameTree(["A", "B"])
    first = tree.root.decision("A", "A", ["l", "r"])
    for side, actions in (("l", ["x", "y"]), ("r", ["x", "z"])):
        for node in first[side].decision("B", "B", actions).values():
            node.terminal([0, 0])
    with pytest.raises(InvalidGame, match=r"different actions.*information set 'B'"):
        tree.build()


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda root: root.decision("C", "i", ["x"]), r"unknown player 'C'.*\['A', 'B'\]"),
        (lambda root: root.decision("A", "i", []), r"actions \[\].*root"),
        (lambda root: root.decision("A", "i", ["x", "x"]), "all different"),
        (lambda root: root.chance({"x": 0.5, "y": 0.4}), r"sum to 0.9.*valid: a sum of 1"),
        (lambda root: root.chance({"x": -1, "y": 2}), "chance probability -1"),
        (lambda root: root.chance({"x": float("nan")}), "chance probability nan"),
        (lambda root: root.terminal([1]), "each of the 2 players"),
        (lambda root: root.terminal([1, float("nan")]), "node root"),
        (lambda root: root.terminal([1, float("inf")]), "finite"),
        (lambda root: root.terminal([1, 1j]), "not real numbers"),
    ],
)
def test_bad_nodes_are_refused_where_they_stand(build, message):
    with pytest.raises(InvalidGame, match=message):
        build(two_stage().root)


def test_an_unfinished_tree_names_the_open_node():
    tree = two_stage()
    tree.root.decision("A", "i", ["x", "y"])["x"].terminal([0, 0])
    with pytest.raises(InvalidGame, match="root > y"):
        tree.build()


def test_too_many_histories_are_refused_with_a_way_out():
    with pytest.raises(UnsupportedGame, match=r"more than 3 .*what to do"):
        ExtensiveFormGame.from_state(RockPaperScissors(), max_histories=3)


def test_chance_with_probability_zero_is_allowed():
    tree = two_stage()
    odds = tree.root.chance({"never": 0, "always": 1})
    odds["never"].terminal([100, 100])
    odds["always"].terminal([1, 2])
    game = tree.build()
    profile = BehaviorProfile(game, [])
    assert game.expected_payoffs(profile).tolist() == [1.0, 2.0]


def test_a_tree_of_one_terminal_node_is_a_game():
    tree = two_stage()
    tree.root.terminal([3, 4])
    game = tree.build()
    assert game.n_infosets == (0, 0)
    assert game.expected_payoffs(BehaviorProfile(game, [])).tolist() == [3.0, 4.0]


def test_profiles_are_checked_against_the_game():
    game = kuhn()
    with pytest.raises(InvalidProfile, match=r"shape \(3,\).*\(24,\)"):
        BehaviorProfile(game, [1, 0, 0])
    bad = np.tile([0.5, 0.6], 12)
    with pytest.raises(InvalidProfile, match=r"sum to 1.1.*'A J'"):
        BehaviorProfile(game, bad)
    with pytest.raises(InvalidProfile, match=r"probability -0.5 of action 'check'"):
        BehaviorProfile(game, np.tile([-0.5, 1.5], 12))
    other = GameTree(["A", "B"])
    other.root.terminal([0, 0])
    with pytest.raises(InvalidProfile, match="made for another game"):
        other.build().expected_payoffs(BehaviorProfile.uniform(game))


def test_profiles_from_labels():
    game = kuhn()
    always = {i.label: {i.actions[1]: 1} for i in game.information_sets}
    profile = BehaviorProfile.from_mapping(game, always)
    assert profile.is_pure()
    assert profile == BehaviorProfile.pure(game, np.ones(12, int))
    with pytest.raises(InvalidProfile, match="nothing is chosen at information set 'A J'"):
        BehaviorProfile.from_mapping(game, {})
    with pytest.raises(InvalidProfile, match=r"unknown action 'raise'.*\['check', 'bet'\]"):
        BehaviorProfile.from_mapping(game, {**always, "A J": {"raise": 1}})
    with pytest.raises(InvalidProfile, match="unknown information set 'B 2'"):
        BehaviorProfile.from_mapping(game, {**always, "B 2": {"bet": 1}})
