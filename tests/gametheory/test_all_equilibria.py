"""All extreme equilibria by vertices: brute force, other libraries, published counts, proofs."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numba import njit

from gametheory.algorithms.normal_form import vertex_enumeration as floats
from gametheory.algorithms.normal_form.integer_dictionary import IntegerDictionary, walk_bases
from gametheory.algorithms.normal_form.lexicographic_enumeration import lexicographic_enumeration
from gametheory.algorithms.normal_form.vertex_enumeration import vertex_enumeration
from gametheory.algorithms.registry import Outcome, algorithms
from gametheory.certificates import verify
from gametheory.errors import UnsupportedGame
from gametheory.games.catalog import load
from gametheory.games.normal_form import NormalFormGame
from gametheory.games.profiles import MixedProfile
from gametheory.kernels import polytope_vertices, vertex_proofs
from gametheory.solution import Status
from gametheory.solve import solve
from tests.gametheory.bimatrix_games import (
    KNOWN,
    Pair,
    brute_force,
    gambit,
    matrix_pairs,
    solved,
    vertices,
)

METHODS = [vertex_enumeration, lexicographic_enumeration]
both = pytest.mark.parametrize("method", METHODS, ids=["vertex", "lexicographic"])


def run(
    method: Callable[..., Any], game: Any, **options: Any
) -> tuple[list[MixedProfile], Outcome]:
    search, found = method(game, **options), []
    while True:
        try:
            profile = next(search)
        except StopIteration as stop:
            return found, stop.value
        if profile is not None:
            found.append(profile)


def equilibria(method: Callable[..., Any], A: Any, B: Any) -> set[Pair]:
    """All that the method finds, each once and certified, with a claim that there are no more."""
    game = NormalFormGame.bimatrix(A, B)
    found, outcome = run(method, game)
    assert outcome.complete
    assert all(verify(game, profile).exact for profile in found)
    exact = {profile.exact for profile in found}
    assert len(exact) == len(found)
    return exact


@given(matrix_pairs(4, 9))
@settings(max_examples=60)
def test_random_games_against_brute_force(pair: Any) -> None:
    expected = brute_force(*pair)
    assert all(equilibria(method, *pair) == expected for method in METHODS)


@given(matrix_pairs(4, 2))
@settings(max_examples=80)
def test_degenerate_games_against_brute_force(pair: Any) -> None:
    expected = brute_force(*pair)
    assert all(equilibria(method, *pair) == expected for method in METHODS)


@given(matrix_pairs(6, 3))
@settings(max_examples=40)
def test_both_methods_agree_on_larger_degenerate_games(pair: Any) -> None:
    assert equilibria(METHODS[0], *pair) == equilibria(METHODS[1], *pair)


@given(matrix_pairs(4, 3), st.integers(1, 10**12), st.integers(-(10**20), 10**20))
def test_payoffs_scaled_shifted_and_players_exchanged(pair: Any, scale: int, shift: int) -> None:
    A, B = pair
    here = equilibria(vertex_enumeration, A, B)
    moved = A.astype(object) * scale + shift
    assert equilibria(vertex_enumeration, moved, B) == here
    against_column = B.astype(object) + [[Fraction(shift, 7)] for _ in B]  # by row: no best reply
    assert equilibria(vertex_enumeration, A, against_column) == here
    assert {(x, y) for y, x in equilibria(vertex_enumeration, B.T, A.T)} == here


# Other programs


def lrsnash(A: Any, B: Any, folder: Path) -> set[Pair]:
    m, n = np.shape(A)
    lines = [f"{m} {n}", "", *(" ".join(map(str, row)) for row in A.tolist()), ""]
    lines += [" ".join(map(str, row)) for row in B.tolist()]
    file = folder / "game"
    file.write_text("\n".join(lines) + "\n")
    ended = subprocess.run(
        ["lrsnash", str(file)], capture_output=True, text=True, cwd=folder, check=True
    )
    found, columns = set(), []
    for line in ended.stdout.splitlines():  # the strategies of player 2, then of player 1
        words = line.split()
        if len(words) > 1 and words[0] == "2":
            columns.append(tuple(map(Fraction, words[1 : n + 1])))
        elif len(words) > 1 and words[0] == "1":
            found |= {(tuple(map(Fraction, words[1 : m + 1])), column) for column in columns}
            columns = []
    return found


def check_against_others(seeds: range, folder: Path) -> None:
    for seed in seeds:
        rng = np.random.default_rng(seed)
        A, B = rng.integers(0, 10, (2, *rng.integers(2, 7, 2)))
        there = lrsnash(A, B, folder) if shutil.which("lrsnash") else gambit(A, B)
        assert all(equilibria(method, A, B) == there for method in METHODS), seed


def test_a_sample_of_random_games_against_other_programs(tmp_path: Path) -> None:
    check_against_others(range(60), tmp_path)


@pytest.mark.slow
def test_a_thousand_random_games_against_other_programs(tmp_path: Path) -> None:
    check_against_others(range(1000), tmp_path)


@both
@pytest.mark.parametrize("name", KNOWN)
def test_known_counts(name: str, method: Any) -> None:
    A, B, count = KNOWN[name]
    assert len(equilibria(method, A, B)) == count


@both
@pytest.mark.parametrize("n", [1, 2, 3, 8])
def test_coordination_has_an_equilibrium_on_every_support(n: int, method: Any) -> None:
    found = equilibria(method, np.eye(n), np.eye(n))
    supports = {frozenset(k for k, p in enumerate(x) if p) for x, _ in found}
    assert len(supports) == len(found) == 2**n - 1
    assert all(x == y and len(set(filter(None, x))) == 1 for x, y in found)


def curved(m: int, n: int) -> Any:
    """Payoffs, none dominated: columns are points near a sphere, rows coordinates."""
    rng = np.random.default_rng(m * n)
    points = np.abs(rng.normal(size=(m, n)))
    points /= np.linalg.norm(points, axis=0)
    return rng.integers(0, 1000, (m, n)), (points * 10**6).round().astype(np.int64)


@pytest.mark.parametrize(
    ("m", "n"), [(3, 60), (3, 61), (3, 62), (1, 199), (2, 198), (3, 197), (197, 3), (60, 4)]
)
def test_labels_beyond_a_word(m: int, n: int) -> None:
    A, B = curved(min(m, n), max(m, n))
    if m > n:
        A, B = B.T, A.T
    found = equilibria(vertex_enumeration, A, B)
    assert len(found) % 2 == 1  # generic payoffs: an odd number (Lemke and Howson 1964)
    if m + n < 150 or min(m, n) < 3:
        assert found == equilibria(lexicographic_enumeration, A, B)


@pytest.mark.parametrize("m", [31, 32, 33])
def test_square_games_beyond_a_word(m: int) -> None:
    # Row 0 is always a best reply, row i one to column i alone; columns are all the same.
    A = np.eye(m)
    A[0] = 1
    units = np.eye(m, dtype=int)
    against_first = {(tuple(units[0]), tuple(units[j])) for j in range(m)}
    others = {(tuple(units[i]), tuple(units[i])) for i in range(1, m)}
    assert equilibria(vertex_enumeration, A, np.zeros((m, m))) == against_first | others


# What makes it a proof


@pytest.mark.parametrize("raises", [(), (0.0,), (0.3, 2.0**-36), (1.0, 0.0, 2.0**-50)])
def test_no_raise_of_the_right_hand_sides_changes_the_answer(
    raises: tuple[float, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(floats, "_RAISES", raises)
    rng = np.random.default_rng(1)
    for highest in (3, 1000):
        for _ in range(8):
            A, B = rng.integers(0, highest, (2, *rng.integers(2, 7, 2)))
            exact = equilibria(lexicographic_enumeration, A, B)
            assert equilibria(vertex_enumeration, A, B) == exact


@given(matrix_pairs(4, 20), st.integers(-60, -20), st.integers(0, 2**32 - 1))
@settings(max_examples=60)
def test_ties_broken_near_the_rounding_of_floats(pair: Any, bits: int, seed: int) -> None:
    noise = np.random.default_rng(seed).integers(-3, 4, pair.shape).astype(object)
    A, B = pair.astype(object) + noise * Fraction(2) ** bits
    assert equilibria(vertex_enumeration, A, B) == equilibria(lexicographic_enumeration, A, B)


@njit
def _level(M: Any, b: Any, T: Any, basic: Any, nonbasic: Any, work: Any, index: Any) -> int:
    return vertex_proofs.prove_simple(M, b, T, basic, nonbasic, work, index)


@njit
def _refuted(N: Any, basic: Any, nonbasic: Any, work: Any, index: Any) -> bool:
    return vertex_proofs.has_no_reply(N, basic, nonbasic, work, index)


@given(
    arrays(np.int64, (2, 4, 3), elements=st.integers(1, 6)),
    st.sampled_from([0.0, 1e-16, 1e-12, 1e-8, 1e-3]),
    st.integers(0, 2**32 - 1),
)
@settings(max_examples=100)
def test_no_false_proof_whatever_the_dictionary(pair: Any, noise: float, seed: int) -> None:
    n, m = 4, 3
    M, N = pair[0], pair[1].T
    right = 1 + 2.0**-30 * np.arange(1, n + 1)
    rng = np.random.default_rng(seed)
    for k in range(1, m + 1):
        used, tight = rng.permutation(m)[:k], rng.permutation(n)[:k]
        K = M[np.ix_(tight, used)].astype(float)
        if abs(np.linalg.det(K)) < 0.5:
            continue
        basic = np.concatenate([used, m + np.setdiff1d(np.arange(n), tight)])
        nonbasic = np.concatenate([m + tight, np.setdiff1d(np.arange(m), used)])
        T = np.zeros((n, m + 1))
        T[:k, :k], T[:k, m] = np.linalg.inv(K), np.linalg.solve(K, right[tight])
        T *= 1 + noise * rng.normal(size=T.shape)
        workspace = vertex_proofs.workspace(n, m)
        for b in (right, np.ones(n)):
            level = _level(M.astype(float), b, T, basic, nonbasic, *workspace)
            if level != vertex_proofs.UNPROVEN:
                assert is_simple_vertex(M, [Fraction(float(v)) for v in b], used, tight)
            if level == vertex_proofs.SIMPLE:
                assert is_simple_vertex(M, [Fraction(1)] * n, used, tight)
        if _refuted(N.astype(float), basic, nonbasic, *workspace):
            assert has_no_reply(N, used, tight)


def exact_solution(matrix: Any, right: list[Fraction]) -> list[Fraction]:
    rows = [[Fraction(int(a)) / b for a in row] for row, b in zip(matrix, right, strict=True)]
    solution = solved(rows)
    assert solution is not None
    return solution


def is_simple_vertex(M: Any, b: list[Fraction], used: Any, tight: Any) -> bool:
    x = exact_solution(M[np.ix_(tight, used)], [b[j] for j in tight])
    slacks = [
        b[j] - sum(int(M[j, i]) * p for i, p in zip(used, x, strict=True))
        for j in range(len(M))
        if j not in tight
    ]
    return min([*x, *slacks]) > 0


def has_no_reply(N: Any, used: Any, tight: Any) -> bool:
    """Whether no vertex of {y >= 0, N y <= 1} has its support in tight and used tight."""
    return not any(
        {j for j, p in enumerate(y) if p} <= set(tight) and best >= set(used)
        for y, best in vertices(N).items()
    )


def test_the_walk_visits_every_vertex_and_grows_its_table() -> None:
    A, B = np.random.default_rng(0).random((2, 11, 11))
    M = 0.1 + A / 2
    walk = polytope_vertices.begin(M, 0.1 + B / 2, np.ones(11))
    codes = set()
    while polytope_vertices.ENDED not in codes:
        code = polytope_vertices.advance(walk, 200)
        codes.add(code)
        walk.state[polytope_vertices.FOUND] = 0
        if code == polytope_vertices.FULL:
            walk = polytope_vertices.grown(walk)
    assert polytope_vertices.UNCLEAR not in codes
    assert polytope_vertices.FULL in codes
    integers = (M * 2**40).round().astype(np.int64).tolist()
    assert walk.state[polytope_vertices.SEEN] == sum(walk_bases(IntegerDictionary(integers)))


# In solve


def test_it_is_what_solve_takes_for_all_equilibria() -> None:
    solution = solve(load("battle_of_the_sexes"), find="all")
    assert (solution.method, solution.complete, len(solution.equilibria)) == (
        "vertex-enumeration",
        True,
        3,
    )
    assert solution.status is Status.CERTIFIED_EXACT


@pytest.mark.parametrize("method", ["vertex-enumeration", "lexicographic-enumeration"])
def test_a_time_limit_returns_what_was_found(method: str) -> None:
    A, B = np.random.default_rng(3).integers(0, 1000, (2, 30, 30))
    game = NormalFormGame.bimatrix(A, B)
    solution = solve(game, method=method, find="all", time_limit=0.1)
    assert solution.status is Status.TIME_LIMIT
    assert not solution.complete
    assert all(certificate.exact for certificate in solution.certificates)


def test_too_many_vertices_end_the_search() -> None:
    game = NormalFormGame.bimatrix(*np.random.default_rng(0).integers(0, 1000, (2, 12, 12)))
    _, outcome = run(vertex_enumeration, game, max_vertices=1000)
    assert not outcome.complete
    assert outcome.status is Status.ITERATION_LIMIT
    assert "1000 vertices" in outcome.reason


@both
def test_the_order_is_always_the_same(method: Any) -> None:
    game = NormalFormGame.bimatrix(*np.random.default_rng(0).integers(0, 4, (2, 6, 6)))
    assert run(method, game) == run(method, game)


@pytest.mark.parametrize("method", ["vertex-enumeration", "lexicographic-enumeration"])
def test_what_they_do_not_take_is_refused(method: str) -> None:
    [found] = [a for a in algorithms(concept="nash") if a.name == method]
    assert found.finds == "all"
    with pytest.raises(UnsupportedGame, match="two players"):
        solve(load("jordan"), method=method)
    primes = [Fraction(1, 2**10_007 - 1), Fraction(1, 2**10_009 - 1)]
    with pytest.raises(UnsupportedGame, match="denominator"):
        solve(NormalFormGame.bimatrix([primes], [[0, 0]]), method=method)
