"""Reports as one HTML file that asks nothing of the network."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from gametheory.files import write_atomically
from marl_bridge.reports.bounds_picture import bounds_legend, bounds_picture
from marl_bridge.reports.heat_map import heat_map
from marl_bridge.reports.page_head import page_head
from marl_bridge.reports.picture import legend, picture, shares_bar
from marl_bridge.reports.report import AgentReport, Report
from marl_bridge.reports.words import (
    gain_in_words,
    mapping_rows,
    number,
    percent,
    printable,
    sampling_line,
    status_line,
)

if TYPE_CHECKING:
    from marl_bridge.figures import Figure

__all__ = ["to_document", "to_fragment", "write_html"]

TITLE = "Policies held against the optimum"

LEAD = "What each agent earned, what its policy earns exactly, and what it could have\nearned."

WORDS = (
    (
        "Empirical return",
        "The mean return of the episodes that were played. The bar is its interval: were the "
        "experiment repeated, at least the stated share of such intervals would contain the "
        "expected return. Betting and Hoeffding intervals keep this promise whatever the returns' "
        "distribution; Student's t is a heuristic. Each interval speaks for itself alone.",
    ),
    (
        "Exact return",
        "The expected return of the same policies, computed on the extracted game without any "
        "sampling. It should lie inside the bar.",
    ),
    (
        "Theoretical value",
        "What the seat earns in an equilibrium of the solved game. In a two-player zero-sum game "
        "this is what perfect play guarantees; in other games it is one equilibrium's payoff. An "
        "agent can earn more than it against a weak opponent.",
    ),
    (
        "Best-response gain",
        "How much more the seat would earn if it alone switched to a best response to the others' "
        "policies: the player regret. Policies are an equilibrium exactly when every gain is zero.",
    ),
    (
        "At least, at most",
        "A learned response to the others' policies, scored on fresh episodes, shows what a best "
        "response earns at least. An exploiter that is told too much, and charged for it, shows "
        "what one earns at most. The exact value, where it is known, lies between them.",
    ),
    (
        "NashConv and exploitability",
        "NashConv is the sum of the gains. Exploitability, NashConv divided by the number of "
        "players, is given for two-player constant-sum games only.",
    ),
)


def write_html(reports: Report | Sequence[Report], path: str | os.PathLike[str]) -> Path:
    """Write one self-contained HTML file: no script, no request, no other file.

    The file is written beside its place and then moved there: a reader never sees half of it.

    Parameters
    ----------
    reports : Report or sequence of Report
        One section each.
    path : path-like
        Where to write; missing folders are made.

    Returns
    -------
    Path
        The file that was written.
    """
    return write_atomically(Path(path), to_document(reports).encode("utf-8", "xmlcharrefreplace"))


def to_document(reports: Report | Sequence[Report]) -> str:
    """Build the HTML page of one report or several."""
    chosen = [reports] if isinstance(reports, Report) else list(reports)
    parts = [page_head(title=TITLE, lead=LEAD, style=_style())]
    if len(chosen) > 1:
        parts.append(_contents(chosen))
    parts += [_section(report, f"environment-{i}") for i, report in enumerate(chosen, 1)]
    parts.append(_how_to_read())
    parts.append("</main>\n</body>\n</html>\n")
    return "".join(parts)


def to_fragment(report: Report) -> str:
    """Build the piece of HTML a notebook shows for one report."""
    return f'<div class="mb"><style>{_style()}</style>{_section(report, "report")}</div>'


@cache
def _style() -> str:
    return (files("marl_bridge.reports") / "report.css").read_text(encoding="utf-8")


def _text(text: object) -> str:
    return escape(printable(text), quote=True)


def _number(value: float | None) -> str:
    return number(value).replace("-", "\u2212") if value is not None else "\u2013"


def _contents(reports: Sequence[Report]) -> str:
    items = []
    for i, report in enumerate(reports, 1):
        first = report.verdict[0] if report.verdict else status_line(report)
        name = f'<a href="#environment-{i}">{_text(report.environment)}</a>'
        items.append(f"<li>{name}<span>{_text(first)}</span></li>\n")
    return f'<nav class="card"><ul>\n{"".join(items)}</ul></nav>\n'


def _section(report: Report, anchor: str) -> str:
    known = "exact figures" if report.exact else "estimates only"
    kind = "sure" if report.exact else "open"
    verdict = "".join(f"<li>{_text(sentence)}</li>\n" for sentence in report.verdict)
    note = sampling_line(report)
    if report.exact:
        note = f"{status_line(report)} {note}"
    parts = [
        f'<section class="card environment" id="{anchor}">\n<h2>{_text(report.environment)}</h2>\n',
        f'<span class="chip">{_text(report.api)}</span>',
        f'<span class="chip {kind}">{known}</span>\n',
        "" if report.exact else f'<p class="why">{_text(status_line(report))}</p>\n',
        f'<ul class="verdict">\n{verdict}</ul>\n' if verdict else "",
        _tiles(report),
        "<h3>Returns against the optimum</h3>\n"
        if report.solution_status
        else "<h3>Returns</h3>\n",
        f"<figure>\n{picture(report.agents)}\n{legend(report)}</figure>\n",
        _figures_table(report),
        f'<p class="note">{_text(note)}</p>\n',
        _opponents_table(report.agents),
        _bounds(report),
        _meetings(report),
        _pairs(report),
        "</section>\n",
    ]
    return "".join(parts)


def _tiles(report: Report) -> str:
    team = report.team_return
    tiles = [
        ("NashConv", "" if report.nash_conv is None else _number(report.nash_conv)),
        ("exploitability", "" if report.exploitability is None else _number(report.exploitability)),
        ("team return", _with_ends(team)),
        ("episodes", f"{team.episodes:,}"),
    ]
    shown = "".join(f"<div><dt>{name}</dt><dd>{text}</dd></div>\n" for name, text in tiles if text)
    return f'<dl class="tiles">\n{shown}</dl>\n'


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]], caption: str = "") -> str:
    """Build a table whose cells are HTML already; on a phone each row becomes a small list."""
    head = "".join(f'<th scope="col">{name}</th>' for name in heads)
    body = []
    for first, *rest in rows:
        cells = "".join(
            f'<td data-label="{name}"{" class=shares" if "<svg" in cell else ""}>{cell}</td>'
            for name, cell in zip(heads[1:], rest, strict=True)
        )
        body.append(f'<tr><th scope="row">{first}</th>{cells}</tr>\n')
    title = f"<h3>{caption}</h3>\n" if caption else ""
    return (
        f'{title}<table class="figures"><thead><tr>{head}</tr></thead>\n'
        f"<tbody>\n{''.join(body)}</tbody></table>\n"
    )


def _figures_table(report: Report) -> str:
    agents = report.agents
    columns = {"empirical return": [_with_ends(agent.empirical_return) for agent in agents]}
    if report.exact:
        columns["exact return"] = [_number(agent.exact_return) for agent in agents]
    if report.solution_status:
        columns["theoretical value"] = [_number(agent.optimal_value) for agent in agents]
    if report.exact:
        columns["best-response value"] = [_number(agent.best_response_value) for agent in agents]
        columns["best-response gain"] = [_number(agent.best_response_gain) for agent in agents]
    rows = zip([_text(agent.agent) for agent in agents], *columns.values(), strict=True)
    return _table(["agent", *columns], rows)


def _with_ends(figure: Figure) -> str:
    ends = f"<small>[{_number(figure.lower)}, {_number(figure.upper)}]</small>"
    return f"<span>{_number(figure.value)} {ends}</span>"


def _opponents_table(agents: Sequence[AgentReport]) -> str:
    rows = []
    for agent in agents:
        shares = agent.against_random
        if shares is None and agent.worst_case_return is None:
            continue
        cells = ["\u2013", "\u2013"]
        if shares is not None:
            wins, draws, losses = (percent(x) for x in (shares.wins, shares.draws, shares.losses))
            words = f"<small>{wins} wins, {draws} draws, {losses} losses</small>"
            cells = [shares_bar(shares) + words, _number(shares.expected_return)]
        worst = _number(agent.worst_case_return)
        rows.append([_text(agent.agent), *cells, worst])
    if not rows:
        return ""
    heads = ["agent", "against random play", "return", "return against best response"]
    return _table(heads, rows, "The same policies against other opponents, exactly")


def _bounds(report: Report) -> str:
    """Show what best responses earn at least, exactly and at most."""
    bounds = report.bounds
    if bounds is None:
        return ""
    rows = [
        [
            _text(agent.agent),
            _with_ends(agent.own_return),
            _number(agent.lower.value),
            _number(None if agent.exact is None else agent.exact.value),
            _number(None if agent.upper is None else agent.upper.value),
            _text(gain_in_words(agent)),
        ]
        for agent in bounds.agents
    ]
    heads = ["agent", "own return", "learned, at least", "exact", "at most", "gain"]
    sure = f"All bounds hold at once with confidence {bounds.confidence:g}."
    if not bounds.certified:
        sure = "No proven bounds on the returns are known: sampled bounds are heuristics."
    return (
        "<h3>Best responses to the others' policies</h3>\n"
        f"<figure>\n{bounds_picture(bounds)}\n{bounds_legend(bounds)}</figure>\n"
        f'{_table(heads, rows)}<p class="note">{sure}</p>\n'
    )


def _meetings(report: Report) -> str:
    if report.meetings is None:
        return ""
    agents = [agent.agent for agent in report.agents]
    return f"<h3>Who earns what against whom</h3>\n{heat_map(report.meetings, agents)}"


def _pairs(report: Report) -> str:
    tables = [
        _pair_list("Extraction audit", report.facts),
        _pair_list("Parameters", report.parameters),
    ]
    return f'<div class="pairs">\n{"".join(tables)}</div>\n' if any(tables) else ""


def _pair_list(title: str, values: Mapping[str, object]) -> str:
    if not values:
        return ""
    pairs = "".join(
        f"<dt>{_text(key)}</dt><dd>{_text(text)}</dd>\n" for key, text in mapping_rows(values)
    )
    return f"<div><h3>{title}</h3>\n<dl>\n{pairs}</dl></div>\n"


def _how_to_read() -> str:
    words = "".join(f"<dt>{name}</dt><dd>{text}</dd>\n" for name, text in WORDS)
    return (
        f'<section class="card words">\n<h2>How to read this</h2>\n<dl>\n{words}</dl></section>\n'
    )
