"""What do PettingZoo's environments promise? Writes the tables of docs/pettingzoo.md.

The games of OpenSpiel have a table of their own, see :mod:`open_spiel_rows`.

Run: python benchmarks/inspect_all.py            prints the tables
     python benchmarks/inspect_all.py --write    puts them into docs/pettingzoo.md
     python benchmarks/inspect_all.py --write --only TEXT    puts only these rows there

Looks at every environment of the classic and butterfly families, and of the package mpe2 if it
is installed; an environment that does not open has a row that says why. Takes a few minutes;
--only TEXT looks only at environments whose name contains it.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import pkgutil
import re
import sys
import time
import warnings
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

from open_spiel_rows import HEADER, open_spiel_rows

from marl_bridge.environments.inspection import Inspection, inspect
from marl_bridge.environments.inspection_page import table_row
from marl_bridge.environments.outlook import EXACT, LATE, in_words

PAGE = Path(__file__).resolve().parent.parent / "docs" / "pettingzoo.md"
BEGIN, END = "<!-- generated: python benchmarks/inspect_all.py --write -->", "<!-- end -->"

# Smaller games of the same rules.
VARIANTS: dict[str, tuple[dict[str, Any], ...]] = {
    "classic/rps-v2": ({"max_cycles": 1}, {"max_cycles": 2}),
    "classic/go-v5": ({"board_size": 3},),
    "classic/hanabi-v5": (
        {
            "colors": 2,
            "ranks": 2,
            "hand_size": 2,
            "max_information_tokens": 1,
            "max_life_tokens": 1,
        },
    ),
}


def families() -> Iterator[tuple[str, list[tuple[str, dict[str, Any]]]]]:
    """Name the environments of each family."""
    import pettingzoo

    known = {*pettingzoo.aec_registry, *pettingzoo.parallel_registry}
    for family in ("classic", "butterfly"):
        names = sorted(name for name in known if name.startswith(f"{family}/"))
        yield family, [(name, kwargs) for name in names for kwargs in ({}, *VARIANTS.get(name, ()))]
    found = importlib.util.find_spec("mpe2")
    if found is None:
        print("mpe2 is not installed: pip install mpe2", file=sys.stderr)
        return
    modules = pkgutil.iter_modules(found.submodule_search_locations)
    yield "mpe2", [(f"mpe2.{m.name}", {}) for m in modules if re.search(r"_v\d+$", m.name)]


def row(name: str, kwargs: dict[str, Any], time_limit: float) -> tuple[str, ...]:
    """Look at one environment; say why if that fails."""
    started = time.perf_counter()
    shown = f"`{name}`" + "".join(f" {key}={value}" for key, value in kwargs.items())
    try:
        seen = inspect(name, env_kwargs=kwargs, time_limit=time_limit)
        entries = (*known(seen), *table_row(seen)[2:])
    except Exception as error:  # whatever it is, the other environments still have their rows
        reason = str(error) or type(error).__name__
        entries = ("does not open", reason, *("-" * 7))
    seconds = time.perf_counter() - started
    print(f"{seconds:5.1f} s  {name} {json.dumps(kwargs)}: {entries[0]}", file=sys.stderr)
    return (shown, *entries, f"{seconds:.0f}")


def known(seen: Inspection) -> tuple[str, str]:
    """Say whether the optimum is known from the start, from positions, or between bounds."""
    verdict, reason = seen.outlook.verdict, seen.outlook.reason
    if verdict == EXACT:
        return "exact", reason
    if verdict == LATE:
        return "exact from positions", reason
    open_to_both = seen.chance == "none seen" and seen.hidden_choices.passed
    if (
        open_to_both
        and seen.zero_sum != "refuted"
        and seen.size is not None
        and len(seen.agents) == 2
    ):
        whole = f"about {in_words(seen.size.log10_histories)} histories from the start"
        few = "`solve_position` solves those whose rest is short, which random play does not reach"
        return "exact from positions", f"{whole}; {few}"
    return "bounds only", reason


def table(header: tuple[str, ...], rows: list[tuple[str, ...]]) -> Iterator[str]:
    """Write rows as Markdown."""
    yield "| " + " | ".join(header) + " |"
    yield "|" + "---|" * len(header)
    for entries in rows:
        cells = (" ".join(entry.split()).replace("|", "\\|") for entry in entries)
        yield "| " + " | ".join(cells) + " |"


def versions() -> str:
    """Name what was looked at."""
    found = []
    for package in ("pettingzoo", "gymnasium", "rlcard", "shimmy", "mpe2"):
        try:
            found.append(f"{package} {metadata.version(package)}")
        except metadata.PackageNotFoundError:
            continue
    return ", ".join(found)


def report(only: str, time_limit: float) -> Iterator[str]:
    """Write all tables."""
    yield f"Measured with {versions()}."
    for family, environments in families():
        chosen = [row(name, kwargs, time_limit) for name, kwargs in environments if only in name]
        if not chosen:
            continue
        yield f"\n## {family}\n"
        yield from table(
            ("environment", "what can be known", "why"), [entries[:3] for entries in chosen]
        )
        yield ""
        yield from table(
            (
                "environment", "histories", "chance", "repeats: fresh / reused",
                "copies: deepcopy / attributes / snapshot", "zero-sum", "mask out of turn",
                "a masked action", "s",
            ),
            [(entries[0], *entries[3:]) for entries in chosen],
        )  # fmt: skip


def open_spiel_report(only: str) -> Iterator[str]:
    """Write the table of OpenSpiel's games."""
    rows = open_spiel_rows(only)
    if rows:
        yield f"\n## OpenSpiel {metadata.version('open_spiel')}, read by `from_open_spiel`\n"
        yield from table(HEADER, rows)


def main() -> None:
    """Print the tables or put them into the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help=f"change {PAGE.name}")
    parser.add_argument(
        "--time-limit", type=float, default=12.0, metavar="S", help="for each environment"
    )
    parser.add_argument("--only", default="", metavar="TEXT", help="part of the name")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    tables = "\n".join(
        [*report(arguments.only, arguments.time_limit), *open_spiel_report(arguments.only)]
    )
    if not arguments.write:
        print(tables)
        return
    before, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
    old, _, after = rest.partition(END)
    if arguments.only:
        tables = merged(old.strip("\n"), tables)
    PAGE.write_text(f"{before}{BEGIN}\n\n{tables}\n\n{END}{after}", "utf-8")


def merged(old: str, new: str) -> str:
    """Put new rows in the place of the old ones, by their names and number of cells."""

    def place(line: str) -> tuple[str, int]:
        return line.split(" | ", maxsplit=1)[0], line.count(" | ")

    fresh = {place(line): line for line in new.splitlines() if line.startswith("| `")}
    return "\n".join(fresh.get(place(line), line) for line in old.splitlines())


if __name__ == "__main__":
    main()
