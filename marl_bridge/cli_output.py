"""What marl-bridge prints."""

from __future__ import annotations

import dataclasses
import json
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import typer
from rich.table import Table
from rich.text import Text

from gametheory.console import INTERRUPTED, out
from marl_bridge.plain_data import plain
from marl_bridge.reports.report import Report
from marl_bridge.reports.words import mapping_rows

__all__ = [
    "show_inspection",
    "show_mapping",
    "show_play",
    "show_report",
    "show_reports",
    "with_command",
    "write_html_file",
]

_STEPS = 20  # steps and episodes that are shown before they are only counted


def with_command(report: Report) -> Report:
    """Add the command line to the parameters, so that the report can be made again."""
    command = shlex.join(["marl-bridge", *sys.argv[1:]])
    return dataclasses.replace(report, parameters={"command": command, **report.parameters})


def show_reports(reports: Sequence[Report], *, as_json: bool, html: Path | None) -> None:
    """Print reports, or write them as JSON, and as HTML too; exit code 130 if one was cut."""
    for report in reports:
        if as_json:
            typer.echo(report.to_json())
        else:
            show_report(report)
    if html is not None:
        write_html_file(reports, html, quiet=as_json)
    if any(report.interrupted for report in reports):
        raise typer.Exit(INTERRUPTED)


def show_report(report: Report) -> None:
    """Print one report."""
    from marl_bridge.reports.table import render

    out().print(render(report))


def write_html_file(reports: Sequence[Report], path: Path, *, quiet: bool = False) -> None:
    """Write the HTML report and say where."""
    from marl_bridge.reports.html import write_html

    written = write_html(reports, path)
    if not quiet:
        out().print(Text(f"wrote {written}"), soft_wrap=True)


def show_play(played: Any) -> None:
    """Print the first steps of a play, and its returns."""
    for number, step in enumerate(played.steps[:_STEPS], 1):
        acts = ", ".join(f"{agent} plays {act}" for agent, act in plain(step.actions).items())
        told = "".join(f"; {agent} earns {r:g}" for agent, r in step.rewards.items())
        out().print(Text(f"{number:>3}  {acts}{told}"))
    if len(played.steps) > _STEPS:
        out().print(Text(f"...  and {len(played.steps) - _STEPS:,} more steps"))
    facts: dict[str, Any] = {"steps": len(played.steps)}
    for number, returns in enumerate(played.returns, 1):
        if number <= _STEPS:
            facts[f"returns of episode {number}"] = {a: f"{r:g}" for a, r in returns.items()}
    facts |= {"last episode finished": played.finished, "digest": played.digest}
    if played.saved is not None:
        facts |= {"frames": played.frames, "saved": str(played.saved)}
    show_mapping(facts, as_json=False)


def show_inspection(seen: Any, *, as_json: bool) -> None:
    """Print the page of an environment, or write the whole record as JSON."""
    if as_json:
        typer.echo(json.dumps(plain(seen.to_dict()), indent=2))
        return
    from marl_bridge.environments.inspection_page import page

    for number, (title, rows) in enumerate(page(seen).items()):
        out().print(Text(("\n" if number else "") + title, style="bold"))
        show_mapping(rows, as_json=False)


def show_mapping(values: Mapping[str, Any], *, as_json: bool) -> None:
    """Print a mapping, one entry a line, or write it as JSON."""
    if as_json:
        typer.echo(json.dumps(plain(values), indent=2))
        return
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    for label, text in mapping_rows(values):
        table.add_row(Text(label), Text(text))
    out().print(table)
