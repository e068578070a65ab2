"""marl-bridge tournament: what it prints, what it refuses, exit codes."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from gametheory.console import INTERRUPTED, WRONG_INPUT, ErrorsInWords
from marl_bridge.cli_tournament import tournament

RPS = [
    "classic/rps-v2",
    "--env-kwargs",
    '{"max_cycles": 1}',
    "--episodes",
    "40",
    "--replicates",
    "3",
]


@pytest.fixture
def policies(tmp_path: Path) -> list[str]:
    file = tmp_path / "hands.py"
    file.write_text("def rock(seen, mask):\n    return 0\n\ndef paper(seen, mask):\n    return 1\n")
    return ["--policy", f"rock={file}:rock", "--policy", f"paper={file}:paper"]


def run(*arguments: str) -> Result:
    app = typer.Typer(cls=ErrorsInWords, pretty_exceptions_enable=False, rich_markup_mode=None)
    app.callback()(lambda: None)
    app.command()(tournament)
    result = CliRunner().invoke(app, ["tournament", *arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
    return result


def test_it_prints_payoffs_equilibrium_and_rankings(policies: list[str], tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    picture = tmp_path / "payoffs.svg"
    options = ["--range", "-1:1", "--symmetric", "--figure", str(picture)]
    result = run(*RPS, *policies, *options)
    assert result.exit_code == 0
    assert "rock      paper     -1.000 [-1.000," in result.stdout
    assert "player_0: paper 1.000; payoff 0" in result.stdout
    assert "In the true game nobody gains more than" in result.stdout
    assert "Ranking by alpha-rank" in result.stdout
    assert "The whole order is proven" in result.stdout
    assert picture.read_text("utf-8").startswith("<?xml")


def test_json_is_all_there_is(policies: list[str], tmp_path: Path) -> None:
    kept = str(tmp_path / "kept.db")
    result = run(*RPS, *policies, "--json", "--range", "-1:1", "--checkpoint", kept)
    assert result.exit_code == 0 and result.stderr == ""
    found = json.loads(result.stdout)
    assert found["equilibrium"] == {"player_0": {"paper": 1.0}, "player_1": {"paper": 1.0}}
    assert found["certified_in_the_true_game"] is True and found["missing"] == []
    assert {one["method"] for one in found["rankings"]} == {
        "average",
        "alpha-rank",
        "nash-averaging",
        "elo",
    }
    again = run(*RPS, *policies, "--json", "--range", "-1:1", "--checkpoint", kept)
    assert again.stdout == result.stdout


def test_without_ranges_it_says_that_nothing_is_certified(policies: list[str]) -> None:
    result = run(*RPS, *policies, "--policy", "player_1/random=random", "--quiet")
    assert result.exit_code == 0
    assert "(heuristic)" in result.stdout
    assert "No elo: Elo needs declared ranges" in result.stdout


def test_missing_cells_are_printed_as_missing(policies: list[str]) -> None:
    result = run(*RPS, *policies, "--max-episodes", "50", "--quiet")
    assert result.exit_code == 0
    assert "not played" in result.stdout
    assert "never played" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--policy", "random"], "is not NAME=SPEC"),
        (["--policy", "a=random", "--policy", "a=random"], "given twice"),
        (["--policy", "a=random", "--range", "5"], "is not LOW:HIGH"),
        (["--policy", "a=random", "--range", "nobody=0:1"], "ranges are given for"),
        (["--policy", "a=random", "--range", "5:6"], "outside the bounds"),
        (["--policy", "player_0/a=random"], "no joint|population"),
        (["--policy", "a=random", "--figure", "x.txt"], "ends with none of"),
        (["--policy", "a=random", "--env-kwargs", "{"], "not JSON"),
        (["--policy", "a=nothing"], "is no policy"),
    ],
)
def test_bad_input_is_told_in_words(arguments: list[str], message: str) -> None:
    result = run("classic/rps-v2", "--episodes", "5", *arguments)
    assert result.exit_code == WRONG_INPUT
    assert "Traceback" not in result.output
    assert re.search(message, " ".join(result.stderr.split()))


def test_ctrl_c_shows_what_there_is(policies: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    module = sys.modules["marl_bridge.empirical_game.payoff_tensor"]
    play, calls = module.play_chunk, []

    def stop(*task: object) -> object:
        calls.append(task)
        if len(calls) > 2:
            raise KeyboardInterrupt
        return play(*task)

    monkeypatch.setattr(module, "play_chunk", stop)
    result = run(*RPS, *policies, "--quiet")
    assert result.exit_code == INTERRUPTED
    assert "Interrupted" in result.stdout
