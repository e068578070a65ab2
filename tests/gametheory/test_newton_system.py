"""Newton's equations of the largest entropy: against the dense matrix, written out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.linalg import LinAlgError

from gametheory import NormalFormGame
from gametheory.algorithms.normal_form.incentive_program import IncentiveRows, incentive_rows
from gametheory.algorithms.normal_form.newton_system import (
    NewtonEquations,
    NewtonSystem,
    told_alike,
)

SHAPES = ((2, 2), (12, 12), (2, 25), (3, 2, 4), (7, 7, 2))


def rows_of(shape: tuple[int, ...], rng: np.random.Generator, kind: str) -> IncentiveRows:
    payoffs = rng.integers(0, 3 if kind == "ties" else 1000, (len(shape), *shape))
    if kind == "duplicates":  # dependent rows
        payoffs[:, -1], payoffs[..., -1] = payoffs[:, 0], payoffs[..., 0]
    return incentive_rows(NormalFormGame(payoffs), coarse=kind == "coarse")


def dense(rows: IncentiveRows, w: np.ndarray, diagonal: np.ndarray) -> np.ndarray:
    """The matrix by its definition: a covariance of gains, each row's largest entry one."""
    gains = np.zeros((len(diagonal), len(w)))
    for row, columns, values in zip(gains, rows.columns, rows.values, strict=True):
        row[columns] = values / np.abs(values).max()
    centered = gains - (gains @ w)[:, None]
    return (centered * w) @ centered.T + np.diag(diagonal)


@settings(max_examples=60)
@given(
    seed=st.integers(0, 10**6),
    shape=st.sampled_from(SHAPES),
    kind=st.sampled_from(["generic", "ties", "duplicates", "coarse"]),
    spread=st.sampled_from([0, 3, 8]),
    center=st.sampled_from([-5, -2, 1]),
)
def test_every_equation_is_as_precise_as_asked(
    seed: int, shape: tuple[int, ...], kind: str, spread: float, center: float
) -> None:
    rng = np.random.default_rng(seed)
    rows = rows_of(shape, rng, kind)
    n_rows, n_cells = len(rows.incentives), int(np.prod(shape))
    if not n_rows:
        return
    system = NewtonSystem(rows, n_cells)
    w = system.distribution(rng.normal(size=n_rows))
    diagonal = 10 ** (center + spread * rng.uniform(-1, 1, n_rows))
    matrix = dense(rows, w, diagonal)
    right = rng.normal(size=n_rows)
    exact = np.linalg.solve(matrix, right)
    # What float arithmetic allows: a rounding error of each product.
    allowed = 1e-9 + 1e-13 * (np.abs(matrix) @ np.abs(exact))
    answer = NewtonEquations(system, w, diagonal).solve(right, allowed)
    assert (np.abs(matrix @ answer - right) <= 2 * allowed).all()
    assert system.curvature(w, answer) == pytest.approx(
        matrix @ answer - diagonal * answer, abs=float(allowed.max())
    )


def test_a_rough_answer_is_improved_from_where_it_is() -> None:
    rng = np.random.default_rng(3)
    rows = rows_of((15, 15), rng, "generic")
    n_rows = len(rows.incentives)
    system = NewtonSystem(rows, 225)
    w, diagonal = system.distribution(np.zeros(n_rows)), np.geomspace(1e-9, 1e3, n_rows)
    matrix, right = dense(rows, w, diagonal), rng.normal(size=n_rows)
    equations = NewtonEquations(system, w, diagonal)
    rough = equations.solve(right, np.full(n_rows, 0.1))
    errors = np.abs(matrix @ rough - right)
    assert 1e-6 < errors.max() <= 0.1
    assert equations.solve(right, np.full(n_rows, 0.1), rough) is rough
    close = equations.solve(right, np.full(n_rows, 1e-8), rough)
    assert np.abs(matrix @ close - right).max() <= 2e-8


def test_rows_that_matter_too_little_to_be_factorized_at_first() -> None:
    """A thousand equal rows, none of which matters alone: the factorization takes them in."""
    rng = np.random.default_rng(4)
    n_rows, gains = 1000, rng.integers(-9, 9, 600)
    cells = np.flatnonzero(gains)
    rows = IncentiveRows(
        [(0, 0, 1)] * n_rows, [cells] * n_rows, [gains[cells] + rng.integers(0, 2)] * n_rows, [1]
    )
    system = NewtonSystem(rows, 600)
    w = rng.dirichlet(np.ones(600))
    diagonal = np.full(n_rows, 20 * float(system.second_moments(w).max()))
    matrix, right = dense(rows, w, diagonal), rng.normal(size=n_rows)
    answer = NewtonEquations(system, w, diagonal).solve(right, np.full(n_rows, 1e-10))
    assert np.abs(matrix @ answer - right).max() < 1e-9


def test_what_is_not_positive_definite_is_refused() -> None:
    rows = rows_of((3, 3), np.random.default_rng(5), "generic")
    n_rows = len(rows.incentives)
    system = NewtonSystem(rows, 9)
    w = system.distribution(np.zeros(n_rows))
    with pytest.raises(LinAlgError):
        NewtonEquations(system, w, np.full(n_rows, -1.0))


def test_stretches_of_what_a_player_is_told() -> None:
    rows = incentive_rows(NormalFormGame.symmetric([[6, 2], [7, 0]]), coarse=False)
    told = [{rows.incentives[i][:2] for i in range(b.start, b.stop)} for b in told_alike(rows)]
    assert told == [{(0, 0)}, {(0, 1)}, {(1, 0)}, {(1, 1)}]
