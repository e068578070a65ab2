from __future__ import annotations

import json
import math

import numpy as np
import pytest

from marl_bridge.errors import InvalidEnvironment
from marl_bridge.estimation.returns import estimate
from marl_bridge.figures import Figure
from marl_bridge.intervals import InvalidSamples
from tests.marl_bridge.environments import Coordination, HigherCard, MatchingPennies

UNIT = {"matcher": (-1.0, 1.0), "mismatcher": (-1.0, 1.0)}


def test_proven_ranges_give_certified_intervals() -> None:
    result = estimate(MatchingPennies, "random", episodes=400, ranges=UNIT)
    figure = result.returns["matcher"]
    assert figure.method == "betting"
    assert figure.side == "estimate"
    assert figure.note == ""
    assert figure.episodes == 400
    assert figure.contains(0.0)
    assert figure.value == pytest.approx(result.episodes.of("matcher").mean())
    assert result.team.lower <= 0.0 <= result.team.upper


def test_without_ranges_the_interval_is_called_a_heuristic() -> None:
    result = estimate(HigherCard, "random", episodes=300)
    for figure in (*result.returns.values(), result.team):
        assert figure.method == "student-t"
        assert "heuristic" in figure.note
    assert "all episodes returned the same" in result.team.note
    assert result.returns["dealer"].contains(0.0)


def test_team_return_is_the_sum() -> None:
    result = estimate(Coordination, lambda observation, mask: 1, episodes=3)
    assert result.team.value == 8.0
    assert [figure.value for figure in result.returns.values()] == [4.0, 4.0]


def test_random_tictactoe_agrees_with_the_exact_value() -> None:
    # Uniform play wins 0.585 and loses 0.288 moving first: return 0.2968 (exhaustive count).
    ranges = {"player_1": (-1.0, 1.0), "player_2": (-1.0, 1.0)}
    result = estimate("tictactoe", "random", episodes=500, ranges=ranges, confidence=0.999)
    assert result.returns["player_1"].contains(0.29682)
    assert result.returns["player_2"].contains(-0.29682)


def test_equal_seeds_give_equal_estimates_and_json_takes_them() -> None:
    first, second = (estimate(HigherCard, "random", episodes=50, seed=1) for _ in range(2))
    assert first.to_dict() == second.to_dict()
    assert json.loads(json.dumps(first.to_dict()))["episodes"] == 50
    assert np.array_equal(first.episodes.returns, second.episodes.returns)


def test_wrong_ranges_are_named() -> None:
    with pytest.raises(InvalidEnvironment, match=r"ranges are given for \['matcher'\]"):
        estimate(MatchingPennies, "random", episodes=2, ranges={"matcher": (-1, 1)})
    narrow = {"matcher": (0.0, 0.5), "mismatcher": (0.0, 0.5)}
    with pytest.raises(InvalidSamples, match="outside the bounds"):
        estimate(MatchingPennies, "random", episodes=2, ranges=narrow)


def test_figures_read_as_numbers_with_intervals() -> None:
    figure = Figure(0.512, 0.401, 0.623, 0.95, "estimate", "betting", 200)
    assert str(figure) == "0.512 [0.401, 0.623]"
    assert str(Figure.exact(0.99479)) == "0.9948"
    assert Figure.exact(2).to_dict()["side"] == "exact"
    open_ended = Figure(1.0, -math.inf, math.inf, 0.95, "estimate", "student-t", 1)
    assert json.dumps(open_ended.to_dict()).count("null") == 2
