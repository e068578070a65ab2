"""Ctrl-C ends the command lines with exit code 130 and no traceback, whenever it comes."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")

# Sends SIGINT to itself when a module is about to be imported: every moment can be had again.
PROGRAM = """
import os, signal, sys
from importlib import import_module
signal.signal(signal.SIGINT, signal.default_int_handler)
moment, package = sys.argv.pop(1), sys.argv.pop(1)
class Interrupts:
    def find_spec(self, name, path=None, target=None):
        if name == moment:
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Interrupts())
import_module(f"{package}.__main__").main()
"""
SOLVE = ("gametheory", "solve", "prisoners_dilemma")
LEARNERS = ("marl_bridge", "learners")


@pytest.mark.parametrize(
    ("moment", "command"),
    [
        ("gametheory.cli", SOLVE),  # the first own import
        ("typer", SOLVE),
        ("rich.text", SOLVE),
        ("gametheory.solve", SOLVE),  # the command runs
        ("numpy", SOLVE),
        ("marl_bridge.cli_tournament", LEARNERS),  # the last own import
        ("marl_bridge.learners.registry", LEARNERS),
    ],
)
def test_ctrl_c_at_any_import(moment: str, command: tuple[str, ...]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, moment, *command],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 130, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_who_ignores_ctrl_c_is_not_ended() -> None:
    ignoring = PROGRAM.replace("signal.default_int_handler", "signal.SIG_IGN")
    done = subprocess.run(
        [sys.executable, "-c", ignoring, "typer", *LEARNERS],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "independent-q" in done.stdout


def test_the_packages_run_as_modules() -> None:
    for package in ("gametheory", "marl_bridge"):
        done = subprocess.run(
            [sys.executable, "-m", package, "--help"], check=False, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        assert "Usage" in done.stdout
