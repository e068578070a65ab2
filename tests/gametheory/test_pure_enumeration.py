"""Pure equilibria against brute force and against the literature."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from gametheory.algorithms.normal_form.pure_enumeration import pure_enumeration
from gametheory.algorithms.registry import Outcome, algorithms
from gametheory.certificates.normal_form import certify_pure_nash
from gametheory.games.catalog import load
from gametheory.games.normal_form import NormalFormGame
from gametheory.games.profiles import MixedProfile
from gametheory.solution import Status

tensors = array_shapes(min_dims=1, max_dims=4, min_side=1, max_side=3).flatmap(
    lambda shape: arrays(np.int64, (len(shape), *shape), elements=st.integers(-2, 2))
)


def run(game: NormalFormGame) -> tuple[list[MixedProfile], Outcome]:
    search, found = pure_enumeration(game), []
    while True:
        try:
            found.append(next(search))
        except StopIteration as stop:
            return found, stop.value


def joint_actions(game: NormalFormGame) -> list[tuple[int, ...]]:
    return [tuple(s[0] for s in profile.support()) for profile in run(game)[0]]


def brute_force(game: NormalFormGame) -> list[tuple[int, ...]]:
    exact = game.exact_payoffs
    return [
        joint
        for joint in product(*map(range, game.n_actions))
        if all(
            exact[(i, *joint)] >= exact[(i, *joint[:i], other, *joint[i + 1 :])]
            for i in range(game.n_players)
            for other in range(game.n_actions[i])
        )
    ]


@given(tensors)
def test_all_pure_equilibria_in_lexicographic_order(payoffs: Any) -> None:
    game = NormalFormGame(payoffs)
    assert joint_actions(game) == brute_force(game)
    for profile in run(game)[0]:
        assert certify_pure_nash(game, profile).exact


@pytest.mark.parametrize(
    ("name", "equilibria"),
    [
        ("prisoners_dilemma", [(1, 1)]),
        ("matching_pennies", []),
        ("battle_of_the_sexes", [(0, 0), (1, 1)]),
        ("stag_hunt", [(0, 0), (1, 1)]),
        ("chicken", [(0, 1), (1, 0)]),
        ("shapley", []),
        ("climbing", [(0, 0), (1, 1)]),
        ("penalty", [(0, 0), (1, 1), (2, 2)]),
        ("traveler_dilemma", [(0, 0)]),  # Basu (1994): both claim the least
        ("public_goods", [(0, 0, 0)]),
        ("volunteers_dilemma", [(0, 0, 1), (0, 1, 0), (1, 0, 0)]),
        ("jordan", []),
        ("von_stengel_3x2", [(0, 0)]),
    ],
)
def test_published_equilibria(name: str, equilibria: list[tuple[int, ...]]) -> None:
    assert joint_actions(load(name)) == equilibria


def test_the_outcome_says_what_was_done() -> None:
    found, outcome = run(load("shapley"))
    assert not found
    assert outcome == Outcome(9, True, Status.INFEASIBLE, "the game has no pure equilibrium")
    found, outcome = run(NormalFormGame(np.zeros((2, 3, 3))))
    assert len(found) == 9
    assert outcome == Outcome(9, True, None, "")


def test_differences_below_the_reach_of_floats_count() -> None:
    assert joint_actions(NormalFormGame([[2**53, 2**53 + 1]])) == [(1,)]
    assert joint_actions(NormalFormGame([["1/3", 1 / 3]])) == [(0,)]
    assert joint_actions(NormalFormGame([[10**40, 10**40 - 1]])) == [(0,)]


def test_it_is_registered() -> None:
    for concept in ("pure-nash", "nash"):
        names = [a.name for a in algorithms(concept=concept, form=NormalFormGame)]
        assert "pure-enumeration" in names
