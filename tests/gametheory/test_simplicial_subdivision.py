"""Simplicial subdivision: the path's rules one by one, and the equilibria it ends in."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gametheory.algorithms.normal_form.simplicial_subdivision import (
    _Grid,
    simplicial_subdivision,
)
from gametheory.algorithms.normal_form.unit_game import (
    largest_regret,
    refine_on_support,
    unit_game,
)
from gametheory.algorithms.registry import Outcome
from gametheory.certificates.normal_form import certify_nash
from gametheory.concepts.normal_form import player_regrets
from gametheory.errors import InvalidProfile, UnsupportedGame
from gametheory.games.normal_form import NormalFormGame
from gametheory.games.profiles import MixedProfile
from gametheory.kernels.support_newton import linearize
from gametheory.solution import Status

SHAPES = [(2, 4), (3, 3), (3, 3, 3), (2, 2, 2, 2), (4, 2, 3)]


def run(game: NormalFormGame, **options: Any) -> tuple[MixedProfile | None, Outcome]:
    search, found = simplicial_subdivision(game, **options), []
    while True:
        try:
            found.append(next(search))
        except StopIteration as stop:
            profiles = [profile for profile in found if profile is not None]
            assert len(profiles) <= 1
            return (profiles[0] if profiles else None), stop.value


def equilibrium(game: NormalFormGame, **options: Any) -> MixedProfile:
    profile, outcome = run(game, **options)
    assert profile is not None, outcome
    scale = game.payoff_range or 1.0
    assert float(certify_nash(game, profile).epsilon) <= 1e-14 * scale
    return profile


def random_game(shape: tuple[int, ...], seed: int) -> NormalFormGame:
    return NormalFormGame(np.random.default_rng(seed).random((len(shape), *shape)))


def vertices(grid: _Grid) -> list[list[int]]:
    """The present simplex's vertices, from the directions and not from the kernel's walk."""
    table, dimension = grid.grid, int(grid.state[0])
    offsets = grid.game.flat.offsets.tolist()
    found = [table[0, :-1].tolist()]
    for action in table[3, :dimension].tolist():
        player = next(i for i in range(len(offsets)) if offsets[i + 1] > action)
        size = offsets[player + 1] - offsets[player]
        lowered = action
        while lowered == action or table[2, lowered] == 2:
            lowered = offsets[player] + (lowered - offsets[player] + 1) % size
        step = list(found[-1])
        step[action] += 1
        step[lowered] -= 1
        found.append(step)
    return found


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("seed", range(6))
def test_every_simplex_is_on_the_grid_and_none_comes_twice(
    shape: tuple[int, ...], seed: int
) -> None:
    game = unit_game(random_game(shape, seed))
    start = np.random.default_rng(seed).integers(0, 3, sum(shape)) + 0.0
    start[np.cumsum(shape) - 1] += 1.0
    grid = _Grid(game, 12, start)
    grid.points_a_call = 1
    met = set()
    going = True
    while going:
        going = grid.running()
        simplex = vertices(grid)
        for vertex in simplex:
            assert min(vertex) >= 0
            totals = np.add.reduceat(vertex, game.flat.offsets[:-1])
            assert set(totals.tolist()) == {12}
        assert len(set(map(tuple, simplex))) == len(simplex)
        key = (grid.grid[2, :-1].tobytes(), tuple(sorted(map(tuple, simplex))))
        if going and grid.state[2] == 0:
            assert (key, int(grid.state[1])) not in met
            met.add((key, int(grid.state[1])))
    assert not grid.broken()


@pytest.mark.parametrize("shape", SHAPES)
def test_ends_come_closer_to_equilibria_as_the_grid_is_refined(shape: tuple[int, ...]) -> None:
    game = random_game(shape, 3)
    scaled, regrets = unit_game(game), []
    for fineness in (10, 100, 1000, 10000):
        grid = _Grid(scaled, fineness, np.ones(sum(shape)))
        while grid.running():
            pass
        center = grid.center()
        linearize(scaled.flat, center, scaled.local)
        regrets.append(largest_regret(scaled, center))
        assert regrets[-1] <= 2 * sum(shape) / fineness
    assert regrets[-1] < regrets[0] or regrets[0] < 1e-12


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("seed", range(10))
def test_random_games(shape: tuple[int, ...], seed: int) -> None:
    equilibrium(random_game(shape, seed))


@given(arrays(np.int64, (2, 3, 3), elements=st.integers(0, 2)))
@settings(max_examples=60)
def test_degenerate_games(payoffs: Any) -> None:
    game = NormalFormGame(payoffs)
    profile, outcome = run(game)
    if profile is None:
        assert outcome.status is Status.ITERATION_LIMIT
        assert outcome.reason
    else:
        assert player_regrets(game, profile).max() < 1e-12


@pytest.mark.parametrize(
    "matrix",
    [
        [[0, -1, 1], [1, 0, -1], [-1, 1, 0]],
        [[0, -1, 1, 0], [1, 0, -1, 0], [-1, 1, 0, 0], [-1, -1, -1, -1]],
        [[3, 1, 4], [2, 0, -5]],
    ],
)
def test_zero_sum_games(matrix: Any) -> None:
    equilibrium(NormalFormGame.zero_sum(matrix))


@pytest.mark.parametrize(("scale", "shift"), [(1, 0), (1e9, 0), (1e-9, 0), (1, 10**17), (1, 1e9)])
def test_scale_and_shift_change_nothing(scale: float, shift: float) -> None:
    matrix = np.array([[64, 0], [0, 32]]) * scale + shift
    game = NormalFormGame.bimatrix(matrix, matrix[::-1, ::-1])
    assert equilibrium(game) == equilibrium(
        NormalFormGame.bimatrix([[64, 0], [0, 32]], [[32, 0], [0, 64]])
    )


@pytest.mark.parametrize(
    "game",
    [
        NormalFormGame(np.zeros((2, 3, 3))),
        NormalFormGame([[7]]),
        NormalFormGame([[1, 5, 3]]),
        NormalFormGame.bimatrix([[1]], [[2]]),
        NormalFormGame.bimatrix([[1, 2, 3]], [[3, 1, 2]]),
        NormalFormGame.zero_sum([[1], [4], [4]]),
        NormalFormGame(np.random.default_rng(0).random((3, 1, 3, 1))),
        NormalFormGame(np.zeros((3, 1, 1, 1))),
        NormalFormGame.symmetric([[10**30, 0], [0, 10**30 + 1]]),
    ],
)
def test_small_and_odd_games(game: NormalFormGame) -> None:
    equilibrium(game)


def test_the_start_chooses_among_equilibria() -> None:
    game = NormalFormGame.symmetric([[1, 0], [0, 1]])
    for actions in ((0, 0), (1, 1)):
        pure = MixedProfile.pure(game, actions)
        assert equilibrium(game, start=pure) == pure
    with pytest.raises(InvalidProfile):
        run(game, start=MixedProfile([[1, 0]]))
    with pytest.raises(UnsupportedGame):
        run(game, refinement=1)


@pytest.mark.parametrize("refinement", [2, 3, 10])
def test_every_refinement_leads_to_an_equilibrium(refinement: int) -> None:
    for seed in range(5):
        equilibrium(random_game((3, 3, 3), seed), refinement=refinement)


def test_polishing_refuses_what_is_no_equilibrium() -> None:
    game = unit_game(NormalFormGame.symmetric([[2, 0], [3, 1]]))
    assert refine_on_support(game, np.array([1.0, 0.0, 1.0, 0.0])) is None
    polished = refine_on_support(game, np.array([1e-3, 0.999, 0.0, 1.0]))
    assert polished is not None
    assert polished.tolist() == [0.0, 1.0, 0.0, 1.0]
