"""Jobs of these tests write at every opportunity."""

from __future__ import annotations

import pytest

from tests.faults.jobs import JOBS, hurry


@pytest.fixture(scope="module", autouse=True)
def in_a_hurry():
    with pytest.MonkeyPatch.context() as patch:
        hurry(patch.setattr)
        yield


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    """What each job ends with where nothing goes wrong."""
    folder = tmp_path_factory.mktemp("expected")
    return {name: job(folder / name) for name, job in JOBS.items()}
