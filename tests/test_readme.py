"""Whatever README and docs show is run: Python blocks, and the toolkit's own commands.

A ``python`` block followed by a ``text`` block must print that text. In a ``console`` block the
lines after ``$ gametheory ...`` or ``$ marl-bridge ...`` are what the command prints; without
such lines it only has to end well. "..." stands for anything. Commands in ``sh`` blocks need files
that nobody has or minutes: they are read, not run.
"""

from __future__ import annotations

import contextlib
import doctest
import io
import re
import shlex
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import typer
from typer.testing import CliRunner

import gametheory.cli
import marl_bridge.cli

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
APPS: dict[str, typer.Typer] = {
    "gametheory": gametheory.cli.app,
    "marl-bridge": marl_bridge.cli.app,
}
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    language: str
    text: str
    line: int


class Command(NamedTuple):
    line: str
    expected: str


def blocks(page: Path) -> list[Block]:
    text = page.read_text("utf-8")
    return [
        Block(found[1], found[2], text[: found.start()].count("\n") + 1)
        for found in FENCE.finditer(text)
    ]


def commands(page: Path) -> list[Command]:
    found = []
    for block in blocks(page):
        if block.language == "console":
            for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
                line, _, expected = part.partition("\n")
                if line.split()[0] in APPS:
                    found.append(Command(line, expected))
    return found


def matches(expected: str, printed: str) -> bool:
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    return doctest.OutputChecker().check_output(expected.strip(), printed.strip(), flags)


def python_blocks() -> list[Any]:
    found: list[Any] = []
    for page in PAGES:
        for block, after in pairwise([*blocks(page), Block("", "", 0)]):
            if block.language == "python":
                expected = after.text if after.language == "text" else None
                name = f"{page.name}:{block.line}"
                found.append(pytest.param(block.text, expected, id=name))
    return found


@pytest.mark.parametrize(("code", "expected"), python_blocks())
def test_python_block(
    code: str, expected: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, "<documentation>", "exec"), {"__name__": "documentation"})
    if expected is not None:
        assert matches(expected, printed.getvalue()), printed.getvalue()


@pytest.mark.parametrize("page", [p for p in PAGES if commands(p)], ids=lambda p: p.name)
def test_commands(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for line, expected in commands(page):
        program, *arguments = shlex.split(line, comments=True)
        result = CliRunner().invoke(APPS[program], arguments)
        assert result.exit_code in (0, 1), f"{line}\n{result.output}"
        assert result.exit_code == 0 or expected, f"{line}\n{result.output}"
        assert not expected or matches(expected, result.stdout), f"{line}\n{result.output}"


def shell_commands() -> list[Any]:
    return [
        pytest.param(line, id=f"{page.name}:{block.line}")
        for page in PAGES
        for block in blocks(page)
        if block.language == "sh"
        for line in block.text.replace("\\\n", " ").splitlines()
        if line.split()[:1] and line.split()[0] in APPS
    ]


@pytest.mark.parametrize("line", shell_commands())
def test_commands_that_are_not_run_can_be_read(line: str) -> None:
    program, name, *arguments = shlex.split(line, comments=True)
    group: Any = typer.main.get_command(APPS[program])
    group.commands[name].make_context(name, arguments)


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_links_and_paths_exist(page: Path) -> None:
    text = page.read_text("utf-8")
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", text):
        assert (page.parent / target).exists(), target
    for path in re.findall(r"`((?:gametheory|marl_bridge|tests|docs|benchmarks)/[\w./]*)`", text):
        assert (ROOT / path).exists(), path


def test_readme_shows_both_make_targets() -> None:
    targets = (ROOT / "Makefile").read_text("utf-8")
    for target in ("demo", "test", "check"):
        assert f"make {target}" in PAGES[0].read_text("utf-8")
        assert re.search(rf"^{target}:", targets, re.MULTILINE)
