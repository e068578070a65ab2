from __future__ import annotations

import itertools
import json
import math
from typing import Any

import pytest
from typer.testing import CliRunner

from marl_bridge.cli import app
from marl_bridge.environments.inspection import inspect
from marl_bridge.environments.inspection_page import page, table_row
from marl_bridge.errors import InvalidEnvironment
from marl_bridge.plain_data import plain
from tests.marl_bridge.environments import (
    Coordination,
    HigherCard,
    MatchingPennies,
    OddOneOut,
    Pointing,
)

QUICK = 1.0


def test_tictactoe() -> None:
    seen = inspect("tictactoe")
    assert seen.name == "classic/tictactoe-v3"
    assert seen.agents == ("player_1", "player_2")
    assert seen.action_spaces["player_1"] == "Discrete(9)"
    assert seen.has_action_mask
    assert 5 <= seen.steps[0] <= seen.steps[1] <= seen.steps[2] <= 9
    assert seen.fresh_is_deterministic
    assert seen.reused_is_deterministic
    assert seen.reset_depends_on_seed == "not seen"
    assert (seen.zero_sum, seen.zero_sum_witness) == ("proven", None)
    assert seen.outlook.verdict == "exact tree"
    assert "5,478 distinct states" in seen.outlook.reason
    assert seen.chance == "none seen"
    assert seen.hidden_choices.passed
    assert seen.deepcopy.passed is False
    assert seen.snapshot.passed
    assert seen.mask_leaks.passed
    assert seen.early_truncation == "not seen"
    assert seen.endings == {"termination": 20, "truncation": 0, "cut at max_steps": 0}
    assert seen.rewards == (-1.0, 1.0)
    assert json.loads(json.dumps(seen.to_dict()))["steps"] == list(seen.steps)


def test_rounds_of_rps_end_by_truncation() -> None:
    seen = inspect("rps", env_kwargs={"max_cycles": 4}, episodes=3, time_limit=QUICK)
    assert seen.early_truncation == "not seen: all 3 truncated episodes had 8 steps"
    assert seen.endings["truncation"] == 3
    assert seen.steps == (8, 8, 8)
    assert not seen.has_action_mask


@pytest.mark.parametrize("name", ["connect_four", "leduc_holdem"])
def test_other_classics_repeat_themselves(name: str) -> None:
    seen = inspect(name, episodes=10, time_limit=QUICK)
    assert seen.fresh_is_deterministic
    assert seen.reused_is_deterministic
    assert seen.has_action_mask
    assert seen.reset_depends_on_seed == ("yes" if name == "leduc_holdem" else "not seen")


def test_a_reused_knights_archers_zombies_does_not_repeat_itself() -> None:
    # After a finished episode the same seed gives another one (measured on PettingZoo 1.27).
    seen = inspect("knights_archers_zombies", episodes=1, time_limit=6)
    assert seen.fresh_is_deterministic
    assert not seen.reused_is_deterministic
    assert not seen.has_action_mask


def test_long_episodes_are_cut_and_the_record_says_so() -> None:
    seen = inspect("knights_archers_zombies", episodes=2, max_steps=30, time_limit=QUICK)
    assert seen.endings["cut at max_steps"] == 2
    assert seen.steps == (30, 30, 30)
    assert seen.max_steps == 30
    with pytest.raises(InvalidEnvironment, match="max_steps is 0"):
        inspect("tictactoe", max_steps=0)


def test_a_witness_refutes_zero_sum() -> None:
    seen = inspect(Coordination)
    assert seen.api == "parallel"
    assert seen.zero_sum == "refuted"
    assert seen.zero_sum_witness is not None
    assert seen.zero_sum_witness["sum"] == pytest.approx(
        sum(seen.zero_sum_witness["returns"].values())
    )
    assert seen.endings["truncation"] == 20


@pytest.mark.parametrize("make", [MatchingPennies, OddOneOut, HigherCard, Pointing])
def test_custom_environments(make: Any) -> None:
    seen = inspect(make, episodes=10)
    assert seen.fresh_is_deterministic
    assert seen.endings["termination"] == 10
    assert seen.reset_depends_on_seed == ("yes" if make is HigherCard else "not seen")


def test_hidden_state_is_found_out() -> None:
    counter = itertools.count()

    class Fickle(MatchingPennies):
        def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> None:
            super().reset(seed, options)
            self.mood = next(counter)

        def observe(self, agent: str) -> int:
            return self.mood

    seen = inspect(Fickle, episodes=2)
    assert seen.outlook.verdict == "bounds only"
    assert "do not repeat" in seen.outlook.reason
    assert not seen.fresh_is_deterministic
    assert not seen.reused_is_deterministic


def test_pistonball_goes_astray_in_a_copy() -> None:
    # Measured on PettingZoo 1.27: the physics engine's pickle leaves something out.
    seen = inspect("pistonball", episodes=1, max_steps=120, time_limit=30)
    assert seen.fresh_is_deterministic
    assert seen.snapshot.passed is False
    assert "steps later" in seen.snapshot.what
    assert seen.size is None
    assert seen.outlook.verdict == "bounds only"
    assert "infinitely many actions" in seen.outlook.reason
    assert "at the start" in seen.chance


def test_mpe2_cannot_be_copied_by_hand() -> None:
    module = pytest.importorskip("mpe2.simple_push_v3")
    seen = inspect(module, episodes=2, time_limit=3)
    assert "before its first reset" in seen.deepcopy.what
    assert "cannot pickle" in seen.attribute_copy.what
    assert "Font" in seen.attribute_copy.what
    assert seen.outlook.verdict == "bounds only"
    assert "uniform" in seen.outlook.reason


def test_leduc_shuffles_at_the_start_and_leaks_its_mask() -> None:
    seen = inspect("leduc_holdem", episodes=5, time_limit=QUICK)
    assert seen.chance == "at the start"
    assert {site.method for site in seen.chance_sites} == {"randint", "shuffle"}
    assert "out of turn" in seen.mask_leaks.what
    assert seen.size is not None
    # Of one deal only: the tree of all deals has 21,411 histories.
    assert 1 < seen.size.log10_histories < math.log10(21_411)


def test_connect_four_is_too_large_but_for_its_end() -> None:
    seen = inspect("connect_four", time_limit=30)
    assert seen.outlook.verdict == "exact from late positions"
    assert seen.size is not None
    assert seen.size.log10_lower > 20
    assert seen.zero_sum == "not refuted by 20 random episodes"


class Hasty(MatchingPennies):
    """Truncates after its first step when that was a 0; its full length is four steps."""

    def step(self, action: int | None) -> None:
        agent = self.agent_selection
        if self.terminations[agent] or self.truncations[agent]:
            self._was_dead_step(action)
            return
        self.count = getattr(self, "count", 0) + 1
        self._cumulative_rewards[agent] = 0.0
        if self.count == 4 or (self.count == 1 and action == 0):
            self.truncations = dict.fromkeys(self.agents, True)
        self.agent_selection = self.order[self.count % 2]


def test_early_truncation_is_found() -> None:
    seen = inspect(Hasty)
    assert seen.endings["truncation"] == 20
    assert seen.early_truncation.startswith("seen: episode ")
    assert "was truncated after 1 step, episode" in seen.early_truncation
    assert "went on for 4" in seen.early_truncation


def test_shimmys_truncations_are_told() -> None:
    # Measured on Shimmy 2.0.1: its limit leaves chance out, its count does not.
    shimmy = pytest.importorskip("shimmy.openspiel_compatibility")
    pytest.importorskip("pyspiel")
    seen = inspect(
        lambda: shimmy.OpenSpielCompatibilityV0(game_name="kuhn_poker"), time_limit=QUICK
    )
    assert seen.endings["truncation"] == 20
    assert seen.early_truncation == "not seen: all 20 truncated episodes had 1 step"


class NothingAllowed(Coordination):
    def _observations(self) -> dict[str, Any]:
        observations = super()._observations()
        for seen in observations.values():
            seen["action_mask"][:] = 0
        return observations


class Alone(MatchingPennies):
    order = ("solo",)

    def payoffs(self) -> dict[str, float]:
        return {"solo": float(self.choices["solo"])}


class UndefinedReward(MatchingPennies):
    def payoffs(self) -> dict[str, float]:
        return {"matcher": float("nan"), "mismatcher": 0.0}


class OverAtOnce(MatchingPennies):
    def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> None:
        super().reset(seed, options)
        self.terminations = dict.fromkeys(self.agents, True)


class FailsWhenReused(MatchingPennies):
    resets = 0

    def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> None:
        self.resets += 1
        if self.resets > 1:
            raise RuntimeError("only once")
        super().reset(seed, options)


@pytest.mark.parametrize("make", [Alone, UndefinedReward, OverAtOnce, FailsWhenReused])
def test_odd_environments_have_their_page(make: Any) -> None:
    seen = inspect(make, episodes=3)
    assert seen.fresh_is_deterministic
    assert all(text for rows in page(seen).values() for text in rows.values())
    assert len(table_row(seen)) == 9
    json.dumps(plain(seen.to_dict()), allow_nan=False)
    if make is FailsWhenReused:
        assert seen.reused.what == "RuntimeError: only once"
    if make is Alone:
        assert (seen.zero_sum, seen.outlook.verdict) == ("refuted", "exact tree")


def test_a_mask_that_allows_nothing_is_an_error() -> None:
    with pytest.raises(InvalidEnvironment, match=r"mask allows no action"):
        inspect(NothingAllowed, time_limit=QUICK)
    with pytest.raises(InvalidEnvironment, match="time_limit is 0"):
        inspect(Alone, time_limit=0)


def test_without_a_time_limit_equal_seeds_give_equal_pages() -> None:
    one, two = (
        inspect(HigherCard, episodes=4, seed=2, time_limit=None).to_dict() for _ in range(2)
    )
    for entry in (one, two):
        for timed in ("seconds", "steps_per_second", "outlook", "attempt"):
            del entry[timed]
        del entry["size"]["steps_per_second"]
    assert plain(one) == plain(two)


def test_the_command_prints_the_page() -> None:
    result = CliRunner().invoke(app, ["inspect", "rps", "--episodes", "3", "--time-limit", "2"])
    assert result.exit_code == 0
    sections = [line for line in result.stdout.splitlines() if line and "  " not in line]
    assert sections[0] == "What can be known"
    assert "Repeating and copying" in sections
    assert "too large: bounds only" in result.stdout
    record = CliRunner().invoke(app, ["inspect", "rps", "--time-limit", "2", "--json"])
    found = json.loads(record.stdout)
    assert found["outlook"]["verdict"] == "too large: bounds only"
    assert found["size"]["log10_histories"] == pytest.approx(14.4897, abs=1e-4)
    assert found["hidden_choices"]["passed"] is False
