"""A full disk, folders that nobody may write to, and a crowd of processes on one file."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.faults.jobs import JOBS, RESUMED

pytestmark = pytest.mark.skipif(os.name == "nt", reason="limits and rights of POSIX")
ROOT = Path(__file__).parents[2]

# How each job tells: it goes on and warns, or raises this.
FULL = {
    "cfr": "warns: checkpoint .* is not written .* the search goes on",
    "training": "warns: cannot write .*training.* the training goes on",
    "tree_training": "warns: cannot write .* the training goes on",
    "extraction": "InvalidCheckpoint: .*cannot be written.*free the disk",
    "cache": "warns: the extraction is not cached",
    "payoffs": "CheckpointRefused: .*cannot be used.*free the disk",
    "policy": "OSError: .*policy.npz",
    "record": "warns: nothing will be recorded.*free the disk",
}
DENIED = {
    "cfr": "GameFormatError: .*the checkpoint cannot be written: .*name a file in a folder",
    "training": "InvalidCheckpoint: cannot write .*Permission denied",
    "tree_training": "InvalidCheckpoint: cannot write .*Permission denied",
    "extraction": "InvalidCheckpoint: .*cannot be written: Permission denied",
    "cache": "warns: the extraction is not cached: .*Permission denied",
    "payoffs": "CheckpointRefused: .*unable to open database file",
    "policy": "PermissionError: .*policy.npz",
    "record": "warns: nothing will be recorded.*name a file that can be written",
}


@pytest.fixture(scope="module")
def outcomes():
    folder = tempfile.mkdtemp()  # others may enter it, unlike pytest's own folders
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.faults.hostile", folder],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    shutil.rmtree(folder)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def check(told, expected, digest):
    how, _, pattern = expected.partition(": ")
    if how == "warns":
        assert told["digest"] == digest  # nothing is lost
        assert any(re.search(pattern, one) for one in told["warnings"]), told
    else:
        assert how in told["raised"], told
        assert re.search(pattern, told["message"]), told
        assert "this is no checkpoint: the checkpoint" not in told["message"]


@pytest.mark.parametrize("name", JOBS)
def test_a_full_disk_is_told_and_costs_nothing(name, outcomes):
    digest = outcomes["undisturbed"][name]
    check(outcomes["full"][name], FULL[name], digest)
    assert outcomes["full"][name]["left"] == []
    assert outcomes["again"][name] == digest  # once there is room, from what the file holds


@pytest.mark.parametrize("folder", ["read only", "closed"])
@pytest.mark.parametrize("name", JOBS)
def test_folders_without_permission_are_told_at_once(name, folder, outcomes):
    check(outcomes[folder][name], DENIED[name], outcomes["undisturbed"][name])


@pytest.mark.parametrize("name", JOBS)
def test_three_processes_on_one_file(name, outcomes):
    answers = outcomes["crowd"][name]
    refused = [one for one in answers if one != outcomes["undisturbed"][name]]
    assert len(refused) < len(answers)
    for one in refused:
        assert name in ("extraction", "payoffs")
        assert re.match(r"InvalidCheckpoint.*in use|CheckpointRefused.*another process", one)


def test_nothing_is_left_behind(outcomes):
    assert outcomes["left"] == []
    assert set(RESUMED) < set(JOBS)
