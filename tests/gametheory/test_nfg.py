"""Games in strategic form survive .nfg files, and broken files say what is wrong and where."""

from __future__ import annotations

import os
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import gametheory as gt
from gametheory import GameFormatError, NormalFormGame
from gametheory.formats import load_game, nfg, save_game
from tests.gametheory.test_gambit_text import ANY_TEXT

CATALOG = [one.name for one in gt.catalog.catalog() if one.form == "normal form"]
NUMBERS = (
    st.integers(-5, 5)
    | st.fractions()
    | st.floats(-1e300, 1e300)
    | st.integers(-(10**30), 10**30)
    | st.sampled_from(["1e-320", "0.1", "123456789/1000000007"])
)

PAYOFFS = """NFG 1 R "Selten (IJGT, 75), Figure 2, normal form"
{ "Player 1" "Player 2" } { 3 2 }

1 1 0 2 0 2 1 1 0 3 2 0
"""
OUTCOMES = """NFG 1 R "prisoners" { "Ann" "Bob" }

{ { "c" "d" }
{ "c" "d" }
}
"a comment"

{
{ "both" -1, -1 }
{ "one" -3, 0 }
{ "other" 0 -3 }
}
1 3 2 0
"""


@st.composite
def games(draw: st.DrawFn) -> NormalFormGame:
    n_actions = draw(st.lists(st.integers(1, 4), min_size=1, max_size=4))
    size = len(n_actions) * int(np.prod(n_actions))
    few = draw(st.lists(NUMBERS, min_size=1, max_size=6))
    flat = draw(st.lists(st.sampled_from(few), min_size=size, max_size=size))
    payoffs = np.array(flat, dtype=object).reshape(len(n_actions), *n_actions)

    def labels(count: int) -> list[str]:
        return draw(st.lists(ANY_TEXT, min_size=count, max_size=count, unique=True))

    return NormalFormGame(
        payoffs.tolist(),
        players=labels(len(n_actions)),
        actions=[labels(count) for count in n_actions],
        title=draw(ANY_TEXT),
    )


@given(games())
def test_every_game_is_read_as_it_was_written(game: NormalFormGame) -> None:
    again = nfg.from_text(nfg.to_text(game))
    assert again == game
    assert again.exact_payoffs.tolist() == game.exact_payoffs.tolist()
    assert (again.title, again.players, again.actions) == (game.title, game.players, game.actions)


@pytest.mark.parametrize("name", CATALOG)
def test_every_game_of_the_catalog_survives_a_file(name: str, tmp_path: Path) -> None:
    game = gt.catalog.load(name)
    again = load_game(save_game(game, tmp_path / "game.nfg"))
    assert (again, again.title) == (game, game.title)


def test_the_first_players_strategy_varies_fastest() -> None:
    game = nfg.from_text(PAYOFFS)
    assert game.n_actions == (3, 2)
    assert game.payoffs[0].tolist() == [[1, 1], [0, 0], [0, 2]]
    assert game.payoffs[1].tolist() == [[1, 1], [2, 3], [2, 0]]
    assert game.players == ("Player 1", "Player 2")
    assert game.actions == (("0", "1", "2"), ("0", "1"))
    three = nfg.from_text(
        'NFG 1 R "" { "a" "b" "c" } { 1 2 3 }' + "".join(f" {i}" for i in range(18))
    )
    for b in range(2):
        for c in range(3):
            cell = 3 * (b + 2 * c)
            assert three.payoffs[:, 0, b, c].tolist() == [cell, cell + 1, cell + 2]


def test_outcomes_are_looked_up_and_0_pays_nothing() -> None:
    game = nfg.from_text(OUTCOMES)
    assert game.payoffs[0].tolist() == [[-1, -3], [0, 0]]
    assert game.payoffs[1].tolist() == [[-1, 0], [-3, 0]]
    assert game.actions == (("c", "d"), ("c", "d"))


def test_decimals_and_fractions_are_exact() -> None:
    game = nfg.from_text('NFG 1 D "" { "a" } { 3 } .1 1/3 1e-2')
    assert game.exact_payoffs[0].tolist() == [Fraction(1, 10), Fraction(1, 3), Fraction(1, 100)]


def test_what_has_no_name_gets_one() -> None:
    game = nfg.from_text('NFG 1 R "" { "" "" } { { "" "" } { "x" } } 1 2 3 4')
    assert (game.players, game.actions[0]) == (("player 0", "player 1"), ("0", "1"))


@pytest.mark.parametrize("text", [PAYOFFS, OUTCOMES])
def test_byte_order_marks_line_ends_and_capital_suffixes_change_nothing(
    text: str, tmp_path: Path
) -> None:
    path = tmp_path / "GAME.NFG"
    path.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    assert load_game(path) == nfg.from_text(text)
    unnamed = tmp_path / "game.txt"
    unnamed.write_bytes(b"\n " + text.encode())
    assert load_game(unnamed) == nfg.from_text(text)


HEAD = 'NFG 1 R "" { "a" "b" } '
BAD = {
    "": "file ends where 'NFG'",
    "EFG": "found 'EFG' instead of 'NFG'",
    'NFG 2 R "" { "a" }': "found '2' instead of '1'",
    'NFG 1 X "" { "a" }': "found 'X' instead of R or D",
    "NFG 1 R { }": "instead of the title in double quotes",
    'NFG 1 R "" { } { } 1': "0 players.*1 to 31",
    'NFG 1 R "" {' + ' ""' * 32 + " } {" + " 1" * 32 + " }": "32 players",
    'NFG 1 R "" { "a" "a" } { 1 1 } 1 1': "'a' is used twice for players.*line 1, column 18",
    HEAD + "{ 2 } 1 1 1 1": "strategies for 1 of 2 players",
    HEAD + "{ 1 1 1 } 1 1": "found '1' instead of '}'",
    HEAD + "{ 0 1 } ": "is 0.*at least 1",
    HEAD + "{ -1 1 } 1 1": "'-1'.*line 1, column 26.*at least 1",
    HEAD + "{ 1.0 1 } 1 1": "'1.0'.*a whole number",
    HEAD + "{ 1e9 1 } 1 1": "'1e9'",
    HEAD + "{ 1000000000 1000000000 } 1 1": "need about 10.18 payoffs, more than",
    HEAD + "{ 999999999999999999 999999999999999999 } 1 1": "need about 10.36 payoffs",
    HEAD + "{ " + "9" * 19 + " 1 } 1 1": "a whole number",
    HEAD + '{ { "x" "x" } { "y" } } 1 1 1 1': "'x' is used twice.*'a'.*column 32",
    HEAD + '{ { } { "y" } } 1 1 1 1': "no strategies of player 1",
    HEAD + '{ { "x" } 1 } 1 1': "found '1' instead of '{'",
    HEAD + "{ 1 1 } 1": "file ends where payoff 2 of 2",
    HEAD + "{ 1 1 } 1 2 3": "there is more after 2 payoffs.*line 1, column 36",
    HEAD + "{ 1 1 } 1 NaN": "found 'NaN' instead of payoff 2",
    HEAD + "{ 1 1 }\n1\n1e999999999": "'1e999999999' is not a number; where: line 3, column 1",
    HEAD + "{ 1 1 } 1 1e400": "too large.*1.8e308",
    HEAD + "{ 1 1 } 1 1/0": "divides by zero",
    HEAD + '{ 1 1 } { { "" 1 } } 1': "instead of the payoff of player 2 of 2",
    HEAD + '{ 1 1 } { { "" 1 2 3 } } 1': "found '3' instead of '}'",
    HEAD + '{ 1 1 } { { "" 1 2 } } 2': "no outcome 2.*0 to 1",
    HEAD + '{ 1 1 } { { "" 1 2 } } -1': "'-1'",
    HEAD + '{ 2 1 } { { "" 1 2 } } 1': "the outcome of cell 2 of 2",
    HEAD + '{ 1 1 } { { "" 1 2 } } 1 1': "more after the outcomes of 1 cells",
    "NFG 1 R \0": "no meaning here",
    "\ufeffNFG": "no meaning here.*column 1",
}


@pytest.mark.parametrize("text", BAD, ids=range(len(BAD)))
def test_broken_files_are_refused_with_line_and_column(text: str, tmp_path: Path) -> None:
    with pytest.raises(GameFormatError, match=f"(?s){BAD[text]}") as caught:
        nfg.from_text(text)
    assert "line " in caught.value.where
    path = tmp_path / "bad.nfg"
    path.write_text(text, encoding="utf-8")
    if not text.startswith("\ufeff"):
        with pytest.raises(GameFormatError, match=r"bad\.nfg:\d+:\d+"):
            load_game(path)


@pytest.mark.parametrize("text", [PAYOFFS, OUTCOMES, nfg.to_text(gt.catalog.load("chicken"))])
def test_files_cut_off_at_any_byte_are_refused(text: str) -> None:
    whole = nfg.from_text(text)
    for cut in range(len(text)):
        if text[cut:].strip():
            with pytest.raises(GameFormatError, match="line"):
                nfg.from_text(text[:cut])
        else:
            assert nfg.from_text(text[:cut]) == whole


@given(
    st.sampled_from([PAYOFFS, OUTCOMES]),
    st.lists(st.tuples(st.integers(0, 400), st.integers(0, 2), st.binary(max_size=3)), max_size=4),
)
def test_damaged_files_are_games_or_refused(text: str, edits: list[Any]) -> None:
    content = bytearray(text.encode())
    for at, removed, new in edits:
        content[at : at + removed] = new
    damaged = content.decode("utf-8", "replace")
    try:
        game = nfg.from_text(damaged)
    except GameFormatError as error:
        assert error.where.startswith("line ")
    else:
        assert nfg.from_text(nfg.to_text(game)) == game


def test_enormous_demands_are_refused_without_the_memory() -> None:
    refused = subprocess.run(
        [sys.executable, "-c", _ATTACKS],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
    )
    assert refused.stdout.split() == ["refused"] * 9


_ATTACKS = """
import resource
import numpy
from gametheory import GameFormatError
from gametheory.formats import efg, nfg
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 2**30, used + 2**30))
head = 'NFG 1 R "" { "a" "b" } '
tree = 'EFG 2 R "" { "a" } '
for reader, text in [
    (nfg, head + "{ 1000000000 1000000000 } 1 1"),
    (nfg, head + "{ 100000000000000000 1 } 1 1"),
    (nfg, head + "{ 1 1 } 1 1e999999999"),
    (nfg, head + "{ 1 1 } 1 " + "9" * 10**6),
    (nfg, 'NFG 1 R "' + "x" * 10**7),
    (efg, tree + 't "" 1 "" { 1e-999999999 }'),
    (efg, 'EFG 2 R "" {' + ' ""' * 40000 + ' } p "" 1 1 "" {'
     + ''.join(f' "{i}"' for i in range(40000)) + ' } 0' + ' t "" 0' * 40000),
    (efg, tree + '{' * 10**6),
    (efg, tree + "".join(f'p "" 1 {i} "" {{ "" }} 0\\n' for i in range(1, 100001))),
]:
    try:
        reader.from_text(text)
    except GameFormatError:
        print("refused")
"""


def test_trees_are_not_written_as_tables_nor_tables_as_trees(tmp_path: Path) -> None:
    with pytest.raises(GameFormatError, match=r"normal form.*\.nfg or a \.json"):
        save_game(gt.catalog.load("chicken"), tmp_path / "game.efg")
    with pytest.raises(GameFormatError, match=r"extensive form.*\.efg or a \.json"):
        save_game(gt.catalog.load("chain_store"), tmp_path / "game.nfg")
    with pytest.raises(GameFormatError, match=r"suffix names no format.*\.json, \.nfg, \.efg"):
        save_game(gt.catalog.load("chicken"), tmp_path / "game.egf")
    assert not list(tmp_path.iterdir())


def test_games_with_too_long_numbers_or_too_many_players_are_not_written() -> None:
    with pytest.raises(GameFormatError, match="4,000 digits"):
        nfg.to_text(NormalFormGame([[Fraction(1, 3**10_000), 1]]))
    if int(np.__version__.split(".")[0]) >= 2:  # arrays of more than 32 axes
        with pytest.raises(GameFormatError, match="32 players"):
            nfg.to_text(NormalFormGame(np.zeros((32, *[1] * 32))))


def test_files_in_other_encodings_are_refused_at_their_place(tmp_path: Path) -> None:
    path = tmp_path / "game.nfg"
    path.write_bytes(PAYOFFS.replace("Player 2", "J\xfcrgen").encode("latin-1"))
    with pytest.raises(GameFormatError, match=r"no text in UTF-8.*game\.nfg:2:16"):
        load_game(path)
    path.write_bytes(PAYOFFS.encode("utf-16"))
    with pytest.raises(GameFormatError, match=r"no text in UTF-8.*game\.nfg:1:1"):
        load_game(path)


def test_half_characters_are_not_written(tmp_path: Path) -> None:
    game = NormalFormGame([[1, 2]], actions=[["\ud800", "b"]])
    for suffix in ("nfg", "json"):
        with pytest.raises(GameFormatError, match=r"'\\ud800'.*half a character"):
            save_game(game, tmp_path / f"game.{suffix}")
    assert not list(tmp_path.iterdir())


def gambit_relabels(game: NormalFormGame) -> bool:
    """Whether Gambit 16.7, which renames "1", "2", ... one by one, gets past every new name."""
    return all(
        label not in {str(later) for later in range(number + 1, len(labels) + 1)}
        for labels in game.actions
        for number, label in enumerate(labels, 1)
    )


@pytest.mark.parametrize("name", CATALOG)
def test_gambit_reads_what_is_written_and_writes_what_is_read(name: str, tmp_path: Path) -> None:
    pygambit = pytest.importorskip("pygambit")
    game = gt.catalog.load(name)
    if not gambit_relabels(game):
        pytest.skip("Gambit cannot label it")
    path = save_game(game, tmp_path / "game.nfg")
    theirs = pygambit.read_nfg(str(path))
    path.write_text(theirs.to_nfg(), encoding="utf-8")
    assert load_game(path) == game
    if game.n_players == 2 and game.is_constant_sum() and max(game.n_actions) <= 10:
        (equilibrium,) = pygambit.nash.lp_solve(theirs, rational=True).equilibria
        value = equilibrium.payoff(next(iter(theirs.players)))
        assert gt.solve(game).certificate.payoffs[0] == Fraction(str(value))


def test_what_gambit_writes_with_quotes_and_backslashes_is_read(tmp_path: Path) -> None:
    pygambit = pytest.importorskip("pygambit")
    theirs = pygambit.Game.new_table([1, 2])
    theirs.title = 'say "a\\b"'
    path = tmp_path / "game.nfg"
    path.write_text(theirs.to_nfg(), encoding="utf-8")
    assert load_game(path).title == 'say "a\\b"'
