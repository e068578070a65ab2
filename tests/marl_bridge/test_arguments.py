"""Numbers, seeds and ranges that make no sense are refused in words, by whoever takes them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import marl_bridge
from gametheory.errors import GameTheoryError, InvalidGame
from marl_bridge.empirical_game import rank
from marl_bridge.errors import InvalidEnvironment, InvalidPolicy
from marl_bridge.intervals import InvalidSamples
from tests.marl_bridge.environments import MatchingPennies

RANGES = {"matcher": (-1, 1), "mismatcher": (-1, 1)}
RANDOM = {"matcher": ["random"], "mismatcher": ["random"]}
TICTACTOE = "classic/tictactoe-v3"
LEARNING: dict[str, Any] = {"seconds": None, "episodes": 5, "evaluation_episodes": 5}


def call(name: str, **changed: Any) -> Any:
    """Call a function of the bridge with arguments that are fine, but for some."""
    source = marl_bridge.open_environment(MatchingPennies)
    known: dict[str, tuple[tuple[Any, ...], dict[str, Any]]] = {
        "estimate": ((MatchingPennies, "random"), {"episodes": 3}),
        "rollouts": ((source, "random"), {"episodes": 3}),
        "compare": ((MatchingPennies, "random", "random"), {"episodes": 3}),
        "certify_regret": (
            (MatchingPennies, "random", {"matcher": ["random"]}),
            {"episodes": 4, "ranges": RANGES},
        ),
        "exploit": ((MatchingPennies, "random"), {**LEARNING, "exact": False, "upper": "none"}),
        "payoff_tensor": ((MatchingPennies, RANDOM), {"episodes": 3}),
        "psro": ((MatchingPennies,), {}),
        "extract": ((MatchingPennies,), {}),
        "inspect": ((MatchingPennies,), {"episodes": 1, "time_limit": 0.1}),
        "solve_position": ((TICTACTOE, "4,0,8,2,6"), {}),
        "late_positions": ((TICTACTOE, "random"), {"ply": 6, "count": 1}),
    }
    given, named = known[name]
    return getattr(marl_bridge, name)(*given, **{**named, **changed})


SEEDED = [
    *("estimate", "rollouts", "compare", "certify_regret", "exploit", "payoff_tensor"),
    *("psro", "extract", "inspect", "solve_position", "late_positions"),
]


@pytest.mark.parametrize("seed", [-1, 1.5, None, "a", True, math.nan])
@pytest.mark.parametrize("name", SEEDED)
def test_a_seed_is_an_integer_from_zero_on(name, seed):
    with pytest.raises(InvalidEnvironment, match=r"^seed is .*valid: an integer, at least 0"):
        call(name, seed=seed)


@pytest.mark.parametrize("seed", [2**70, np.int64(3)])
def test_large_seeds_and_those_of_numpy_are_fine(seed):
    assert len(call("rollouts", seed=seed)) == 3
    assert call("extract", seed=seed).audit.n_states == 7


@pytest.mark.parametrize(
    ("name", "argument"),
    [
        ("estimate", "episodes"),
        ("estimate", "max_steps"),
        ("rollouts", "episodes"),
        ("compare", "episodes"),
        ("certify_regret", "episodes"),
        ("exploit", "episodes"),
        ("exploit", "evaluation_episodes"),
        ("exploit", "upper_episodes"),
        ("payoff_tensor", "episodes"),
        ("psro", "cell_episodes"),
        ("psro", "max_iterations"),
        ("extract", "max_states"),
        ("extract", "max_histories"),
        ("extract", "max_memory"),
        ("inspect", "episodes"),
        ("late_positions", "count"),
    ],
)
@pytest.mark.parametrize("number", [0, -1, 2.5, "3"])
def test_numbers_of_things_are_positive_integers(name, argument, number):
    with pytest.raises(GameTheoryError, match=f"{argument} is "):
        call(name, **{argument: number})


@pytest.mark.parametrize("name", ["estimate", "rollouts", "compare", "payoff_tensor", "inspect"])
def test_no_number_is_no_number_of_episodes(name):
    with pytest.raises(InvalidEnvironment, match="episodes is None"):
        call(name, episodes=None)


@pytest.mark.parametrize("limit", [-1, "3", None, math.nan])
def test_time_limits_are_numbers(limit):
    with pytest.raises(InvalidEnvironment, match="time_limit is "):
        call("extract", time_limit=limit)


def test_no_time_is_too_little_for_any_game():
    with pytest.raises(marl_bridge.ExtractionRefused, match="no end after 0 s"):
        call("extract", time_limit=0)


@pytest.mark.parametrize("confidence", [0, 1, 1.5, -1, math.nan, "0.9", None])
@pytest.mark.parametrize(
    "name", ["estimate", "compare", "certify_regret", "exploit", "payoff_tensor"]
)
def test_a_confidence_lies_between_zero_and_one(name, confidence):
    with pytest.raises(GameTheoryError, match="confidence is "):
        call(name, confidence=confidence)


@pytest.mark.parametrize(
    "pair", [(1, -1), (math.nan, 1), (-math.inf, 1), 1, ("a", "b"), (-1, 1, 2), None]
)
@pytest.mark.parametrize(
    "name", ["estimate", "compare", "certify_regret", "exploit", "payoff_tensor"]
)
def test_ranges_are_pairs_of_numbers_in_order(name, pair):
    with pytest.raises(InvalidEnvironment, match="the range of 'matcher' is "):
        call(name, ranges={**RANGES, "matcher": pair})


@pytest.mark.parametrize("name", ["estimate", "compare", "certify_regret", "exploit"])
def test_ranges_are_given_for_agents(name):
    for ranges in ("ab", (-1, 1), {**RANGES, "x": (0, 1)}):
        with pytest.raises(InvalidEnvironment, match="ranges are given for"):
            call(name, ranges=ranges)


@pytest.mark.parametrize("name", ["compare", "certify_regret"])
def test_differences_do_not_hide_returns_outside_their_range(name):
    narrow = {"matcher": (0, 0.5), "mismatcher": (0, 0.5)}
    with pytest.raises(InvalidSamples, match=r"agent '\w+' returned -?1; where: episode \d"):
        call(name, ranges=narrow)


@pytest.mark.parametrize("arguments", [{"replicates": -1}, {"replicates": 1.5}, {"seed": None}])
def test_rankings_take_seeds_and_numbers(arguments):
    table = call("payoff_tensor")
    with pytest.raises(InvalidEnvironment, match=f"{next(iter(arguments))} is "):
        rank(table, **arguments)


@pytest.mark.parametrize("name", ["rollouts", "payoff_tensor"])
def test_instances_are_fresh_or_reused(name):
    with pytest.raises(InvalidEnvironment, match="instances is 'frehs'"):
        call(name, instances="frehs")


@pytest.mark.parametrize("width", [0, -1, math.nan, "a"])
def test_widths_are_positive_numbers(width):
    with pytest.raises(InvalidEnvironment, match="until_width is "):
        call("estimate", until_width=width, ranges=RANGES)
    figure = marl_bridge.Figure(0.1, 0.0, 0.2, 0.95, "estimate", "betting", 10)
    with pytest.raises(InvalidSamples, match="width is "):
        marl_bridge.more_episodes(figure, width)


@pytest.mark.parametrize("weights", ["a", ["a"], None, [0.5], [-1.0], [math.nan], [1.0, 0.0]])
def test_weights_of_a_mixture_are_probabilities(weights):
    with pytest.raises(InvalidPolicy, match="the weights "):
        marl_bridge.MixturePolicy(["random"], weights)


def test_logs_are_of_games():
    with pytest.raises(InvalidGame, match="a list is no game"):
        marl_bridge.logged_regrets([[1, 2]], [[0, 0]])
