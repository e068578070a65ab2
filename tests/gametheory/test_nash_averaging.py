"""Nash averaging: published axioms, exact equilibria, entropy against scipy and bounds."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from scipy.optimize import minimize

import gametheory as gt
from gametheory import NormalFormGame
from gametheory.evaluation import NashAverage, nash_averaging

SEEDS = range(20)
seeds = pytest.mark.parametrize("seed", SEEDS)
CIRCLE = np.array([[0, 1, -1], [-1, 0, 1], [1, -1, 0]])


def antisymmetric(rng: Any, n: int, *, real: bool = False) -> np.ndarray:
    half = rng.normal(size=(n, n)) if real else rng.integers(-3, 4, size=(n, n))
    return np.asarray(np.triu(half, 1) - np.triu(half, 1).T)


def average(payoffs: Any, against: str = "agents") -> NashAverage:
    return nash_averaging(NormalFormGame.zero_sum(payoffs), against=against)


def check(payoffs: np.ndarray, found: NashAverage) -> None:
    """An exact equilibrium, as even as any, and the ratings are what is earned against it."""
    assert found.certificate.exact
    assert gt.verify(NormalFormGame.zero_sum(payoffs), found.profile).exact
    assert max(found.entropy_gaps) < 1e-9
    for strategy, entropy in zip(found.profile.strategies, found.entropies, strict=True):
        used = strategy[strategy > 0]
        assert entropy == pytest.approx(-(used * np.log(used)).sum(), abs=1e-12)
    assert found.ratings == pytest.approx(payoffs @ found.profile[1], abs=1e-12)
    assert found.ratings.max() == pytest.approx(found.value, abs=1e-12)


def test_a_circle_is_rated_equal() -> None:
    found = average(CIRCLE)
    assert found.profile.exact == ((Fraction(1, 3),) * 3,) * 2
    assert found.ratings.tolist() == [0, 0, 0] and found.ranking == ((0, 1, 2),)
    assert found.entropies[0] == pytest.approx(np.log(3)) and found.task_ratings.size == 0


def test_a_redundant_agent_changes_nothing() -> None:
    """Balduzzi et al. (2018): copies share the weight, and all ratings stay."""
    places = [0, 1, 2, 2]
    found = average(CIRCLE[np.ix_(places, places)])
    assert found.profile[0] == pytest.approx([1 / 3, 1 / 3, 1 / 6, 1 / 6], abs=1e-12)
    assert found.ratings == pytest.approx(np.zeros(4), abs=1e-12)
    uniform = CIRCLE[np.ix_(places, places)].mean(axis=1)
    assert (np.abs(uniform) > 0.2).any()  # what averages over opponents make of it
    check(CIRCLE[np.ix_(places, places)], found)


def test_the_best_agent_has_all_the_weight() -> None:
    """Transitive: who beats everybody is the only equilibrium."""
    strength = np.array([3.0, 1.0, 2.0])
    found = average(strength[:, None] - strength)
    assert found.profile[0].tolist() == [1, 0, 0]
    assert found.ranking == ((0,), (2,), (1,)) and found.value == 0


def test_without_differences_everybody_is_equal() -> None:
    for against in ("agents", "tasks"):
        found = average(np.zeros((4, 4)), against)
        assert found.profile[0].tolist() == [0.25] * 4 and max(found.entropy_gaps) < 1e-12
    assert average([[7]], "tasks").value == 7


@pytest.mark.parametrize("n", [2, 3, 5, 8])
@seeds
def test_equilibria_are_exact_and_as_even_as_any(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    for real in (False, True):
        payoffs = antisymmetric(rng, n, real=real)
        check(payoffs, average(payoffs))
    scores = rng.integers(-3, 4, size=(n, 4))
    found = average(scores, "tasks")
    check(scores, found)
    assert found.task_ratings == pytest.approx(-found.profile[0] @ scores, abs=1e-12)


@seeds
def test_scipy_finds_nothing_more_even(seed: int) -> None:
    """Small integers leave whole faces of equilibria."""
    rng = np.random.default_rng(seed)
    payoffs = np.sign(antisymmetric(rng, 6)).astype(float)
    payoffs[np.abs(antisymmetric(rng, 6)) == 1] = 0
    payoffs = np.triu(payoffs, 1) - np.triu(payoffs, 1).T
    found = average(payoffs)
    check(payoffs, found)
    answer = minimize(
        lambda p: float((p * np.log(np.maximum(p, 1e-300))).sum()),
        np.full(6, 1 / 6),
        jac=lambda p: np.log(np.maximum(p, 1e-300)) + 1,
        bounds=[(0, 1)] * 6,
        constraints=[
            {"type": "ineq", "fun": lambda p: -payoffs @ p, "jac": lambda p: -payoffs},
            {"type": "eq", "fun": lambda p: p.sum() - 1, "jac": lambda p: np.ones(6)},
        ],
        options={"maxiter": 500, "ftol": 1e-12},
    )
    if answer.success and (payoffs @ answer.x).max() < 1e-8:
        assert -answer.fun <= found.entropies[0] + 1e-5
        assert -answer.fun >= found.entropies[0] - 1e-3


@seeds
def test_names_and_copies_change_nothing(seed: int) -> None:
    rng = np.random.default_rng(seed)
    payoffs = antisymmetric(rng, 5)
    found = average(payoffs)
    order = rng.permutation(5)
    renamed = average(payoffs[np.ix_(order, order)])
    assert renamed.profile[0] == pytest.approx(found.profile[0][order], abs=1e-8)
    places = np.append(np.arange(5), rng.integers(0, 5, size=4))
    copied = average(payoffs[np.ix_(places, places)])
    # All agents are rated as before wherever the widest equilibrium decides; copies are equal.
    for agent in range(5):
        same = copied.ratings[places == agent]
        assert same == pytest.approx(np.full(len(same), same[0]), abs=1e-12)
        weights = copied.profile[0][places == agent]
        assert weights == pytest.approx(np.full(len(weights), weights[0]), abs=1e-8)
    scaled = nash_averaging(NormalFormGame.zero_sum((payoffs.astype(object) * 10**25).tolist()))
    assert scaled.profile[0] == pytest.approx(found.profile[0], abs=1e-8)
    rates = nash_averaging(NormalFormGame.bimatrix(payoffs + 4, 4 - payoffs))
    assert rates.profile[0] == pytest.approx(found.profile[0], abs=1e-8)
    assert rates.ratings == pytest.approx(found.ratings + 4, abs=1e-8) and rates.value == 4


@seeds
def test_a_copied_task_changes_no_rating_where_the_equilibrium_is_unique(seed: int) -> None:
    scores = np.random.default_rng(seed).normal(size=(4, 3))
    found = average(scores, "tasks")
    copied = average(np.hstack([scores, scores[:, :1], scores[:, :1]]), "tasks")
    assert copied.ratings == pytest.approx(found.ratings, abs=1e-8)
    assert copied.value == pytest.approx(found.value, abs=1e-12)
    assert copied.profile[0] == pytest.approx(found.profile[0], abs=1e-8)


def test_openspiel_agrees() -> None:
    pytest.importorskip("cvxpy")
    peer = pytest.importorskip("open_spiel.python.algorithms.nash_averaging")
    for seed in SEEDS:
        payoffs = antisymmetric(np.random.default_rng(seed), 5).astype(float)
        expected = peer._max_entropy_symmetric_nash(payoffs, eps=0.0).ravel()
        assert average(payoffs).profile[0] == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize("n", [60, 170])
def test_many_agents_and_many_copies(n: int) -> None:
    rng = np.random.default_rng(n)
    payoffs = antisymmetric(rng, n)
    places = rng.integers(0, n // 3, size=n)
    for each in (payoffs, payoffs[np.ix_(places, places)]):
        found = average(each)
        width = np.ptp(each)
        assert float(found.certificate.epsilon) <= 1e-12 * width
        assert max(found.entropy_gaps) < 1e-9
        assert found.profile.strategies[0].max() < 0.5


def test_what_is_refused() -> None:
    with pytest.raises(gt.UnsupportedGame, match="constant sum"):
        nash_averaging(NormalFormGame.bimatrix([[1, 2], [3, 4]], [[1, 2], [3, 4]]))
    with pytest.raises(gt.UnsupportedGame, match="not symmetric"):
        nash_averaging(NormalFormGame.zero_sum([[1, 2], [3, 0]]))
    with pytest.raises(gt.UnsupportedGame, match="against is 'all'"):
        average(CIRCLE, "all")
    with pytest.raises(gt.UnsupportedGame, match="two players"):
        nash_averaging(NormalFormGame(np.zeros((3, 2, 2, 2))))
