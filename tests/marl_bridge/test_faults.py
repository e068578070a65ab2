"""What environments and policies raise, or return, in the middle of an episode is told in words."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import marl_bridge
from gametheory.errors import UnsupportedGame
from marl_bridge.errors import InvalidEnvironment, InvalidPolicy
from marl_bridge.exploitation.single_agent import SingleAgentEnvironment
from marl_bridge.policies.policy import assign
from tests.marl_bridge.environments import MatchingPennies

RANGES = {"matcher": (-1, 1), "mismatcher": (-1, 1)}
LEARNING: dict[str, Any] = {"seconds": None, "episodes": 5, "evaluation_episodes": 5}


class RaisesInStep(MatchingPennies):
    """The second action is one too many."""

    def step(self, action):
        if len(self.choices) == 1:
            raise ZeroDivisionError("no such thing")
        super().step(action)


class RaisesInReset(MatchingPennies):
    """Never starts."""

    def reset(self, seed=None, options=None):
        raise KeyError("board")


class RaisesInObserve(MatchingPennies):
    """Shows nothing."""

    def observe(self, agent):
        raise KeyError("eyes")


class PaysText(MatchingPennies):
    """Rewards are no numbers."""

    def payoffs(self):
        return {"matcher": "a lot", "mismatcher": 0.0}


class PaysUndefined(MatchingPennies):
    """Rewards are no finite numbers."""

    def payoffs(self):
        return {"matcher": math.nan, "mismatcher": -math.inf}


class PaysMuch(MatchingPennies):
    """Sums of returns are too large for a float."""

    def payoffs(self):
        return {"matcher": 1.5e308, "mismatcher": -1.5e308}


PLAYERS = {
    "estimate": lambda make: marl_bridge.estimate(make, "random", episodes=3),
    "compare": lambda make: marl_bridge.compare(make, "random", "random", episodes=3),
    "certify_regret": lambda make: marl_bridge.certify_regret(
        make, "random", {"matcher": ["random"]}, ranges=RANGES, episodes=4
    ),
    "exploit": lambda make: marl_bridge.exploit(make, "random", exact=False, **LEARNING),
    "payoff_tensor": lambda make: marl_bridge.payoff_tensor(
        make, {"matcher": ["random"], "mismatcher": ["random"]}, episodes=3
    ),
    "inspect": lambda make: marl_bridge.inspect(make, episodes=1, time_limit=0.1),
    "late_positions": lambda make: marl_bridge.late_positions(make, "random", ply=2),
}


@pytest.mark.parametrize("name", PLAYERS)
@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            RaisesInStep,
            "raises ZeroDivisionError: no such thing; where: step 2",
        ),
        (RaisesInReset, "matching_pennies_v0 raises KeyError: 'board'; where: .*reset"),
        (PaysText, "matching_pennies_v0 raises TypeError: .*; where: step 2"),
    ],
)
def test_what_an_environment_raises_is_told_with_the_step(name, make, message):
    with pytest.raises(InvalidEnvironment, match=message) as caught:
        PLAYERS[name](make)
    assert caught.value.__cause__ is not None  # the error itself, with its traceback


def test_an_environment_that_cannot_show_anything_is_named():
    with pytest.raises(InvalidEnvironment, match="raises KeyError: 'eyes'; where: step 1"):
        marl_bridge.estimate(RaisesInObserve, "random", episodes=2)


@pytest.mark.parametrize("name", ["estimate", "compare", "certify_regret", "exploit"])
def test_rewards_that_are_no_finite_numbers_are_told_with_the_episode(name):
    with pytest.raises(
        InvalidEnvironment, match=r"returns of .* are \[nan, -inf\]; where: episode 0"
    ):
        PLAYERS[name](PaysUndefined)


def test_a_mean_whose_sum_is_too_large_for_a_float_is_known():
    table = PLAYERS["payoff_tensor"](PaysMuch)
    assert table.game.payoffs.ravel().tolist() == [1.5e308, -1.5e308]


class RaisesLater:
    """Acts once, then raises."""

    def __init__(self) -> None:
        self.turns = 0

    def act(self, view: Any, rng: np.random.Generator) -> int:
        self.turns += 1
        if self.turns > 1:
            raise RuntimeError("out of memory")
        return 0


def wants_more(observation: Any, mask: Any, more: Any) -> int:
    return 0


@pytest.mark.parametrize("name", ["estimate", "compare", "exploit", "payoff_tensor", "tabulate"])
def test_what_a_policy_raises_is_told_with_its_agent(name):
    policies = {"matcher": "random", "mismatcher": wants_more}
    calls = {
        "estimate": lambda: marl_bridge.estimate(MatchingPennies, policies, episodes=3),
        "compare": lambda: marl_bridge.compare(MatchingPennies, policies, "random", episodes=3),
        "exploit": lambda: marl_bridge.exploit(MatchingPennies, policies, **LEARNING),
        "payoff_tensor": lambda: marl_bridge.payoff_tensor(
            MatchingPennies, {agent: [policy] for agent, policy in policies.items()}, episodes=3
        ),
        "tabulate": lambda: marl_bridge.tabulate(policies, marl_bridge.extract(MatchingPennies)),
    }
    with pytest.raises(InvalidPolicy, match=r"agent 'mismatcher' raises TypeError: .*'more'"):
        calls[name]()


def test_learners_are_told_whose_policy_raised():
    source = marl_bridge.open_environment(MatchingPennies)
    policies = assign({"matcher": "random", "mismatcher": RaisesLater()}, ("matcher", "mismatcher"))
    problem = SingleAgentEnvironment(source, "matcher", policies)
    problem.reset()
    assert problem.step(0) is None
    problem.reset()
    with pytest.raises(InvalidPolicy, match="'mismatcher' raises RuntimeError: out of memory"):
        problem.step(0)


def test_positions_may_come_one_by_one():
    report = marl_bridge.check_positions("classic/tictactoe-v3", "random", iter(["4,0,8,2"]))
    assert len(report.checks) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"env_kwargs": 3}, "env_kwargs is 3"),
        ({"env_kwargs": ["a"]}, r"env_kwargs is \['a'\]"),
        ({"cache": 3}, "cache is 3"),
        ({"checkpoint": 3}, "checkpoint is 3"),
        ({"depth_limit": 1, "frontier": lambda cut: 1 / 0}, "value function raises ZeroDivision"),
    ],
)
def test_arguments_of_extract_are_refused_in_words(arguments, message):
    with pytest.raises(InvalidEnvironment, match=message):
        marl_bridge.extract(MatchingPennies, **arguments)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"time_limit": "a"}, "time_limit is 'a'"),
        ({"max_states": -1}, "max_states is -1"),
        ({"return_range": "ab"}, "is 'ab'; where: return_range"),
        ({"return_range": (1, -1)}, r"is \(1, -1\); where: return_range"),
    ],
)
def test_arguments_of_solve_position_are_refused_in_words(arguments, message):
    with pytest.raises(InvalidEnvironment, match=message):
        marl_bridge.solve_position("classic/tictactoe-v3", "4,0,8,2", **arguments)


def test_files_are_named_by_paths():
    populations = {"matcher": ["random"], "mismatcher": ["random"]}
    with pytest.raises(InvalidEnvironment, match="checkpoint is 3"):
        marl_bridge.payoff_tensor(MatchingPennies, populations, episodes=2, checkpoint=3)
    with pytest.raises(InvalidEnvironment, match="record is 3"):
        marl_bridge.check(MatchingPennies, "random", episodes=2, record=3)


@pytest.mark.parametrize("gap", ["a", -1, math.nan])
def test_a_gap_is_a_number(gap):
    with pytest.raises(UnsupportedGame, match="gap is "):
        marl_bridge.psro(MatchingPennies, gap=gap)
