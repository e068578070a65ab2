"""Mixed profiles: exact where given exactly, refused where they are no distributions."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gametheory.errors import InvalidProfile
from gametheory.games.normal_form import NormalFormGame
from gametheory.games.profiles import MixedProfile

GAME = NormalFormGame.zero_sum([[1, 2, 3], [4, 5, 6]], actions=[["U", "D"], ["l", "m", "r"]])
weights = st.lists(st.floats(0, 1), min_size=1, max_size=6).filter(lambda w: sum(w) > 1e-3)


@given(st.lists(weights, min_size=1, max_size=3))
def test_exact_probabilities_sum_to_exactly_one(vectors: Any) -> None:
    floats = [np.array(vector) / np.sum(vector) for vector in vectors]
    profile = MixedProfile(floats)
    for given_vector, exact in zip(floats, profile.exact, strict=True):
        assert sum(exact) == 1
        np.testing.assert_allclose(given_vector, [float(p) for p in exact], atol=1e-12)
    for given_vector, kept in zip(floats, profile, strict=True):
        assert (given_vector == kept).all()
    assert pickle.loads(pickle.dumps(profile)) == profile


def test_rationals_are_kept() -> None:
    profile = MixedProfile([["1/3", Fraction(2, 3)], [1, 0, 0]])
    assert profile.exact == ((Fraction(1, 3), Fraction(2, 3)), (1, 0, 0))
    assert profile.support() == ((0, 1), (0,))
    assert not profile.is_pure()
    assert str(profile) == "((1/3, 2/3), (1, 0, 0))"
    assert repr(profile) == "MixedProfile([[1/3, 2/3], [1, 0, 0]])"


def test_equality_is_by_exact_content() -> None:
    assert MixedProfile([[0.5, 0.5]]) == MixedProfile([["1/2", "1/2"]])
    assert hash(MixedProfile([[0.5, 0.5]])) == hash(MixedProfile([["1/2", "1/2"]]))
    assert MixedProfile([[0.3, 0.7]]) != MixedProfile([["3/10", "7/10"]])
    assert MixedProfile([[1, 0]]) != [[1, 0]]


def test_pure_and_uniform_profiles() -> None:
    pure = MixedProfile.pure(GAME, ("D", 1))
    assert pure.support() == ((1,), (1,))
    assert pure.is_pure()
    assert MixedProfile.uniform(GAME).exact[1] == (Fraction(1, 3),) * 3
    assert len(pure) == 2
    assert pure.n_actions == (2, 3)


def test_a_profile_cannot_be_changed() -> None:
    source = np.array([0.5, 0.5])
    profile = MixedProfile([source])
    source[0] = 9
    assert profile[0][0] == 0.5
    with pytest.raises(ValueError, match="read-only"):
        profile[0][0] = 1
    with pytest.raises(AttributeError, match="immutable"):
        profile.strategies = ()  # type: ignore[misc]


BAD: list[tuple[Callable[[], Any], tuple[str, ...]]] = [
    (lambda: MixedProfile([]), ("no player",)),
    (lambda: MixedProfile(3), ("3 is not a profile",)),  # type: ignore[arg-type]
    (lambda: MixedProfile("ab"), ("is not a profile",)),
    (lambda: MixedProfile([[1], []]), ("empty", "strategies[1]")),
    (lambda: MixedProfile([0.5, 0.5]), ("0.5 is not a vector", "strategies[0]")),
    (lambda: MixedProfile(["ab"]), ("'ab' is not a vector", "strategies[0]")),
    (lambda: MixedProfile([np.eye(2)]), ("not a number", "strategies[0][0]")),
    (lambda: MixedProfile([[0.5, 0.6]]), ("sum to 1.1", "strategies[0]", "divide the vector")),
    (lambda: MixedProfile([[1, 0], [0, 0]]), ("sum to 0", "strategies[1]")),
    (lambda: MixedProfile([["1/3", "1/3"]]), ("sum to 2/3", "exactly one")),
    (lambda: MixedProfile([[Fraction(1, 2), Fraction(1, 2) + Fraction(1, 10**12)]]), ("exactly",)),
    (lambda: MixedProfile([[-0.1, 1.1]]), ("-0.1 is negative", "strategies[0][0]")),
    (lambda: MixedProfile([[2, 0]]), ("2 is above one", "strategies[0][0]")),
    (lambda: MixedProfile([[10**5000, 0]]), ("above one",)),
    (lambda: MixedProfile([[0.5, float("nan")]]), ("nan is not finite", "strategies[0][1]")),
    (lambda: MixedProfile([[1j, 1]]), ("complex", "strategies[0][0]")),
    (lambda: MixedProfile([[None]]), ("None is not a number", "strategies[0][0]")),
    (lambda: MixedProfile.pure(GAME, ["U"]), ("one action for each player", "2 indices")),
    (lambda: MixedProfile.pure(GAME, ["U", 3]), ("player 1 has no action 3", "l, m, r")),
    (lambda: MixedProfile.pure(GAME, ["x", 0]), ("no action 'x'", "actions[0]", "U, D")),
    (lambda: MixedProfile([[1]]).check_fits(GAME), ("1 strategies", "2 players")),
    (
        lambda: MixedProfile([[1], [1]]).check_fits(GAME),
        ("1 probabilities for the 2", "profile[0]"),
    ),
    (lambda: MixedProfile([[1]]).check_fits("x"), ("str",)),  # type: ignore[arg-type]
]


@pytest.mark.parametrize(("build", "words"), BAD)
def test_what_is_no_profile_is_refused_with_its_place(
    build: Callable[[], Any], words: tuple[str, ...]
) -> None:
    with pytest.raises(InvalidProfile) as caught:
        build()
    for word in words:
        assert word in str(caught.value)


def test_a_sum_that_misses_one_by_rounding_is_accepted() -> None:
    profile = MixedProfile([[0.1] * 10])
    assert profile.exact[0] == (Fraction(1, 10),) * 10
    with pytest.raises(InvalidProfile):
        MixedProfile([[0.5, 0.5 + 1e-8]])
