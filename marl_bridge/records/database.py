"""The record's file: one SQLite database, which any number of processes may use.

Every entry is one transaction, and on the disk when the call returns: a process that is killed at
any moment leaves what it had recorded, whole, and nothing of what it was recording. The rollback
journal is used and not the write-ahead log, as the latter does not work on network drives.
"""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from operator import index
from pathlib import Path
from types import TracebackType
from typing import Any, get_args

from marl_bridge.records import schema
from marl_bridge.records.entries import (
    CellEntry,
    CheckEntry,
    Gap,
    GapKind,
    PolicyLabel,
    SeatEntry,
)
from marl_bridge.records.errors import InvalidEntry, RecordDamaged, RecordError, RecordUnavailable

__all__ = ["Record"]

_DAMAGE = ("SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_FORMAT")
_CHECK = (
    "made_at, environment, env_kwargs, api, fingerprint, gap_kind, gap_lower, gap_upper, "
    "gap_confidence, gap_method, seed, episodes, versions, report"
)
_SEAT = (
    "check_id, seat, agent, policy, sha256, expected_return, return_lower, return_upper, "
    "optimal_value, worst_case_return, gap_kind, gap_lower, gap_upper, gap_confidence, gap_method"
)
_CELL = (
    "made_at, environment, env_kwargs, players, profile, player, value, lower, upper, confidence, "
    "certified, method, episodes, seed"
)


class Record:
    """An open record.

    Parameters
    ----------
    path : path-like
        The file; it and its folder are made if they are not there.
    write : bool
        False only reads: nothing is made or migrated.
    wait : float
        Seconds to wait for another process that is writing.

    Raises
    ------
    RecordDamaged
        If the file is damaged, of something else, or of a newer version.
    RecordUnavailable
        If it cannot be opened, or is missing and ``write`` is False.
    """

    def __init__(self, path: str | Path, *, write: bool = True, wait: float = 10.0) -> None:
        self.path = Path(path)
        if not write and not self.path.exists():
            raise RecordUnavailable(
                f"nothing was recorded yet: there is no file {str(self.path)!r}",
                hint="run marl-bridge check first, or name the file with --record",
            )
        with self._errors_in_words():
            if write:
                self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = sqlite3.connect(self.path, timeout=wait, isolation_level=None)
        try:
            with self._errors_in_words():
                self._file.execute("pragma foreign_keys = on")
                self._file.execute("pragma synchronous = extra")
                self._prepare(write=write)
        except BaseException:
            self._file.close()
            raise

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> Record:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def version(self) -> int:
        """The version of the file's tables."""
        with self._errors_in_words():
            return int(self._file.execute("pragma user_version").fetchone()[0])

    def add_check(self, entry: CheckEntry) -> int:
        """Record a check; once this returns it is on the disk.

        Returns
        -------
        int
            Its number in the file.
        """
        row = (
            entry.made_at,
            entry.environment,
            entry.env_kwargs,
            entry.api,
            entry.fingerprint,
            *_gap_row(entry.gap),
            str(entry.seed),
            entry.episodes,
            json.dumps(dict(entry.versions), sort_keys=True),
            json.dumps(dict(entry.report), ensure_ascii=False, allow_nan=False),
        )
        with self._transaction():
            number = self._insert("checks", _CHECK, row).lastrowid
            for seat, one in enumerate(entry.seats):
                values = (
                    number,
                    seat,
                    one.agent,
                    one.policy.name,
                    one.policy.sha256,
                    one.expected_return,
                    one.return_lower,
                    one.return_upper,
                    one.optimal_value,
                    one.worst_case_return,
                    *_gap_row(one.gain),
                )
                self._insert("seats", _SEAT, values)
        return int(number or 0)

    def add_cells(self, cells: Iterable[CellEntry]) -> int:
        """Record sampled payoffs in one transaction, those that are there already not again.

        Returns
        -------
        int
            How many were new.
        """
        new = 0
        with self._transaction():
            for cell in cells:
                values = (
                    cell.made_at,
                    cell.environment,
                    cell.env_kwargs,
                    json.dumps(cell.players, ensure_ascii=False),
                    json.dumps([[p.name, p.sha256] for p in cell.profile], ensure_ascii=False),
                    cell.player,
                    cell.value,
                    cell.lower,
                    cell.upper,
                    cell.confidence,
                    int(cell.certified),
                    cell.method,
                    cell.episodes,
                    str(cell.seed),
                )
                new += self._insert("cells", _CELL, values, "or ignore").rowcount
        return new

    def verify(self) -> None:
        """Read the whole file and look whether its pages are sound.

        Raises
        ------
        RecordDamaged
            If they are not.
        """
        with self._errors_in_words():
            [found] = self._file.execute("pragma quick_check(1)").fetchone()
        if found != "ok":
            raise self._damaged(str(found))

    def environments(self) -> list[tuple[str, str]]:
        """List what was recorded: names and keyword arguments, in the order of the names."""
        places = "environment, env_kwargs"
        with self._reading():
            found = self._file.execute(
                f"select {places} from checks union select {places} from cells order by {places}"
            )
            return [(_text(name), _json(kwargs, dict)) for name, kwargs in found]

    def checks(self, environment: str, env_kwargs: str) -> list[CheckEntry]:
        """Return all checks of an environment with these keyword arguments, oldest first."""
        with self._reading():
            rows = self._file.execute(
                f"select id, {_CHECK} from checks where environment = ? and env_kwargs = ? "
                "order by id",
                (environment, env_kwargs),
            ).fetchall()
            return [self._check(row) for row in rows]

    def cells(self, environment: str, env_kwargs: str) -> list[CellEntry]:
        """Return all sampled payoffs of an environment with these keyword arguments."""
        with self._reading():
            rows = self._file.execute(
                f"select {_CELL} from cells where environment = ? and env_kwargs = ? order by id",
                (environment, env_kwargs),
            )
            return [_cell(row) for row in rows]

    def _check(self, row: Sequence[Any]) -> CheckEntry:
        number, made_at, environment, env_kwargs, api, print_, *rest = row
        *gap, seed, episodes, versions, report = rest
        seats = self._file.execute(
            f"select {_SEAT} from seats where check_id = ? order by seat", (number,)
        )
        return CheckEntry(
            environment=_text(environment),
            api=_text(api),
            env_kwargs=_json(env_kwargs, dict),
            fingerprint=None if print_ is None else _text(print_),
            seats=_some(_seat(seat) for seat in seats),
            gap=_gap(gap),
            made_at=_text(made_at),
            seed=int(seed),
            episodes=index(episodes),
            versions=json.loads(_json(versions, dict)),
            report=json.loads(_json(report, dict)),
            id=index(number),
        )

    def _insert(
        self, table: str, columns: str, values: Sequence[Any], how: str = ""
    ) -> sqlite3.Cursor:
        marks = ", ".join("?" for _ in values)
        return self._file.execute(f"insert {how} into {table} ({columns}) values ({marks})", values)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """Do all of it or nothing; another process that writes is waited for."""
        with self._errors_in_words():
            self._file.execute("begin immediate")
            try:
                yield
                self._file.execute("commit")
            except BaseException:
                # A full disk or a lost drive may have rolled back already.
                with suppress(sqlite3.Error):
                    self._file.execute("rollback")
                raise

    def _prepare(self, *, write: bool) -> None:
        """Make sure that the file is a record of this version, and make it one."""
        if self._require_ours() == len(schema.MIGRATIONS):
            return
        if not write:
            if self.version == 0:  # another process is about to make its tables
                raise RecordUnavailable(f"nothing was recorded yet in {str(self.path)!r}")
            raise RecordUnavailable(
                f"the record {str(self.path)!r} is of an older version, {self.version}",
                hint="run any check with this record: that migrates it",
            )
        with self._transaction():
            # Another process may have been faster.
            for step in schema.MIGRATIONS[self._require_ours() :]:
                for statement in step:
                    self._file.execute(statement)
            self._file.execute(f"pragma application_id = {schema.APPLICATION}")
            self._file.execute(f"pragma user_version = {len(schema.MIGRATIONS)}")

    def _require_ours(self) -> int:
        """Return the file's version; 0 of an empty one."""
        version = int(self._file.execute("pragma user_version").fetchone()[0])
        application = int(self._file.execute("pragma application_id").fetchone()[0])
        [tables] = self._file.execute("select count(*) from sqlite_master").fetchone()
        if application != schema.APPLICATION and (application or version or tables):
            raise RecordDamaged(
                f"the file {str(self.path)!r} is a database of something else",
                valid="a record of marl-bridge, or a file that is not there yet",
                hint="name another file with --record or MARL_BRIDGE_RECORD",
            )
        if version > len(schema.MIGRATIONS):
            raise RecordDamaged(
                f"the record {str(self.path)!r} has version {version}",
                valid=f"version {len(schema.MIGRATIONS)} or older",
                hint="it was written by a newer gametheory-toolkit: update this one, or name "
                "another file with --record or MARL_BRIDGE_RECORD",
            )
        return version

    @contextmanager
    def _errors_in_words(self) -> Iterator[None]:
        try:
            yield
        except RecordError:
            raise
        except UnicodeError as error:
            raise self._damaged(str(error)) from error
        except OverflowError as error:
            raise InvalidEntry(
                "a number of the entry is too large", valid="whole numbers below 2**63"
            ) from error
        except (sqlite3.Error, OSError) as error:
            name = getattr(error, "sqlite_errorname", "") or ""
            if name.startswith(_DAMAGE):
                raise self._damaged(str(error)) from error
            raise RecordUnavailable(
                f"the record {str(self.path)!r} cannot be used: {error}",
                hint="free the disk, or name a file that can be written with --record or "
                "MARL_BRIDGE_RECORD; --no-record records nothing",
            ) from error

    @contextmanager
    def _reading(self) -> Iterator[None]:
        with self._errors_in_words():
            try:
                yield
            except (ValueError, TypeError, LookupError, ArithmeticError, RecursionError) as error:
                raise self._damaged(f"{type(error).__name__}: {error}") from error

    def _damaged(self, how: str) -> RecordDamaged:
        return RecordDamaged(
            f"the record {str(self.path)!r} is damaged ({how})",
            valid="a record of marl-bridge",
            hint="move the file away; what can still be read of it: sqlite3 FILE .recover | "
            "sqlite3 NEW",
        )


def _gap_row(gap: Gap) -> tuple[str, float, float | None, float, str]:
    upper = gap.upper if math.isfinite(gap.upper) else None
    return gap.kind, gap.lower, upper, gap.confidence, gap.method


def _gap(row: Sequence[Any]) -> Gap:
    kind, lower, upper, confidence, method = row
    if kind not in get_args(GapKind):
        raise ValueError(f"{kind!r:.80} is no kind of bounds")
    end = math.inf if upper is None else _number(upper)
    return Gap(_number(lower), end, kind, _number(confidence), _text(method))


def _seat(row: Sequence[Any]) -> SeatEntry:
    _, _, agent, policy, sha256, *rest = row
    figures, gap = rest[:5], rest[5:]
    expected, low, high, optimal, worst = (
        None if figure is None else _number(figure) for figure in figures
    )
    label = _label(policy, sha256)
    return SeatEntry(_text(agent), label, expected, low, high, optimal, worst, _gap(gap))


def _label(name: Any, sha256: Any) -> PolicyLabel:
    return PolicyLabel(_text(name), None if sha256 is None else _text(sha256))


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r:.80} is no text")
    return value


def _number(value: Any) -> float:
    if not isinstance(value, int | float):
        raise TypeError(f"{value!r:.80} is no number")
    return float(value)


def _json(value: Any, kind: type) -> str:
    """Make sure that a text holds a value of this kind."""
    if not isinstance(json.loads(_text(value)), kind):
        raise TypeError(f"{value!r:.80} is no {kind.__name__}")
    return str(value)


def _some(seats: Iterable[SeatEntry]) -> tuple[SeatEntry, ...]:
    found = tuple(seats)
    if not found:
        raise ValueError("a check of no seats")
    return found


def _cell(row: Sequence[Any]) -> CellEntry:
    made_at, environment, env_kwargs, players, profile, player, *rest = row
    value, lower, upper, confidence, certified, method, episodes, seed = rest
    return CellEntry(
        environment=_text(environment),
        env_kwargs=_json(env_kwargs, dict),
        players=tuple(map(_text, json.loads(_json(players, list)))),
        profile=tuple(_label(name, sha256) for name, sha256 in json.loads(_json(profile, list))),
        player=_text(player),
        value=_number(value),
        lower=None if lower is None else _number(lower),
        upper=None if upper is None else _number(upper),
        confidence=_number(confidence),
        certified=bool(certified),
        method=_text(method),
        episodes=index(episodes),
        seed=int(seed),
        made_at=_text(made_at),
    )
