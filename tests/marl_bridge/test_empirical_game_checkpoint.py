"""Checkpoints: nothing is played twice, nothing is lost by a kill, nothing foreign is taken."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from marl_bridge.empirical_game import CheckpointRefused, payoff_tensor
from marl_bridge.empirical_game.chunk_store import SQLiteStore
from marl_bridge.empirical_game.sampling import Chunk
from marl_bridge.policies.tabular import TabularPolicy
from tests.marl_bridge.chance_environments import Kuhn
from tests.marl_bridge.environments import HigherCard


class Counted:
    """Counts how often it is asked."""

    def __init__(self, bias: float) -> None:
        self.bias, self.calls = bias, 0

    def act(self, view: Any, rng: np.random.Generator) -> int:
        self.calls += 1
        return int(rng.random() < self.bias)


def population(*biases: float) -> dict[str, Counted]:
    return {f"p{k}": Counted(bias) for k, bias in enumerate(biases)}


def table(policies: Any, path: Path | None = None, **options: Any) -> Any:
    return payoff_tensor(
        Kuhn, policies, **{"episodes": 40, "ranges": (-2, 2), "checkpoint": path, **options}
    )


def test_what_is_kept_is_not_played_again(tmp_path: Path) -> None:
    path = tmp_path / "kept.db"
    fresh, policies = table(population(0.2, 0.7)), population(0.2, 0.7)
    assert table(policies, path).digest == fresh.digest
    again = population(0.2, 0.7)
    assert table(again, path, verify_checkpoint=False).digest == fresh.digest
    assert all(policy.calls == 0 for policy in again.values())
    verified = population(0.2, 0.7)
    assert table(verified, path).digest == fresh.digest
    assert (
        0 < sum(p.calls for p in verified.values()) < sum(p.calls for p in policies.values()) / 10
    )


def test_more_episodes_and_more_policies_go_on_from_it(tmp_path: Path) -> None:
    path = tmp_path / "kept.db"
    table(population(0.2, 0.7), path, episodes=15)
    policies = population(0.2, 0.7, 0.5)
    larger = table(policies, path)
    assert larger.digest == table(population(0.2, 0.7, 0.5)).digest
    # Fewer are a part of it, and what is kept beyond is left out.
    assert table(population(0.2, 0.7), path, episodes=10).digest == (
        table(population(0.2, 0.7), episodes=10).digest
    )
    adaptive = table(population(0.2, 0.7), path, target_width=1.5)
    assert adaptive.digest == table(population(0.2, 0.7), target_width=1.5).digest


@pytest.mark.parametrize("seed", range(2))
def test_a_crash_at_any_chunk_changes_nothing(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Crash(Exception):
        pass

    module = sys.modules["marl_bridge.empirical_game.payoff_tensor"]
    monkeypatch.setattr(module, "chunk_size", lambda *_: 3)
    rng = random.Random(seed)
    add, fuse = SQLiteStore.add, [rng.randrange(1, 15)]

    def fragile(self: SQLiteStore, chunk: Chunk) -> None:
        fuse[0] -= 1
        if fuse[0] == 0:
            raise Crash
        add(self, chunk)

    monkeypatch.setattr(SQLiteStore, "add", fragile)
    path, options = tmp_path / "kept.db", {"target_width": 1.8, "episodes": 20}
    crashes = 0
    while True:
        try:
            found = table(population(0.2, 0.7), path, **options)
            break
        except Crash:
            crashes += 1
            fuse[0] = rng.randrange(2, 25)
    assert crashes > 2
    monkeypatch.undo()
    assert found.digest == table(population(0.2, 0.7), **options).digest


_RUN = """
import sys
from marl_bridge.empirical_game import payoff_tensor
from tests.marl_bridge.chance_environments import Kuhn
from tests.marl_bridge.test_empirical_game import KUHN
found = payoff_tensor(Kuhn, KUHN, episodes=600, target_width=0.6, ranges=(-2, 2),
                      checkpoint=sys.argv[1] or None, workers=int(sys.argv[2]))
print(found.digest)
"""


@pytest.mark.slow
@pytest.mark.parametrize("workers", ["1", "2"])
def test_killed_at_random_moments_it_resumes_to_the_same_table(
    workers: str, tmp_path: Path
) -> None:
    def start(path: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", _RUN, path, workers],
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
            start_new_session=True,
        )

    expected, _ = start("").communicate(timeout=300)
    path, rng = tmp_path / "kept.db", random.Random(0)
    for _ in range(5):
        process = start(str(path))
        time.sleep(rng.uniform(1.5, 4.5))
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
    found, _ = start(str(path)).communicate(timeout=300)
    assert found == expected != ""


def test_foreign_checkpoints_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "kept.db"
    table(population(0.2, 0.7), path)
    for other in ({"seed": 1}, {"max_steps": 2}, {"roles": {"all": ["first", "second"]}}):
        with pytest.raises(CheckpointRefused, match="is about something else"):
            table(population(0.2, 0.7), path, **other)
    with pytest.raises(CheckpointRefused, match="environment is"):
        payoff_tensor(HigherCard, population(0.2, 0.7), checkpoint=path)
    with pytest.raises(CheckpointRefused, match="policy 'p0' of 'first' is"):
        table({"p0": "random", "p1": Counted(0.7)}, path)


def test_policies_that_have_changed_are_noticed(tmp_path: Path) -> None:
    path = tmp_path / "kept.db"
    table(population(0.2, 0.7), path)
    with pytest.raises(CheckpointRefused, match="comes out differently"):
        table(population(0.2, 0.95), path)
    assert table(population(0.2, 0.95), path, verify_checkpoint=False).complete
    one = TabularPolicy({}, default="uniform")
    two = TabularPolicy({b"x": [0.5, 0.5]}, default="uniform")
    other = tmp_path / "tables.db"
    table({"p": one}, other)
    with pytest.raises(CheckpointRefused, match="policy 'p'"):
        table({"p": two}, other)


def test_files_that_cannot_be_used_are_refused(tmp_path: Path) -> None:
    garbage = tmp_path / "garbage.db"
    garbage.write_bytes(b"not a database, and long enough to be taken for one" * 50)
    with pytest.raises(CheckpointRefused, match="cannot be used"):
        table(population(0.5), garbage)
    other = tmp_path / "other.db"
    with sqlite3.connect(other) as file:
        file.execute("create table mine (x)")
    file.close()
    with pytest.raises(CheckpointRefused, match="a database of something else"):
        table(population(0.5), other)
    late = tmp_path / "late.db"
    with sqlite3.connect(late) as file:
        file.execute("pragma user_version = 99")
    file.close()
    with pytest.raises(CheckpointRefused, match="version 99"):
        table(population(0.5), late)
    with pytest.raises(CheckpointRefused, match="no folder"):
        table(population(0.5), tmp_path / "nowhere" / "kept.db")
    held = SQLiteStore(tmp_path / "held.db", {})
    with pytest.raises(CheckpointRefused, match="another process uses"):
        SQLiteStore(tmp_path / "held.db", {})
    held.close()
    SQLiteStore(tmp_path / "held.db", {}).close()


def test_damaged_rows_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "kept.db"
    table(population(0.5), path)
    with sqlite3.connect(path) as file:
        file.execute("update chunks set returns = x'00112233'")
    file.close()
    with pytest.raises(CheckpointRefused, match="cannot be used"):
        table(population(0.5), path)


def test_chunks_come_back_as_they_were(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    chunks = [
        Chunk("b", 5, rng.normal(size=(2, 3)), 7, np.array([True, False, True]), b"trace"),
        Chunk("a", 0, rng.normal(size=(1, 4)), 9, np.zeros(4, dtype=bool), b""),
    ]
    store = SQLiteStore(tmp_path / "kept.db", {"seed": 1})
    for chunk in chunks:
        store.add(chunk)
    with pytest.raises(CheckpointRefused):
        store.add(chunks[0])  # an episode is kept once
    store.close()
    store = SQLiteStore(tmp_path / "kept.db", {"seed": 1, "more": [1, 2]})
    for kept, given in zip(store.chunks(), reversed(chunks), strict=True):
        np.testing.assert_array_equal(kept.returns, given.returns)
        np.testing.assert_array_equal(kept.truncated, given.truncated)
        assert (kept.cell, kept.start, kept.steps, kept.trace) == (
            given.cell,
            given.start,
            given.steps,
            given.trace,
        )
    store.close()
