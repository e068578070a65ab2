"""A report as tables for the terminal, readable on 80 columns."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from marl_bridge.reports.words import (
    gain_in_words,
    interval,
    number,
    percent,
    printable,
    sampling_line,
    status_line,
)

if TYPE_CHECKING:
    from rich.console import Group, RenderableType
    from rich.table import Table

    from marl_bridge.reports.report import AgentReport, Report

__all__ = ["render", "to_text"]


def render(report: Report) -> Group:
    """Build what ``rich.print`` shows for a report."""
    from rich.console import Group
    from rich.text import Text

    title = f"{printable(report.environment)} ({report.api})"
    parts: list[RenderableType] = [Text(title, style="bold"), _returns(report)]
    if any(agent.against_random or agent.worst_case_return is not None for agent in report.agents):
        parts.append(Text("The same policies against other opponents (exact)", style="bold"))
        parts.append(_other_opponents(report))
    if report.bounds is not None:
        parts.append(Text("Best responses to the others' policies", style="bold"))
        parts.append(_bounds(report))
    parts += _sentences(report)
    return Group(*parts)


def to_text(report: Report, *, width: int = 80) -> str:
    """Write the tables as plain text."""
    from rich.console import Console

    console = Console(width=width, file=io.StringIO(), color_system=None, force_terminal=False)
    with console.capture() as capture:
        console.print(render(report))
    return "\n".join(line.rstrip() for line in capture.get().rstrip().splitlines())


def _table(*columns: str) -> Table:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("agent", overflow="fold")
    for column in columns:
        table.add_column(Text(column), justify="right", no_wrap=True)
    return table


def _add(table: Table, *cells: str) -> None:
    from rich.text import Text

    table.add_row(*(Text(cell) for cell in cells))  # Text: a name is no markup


def _returns(report: Report) -> Table:
    columns = {
        "empirical return\n[interval]": [interval(a.empirical_return) for a in report.agents]
    }
    if report.exact:
        columns["exact\nreturn"] = [number(a.exact_return) for a in report.agents]
    if report.solution_status:
        columns["theoretical\nvalue"] = [number(a.optimal_value) for a in report.agents]
    if report.exact:
        columns["best-response\ngain"] = [number(a.best_response_gain) for a in report.agents]
    table = _table(*columns)
    for agent, *cells in zip(report.agents, *columns.values(), strict=True):
        _add(table, printable(agent.agent), *cells)
    if not report.exact:
        table.add_section()
        _add(table, "team", interval(report.team_return))
    return table


def _other_opponents(report: Report) -> Table:
    table = _table(
        "wins against\nrandom",
        "draws",
        "losses",
        "return",
        "return against\nbest response",
    )
    for agent in report.agents:
        _add(table, printable(agent.agent), *_random_cells(agent), number(agent.worst_case_return))
    return table


def _bounds(report: Report) -> Table:
    assert report.bounds is not None
    table = _table("own\nreturn", "learned\n(at least)", "exact", "relaxed\n(at most)", "gain")
    for bounds in report.bounds.agents:
        exact = None if bounds.exact is None else bounds.exact.value
        upper = None if bounds.upper is None else bounds.upper.upper
        _add(
            table,
            printable(bounds.agent),
            number(bounds.own_return.value),
            number(bounds.lower.value),
            number(exact),
            number(upper),
            gain_in_words(bounds),
        )
    return table


def _random_cells(agent: AgentReport) -> tuple[str, str, str, str]:
    shares = agent.against_random
    if shares is None:
        return ("-", "-", "-", "-")
    wins, draws, losses = (percent(share) for share in (shares.wins, shares.draws, shares.losses))
    return (wins, draws, losses, number(shares.expected_return))


def _sentences(report: Report) -> list[RenderableType]:
    from rich.padding import Padding
    from rich.text import Text

    lines: list[RenderableType] = []
    figures = {"NashConv": report.nash_conv, "Exploitability": report.exploitability}
    shown = [f"{name} {number(value)}" for name, value in figures.items() if value is not None]
    if shown:
        lines.append(Text(", ".join(shown), style="bold"))
    lines.append(Text(status_line(report), style="" if report.exact else "bold"))
    lines.append(Text(sampling_line(report), style="dim"))
    for sentence in report.verdict:
        lines.append(Padding(Text(printable(sentence)), (0, 0, 0, 2)))
    return lines
