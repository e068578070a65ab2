"""All equilibria of games with three players or more: published ones, exact ones, and an oracle."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import combinations, product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gametheory import solve
from gametheory.algorithms.normal_form.exact_refutation import refute_exactly
from gametheory.algorithms.normal_form.multilinear_systems import (
    SupportSystem,
    keeps_apart,
    unit_payoffs,
)
from gametheory.algorithms.normal_form.polynomial_support_enumeration import (
    polynomial_support_enumeration,
)
from gametheory.algorithms.normal_form.pure_enumeration import pure_enumeration
from gametheory.algorithms.normal_form.support_order import support_sizes
from gametheory.algorithms.registry import Outcome, algorithms
from gametheory.certificates import verify
from gametheory.errors import UnsupportedGame
from gametheory.games.catalog import load
from gametheory.games.normal_form import NormalFormGame
from gametheory.games.profiles import MixedProfile

SHAPES = [(2, 2, 2), (3, 2, 2), (2, 3, 3), (2, 2, 2, 2), (1, 2, 3)]

small_games = st.sampled_from(SHAPES).flatmap(
    lambda shape: arrays(np.int64, (len(shape), *shape), elements=st.integers(0, 4))
)


def run(game: NormalFormGame, **options: Any) -> tuple[list[MixedProfile], Outcome]:
    search = polynomial_support_enumeration(game, **options)
    found: list[MixedProfile] = []
    while True:
        try:
            profile = next(search)
        except StopIteration as stop:
            return found, stop.value
        if profile is not None:
            found.append(profile)


def random_game(shape: tuple[int, ...], seed: int) -> NormalFormGame:
    return NormalFormGame(np.random.default_rng(seed).random((len(shape), *shape)))


def distance(first: MixedProfile, second: MixedProfile) -> float:
    return max(float(np.abs(x - y).max()) for x, y in zip(first, second, strict=True))


def regret(game: NormalFormGame, profile: MixedProfile) -> float:
    return float(verify(game, profile).epsilon) / (game.payoff_range or 1.0)


def same_sets(first: list[MixedProfile], second: list[MixedProfile], close: float) -> bool:
    return len(first) == len(second) and all(
        any(distance(x, y) < close for y in second) for x in first
    )


def check(game: NormalFormGame, found: list[MixedProfile]) -> None:
    assert all(regret(game, profile) < 1e-12 for profile in found)
    assert all(distance(x, y) > 1e-9 for x, y in combinations(found, 2))


def test_an_irrational_equilibrium_alone() -> None:
    # Nau, Gomez Canovas and Hansen (2004), "On the geometry of Nash equilibria and correlated
    # equilibria", International Journal of Game Theory 32, section 4: a unique equilibrium,
    # irrational although the payoffs are integers. The table is the one in Gambit's catalog.
    table = {
        (0, 0, 0): (3, 0, 2), (1, 0, 0): (0, 1, 0), (0, 1, 0): (0, 2, 0), (1, 1, 0): (1, 0, 0),
        (0, 0, 1): (1, 0, 0), (1, 0, 1): (0, 3, 0), (0, 1, 1): (0, 1, 0), (1, 1, 1): (2, 0, 3),
    }  # fmt: skip
    game = NormalFormGame.from_function(lambda a: table[a], (2, 2, 2))
    found, outcome = run(game)
    assert outcome.complete
    check(game, found)
    assert len(found) == 1
    assert all(0 < p < 1 for strategy in found[0] for p in strategy)
    assert regret(game, found[0]) < 1e-15
    assert not verify(game, found[0]).exact


def test_nine_equilibria_of_a_small_game() -> None:
    # McKelvey and McLennan (1997), "The maximal number of regular totally mixed Nash
    # equilibria", Journal of Economic Theory 72; the 2x2x2 game of the Gambit manual, with nine.
    payoffs = np.zeros((3, 2, 2, 2))
    payoffs[:, 0, 0, 0] = (9, 8, 12)
    payoffs[:, 1, 1, 0] = (9, 8, 2)
    payoffs[:, 0, 1, 1] = (3, 4, 6)
    payoffs[:, 1, 0, 1] = (3, 4, 4)
    game = NormalFormGame(payoffs)
    found, outcome = run(game)
    assert len(found) == 9
    assert outcome.complete
    assert all(verify(game, profile).exact for profile in found)
    totally_mixed = [p for p in found if all(min(strategy) > 0 for strategy in p)]
    assert len(totally_mixed) == 2


def test_matching_pennies_of_three_players() -> None:
    # Jordan (1993): unique, and all one half.
    found, outcome = run(load("jordan"))
    assert found == [MixedProfile([[Fraction(1, 2)] * 2] * 3)]
    assert outcome.complete


def test_the_mixed_equilibrium_of_volunteers() -> None:
    game = load("volunteers_dilemma")
    found, outcome = run(game)
    assert outcome.complete
    assert len(found) % 2 == 1
    check(game, found)


@pytest.mark.parametrize("shape", [(2, 2, 2), (3, 3, 3), (2, 3, 4), (2, 2, 2, 2), (2, 1, 3)])
def test_generic_games_have_an_odd_number_all_proven(shape: tuple[int, ...]) -> None:
    # Wilson (1971) and Harsanyi (1973): almost all games have a finite, odd number.
    for seed in range(12):
        game = random_game(shape, seed)
        found, outcome = run(game)
        assert outcome.complete
        assert len(found) % 2 == 1
        check(game, found)


def test_pure_equilibria_are_among_them_and_come_first() -> None:
    for seed in range(10):
        game = random_game((3, 3, 2), seed)
        pure = [p for p in pure_enumeration(game) if p is not None]
        found = run(game)[0]
        assert found[: len(pure)] == pure
        assert not any(p.is_pure() for p in found[len(pure) :])


def test_two_mixing_players_are_solved_exactly() -> None:
    exact = 0
    for seed in range(10):
        game = random_game((3, 3, 3), seed)
        for profile in run(game)[0]:
            if sum(len(actions) > 1 for actions in profile.support()) <= 2:
                assert verify(game, profile).exact
                exact += 1
    assert exact > 10


def test_exchanging_players_and_actions_exchanges_equilibria() -> None:
    for seed in range(5):
        game = random_game((2, 3, 3), seed)
        turned = NormalFormGame(game.payoffs[::-1].transpose(0, 3, 2, 1)[:, ::-1])
        there = [
            MixedProfile([p[2], p[1], p[0][::-1]])
            for p in (MixedProfile([q[0][::-1], q[1], q[2]]) for q in run(turned)[0])
        ]
        there = [MixedProfile([p[0], p[1], p[2][::-1]]) for p in there]
        assert same_sets(run(game)[0], there, 1e-9)


@pytest.mark.parametrize(("scale", "shift"), [(1e-9, 0), (1e9, 0), (1, 10**17), (10**30, 10**40)])
def test_scale_and_shift_change_nothing(scale: Any, shift: int) -> None:
    payoffs = np.random.default_rng(3).integers(0, 1000, (3, 3, 2, 3))
    factor = Fraction(scale)
    moved = [Fraction(int(x)) * factor + shift for x in payoffs.flat]
    game = NormalFormGame(np.array(moved, dtype=object).reshape(payoffs.shape))
    found, outcome = run(game)
    plain, _ = run(NormalFormGame(payoffs))
    assert outcome.complete
    assert len(found) % 2 == 1
    assert same_sets(found, plain, 1e-12)


@given(small_games)
@settings(max_examples=40, deadline=None)
def test_what_is_found_in_games_with_ties_is_right(payoffs: Any) -> None:
    game = NormalFormGame(payoffs)
    found, outcome = run(game)
    assert found
    check(game, found)
    assert outcome.complete is not bool(outcome.reason)
    pure = [p for p in pure_enumeration(game) if p is not None]
    assert found[: len(pure)] == pure


@given(st.integers(0, 2**32), st.sampled_from(SHAPES))
@settings(max_examples=12, deadline=None)
def test_a_complete_list_holds_what_newton_finds(seed: int, shape: tuple[int, ...]) -> None:
    """An independent search: Newton's method from random points, on every support."""
    rng = np.random.default_rng(seed)
    game = NormalFormGame(rng.integers(0, 10, (len(shape), *shape)))
    found, outcome = run(game)
    if not outcome.complete:
        return
    for profile in reference_equilibria(game, rng):
        assert any(distance(profile, other) < 1e-6 for other in found)


def reference_equilibria(game: NormalFormGame, rng: Any) -> list[MixedProfile]:
    """Equilibria by plain NumPy: two random starts for each support."""
    subsets = [
        [s for k in range(1, m + 1) for s in combinations(range(m), k)] for m in game.n_actions
    ]
    found = []
    for support in product(*subsets):
        for _ in range(2):
            start = [rng.dirichlet(np.ones(len(actions))) for actions in support]
            profile = newton(game, support, start)
            if profile is not None and regret(game, profile) < 1e-10:
                found.append(profile)
    return found


def newton(game: NormalFormGame, support: Any, start: list[Any]) -> MixedProfile | None:
    sizes = [len(actions) for actions in support]
    ends = np.cumsum(sizes)[:-1]
    flat = np.concatenate(start)

    def equations(point: Any) -> Any:
        strategies = np.split(point, ends)
        values = []
        for player, actions in enumerate(support):
            tensor = np.moveaxis(game.payoffs[player][np.ix_(*support)], player, 0)
            for other in reversed([i for i in range(game.n_players) if i != player]):
                tensor = tensor @ strategies[other]
            values += [strategies[player].sum() - 1, *(tensor[1:] - tensor[0])]
            assert len(tensor) == len(actions)
        return np.array(values)

    for _ in range(12):
        here = equations(flat)
        columns = [(equations(flat + h) - here) / 1e-7 for h in 1e-7 * np.eye(len(flat))]
        try:
            flat = flat - np.linalg.solve(np.array(columns).T, here)
        except np.linalg.LinAlgError:
            return None
        if not np.abs(flat).max() < 1e3:
            return None
    if np.abs(equations(flat)).max() > 1e-11 or flat.min() < 1e-7:
        return None
    vectors = []
    for strategy, actions, m in zip(np.split(flat, ends), support, game.n_actions, strict=True):
        vector = np.zeros(m)
        vector[list(actions)] = strategy / strategy.sum()
        vectors.append(vector)
    return MixedProfile(vectors)


@pytest.mark.parametrize("shape", [(2, 2, 2), (3, 3, 3), (2, 2, 2, 2)])
def test_all_payoffs_zero_ends_with_a_reason(shape: tuple[int, ...]) -> None:
    game = NormalFormGame(np.zeros((len(shape), *shape)))
    found, outcome = run(game)
    assert not outcome.complete
    assert "undecided on the support" in outcome.reason
    assert len(found) >= math.prod(shape)
    assert all(verify(game, profile).exact for profile in found[: math.prod(shape)])
    check(game, found)


def test_a_continuum_next_to_isolated_equilibria() -> None:
    """Player 2 has two equal actions: what the others do is a game of its own."""
    pennies = np.array([[[1, -1], [-1, 1]], [[-1, 1], [1, -1]]])
    payoffs = np.zeros((3, 2, 2, 2), dtype=int)
    payoffs[:2] = pennies[..., None]
    game = NormalFormGame(payoffs)
    found, outcome = run(game)
    assert not outcome.complete
    check(game, found)
    assert {p.support()[2] for p in found} >= {(0,), (1,)}


def test_one_action_each_and_one_player_who_chooses() -> None:
    assert run(NormalFormGame(np.zeros((3, 1, 1, 1)))) == (
        [MixedProfile([[1], [1], [1]])],
        Outcome(0, True, None, ""),
    )
    chooses = NormalFormGame([[[[0, 5, 2]]], [[[1, 1, 1]]], [[[3, 9, 4]]]])
    found, outcome = run(chooses)
    assert [p.support() for p in found] == [((0,), (0,), (1,))]
    assert outcome.complete


def test_giving_up_a_support_is_said() -> None:
    outcome = run(random_game((3, 3, 3), 3), max_cells=2)[1]
    assert not outcome.complete
    assert "undecided on the support" in outcome.reason
    with pytest.raises(UnsupportedGame, match="max_cells=0"):
        run(random_game((2, 2, 2), 0), max_cells=0)


def test_it_is_registered_and_says_what_it_does_not_take() -> None:
    entry = next(a for a in algorithms() if a.name == "polynomial-support-enumeration")
    assert (entry.finds, entry.concepts) == ("all", ("nash",))
    assert "three players" in entry.applies(load("matching_pennies"))
    assert "joint actions" in entry.applies(NormalFormGame(np.zeros((3, 30, 30, 30))))
    assert entry.applies(load("jordan")) == ""


def test_solve_certifies_all_of_them() -> None:
    game = random_game((3, 3, 3), 1)
    solution = solve(game, method="polynomial-support-enumeration", find="all")
    assert solution.complete
    assert len(solution.equilibria) == 5
    assert solution.epsilon < 1e-15


def test_support_sizes_by_sum_then_balance() -> None:
    sizes = support_sizes((3, 3, 3))
    assert len(sizes) == 27
    keys = [(sum(size), max(size) - min(size)) for size in sizes]
    assert keys == sorted(keys)


def test_unit_payoffs_keep_order_and_ties() -> None:
    game = NormalFormGame([[[[2**70, 2**70 + 1]]], [[[0, 0]]], [[["1/3", "2/3"]]]])
    unit = unit_payoffs(game)
    assert unit.tolist() == [[0.0, 1.0], [0.0, 0.0], [0.0, 1.0]]
    assert keeps_apart(game, unit)
    merged = NormalFormGame([[[[0, 1, 2**80]]], [[[0, 0, 0]]], [[[0, 0, 0]]]])
    assert keeps_apart(merged, unit_payoffs(merged))
    merged = NormalFormGame([[[[2**80, 2**80 - 1, 0]]], [[[0, 0, 0]]], [[[0, 0, 0]]]])
    assert not keeps_apart(merged, unit_payoffs(merged))


def test_an_exact_refutation_beside_a_boundary_equilibrium() -> None:
    # Against anything mixed, player 0's second action is better; at the corner both tie.
    payoffs = np.zeros((3, 2, 2, 1), dtype=int)
    payoffs[0] = [[[1], [0]], [[1], [1]]]
    payoffs[1] = [[[1], [0]], [[0], [1]]]
    game = NormalFormGame(payoffs)
    both = SupportSystem(game, [[0, 1], [0, 1], [0]], (2, 2, 1))
    assert refute_exactly(both).proven
    top = refute_exactly(SupportSystem(game, [[0, 1], [0, 1], [0]], (2, 1, 1)))
    assert not top.proven
    assert top.weights is not None
    assert top.weights.min() > 0


def gambit_equilibria(game: NormalFormGame) -> list[MixedProfile]:
    pygambit = pytest.importorskip("pygambit")
    theirs = pygambit.Game.from_arrays(*game.payoffs)
    result = pygambit.nash.enumpoly_solve(theirs, use_strategic=True)
    profiles = []
    for equilibrium in result.equilibria:
        vectors = [
            np.clip([float(equilibrium[s]) for s in player.strategies], 0, None)
            for player in theirs.players
        ]
        profiles.append(MixedProfile([v / v.sum() for v in vectors]))
    return profiles


def compare_with_gambit(shape: tuple[int, ...], seeds: range) -> None:
    """What Gambit finds is among ours; it may miss some, ours are proven to be all."""
    for seed in seeds:
        game = random_game(shape, seed)
        found, outcome = run(game)
        assert outcome.complete
        assert len(found) % 2 == 1
        check(game, found)
        for profile in gambit_equilibria(game):
            assert any(distance(profile, other) < 1e-6 for other in found)


@pytest.mark.parametrize("shape", [(2, 2, 2), (3, 3, 3), (2, 2, 2, 2)])
def test_gambit_finds_no_other(shape: tuple[int, ...]) -> None:
    compare_with_gambit(shape, range(1000, 1010))


@pytest.mark.slow
@pytest.mark.parametrize("shape", [(2, 2, 2), (3, 3, 3), (2, 2, 2, 2), (2, 3, 4)])
def test_gambit_finds_no_other_in_many_games(shape: tuple[int, ...]) -> None:
    compare_with_gambit(shape, range(2000, 2100))


@pytest.mark.slow
@pytest.mark.parametrize("shape", [(4, 4, 4), (5, 5, 5), (3, 3, 3, 3), (2, 2, 2, 2, 2)])
def test_larger_games_are_proven_complete(shape: tuple[int, ...]) -> None:
    for seed in range(5):
        game = random_game(shape, seed)
        found, outcome = run(game)
        assert outcome.complete
        assert len(found) % 2 == 1
        check(game, found)
