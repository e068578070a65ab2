"""Pareto dominance and optimality against the definitions in Fractions, and tampered proofs."""

from __future__ import annotations

import itertools
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

import gametheory as gt
from gametheory import CorrelatedDistribution, MixedProfile, NormalFormGame, Status
from gametheory.algorithms.normal_form import maxima as maxima_module
from gametheory.algorithms.normal_form.maxima import maxima
from gametheory.algorithms.normal_form.pareto_enumeration import pareto_optima
from gametheory.certificates.pareto import certify_pareto
from gametheory.concepts.pareto import dominates, dominating_joint_action, exact_payoffs_of
from gametheory.games.pareto_profile import ParetoProfile
from gametheory.linear_programs import finish
from gametheory.payoff_sets import pareto_dominance

DILEMMA = NormalFormGame.symmetric([[3, 0], [5, 1]])
BATTLE = NormalFormGame.bimatrix([[2, 0], [0, 1]], [[1, 0], [0, 2]])
CHICKEN = NormalFormGame.symmetric([[6, 2], [7, 0]])

Joint = tuple[int, ...]


def payoffs_of(game: NormalFormGame) -> dict[Joint, tuple[Fraction, ...]]:
    return {
        joint: tuple(game.exact_payoffs[(slice(None), *joint)].tolist())
        for joint in itertools.product(*map(range, game.n_actions))
    }


def optimal_by_definition(game: NormalFormGame) -> set[Joint]:
    """Compare all pairs, as the definition says."""
    paid = payoffs_of(game)
    return {
        joint
        for joint, own in paid.items()
        if not any(
            all(a >= b for a, b in zip(other, own, strict=True)) and other != own
            for other in paid.values()
        )
    }


def pure_actions(solution: gt.Solution) -> list[Joint]:
    return [tuple(a[0] for a in profile.support()) for profile in solution.equilibria]


@st.composite
def games(draw: Any, most: int = 3) -> NormalFormGame:
    """Games of one to four players, with ties: few different payoffs."""
    n = draw(st.integers(1, 4))
    shape = tuple(draw(st.integers(1, most)) for _ in range(n))
    cells = n * int(np.prod(shape))
    entries = draw(st.lists(st.integers(-3, 3), min_size=cells, max_size=cells))
    return NormalFormGame(np.array(entries).reshape(n, *shape))


def test_the_textbooks_dilemma_has_one_dominated_joint_action_the_equilibrium() -> None:
    solution = gt.solve(DILEMMA, "pareto", find="all")
    assert pure_actions(solution) == [(0, 0), (0, 1), (1, 0)]
    assert solution.status is Status.CERTIFIED_EXACT and solution.complete
    (equilibrium,) = gt.solve(DILEMMA, "nash", find="all").equilibria
    assert dominating_joint_action(DILEMMA, equilibrium) == (0, 0)


def test_what_no_joint_action_dominates_a_distribution_may() -> None:
    game = NormalFormGame.symmetric([[2, 0], [5, 1]])  # taking turns pays 5/2 each
    assert pure_actions(gt.solve(game, "pareto", find="all")) == [(0, 0), (0, 1), (1, 0)]
    both = gt.solve(game, "pareto", find="all", against="correlated")
    assert pure_actions(both) == [(0, 1), (1, 0)]
    found = pareto_dominance(game, (0, 0))
    assert isinstance(found.witness, CorrelatedDistribution)
    assert dominates(found.witness_payoffs, (Fraction(2), Fraction(2)), strictly=True) or (
        dominates(found.witness_payoffs, (Fraction(2), Fraction(2)))
    )
    assert exact_payoffs_of(game, found.witness) == found.witness_payoffs
    assert not pareto_dominance(game, (0, 0), against="pure").dominated


def test_the_mixed_equilibrium_of_battle_of_the_sexes_is_dominated_strictly() -> None:
    mixed = MixedProfile([["2/3", "1/3"], ["1/3", "2/3"]])
    for against in ("pure", "correlated"):
        found = pareto_dominance(BATTLE, mixed, against=against, strictly=True)
        assert found.payoffs == (Fraction(2, 3), Fraction(2, 3))
        assert dominates(found.witness_payoffs, found.payoffs, strictly=True)
    assert gt.verify(BATTLE, mixed, "pareto").epsilon == Fraction(4, 3)


def test_a_weak_optimum_is_dominated_but_not_strictly() -> None:
    game = NormalFormGame.bimatrix([[1, 1]], [[0, 1]])
    weak = pareto_dominance(game, (0, 0))
    assert weak.dominated and exact_payoffs_of(game, (0, 1)) == weak.witness_payoffs
    strict = pareto_dominance(game, (0, 0), strictly=True)
    assert not strict.dominated
    assert strict.weights == (1, 0)
    assert dominating_joint_action(game, (0, 0), strictly=True) is None


@given(games())
@settings(max_examples=150, deadline=None)
def test_pure_optima_are_those_of_the_definition(game: NormalFormGame) -> None:
    solution = gt.solve(game, "pareto", find="all")
    expected = sorted(optimal_by_definition(game))
    assert pure_actions(solution) == expected
    assert solution.complete and solution.epsilon == 0
    assert [tuple(map(int, joint)) for joint in np.argwhere(pareto_optima(game))] == expected


@given(games(most=2))
@settings(max_examples=60, deadline=None)
def test_optima_against_distributions_are_those_of_scipys_linear_programs(
    game: NormalFormGame,
) -> None:
    paid = payoffs_of(game)
    points = np.array([[float(u) for u in own] for own in paid.values()])
    expected = []
    for joint, own in paid.items():
        target = np.array([float(u) for u in own])
        lp = linprog(
            -points.sum(axis=1),
            A_ub=-points.T,
            b_ub=-target,
            A_eq=np.ones((1, len(points))),
            b_eq=[1],
        )
        if -lp.fun < target.sum() + 1e-7:
            expected.append(joint)
    solution = gt.solve(game, "pareto", find="all", against="correlated")
    assert pure_actions(solution) == expected
    for profile, joint in zip(solution.equilibria, expected, strict=True):
        sums = {
            other: sum(w * u for w, u in zip(profile.weights, own, strict=True))
            for other, own in paid.items()
        }
        assert min(profile.weights) > 0
        assert sums[joint] == max(sums.values())
    for joint in paid:
        found = pareto_dominance(game, joint)
        assert found.dominated == (joint not in expected)
        if found.dominated:
            assert dominates(found.witness_payoffs, paid[joint])
            assert not pareto_dominance(game, found.witness).dominated


@given(games(), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_rescaling_and_renaming_change_nothing(game: NormalFormGame, random: Any) -> None:
    factors = [Fraction(random.randint(1, 9), random.randint(1, 9)) for _ in range(game.n_players)]
    shifts = [random.randint(-5, 5) for _ in range(game.n_players)]
    orders = [random.sample(range(m), m) for m in game.n_actions]
    table = np.stack(
        [
            own[np.ix_(*orders)] * f + s
            for own, f, s in zip(game.exact_payoffs, factors, shifts, strict=True)
        ]
    )
    changed = pareto_optima(NormalFormGame(table.tolist()))
    assert (changed == pareto_optima(game)[np.ix_(*orders)]).all()


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("pairs", [1, 50, 200_000])
def test_maxima_by_halving_are_those_of_all_pairs(
    n: int, pairs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(maxima_module, "_PAIRS", pairs)
    generator = np.random.default_rng(n)
    for size in (1, 2, 7, 60):
        for top in (2, 4, 40):
            vectors = np.unique(generator.integers(0, top, size=(size, n)), axis=0)
            below = (vectors[:, None] <= vectors[None]).all(axis=2).sum(axis=1) > 1
            assert (finish(maxima(vectors)) == ~below).all()


def test_many_incomparable_vectors_are_no_trouble() -> None:
    generator = np.random.default_rng(0)
    vectors = generator.integers(0, 10**6, size=(30_000, 3))
    vectors[:, 2] = 10**7 - vectors[:, :2].sum(axis=1)
    vectors = np.unique(vectors, axis=0)
    assert finish(maxima(vectors)).all()


def test_a_hundred_thousand_joint_actions() -> None:
    payoffs = np.random.default_rng(5).normal(size=(3, 50, 50, 40))
    game = NormalFormGame(payoffs)
    flat = payoffs.reshape(3, -1)
    optimal = np.flatnonzero(pareto_optima(game).ravel())
    for cell in optimal:
        beyond = (flat >= flat[:, [cell]]).all(axis=0).sum()
        assert beyond == 1
    rest = np.setdiff1d(np.arange(flat.shape[1]), optimal)
    best = flat[:, optimal]
    covered = np.zeros(len(rest), dtype=bool)
    for k in range(best.shape[1]):
        covered |= (flat[:, rest] <= best[:, [k]]).all(axis=0)
    assert covered.all()
    solution = gt.solve(game, "pareto", find="all")
    assert len(solution.equilibria) == len(optimal) and solution.complete


@pytest.mark.parametrize(
    "scale", [10**30, Fraction(1, 10**30), 2**70 + 1], ids=["huge", "tiny", "past 2**63"]
)
def test_numbers_of_any_size(scale: Any) -> None:
    table = [[Fraction(u) * scale for u in row] for row in [[2, 0], [5, 1]]]
    game = NormalFormGame.symmetric(table)
    assert pure_actions(gt.solve(game, "pareto", find="all")) == [(0, 0), (0, 1), (1, 0)]
    correlated = gt.solve(game, "pareto", find="all", against="correlated")
    assert pure_actions(correlated) == [(0, 1), (1, 0)]


def test_payoffs_that_floats_cannot_tell_apart() -> None:
    big = 10**20
    game = NormalFormGame.bimatrix([[big, big + 1]], [[big + 1, big + 1]])
    assert pure_actions(gt.solve(game, "pareto", find="all")) == [(0, 1)]
    assert dominating_joint_action(game, (0, 0)) == (0, 1)
    assert gt.verify(game, MixedProfile.pure(game, (0, 0)), "pareto").epsilon == 1


def test_all_payoffs_equal() -> None:
    game = NormalFormGame(np.ones((3, 2, 2, 2)))
    for against in ("pure", "correlated"):
        assert len(gt.solve(game, "pareto", find="all", against=against).equilibria) == 8


def test_a_wrong_proof_is_seen() -> None:
    wrong = ParetoProfile([[1, 0], [0, 1]], [1, 10])
    certificate = certify_pareto(NormalFormGame.symmetric([[2, 0], [5, 1]]), wrong)
    assert certificate.exact  # (0, 5) with weights (1, 10): 50 is the largest sum
    wrong = ParetoProfile([[1, 0], [0, 1]], [10, 1])
    certificate = certify_pareto(NormalFormGame.symmetric([[2, 0], [5, 1]]), wrong)
    assert certificate.regrets == (Fraction(45, 10), Fraction(45))
    assert "larger by 45" in certificate.violation
    with pytest.raises(gt.InvalidProfile, match="positive"):
        ParetoProfile([[1, 0], [0, 1]], [0, 1])
    with pytest.raises(gt.InvalidProfile, match="1 weights for 2 players"):
        ParetoProfile([[1, 0], [0, 1]], [1])


def test_a_profile_with_weights_survives_json_and_pickle() -> None:
    import pickle

    claim = ParetoProfile([["1/3", "2/3"], [0, 1]], ["1/7", 3])
    assert ParetoProfile.from_document(claim.to_document()) == claim
    assert pickle.loads(pickle.dumps(claim)) == claim
    with pytest.raises(gt.GameFormatError):
        ParetoProfile.from_document({"strategies": [[1], [1]]})


@given(games(most=2))
@settings(max_examples=60, deadline=None)
def test_the_certificate_measures_what_pure_outcomes_gain(game: NormalFormGame) -> None:
    mixed = MixedProfile.uniform(game)
    own = exact_payoffs_of(game, mixed)
    better = [
        paid
        for paid in payoffs_of(game).values()
        if all(a >= b for a, b in zip(paid, own, strict=True))
    ]
    gains = [max((paid[i] for paid in better), default=own[i]) - own[i] for i in range(len(own))]
    certificate = certify_pareto(game, mixed)
    assert certificate.regrets == tuple(gains)
    assert certificate.exact == (not pareto_dominance(game, mixed, against="pure").dominated)
    assert bool(certificate.violation) != certificate.exact


@given(games(most=2))
@settings(max_examples=40, deadline=None)
def test_weights_bound_every_gain(game: NormalFormGame) -> None:
    claim = ParetoProfile(
        [list(s) for s in MixedProfile.uniform(game).exact], [k + 1 for k in range(game.n_players)]
    )
    sums = [sum((k + 1) * u for k, u in enumerate(own)) for own in payoffs_of(game).values()]
    own = exact_payoffs_of(game, claim)
    gap = max(sums) - sum((k + 1) * u for k, u in enumerate(own))
    assert certify_pareto(game, claim).epsilon == gap


def test_refusals() -> None:
    with pytest.raises(gt.UnsupportedGame, match="against='nobody'"):
        gt.solve(DILEMMA, "pareto", against="nobody")
    with pytest.raises(gt.UnsupportedGame, match="against"):
        pareto_dominance(DILEMMA, (0, 0), against="nobody")  # type: ignore[arg-type]
    with pytest.raises(gt.InvalidProfile):
        pareto_dominance(DILEMMA, (0, 7))
    with pytest.raises(gt.InvalidProfile):
        exact_payoffs_of(DILEMMA, 3)  # type: ignore[arg-type]
    with pytest.raises(gt.InvalidProfile):
        exact_payoffs_of(DILEMMA, CorrelatedDistribution([1, 0]))
    with pytest.raises(gt.InvalidProfile):
        dominates((1, 2), (1,))
    with pytest.raises(gt.InvalidProfile):
        gt.verify(DILEMMA, CorrelatedDistribution([[1, 0], [0, 0]]), "pareto")


def test_certificates_do_not_depend_on_the_figures_that_come_with_them() -> None:
    solution = gt.solve(CHICKEN, "pareto", find="all", against="correlated")
    forged = replace(solution.certificates[0], profile=MixedProfile.pure(CHICKEN, (1, 1)))
    assert gt.verify(CHICKEN, forged).epsilon == 7


def test_weights_and_payoffs_of_wild_sizes_are_compared_exactly() -> None:
    """Player 1's payoffs decide among player 0's ties, 600 orders of magnitude below."""
    game = NormalFormGame.bimatrix([[1e300, 1e300, 0]], [[1e-300, 2e-300, 5e-300]])
    weights = [Fraction(1), Fraction(1, 10**30)]
    assert certify_pareto(game, ParetoProfile([[1], [0, 1, 0]], weights)).exact
    missed = certify_pareto(game, ParetoProfile([[1], [1, 0, 0]], weights))
    assert missed.regrets[1] == Fraction(2e-300) - Fraction(1e-300)
    found = gt.solve(game, "pareto", find="all", against="correlated")
    assert pure_actions(found) == [(0, 1), (0, 2)]


@given(games(most=2), st.lists(st.integers(-300, 300), min_size=4, max_size=4))
@settings(max_examples=40, deadline=None)
def test_sizes_of_payoffs_change_no_optimum(game: NormalFormGame, powers: list[int]) -> None:
    wild = NormalFormGame(
        np.stack([own * 2.0**p for own, p in zip(game.payoffs, powers, strict=False)])
    )
    for against in ("pure", "correlated"):
        plain = gt.solve(game, "pareto", find="all", against=against)
        other = gt.solve(wild, "pareto", find="all", against=against)
        assert pure_actions(other) == pure_actions(plain)
        assert other.epsilon == 0 and other.complete
