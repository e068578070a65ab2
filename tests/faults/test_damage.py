"""A damaged file is told in words, or noticed and made good; it never changes an answer."""

from __future__ import annotations

import json
import random
import shutil
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from gametheory.errors import GameTheoryError
from tests.faults.jobs import JOBS

KEPT = [name for name in JOBS if name != "record"]  # tests/marl_bridge/test_records.py


def file_of(name: str, path: Path) -> Path:
    """The file that a job keeps."""
    if name == "cache":
        (found,) = path.iterdir()
        return found
    return path.with_suffix(".npz") if name == "policy" else path


def damages(content: bytes, seed: int, count: int) -> Iterator[tuple[str, bytes]]:
    rng = random.Random(seed)
    yield "empty", b""
    yield "foreign JSON", json.dumps({"format": "something/else", "version": 7}).encode()
    yield "a list", b"[1, 2, 3]\n"
    yield "zeros", bytes(len(content))
    yield "doubled", content + content
    yield "text", b"dear diary, today I met a file\n" * 40
    for _ in range(count // 3):
        end = rng.randrange(len(content))
        yield f"cut at {end}", content[:end]
    for _ in range(count):
        at, bit = rng.randrange(len(content)), rng.randrange(8)
        flipped = bytearray(content)
        flipped[at] ^= 1 << bit
        yield f"bit {bit} of byte {at}", bytes(flipped)


@pytest.mark.parametrize("count", [6, pytest.param(300, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", KEPT)
def test_damage_is_told_or_made_good(name, count, tmp_path, expected):
    job, whole = JOBS[name], tmp_path / "whole" / name
    whole.parent.mkdir()
    job(whole)
    content = file_of(name, whole).read_bytes()
    told = 0
    for what, damaged in damages(content, seed=count, count=count):
        copy = tmp_path / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(whole.parent, copy)
        file_of(name, copy / name).write_bytes(damaged)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                found = job(copy / name)
            except GameTheoryError as error:
                told += 1
                assert len(str(error)) > 20, what
                assert str(error).count("; ") or error.hint, what
            else:
                assert found == expected[name], what
        kept = {file.name for file in copy.rglob("*") if file.is_file()}
        assert kept == {file_of(name, whole).name}, what
    assert told or name == "cache"  # a cache is simply made again


@pytest.mark.parametrize("name", [name for name in KEPT if name != "cache"])
def test_a_folder_is_no_file(name, tmp_path):
    path = tmp_path / name
    (path.with_suffix(".npz") if name == "policy" else path).mkdir()
    with pytest.raises(GameTheoryError):
        JOBS[name](path)


@pytest.mark.parametrize("name", [name for name in KEPT if name not in ("cache", "policy")])
def test_a_file_of_another_job_is_refused_and_left_alone(name, tmp_path):
    for other in KEPT:
        if other in (name, "cache", "policy") or {name, other} == {"training", "tree_training"}:
            continue
        path = tmp_path / f"{name} of {other}"
        JOBS[other](path)
        content = path.read_bytes()
        with pytest.raises(GameTheoryError, match=r"checkpoint|training|extraction"):
            JOBS[name](path)
        assert path.read_bytes() == content
