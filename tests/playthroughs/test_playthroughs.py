"""Sessions print what they printed when somebody last looked: see the diff, then update.

``make playthroughs`` (pytest --update-playthroughs) writes the files anew; review their diff.
"""

from __future__ import annotations

import difflib
from pathlib import Path

import pytest

from tests.playthroughs.player import WIDTH, inputs, play

SESSIONS = sorted((Path(__file__).parent / "sessions").glob("*.txt"))


@pytest.fixture(autouse=True)
def quiet_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run in an empty folder, on a terminal of a fixed width without colors."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", str(WIDTH))
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setenv("MARL_BRIDGE_RECORD", str(tmp_path / "record.sqlite"))
    for name in ("FORCE_COLOR", "CLICOLOR_FORCE", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "LINES"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("path", SESSIONS, ids=lambda path: path.stem)
def test_a_session_prints_what_it_printed(path: Path, request: pytest.FixtureRequest) -> None:
    kept = path.read_text("utf-8")
    printed = play(kept)
    if request.config.getoption("--update-playthroughs"):
        path.write_text(printed, "utf-8")
        return
    changes = difflib.unified_diff(
        kept.splitlines(), printed.splitlines(), f"{path.name} as kept", "as printed", lineterm=""
    )
    assert printed == kept, "\n".join(
        [*changes, "", "If this is meant: make playthroughs, and review the diff."]
    )


def test_a_session_is_read_as_it_is_written() -> None:
    text = "# a note\n$ gametheory methods\nprinted\n>>> for i in (1, 2):\n...     print(i)\n1\n2\n"
    assert [line.kind for line in inputs(text)] == ["#", "$", ">"]
    assert play("# a note\n>>> for i in (1, 2):\n...     print(i)\n>>> 1 / 0\n") == (
        "# a note\n>>> for i in (1, 2):\n...     print(i)\n1\n2\n"
        ">>> 1 / 0\nZeroDivisionError: division by zero\n"
    )


def test_times_are_masked() -> None:
    assert play(">>> print('found in 0.25 s on 2026-01-31T12:00:00+00:00, 1,000 sets')\n") == (
        ">>> print('found in 0.25 s on 2026-01-31T12:00:00+00:00, 1,000 sets')\n"
        "found in ~ s on ~, 1,000 sets\n"
    )
