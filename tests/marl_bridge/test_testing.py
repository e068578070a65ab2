"""``check_environment``: sound environments pass, and each kind of fault fails its check."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest
from gymnasium.spaces import Box, Dict, Discrete

import gametheory as gt
import marl_bridge
from marl_bridge.errors import InvalidEnvironment
from marl_bridge.intervals import betting, empirical_bernstein, hoeffding
from marl_bridge.testing import (
    CHECKS,
    EnvironmentCheckFailed,
    check_environment,
    check_interval,
)
from tests.marl_bridge.chance_environments import GlobalPython, Kuhn
from tests.marl_bridge.environments import Coordination, MatchingPennies
from tests.marl_bridge.seeded_bugs import Drifting

NAMES = [one.name for one in CHECKS]
STYLE = {"pettingzoo-api", "pettingzoo-seed"}  # the tests' own environments are sparing there


def failed(make: Any, **options: Any) -> set[str]:
    report = check_environment(make, episodes=6, max_steps=40, keep_going=True, **options)
    assert [one.check for one in report.outcomes] == list(options.get("checks", NAMES))
    return set(report.failed)


@pytest.mark.parametrize(
    "make",
    [
        gt.catalog.load("prisoners_dilemma"),
        gt.catalog.load("kuhn_poker"),
        "classic/tictactoe-v3",
    ],
    ids=["matrix", "tree", "tic-tac-toe"],
)
def test_sound_environments_pass(make: Any) -> None:
    assert check_environment(make, episodes=3, max_steps=40).holds


def test_what_does_not_apply_is_skipped_with_the_reason() -> None:
    report = check_environment("classic/tictactoe-v3", episodes=2)
    skipped = {one.check: one.reason for one in report.outcomes if one.verdict == "skipped"}
    assert skipped.keys() == {"aec-and-parallel-agree", "extraction-round-trip"}
    assert "more than 2,000 states" in skipped["extraction-round-trip"]
    assert "(agents do not act at the same time)" in str(report)


@pytest.mark.parametrize("make", [MatchingPennies, Coordination, Kuhn])
def test_environments_of_few_words_fail_only_on_style(make: Any) -> None:
    # seed_test draws from spaces that these make anew each time, so that luck decides there
    assert {"pettingzoo-api"} <= failed(make) <= STYLE


# Faults, one each


class Noise(MatchingPennies):
    """Pays by a generator that nobody seeds."""

    def payoffs(self) -> dict[str, float]:
        won = float(np.random.default_rng().normal())
        return {"matcher": won, "mismatcher": -won}


class Tiring(MatchingPennies):
    """Pays less with every episode of an instance."""

    played = 0

    def reset(self, seed: int | None = None, options: Any = None) -> None:
        super().reset(seed, options)
        self.played += 1

    def payoffs(self) -> dict[str, float]:
        return {agent: won / self.played for agent, won in super().payoffs().items()}


class Outside(MatchingPennies):
    """Shows what is not in its space."""

    def observe(self, agent: str) -> int:
        return 2


class Masked(MatchingPennies):
    """With a mask of one entry too many."""

    def observation_space(self, agent: str) -> Any:
        return Dict(
            {"observation": Discrete(1), "action_mask": Box(0, 1, (self.entries,), np.int8)}
        )

    entries = 3

    def observe(self, agent: str) -> Any:
        return {"observation": 0, "action_mask": np.ones(self.entries, np.int8)}


class Shut(Masked):
    """With a mask that allows nothing."""

    entries = 2

    def observe(self, agent: str) -> Any:
        return {"observation": 0, "action_mask": np.zeros(2, np.int8)}


class Infinite(MatchingPennies):
    """Pays without end."""

    def payoffs(self) -> dict[str, float]:
        return {"matcher": float("inf"), "mismatcher": float("-inf")}


FAULTS = {
    Noise: "episodes-repeat",
    GlobalPython: "episodes-repeat",
    Tiring: "reset-starts-over",
    Drifting: "reset-starts-over",
    Outside: "observations-in-spaces",
    Masked: "masks-are-legal",
    Shut: "masks-are-legal",
    Infinite: "rewards-are-finite",
}


@pytest.mark.parametrize("make", FAULTS, ids=lambda make: make.__name__)
def test_each_fault_fails_its_check(make: Any) -> None:
    assert failed(make, checks=(FAULTS[make],)) == {FAULTS[make]}


class Late(Coordination):
    """Pays one step late in the Parallel API only: the last reward is never told."""

    def step(self, actions: Any) -> Any:
        shown, rewards, *rest = super().step(actions)
        return shown, dict.fromkeys(rewards, 0.0), *rest


def test_two_forms_that_pay_differently(monkeypatch: pytest.MonkeyPatch) -> None:
    from pettingzoo.utils import parallel_to_aec

    def forms(subject: Any) -> Any:
        return lambda: parallel_to_aec(Coordination()), Late

    monkeypatch.setattr("marl_bridge.testing._both_forms", forms)
    check = "aec-and-parallel-agree"
    assert failed(Coordination, checks=(check,)) == {check}


def test_an_extraction_that_is_not_the_game(monkeypatch: pytest.MonkeyPatch) -> None:
    kuhn = gt.catalog.load("kuhn_poker")
    other = gt.ExtensiveFormGame.from_arrays([-1, 0, 0], [0, -2, -2], [0, -1, -1], [[1, 2]] * 2)
    extract, calls = marl_bridge.extract, []

    def confused(make: Any, **options: Any) -> Any:
        calls.append(make)
        return extract(other if len(calls) == 2 else make, **options)

    monkeypatch.setattr("marl_bridge.testing.extract", confused)
    report = check_environment(kuhn, checks=("extraction-round-trip",), keep_going=True)
    assert report.failed == ("extraction-round-trip",)
    assert "the games differ after the start" in str(report)


def test_a_failure_is_raised_with_seed_and_episode() -> None:
    with pytest.raises(EnvironmentCheckFailed, match="fails 'pettingzoo-api'"):
        check_environment(Tiring)
    with pytest.raises(EnvironmentCheckFailed) as caught:
        check_environment(Tiring, seed=4, checks=("reset-starts-over",))
    failure = caught.value
    assert isinstance(failure, AssertionError)
    assert (failure.check, failure.seed, failure.episode) == ("reset-starts-over", 4, 1)
    assert "a used instance and a fresh one differ at turn" in str(failure)
    assert "in returns; where: seed 4, episode 1" in str(failure)


@pytest.mark.parametrize(
    ("make", "options", "error"),
    [
        ("classic/nowhere-v0", {}, InvalidEnvironment),
        (MatchingPennies, {"episodes": 0}, gt.GameTheoryError),
        (MatchingPennies, {"max_steps": -1}, gt.GameTheoryError),
        (MatchingPennies, {"seed": -1}, gt.GameTheoryError),
        (MatchingPennies, {"checks": ("smell",)}, gt.UnsupportedGame),
    ],
)
def test_bad_arguments_are_refused(make: Any, options: dict[str, Any], error: Any) -> None:
    with pytest.raises(error):
        check_environment(make, **options)


def test_without_pettingzoo_there_is_a_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pettingzoo", None)
    with pytest.raises(gt.MissingExtra, match=r"gametheory-toolkit\[pettingzoo\]"):
        check_environment("classic/rps-v2")


# Intervals


@pytest.mark.parametrize("method", [hoeffding, empirical_bernstein, betting])
def test_intervals_narrow_like_one_over_root_n(method: Any) -> None:
    assert 0.35 < check_interval(method, n=2000) < 0.6


def test_intervals_that_do_not_narrow_or_miss_the_mean_fail() -> None:
    def constant(values: Any, *, lower: float, upper: float) -> Any:
        return hoeffding(values[:100], lower=lower, upper=upper)

    def elsewhere(values: Any, *, lower: float, upper: float) -> Any:
        return hoeffding(np.clip(values + 0.5, 0, 1), lower=lower, upper=upper)

    with pytest.raises(EnvironmentCheckFailed, match="1 times as wide"):
        check_interval(constant)
    with pytest.raises(EnvironmentCheckFailed, match="does not contain the mean"):
        check_interval(elsewhere)
