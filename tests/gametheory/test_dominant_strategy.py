"""Dominant strategies: known games, brute force by the definition, and who has none."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gametheory as gt
from gametheory import MixedProfile, NormalFormGame, Status, UnsupportedGame, solve, verify


def differences(game: NormalFormGame, player: int, action: int, other: int) -> list:
    sizes = [range(m) for i, m in enumerate(game.n_actions) if i != player]
    table = game.exact_payoffs[player]
    return [
        table[(*o[:player], action, *o[player:])] - table[(*o[:player], other, *o[player:])]
        for o in itertools.product(*sizes)
    ]


def is_dominant(game: NormalFormGame, player: int, action: int, strictness: str) -> bool:
    others = [b for b in range(game.n_actions[player]) if b != action]
    rows = [differences(game, player, action, other) for other in others]
    if strictness == "strict":
        return all(min(row) > 0 for row in rows)
    weak = all(min(row) >= 0 for row in rows)
    return weak and (strictness == "very-weak" or all(max(row) > 0 for row in rows))


@settings(max_examples=60)
@given(seed=st.integers(0, 10**6), strictness=st.sampled_from(["very-weak", "weak", "strict"]))
def test_all_profiles_by_the_definition(seed: int, strictness: str) -> None:
    rng = np.random.default_rng(seed)
    shape = tuple(rng.integers(1, 4, rng.integers(1, 4)).tolist())
    game = NormalFormGame(rng.integers(0, 2, (len(shape), *shape)))
    expected = {
        profile
        for profile in itertools.product(*map(range, shape))
        if all(is_dominant(game, i, a, strictness) for i, a in enumerate(profile))
    }
    found = solve(game, "dominant-strategy", find="all", strictness=strictness)
    pure = {tuple(a for (a,) in profile.support()) for profile in found.equilibria}
    assert pure == expected
    assert found.complete
    for profile in found.equilibria:
        assert verify(game, profile, "nash").exact


def test_the_prisoners_dilemma_and_the_vickrey_auction() -> None:
    found = solve(gt.catalog.load("prisoners_dilemma"), "dominant-strategy", strictness="strict")
    assert found.profile == MixedProfile([[0, 1], [0, 1]])
    auction = gt.catalog.load("second_price_auction")
    assert solve(auction, "dominant-strategy").status == "certified_exact"


def test_the_players_without_one_are_named() -> None:
    game = NormalFormGame.bimatrix([[2, 0], [0, 1]], [[1, 0], [1, 0]], players=["Ann", "Bob"])
    found = solve(game, "dominant-strategy")
    assert found.status is Status.INFEASIBLE
    assert "Ann" in found.reason
    assert "Bob" not in found.reason
    refuted = verify(game, MixedProfile.pure(game, (0, 0)), "dominant-strategy")
    assert refuted.epsilon == 1
    assert refuted.violation == "Ann gains 1 by 1 instead of 0 where the others play 1"


def test_bad_questions_are_refused() -> None:
    game = gt.catalog.load("prisoners_dilemma")
    with pytest.raises(UnsupportedGame, match="strictness='total'"):
        solve(game, "dominant-strategy", strictness="total")
    with pytest.raises(gt.InvalidProfile, match="not pure"):
        verify(game, MixedProfile.uniform(game), "dominant-strategy")
