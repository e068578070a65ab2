"""Polytopes of expected payoffs: vertices with the play behind them, facets, equations."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from gametheory.algorithms.normal_form.exact_hull import Row
from gametheory.errors import InvalidProfile
from gametheory.games.correlated_distribution import CorrelatedDistribution
from gametheory.rationals import to_fraction

__all__ = ["PayoffFacet", "PayoffSet", "counterclockwise", "in_payoffs", "read_payoffs"]

Payoffs = tuple[Fraction, ...]


@dataclass(frozen=True, slots=True)
class PayoffFacet:
    """An inequality ``normal @ payoffs <= offset``, or an equation, in integers.

    Attributes
    ----------
    normal : tuple of int, one for each player
    offset : int
    """

    normal: tuple[int, ...]
    offset: int

    def slack(self, payoffs: Sequence[Fraction]) -> Fraction:
        """Return ``offset - normal @ payoffs``: negative where the inequality is violated."""
        return self.offset - sum(
            (a * u for a, u in zip(self.normal, payoffs, strict=True)), Fraction(0)
        )


@dataclass(frozen=True, slots=True)
class PayoffSet:
    """A convex set of expected payoffs with finitely many vertices; exact.

    Attributes
    ----------
    vertices : tuple of tuple of Fraction
        Each player's payoff at each vertex. Of two players counterclockwise, from the vertex
        that is smallest in lexicographic order; otherwise in lexicographic order.
    plays : tuple of CorrelatedDistribution
        One for each vertex: it pays exactly that.
    facets : tuple of PayoffFacet
        Inequalities that hold for the set, and none of which the others imply.
    equations : tuple of PayoffFacet
        Equations that hold for the set: as many as it has dimensions less than players.
    joint_actions : tuple of tuple
        For each vertex all joint actions that pay exactly that; there may be none.
    """

    vertices: tuple[Payoffs, ...]
    plays: tuple[CorrelatedDistribution, ...]
    facets: tuple[PayoffFacet, ...]
    equations: tuple[PayoffFacet, ...]
    joint_actions: tuple[tuple[tuple[int, ...], ...], ...]

    @property
    def dimension(self) -> int:
        """Dimension of the set; -1 if it is empty."""
        return len(self.vertices[0]) - len(self.equations) if self.vertices else -1

    def __contains__(self, payoffs: Any) -> bool:
        """Whether payoffs, one number for each player, lie in the set, exactly."""
        if not self.vertices:
            return False
        point = read_payoffs(payoffs, len(self.vertices[0]))
        return all(facet.slack(point) >= 0 for facet in self.facets) and all(
            equation.slack(point) == 0 for equation in self.equations
        )


def read_payoffs(payoffs: Any, n_players: int) -> Payoffs:
    """Read one number for each player exactly.

    Raises
    ------
    InvalidProfile
        They are something else.
    """
    try:
        point = tuple(to_fraction(payoff) for payoff in payoffs)
    except (TypeError, ValueError) as error:
        raise InvalidProfile(
            str(error), where="payoffs", valid="one number for each player"
        ) from None
    if len(point) != n_players:
        raise InvalidProfile(
            f"{len(point)} payoffs for {n_players} players", valid="one number for each player"
        )
    return point


def in_payoffs(row: Row, denominators: Sequence[int]) -> PayoffFacet:
    """Translate a row about payoffs times denominators into one about payoffs."""
    normal = [a * d for a, d in zip(row.normal, denominators, strict=True)]
    divisor = math.gcd(row.offset, *normal) or 1
    return PayoffFacet(tuple(a // divisor for a in normal), row.offset // divisor)


def counterclockwise(points: Sequence[Payoffs]) -> list[int]:
    """Order the vertices of a convex polygon, given in lexicographic order, by their indices.

    Examples
    --------
    >>> counterclockwise([(0, 0), (0, 1), (1, 0), (1, 1)])
    [0, 2, 3, 1]
    """
    if len(points) < 3:
        return list(range(len(points)))
    (x, y), (end_x, end_y) = points[0], points[-1]
    sides = [(end_x - x) * (p[1] - y) - (end_y - y) * (p[0] - x) for p in points]
    below = [k for k, side in enumerate(sides) if side < 0]
    above = [k for k, side in enumerate(sides) if side > 0]
    return [0, *below, len(points) - 1, *reversed(above)]
