"""Two extractions that must not differ in anything but the time they took."""

from __future__ import annotations

import dataclasses

import numpy as np

from marl_bridge import Extraction
from marl_bridge.environments.views import view_key

_TIMES = {"copy_microseconds", "replay_microseconds", "seconds"}


def assert_same(one: Extraction, other: Extraction) -> None:
    """Compare games, views and audits bit by bit."""
    for name in ("player", "observation", "first_edge", "edge_target", "edge_label"):
        np.testing.assert_array_equal(getattr(one.graph, name), getattr(other.graph, name))
    for name in ("players", "title", "action_labels", "observation_labels", "recall"):
        assert getattr(one.graph, name) == getattr(other.graph, name)
    assert list(one.graph.payoffs) == list(other.graph.payoffs)
    assert list(one.graph.edge_probability) == list(other.graph.edge_probability)
    np.testing.assert_array_equal(one.truncated, other.truncated)
    for mine, yours in zip(one.views, other.views, strict=True):
        assert (mine.agent, view_key(mine)) == (yours.agent, view_key(yours))
        assert mine.action_space == yours.action_space
        assert type(mine.observation) is type(yours.observation)
    for field in dataclasses.fields(one.audit):
        if field.name not in _TIMES:
            assert getattr(one.audit, field.name) == getattr(other.audit, field.name), field.name
