"""Maximal Nash subsets and components of the equilibria of a two-player game.

The equilibria of a two-player game are finitely many products conv(X) x conv(Y), X and Y vertices
of the players' best-response polytopes: its maximal Nash subsets (Winkels 1979; Jansen 1981).
They are the maximal complete bipartite subgraphs of the graph that joins x and y when (x, y) is
an extreme equilibrium, and the connected components of that graph are the topological components
of the set of equilibria (Avis, Rosenberg, Savani and von Stengel 2010).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from gametheory.concepts.convex_hull import in_convex_hull
from gametheory.errors import InvalidProfile
from gametheory.games.profiles import MixedProfile

__all__ = ["NashComponent", "NashSubset", "nash_components"]

Strategy = tuple[Fraction, ...]


@dataclass(frozen=True, slots=True)
class NashSubset:
    """A maximal Nash subset: every x in conv(X) with every y in conv(Y), and no larger product.

    Attributes
    ----------
    vertices : tuple
        X and Y: each player's strategies, every one a tuple of Fractions.
    """

    vertices: tuple[tuple[Strategy, ...], tuple[Strategy, ...]]

    @property
    def is_point(self) -> bool:
        """Whether it is a single equilibrium."""
        return all(len(strategies) == 1 for strategies in self.vertices)

    def equilibria(self) -> tuple[MixedProfile, ...]:
        """Return its extreme equilibria: all pairs of vertices."""
        first, second = self.vertices
        return tuple(MixedProfile([x, y]) for x in first for y in second)

    def contains(self, profile: MixedProfile) -> bool:
        """Whether a profile, read exactly, is one of its equilibria.

        Examples
        --------
        >>> zeros = [((1, 0), (1, 0)), ((1, 0), (0, 1)), ((0, 1), (1, 0)), ((0, 1), (0, 1))]
        >>> [component] = nash_components([MixedProfile(pair) for pair in zeros])
        >>> component.subsets[0].contains(MixedProfile([["1/3", "2/3"], [0.5, 0.5]]))
        True
        """
        return _shape(profile) == tuple(len(side[0]) for side in self.vertices) and all(
            in_convex_hull(strategy, side)
            for strategy, side in zip(profile.exact, self.vertices, strict=True)
        )

    def __str__(self) -> str:
        return " x ".join(map(_show_side, self.vertices))


@dataclass(frozen=True, slots=True)
class NashComponent:
    """A connected component of the set of equilibria: a union of maximal Nash subsets.

    Attributes
    ----------
    subsets : tuple of NashSubset
        They may overlap, and no one lies in another.
    """

    subsets: tuple[NashSubset, ...]

    @property
    def is_point(self) -> bool:
        """Whether it is an isolated equilibrium."""
        return len(self.subsets) == 1 and self.subsets[0].is_point

    def equilibria(self) -> tuple[MixedProfile, ...]:
        """Return its extreme equilibria, each once."""
        every = (profile for subset in self.subsets for profile in subset.equilibria())
        return tuple(dict.fromkeys(every))

    def contains(self, profile: MixedProfile) -> bool:
        """Whether a profile, read exactly, is one of its equilibria."""
        return any(subset.contains(profile) for subset in self.subsets)

    def __str__(self) -> str:
        return " or ".join(map(str, self.subsets))


def nash_components(equilibria: Sequence[MixedProfile]) -> tuple[NashComponent, ...]:
    """Group the extreme equilibria of a two-player game into components.

    Parameters
    ----------
    equilibria : sequence of MixedProfile
        ALL extreme equilibria of one game, exactly; the order and repetitions do not matter.

    Returns
    -------
    tuple of NashComponent
        Components, subsets and vertices are each ordered so that what uses the first actions
        most comes first.

    Raises
    ------
    InvalidProfile
        The profiles are not all of two players and one shape.

    Notes
    -----
    Cost: for each maximal Nash subset at most (number of strategies) squared set operations, so
    the delay between two subsets is polynomial; there can be exponentially many of them. They are
    found as the closed sets of one player's strategies, in Ganter's lexicographic order.

    References
    ----------
    Avis, Rosenberg, Savani and von Stengel (2010), "Enumeration of Nash equilibria for two-player
    games", Economic Theory 42. Winkels (1979), "An algorithm to determine all equilibrium points
    of a bimatrix game", in Game Theory and Related Topics. Jansen (1981), "Maximal Nash subsets
    for bimatrix games", Naval Research Logistics Quarterly 28. Ganter (1984), "Two basic
    algorithms in concept analysis".

    Examples
    --------
    Player 1 is indifferent when player 0 plays its first action, which then stays best as long as
    player 1's first action has probability 1/2 or more:

    >>> extreme = [MixedProfile([[1, 0], [1, 0]]), MixedProfile([[1, 0], [0.5, 0.5]])]
    >>> for component in nash_components(extreme):
    ...     print(component)
    {(1, 0)} x conv{(1, 0), (1/2, 1/2)}
    """
    _check(equilibria)
    first = sorted({profile.exact[0] for profile in equilibria}, reverse=True)
    second = sorted({profile.exact[1] for profile in equilibria}, reverse=True)
    graph = _Graph.of([profile.exact for profile in equilibria], first, second)
    return tuple(
        NashComponent(tuple(_subset(first, second, x, y) for x, y in graph.bicliques(component)))
        for component in graph.components()
    )


def _subset(first: list[Strategy], second: list[Strategy], x: int, y: int) -> NashSubset:
    return NashSubset((tuple(first[i] for i in _members(x)), tuple(second[j] for j in _members(y))))


@dataclass(frozen=True, slots=True)
class _Graph:
    """A bipartite graph without isolated vertices; sets of vertices are bits of an int.

    Attributes
    ----------
    right_of, left_of : tuple of int
        Neighbors of each left vertex, and of each right vertex.
    """

    right_of: tuple[int, ...]
    left_of: tuple[int, ...]

    @classmethod
    def of(cls, edges: Sequence[Any], left: list[Strategy], right: list[Strategy]) -> _Graph:
        left_place = {strategy: i for i, strategy in enumerate(left)}
        right_place = {strategy: j for j, strategy in enumerate(right)}
        right_of, left_of = [0] * len(left), [0] * len(right)
        for x, y in edges:
            i, j = left_place[x], right_place[y]
            right_of[i] |= 1 << j
            left_of[j] |= 1 << i
        return cls(tuple(right_of), tuple(left_of))

    def components(self) -> Iterator[int]:
        """Give the left vertices of each connected component, by their first vertex."""
        rest = (1 << len(self.right_of)) - 1
        while rest:
            component = new = rest & -rest
            while new:
                reached = 0
                for i in _members(new):
                    for j in _members(self.right_of[i]):
                        reached |= self.left_of[j]
                new = reached & ~component
                component |= new
            yield component
            rest &= ~component

    def bicliques(self, component: int) -> list[tuple[int, int]]:
        """All maximal bicliques within a component, as pairs of left and right vertices."""
        found = []
        vertices = _members(component)
        left: int | None = 0
        while left is not None:
            common = self._common(self.right_of, left)
            if left and common:
                found.append((left, common))
            left = self._next_closed(left, vertices, component)
        return sorted(found, key=lambda pair: (_members(pair[0]), _members(pair[1])))

    def _next_closed(self, left: int, vertices: list[int], component: int) -> int | None:
        """Ganter's step: the closed set that follows in lexicographic order, None at the end."""
        for i in reversed(vertices):
            if left >> i & 1:
                left &= ~(1 << i)
                continue
            closed = self._closure(left | 1 << i, component)
            if not closed & ~left & ((1 << i) - 1):
                return closed
        return None

    def _closure(self, left: int, component: int) -> int:
        """Left vertices of the component that have all neighbors that ``left`` has in common."""
        common = self._common(self.right_of, left)
        return self._common(self.left_of, common) if common else component

    @staticmethod
    def _common(neighbors: tuple[int, ...], vertices: int) -> int:
        common = -1
        for vertex in _members(vertices):
            common &= neighbors[vertex]
        return common


def _members(bits: int) -> list[int]:
    return [place for place in range(bits.bit_length()) if bits >> place & 1]


def _shape(profile: MixedProfile) -> tuple[int, ...]:
    if not isinstance(profile, MixedProfile):
        raise InvalidProfile(f"a {type(profile).__name__} is not a profile", valid="a MixedProfile")
    return profile.n_actions


def _check(equilibria: Sequence[MixedProfile]) -> None:
    shapes = [_shape(profile) for profile in equilibria]
    for k, shape in enumerate(shapes):
        if len(shape) != 2:
            raise InvalidProfile(
                f"the profile has {len(shape)} strategies",
                where=f"equilibria[{k}]",
                valid="profiles of two players",
            )
        if shape != shapes[0]:
            raise InvalidProfile(
                f"the profile is of a game with {shape} actions, the first one with {shapes[0]}",
                where=f"equilibria[{k}]",
                valid="the extreme equilibria of one game",
            )


def _show_side(strategies: tuple[Strategy, ...]) -> str:
    shown = [f"({', '.join(map(_show, strategy))})" for strategy in strategies]
    return f"{'conv' if len(shown) > 1 else ''}{{{', '.join(shown)}}}"


def _show(probability: Fraction) -> str:
    short = probability.denominator < 10**6
    return str(probability) if short else f"{float(probability):.6g}"
