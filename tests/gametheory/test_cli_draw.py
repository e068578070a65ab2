"""gametheory draw and gametheory simulate: files that are what they say, tables, exit codes."""

from __future__ import annotations

import builtins
import json
import re
import signal
import subprocess
import sys
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner, Result

import gametheory as gt
from gametheory import cli
from gametheory.cli_simulation import read_options
from gametheory.dynamics import dynamics

BEGINS = {".png": b"\x89PNG", ".pdf": b"%PDF", ".svg": b"<?xml", ".html": b"<!doctype html>"}


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(cli.app, list(arguments))
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
    assert "Traceback" not in result.output
    return result


def words(text: str) -> str:
    return " ".join(text.split())


class Tags(HTMLParser):
    """Which tags a page has, and that each is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.seen: list[str] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.seen.append(tag)
        if tag != "meta":
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: Any) -> None:
        self.seen.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf", ".html"])
def test_two_players_payoffs_are_drawn_in_every_kind_of_file(suffix: str, tmp_path: Path) -> None:
    if suffix != ".html":
        pytest.importorskip("matplotlib")
    target = tmp_path / f"chicken{suffix.upper()}"
    result = run("draw", "chicken", str(target))
    assert result.exit_code == 0, result.output
    assert target.read_bytes().startswith(BEGINS[suffix])
    assert f"wrote {target}" in result.stdout.replace("\n", "")
    first = target.read_bytes()
    run("draw", "chicken", str(target))
    assert target.read_bytes() == first


def test_a_tree_is_drawn_as_svg_with_its_solution(tmp_path: Path) -> None:
    target = tmp_path / "new" / "kuhn.svg"
    assert run("draw", "kuhn_poker", str(target), "--concept", "nash").exit_code == 0
    root = ET.parse(target).getroot()
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert "first: -0.05556" in "".join(root.itertext())


def test_a_tree_is_drawn_as_a_page_that_asks_for_nothing(tmp_path: Path) -> None:
    target = tmp_path / "trust.html"
    assert run("draw", "trust", str(target), "--concept", "subgame-perfect").exit_code == 0
    page = target.read_text(encoding="utf-8")
    tags = Tags(page)
    assert tags.open == []
    assert "svg" in tags.seen
    assert "script" not in tags.seen
    assert "default-src 'none'" in page
    assert not re.search(r"(?:href|src)=", page)
    assert "subgame-perfect by backward-induction" in page


def test_tables_of_any_number_of_players_are_pages(tmp_path: Path) -> None:
    target = tmp_path / "game.html"
    game = gt.NormalFormGame(
        np.arange(24).reshape(3, 2, 2, 2), players=["A", "B", "<script>"], title="</title>"
    )
    path = gt.save_game(game, tmp_path / "game.json")
    assert run("draw", str(path), str(target), "--concept", "pure-nash").exit_code == 0
    tags = Tags(target.read_text(encoding="utf-8"))
    assert tags.open == []
    assert tags.seen.count("table") == 2
    assert "script" not in tags.seen
    assert "((0, 1), (0, 1), (0, 1))" in target.read_text(encoding="utf-8")


def test_parameters_of_a_family(tmp_path: Path) -> None:
    target = tmp_path / "centipede.svg"
    assert run("draw", "centipede", str(target), "--set", "steps=2").exit_code == 0
    assert len(re.findall("gt-end", target.read_text(encoding="utf-8"))) > 3


def test_no_solution_is_said_and_the_game_drawn_without(tmp_path: Path) -> None:
    target = tmp_path / "pennies.html"
    result = run("draw", "matching_pennies", str(target), "--concept", "pure-nash")
    assert result.exit_code == 0  # proven to have none
    assert "no solution is drawn" in result.stderr
    assert target.exists()
    arguments = ("--concept", "nash", "--time-limit", "0")
    assert run("draw", "matching_pennies", str(target), *arguments).exit_code == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["draw", "trust", "tree.png"], "['.svg', '.html']"),
        (["draw", "chicken", "game.txt"], "game.txt"),
        (["draw", "chicken", "game"], "ending in"),
        (["draw", "leduc_poker", "leduc.svg"], "9,457 histories"),
        (["draw", "kuhn_poker", "kuhn.svg", "--max-nodes", "57"], "at most 57"),
        (["draw", "three_player_majority", "x.svg"], "no game"),
        (["draw", "chicken", "x.svg", "--concept", "nahs"], "unknown concept 'nahs'"),
        (["draw", "chicken"], "TARGET"),
        (["simulate"], "no game was named"),
        (["simulate", "chicken"], "no dynamic was named"),
        (["simulate", "chicken", "--dynamic", "hedges"], "unknown dynamic 'hedges'"),
        (["simulate", "trust", "--dynamic", "hedge"], "is a tree"),
        (["simulate", "rock_paper_scissors", "--dynamic", "iga"], "not defined for this game"),
        (["simulate", "chicken", "--dynamic", "hedge", "--option", "rat=1"], "no option 'rat'"),
        (["simulate", "chicken", "--dynamic", "hedge", "--option", "rounds=0"], "rounds is 0"),
        (["simulate", "chicken", "--dynamic", "hedge", "--option", "rounds"], "NAME=VALUE"),
        (["simulate", "chicken", "--dynamic", "iga", "--option", "start=1;1,0"], "1 probab"),
        (["simulate", "chicken", "--dynamic", "iga", "--option", "start=a,b;1,0"], "a"),
        (["simulate", "chicken", "--dynamic", "iga", "--option", "start=no.json"], "no.json"),
        (["simulate", "chicken", "--dynamic", "replicator", "--seed", "3"], "nothing at random"),
        (["simulate", "chicken", "--dynamic", "hedge", "--plot", "x.jpeg"], "--plot"),
        (
            [
                "simulate",
                "colonel_blotto",
                "--dynamic=hedge",
                "--plot=x.png",
                "--picture=strategies",
            ],
            "--picture",
        ),
    ],
)
def test_bad_input_ends_with_2_and_one_message(
    arguments: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run(*arguments)
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert message.lower() in words(result.stderr).lower()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_a_file_is_said_to_be_one(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = run("draw", "trust", str(tmp_path / "file" / "x.svg"))
    assert result.exit_code == 2
    assert "file" in result.stderr


def test_without_matplotlib_figures_say_what_to_install_and_trees_need_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = builtins.__import__

    def hidden(name: str, *rest: Any, **named: Any) -> Any:
        if name.partition(".")[0] == "matplotlib":
            raise ImportError(name)
        return real(name, *rest, **named)

    for name in [name for name in sys.modules if name.partition(".")[0] == "matplotlib"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(builtins, "__import__", hidden)
    target = str(tmp_path / "x.png")
    for arguments in (
        ["draw", "chicken", target],
        ["simulate", "chicken", "--dynamic", "iga", "--plot", target],
    ):
        result = run(*arguments)
        assert result.exit_code == 2
        assert "gametheory-toolkit[plot]" in result.stderr
        assert result.stdout == ""
    assert run("draw", "trust", str(tmp_path / "x.svg")).exit_code == 0
    assert run("draw", "chicken", str(tmp_path / "x.html")).exit_code == 0


def test_simulate_tells_strategies_gaps_regrets_and_what_is_proven() -> None:
    arguments = ["chicken", "--dynamic", "regret-matching", "--option", "rounds=200"]
    shown = words(run("simulate", *arguments).stdout)
    game = gt.catalog.load("chicken")
    trace = gt.simulate(game, "regret-matching", rounds=200)
    assert f"NashConv of the averages {float(trace.gaps[-1]):.6g}" in shown
    assert f"NashConv of the last iterates {float(trace.iterate_gaps[-1]):.6g}" in shown
    first = game.actions[0][0]
    last, average = trace.iterates[0][-1, 0], trace.averages[0][-1, 0]
    regret = float(trace.regrets[-1, 0])
    assert f"player 0 {first} {last:.6f} {average:.6f} {regret:.6g}" in shown
    assert f"coarse correlated gap of joint play {gt.cce_gap(game, trace.joint_average):.6g}" in (
        shown
    )
    (dynamic,) = (one for one in dynamics() if one.name == "regret-matching")
    assert dynamic.guarantee in shown
    assert dynamic.source in shown


def test_simulate_as_json_holds_the_whole_trace() -> None:
    options = ["--option", "rounds=50", "--option", "play=sampled", "--seed", "4"]
    result = run("simulate", "chicken", "--dynamic", "hedge", *options, "--json")
    document = json.loads(result.stdout)
    trace = gt.simulate(gt.catalog.load("chicken"), "hedge", rounds=50, play="sampled", seed=4)
    assert document["format"] == "gametheory/trace"
    assert (document["options"]["seed"], document["interrupted"]) == (4, False)
    for name in ("times", "regrets", "gaps", "iterate_gaps", "joint_average"):
        assert document[name] == getattr(trace, name).tolist()
    for name in ("iterates", "averages"):
        assert document[name] == [part.tolist() for part in getattr(trace, name)]


def test_options_are_read_as_people_write_them(tmp_path: Path) -> None:
    game = gt.catalog.load("chicken")
    (hedge,) = (one for one in dynamics() if one.name == "hedge")
    start = gt.MixedProfile([["9/10", "1/10"], ["1/2", "1/2"]])
    (tmp_path / "start.json").write_text('[["9/10", "1/10"], ["1/2", "1/2"]]')
    for text in ("9/10,1/10;1/2,1/2", str(tmp_path / "start.json")):
        given = cli._values([f"start={text}"], where="--option")
        assert read_options(hedge, game, given, None)["start"] == start
    given = cli._values(["rate=1.5e-2", "rounds=7", "start=none"], where="--option")
    assert read_options(hedge, game, given, 3) == {
        "rate": 0.015,
        "rounds": 7,
        "start": None,
        "seed": 3,
    }


@pytest.mark.parametrize("one", dynamics(), ids=lambda one: one.name)
def test_every_dynamic_is_listed_and_runs(one: Any) -> None:
    game = "matching_pennies" if one.name != "moran" else "chicken"
    few = [name for name in ("rounds", "births", "generations") if name in one.options]
    options = [part for name in few for part in ("--option", f"{name}=20")]
    result = run("simulate", game, "--dynamic", one.name, *options)
    assert result.exit_code == 0, result.output
    assert one.source in words(result.stdout)


def test_the_list_says_what_is_proven_of_each() -> None:
    shown = words(run("simulate", "--list").stdout)
    for one in dynamics():
        assert one.name in shown
        assert one.guarantee in shown
        assert one.source in shown
    listed = json.loads(run("simulate", "--list", "--json").stdout)
    assert [one["name"] for one in listed] == [one.name for one in dynamics()]


@pytest.mark.parametrize(
    ("game", "dynamic", "picture"),
    [
        ("chicken", "replicator", "gaps"),
        ("chicken", "iga", "strategies"),
        ("rock_paper_scissors", "replicator", "strategies"),
    ],
)
def test_simulate_draws(game: str, dynamic: str, picture: str, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    target = tmp_path / "x.png"
    arguments = ["--dynamic", dynamic, "--plot", str(target), "--picture", picture]
    result = run("simulate", game, *arguments)
    assert result.exit_code == 0, result.output
    assert target.read_bytes().startswith(BEGINS[".png"])


def test_one_population_is_named_and_drawn(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    arguments = ["--dynamic", "replicator", "--option", "populations=one"]
    target = tmp_path / "x.svg"
    result = run("simulate", "rock_paper_scissors", *arguments, "--plot", str(target))
    assert result.exit_code == 0, result.output
    assert "population Rock" in words(result.stdout)
    assert "player 1" not in result.stdout
    picture = ["--plot", str(target), "--picture", "strategies"]
    assert run("simulate", "rock_paper_scissors", *arguments, *picture).exit_code == 0
    result = run("simulate", "hawk_dove", *arguments, *picture)
    assert result.exit_code == 2
    assert "one population" in result.stderr


def test_ctrl_c_shows_what_was_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    gt.simulate(gt.catalog.load("chicken"), "hedge", rounds=10)  # compiled by now
    before = signal.getsignal(signal.SIGINT)
    from gametheory.dynamics import recording

    def once(*_: Any) -> float:
        monkeypatch.undo()
        signal.raise_signal(signal.SIGINT)
        return 0.0

    monkeypatch.setattr(recording.time, "perf_counter", once)
    arguments = ["--dynamic", "hedge", "--option", "rounds=100000000000"]
    result = run("simulate", "chicken", *arguments)
    assert result.exit_code == 130
    assert "interrupted: this is what was reached" in result.stdout
    assert "NashConv of the averages" in result.stdout
    assert signal.getsignal(signal.SIGINT) is before


def test_ctrl_c_before_anything_was_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    from gametheory.dynamics import registry

    def interrupted(*_: Any, **__: Any) -> None:
        signal.raise_signal(signal.SIGINT)

    (hedge,) = (one for one in dynamics() if one.name == "hedge")
    monkeypatch.setitem(
        registry._REGISTERED,
        "hedge",
        registry.Dynamic("hedge", hedge.applies, interrupted, "none", "none"),
    )
    result = run("simulate", "chicken", "--dynamic", "hedge")
    assert result.exit_code == 130
    assert "interrupted before anything was recorded" in result.stderr


@pytest.mark.slow
def test_ctrl_c_in_a_process_of_its_own() -> None:
    code = "from gametheory.cli import main; main()"
    arguments = ["simulate", "chicken", "--dynamic", "hedge", "--option", "rounds=100000000000"]
    process = subprocess.Popen(
        [sys.executable, "-c", code, *arguments, "--json"], stdout=subprocess.PIPE, text=True
    )
    try:
        process.communicate(timeout=20)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    document = json.loads(output)
    assert document["interrupted"]
    assert document["times"][-1] > 1000


def test_large_games_are_cut_in_the_table() -> None:
    arguments = ["pure_coordination", "--set", "n_actions=40", "--dynamic", "hedge"]
    shown = words(run("simulate", *arguments, "--option", "rounds=5").stdout)
    assert "and 50 more actions" in shown
