"""Lemke-Howson against a reference path in Fractions, other libraries and hard instances."""

from __future__ import annotations

from fractions import Fraction
from itertools import islice
from typing import Any

import nashpy
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gametheory.algorithms.normal_form import basis_equilibrium as endings
from gametheory.algorithms.normal_form import lemke_howson as algorithm
from gametheory.algorithms.normal_form.lemke_howson import float_equilibrium, lemke_howson
from gametheory.algorithms.registry import Outcome, algorithms
from gametheory.certificates import verify
from gametheory.errors import UnsupportedGame
from gametheory.games.catalog import load
from gametheory.games.normal_form import NormalFormGame
from gametheory.games.profiles import MixedProfile
from gametheory.kernels import lemke_howson as kernel
from gametheory.kernels.capped_paths import SCHEDULE_LENGTH, next_path
from gametheory.solution import Status
from gametheory.solve import solve
from tests.gametheory.bimatrix_games import KNOWN

Strategies = tuple[tuple[Fraction, ...], ...]


def run(game: NormalFormGame, **options: Any) -> tuple[MixedProfile | None, Outcome]:
    search, found = lemke_howson(game, **options), []
    while True:
        try:
            found.append(next(search))
        except StopIteration as stop:
            profiles = [profile for profile in found if profile is not None]
            assert len(profiles) <= 1
            return (profiles[0] if profiles else None), stop.value


def exact_equilibrium(game: NormalFormGame, **options: Any) -> MixedProfile:
    profile, outcome = run(game, **options)
    assert outcome.status is None
    assert profile is not None
    assert verify(game, profile).exact
    return profile


def lexicographic_pivot(rows: list[list[Fraction]], basis: list[int], column: int) -> int:
    """Full tableau, right-hand side first and then the slacks: return the variable that leaves."""
    size = len(rows)
    leaving = min(
        (r for r in range(size) if rows[r][column] > 0),
        key=lambda r: [entry / rows[r][column] for entry in rows[r][: size + 1]],
    )
    pivot = rows[leaving][column]
    rows[leaving] = [entry / pivot for entry in rows[leaving]]
    for r in range(size):
        factor = rows[r][column]
        if r != leaving and factor:
            rows[r] = [a - factor * b for a, b in zip(rows[r], rows[leaving], strict=True)]
    gone, basis[leaving] = basis[leaving], column
    return gone


def tableau(payoffs: Any) -> list[list[Fraction]]:
    """Rows [1, slacks, payoffs], the payoffs in [1, 2]."""
    lowest = min(payoffs.flat)
    spread = max(payoffs.flat) - lowest or Fraction(1)
    return [
        [Fraction(1), *(Fraction(int(i == r)) for i in range(len(payoffs)))]
        + [1 + (entry - lowest) / spread for entry in row]
        for r, row in enumerate(payoffs)
    ]


def reference(game: NormalFormGame, label: int) -> tuple[Strategies, int]:
    """End of a label's path and its length, as in the textbook."""
    m, n = game.n_actions
    tableaux = [tableau(game.exact_payoffs[0]), tableau(game.exact_payoffs[1].T)]
    bases = [list(range(1, m + 1)), list(range(1, n + 1))]
    # Column of each label's variable on either side, and back.
    columns = [
        [*range(1, m + 1), *range(m + 1, m + n + 1)],
        [*range(n + 1, n + m + 1), *range(1, n + 1)],
    ]
    side, entering, steps = int(label < m), label, 0
    while True:
        gone = lexicographic_pivot(tableaux[side], bases[side], columns[side][entering])
        entering, side, steps = columns[side].index(gone), 1 - side, steps + 1
        if entering == label:
            break
    weights = [[Fraction(0)] * m, [Fraction(0)] * n]
    for side, player, size in ((0, 1, m), (1, 0, n)):
        for row, variable in zip(tableaux[side], bases[side], strict=True):
            if variable > size:
                weights[player][variable - size - 1] = row[0]
    return tuple(tuple(w / sum(vector) for w in vector) for vector in weights), steps


def pairs(largest: int, highest: int) -> st.SearchStrategy[Any]:
    sides = st.integers(1, largest)
    return st.tuples(sides, sides).flatmap(
        lambda shape: arrays(np.int64, (2, *shape), elements=st.integers(0, highest))
    )


@settings(deadline=None)
@given(pairs(4, 3))
def test_every_label_ends_where_the_textbook_says_degenerate_or_not(pair: Any) -> None:
    game = NormalFormGame(pair)
    for label in range(sum(game.n_actions)):
        profile, outcome = run(game, label=label)
        assert profile is not None
        assert (profile.exact, outcome.iterations) == reference(game, label)
        assert verify(game, profile).exact


@settings(deadline=None)
@given(pairs(8, 2))
def test_every_label_of_degenerate_games_is_exact(pair: Any) -> None:
    game = NormalFormGame(pair)
    for label in (None, *range(sum(game.n_actions))):
        exact_equilibrium(game, label=label)


@pytest.mark.parametrize("shape", [(2, 2), (3, 5), (6, 6), (4, 7)])
def test_it_agrees_with_nashpy(shape: tuple[int, int]) -> None:
    # nashpy 0.0.43 exchanges actions in 7x4 games; its answers there are no equilibria
    rng = np.random.default_rng(8)
    for _ in range(5):
        pair = rng.random((2, *shape))
        for label in range(sum(shape)):
            found = exact_equilibrium(NormalFormGame(pair), label=label)
            expected = nashpy.Game(*pair).lemke_howson(initial_dropped_label=label)
            for strategy, theirs in zip(found, expected, strict=True):
                assert strategy == pytest.approx(theirs, abs=1e-9)


def test_the_path_in_integers_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(5)
    games = [NormalFormGame(rng.integers(0, 4, (2, 4, 5))) for _ in range(10)]
    games.append(NormalFormGame(rng.normal(size=(2, 5, 3))))
    labels = range(8)
    in_floats = [exact_equilibrium(game, label=label) for game in games for label in labels]
    monkeypatch.setattr(kernel, "advance", lambda *arguments: kernel.BROKEN)
    assert in_floats == [exact_equilibrium(game, label=label) for game in games for label in labels]
    assert [exact_equilibrium(game) for game in games] == in_floats[:: len(labels)]


def test_a_path_that_rounding_broke_is_left_for_another_label() -> None:
    game = NormalFormGame(np.random.default_rng(1).normal(size=(2, 6, 6)))
    advance, labels = kernel.advance, []

    def broken_at_first(*arguments: Any) -> int:
        labels.append(int(arguments[6][kernel.LABEL]))
        return kernel.BROKEN if len(labels) < 3 else advance(*arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kernel, "advance", broken_at_first)
        exact_equilibrium(game)
    assert labels[:3] == [0, 1, 2]


def test_an_end_that_is_no_equilibrium_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong_end(*arguments: Any) -> int:
        basis, state = arguments[3], arguments[6]
        basis[:, :2, 0] = state[kernel.LABEL] % 2
        state[kernel.SIZES : kernel.SIZES + 2] = 1
        return kernel.ENDED

    monkeypatch.setattr(kernel, "advance", wrong_end)
    exact_equilibrium(load("matching_pennies"))


SEXES = np.array([[[2, 0], [0, 1]], [[1, 0], [0, 2]]])
GAMES: dict[str, tuple[Any, Any]] = {
    **{name: (A, B) for name, (A, B, _) in KNOWN.items()},
    "Gambit's gnm fails": (
        [[2, 1, 0, 0], [2, 1, 2, 1], [1, 0, 1, 1], [2, 0, 0, 1]],
        [[2, 2, 1, 1], [0, 1, 1, 1], [0, 0, 2, 0], [0, 0, 2, 1]],
    ),
    "plus 1e17": tuple(SEXES * 16 + 1e17),
    "plus 10^17, integers": tuple(SEXES.astype(object) + 10**17),
    "plus 10^30, integers": tuple(SEXES.astype(object) + 10**30),
    "times 10^30, integers": tuple(SEXES.astype(object) * 10**30 + 1),
    "8 bits": tuple((SEXES * 100 - 100).astype(np.int8)),
    "thirds": tuple(SEXES * Fraction(1, 3)),
    "the whole range of floats": tuple((SEXES - 1.0) * 1.7e308),
    "the smallest floats": tuple(SEXES * 5e-324),
    "rounding breaks some paths": (
        [[1, 0, -(10**30)], [0, 2, -(10**30)], [0, 0, 10**30]],
        [[-1, 0, 0], [0, -2, 0], [0, 0, -(10**30)]],
    ),
}


@pytest.mark.parametrize("name", GAMES)
def test_games_that_others_fail_on(name: str) -> None:
    game = NormalFormGame.bimatrix(*GAMES[name])
    for label in (None, *range(sum(game.n_actions))):
        exact_equilibrium(game, label=label)


def test_published_equilibria() -> None:
    third = (Fraction(1, 3),) * 3
    for label in range(6):
        assert exact_equilibrium(load("shapley"), label=label).exact == (third, third)
    # von Stengel (2007), chapter 3: labels of pure strategies lead to these two equilibria.
    game = load("von_stengel_3x2")
    ends = {exact_equilibrium(game, label=label).support() for label in range(5)}
    assert ends <= {((0,), (0,)), ((0, 1), (0, 1)), ((1, 2), (0, 1))}
    assert len(ends) > 1


@pytest.mark.parametrize("shape", [(32, 31), (32, 32), (33, 32), (100, 100), (1, 200), (150, 3)])
@pytest.mark.parametrize("kind", ["floats", "integers", "two-valued"])
def test_many_actions(shape: tuple[int, int], kind: str) -> None:
    rng = np.random.default_rng(64)
    payoffs = {
        "floats": lambda: rng.normal(size=(2, *shape)),
        "integers": lambda: rng.integers(0, 10, (2, *shape)),
        "two-valued": lambda: rng.integers(0, 2, (2, *shape)),
    }[kind]()
    exact_equilibrium(NormalFormGame(payoffs))


def test_differences_below_the_reach_of_floats_count() -> None:
    close = np.array([[10**30 + 1, 10**30], [10**30, 10**30 + 2]], dtype=object)
    game = NormalFormGame.bimatrix(close, -close)
    expected = ((Fraction(2, 3), Fraction(1, 3)),) * 2
    assert exact_equilibrium(game).exact == expected


def cyclic_facets(d: int) -> list[list[Fraction]]:
    """Vertices of a cyclic polytope on the moment curve, moved so that their mean is zero."""
    points = [
        [Fraction(2 * k - 2 * d - 1) ** e for e in range(1, d + 1)] for k in range(1, 2 * d + 1)
    ]
    means = [sum(column) / len(points) for column in zip(*points, strict=True)]
    return [[a - b for a, b in zip(point, means, strict=True)] for point in points]


def from_vertex(at_zero: list[Any], others: list[Any]) -> list[list[Fraction]]:
    """Constraints ``matrix z <= 1`` of the others, in the slacks z of those that meet at zero."""
    from flint import fmpq, fmpq_mat

    d = len(at_zero)
    flat = [fmpq(x.numerator, x.denominator) for row in at_zero for x in row]
    inverse = fmpq_mat(d, d, flat).inv()
    rows = []
    for normal in others:
        seen = fmpq_mat(1, d, [fmpq(x.numerator, x.denominator) for x in normal]) * inverse
        entries = [Fraction(int(x.p), int(x.q)) for x in seen.entries()]
        rows.append([-entry / (1 - sum(entries)) for entry in entries])
    return rows


def long_path_game(d: int) -> NormalFormGame:
    """Build the square game of Savani and von Stengel (2006), Econometrica 74.

    Both polytopes are dual cyclic. Facets k of one have label k; of the other k, for k = 1 and d,
    k + (-1)^k for other k < d, and k - (-1)^k for k > d.
    """
    facets = cyclic_facets(d)
    labelled = {}
    for k, facet in enumerate(facets, start=1):
        turn = 0 if k in (1, d) else (-1) ** k if k < d else -((-1) ** k)
        labelled[k + turn] = facet
    own, other = range(1, d + 1), range(d + 1, 2 * d + 1)
    columns = from_vertex(facets[:d], facets[d:])
    rows = from_vertex([labelled[k] for k in other], [labelled[k] for k in own])
    return NormalFormGame.bimatrix(rows, np.array(columns, dtype=object).T)


def test_exponentially_long_paths() -> None:
    lengths = {
        d: [run(long_path_game(d), label=label)[1].iterations for label in range(2 * d)]
        for d in (2, 4, 6)
    }
    # Lengths of the longest paths, Savani and von Stengel (2006): they quadruple.
    assert [max(lengths[d]) for d in (2, 4, 6)] == [4, 20, 88]
    for d in (2, 4, 6):
        game = long_path_game(d)
        assert len({exact_equilibrium(game, label=label) for label in range(2 * d)}) == 1


@pytest.mark.parametrize("d", [8, 10])
def test_ill_conditioned_games_with_long_paths(d: int) -> None:
    game = long_path_game(d)
    profile, outcome = run(game)
    assert profile is not None
    assert verify(game, profile).exact
    assert profile.support() == (tuple(range(d)),) * 2
    assert outcome.iterations > d


def test_large_supports_are_refined_floats(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(3)
    matrix = rng.normal(size=(40, 40))
    game = NormalFormGame.zero_sum(matrix)
    exact = exact_equilibrium(game)
    monkeypatch.setattr(endings, "_EXACT_WORK", 0)
    profile, outcome = run(game)
    assert profile is not None
    assert outcome.status is None
    assert profile.support() == exact.support()
    assert verify(game, profile).epsilon < 1e-13
    assert np.allclose(profile[0], exact[0], atol=1e-13)


def test_payoffs_without_a_common_denominator() -> None:
    primes = [p for p in range(10_000, 99_999) if all(p % q for q in range(2, 317))][:4_000]
    fractions = np.array([Fraction(p % 1_000, p) for p in primes], dtype=object).reshape(2, 50, 40)
    game = NormalFormGame(fractions)
    assert None in game.integer_payoffs
    profile, outcome = run(game)
    assert profile is not None
    assert outcome.status is None
    assert verify(game, profile).epsilon < 1e-13


def test_such_payoffs_and_broken_paths_are_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    game = NormalFormGame(np.ones((2, 2, 2)))
    monkeypatch.setattr(kernel, "advance", lambda *arguments: kernel.BROKEN)
    monkeypatch.setitem(game.__dict__, "integer_payoffs", (None, None))
    profile, outcome = run(game)
    assert profile is None
    assert outcome.status is Status.NUMERICAL_FAILURE
    assert "rounding misled" in outcome.reason


def test_caps_grow_and_no_label_is_tried_twice_with_one() -> None:
    schedule = [0] * SCHEDULE_LENGTH
    tries = [next_path(schedule, 3) for _ in range(60)]
    assert len(set(tries)) == len(tries)
    shortest = min(cap for _, cap in tries)
    assert [label for label, cap in tries if cap == shortest] == [0, 1, 2]
    spent: dict[int, int] = {}
    for _, cap in islice(tries, 7):
        spent[cap] = spent.get(cap, 0) + cap
    assert max(spent.values()) <= max(cap for cap in spent)
    assert {label for label, cap in tries if cap == 4 * shortest} == {0, 1, 2}


@settings(deadline=None)
@given(pairs(6, 9))
def test_the_search_in_floats(pair: Any) -> None:
    A, B = pair.astype(np.float64)
    strategies = float_equilibrium(A, B)
    assert strategies is not None
    x, y = strategies
    assert x.sum() == pytest.approx(1)
    assert y.sum() == pytest.approx(1)
    assert (A @ y).max() - x @ A @ y < 1e-12
    assert (x @ B).max() - x @ B @ y < 1e-12
    assert (float_equilibrium(np.asfortranarray(A), np.asfortranarray(B))[0] == x).all()


@pytest.mark.parametrize("label", [-1, 5, 2.0, "a"])
def test_labels_that_do_not_exist(label: Any) -> None:
    with pytest.raises(UnsupportedGame, match="0 to 4"):
        next(lemke_howson(load("von_stengel_3x2"), label=label))


def test_labels_may_be_numpy_integers() -> None:
    exact_equilibrium(load("von_stengel_3x2"), label=np.int64(4))


def test_it_takes_two_players_only() -> None:
    with pytest.raises(UnsupportedGame, match="two players"):
        solve(load("jordan"), method="lemke-howson")
    with pytest.raises(UnsupportedGame, match="two players"):
        next(lemke_howson(load("jordan")))


def test_long_paths_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    game = NormalFormGame(np.random.default_rng(0).normal(size=(2, 30, 30)))
    straight = [profile for profile in lemke_howson(game) if profile is not None]
    monkeypatch.setattr(algorithm, "_PIECE", 1)
    with_pauses = list(lemke_howson(game))
    assert len(with_pauses) > 1
    assert with_pauses[:-1] == [None] * (len(with_pauses) - 1)
    assert with_pauses[-1:] == straight


def test_it_is_registered_and_solve_certifies() -> None:
    names = [a.name for a in algorithms(concept="nash", form=NormalFormGame)]
    assert "lemke-howson" in names
    solution = solve(load("shapley"), method="lemke-howson", label=3)
    assert solution.certificate is not None
    assert solution.certificate.exact
    assert solution.parameters["label"] == 3
