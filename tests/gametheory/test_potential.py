"""Potentials, judged by definition: each is checked on all deviations, each refusal on its cycle.

A potential that passes exists, and a cycle that passes refutes, so nothing else need be known.
"""

from __future__ import annotations

import copy
import itertools
import pickle
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gametheory import NormalFormGame, solve
from gametheory.errors import UnsupportedGame
from gametheory.games.catalog import catalog, facts, load
from gametheory.games.potential import KINDS, Potential, find_potential

SHAPES = [(1,), (4,), (2, 2), (1, 3), (3, 3), (3, 2), (2, 2, 2), (2, 3, 1), (2, 2, 2, 2), (2,) * 5]


def others_of(game: NormalFormGame, player: int) -> Any:
    sizes = [range(1) if i == player else range(m) for i, m in enumerate(game.n_actions)]
    return itertools.product(*sizes)


def with_action(joint: Any, player: int, action: int) -> tuple[int, ...]:
    return (*joint[:player], action, *joint[player + 1 :])


def check_potential(game: NormalFormGame, found: Potential) -> None:
    """Check the definition on every pair of joint actions that one player joins."""
    values = found.exact
    assert values.shape == game.n_actions
    assert not found.witness
    assert not found.reason
    for player, size in enumerate(game.n_actions):
        paid = game.exact_payoffs[player]
        for joint in others_of(game, player):
            line = [with_action(joint, player, a) for a in range(size)]
            pairs = list(itertools.permutations(line, 2))
            gains = [(paid[b] - paid[a], values[b] - values[a]) for a, b in pairs]
            if found.kind == "exact":
                assert all(gain == rise for gain, rise in gains)
                assert set(found.weights) == {1}
            elif found.kind == "weighted":
                assert found.weights[player] > 0
                assert all(gain == found.weights[player] * rise for gain, rise in gains)
            elif found.kind == "ordinal":
                assert all((gain > 0) == (rise > 0) for gain, rise in gains)
            elif found.kind == "generalized-ordinal":
                assert all(rise > 0 for gain, rise in gains if gain > 0)
            else:
                best = [a for a in line if paid[a] == max(paid[b] for b in line)]
                assert best == [a for a in line if values[a] == max(values[b] for b in line)]


def check_witness(game: NormalFormGame, found: Potential) -> None:
    """Check that the deviations are what they have to be, and refute."""
    assert found.numerators.size == 0
    assert found.reason == str(found)
    totals = []
    for cycle in found.witness:
        assert len(cycle) >= 4
        total = [Fraction(0)] * game.n_players
        gains = []
        for one, other in zip(cycle, (*cycle[1:], cycle[0]), strict=True):
            (mover,) = [i for i, (a, b) in enumerate(zip(one, other, strict=True)) if a != b]
            paid = game.exact_payoffs[mover]
            gains.append(paid[other] - paid[one])
            total[mover] += gains[-1]
            if found.kind == "best-response":
                line = [with_action(other, mover, a) for a in range(game.n_actions[mover])]
                assert paid[other] == max(paid[b] for b in line)
        totals.append(total)
        if found.kind in KINDS[2:]:
            assert min(gains) >= (0 if found.kind != "generalized-ordinal" else min(gains))
            assert max(gains) > 0
        if found.kind == "generalized-ordinal":
            assert min(gains) > 0
    if found.kind == "exact":
        assert sum(totals[0]) != 0
    if found.kind == "weighted":
        assert no_positive_weights(totals)
    if found.kind != "weighted":
        assert len(found.witness) == 1


def no_positive_weights(totals: list[list[Fraction]]) -> bool:
    """Whether no positive factors make every cycle's total gains cancel."""
    involved = [i for i in range(len(totals[0])) if any(total[i] for total in totals)]
    rows = [[total[i] for i in involved] for total in totals]
    if len(rows) == 1:
        return min(rows[0]) >= 0 or max(rows[0]) <= 0
    return determinant(rows) != 0  # as many cycles as players: only zeros cancel them all


def determinant(rows: list[list[Fraction]]) -> Fraction:
    assert len(rows) == len(rows[0])
    total = Fraction(0)
    for order in itertools.permutations(range(len(rows))):
        inversions = sum(a > b for a, b in itertools.combinations(order, 2))
        product = Fraction((-1) ** inversions)
        for row, k in zip(rows, order, strict=True):
            product *= row[k]
        total += product
    return total


def check(game: NormalFormGame) -> dict[str, bool]:
    """Check every kind, and that a stronger one implies the weaker."""
    held = {}
    for kind in KINDS:
        found = find_potential(game, kind)
        assert bool(found) is found.holds is game.is_potential(kind)
        (check_potential if found else check_witness)(game, found)
        for joint in found.maximizers:
            for player, size in enumerate(game.n_actions):
                line = [with_action(joint, player, a) for a in range(size)]
                paid = game.exact_payoffs[player]
                assert paid[joint] == max(paid[b] for b in line)
        held[kind] = found.holds
    exact, weighted, ordinal, generalized, best = (held[kind] for kind in KINDS)
    assert exact <= weighted <= ordinal <= min(generalized, best)
    return held


def drawn_potential(rng: np.random.Generator, shape: tuple[int, ...], width: int) -> Any:
    """Draw a potential, and for each player terms that its own action does not change."""
    potential = rng.integers(0, width, shape)
    dummies = [
        rng.integers(0, width, tuple(1 if k == i else m for k, m in enumerate(shape)))
        for i in range(len(shape))
    ]
    return potential, dummies


@settings(max_examples=60)
@given(seed=st.integers(0, 10**9), shape=st.sampled_from(SHAPES), width=st.integers(2, 4))
def test_any_game_has_a_potential_or_a_cycle_that_refutes_it(
    seed: int, shape: tuple[int, ...], width: int
) -> None:
    rng = np.random.default_rng(seed)
    check(NormalFormGame(rng.integers(0, width, (len(shape), *shape))))


@settings(max_examples=40)
@given(seed=st.integers(0, 10**9), shape=st.sampled_from(SHAPES))
def test_exact_potentials_are_found_up_to_a_constant(seed: int, shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(seed)
    potential, dummies = drawn_potential(rng, shape, 5)
    game = NormalFormGame(np.stack([potential + dummy for dummy in dummies]))
    assert all(check(game).values())
    found = find_potential(game)
    assert (found.numerators == (potential - potential.flat[0]) * found.denominator).all()
    broken = game.exact_payoffs.copy()
    broken[(int(rng.integers(len(shape))), *(int(rng.integers(m)) for m in shape))] += 1
    check(NormalFormGame(broken))


@settings(max_examples=40)
@given(seed=st.integers(0, 10**9), shape=st.sampled_from(SHAPES))
def test_weights_are_found(seed: int, shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(seed)
    potential, dummies = drawn_potential(rng, shape, 9)
    weights = [Fraction(int(p), int(q)) for p, q in rng.integers(1, 9, (len(shape), 2))]
    exact = np.vectorize(Fraction, otypes=[object])
    game = NormalFormGame(
        np.stack([w * exact(potential) + exact(d) for w, d in zip(weights, dummies, strict=True)])
    )
    assert check(game)["weighted"]
    if shape in [(3, 3), (3, 2), (2, 2, 2, 2)] and not game.is_potential():
        found = find_potential(game, "weighted").weights
        assert [w / found[0] for w in found] == [w / weights[0] for w in weights]


@settings(max_examples=40)
@given(seed=st.integers(0, 10**9), shape=st.sampled_from(SHAPES))
def test_ordinal_potentials_are_found(seed: int, shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(seed)
    potential = rng.integers(0, 4, shape)
    curves = np.cumsum(rng.integers(1, 50, (len(shape), 4)), axis=1)
    game = NormalFormGame(np.stack([curve[potential] for curve in curves]))
    assert check(game)["ordinal"]


def polymatrix(factors: dict[tuple[int, int], int], n: int) -> NormalFormGame:
    """Build u_i = sum of factors[i, j] * a_i * a_j, with two actions for everybody."""
    actions = np.indices((2,) * n)
    payoffs = np.zeros(actions.shape, dtype=np.int64)
    for (i, j), factor in factors.items():
        payoffs[i] += factor * actions[i] * actions[j]
    return NormalFormGame(payoffs)


def test_weights_have_to_agree_around_players() -> None:
    pairs = [(0, 1), (1, 2), (2, 3), (3, 0)]
    ring = dict.fromkeys(pairs, 1) | {(j, i): k + 2 for k, (i, j) in enumerate(pairs)}
    refuted = find_potential(polymatrix(ring, 4), "weighted")
    assert len(refuted.witness) == 4
    assert "multiply to" in refuted.reason
    check_witness(polymatrix(ring, 4), refuted)
    triangle = {(0, 1): 1, (1, 0): 2, (1, 2): 1, (2, 1): 3, (0, 2): 1, (2, 0): 6}
    found = find_potential(polymatrix(triangle, 3), "weighted")
    assert found.weights == (1, 2, 6)
    check(polymatrix(triangle, 3))
    check(polymatrix(triangle | {(2, 0): 7}, 3))
    line = {(0, 1): 1, (1, 0): 2, (2, 3): 5, (3, 2): 1}  # two pairs that do not meet
    assert find_potential(polymatrix(line, 5), "weighted").weights == (1, 2, 1, Fraction(1, 5), 1)
    assert len(find_potential(polymatrix(line | {(3, 2): 0}, 5), "weighted").witness) == 1
    for factors in (line, line | {(3, 2): 0}, line | {(3, 2): -1}):
        check(polymatrix(factors, 5))


def test_two_squares_may_ask_for_different_weights() -> None:
    game = NormalFormGame.bimatrix([[0, 0, 0], [0, 1, 1]], [[0, 0, 0], [0, 1, 2]])
    found = find_potential(game, "weighted")
    assert len(found.witness) == 2
    assert "different ratios of the weights of player 0 and player 1" in found.reason
    check(game)


def test_published_examples() -> None:
    dilemma = check(load("prisoners_dilemma"))
    assert all(dilemma.values())
    # Monderer and Shapley (1996), section 2: improvements end, and yet no ordinal potential.
    finite = NormalFormGame.bimatrix([[1, 2], [2, 0]], [[0, 0], [0, 1]])
    held = check(finite)
    assert held["generalized-ordinal"]
    assert not held["ordinal"]
    for name in ("matching_pennies", "rock_paper_scissors", "shapley", "jordan"):
        assert not any(check(load(name)).values())
    assert str(find_potential(load("matching_pennies"))) == (
        "around (Heads, Heads) -> (Tails, Heads) -> (Tails, Tails) -> (Heads, Tails) -> "
        "(Heads, Heads) the deviators gain -8 in all instead of 0"
    )
    # Rosenthal (1973): a congestion game has one; where players value a facility differently by a
    # factor, a weighted one.
    unequal = NormalFormGame.bimatrix([[2, 4], [6, 2]], [[3, 9], [6, 3]])
    assert find_potential(unequal, "weighted").weights == (1, Fraction(3, 2))


def test_potentials_of_the_catalog() -> None:
    proven = 0
    for entry in catalog():
        if entry.form != "normal form" or entry.known is None:
            continue
        known = facts(entry.name).potential
        if known is None:
            continue
        found = find_potential(load(entry.name))
        assert found, entry.name
        difference = {
            Fraction(p) - q
            for p, q in zip(known.ravel().tolist(), found.exact.ravel().tolist(), strict=True)
        }
        assert len(difference) == 1
        proven += 1
    assert proven >= 8


HARD = {
    "huge": lambda P: P * 10**30,
    "huge and uneven": lambda P: P * 10**30 + 1,
    "beyond 62 bits": lambda P: P * 2**61,
    "tiny": lambda P: P * Fraction(1, 10**30),
    "thirds": lambda P: P * Fraction(1, 3),
    "floats": lambda P: np.vectorize(float)(P) * 0.1,
    "wide": lambda P: P * Fraction(1, 3**13_000),
    "extreme floats": lambda P: np.vectorize(float)(P) * 1e300,
}


@pytest.mark.parametrize("name", HARD)
def test_any_magnitude_is_exact(name: str) -> None:
    potential = np.array([[0, 1, 4], [2, 5, 3], [1, 1, 0]], dtype=object)
    scaled = HARD[name](potential)
    game = NormalFormGame(np.stack([scaled, scaled]))
    held = check(game)
    assert held["exact"]
    rounded = find_potential(game).values
    assert rounded == pytest.approx((game.payoffs[0] - game.payoffs[0, 0, 0]), rel=1e-12)
    both = NormalFormGame(np.stack([game.exact_payoffs[0], 7 * game.exact_payoffs[0]]))
    assert find_potential(both, "weighted").weights == (1, 7)
    check(both)
    broken = game.exact_payoffs.copy()
    broken[1, 2, 2] += Fraction(1, 10**200)
    assert not check(NormalFormGame(broken))["exact"]


@pytest.mark.parametrize("shape", [(1,), (5,), (1, 1), (1, 4), (2, 2), (1, 1, 1), (2,) * 5])
def test_where_nothing_matters_everything_is_a_potential(shape: tuple[int, ...]) -> None:
    game = NormalFormGame(np.full((len(shape), *shape), 3))
    assert all(check(game).values())
    for kind in KINDS:
        found = find_potential(game, kind)
        assert not found.numerators.any()
        assert len(found.maximizers) == np.prod(shape)


def test_levels_are_the_smallest_integers() -> None:
    game = NormalFormGame([[30, 10, 10, 25, 99]])
    for kind, levels in [
        ("ordinal", [2, 0, 0, 1, 3]),
        ("generalized-ordinal", [2, 0, 0, 1, 3]),
        ("best-response", [0, 0, 0, 0, 1]),
    ]:
        assert find_potential(game, kind).numerators.tolist() == levels
    assert find_potential(game).values.tolist() == [0, -20, -20, -5, 69]


def test_maximizers_are_pure_equilibria() -> None:
    game = load("braess_paradox", shortcut=False)
    pure = {
        tuple(actions[0] for actions in profile.support())
        for profile in solve(game, "pure-nash", find="all").equilibria
    }
    assert set(find_potential(game).maximizers) <= pure


def test_a_million_joint_actions() -> None:
    rng = np.random.default_rng(5)
    potential, dummies = drawn_potential(rng, (100, 100, 100), 1000)
    payoffs = np.stack([potential + dummy for dummy in dummies])
    found = find_potential(NormalFormGame(payoffs))
    assert np.array_equal(found.numerators, potential - potential[0, 0, 0])
    assert find_potential(
        NormalFormGame(payoffs * np.array([1, 2, 3]).reshape(3, 1, 1, 1)), "weighted"
    )
    payoffs[2, 50, 60, 70] += 1
    (square,) = find_potential(NormalFormGame(payoffs)).witness
    total = 0
    for one, other in zip(square, (*square[1:], square[0]), strict=True):
        (mover,) = [i for i, (a, b) in enumerate(zip(one, other, strict=True)) if a != b]
        total += payoffs[(mover, *other)] - payoffs[(mover, *one)]
    assert abs(total) == 1


def test_records_are_frozen_and_copies_too() -> None:
    found = find_potential(load("chicken"))
    for one in (found, copy.deepcopy(found), pickle.loads(pickle.dumps(found))):
        for array in (one.values, one.exact, one.numerators):
            with pytest.raises(ValueError, match="read-only"):
                array[0, 0] = 1


def test_errors_are_typed() -> None:
    with pytest.raises(UnsupportedGame, match=r"kind='cardinal'.*'best-response'"):
        load("chicken").is_potential("cardinal")
    with pytest.raises(UnsupportedGame, match="kind="):
        find_potential(load("chicken"), np.array(["exact", "ordinal"]))  # type: ignore[arg-type]
    with pytest.raises(UnsupportedGame, match="not in normal form"):
        find_potential(load("kuhn_poker"))
