"""Where finished runs are kept: one SQLite file, each run in a transaction of its own.

A process that is killed at any moment loses the runs it was busy with and nothing else.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.metadata
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .cells import Task

__all__ = ["Store", "fingerprint"]

# What runs are computed by; what only tells of them may change under them.
_CODE = (
    ("gametheory", ("algorithms", "concepts", "games", "kernels")),
    ("marl_bridge", ("environments", "learners", "policies", "worlds")),
)
_OWN = ("budgets.py", "cells.py", "games.py", "measures.py", "profiles.py", "promises.py")

_TABLE = """
create table if not exists runs (
    learner text not null,
    game text not null,
    number integer not null,
    content text not null,
    primary key (learner, game, number)
)
"""


def fingerprint() -> str:
    """Hash the code that results depend on, so that those of other code are not mixed in."""
    digest = hashlib.sha256()
    own = Path(__file__).parent
    places = [(own.name, own / name) for name in _OWN]
    for package, folders in _CODE:
        root = Path(str(importlib.import_module(package).__file__)).parent
        for folder in folders:
            places += [(package, path) for path in sorted((root / folder).rglob("*.py"))]
    for package, path in places:
        digest.update(f"{package} {path.parent.name}/{path.name}".encode())
        digest.update(path.read_bytes())
    for name in ("numpy", "scipy", "numba", "pettingzoo"):
        digest.update(f"{name} {importlib.metadata.version(name)}".encode())
    return digest.hexdigest()[:12]


class Store:
    """The runs of one study.

    Parameters
    ----------
    path : Path
        A file; it is made if it is not there, with its folder.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._file = sqlite3.connect(path, isolation_level=None)
        self._file.execute(_TABLE)

    def done(self) -> set[tuple[str, str, int]]:
        """Return the learner, game and number of all runs that are kept."""
        return set(self._file.execute("select learner, game, number from runs"))

    def add(self, task: Task, found: dict[str, Any]) -> None:
        """Keep a run; once this returns it survives a kill."""
        self._file.execute(
            "insert or replace into runs values (?, ?, ?, ?)",
            (task.learner, task.game, task.index, json.dumps(found)),
        )

    def runs(self, learner: str, game: str, most: int) -> Iterator[dict[str, Any]]:
        """Yield the runs of one cell with a number below ``most``, in order."""
        rows = self._file.execute(
            "select content from runs where learner = ? and game = ? and number < ? "
            "order by number",
            (learner, game, most),
        )
        for (content,) in rows:
            yield json.loads(content)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()
