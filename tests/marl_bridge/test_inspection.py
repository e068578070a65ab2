from __future__ import annotations

import itertools
import json
from typing import Any

import pytest

from marl_bridge.environments.inspection import inspect
from marl_bridge.errors import InvalidEnvironment
from tests.marl_bridge.environments import (
    Coordination,
    HigherCard,
    MatchingPennies,
    OddOneOut,
    Pointing,
)


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
    assert (seen.zero_sum, seen.zero_sum_witness) == ("not refuted by 20 random episodes", None)
    assert seen.endings == {"termination": 20, "truncation": 0, "cut at max_steps": 0}
    assert seen.rewards == (-1.0, 1.0)
    assert json.loads(json.dumps(seen.to_dict()))["steps"] == list(seen.steps)


def test_rounds_of_rps_end_by_truncation() -> None:
    seen = inspect("rps", env_kwargs={"max_cycles": 4}, episodes=3)
    assert seen.endings["truncation"] == 3
    assert seen.steps == (8, 8, 8)
    assert not seen.has_action_mask


@pytest.mark.parametrize("name", ["connect_four", "leduc_holdem"])
def test_other_classics_repeat_themselves(name: str) -> None:
    seen = inspect(name, episodes=10)
    assert seen.fresh_is_deterministic
    assert seen.reused_is_deterministic
    assert seen.has_action_mask
    assert seen.reset_depends_on_seed == ("yes" if name == "leduc_holdem" else "not seen")


def test_a_reused_knights_archers_zombies_does_not_repeat_itself() -> None:
    # After a finished episode the same seed gives another one (measured on PettingZoo 1.27).
    seen = inspect("knights_archers_zombies", episodes=1)
    assert seen.fresh_is_deterministic
    assert not seen.reused_is_deterministic
    assert not seen.has_action_mask


def test_long_episodes_are_cut_and_the_record_says_so() -> None:
    seen = inspect("knights_archers_zombies", episodes=2, max_steps=30)
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
    assert not seen.fresh_is_deterministic
    assert not seen.reused_is_deterministic
