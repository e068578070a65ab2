"""marl-bridge on the command line: what is printed where, exit codes, no traceback."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

import marl_bridge
from marl_bridge import cli, demo
from marl_bridge.learners.independent_q import IndependentQ
from marl_bridge.policies import specs
from marl_bridge.reports.report import Report

RPS = ["classic/rps-v2", "--env-kwargs", '{"max_cycles": 1}']


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(cli.app, list(arguments))
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
    assert "Traceback" not in result.output
    return result


def test_check_prints_the_table_of_random_play() -> None:
    result = run("check", *RPS, "--episodes", "200")
    assert result.exit_code == 0
    assert "classic/rps-v2 (AEC)" in result.stdout
    assert "NashConv 0.0000, Exploitability 0.0000" in result.stdout
    assert "Nash equilibrium, certified exact" in result.stdout
    assert "checking classic/rps-v2" in result.stderr


def test_check_as_json_writes_nothing_else(tmp_path: Path) -> None:
    page = tmp_path / "out" / "report.html"
    result = run("check", *RPS, "--episodes", "200", "--json", "--html", str(page))
    assert result.exit_code == 0
    assert result.stderr == ""
    found = json.loads(result.stdout)
    assert found["exact"] is True
    assert found["nash_conv"] == pytest.approx(0, abs=1e-9)
    assert found["parameters"]["command"].startswith("marl-bridge")
    assert "classic/rps-v2" in page.read_text("utf-8")


def test_check_trains_a_learner_first() -> None:
    result = run(
        "check", *RPS, "--learner", "independent-q", "--train-episodes", "50", "--episodes", "100"
    )
    assert result.exit_code == 0
    assert "training on classic/rps-v2" in result.stderr


def test_trained_policies_are_saved_and_found_again(tmp_path: Path) -> None:
    folder = tmp_path / "policies"
    trained = run("train", *RPS, "--episodes", "50", "--save", str(folder))
    assert trained.exit_code == 0
    assert "50 episodes by independent-q" in trained.stdout
    assert sorted(path.name for path in folder.iterdir()) == ["player_0.npz", "player_1.npz"]
    from_folder = run("check", *RPS, "--episodes", "50", "--json", "--policy", str(folder))
    one_by_one = [f"player_{i}={folder / f'player_{i}.npz'}" for i in range(2)]
    by_name = run(
        "check", *RPS, "--episodes", "50", "--json",
        "--policy", one_by_one[0], "--policy", one_by_one[1],
    )  # fmt: skip
    returns = [
        [agent["exact_return"] for agent in json.loads(result.stdout)["agents"]]
        for result in (from_folder, by_name)
    ]
    assert returns[0] == returns[1]


def test_a_policy_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("def rock(observation, mask):\n    return [1, 0, 0]\n")
    spec = f"{tmp_path / 'mine.py'}:rock"
    result = run("check", *RPS, "--episodes", "50", "--json", "--policy", spec)
    gains = [agent["best_response_gain"] for agent in json.loads(result.stdout)["agents"]]
    assert gains == pytest.approx([1.0, 1.0])


def test_inspect_and_extract_print_facts_and_json() -> None:
    assert "player_0, player_1" in run("inspect", *RPS, "--episodes", "2").stdout
    assert json.loads(run("inspect", *RPS, "--episodes", "2", "--json").stdout)["api"] == "aec"
    assert "13" in run("extract", *RPS, "--quiet").stdout
    audit = json.loads(run("extract", *RPS, "--json").stdout)
    assert (audit["n_states"], audit["episodes_checked"]) == (13, 30)


def test_play_is_repeatable_and_shows_legal_moves(tmp_path: Path) -> None:
    first, again, other = (
        json.loads(run("play", "classic/tictactoe-v3", "--seed", seed, "--json").stdout)
        for seed in ("3", "3", "4")
    )
    assert first == again
    assert first["digest"] != other["digest"]
    moves = [next(iter(step["actions"].values())) for step in first["steps"]]
    assert len(set(moves)) == len(moves)
    saved = tmp_path / "game.gif"
    shown = run("play", "classic/tictactoe-v3", "--seed", "3", "--save", str(saved))
    assert shown.exit_code == 0
    assert "player_1 plays" in shown.stdout
    assert saved.read_bytes().startswith(b"GIF8")


def test_play_counts_what_it_does_not_show() -> None:
    result = run("play", "classic/rps-v2", "--env-kwargs", '{"max_cycles": 30}')
    assert "40 more steps" in result.stdout


def test_learners_are_listed() -> None:
    assert "independent-q" in run("learners").stdout
    names = [learner["name"] for learner in json.loads(run("learners", "--json").stdout)]
    assert names == sorted(names)
    assert "independent-q" in names


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["check", "nope"], "unknown environment 'nope'"),
        (["check", "classic/tictactoe-v9"], "tictactoe"),
        (["check", *RPS, "--policy", "nope"], "'nope' is no policy"),
        (["check", *RPS, "--policy", "missing.npz"], "missing.npz"),
        (["check", *RPS, "--policy", "json:nope"], "'json' has no 'nope'"),
        (["check", *RPS, "--policy", "no_such_module:f"], "no module 'no_such_module'"),
        (["check", *RPS, "--policy", "player_0=random"], "no policy for 'player_1'"),
        (["check", *RPS, "--policy", "random", "--learner", "x"], "not both"),
        (["check", *RPS, "--train-episodes", "5"], "needs --learner"),
        (["check", *RPS, "--learner", "nope"], "there is no learner 'nope'"),
        (["check", *RPS, "--episodes", "0"], "episodes"),
        (["check", *RPS, "--confidence", "1"], "confidence"),
        (["check", "rps_v2", "--env-kwargs", "["], "is not JSON"),
        (["check", "rps_v2", "--env-kwargs", "[1]"], "is not a JSON object"),
        (["check", "rps_v2", "--env-kwargs", '{"cycles": 1}'], "cycles"),
        (["extract", "connect_four_v3", "--max-states", "500"], "more than 500 positions"),
        (["play", *RPS, "--render", "hologram"], "hologram"),
        (["play", *RPS, "--save", "frames.docx"], "frames.docx"),
        (["train", *RPS], "--save"),
        (["train", *RPS, "--save", "x", "--learner", "nope"], "nope"),
        (["frobnicate"], "frobnicate"),
    ],
)
def test_bad_input_ends_with_2_and_one_message(
    arguments: list[str], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert words in " ".join(result.stderr.split())
    assert list(tmp_path.iterdir()) == []


def test_a_folder_without_policies_is_told(tmp_path: Path) -> None:
    result = run("check", *RPS, "--policy", str(tmp_path))
    assert result.exit_code == 2
    assert "holds no policy of 'player_0', 'player_1'" in result.stderr


def test_a_report_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    result = run("check", *RPS, "--episodes", "10", "--html", str(tmp_path))
    assert result.exit_code == 2
    assert "directory" in result.stderr.lower()


def test_a_retired_version_is_a_warning_in_one_line() -> None:
    result = run("inspect", "knights_archers_zombies_v10", "--episodes", "1", "--json")
    assert result.exit_code == 0
    assert result.stderr.startswith("warning: knights_archers_zombies_v10")
    assert "opening.py" not in result.stderr


def test_demo_makes_a_table_for_each_environment_and_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert [make for make, _ in demo.ENVIRONMENTS] == ["classic/tictactoe-v3", "classic/rps-v2"]
    small = (("classic/rps-v2", {"max_cycles": 1}), ("rps_v2", {"max_cycles": 2}))
    monkeypatch.setattr(demo, "ENVIRONMENTS", small)
    page = tmp_path / "report.html"
    result = run("demo", "--episodes", "200", "--html", str(page))
    assert result.exit_code == 0
    assert result.stdout.count("classic/rps-v2 (AEC)") == 2
    assert page.read_text("utf-8").count("<h2>classic/rps-v2</h2>") == 2
    assert f"wrote {page}" in result.stdout.replace("\n", "")


def test_an_interrupted_demo_keeps_what_it_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = marl_bridge.check("classic/rps-v2", "random", episodes=20, env_kwargs={"max_cycles": 1})

    def interrupted(*_: Any, **__: Any) -> Iterator[Report]:
        yield one
        raise KeyboardInterrupt

    monkeypatch.setattr("marl_bridge.demo.demonstrate", interrupted)
    page = tmp_path / "report.html"
    result = run("demo", "--html", str(page))
    assert result.exit_code == 130
    assert "classic/rps-v2" in page.read_text("utf-8")


def test_games_are_trained_on_by_name_with_options_and_checked(tmp_path: Path) -> None:
    options = '{"payoff_range": [-30, 11], "exploration": 0.2}'
    trained = run(
        "train", "games/climbing", "--learner", "exp3", "--episodes", "400",
        "--options", options, "--save", str(tmp_path / "p"), "--checkpoint", str(tmp_path / "c"),
    )  # fmt: skip
    assert trained.exit_code == 0 and (tmp_path / "c").exists()
    checked = run("check", "games/climbing", "--policy", str(tmp_path / "p"), "--no-record")
    assert checked.exit_code == 0 and "NashConv" in checked.stdout
    again = run("train", "games/climbing", "--learner", "iql", "--save", str(tmp_path / "p"),
                "--checkpoint", str(tmp_path / "c"))  # fmt: skip
    assert again.exit_code != 0 and "belongs to another training" in again.stderr
    steps = '{"step_size": {"first": 0.5, "last": 0.1}}'
    limited = run("train", "games/climbing", "--learner", "iql", "--episodes", "100000000",
                  "--seconds", "0.2", "--options", steps, "--save", str(tmp_path))  # fmt: skip
    assert limited.exit_code == 0 and "by independent-q" in limited.stdout
    assert "100,000,000" not in limited.stdout


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ("{", "not JSON"),
        ("[]", "not a JSON object"),
        ('{"seed": 1}', "no learner's parameter"),
        ('{"step_size": {"last": 1}}', "no schedule"),
        ('{"colour": 1}', "does not take ['colour']"),
    ],
)
def test_wrong_options_of_learners_are_told(options: str, told: str, tmp_path: Path) -> None:
    result = run("train", "games/climbing", "--options", options, "--save", str(tmp_path / "p"))
    assert result.exit_code != 0 and told in " ".join(result.stderr.split())
    assert not (tmp_path / "p").exists()


def test_a_misspelled_learner_or_game_is_answered_with_the_nearest(tmp_path: Path) -> None:
    for arguments, told in (
        (("games/climbing", "--learner", "iqll"), "did you mean 'iql'"),
        (("games/climbin",), "perhaps climbing"),
        ((str(tmp_path / "none.nfg"),), "none.nfg"),
    ):
        result = run("train", *arguments, "--save", str(tmp_path / "p"))
        assert result.exit_code != 0 and told in " ".join(result.stderr.split())


def test_an_interrupted_training_is_checked_and_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    played, episodes = IndependentQ.run_episode, itertools.count(1)

    def until_ctrl_c(self: IndependentQ) -> Sequence[float]:
        if next(episodes) % 21 == 0:
            raise KeyboardInterrupt
        return played(self)

    monkeypatch.setattr(IndependentQ, "run_episode", until_ctrl_c)
    result = run("check", *RPS, "--learner", "independent-q", "--episodes", "50")
    assert result.exit_code == 130
    assert "training ended after 20 episodes" in result.stderr
    assert "classic/rps-v2 (AEC)" in result.stdout
    monkeypatch.setattr(demo, "ENVIRONMENTS", (("classic/rps-v2", {"max_cycles": 1}),) * 2)
    page = tmp_path / "report.html"
    result = run("demo", "--html", str(page))
    assert result.exit_code == 130
    assert result.stdout.count("classic/rps-v2 (AEC)") == 1
    assert page.exists()


def test_policy_files_are_named_after_any_agent(tmp_path: Path) -> None:
    agent = "a/b=c 1"
    table = marl_bridge.TabularPolicy({})
    (path,) = specs.save_policies({agent: table}, tmp_path)
    assert path.parent == tmp_path
    assert specs.policies_from([str(tmp_path)], [agent]) == {agent: table}


def test_only_tables_are_saved(tmp_path: Path) -> None:
    with pytest.raises(marl_bridge.InvalidPolicy, match="'a' is a UniformRandomPolicy"):
        specs.save_policies({"a": marl_bridge.UniformRandomPolicy()}, tmp_path)


@pytest.mark.parametrize(
    "imports",
    [
        "import marl_bridge",
        "import marl_bridge, marl_bridge.check, marl_bridge.rollouts",
        "from marl_bridge.check import check; import marl_bridge",
        "import marl_bridge.demo; import marl_bridge",
    ],
)
def test_the_function_check_wins_over_its_module(imports: str) -> None:
    code = f"{imports}\nprint(marl_bridge.check.__module__, callable(marl_bridge.rollouts))"
    command = [sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["marl_bridge.check", "True"]


def test_unknown_names_are_told() -> None:
    with pytest.raises(AttributeError, match="'marl_bridge' has no attribute 'chekc'"):
        _ = marl_bridge.chekc  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("policy", "limit", "code"), [("random", "0.01", 0), ("rock", "0.01", 1), ("rock", "2", 0)]
)
def test_a_pipeline_can_ask_for_a_limit(policy: str, limit: str, code: int, tmp_path: Path) -> None:
    module = tmp_path / "policies_for_a_pipeline.py"
    module.write_text("def rock(observation, mask):\n    return 0\n")
    spec = policy if policy == "random" else f"{module}:rock"
    result = run(
        "check", *RPS, "--policy", spec, "--episodes", "20", "--max-nash-conv", limit, "--quiet"
    )
    assert result.exit_code == code
    assert ("NashConv is 2.0" in result.stderr) == bool(code)


def test_extract_tells_bounds_and_approximations() -> None:
    cut = run("extract", *RPS, "--depth-limit", "1", "--frontier", "-1:1", "--json")
    found = json.loads(cut.stdout)
    assert found["value_bounds"] == [-1, 1]
    assert "3 states after 1 step " in found["depth_limit"]
    forgetful = run(
        "extract", "rps_v2", "--env-kwargs", '{"max_cycles": 2}', "--recall", "observation"
    )
    assert "player_0 has 4 observations for 10 information sets" in " ".join(
        forgetful.stdout.split()
    )
    half = run("extract", *RPS, "--discount", "0.5", "--json")
    assert json.loads(half.stdout)["discount"] == 0.5


def test_extract_keeps_games_and_goes_on_from_checkpoints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MARL_BRIDGE_CACHE", str(tmp_path / "games"))
    options = ("extract", *RPS, "--json", "--checkpoint", str(tmp_path / "journal"))
    plain = json.loads(run(*options, "--no-cache").stdout)
    assert not (tmp_path / "games").exists()
    assert "cache" not in plain
    first, again = (json.loads(run(*options).stdout) for _ in range(2))
    assert "cache" not in first
    assert again["cache"] == str(next((tmp_path / "games").iterdir()))
    assert plain["n_histories"] == again["n_histories"] == 13


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["--depth-limit", "1"], "frontier"),
        (["--depth-limit", "1", "--frontier", "1"], "neither LOW:HIGH nor module:function"),
        (["--depth-limit", "1", "--frontier", "2:1"], "the lower one first"),
        (["--chance", "some"], "sample:1000"),
        (["--checkpoint", "/"], "cannot be written"),
    ],
)
def test_bad_limits_are_told_in_one_message(arguments: list[str], word: str) -> None:
    result = run("extract", *RPS, *arguments)
    assert result.exit_code == 2
    assert word in " ".join(result.stderr.replace("│", " ").split())
