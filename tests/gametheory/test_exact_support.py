"""Rounded equilibria lead to the exact ones beside them, wrong ones nowhere."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import nashpy
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gametheory.certificates.exact_support import nearby_exact_equilibrium
from gametheory.certificates.normal_form import certify_nash
from gametheory.errors import InvalidProfile
from gametheory.games.catalog import load
from gametheory.games.normal_form import NormalFormGame
from gametheory.games.profiles import MixedProfile
from tests.gametheory import fraction_checker
from tests.gametheory.planted_equilibria import planted

seeds = st.integers(0, 2**32 - 1)


def rounded(strategies: Any, error: float = 0.0, seed: int = 0) -> MixedProfile:
    """Return the strategies as floats, moved a little within their supports."""
    rng = np.random.default_rng(seed)
    vectors = []
    for strategy in strategies:
        floats = np.array([float(p) for p in strategy])
        floats *= 1 + error * rng.uniform(-1, 1, len(floats))
        vectors.append(floats / floats.sum())
    return MixedProfile(vectors)


def far(one: MixedProfile, other: MixedProfile) -> float:
    return max(float(np.abs(a - b).max()) for a, b in zip(one, other, strict=True))


def test_generic_games() -> None:
    """What nashpy finds in floats is made exact, in every game."""
    rng = np.random.default_rng(0)
    for size in (2, 3, 4, 5) * 10:
        payoffs = rng.standard_normal((2, size, size))
        game = NormalFormGame(payoffs)
        strategies = nashpy.Game(*payoffs).lemke_howson(initial_dropped_label=0)
        clean = [np.where(s > 1e-12, s, 0) for s in strategies]
        found = nearby_exact_equilibrium(game, rounded(clean))
        assert found is not None
        exact = [list(strategy) for strategy in found.exact]
        assert not any(fraction_checker.regrets(payoffs.tolist(), exact))


@given(seeds, st.integers(2, 5), st.integers(2, 5))
def test_planted_equilibria_are_recovered(seed: int, m: int, n: int) -> None:
    """Also where the equations leave probabilities open: then an equilibrium nearby is found."""
    rng = np.random.default_rng(seed)
    game = planted(rng, (m, n), slack=int(rng.integers(2)))
    approximate = rounded(game.strategies)
    found = nearby_exact_equilibrium(NormalFormGame(game.payoffs), approximate)
    assert found is not None
    assert far(found, approximate) <= 1e-6
    assert not any(fraction_checker.regrets(game.payoffs.tolist(), [list(s) for s in found.exact]))


@given(seeds)
def test_what_is_returned_is_always_an_equilibrium(seed: int) -> None:
    rng = np.random.default_rng(seed)
    sizes = tuple(int(m) for m in rng.integers(1, 4, rng.integers(1, 5)))
    payoffs = rng.integers(-2, 3, (len(sizes), *sizes))
    profile = MixedProfile([rng.dirichlet(np.ones(size)) for size in sizes])
    found = nearby_exact_equilibrium(NormalFormGame(payoffs), profile)
    if found is not None:
        exact = [list(strategy) for strategy in found.exact]
        assert not any(fraction_checker.regrets(payoffs.tolist(), exact))
        assert far(found, profile) <= 1e-6


@pytest.mark.parametrize("shift", [0, 10**9, 10**17, 10**30])
@pytest.mark.parametrize("scale", [1, Fraction(1, 10**9), 10**9, 2**70])
def test_shifts_and_scales_do_not_matter(shift: int, scale: Any) -> None:
    battle = load("battle_of_the_sexes")
    game = NormalFormGame(battle.exact_payoffs * scale + shift)
    found = nearby_exact_equilibrium(game, MixedProfile([[2 / 3, 1 / 3], [1 / 3, 2 / 3]]))
    assert found == MixedProfile([["2/3", "1/3"], ["1/3", "2/3"]])


def test_noise_in_place_of_zeros_is_dropped() -> None:
    game = NormalFormGame.symmetric([[4, 0, 0], [3, 2, 0], [0, 0, -1]])
    noisy = [2 / 3 - 1e-11, 1 / 3 - 1e-11, 2e-11]
    found = nearby_exact_equilibrium(game, MixedProfile([noisy, noisy]))
    assert found == MixedProfile([["2/3", "1/3", 0]] * 2)


def test_ties_outside_the_support_are_kept() -> None:
    """The column player's mix is fixed by a row that ties and is not in use."""
    game = NormalFormGame.bimatrix([[1, 1], [3, 0]], [[0, 0], [1, 0]])
    third = MixedProfile([[1, 0], [0.3333333334, 0.6666666666]])
    assert certify_nash(game, third).epsilon > 0
    assert nearby_exact_equilibrium(game, third) == MixedProfile([[1, 0], ["1/3", "2/3"]])


def test_two_of_three_players_mix() -> None:
    """Matching pennies, watched by a third player who strictly prefers to stay away."""
    pennies = load("matching_pennies").payoffs
    payoffs = np.zeros((3, 2, 2, 2))
    payoffs[:2] = pennies[..., None]
    payoffs[2, :, :, 1] = 1
    found = nearby_exact_equilibrium(
        NormalFormGame(payoffs), MixedProfile([[0.5000001, 0.4999999], [0.5, 0.5], [0, 1]])
    )
    assert found == MixedProfile([["1/2", "1/2"], ["1/2", "1/2"], [0, 1]])


def test_three_mixing_players_in_simple_fractions() -> None:
    game = load("volunteers_dilemma")
    found = nearby_exact_equilibrium(game, MixedProfile([[0.5 + 1e-9, 0.5 - 1e-9]] * 3))
    assert found == MixedProfile([["1/2", "1/2"]] * 3)


@pytest.mark.parametrize("shape", [(1, 1), (1, 3), (3, 1), (3, 3)])
def test_games_in_which_everything_is_an_equilibrium(shape: tuple[int, int]) -> None:
    game = NormalFormGame(np.zeros((2, *shape)))
    rng = np.random.default_rng(1)
    profile = MixedProfile([rng.dirichlet(np.ones(size)) for size in shape])
    found = nearby_exact_equilibrium(game, profile)
    assert found is not None
    assert far(found, profile) < 1e-15


def test_no_equilibrium_nearby() -> None:
    game = load("battle_of_the_sexes")
    assert nearby_exact_equilibrium(game, MixedProfile([[0.66, 0.34], [0.33, 0.67]])) is None
    assert nearby_exact_equilibrium(game, MixedProfile([[1.0, 0.0], [0.0, 1.0]])) is None


def test_solves_that_would_take_too_long_are_not_begun() -> None:
    game = NormalFormGame.bimatrix([[7, 0], [0, 4001]], [[7, 0], [0, 4001]])
    rough = MixedProfile([[4001 / 4008, 7 / 4008]] * 2)
    exact = MixedProfile.from_weights([[4001, 7]] * 2)
    assert nearby_exact_equilibrium(game, rough) == exact
    assert nearby_exact_equilibrium(game, rough, max_operations=10) is None


def test_payoffs_without_a_reasonable_denominator() -> None:
    rng = np.random.default_rng(5)
    matrix = [
        [Fraction(int(rng.integers(1, 2**62)), int(rng.integers(2**61, 2**62))) for _ in range(20)]
        for _ in range(20)
    ]
    game = NormalFormGame.zero_sum(matrix)
    assert game.integer_payoffs == (None, None)
    assert nearby_exact_equilibrium(game, MixedProfile(np.full((2, 20), 0.05))) is None


def test_profiles_of_other_games_are_refused() -> None:
    with pytest.raises(InvalidProfile, match="length 2"):
        nearby_exact_equilibrium(load("stag_hunt"), MixedProfile([[1, 0, 0], [1, 0]]))
