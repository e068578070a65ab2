"""Games of the catalog in extensive form: their known sizes, values, rules and refusals."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import gametheory as gt
from gametheory import BehaviorProfile, ExtensiveFormGame, InvalidGame
from gametheory.games.catalog import catalog, facts, load

TREES = [entry.name for entry in catalog() if entry.form == "extensive form"]

# What other programs count: histories, terminals, information sets and sequences of each player.
TABLE: dict[str, tuple[str, dict[str, Any], tuple[Any, ...]]] = {
    "kuhn": ("kuhn_poker", {}, (58, 30, (6, 6), (13, 13))),
    "kuhn 3": ("kuhn_poker", {"n_players": 3}, (617, 312, (16,) * 3, (33,) * 3)),
    "leduc": ("leduc_poker", {}, (9_457, 5_520, (468, 468), (1_093, 1_093))),
    "liar 4": ("liars_dice", {"sides": 4}, (8_181, 4_080, (512, 512), (1_021, 1_021))),
    "liar 5": ("liars_dice", {"sides": 5}, (51_181, 25_575, (2_560, 2_560), (5_116, 5_116))),
    "liar 6": ("liars_dice", {}, (294_883, 147_420, (12_288, 12_288), (24_571, 24_571))),
    "goofspiel 4": ("goofspiel", {"cards": 4}, (1_077, 576, (81, 81), (175, 175))),
    "goofspiel 5": ("goofspiel", {}, (26_931, 14_400, (1_062, 1_062), (2_284, 2_284))),
    "battleship": ("battleship", {}, (10_069, 5_568, (1_413, 1_873), (2_965, 4_101))),
}


@pytest.mark.parametrize("case", TABLE)
def test_sizes_are_the_known_ones(case: str) -> None:
    name, parameters, expected = TABLE[case]
    game = load(name, **parameters)
    assert (game.n_nodes, game.n_terminals, game.n_infosets, game.n_sequences) == expected


def certified_value(name: str, **parameters: Any) -> tuple[Any, ...]:
    """Value and largest regret, both from the certificate, of a solution that solve found."""
    certificate = gt.solve(load(name, **parameters), "minimax").certificate
    assert certificate.payoffs[0] == -certificate.payoffs[1]
    return certificate.payoffs[0], certificate.epsilon


def exact_value(name: str, **parameters: Any) -> Fraction:
    """The value, proven by an equilibrium: the fractions nearest to what solve found."""
    game = load(name, **parameters)
    found = gt.solve(game, "minimax").equilibria[0].exact
    near = np.array([p.limit_denominator(10_000) for p in found], dtype=object)
    sums = np.add.reduceat(near, game.action_offsets[:-1])
    rounded = BehaviorProfile(game, near / np.repeat(sums, game.infoset_n_actions))
    certificate = gt.verify(game, rounded)
    assert certificate.regrets == (0, 0)
    value: Fraction = certificate.payoffs[0]
    return value


@pytest.mark.parametrize(
    ("name", "parameters", "value"),
    [
        ("kuhn_poker", {}, Fraction(-1, 18)),
        ("liars_dice", {"sides": 4}, Fraction(1, 16)),
        ("liars_dice", {"sides": 5}, Fraction(1, 125)),
        ("goofspiel", {"cards": 4}, 0),
        ("goofspiel", {}, 0),
        ("goofspiel", {"cards": 4, "prizes": "ascending", "payoff": "point_difference"}, 0),
        ("goofspiel", {"cards": 3, "prizes": "random", "revealed": True}, 0),
        ("battleship", {}, Fraction(5, 16)),
        ("dark_hex", {}, 1),
        ("dark_hex", {"count_turns": True}, 1),
        ("dark_hex", {"abrupt": True}, Fraction(1, 2)),
        ("myerson_card_game", {}, Fraction(1, 3)),
        ("matching_pennies_tree", {}, 0),
    ],
)
def test_exact_values(name: str, parameters: dict[str, Any], value: Fraction) -> None:
    assert exact_value(name, **parameters) == value


@pytest.mark.parametrize("shown", [False, True])
def test_leduc_poker_has_the_known_value_with_and_without_suits(shown: bool) -> None:
    value, epsilon = certified_value("leduc_poker", suit_isomorphism=shown)
    assert float(value) == pytest.approx(-0.085606424078, abs=1e-12)
    assert epsilon <= 1e-12


@pytest.mark.slow
def test_liars_dice_with_six_sides_has_the_known_value() -> None:
    value, epsilon = certified_value("liars_dice")
    assert float(value) == pytest.approx(-0.0271318, abs=5e-8)
    assert epsilon <= 1e-9


@pytest.mark.parametrize("name", TREES)
def test_an_entry_describes_its_tree(name: str) -> None:
    entry = next(entry for entry in catalog() if entry.name == name)
    game = load(name)
    assert isinstance(game, ExtensiveFormGame)
    assert game.n_players == entry.n_players
    assert game.title
    assert game.payoffs_are_exact
    assert all(isinstance(p, Fraction) for p in game.exact_chance)
    if game.n_nodes < 50_000:
        labels = Counter(infoset.label for infoset in game.information_sets)
        assert max(labels.values()) == 1
        assert load(name) == game


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("centipede", {"steps": 1}),
        ("centipede", {"steps": 9}),
        ("ultimatum", {"pie": 1}),
        ("ultimatum", {"pie": 30}),
        ("lewis_signaling", {"n_states": 1}),
        ("lewis_signaling", {"n_states": 5}),
        ("cheap_talk", {"n_states": 6, "bias": "1/2"}),
        ("cheap_talk", {"n_states": 5, "bias": -3}),
        ("dark_hex", {"count_turns": True}),
        ("goofspiel", {"cards": 3, "payoff": "point_difference"}),
        ("goofspiel", {"cards": 1}),
    ],
)
def test_facts_hold_for_other_parameters(name: str, parameters: dict[str, Any]) -> None:
    game, known = load(name, **parameters), facts(name, **parameters)
    assert known
    for profile in known.equilibria or ():
        assert gt.verify(game, profile).regrets == (0,) * game.n_players
    if known.value is not None:
        assert exact_value(name, **parameters) == known.value


def test_truth_is_no_equilibrium_beyond_half_a_step_of_bias() -> None:
    game = load("cheap_talk", bias="3/4")
    assert len(facts("cheap_talk", bias="3/4").equilibria or ()) == 1
    truth = (facts("cheap_talk").equilibria or ())[0]
    told = BehaviorProfile(game, truth.exact)
    assert max(gt.verify(game, told).regrets) == Fraction(2, 3) * (
        Fraction(9, 16) - Fraction(1, 16)
    )


def test_kuhn_poker_is_an_equilibrium_for_every_bluff_up_to_a_third_only() -> None:
    game = load("kuhn_poker")
    low, high = (profile.exact for profile in facts("kuhn_poker").equilibria or ())
    half = BehaviorProfile(game, (low + high) / 2)
    beyond = BehaviorProfile(game, np.clip(high + (high - low) / 5, 0, 1))
    assert gt.verify(game, half).regrets == (0, 0)
    assert max(gt.verify(game, beyond).regrets) > 0
    assert not facts("kuhn_poker", n_players=3)


def test_subgame_perfect_paths() -> None:
    def payoffs(name: str, **parameters: Any) -> set[tuple[Fraction, ...]]:
        solution = gt.solve(load(name, **parameters), "subgame-perfect", find="all")
        assert solution.complete or "all" in solution.reason  # where actions tie: the pure ones
        return {certificate.payoffs for certificate in solution.certificates}

    assert payoffs("chain_store") == {(2, 2)}
    assert payoffs("centipede", steps=6) == {(4, 1)}
    assert payoffs("trust") == {(0, 0)}
    assert payoffs("ultimatum", pie=5) == {(5, 0), (4, 1)}
    # Of a pie of 4 the last proposer keeps 3 or 4, worth 3/2 or 2 a round earlier. An offer of 2
    # is accepted surely in the first case; in the second it is a tie, and after a refusal of 2
    # the first player does best to offer 3.
    assert payoffs("alternating_offers") == {(2, 2), (1, 3)}


def test_alternating_offers_approach_the_division_of_rubinstein() -> None:
    # Rubinstein (1982): with a common discount d the first proposer gets 1 / (1 + d) of the pie.
    solution = gt.solve(
        load("alternating_offers", pie=24, rounds=3, discount="1/2"), "subgame-perfect"
    )
    first, second = solution.certificate.payoffs
    # Three rounds: 1 - d (1 - d) = 3/4 of the pie, less at most one unit of a share.
    assert first + second == 24
    assert abs(first - 18) <= 1


def outcome(game: ExtensiveFormGame, *history: str) -> list[Fraction]:
    """Payoffs at the end of one history, chance outcomes included."""
    for place, node in enumerate(game.terminals.tolist()):
        if game.history(node) == history:
            return list(game.exact_payoffs[:, place])
    raise AssertionError(f"no history {history}")


@pytest.mark.parametrize(
    ("name", "parameters", "history", "payoffs"),
    [
        ("kuhn_poker", {}, "J K check bet call", [-2, 2]),
        ("kuhn_poker", {"n_players": 3}, "K J Q check check check", [2, -1, -1]),
        ("kuhn_poker", {"n_players": 3}, "10 K Q check bet fold call", None),
        ("kuhn_poker", {"n_players": 3}, "T K Q check bet fold call", [-2, 3, -1]),
        ("leduc_poker", {}, "Js Qs bet raise call Jh check bet raise raise", None),
        ("leduc_poker", {}, "Js Qs bet raise call Jh check bet raise call", [13, -13]),
        ("leduc_poker", {}, "Js Qs bet raise fold", [-3, 3]),
        ("leduc_poker", {}, "Ks Kh check check Qs check check", [0, 0]),
        ("leduc_poker", {"suit_isomorphism": True}, "K J check check Q check check", [1, -1]),
        ("battleship", {}, ("a1 right", "a1 down", "a1", "a1", "a2"), [1, -1]),
    ],
)
def test_payoffs_follow_the_rules(
    name: str, parameters: dict[str, Any], history: Any, payoffs: list[int] | None
) -> None:
    steps = tuple(history.split()) if isinstance(history, str) else history
    game = load(name, **parameters)
    if payoffs is None:
        with pytest.raises(AssertionError, match="no history"):
            outcome(game, *steps)
    else:
        assert outcome(game, *steps) == payoffs


def test_the_highest_face_counts_as_every_face() -> None:
    game = load("liars_dice", sides=3)
    assert outcome(game, "roll 3", "roll 1", "2-1", "liar") == [1, -1]
    assert outcome(game, "roll 3", "roll 1", "2-3", "liar") == [-1, 1]
    assert outcome(game, "roll 2", "roll 3", "1-3", "2-2", "liar") == [-1, 1]
    assert game.infoset_label(int(game.node_infoset[game.parent[game.terminals[-1]]])).startswith(
        "first rolled"
    )


def test_several_dice_fall_with_multinomial_probabilities() -> None:
    game = load("liars_dice", sides=2, dice=2)
    odds = {
        game.action_labels[game.node_label[child]]: p
        for child, p in zip(game.chance_children[:3], game.exact_chance[:3], strict=True)
    }
    assert odds == {
        "roll 1 1": Fraction(1, 4),
        "roll 1 2": Fraction(1, 2),
        "roll 2 2": Fraction(1, 4),
    }
    # By symmetry of the faces the game is what ordered rolls, twice as many, make of it.
    assert game.n_infosets == (384, 384)


def test_goofspiel_tells_what_it_says() -> None:
    hidden, shown = load("goofspiel", cards=4), load("goofspiel", cards=4, revealed=True)
    assert sum(hidden.n_infosets) < sum(shown.n_infosets)
    labels = {infoset.label for infoset in hidden.information_sets}
    assert "first sees prize 2, 4 to first, 3 to nobody after 4 1" in labels
    told = {infoset.label for infoset in shown.information_sets}
    assert "first sees prize 2, 4 to first at 4:3, 3 to nobody at 1:1 after 4 1" in told
    points = load("goofspiel", cards=3, payoff="total_points")
    assert not points.is_constant_sum()  # equal bids discard the prize
    assert points.exact_payoffs.sum(axis=0).max() == 6


def test_dark_games_hide_stones_until_somebody_runs_into_them() -> None:
    game = load("dark_hex")
    labels = {infoset.label for infoset in game.information_sets}
    assert {"first sees ../..", "second sees x./.. after a1"} <= labels
    abrupt = load("dark_tic_tac_toe", rows=2, columns=2)
    # The second player lost its turn: the first one's second stone makes a line of two.
    assert outcome(abrupt, "a1", "a1", "b2") == [1, -1]


LINES_OF_TWO = [
    "a1b1",
    "b1c1",
    "a2b2",
    "b2c2",
    "a1a2",
    "b1b2",
    "c1c2",
    "a1b2",
    "b1c2",
    "b1a2",
    "c1b2",
]


@pytest.mark.parametrize("abrupt", [False, True])
def test_dark_tic_tac_toe_is_played_by_its_rules(abrupt: bool) -> None:
    game = load("dark_tic_tac_toe", rows=2, columns=3, line=2, abrupt=abrupt)
    lines = [{line[:2], line[2:]} for line in LINES_OF_TWO]
    for place, node in enumerate(game.terminals.tolist()):
        stones: tuple[set[str], set[str]] = set(), set()
        knows: tuple[set[str], set[str]] = set(), set()
        mover = 0
        for cell in game.history(node):
            assert not any(line <= own for line in lines for own in stones)
            assert cell not in knows[mover]
            knows[mover].add(cell)
            if cell not in stones[1 - mover]:
                stones[mover].add(cell)
                mover = 1 - mover
            elif abrupt:
                mover = 1 - mover
        won = [any(line <= own for line in lines) for own in stones]
        assert any(won) or len(stones[0] | stones[1]) == 6
        assert game.exact_payoffs[:, place].tolist() == [won[0] - won[1], won[1] - won[0]]
    for infoset in range(len(game.information_sets)):
        sizes = {game.n_children[node] for node in game.infoset_nodes(infoset).tolist()}
        tried = len(
            game.own_actions(int(game.infoset_nodes(infoset)[0]), game.infoset_player[infoset])
        )
        assert sizes == {6 - tried}


def test_a_full_dark_board_without_a_line_is_a_draw() -> None:
    game = load("dark_tic_tac_toe", rows=1, columns=3, line=3, abrupt=False)
    assert set(game.exact_payoffs[0]) == {0}


@pytest.mark.parametrize(
    ("name", "parameters", "message"),
    [
        ("kuhn_poker", {"n_players": 1}, "n_players is 1"),
        ("kuhn_poker", {"n_players": 6}, "from 2 to 5"),
        ("leduc_poker", {"ranks": 2, "suits": 1}, "a deck of 2 cards"),
        ("leduc_poker", {"ranks": 13, "suits": 4}, "a deck of 52 cards"),
        ("leduc_poker", {"suit_isomorphism": 1}, "True or False"),
        ("liars_dice", {"sides": 0}, "sides is 0"),
        ("liars_dice", {"sides": 6, "dice": 5}, "make .* histories"),
        ("goofspiel", {"cards": 7}, "from 1 to 6"),
        ("goofspiel", {"cards": 6, "revealed": True}, "from 1 to 5"),
        ("goofspiel", {"cards": 5, "prizes": "random"}, "from 1 to 4"),
        ("goofspiel", {"prizes": "up"}, "prizes is 'up'"),
        ("goofspiel", {"payoff": []}, "payoff is"),
        ("battleship", {"ship": 3}, "ship is 3"),
        ("battleship", {"shots": 5}, "from 1 to 4"),
        ("battleship", {"rows": 5, "columns": 5}, "at most 300000 plays"),
        ("dark_hex", {"rows": 3, "columns": 3}, "at most 6 cells"),
        ("dark_hex", {"abrupt": "no"}, "abrupt is 'no'"),
        ("dark_tic_tac_toe", {"line": 4}, "line is 4"),
        ("alternating_offers", {"discount": 2}, "0 <= discount <= 1"),
        ("alternating_offers", {"pie": 100, "rounds": 4}, "at most 20000 plays"),
        ("cheap_talk", {"bias": "much"}, "'much' is not a number"),
        ("lewis_signaling", {"n_states": 31}, "from 1 to 30"),
    ],
)
def test_what_makes_no_game_is_refused(name: str, parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidGame, match=message):
        load(name, **parameters)
