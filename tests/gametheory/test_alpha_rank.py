"""Alpha-rank against OpenSpiel, exact chains in Fractions, limits and invariances."""

from __future__ import annotations

import importlib
import math
import sys
import types
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import gametheory as gt
from gametheory import NormalFormGame
from gametheory.dynamics.stationary import stationary_distribution
from gametheory.evaluation import alpha_rank

SEEDS = range(20)
module = sys.modules[alpha_rank.__module__]
seeds = pytest.mark.parametrize("seed", SEEDS)


@pytest.fixture
def peer(monkeypatch: pytest.MonkeyPatch) -> Any:
    """OpenSpiel's alpha-rank; its module of figures alone needs matplotlib."""
    pytest.importorskip("open_spiel.python.egt.utils")
    name = "open_spiel.python.egt.alpharank_visualizer"
    monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    egt = importlib.import_module("open_spiel.python.egt")
    monkeypatch.setattr(egt, "alpharank_visualizer", sys.modules[name], raising=False)
    return importlib.import_module("open_spiel.python.egt.alpharank")


@pytest.mark.parametrize("shape", [(2, 2), (3, 4), (2, 3, 2)])
@seeds
def test_openspiel_agrees_on_many_populations(peer: Any, shape: tuple[int, ...], seed: int) -> None:
    rng = np.random.default_rng(seed)
    payoffs = rng.integers(-4, 5, size=(len(shape), *shape)) / 4
    game = NormalFormGame(payoffs)
    expected = peer.compute(list(payoffs), m=20, alpha=0.7)[2]
    found = alpha_rank(game, alpha=0.7, population=20)
    assert found.masses.ravel() == pytest.approx(expected, abs=1e-9)
    expected = peer.compute(list(payoffs), m=2, alpha=1, use_inf_alpha=True, inf_alpha_eps=0.02)[2]
    found = alpha_rank(game, population=2, perturbation=0.02)
    assert found.masses.ravel() == pytest.approx(expected, abs=1e-9)


@seeds
def test_openspiel_agrees_on_one_population(peer: Any, seed: int) -> None:
    payoffs = np.random.default_rng(seed).integers(-4, 5, size=(5, 5)) / 4
    game = NormalFormGame.symmetric(payoffs)
    expected = peer.compute([payoffs], m=30, alpha=0.5, use_local_selection_model=True)[2]
    found = alpha_rank(game, alpha=0.5, population=30, populations="one")
    assert found.masses == pytest.approx(expected, abs=1e-9)
    expected = peer.compute([payoffs], m=2, alpha=1, use_inf_alpha=True, inf_alpha_eps=0.1)[2]
    found = alpha_rank(game, population=2, perturbation=0.1, populations="one")
    assert found.masses == pytest.approx(expected, abs=1e-9)


def test_a_circle_is_uniform_whatever_alpha() -> None:
    circle = NormalFormGame.symmetric([[0, -1, 1], [1, 0, -1], [-1, 1, 0]])
    for options in ({}, {"alpha": 0}, {"alpha": 0.1}, {"alpha": 1000}, {"perturbation": 0.1}):
        found = alpha_rank(circle, populations="one", **options)
        assert found.masses == pytest.approx(np.full(3, 1 / 3), abs=1e-12)
        assert found.ranking == (((0,), (1,), (2,)),)


def test_dominance_and_strict_equilibria() -> None:
    dilemma = NormalFormGame.symmetric([[-1, -3], [0, -2]])
    assert alpha_rank(dilemma).masses.tolist() == [[0, 0], [0, 1]]
    assert alpha_rank(dilemma).ranking == (((1, 1),),)
    assert alpha_rank(dilemma, populations="one").masses.tolist() == [0, 1]
    pennies = alpha_rank(NormalFormGame.zero_sum([[1, -1], [-1, 1]]))
    assert pennies.masses == pytest.approx(np.full((2, 2), 0.25))
    assert pennies.action_masses[1] == pytest.approx([0.5, 0.5])


def exact_limit(game: NormalFormGame, size: int, noise: Fraction) -> list[Fraction]:
    """The perturbed chain's distribution by plain elimination in Fractions."""
    shape = game.n_actions
    cells = list(np.ndindex(*shape))
    n, changes = len(cells), sum(shape) - len(shape)
    table = [[Fraction(0)] * n for _ in cells]
    for i, here in enumerate(cells):
        for j, there in enumerate(cells):
            changed = [k for k in range(len(shape)) if here[k] != there[k]]
            if len(changed) == 1:
                tensor = game.exact_payoffs[changed[0]]
                gain = tensor[there] - tensor[here]
                rate = 1 - noise if gain > 0 else noise if gain < 0 else Fraction(1, size)
                table[j][i] += rate / changes
                table[i][i] -= rate / changes
    table[-1] = [Fraction(1)] * n
    for row, entries in enumerate(table):
        entries.append(Fraction(int(row == n - 1)))
    for k in range(n):
        pivot = next(row for row in range(k, n) if table[row][k])
        table[k], table[pivot] = table[pivot], table[k]
        table[k] = [entry / table[k][k] for entry in table[k]]
        for row in range(n):
            if row != k and table[row][k]:
                factor = table[row][k]
                pairs = zip(table[row], table[k], strict=True)
                table[row] = [a - factor * b for a, b in pairs]
    return [row[-1] for row in table]


@pytest.mark.parametrize("seed", range(30))
def test_the_limit_is_where_small_perturbations_lead(seed: int) -> None:
    """In Fractions, at 10^-12; with ties and several sinks."""
    rng = np.random.default_rng(seed)
    shape = (3, 3) if seed % 3 else (2, 2, 2)
    game = NormalFormGame(rng.integers(0, 3, size=(len(shape), *shape)))
    expected = exact_limit(game, 5, Fraction(1, 10**12))
    found = alpha_rank(game, population=5)
    assert found.masses.ravel() == pytest.approx([float(x) for x in expected], abs=1e-9)
    noisy = alpha_rank(game, population=5, perturbation=1e-3).masses.ravel()
    expected = exact_limit(game, 5, Fraction(1e-3))
    assert noisy == pytest.approx([float(x) for x in expected], rel=1e-10)


@seeds
def test_it_is_stationary(seed: int) -> None:
    rng = np.random.default_rng(seed)
    game = NormalFormGame(rng.normal(size=(2, 4, 3)))
    for options in ({"alpha": 2.0}, {"perturbation": 0.01}, {}):
        found = alpha_rank(game, population=10, **options)
        matrix = found.transition_matrix
        assert matrix.sum(axis=1) == pytest.approx(np.ones(12))
        assert (matrix.toarray() >= -1e-15).all()
        assert found.masses.ravel() @ matrix.toarray() == pytest.approx(
            found.masses.ravel(), abs=1e-14
        )
        assert found.masses.sum() == pytest.approx(1) and found.error < 1e-10
        assert found.action_masses[0] == pytest.approx(found.masses.sum(axis=1))


@seeds
def test_transitions_are_the_published_ones(seed: int) -> None:
    """Omidshafiei et al. (2019): the sum over population sizes of the fixation formula."""
    rng = np.random.default_rng(seed)
    game = NormalFormGame(rng.normal(size=(2, 2, 3)))
    matrix = alpha_rank(game, alpha=1.3, population=7).transition_matrix.toarray()
    gain = game.payoffs[1][0, 2] - game.payoffs[1][0, 0]
    fixation = 1 / sum(math.exp(-1.3 * gain * k) for k in range(7))
    assert matrix[0, 2] == pytest.approx(fixation / 3, rel=1e-12)
    assert matrix[0, 4] == 0  # both would have to change


@seeds
def test_renaming_renames(seed: int) -> None:
    rng = np.random.default_rng(seed)
    payoffs = rng.integers(-3, 4, size=(2, 4, 3))
    rows, columns = rng.permutation(4), rng.permutation(3)
    renamed = payoffs[:, rows][:, :, columns]
    swapped = payoffs.transpose(0, 2, 1)[::-1]
    for options in ({}, {"alpha": 0.5}, {"perturbation": 0.05}):
        masses = alpha_rank(NormalFormGame(payoffs), **options).masses
        other = alpha_rank(NormalFormGame(renamed), **options).masses
        assert other == pytest.approx(masses[rows][:, columns], abs=1e-12)
        other = alpha_rank(NormalFormGame(swapped.copy()), **options).masses
        assert other == pytest.approx(masses.T, abs=1e-12)
        shifted = (payoffs.astype(object) + 10**30).tolist()
        assert alpha_rank(NormalFormGame(shifted), **options).masses == pytest.approx(
            masses, abs=1e-12
        )


def test_a_large_alpha_is_no_trouble() -> None:
    """Where eigenvalues fail: the masses' ratios are exp(-49 alpha) and the like."""
    game = NormalFormGame.bimatrix([[3, 0], [0, 2]], [[3, 0], [0, 2]])
    found = alpha_rank(game, alpha=1e6)
    assert found.masses == pytest.approx(np.array([[1.0, 0], [0, 0]]))
    with pytest.raises(gt.UnsupportedGame, match="probabilities vanish"):
        alpha_rank(game, alpha=1e308)


@seeds
def test_sparse_chains_are_solved_alike(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(seed)
    game = NormalFormGame(rng.normal(size=(3, 3, 4, 3)))
    for options in ({"alpha": 0.3}, {"perturbation": 0.01}):
        exact = alpha_rank(game, **options)
        with monkeypatch.context() as patched:
            patched.setattr(module, "_DENSE", 1)
            sparse = alpha_rank(game, **options)
        assert np.abs(sparse.masses - exact.masses).max() <= sparse.error < 1e-6


def test_many_joint_actions() -> None:
    rng = np.random.default_rng(0)
    game = NormalFormGame(rng.normal(size=(4, 6, 6, 6, 6)))
    found = alpha_rank(game, perturbation=0.05)
    flat = found.masses.ravel()
    assert np.abs(flat @ found.transition_matrix - flat).max() < 1e-12
    assert found.transition_matrix.shape == (1296, 1296)


def test_slow_chains_and_many_sinks_are_refused_where_they_are_large(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "_DENSE", 2)
    game = NormalFormGame.symmetric([[3, 0, 0], [0, 3, 0], [0, 0, 3]])
    with pytest.raises(gt.UnsupportedGame, match="3 sink components"):
        alpha_rank(game)
    for seed in (0, 2, 3, 4):  # exits of probability exp(-500), or none in floats
        random = NormalFormGame(np.random.default_rng(seed).normal(size=(2, 4, 4)))
        with pytest.raises(gt.UnsupportedGame, match="too slow"):
            alpha_rank(game if seed == 0 else random, alpha=10.0)


def test_orders_and_logarithms_of_any_size() -> None:
    rates = np.array([[0, -1e5], [-3e5, 0]])
    assert stationary_distribution(rates).tolist() == [0, 1]
    assert stationary_distribution(np.zeros((1, 1))).tolist() == [1]


@pytest.mark.parametrize(
    "game",
    [
        NormalFormGame([[[1]], [[2]]]),
        NormalFormGame([[3, 1, 2]]),
        NormalFormGame(np.zeros((3, 2, 2, 2))),
        NormalFormGame.bimatrix([[1, 1, 0]], [[2, 2, 0]]),
    ],
    ids=["1x1", "one player", "constant", "1x3"],
)
def test_odd_games(game: NormalFormGame) -> None:
    for options in ({}, {"alpha": 1.0}, {"perturbation": 0.1}):
        found = alpha_rank(game, **options)
        assert found.masses.shape == game.n_actions
        assert found.masses.sum() == pytest.approx(1)
    if game.n_players == 1:
        assert alpha_rank(game).ranking == (((0,),),)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"alpha": -1}, "alpha is -1"),
        ({"alpha": "much"}, "alpha is 'much'"),
        ({"population": 1}, "population is 1"),
        ({"perturbation": 0.7}, r"perturbation is 0\.7"),
        ({"perturbation": 0.1, "alpha": 1}, "finite alpha"),
        ({"populations": "two"}, "populations is 'two'"),
        ({"populations": "one"}, "not symmetric"),
    ],
)
def test_options_that_are_not_valid(options: dict[str, Any], message: str) -> None:
    with pytest.raises(gt.UnsupportedGame, match=message):
        alpha_rank(NormalFormGame.zero_sum([[1, 2], [3, 0]]), **options)


def test_one_population_meets_in_pairs() -> None:
    with pytest.raises(gt.UnsupportedGame, match="3 players"):
        alpha_rank(NormalFormGame(np.zeros((3, 2, 2, 2))), populations="one")
