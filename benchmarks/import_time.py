"""How long do the two packages take to import? Run: python benchmarks/import_time.py."""

from __future__ import annotations

import statistics
import subprocess
import sys

RUNS = 11
TIMED = "import time; t = time.perf_counter(); {}; print(time.perf_counter() - t)"


def median_seconds(statement: str) -> float:
    """Median wall time of ``statement`` in fresh interpreters, in seconds."""
    times = []
    for _ in range(RUNS + 1):
        command = [sys.executable, "-c", TIMED.format(statement)]
        times.append(float(subprocess.run(command, capture_output=True, check=True).stdout))
    return statistics.median(times[1:])  # the first run fills the file cache


def main() -> None:
    """Print one line for each package, numpy's own share first."""
    for package in ("numpy", "gametheory", "marl_bridge"):
        seconds = median_seconds(f"import {package}")
        print(f"import {package:<12} {seconds:.3f} s (median of {RUNS})")


if __name__ == "__main__":
    main()
