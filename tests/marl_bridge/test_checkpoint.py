"""Extractions that were killed go on where they were, to the same game, bit by bit."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
import zlib
from pathlib import Path

import pytest

import marl_bridge
from marl_bridge.environments import environment_state, extraction, journal
from marl_bridge.errors import ExtractionRefused, InvalidCheckpoint
from tests.marl_bridge.chance_environments import CardKuhn, Kuhn
from tests.marl_bridge.environments import Coordination, MatchingPennies, OddOneOut
from tests.marl_bridge.same_game import assert_same
from tests.marl_bridge.test_extraction import Locked

THREE_ROUNDS = {"max_cycles": 3}
ROOT = Path(__file__).parents[2]

CHILD = """
import sys
import marl_bridge
from marl_bridge.environments import journal
journal._FACTS_A_FRAME = 25
marl_bridge.extract(sys.argv[1], env_kwargs=eval(sys.argv[2]), checkpoint=sys.argv[3])
"""


@pytest.fixture(autouse=True)
def small_frames_and_no_other_processes(monkeypatch):
    monkeypatch.setattr(journal, "_FACTS_A_FRAME", 25)
    monkeypatch.setattr(extraction, "check_hash_order", lambda *_, **__: "no sets")


@pytest.fixture
def steps(monkeypatch):
    """Count the steps that are taken in environments, not those that are looked up."""
    counted = [0]
    step = environment_state.Shared._step

    def counting(*arguments):
        counted[0] += 1
        return step(*arguments)

    monkeypatch.setattr(environment_state.Shared, "_step", counting)
    return counted


def kill_while_it_runs(make: str, env_kwargs: dict, path: Path, more: int) -> bool:
    """Start an extraction and kill it once its checkpoint grew; tell whether it was in time."""
    size = path.stat().st_size if path.exists() else 0
    process = subprocess.Popen(
        [sys.executable, "-c", CHILD, make, repr(env_kwargs), str(path)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stderr=subprocess.DEVNULL,
    )
    while process.poll() is None:
        if path.exists() and path.stat().st_size > size + more:
            process.send_signal(signal.SIGKILL)
            break
        time.sleep(0.001)
    return process.wait() == -signal.SIGKILL


@pytest.mark.filterwarnings("ignore:the last .* bytes of the checkpoint")
def test_a_killed_extraction_goes_on_to_the_same_game(tmp_path, steps):
    path, rng = tmp_path / "rps.journal", random.Random(0)
    plain = marl_bridge.extract("classic/rps-v2", env_kwargs=THREE_ROUNDS)
    needed, steps[0] = steps[0], 0
    killed = [
        kill_while_it_runs("classic/rps-v2", THREE_ROUNDS, path, rng.randrange(500, 3000))
        for _ in range(2)
    ]
    assert any(killed)
    resumed = marl_bridge.extract("classic/rps-v2", env_kwargs=THREE_ROUNDS, checkpoint=path)
    assert_same(plain, resumed)
    assert 0 < steps[0] < needed


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:the last .* bytes of the checkpoint")
@pytest.mark.parametrize("make", ["classic/tictactoe-v3", "classic/leduc-holdem-v4"])
def test_many_kills_at_random_moments_change_nothing(tmp_path, make):
    path, rng = tmp_path / "journal", random.Random(1)
    plain = marl_bridge.extract(make)
    killed = sum(kill_while_it_runs(make, {}, path, rng.randrange(100, 20_000)) for _ in range(10))
    assert killed >= 5
    assert_same(plain, marl_bridge.extract(make, checkpoint=path))


@pytest.mark.parametrize("make", [Kuhn, CardKuhn, Coordination, OddOneOut, Locked])
@pytest.mark.filterwarnings("ignore:the last .* bytes of the checkpoint")
def test_a_checkpoint_cut_anywhere_gives_the_same_game(tmp_path, make, steps, monkeypatch):
    monkeypatch.setattr(journal, "_FACTS_A_FRAME", 5)
    path = tmp_path / "journal"
    plain = marl_bridge.extract(make)
    assert_same(plain, marl_bridge.extract(make, checkpoint=path))
    whole = path.read_bytes()
    steps[0] = 0
    assert_same(plain, marl_bridge.extract(make, checkpoint=path))
    assert steps[0] == 0
    for end in random.Random(2).sample(range(len(whole)), 3):
        path.write_bytes(whole[:end])
        assert_same(plain, marl_bridge.extract(make, checkpoint=path))


def test_a_limit_is_no_loss_with_a_checkpoint(tmp_path):
    path = tmp_path / "journal"
    kwargs = {"env_kwargs": THREE_ROUNDS, "checkpoint": path}
    with pytest.raises(ExtractionRefused, match="more than 300 states"):
        marl_bridge.extract("classic/rps-v2", max_states=300, **kwargs)
    size = path.stat().st_size
    resumed = marl_bridge.extract("classic/rps-v2", **kwargs)
    assert path.stat().st_size > size
    assert_same(marl_bridge.extract("classic/rps-v2", env_kwargs=THREE_ROUNDS), resumed)


@pytest.mark.parametrize(
    "options",
    [
        {"chance": "sample:40"},
        {"depth_limit": 2, "frontier": (-2, 2)},
        {"discount": 0.5},
        {"depth_limit": 2, "frontier": lambda position: dict.fromkeys(position.agents, 0.5)},
    ],
)
def test_approximations_go_on_as_well(tmp_path, options, monkeypatch, steps):
    monkeypatch.setattr(journal, "_FACTS_A_FRAME", 3)
    path = tmp_path / "journal"
    plain = marl_bridge.extract(Kuhn, **options)
    with pytest.raises(ExtractionRefused):
        marl_bridge.extract(Kuhn, max_states=20, checkpoint=path, **options)
    needed = steps[0]
    assert_same(plain, marl_bridge.extract(Kuhn, checkpoint=path, **options))
    assert steps[0] < 2 * needed


def test_a_damaged_checkpoint_is_told_and_what_is_lost_found_again(tmp_path):
    path = tmp_path / "journal"
    plain = marl_bridge.extract("classic/rps-v2", env_kwargs=THREE_ROUNDS, checkpoint=path)
    damaged = bytearray(path.read_bytes())
    damaged[len(damaged) // 2] ^= 0x10
    path.write_bytes(damaged)
    with pytest.warns(UserWarning, match=r"last .* bytes of the checkpoint .* found again"):
        again = marl_bridge.extract("classic/rps-v2", env_kwargs=THREE_ROUNDS, checkpoint=path)
    assert_same(plain, again)


class Other(MatchingPennies):
    """The same name, other payoffs."""

    def payoffs(self) -> dict[str, float]:
        return {"matcher": 1.0, "mismatcher": -1.0}


def test_a_foreign_checkpoint_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "journal"
    marl_bridge.extract(MatchingPennies, checkpoint=path)
    kept = path.read_bytes()
    for make, options, word in (
        (Other, {}, "environment"),
        (MatchingPennies, {"discount": 0.5}, "discount"),
        (MatchingPennies, {"seed": 4}, "seed"),
        (MatchingPennies, {"env_kwargs": {"stake": 2.0}}, "environment"),
    ):
        with pytest.raises(InvalidCheckpoint, match=rf"another extraction: another {word}"):
            marl_bridge.extract(make, checkpoint=path, **options)
    assert path.read_bytes() == kept
    notes = tmp_path / "notes.txt"
    notes.write_text("dear diary")
    with pytest.raises(InvalidCheckpoint, match="no checkpoint of an extraction"):
        marl_bridge.extract(MatchingPennies, checkpoint=notes)
    assert notes.read_text() == "dear diary"
    with pytest.raises(InvalidCheckpoint, match="cannot be written"):
        marl_bridge.extract(MatchingPennies, checkpoint=notes / "below")


def test_facts_of_another_environment_are_noticed_when_a_state_is_returned_to(tmp_path):
    path = tmp_path / "journal"
    with pytest.raises(ExtractionRefused):
        marl_bridge.extract(
            "classic/rps-v2", env_kwargs=THREE_ROUNDS, checkpoint=path, max_states=300
        )
    path.write_bytes(_change_keys(path.read_bytes()))
    with pytest.warns(UserWarning, match="does not do what the checkpoint .* says"):
        found = marl_bridge.extract("classic/rps-v2", env_kwargs=THREE_ROUNDS, checkpoint=path)
    assert_same(marl_bridge.extract("classic/rps-v2", env_kwargs=THREE_ROUNDS), found)
    again = marl_bridge.extract("classic/rps-v2", env_kwargs=THREE_ROUNDS, checkpoint=path)
    assert_same(again, found)


def test_environments_that_cannot_be_told_from_others_are_compared_as_they_go_on(tmp_path):
    stakes = iter([])
    path = tmp_path / "journal"

    def make() -> MatchingPennies:
        return MatchingPennies(next(stakes, 1.0))

    one = marl_bridge.extract(make, checkpoint=path)
    assert_same(one, marl_bridge.extract(make, checkpoint=path))
    with pytest.raises(InvalidCheckpoint, match="another seed"):
        marl_bridge.extract(make, checkpoint=path, seed=1)

    def value(position: object) -> dict[str, float]:
        return dict.fromkeys(("matcher", "mismatcher"), next(stakes, 0.0))

    with pytest.raises(InvalidCheckpoint, match="frontier's function cannot be told"):
        marl_bridge.extract(
            MatchingPennies, checkpoint=tmp_path / "other", depth_limit=1, frontier=value
        )


def _change_keys(content: bytes) -> bytes:
    """Give every state of a journal another key, with valid checksums."""
    at = len(journal._MAGIC)
    made = content[:at]
    while at < len(content):
        length, _ = journal._FRAME.unpack_from(content, at)
        at += journal._FRAME.size
        frame = json.loads(zlib.decompress(content[at : at + length]))
        for fact in frame.get("facts", ()):
            if fact[0] in ("visit", "known") and fact[1]:
                fact[1] = fact[1][::-1]
        payload = zlib.compress(json.dumps(frame).encode())
        made += journal._FRAME.pack(len(payload), zlib.crc32(payload)) + payload
        at += length
    return made


def test_a_checkpoint_in_use_is_refused(tmp_path):
    pytest.importorskip("fcntl")
    path = tmp_path / "journal"
    held = journal.Journal(path, {}, {})
    try:
        with pytest.raises(InvalidCheckpoint, match="in use by another process"):
            marl_bridge.extract(MatchingPennies, checkpoint=path)
    finally:
        held.close()


class Shown(tuple):
    """A tuple of another class: pickle would find it again, JSON cannot."""

    __slots__ = ()


class Showing(MatchingPennies):
    """Shows what is no plain data."""

    def observe(self, agent: str) -> dict[str, object]:
        return {"seen": Shown((0,))}


def test_what_cannot_be_written_down_is_named(tmp_path):
    with pytest.raises(InvalidCheckpoint, match=r"cannot hold the observations: a .*Shown"):
        marl_bridge.extract(Showing, checkpoint=tmp_path / "journal")
    assert marl_bridge.extract(Showing).game.n_infosets == (1, 1)
