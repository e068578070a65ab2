"""The logit correspondence: closed forms, other libraries, limits, and every awkward scale."""

from __future__ import annotations

import pickle
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import brentq

from gametheory.algorithms.normal_form.logit_path import (
    logit_branch,
    logit_equilibrium,
    logit_path,
)
from gametheory.algorithms.registry import Outcome, Search
from gametheory.certificates.logit import certify_logit
from gametheory.certificates.normal_form import certify_nash
from gametheory.errors import InvalidProfile, UnsupportedGame
from gametheory.games.normal_form import NormalFormGame
from gametheory.games.profiles import MixedProfile
from gametheory.games.quantal_response import LogitEquilibrium

SHAPES = [(2, 4), (3, 3), (3, 3, 3), (2, 2, 2, 2), (4, 2, 3)]


def run(search: Search) -> tuple[list[Any], Outcome]:
    found = []
    while True:
        try:
            found.append(next(search))
        except StopIteration as stop:
            return [profile for profile in found if profile is not None], stop.value


def limit(game: NormalFormGame) -> MixedProfile:
    profiles, outcome = run(logit_path(game))
    assert len(profiles) == 1, outcome
    assert isinstance(profiles[0], MixedProfile)
    return profiles[0]


def at(game: NormalFormGame, rationality: float) -> LogitEquilibrium:
    profiles, outcome = run(logit_equilibrium(game, rationality))
    assert len(profiles) == 1, outcome
    assert isinstance(profiles[0], LogitEquilibrium)
    return profiles[0]


def random_game(shape: tuple[int, ...], seed: int) -> NormalFormGame:
    return NormalFormGame(np.random.default_rng(seed).random((len(shape), *shape)))


def relative_regret(game: NormalFormGame, profile: MixedProfile) -> float:
    return float(certify_nash(game, profile).epsilon) / (game.payoff_range or 1.0)


def logit_responses(game: NormalFormGame, profile: LogitEquilibrium) -> list[Any]:
    """Softmax responses in plain floats, shares no code with the certificate."""
    responses = []
    for player in range(game.n_players):
        payoffs = profile.rationality * game.deviation_payoffs(profile, player)
        odds = np.exp(payoffs - payoffs.max())
        responses.append(odds / odds.sum())
    return responses


@pytest.mark.parametrize("rationality", [0.1, 0.7, 3.0, 20.0])
@pytest.mark.parametrize(("a", "b", "c", "d"), [(4, 0, 3, 2), (2, 0, 3, 1), (0, 7, 2, 6)])
def test_symmetric_two_by_two_games_solve_one_equation(
    a: int, b: int, c: int, d: int, rationality: float
) -> None:
    game = NormalFormGame.symmetric([[a, b], [c, d]])

    def excess(p: float) -> float:
        gain = (a - c) * p + (b - d) * (1 - p)
        return p - 1 / (1 + np.exp(-rationality * gain))

    grid = np.linspace(0.0, 1.0, 4001)
    values = [excess(p) for p in grid]
    roots = [
        brentq(excess, low, high, xtol=1e-15)
        for low, high, left, right in zip(grid, grid[1:], values, values[1:], strict=False)
        if left * right <= 0
    ]
    p, q = at(game, rationality)[0][0], at(game, rationality)[1][0]
    assert abs(p - q) < 1e-12
    assert min(abs(p - root) for root in roots) < 1e-12


@pytest.mark.parametrize("rationality", [0.05, 0.5, 2.0])
@pytest.mark.parametrize("top", [9.0, 4.0, 1.0])
def test_asymmetric_matching_pennies_solve_two_equations(top: float, rationality: float) -> None:
    # The games of Ochs (1995), Games and Economic Behavior 10, with the row player's payoff top.
    game = NormalFormGame.bimatrix([[top, 0], [0, 1]], [[0, 1], [1, 0]])

    def row(q: float) -> float:
        return float(1 / (1 + np.exp(-rationality * (top * q - (1 - q)))))

    def column(p: float) -> float:
        return float(1 / (1 + np.exp(-rationality * (1 - 2 * p))))

    q = brentq(lambda q: q - column(row(q)), 0.0, 1.0, xtol=1e-15)
    point = at(game, rationality)
    np.testing.assert_allclose([point[0][0], point[1][0]], [row(q), q], atol=1e-12)


def test_own_payoffs_move_behavior_against_the_equilibrium_of_nash() -> None:
    # Nash: the row player's mixture does not depend on its own payoff. Logit: it does.
    def row_player(top: float) -> float:
        game = NormalFormGame.bimatrix([[top, 0], [0, 1]], [[0, 1], [1, 0]])
        assert limit(game)[0][0] == pytest.approx(0.5, abs=1e-12)
        return float(at(game, 1.0)[0][0])

    assert row_player(9.0) > row_player(4.0) > 0.5


@pytest.mark.parametrize("shape", SHAPES)
def test_branch_begins_uniform_and_satisfies_its_equations(shape: tuple[int, ...]) -> None:
    game = random_game(shape, 1)
    points, outcome = run(logit_branch(game, resolution=0.1))
    assert points[0] == LogitEquilibrium.uniform(game)
    assert certify_logit(game, points[0]).exact
    assert outcome.status is None
    assert not outcome.complete
    assert "principal branch" in outcome.reason
    rationalities = [point.rationality for point in points]
    assert rationalities[0] < rationalities[1] < rationalities[2]
    assert rationalities[-1] == pytest.approx(1e6 / game.payoff_range)
    for point in points:
        certificate = certify_logit(game, point)
        differences = [
            float(abs(p - q).max())
            for p, q in zip(point, logit_responses(game, point), strict=True)
        ]
        np.testing.assert_allclose([float(r) for r in certificate.regrets], differences, atol=1e-8)
        assert certificate.epsilon < 1e-9
    for one, next_one in pairwise(points):
        assert max(float(abs(p - q).max()) for p, q in zip(one, next_one, strict=True)) < 0.1001


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("seed", range(8))
def test_limits_are_equilibria(shape: tuple[int, ...], seed: int) -> None:
    game = random_game(shape, seed)
    profile = limit(game)
    assert relative_regret(game, profile) < 1e-14
    late = at(game, 1e5 / game.payoff_range)
    assert max(float(abs(p - q).max()) for p, q in zip(profile, late, strict=True)) < 1e-2


@pytest.mark.parametrize("shape", SHAPES)
def test_gambit_finds_the_same_limit(shape: tuple[int, ...]) -> None:
    gambit = pytest.importorskip("pygambit")
    for seed in range(10, 15):
        game = random_game(shape, seed)
        theirs = gambit.nash.logit_solve(gambit.Game.from_arrays(*game.payoffs)).equilibria[0]
        flat = [float(theirs[s]) for player in theirs.game.players for s in player.strategies]
        np.testing.assert_allclose(np.concatenate(limit(game).strategies), flat, atol=1e-4)


@pytest.mark.parametrize("shape", SHAPES)
def test_gambit_finds_the_same_points(shape: tuple[int, ...]) -> None:
    gambit = pytest.importorskip("pygambit")
    qre = pytest.importorskip("pygambit.qre")
    game = random_game(shape, 20)
    theirs = gambit.Game.from_arrays(*game.payoffs)
    for rationality in (0.5, 3.0):
        (point,) = qre.logit_solve_lambda(theirs, rationality, use_strategic=True)
        flat = [float(point.profile[s]) for p in theirs.players for s in p.strategies]
        ours = np.concatenate(at(game, rationality).strategies)
        np.testing.assert_allclose(ours, flat, atol=1e-6)


@given(arrays(np.int64, (2, 3, 3), elements=st.integers(0, 2)))
@settings(max_examples=60)
def test_degenerate_games_have_a_limit_too(payoffs: Any) -> None:
    game = NormalFormGame(payoffs)
    profiles, outcome = run(logit_path(game))
    if outcome.status is None:
        assert relative_regret(game, profiles[0]) < 1e-6
    else:
        assert outcome.reason


@pytest.mark.parametrize("size", [2, 3, 8])
def test_bifurcations_are_passed_straight_on(size: int) -> None:
    game = NormalFormGame.symmetric(np.eye(size))
    profiles, outcome = run(logit_path(game))
    np.testing.assert_allclose(profiles[0][0], np.full(size, 1 / size))
    assert relative_regret(game, profiles[0]) < 1e-15
    assert outcome.status is None
    if size % 2 == 0:  # an odd number of branches crosses there: the orientation changes
        assert f"bifurcates near rationality {size}" in outcome.reason


STAG_HUNT = [[4, 0], [3, 2]]


@pytest.mark.parametrize(
    "payoffs",
    [
        [[4 * 10**9, 0], [3 * 10**9, 2 * 10**9]],
        [[4e-9, 0], [3e-9, 2e-9]],
        [[10**17 + 64, 10**17], [10**17 + 48, 10**17 + 32]],
        [[10**30 + 4, 10**30], [10**30 + 3, 10**30 + 2]],
        [["4/3", 0], [1, "2/3"]],
    ],
)
def test_scale_and_shift_change_nothing(payoffs: list[list[Any]]) -> None:
    game = NormalFormGame.symmetric(payoffs)
    plain = NormalFormGame.symmetric(STAG_HUNT)
    assert limit(game) == limit(plain)
    ours, _ = run(logit_equilibrium(game))
    theirs, _ = run(logit_equilibrium(plain))
    np.testing.assert_allclose(ours[0][0], theirs[0][0], atol=1e-14)
    assert certify_logit(game, ours[0]).epsilon < 1e-13


def test_large_payoffs_leave_no_regret_where_gambit_does() -> None:
    for seed in range(10):
        rng = np.random.default_rng(seed)
        game = NormalFormGame(rng.random((3, 3, 3, 3)) * 1e9)
        assert relative_regret(game, limit(game)) < 1e-14


@pytest.mark.parametrize(
    "game",
    [
        NormalFormGame(np.zeros((2, 3, 3))),
        NormalFormGame(np.zeros((1, 4))),
        NormalFormGame([[7]]),
        NormalFormGame([[1, 5, 3]]),
        NormalFormGame.bimatrix([[1]], [[2]]),
        NormalFormGame.bimatrix([[1, 2, 3]], [[3, 1, 2]]),
        NormalFormGame.zero_sum([[1], [4], [4]]),
        NormalFormGame(np.random.default_rng(0).random((3, 1, 3, 1))),
        NormalFormGame.symmetric([[1, 1], [1, 1]]),
        NormalFormGame(np.random.default_rng(0).random((5, 3, 3, 3, 3, 3))),
        NormalFormGame.bimatrix([[1e9, 0], [0, 1e9]], [[1e-9, 0], [0, 1e-9]]),
    ],
)
def test_small_and_odd_games(game: NormalFormGame) -> None:
    profile = limit(game)
    assert relative_regret(game, profile) < 1e-9
    points, outcome = run(logit_branch(game))
    assert outcome.status is None
    assert max(certify_logit(game, point).epsilon for point in points) < 1e-9


def test_one_point_of_the_branch_on_request() -> None:
    game = NormalFormGame.symmetric(STAG_HUNT)
    assert run(logit_branch(game, rationality=2.0))[0] == [at(game, 2.0)]
    assert at(game, 0.0) == LogitEquilibrium.uniform(game)
    points, _ = run(logit_branch(game, max_rationality=3.0))
    assert points[-1].rationality == 3.0
    with pytest.raises(UnsupportedGame):
        run(logit_branch(game, resolution=0.0))
    with pytest.raises(UnsupportedGame):
        run(logit_equilibrium(game, -1.0))
    with pytest.raises(UnsupportedGame):
        run(logit_branch(game, max_rationality=float("inf")))


def test_points_are_values() -> None:
    point = LogitEquilibrium([[0.25, 0.75], ["1/3", "2/3"]], 1.5)
    assert pickle.loads(pickle.dumps(point)) == point
    assert hash(pickle.loads(pickle.dumps(point))) == hash(point)
    assert eval(repr(LogitEquilibrium([["1/2", "1/2"]], 2)).replace("1/2", "0.5")) is not None
    assert point != LogitEquilibrium([[0.25, 0.75], ["1/3", "2/3"]], 2.0)
    assert point != MixedProfile(point.exact)
    assert MixedProfile(point.exact) != point
    with pytest.raises(AttributeError):
        point.rationality = 2.0
    for wrong in (-1.0, float("nan"), float("inf"), "much"):
        with pytest.raises(InvalidProfile):
            LogitEquilibrium([[1.0]], wrong)  # type: ignore[arg-type]


def test_certificates_bound_the_truth_from_above() -> None:
    game = NormalFormGame.symmetric([[2, 0], [3, 1]])
    certificate = certify_logit(game, LogitEquilibrium([["1/2", "1/2"]] * 2, 1.0))
    truth = Fraction(float(np.e / (1 + np.e))) - Fraction(1, 2)
    assert 0 <= certificate.epsilon - truth + Fraction(1, 10**15) < Fraction(1, 10**14)
    assert certificate.arithmetic == "float with error bound"
    assert certificate.payoffs == (Fraction(3, 2), Fraction(3, 2))
    assert len(certificate.regrets) == 2
    huge = certify_logit(game, LogitEquilibrium([[0.0, 1.0]] * 2, 1e300))
    assert huge.epsilon < 1e-37
    with pytest.raises(InvalidProfile):
        certify_logit(game, MixedProfile([[1, 0]] * 2))
    with pytest.raises(InvalidProfile):
        certify_logit(game, LogitEquilibrium([[1, 0]], 1.0))
