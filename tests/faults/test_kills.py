"""Whoever goes on after kill -9 ends as if nothing had happened."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.kills import KILLED

pytestmark = pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="forks and kills")


@pytest.mark.parametrize(
    ("kills", "jobs"),
    [
        (1, ("cfr", "payoffs", "cache")),
        pytest.param(40, KILLED, marks=pytest.mark.slow),
    ],
)
def test_kills_are_survived(kills, jobs):
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.kills", "--kills", str(kills), *jobs],
        cwd=Path(__file__).parents[2],
        check=True,
        capture_output=True,
        text=True,
    )
    rows = [line.split() for line in done.stdout.splitlines()[1:]]
    assert [row[0] for row in rows] == list(jobs)
    for name, killed, survived, _, left in rows:
        assert int(killed) == int(survived) >= kills, name
        assert left == "0", name
