"""The record's file: what goes in comes out, whatever happens in between."""

from __future__ import annotations

import json
import math
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import warnings
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import marl_bridge
from marl_bridge.records import schema
from marl_bridge.records.database import Record
from marl_bridge.records.entries import Gap, cells_of, entry_of, fingerprint
from marl_bridge.records.errors import (
    InvalidEntry,
    RecordDamaged,
    RecordUnavailable,
    RecordWarning,
)
from marl_bridge.records.places import record_path
from marl_bridge.records.recording import (
    labels_of,
    record_cells,
    record_check,
    require_usable,
)
from tests.marl_bridge.record_data import FACTS, bounds, entry, figure, labels, report

PLACE = ("classic/rps-v2", '{"max_cycles":1}')


def table(**changes: Any) -> dict[str, Any]:
    return {
        "environment": "classic/rps-v2",
        "players": ["player_0", "player_1"],
        "policies": [["a", "b"], ["c"]],
        "means": [[[0.5], [None]], [[-0.5], [None]]],
        "lower": [[[0.25], [None]], [[-0.75], [None]]],
        "upper": [[[0.75], [None]], [[None], [None]]],
        "episodes_of_each_payoff": [[[100], [0]], [[100], [0]]],
        "confidence_of_all_intervals": 0.95,
        "method": "betting",
        "certified": True,
        "seed": 2**80,
        **changes,
    }


# Entries


def test_what_goes_in_comes_out(tmp_path: Path) -> None:
    written = [
        entry("first", "second"),
        entry("first", gains=(None, None), hashed=False, seed=2**90),
        entry("third", gains=(None, None), bounds=bounds((0.1, 0.5), (0.0, None))),
    ]
    with Record(tmp_path / "deep" / "record.sqlite") as record:
        numbers = [record.add_check(one) for one in written]
        record.verify()
    with Record(tmp_path / "deep" / "record.sqlite", write=False) as record:
        assert record.environments() == [PLACE]
        read = record.checks(*PLACE)
    assert [one.id for one in read] == numbers == [1, 2, 3]
    assert [replace(one, id=None) for one in read] == written
    assert read[1].seed == 2**90
    made = datetime.fromisoformat(read[0].made_at)
    assert made.utcoffset() == timedelta(0)


def test_a_check_is_recorded_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "record.sqlite"
    policies = {"player_0": "random", "player_1": _rock}
    found = marl_bridge.check(
        "classic/rps-v2", policies, env_kwargs={"max_cycles": 1}, episodes=40, seed=3
    )
    assert record_check(found, path, policies=policies, names={"player_0": "chance"}) == path
    with Record(path, write=False) as record:
        [read] = record.checks(*PLACE)
    assert [seat.policy.name for seat in read.seats] == ["chance", "_rock"]
    assert read.seats[0].policy.sha256 == marl_bridge.UniformRandomPolicy().content_hash()
    assert read.seats[1].policy.sha256 is None
    assert read.gap == Gap.exact(found.nash_conv)
    assert [seat.gain.upper for seat in read.seats] == pytest.approx([1.0, 0.0])
    assert read.report == json.loads(found.to_json())
    assert (read.seed, read.episodes) == (3, 40)
    assert read.fingerprint is not None


def _rock(observation: Any, mask: Any) -> int:
    return 0


@pytest.mark.parametrize(
    ("gains", "told", "expected"),
    [
        ((0.25, 0.5), None, Gap(0.75, 0.75, "exact")),
        ((None, None), None, Gap(0.0, math.inf, "unknown")),
        ((None, None), bounds((0.1, 0.5), (0.2, 0.3)), Gap(0.3, 0.8, "certified", 0.9)),
        ((None, None), bounds((0.1, 0.5), (0.2, None)), Gap(0.3, math.inf, "not certified", 0.9)),
        (
            (None, None),
            bounds((0.1, 0.5), (0.2, 0.3), certified=False),
            Gap(0.0, math.inf, "unknown"),
        ),
        ((figure(0.2), figure(0.3)), None, Gap(0.3, 0.7, "certified", 0.9)),
        (
            (figure(0.2, deviations="constant actions"), figure(0.3)),
            None,
            Gap(0.3, math.inf, "not certified", 0.9),
        ),
        (
            (figure(0.2, side="lower bound"), figure(0.3)),
            None,
            Gap(0.3, math.inf, "not certified", 0.9),
        ),
        ((figure(0.2, method="student_t"),) * 2, None, Gap(0.0, math.inf, "unknown")),
    ],
)
def test_only_proven_upper_ends_certify(gains: Any, told: Any, expected: Gap) -> None:
    found = entry("p", gains=gains, bounds=told).gap
    assert found.kind == expected.kind
    assert found.certified == (expected.kind in ("exact", "certified"))
    assert (found.lower, found.upper) == pytest.approx((expected.lower, expected.upper))
    assert found.confidence == pytest.approx(expected.confidence)


def test_fingerprints_follow_the_game() -> None:
    first = fingerprint(report())
    assert first == fingerprint(report((0.0, 0.0), seed=1, facts={**FACTS, "seconds": 9.0}))
    assert first == fingerprint(report(facts={**FACTS, "expected_returns": [1e-14, -0.0]}))
    for name, other in (("n_histories", 14), ("expected_returns", [0.5, -0.5])):
        assert fingerprint(report(facts={**FACTS, name: other})) != first
    assert fingerprint(report(facts={**FACTS, "n_histories": "too many"})) is None


def test_what_is_no_report_is_refused() -> None:
    for wrong in ({}, {"environment": "x", "api": "AEC", "agents": [{}]}):
        with pytest.raises(InvalidEntry, match="no report of a check"):
            entry_of(wrong, labels("a")[:1])
    with pytest.raises(InvalidEntry):
        entry_of(report(), labels("a")[:1])
    with pytest.raises(InvalidEntry, match="no empirical game"):
        list(cells_of({"players": ["a"]}))
    with pytest.raises(InvalidEntry, match="shape"):
        list(cells_of(table(policies=[["a"], ["c"]])))


def test_names_and_hashes_of_policies() -> None:
    table_policy = marl_bridge.TabularPolicy({})
    adapted = SimpleNamespace(compute_actions=_rock)
    assert labels_of(adapted, ["a"])[0].name == "RLlibPolicy(SimpleNamespace)"
    found = labels_of({"a": table_policy, "b": _rock}, ["a", "b", "c"])
    assert [label.name for label in found] == [
        "TabularPolicy(0 observations, default='uniform')",
        "_rock",
        "unnamed",
    ]
    assert [label.sha256 for label in found] == [table_policy.content_hash(), None, None]


def test_sampled_payoffs_are_recorded_once(tmp_path: Path) -> None:
    path = tmp_path / "record.sqlite"
    for _ in range(2):
        assert record_cells(table(), path, policies={"a": "random"}) == path
    with Record(path, write=False) as record:
        cells = record.cells("classic/rps-v2", "{}")
    assert [cell.player for cell in cells] == ["player_0", "player_1"]  # b was never played
    assert [label.name for label in cells[0].profile] == ["a", "c"]
    assert cells[0].profile[0].sha256 == marl_bridge.UniformRandomPolicy().content_hash()
    assert (cells[0].value, cells[0].lower, cells[0].upper) == (0.5, 0.25, 0.75)
    assert cells[1].upper is None
    assert cells[0].seed == 2**80


def test_a_real_table_of_payoffs_is_read(tmp_path: Path) -> None:
    from marl_bridge.empirical_game import payoff_tensor

    kwargs = {"max_cycles": 1}
    policies = {"random": "random", "rock": _rock}
    game = payoff_tensor("classic/rps-v2", policies, episodes=20, env_kwargs=kwargs)
    path = record_cells(game, tmp_path / "r.sqlite", env_kwargs=kwargs, policies=policies)
    with Record(path, write=False) as record:
        cells = record.cells(*PLACE)
    assert len(cells) == 8
    for cell in cells:
        names = [label.name for label in cell.profile]
        assert cell.value == game.figure(names, cell.player).value


# Places


def test_the_place_of_the_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MARL_BRIDGE_RECORD", str(tmp_path / "mine.sqlite"))
    assert record_check(report()) == tmp_path / "mine.sqlite"
    monkeypatch.setenv("MARL_BRIDGE_RECORD", "off")
    assert record_check(report()) is None
    assert record_check(report(), tmp_path / "b.sqlite") == tmp_path / "b.sqlite"
    assert require_usable() is None
    monkeypatch.delenv("MARL_BRIDGE_RECORD")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert record_path() == tmp_path / "marl_bridge" / "record.sqlite"


# Files that are no records, and disks that fail


def test_damaged_and_foreign_files_say_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "record.sqlite"
    path.write_bytes(b"no database at all" * 100)
    with pytest.raises(RecordDamaged, match=r"damaged.*move the file away"):
        require_usable(path)
    other = tmp_path / "other.sqlite"
    sqlite3.connect(other).execute("create table theirs (x)").connection.close()
    with pytest.raises(RecordDamaged, match=r"database of something else.*--record"):
        require_usable(other)
    assert sqlite3.connect(other).execute("select * from theirs").fetchall() == []
    for one in (path, other):
        with pytest.warns(RecordWarning, match="not recorded"):
            assert record_check(report(), one) is None


def test_damage_inside_a_file_is_found(tmp_path: Path) -> None:
    path = tmp_path / "record.sqlite"
    with Record(path) as record:
        for number in range(60):
            record.add_check(entry(f"p{number}"))
    content = bytearray(path.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 6000] = b"\xff" * 6000
    path.write_bytes(content)
    with Record(path, write=False) as record, pytest.raises(RecordDamaged, match=r"\.recover"):
        record.verify()


def test_rows_that_cannot_be_read_are_damage(tmp_path: Path) -> None:
    path = tmp_path / "record.sqlite"
    with Record(path) as record:
        record.add_check(entry("p"))
    with sqlite3.connect(path) as file:
        file.execute("update checks set report = '{'")
    file.close()
    with Record(path, write=False) as record, pytest.raises(RecordDamaged, match="JSON"):
        record.checks(*PLACE)


def test_newer_versions_are_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "record.sqlite"
    Record(path).close()
    with sqlite3.connect(path) as file:
        file.execute(f"pragma user_version = {len(schema.MIGRATIONS) + 1}")
    file.close()
    with pytest.raises(RecordDamaged, match=r"newer gametheory-toolkit: update"):
        Record(path)


def test_older_versions_are_migrated_with_their_entries(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "record.sqlite"
    with Record(path) as record:
        record.add_check(entry("p"))
    step = ("alter table checks add column remark text not null default 'none'",)
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, step))
    with pytest.raises(RecordUnavailable, match="older version"):
        Record(path, write=False)
    with Record(path) as record:
        assert record.version == len(schema.MIGRATIONS)
        assert [one.gap for one in record.checks(*PLACE)] == [Gap.exact(0.75)]
    with sqlite3.connect(path) as file:
        assert file.execute("select remark from checks").fetchall() == [("none",)]
    file.close()


def test_a_migration_that_fails_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "record.sqlite"
    with Record(path) as record:
        record.add_check(entry("p"))
    step = ("alter table checks add column remark text", "no sql")
    with monkeypatch.context() as patch:
        patch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, step))
        with pytest.raises(RecordUnavailable, match="syntax error"):
            Record(path)
    with Record(path) as record:
        assert len(record.checks(*PLACE)) == 1


def test_a_record_that_cannot_be_written_is_a_warning(tmp_path: Path) -> None:
    blocked = tmp_path / "a file"
    blocked.write_text("")
    for ask in (record_check, lambda told, path: require_usable(path)):
        with pytest.warns(RecordWarning, match="recorded"):
            assert ask(report(), blocked / "record.sqlite") is None


def test_a_full_disk_loses_the_entry_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "record.sqlite"
    with Record(path) as record:
        record.add_check(entry("p"))
        pages = record._file.execute("pragma page_count").fetchone()[0]
        # SQLite says SQLITE_FULL when the file may not grow, as it does on a full disk.
        record._file.execute(f"pragma max_page_count = {pages}")
        with pytest.raises(RecordUnavailable, match="full"):
            for number in range(100):
                record.add_check(entry(f"large{number}", verdict=["x" * 4000]))
        record.verify()
    with Record(path) as record:
        kept = record.checks(*PLACE)
        assert kept[0].seats[0].policy.name == "p"
        assert all(len(one.seats) == 2 for one in kept)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write anything")
def test_a_read_only_file_is_a_warning(tmp_path: Path) -> None:
    path = tmp_path / "record.sqlite"
    Record(path).close()
    path.chmod(0o400)
    with pytest.warns(RecordWarning, match="readonly"):
        assert record_check(report(), path) is None
    with Record(path, write=False) as record:
        assert record.environments() == []


def test_a_drive_that_refuses_writes(tmp_path: Path) -> None:
    with Record(tmp_path / "record.sqlite") as record:
        record.add_check(entry("p"))
        record._file.execute("pragma query_only = 1")
        with pytest.raises(RecordUnavailable, match=r"readonly.*--no-record"):
            record.add_check(entry("q"))
        assert len(record.checks(*PLACE)) == 1


def test_nothing_recorded_yet(tmp_path: Path) -> None:
    with pytest.raises(RecordUnavailable, match=r"nothing was recorded yet.*marl-bridge check"):
        Record(tmp_path / "none.sqlite", write=False)
    assert not (tmp_path / "none.sqlite").exists()
    (tmp_path / "empty.sqlite").touch()
    with pytest.raises(RecordUnavailable, match="nothing was recorded yet"):
        Record(tmp_path / "empty.sqlite", write=False)


def test_a_busy_record_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "record.sqlite"
    Record(path).close()
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("begin immediate")
    timer = threading.Timer(0.3, lambda: other.execute("rollback"))
    timer.start()
    with Record(path) as record:
        assert record.add_check(entry("p")) == 1
    timer.join()
    other.execute("begin immediate")
    with Record(path, wait=0.1) as record, pytest.raises(RecordUnavailable, match="locked"):
        record.add_check(entry("p"))
    other.close()


# Several processes, and kill -9

WRITER = """
import sys
from pathlib import Path
from marl_bridge.records.database import Record
from tests.marl_bridge.record_data import entry
path, name = Path(sys.argv[1]), sys.argv[2]
number = 0
while number < int(sys.argv[3]):
    with Record(path, wait=60.0) as record:
        for _ in range(5):
            record.add_check(entry(f"{name}{number}", verdict=["x" * 5000]))
            print(number, flush=True)  # only now does anyone know of it
            number += 1
"""


def start_writer(path: Path, name: str, entries: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path), name, str(entries)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).resolve().parents[2],
    )


def whole_entries(path: Path) -> dict[str, list[int]]:
    """Read all entries, make sure that each is whole, and list their numbers by writer."""
    with Record(path, write=False) as record:
        record.verify()
        checks = record.checks(*PLACE)
    found: dict[str, list[int]] = {}
    for check in checks:
        name = check.seats[0].policy.name
        assert [seat.policy.name for seat in check.seats] == [name, name]
        assert check.report["verdict"] == ["x" * 5000]
        found.setdefault(name[0], []).append(int(name[1:]))
    return found


def kill_at_random(path: Path, rng: random.Random, rounds: int) -> None:
    """Kill a writer again and again: what it had said was recorded is there, and whole."""
    promised = 0
    for attempt in range(rounds):
        name = chr(ord("a") + attempt % 26)
        # Counted before the writer starts: afterwards its own first entries may be among them.
        before = len(whole_entries(path).get(name, [])) if attempt else 0
        writer = start_writer(path, name, 10**6)
        assert writer.stdout is not None
        told = [int(writer.stdout.readline())]  # it runs
        time.sleep(rng.uniform(0.0, 0.12))
        writer.send_signal(signal.SIGKILL)
        rest, _ = writer.communicate()
        told += [int(line) for line in rest.split("\n")[:-1]]
        kept = whole_entries(path)[name][before:]
        # One may have been committed right before the kill, and not yet told.
        assert kept[: len(told)] == told
        assert len(kept) <= len(told) + 1
        promised += len(told)
    assert promised >= rounds


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no kill -9 here")
def test_a_killed_writer_leaves_every_entry_it_had_recorded(tmp_path: Path) -> None:
    kill_at_random(tmp_path / "record.sqlite", random.Random(0), rounds=3)


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no kill -9 here")
def test_many_killed_writers(tmp_path: Path) -> None:
    kill_at_random(tmp_path / "record.sqlite", random.Random(1), rounds=100)


def test_two_processes_write_at_once(tmp_path: Path) -> None:
    path = tmp_path / "record.sqlite"
    writers = [start_writer(path, name, 20) for name in "ab"]
    for writer in writers:
        writer.communicate(timeout=60)
        assert writer.returncode == 0
    assert whole_entries(path) == {name: list(range(20)) for name in "ab"}


def test_recording_draws_nothing_and_warns_nothing(tmp_path: Path) -> None:
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        record_check(report(), tmp_path / "record.sqlite", policies="random")
    assert np.array_equal(before, np.random.get_state()[1])  # noqa: NPY002
