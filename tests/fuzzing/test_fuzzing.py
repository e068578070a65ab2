"""Every reader takes a fixed number of inputs, and all those that ever failed."""

from __future__ import annotations

import json
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest

import gametheory as gt
from gametheory.errors import GameTheoryError
from tests.fuzzing.bounds import TooSlow, bounded
from tests.fuzzing.claims import false_claims
from tests.fuzzing.run import Trial, plain_loop
from tests.fuzzing.targets import TARGETS

ROOT = Path(__file__).resolve().parents[2]
KEPT = [(name, path) for name, target in TARGETS.items() for path in target.corpus]


@pytest.mark.parametrize("name", TARGETS)
def test_valid_input_is_accepted_and_changed_input_is_refused_in_words(name, tmp_path):
    target = TARGETS[name]
    trial = Trial(target, tmp_path)
    assert max(list(map(trial.try_one, target.seeds())))
    plain_loop(trial, inputs=target.in_ci, seconds=600)
    assert not trial.failures
    assert 0 < trial.accepted < trial.inputs


@pytest.mark.parametrize(("name", "path"), KEPT, ids=[f"{name}/{path.name}" for name, path in KEPT])
def test_what_once_failed_does_not_again(name, path, tmp_path):
    trial = Trial(TARGETS[name], tmp_path)
    trial.try_one(path.read_bytes())
    assert not trial.failures


def test_the_corpus_holds_nothing_of_an_unknown_format():
    folders = {path.name for path in (Path(__file__).parent / "corpus").iterdir() if path.is_dir()}
    assert folders <= set(TARGETS)


def test_false_claims_are_seen():
    game = gt.catalog.load("chicken")
    certificate = gt.solve(game, "nash").certificate
    document = json.loads(certificate.to_json())
    assert not false_claims(document, game, certificate)
    uniform = gt.verify(game, gt.MixedProfile([[1, 0], [1, 0]]))
    assert false_claims({**document, "payoffs": [9, 9]}, game, certificate)
    assert false_claims({**document, "game_digest": "x"}, game, certificate)
    assert false_claims(document, game, uniform)
    for concept in ("correlated", "coarse-correlated"):
        found = gt.solve(game, concept).certificate
        document = json.loads(found.to_json())
        assert not false_claims(document, game, found)
        assert false_claims({**document, "epsilon": "-1/1000000"}, game, found)
    tree = gt.catalog.load("chain_store")
    perfect = gt.solve(tree, "subgame-perfect").certificate
    threat = gt.BehaviorProfile.from_mapping(tree, {"entry": {"out": 1}, "reply": {"fight": 1}})
    document = json.loads(perfect.to_json())
    assert not false_claims(document, tree, perfect)
    assert false_claims(document, tree, gt.verify(tree, threat, "subgame-perfect"))
    assert Fraction(0) == gt.verify(tree, threat, "nash").epsilon


def test_time_and_memory_are_bounded():
    with pytest.raises(TooSlow), bounded(0.05):
        while True:
            pass
    if Path("/proc/self/statm").exists():
        with pytest.raises(MemoryError), bounded(5.0, megabytes=64):
            bytearray(2**30)
    assert len(bytearray(2**26)) == 2**26


def test_a_failure_is_kept_once_for_each_place(tmp_path):
    def broken(data: bytes, folder: Path) -> bool:
        raise (GameTheoryError("refused") if data == b"fine" else KeyError(len(data)))

    base = TARGETS["env-kwargs"]
    target = type(base)("broken", broken, base.seeds, base.mutate)
    trial = Trial(target, tmp_path, tmp_path / "corpus")
    assert not any(trial.try_one(data) for data in (b"fine", b"a", b"bb"))
    assert list(trial.failures.values()) == [2]
    [kept] = (tmp_path / "corpus" / "broken").iterdir()
    assert kept.read_bytes() == b"a"


@pytest.mark.parametrize("engine", ["plain", "atheris"])
def test_the_runner_counts_what_it_tries(engine):
    if engine == "atheris":
        pytest.importorskip("atheris")
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "tests.fuzzing.run",
            "env-kwargs",
            "--inputs",
            "200",
            "--engine",
            engine,
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    name, inputs, accepted, failures, *_ = done.stdout.splitlines()[1].split()
    assert (name, failures) == ("env-kwargs", "0")
    assert int(inputs) >= 200
    assert 0 < int(accepted) <= int(inputs)
