"""The Moran process against closed formulae, exact linear systems and simulated populations."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gametheory as gt
from gametheory import NormalFormGame
from gametheory.dynamics import simulate
from gametheory.dynamics.moran import (
    fixation_probabilities,
    fixation_probability,
    moran,
    rare_mutation_distribution,
)

STAG = NormalFormGame.symmetric([[4, 1], [3, 2]])
games = st.lists(st.integers(1, 9), min_size=4, max_size=4).map(
    lambda v: NormalFormGame.symmetric([v[:2], v[2:]])
)


@pytest.mark.parametrize("size", [2, 3, 10, 100])
@pytest.mark.parametrize("mutants", [0, 1, 2])
def test_without_selection_every_individual_has_the_same_chance(size: int, mutants: int) -> None:
    found = fixation_probability(STAG, size, intensity=0, mutants=mutants)
    assert found == Fraction(mutants, size)
    alike = NormalFormGame.symmetric(np.full((2, 2), 3))
    assert fixation_probability(alike, size) == Fraction(1, size)
    assert fixation_probabilities(STAG, size, intensity=0) == pytest.approx(
        np.full((2, 2), 1 / size)
    )


@pytest.mark.parametrize("fitness", [2, Fraction(1, 2), Fraction(11, 10)])
@pytest.mark.parametrize("size", [2, 5, 40])
def test_constant_fitness_has_morans_formula(fitness: Any, size: int) -> None:
    """Moran (1958): (1 - 1/r) / (1 - 1/r^N)."""
    game = NormalFormGame.symmetric([[fitness, fitness], [1, 1]])
    expected = (1 - 1 / Fraction(fitness)) / (1 - 1 / Fraction(fitness) ** size)
    assert fixation_probability(game, size) == expected


@given(games, st.integers(2, 8), st.sampled_from([0, Fraction(1, 10), Fraction(2, 3), 1]))
@settings(max_examples=40)
def test_it_solves_the_chains_linear_system(game: Any, size: int, intensity: Any) -> None:
    """Absorption probabilities h(i) = up h(i+1) + down h(i-1) + stay h(i), in Fractions."""
    (a, b), (c, d) = game.exact_payoffs[0].tolist()
    h = [fixation_probability(game, size, intensity=intensity, mutants=i) for i in range(size + 1)]
    assert h[0] == 0 and h[size] == 1
    for i in range(1, size):
        f = 1 - intensity + intensity * (a * (i - 1) + b * (size - i)) / (size - 1)
        g = 1 - intensity + intensity * (c * i + d * (size - i - 1)) / (size - 1)
        birth = i * f / (i * f + (size - i) * g)
        up, down = birth * Fraction(size - i, size), (1 - birth) * Fraction(i, size)
        assert up * (h[i + 1] - h[i]) == down * (h[i] - h[i - 1])


@given(games, st.integers(2, 30))
@settings(max_examples=40)
def test_floats_agree_with_fractions(game: Any, size: int) -> None:
    matrix = fixation_probabilities(game, size)
    assert matrix[1, 0] == pytest.approx(float(fixation_probability(game, size)), rel=1e-12)
    other = fixation_probability(game, size, mutant=1, resident=0)
    assert matrix[0, 1] == pytest.approx(float(other), rel=1e-12)
    assert np.diag(matrix) == pytest.approx([1 / size] * 2)


@given(games, st.integers(2, 20))
@settings(max_examples=25)
def test_the_ratio_of_both_directions_is_the_product_of_fitness_ratios(
    game: Any, size: int
) -> None:
    """Nowak et al. (2004): rho_B / rho_A is the product of g_i / f_i."""
    (a, b), (c, d) = game.exact_payoffs[0].tolist()
    product = math.prod(
        Fraction(c * i + d * (size - i - 1)) / (a * (i - 1) + b * (size - i))
        for i in range(1, size)
    )
    backward = fixation_probability(game, size, mutant=1, resident=0)
    assert backward / fixation_probability(game, size) == product


def test_the_one_third_law() -> None:
    """Nowak et al. (2004): weak selection favors A in a large population if x* < 1/3."""
    size, weak = 200, Fraction(1, 10**6)
    for offset, favored in ((Fraction(-1, 50), True), (Fraction(1, 50), False)):
        unstable = Fraction(1, 3) + offset  # A is better where there is more of it than that
        a, d = 1 - unstable, unstable
        game = NormalFormGame.symmetric([[a, 0], [0, d]])
        found = fixation_probability(game, size, intensity=weak)
        assert (found > Fraction(1, size)) == favored


def test_large_populations_do_not_overflow() -> None:
    game = NormalFormGame.symmetric([[1, 1], [3, 3]])
    matrix = fixation_probabilities(game, 5000)
    assert matrix[0, 1] == pytest.approx(2 / 3)
    assert matrix[1, 0] == 0  # 3^-5000
    assert rare_mutation_distribution(game, 5000).tolist() == [0, 1]


@pytest.mark.parametrize("seed", range(20))
def test_the_rare_mutation_distribution_is_stationary(seed: int) -> None:
    rng = np.random.default_rng(seed)
    game = NormalFormGame.symmetric(rng.uniform(1, 3, size=(4, 4)))
    rates = fixation_probabilities(game, 12, intensity=0.7) / 3
    share = rare_mutation_distribution(game, 12, intensity=0.7)
    np.fill_diagonal(rates, 0)
    assert share.sum() == pytest.approx(1)
    assert share @ rates == pytest.approx(share * rates.sum(axis=1), rel=1e-12)


def test_rock_paper_scissors_spends_equal_time_at_each() -> None:
    game = NormalFormGame.symmetric([[2, 1, 4], [4, 2, 1], [1, 4, 2]])
    assert rare_mutation_distribution(game, 20) == pytest.approx(np.full(3, 1 / 3))
    assert rare_mutation_distribution(NormalFormGame.symmetric([[1]]), 20).tolist() == [1]


def test_simulated_populations_fixate_as_often_as_the_formula_says() -> None:
    expected = float(fixation_probability(STAG, 10, mutants=5))
    ends = [
        moran(STAG, counts=[5, 5], births=3000, record=1, seed=seed).iterates[0][-1]
        for seed in range(600)
    ]
    won = np.mean([end[0] == 1 for end in ends])
    assert all(end.max() == 1 for end in ends)
    assert abs(won - expected) < 4 * math.sqrt(expected * (1 - expected) / 600)


def test_rare_mutations_simulated_come_to_their_distribution() -> None:
    game = NormalFormGame.symmetric([[1.2, 1.0, 1.4], [1.3, 1.2, 1.0], [1.1, 1.5, 1.2]])
    trace = moran(game, counts=[4, 3, 3], births=1_500_000, mutation=0.002, record=1, seed=4)
    assert trace.averages[0][-1] == pytest.approx(rare_mutation_distribution(game, 10), abs=0.05)


def test_the_trace_and_its_seed() -> None:
    game = NormalFormGame.symmetric([[1, 3, 2], [2, 1, 3], [3, 2, 1]])
    one, same, other = (simulate(game, "moran", births=500, seed=s) for s in (1, 1, 2))
    assert (one.iterates[0] == same.iterates[0]).all()
    assert not (one.iterates[0] == other.iterates[0]).all()
    assert one.times[0] == 0 and one.times[-1] == 500
    counts = one.iterates[0] * 300
    assert np.allclose(counts, np.rint(counts))
    assert np.allclose(one.averages[0].sum(axis=1), 1) and np.isfinite(one.regrets).all()


def test_one_birth_at_a_time() -> None:
    game = NormalFormGame.symmetric([[1, 3], [2, 1]])
    trace = moran(game, counts=[6, 6], births=40, record=40, mutation=0.5)
    assert (np.abs(np.diff(trace.iterates[0][:, 0])) <= 1 / 12 + 1e-12).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"population": 1}, "population is 1"),
        ({"mutants": 11}, "11 mutants"),
        ({"intensity": 2}, "intensity is 2"),
        ({"intensity": "much"}, "intensity is 'much'"),
        ({"mutant": 1}, "both 1"),
        ({"resident": 2}, "resident is 2"),
    ],
)
def test_options_that_are_not_valid(options: dict[str, Any], message: str) -> None:
    with pytest.raises(gt.UnsupportedGame, match=message):
        fixation_probability(STAG, **{"population": 10, **options})


def test_games_without_a_moran_process() -> None:
    negative = NormalFormGame.symmetric([[-1, 4], [0, 2]])
    for refused in (fixation_probability, fixation_probabilities, rare_mutation_distribution):
        with pytest.raises(gt.UnsupportedGame, match="a fitness is"):
            refused(negative, 50)
        with pytest.raises(gt.UnsupportedGame, match="not symmetric"):
            refused(NormalFormGame.zero_sum([[1, 2]]), 5)
    with pytest.raises(gt.UnsupportedGame, match="a fitness is -1"):
        moran(negative)
    assert moran(negative, intensity=0.1, births=10).times[-1] == 10
    with pytest.raises(gt.UnsupportedGame, match="3 players"):
        simulate(NormalFormGame(np.ones((3, 2, 2, 2))), "moran")
    for counts in ([1], [1, 0], [-1, 5], [0.5, 1.5]):
        with pytest.raises(gt.InvalidProfile, match="counts are"):
            moran(STAG, counts=counts)
