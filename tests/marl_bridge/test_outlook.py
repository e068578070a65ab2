"""The verdict follows from what was measured, and names the reason."""

from __future__ import annotations

import math
import sys
import types
from typing import Any

import pytest

from marl_bridge.environments.outlook import Attempt, attempt_extraction, in_words, outlook
from marl_bridge.environments.size_estimate import LatePositions, SizeEstimate
from marl_bridge.errors import ExtractionRefused
from tests.marl_bridge.environments import Coordination, MatchingPennies, Pointing


def size(
    log10: float,
    *,
    chance: float | None = 0.0,
    cut: int = 0,
    late: tuple[LatePositions, ...] = (),
) -> SizeEstimate:
    return SizeEstimate(
        log10_histories=log10,
        log10_lower=log10 - 0.5,
        log10_batches=(log10 - 1, log10 + 1),
        log10_terminals=log10 - 0.2,
        confidence=0.95,
        depth=(4, 20, 40),
        branching=3.0,
        playouts=100,
        cut=cut,
        log10_with_chance=None if chance is None else log10 + chance,
        seed=0,
        max_steps=1000,
        late=late,
        steps_per_second=10_000.0,
    )


def verdict(**measured: Any) -> tuple[str, str]:
    facts: dict[str, Any] = {
        "size": size(30),
        "unlisted": "",
        "unrepeatable": "",
        "chance": "",
        "continuous": "",
        "attempt": None,
        "hidden": "",
        "n_agents": 2,
        "may_be_zero_sum": True,
    }
    found = outlook(**(facts | measured))
    return found.verdict, found.reason


LATE = size(30, late=(LatePositions(0, 30, 100), LatePositions(25, 5.3, 60)))
UNFINISHED = Attempt(False, 2000, 4.0)


@pytest.mark.parametrize(
    ("measured", "expected", "why"),
    [
        ({"size": None, "unlisted": "agent 'a' has a Box"}, "bounds only", "infinitely many"),
        ({"unrepeatable": "differs after 1 step"}, "bounds only", "do not repeat from a seed"),
        ({"attempt": Attempt(True, 13, 0.1, "", (0.0, 0.0))}, "exact tree", "13 distinct states"),
        ({"size": size(5), "attempt": UNFINISHED}, "exact tree", "up to 4 min at 500 states/s"),
        ({"size": size(5, cut=1), "attempt": UNFINISHED}, "too large: bounds only", "100,000"),
        ({"size": size(6), "attempt": UNFINISHED}, "too large: bounds only", "1,000,000"),
        (
            {"size": size(3, chance=4.0), "attempt": UNFINISHED, "chance": "in play"},
            "too large: bounds only",
            "before its chance (in play) is counted, 10,000,000 with every draw counted; "
            "no end after 4 s and 2,000 states",
        ),
        (
            {"size": size(3, chance=2.0), "attempt": UNFINISHED, "chance": "in play"},
            "exact tree",
            "at most about 100,000 histories take up to 4 min",
        ),
        (
            {"size": size(3, chance=None), "attempt": UNFINISHED, "chance": "in play"},
            "too large: bounds only",
            "about 1,000 histories before its chance",
        ),
        ({"attempt": Attempt(False, 0, 0.1, "uses magic")}, "bounds only", "uses magic"),
        ({"chance": "in play", "continuous": "normal in f"}, "bounds only", "normal in f"),
        ({"size": LATE}, "exact from late positions", "after 25 random steps about 200,000"),
        ({"size": LATE, "hidden": "b is not shown"}, "too large: bounds only", "b is not shown"),
        ({"size": LATE, "n_agents": 3}, "too large: bounds only", "more than two agents"),
        ({"size": LATE, "n_agents": 1}, "too large: bounds only", "one agent alone"),
        ({"size": LATE, "may_be_zero_sum": False}, "too large: bounds only", "do not cancel"),
        ({}, "too large: bounds only", "at no depth of random play"),
    ],
)
def test_verdicts(measured: dict[str, Any], expected: str, why: str) -> None:
    found, reason = verdict(**measured)
    assert found == expected
    assert why in reason


def test_late_positions_need_playouts_that_reach_them() -> None:
    lone = size(30, late=(LatePositions(0, 30, 100), LatePositions(38, 1.0, 4)))
    assert verdict(size=lone)[0] == "too large: bounds only"


def attempt(make: Any, seconds: float = 60.0, **kwargs: Any) -> Attempt:
    return attempt_extraction(make, env_kwargs=kwargs, api=None, seed=0, seconds=seconds)


def test_a_finished_extraction_proves_zero_sum() -> None:
    pennies = attempt(MatchingPennies)
    assert (pennies.finished, pennies.zero_sum) == (True, True)
    assert 1 < pennies.states <= 7
    together = attempt(Coordination)
    assert (together.finished, together.zero_sum) == (True, False)
    # Both choose 1 twice for 2 + 2 each; to disagree twice pays nothing.
    assert together.return_sums == (0.0, 8.0)


def test_an_extraction_out_of_time_is_no_refusal() -> None:
    found = attempt("connect_four", seconds=3.0)
    assert not found.finished
    assert found.refused == ""
    assert found.states > 0
    assert found.zero_sum is None


def test_a_refusal_keeps_its_reason() -> None:
    assert "Box" in attempt(Pointing).refused


def test_a_refusal_after_the_time_is_one_for_slowness(monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(*_: Any, progress: Any, **__: Any) -> None:
        progress(10, math.inf)
        raise ExtractionRefused("10 states and no end")

    module = types.ModuleType("extraction")
    module.extract = slow  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "marl_bridge.environments.extraction", module)
    assert attempt(MatchingPennies).refused == "10 states and no end"
    clock = iter([0.0, 0.5, *[1.0] * 9])
    monkeypatch.setattr("marl_bridge.environments.outlook.time.perf_counter", lambda: next(clock))
    assert attempt(MatchingPennies, seconds=0.7) == Attempt(False, 10, 1.0, "")


@pytest.mark.parametrize(
    ("logarithm", "words"),
    [(0.0, "1"), (1.1139, "13"), (2.9, "794"), (5.7403, "550,000"), (8.99, "980,000,000"),
     (9.4, "10^9"), (1904.78, "10^1905")],
)  # fmt: skip
def test_sizes_in_words(logarithm: float, words: str) -> None:
    assert in_words(logarithm) == words
