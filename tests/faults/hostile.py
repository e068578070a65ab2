"""Does every job where the system is against it, and prints as JSON what came of each.

``python -m tests.faults.hostile FOLDER``, on its own, as it limits and gives up what the process
may do: the size of files, the rights of root, being alone.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from tests.faults.jobs import JOBS, hurry
from tests.faults.kills import answers_at_once

__all__ = ["outcomes"]

_NOBODY = 65534


def outcomes(folder: Path) -> dict[str, Any]:
    """Do all jobs on a full disk, in folders that are closed or read only, and in a crowd."""
    folder.chmod(0o755)
    undisturbed = _in(folder / "undisturbed", lambda path, job: job(path))
    sizes = {name: _size(folder / "undisturbed" / name) for name in JOBS}
    full = {
        name: _told(partial(_with_room, sizes[name] // 2), job, _made(folder / "full" / name))
        for name, job in JOBS.items()
    }
    for name, told in full.items():
        told["left"] = _unfinished(folder / "full" / name)
    again = _in(folder / "full", lambda path, job: job(path))
    denied = {}
    for what, mode in (("read only", 0o555), ("closed", 0o000)):
        place = folder / what
        place.mkdir()
        place.chmod(mode)
        denied[what] = {name: _told(_as_nobody, job, place / name) for name, job in JOBS.items()}
        place.chmod(0o755)
    crowd = {
        name: answers_at_once(partial(_digest_or_error, job, _made(folder / "crowd" / name)), 3)
        for name, job in JOBS.items()
    }
    left = _unfinished(folder)
    return {
        "undisturbed": undisturbed,
        "full": full,
        "again": again,
        "crowd": crowd,
        "left": left,
        **denied,
    }


def _made(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _in(folder: Path, do: Callable[[Path, Any], str]) -> dict[str, str]:
    return {name: do(_made(folder / name), job) for name, job in JOBS.items()}


def _size(path: Path) -> int:
    files = [path, path.with_suffix(".npz"), *path.glob("*")]
    return max(file.stat().st_size for file in files if file.is_file())


def _unfinished(folder: Path) -> list[str]:
    place = folder if folder.is_dir() else folder.parent
    return [one.name for one in place.rglob("*.unfinished")]


@contextmanager
def _with_room(size: int) -> Iterator[None]:
    """Let no file grow beyond a size: writing fails as it does on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@contextmanager
def _as_nobody() -> Iterator[None]:
    """Give up the rights of root, who may write anywhere."""
    if os.geteuid():
        yield
        return
    os.setresuid(_NOBODY, _NOBODY, 0)
    try:
        yield
    finally:
        os.setresuid(0, 0, 0)


def _told(hindrance: Any, job: Callable[[Path], str], path: Path) -> dict[str, Any]:
    """Do a job and say what it returned or raised, and what it warned of."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            with hindrance():
                found = {"digest": job(path)}
        except Exception as error:
            kinds = [kind.__name__ for kind in type(error).__mro__]
            found = {"raised": kinds, "message": str(error)}
    return {**found, "warnings": sorted({str(one.message) for one in caught})}


def _digest_or_error(job: Callable[[Path], str], path: Path) -> str:
    try:
        return job(path)
    except Exception as error:
        return f"{type(error).__name__}: {error}"


if __name__ == "__main__":
    os.environ |= {"MARL_BRIDGE_RECORD": "off", "MARL_BRIDGE_CACHE": "0"}
    hurry()
    print(json.dumps(outcomes(Path(sys.argv[1]))))
