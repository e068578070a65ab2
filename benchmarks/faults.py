"""Kills that are survived, at random moments, by work that keeps what it has on disk.

Run with ``python benchmarks/faults.py [--kills N] [--seed N] [JOB ...]``. Each job writes whenever
it can and is killed with SIGKILL; after four kills another process goes on to the end. A kill is
survived if that one ends, to the last bit, as a process that was never killed, and leaves nothing
but its own file behind. "while writing" counts the kills that hit a file that was half written.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.faults.kills import main

if __name__ == "__main__":
    main()
