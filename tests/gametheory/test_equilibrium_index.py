"""The index against published values, its sum, and what must not change it."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gametheory.algorithms.normal_form.support_enumeration import support_enumeration
from gametheory.concepts.equilibrium_index import equilibrium_index, is_regular_equilibrium
from gametheory.errors import InvalidProfile, UnsupportedGame
from gametheory.games.catalog import load
from gametheory.games.normal_form import NormalFormGame
from gametheory.games.profiles import MixedProfile


def extreme(game: NormalFormGame) -> list[MixedProfile]:
    return [profile for profile in support_enumeration(game) if profile is not None]


def indices(game: NormalFormGame) -> list[int | None]:
    return [equilibrium_index(game, profile) for profile in extreme(game)]


@given(
    st.tuples(st.integers(1, 5), st.integers(1, 5)).flatmap(
        lambda shape: arrays(np.int64, (2, *shape), elements=st.integers(-50, 50))
    )
)
def test_indices_sum_to_one(pair: Any) -> None:
    found = indices(NormalFormGame.bimatrix(*pair))
    assume(None not in found)
    assert sum(index or 0 for index in found) == 1
    assert len(found) % 2 == 1


@pytest.mark.parametrize("seed", range(10))
def test_random_games_are_regular(seed: int) -> None:
    payoffs = np.random.default_rng(seed).normal(size=(2, 6, 5))
    found = indices(NormalFormGame(payoffs))
    assert None not in found
    assert sum(index or 0 for index in found) == 1


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("battle_of_the_sexes", [1, 1, -1]),
        ("matching_pennies", [1]),
        ("rock_paper_scissors", [1]),
        ("prisoners_dilemma", [1]),
        ("shapley", [1]),
        ("von_stengel_3x2", [1, 1, -1]),
    ],
)
def test_known_indices(name: str, expected: list[int]) -> None:
    assert sorted(indices(load(name)), key=str) == sorted(expected, key=str)


def test_coordination_alternates_with_the_size_of_the_support() -> None:
    game = load("pure_coordination", n_actions=3)
    found = extreme(game)
    assert len(found) == 7
    for profile in found:
        assert equilibrium_index(game, profile) == (-1) ** (len(profile.support()[0]) + 1)


def shapley_index(A: Any, B: Any, profile: MixedProfile) -> int:
    """Shapley's formula for positive payoffs, by integer cofactors."""
    rows, columns = profile.support()

    def determinant(matrix: list[list[int]]) -> int:
        if not matrix:
            return 1
        minors = [[row[:j] + row[j + 1 :] for row in matrix[1:]] for j in range(len(matrix))]
        return sum(
            (-1) ** j * entry * determinant(minor)
            for j, (entry, minor) in enumerate(zip(matrix[0], minors, strict=True))
        )

    product = determinant(A[np.ix_(rows, columns)].tolist()) * determinant(
        B[np.ix_(rows, columns)].tolist()
    )
    return int((-1) ** (len(rows) + 1) * np.sign(product))


@given(arrays(np.int64, (2, 4, 4), elements=st.integers(1, 20)))
def test_two_players_have_shapleys_index(pair: Any) -> None:
    game = NormalFormGame.bimatrix(*pair)
    for profile in extreme(game):
        if is_regular_equilibrium(game, profile):
            assert equilibrium_index(game, profile) == shapley_index(*pair, profile)


@given(arrays(np.int64, (2, 3, 3), elements=st.integers(0, 9)), st.permutations(range(3)))
def test_renaming_actions_and_players_changes_no_index(pair: Any, order: list[int]) -> None:
    A, B = pair
    game = NormalFormGame.bimatrix(A, B)
    renamed = NormalFormGame.bimatrix(B.T[order], A.T[order])
    for profile in extreme(game):
        x, y = profile.exact
        moved = MixedProfile([[y[k] for k in order], x])
        assert equilibrium_index(renamed, moved) == equilibrium_index(game, profile)


@given(arrays(np.int64, (2, 3, 3), elements=st.integers(0, 9)), st.integers(-(10**20), 10**20))
def test_affine_maps_change_no_index(pair: Any, shift: int) -> None:
    game = NormalFormGame.bimatrix(*pair)
    moved = NormalFormGame(
        [[[Fraction(int(p) + shift, 7) for p in row] for row in matrix] for matrix in pair]
    )
    for profile in extreme(game):
        assert equilibrium_index(moved, profile) == equilibrium_index(game, profile)


def test_three_players_who_want_to_meet() -> None:
    payoffs = np.zeros((3, 2, 2, 2))
    payoffs[:, 0, 0, 0] = payoffs[:, 1, 1, 1] = 1
    game = NormalFormGame(payoffs)
    half = [Fraction(1, 2)] * 2
    assert equilibrium_index(game, MixedProfile([half] * 3)) == -1
    assert equilibrium_index(game, MixedProfile.pure(game, (0, 0, 0))) == 1
    assert equilibrium_index(game, MixedProfile.pure(game, (1, 1, 1))) == 1
    # One stays away: nobody can help it alone, but everybody is indifferent or wants to move.
    with pytest.raises(InvalidProfile, match="not an equilibrium"):
        equilibrium_index(game, MixedProfile.pure(game, (0, 0, 1)))


def test_an_idle_third_player_changes_nothing() -> None:
    """With a strictly dominated second action of player 2 the two others play as before."""
    pair = load("battle_of_the_sexes")
    payoffs = np.zeros((3, 2, 2, 2))
    payoffs[:2] = pair.payoffs[..., None]
    payoffs[2, :, :, 0] = 1
    game = NormalFormGame(payoffs)
    for profile in extreme(pair):
        whole = MixedProfile([*profile.exact, [1, 0]])
        assert equilibrium_index(game, whole) == equilibrium_index(pair, profile)


def test_one_player() -> None:
    assert equilibrium_index(NormalFormGame([[1, 2]]), MixedProfile([[0, 1]])) == 1
    assert equilibrium_index(NormalFormGame([[2, 2]]), MixedProfile([[0, 1]])) is None
    assert equilibrium_index(NormalFormGame([[2, 2]]), MixedProfile([[0.5, 0.5]])) is None


def test_irregular_equilibria_have_none() -> None:
    zeros = NormalFormGame.bimatrix(np.zeros((2, 2)), np.zeros((2, 2)))
    # Best responses that are not used; a singular system; supports of different size.
    for profile in ([[1, 0], [1, 0]], [[0.5, 0.5], [0.5, 0.5]], [[1, 0], [0.5, 0.5]]):
        assert equilibrium_index(zeros, MixedProfile(profile)) is None
        assert not is_regular_equilibrium(zeros, MixedProfile(profile))


def test_what_is_no_equilibrium_is_refused() -> None:
    game = load("battle_of_the_sexes")
    rounded = MixedProfile([[0.66, 0.34], [0.34, 0.66]])
    assert not is_regular_equilibrium(game, rounded)
    with pytest.raises(InvalidProfile, match="no best response"):
        equilibrium_index(game, rounded)
    with pytest.raises(InvalidProfile, match="MixedProfile"):
        equilibrium_index(game, [[1, 0], [1, 0]])  # type: ignore[arg-type]
    with pytest.raises(InvalidProfile):
        equilibrium_index(game, MixedProfile([[1], [1]]))
    with pytest.raises(UnsupportedGame):
        equilibrium_index("game", rounded)  # type: ignore[arg-type]
