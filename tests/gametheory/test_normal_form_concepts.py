"""Regrets and best responses against brute force, and how they change with the payoffs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from gametheory.certificates.normal_form import certify_nash
from gametheory.concepts import (
    best_response_value,
    exploitability,
    max_regret,
    nash_conv,
    player_regrets,
)
from gametheory.concepts.normal_form import best_response
from gametheory.errors import InvalidProfile, UnsupportedGame
from gametheory.games.catalog import load
from gametheory.games.normal_form import NormalFormGame
from gametheory.games.profiles import MixedProfile

payoff = st.integers(-20, 20)
tensors = array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=4).flatmap(
    lambda shape: arrays(np.int64, (len(shape), *shape), elements=payoff)
)


def profile_of(game: NormalFormGame, seed: int) -> MixedProfile:
    rng = np.random.default_rng(seed)
    return MixedProfile([rng.dirichlet(np.ones(size)) for size in game.n_actions])


@given(tensors, st.integers(0, 10**6))
def test_regrets_agree_with_trying_every_deviation(payoffs: Any, seed: int) -> None:
    game = NormalFormGame(payoffs)
    profile = profile_of(game, seed)
    base = game.expected_payoffs(profile)
    for player, size in enumerate(game.n_actions):
        tried = []
        for action in range(size):
            vectors = list(profile)
            vectors[player] = np.eye(size)[action]
            tried.append(game.expected_payoffs(MixedProfile(vectors))[player])
        regret = player_regrets(game, profile)[player]
        assert regret == pytest.approx(max(tried) - base[player], abs=1e-9)
        assert best_response_value(game, profile, player) == pytest.approx(max(tried), abs=1e-9)
        assert np.argmax(tried) in best_response(game, profile, player)


@given(tensors, st.integers(0, 10**6))
def test_concepts_agree_with_the_certificate(payoffs: Any, seed: int) -> None:
    game = NormalFormGame(payoffs)
    profile = profile_of(game, seed)
    certificate = certify_nash(game, profile)
    exact = [float(regret) for regret in certificate.regrets]
    np.testing.assert_allclose(player_regrets(game, profile), exact, atol=1e-12)
    assert max_regret(game, profile) == pytest.approx(float(certificate.epsilon), abs=1e-12)
    assert nash_conv(game, profile) == pytest.approx(sum(exact), abs=1e-12)
    assert (player_regrets(game, profile) >= 0).all()


@given(tensors, st.integers(0, 10**6), st.integers(1, 50), payoff)
def test_regrets_scale_and_do_not_shift(payoffs: Any, seed: int, scale: int, shift: int) -> None:
    game, moved = NormalFormGame(payoffs), NormalFormGame(scale * payoffs + shift)
    profile = profile_of(game, seed)
    np.testing.assert_allclose(
        player_regrets(moved, profile), scale * player_regrets(game, profile), atol=1e-10
    )


@given(tensors, st.integers(0, 10**6))
def test_exact_best_responses_are_among_the_tolerant_ones(payoffs: Any, seed: int) -> None:
    game = NormalFormGame(payoffs)
    profile = profile_of(game, seed)
    for player in range(game.n_players):
        exact = best_response(game, profile, player, exact=True)
        assert exact
        assert set(exact) <= set(best_response(game, profile, player))


def test_ties_are_found_at_any_scale() -> None:
    for scale, shift in [(1, 0), (1e-9, 0), (1e9, 0), (1e-9, 1), (1, 1e9)]:
        game = NormalFormGame.zero_sum(np.array([[1, -1], [-1, 1], [-2, -2]]) * scale + shift)
        assert best_response(game, MixedProfile([[1, 0, 0], [0.5, 0.5]]), 0) == (0, 1)


def test_a_large_offset_leaves_no_false_regret() -> None:
    game = NormalFormGame.zero_sum(np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0]]) + 1e9)
    assert max_regret(game, MixedProfile.uniform(game)) <= 1e-6
    flat = NormalFormGame(np.full((1, 3), 0.1))
    assert best_response(flat, MixedProfile([[1, 0, 0]]), 0) == (0, 1, 2)


def test_exploitability_is_for_two_player_constant_sum_games() -> None:
    pennies = load("matching_pennies")
    profile = MixedProfile([[1, 0], [0.5, 0.5]])
    assert exploitability(pennies, profile) == nash_conv(pennies, profile) / 2 == 0.5
    for name, words in [("stag_hunt", "not constant-sum"), ("jordan", "3 players")]:
        game = load(name)
        with pytest.raises(UnsupportedGame, match=rf"{words}.*nash_conv"):
            exploitability(game, MixedProfile.uniform(game))


def test_other_peoples_profiles_are_refused() -> None:
    game = load("shapley")
    for function in (player_regrets, max_regret, nash_conv, certify_nash):
        with pytest.raises(InvalidProfile):
            function(game, MixedProfile([[1, 0], [1, 0]]))
        with pytest.raises(InvalidProfile):
            function(game, [[1, 0, 0], [1, 0, 0]])  # type: ignore[arg-type]
    with pytest.raises(InvalidProfile, match="no player 7"):
        best_response(game, MixedProfile.uniform(game), 7)
