"""Components: they cover all extreme equilibria, hold equilibria only, and are maximal."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gametheory.algorithms.normal_form.support_enumeration import support_enumeration
from gametheory.certificates import verify
from gametheory.concepts.convex_hull import in_convex_hull
from gametheory.concepts.nash_components import NashComponent, NashSubset, nash_components
from gametheory.errors import InvalidProfile
from gametheory.games.catalog import load
from gametheory.games.normal_form import NormalFormGame
from gametheory.games.profiles import MixedProfile


def extreme(game: NormalFormGame) -> list[MixedProfile]:
    return [profile for profile in support_enumeration(game) if profile is not None]


def components_of(A: Any, B: Any) -> tuple[NashComponent, ...]:
    return nash_components(extreme(NormalFormGame.bimatrix(A, B)))


def mixture(vertices: tuple[Any, ...], weights: list[int]) -> list[Fraction]:
    chosen = [Fraction(w) for w in weights[: len(vertices)]]
    chosen += [Fraction(0)] * (len(vertices) - len(chosen))
    chosen[0] += 1
    return [
        sum((w * p for w, p in zip(chosen, column, strict=True)), Fraction(0)) / sum(chosen)
        for column in zip(*vertices, strict=True)
    ]


bimatrices = st.tuples(st.integers(1, 4), st.integers(1, 4)).flatmap(
    lambda shape: arrays(np.int64, (2, *shape), elements=st.integers(0, 2))
)
several_weights = st.lists(st.integers(0, 5), min_size=1, max_size=12)


@given(bimatrices, several_weights, several_weights)
@settings(max_examples=60)
def test_components_are_what_they_claim(pair: Any, first: list[int], second: list[int]) -> None:
    game = NormalFormGame.bimatrix(*pair)
    equilibria = extreme(game)
    components = nash_components(equilibria)
    found = [profile for component in components for profile in component.equilibria()]
    assert sorted(map(str, found)) == sorted(map(str, equilibria))
    for component in components:
        for subset in component.subsets:
            X, Y = subset.vertices
            inside = MixedProfile([mixture(X, first), mixture(Y, second)])
            assert verify(game, inside).exact
            assert component.contains(inside)
            others = [c for c in components if c is not component]
            assert not any(other.contains(inside) for other in others)


@given(bimatrices)
@settings(max_examples=60)
def test_subsets_are_all_maximal_bicliques(pair: Any) -> None:
    equilibria = extreme(NormalFormGame.bimatrix(*pair))
    edges = {profile.exact for profile in equilibria}
    X, Y = sorted({x for x, _ in edges}), sorted({y for _, y in edges})
    subsets = [subset for c in nash_components(equilibria) for subset in c.subsets]
    found = {(frozenset(s.vertices[0]), frozenset(s.vertices[1])) for s in subsets}
    assert len(found) == len(subsets)
    assert all({(x, y) for x in left for y in right} <= edges for left, right in found)
    for left, right in found:
        assert not any(all((x, y) in edges for y in right) for x in X if x not in left)
        assert not any(all((x, y) in edges for x in left) for y in Y if y not in right)
    if len(X) <= 8:
        closed = set()
        for size in range(1, len(X) + 1):
            for left in combinations(X, size):
                common = frozenset(y for y in Y if all((x, y) in edges for x in left))
                if common:
                    full = frozenset(x for x in X if all((x, y) in edges for y in common))
                    closed.add((full, common))
        assert found == closed


@given(bimatrices, st.randoms(use_true_random=False))
@settings(max_examples=30)
def test_the_order_of_the_equilibria_does_not_matter(pair: Any, random: Any) -> None:
    equilibria = extreme(NormalFormGame.bimatrix(*pair))
    shuffled = equilibria + equilibria[:2]
    random.shuffle(shuffled)
    assert nash_components(shuffled) == nash_components(equilibria)


def test_all_zero_is_one_subset() -> None:
    [component] = components_of(np.zeros((3, 3)), np.zeros((3, 3)))
    [subset] = component.subsets
    assert [len(side) for side in subset.vertices] == [3, 3]
    assert not component.is_point
    assert len(component.equilibria()) == 9
    assert component.contains(MixedProfile([["1/6", "1/3", "1/2"], ["1/7", "6/7", 0]]))


def test_isolated_equilibria_are_points() -> None:
    components = nash_components(extreme(load("battle_of_the_sexes")))
    assert [component.is_point for component in components] == [True] * 3
    assert [str(component) for component in components] == [
        "{(1, 0)} x {(1, 0)}",
        "{(2/3, 1/3)} x {(1/3, 2/3)}",
        "{(0, 1)} x {(0, 1)}",
    ]


def test_a_continuum_next_to_nothing_else() -> None:
    # nashpy's issue 222: player 0 plays its first action with probability up to 2/7.
    [component] = components_of([[-3, 3], [-3, 5]], [[2, 7], [4, 2]])
    assert str(component) == "conv{(2/7, 5/7), (0, 1)} x {(1, 0)}"
    assert component.contains(MixedProfile([["1/7", "6/7"], [1, 0]]))
    assert not component.contains(MixedProfile([["3/7", "4/7"], [1, 0]]))


def test_subsets_of_one_component_can_meet() -> None:
    # Both players lose only if neither plays its first action.
    [cross] = components_of([[0, 0], [0, -1]], [[0, 0], [0, -1]])
    assert [str(subset) for subset in cross.subsets] == [
        "{(1, 0)} x conv{(1, 0), (0, 1)}",
        "conv{(1, 0), (0, 1)} x {(1, 0)}",
    ]
    assert str(cross).count(" or ") == 1
    assert len(cross.equilibria()) == 3


def test_many_bicliques() -> None:
    """A crown, all pairs but (k, k), has 2^n - 2 maximal bicliques."""
    n = 7
    unit = np.eye(n, dtype=int).tolist()
    pairs = [MixedProfile([unit[i], unit[j]]) for i in range(n) for j in range(n) if i != j]
    [component] = nash_components(pairs)
    assert len(component.subsets) == 2**n - 2
    assert nash_components(pairs[::-1]) == (component,)


def test_nothing_in_nothing_out() -> None:
    assert nash_components([]) == ()


def test_bad_profiles_are_refused_by_place() -> None:
    with pytest.raises(InvalidProfile, match=r"equilibria\[0\]"):
        nash_components([MixedProfile([[1], [1], [1]])])
    with pytest.raises(InvalidProfile, match=r"equilibria\[1\]"):
        nash_components([MixedProfile([[1], [1]]), MixedProfile([[1, 0], [1]])])
    with pytest.raises(InvalidProfile, match="MixedProfile"):
        nash_components([([1], [1])])  # type: ignore[list-item]
    [component] = nash_components([MixedProfile([[1], [1]])])
    assert not component.contains(MixedProfile([[1, 0], [1]]))


@given(
    arrays(np.int64, st.tuples(st.integers(1, 6), st.just(3)), elements=st.integers(-3, 3)),
    several_weights,
    st.integers(1, 5),
)
def test_convex_hulls(corners: Any, weights: list[int], beyond: int) -> None:
    vertices = [tuple(map(Fraction, corner)) for corner in corners.tolist()]
    assert in_convex_hull(mixture(tuple(vertices), weights), vertices)
    top = max(vertex[0] for vertex in vertices)
    assert not in_convex_hull((top + Fraction(1, beyond), *vertices[0][1:]), vertices)


def test_records_are_immutable_and_hashable() -> None:
    subset = NashSubset((((Fraction(1),),), ((Fraction(1),),)))
    assert hash(NashComponent((subset,))) == hash(NashComponent((subset,)))
    with pytest.raises(AttributeError):
        subset.vertices = ()  # type: ignore[assignment, misc]
