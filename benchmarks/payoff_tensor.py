"""Payoff tables: two processes against one, equal bits everywhere, and what survives kill -9.

Run with ``python benchmarks/payoff_tensor.py [part ...]``; the parts are speed, bits, kills and
all. Ray is left out where it is not installed.

speed: seconds with one process and with two, on connect four; the median over five pairs. Other
programs on the machine spoil these, so two more figures stand beside them: the gain in seconds of
processor time, (all of one process) / (half of both workers + all of the process that gives out the
work), which is what two free cores gain where both are busy to the end, but for one task of 0.2 s;
and how much two programs that know nothing of each other gain at the same time.

bits: the digest of a table by every backend and several numbers of workers.

kills: a run that is killed, with all its workers, at 20 random moments and started again; its
table at the end against the one of an undisturbed run.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from marl_bridge.empirical_game import EmpiricalGame, payoff_tensor

KILLS = 20
REPEATS = 5
CONNECT_FOUR = "classic/connect-four-v3"


def lowest(seen: Any, mask: Any) -> int:
    return int(mask.argmax())


def central(seen: Any, mask: Any) -> int:
    return min((abs(k - 3), k) for k in range(7) if mask[k])[1]


POLICIES = {"random": "random", "lowest": lowest, "central": central}


def table(episodes: int = 200, **options: Any) -> EmpiricalGame:
    return payoff_tensor(
        CONNECT_FOUR, POLICIES, **{"ranges": (-1, 1), "episodes": episodes, **options}
    )


def seconds(**options: Any) -> float:
    started = time.perf_counter()
    table(**options)
    return time.perf_counter() - started


def processor_times() -> dict[int, float]:
    """Seconds of processor time of this process and of those it has started (Linux only)."""
    pids = [os.getpid()]
    for thread in Path("/proc/self/task").iterdir():
        pids += map(int, (thread / "children").read_text().split())
    tick = os.sysconf("SC_CLK_TCK")
    fields = {pid: Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in pids}
    return {pid: (int(one[11]) + int(one[12])) / tick for pid, one in fields.items()}


def busy(**options: Any) -> tuple[float, float, float]:
    """Seconds, and processor time of this process and of all others."""
    before, wall = processor_times(), seconds(**options)
    used = {pid: t - before.get(pid, 0.0) for pid, t in processor_times().items()}
    here = used.pop(os.getpid())
    return wall, here, sum(used.values())


def speed() -> None:
    pair = [sys.executable, __file__, "--one"]
    table(episodes=20)
    table(episodes=20, workers=2)  # starts the processes
    rows = []
    for _ in range(REPEATS):
        one, alone, _ = busy(episodes=800)
        two, here, there = busy(episodes=800, workers=2)
        lone = float(subprocess.run(pair, capture_output=True, text=True, check=True).stdout)
        both = [subprocess.Popen(pair, stdout=subprocess.PIPE, text=True) for _ in range(2)]
        together = max(float(process.communicate()[0]) for process in both)
        rows.append((one / two, alone / (here + there / 2), 2 * lone / together))
        print(
            f"seconds {one:.2f} and {two:.2f}: {rows[-1][0]:.2f}; processor time {alone:.2f} and "
            f"{here:.2f} + {there:.2f} / 2: {rows[-1][1]:.2f}; two programs {rows[-1][2]:.2f}"
        )
    wall, processor, machine = map(statistics.median, zip(*rows, strict=True))
    print(
        f"medians: seconds {wall:.2f}, processor time {processor:.2f}, two programs {machine:.2f}"
    )


def bits() -> None:
    adaptive = {"episodes": 40, "target_width": 0.5}
    for settings in ({"episodes": 100}, adaptive):
        found = {"serial": table(**settings).digest}
        backends = ["loky", "threading"]
        backends += ["ray"] if importlib.util.find_spec("ray") else []
        for backend in backends:
            for workers in (2, 3):
                digest = table(**settings, workers=workers, backend=backend).digest
                found[f"{backend} x {workers}"] = digest
        for name, digest in found.items():
            print(f"{name:15} {digest}")
        print("equal" if len(set(found.values())) == 1 else "DIFFERENT")


def kills() -> None:
    rng = random.Random(0)

    def start(path: str, workers: int) -> subprocess.Popen[str]:
        command = [sys.executable, __file__, "--kept", path, str(workers)]
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)

    expected, _ = start("", 1).communicate()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "kept.db"
        killed = 0
        while killed < KILLS:
            process = start(str(path), 1 + killed % 2)
            time.sleep(rng.uniform(0.5, 5.0))
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                killed += 1
            process.communicate()
            print(
                f"kill {killed}: {path.stat().st_size if path.exists() else 0:,} bytes", flush=True
            )
        found, _ = start(str(path), 2).communicate()
    print("the same table" if found == expected != "" else "A DIFFERENT TABLE", found.strip())


PARTS = {"speed": speed, "bits": bits, "kills": kills}


def main() -> None:
    """Run the parts that were named, or all of them."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("parts", nargs="*", metavar="part", help=", ".join(PARTS))
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--kept", nargs=2, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.one:
        table(episodes=20)
        print(seconds(episodes=800))
        return
    if chosen.kept:
        path, workers = chosen.kept
        kept = {"checkpoint": path or None, "workers": int(workers)}
        print(table(episodes=400, target_width=0.14, **kept).digest)
        return
    for part in chosen.parts or PARTS:
        if part not in PARTS:
            parser.error(f"unknown part {part!r}: one of {', '.join(PARTS)}")
        print(f"--- {part}", flush=True)
        PARTS[part]()


if __name__ == "__main__":
    main()
