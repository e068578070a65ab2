"""Hedge, optimistic Hedge and Exp3: their bounds over many games and seeds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gametheory as gt
from gametheory import NormalFormGame
from gametheory.dynamics.exp3 import exp3
from gametheory.dynamics.hedge import hedge, optimistic_hedge
from tests.gametheory.plain_learning import random_game, ranges

SEEDS = range(20)
shapes = pytest.mark.parametrize("sizes", [(2, 2), (3, 5), (2, 3, 4)])


@shapes
@pytest.mark.parametrize("seed", SEEDS)
def test_hedge_keeps_its_bounds(seed: int, sizes: tuple[int, ...]) -> None:
    game = random_game(seed, sizes)
    width, logs = ranges(game), np.log(sizes)
    rounds = 2000
    trace = hedge(game, rounds=rounds, record=50)
    t = trace.times[:, None]
    rate = np.sqrt(8 * logs / rounds) / width
    total = trace.regrets * t
    assert (total[-1] <= width * np.sqrt(rounds * logs / 2) + 1e-9).all()
    assert (total <= logs / rate + rate * width**2 * t / 8 + 1e-9).all()
    anytime = hedge(game, rounds=rounds, rate="anytime", record=50)
    assert (anytime.regrets * t <= width * np.sqrt(t * logs) + 1e-9).all()
    own = hedge(game, rounds=rounds, rate=0.3, record=50)
    assert (own.regrets * t <= logs / 0.3 + 0.3 * width**2 * t / 8 + 1e-9).all()
    for each in (trace, anytime, own):
        gap = gt.cce_gap(game, each.joint_average)
        assert gap == pytest.approx(each.regrets[-1].sum(), abs=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_sampled_hedge_has_the_same_bound_in_expectation(seed: int) -> None:
    game = random_game(seed, (3, 4))
    rounds, gains = 500, []
    for play_seed in range(40):
        joint = hedge(game, rounds=rounds, play="sampled", seed=play_seed, record=1).joint_average
        gains.append(action_gains(game, joint))
    bound = ranges(game) * np.sqrt(np.log([3, 4]) / 2 / rounds)
    for player in range(2):
        assert np.mean([each[player].max() for each in gains]) <= bound[player]


def action_gains(game: NormalFormGame, joint: Any) -> list[Any]:
    """What each player would have gained by each action, on average."""
    found = []
    for player, payoffs in enumerate(game.payoffs):
        others = np.moveaxis(payoffs, player, 0) * joint.sum(axis=player)
        found.append(others.reshape(len(others), -1).sum(axis=1) - (payoffs * joint).sum())
    return found


@shapes
@pytest.mark.parametrize("seed", SEEDS)
def test_optimistic_regrets_have_a_bounded_sum(seed: int, sizes: tuple[int, ...]) -> None:
    """Syrgkanis et al. (2015), with the last payoffs of the first round taken as 0."""
    game = random_game(seed, sizes)
    n = len(sizes)
    bound = 4 * (n - 1) * np.log(sizes).sum() + n / (4 * (n - 1))
    for rounds in (1, 10, 100, 1000, 20_000):
        joint = optimistic_hedge(game, rounds=rounds, record=1).joint_average
        # Regrets below zero count as what they are.
        best = np.array([gains.max() for gains in action_gains(game, joint)])
        assert rounds * (best / ranges(game)).sum() <= bound


@pytest.mark.parametrize("seed", SEEDS)
def test_the_last_iterate_of_optimistic_hedge_is_the_equilibrium(seed: int) -> None:
    """Wei et al. (2021): of a zero-sum game with only one equilibrium."""
    rng = np.random.default_rng(seed)
    game = NormalFormGame.zero_sum(rng.integers(-9, 10, size=(3, 3)))
    solution = gt.solve(game, find="all")
    if len(solution.equilibria) > 1:
        return
    trace = optimistic_hedge(game, rounds=200_000, record=20)
    assert trace.iterate_gaps[-1] < 1e-6
    for rows, strategy in zip(trace.iterates, solution.profile.strategies, strict=True):
        assert np.abs(rows[-1] - strategy).max() < 1e-5


@pytest.mark.parametrize("seed", SEEDS)
def test_zero_sum_averages_of_optimistic_hedge_come_like_one_over_time(seed: int) -> None:
    rng = np.random.default_rng(seed)
    game = NormalFormGame.zero_sum(rng.normal(size=(4, 3)))
    trace = optimistic_hedge(game, rounds=20_000, record=50)
    bound = (4 * np.log(12) + 1 / 2) * ranges(game)[0]
    assert (trace.gaps * trace.times <= bound).all()


def test_hedge_goes_round_matching_pennies_and_optimistic_hedge_does_not() -> None:
    pennies = NormalFormGame.zero_sum([[2, -1], [-1, 1]])
    outwards = hedge(pennies, rate=0.05, rounds=20_000)
    assert outwards.iterate_gaps[-1] > outwards.iterate_gaps[0] / 2
    assert optimistic_hedge(pennies, rounds=20_000).iterate_gaps[-1] < 1e-12


@pytest.mark.parametrize("seed", SEEDS)
def test_exp3_in_self_play(seed: int) -> None:
    """No fixed action is expected to earn more than the bound above: over 60 seeds."""
    game = random_game(seed, (2, 3))
    m, rounds = np.array([2, 3]), 1000
    gains = [
        action_gains(game, exp3(game, rounds=rounds, record=1, seed=k).joint_average)
        for k in range(60)
    ]
    bound = 2.63 * ranges(game) * np.sqrt(m * np.log(m) / rounds)
    for player in range(2):
        assert np.mean([each[player] for each in gains], axis=0).max() <= bound[player]


def test_exp3_against_nature() -> None:
    """One action is best by 1/2: the paper's gap between expected and best gains."""
    game = NormalFormGame([[1, 0, 0.5, 0]])
    regrets = [exp3(game, rounds=2000, record=1, seed=k).regrets[-1, 0] for k in range(100)]
    assert np.mean(regrets) <= 2.63 * np.sqrt(4 * np.log(4) / 2000)
    trace = exp3(game, rounds=2000, record=20)
    gamma = np.sqrt(4 * np.log(4) / (np.e - 1) / 2000)
    assert (trace.iterates[0] >= gamma / 4 - 1e-15).all()


def test_exp3_is_what_is_written_down_plainly() -> None:
    rng = np.random.default_rng(1)
    game = NormalFormGame(rng.normal(size=(3, 2, 3, 2)) * 5 + 3)
    rounds, n, sizes = 200, 3, game.n_actions
    uniform = np.random.default_rng(11).random((rounds, n))
    flat = game.payoffs.reshape(n, -1)
    low, width = flat.min(axis=1), np.ptp(flat, axis=1)
    estimates = [np.zeros(m) for m in sizes]
    gamma = [np.sqrt(m * np.log(m) / (np.e - 1) / rounds) for m in sizes]
    rows = []
    for t in range(rounds):
        x = []
        for m, g, estimate in zip(sizes, gamma, estimates, strict=True):
            odds = np.exp(g / m * (estimate - estimate.max()))
            x.append((1 - g) * odds / odds.sum() + g / m)
        actions = tuple(
            int(np.searchsorted(x[i].cumsum(), uniform[t, i], "right")) for i in range(n)
        )
        for i, action in enumerate(actions):
            gain = (game.payoffs[(i, *actions)] - low[i]) / width[i]
            estimates[i][action] += gain / x[i][action]
        rows.append(x)
    trace = exp3(game, rounds=rounds, record=rounds, spacing="even", seed=11)
    for i in range(n):
        assert np.abs(trace.iterates[i] - np.array([row[i] for row in rows])).max() < 1e-9


def test_exploring_all_the_time_is_uniform_play() -> None:
    game = random_game(0, (3, 3))
    assert np.abs(exp3(game, exploration=1.0, rounds=50).iterates[0] - 1 / 3).max() < 1e-15
