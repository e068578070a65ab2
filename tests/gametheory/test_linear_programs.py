"""Linear programs: proofs are checked here in Fractions, optima against scipy."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from gametheory.algorithms.normal_form.incentive_program import (
    incentive_rows,
    program_for,
    read_objective,
)
from gametheory.games.catalog import load
from gametheory.linear_programs import (
    LinearProgram,
    Optimum,
    finish,
    float_simplex,
    optimize,
    refinement,
)
from gametheory.linear_programs.basis_vertex import vertex_of
from gametheory.linear_programs.column_generation import optimize_by_columns
from gametheory.linear_programs.criss_cross import criss_cross
from gametheory.linear_programs.exact import _through_floats


def entries(program: LinearProgram) -> list[tuple[int, int, int]]:
    rows = np.repeat(np.arange(program.shape[0]), np.diff(program.starts)).tolist()
    return list(zip(rows, program.columns.tolist(), program.values.tolist(), strict=True))


def assert_proven(program: LinearProgram, answer: Optimum) -> None:
    """Weak duality, in Fractions and by the definition."""
    m, n = program.shape
    x = [Fraction(w, answer.scale) for w in answer.weights]
    y = [Fraction(w, answer.dual_scale) for w in answer.duals]
    b, c = [int(v) for v in program.bounds], [int(v) for v in program.objective]
    assert all(x[j] >= 0 or program.free[j] for j in range(n))
    assert all(y[i] >= 0 or program.equalities[i] for i in range(m))
    covered, earned = [Fraction(0)] * m, [Fraction(0)] * n
    for i, j, value in entries(program):
        if x[j]:
            covered[i] += value * x[j]
        if y[i]:
            earned[j] += value * y[i]
    for i in range(m):
        assert covered[i] == b[i] if program.equalities[i] else covered[i] <= b[i]
    for j in range(n):
        assert earned[j] == c[j] if program.free[j] else earned[j] >= c[j]
    assert answer.value == sum(c[j] * x[j] for j in range(n))
    assert answer.value == sum(b[i] * y[i] for i in range(m))


def random_program(seed: int, size: int, width: int) -> LinearProgram:
    rng = np.random.default_rng(seed)
    m, n = rng.integers(1, size, 2)
    return LinearProgram.dense(
        rng.integers(-width, width + 1, n),
        rng.integers(-width, width + 1, (m, n)) * rng.integers(0, 2, (m, n)),
        rng.integers(-1, width + 1, m),
        equalities=np.flatnonzero(rng.random(m) < 0.2).tolist(),
        free=np.flatnonzero(rng.random(n) < 0.2).tolist(),
    )


def scipy_status(program: LinearProgram) -> tuple[int, float]:
    A = np.zeros(program.shape)
    for i, j, value in entries(program):
        A[i, j] += value
    b, equal = np.array(program.bounds, dtype=float), program.equalities
    result = linprog(
        -np.array(program.objective, dtype=float),
        A_ub=A[~equal],
        b_ub=b[~equal],
        A_eq=A[equal],
        b_eq=b[equal],
        bounds=[(None, None) if free else (0, None) for free in program.free],
    )
    return result.status, 0.0 if result.fun is None else -result.fun


@pytest.mark.parametrize("solver", [criss_cross, _through_floats])
@given(seed=st.integers(0, 10**6), width=st.sampled_from([1, 3, 1000]))
def test_the_optimum_is_scipys_and_proven(solver, seed: int, width: int) -> None:
    program = random_program(seed, 9, width)
    answer, (status, value) = finish(solver(program)), scipy_status(program)
    if isinstance(answer, str):
        assert status in (2, 3, 4), answer
    else:
        assert status == 0
        assert_proven(program, answer)
        assert float(answer.value) == pytest.approx(value, rel=1e-7, abs=1e-7)


@settings(max_examples=30)
@given(seed=st.integers(0, 10**6), shift=st.sampled_from([0, 40, 70, 400]))
def test_integers_of_any_size(seed: int, shift: int) -> None:
    rng = np.random.default_rng(seed)
    m, n = rng.integers(2, 24, 2)
    exponents = rng.integers(0, shift + 1, (m, n)).tolist()
    digits = rng.integers(1, 1000, (m, n)).tolist()
    table = np.array(
        [
            [d << e for d, e in zip(*rows, strict=True)]
            for rows in zip(digits, exponents, strict=True)
        ],
        dtype=object,
    )
    program = LinearProgram.dense(rng.integers(1, 9, n), table, np.ones(m, dtype=np.int64))
    answer = finish(optimize(program))
    assert isinstance(answer, Optimum)
    assert_proven(program, answer)


def test_refinement_repairs_a_basis_that_tolerances_misled(monkeypatch) -> None:
    """Without magnified right-hand sides, which are zero here, HiGHS gains by every violation that
    it is allowed, so that its basis is not optimal exactly."""
    for module in (float_simplex, refinement):
        monkeypatch.setattr(module, "MAGNIFIED", 0)
    program = correlated_program(np.random.default_rng(1).integers(0, 1000, (2, 20, 20)))
    first = finish(float_simplex.FloatSimplex(program).run())
    assert not finish(vertex_of(program, first.basis)).is_optimal()
    answer = finish(_through_floats(program))
    assert isinstance(answer, Optimum)
    assert_proven(program, answer)


def correlated_program(payoffs: np.ndarray) -> LinearProgram:
    """Welfare subject to: the gain of b over a, when told a, is not positive."""
    shape = payoffs.shape[1:]
    cells = np.arange(np.prod(shape)).reshape(shape)
    rows = []
    for player in range(len(payoffs)):
        own = np.moveaxis(payoffs[player], player, 0).reshape(shape[player], -1)
        told = np.moveaxis(cells, player, 0).reshape(shape[player], -1)
        rows += [
            (told[a], own[b] - own[a]) for a in range(len(own)) for b in range(len(own)) if a != b
        ]
    rows.append((cells.ravel(), np.ones(cells.size, dtype=np.int64)))
    bounds = np.zeros(len(rows), dtype=np.int64)
    bounds[-1] = 1
    return LinearProgram.sparse(
        payoffs.sum(axis=0).ravel(), rows, bounds, equalities=[len(rows) - 1]
    )


def test_no_optimum_is_said_in_words() -> None:
    assert finish(optimize(LinearProgram.dense([1], [[-1]], [0]))) == "unbounded"
    assert finish(optimize(LinearProgram.dense([1], [[1]], [-1]))) == "infeasible"
    assert finish(optimize(LinearProgram.dense([1], [[0]], [1], equalities=[0]))) == "infeasible"


def test_equations_that_say_nothing_and_variables_that_do_nothing() -> None:
    program = LinearProgram.dense(
        [1, 0, 0], [[1, 1, 0], [2, 2, 0], [1, 0, 0]], [2, 4, 1], equalities=[0, 1], free=[2]
    )
    answer = finish(optimize(program))
    assert isinstance(answer, Optimum)
    assert answer.value == 1
    assert_proven(program, answer)


@settings(max_examples=30)
@given(seed=st.integers(0, 10**6))
def test_generated_columns_lead_to_the_same_optimum(seed: int) -> None:
    rng = np.random.default_rng(seed)
    m, n = 4, 60
    program = LinearProgram.dense(
        rng.integers(-20, 21, n),
        np.vstack([rng.integers(-9, 10, (m, n)), np.ones((1, n), dtype=np.int64)]),
        np.append(rng.integers(-3, 9, m), 1),
        equalities=[m, *np.flatnonzero(rng.random(m) < 0.1).tolist()],
    )
    whole = finish(_through_floats(program))
    answer = finish(optimize_by_columns(program, _through_floats))
    if isinstance(whole, str):
        assert isinstance(answer, str)
    else:
        assert isinstance(answer, Optimum)
        assert_proven(program, answer)
        assert answer.value == whole.value


def test_wide_programs_are_solved_by_their_columns() -> None:
    program = correlated_program(np.random.default_rng(3).integers(0, 100, (13, *(2,) * 13)))
    answer = finish(optimize(program))
    assert isinstance(answer, Optimum)
    assert_proven(program, answer)


def test_nothing_is_printed(capfd) -> None:
    program = correlated_program(np.random.default_rng(4).integers(0, 100, (2, 8, 8)))
    assert isinstance(finish(_through_floats(program)), Optimum)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("n_actions", [7, 9, 11])
def test_a_basis_that_highs_is_not_sure_of_is_tried(n_actions: int) -> None:
    """Degenerate programs end there: pivoting them in integers instead took thousands of steps."""
    game = load("cyclic_dominance", n_actions=n_actions)
    rows = incentive_rows(game, coarse=False)
    program = program_for(game, rows, read_objective(game, 0))
    answer = finish(_through_floats(program))
    assert not isinstance(answer, str)
    assert answer.value == 0


def test_the_clock_is_looked_at_more_often_where_numbers_are_long(monkeypatch) -> None:
    monkeypatch.setattr("gametheory.linear_programs.criss_cross._ENTRIES_BETWEEN_LOOKS", 2_000)

    def looks_a_pivot(width: int) -> float:
        rng = np.random.default_rng(8)
        rows = [[int(a) ** width for a in row] for row in rng.integers(1, 99, (10, 10))]
        search = criss_cross(LinearProgram.dense([1] * 10, rows, [10**width] * 10))
        looks = 0
        while True:
            try:
                next(search)
            except StopIteration as end:
                return looks / end.value.iterations
            looks += 1

    assert looks_a_pivot(30) > 3 * looks_a_pivot(1) > 0
