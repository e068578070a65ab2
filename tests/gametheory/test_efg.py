"""Game trees survive .efg files, whatever their depth; broken files say what is wrong and where."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import gametheory as gt
from gametheory import ExtensiveFormGame, GameFormatError, GameTree
from gametheory.formats import efg, load_game, save_game
from tests.gametheory import observed_games as og
from tests.gametheory.test_gambit_text import ANY_TEXT

CATALOG = [one.name for one in gt.catalog.catalog() if one.form == "extensive form"]
PAYOFFS = st.integers(-5, 5) | st.fractions() | st.floats(-1e300, 1e300)

# Selten's horse (1975), written as Gambit writes it.
HORSE = """EFG 2 R "Selten's horse" { "I" "II" "III" }
""

p "" 1 1 "" { "C" "D" } 0
p "" 2 1 "" { "c" "d" } 0
t "" 1 "Outcome 1" { 1, 1, 1 }
p "" 3 1 "" { "L" "R" } 0
t "" 2 "Outcome 2" { 4, 4, 0 }
t "" 3 "Outcome 3" { 0, 0, 1 }
p "" 3 1 "" { "L" "R" } 0
t "" 4 "Outcome 4" { 3, 2, 2 }
t "" 5 "Outcome 5" { 0, 0, 0 }
"""

# Myerson's card game (1991): the ante and the bets are paid on the way, descriptions are left out
# where they come again, one outcome is described only where it is mentioned last.
CARDS = """EFG 2 R "a card game" { "Ann" "Bob" } "with \\"payoffs\\" on the way"
c "deal" 1 "deal" { "red" 1/2 "black" .5 } 1 "ante" { -1 -1 }
p "" 1 7 "red" { "raise" "fold" } 0
p "" 2 1 "bet" { "meet" "pass" } 2
t "" 3 "" { 4, 0, }
t "" 4 "" { 3 1 }
t "" 5
p "" 1 8 "black" { "raise" "fold" } 0
p "" 2 1 2 "bets" { -1, 0 }
t "" 6 "" { 0, 4 }
t "" 4
t "" 5 "" { 0 2 }
"""

# The same game as the catalog's: what is paid sums to zero.
MYERSON = """EFG 2 R "Myerson" { "Ann" "Bob" }
c "" 1 "" { "red" 1/2 "black" 1/2 } 1 "ante" { -1 -1 }
p "" 1 1 "" { "raise" "fold" } 0
p "" 2 1 "" { "meet" "pass" } 0
t "" 2 "Ann wins two" { 3 -1 }
t "" 3 "Ann takes the pot" { 2 0 }
t "" 3
p "" 1 2 "" { "raise" "fold" } 0
p "" 2 1 0
t "" 4 "Bob wins two" { -1 3 }
t "" 3
t "" 5 "Bob takes the pot" { 0 2 }
"""


@st.composite
def trees(draw: st.DrawFn) -> ExtensiveFormGame:
    """Draw a tree whose labels are any text; each player knows its own past and one thing more."""
    players = draw(st.lists(ANY_TEXT, min_size=1, max_size=3, unique=True))
    tree = GameTree(players, title=draw(ANY_TEXT))
    infosets: dict[Any, tuple[str, list[str]]] = {}
    stack: list[Any] = [(tree.root, 0, dict.fromkeys(range(len(players)), ()))]

    def labels() -> list[str]:
        return draw(st.lists(ANY_TEXT, min_size=1, max_size=3, unique=True))

    while stack:
        node, depth, own = stack.pop()
        kind = draw(st.integers(-1, len(players))) if depth < 4 else len(players)
        if kind == len(players):
            node.terminal(draw(st.lists(PAYOFFS, min_size=kind, max_size=kind)))
        elif kind < 0:
            names = labels()
            weights = [draw(st.integers(0, 3)) for _ in names[1:]] + [1]
            odds = [Fraction(weight, sum(weights)) for weight in weights]
            children = node.chance(dict(zip(names, odds, strict=True)))
            stack += reversed([(child, depth + 1, own) for child in children.values()])
        else:
            key = (kind, own[kind], draw(st.booleans()))
            if key not in infosets:
                label = f"{draw(ANY_TEXT)} {len(infosets)}"
                infosets[key] = (label, labels())
            label, names = infosets[key]
            children = node.decision(kind, label, names)
            past = [{**own, kind: (*own[kind], (key, name))} for name in names]
            below = [
                (children[name], depth + 1, known) for name, known in zip(names, past, strict=True)
            ]
            stack += reversed(below)
    return tree.build()


def same(one: ExtensiveFormGame, two: ExtensiveFormGame) -> bool:
    return (
        one == two
        and one.exact_payoffs.tolist() == two.exact_payoffs.tolist()
        and one.exact_chance.tolist() == two.exact_chance.tolist()
        and list(one.information_sets) == list(two.information_sets)
    )


@given(trees())
def test_every_tree_is_read_as_it_was_written(game: ExtensiveFormGame) -> None:
    assert same(efg.from_text(efg.to_text(game)), game)


@given(og.rules())
def test_simulated_games_keep_structure_payoffs_and_actions(rules: Any) -> None:
    game = og.game_of(rules)
    again = efg.from_text(efg.to_text(game))
    for name in ("node_player", "node_infoset", "n_children", "exact_payoffs", "exact_chance"):
        assert getattr(again, name).tolist() == getattr(game, name).tolist()
    assert [i.actions for i in again.information_sets] == [i.actions for i in game.information_sets]


@pytest.mark.parametrize("name", CATALOG)
def test_every_game_of_the_catalog_survives_a_file(name: str, tmp_path: Path) -> None:
    game = gt.catalog.load(name)
    assert load_game(save_game(game, tmp_path / "game.efg")) == game


def test_seltens_horse() -> None:
    game = efg.from_text(HORSE)
    catalog = gt.catalog.load("selten_horse")
    assert game.players == ("I", "II", "III")
    assert game.n_infosets == catalog.n_infosets == (1, 1, 1)
    assert [one.label for one in game.information_sets] == ["1:1", "2:1", "3:1"]
    assert [len(one.nodes) for one in game.information_sets] == [1, 1, 2]
    assert game.history(int(game.terminals[-1])) == ("C", "d", "R")
    assert game.terminal_payoffs[:, -1].tolist() == [0, 0, 1]


def test_payoffs_on_the_way_are_added() -> None:
    game = efg.from_text(CARDS)
    payoffs = {
        game.history(node): column
        for node, column in zip(
            game.terminals.tolist(), game.terminal_payoffs.T.tolist(), strict=True
        )
    }
    assert payoffs == {
        ("red", "raise", "meet"): [2, -1],
        ("red", "raise", "pass"): [1, 0],
        ("red", "fold"): [-1, 1],
        ("black", "raise", "meet"): [-2, 3],
        ("black", "raise", "pass"): [1, 0],
        ("black", "fold"): [-1, 1],
    }
    assert game.exact_chance.tolist() == [Fraction(1, 2)] * 2
    assert [one.label for one in game.information_sets] == ["red", "black", "bet"]


def test_myersons_card_game_has_the_value_of_the_catalog() -> None:
    certificate = gt.solve(efg.from_text(MYERSON)).certificate
    assert certificate.payoffs == (Fraction(1, 3), Fraction(-1, 3))


def test_sums_on_the_way_are_exact() -> None:
    game = efg.from_text(
        'EFG 2 R "" { "A" } p "" 1 1 "" { "" "x" } 1 "" { 0.1 }'
        'c "" 9 "" { "l" 0 "r" 1 } 2 "" { 0.2 } t "" 3 "" { 1/3 } t "" 2 t "" 0'
    )
    assert game.exact_payoffs[0].tolist() == [
        Fraction(1, 10),
        Fraction(1, 10) + Fraction(1, 5) + Fraction(1, 3),
        Fraction(1, 2),
    ]


def test_what_has_no_name_of_its_own_gets_one() -> None:
    game = efg.from_text(
        'EFG 2 R "" { "" "" } c "" 1 "" { "1/2" 1/2 "1/2" 1/2 } 0 '
        'p "" 1 3 "i" { "" "" } 0 t "" 0 t "" 0 '
        'p "" 2 3 "i" { "a" } 0 p "" 2 4 "" { "b" } 0 t "" 0'
    )
    assert game.players == ("player 0", "player 1")
    assert [one.label for one in game.information_sets] == ["i [1:3]", "i [2:3]", "2:4"]
    assert [one.actions for one in game.information_sets] == [("0", "1"), ("a",), ("b",)]
    assert game.history(1) == ("1/2",)
    assert game.history(2) == ("1/2 (1)",)


def test_a_terminal_root_is_a_game() -> None:
    game = efg.from_text('EFG 2 D "" { "A" } t "" 5 "end" { 7/3 }')
    assert (game.n_nodes, game.exact_payoffs.tolist()) == (1, [[Fraction(7, 3)]])
    assert efg.from_text(efg.to_text(game)) == game


def chain(length: int) -> str:
    """Write a tree in which players take turns to stop or go on."""
    lines = ['EFG 2 R "chain" { "A" "B" }']
    for turn in range(length):
        lines.append(f'p "" {turn % 2 + 1} {turn + 1} "turn {turn}" {{ "stop" "go" }} 0')
        lines.append(f't "" {turn + 1} "" {{ {turn} {-turn} }}')
    return "\n".join([*lines, 't "" 0'])


def test_chains_of_a_hundred_thousand_nodes_are_read_and_written(tmp_path: Path) -> None:
    game = efg.from_text(chain(100_000))
    assert (game.n_nodes, len(game.level_offsets) - 1) == (200_001, 100_001)
    again = load_game(save_game(game, tmp_path / "chain.efg"))
    assert again == game
    assert again.infoset_label(99_999) == game.infoset_label(99_999) == "turn 99999"
    with pytest.raises(GameFormatError, match=r"too deeply.*\.efg file has no such limit"):
        save_game(efg.from_text(chain(2_000)), tmp_path / "chain.json")


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (chain(100_000)[:-6], "file ends, but nodes are still to come: 1.*line 200002"),
        (chain(20_000) + ' t "" 0', "more after the last node.*line 40002, column 8"),
        (chain(20_000).replace("turn 19999", 'x" { "a" } 3 "'), "line 40000"),
        (chain(20_000).replace(' 1 19999 "', ' 1 1 "'), "described differently.*line 39998"),
    ],
)
def test_broken_chains_are_refused_where_they_break(broken: str, message: str) -> None:
    with pytest.raises(GameFormatError, match=message):
        efg.from_text(broken)


ONE = 'EFG 2 R "" { "A" } '
TWO = 'EFG 2 R "" { "A" "B" }\n'
BAD = {
    "": "file ends where 'EFG'",
    "NFG 1": "found 'NFG' instead of 'EFG'",
    'EFG 1 R "" { "A" } t "" 0': "found '1' instead of '2'",
    'EFG 2 Q "" { "A" } t "" 0': "R or D",
    'EFG 2 R "" { } t "" 0': "no players.*line 1, column 12",
    'EFG 2 R "" { "A" "A" } t "" 0': "'A' is used twice for players.*column 18",
    ONE: "file ends where a node: c, p or t",
    ONE + 'x "" 0': "found 'x' instead of a node.*column 20",
    ONE + "t 0": "the node's name in double quotes",
    ONE + 't ""': "file ends where the outcome's number",
    ONE + 't "" -1': "the outcome's number.*'-1'|'-1' instead of the outcome's number",
    ONE + 't "" 1': "outcome 1 has no payoffs.*column 25",
    ONE + 't "" 0 "" { 1 }': "outcome 0 pays nothing",
    ONE + 't "" 1 "" { }': "found '}' instead of the payoff of player 1 of 1",
    ONE + 't "" 1 "" { 1 2 }': "found '2' instead of '}'",
    ONE + 't "" 1 "" { ,1 }': "found ',' instead of the payoff",
    ONE + 't "" 1 "" { NaN }': "'NaN' is not a number.*column 32",
    ONE + 't "" 1 "" { 1e999999999 }': "'1e999999999' is not a number.*column 32",
    ONE + 't "" 1 "" { 1e309 }': "too large",
    ONE + 't "" 1 "" { 1 } t "" 0': "more after the last node.*column 36",
    ONE + 'p "" 2 1 "" { "a" } 0 t "" 0': "no player 2.*valid: 1 to 1",
    ONE + 'p "" 0 1 "" { "a" } 0 t "" 0': "player's number is 0",
    ONE + 'p "" 1 0 "" { "a" } 0 t "" 0': "information set's number is 0",
    ONE + 'p "" 1 1 0 t "" 0': "information set 1 has no actions.*column 27",
    ONE + 'p "" 1 1 "" { } 0': "no actions.*column 32",
    ONE + 'p "" 1 1 "" { "a" 1/2 } 0 t "" 0': "found '1/2' instead of an action's name",
    ONE + 'p "" 1 1 "" { "a" "b" "a" } 0': "'a' is used twice for actions.*column 42",
    ONE + 'p "" 1 1 "" { "a" "b" } 0 t "" 0': "file ends, but nodes are still to come: 1",
    ONE + 'c "" 1 "" { "a" } 0 t "" 0': "the action's probability",
    ONE + 'c "" 1 "" { } 0 t "" 0': "no actions",
    ONE + 'c "" 1 "" { "a" -1 "b" 2 } 0 t "" 0 t "" 0': "outside 0 to 1.*column 36",
    ONE + 'c "" 1 "" { "a" 1/0 } 0 t "" 0': "divides by zero",
    ONE + 'c "" 1 "" { "a" 1/"b"1 } 0 t "" 0 t "" 0': "'1/' is not a number",
    ONE
    + 'c "" 1 "" {"a" 0.333333 "b" 0.333333 "c" 0.333333} 0': "to 999999/1000000, not to 1.*1/3",
    ONE + 'c "" 1 "" { "a" 1/2 "b" 1/3 } 0 t "" 0 t "" 0': "sum to 5/6",
    TWO + 'p "" 1 1 "i" { "a" } 0\np "" 2 1 "j" { "b" } 0\np "" 2 1 "j" { "c" } 0 t "" 0': (
        "information set 1 is described differently than before; where: line 4, column 14"
    ),
    TWO + 'p "" 1 1 "i" { "a" } 1 "" { 1 1 }\nt "" 1 "" { 1 2 }': (
        "outcome 1 has other payoffs than before; where: line 3, column 6"
    ),
    ONE + 'p "" 1 1 "i" { "a" } 0\np "" 1 1 0 t "" 0': (
        r"'A' forgets.*'i' is met twice on one path \(absent-mindedness\).*line 2, column 1"
    ),
    ONE + 'p "" 1 1 "" { "a" "b" } 0 p "" 1 5 "" { "c" } 0 t "" 0\np "" 1 5 0 t "" 0': (
        "forgets.*'1:5' is met after different own choices.*line 2, column 1"
    ),
    ONE + 'p "" 1 1 "" { "a" } 1 "" { 1e308 } t "" 1': "sum to too long a number",
    ONE + f't "" 1 "" {{ 1/{"7" * 4001} }}': "is not a number",
    ONE + 'p "" 1 1 "open { "a" } 0': "found .* instead of",
}


@pytest.mark.parametrize("text", BAD, ids=range(len(BAD)))
def test_broken_files_are_refused_with_line_and_column(text: str, tmp_path: Path) -> None:
    with pytest.raises(GameFormatError, match=f"(?s){BAD[text]}") as caught:
        efg.from_text(text)
    assert "line " in caught.value.where
    path = tmp_path / "bad.efg"
    path.write_text(text)
    with pytest.raises(GameFormatError, match=r"bad\.efg:\d+:\d+"):
        load_game(path)


def test_sums_of_ever_longer_fractions_are_refused() -> None:
    primes = [p for p in range(10**5, 2 * 10**5) if all(p % q for q in range(2, 448))][:3000]
    nodes = [f'p "" 1 {i} "" {{ "" }} {i} "" {{ 1/{p} }}' for i, p in enumerate(primes, 1)]
    with pytest.raises(GameFormatError, match="sum to too long a number"):
        efg.from_text(ONE + "\n".join([*nodes, 't "" 0']))
    odds = " ".join(f'"{p}" 1/{p}' for p in primes)
    with pytest.raises(GameFormatError, match=r"more than 4,000 digits|sum to 0\.0"):
        efg.from_text(ONE + f'c "" 1 "" {{ {odds} }} 0')


@pytest.mark.parametrize("text", [HORSE, CARDS])
def test_files_cut_off_at_any_byte_are_refused(text: str) -> None:
    whole = efg.from_text(text)
    for cut in range(len(text)):
        if text[cut:].strip():
            with pytest.raises(GameFormatError, match="line"):
                efg.from_text(text[:cut])
        else:
            assert efg.from_text(text[:cut]) == whole


EDITS = st.lists(
    st.tuples(
        st.integers(0, 700),
        st.integers(0, 3),
        st.binary(max_size=3)
        | st.sampled_from([b" ", b"0", b"1", b",", b'"', b"{", b"}", b"p", b"-"]),
    ),
    max_size=4,
)
NEVER = re.compile(r"(?!)")


@given(st.sampled_from([HORSE, CARDS]), EDITS)
def test_damaged_files_are_games_or_refused_and_both_ways_of_reading_agree(
    text: str, edits: list[Any]
) -> None:
    content = bytearray(text.encode())
    for at, removed, new in edits:
        content[at : at + removed] = new
    damaged = content.decode("utf-8", "replace")
    quick = read(damaged)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(efg, "_NODE", NEVER)  # every node token by token
        slow = read(damaged)
    assert type(quick) is type(slow)  # of two mistakes either may be told
    if not isinstance(quick, str):
        assert same(quick, slow)
        assert same(efg.from_text(efg.to_text(quick)), quick)


def read(text: str) -> ExtensiveFormGame | str:
    try:
        return efg.from_text(text)
    except GameFormatError as error:
        assert error.where.startswith("line ")
        return str(error)


@given(trees())
def test_both_ways_of_reading_agree(game: ExtensiveFormGame) -> None:
    text = efg.to_text(game)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(efg, "_NODE", NEVER)
        assert same(efg.from_text(text), game)


def test_usual_nodes_are_all_matched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(efg._TreeReader, "_node", None)
    assert efg.from_text(HORSE).n_nodes == 9
    assert efg.from_text(efg.to_text(gt.catalog.load("kuhn_poker"))).n_nodes == 58


def test_byte_order_marks_and_line_ends_change_nothing(tmp_path: Path) -> None:
    path = tmp_path / "horse.efg"
    path.write_bytes(b"\xef\xbb\xbf" + HORSE.replace("\n", "\r\n").encode())
    assert load_game(path) == efg.from_text(HORSE)


def test_floats_that_only_nearly_sum_to_one_are_written_so_that_they_do() -> None:
    tree = GameTree(["A"])
    for number, child in enumerate(tree.root.chance({str(i): 0.1 for i in range(10)}).values()):
        child.terminal([number])
    game = tree.build()
    assert efg.from_text(efg.to_text(game)).exact_chance.tolist() == game.exact_chance.tolist()


def test_games_with_too_long_numbers_are_not_written() -> None:
    tree = GameTree(["A"])
    tree.root.terminal([Fraction(1, 3**10_000)])
    with pytest.raises(GameFormatError, match="4,000 digits"):
        efg.to_text(tree.build())


@pytest.mark.slow
def test_a_million_nodes_are_read_and_written() -> None:
    lines, stack, count = ['EFG 2 R "" { "A" "B" }'], [0], 0
    while stack:
        depth, count = stack.pop(), count + 1
        if depth == 19:
            lines.append(f't "" {count} "" {{ {count % 1000}, {-(count % 1000)} }}')
        else:
            lines.append(f'p "" {depth % 2 + 1} {count} "" {{ "left" "right" }} 0')
            stack += [depth + 1, depth + 1]
    game = efg.from_text("\n".join(lines))
    assert game.n_nodes == 2**20 - 1
    assert efg.from_text(efg.to_text(game)) == game


SMALL = [name for name in CATALOG if name not in {"liars_dice", "goofspiel", "battleship"}]
SOLVED = {"kuhn_poker", "myerson_card_game", "matching_pennies_tree"}


@pytest.mark.parametrize("name", SMALL)
def test_gambit_reads_what_is_written_and_writes_what_is_read(name: str, tmp_path: Path) -> None:
    pygambit = pytest.importorskip("pygambit")
    game = gt.catalog.load(name)
    theirs = pygambit.read_efg(str(save_game(game, tmp_path / "game.efg")))
    path = tmp_path / "theirs.efg"
    path.write_text(theirs.to_efg(), encoding="utf-8")
    assert same(load_game(path), game)
    if name in SOLVED:
        (equilibrium,) = pygambit.nash.lp_solve(theirs, rational=True).equilibria
        value = equilibrium.payoff(next(iter(theirs.players)))
        assert gt.solve(game).certificate.payoffs[0] == Fraction(str(value))


@pytest.mark.parametrize("name", SMALL)
def test_openspiel_reads_what_is_written(name: str, tmp_path: Path) -> None:
    pyspiel = pytest.importorskip("pyspiel")
    game = gt.catalog.load(name)
    path = save_game(game, tmp_path / "game.efg")
    theirs = pyspiel.load_game(f"efg_game(filename={path})")
    assert theirs.num_players() == game.n_players
    returns = []
    stack = [(theirs.new_initial_state(), 1.0)]
    while stack:
        state, reach = stack.pop()
        if state.is_terminal():
            returns.append((reach, *state.returns()))
        elif state.is_chance_node():
            below = [(state.child(a), reach * p) for a, p in state.chance_outcomes()]
            stack += reversed(below)
        else:
            actions = state.legal_actions()
            stack += reversed([(state.child(a), reach / len(actions)) for a in actions])
    uniform = gt.BehaviorProfile.uniform(game)
    expected = np.array([row[0] * np.array(row[1:]) for row in returns]).sum(axis=0)
    assert len(returns) == game.n_terminals
    assert np.allclose(expected, game.expected_payoffs(uniform), rtol=1e-9, atol=1e-9)
