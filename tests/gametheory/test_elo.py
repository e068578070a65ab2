"""Elo ratings against closed forms, the definition of the maximum, and another optimizer."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import minimize

from gametheory.errors import UnsupportedGame
from gametheory.evaluation.elo import elo_ratings

seeds = pytest.mark.parametrize("seed", range(8))


def random_scores(seed: int, n: int = 7) -> np.ndarray:
    rng = np.random.default_rng(seed)
    scores = rng.integers(1, 60, (n, n)) / 2.0
    np.fill_diagonal(scores, 0.0)
    return scores


@pytest.mark.parametrize(("won", "lost"), [(3, 1), (1, 1), (0.5, 99.5), (1e6, 1)])
def test_two_players_have_the_odds_of_their_scores(won: float, lost: float) -> None:
    result = elo_ratings([[0, won], [lost, 0]])
    assert result.ratings[0] - result.ratings[1] == pytest.approx(400 * math.log10(won / lost))
    assert result.ratings.sum() == pytest.approx(0, abs=1e-9)
    assert result.expected[0, 1] == pytest.approx(won / (won + lost))
    # The variance of a logit: 1 / won + 1 / lost; each rating moves by half of it.
    error = 400 / math.log(10) * math.sqrt(1 / won + 1 / lost) / 2
    assert_allclose(result.standard_errors, [error, error], rtol=1e-6)


@seeds
def test_expected_scores_are_the_observed_ones(seed: int) -> None:
    scores = random_scores(seed)
    result = elo_ratings(scores)
    games = scores + scores.T
    assert_allclose((games * result.expected).sum(axis=1), scores.sum(axis=1), rtol=1e-9)
    strengths = 10 ** (result.ratings / 400)
    odds = strengths[:, None] / (strengths[:, None] + strengths)
    assert_allclose(result.expected, odds, rtol=1e-9)
    assert result.error < 1e-9


@seeds
def test_nothing_near_is_likelier_and_another_optimizer_agrees(seed: int) -> None:
    scores = random_scores(seed, n=5)

    def loss(ratings: np.ndarray) -> float:
        ahead = np.subtract.outer(ratings, ratings) * math.log(10) / 400
        return float((scores * np.logaddexp(0.0, -ahead)).sum())

    result = elo_ratings(scores)
    assert result.log_likelihood == pytest.approx(-loss(result.ratings), rel=1e-12)
    found = minimize(loss, np.zeros(5), method="Nelder-Mead", options={"maxiter": 20_000})
    assert loss(result.ratings) <= found.fun + 1e-9
    assert_allclose(result.ratings, found.x - found.x.mean(), atol=2.0)


@seeds
def test_equal_numbers_of_games_give_the_order_of_total_scores(seed: int) -> None:
    rng = np.random.default_rng(seed)
    wins = np.triu(rng.integers(1, 40, (9, 9)), 1).astype(float)
    scores = wins + np.tril(40 - wins.T, -1)
    order = np.argsort(-scores.sum(axis=1), kind="stable")
    assert_array_equal(np.diff(elo_ratings(scores).ratings[order]) <= 1e-9, True)


def test_names_do_not_matter_and_self_play_neither() -> None:
    scores = random_scores(3)
    order = np.random.default_rng(0).permutation(len(scores))
    result, moved = elo_ratings(scores), elo_ratings(scores[np.ix_(order, order)] + np.eye(7))
    assert_allclose(moved.ratings, result.ratings[order], atol=1e-6)
    assert_allclose(elo_ratings(10 * scores).ratings, result.ratings, atol=1e-6)


def test_a_circle_has_no_ratings_and_shows_as_misfit() -> None:
    result = elo_ratings([[0, 9, 1], [1, 0, 9], [9, 1, 0]])
    assert_allclose(result.ratings, 0, atol=1e-9)
    assert result.largest_misfit == pytest.approx(0.4)


@pytest.mark.parametrize(
    "scores",
    [[[0, 5], [0, 0]], [[0, 1, 0], [1, 0, 0], [0, 0, 0]], [[0, 2, 2], [0, 0, 1], [0, 1, 0]]],
)
def test_scores_without_a_maximum_are_refused_unless_there_is_a_prior(scores: object) -> None:
    with pytest.raises(UnsupportedGame, match="no finite ratings"):
        elo_ratings(scores)  # type: ignore[arg-type]
    assert np.isfinite(elo_ratings(scores, prior=1.0).ratings).all()  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "scores", [[[0, -1], [1, 0]], [[0, math.nan], [1, 0]], [[0, 1, 2], [1, 0, 2]], [], "x", [1, 2]]
)
def test_bad_scores_are_refused(scores: object) -> None:
    with pytest.raises(UnsupportedGame):
        elo_ratings(scores)  # type: ignore[arg-type]
    with pytest.raises(UnsupportedGame, match="prior"):
        elo_ratings([[0, 1], [1, 0]], prior=-1)


def test_strengths_that_are_far_apart_converge() -> None:
    n = 30
    scores = np.triu(np.full((n, n), 999.0), 1) + np.tril(np.full((n, n), 1.0), -1)
    result = elo_ratings(scores)
    assert result.ranking == tuple(range(n))
    assert result.error < 1e-9
