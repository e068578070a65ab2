"""Plays a session again: what its commands and statements print today.

A session is a text file. Lines that begin with ``$`` are commands (gametheory, marl-bridge, and
``cat`` for files that these wrote), those that begin with ``>>>`` and ``...`` are Python; lines
that begin with ``#`` stay. Everything else is what was printed, and is written anew.
"""

from __future__ import annotations

import ast
import contextlib
import io
import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import typer
from typer.testing import CliRunner

import gametheory.cli
import marl_bridge.cli

WIDTH = 100
APPS: dict[str, typer.Typer] = {
    "gametheory": gametheory.cli.app,
    "marl-bridge": marl_bridge.cli.app,
}
# What depends on the machine and the day; each pattern's group is what is masked.
MASKS = (
    re.compile(r"(?<![\w.,])(\d[\d,]*(?:\.\d+)?(?:e-?\d+)?) (?:s|seconds)\b"),
    re.compile(
        r"^(?:random steps per second|copy microseconds|replay microseconds|seconds) +(\S+)$"
    ),
    re.compile(r"\"(?:\w+_)?(?:micro)?seconds\": ([\d.e-]+)"),
    re.compile(r"where: (\S*/)record\.sqlite"),
    re.compile(
        r"(\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2})?)?)"
    ),
)


class Line(NamedTuple):
    kind: str  # "#", "$" or ">"
    text: str


def inputs(session: str) -> list[Line]:
    """Read the comments, commands and statements of a session, without what was printed."""
    found: list[Line] = []
    for line in session.splitlines():
        if line.startswith("... ") or line == "...":
            last = found.pop()
            found.append(Line(last.kind, f"{last.text}\n{line}"))
        elif line.startswith(">>> "):
            found.append(Line(">", line))
        elif line.startswith(("$ ", "#")):
            found.append(Line(line[0], line))
    return found


def play(session: str) -> str:
    """Run a session in the current folder and write down what it prints."""
    names: dict[str, Any] = {"__name__": "session"}
    parts = []
    with np.printoptions():  # what a session sets is its own affair
        for kind, text in inputs(session):
            if kind == "$" or (parts and kind == "#"):
                parts.append("")
            parts.append(text)
            if kind != "#":
                printed = _command(text[2:]) if kind == "$" else _statement(text, names)
                parts += [_masked(line.rstrip()) for line in printed.splitlines()]
    while parts and not parts[-1]:
        parts.pop()
    return _without_double_blanks("\n".join(parts)) + "\n"


def _command(line: str) -> str:
    program, *arguments = shlex.split(line)
    if program == "cat":
        return "".join(Path(name).read_text("utf-8") for name in arguments)
    result = CliRunner().invoke(APPS[program], arguments, prog_name=program)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    ending = f"[exit code {result.exit_code}]\n" if result.exit_code else ""
    return _ended(result.output) + ending


def _ended(text: str) -> str:
    return text if not text or text.endswith("\n") else f"{text}\n"


def _statement(text: str, names: dict[str, Any]) -> str:
    source = "\n".join(line[4:] for line in text.splitlines())
    with _shown() as printed:
        try:
            tree = ast.parse(source)
            exec(compile(ast.Interactive(tree.body), "<session>", "single"), names)
        except Exception as error:
            print(f"{type(error).__name__}: {error}")
    return printed.getvalue()


@contextlib.contextmanager
def _shown() -> Iterator[io.StringIO]:
    """Take what is printed, and the values of expressions as an interactive Python shows them."""
    printed, hook = io.StringIO(), sys.displayhook
    sys.displayhook = sys.__displayhook__
    try:
        with contextlib.redirect_stdout(printed):
            yield printed
    finally:
        sys.displayhook = hook


def _masked(line: str) -> str:
    for mask in MASKS:
        line = mask.sub(lambda found: found[0].replace(found[1], "~"), line)
    return line.rstrip()


def _without_double_blanks(text: str) -> str:
    return re.sub(r"\n{3,}", "\n\n", text)
