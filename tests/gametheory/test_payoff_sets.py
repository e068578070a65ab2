"""Feasible sets, individual rationality and frontiers against scipy, grids and definitions."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import ConvexHull

import gametheory as gt
from gametheory import MixedProfile, NormalFormGame
from gametheory.algorithms.normal_form.exact_hull import convex_hull, upper_hull
from gametheory.concepts.pareto import dominates, exact_payoffs_of
from gametheory.linear_programs import finish
from gametheory.payoff_sets import (
    MixedFrontier,
    PayoffSet,
    feasible_payoffs,
    individually_rational_payoffs,
    mixed_pareto_frontier,
    pareto_dominance,
    pareto_frontier,
)

DILEMMA = NormalFormGame.symmetric([[-1, -3], [0, -2]])
BATTLE = NormalFormGame.bimatrix([[2, 0], [0, 1]], [[1, 0], [0, 2]])
CHICKEN = NormalFormGame.symmetric([[6, 2], [7, 0]])


@st.composite
def games(draw: Any, players: tuple[int, ...] = (2, 3), top: int = 4) -> NormalFormGame:
    n = draw(st.sampled_from(players))
    shape = tuple(draw(st.integers(1, 4 if n == 2 else 2)) for _ in range(n))
    cells = n * int(np.prod(shape))
    entries = draw(st.lists(st.integers(-top, top), min_size=cells, max_size=cells))
    return NormalFormGame(np.array(entries).reshape(n, *shape))


def check(found: PayoffSet, game: NormalFormGame) -> None:
    """Every vertex is paid by its play, lies in the set, and on enough facets to be a vertex."""
    for vertex, play, joints in zip(found.vertices, found.plays, found.joint_actions, strict=True):
        assert exact_payoffs_of(game, play) == vertex
        assert vertex in found
        for joint in joints:
            assert exact_payoffs_of(game, joint) == vertex
        rows = [f.normal for f in found.facets if f.slack(vertex) == 0]
        rows += [e.normal for e in found.equations]
        assert np.linalg.matrix_rank(np.array(rows, dtype=float)) == game.n_players
    for facet in found.facets:
        tight = [v for v in found.vertices if facet.slack(v) == 0]
        spread = np.array([[float(a - b) for a, b in zip(v, tight[0], strict=True)] for v in tight])
        assert np.linalg.matrix_rank(spread) == found.dimension - 1


def doubled_area(vertices: Any) -> Fraction:
    pairs = zip(vertices, [*vertices[1:], vertices[0]], strict=True)
    return sum((a[0] * b[1] - a[1] * b[0] for a, b in pairs), Fraction(0))


@given(games())
@settings(max_examples=100, deadline=None)
def test_the_feasible_set_is_the_hull_of_the_payoffs(game: NormalFormGame) -> None:
    found = feasible_payoffs(game)
    check(found, game)
    points = game.payoffs.reshape(game.n_players, -1).T
    for point in points:
        assert tuple(point) in found
    unique = np.unique(points, axis=0)
    if found.dimension == game.n_players:
        hull = ConvexHull(unique)
        assert {tuple(map(Fraction, unique[v])) for v in hull.vertices} == set(found.vertices)
        planes = np.unique(np.round(hull.equations, 9), axis=0)
        assert len(planes) == len(found.facets)
        if game.n_players == 2:
            assert float(doubled_area(found.vertices)) == pytest.approx(2 * hull.volume)
    else:
        assert np.linalg.matrix_rank(unique - unique[0]) == found.dimension


@pytest.mark.parametrize(
    ("payoffs", "dimension", "n_vertices"),
    [
        (np.ones((2, 3, 3)), 0, 1),
        (np.stack([np.arange(4.0), 7 - 2 * np.arange(4.0)]).reshape(2, 2, 2), 1, 2),
        (np.stack([np.arange(8.0)] * 3).reshape(3, 2, 2, 2), 1, 2),
        (np.array([[1.0, 2.0, 2.0]]), 1, 2),
    ],
    ids=["a point", "a falling segment", "a diagonal of three players", "one player"],
)
def test_flat_sets(payoffs: Any, dimension: int, n_vertices: int) -> None:
    game = NormalFormGame(payoffs)
    found = feasible_payoffs(game)
    assert (found.dimension, len(found.vertices)) == (dimension, n_vertices)
    assert len(found.equations) == game.n_players - dimension
    check(found, game)
    inside = individually_rational_payoffs(game)
    check(inside.payoffs, game)


def test_polygons_run_counterclockwise() -> None:
    found = feasible_payoffs(DILEMMA)
    assert found.vertices == ((-3, 0), (-2, -2), (0, -3), (-1, -1))
    assert found.joint_actions == (((0, 1),), ((1, 1),), ((1, 0),), ((0, 0),))
    assert doubled_area(found.vertices) > 0


def test_a_hull_of_three_players_against_scipy() -> None:
    points = np.random.default_rng(0).integers(0, 1000, size=(3000, 3))
    points = np.unique(points, axis=0)
    hull = finish(convex_hull(points.astype(object)))
    oracle = ConvexHull(points)
    assert set(hull.vertices) == set(oracle.vertices.tolist())
    normals = np.array([facet.normal for facet in hull.facets])
    offsets = np.array([facet.offset for facet in hull.facets])
    assert ((points @ normals.T) <= offsets).all()


def test_a_hull_with_too_many_facets_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    import gametheory.algorithms.normal_form.exact_hull as module

    monkeypatch.setattr(module, "_MOST_PIECES", 20)
    points = np.random.default_rng(0).integers(0, 1000, size=(400, 4)).astype(object)
    with pytest.raises(gt.UnsupportedGame, match="too many facets"):
        finish(convex_hull(points))


def test_the_folk_theorems_set_of_the_dilemma() -> None:
    found = individually_rational_payoffs(DILEMMA)
    half = Fraction(1, 2)
    assert found.payoffs.vertices == ((-2, -2), (-half, -2), (-1, -1), (-2, -half))
    assert found.side == "exact"
    assert [level.value for level in found.minmax] == [-2, -2]
    check(found.payoffs, DILEMMA)


@given(games())
@settings(max_examples=60, deadline=None)
def test_every_equilibrium_pays_what_is_individually_rational(game: NormalFormGame) -> None:
    found = individually_rational_payoffs(game)
    assert found.side == "exact"
    check(found.payoffs, game)
    levels = [level.value for level in found.minmax]
    feasible = feasible_payoffs(game)
    for vertex in found.payoffs.vertices:
        assert vertex in feasible
        assert all(u >= level for u, level in zip(vertex, levels, strict=True))
    for vertex in feasible.vertices:
        above = all(u >= level for u, level in zip(vertex, levels, strict=True))
        assert (vertex in found) == above
    solution = gt.solve(game, find="all" if game.n_players == 2 else "one", time_limit=5)
    for profile in solution.equilibria:
        if gt.verify(game, profile).exact:
            assert exact_payoffs_of(game, profile) in found
    correlated = gt.solve(game, "correlated").profile
    assert exact_payoffs_of(game, correlated) in found


def test_independent_punishers_leave_a_smaller_set_and_it_says_so() -> None:
    game = NormalFormGame.from_function(
        lambda a: (-1 if a[0] == a[1] == a[2] else 0, a[1] + a[2], a[0] - a[1]), (2, 2, 2)
    )
    together = individually_rational_payoffs(game)
    apart = individually_rational_payoffs(game, "independent")
    assert together.minmax[0].value == Fraction(-1, 2)
    assert apart.minmax[0].value == Fraction(-1, 4)
    assert apart.side == "inner"
    assert all(vertex in together for vertex in apart.payoffs.vertices)


@given(games())
@settings(max_examples=80, deadline=None)
def test_the_frontier_is_what_nothing_dominates(game: NormalFormGame) -> None:
    frontier = pareto_frontier(game)
    for vertex, joints in zip(frontier.vertices, frontier.joint_actions, strict=True):
        for joint in joints:
            assert exact_payoffs_of(game, joint) == vertex
            assert not pareto_dominance(game, joint).dominated
        assert frontier.supporting_weights(vertex)
    for joint in np.ndindex(*game.n_actions):
        paid = exact_payoffs_of(game, joint)
        assert all(facet.slack(paid) >= 0 for facet in frontier.facets)
        dominated = pareto_dominance(game, joint).dominated
        assert bool(frontier.supporting_weights(paid)) != dominated
    vertices = set(feasible_payoffs(game).vertices)
    assert set(frontier.vertices) == {v for v in vertices if frontier.supporting_weights(v)}
    uniform = MixedProfile.uniform(game)
    on_it = bool(frontier.supporting_weights(exact_payoffs_of(game, uniform)))
    assert on_it != pareto_dominance(game, uniform).dominated


def test_the_frontier_of_chicken() -> None:
    frontier = pareto_frontier(CHICKEN)
    assert frontier.vertices == ((2, 7), (6, 6), (7, 2))
    assert {f.normal: f.offset for f in frontier.facets} == {
        (0, 1): 7,
        (1, 0): 7,
        (1, 4): 30,
        (4, 1): 30,
    }


def test_upper_hulls_grow_from_one_point() -> None:
    points = np.array([[5, 5], [5, 4], [4, 5]], dtype=object)
    hull = finish(upper_hull(points))
    assert hull.vertices == (0,)
    assert sorted(facet.normal for facet in hull.facets) == [(0, 1), (1, 0)]


@pytest.mark.parametrize("scale", [10**30, Fraction(1, 10**30), 2**64 + 3])
def test_numbers_of_any_size(scale: Any) -> None:
    table = [[Fraction(u) * scale for u in row] for row in [[6, 2], [7, 0]]]
    game = NormalFormGame.symmetric(table)
    assert pareto_frontier(game).vertices == tuple(
        tuple(u * scale for u in vertex) for vertex in pareto_frontier(CHICKEN).vertices
    )
    assert individually_rational_payoffs(game).payoffs.vertices == tuple(
        tuple(u * scale for u in vertex)
        for vertex in individually_rational_payoffs(CHICKEN).payoffs.vertices
    )


def sampled(game: NormalFormGame, seed: int) -> np.ndarray[Any, Any]:
    generator = np.random.default_rng(seed)
    parts = []
    for spread in (0.05, 0.3, 1.0):
        x = generator.dirichlet(np.full(game.n_actions[0], spread), 1500)
        y = generator.dirichlet(np.full(game.n_actions[1], spread), 1500)
        parts.append(np.stack([np.einsum("ki,ij,kj->k", x, A, y) for A in game.payoffs], axis=1))
    return np.concatenate(parts)


def check_curve(curve: MixedFrontier, game: NormalFormGame, samples: Any) -> None:
    for payoffs, profile in zip(curve.payoffs, curve.profiles, strict=True):
        assert exact_payoffs_of(game, profile) == payoffs
    for one, other in zip(curve.payoffs, curve.payoffs[1:], strict=False):
        assert one[0] < other[0] and one[1] > other[1]
    points = np.array([[float(u) for u in payoffs] for payoffs in curve.payoffs])
    slack = np.array([float(s) for s in curve.slack])
    covered = np.zeros(len(samples), dtype=bool)
    for point in points:
        covered |= (samples <= point + slack * (1 + 1e-9) + 1e-12).all(axis=1)
    assert covered.all()


@pytest.mark.parametrize("shape", [(1, 1), (1, 4), (2, 2), (2, 5), (3, 2), (3, 3), (4, 4)])
@pytest.mark.parametrize("seed", [0, 1])
def test_no_independent_play_is_beyond_the_curve(shape: tuple[int, int], seed: int) -> None:
    game = NormalFormGame(np.random.default_rng(seed).normal(size=(2, *shape)))
    curve = mixed_pareto_frontier(game, "1/40")
    check_curve(curve, game, sampled(game, seed))
    assert curve.resolution == Fraction(1, 40)


@given(games(players=(2,)))
@settings(max_examples=40, deadline=None)
def test_curves_of_games_with_ties(game: NormalFormGame) -> None:
    curve = mixed_pareto_frontier(game, Fraction(1, 20))
    check_curve(curve, game, sampled(game, 3))
    for joint in np.ndindex(*game.n_actions):
        pure = exact_payoffs_of(game, joint)
        assert any(
            all(p >= u - slack for p, u, slack in zip(point, pure, curve.slack, strict=True))
            for point in curve.payoffs
        )
    assert not any(dominates(one, other) for one in curve.payoffs for other in curve.payoffs)


def test_a_known_curve_of_independent_play() -> None:
    """With payoffs x (1 - y) and y (1 - x) the frontier has x + y = 1: sqrt(u) + sqrt(v) = 1."""
    game = NormalFormGame.bimatrix([[0, 1], [0, 0]], [[0, 0], [1, 0]])
    curve = mixed_pareto_frontier(game, "1/200")
    for u, v in curve.payoffs:
        assert float(u) ** 0.5 + float(v) ** 0.5 <= 1 + 1e-12
    points = np.array([[float(u) for u in p] for p in curve.payoffs])
    for s in np.linspace(0, 1, 101):
        best = np.array([s**2, (1 - s) ** 2])
        assert (points >= best - 1 / 200 - 1e-12).all(axis=1).any()
    assert max(float(u + v) for u, v in curve.payoffs) == 1


def test_a_finer_curve_takes_more_points_and_no_more_slack() -> None:
    game = NormalFormGame.bimatrix([[0, 1], [0, 0]], [[0, 0], [1, 0]])
    coarse, fine = (mixed_pareto_frontier(game, step) for step in ("1/10", "1/100"))
    assert len(coarse.payoffs) < len(fine.payoffs)
    assert fine.slack == (Fraction(1, 100), Fraction(1, 100))


def test_refusals(monkeypatch: pytest.MonkeyPatch) -> None:
    three = NormalFormGame(np.zeros((3, 2, 2, 2)))
    with pytest.raises(gt.UnsupportedGame, match="two-player"):
        mixed_pareto_frontier(three)
    for resolution in (0, 1, -1, "x", None, Fraction(1, 10**9)):
        with pytest.raises(gt.InvalidProfile, match="resolution"):
            mixed_pareto_frontier(BATTLE, resolution)
    with pytest.raises(gt.UnsupportedGame):
        feasible_payoffs(3)  # type: ignore[arg-type]
    with pytest.raises(gt.UnsupportedGame):
        pareto_frontier(3)  # type: ignore[arg-type]
    with pytest.raises(gt.InvalidProfile):
        (1, 2, 3) in feasible_payoffs(BATTLE)  # noqa: B015
    with pytest.raises(gt.UnsupportedGame, match="punishers"):
        individually_rational_payoffs(BATTLE, "nobody")  # type: ignore[arg-type]
    import gametheory.payoff_sets.mixed_frontier as module

    monkeypatch.setattr(module, "_MOST_CELLS", 3)
    game = NormalFormGame.bimatrix([[0, 1], [0, 0]], [[0, 0], [1, 0]])
    with pytest.raises(gt.UnsupportedGame, match="cells"):
        mixed_pareto_frontier(game, "1/1000")
