"""gametheory on the command line: answers, exit codes, one message instead of a traceback."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

import gametheory as gt
from gametheory import cli
from gametheory.algorithms.registry import algorithms
from gametheory.cli_tables import ROWS, SHOWN, solution_tables
from gametheory.console import out
from gametheory.solution import Status


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(cli.app, list(arguments))
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
    assert "Traceback" not in result.output
    return result


def words(text: str) -> str:
    return " ".join(text.split())


@pytest.fixture
def entry_game(tmp_path: Path) -> Path:
    """A firm enters or stays out; the incumbent fights or yields (Selten 1978)."""
    tree = gt.GameTree(["Entrant", "Incumbent"], title="Entry")
    moves = tree.root.decision("Entrant", "start", ["out", "in"])
    moves["out"].terminal([0, 2])
    answers = moves["in"].decision("Incumbent", "entered", ["fight", "yield"])
    answers["fight"].terminal([-1, -1])
    answers["yield"].terminal([1, 1])
    return Path(gt.save_game(tree.build(), tmp_path / "entry.json"))


def test_solve_shows_labels_payoffs_and_the_certificate() -> None:
    result = run("solve", "prisoners_dilemma")
    assert result.exit_code == 0
    assert "certified exact" in result.stdout
    assert "player 0 Defect -2" in words(result.stdout)
    assert "nash: exact (rational arithmetic)" in result.stdout


def test_solve_shows_exact_fractions() -> None:
    shown = words(run("solve", "rock_paper_scissors", "--concept", "minimax").stdout)
    assert shown.count("1/3") == 6


def test_solve_all_says_that_no_others_exist() -> None:
    shown = run("solve", "chicken", "--concept", "pure-nash", "--find", "all").stdout
    assert "2 found, no others exist" in shown
    assert "equilibrium 2 of 2" in shown


def test_a_game_proven_to_have_no_solution_is_an_answer() -> None:
    result = run("solve", "matching_pennies", "--concept", "pure-nash")
    assert result.exit_code == 0
    assert "infeasible, 0 found" in result.stdout


def test_nothing_found_in_time_is_exit_code_1() -> None:
    result = run("solve", "matching_pennies", "--time-limit", "0")
    assert result.exit_code == 1
    assert "time limit" in result.stdout


def test_solve_as_json_can_be_verified_elsewhere(tmp_path: Path) -> None:
    document = json.loads(run("solve", "rock_paper_scissors", "--json").stdout)
    assert (document["status"], document["concept"]) == ("certified_exact", "nash")
    (certificate,) = document["certificates"]
    assert certificate["payoffs"] == [0, 0]
    profile = tmp_path / "profile.json"
    profile.write_text(json.dumps(certificate["profile"]))
    assert run("verify", "rock_paper_scissors", str(profile)).exit_code == 0


def test_what_solve_saves_verify_reads(tmp_path: Path, entry_game: Path) -> None:
    for game in ("two_finger_morra", str(entry_game)):
        profile = tmp_path / "profile.json"
        assert run("solve", game, "--save", str(profile)).exit_code == 0
        assert "holds" in run("verify", game, str(profile)).stdout


def test_verify_measures_how_far_a_profile_is_off(tmp_path: Path) -> None:
    profile = tmp_path / "profile.json"
    profile.write_text('[["1/2", "1/2"], [1, 0]]')
    result = run("verify", "matching_pennies", str(profile))
    assert result.exit_code == 1
    assert "does not hold nash: epsilon 1" in words(result.stdout)
    document = json.loads(run("verify", "matching_pennies", str(profile), "--json").stdout)
    assert (document["holds"], document["epsilon"]) == (False, 1)
    assert run("verify", "matching_pennies", str(profile), "--epsilon", "1").exit_code == 0


def test_a_tree_is_shown_by_information_set(entry_game: Path) -> None:
    result = run("solve", str(entry_game), "--concept", "subgame-perfect")
    shown = words(result.stdout)
    assert "payoffs: Entrant 1, Incumbent 1" in shown
    assert "Entrant start in" in shown
    assert "Incumbent entered yield" in shown


def test_a_large_tree_is_counted_not_shown(tmp_path: Path) -> None:
    tree = gt.GameTree(["A"])
    nodes = list(tree.root.chance({str(i): Fraction(1, 50) for i in range(50)}).values())
    for i, node in enumerate(nodes):
        for payoff, leaf in enumerate(node.decision("A", f"card {i}", ["l", "r"]).values()):
            leaf.terminal([payoff])
    path = gt.save_game(tree.build(), tmp_path / "cards.json")
    shown = run("solve", str(path)).stdout
    assert f"card {ROWS - 1}" in shown
    assert f"card {ROWS}" not in shown
    assert "and 20 more information sets" in shown


def test_many_equilibria_are_counted_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    game = gt.catalog.load("pure_coordination", n_actions=SHOWN + 5)
    out().print(solution_tables(game, gt.solve(game, "pure-nash", find="all")))
    shown = capsys.readouterr().out
    assert f"equilibrium {SHOWN} of {SHOWN + 5}" in shown
    assert "and 5 more" in shown


def test_labels_are_text_not_markup(capsys: pytest.CaptureFixture[str]) -> None:
    actions = [["[red]a", "[/b]"], ["[link=x]", "d"]]
    game = gt.NormalFormGame.bimatrix([[3, 0], [5, 1]], [[3, 5], [0, 1]], actions=actions)
    out().print(solution_tables(game, gt.solve(game, "pure-nash")))
    assert "[/b]" in capsys.readouterr().out


def test_methods_lists_every_algorithm() -> None:
    shown = run("methods").stdout
    assert all(algorithm.name in shown for algorithm in algorithms())
    only = run("methods", "--concept", "subgame-perfect").stdout
    assert "backward-induction" in only
    assert "pure-enumeration" not in only


def test_catalog_lists_and_shows() -> None:
    assert "two_finger_morra" in run("catalog").stdout
    one = run("catalog", "hawk-dove").stdout
    assert "Maynard Smith and Price (1973)" in one
    assert "value=2, cost=4" in one
    names = [entry["name"] for entry in json.loads(run("catalog", "--json").stdout)]
    assert names == [entry.name for entry in gt.catalog.catalog()]
    assert len(names) >= 15


@pytest.mark.parametrize("name", [entry.name for entry in gt.catalog.catalog()])
def test_every_named_game_is_shown(name: str) -> None:
    result = run("catalog", name)
    assert result.exit_code == 0
    assert name in result.stdout


def test_convert_writes_a_game_that_reads_the_same(tmp_path: Path) -> None:
    path = tmp_path / "chicken.json"
    assert run("convert", "chicken", str(path)).exit_code == 0
    assert gt.load_game(path) == gt.catalog.load("chicken")


def test_ctrl_c_shows_what_was_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: Any, **__: Any) -> gt.Solution:
        return gt.Solution("nash", (), Status.TIME_LIMIT, False, (), "m", "", reason="interrupted")

    monkeypatch.setattr(importlib.import_module("gametheory.solve"), "solve", interrupted)
    result = run("solve", "chicken")
    assert result.exit_code == 130
    assert "interrupted" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["solve", "prisoner_dilemma"], "perhaps prisoners_dilemma"),
        (["solve", "no_such.json"], "no_such.json"),
        (["solve", "chicken", "--concept", "nahs"], "unknown concept 'nahs'"),
        (["solve", "chicken", "--method", "magic"], "unknown method 'magic'"),
        (["solve", "chicken", "--find", "some"], "some"),
        (["solve", "chicken", "--time-limit", "-1"], "--time-limit"),
        (["solve"], "GAME"),
        (["verify", "chicken", "no_such.json"], "no_such.json"),
        (["verify", "chicken", "bad.json"], "bad.json"),
        (["verify", "chicken", "wrong.json"], "3 probabilities for the 2 actions"),
        (["convert", "chicken", "bad.json/x.json"], "bad.json/x.json"),
        (["methods", "--concept", "nahs"], "unknown concept 'nahs'"),
        (["catalog", "nope"], "no game 'nope'"),
        (["frobnicate"], "frobnicate"),
    ],
)
def test_bad_input_ends_with_2_and_one_message(
    arguments: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("bad.json").write_text("{")
    Path("wrong.json").write_text("[[1, 0, 0], [1, 0]]")
    result = run(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert message.lower() in words(result.stderr).lower()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.json", "wrong.json"]


@pytest.mark.parametrize(
    "imports",
    ["import gametheory", "import gametheory.solve", "from gametheory.solve import solve"],
)
def test_the_function_solve_wins_over_its_module(imports: str) -> None:
    code = f"{imports}\nimport gametheory\nprint(callable(gametheory.solve))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True"


def test_options_of_a_method_are_given_by_name() -> None:
    result = run(
        "solve",
        "battle_of_the_sexes",
        "--concept",
        "correlated",
        "--option",
        "objective=egalitarian",
    )
    assert result.exit_code == 0, result.output
    assert "proven optimal" in result.output
    result = run("solve", "chicken", "--concept", "correlated", "--option", "objective=justice")
    assert result.exit_code == 2
    assert "justice" in result.output
    result = run("solve", "chicken", "--option", "find=all")
    assert result.exit_code == 2
    assert "--find" in result.output
    result = run("solve", "chicken", "--option", "objective")
    assert result.exit_code == 2
    assert "NAME=VALUE" in result.output


def test_options_of_methods_take_decimals_and_fractions():
    for target in ("0.01", "1/100", "1e-2"):
        result = run("solve", "kuhn_poker", "--method", "cfr+", "--option", f"target={target}")
        assert result.exit_code == 0, result.output
        assert "certified epsilon" in result.stdout
