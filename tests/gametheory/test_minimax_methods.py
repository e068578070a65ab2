"""The methods for constant-sum games: one value, exactly, and an independent simplex to compare."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from gametheory.algorithms.normal_form import interior_point as interior_module
from gametheory.algorithms.normal_form import minimax_lp as lp_module
from gametheory.algorithms.normal_form import minimax_simplex as simplex_module
from gametheory.algorithms.normal_form.exact_kernel import optimal_strategies
from gametheory.algorithms.normal_form.interior_point import interior_point, interior_vertex
from gametheory.algorithms.normal_form.matrix_game import duality_gap, scaled_payoffs
from gametheory.algorithms.normal_form.minimax_lp import minimax_lp
from gametheory.algorithms.normal_form.minimax_simplex import minimax_simplex
from gametheory.algorithms.normal_form.simplex_vertex import (
    improved_vertex,
    simplex_vertex,
    vertex_at,
)
from gametheory.algorithms.registry import Outcome
from gametheory.certificates.normal_form import certify_minimax, certify_nash
from gametheory.games.catalog import load
from gametheory.games.normal_form import NormalFormGame
from gametheory.games.profiles import MixedProfile

METHODS = (minimax_simplex, interior_point, minimax_lp)
every_method = pytest.mark.parametrize("method", METHODS, ids=lambda method: method.__name__)
every_vertex = pytest.mark.parametrize("find_vertex", [simplex_vertex, interior_vertex])


def degenerate_matrices(largest: int = 7) -> st.SearchStrategy[Any]:
    """Few values, so that ties and duplicates are the rule."""
    return array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=largest).flatmap(
        lambda shape: st.integers(1, 4).flatmap(
            lambda high: arrays(np.int64, shape, elements=st.integers(-high, high))
        )
    )


def finish(search: Any) -> tuple[list[Any], Any]:
    """Run a generator; return what it yielded besides heartbeats, and what it returned."""
    found = []
    while True:
        try:
            item = next(search)
        except StopIteration as stop:
            return found, stop.value
        if item is not None:
            found.append(item)


def exact_value(method: Callable[[NormalFormGame], Any], matrix: Any) -> Fraction:
    """Solve, insist on an exact certificate, return the row player's value."""
    game = NormalFormGame.zero_sum(matrix)
    (profile,), outcome = finish(method(game))
    assert isinstance(profile, MixedProfile)
    assert isinstance(outcome, Outcome)
    assert outcome.status is None
    certificate = certify_minimax(game, profile)
    assert certificate.exact, certificate
    assert certify_nash(game, profile).exact
    return certificate.payoffs[0]


def reference_value(matrix: Any) -> Fraction:
    """Solve by Bland's simplex on a full tableau of Fractions: slow, and shares no code."""
    rows = [[Fraction(entry) for entry in line] for line in np.asarray(matrix).tolist()]
    shift = min(map(min, rows)) - 1
    m, n = len(rows), len(rows[0])
    tableau = [
        [entry - shift for entry in line] + [Fraction(i == k) for k in range(m)] + [Fraction(1)]
        for i, line in enumerate(rows)
    ]
    costs = [Fraction(-1)] * n + [Fraction(0)] * (m + 1)
    basis = list(range(n, n + m))
    while min(costs[:-1]) < 0:
        entering = next(j for j, cost in enumerate(costs) if cost < 0)
        _, _, leaving = min(
            (line[-1] / line[entering], basis[i], i)
            for i, line in enumerate(tableau)
            if line[entering] > 0
        )
        pivot = tableau[leaving][entering]
        tableau[leaving] = [entry / pivot for entry in tableau[leaving]]
        for line in (*tableau[:leaving], *tableau[leaving + 1 :], costs):
            factor = line[entering]
            line[:] = [a - factor * b for a, b in zip(line, tableau[leaving], strict=True)]
        basis[leaving] = entering
    return 1 / costs[-1] + shift


@given(degenerate_matrices())
def test_all_methods_agree_with_a_simplex_in_fractions(matrix: Any) -> None:
    value = reference_value(matrix)
    for method in METHODS:
        assert exact_value(method, matrix) == value


@every_method
@pytest.mark.parametrize(
    ("matrix", "value"),
    [
        ([[7]], 7),
        ([[3, 1, 2]], 1),
        ([[1], [3], [3]], 3),
        ([[0] * 4] * 3, 0),
        ([[0, 0], [0, 1]], 0),
        ([[1, -1], [-1, 1]] * 2, 0),
        ([[0, -1, 1], [1, 0, -1], [-1, 1, 0]], 0),
        ([[2, -1], [-1, 1]], Fraction(1, 5)),  # (ad - bc) / (a + d - b - c)
        ([["1/3", "1/7"], ["1/11", "2/5"]], Fraction(139, 577)),
        ([[2**70 + 1, 2**70], [2**70, 2**70 + 2]], Fraction(3 * 2**70 + 2, 3)),
        ([[10**17 + 3, 10**17], [10**17, 10**17 + 1]], Fraction(4 * 10**17 + 3, 4)),
        ([[10**30, 0], [0, 1]], Fraction(10**30, 10**30 + 1)),
        ([[5e-324, 0], [0, 5e-324]], Fraction(5e-324) / 2),
        ([[1.7e308, -1.7e308], [-1.7e308, 1.7e308]], 0),
        ([[1e300, 0], [0, 1e-300]], 1 / (1 / Fraction(1e300) + 1 / Fraction(1e-300))),
    ],
)
def test_values_in_closed_form(
    method: Callable[[NormalFormGame], Any], matrix: list[Any], value: Any
) -> None:
    assert exact_value(method, matrix) == value


@every_method
def test_a_diagonal_game_is_worth_its_harmonic_mean(method: Any) -> None:
    diagonal = np.arange(1, 31)
    harmonic = sum(Fraction(1, int(d)) for d in diagonal)
    assert exact_value(method, np.diag(diagonal)) == 1 / harmonic


@every_method
@given(matrix=degenerate_matrices(6))
def test_a_skew_symmetric_game_is_worth_nothing(method: Any, matrix: Any) -> None:
    square = matrix[: min(matrix.shape), : min(matrix.shape)]
    assert exact_value(method, square - square.T) == 0


@every_method
@given(
    matrix=degenerate_matrices(6), scale=st.integers(1, 99), shift=st.integers(-(10**18), 10**18)
)
def test_the_value_follows_affine_maps(method: Any, matrix: Any, scale: int, shift: int) -> None:
    moved = matrix.astype(object) * scale + shift
    assert exact_value(method, moved) == scale * exact_value(method, matrix) + shift


@every_method
def test_a_constant_sum_that_is_not_zero(method: Any) -> None:
    game = NormalFormGame.bimatrix([[3, 1], [0, 2]], [[4, 6], [7, 5]])
    (profile,), _ = finish(method(game))
    assert certify_minimax(game, profile).payoffs == (Fraction(3, 2), Fraction(11, 2))


@every_method
def test_a_constant_game_is_played_uniformly(method: Any) -> None:
    (profile,), _ = finish(method(NormalFormGame.zero_sum([[4, 4], [4, 4]])))
    assert profile.exact[0] == (Fraction(1, 2), Fraction(1, 2))


@every_method
@pytest.mark.parametrize("decades", [9, 300])
def test_payoffs_of_unlike_magnitudes_are_exact(method: Any, decades: int) -> None:
    """One matrix with entries from 10^-decades to 10^decades, where floats see only the largest."""
    rng = np.random.default_rng(12)
    for _ in range(4):
        signs, exponents = rng.choice([-1, 1], (9, 9)), rng.uniform(-decades, decades, (9, 9))
        exact_value(method, signs * 10.0**exponents)


@every_method
@pytest.mark.parametrize("kind", ["floats", "integers", "two-valued", "duplicates"])
def test_middle_sizes_are_exact(method: Any, kind: str) -> None:
    rng = np.random.default_rng(77)
    matrix = {
        "floats": rng.normal(size=(60, 45)),
        "integers": rng.integers(0, 10, (50, 70)),
        "two-valued": rng.integers(0, 2, (60, 60)),
        "duplicates": np.repeat(np.repeat(rng.integers(0, 10, (20, 20)), 3, axis=0), 2, axis=1),
    }[kind]
    value = exact_value(method, matrix)
    assert matrix.min(axis=1).max().item() <= value <= matrix.max(axis=0).min().item()


@every_vertex
@pytest.mark.parametrize("shape", [(1, 5), (5, 1), (40, 40), (30, 120), (120, 30), (150, 150)])
@pytest.mark.parametrize("low_rank", [False, True])
def test_vertices_close_the_gap(find_vertex: Any, shape: tuple[int, int], low_rank: bool) -> None:
    rng = np.random.default_rng(9)
    matrix = rng.normal(size=shape)
    if low_rank:
        matrix = (
            rng.integers(-3, 4, (shape[0], 4)) @ rng.integers(-3, 4, (4, shape[1])) + matrix / 99
        )
    scaled = (matrix - matrix.min()) / np.ptp(matrix)
    _, (vertex, steps) = finish(find_vertex(scaled))
    assert steps > 0
    assert duality_gap(scaled, vertex.row, vertex.column) < 1e-11
    assert len(vertex.rows) == len(vertex.columns)
    assert set(np.flatnonzero(vertex.row)) <= set(vertex.rows)
    assert set(np.flatnonzero(vertex.column)) <= set(vertex.columns)
    for strategy in (vertex.row, vertex.column):
        assert strategy.min() >= 0
        assert strategy.sum() == pytest.approx(1, abs=1e-12)


@given(degenerate_matrices(8), st.integers(1, 8), st.randoms(use_true_random=False))
def test_pivots_lead_from_any_basis_to_an_optimal_one(matrix: Any, size: int, random: Any) -> None:
    scaled = scaled_payoffs(NormalFormGame.zero_sum(matrix))
    if scaled is None:
        return
    size = min(size, *matrix.shape)
    rows = np.array(sorted(random.sample(range(matrix.shape[0]), size)))
    columns = np.array(sorted(random.sample(range(matrix.shape[1]), size)))
    if abs(np.linalg.det(1 + scaled[np.ix_(rows, columns)])) < 1e-6:
        return
    _, (vertex, _) = finish(improved_vertex(scaled, rows, columns))
    assert vertex is not None
    again = vertex_at(scaled, vertex.rows, vertex.columns)
    assert again is not None
    assert np.array_equal(again.row, vertex.row)


@given(degenerate_matrices(8), st.randoms(use_true_random=False))
def test_the_exact_walk_ends_wherever_it_starts(matrix: Any, random: Any) -> None:
    rows = random.sample(range(matrix.shape[0]), random.randint(0, matrix.shape[0]))
    columns = random.sample(range(matrix.shape[1]), random.randint(0, matrix.shape[1]))
    shift = 1 - int(matrix.min())
    _, strategies = finish(optimal_strategies(matrix + shift, rows, columns))
    game = NormalFormGame.zero_sum(matrix)
    certificate = certify_minimax(game, MixedProfile(strategies))
    assert certificate.exact
    assert certificate.payoffs[0] == reference_value(matrix)


@every_method
def test_absurdly_wide_fractions_are_answered_in_floats(method: Any) -> None:
    rng = np.random.default_rng(5)
    matrix = [
        [Fraction(int(rng.integers(1, 2**62)), int(rng.integers(2**61, 2**62))) for _ in range(25)]
        for _ in range(25)
    ]
    game = NormalFormGame.zero_sum(matrix)
    (profile,), _ = finish(method(game))
    assert certify_minimax(game, profile).epsilon < 1e-13 * game.payoff_range


def test_the_next_method_takes_over_where_one_breaks_down(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(scaled: Any) -> Any:
        yield None
        return None, 3

    monkeypatch.setattr(simplex_module, "simplex_vertex", broken)
    monkeypatch.setattr(interior_module, "simplex_vertex", broken)
    assert exact_value(minimax_simplex, [[2, -1], [-1, 1]]) == Fraction(1, 5)
    monkeypatch.setattr(interior_module, "interior_vertex", broken)
    called = []
    program = lp_module._solve_program
    monkeypatch.setattr(
        lp_module, "_solve_program", lambda scaled: called.append(1) or program(scaled)
    )
    assert exact_value(minimax_simplex, [[2, -1], [-1, 1]]) == Fraction(1, 5)
    assert called


@every_method
def test_every_method_yields_while_at_work(method: Any) -> None:
    search = method(NormalFormGame.zero_sum(np.random.default_rng(1).integers(0, 9, (80, 80))))
    assert next(search) is None
    search.close()


def test_interior_points_of_a_catalog_game() -> None:
    game = load("rock_paper_scissors")
    (profile,), _ = finish(interior_point(game))
    assert profile.exact[0] == (Fraction(1, 3),) * 3
