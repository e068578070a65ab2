"""The leaderboard: what is ranked, by what, and how it is shown."""

from __future__ import annotations

import json
import math
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

import marl_bridge
from gametheory.console import ErrorsInWords
from marl_bridge.cli_leaderboard import leaderboard as command
from marl_bridge.records.database import Record
from marl_bridge.records.entries import CheckEntry
from marl_bridge.records.errors import RecordDamaged, RecordUnavailable
from marl_bridge.records.leaderboard import Leaderboard, leaderboard, rank_checks
from marl_bridge.records.leaderboard_page import to_document, write_leaderboard
from marl_bridge.records.recording import record_cells, record_check
from tests.marl_bridge.record_data import FACTS, bounds, entry

UNKNOWN = (None, None)


def board(*checks: CheckEntry) -> Leaderboard:
    from dataclasses import replace

    numbered = [replace(check, id=number) for number, check in enumerate(checks, 1)]
    return rank_checks("classic/rps-v2", '{"max_cycles":1}', numbered)


def names(standings: Any) -> list[str]:
    return [standing.policies[0].name for standing in standings]


# Ranking


def test_certified_gaps_are_ranked_and_others_listed_apart() -> None:
    found = board(
        entry("large", gains=(0.5, 0.5)),
        entry("bounded", gains=UNKNOWN, bounds=bounds((0.1, 0.2), (0.0, 0.3))),
        entry("small", gains=(0.0, 0.25)),
        entry("estimated", gains=UNKNOWN),
        entry("at least", gains=UNKNOWN, bounds=bounds((0.01, None), (0.0, None))),
    )
    assert names(found.ranked) == ["small", "bounded", "large"]
    assert [standing.rank for standing in found.ranked] == [1, 2, 3]
    assert names(found.not_certified) == ["at least", "estimated"]
    assert all(standing.rank is None for standing in found.not_certified)
    # The true gap of "bounded" is between 0.1 and 0.5, so it may be the best.
    assert [(s.best_rank, s.worst_rank) for s in found.ranked] == [(1, 2), (1, 2), (3, 3)]


def test_equal_gaps_share_a_rank() -> None:
    found = board(
        entry("a", gains=(0.0, 0.0)),
        entry("b", gains=(1e-15, 0.0)),
        entry("c", gains=(0.1, 0.0)),
    )
    assert [standing.rank for standing in found.ranked] == [1, 1, 3]
    assert [(s.best_rank, s.worst_rank) for s in found.ranked] == [(1, 1), (1, 1), (3, 3)]


def test_a_policy_checked_again_is_not_chosen_by_its_figure() -> None:
    lucky = entry("p", gains=UNKNOWN, bounds=bounds((0.0, 0.1), (0.0, 0.1)), episodes=100)
    long = entry("p", gains=UNKNOWN, bounds=bounds((0.0, 0.4), (0.0, 0.4)), episodes=900)
    found = board(long, lucky)
    assert len(found.ranked) == 1
    assert found.ranked[0].gap.upper == pytest.approx(0.8)
    assert found.ranked[0].checks == 2
    exact = entry("p", gains=(0.5, 0.5), episodes=10)
    assert board(exact, lucky, long).ranked[0].gap.kind == "exact"


def test_policies_without_a_hash_are_never_the_same() -> None:
    found = board(*(entry("function", gains=(0.5, 0.5), hashed=False) for _ in range(3)))
    assert len(found.ranked) == 3
    assert len(found.seats["player_0"]) == 3


def test_checks_of_a_changed_environment_are_listed_apart() -> None:
    old = entry("old", gains=(0.0, 0.0), facts={**FACTS, "n_histories": 12})
    found = board(old, entry("new"), entry("sampled", gains=UNKNOWN))
    assert names(found.ranked) == ["new"]
    assert names(found.earlier) == ["old"]
    assert found.earlier[0].rank is None
    assert names(found.not_certified) == ["sampled"]
    assert "its game has changed since" in str(found)


def test_seats_are_ranked_by_what_the_policy_alone_gives_away() -> None:
    # record_data: a policy's worst case is what the other seat could gain.
    found = board(
        entry("a", "b", gains=(0.1, 0.4)),
        entry("c", "b", gains=(0.1, 0.2)),
        entry("sampled", gains=UNKNOWN, bounds=bounds((0.0, 0.01), (0.0, 0.01))),
    )
    assert found.against_worst_case
    first = [(s.policy.name, s.gap.upper) for s in found.seats["player_0"]]
    assert first == [("c", pytest.approx(0.2)), ("a", pytest.approx(0.4))]
    assert [s.policy.name for s in found.seats["player_1"]] == ["b"]
    assert found.values == (0.0, 0.0)


def test_seats_of_other_games_are_ranked_by_gain_against_the_same_others() -> None:
    told = bounds((0.0, 0.3), (0.0, 0.1))
    found = board(
        entry("a", "b", gains=UNKNOWN, bounds=told),
        entry("a", "c", gains=UNKNOWN, bounds=bounds((0.0, 0.2), (0.0, 0.1))),
    )
    assert not found.against_worst_case
    shown = [(s.policy.name, s.others[0].name, s.gap.upper) for s in found.seats["player_0"]]
    assert shown == [("a", "c", pytest.approx(0.2)), ("a", "b", pytest.approx(0.3))]


ends = st.tuples(st.floats(0, 5), st.floats(0, 5)).map(sorted)


@given(st.lists(ends, min_size=1, max_size=6))
def test_rank_ranges_are_those_the_intervals_allow(intervals: list[list[float]]) -> None:
    checks = [
        entry(f"p{i}", gains=UNKNOWN, bounds=bounds((low, high), (0.0, 0.0)))
        for i, (low, high) in enumerate(intervals)
    ]
    found = board(*checks).ranked
    uppers = [standing.gap.upper for standing in found]
    assert uppers == sorted(uppers)
    for one in found:
        others = [standing.gap for standing in found if standing is not one]
        close = [g for g in others if math.isclose(g.upper, one.gap.lower, abs_tol=1e-11)]
        close += [g for g in others if math.isclose(g.lower, one.gap.upper, abs_tol=1e-11)]
        if close:
            continue
        # All others as bad as they can be and this one as good as it can, and the reverse.
        assert one.best_rank == 1 + sum(g.upper < one.gap.lower for g in others)
        assert one.worst_rank == 1 + sum(g.lower < one.gap.upper for g in others)
        assert one.best_rank <= one.rank <= one.worst_rank


# From checks to the board


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("records") / "record.sqlite"
    checked = {
        "random": "random",
        "rock": marl_bridge.TabularPolicy({}, default="uniform"),
        "paper": _paper,
    }
    for name, policy in checked.items():
        report = marl_bridge.check(
            "classic/rps-v2", policy, env_kwargs={"max_cycles": 1}, episodes=20
        )
        record_check(report, path, policies=policy, names=dict.fromkeys(_AGENTS, name))
    with Record(path) as record:
        nasty = entry("<script>alert(1)</script>\x1b[31m", gains=UNKNOWN)
        record.add_check(nasty)
    return path


_AGENTS = ("player_0", "player_1")


def _paper(observation: Any, mask: Any) -> int:
    return 1


def test_the_best_policies_of_an_environment(path: Path) -> None:
    [found] = leaderboard("rps", path)
    assert found.name == "classic/rps-v2 (max_cycles=1)"
    assert [(s.policies[0].name, s.gap.upper) for s in found.ranked] == [
        ("random", 0.0),
        ("rock", 0.0),
        ("paper", 2.0),
    ]
    assert [standing.rank for standing in found.ranked] == [1, 1, 3]
    assert len(found.not_certified) == 1
    assert found.n_checks == 4
    assert [s.gap.upper for s in found.seats["player_0"]] == pytest.approx([0.0, 0.0, 1.0])
    told = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert told["ranked"][0]["gap"]["kind"] == "exact"
    assert told["not_certified"][0]["gap"]["upper"] is None


def test_environments_are_found_by_the_ways_to_write_them(path: Path) -> None:
    for written in (None, "classic/rps-v2", "rps_v2", "rps", "pettingzoo.classic.rps_v2"):
        assert len(leaderboard(written, path)) == 1
    assert len(leaderboard("rps", path, env_kwargs={"max_cycles": 1})) == 1
    for written in ("rps_v1", "mpe/rps", "tictactoe", "no such thing: at all"):
        with pytest.raises(RecordUnavailable, match=r"nothing was recorded of.*classic/rps-v2"):
            leaderboard(written, path)
    with pytest.raises(RecordUnavailable, match="max_cycles"):
        leaderboard("rps", path, env_kwargs={"max_cycles": 2})


def test_an_environment_of_which_only_payoffs_were_sampled(tmp_path: Path) -> None:
    table = {
        "environment": "classic/rps-v2",
        "players": ["player_0"],
        "policies": [["a"]],
        "means": [[0.5]],
        "lower": [[0.0]],
        "upper": [[1.0]],
        "episodes_of_each_payoff": [[10]],
        "confidence_of_all_intervals": 0.95,
        "method": "betting",
        "certified": True,
        "seed": 0,
    }
    record_cells(table, tmp_path / "record.sqlite")
    [found] = leaderboard("rps", tmp_path / "record.sqlite")
    assert (found.n_checks, found.n_cells, found.ranked) == (0, 1, ())
    assert "No policy is certified" in str(found)
    assert "1 sampled payoff" in to_document(found)


def test_damaged_records_are_refused_before_anything_is_ranked(tmp_path: Path) -> None:
    (tmp_path / "record.sqlite").write_text("x" * 500)
    with pytest.raises(RecordDamaged):
        leaderboard(None, tmp_path / "record.sqlite")


def test_the_terminal_says_who_is_best(path: Path) -> None:
    [found] = leaderboard("rps", path)
    text = str(found)
    assert "random is an equilibrium" in text
    assert "1 other joint policy as good" in text
    assert "1 joint policy is not ranked" in text
    assert "\x1b" not in text


# The page


class Page(HTMLParser):
    void = frozenset({"meta", "link", "br", "line", "rect", "circle", "path"})

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in self.void:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_one_file_that_asks_for_nothing(path: Path, tmp_path: Path) -> None:
    boards = leaderboard(None, path)
    written = write_leaderboard(boards, tmp_path / "deep" / "board.html")
    text = written.read_text("utf-8")
    page = Page(text)
    assert not page.open
    assert "script" not in page.tags
    assert "img" not in page.tags
    assert "default-src 'none'" in text
    assert not re.search(r"(?:https?:)?//|@import|url\(", text)
    links = [value for name, value in page.attributes if name in ("href", "src")]
    ids = {value for name, value in page.attributes if name == "id"}
    for link in links:
        assert link == "data:," or (link or "").removeprefix("#") in ids
    assert "&lt;script&gt;alert(1)" in text
    assert "\x1b" not in text
    assert "prefers-color-scheme: dark" in text
    assert "width=device-width" in text
    for name in ("random", "rock", "paper"):
        assert name in text


def test_the_page_of_several_environments_has_a_list_of_them(path: Path) -> None:
    [first] = leaderboard(None, path)
    empty = rank_checks("classic/other-v1", "{}", [], n_cells=3)
    page = Page(to_document([first, empty]))
    assert page.tags.count("section") == 3  # and how to read it
    assert page.tags.count("nav") == 1
    assert "nav" not in Page(to_document(first)).tags


# The command


def run(*arguments: str) -> Any:
    app = typer.Typer(cls=ErrorsInWords)
    app.command()(command)
    app.command("other")(lambda: None)
    return CliRunner().invoke(app, ["leaderboard", *arguments])


def test_the_command(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = run("rps", "--record", str(path))
    assert result.exit_code == 0, result.output
    assert "random is an equilibrium" in result.output
    told = json.loads(run("rps", "--record", str(path), "--json").stdout)
    assert told[0]["environment"] == "classic/rps-v2"
    page = tmp_path / "board.html"
    assert f"wrote {page}" in run("--record", str(path), "--html", str(page)).output
    assert page.is_file()
    monkeypatch.setenv("MARL_BRIDGE_RECORD", str(path))
    assert run("rps", "--env-kwargs", '{"max_cycles": 1}').exit_code == 0
    assert run("rps", "--env-kwargs", "{").exit_code == 2
    assert run("rps", "--env-kwargs", "[]").exit_code == 2
    missing = run("chess")
    assert missing.exit_code == 2
    assert "nothing was recorded of 'chess'" in missing.output
    monkeypatch.setenv("MARL_BRIDGE_RECORD", "off")
    assert "switched off" in run("rps").output
