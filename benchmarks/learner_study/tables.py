"""Results as tables: for the terminal, as CSV and as JSON. Equal studies make equal files."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gametheory.files import write_atomically

from .games import studied
from .measures import CONVERGENCE, TOLERANCE
from .summary import MEASURES, Cell, Study

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["LETTERS", "MARKS", "legend", "to_table", "write_csv", "write_json", "write_markdown"]

LETTERS = {"nash": "N", "average": "A", "payoffs": "P", "no-regret": "R", "none": "\u2013", "": ""}
"""One letter for each kind of convergence."""

MARKS = {"proven": "\u2713", "proven in the limit": "\u221e", "observed": ""}
"""What follows the letter."""


def to_table(study: Study) -> Table:
    """Build the table of all cells for ``rich``: a letter, in how many seeds, and the mark."""
    from rich.table import Table

    table = Table(title=f"Convergence reached, {study.size.name} size", title_justify="left")
    table.add_column("learner", no_wrap=True)
    for number, _ in enumerate(study.games, 1):
        table.add_column(str(number), justify="center", no_wrap=True)
    family = ""
    for learner in study.learners:
        cells = [study.cells[learner, game] for game in study.games]
        if family and family != cells[0].family:
            table.add_section()
        family = cells[0].family
        table.add_row(learner, *map(_code, cells))
    return table


def legend(study: Study) -> str:
    """Say what the letters and numbers of the table mean."""
    games = ", ".join(f"{n} {game}" for n, game in enumerate(study.games, 1))
    kinds = "".join(f"  {LETTERS[kind]}  {text}\n" for kind, text in CONVERGENCE.items())
    return (
        f"Games: {games}.\n{kinds}  .  not applicable\n"
        f"The number: of how many seeds. {MARKS['proven']} proven, its bound checked; "
        f"{MARKS['proven in the limit']} proven in the limit; ! bound broken.\n"
        f"Zero is up to {TOLERANCE:g} of the payoff range."
    )


def _code(cell: Cell) -> str:
    if not cell.runs:
        return "." if cell.refused else ""
    kind = cell.convergence
    mark = "!" if cell.broken else MARKS[cell.mark]
    return f"{LETTERS[kind]}{cell.counts()[kind]}{mark}"


def write_markdown(study: Study, path: Path) -> Path:
    """Write the table of :func:`to_table` as Markdown, for a page of the docs."""
    lines = [
        "| learner | " + " | ".join(game.replace("_", " ") for game in study.games) + " |",
        "|---|" + ":-:|" * len(study.games),
    ]
    for learner in study.learners:
        codes = [_code(study.cells[learner, game]) or " " for game in study.games]
        lines.append(f"| `{learner}` | " + " | ".join(codes) + " |")
    return write_atomically(path, ("\n".join(lines) + "\n").encode())


def write_csv(study: Study, folder: Path) -> list[Path]:
    """Write ``cells.csv``, a learner in a game a row, and ``runs.csv``, a run a row."""
    cells = [_cell_row(cell) for cell in study.cells.values()]
    runs = [_run_row(cell, run) for cell in study.cells.values() for run in cell.runs]
    return [_write(folder / "cells.csv", cells), _write(folder / "runs.csv", runs)]


def _cell_row(cell: Cell) -> dict[str, Any]:
    counts, check = cell.counts(), cell.check
    return {
        "learner": cell.learner,
        "family": cell.family,
        "game": cell.game,
        "seeds": len(cell.runs),
        "episodes": cell.runs[0]["episodes"] if cell.runs else None,
        "returns": _list(cell.means("returns")),
        "payoffs": _list(cell.means("payoffs")),
        **{measure: cell.median(measure) for measure in MEASURES},
        "worst_nash_conv": max(cell.numbers("nash_conv"), default=None),
        "convergence": cell.convergence,
        **{f"seeds_{kind}": counts.get(kind, 0) for kind in CONVERGENCE},
        "mark": cell.mark if cell.runs else "",
        "promise": cell.says if cell.runs else "",
        "source": cell.source if cell.runs else "",
        "measured": None if check is None else check.measured,
        "bound": None if check is None else check.bound,
        "holds": None if check is None else check.holds,
        "not_applicable": cell.refused,
    }


def _run_row(cell: Cell, run: dict[str, Any]) -> dict[str, Any]:
    return {
        "learner": cell.learner,
        "game": cell.game,
        "run": run["index"],
        "episodes": run["episodes"],
        "returns": _list(run["returns"]),
        "payoffs": _list(run["payoffs"]),
        **{measure: run.get(measure) for measure in MEASURES},
        "convergence": run["convergence"],
    }


def _list(numbers: Sequence[float]) -> str:
    return " ".join(map(_number, numbers))


def _number(x: float) -> str:
    return f"{round(x, 12) + 0.0:.9g}"  # never -0


def _write(path: Path, rows: list[dict[str, Any]]) -> Path:
    text = io.StringIO()
    if rows:
        table = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
        table.writeheader()
        for row in rows:
            table.writerow({k: _number(v) if isinstance(v, float) else v for k, v in row.items()})
    return write_atomically(path, text.getvalue().encode())


def write_json(study: Study, path: Path) -> Path:
    """Write everything but the curves' records of single runs, for other programs."""
    document = {
        "format": "benchmarks/learner-study",
        "version": 1,
        "size": study.size.name,
        "seed": study.root,
        "seeds": study.size.seeds,
        "tolerance": TOLERANCE,
        "complete": study.complete,
        "skipped": study.skipped,
        "games": {game: _game(game) for game in study.games},
        "cells": [_cell_row(cell) for cell in study.cells.values()],
        "runs": [_run_row(c, run) for c in study.cells.values() for run in c.runs],
    }
    return write_atomically(path, json.dumps(document, indent=1, ensure_ascii=False).encode())


def _game(name: str) -> dict[str, Any]:
    game = studied(name)
    return {
        "shows": game.shows,
        "kinds": sorted(game.kinds),
        "payoff_range": game.scale,
        "equilibrium_payoffs": game.equilibrium_payoffs,
    }
