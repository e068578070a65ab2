"""Regret matching and regret matching+: their bounds, at every record, over many games."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gametheory as gt
from gametheory import NormalFormGame
from gametheory.dynamics.regret_matching import regret_matching, regret_matching_plus
from tests.gametheory.plain_learning import pay, random_game, ranges

SEEDS = range(20)
both = pytest.mark.parametrize("learner", [regret_matching, regret_matching_plus])


@both
@pytest.mark.parametrize("sizes", [(2, 2), (3, 5), (2, 3, 4)])
@pytest.mark.parametrize("seed", SEEDS)
def test_external_regret_grows_like_the_square_root(
    seed: int, sizes: tuple[int, ...], learner: Any
) -> None:
    game = random_game(seed, sizes)
    m = np.array(sizes)
    for updates in ("simultaneous", "alternating")[: 4 - len(sizes)]:
        trace = learner(game, rounds=3000, updates=updates, record=60)
        total = trace.regrets * trace.times[:, None]
        bound = ranges(game) * np.sqrt((m - 1) * trace.times[:, None])
        assert (total <= bound + 1e-9).all()
        assert gt.cce_gap(game, trace.joint_average) <= bound[-1].sum() / trace.times[-1] + 1e-9


@both
@pytest.mark.parametrize("seed", range(5))
def test_sampled_play_has_the_same_bound_in_expectation(seed: int, learner: Any) -> None:
    """The squares of the largest regrets, whose expectation is bounded, over 40 seeds."""
    game = random_game(seed, (3, 4))
    bound = ranges(game) ** 2 * (np.array([3, 4]) - 1)
    squares = []
    for play_seed in range(40):
        trace = learner(
            game, rounds=1000, play="sampled", updates="simultaneous", record=5, seed=play_seed
        )
        squares.append(trace.regrets**2 * trace.times[:, None])
    assert (np.mean(squares, axis=0) <= bound).all()


@both
@pytest.mark.parametrize("updates", ["simultaneous", "alternating"])
@pytest.mark.parametrize("averaging", ["uniform", "linear"])
@pytest.mark.parametrize("seed", SEEDS)
def test_zero_sum_averages_come_to_equilibria(
    seed: int, averaging: str, updates: str, learner: Any
) -> None:
    if learner is regret_matching and averaging == "linear":
        return  # nothing is proven
    rng = np.random.default_rng(seed)
    game = NormalFormGame.zero_sum(rng.normal(size=(4, 3)))
    trace = learner(game, rounds=3000, averaging=averaging, updates=updates, record=60)
    t = trace.times
    bound = ranges(game)[0] * np.sqrt(t) * (np.sqrt(3) + np.sqrt(2))
    if averaging == "uniform":
        assert (trace.gaps <= trace.regrets.sum(axis=1) + 1e-12).all()
        assert (trace.gaps <= bound / t + 1e-12).all()
    else:
        assert (trace.gaps <= 2 * bound / (t + 1) + 1e-12).all()


@both
@pytest.mark.parametrize("averaging", ["uniform", "linear"])
def test_alternating_updates_are_what_is_written_down_plainly(averaging: str, learner: Any) -> None:
    rng = np.random.default_rng(5)
    game = NormalFormGame(rng.normal(size=(2, 3, 4)))
    x = [np.full(3, 1 / 3), np.full(4, 1 / 4)]
    regrets: list[Any] = [np.zeros(3), np.zeros(4)]
    rows: list[list[Any]] = []

    def update(i: int) -> Any:
        payoffs = pay(game, i, x)
        regrets[i] = regrets[i] + payoffs - payoffs @ x[i]
        if learner is regret_matching_plus:
            regrets[i] = np.maximum(regrets[i], 0)
        positive = np.maximum(regrets[i], 0)
        new = positive / positive.sum() if positive.sum() > 0 else np.full(len(x[i]), 1 / len(x[i]))
        assert payoffs @ new >= payoffs @ x[i] - 1e-12  # Burch, Moravcik and Schmid (2019)
        return new

    for _ in range(200):
        x[0] = update(0)
        rows.append(list(x))
        x[1] = update(1)
    trace = learner(
        game, rounds=200, updates="alternating", averaging=averaging, record=200, spacing="even"
    )
    weights = np.arange(1.0, 201)[:, None] if averaging == "linear" else np.ones((200, 1))
    for i in range(2):
        strategies = np.array([row[i] for row in rows])
        averages = (weights * strategies).cumsum(axis=0) / weights.cumsum(axis=0)
        assert np.abs(trace.iterates[i] - strategies).max() < 1e-9
        assert np.abs(trace.averages[i] - averages).max() < 1e-9


def test_a_dominant_action_is_found_at_once() -> None:
    dilemma = gt.NormalFormGame.bimatrix([[-1, -3], [0, -2]], [[-1, 0], [-3, -2]])
    trace = regret_matching(dilemma, rounds=5, record=5, spacing="even")
    assert trace.iterates[0].tolist() == [[0.5, 0.5], *[[0, 1]] * 4]
    assert trace.averages[0][-1].tolist() == [0.1, 0.9]
    assert trace.regrets[-1] == pytest.approx([0.1, 0.1])


def test_regret_matching_plus_alternates_where_it_can() -> None:
    for sizes, play, updates in (
        ((3, 4), "expected", "alternating"),
        ((3, 4), "sampled", "simultaneous"),
        ((2, 3, 2), "expected", "simultaneous"),
    ):
        game = random_game(0, sizes)
        options = {"play": play, "rounds": 100}
        left_out = regret_matching_plus(game, **options)
        told = regret_matching_plus(game, updates=updates, **options)
        assert (left_out.joint_average == told.joint_average).all()
