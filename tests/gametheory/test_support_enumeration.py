"""Support enumeration against brute force in Fractions, other libraries and known counts."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gametheory.algorithms.normal_form import support_enumeration as algorithm
from gametheory.algorithms.normal_form.support_enumeration import support_enumeration
from gametheory.algorithms.registry import Outcome, algorithms
from gametheory.certificates import verify
from gametheory.errors import UnsupportedGame
from gametheory.games.catalog import load
from gametheory.games.normal_form import NormalFormGame
from gametheory.games.profiles import MixedProfile
from gametheory.solution import Status
from gametheory.solve import solve

Vector = tuple[Fraction, ...]


def run(game: NormalFormGame) -> tuple[list[MixedProfile], Outcome]:
    search, found = support_enumeration(game), []
    while True:
        try:
            profile = next(search)
        except StopIteration as stop:
            return found, stop.value
        if profile is not None:
            found.append(profile)


def equilibria(A: Any, B: Any) -> list[tuple[Vector, ...]]:
    game = NormalFormGame.bimatrix(A, B)
    found, outcome = run(game)
    assert outcome.complete
    assert all(verify(game, profile).exact for profile in found)
    exact = [profile.exact for profile in found]
    assert len(set(exact)) == len(exact)
    return exact


def solve_fractions(matrix: list[list[Fraction]]) -> list[Fraction] | None:
    """Solution of ``matrix z = 1``, None if it is singular."""
    rows = [[*row, Fraction(1)] for row in matrix]
    k = len(rows)
    for s in range(k):
        pivot = next((r for r in range(s, k) if rows[r][s]), None)
        if pivot is None:
            return None
        rows[s], rows[pivot] = rows[pivot], rows[s]
        rows[s] = [entry / rows[s][s] for entry in rows[s]]
        for r in range(k):
            if r != s:
                rows[r] = [a - rows[r][s] * b for a, b in zip(rows[r], rows[s], strict=True)]
    return [row[-1] for row in rows]


def polytope_vertices(payoffs: Sequence[Sequence[int]]) -> dict[Vector, set[int]]:
    """Strategies that are vertices, with the opponent's best responses; own strategy by row."""
    lowest = min(map(min, payoffs)) - 1
    matrix = [[Fraction(entry - lowest) for entry in row] for row in payoffs]
    m, n = len(matrix), len(matrix[0])
    found: dict[Vector, set[int]] = {}
    for k in range(1, min(m, n) + 1):
        for own in combinations(range(m), k):
            for other in combinations(range(n), k):
                z = solve_fractions([[matrix[i][j] for i in own] for j in other])
                if z is None or min(z) < 0:
                    continue
                x = [Fraction(0)] * m
                for i, weight in zip(own, z, strict=True):
                    x[i] = weight
                earned = [sum(x[i] * matrix[i][j] for i in range(m)) for j in range(n)]
                if max(earned) <= 1:
                    total = sum(x)
                    best = {j for j in range(n) if earned[j] == 1}
                    found[tuple(weight / total for weight in x)] = best
    return found


def brute_force(A: Any, B: Any) -> set[tuple[Vector, Vector]]:
    rows = polytope_vertices(np.asarray(B).tolist())
    columns = polytope_vertices(np.asarray(A).T.tolist())
    return {
        (x, y)
        for x, best_columns in rows.items()
        for y, best_rows in columns.items()
        if {j for j, q in enumerate(y) if q} <= best_columns
        and {i for i, p in enumerate(x) if p} <= best_rows
    }


def matrix_pairs(largest: int, highest: int) -> st.SearchStrategy[Any]:
    sides = st.integers(1, largest)
    return st.tuples(sides, sides).flatmap(
        lambda shape: arrays(np.int64, (2, *shape), elements=st.integers(0, highest))
    )


@given(matrix_pairs(3, 2))
def test_degenerate_games_against_brute_force(pair: Any) -> None:
    assert set(equilibria(*pair)) == brute_force(*pair)


@given(matrix_pairs(4, 9))
@settings(max_examples=50)
def test_random_games_against_brute_force(pair: Any) -> None:
    assert set(equilibria(*pair)) == brute_force(*pair)


def gambit(A: Any, B: Any) -> set[tuple[Vector, ...]]:
    pygambit = pytest.importorskip("pygambit")
    game = pygambit.Game.from_arrays(A, B)
    result = pygambit.nash.enummixed_solve(game, rational=True)
    return {
        tuple(
            tuple(Fraction(str(profile[strategy])) for strategy in player.strategies)
            for player in game.players
        )
        for profile in result.equilibria
    }


@pytest.mark.parametrize("seed", range(60))
def test_random_games_against_gambit(seed: int) -> None:
    rng = np.random.default_rng(seed)
    shape = rng.integers(2, 5, 2)
    A, B = rng.integers(0, 10, (2, *shape))
    assert set(equilibria(A, B)) == gambit(A, B)


@pytest.mark.slow
@pytest.mark.parametrize("highest", [2, 4, 10])
def test_many_random_games_against_gambit(highest: int) -> None:
    rng = np.random.default_rng(highest)
    for _ in range(300):
        A, B = rng.integers(0, highest, (2, *rng.integers(2, 6, 2)))
        assert set(equilibria(A, B)) == gambit(A, B), (A.tolist(), B.tolist())


@given(matrix_pairs(3, 3), st.integers(1, 9), st.integers(-(10**30), 10**30))
@settings(max_examples=50)
def test_positive_affine_maps_change_nothing(pair: Any, scale: int, shift: int) -> None:
    A, B = pair.astype(object)
    thirds = [[Fraction(scale * entry, 3) + shift for entry in row] for row in A.tolist()]
    assert equilibria(thirds, B * 10**25) == equilibria(*pair)


@given(matrix_pairs(3, 1), st.integers(0, 2**32), st.integers(45, 70))
@settings(max_examples=60)
def test_ties_broken_near_the_rounding_of_floats(pair: Any, seed: int, bits: int) -> None:
    """Degenerate games moved by about 2^-bits: the filter must not take ties for what they seem."""
    noise = np.random.default_rng(seed).integers(-2, 3, pair.shape)
    A, B = pair.astype(object) * 2**bits + noise.astype(object)
    assert set(equilibria(A, B)) == brute_force(A, B)


@given(matrix_pairs(4, 3))
@settings(max_examples=50)
def test_exchanging_the_players_exchanges_the_equilibria(pair: Any) -> None:
    A, B = pair
    assert {profile[::-1] for profile in equilibria(B.T, A.T)} == set(equilibria(A, B))


def test_the_filter_works_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pieces of any length give the same answer, and each piece is a heartbeat."""
    A, B = np.random.default_rng(7).integers(0, 4, (2, 5, 5))
    game = NormalFormGame.bimatrix(A, B)
    found, outcome = run(game)
    monkeypatch.setattr(algorithm, "_BUDGET", 1)
    monkeypatch.setattr(algorithm, "_CAPACITY", 1)
    assert run(game) == (found, outcome)
    assert list(support_enumeration(game)).count(None) >= outcome.iterations > 10


SEXES = np.array([[[2, 0], [0, 1]], [[1, 0], [0, 2]]], dtype=object)
ZEROS = np.zeros((3, 3))

# nashpy's issue 231
TOURNAMENT = [
    [0, -1, -1, -1, 1, -1],
    [1, 0, 1, -1, -1, -1],
    [1, -1, 0, -1, -1, 1],
    [1, 1, 1, 0, -1, -1],
    [-1, 1, 1, 1, 0, -1],
    [1, 1, -1, 1, 1, 0],
]
# von Stengel (1999), "New maximal numbers of equilibria in bimatrix games"
MANY = [
    [9504, -660, 19976, -20526, 1776, -8976],
    [-111771, 31680, -130944, 168124, -8514, 52764],
    [397584, -113850, 451176, -586476, 29216, -178761],
    [171204, -45936, 208626, -263076, 14124, -84436],
    [1303104, -453420, 1227336, -1718376, 72336, -461736],
    [737154, -227040, 774576, -1039236, 48081, -300036],
]
MANY_COLUMNS = [  # the column player's payoffs, a line for each of its actions
    [72336, -461736, 1227336, -1718376, 1303104, -453420],
    [48081, -300036, 774576, -1039236, 737154, -227040],
    [29216, -178761, 451176, -586476, 397584, -113850],
    [14124, -84436, 208626, -263076, 171204, -45936],
    [1776, -8976, 19976, -20526, 9504, -660],
    [-8514, 52764, -130944, 168124, -111771, 31680],
]

KNOWN: dict[str, tuple[Any, Any, int]] = {
    "von Stengel 3x2": ([[3, 3], [2, 5], [0, 6]], [[3, 2], [2, 6], [3, 1]], 3),
    "degenerate 3x2": ([[3, 3], [2, 5], [0, 6]], [[3, 3], [2, 6], [3, 1]], 3),
    "nashpy issue 82": (
        -np.array([[0, 0, 6, 0, 0], [0, 0, 3, 2, 1], [4, 3, 0, 0, 1]]),
        -np.array([[3, 0, 2, 1, 0], [0, 2, 0, 0, 4], [4, 0, 2, 4, 4]]),
        8,
    ),
    "nashpy issue 222": ([[-3, 3], [-3, 5]], [[2, 7], [4, 2]], 2),
    "nashpy issue 231": (TOURNAMENT, [[-entry for entry in row] for row in TOURNAMENT], 1),
    "nashpy issue 67": (
        [
            [52.46337363, 69.47195938, 0.0, 54.14372075],
            [77.0, 88.0, 84.85714286, 92.4],
            [77.78571429, 87.35294118, 93.5, 91.38461538],
            [66.37100751, 43.4530444, 0.0, 60.36191831],
        ],
        [
            [23.52690518, 17.35459006, 88.209, 20.8021711],
            [16.17165, 0.0, 14.00142857, 6.46866],
            [0.0, 5.76529412, 0.0, 0.0],
            [15.68327304, 40.68156322, 84.00857143, 11.06596804],
        ],
        1,
    ),
    "all zero": (ZEROS, ZEROS, 9),
    "duplicate rows": ([[2, 0], [2, 0], [0, 1]], [[1, 0], [1, 0], [0, 2]], 5),
    "duplicate both": (
        SEXES[0].repeat([2, 1], 0).repeat([2, 1], 1),
        SEXES[1].repeat([2, 1], 0).repeat([2, 1], 1),
        9,
    ),
    "1x3": ([[1, 2, 3]], [[5, 5, 1]], 2),
    "3x1": ([[1], [1], [0]], [[5], [0], [7]], 2),
    "1x1": ([[0]], [[0]], 1),
    "times 1e-9": (SEXES[0] * 1e-9, SEXES[1] * 1e-9, 3),
    "times 1e9": (SEXES[0] * 10**9, SEXES[1] * 10**9, 3),
    "plus 1e9": (SEXES[0] + 10**9, SEXES[1] + 10**9, 3),
    "plus 1e17": (SEXES[0] + 10**17, SEXES[1] + 10**17, 3),
    "beyond 2^63": (SEXES[0] * 2**63, SEXES[1] * 10**30, 3),
    "int8": (np.array([[127, -128], [-128, 1]], np.int8), np.eye(2, dtype=np.int8), 3),
    "one huge payoff": ([[2, 0, 0], [0, 1, 0]], [[1, 0, -(10**40)], [0, 2, -(10**40)]], 3),
    "von Stengel 6x6": (MANY, np.transpose(MANY_COLUMNS), 75),
    "1 x 199": (np.ones((1, 199)), np.arange(199)[None, :] // 10, 9),
    "2 x 63": (np.eye(2, 63), np.eye(2, 63), 3),
}


@pytest.mark.parametrize("name", KNOWN)
def test_known_counts(name: str) -> None:
    A, B, count = KNOWN[name]
    assert len(equilibria(A, B)) == count


@pytest.mark.parametrize("n", [1, 2, 3, 5, 6])
def test_coordination_has_an_equilibrium_on_every_support(n: int) -> None:
    found, _ = run(load("pure_coordination", n_actions=n))
    assert len(found) == 2**n - 1
    assert [len(profile.support()[0]) for profile in found] == sorted(
        len(profile.support()[0]) for profile in found
    )
    assert all(len(set(filter(None, x))) == 1 for profile in found for x in profile.exact)


@pytest.mark.slow
def test_coordination_of_eight_actions() -> None:
    assert len(run(load("pure_coordination", n_actions=8))[0]) == 255


@pytest.mark.parametrize(("m", "n"), [(1, 1), (1, 4), (4, 2), (6, 6)])
def test_games_of_one_payoff_have_all_pure_profiles(m: int, n: int) -> None:
    found = equilibria(np.full((m, n), 7), np.full((m, n), -1))
    assert len(found) == m * n


def test_supports_of_different_size() -> None:
    # Player 1 is indifferent between three columns, of which two together deter the other rows.
    A, B = [[0, 0, 0], [1, -1, -1], [-1, 1, -1]], [[1, 1, 1], [0, 0, 0], [0, 0, 0]]
    supports = {
        tuple(tuple(k for k, p in enumerate(x) if p) for x in profile)
        for profile in equilibria(A, B)
    }
    assert ((0,), (0, 1)) in supports
    assert set(equilibria(A, B)) == brute_force(A, B)


def test_a_time_limit_leaves_the_small_supports() -> None:
    rng = np.random.default_rng(0)
    A, B = rng.integers(0, 1000, (2, 30, 30))
    A[0, 0] = B[0, 0] = 1000
    game = NormalFormGame.bimatrix(A, B)
    solve(load("matching_pennies"), method="support-enumeration")  # compiled
    solution = solve(game, method="support-enumeration", find="all", time_limit=0.2)
    assert solution.status is Status.TIME_LIMIT
    assert not solution.complete
    assert solution.profile.is_pure()


def test_the_outcome_counts_pairs_of_supports() -> None:
    _, outcome = run(load("prisoners_dilemma"))
    assert outcome == Outcome(iterations=1, complete=True)


def test_what_it_does_not_take_is_refused() -> None:
    [found] = [a for a in algorithms(concept="nash") if a.name == "support-enumeration"]
    assert found.finds == "all"
    with pytest.raises(UnsupportedGame, match="two players"):
        solve(load("jordan"), method="support-enumeration")
    primes = [Fraction(1, 2**10_007 - 1), Fraction(1, 2**10_009 - 1)]
    with pytest.raises(UnsupportedGame, match="denominator"):
        solve(NormalFormGame.bimatrix([primes], [[0, 0]]), method="support-enumeration")
