"""Kills processes at random moments, lets others go on, and compares what came of it.

``python -m tests.faults.kills [--kills N] [--seed N] [JOB ...]`` prints a row for each job. A kill
is survived if whoever goes on ends, to the last bit, as one who was never killed, and
nothing but the file itself is left in the folder.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.faults.jobs import JOBS, hurry

__all__ = ["KILLED", "Outcome", "answers_at_once", "kill_again_and_again"]

KILLED = ("cfr", "payoffs", "extraction", "training", "cache")
_A_RUN = 4  # kills, before a process may finish


@dataclass
class Outcome:
    """What became of a job that was killed."""

    kills: int = 0
    survived: int = 0
    while_writing: int = 0  # kills that left a file that was not finished
    left_behind: int = 0  # files, after the process that was not killed


def kill_again_and_again(name: str, kills: int, seed: int, folder: Path) -> Outcome:
    """Kill a job until it was killed so often, in runs of a few kills each."""
    rng, outcome = random.Random(seed), Outcome()
    job = partial(JOBS[name], long=True)
    JOBS[name](folder / "never killed" / "warm")  # compiled and imported: not timed
    begun = time.monotonic()
    expected = job(folder / "never killed" / name)
    seconds = time.monotonic() - begun
    run = 0
    while outcome.kills < kills:
        run += 1
        path = folder / f"run {run}" / name
        path.parent.mkdir()
        killed = 0
        for _ in range(min(_A_RUN, kills - outcome.kills)):
            before = _changed(path)
            moment = rng.uniform(0.0, 0.3) * seconds
            killed += _kill(partial(job, path), path, before, moment)
            outcome.while_writing += any(path.parent.rglob("*.unfinished"))
        [found] = answers_at_once(partial(job, path), 1)
        left = [one for one in path.parent.iterdir() if one != path]
        left += list(path.rglob("*.unfinished")) if path.is_dir() else []
        outcome.kills += killed
        outcome.left_behind += len(left)
        outcome.survived += killed if found == expected and not left else 0
        if run > kills:
            raise RuntimeError(f"{name} is over before it can be killed")
    return outcome


def _changed(path: Path) -> tuple[int, int]:
    """Tell a file from what it was before."""
    try:
        about = path.stat()
    except OSError:
        return (0, 0)
    return (about.st_mtime_ns, about.st_size)


def _fork(work: Callable[[], str], answer: int | None) -> int:
    """Do work in another process, which has imported everything already."""
    process = os.fork()
    if process:
        return process
    try:
        warnings.simplefilter("ignore")  # what was cut is told, as it should be
        found = work()
        if answer is not None:
            os.write(answer, found.encode())
    finally:
        os._exit(0)


def _kill(work: Callable[[], str], path: Path, before: tuple[int, int], moment: float) -> bool:
    """Kill the work some time after it has written; tell whether it was not over yet."""
    process = _fork(work, None)
    while _changed(path) == before:
        if os.waitpid(process, os.WNOHANG)[0]:
            return False
        time.sleep(0.001)
    time.sleep(moment)
    os.kill(process, signal.SIGKILL)
    return os.WIFSIGNALED(os.waitpid(process, 0)[1])


def answers_at_once(work: Callable[[], str], processes: int) -> list[str]:
    """Do the same work in several processes at once."""
    begun = []
    for _ in range(processes):
        read, write = os.pipe()
        begun.append((_fork(work, write), read))
        os.close(write)
    answers = []
    for process, read in begun:
        with os.fdopen(read) as answer:
            answers.append(answer.read())
        os.waitpid(process, 0)
    return answers


def main() -> None:
    """Print a row for each job."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--kills", type=int, default=25, help="of each job")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("jobs", nargs="*", default=KILLED)
    chosen = parser.parse_args()
    os.environ |= {"MARL_BRIDGE_RECORD": "off", "MARL_BRIDGE_CACHE": "0"}
    hurry()
    print(f"{'job':14}{'kills':>8}{'survived':>10}{'while writing':>15}{'left behind':>13}")
    for name in chosen.jobs:
        folder = Path(tempfile.mkdtemp())
        try:
            (folder / "never killed").mkdir()
            one = kill_again_and_again(name, chosen.kills, chosen.seed, folder)
        finally:
            shutil.rmtree(folder)
        print(
            f"{name:14}{one.kills:8}{one.survived:10}{one.while_writing:15}{one.left_behind:13}",
            flush=True,
        )


if __name__ == "__main__":
    main()
