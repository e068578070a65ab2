"""Limits of an extraction, and what is told of how far it is."""

from __future__ import annotations

import math

import pytest
from gymnasium.spaces import Discrete

import marl_bridge
from marl_bridge.cli_progress import search_bar
from marl_bridge.environments import limits
from marl_bridge.environments.limits import SearchProgress
from marl_bridge.errors import ExtractionRefused
from tests.marl_bridge.environments import MatchingPennies


def test_a_search_tells_how_far_it_is():
    seen: list[SearchProgress] = []
    counted: list[tuple[int, int]] = []
    e = marl_bridge.extract(
        "classic/tictactoe-v3",
        watch=seen.append,
        progress=lambda done, most: counted.append((done, most)),
    )
    states = [look.n_states for look in seen]
    assert states == sorted(set(states)) == [done for done, _ in counted]
    assert {most for _, most in counted} == {100_000}
    assert all(0 < look.n_waiting < look.n_states for look in seen)
    # First every state has several new ones behind it, then ever fewer.
    assert "still growing" in str(seen[0])
    assert math.isinf(seen[0].seconds_left)
    last = seen[-1]
    assert last.n_states <= last.expected_states <= 1.5 * e.audit.n_states
    assert 0 < last.seconds_left < math.inf
    assert "in all" in str(last)


def test_memory_is_limited_and_what_was_reached_is_told(monkeypatch):
    used = iter(range(0, 10**9, 40 * 2**20))
    monkeypatch.setattr(limits, "resident_bytes", lambda: next(used))
    with pytest.raises(
        ExtractionRefused,
        match=r"states and no end in 120 MiB.*to be looked at.*at most 100 MiB.*checkpoint=path",
    ):
        marl_bridge.extract("classic/tictactoe-v3", max_memory=100 * 2**20)


class Wide(MatchingPennies):
    """Few states, a million steps between them."""

    def action_space(self, agent):
        return Discrete(2**20)

    def payoffs(self):
        return {"matcher": 0.0, "mismatcher": 0.0}

    def step(self, action):
        super().step(action if action is None else 0)


def test_time_is_limited_where_states_are_few():
    with pytest.raises(ExtractionRefused, match=r"no end after 1.5 s.*time_limit"):
        marl_bridge.extract(Wide, time_limit=1.5)


def test_the_memory_of_this_process_is_known():
    before = limits.resident_bytes()
    assert before > 20 * 2**20
    held = bytearray(64 * 2**20)
    held[:: 2**12] = b"x" * len(held[:: 2**12])
    assert limits.resident_bytes() - before > 32 * 2**20


def test_enough_memory_is_no_limit():
    e = marl_bridge.extract("classic/rps-v2", env_kwargs={"max_cycles": 3}, max_memory=2**40)
    assert e.audit.n_states > 1000


def test_a_check_of_a_hopeless_game_says_how_large_it_is():
    report = marl_bridge.check("classic/connect-four-v3", "random", episodes=2)
    assert "about 10^27 histories" in report.why_not_exact


@pytest.mark.parametrize("terminal", [True, False])
def test_a_bar_shows_what_remains(terminal, monkeypatch, capsys):
    if terminal:
        monkeypatch.setenv("FORCE_COLOR", "1")
        monkeypatch.setenv("TTY_INTERACTIVE", "1")
    with search_bar("extracting it") as watch:
        watch(SearchProgress(512, 100, 1000, 1.0, 400.0, math.inf))
        watch(SearchProgress(900, 100, 1000, 1.0, 400.0, 1000.0))
    shown = capsys.readouterr().err
    assert "extracting it" in shown


def test_progress_has_words_for_what_remains():
    known = SearchProgress(900, 100, 1000, 1.0, 400.0, 1000.0)
    assert str(known) == "900 states, 100 to look at, about 1,000 in all"
    assert known.seconds_left == pytest.approx(0.5)
