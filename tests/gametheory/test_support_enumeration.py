"""Support enumeration against brute force in Fractions, other libraries and known counts."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
from tests.gametheory.bimatrix_games import KNOWN, Pair, brute_force, gambit, matrix_pairs


def run(game: NormalFormGame) -> tuple[list[MixedProfile], Outcome]:
    search, found = support_enumeration(game), []
    while True:
        try:
            profile = next(search)
        except StopIteration as stop:
            return found, stop.value
        if profile is not None:
            found.append(profile)


def equilibria(A: Any, B: Any) -> list[Pair]:
    game = NormalFormGame.bimatrix(A, B)
    found, outcome = run(game)
    assert outcome.complete
    assert all(verify(game, profile).exact for profile in found)
    exact = [profile.exact for profile in found]
    assert len(set(exact)) == len(exact)
    return exact


@given(matrix_pairs(3, 2))
def test_degenerate_games_against_brute_force(pair: Any) -> None:
    assert set(equilibria(*pair)) == brute_force(*pair)


@given(matrix_pairs(4, 9))
@settings(max_examples=50)
def test_random_games_against_brute_force(pair: Any) -> None:
    assert set(equilibria(*pair)) == brute_force(*pair)


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
