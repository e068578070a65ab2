"""Learners without internal regret: joint play comes to correlated equilibria, at a known rate."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gametheory as gt
from gametheory import NormalFormGame
from gametheory.dynamics.blum_mansour import blum_mansour
from gametheory.dynamics.internal_regret import (
    conditional_regret_matching,
    internal_regret_matching,
)
from gametheory.kernels.stationary import stationary
from tests.gametheory.plain_learning import random_game, ranges

SEEDS = range(20)
shapes = pytest.mark.parametrize("sizes", [(2, 2), (3, 5), (2, 3, 4)])


def internal_regret(game: NormalFormGame, joint: Any) -> Any:
    """Each player's largest gain from one action for one other, on average."""
    found = []
    for player, payoffs in enumerate(game.payoffs):
        own = np.moveaxis(payoffs, player, 0).reshape(payoffs.shape[player], -1)
        earned = np.moveaxis(joint, player, 0).reshape(own.shape) @ own.T
        found.append((earned - np.diag(earned)[:, None]).max())
    return np.array(found)


@shapes
@pytest.mark.parametrize("seed", SEEDS)
def test_internal_regret_matching_keeps_its_bounds(seed: int, sizes: tuple[int, ...]) -> None:
    game = random_game(seed, sizes)
    m, width = np.array(sizes), ranges(game)
    for rounds in (1, 10, 1000):
        trace = internal_regret_matching(game, rounds=rounds)
        joint = trace.joint_average
        assert (internal_regret(game, joint) <= width * np.sqrt((m - 1) / rounds) + 1e-12).all()
        swap = width * np.sqrt(m * (m - 1) / rounds)
        assert (gt.swap_regrets(game, joint) <= swap + 1e-12).all()
        assert gt.ce_gap(game, joint) <= swap.sum() + 1e-12
        assert (trace.regrets[-1] <= gt.swap_regrets(game, joint) + 1e-12).all()


@pytest.mark.parametrize("learner", [internal_regret_matching, blum_mansour])
@pytest.mark.parametrize("seed", range(6))
def test_sampled_play_has_the_same_bound_in_expectation(seed: int, learner: Any) -> None:
    game = random_game(seed, (3, 4))
    m, rounds = np.array([3, 4]), 500
    swaps = [
        gt.swap_regrets(
            game, learner(game, rounds=rounds, play="sampled", record=1, seed=k).joint_average
        )
        for k in range(40)
    ]
    square = m - 1 if learner is internal_regret_matching else np.log(m) / 2
    assert (np.mean(swaps, axis=0) <= ranges(game) * np.sqrt(m * square / rounds)).all()


@shapes
@pytest.mark.parametrize("seed", SEEDS)
def test_blum_mansour_keeps_its_bound(seed: int, sizes: tuple[int, ...]) -> None:
    game = random_game(seed, sizes)
    m = np.array(sizes)
    for rounds in (10, 1000):
        joint = blum_mansour(game, rounds=rounds, record=1).joint_average
        bound = ranges(game) * np.sqrt(m * np.log(m) / 2 / rounds)
        assert (gt.swap_regrets(game, joint) <= bound + 1e-12).all()
        assert gt.ce_gap(game, joint) <= bound.sum() + 1e-12


def test_shapleys_game_has_one_correlated_equilibrium_that_is_reached() -> None:
    """Where fictitious play goes round: here swap regret is what is left."""
    game = NormalFormGame.bimatrix(
        [[1, 0, 0], [0, 1, 0], [0, 0, 1]], [[0, 1, 0], [0, 0, 1], [1, 0, 0]]
    )
    start = gt.MixedProfile([[0.6, 0.3, 0.1], [0.2, 0.2, 0.6]])
    trace = internal_regret_matching(game, rounds=50_000, start=start)
    assert gt.ce_gap(game, trace.joint_average) <= 2 * np.sqrt(6 / 50_000)


@pytest.mark.parametrize("seed", SEEDS)
def test_leaving_an_action_has_the_papers_probability(seed: int) -> None:
    """The main theorem speaks of the limit: here each transition is checked."""
    game = random_game(2 * seed, (3, 4))
    rounds = 60
    trace = conditional_regret_matching(game, rounds=rounds, seed=seed, record=60, spacing="even")
    counts = np.arange(1, rounds + 1)[:, None]
    actions = []
    for rows in trace.averages:
        played = np.diff(np.vstack([np.zeros(rows.shape[1]), rows * counts]), axis=0)
        actions.append(played.argmax(axis=1))
    for player, m in enumerate(game.n_actions):
        own = game.payoffs[0] if player == 0 else game.payoffs[1].T
        mu = 2 * (m - 1) * ranges(game)[player]
        for t in range(1, rounds):
            last = actions[player][t - 1]
            same = [s for s in range(t) if actions[player][s] == last]
            faced = own[:, actions[1 - player][same]]
            regret = np.maximum((faced - faced[last]).sum(axis=1) / t, 0) / mu
            regret[last] = 1 - regret.sum()
            assert np.abs(trace.iterates[player][t] - regret).max() < 1e-9


def test_inertia() -> None:
    game = random_game(0, (3, 3))
    least = 2 * ranges(game).max()
    with pytest.raises(gt.UnsupportedGame, match="inertia is"):
        conditional_regret_matching(game, inertia=least)
    slow = conditional_regret_matching(game, inertia=1e6 * least, rounds=100)
    assert slow.iterates[0][1:].max(axis=1).min() > 0.999
    assert conditional_regret_matching(NormalFormGame([[[1]], [[2]]]), inertia=0).times[-1] == 1e4


@pytest.mark.parametrize("seed", SEEDS)
def test_chains_keep_their_stationary_distributions(seed: int) -> None:
    """Also chains of several classes, and rates of very different size."""
    rng = np.random.default_rng(seed)
    m = int(rng.integers(1, 7))
    rates = rng.random((m, m)) * (rng.random((m, m)) < 0.4) * 10.0 ** rng.integers(-9, 9, (m, 1))
    out = np.zeros(m + 2)
    chained(rates.copy(), m, out, 1)
    x = out[1:-1]
    assert (x >= 0).all() and x.sum() == pytest.approx(1) and out[0] == out[-1] == 0
    flow = x[:, None] * rates
    np.fill_diagonal(flow, 0)
    assert flow.sum(axis=0) == pytest.approx(flow.sum(axis=1), rel=1e-12, abs=1e-300)


def chained(rates: Any, m: int, out: Any, start: int) -> None:
    stationary.py_func(rates, m, out, start)  # type: ignore[attr-defined]
