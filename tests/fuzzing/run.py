"""``make fuzz``: try much input on every target, guided by coverage where atheris is installed.

::

    python -m tests.fuzzing.run --seconds 180            # every target, three minutes each
    python -m tests.fuzzing.run --inputs 100000 nfg efg  # some of them
    python -m tests.fuzzing.run --engine plain journal   # without atheris

Each target runs in a process of its own. Input that fails is put into ``corpus/``, one file for
each place in the code that fails, and the exit code is then 1. Without atheris the mutations are
the same, and what was accepted is changed further, but nothing tells which input reaches new code.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

__all__ = ["Trial", "main"]

_SECONDS_AN_INPUT = 5.0  # of computing
_LONGEST = 100_000  # bytes
_KEPT = 300  # accepted inputs that are changed further


class Trial:
    """Tries input on a target, counts, and keeps what fails."""

    def __init__(self, target: Any, folder: Path, keep_in: Path | None = None) -> None:
        self.target, self.folder, self.keep_in = target, folder, keep_in
        self.inputs = self.accepted = 0
        self.failures: dict[str, int] = {}

    def try_one(self, data: bytes) -> bool:
        """Try one input; tell whether it was accepted."""
        from tests.fuzzing.bounds import TooSlow, bounded

        self.inputs += 1
        try:
            with bounded(_SECONDS_AN_INPUT):
                accepted: bool = self.target.accepts(data, self.folder)
        except KeyboardInterrupt:
            raise
        except (Exception, TooSlow) as error:
            self._keep(data, error)
            return False
        self.accepted += accepted
        return accepted

    def _keep(self, data: bytes, error: BaseException) -> None:
        own = [
            frame
            for frame in traceback.extract_tb(error.__traceback__)
            if any(
                part in Path(frame.filename).parts
                for part in ("gametheory", "marl_bridge", "fuzzing")
            )
        ]
        place = f"{Path(own[-1].filename).name}:{own[-1].lineno}" if own else "?"
        what = f"{type(error).__name__} in {place}: {error!s:.200}"
        key = f"{type(error).__name__} {place}"
        if key not in self.failures:
            print(f"  {self.target.name}: {what}", file=sys.stderr, flush=True)
            if self.keep_in is not None:
                name = f"{type(error).__name__}-{hashlib.sha256(key.encode()).hexdigest()[:8]}.bin"
                (self.keep_in / self.target.name).mkdir(parents=True, exist_ok=True)
                (self.keep_in / self.target.name / name).write_bytes(data)
        self.failures[key] = self.failures.get(key, 0) + 1

    def status(self) -> dict[str, Any]:
        """What has happened so far, as plain data."""
        return {"inputs": self.inputs, "accepted": self.accepted, "failures": self.failures}


def plain_loop(trial: Trial, *, inputs: int, seconds: float, seed: int = 0) -> None:
    """Change valid input again and again: seeds, and what came of them and was accepted."""
    seeds = [*trial.target.seeds(), *(path.read_bytes() for path in trial.target.corpus)]
    pool, end = list(seeds), time.monotonic() + seconds
    for number in range(inputs):
        if number % 16 == 0 and time.monotonic() > end:
            return
        rng = Random(seed * 1_000_003 + number)
        data = trial.target.mutate(rng.choice(pool), rng)
        if trial.try_one(data) and len(data) <= _LONGEST:
            if len(pool) < len(seeds) + _KEPT:
                pool.append(data)
            else:
                pool[rng.randrange(len(seeds), len(pool))] = data


def _child(arguments: argparse.Namespace) -> None:
    """Run one target in this process, and leave its status in a file."""
    [name] = arguments.targets
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        if arguments.engine == "atheris":
            _atheris_loop(name, folder, arguments)
        else:
            from tests.fuzzing.targets import CORPUS, TARGETS

            trial = Trial(TARGETS[name], folder, CORPUS)
            plain_loop(
                trial, inputs=arguments.inputs, seconds=arguments.seconds, seed=arguments.seed
            )
            arguments.status.write_text(json.dumps(trial.status()))


def _atheris_loop(name: str, folder: Path, arguments: argparse.Namespace) -> None:
    import atheris

    watched = ["gametheory", "marl_bridge"]
    with atheris.instrument_imports(include=watched, exclude=_kernels()):
        from tests.fuzzing.targets import CORPUS, TARGETS

        target = TARGETS[name]
        trial = Trial(target, folder, CORPUS)
        first = [*target.seeds(), *(path.read_bytes() for path in target.corpus)]
        for data in first:  # imports what is imported late
            trial.try_one(data)
    start = folder / "start"
    start.mkdir()
    for number, data in enumerate(first):
        (start / f"{number:03}").write_bytes(data)

    def one_input(data: bytes) -> None:
        trial.try_one(data)
        if trial.inputs % 100 == 0 or trial.inputs >= arguments.inputs:
            arguments.status.write_text(json.dumps(trial.status()))

    def mutator(data: bytes, longest: int, seed: int) -> bytes:
        rng = Random(seed)
        if rng.random() < 0.5:  # what reaches new code is mostly invalid, and stays so
            data = rng.choice(first)
        return target.mutate(data, rng)[:longest]

    flags = [
        f"-max_total_time={max(1, round(arguments.seconds))}", f"-runs={arguments.inputs}",
        f"-seed={arguments.seed + 1}", f"-max_len={_LONGEST}", "-len_control=0", "-rss_limit_mb=0",
        f"-artifact_prefix={folder}/", "-timeout=0", "-mutate_depth=1", "-verbosity=0",
    ]  # fmt: skip
    atheris.Setup([sys.argv[0], *flags, str(start)], one_input, custom_mutator=mutator)
    atheris.Fuzz()  # ends the process


def _kernels() -> list[str]:
    """What Numba compiles from its bytecode, which atheris must not change."""
    folder = Path(__file__).resolve().parents[2] / "gametheory" / "kernels"
    return [
        "gametheory.kernels",
        *(f"gametheory.kernels.{one.stem}" for one in folder.glob("*.py")),
    ]


def _parse(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzzing.run", description=__doc__)
    parser.add_argument("targets", nargs="*", help="all of them by default")
    parser.add_argument("--seconds", type=float, default=60.0, help="for each target")
    parser.add_argument("--inputs", type=int, default=10**9, help="for each target, at most")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--engine", choices=("atheris", "plain"))
    parser.add_argument("--status", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args(given)
    if arguments.engine is None:
        found = importlib.util.find_spec("atheris") is not None
        arguments.engine = "atheris" if found else "plain"
    return arguments


def main(given: Sequence[str] | None = None) -> int:
    """Run the targets that are named, one after the other; 1 if any of them failed."""
    arguments = _parse(given)
    if arguments.status is not None:
        _child(arguments)
        return 0
    from tests.fuzzing.targets import TARGETS

    unknown = sorted(set(arguments.targets) - set(TARGETS))
    if unknown:
        print(f"no target {unknown[0]!r}; there are {', '.join(TARGETS)}", file=sys.stderr)
        return 2
    print(f"{'target':22}{'inputs':>10}{'accepted':>10}{'failures':>10}{'seconds':>9}   engine")
    failed = False
    for name in arguments.targets or TARGETS:
        with tempfile.TemporaryDirectory() as folder:
            status = Path(folder, "status")
            command = [sys.executable, "-m", "tests.fuzzing.run", name, "--status", str(status)]
            for flag in ("seconds", "inputs", "seed", "engine"):
                command += [f"--{flag}", str(getattr(arguments, flag))]
            began = time.monotonic()
            done = subprocess.run(command, check=False, capture_output=True, text=True)
            told = done.stderr.splitlines()
            print(
                *(line for line in told if line.startswith("  ")), sep="\n", end="", file=sys.stderr
            )
            if done.returncode:
                print(*told[-20:], sep="\n", file=sys.stderr)
            found = json.loads(status.read_text()) if status.exists() else {}
        failures = found.get("failures", {})
        failed |= bool(failures) or done.returncode != 0 or not found
        print(
            f"{name:22}{found.get('inputs', 0):>10,}{found.get('accepted', 0):>10,}"
            f"{len(failures):>10}{time.monotonic() - began:>9.0f}   {arguments.engine}"
            + (f", exit code {done.returncode}" if done.returncode else ""),
            flush=True,
        )
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
