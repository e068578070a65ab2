"""The command ``leaderboard``: the policies ever checked, ranked by what is certain."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from gametheory.console import out
from marl_bridge.cli_inputs import env_kwargs_of

__all__ = ["leaderboard"]


def leaderboard(
    environment: Annotated[
        str | None,
        typer.Argument(
            metavar="ENV",
            help="An environment that was checked, such as tictactoe.  [default: all]",
            show_default=False,
        ),
    ] = None,
    env_kwargs: Annotated[
        str | None,
        typer.Option(
            "--env-kwargs", metavar="JSON", help="Only these keyword arguments.", show_default=False
        ),
    ] = None,
    record: Annotated[
        Path | None,
        typer.Option(help="The record's file.  [default: MARL_BRIDGE_RECORD, or the user's own]"),
    ] = None,
    html: Annotated[Path | None, typer.Option(help="Write the page to this file too.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON to standard output.")] = False,
) -> None:
    """Rank the policies ever checked on an environment, by certified gap."""
    from marl_bridge.records.leaderboard import leaderboard as rank
    from marl_bridge.records.leaderboard_text import render

    given = None if env_kwargs is None else env_kwargs_of(env_kwargs)
    boards = rank(environment, record, env_kwargs=given)
    if as_json:
        typer.echo(json.dumps([board.to_dict() for board in boards], indent=2, allow_nan=False))
    else:
        for number, board in enumerate(boards):
            if number:
                out().print()
            out().print(render(board))
    if html is not None:
        from marl_bridge.records.leaderboard_page import write_leaderboard

        written = write_leaderboard(boards, html)
        if not as_json:
            out().print(Text(f"wrote {written}"), soft_wrap=True)
