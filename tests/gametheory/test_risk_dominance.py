"""Risk, payoff and p-dominance: published games, definitions by brute force, relations."""

from __future__ import annotations

import itertools
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gametheory import NormalFormGame, solve
from gametheory.errors import InvalidProfile, UnsupportedGame
from gametheory.games.catalog import load
from gametheory.refinements.risk_dominance import (
    p_dominance,
    payoff_dominates,
    risk_dominance,
    risk_dominant_equilibrium,
    strict_equilibria,
)

HUNT = NormalFormGame.symmetric([[4, 0], [3, 2]], actions=[["Stag", "Hare"]] * 2)


def strict_by_definition(game: NormalFormGame) -> list[tuple[int, ...]]:
    found = []
    for joint in np.ndindex(*game.n_actions):
        if all(
            game.exact_payoffs[(i, *joint)]
            > game.exact_payoffs[(i, *joint[:i], a, *joint[i + 1 :])]
            for i, size in enumerate(game.n_actions)
            for a in range(size)
            if a != joint[i]
        ):
            found.append(joint)
    return found


def is_p_dominant(game: NormalFormGame, joint: tuple[int, ...], p: Fraction) -> bool:
    """Try the beliefs that are extreme among those that give the others' actions at least p."""
    for player, size in enumerate(game.n_actions):
        own = np.moveaxis(game.exact_payoffs[player], player, 0)
        others = joint[:player] + joint[player + 1 :]
        for elsewhere in np.ndindex(*own.shape[1:]):
            worth = [p * own[(a, *others)] + (1 - p) * own[(a, *elsewhere)] for a in range(size)]
            if worth[joint[player]] < max(worth):
                return False
    return True


def test_the_hare_is_safer_and_the_stag_is_better() -> None:
    found = risk_dominance(HUNT, ("Stag", "Stag"), ("Hare", "Hare"))
    assert found.first_losses == (1, 1)
    assert found.second_losses == (2, 2)
    assert found.products == (1, 4)
    assert found.dominant == (1, 1)
    assert risk_dominance(HUNT, (1, 1), (0, 0)).dominant == (1, 1)
    assert risk_dominant_equilibrium(HUNT) == (1, 1)
    assert payoff_dominates(HUNT, (0, 0), (1, 1))
    assert not payoff_dominates(HUNT, (1, 1), (0, 0))
    assert p_dominance(HUNT, ("Stag", "Stag")).player_levels == (Fraction(2, 3),) * 2
    assert p_dominance(HUNT, ("Hare", "Hare")).level == Fraction(1, 3)
    # Off the diagonal somebody gains even if sure.
    assert p_dominance(HUNT, (0, 1)).player_levels == (None, None)
    assert p_dominance(HUNT, (0, 1)).level is None


@pytest.mark.parametrize("x", [Fraction(k, 4) for k in range(1, 16)])
def test_global_games_select_the_risk_dominant_equilibrium(x: Fraction) -> None:
    """Carlsson and van Damme (1993), Econometrica 61: x is safe, 4 takes both; safe from x = 2."""
    game = NormalFormGame.symmetric([[x, x], [0, 4]])
    found = risk_dominance(game, (0, 0), (1, 1))
    assert found.products == (x**2, (4 - x) ** 2)
    assert found.dominant == ((0, 0) if x > 2 else (1, 1) if x < 2 else None)
    assert risk_dominant_equilibrium(game) == found.dominant
    assert payoff_dominates(game, (1, 1), (0, 0))
    assert p_dominance(game, (1, 1)).level == x / 4


def test_catalog_games() -> None:
    battle = load("battle_of_the_sexes")
    assert risk_dominance(battle, (0, 0), (1, 1)).products == (2, 2)
    assert risk_dominant_equilibrium(battle) is None
    chicken = load("chicken")
    assert strict_equilibria(chicken) == ((0, 1), (1, 0))
    assert risk_dominance(chicken, (0, 1), (1, 0)).products == (2, 2)
    dilemma = load("prisoners_dilemma")
    assert risk_dominant_equilibrium(dilemma) == (1, 1)
    assert p_dominance(dilemma, (1, 1)).level == 0
    assert risk_dominant_equilibrium(load("matching_pennies")) is None
    climbing = load("climbing")
    assert strict_equilibria(climbing) == ((0, 0), (1, 1))
    assert risk_dominance(climbing, (0, 0), (1, 1)).products == (41**2, 37**2)
    assert payoff_dominates(climbing, (0, 0), (1, 1))
    # Sure of the other to 36/77 the first action beats the second where the worst happens.
    assert p_dominance(climbing, (0, 0)).level == max(Fraction(37, 78), Fraction(36, 47))


def test_three_equilibria_need_no_winner() -> None:
    """Pairwise comparisons leave out the third action, and may go around in a circle."""
    for seed in range(4000):
        rng = np.random.default_rng(seed)
        game = NormalFormGame(rng.integers(0, 5, (2, 3, 3)) + 5 * np.eye(3, dtype=int))
        pairs = [((0, 0), (1, 1)), ((1, 1), (2, 2)), ((2, 2), (0, 0))]
        if all(risk_dominance(game, a, b).dominant == a for a, b in pairs):
            assert risk_dominant_equilibrium(game) is None
            return
    raise AssertionError("no circle was found")


@given(seed=st.integers(0, 10**9), symmetric=st.booleans())
def test_two_by_two_games_agree_with_p_dominance(seed: int, symmetric: bool) -> None:
    """a dominates b if and only if the levels p of a's two actions sum to less than 1."""
    rng = np.random.default_rng(seed)
    base = rng.integers(0, 6, (2, 2, 2)) + 6 * np.eye(2, dtype=int)
    game = NormalFormGame.symmetric(base[0]) if symmetric else NormalFormGame(base)
    found = risk_dominance(game, (0, 0), (1, 1))
    one, other = p_dominance(game, (0, 0)), p_dominance(game, (1, 1))
    assert [p + q for p, q in zip(one.player_levels, other.player_levels, strict=True)] == [1, 1]
    total = sum(one.player_levels)
    assert found.dominant == ((0, 0) if total < 1 else (1, 1) if total > 1 else None)
    if symmetric:
        assert (found.dominant == (0, 0)) == (one.level < Fraction(1, 2))
    mixed = [p for p in solve(game, find="all").equilibria if min(map(min, p.exact)) > 0]
    # The other's probability of the first action at which a player is indifferent is its level.
    assert [p.exact[1][0] for p in mixed] == [one.player_levels[0]]
    assert [p.exact[0][0] for p in mixed] == [one.player_levels[1]]


@given(seed=st.integers(0, 10**9), data=st.data())
def test_levels_are_those_of_the_definition(seed: int, data: Any) -> None:
    rng = np.random.default_rng(seed)
    shape = tuple(rng.integers(1, 4, rng.integers(1, 5)).tolist())
    game = NormalFormGame(rng.integers(0, 4, (len(shape), *shape)))
    assert list(strict_equilibria(game)) == strict_by_definition(game)
    cells = list(itertools.product(*map(range, shape)))
    joint = data.draw(st.sampled_from(cells))
    level = p_dominance(game, joint).level
    pure = all(
        game.exact_payoffs[(i, *joint)]
        == max(game.exact_payoffs[(i, *joint[:i], a, *joint[i + 1 :])] for a in range(size))
        for i, size in enumerate(shape)
    )
    assert (level is not None) == pure
    if level is None:
        assert not is_p_dominant(game, joint, Fraction(1))
        return
    assert (level < 1) or joint not in strict_by_definition(game)
    assert is_p_dominant(game, joint, level)
    if level > 0:
        assert not is_p_dominant(game, joint, level - Fraction(1, 10**9))
    assert is_p_dominant(game, joint, (1 + level) / 2)


@pytest.mark.parametrize("factor", [1, 10**30, Fraction(1, 3), Fraction(1, 10**30)])
def test_any_magnitude_is_exact(factor: Any) -> None:
    scaled = NormalFormGame(HUNT.exact_payoffs * Fraction(factor))
    found = risk_dominance(scaled, (0, 0), (1, 1))
    assert found.products == (factor**2, 4 * factor**2)
    assert p_dominance(scaled, (0, 0)).level == Fraction(2, 3)
    assert strict_equilibria(scaled) == ((0, 0), (1, 1))


def test_degenerate_games() -> None:
    assert strict_equilibria(NormalFormGame.bimatrix([[1]], [[2]])) == ((0, 0),)
    assert risk_dominant_equilibrium(NormalFormGame.bimatrix([[1]], [[2]])) == (0, 0)
    assert p_dominance(NormalFormGame([[1, 5, 5]]), [1]).level == 0
    assert p_dominance(NormalFormGame([[1, 5, 5]]), [0]).level is None
    assert strict_equilibria(NormalFormGame([[1, 5, 5]])) == ()
    equal = NormalFormGame(np.zeros((5, 2, 2, 2, 2, 2)))
    assert strict_equilibria(equal) == ()
    assert p_dominance(equal, [0] * 5).level == 0


def test_less_effort_is_safer_where_effort_is_dear() -> None:
    """To raise one's effort costs c, and is worth b if all others raise theirs."""
    effort = load("minimum_effort", n_players=3, n_actions=4, benefit=9, cost=5)
    levels = [p_dominance(effort, [chosen] * 3).level for chosen in range(4)]
    assert levels == [Fraction(4, 9), Fraction(5, 9), Fraction(5, 9), Fraction(5, 9)]


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: risk_dominance(HUNT, (0, 1), (1, 1)), InvalidProfile, "Stag, Hare.*no strict"),
        (lambda: risk_dominance(HUNT, (1, 1), (1, 1)), InvalidProfile, "another strict"),
        (lambda: risk_dominance(HUNT, (0, 2), (1, 1)), InvalidProfile, "no action 2"),
        (lambda: risk_dominance(HUNT, "Stag", (1, 1)), InvalidProfile, "no joint action"),
        (
            lambda: risk_dominance(load("jordan"), (0,) * 3, (1,) * 3),
            UnsupportedGame,
            "p_dominance",
        ),
        (lambda: risk_dominant_equilibrium(load("jordan")), UnsupportedGame, "3 players"),
        (lambda: p_dominance(HUNT, 3), InvalidProfile, "no joint action"),
        (lambda: p_dominance(HUNT, (0,)), InvalidProfile, "one action for each player"),
        (lambda: payoff_dominates(HUNT, (0, 0), ("Stag", "Cat")), InvalidProfile, "Cat"),
        (lambda: p_dominance(load("kuhn_poker"), (0, 0)), UnsupportedGame, "normal form"),
        (lambda: strict_equilibria([[1]]), UnsupportedGame, "normal form"),
    ],
)
def test_errors_are_typed(call: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        call()
