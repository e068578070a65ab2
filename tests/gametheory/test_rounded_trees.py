"""Bounds on regrets in floats: never below the exact regrets, and hardly above."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import gametheory as gt
from gametheory import BehaviorProfile, ExtensiveFormGame
from gametheory.certificates import extensive_form as exact
from gametheory.certificates.rounded_trees import bounded_regrets
from tests.gametheory import observed_games as og


def drawn(game: ExtensiveFormGame, seed: int, concentration: float = 1.0) -> BehaviorProfile:
    rng = np.random.default_rng(seed)
    rows = [rng.dirichlet(np.full(n, concentration)) for n in game.infoset_n_actions.tolist()]
    return BehaviorProfile(game, np.concatenate(rows) if rows else np.empty(0))


def check(game: ExtensiveFormGame, profile: BehaviorProfile, relative: float) -> None:
    bounds, proven = bounded_regrets(game, profile), exact.certify_nash(game, profile)
    width = Fraction(game.payoff_range or 1.0)
    largest = max(map(abs, game.exact_payoffs.flat))
    for bound, regret, paid, payoff in zip(
        bounds.regrets, proven.regrets, bounds.payoffs, proven.payoffs, strict=True
    ):
        assert regret <= bound <= regret + Fraction(relative) * width
        assert abs(paid - payoff) <= Fraction(relative) * max(width, largest)


@given(og.rules(), st.integers(0, 10**6), st.sampled_from([1.0, 0.01]))
def test_bounds_hold_and_are_close(rules, seed, concentration):
    game = og.game_of(rules)
    check(game, drawn(game, seed, concentration), 1e-12)


@pytest.mark.parametrize("name", ["kuhn_poker", "leduc_poker", "selten_horse"])
def test_bounds_of_reference_games(name):
    game = gt.catalog.load(name)
    check(game, drawn(game, 5), 1e-11)


@pytest.mark.parametrize("payoff", [1e9 + 0.1, Fraction(10**30) + Fraction(1, 3), 5e-324, 1e300])
def test_payoffs_of_all_sizes(payoff):
    tree = gt.GameTree(["one", "two"])
    first = tree.root.decision("one", "start", ["left", "right"])
    for at, value in zip(first.values(), (payoff, -payoff), strict=True):
        second = at.decision("two", "hidden", ["left", "right"])
        second["left"].terminal([value, -value])
        second["right"].terminal([0, value])
    game = tree.build()
    check(game, drawn(game, 1), 1e-12 if payoff > 1e-300 else 1e30)


def test_a_thousand_moves_deep():
    n = 1001
    parents, players, sets, payoffs = [-1], [], [], []
    node = 0
    for depth in range(n):
        players.append(depth % 2)
        sets.append(depth)
        parents += [node, node]
        players.append(gt.TERMINAL)
        sets.append(-1)
        payoffs.append((depth, -depth))
        node += 2
    players.append(gt.TERMINAL)
    sets.append(-1)
    payoffs.append((0, 0))
    game = ExtensiveFormGame.from_arrays(
        np.array(parents), np.array(players), np.array(sets), np.array(payoffs).T
    )
    check(game, drawn(game, 3), 1e-12)


def test_large_games_are_certified_in_floats():
    game = gt.catalog.load("liars_dice", sides=5)
    certificate = gt.verify(game, drawn(game, 0))
    assert certificate.arithmetic == "float with error bound"
    assert float(max(certificate.regrets)) == pytest.approx(gt.max_regret(game, drawn(game, 0)))
    first = BehaviorProfile.pure(game, np.zeros(game.infoset_n_actions.size, int))
    assert gt.verify(game, first).arithmetic == "rational"
