"""Planted bugs that every other test overlooked, each with the test that sees it now."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

import gametheory as gt
from gametheory import MixedProfile, NormalFormGame
from gametheory.games.commitment import Commitment
from gametheory.games.quantal_response import LogitEquilibrium
from marl_bridge.intervals import (
    betting,
    bootstrap,
    empirical_bernstein,
    hoeffding,
    student_t,
)

SOME = [0.0, 0.25, 0.5, 1.0, 0.125, 0.75]


@pytest.mark.parametrize(("method", "name"), [(student_t, "student-t"), (bootstrap, "bootstrap")])
def test_heuristics_with_one_side_leave_the_other_open_and_say_who_they_are(method, name):
    both = method(SOME, 0.8)
    below, above = (method(SOME, 0.9, side=side) for side in ("lower", "upper"))
    assert (below.lower, below.upper) == (pytest.approx(both.lower), math.inf)
    assert (above.lower, above.upper) == (-math.inf, pytest.approx(both.upper))
    assert {one.method for one in (both, below, above)} == {name}
    rows = method([SOME, SOME], 0.9, side="lower")
    np.testing.assert_allclose(rows.lower, below.lower)
    assert np.isposinf(rows.upper).all()


@pytest.mark.parametrize("method", [hoeffding, empirical_bernstein, betting])
def test_samples_that_rounding_put_outside_their_bounds_are_put_back(method):
    whole = method([*SOME, 0.0, 1.0], lower=0.0, upper=1.0)
    below, above = -1e-17, np.nextafter(1.0, 2.0)
    rounded = method([*SOME, below, above], lower=0.0, upper=1.0)
    assert (rounded.lower, rounded.upper) == (whole.lower, whole.upper)
    assert method([below] * 5, lower=0.0, upper=1.0).lower >= 0.0


def test_a_pareto_certificate_tells_the_payoffs():
    game = gt.catalog.load("prisoners_dilemma")
    certificate = gt.verify(game, MixedProfile.pure(game, [0, 0]), "pareto")
    assert certificate.payoffs == tuple(game.exact_payoffs[:, 0, 0])


def test_the_regret_of_an_almost_stable_strategy_is_in_payoff_units():
    """Its figures are over two denominators, the game's and the strategy's."""
    game = NormalFormGame.symmetric([["-1/2", 2], [0, 1]])
    x = (Fraction(667, 1000), Fraction(333, 1000))
    earned = (-x[0] / 2 + 2 * x[1], x[1])
    regret = max(earned) - (x[0] * earned[0] + x[1] * earned[1])
    certificate = gt.verify(game, MixedProfile([x, x]), "ess")
    assert (certificate.epsilon, certificate.violation) == (regret, "")


def test_logit_at_rationality_0_is_exact():
    game = gt.catalog.load("chicken")
    uneven = LogitEquilibrium([["1/3", "2/3"], ["1/2", "1/2"]], 0.0)
    certificate = gt.verify(game, uneven, "logit-qre")
    assert (certificate.epsilon, certificate.arithmetic) == (Fraction(1, 6), "rational")


@pytest.mark.parametrize(
    "change",
    [
        {"witness": (Fraction(1, 2), Fraction(1, 4))},  # no distribution
        {"witness": (Fraction(1), Fraction(0))},  # the action itself
        {"witness": (Fraction(2), Fraction(-1))},
        {"action": 1, "witness": (Fraction(1), Fraction(0))},  # the one that dominates
    ],
)
def test_an_elimination_by_what_is_no_other_strategy_is_refused(change):
    game = gt.catalog.load("prisoners_dilemma")
    claim = gt.solve(game, "iterated-dominance").profile
    assert gt.verify(game, claim, "iterated-dominance").exact
    first = replace(claim.eliminations[0], **change)
    forged = replace(claim, eliminations=(first, *claim.eliminations[1:]))
    assert not gt.verify(game, forged, "iterated-dominance").exact


def test_isolation_does_not_depend_on_the_unit_of_payoffs():
    payoffs = np.random.default_rng(5).normal(size=(3, 3, 3, 3))
    game, scaled = NormalFormGame(payoffs), NormalFormGame(payoffs * 2.0**200)
    found = [c for c in gt.solve(game, find="all").certificates if c.nearby is not None]
    assert found
    for certificate in found:
        again = gt.verify(scaled, certificate.profile)
        assert again.nearby is not None
        assert 0 < again.nearby.radius <= 4 * certificate.nearby.radius


def test_a_strong_commitment_is_bounded_by_the_response_itself():
    """A bound weighs the leader's payoffs where the follower takes that action, no equal one."""
    game = NormalFormGame([[[3, 0], [3, 0]], [[1, 1], [1, 1]]])
    claim = gt.solve(game, "stackelberg").profile
    certificate = gt.verify(game, claim, "stackelberg")
    assert (certificate.payoffs[0], certificate.objective_gap) == (3, 0)
    swapped = [replace(bound, weights=tuple(reversed(bound.weights))) for bound in claim.bounds]
    forged = Commitment(claim.exact, leader=claim.leader, kind="strong", bounds=swapped)
    assert gt.verify(game, forged, "stackelberg").objective_gap is None
