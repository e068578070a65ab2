"""A report says the same in the terminal, as JSON and as HTML, whatever names it is given."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marl_bridge.figures import Figure
from marl_bridge.reports.html import to_document, write_html
from marl_bridge.reports.picture import picture
from marl_bridge.reports.report import AgainstRandom, AgentReport, Report
from marl_bridge.reports.table import to_text
from marl_bridge.reports.words import number

VOID = {"meta", "link", "br", "img"}


def figure(value: float, radius: float = 0.05, episodes: int = 2000) -> Figure:
    return Figure(value, value - radius, value + radius, 0.95, "estimate", "betting", episodes)


EXACT = Report(
    "classic/tictactoe-v3",
    "AEC",
    (
        AgentReport(
            "player_1",
            figure(0.3),
            exact_return=0.28,
            optimal_value=0.0,
            best_response_value=0.68,
            best_response_gain=0.4,
            against_random=AgainstRandom(0.87, 0.05, 0.08, 0.79),
            worst_case_return=-0.3951,
        ),
        AgentReport("player_2", figure(-0.3), -0.28, 0.0, 0.72, 1.0),
    ),
    figure(0.0, 0.0),
    nash_conv=1.4,
    exploitability=0.7,
    solution_status="certified_exact",
    solution_concept="subgame-perfect",
    exact=True,
    verdict=("player_1 wins 87.0 % of its games and is exploitable.",),
    facts={"states": 5478, "information_sets": (294778, 255168)},
    parameters={"episodes": 2000, "seed": 0, "env_kwargs": {}},
)
SAMPLED = Report(
    "butterfly/knights_archers_zombies-v11",
    "Parallel",
    (AgentReport("archer_0", figure(1.0)), AgentReport("knight_0", figure(2.0))),
    figure(3.0),
    why_not_exact="zombies appear at random",
)


class WellFormed(HTMLParser):
    """Collects tags and text, and insists that every tag is closed in order."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[str] = []
        self.text: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(page)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def test_terminal_table_fits_80_columns_and_shows_every_figure() -> None:
    text = str(EXACT)
    assert max(map(len, text.splitlines())) <= 80
    for shown in ("0.3000 [0.2500, 0.3500]", "0.2800", "0.4000", "-0.3951", "87.0 %", "1.4000"):
        assert shown in text
    assert "NashConv 1.4000, Exploitability 0.7000" in text
    assert "subgame-perfect equilibrium, certified exact" in text
    assert "95 % confidence each, betting, 2,000 episodes" in text
    assert "is exploitable" in text


def test_terminal_table_says_plainly_that_there_is_no_exact_optimum() -> None:
    text = str(SAMPLED)
    assert "No exact optimum is available: zombies appear at random." in text
    assert "team" in text
    assert "3.0000 [2.9500, 3.0500]" in text
    assert "theoretical" not in text


def test_interruption_is_told() -> None:
    cut = replace(EXACT, interrupted=True)
    assert "Interrupted" in str(cut)
    assert "Interrupted" in to_document(cut)


def test_terminal_takes_names_for_text_not_for_markup() -> None:
    hostile = replace(EXACT, environment="[bold]x[/bold]\x1b[31m", verdict=("[red]y\x07",))
    text = str(hostile)
    assert "[bold]x[/bold]" in text
    assert "[red]y" in text
    assert "\x1b" not in text
    assert "\x07" not in text


def test_notes_of_intervals_are_told_once_with_whom_they_are_about() -> None:
    heuristic = [replace(a, empirical_return=noted(a.empirical_return)) for a in SAMPLED.agents]
    alone = replace(heuristic[0].empirical_return, note="a heuristic; all returned the same")
    agents = (replace(heuristic[0], empirical_return=alone), heuristic[1])
    report = replace(SAMPLED, agents=agents, team_return=noted(SAMPLED.team_return))
    text = " ".join(str(report).split())
    assert text.count("Note: a heuristic.") == 1
    assert "archer_0: all returned the same." in text


def noted(figure: Figure) -> Figure:
    return replace(figure, method="student-t", note="a heuristic")


def test_a_solved_game_with_unreadable_policies_shows_the_value_alone() -> None:
    agents = tuple(replace(agent, optimal_value=0.125) for agent in SAMPLED.agents)
    report = replace(
        SAMPLED,
        agents=agents,
        solution_status="certified_exact",
        solution_concept="nash",
        why_not_exact="the policy of 'archer_0' gives actions only",
    )
    text = " ".join(str(report).split())
    assert "theoretical" in text
    assert "0.1250" in text
    assert "Theoretical value: Nash equilibrium, certified exact." in text
    assert "No exact figures are available: the policy of 'archer_0' gives actions only." in text
    assert "gain" not in text
    assert "0.1250" in to_document(report)


def test_json_keeps_every_float() -> None:
    value = 0.1 + 0.2
    found = json.loads(replace(EXACT, nash_conv=value).to_json())
    assert found["nash_conv"] == value
    assert found["schema"] == "marl_bridge.reports.report/1"
    assert found["agents"][0]["against_random"]["wins"] == 0.87
    assert found["agents"][1]["worst_case_return"] is None
    assert found["facts"] == {"states": 5478, "information_sets": [294778, 255168]}


def test_json_has_no_nan_and_takes_numpy() -> None:
    facts = {"count": np.int64(3), "shape": np.arange(2), "rate": np.float64("nan"), "of": {1, 2}}
    endless = Figure(0.0, float("-inf"), float("inf"), 0.95, "estimate", "none", 1)
    report = replace(SAMPLED, facts=facts, team_return=endless)
    text = report.to_json()
    assert "NaN" not in text
    assert "Infinity" not in text
    found = json.loads(text)
    assert found["facts"] == {"count": 3, "shape": [0, 1], "rate": None, "of": ["1", "2"]}
    assert found["team_return"]["lower"] is None
    assert "[-inf, inf]" in to_text(report)


def test_html_asks_nothing_of_the_network(tmp_path: Path) -> None:
    page = write_html([EXACT, SAMPLED], tmp_path / "new" / "report.html").read_text("utf-8")
    parsed = WellFormed(page)
    assert not re.search(r"https?:|//[a-z]|@import|url\(", page)
    assert not {"script", "img", "iframe", "object"} & set(parsed.tags)
    links = [value for name, value in parsed.attributes if name in ("href", "src")]
    assert links == ["data:,", "#environment-1", "#environment-2"]
    assert "default-src 'none'" in page
    assert page.count("<circle") == 3  # two exact returns, and the legend of the first section


def test_html_picture_marks_what_is_known_only() -> None:
    both, sampled = picture(EXACT.agents), picture(SAMPLED.agents)
    assert (both.count('class="interval"'), sampled.count('class="interval"')) == (2, 2)
    assert (both.count("<circle"), sampled.count("<circle")) == (2, 0)
    assert (both.count('class="best"'), sampled.count('class="best"')) == (2, 0)
    assert (both.count('class="value"'), sampled.count('class="value"')) == (2, 0)


def test_html_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    place = tmp_path / "report.html"
    place.write_text("the old one")
    broken = replace(EXACT, agents=(AgentReport("a", None),))  # type: ignore[arg-type]
    with pytest.raises(AttributeError):
        write_html(broken, place)
    assert place.read_text() == "the old one"
    assert list(tmp_path.iterdir()) == [place]


def test_notebook_shows_html() -> None:
    fragment = EXACT._repr_html_()
    WellFormed(fragment)
    assert fragment.startswith('<div class="mb">')


@given(st.text(max_size=40), st.text(max_size=40))
def test_html_escapes_any_text(name: str, words: str) -> None:
    agent = AgentReport(name, figure(0.0))
    report = Report(
        words,
        "AEC",
        (agent,),
        figure(0.0),
        why_not_exact=words,
        verdict=(words,),
        facts={name: words},
        parameters={"env_kwargs": {words: name}},
    )
    parsed, plain = WellFormed(to_document(report)), WellFormed(to_document(SAMPLED))
    assert set(parsed.tags) <= set(plain.tags) | {"nav", "ul", "li", "dt", "dd", "dl", "div"}
    assert {key for key, _ in parsed.attributes} == {key for key, _ in plain.attributes}
    assert max(map(len, to_text(report).splitlines()), default=0) <= 80


def test_html_escapes_markup() -> None:
    evil = '"><script>alert(1)</script>'
    page = to_document(replace(SAMPLED, environment=evil, agents=(AgentReport(evil, figure(0)),)))
    assert "<script" not in page
    assert "&lt;script&gt;" in page


@given(st.floats(-1e9, 1e9), st.floats(0, 1e9))
def test_picture_stays_on_the_page(value: float, radius: float) -> None:
    drawn = picture([AgentReport("a", figure(value, radius), value, value, value, 0.0)])
    places = [float(x) for x in re.findall(r'(?:x|x1|x2|cx)="(-?[\d.]+)%"', drawn)]
    assert places
    assert all(0 <= place <= 100 for place in places)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_never_hide_their_size(value: float) -> None:
    text = number(value)
    assert (float(text) == 0) == (value == 0)
    assert len(text) <= 13
