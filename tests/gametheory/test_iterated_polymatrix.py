"""Iterated polymatrix approximation: one equilibrium of almost any game, never a wrong one."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray

from gametheory.algorithms.normal_form.iterated_polymatrix import iterated_polymatrix
from gametheory.algorithms.normal_form.perturbation_rays import (
    draw_ray,
    favorites,
    game_arrays,
    unit_payoffs,
)
from gametheory.algorithms.registry import Outcome, algorithms
from gametheory.certificates.normal_form import certify_nash
from gametheory.games.catalog import catalog, load
from gametheory.games.normal_form import NormalFormGame
from gametheory.games.profiles import MixedProfile
from gametheory.solution import Status

SHAPES = [(2,), (2, 2), (3, 4), (2, 2, 2), (3, 3, 3), (2, 4, 3), (2, 1, 3), (3, 3, 3, 3), (2,) * 5]
ROCK_PAPER_SCISSORS = [[0, -1, 1], [1, 0, -1], [-1, 1, 0]]

degenerate_games = array_shapes(min_dims=1, max_dims=4, min_side=1, max_side=3).flatmap(
    lambda shape: arrays(np.int64, (len(shape), *shape), elements=st.integers(0, 2))
)


def run(game: NormalFormGame, **options: Any) -> tuple[list[MixedProfile], Outcome]:
    search, found = iterated_polymatrix(game, **options), []
    while True:
        try:
            found.append(next(search))
        except StopIteration as stop:
            return [profile for profile in found if profile is not None], stop.value


def relative_regrets(game: NormalFormGame, profile: MixedProfile) -> list[float]:
    """Each player's exact regret as a part of its own payoff range."""
    regrets = certify_nash(game, profile).regrets
    ranges = [max(own.ravel()) - min(own.ravel()) for own in game.exact_payoffs]
    return [
        float(r / width) if width else float(r) for r, width in zip(regrets, ranges, strict=True)
    ]


def one(game: NormalFormGame, **options: Any) -> MixedProfile:
    profiles, outcome = run(game, **options)
    assert outcome.status is None, outcome
    assert len(profiles) == 1
    assert max(relative_regrets(game, profiles[0])) < 1e-12
    return profiles[0]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_generic_games_are_solved_to_rounding(shape: tuple[int, ...]) -> None:
    for seed in range(40):
        game = NormalFormGame(np.random.default_rng(seed).normal(size=(len(shape), *shape)))
        assert max(relative_regrets(game, one(game, seed=seed))) < 2e-15


@pytest.mark.slow
@pytest.mark.parametrize("shape", [(4, 4, 4, 4), (3,) * 5, (2,) * 7, (6, 6, 6), (12, 15)], ids=str)
def test_larger_generic_games(shape: tuple[int, ...]) -> None:
    for seed in range(100):
        one(NormalFormGame(np.random.default_rng(seed).random((len(shape), *shape))))


@pytest.mark.parametrize("name", [entry.name for entry in catalog()])
def test_catalog_games(name: str) -> None:
    game = load(name)
    # The traveler's dilemma has 99 claims and paths of thousands of tiny steps.
    if isinstance(game, NormalFormGame) and max(game.n_actions) < 20:
        one(game)


@settings(deadline=None, max_examples=150)
@given(degenerate_games, st.integers(0, 3))
def test_degenerate_games_are_solved_or_given_up_honestly(payoffs: Any, seed: int) -> None:
    game = NormalFormGame(payoffs)
    profiles, outcome = run(game, seed=seed)
    for profile in profiles:
        assert max(relative_regrets(game, profile)) < 1e-12
    if not profiles:
        assert outcome.status in (Status.NUMERICAL_FAILURE, Status.ITERATION_LIMIT)
        assert outcome.reason


def test_nearly_all_degenerate_games_are_solved() -> None:
    solved = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        shape = tuple(rng.integers(2, 4, size=rng.integers(2, 5)).tolist())
        solved += len(run(NormalFormGame(rng.integers(0, 3, size=(len(shape), *shape))))[0])
    assert solved >= 198


def test_three_player_matching_pennies_is_uniform() -> None:
    # Jordan (1993), "Three problems in learning mixed-strategy Nash equilibria", Games and
    # Economic Behavior 5: 0 matches 1, 1 matches 2, 2 shuns 0. The only equilibrium is uniform.
    game = NormalFormGame.from_function(
        lambda a: [int(a[0] == a[1]), int(a[1] == a[2]), int(a[2] != a[0])], (2, 2, 2)
    )
    for seed in range(5):
        for strategy in one(game, seed=seed):
            assert strategy == pytest.approx([0.5, 0.5], abs=1e-15)


def test_rock_paper_scissors_is_uniform() -> None:
    profile = one(NormalFormGame.zero_sum(ROCK_PAPER_SCISSORS))
    for strategy in profile:
        assert strategy == pytest.approx(np.full(3, 1 / 3), abs=1e-15)


@pytest.mark.parametrize("factor", [Fraction(1, 10**9), 1, 10**9, 10**40])
@pytest.mark.parametrize("shift", [0, 10**9, 10**17, -(10**30)])
def test_scale_and_shift_change_nothing(factor: Fraction | int, shift: int) -> None:
    numbers = np.random.default_rng(5).integers(0, 1000, size=(3, 3, 2, 3)).astype(object)
    plain = one(NormalFormGame(numbers))
    moved = one(NormalFormGame(numbers * factor + shift))
    for strategy, same in zip(plain, moved, strict=True):
        assert strategy == pytest.approx(same, abs=1e-12)
        assert ((strategy > 0) == (same > 0)).all()


@pytest.mark.parametrize(
    ("payoffs", "expected"),
    [
        (np.zeros((1, 1)), [1.0]),
        (np.array([[3, 7, 5]]), [0.0, 1.0, 0.0]),
        (np.array([[1e308, -1e308, 0.0]]), [1.0, 0.0, 0.0]),
        (np.array([[5e-324, 0.0, 1e-323]]), [0.0, 0.0, 1.0]),
    ],
)
def test_one_player_takes_the_best_action(payoffs: NDArray[Any], expected: list[float]) -> None:
    assert one(NormalFormGame(payoffs))[0].tolist() == expected


@pytest.mark.parametrize(
    "shape", [(1, 1), (1, 4), (4, 1), (1, 1, 1), (1, 3, 1), (1, 2, 2, 1)], ids=str
)
def test_players_without_a_choice(shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(2)
    one(NormalFormGame(rng.integers(-5, 5, size=(len(shape), *shape))))
    one(NormalFormGame(np.zeros((len(shape), *shape))))


def test_a_dominated_action_has_probability_exactly_zero() -> None:
    rng = np.random.default_rng(3)
    payoffs = rng.random((3, 3, 3, 3))
    payoffs[0, 2] = payoffs[0, :2].min(axis=0) - 0.1
    assert one(NormalFormGame(payoffs))[0][2] == 0.0


def test_a_seed_repeats_the_search_and_other_seeds_take_other_rays() -> None:
    coordination = NormalFormGame.symmetric(np.eye(4))
    assert one(coordination, seed=7) == one(coordination, seed=7)
    assert len({one(coordination, seed=seed) for seed in range(10)}) > 1


def test_the_global_newton_method_helps_out() -> None:
    game = NormalFormGame(np.random.default_rng(1).random((3, 3, 3, 3)))
    one(game, max_iterations=0)


def test_it_yields_heartbeats() -> None:
    game = NormalFormGame(np.random.default_rng(1).random((3, 3, 3, 3)))
    assert next(iterated_polymatrix(game)) is None


def test_it_is_registered() -> None:
    [entry] = [a for a in algorithms(concept="nash") if a.name == "iterated-polymatrix"]
    assert (entry.finds, entry.rank) == ("one", 21)


def test_unit_payoffs_keep_what_floats_would_lose() -> None:
    game = NormalFormGame([[10**30, 10**30 + 3, 10**30 + 1]])
    assert unit_payoffs(game).tolist() == [[0.0, 1.0, 1 / 3]]


def test_a_ray_has_a_favorite_and_a_least_liked_action() -> None:
    arrays = game_arrays(NormalFormGame(np.zeros((3, 4, 1, 2))))
    for attempt in range(50):
        ray = draw_ray((4, 1, 2), 0, attempt)
        assert np.flatnonzero(favorites(arrays, ray)).size == 3
        for start, end in pairwise(arrays.offsets.tolist()):
            ordered = np.sort(ray[start:end])
            if len(ordered) > 1:
                assert min(ordered[-1] - ordered[-2], ordered[1] - ordered[0]) >= 0.125


@pytest.mark.parametrize("shape", [(3,), (2, 3), (2, 3, 4), (4, 1, 3, 2), (2, 3, 2, 2, 3)], ids=str)
def test_the_jacobian_is_the_plain_sum(shape: tuple[int, ...]) -> None:
    from gametheory.kernels.equilibrium_newton import linearize

    rng = np.random.default_rng(4)
    arrays = game_arrays(NormalFormGame(rng.random((len(shape), *shape))))
    parts = [rng.dirichlet(np.ones(m)) for m in shape]
    linearize(arrays, np.concatenate(parts))
    cuts = arrays.offsets[1:-1]
    values, blocks = np.split(arrays.values, cuts), np.split(arrays.jacobian, cuts)
    for i, own in enumerate(arrays.payoffs.reshape(len(shape), *shape)):
        assert values[i] == pytest.approx(_average(own, parts, {i}), abs=1e-14)
        for j, block in enumerate(np.split(blocks[i], cuts, axis=1)):
            expected = _average(own, parts, {i, j}) if i != j else np.zeros_like(block)
            assert block == pytest.approx(expected.T if i > j else expected, abs=1e-14)


def _average(tensor: NDArray[Any], parts: list[NDArray[Any]], keep: set[int]) -> NDArray[Any]:
    for axis in reversed(range(len(parts))):
        if axis not in keep:
            tensor = np.tensordot(tensor, parts[axis], axes=(axis, 0))
    return tensor
