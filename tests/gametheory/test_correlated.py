"""Correlated equilibria: closed forms, definitions in Fractions, properties."""

from __future__ import annotations

import itertools
import pickle
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gametheory import NormalFormGame, solve, verify
from gametheory.concepts import nash_conv
from gametheory.concepts.correlated import cce_gap, ce_gap, external_regrets, swap_regrets
from gametheory.errors import InvalidProfile, UnsupportedGame
from gametheory.games.catalog import load
from gametheory.games.correlated_distribution import CorrelatedDistribution
from gametheory.games.profiles import MixedProfile

CONCEPTS = ("correlated", "coarse-correlated")
SIXTH = Fraction(1, 6)


def random_game(seed: int, width: int = 10, most: int = 4) -> NormalFormGame:
    rng = np.random.default_rng(seed)
    shape = tuple(rng.integers(1, most + 1, rng.integers(2, 4)).tolist())
    return NormalFormGame(rng.integers(0, width, (len(shape), *shape)))


def regret_by_definition(
    game: NormalFormGame, joint: dict[tuple[int, ...], Fraction], player: int, *, coarse: bool
) -> Fraction:
    """The gain from the best rule, over all maps from actions to actions, or over constants."""
    size = game.n_actions[player]
    rules = (
        ((taken,) * size for taken in range(size))
        if coarse
        else itertools.product(range(size), repeat=size)
    )
    payoffs, best = game.exact_payoffs[player], Fraction(0)
    for rule in rules:
        gain = Fraction(0)
        for cell, p in joint.items():
            changed = (*cell[:player], rule[cell[player]], *cell[player + 1 :])
            gain += p * (payoffs[changed] - payoffs[cell])
        best = max(best, gain)
    return best


@pytest.mark.parametrize("concept", CONCEPTS)
@settings(max_examples=25)
@given(seed=st.integers(0, 10**6))
def test_certificates_and_gaps_are_those_of_the_definition(concept: str, seed: int) -> None:
    game = random_game(seed, most=3)
    weights = np.random.default_rng(seed).integers(0, 4, game.n_actions)
    weights.flat[0] += 1
    joint = CorrelatedDistribution.from_weights(
        game.n_actions, {cell: int(w) for cell, w in np.ndenumerate(weights)}
    )
    certificate = verify(game, joint, concept)
    expected = [
        regret_by_definition(game, dict(joint.exact), p, coarse=concept == "coarse-correlated")
        for p in range(game.n_players)
    ]
    assert list(certificate.regrets) == expected
    assert certificate.epsilon == max(expected)
    assert bool(certificate.violation) == (certificate.epsilon > 0)
    floats = (swap_regrets if concept == "correlated" else external_regrets)(game, joint)
    assert floats == pytest.approx([float(e) for e in expected], abs=1e-9)


def test_rock_paper_scissors_off_the_diagonal_is_coarse_only() -> None:
    game = load("rock_paper_scissors")
    joint = CorrelatedDistribution(np.full((3, 3), SIXTH) - np.diag([SIXTH] * 3))
    assert verify(game, joint, "coarse-correlated").exact
    refuted = verify(game, joint, "correlated")
    assert refuted.epsilon == Fraction(1, 2)
    assert refuted.violation == "player 0, told Rock, gains 1/6 by Scissors"
    assert "told Rock" in str(refuted)


def test_closed_forms() -> None:
    chicken = NormalFormGame.symmetric([[6, 2], [7, 0]])
    best = solve(chicken, "correlated")
    assert best.profile == CorrelatedDistribution([["1/2", "1/4"], ["1/4", 0]])
    assert best.certificate is not None
    assert best.certificate.payoffs == (Fraction(21, 4), Fraction(21, 4))
    assert best.certificate.objective_value == Fraction(21, 2)
    assert best.certificate.objective_gap == 0
    dilemma = NormalFormGame.symmetric([[-1, -3], [0, -2]])
    for concept in CONCEPTS:
        every = solve(dilemma, concept, find="all")
        assert every.complete
        assert [found.support for found in every.equilibria] == [((1, 1),)]
    # Chicken's polytope: two pure and one mixed equilibrium, and two more vertices (Nau, Gomez
    # Canovas and Hansen 2004).
    vertices = solve(chicken, "correlated", find="all")
    assert vertices.complete
    assert len(vertices.equilibria) == 5
    assert best.profile in vertices.equilibria


def test_the_unique_correlated_equilibrium_of_a_game_with_a_unique_mixed_one() -> None:
    for name in ("matching_pennies", "rock_paper_scissors"):
        found = solve(load(name), "correlated", find="all")
        assert [len(joint.support) for joint in found.equilibria] in ([4], [9])
        assert found.equilibria[0].is_product()


@settings(max_examples=40)
@given(seed=st.integers(0, 10**6), width=st.sampled_from([2, 10, 1000]))
def test_nash_within_correlated_within_coarse(seed: int, width: int) -> None:
    game = random_game(seed, width)
    nash = solve(game, "nash").profile
    product = CorrelatedDistribution.from_profile(nash)
    at_nash = verify(game, nash)
    for concept in CONCEPTS:
        assert verify(game, product, concept).epsilon == at_nash.epsilon
    correlated, coarse = (solve(game, concept) for concept in CONCEPTS)
    assert correlated.status == coarse.status == "certified_exact"
    assert verify(game, correlated.profile, "coarse-correlated").exact
    if at_nash.exact:
        assert sum(correlated.certificate.payoffs) >= sum(at_nash.payoffs)
    assert coarse.certificate.objective_value >= correlated.certificate.objective_value


@pytest.mark.slow
def test_the_order_of_welfare_on_thousands_of_games() -> None:
    for seed in range(3000):
        game = random_game(seed, [2, 10, 1000][seed % 3])
        nash = solve(game, "nash")
        if nash.status != "certified_exact":
            continue
        product = CorrelatedDistribution.from_profile(nash.profile)
        correlated, coarse = (solve(game, concept) for concept in CONCEPTS)
        assert all(verify(game, product, concept).exact for concept in CONCEPTS)
        assert correlated.certificate.objective_gap == coarse.certificate.objective_gap == 0
        welfare = [sum(s.certificate.payoffs) for s in (nash, correlated, coarse)]
        assert welfare == sorted(welfare)


@settings(max_examples=15)
@given(seed=st.integers(0, 10**6))
def test_the_best_is_the_best_vertex(seed: int) -> None:
    game = random_game(seed, most=3)
    if np.prod(game.n_actions) > 12:
        return
    for concept in CONCEPTS:
        vertices = solve(game, concept, find="all")
        assert vertices.complete
        certificates = vertices.certificates
        for objective, value in (
            ("welfare", max(sum(c.payoffs) for c in certificates)),
            ("player 1", max(c.payoffs[1] for c in certificates)),
            (0, max(c.payoffs[0] for c in certificates)),
        ):
            best = solve(game, concept, objective=objective)
            assert best.certificate.objective_value == value
            assert best.certificate.objective_gap == 0


@settings(max_examples=15)
@given(seed=st.integers(0, 10**6))
def test_egalitarian_and_custom_objectives(seed: int) -> None:
    game = random_game(seed)
    fair = solve(game, "correlated", objective="egalitarian")
    assert fair.status == "certified_exact"
    assert fair.certificate.objective_value == min(fair.certificate.payoffs)
    welfare = solve(game, "correlated")
    assert fair.certificate.objective_value >= min(welfare.certificate.payoffs)
    table = np.random.default_rng(seed).normal(size=game.n_actions)
    custom = solve(game, "coarse-correlated", objective=table)
    assert custom.status == "certified_exact"
    assert float(custom.certificate.objective_value) == pytest.approx(
        float((custom.profile.probabilities * table).sum())
    )


@pytest.mark.parametrize("shape", [(2, 20, 20), (8, 8, 8)])
def test_exact_certificates_of_larger_games(shape: tuple[int, ...]) -> None:
    game = NormalFormGame(np.random.default_rng(5).normal(size=(3, *shape)))
    found = solve(game, "correlated")
    assert found.status == "certified_exact"
    assert found.certificate.epsilon == 0
    assert found.certificate.objective_gap == 0


@pytest.mark.parametrize("factor", [1, Fraction(1, 3), 10**30, 2**61, 1e-9])
@pytest.mark.parametrize("shift", [0, 10**17])
def test_payoffs_of_any_size(factor, shift: int) -> None:
    rows = np.array([[6, 2], [7, 0]], dtype=object)
    game = NormalFormGame.symmetric((rows * Fraction(factor) + shift).tolist())
    found = solve(game, "correlated")
    assert found.profile == CorrelatedDistribution([["1/2", "1/4"], ["1/4", 0]])


def entropy(joint: CorrelatedDistribution) -> float:
    p = joint.probabilities[joint.probabilities > 0]
    return float(-(p * np.log(p)).sum())


@settings(max_examples=15)
@given(seed=st.integers(0, 10**6))
def test_the_largest_entropy_is_larger_than_that_of_mixtures_of_vertices(seed: int) -> None:
    game = random_game(seed, 1000, most=3)
    if np.prod(game.n_actions) > 12:
        return
    for concept in CONCEPTS:
        found = solve(game, concept, objective="entropy")
        gap = float(found.certificate.objective_gap)
        assert float(found.certificate.objective_value) == pytest.approx(entropy(found.profile))
        assert gap < 1e-6
        vertices = solve(game, concept, find="all").equilibria
        rng = np.random.default_rng(seed)
        for _ in range(5):
            weights = rng.dirichlet(np.ones(len(vertices)))
            mixed = sum(w * v.probabilities for w, v in zip(weights, vertices, strict=True))
            assert entropy(CorrelatedDistribution(mixed)) <= entropy(found.profile) + gap + 1e-6


def test_the_largest_entropy_without_incentives_is_uniform() -> None:
    found = solve(NormalFormGame(np.zeros((2, 3, 4))), "correlated", objective="entropy")
    assert found.profile == CorrelatedDistribution(np.full((3, 4), Fraction(1, 12)))


def test_a_false_proof_proves_nothing() -> None:
    game = NormalFormGame.symmetric([[6, 2], [7, 0]])
    best = solve(game, "correlated").profile
    worse = CorrelatedDistribution.from_weights((2, 2), {(0, 1): 1}, proof=best.proof)
    certificate = verify(game, worse, "correlated")
    assert certificate.exact
    assert certificate.objective_gap == Fraction(21, 2) - 9


def test_gaps_of_independent_play_are_nash_conv() -> None:
    for seed in range(20):
        game = random_game(seed)
        profile = MixedProfile.uniform(game)
        assert ce_gap(game, profile) == pytest.approx(nash_conv(game, profile))
        assert cce_gap(game, profile) == pytest.approx(nash_conv(game, profile))
    game = load("rock_paper_scissors")
    array = (np.ones((3, 3)) - np.eye(3)) / 6
    assert ce_gap(game, array) == pytest.approx(1.0)
    assert cce_gap(game, array) == pytest.approx(0.0, abs=1e-12)


def test_distributions_are_values() -> None:
    joint = CorrelatedDistribution([[0, "1/2"], ["1/3", "1/6"]])
    assert pickle.loads(pickle.dumps(joint)) == joint
    assert hash(CorrelatedDistribution.from_document(joint.to_document())) == hash(joint)
    assert joint.marginal(1) == (Fraction(1, 3), Fraction(2, 3))
    assert not joint.is_product()
    assert (joint.sample(500, seed=2) == joint.sample(500, seed=2)).all()
    counts = np.zeros((2, 2))
    np.add.at(counts, tuple(joint.sample(60_000, seed=3).T), 1 / 60_000)
    assert np.abs(counts - joint.probabilities).max() < 0.01
    with pytest.raises(AttributeError):
        joint.scale = 3


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ([[0.5, 0.6], [0, 0]], "sum to 1.1"),
        ([["1/2", "1/2"], [-1, 1]], "negative"),
        ([[1, 0], [0]], "array"),
        (3, "not a distribution"),
        ([[float("nan"), 1]], "finite"),
    ],
)
def test_bad_distributions_are_refused(bad, words: str) -> None:
    with pytest.raises(InvalidProfile, match=words):
        CorrelatedDistribution(bad)


def test_bad_questions_are_refused() -> None:
    game = load("chicken")
    with pytest.raises(UnsupportedGame, match="objective 'justice'"):
        solve(game, "correlated", objective="justice")
    with pytest.raises(UnsupportedGame, match="shape"):
        solve(game, "correlated", objective=[1, 2, 3])
    with pytest.raises(InvalidProfile, match="shape"):
        ce_gap(game, np.ones((3, 3)) / 9)
    with pytest.raises(InvalidProfile, match="sums to 2"):
        ce_gap(game, np.full((2, 2), 0.5))
    with pytest.raises(InvalidProfile):
        verify(game, MixedProfile.uniform(game), "correlated")
    with pytest.raises(UnsupportedGame, match="64"):
        solve(NormalFormGame(np.zeros((2, 9, 9))), "correlated", "correlated-vertices")


def test_what_has_no_exact_basis_is_solved_in_floats(monkeypatch):
    # Payoffs with noise of 1e-17 beside differences of 1 defeat the exact solution, now and then.
    def beaten(program):
        return "unbounded"
        yield

    monkeypatch.setattr("gametheory.algorithms.normal_form.correlated_program.optimize", beaten)
    game = NormalFormGame(np.random.default_rng(0).integers(-2, 3, (3, 4, 4, 4)) / 24)
    for concept in ("correlated", "coarse-correlated"):
        solution = solve(game, concept)
        assert solution.certificate.epsilon < 1e-9
        assert "in floats alone" in solution.reason
    monkeypatch.undo()
    best = solve(game, "coarse-correlated")
    assert solution.payoffs.sum() == pytest.approx(best.payoffs.sum(), abs=1e-9)
