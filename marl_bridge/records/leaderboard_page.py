"""The leaderboard as one HTML file that asks nothing of the network."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Sequence
from functools import cache
from html import escape
from importlib.resources import files
from pathlib import Path

from gametheory.files import write_atomically
from marl_bridge.figures import Figure
from marl_bridge.records.entries import Gap, PolicyLabel
from marl_bridge.records.leaderboard import Leaderboard, SeatStanding, Standing
from marl_bridge.records.leaderboard_text import (
    HASH,
    counted,
    joint_name,
    rank_words,
    seat_title,
    sentences,
)
from marl_bridge.reports.page_head import page_head
from marl_bridge.reports.picture import picture
from marl_bridge.reports.report import AgentReport
from marl_bridge.reports.words import number, printable

__all__ = ["to_document", "write_leaderboard"]

TITLE = "The best known policies"
DRAWN = 12  # joint policies in a picture

LEAD = (
    "Every joint policy that was checked on this machine, ranked by what is certain of\n"
    "its distance from an equilibrium."
)

_MARK = '<li><svg aria-hidden="true" viewBox="0 0 26 16">{}</svg> {}</li>'
LEGEND = (
    (
        "exact",
        _MARK.format('<circle class="exact" cx="13" cy="8" r="5.5"/>', "exact"),
    ),
    (
        "certified",
        _MARK.format(
            '<rect class="interval" x="1" y="3" width="23" height="10" rx="3"/>'
            '<line class="mean" x1="24" x2="24" y1="1" y2="15"/>',
            "certified, ranked by its upper end",
        ),
    ),
    (
        "",
        _MARK.format('<line class="value" x1="13" x2="13" y1="0" y2="16"/>', "equilibrium"),
    ),
)

STYLE = """
.mb code.hash { color: var(--soft); font-size: .8rem; }
.mb time { white-space: nowrap; }
.mb .figures th:nth-child(2) { text-align: left; }
.mb td.policies, .mb td.policies > span { text-align: left; overflow-wrap: anywhere; }
.mb tr.first th, .mb tr.first td { color: var(--green); }
.mb .figures td.policies span span { display: block; }
.mb .figures th:first-child { white-space: nowrap; }
.mb .figures td.gap small { color: var(--soft); }
@media (max-width: 40rem) {
  .mb .figures td.policies > span { text-align: right; }
}
"""

WORDS = (
    (
        "NashConv",
        "The sum over the agents of what each would gain by a best response to the others' "
        "policies. It is zero exactly for an equilibrium. The ranking is by its upper end.",
    ),
    (
        "Exact and certified",
        "An exact figure was computed on the extracted game. A certified one lies between proven "
        "bounds with the stated confidence, each for itself. Where intervals overlap, the range "
        "of ranks in brackets is what the intervals allow.",
    ),
    (
        "Not certified",
        "Nothing is proven about how large the gap can be: there is a lower bound only, or none. "
        "Such a policy may be good or bad; it has no rank.",
    ),
    (
        "Seats",
        "In a two-player zero-sum game a seat's gap is what the policy earns less than the value "
        "against a best-responding opponent. In other games it is what a best response would gain "
        "in its place, against the policies it was checked with.",
    ),
    (
        "Several checks of one policy",
        "The exact one counts, else the one with the most episodes, else the newest; never the "
        "one with the best figure. Policies are the same if their hashes are.",
    ),
)


def write_leaderboard(
    boards: Leaderboard | Sequence[Leaderboard], path: str | os.PathLike[str]
) -> Path:
    """Write one self-contained HTML file: no script, no request, no other file.

    Parameters
    ----------
    boards : Leaderboard or sequence of Leaderboard
        One section each.
    path : path-like
        Where to write; missing folders are made.

    Returns
    -------
    Path
        The file that was written.
    """
    return write_atomically(Path(path), to_document(boards).encode("utf-8", "xmlcharrefreplace"))


def to_document(boards: Leaderboard | Sequence[Leaderboard]) -> str:
    """Build the HTML page."""
    chosen = [boards] if isinstance(boards, Leaderboard) else list(boards)
    parts = [page_head(title=TITLE, lead=LEAD, style=_style())]
    if len(chosen) > 1:
        parts.append(_contents(chosen))
    parts += [_section(board, f"environment-{i}") for i, board in enumerate(chosen, 1)]
    words = "".join(f"<dt>{name}</dt><dd>{text}</dd>\n" for name, text in WORDS)
    parts.append(
        f'<section class="card words">\n<h2>How to read this</h2>\n<dl>\n{words}</dl></section>\n'
    )
    parts.append("</main>\n</body>\n</html>\n")
    return "".join(parts)


@cache
def _style() -> str:
    report = (files("marl_bridge.reports") / "report.css").read_text(encoding="utf-8")
    return report + STYLE


def _text(text: object) -> str:
    return escape(printable(text), quote=True)


def _number(value: float | None) -> str:
    return number(value).replace("-", "\u2212") if value is not None else "\u2013"


def _contents(boards: Sequence[Leaderboard]) -> str:
    items = [
        f'<li><a href="#environment-{i}">{_text(board.name)}</a>'
        f"<span>{_text(sentences(board)[0])}</span></li>\n"
        for i, board in enumerate(boards, 1)
    ]
    return f'<nav class="card"><ul>\n{"".join(items)}</ul></nav>\n'


def _section(board: Leaderboard, anchor: str) -> str:
    kind = "sure" if board.ranked else "open"
    known = f"{len(board.ranked)} certified" if board.ranked else "none certified"
    verdict = "".join(f"<li>{_text(sentence)}</li>\n" for sentence in sentences(board))
    ranked = [(rank_words(standing), standing) for standing in board.ranked]
    parts = [
        f'<section class="card environment" id="{anchor}">\n<h2>{_text(board.name)}</h2>\n',
        f'<span class="chip">{_text(board.api)}</span>' if board.api else "",
        f'<span class="chip {kind}">{known}</span>\n',
        f'<ul class="verdict">\n{verdict}</ul>\n',
        _picture(board.ranked),
        _standings("Ranking", board.agents, ranked) if ranked else "",
        _standings("Not certified", board.agents, [("\u2013", s) for s in board.not_certified]),
        _standings(
            "Checked on another version of the environment",
            board.agents,
            [("\u2013", s) for s in board.earlier],
        ),
        *(_seat(board, agent, standings) for agent, standings in board.seats.items()),
        f'<p class="note">{_text(counted(board))}</p>\n',
        "</section>\n",
    ]
    return "".join(parts)


def _picture(ranked: Sequence[Standing]) -> str:
    """Draw the intervals of the first ones over a common axis."""
    if not ranked:
        return ""
    rows = [
        AgentReport(
            agent=f"{standing.rank}. {joint_name(standing.policies)}",
            empirical_return=_figure(standing.gap),
            exact_return=standing.gap.upper if standing.gap.kind == "exact" else None,
            optimal_value=0.0,
        )
        for standing in ranked[:DRAWN]
    ]
    more = len(ranked) - len(rows)
    rest = f'<p class="note">{more:,} more in the table.</p>\n' if more else ""
    kinds = {standing.gap.kind for standing in ranked[:DRAWN]}
    marks = [mark for kind, mark in LEGEND if kind in ("", *kinds)]
    return (
        "<h3>NashConv: smaller is better</h3>\n"
        f"<figure>\n{picture(rows)}\n"
        f'<ul class="legend">{"".join(marks)}</ul></figure>\n{rest}'
    )


def _figure(gap: Gap) -> Figure:
    exact = gap.kind == "exact"
    return Figure(
        value=gap.upper,
        lower=gap.lower,
        upper=gap.upper,
        confidence=gap.confidence,
        side="exact" if exact else "upper bound",
        method=gap.method,
        episodes=0,
    )


def _standings(title: str, agents: Sequence[str], standings: Sequence[tuple[str, Standing]]) -> str:
    if not standings:
        return ""
    rows = [
        (
            [
                (rank, ""),
                (_policies(agents, standing.policies), "policies"),
                (_gap(standing.gap), "gap"),
                (" / ".join(map(_number, standing.returns)), ""),
                (_checked(standing), ""),
            ],
            standing.rank == 1,
        )
        for rank, standing in standings
    ]
    return _table(title, ("rank", "policies", "NashConv", "returns", "checked"), rows)


def _seat(board: Leaderboard, agent: str, standings: Sequence[SeatStanding]) -> str:
    heads = ["rank", "policy", "gap", "checked"]
    if not board.against_worst_case:
        heads.insert(3, "against")
    rows = []
    for standing in standings:
        cells = [
            (str(standing.rank), ""),
            (_label(standing.policy), "policies"),
            (_gap(standing.gap), "gap"),
            (_text(standing.made_at[:10]), ""),
        ]
        if not board.against_worst_case:
            cells.insert(3, (_text(joint_name(standing.others)), ""))
        rows.append((cells, standing.rank == 1))
    return _table(_text(seat_title(board, agent)), heads, rows)


def _policies(agents: Sequence[str], policies: Sequence[PolicyLabel]) -> str:
    """Name each agent's policy; one for all agents is named once."""
    if len(set(policies)) == 1:
        return _label(policies[0])
    return "".join(
        f"<span>{_text(agent)}: {_label(policy)}</span>"
        for agent, policy in zip(agents, policies, strict=True)
    )


def _label(policy: PolicyLabel) -> str:
    short = "" if policy.sha256 is None else policy.sha256[:HASH]
    mark = f' <code class="hash">{_text(short)}</code>' if short else ""
    return f"{_text(policy.name)}{mark}"


def _gap(gap: Gap) -> str:
    if gap.kind == "exact":
        return f"{_number(gap.upper)} <small>exact</small>"
    share = f"{100 * gap.confidence:g} %"
    if gap.certified and math.isfinite(gap.upper):
        return f"[{_number(gap.lower)}, {_number(gap.upper)}] <small>{share}</small>"
    if gap.kind == "not certified" and gap.lower > 0:
        return f"at least {_number(gap.lower)} <small>{share}</small>"
    return "unknown"


def _checked(standing: Standing) -> str:
    times = "" if standing.checks == 1 else f", {standing.checks} times"
    made = f'<time datetime="{_text(standing.made_at)}">{_text(standing.made_at[:10])}</time>'
    return f"{made}{times}<br><small>{standing.episodes:,} episodes</small>"


def _table(
    title: str, heads: Sequence[str], rows: Iterable[tuple[Sequence[tuple[str, str]], bool]]
) -> str:
    """Build a table whose cells are HTML already; on a phone each row becomes a small list."""
    head = "".join(f'<th scope="col">{name}</th>' for name in heads)
    body = []
    for ((first, _), *rest), is_first in rows:
        cells = "".join(
            f'<td data-label="{name}"{f" class={kind}" if kind else ""}><span>{cell}</span></td>'
            for name, (cell, kind) in zip(heads[1:], rest, strict=True)
        )
        kind = ' class="first"' if is_first else ""
        body.append(f'<tr{kind}><th scope="row">{first}</th>{cells}</tr>\n')
    return (
        f'<h3>{title}</h3>\n<table class="figures"><thead><tr>{head}</tr></thead>\n'
        f"<tbody>\n{''.join(body)}</tbody></table>\n"
    )
