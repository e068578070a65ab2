"""The largest entropy of larger and of degenerate games: what the certificate says of it."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from gametheory import NormalFormGame, solve


def test_larger_games_to_ten_digits() -> None:
    for shape, seed in (((30, 30), 0), ((30, 30), 1), ((2, 15, 15), 2), ((6, 6, 6), 3)):
        rng = np.random.default_rng(seed)
        game = NormalFormGame(rng.integers(0, 1000, (len(shape), *shape)))
        found = solve(game, "correlated", objective="entropy")
        assert found.certificate.epsilon == 0
        assert 0 <= found.certificate.objective_gap < 1e-9


@pytest.mark.parametrize("kind", ["few payoffs", "equal actions", "one payoff for all"])
def test_games_with_many_ties(kind: str) -> None:
    payoffs = np.random.default_rng(6).integers(0, 1000, (2, 20, 20))
    if kind == "few payoffs":
        payoffs %= 3
    elif kind == "equal actions":
        payoffs[:, -1], payoffs[..., -1] = payoffs[:, 0], payoffs[..., 0]
    else:
        payoffs[1] = payoffs[0]
    found = solve(NormalFormGame(payoffs), "correlated", objective="entropy")
    assert found.certificate.epsilon < 1e-9
    assert found.certificate.objective_gap < 1e-9


@pytest.mark.parametrize("concept", ["correlated", "coarse-correlated"])
def test_games_whose_equilibria_use_few_actions(concept: str) -> None:
    """Zero-sum games: in all equilibria most inequalities are equations, or probabilities zero."""
    rng = np.random.default_rng(2)
    for k in range(90):
        size = int(rng.integers(3, 11))
        payoffs = rng.integers(0, 1000, (size, size))
        if k % 3 != 1:  # number 88 is one on which Newton's steps overflow
            continue
        game = NormalFormGame.zero_sum(payoffs)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            found = solve(game, concept, objective="entropy")
        assert found.certificate.epsilon < 1e-9
        assert found.certificate.objective_gap < 1e-9


def test_a_game_all_of_whose_incentives_are_equations() -> None:
    """Its only equilibrium is mixed: Newton's steps from no prices at all are too long."""
    game = NormalFormGame.zero_sum([[319, 825, 155], [647, 292, 83], [132, 157, 258]])
    found = solve(game, "correlated", objective="entropy")
    assert found.profile.is_product()
    assert found.certificate.epsilon < 1e-9
    assert found.certificate.objective_gap < 1e-9
