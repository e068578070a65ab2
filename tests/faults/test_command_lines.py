"""What the command lines say when files fail: one line, exit code 2, and nothing found is lost."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

import gametheory.cli
import marl_bridge.cli


def full(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_what_was_solved_is_shown_though_the_disk_is_full(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Path, "replace", full)
    for option in ("--save", "--certificate"):
        result = CliRunner().invoke(
            gametheory.cli.app, ["solve", "prisoners_dilemma", option, "kept.json"]
        )
        assert result.exit_code == 2
        assert "certified exact, 1 found" in result.stdout
        assert "cannot write 'kept.json': No space left on device" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_report_is_shown_though_the_disk_is_full(tmp_path, monkeypatch):
    monkeypatch.setattr(Path, "replace", full)
    kwargs = ["--env-kwargs", '{"max_cycles": 1}', "--episodes", "20", "--no-record", "--no-cache"]
    result = CliRunner().invoke(
        marl_bridge.cli.app,
        ["check", "classic/rps-v2", *kwargs, "--quiet", "--html", str(tmp_path / "report.html")],
    )
    assert result.exit_code == 2
    assert "NashConv 0.0000" in result.stdout
    assert "No space left on device" in result.stderr


def test_training_looks_at_its_folder_first(tmp_path, monkeypatch):
    monkeypatch.setattr(marl_bridge.cli, "_train", lambda *_, **__: pytest.fail("it was trained"))
    (tmp_path / "file").write_text("")
    arguments = ["train", "classic/rps-v2", "--save"]
    for folder in ("file", "file/below", "file/far/below"):
        result = CliRunner().invoke(marl_bridge.cli.app, [*arguments, str(tmp_path / folder)])
        assert result.exit_code == 2
        assert "Not a directory" in result.stderr
    monkeypatch.setattr(os, "access", lambda *_: False)
    result = CliRunner().invoke(marl_bridge.cli.app, [*arguments, str(tmp_path / "new")])
    assert result.exit_code == 2
    assert "no permission" in result.stderr
    assert not (tmp_path / "new").exists()


def test_a_reader_that_has_seen_enough_is_no_error(monkeypatch):
    def closed(*_: object) -> None:
        raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))

    monkeypatch.setattr("gametheory.cli_tables.method_list", closed)
    result = CliRunner().invoke(gametheory.cli.app, ["methods"])
    assert result.exit_code == 1
    assert "error" not in result.stderr
