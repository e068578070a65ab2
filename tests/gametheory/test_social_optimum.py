"""Social optima and the prices of anarchy and stability against brute force and closed forms."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

import gametheory as gt
from gametheory import NormalFormGame
from gametheory.concepts.pareto import exact_payoffs_of
from gametheory.concepts.welfare import (
    egalitarian_value,
    nash_product,
    proportional_fairness,
    welfare,
)
from gametheory.inefficiency import price_of_anarchy, price_of_stability
from gametheory.payoff_sets import pareto_dominance, social_optimum

DILEMMA = NormalFormGame.symmetric([[3, 0], [5, 1]])
BATTLE = NormalFormGame.bimatrix([[2, 0], [0, 1]], [[1, 0], [0, 2]])
CHICKEN = NormalFormGame.symmetric([[6, 2], [7, 0]])


@st.composite
def games(draw: Any, low: int = -4) -> NormalFormGame:
    n = draw(st.integers(2, 3))
    shape = tuple(draw(st.integers(1, 3 if n == 2 else 2)) for _ in range(n))
    cells = n * int(np.prod(shape))
    entries = draw(st.lists(st.integers(low, 5), min_size=cells, max_size=cells))
    return NormalFormGame(np.array(entries).reshape(n, *shape))


def all_payoffs(game: NormalFormGame) -> dict[tuple[int, ...], tuple[Fraction, ...]]:
    joints = itertools.product(*map(range, game.n_actions))
    return {joint: exact_payoffs_of(game, joint) for joint in joints}


@given(games())
@settings(max_examples=80, deadline=None)
def test_pure_optima_are_those_of_all_joint_actions(game: NormalFormGame) -> None:
    paid = all_payoffs(game)
    total = social_optimum(game, "welfare", "pure")
    assert total.value == max(map(sum, paid.values())) == welfare(game, total.joint_action)
    assert total.joint_action == next(j for j, u in paid.items() if sum(u) == total.value)
    fair = social_optimum(game, "egalitarian", "pure")
    assert fair.value == max(map(min, paid.values())) == egalitarian_value(game, fair.joint_action)
    levels = gt.security_levels(game)
    gains = [[u - d for u, d in zip(own, levels, strict=True)] for own in paid.values()]
    products = [math.prod(gain) for gain in gains if min(gain) >= 0]
    if products:
        found = social_optimum(game, "nash-product", "pure")
        assert found.value == max(products)
        assert found.value == nash_product(game, found.joint_action, levels)
        assert found.disagreement == levels
    else:
        with pytest.raises(gt.UnsupportedGame, match="no joint action"):
            social_optimum(game, "nash-product", "pure")


@given(games())
@settings(max_examples=80, deadline=None)
def test_optima_over_distributions_are_proven(game: NormalFormGame) -> None:
    for objective in ("welfare", "egalitarian", "nash-product"):
        found = social_optimum(game, objective)
        assert exact_payoffs_of(game, found.play) == found.payoffs
        assert found.value <= found.upper
        if objective != "nash-product" or game.n_players == 2:
            assert found.exact
            assert not pareto_dominance(game, found.play).dominated
        assert found.upper - found.value <= Fraction(1, 10**9) * abs(found.upper)
    fair = social_optimum(game, "egalitarian")
    assert fair.value == min(fair.payoffs) >= social_optimum(game, "egalitarian", "pure").value
    total = social_optimum(game, "welfare")
    assert total.value == sum(total.payoffs) == social_optimum(game, "welfare", "pure").value
    product = social_optimum(game, "nash-product")
    gains = [u - d for u, d in zip(product.payoffs, product.disagreement, strict=True)]
    assert min(gains) >= 0 and product.value == math.prod(gains)


@given(games())
@settings(max_examples=60, deadline=None)
def test_the_egalitarian_value_is_proven_by_its_dual(game: NormalFormGame) -> None:
    """No distribution gives everybody more: strict dominance by any distribution fails."""
    fair = social_optimum(game, "egalitarian")
    level = [Fraction(fair.value)] * game.n_players
    paid = list(all_payoffs(game).values())
    # A weighting of the players under which no joint action pays more on average.
    found = pareto_dominance(game, fair.play, strictly=True)
    assert not found.dominated
    assert sum(found.weights) == 1 and min(found.weights) >= 0
    best = max(sum(w * u for w, u in zip(found.weights, own, strict=True)) for own in paid)
    assert best == sum(w * u for w, u in zip(found.weights, fair.payoffs, strict=True))
    assert best >= sum(w * u for w, u in zip(found.weights, level, strict=True))


def test_two_players_nash_product_is_the_textbooks() -> None:
    """Nash (1950): one dollar to divide, so halves; with an outside option of 1/2 for one, 3/4."""
    divide = NormalFormGame.bimatrix([[1, 0]], [[0, 1]])
    halves = social_optimum(divide, "nash-product", disagreement=(0, 0))
    assert (halves.payoffs, halves.value) == ((Fraction(1, 2), Fraction(1, 2)), Fraction(1, 4))
    outside = social_optimum(divide, "nash-product", disagreement=("1/2", 0))
    assert outside.payoffs == (Fraction(3, 4), Fraction(1, 4))
    assert outside.exact
    assert social_optimum(BATTLE, "nash-product").value == Fraction(25, 36)
    assert social_optimum(CHICKEN, "nash-product").joint_action == (0, 0)


@given(games(low=0), st.lists(st.integers(1, 9), min_size=3, max_size=3))
@settings(max_examples=40, deadline=None)
def test_the_nash_product_does_not_care_about_scales(
    game: NormalFormGame, factors: list[int]
) -> None:
    table = [own * f + f for own, f in zip(game.exact_payoffs, factors, strict=False)]
    scaled = NormalFormGame(np.stack(table).tolist())
    found, other = social_optimum(game, "nash-product"), social_optimum(scaled, "nash-product")
    unit = math.prod(factors[: game.n_players])
    if game.n_players == 2:
        assert other.value == found.value * unit
        expected = [u * f + f for u, f in zip(found.payoffs, factors, strict=False)]
        assert found.value == 0 or list(other.payoffs) == expected
    else:
        assert found.value * unit <= other.upper and other.value <= found.upper * unit


def test_three_players_product_against_scipy() -> None:
    generator = np.random.default_rng(4)
    for _ in range(5):
        payoffs = generator.random((3, 2, 3, 2)) + 0.1
        game = NormalFormGame(payoffs)
        found = social_optimum(game, "proportional-fairness")
        flat = payoffs.reshape(3, -1)
        k = flat.shape[1]
        oracle = minimize(
            lambda w, flat=flat: -np.log(flat @ w).sum(),
            np.full(k, 1 / k),
            jac=lambda w, flat=flat: -flat.T @ (1 / (flat @ w)),
            bounds=[(0, 1)] * k,
            constraints={"type": "eq", "fun": lambda w: w.sum() - 1},
            options={"ftol": 1e-14, "maxiter": 1000},
        )
        assert math.log(found.value) == pytest.approx(-oracle.fun, abs=1e-6)
        assert math.log(found.value) >= -oracle.fun - 1e-9
        assert found.upper <= found.value * (1 + Fraction(1, 10**9))


def test_proportional_fairness_is_the_nash_product_over_zero() -> None:
    game = NormalFormGame.bimatrix([[4, 1], [2, 1]], [[1, 5], [3, 1]])
    fair = social_optimum(game, "proportional-fairness")
    product = social_optimum(game, "nash-product", disagreement=(0, 0))
    assert (fair.play, fair.value) == (product.play, product.value)
    assert proportional_fairness(game, fair.play) == pytest.approx(math.log(fair.value))
    # Kelly's definition: no alternative has a positive sum of relative gains.
    for own in all_payoffs(game).values():
        assert sum((u - v) / v for u, v in zip(own, fair.payoffs, strict=True)) <= 0


def test_nothing_to_gain_has_the_product_zero() -> None:
    pennies = NormalFormGame.zero_sum([[1, -1], [-1, 1]])
    found = social_optimum(pennies, "nash-product")
    assert (found.value, found.upper, found.payoffs) == (0, 0, (0, 0))


@pytest.mark.parametrize("scale", [10**30, Fraction(1, 10**30), 2**64 + 3])
def test_numbers_of_any_size(scale: Any) -> None:
    tables = [[[Fraction(u) * scale for u in row] for row in rows] for rows in ([[2, 0], [0, 1]],)]
    game = NormalFormGame.bimatrix(tables[0], [row[::-1] for row in tables[0][::-1]])
    assert social_optimum(game, "nash-product").value == Fraction(25, 36) * scale**2
    assert social_optimum(game, "egalitarian").value == Fraction(3, 2) * scale


def test_three_players_of_very_different_sizes() -> None:
    base = np.random.default_rng(1).integers(1, 20, size=(3, 2, 2, 2))
    game = NormalFormGame(
        [(own.astype(object) * s).tolist() for own, s in zip(base, (1, 10**25, 1), strict=True)]
    )
    plain = social_optimum(NormalFormGame(base), "nash-product")
    found = social_optimum(game, "nash-product")
    assert found.value <= plain.upper * 10**25 and plain.value * 10**25 <= found.upper
    assert found.upper <= found.value * (1 + Fraction(1, 10**9))


def test_pigous_network_of_two_drivers_has_the_price_four_thirds() -> None:
    pigou = NormalFormGame.symmetric([[-2, -2], [-1, -2]])
    found = price_of_anarchy(pigou, "pure-nash")
    assert (found.price, found.measure, found.welfare) == (Fraction(4, 3), "costs", -4)
    assert price_of_anarchy(pigou).price == Fraction(4, 3)
    assert price_of_stability(pigou).price == 1


def test_pigous_network_of_many_drivers_tends_to_four_thirds() -> None:
    """n drivers, one road that takes n and one that takes its traffic: all may use the second."""
    for n in (4, 6):
        game = NormalFormGame.from_function(
            lambda a, n=n: [-(sum(a) if own else n) for own in a], (2,) * n
        )
        worst = price_of_anarchy(game, "pure-nash")
        assert worst.welfare == -n * n
        assert worst.optimum.value == -(n * n - n * n // 4)
        assert worst.price == Fraction(4, 3)


def test_braess_paradox() -> None:
    game = gt.catalog.load("braess_paradox")  # four drivers: all take the shortcut, and lose 8 each
    found = price_of_anarchy(game, "pure-nash")
    assert found.welfare == -32
    best = max(sum(own) for own in all_payoffs(game).values())
    assert found.price == Fraction(32, -best)
    assert price_of_stability(game, "pure-nash").price == found.price


def test_prices_of_small_games() -> None:
    assert price_of_anarchy(DILEMMA).price == price_of_stability(DILEMMA).price == 3
    assert price_of_anarchy(BATTLE).price == Fraction(9, 4)  # 3 against 4/3
    assert price_of_anarchy(BATTLE, "pure-nash").price == 1
    assert price_of_stability(BATTLE).price == 1
    assert price_of_stability(CHICKEN, "correlated").price == Fraction(12) / Fraction(21, 2)
    assert price_of_anarchy(CHICKEN, "correlated").exact


@given(games(low=1))
@settings(max_examples=25, deadline=None)
def test_wider_concepts_have_wider_prices(game: NormalFormGame) -> None:
    concepts = ["correlated", "coarse-correlated"]
    if game.n_players == 2:
        concepts.insert(0, "nash")
    anarchy = [price_of_anarchy(game, concept).price for concept in concepts]
    stability = [price_of_stability(game, concept).price for concept in concepts]
    assert anarchy == sorted(anarchy)
    assert stability == sorted(stability, reverse=True)
    assert min(stability) >= 1
    found = price_of_anarchy(game, "correlated")
    assert gt.verify(game, found.equilibrium, "correlated").exact
    assert sum(exact_payoffs_of(game, found.equilibrium)) == found.welfare


def test_infinitely_many_equilibria_are_priced_at_their_extreme_points() -> None:
    game = NormalFormGame.bimatrix([[3, 1], [3, 0]], [[2, 2], [1, 1]])
    worst, best = price_of_anarchy(game), price_of_stability(game)
    assert best.price == 1 and worst.price > 1
    for p in [Fraction(k, 20) for k in range(21)]:
        for q in [Fraction(k, 20) for k in range(21)]:
            profile = gt.MixedProfile([[p, 1 - p], [q, 1 - q]])
            if gt.verify(game, profile).exact:
                assert worst.welfare <= welfare(game, profile) <= best.welfare


def test_refusals() -> None:
    with pytest.raises(gt.UnsupportedGame, match="ratio has no meaning"):
        price_of_anarchy(gt.catalog.load("matching_pennies"))
    with pytest.raises(gt.UnsupportedGame, match="concept"):
        price_of_anarchy(DILEMMA, "maxmin")  # type: ignore[arg-type]
    with pytest.raises(gt.UnsupportedGame, match="not all pure-nash"):
        price_of_anarchy(gt.catalog.load("matching_pennies"), "pure-nash")
    with pytest.raises(gt.UnsupportedGame, match="objective"):
        social_optimum(DILEMMA, "happiness")  # type: ignore[arg-type]
    with pytest.raises(gt.UnsupportedGame, match="over="):
        social_optimum(DILEMMA, over="mixed")  # type: ignore[arg-type]
    with pytest.raises(gt.UnsupportedGame, match="disagreement"):
        social_optimum(DILEMMA, "welfare", disagreement=(0, 0))
    with pytest.raises(gt.InvalidProfile):
        social_optimum(DILEMMA, "nash-product", disagreement=(0, 0, 0))
    with pytest.raises(gt.InvalidProfile):
        social_optimum(DILEMMA, "nash-product", disagreement=("a", "b"))
    with pytest.raises(gt.UnsupportedGame, match="more than zero"):
        social_optimum(NormalFormGame.symmetric([[-1]]), "proportional-fairness")
    with pytest.raises(gt.UnsupportedGame, match="its disagreement payoff"):
        social_optimum(DILEMMA, "nash-product", disagreement=(9, 9))
    with pytest.raises(gt.UnsupportedGame, match="logarithm"):
        proportional_fairness(NormalFormGame.symmetric([[-1]]), (0, 0))
    with pytest.raises(gt.UnsupportedGame, match="in disagreement"):
        nash_product(DILEMMA, (0, 1), (1, 1))
