"""Proper equilibria: published games, exact witnesses, and the equilibria of ranked mistakes."""

from __future__ import annotations

from fractions import Fraction
from itertools import permutations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gametheory import MixedProfile, NormalFormGame, catalog, solve, verify
from gametheory.errors import InvalidProfile, UnsupportedGame
from gametheory.refinements import is_epsilon_proper, is_proper, is_trembling_hand_perfect

from .test_perfection import MYERSON, bimatrix

Strategy = tuple[Fraction, ...]


def grab_the_penny(m: int) -> NormalFormGame:
    """Matching pennies with m sides, in which the guesser may also just take the penny."""
    A = [[-int(j in (i, m)) for j in range(m + 1)] for i in range(m)]
    return NormalFormGame.zero_sum(A)


def inequalities_hold(game: NormalFormGame, profile: MixedProfile, epsilon: Fraction) -> bool:
    """Myerson's definition, pair by pair."""
    for player in (0, 1):
        table = game.exact_payoffs[player]
        rows = (table if player == 0 else table.T).tolist()
        against, odds = profile.exact[1 - player], profile.exact[player]
        payoffs = [sum(q * e for q, e in zip(against, row, strict=True)) for row in rows]
        for less, p in zip(payoffs, odds, strict=True):
            for more, q in zip(payoffs, odds, strict=True):
                if p <= 0 or (less < more and p > epsilon * q):
                    return False
    return True


def assert_witnessed(game: NormalFormGame, profile: MixedProfile) -> None:
    """Build epsilon-proper profiles that come ever closer to the equilibrium."""
    test = is_proper(game, profile)
    assert test, test.reason
    assert [own[0] for own in test.levels] == list(profile.exact)
    distances = []
    for epsilon in (Fraction(1, 10**k) for k in (1, 4, 8)):
        near = test.epsilon_proper(epsilon)
        assert inequalities_hold(game, near, epsilon)
        pairs = zip(near.exact, profile.exact, strict=True)
        distances.append(max(abs(p - q) for a, b in pairs for p, q in zip(a, b, strict=True)))
    assert distances == sorted(distances, reverse=True)
    assert distances[-1] < Fraction(1, 10**7)


def limits_of_ranked_mistakes(game: NormalFormGame) -> list[tuple[Strategy, Strategy]]:
    """Find proper equilibria without the theory of this package.

    Where players choose how to rank their actions, and take them with odds 1, e, e^2, ..., every
    equilibrium is epsilon-proper (the idea of Myerson's existence proof). The limit for small e is
    guessed by rounding.
    """
    e = Fraction(1, 10**6)
    vertices = []
    for m in game.n_actions:
        total = sum(e**k for k in range(m))
        vertices.append(
            np.array([[e**k / total for k in order] for order in permutations(range(m))])
        )
    first, second = vertices
    A, B = (first @ table @ second.T for table in game.exact_payoffs)
    found = set()
    for choice in solve(NormalFormGame.bimatrix(A, B), find="all").equilibria:
        near = [np.array(p, dtype=object) @ v for p, v in zip(choice.exact, vertices, strict=True)]
        limit = tuple(tuple(p.limit_denominator(60) for p in strategy) for strategy in near)
        gap = max(abs(p - q) for a, b in zip(near, limit, strict=True) for p, q in zip(a, b))  # noqa: B905
        if gap < Fraction(1, 10**4) and all(sum(strategy) == 1 for strategy in limit):
            found.add(limit)
    return sorted(found)


def test_myersons_game() -> None:
    """Myerson (1978): of two perfect equilibria one is proper."""
    verdicts = [is_proper(MYERSON, MixedProfile.pure(MYERSON, (a, a))) for a in range(3)]
    assert [bool(verdict) for verdict in verdicts] == [True, False, False]
    assert "no ranking" in verdicts[1].reason
    assert "weakly dominated" in str(verdicts[2])
    assert_witnessed(MYERSON, MixedProfile.pure(MYERSON, (0, 0)))


@pytest.mark.parametrize("m", [2, 3, 4])
def test_grabbing_the_penny(m: int) -> None:
    """All hiding strategies are perfect, and only the uniform one is proper."""
    game, grab = grab_the_penny(m), [0] * m + [1]
    assert_witnessed(game, MixedProfile([[Fraction(1, m)] * m, grab]))
    total = m * (m + 1) // 2
    for hiding in ([1] + [0] * (m - 1), [Fraction(k + 1, total) for k in range(m)]):
        profile = MixedProfile([hiding, grab])
        assert verify(game, profile).exact
        assert is_trembling_hand_perfect(game, profile)
        assert not is_proper(game, profile)


def test_strict_and_fully_mixed_equilibria_are_proper() -> None:
    for name in ("rock_paper_scissors", "matching_pennies", "stag_hunt"):
        game = catalog.load(name)
        for profile in solve(game, find="all").equilibria:
            assert_witnessed(game, profile)


def test_an_order_of_mistakes_may_need_several_levels() -> None:
    """The last row matters most to the column player, but it is the least likely mistake."""
    A = [[3, 3, 3], [2, 2, 2], [1, 1, 1]]
    B = [[1, 1, 0], [0, 1, 0], [9, 0, 0]]
    game = NormalFormGame.bimatrix(A, B)
    left, middle = (MixedProfile.pure(game, (0, j)) for j in (0, 1))
    assert is_trembling_hand_perfect(game, left)
    assert is_trembling_hand_perfect(game, middle)
    assert not is_proper(game, left)
    test = is_proper(game, middle)
    assert [level.index(max(level)) for level in test.levels[0]] == [0, 1, 2]
    assert_witnessed(game, middle)


@given(game=bimatrix(st.integers(1, 3), st.integers(1, 3)))
@settings(max_examples=60)
def test_proper_equilibria_are_perfect_and_witnessed(game: NormalFormGame) -> None:
    for profile in solve(game, find="all").equilibria:
        perfect, proper = is_trembling_hand_perfect(game, profile), is_proper(game, profile)
        assert perfect or not proper
        if proper:
            assert_witnessed(game, profile)
        if game.n_actions == (2, 2):
            assert bool(proper) == bool(perfect)  # with two actions there is nothing to rank


@given(game=bimatrix(st.integers(2, 3), st.integers(2, 3)))
@settings(max_examples=50)
def test_limits_of_ranked_mistakes_are_proper(game: NormalFormGame) -> None:
    for limit in limits_of_ranked_mistakes(game):
        assert is_proper(game, MixedProfile(limit)), limit


@pytest.mark.slow
def test_limits_of_ranked_mistakes_are_proper_in_many_games() -> None:
    rng = np.random.default_rng(11)
    n_limits = 0
    for _ in range(1500):
        shape, widest = rng.integers(2, 4, 2), rng.integers(1, 4)
        game = NormalFormGame(rng.integers(-widest, widest + 1, (2, *shape)))
        for limit in limits_of_ranked_mistakes(game):
            n_limits += 1
            assert is_proper(game, MixedProfile(limit)), (game.payoffs, limit)
    assert n_limits >= 1500


@pytest.mark.parametrize("seed", range(12))
def test_a_generic_game_has_a_proper_equilibrium_and_all_are_regular(seed: int) -> None:
    game = NormalFormGame(np.random.default_rng(seed).normal(size=(2, 4, 5)))
    tests = [is_proper(game, profile) for profile in solve(game, find="all").equilibria]
    assert all(tests)  # regular equilibria are proper, and generic games have no others


@pytest.mark.parametrize(("factor", "shift"), [(1e-9, 0), (1e9, 0), (1, 10**17), ("1/7", "1/3")])
def test_payoffs_of_any_size(factor: Any, shift: Any) -> None:
    game = NormalFormGame(MYERSON.exact_payoffs * Fraction(factor) + Fraction(shift))
    verdicts = [bool(is_proper(game, MixedProfile.pure(game, (a, a)))) for a in range(3)]
    assert verdicts == [True, False, False]


def test_trivial_and_tied_games() -> None:
    for shape in ((1, 1), (1, 4), (4, 1), (9, 9)):
        game = NormalFormGame(np.zeros((2, *shape)))
        assert_witnessed(game, MixedProfile.uniform(game))
        assert_witnessed(game, MixedProfile.pure(game, (0, 0)))


def test_a_long_search_ends_with_an_error() -> None:
    game = grab_the_penny(4)
    profile = MixedProfile([["1/3", "1/3", "1/3", 0], [0, 0, 0, 0, 1]])
    steps = is_proper(game, profile).steps
    assert not is_proper(game, profile, max_steps=steps)
    with pytest.raises(UnsupportedGame, match="not settled in 5 steps"):
        is_proper(game, profile, max_steps=5)


def test_epsilon_proper_is_the_definition() -> None:
    rng = np.random.default_rng(3)
    seen = set()
    for _ in range(200):
        game = NormalFormGame(rng.integers(-2, 3, (2, 3, 3)))
        odds = [[int(8 ** rng.integers(0, 3)) for _ in range(3)] for _ in range(2)]
        profile, epsilon = MixedProfile.from_weights(odds), Fraction(1, 8)
        verdict = is_epsilon_proper(game, profile, epsilon)
        assert verdict == inequalities_hold(game, profile, epsilon)
        seen.add(verdict)
    assert seen == {True, False}
    assert not is_epsilon_proper(MYERSON, MixedProfile.pure(MYERSON, (0, 0)), "1/2")
    three = NormalFormGame(np.zeros((3, 2, 2, 2)))
    assert is_epsilon_proper(three, MixedProfile.uniform(three), "1/9")


def test_what_is_undefined_is_refused() -> None:
    three = NormalFormGame(np.zeros((3, 2, 2, 2)))
    with pytest.raises(UnsupportedGame, match="two-player"):
        is_proper(three, MixedProfile.uniform(three))
    with pytest.raises(UnsupportedGame, match="normal form"):
        is_epsilon_proper([[1]], MixedProfile([[1]]), "1/2")  # type: ignore[arg-type]
    with pytest.raises(InvalidProfile):
        is_proper(MYERSON, MixedProfile([[1], [1]]))
    no = is_proper(MYERSON, MixedProfile.pure(MYERSON, (0, 1)))
    assert "gains by" in no.reason
    with pytest.raises(InvalidProfile, match="gains by"):
        no.epsilon_proper("1/2")
    yes = is_proper(MYERSON, MixedProfile.pure(MYERSON, (0, 0)))
    with pytest.raises(InvalidProfile, match="out of range"):
        yes.epsilon_proper(0)
