"""The global Newton method: it crosses equilibria, and what it yields is one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from gametheory.algorithms.normal_form.global_newton import global_newton
from gametheory.algorithms.registry import Outcome, algorithms
from gametheory.certificates.normal_form import certify_nash
from gametheory.games.catalog import catalog, load
from gametheory.games.normal_form import NormalFormGame
from gametheory.games.profiles import MixedProfile
from gametheory.solution import Status

# Gambit's gnm returns profiles of regret 1/12 on this one.
DEGENERATE = NormalFormGame.bimatrix(
    [[2, 1, 0, 0], [2, 1, 2, 1], [1, 0, 1, 1], [2, 0, 0, 1]],
    [[2, 2, 1, 1], [0, 1, 1, 1], [0, 0, 2, 0], [0, 0, 2, 1]],
)

degenerate_games = array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=3).flatmap(
    lambda shape: arrays(np.int64, (len(shape), *shape), elements=st.integers(0, 2))
)


def run(game: NormalFormGame, **options: Any) -> tuple[list[MixedProfile], Outcome]:
    search, found = global_newton(game, **options), []
    while True:
        try:
            found.append(next(search))
        except StopIteration as stop:
            return [profile for profile in found if profile is not None], stop.value


def equilibria(game: NormalFormGame, **options: Any) -> list[MixedProfile]:
    """Run, insist on equilibria, all different."""
    profiles, outcome = run(game, **options)
    assert outcome.status is None, outcome
    assert profiles
    for profile in profiles:
        certificate = certify_nash(game, profile)
        ranges = [max(own.ravel()) - min(own.ravel()) for own in game.exact_payoffs]
        for regret, width in zip(certificate.regrets, ranges, strict=True):
            assert regret <= 1e-12 * float(width)
    assert len(set(profiles)) == len(profiles)
    return profiles


@pytest.mark.parametrize(
    "shape", [(2,), (2, 2), (4, 3), (2, 2, 2), (3, 3, 3), (2, 1, 3), (3, 2, 4), (2,) * 4], ids=str
)
def test_generic_games_give_an_odd_number(shape: tuple[int, ...]) -> None:
    for seed in range(20):
        game = NormalFormGame(np.random.default_rng(seed).normal(size=(len(shape), *shape)))
        assert len(equilibria(game, seed=seed)) % 2 == 1


@pytest.mark.slow
@pytest.mark.parametrize("shape", [(5, 5, 5), (3,) * 4, (3,) * 5, (2,) * 6, (10, 12)], ids=str)
def test_larger_generic_games(shape: tuple[int, ...]) -> None:
    for seed in range(20):
        equilibria(NormalFormGame(np.random.default_rng(seed).random((len(shape), *shape))))


@pytest.mark.parametrize("name", [entry.name for entry in catalog()])
def test_catalog_games(name: str) -> None:
    game = load(name)
    # The traveler's dilemma has 99 claims and paths of thousands of tiny steps.
    if isinstance(game, NormalFormGame) and max(game.n_actions) < 20:
        equilibria(game)


@pytest.mark.parametrize("seed", range(8))
def test_peers_stumbling_blocks(seed: int) -> None:
    [profile] = equilibria(NormalFormGame.zero_sum([[0, -1, 1], [1, 0, -1], [-1, 1, 0]]), seed=seed)
    for strategy in profile:
        assert strategy == pytest.approx(np.full(3, 1 / 3), abs=1e-15)
    equilibria(DEGENERATE, seed=seed)


def test_several_equilibria_on_one_path_agree_with_support_enumeration() -> None:
    nashpy = pytest.importorskip("nashpy")
    crossed = 0
    for seed in range(15):
        game = NormalFormGame(np.random.default_rng(seed).random((2, 3, 3)))
        known = [np.concatenate(pair) for pair in nashpy.Game(*game.payoffs).support_enumeration()]
        for profile in equilibria(game):
            flat = np.concatenate(list(profile))
            assert min(np.abs(flat - other).max() for other in known) < 1e-9
            crossed += 1
    assert crossed > 15


@settings(deadline=None, max_examples=100)
@given(degenerate_games, st.integers(0, 3))
def test_degenerate_games_are_solved_or_given_up_honestly(payoffs: Any, seed: int) -> None:
    game = NormalFormGame(payoffs)
    profiles, outcome = run(game, seed=seed)
    for profile in profiles:
        assert certify_nash(game, profile).epsilon < 2e-12
    if not profiles:
        assert outcome.status in (Status.NUMERICAL_FAILURE, Status.ITERATION_LIMIT)
        assert outcome.reason


def test_nearly_all_degenerate_games_are_solved() -> None:
    solved = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        shape = tuple(rng.integers(2, 4, size=rng.integers(2, 4)).tolist())
        game = NormalFormGame(rng.integers(0, 3, size=(len(shape), *shape)))
        solved += bool(run(game)[0])
    assert solved >= 98


@pytest.mark.parametrize("factor", [1e-9, 1e9])
@pytest.mark.parametrize("shift", [0, 10**17])
def test_scale_and_shift_change_nothing(factor: float, shift: int) -> None:
    numbers = np.random.default_rng(5).integers(0, 1000, size=(3, 3, 2, 3))
    plain = equilibria(NormalFormGame(numbers))
    moved = equilibria(NormalFormGame(numbers.astype(object) + shift))
    scaled = equilibria(NormalFormGame(numbers * factor))
    assert len(plain) == len(moved) == len(scaled)


@pytest.mark.parametrize("shape", [(1,), (1, 1), (1, 4), (1, 1, 1), (1, 3, 1)], ids=str)
def test_players_without_a_choice(shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(2)
    assert len(equilibria(NormalFormGame(rng.random((len(shape), *shape))))) == 1
    equilibria(NormalFormGame(np.zeros((len(shape), *shape))))


def test_too_few_steps_are_told() -> None:
    game = NormalFormGame(np.random.default_rng(0).random((3, 3, 3, 3)))
    profiles, outcome = run(game, max_steps=0, restarts=2)
    assert profiles == []
    assert outcome.status is Status.ITERATION_LIMIT
    assert "3 rays" in outcome.reason


def test_it_is_registered() -> None:
    [entry] = [a for a in algorithms(concept="nash") if a.name == "global-newton"]
    assert (entry.finds, entry.rank) == ("one", 22)
