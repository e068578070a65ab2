"""Where finished episodes are kept: in memory, or in one SQLite file that survives a kill.

Every chunk is a transaction of its own, so that a process that is killed at any moment loses what
it was playing and nothing else.
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from gametheory.errors import GameTheoryError
from marl_bridge.arguments import require_path
from marl_bridge.empirical_game.sampling import Chunk

__all__ = ["CheckpointRefused", "ChunkStore", "MemoryStore", "SQLiteStore"]

_SCHEMA = 2
_COLUMNS = "cell, start, episodes, groups, returns, steps, truncated, trace, checksum"
_TABLES = """
create table about (name text primary key, content text not null);
create table chunks (
    cell text not null,
    start integer not null,
    episodes integer not null,
    groups integer not null,
    returns blob not null,
    steps integer not null,
    truncated blob not null,
    trace blob not null,
    checksum integer not null,
    primary key (cell, start)
);
"""


class CheckpointRefused(GameTheoryError, ValueError):
    """The checkpoint is damaged, in use, of another version, or belongs to something else."""


class ChunkStore(Protocol):
    """Keeps chunks of episodes."""

    def chunks(self) -> Iterator[Chunk]:
        """Yield everything that is kept, by cell and number."""

    def add(self, chunk: Chunk) -> None:
        """Keep a chunk; once this returns it is safe."""

    def close(self) -> None:
        """Let go of files."""


class MemoryStore:
    """Keeps chunks as long as the process lives.

    Examples
    --------
    >>> store = MemoryStore()
    >>> store.add(Chunk("cell", 0, np.zeros((2, 3)), 6, np.zeros(3, bool), b""))
    >>> [chunk.stop for chunk in store.chunks()]
    [3]
    """

    def __init__(self) -> None:
        self._chunks: dict[tuple[str, int], Chunk] = {}

    def chunks(self) -> Iterator[Chunk]:
        """Yield everything that is kept, by cell and number."""
        for key in sorted(self._chunks):
            yield self._chunks[key]

    def add(self, chunk: Chunk) -> None:
        """Keep a chunk."""
        self._chunks[chunk.cell, chunk.start] = chunk

    def close(self) -> None:
        """Do nothing: there is no file."""


class SQLiteStore:
    """Keeps chunks in a file; one process at a time.

    Parameters
    ----------
    path : str or Path
        The file; it is made if it is not there.
    about : mapping of str to plain data
        What the episodes depend on. What a file says under a name must be the same; names it does
        not have yet, such as a policy that is new in a population, are added.

    Raises
    ------
    CheckpointRefused
        If the file is no checkpoint, of another version, in use, or about something else.
    """

    def __init__(self, path: str | Path, about: Mapping[str, Any]) -> None:
        require_path(checkpoint=path)
        self.path = Path(path)
        if not self.path.parent.is_dir():
            raise CheckpointRefused(
                f"there is no folder {str(self.path.parent)!r}", where="checkpoint"
            )
        try:
            # Autocommit: transactions are begun where they are meant.
            self._file = sqlite3.connect(self.path, timeout=0.5, isolation_level=None)
            self._open(about)
        except (sqlite3.Error, UnicodeError) as error:
            raise self._refusal(error) from error

    def _open(self, about: Mapping[str, Any]) -> None:
        try:
            # The lock is held until the file is closed, and by the system even after a kill.
            self._file.execute("pragma locking_mode = exclusive")
            self._file.execute("pragma synchronous = full")
            self._file.execute("begin exclusive")
            [version] = self._file.execute("pragma user_version").fetchone()
            if version == 0:
                self._require_empty()
                for statement in _TABLES.split(";"):
                    self._file.execute(statement)
                self._file.execute(f"pragma user_version = {_SCHEMA}")
            elif version != _SCHEMA:
                raise CheckpointRefused(
                    f"the checkpoint has version {version}",
                    where=str(self.path),
                    valid=f"version {_SCHEMA}",
                    hint="use another file",
                )
            self._agree(about)
            self._file.execute("commit")
        except BaseException:
            self._file.close()
            raise

    def _require_empty(self) -> None:
        [others] = self._file.execute("select count(*) from sqlite_master").fetchone()
        if others:
            raise CheckpointRefused(
                "the file is a database of something else",
                where=str(self.path),
                hint="use another file",
            )

    def _agree(self, about: Mapping[str, Any]) -> None:
        kept = dict(self._file.execute("select name, content from about"))
        for name, value in about.items():
            content = json.dumps(value, sort_keys=True, ensure_ascii=False)
            if kept.setdefault(name, content) != content:
                raise CheckpointRefused(
                    f"the checkpoint is about something else: {name} is {kept[name]}, not "
                    f"{content}",
                    where=str(self.path),
                    hint="use another file, or the settings it was made with",
                )
            self._file.execute("insert or ignore into about values (?, ?)", (name, content))

    def chunks(self) -> Iterator[Chunk]:
        """Yield everything that is kept, by cell and number.

        Raises
        ------
        CheckpointRefused
            If the file is damaged.
        """
        try:
            rows = self._file.execute(f"select {_COLUMNS} from chunks order by cell, start")
            for *row, checksum in rows:
                if checksum != _checksum(row):
                    raise ValueError("episodes are not what was written")
                cell, start, episodes, groups, content, steps, truncated, trace = row
                returns = np.frombuffer(content, dtype="<f8").astype(np.float64)
                cut = np.frombuffer(truncated, dtype=np.bool_)
                if cut.size != episodes:
                    raise ValueError(f"{cut.size} of {episodes} episodes")
                if not (min(start, steps) >= 0 and np.isfinite(returns).all()):
                    raise ValueError("numbers that no episode has")
                yield Chunk(
                    str(cell), start, returns.reshape(groups, episodes), steps, cut, bytes(trace)
                )
        except (sqlite3.Error, ValueError, TypeError) as error:
            raise self._refusal(error) from error

    def add(self, chunk: Chunk) -> None:
        """Keep a chunk; once this returns it is on the disk.

        Raises
        ------
        CheckpointRefused
            If it cannot be written.
        """
        groups, episodes = chunk.returns.shape
        row: list[Any] = [
            chunk.cell,
            chunk.start,
            episodes,
            groups,
            np.ascontiguousarray(chunk.returns, dtype="<f8").tobytes(),
            chunk.steps,
            chunk.truncated.tobytes(),
            chunk.trace,
        ]
        marks = ", ".join("?" * (len(row) + 1))
        try:
            self._file.execute(
                f"insert into chunks ({_COLUMNS}) values ({marks})", (*row, _checksum(row))
            )
        except sqlite3.Error as error:
            raise self._refusal(error) from error

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _refusal(self, error: Exception) -> CheckpointRefused:
        busy = "locked" in str(error)
        return CheckpointRefused(
            f"another process uses the checkpoint ({error})"
            if busy
            else f"the checkpoint cannot be used: {error}",
            where=str(self.path),
            hint="wait for it, or use another file"
            if busy
            else "free the disk if it is full, or use another file",
        )


def _checksum(row: Sequence[Any]) -> int:
    """Sum up a row: SQLite itself does not notice a bit that has changed on the disk."""
    found = 0
    for value in row:
        part = value if isinstance(value, bytes) else str(value).encode()
        found = zlib.crc32(part, zlib.crc32(str(len(part)).encode(), found))
    return found
