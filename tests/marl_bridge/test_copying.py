"""Copies of environments: independent, equal to a replay, equal bytes for equal states."""

from __future__ import annotations

import copy

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marl_bridge.environments.copying import Snapshots
from marl_bridge.environments.opening import open_environment
from marl_bridge.environments.views import random_action, view_key
from tests.marl_bridge.environments import Coordination, HigherCard, MatchingPennies, OddOneOut

MAKES = [
    ("classic/tictactoe-v3", "aec"),
    ("classic/connect_four-v3", "aec"),
    ("classic/rps-v2", "aec"),
    ("classic/rps-v2", "parallel"),
    (MatchingPennies, "aec"),
    (OddOneOut, "aec"),
    (Coordination, "parallel"),
]


def compare(one, other):
    """Return the acting agents' views, which are the same for both drivers."""
    assert one.acting == other.acting
    first, second = (list(driver.returns.values()) for driver in (one, other))
    assert np.array_equal(first, second, equal_nan=True)
    views = {agent: one.view(agent) for agent in one.acting}
    for agent, view in views.items():
        assert view_key(view) == view_key(other.view(agent))
    return views


def advance(driver, rng, steps):
    for _ in range(steps):
        if not driver.acting:
            break
        views = {agent: driver.view(agent) for agent in driver.acting}
        driver.step({agent: random_action(view, rng) for agent, view in views.items()})


@pytest.mark.parametrize(("make", "api"), MAKES)
@given(seed=st.integers(0, 2**16), before=st.integers(0, 6), after=st.integers(0, 6))
@settings(max_examples=15)
def test_a_copy_plays_on_like_the_original_and_leaves_it_alone(make, api, seed, before, after):
    source = open_environment(make, api=api)
    driver = source.driver(checked=False)
    driver.reset(seed=1)
    advance(driver, np.random.default_rng(seed), before)
    snapshots = Snapshots()
    here = snapshots.take(driver)
    twin = snapshots.restore(here)
    compare(driver, twin)
    advance(twin, np.random.default_rng([seed, 1]), after)
    assert snapshots.take(driver) == here
    advance(driver, np.random.default_rng([seed, 1]), after)
    compare(driver, twin)
    assert snapshots.take(driver) == snapshots.take(twin)


def test_transpositions_have_equal_bytes():
    driver = open_environment("classic/tictactoe-v3").driver(checked=False)
    driver.reset(seed=0)
    snapshots = Snapshots()
    root = snapshots.take(driver)
    ends = []
    for order in ((0, 4, 8), (8, 4, 0)):
        twin = snapshots.restore(root)
        for action in order:
            twin.step({twin.acting[0]: action})
        ends.append(snapshots.take(twin))
    assert ends[0] == ends[1] != root


def test_deepcopy_is_no_alternative():
    """Why this module exists: EzPickle rebuilds the environment, an empty board again."""
    env = open_environment("classic/tictactoe-v3").new()
    env.reset(seed=0)
    env.step(4)
    assert copy.deepcopy(env).unwrapped.board.squares[4] == 0
    assert env.unwrapped.board.squares[4] == 1


def test_generators_are_shared_and_their_use_is_seen():
    driver = open_environment(HigherCard).driver(checked=False)
    driver.reset(seed=3)
    snapshots = Snapshots()
    snapshots.take(driver)
    assert len(snapshots.generators) == 1
    assert snapshots.draws() == ""
    driver.env.np_random.random()
    assert snapshots.draws() == "Generator"
