"""Games of OpenSpiel: through the adapter they are the catalog's own trees, node for node."""

from __future__ import annotations

import sys
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import gametheory as gt
from gametheory import (
    BehaviorProfile,
    ExtensiveFormGame,
    InvalidGame,
    InvalidProfile,
    MissingExtra,
    UnsupportedGame,
)
from gametheory.games.catalog import load
from gametheory.games.open_spiel import OpenSpielState, from_open_spiel
from gametheory.games.open_spiel_policies import profile_from_open_spiel, profile_to_open_spiel

pyspiel = pytest.importorskip("pyspiel")

BATTLESHIP = (
    "battleship(board_width=2,board_height=2,ship_sizes=[2],ship_values=[1],num_shots=3,"
    "allow_repeated_shots=False)"
)

# OpenSpiel's name: the catalog's own game, with parameters
TWINS: dict[str, tuple[str, dict[str, Any]]] = {
    "kuhn_poker": ("kuhn_poker", {}),
    "kuhn_poker(players=3)": ("kuhn_poker", {"n_players": 3}),
    "kuhn_poker(players=4)": ("kuhn_poker", {"n_players": 4}),
    "leduc_poker": ("leduc_poker", {}),
    "leduc_poker(suit_isomorphism=True)": ("leduc_poker", {"suit_isomorphism": True}),
    "liars_dice(numdice=1,dice_sides=4)": ("liars_dice", {"sides": 4}),
    "liars_dice(numdice=1,dice_sides=5)": ("liars_dice", {"sides": 5}),
    "goofspiel(imp_info=True,num_cards=4,points_order=descending)": ("goofspiel", {"cards": 4}),
    "goofspiel(imp_info=True,num_cards=5,points_order=descending)": ("goofspiel", {}),
    "goofspiel(imp_info=True,num_cards=4,points_order=ascending)": (
        "goofspiel",
        {"cards": 4, "prizes": "ascending"},
    ),
    "goofspiel(imp_info=True,num_cards=3,points_order=random,returns_type=total_points)": (
        "goofspiel",
        {"cards": 3, "prizes": "random", "payoff": "total_points"},
    ),
    BATTLESHIP: ("battleship", {}),
    "battleship(board_width=3,board_height=2,ship_sizes=[2],ship_values=[1],num_shots=2,"
    "allow_repeated_shots=False)": ("battleship", {"rows": 2, "columns": 3, "shots": 2}),
    "dark_hex(num_rows=2,num_cols=2,obstype=reveal-numturns)": ("dark_hex", {"count_turns": True}),
    "dark_hex(num_rows=2,num_cols=2)": ("dark_hex", {"count_turns": True}),
    "dark_hex(num_rows=2,num_cols=2,gameversion=adh)": ("dark_hex", {"abrupt": True}),
    "lewis_signaling": ("lewis_signaling", {"n_states": 3}),
}
SLOW_TWINS = {
    "liars_dice(numdice=1,dice_sides=6)": ("liars_dice", {}),
    "dark_hex(num_rows=2,num_cols=3,obstype=reveal-numturns)": (
        "dark_hex",
        {"columns": 3, "count_turns": True},
    ),
    "dark_hex(num_rows=3,num_cols=2,gameversion=adh)": ("dark_hex", {"rows": 3, "abrupt": True}),
}


def check_same_tree(theirs: ExtensiveFormGame, ours: ExtensiveFormGame) -> None:
    """Both are in level order, with information sets in order of appearance: arrays decide."""
    for name in ("node_player", "n_children", "node_infoset", "terminal_payoffs", "exact_chance"):
        np.testing.assert_array_equal(getattr(theirs, name), getattr(ours, name), err_msg=name)
    assert (theirs.n_infosets, theirs.n_sequences) == (ours.n_infosets, ours.n_sequences)


@pytest.mark.parametrize("name", TWINS)
def test_the_catalog_s_own_game_is_the_same_tree(name: str) -> None:
    own, parameters = TWINS[name]
    check_same_tree(from_open_spiel(name), load(own, **parameters))


@pytest.mark.slow
@pytest.mark.parametrize("name", SLOW_TWINS)
def test_the_catalog_s_own_large_game_is_the_same_tree(name: str) -> None:
    own, parameters = SLOW_TWINS[name]
    check_same_tree(from_open_spiel(name), load(own, **parameters))


# histories, terminals, information sets, sequences, value to player 0
TABLE = {
    "kuhn_poker": (58, 30, (6, 6), (13, 13), -1 / 18),
    "leduc_poker": (9_457, 5_520, (468, 468), (1_093, 1_093), -0.085606424078),
    "liars_dice(numdice=1,dice_sides=4)": (8_181, 4_080, (512, 512), (1_021, 1_021), 1 / 16),
    "goofspiel(imp_info=True,num_cards=4,points_order=descending)": (
        1_077,
        576,
        (81, 81),
        (175, 175),
        0.0,
    ),
    BATTLESHIP: (10_069, 5_568, (1_413, 1_873), (2_965, 4_101), 5 / 16),
}


@pytest.mark.parametrize("name", TABLE)
def test_size_and_value(name: str) -> None:
    n_nodes, n_terminals, n_infosets, n_sequences, value = TABLE[name]
    game = from_open_spiel(name)
    assert (game.n_nodes, game.n_terminals) == (n_nodes, n_terminals)
    assert (game.n_infosets, game.n_sequences) == (n_infosets, n_sequences)
    solution = gt.solve(game)
    assert solution.payoffs == pytest.approx([value, -value], abs=1e-9)
    assert solution.epsilon <= 1e-12


def test_dice_that_fall_in_order_or_not_make_games_of_one_value() -> None:
    theirs = from_open_spiel("liars_dice(numdice=2,dice_sides=2)")
    ours = load("liars_dice", dice=2, sides=2)
    assert (theirs.n_infosets, theirs.n_sequences) == (ours.n_infosets, ours.n_sequences)
    assert theirs.n_nodes > ours.n_nodes
    values = [gt.solve(game, "minimax").certificate for game in (theirs, ours)]
    difference = abs(values[0].payoffs[0] - values[1].payoffs[0])
    assert difference <= values[0].epsilon + values[1].epsilon <= 1e-12


def test_point_differences_count_twice_what_openspiel_pays() -> None:
    theirs = from_open_spiel("goofspiel(imp_info=True,num_cards=4,returns_type=point_difference)")
    ours = load("goofspiel", cards=4, prizes="random", payoff="point_difference")
    np.testing.assert_array_equal(theirs.node_infoset, ours.node_infoset)
    np.testing.assert_array_equal(2 * theirs.terminal_payoffs, ours.terminal_payoffs)


def sequential(name: str) -> Any:
    theirs = pyspiel.load_game(name)
    simultaneous = theirs.get_type().dynamics == pyspiel.GameType.Dynamics.SIMULTANEOUS
    return pyspiel.convert_to_turn_based(theirs) if simultaneous else theirs


PLAYED = [
    "kuhn_poker",
    "kuhn_poker(players=3)",
    "leduc_poker(suit_isomorphism=True)",
    "liars_dice(numdice=1,dice_sides=3)",
    "goofspiel(imp_info=True,num_cards=4,points_order=descending)",
    "tiny_hanabi",
    "matching_pennies_3p",
]


def drawn(game: ExtensiveFormGame, seed: int) -> BehaviorProfile:
    rng = np.random.default_rng(seed)
    sizes = game.infoset_n_actions.tolist()
    return BehaviorProfile(game, np.concatenate([rng.dirichlet(np.ones(n)) for n in sizes]))


@pytest.mark.parametrize("name", PLAYED)
def test_random_policies_are_worth_the_same_in_openspiel(name: str) -> None:
    from open_spiel.python.algorithms import expected_game_score

    theirs = sequential(name)
    game = from_open_spiel(theirs)
    profile = drawn(game, 7)
    policy = profile_to_open_spiel(profile, game, theirs)
    assert profile_from_open_spiel(policy, game, theirs) == profile
    worth = expected_game_score.policy_value(theirs.new_initial_state(), [policy] * game.n_players)
    assert game.expected_payoffs(profile) == pytest.approx(worth, abs=1e-12)


def test_our_equilibria_are_equilibria_to_openspiel() -> None:
    for name in ("kuhn_poker", "leduc_poker", "liars_dice(numdice=1,dice_sides=4)"):
        theirs = pyspiel.load_game(name)
        game = from_open_spiel(theirs)
        policy = profile_to_open_spiel(gt.solve(game).equilibria[0], game, theirs)
        assert pyspiel.exploitability(theirs, policy) == pytest.approx(0, abs=1e-9)


def test_policies_trained_in_openspiel_are_held_against_the_optimum() -> None:
    from open_spiel.python.algorithms import cfr, exploitability

    theirs = pyspiel.load_game("kuhn_poker")
    game = from_open_spiel(theirs)
    solver = cfr.CFRSolver(theirs)
    for _ in range(50):
        solver.evaluate_and_update_policy()
    policy = solver.average_policy()
    profile = profile_from_open_spiel(policy, game, "kuhn_poker")
    expected = exploitability.exploitability(theirs, policy)
    assert gt.exploitability(game, profile) == pytest.approx(expected, abs=1e-12)


def test_policies_of_simultaneous_states_belong_to_their_player() -> None:
    from open_spiel.python.policy import TabularPolicy, UniformRandomPolicy

    for name in ("matrix_rps", "matching_pennies_3p", "goofspiel(imp_info=True,num_cards=3)"):
        theirs = pyspiel.load_game(name)
        game = from_open_spiel(theirs)
        for policy in (UniformRandomPolicy(theirs), TabularPolicy(theirs)):
            profile = profile_from_open_spiel(policy, game, theirs)
            assert profile == BehaviorProfile.uniform(game)
        profile = drawn(game, 5)
        policy = profile_to_open_spiel(profile, game, theirs)
        assert profile_from_open_spiel(policy, game, theirs) == profile


@pytest.mark.parametrize("other", ["kuhn_poker(players=3)", "leduc_poker", "matrix_rps"])
def test_a_tree_of_another_game_is_refused(other: str) -> None:
    game = from_open_spiel("kuhn_poker")
    with pytest.raises(InvalidProfile, match="another game of OpenSpiel"):
        profile_to_open_spiel(BehaviorProfile.uniform(game), game, other)
    with pytest.raises(InvalidProfile, match="made for another game"):
        uniform = BehaviorProfile.uniform(from_open_spiel("matrix_rps"))
        profile_to_open_spiel(uniform, game, "kuhn_poker")


@pytest.mark.parametrize("name", ["kuhn_poker", "kuhn_poker(players=3)", "kuhn_poker(players=4)"])
def test_nash_conv_of_uniform_play(name: str) -> None:
    from open_spiel.python.algorithms import exploitability
    from open_spiel.python.policy import UniformRandomPolicy

    theirs = pyspiel.load_game(name)
    expected = exploitability.nash_conv(theirs, UniformRandomPolicy(theirs))
    for game in (from_open_spiel(theirs), load(TWINS[name][0], **TWINS[name][1])):
        uniform = BehaviorProfile.uniform(game)
        assert gt.nash_conv(game, uniform) == pytest.approx(expected, abs=1e-9)
        assert float(sum(gt.verify(game, uniform).regrets)) == pytest.approx(expected, abs=1e-9)


def test_certificates_are_exact_because_chance_is() -> None:
    game = from_open_spiel("leduc_poker")
    assert set(game.exact_chance) == {Fraction(1, 6), Fraction(1, 5), Fraction(1, 4)}
    solution = gt.solve(from_open_spiel("kuhn_poker"))
    assert solution.certificate.payoffs == (Fraction(-1, 18), Fraction(1, 18))


def test_probabilities_that_are_no_small_fractions_stay_what_they_are() -> None:
    from gametheory.games.open_spiel import _recognized

    rng = np.random.default_rng(3)
    for _ in range(50):
        weights = rng.dirichlet(np.ones(3))
        floats = tuple((weights / weights.sum()).tolist())
        assert _recognized(floats) == floats
    for n in (3, 7, 49, 1326):
        assert _recognized((1 / n,) * n) == (Fraction(1, n),) * n
    squares = tuple(k * 0.1 * 0.1 for k in (1, 9, 90))  # rounded twice
    assert _recognized(squares) == (Fraction(1, 100), Fraction(9, 100), Fraction(9, 10))
    assert _recognized((0.333333, 0.666667)) == (Fraction(333333, 10**6), Fraction(666667, 10**6))
    assert _recognized((1 / 3, 1 / 3, 1 / 3 + 1e-12)) == (1 / 3, 1 / 3, 1 / 3 + 1e-12)


@pytest.mark.parametrize(
    ("name", "infoset"),
    [
        ("dark_hex(num_rows=2,num_cols=3)", r"x\.x\\n\.\.\.\\n5\\n0,0 0,2 "),
        ("goofspiel(imp_info=False,num_cards=4,points_order=descending)", "Win sequence: 1 0"),
        ("dark_hex_ir(num_rows=2,num_cols=2)", r"P1 xo"),
    ],
)
def test_imperfect_recall_is_refused_with_the_information_set(name: str, infoset: str) -> None:
    with pytest.raises(InvalidGame, match=rf"forgets.*information set.*{infoset}.*perfect recall"):
        from_open_spiel(name)


def test_a_game_without_information_states_is_its_histories_if_they_are_seen() -> None:
    theirs = pyspiel.load_game("nim(pile_sizes=1;2)")
    game = from_open_spiel(theirs)
    assert game.has_perfect_information()
    # The first player leaves equal piles if taking the last object wins, one object if it loses.
    assert gt.solve(game, "subgame-perfect").payoffs.tolist() == [1, -1]


def test_a_tree_may_begin_at_any_state() -> None:
    state = pyspiel.load_game("kuhn_poker").new_initial_state()
    for action in (0, 2):
        state.apply_action(action)
    game = from_open_spiel(state, players=["jack", "king"], title="a lost hand")
    assert (game.n_nodes, game.players, game.title) == (9, ("jack", "king"), "a lost hand")
    assert gt.solve(game, "subgame-perfect").payoffs.tolist() == [-1, 1]
    assert state.history() == [0, 2]


def test_simultaneous_actions_are_hidden_and_named() -> None:
    game = from_open_spiel("matrix_rps")
    assert (game.n_nodes, game.n_infosets) == (13, (1, 1))
    assert game.infoset_actions(1) == ("Rock", "Paper", "Scissors")
    assert gt.solve(game).certificate.payoffs == (0, 0)


def test_the_state_given_is_never_played_on() -> None:
    theirs = pyspiel.load_game("kuhn_poker").new_initial_state()
    state = OpenSpielState(theirs)
    copy = state.clone()
    first, _ = copy.chance_outcomes()[0]
    copy.apply(first)
    assert theirs.history() == []
    assert len(state.chance_outcomes()) == 3
    assert len(copy.chance_outcomes()) == 2


@pytest.mark.parametrize(
    ("source", "error", "message"),
    [
        ("kuhn_pokr", InvalidGame, "no game 'kuhn_pokr'.*perhaps kuhn_poker"),
        ("kuhn_poker(players=99)", InvalidGame, "does not load"),
        ("kuhn_poker(cards=9)", InvalidGame, "does not load"),
        (7, InvalidGame, "source is a int.*pyspiel.Game"),
        ("hanabi", UnsupportedGame, "no information states.*forget"),
        ("mfg_crowd_modelling", UnsupportedGame, "mean-field"),
        ("kuhn_poker", UnsupportedGame, "more than 20"),
    ],
)
def test_what_is_no_finite_tree_is_refused(source: Any, error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        from_open_spiel(source, max_histories=20)


def test_without_openspiel_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyspiel", None)
    with pytest.raises(MissingExtra, match=r"pip install 'gametheory-toolkit\[openspiel\]'"):
        from_open_spiel("kuhn_poker")
    with pytest.raises(MissingExtra, match="OpenSpiel"):
        OpenSpielState(object())
