"""Files of every format on the command line: converted, solved, verified, refused in one line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import gametheory as gt
from gametheory import cli
from tests.gametheory.test_efg import CARDS, HORSE, MYERSON
from tests.gametheory.test_nfg import OUTCOMES, PAYOFFS


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(cli.app, list(arguments))
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
    assert "Traceback" not in result.output
    return result


@pytest.mark.parametrize(
    ("game", "suffix"), [("chicken", "nfg"), ("bertrand", "nfg"), ("kuhn_poker", "efg")]
)
def test_games_go_from_format_to_format_unchanged(game: str, suffix: str, tmp_path: Path) -> None:
    own, back = tmp_path / f"game.{suffix}", tmp_path / "game.json"
    result = run("convert", game, str(own))
    assert (result.exit_code, result.stdout.split()) == (0, ["wrote", str(own)])
    assert run("convert", str(own), str(back)).exit_code == 0
    assert gt.load_game(own) == gt.load_game(back) == gt.catalog.load(game)


@pytest.mark.parametrize("text", [PAYOFFS, OUTCOMES, MYERSON])
def test_files_of_gambit_are_solved_and_verified(text: str, tmp_path: Path) -> None:
    game, profile = tmp_path / f"game.{text[:3].lower()}", tmp_path / "profile.json"
    game.write_text(text)
    solved = run("solve", str(game), "--certificate", str(profile))
    assert solved.exit_code == 0
    assert "certified" in solved.stdout
    verified = run("verify", str(game), str(profile))
    assert verified.exit_code == 0
    assert "holds" in verified.stdout


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("bad.efg", HORSE.replace("{ 4, 4, 0 }", "{ 4, 4, x }"), r"'x' is not a .*bad\.efg:8:28"),
        ("bad.nfg", PAYOFFS.replace("0 3 2 0", "0 3"), r"payoff 11 of 12.*bad\.nfg:5:1"),
        ("bad.efg", CARDS.replace('t "" 4\n', 'p "" 1 7 0\n'), r"'red' is met .*bad\.efg:11:1"),
        ("bad.json", '{"format": []}', r"unknown format"),
        ("bad.json", '{"format": 1, "format": 2}', r"key 'format' twice"),
        ("bad.json", "[" * 100_000, r"nested too deeply.*\.efg"),
        ("bad.json", "9" * 5000, r"too many digits"),
        ("bad.txt", "EFG", r"bad\.txt:1:4"),
        ("bad", "", r"not JSON"),
        ("bad.nfg", "", r"bad\.nfg:1:1"),
    ],
)
@pytest.mark.parametrize("command", ["solve", "convert"])
def test_broken_files_end_with_2_and_one_message(
    command: str, name: str, content: str, message: str, tmp_path: Path
) -> None:
    path, target = tmp_path / name, tmp_path / "target.json"
    path.write_text(content)
    result = run(command, str(path), *([str(target)] if command == "convert" else []))
    assert (result.exit_code, result.stdout) == (2, "")
    assert re.search(message, result.stderr), result.stderr
    assert result.stderr.startswith("error: ")
    assert not target.exists()


@pytest.mark.parametrize(
    ("game", "target", "message"),
    [
        ("chicken", "game.efg", r"normal form.*write a \.nfg or a \.json file"),
        ("chain_store", "game.nfg", r"extensive form.*write a \.efg or a \.json file"),
        ("chicken", "game.txt", r"suffix names no format"),
        ("chicken", "game", r"suffix names no format"),
    ],
)
def test_what_a_format_cannot_hold_is_refused(
    game: str, target: str, message: str, tmp_path: Path
) -> None:
    result = run("convert", game, str(tmp_path / target))
    assert (result.exit_code, result.stdout) == (2, "")
    assert re.search(message, result.stderr)
    assert not list(tmp_path.iterdir())
