"""Certificates: textbook equilibria are exact, everything else gets its true epsilon."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import nashpy
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gametheory.certificates.normal_form import certify_minimax, certify_nash, certify_pure_nash
from gametheory.errors import InvalidProfile, UnsupportedGame
from gametheory.games.catalog import load
from gametheory.games.normal_form import NormalFormGame
from gametheory.games.profiles import MixedProfile
from tests.gametheory import fraction_checker
from tests.gametheory.planted_equilibria import (
    planted,
    random_payoffs,
    random_strategies,
    random_weights,
)

THIRDS = ["1/3"] * 3

EQUILIBRIA: list[tuple[str, list[Any], list[Any]]] = [
    # game, profile, payoffs
    ("prisoners_dilemma", [[0, 1], [0, 1]], [-2, -2]),
    ("matching_pennies", [["1/2"] * 2] * 2, [0, 0]),
    ("rock_paper_scissors", [THIRDS] * 2, [0, 0]),
    ("biased_rock_paper_scissors", [["3/6", "1/6", "2/6"]] * 2, [0, 0]),
    ("rock_paper_scissors_lizard_spock", [["1/5"] * 5] * 2, [0, 0]),
    ("two_finger_morra", [[0, "3/5", "2/5", 0]] * 2, [0, 0]),  # Chvátal (1983), chapter 15
    ("two_finger_morra", [[0, "4/7", "3/7", 0], [0, "3/5", "2/5", 0]], [0, 0]),
    ("stag_hunt", [["2/3", "1/3"]] * 2, ["8/3"] * 2),
    ("chicken", [["2/3", "1/3"]] * 2, ["14/3"] * 2),
    ("battle_of_the_sexes", [["2/3", "1/3"], ["1/3", "2/3"]], ["2/3"] * 2),
    ("hawk_dove", [["1/2", "1/2"]] * 2, ["1/2"] * 2),
    ("shapley", [THIRDS] * 2, ["1/3"] * 2),
    ("climbing", [[1, 0, 0]] * 2, [11, 11]),
    ("climbing", [[0, 1, 0]] * 2, [7, 7]),
    ("penalty", [[0, 0, 1]] * 2, [10, 10]),
    ("inspection", [["1/4", "3/4"], ["1/2", "1/2"]], [2, "1/2"]),
    ("volunteers_dilemma", [["1/2", "1/2"]] * 3, [3, 3, 3]),
    ("jordan", [["1/2", "1/2"]] * 3, [0, 0, 0]),
    # von Stengel (2007), Algorithmic Game Theory, chapter 3
    ("von_stengel_3x2", [[1, 0, 0], [1, 0]], [3, 3]),
    ("von_stengel_3x2", [["4/5", "1/5", 0], ["2/3", "1/3"]], [3, "14/5"]),
    ("von_stengel_3x2", [[0, "1/3", "2/3"], ["1/3", "2/3"]], [4, "8/3"]),
]


@pytest.mark.parametrize(("name", "strategies", "payoffs"), EQUILIBRIA)
def test_published_equilibria_are_exact(
    name: str, strategies: list[Any], payoffs: list[Any]
) -> None:
    game = load(name)
    certificate = certify_nash(game, MixedProfile(strategies))
    assert certificate.exact
    assert certificate.payoffs == tuple(map(Fraction, payoffs))
    assert certificate.arithmetic == "rational"
    assert certificate.game_digest == game.digest


small = arrays(np.int64, (2, 3, 3), elements=st.integers(-9, 9))


@pytest.mark.filterwarnings("ignore:\\s*An even number:RuntimeWarning")
@given(small)
def test_what_nashpy_finds_is_certified(payoffs: Any) -> None:
    game = NormalFormGame(payoffs)
    for row, column in nashpy.Game(*payoffs).support_enumeration(non_degenerate=True):
        certificate = certify_nash(game, MixedProfile([row, column]))
        assert certificate.epsilon <= Fraction(1, 10**12)


@given(small, st.integers(0, 10**6), st.integers(1, 99), st.integers(-99, 99))
def test_epsilon_scales_and_does_not_shift(payoffs: Any, seed: int, scale: int, shift: int) -> None:
    rng = np.random.default_rng(seed)
    profile = MixedProfile([rng.dirichlet(np.ones(3)) for _ in range(2)])
    plain = certify_nash(NormalFormGame(payoffs), profile)
    moved = certify_nash(NormalFormGame(scale * payoffs + shift), profile)
    assert moved.epsilon == scale * plain.epsilon
    assert moved.payoffs == tuple(scale * payoff + shift for payoff in plain.payoffs)


@given(small, st.integers(0, 10**6), st.permutations(range(3)), st.permutations(range(3)))
def test_epsilon_does_not_depend_on_the_order_of_actions(
    payoffs: Any, seed: int, rows: list[int], columns: list[int]
) -> None:
    rng = np.random.default_rng(seed)
    row, column = (rng.dirichlet(np.ones(3)) for _ in range(2))
    plain = certify_nash(NormalFormGame(payoffs), MixedProfile([row, column]))
    ordered = NormalFormGame(payoffs[:, rows][:, :, columns])
    moved = certify_nash(ordered, MixedProfile([row[rows], column[columns]]))
    assert (moved.regrets, moved.payoffs) == (plain.regrets, plain.payoffs)


@given(arrays(np.int64, (3, 4), elements=st.integers(-9, 9)), st.integers(0, 10**6))
def test_the_minimax_gap_is_nash_conv(matrix: Any, seed: int) -> None:
    rng = np.random.default_rng(seed)
    profile = MixedProfile([rng.dirichlet(np.ones(3)), rng.dirichlet(np.ones(4))])
    game = NormalFormGame.bimatrix(matrix, 5 - matrix)
    minimax, nash = certify_minimax(game, profile), certify_nash(game, profile)
    assert minimax.epsilon == sum(nash.regrets)
    assert minimax.payoffs == nash.payoffs
    assert minimax.exact == nash.exact


def test_a_float_near_an_equilibrium_is_not_called_exact() -> None:
    game = load("rock_paper_scissors")
    certificate = certify_nash(game, MixedProfile([[1 / 3, 1 / 3, 1 / 3 + 1e-12], THIRDS]))
    assert not certificate.exact
    assert 0 < certificate.epsilon < Fraction(1, 10**11)


def test_regrets_below_the_reach_of_floats_are_seen() -> None:
    game = NormalFormGame.zero_sum([[10**40 + 1, 10**40]])
    certificate = certify_nash(game, MixedProfile([[1], [1, 0]]))
    assert certificate.regrets == (0, 1)


def test_fractions_without_a_common_denominator() -> None:
    rng = np.random.default_rng(5)
    matrix = [
        [Fraction(int(rng.integers(1, 2**62)), int(rng.integers(2**61, 2**62))) for _ in range(20)]
        for _ in range(20)
    ]
    game = NormalFormGame.zero_sum(matrix)
    profile = MixedProfile.uniform(game)
    average = sum(map(sum, matrix)) / 400
    assert certify_nash(game, profile).payoffs == (average, -average)


def test_pure_certificates_need_pure_profiles() -> None:
    game = load("stag_hunt")
    assert certify_pure_nash(game, MixedProfile.pure(game, ("Stag", "Stag"))).concept == "pure-nash"
    assert certify_pure_nash(game, MixedProfile.pure(game, ("Stag", "Hare"))).epsilon == 2
    with pytest.raises(InvalidProfile, match=r"not pure: player 0 mixes 2.*profile\[0\].*'nash'"):
        certify_pure_nash(game, MixedProfile.uniform(game))


def test_minimax_certificates_need_constant_sums() -> None:
    for name in ("stag_hunt", "minority_game"):
        game = load(name)
        with pytest.raises(UnsupportedGame, match=r"two-player constant-sum.*'nash'"):
            certify_minimax(game, MixedProfile.uniform(game))


def random_sizes(rng: np.random.Generator) -> tuple[int, ...]:
    n_players = int(rng.integers(1, 5))
    return tuple(int(m) for m in rng.integers(1, (7, 6, 4, 3)[n_players - 1], n_players))


def agrees(payoffs: Any, strategies: Any) -> bool:
    """Compare with the independent checker; say whether the profile was certified exact."""
    expected = fraction_checker.regrets(payoffs.tolist(), strategies)
    certificate = certify_nash(NormalFormGame(payoffs), MixedProfile(strategies))
    assert list(certificate.regrets) == expected
    assert certificate.epsilon == max(expected)
    assert certificate.exact == (not any(expected))
    return certificate.exact


def perturbed(rng: np.random.Generator, strategies: list[list[Fraction]]) -> list[list[Fraction]]:
    """Move 1e-12 of probability from an action in use to another, for one player who can."""
    moved = [list(strategy) for strategy in strategies]
    able = [i for i, strategy in enumerate(moved) if len(strategy) > 1]
    if able:
        strategy = moved[int(rng.choice(able))]
        source = int(rng.choice([a for a, p in enumerate(strategy) if p]))
        target = int(rng.choice([a for a in range(len(strategy)) if a != source]))
        strategy[source] -= Fraction(1, 10**12)
        strategy[target] += Fraction(1, 10**12)
    return moved


def check_random_games(n_games: int, seed: int) -> tuple[int, int]:
    """Return how many right and how many almost right profiles were certified exact."""
    rng = np.random.default_rng(seed)
    right = almost = 0
    for _ in range(n_games):
        sizes = random_sizes(rng)
        agrees(random_payoffs(rng, sizes), random_strategies(rng, sizes))
        game = planted(rng, sizes, slack=int(rng.integers(2)))
        right += agrees(game.payoffs, game.strategies)
        almost += agrees(game.payoffs, perturbed(rng, game.strategies))
    return right, almost


def test_an_independent_checker_agrees_on_random_games() -> None:
    right, almost = check_random_games(1_500, seed=0)
    assert right == 1_500
    assert 0 < almost < 750  # a shift within a best-response set can be another equilibrium


@pytest.mark.slow
def test_a_hundred_thousand_games_without_a_false_certificate() -> None:
    right, _ = check_random_games(100_000, seed=1)
    assert right == 100_000


@pytest.mark.parametrize("kind", range(4))
def test_large_games_agree_with_the_independent_checker(kind: int) -> None:
    """Beyond a few thousand payoffs the sums go through slices of floats."""
    rng = np.random.default_rng(kind)
    sizes = ((60, 40), (13, 14, 12), (3, 700), (7, 6, 5, 10))[kind]
    shape = (len(sizes), *sizes)
    payoffs = np.ldexp(rng.standard_normal(shape), rng.integers(-20 * kind, 20 * kind + 1, shape))
    full = [rng.dirichlet(np.ones(size)).tolist() for size in sizes]
    sparse = [[Fraction(w, sum(v)) for w in v] for v in random_weights(rng, sizes, 2**62)]
    agrees(payoffs, full)
    agrees(np.trunc(payoffs), sparse)


@pytest.mark.parametrize("size", [1, 2, 50])
def test_payoffs_of_all_magnitudes_at_once(size: int) -> None:
    """The smallest and the largest float side by side: sums of 2,000 bits."""
    matrix = np.zeros((size, size))
    matrix[-1, -1], matrix[0, 0] = 5e-324, 1.7e308
    game = NormalFormGame.bimatrix(matrix, -matrix)
    profile = MixedProfile.uniform(game)
    total = sum(map(Fraction, np.unique(matrix).tolist()), Fraction(0))
    assert certify_nash(game, profile).payoffs == (total / size**2, -total / size**2)
