"""Evolutionarily stable strategies: a published table, brute force, and the definition."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gametheory as gt
from gametheory import MixedProfile, NormalFormGame, Status
from gametheory.algorithms.normal_form.strict_copositivity import is_strictly_copositive
from gametheory.certificates.evolutionary import certify_ess

matrices = st.integers(1, 4).flatmap(
    lambda n: st.lists(st.lists(st.integers(-2, 2), min_size=n, max_size=n), min_size=n, max_size=n)
)


def stable(payoffs: Any) -> gt.Solution:
    solution = gt.solve(NormalFormGame.symmetric(payoffs), "ess", find="all")
    assert solution.complete
    assert all(certificate.exact for certificate in solution.certificates)
    return solution


def strategies(payoffs: Any) -> set[tuple[Fraction, ...]]:
    return {profile.exact[0] for profile in stable(payoffs).equilibria}


def cyclic(n: int, *entries: Any) -> list[list[Any]]:
    """The matrix with ``entries[d - 1]`` between actions at distance d on a circle, 0 on itself."""
    row = [0, *entries, *reversed(entries[: (n - 1) // 2])]
    return [[Fraction(row[(j - i) % n]) for j in range(n)] for i in range(n)]


def upper(n: int, *entries: Any) -> list[list[Any]]:
    """The symmetric matrix with these entries on and above the diagonal, row by row."""
    matrix: list[list[Any]] = [[0] * n for _ in range(n)]
    places = [(i, j) for i in range(n) for j in range(i, n)]
    for (i, j), entry in zip(places, entries, strict=True):
        matrix[i][j] = matrix[j][i] = Fraction(entry)
    return matrix


# The numbers of stable strategies are those of the table of verification matrices that FracESSA
# (R. Ullrich, github.com/reinhardullrich/FracESSA, python/verification) is tested with; it goes
# with Bomze, Schachinger and Ullrich (2018), "The complexity of simple models", Mathematics of
# Operations Research 43, whose records for many stable strategies are among them.
TABLE = [
    (upper(2, 0, 1, 0), 1),
    (upper(2, 3, "3/2", 4), 2),
    (upper(3, 4, "13/2", "1/2", 5, "11/2", 3), 1),
    (upper(3, 1, 2, 1, 1, 1, 1), 1),
    (upper(3, 0, 0, "1/2", 0, "1/2", 0), 0),
    (upper(3, 0, 2, -1, 0, 3, "1/2"), 1),
    (upper(4, -1, 1, 0, 0, -1, 0, 0, 0, -1, 0)[:4], 0),
    (cyclic(5, 1, 3), 5),
    (upper(5, 1, 0, 2, 2, 2, 1, 2, 2, 2, 1, 0, 0, 1, 0, 1), 6),
    (cyclic(6, 1, -1, 1), 9),
    (cyclic(7, 1, 5, 8), 14),
    (cyclic(7, 8, 13, 2), 14),
    (cyclic(8, 5, 5, 13, 11), 20),
    (cyclic(9, 1, 5, 10, 13), 30),
    (cyclic(10, 13, 19, 25, 7, 5), 50),
    (cyclic(11, 1, 4, 6, 6, 5), 66),
    (cyclic(11, 15, "1/100", 14, "11/10", "38/5"), 55),
    (cyclic(12, 533, 118, 326, 357, 118, 477), 105),
    (cyclic(13, 7, 18, 18, 10, 7, 10), 143),
    (cyclic(14, 4, 3, 2, 2, 3, 4, -1), 224),
    (cyclic(12, 287, 50, 200, 150, 113, 200), 12),
    (upper(4, 0, 0, 0, 0, -53, "33/2", "73/2", "-85/2", 26, "-125/2"), 0),
    (upper(4, 0, 0, 0, 0, "-7/2", 2, "3/2", "-9/2", "5/2", -4), 0),
    (upper(2, 0, Fraction(1, 10**20), 0), 1),
    (upper(2, 10**20, 10**20 + 1, 10**20), 1),
    (upper(1, 0), 1),
    (upper(2, -1, 0, -1), 1),
    (upper(2, 1, 1, 0), 1),
    (upper(2, 0, 0, 0), 0),
    (upper(2, -1, 1, -1), 1),
]


@pytest.mark.parametrize(("payoffs", "number"), TABLE)
def test_the_published_table(payoffs: Any, number: int) -> None:
    assert len(stable(payoffs).equilibria) == number


@pytest.mark.parametrize(("value", "cost"), [(2, 3), (4, 6), (1, 10**30), (Fraction(1, 3), 1)])
def test_hawks_and_doves_mix_where_a_fight_costs_more_than_it_is_worth(
    value: Any, cost: Any
) -> None:
    """Maynard Smith (1982), Evolution and the Theory of Games, chapter 2: hawk at V / C."""
    payoffs = [[(value - cost) / Fraction(2), value], [0, value / Fraction(2)]]
    assert strategies(payoffs) == {(Fraction(value) / cost, 1 - Fraction(value) / cost)}


def test_hawks_alone_where_a_fight_is_worth_it() -> None:
    assert strategies([[1, 4], [0, 2]]) == {(1, 0)}
    assert strategies([[0, 4], [0, 2]]) == {(1, 0)}  # V = C: doves are best replies, and lose


def test_an_action_that_copies_the_stable_mixture_leaves_none() -> None:
    """The third action mixes hawk and dove at the stable odds: the two invade each other.

    The game is an example of the R package EvolutionaryGames, with a set that is stable as a whole.
    """
    assert strategies([[-1, 4], [0, 2]]) == {(Fraction(2, 3), Fraction(1, 3))}
    solution = stable([[-2, 5, "10/9"], [0, "5/2", "10/9"], ["-10/9", "35/9", "10/9"]])
    assert solution.status is Status.INFEASIBLE


@pytest.mark.parametrize(
    ("win", "loss", "number"), [(2, 1, 1), (1, 1, 0), (1, 2, 0), (10**18 + 1, 10**18, 1)]
)
def test_rock_paper_scissors_is_stable_where_winning_counts_more(
    win: int, loss: int, number: int
) -> None:
    """Maynard Smith (1982), Evolution and the Theory of Games."""
    solution = stable([[0, -loss, win], [win, 0, -loss], [-loss, win, 0]])
    third = (Fraction(1, 3),) * 3
    assert [p.exact[0] for p in solution.equilibria] == [third] * number
    if not number:
        assert solution.status is Status.INFEASIBLE
        assert "no evolutionarily stable strategy" in solution.reason


def test_every_pure_equilibrium_of_a_coordination_game() -> None:
    assert strategies(np.diag([3, 1, 2]).tolist()) == {(1, 0, 0), (0, 1, 0), (0, 0, 1)}


@pytest.mark.parametrize("payoffs", [np.zeros((3, 3)), [[1, 1], [1, 1]]])
def test_where_all_payoffs_are_equal_nothing_is_driven_out(payoffs: Any) -> None:
    assert not strategies(payoffs)


def test_duplicated_actions_are_neutral_invaders() -> None:
    assert strategies([[2, 2, 0], [2, 2, 0], [0, 0, 1]]) == {(0, 0, 1)}


@pytest.mark.parametrize("factor", [1e-9, 1e9, Fraction(1, 10**40), 2**80])
@pytest.mark.parametrize("shift", [0, 10**17])
def test_scale_and_columns_do_not_matter(factor: Any, shift: int) -> None:
    rng = np.random.default_rng(3)
    for _ in range(10):
        payoffs = rng.integers(-3, 4, size=(4, 4))
        moved = [
            [Fraction(int(p)) * Fraction(factor) + shift * j for j, p in enumerate(row)]
            for row in payoffs
        ]
        assert strategies(moved) == strategies(payoffs)


@given(matrices)
@settings(max_examples=60)
def test_they_are_the_symmetric_equilibria_that_no_invader_refutes(payoffs: Any) -> None:
    """Extreme symmetric equilibria contain all stable ones; each is put to the definition."""
    game = NormalFormGame.symmetric(payoffs)
    found = strategies(payoffs)
    symmetric = {p for p in gt.solve(game, find="all").equilibria if p.exact[0] == p.exact[1]}
    assert found <= {p.exact[0] for p in symmetric}
    for profile in symmetric:
        x = profile.exact[0]
        invaded = any(not resists(payoffs, x, y) for y in invaders(len(payoffs), x))
        assert not (invaded and x in found)
        certificate = certify_ess(game, profile)
        assert certificate.exact == (x in found)
        assert certificate.exact == (certificate.violation == "")


@given(matrices)
@settings(max_examples=40)
def test_strict_symmetric_equilibria_are_stable(payoffs: Any) -> None:
    columns = list(zip(*payoffs, strict=True))
    for action, column in enumerate(columns):
        if column.count(max(column)) == 1 and column[action] == max(column):
            pure = tuple(Fraction(int(k == action)) for k in range(len(payoffs)))
            assert pure in strategies(payoffs)


@given(matrices)
@settings(max_examples=40)
def test_no_support_holds_another_and_there_are_few_in_small_games(payoffs: Any) -> None:
    """Bishop and Cannings (1976); an antichain of supports: Sperner bounds their number."""
    supports = [{k for k, p in enumerate(x) if p} for x in strategies(payoffs)]
    assert all(not one <= other for one in supports for other in supports if one is not other)
    assert len(supports) <= {1: 1, 2: 2, 3: 3, 4: 6}[len(payoffs)]


def u(payoffs: Any, own: Any, other: Any) -> Fraction:
    n = range(len(payoffs))
    return sum((own[i] * payoffs[i][j] * other[j] for i in n for j in n), Fraction(0))


def resists(payoffs: Any, x: Any, y: Any) -> bool:
    """Maynard Smith and Price's two conditions, word for word."""
    first = u(payoffs, x, x) - u(payoffs, y, x)
    return first > 0 or (first == 0 and u(payoffs, x, y) > u(payoffs, y, y))


def invaders(n: int, x: Any) -> list[tuple[Fraction, ...]]:
    """Strategies on a grid, close to x and far from it, other than x."""
    parts = 4
    grid = [
        tuple(
            Fraction(b - a - 1, parts)
            for a, b in zip((-1, *bars), (*bars, parts + n - 1), strict=True)
        )
        for bars in combinations(range(parts + n - 1), n - 1)
    ]
    near = [tuple((99 * p + q) / 100 for p, q in zip(x, y, strict=True)) for y in grid]
    return [y for y in [*grid, *near] if y != tuple(x)]


@pytest.mark.parametrize("order", [1, 2, 3, 4, 5])
def test_strict_copositivity_agrees_with_the_certificates_cones(order: int) -> None:
    rng = np.random.default_rng(order)
    answers = set()
    for _ in range(60):
        form = rng.integers(-3, 4, size=(order, order))
        form += form.T
        np.fill_diagonal(form, rng.integers(0, 8, size=order))
        game = NormalFormGame.symmetric(np.pad(-form, ((1, 0), (1, 0))))
        certificate = certify_ess(game, MixedProfile.pure(game, (0, 0)))
        assert certificate.exact == decide(form.tolist())
        points = rng.dirichlet(np.ones(order), size=200)
        smallest = np.einsum("ki,ij,kj->k", points, form, points).min()
        assert not (certificate.exact and smallest < -1e-9)
        answers.add(certificate.exact)
    assert answers == {True, False}


def decide(matrix: list[list[int]]) -> bool:
    search = is_strictly_copositive(matrix)
    while True:
        try:
            next(search)
        except StopIteration as end:
            return bool(end.value)


@pytest.mark.parametrize(
    ("matrix", "answer"),
    [
        ([[1, 1, 1], [1, 1, 1], [1, 1, 1]], True),  # all cofactors are 0
        ([[1, -1], [-1, 1]], False),
        ([[1, -1, 0], [-1, 2, -1], [0, -1, 1]], False),  # a chain's Laplacian
        (  # Horn's matrix is copositive, not strictly
            [
                [1, -1, 1, 1, -1],
                [-1, 1, -1, 1, 1],
                [1, -1, 1, -1, 1],
                [1, 1, -1, 1, -1],
                [-1, 1, 1, -1, 1],
            ],
            False,
        ),
        ([[2, 5], [5, 2]], True),
        ([[0]], False),
    ],
)
def test_strict_copositivity_of_known_matrices(matrix: Any, answer: bool) -> None:
    assert decide(matrix) is answer


def test_the_certificate_says_what_is_wrong() -> None:
    game = NormalFormGame.symmetric([[-1, 4], [0, 2]])
    hawks = certify_ess(game, MixedProfile([[1, 0], [1, 0]]))
    assert hawks.epsilon == 1 and not hawks.violation  # no equilibrium: doves earn 1 more
    costly = NormalFormGame.symmetric([[-3, 4], [0, 2]])
    rounded = certify_ess(costly, MixedProfile([[0.4, 0.6]] * 2))
    assert 0 < rounded.epsilon < 1e-15 and not rounded.violation
    circle = gt.catalog.load("rock_paper_scissors")
    neutral = certify_ess(circle, MixedProfile([[1 / 3, 1 / 3, 1 / 3]] * 2))
    assert neutral.epsilon == 2 and "invades" in neutral.violation


def test_only_symmetric_profiles_of_symmetric_games_of_two() -> None:
    game = NormalFormGame.symmetric([[-1, 4], [0, 2]])
    with pytest.raises(gt.InvalidProfile, match="the two strategies differ"):
        certify_ess(game, MixedProfile([[1, 0], [0, 1]]))
    battle = NormalFormGame.bimatrix([[2, 0], [0, 1]], [[1, 0], [0, 2]])
    with pytest.raises(gt.UnsupportedGame, match="not symmetric"):
        gt.solve(battle, "ess")
    with pytest.raises(gt.UnsupportedGame, match="symmetric two-player"):
        gt.verify(battle, MixedProfile.uniform(battle), "ess")
    with pytest.raises(gt.UnsupportedGame, match="3 players"):
        gt.solve(NormalFormGame(np.zeros((3, 2, 2, 2))), "ess")


def test_a_time_limit_keeps_what_was_found() -> None:
    solution = gt.solve(
        NormalFormGame.symmetric(cyclic(18, 8, 7, 5, 5, 5, 5, 7, 8, -1)),
        "ess",
        find="all",
        time_limit=0.05,
    )
    assert solution.status is Status.TIME_LIMIT and not solution.complete
