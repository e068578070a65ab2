"""Minimax strategies: exact on every kind of matrix game, against independent values."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import nashpy
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from gametheory.algorithms.normal_form import minimax_lp as module
from gametheory.algorithms.normal_form.minimax_lp import minimax_lp
from gametheory.algorithms.registry import Outcome, algorithms
from gametheory.certificates.normal_form import certify_minimax, certify_nash
from gametheory.games.catalog import catalog, load
from gametheory.games.normal_form import NormalFormGame
from gametheory.games.profiles import MixedProfile
from gametheory.solution import Status

PENNIES = [[1, -1], [-1, 1]]
ROCK_PAPER_SCISSORS = [[0, -1, 1], [1, 0, -1], [-1, 1, 0]]
SADDLE = [[3, 1, 4], [2, 0, -5]]
DUPLICATES = [[1, -1, 1], [-1, 1, -1], [1, -1, 1]]
DOMINATED = [[4, 0, 2, 9], [0, 4, 2, 9], [-1, -1, -1, 9], [2, 2, 2, 9]]

matrices = array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=6).flatmap(
    lambda shape: arrays(np.int64, shape, elements=st.integers(-3, 3))
)


def run(game: NormalFormGame) -> tuple[MixedProfile | None, Outcome]:
    search, found = minimax_lp(game), []
    while True:
        try:
            found.append(next(search))
        except StopIteration as stop:
            profiles = [profile for profile in found if profile is not None]
            assert len(profiles) <= 1
            return (profiles[0] if profiles else None), stop.value


def exact_value(game: NormalFormGame) -> Fraction:
    """Solve, insist on an exact certificate, return player 0's value."""
    profile, outcome = run(game)
    assert outcome.status is None
    assert profile is not None
    certificate = certify_minimax(game, profile)
    assert certificate.exact, certificate
    assert certify_nash(game, profile).exact
    return certificate.payoffs[0]


@pytest.mark.parametrize(
    ("matrix", "value"),
    [
        (PENNIES, 0),
        (ROCK_PAPER_SCISSORS, 0),
        (SADDLE, 1),
        (DUPLICATES, 0),
        (DOMINATED, 2),
        ([[0] * 3] * 3, 0),
        ([[3, 1, 2]], 1),
        ([[1], [3], [3]], 3),
        ([[7]], 7),
        ([["1/3", "1/7"], ["1/11", "2/5"]], Fraction(139, 577)),  # (ad - bc) / (a + d - b - c)
        ([[2**60 + 1, 2**60], [2**60, 2**60 + 2]], Fraction(2**60 * 3 + 2, 3)),
    ],
)
def test_values_are_exact(matrix: list[Any], value: Any) -> None:
    assert exact_value(NormalFormGame.zero_sum(matrix)) == value


@pytest.mark.parametrize("matrix", [PENNIES, ROCK_PAPER_SCISSORS, SADDLE, DUPLICATES, DOMINATED])
@pytest.mark.parametrize(
    ("scale", "shift"), [(1e-9, 0), (1e9, 0), (1, 1e9), (1e-300, 0), (1e300, 0), (1e-9, 1e9)]
)
def test_scale_and_offset_do_not_matter(matrix: list[Any], scale: float, shift: float) -> None:
    value = exact_value(NormalFormGame.zero_sum(np.array(matrix) * scale + shift))
    plain = float(exact_value(NormalFormGame.zero_sum(matrix)))
    assert float(value) == pytest.approx(plain * scale + shift, rel=1e-12, abs=1e-12 * scale)


def test_the_whole_range_of_floats() -> None:
    assert exact_value(NormalFormGame.zero_sum(np.array(PENNIES) * 1.7e308)) == 0


@pytest.mark.parametrize("kind", ["two-valued", "integers", "floats"])
def test_random_games_up_to_30_x_30_are_exact(kind: str) -> None:
    rng = np.random.default_rng(2_000)
    for _ in range(40):
        shape = tuple(rng.integers(1, 31, 2))
        draw = {
            "two-valued": lambda shape=shape: rng.integers(0, 2, shape),
            "integers": lambda shape=shape: rng.integers(-999, 1000, shape),
            "floats": lambda shape=shape: rng.normal(size=shape),
        }[kind]
        matrix = draw()
        value = exact_value(NormalFormGame.zero_sum(matrix))
        maxmin, minmax = matrix.min(axis=1).max().item(), matrix.max(axis=0).min().item()
        assert maxmin <= value <= minmax  # of pure actions


@given(matrices)
def test_the_value_agrees_with_nashpy(matrix: Any) -> None:
    value = exact_value(NormalFormGame.zero_sum(matrix))
    row, column = nashpy.Game(matrix).linear_program()
    assert float(value) == pytest.approx(row @ matrix @ column, abs=1e-6)


@given(matrices, st.randoms(use_true_random=False))
def test_the_value_does_not_depend_on_order_or_seat(matrix: Any, random: Any) -> None:
    rows, columns = list(range(matrix.shape[0])), list(range(matrix.shape[1]))
    random.shuffle(rows)
    random.shuffle(columns)
    plain = exact_value(NormalFormGame.zero_sum(matrix))
    assert exact_value(NormalFormGame.zero_sum(matrix[rows][:, columns])) == plain
    assert exact_value(NormalFormGame.zero_sum(-matrix.T)) == -plain
    assert exact_value(NormalFormGame.bimatrix(matrix, 7 - matrix)) == plain


def test_every_constant_sum_game_of_the_catalog() -> None:
    entries = [entry for entry in catalog() if entry.form == "normal form"]
    games = [entry.build() for entry in entries if entry.n_players == 2]
    solved = [exact_value(game) for game in games if game.is_constant_sum()]
    assert len(solved) >= 6


def test_floats_are_kept_where_exact_work_is_hopeless() -> None:
    rng = np.random.default_rng(5)
    matrix = [
        [Fraction(int(rng.integers(1, 2**62)), int(rng.integers(2**61, 2**62))) for _ in range(25)]
        for _ in range(25)
    ]
    game = NormalFormGame.zero_sum(matrix)
    profile, _ = run(game)
    assert profile is not None
    assert certify_minimax(game, profile).epsilon < Fraction(1, 10**7)


def test_only_two_player_constant_sum_games() -> None:
    algorithm = next(a for a in algorithms(concept="minimax") if a.name == "minimax-lp")
    assert algorithm.applies(load("matching_pennies")) == ""
    assert "sum to the same" in algorithm.applies(load("stag_hunt"))
    assert "3" in algorithm.applies(load("minority_game"))


def test_a_solver_that_fails_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    class Failed:
        success, nit, message = False, 17, "no luck"

    monkeypatch.setattr(module, "_solve_program", lambda payoffs: Failed)
    profile, outcome = run(load("matching_pennies"))
    assert profile is None
    assert outcome.status is Status.NUMERICAL_FAILURE
    assert outcome.iterations == 17
    assert "no luck" in outcome.reason
