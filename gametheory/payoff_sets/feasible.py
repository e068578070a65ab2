"""What players can expect together, and what no player can be made to refuse.

1. Feasible payoffs: the convex hull of what the joint actions pay, which is what distributions over
   joint actions pay.
2. Individually rational ones: at least the minmax value for every player. The folk theorem: in the
   repeated game every payoff vector of the set, with strict inequalities, is that of an equilibrium
   for players who are patient enough (Fudenberg and Maskin 1986, "The folk theorem in repeated
   games with discounting or with incomplete information", Econometrica 54, with a condition on the
   dimension for more than two players).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

import numpy as np

from gametheory.algorithms.normal_form.double_description import extreme_rays
from gametheory.algorithms.normal_form.exact_hull import convex_hull
from gametheory.algorithms.normal_form.minmax import Minmax, minmax
from gametheory.algorithms.normal_form.payoff_vectors import integer_vectors, payoff_vectors
from gametheory.algorithms.normal_form.smallest_gain import convex_weights
from gametheory.errors import UnsupportedGame
from gametheory.games.correlated_distribution import CorrelatedDistribution
from gametheory.games.normal_form import NormalFormGame
from gametheory.linear_programs import finish
from gametheory.payoff_sets.records import Payoffs, PayoffSet, counterclockwise, in_payoffs

__all__ = ["IndividuallyRational", "feasible_payoffs", "individually_rational_payoffs"]


def feasible_payoffs(game: NormalFormGame) -> PayoffSet:
    """Find the convex hull of the payoffs: what all distributions over joint actions pay.

    Parameters
    ----------
    game : NormalFormGame
        Of two players with any number of actions; of more players the hull has to have a few
        thousand facets at most.

    Returns
    -------
    PayoffSet
        Exact.

    Raises
    ------
    UnsupportedGame
        The hull has too many facets, or the payoffs have no reasonable common denominator.

    Examples
    --------
    >>> dilemma = NormalFormGame.symmetric([[-1, -3], [0, -2]])
    >>> found = feasible_payoffs(dilemma)
    >>> [tuple(map(int, vertex)) for vertex in found.vertices]
    [(-3, 0), (-2, -2), (0, -3), (-1, -1)]
    >>> found.joint_actions
    (((0, 1),), ((1, 1),), ((1, 0),), ((0, 0),))
    """
    _check(game)
    vectors = payoff_vectors(game)
    points, denominators = integer_vectors(game, vectors.cells[vectors.starts[:-1]])
    hull = finish(convex_hull(points))
    payoffs = [_divided(points[v].tolist(), denominators) for v in hull.vertices]
    order = counterclockwise(payoffs) if game.n_players == 2 else range(len(payoffs))
    joints = []
    for k in order:
        paid = np.unravel_index(vectors.paid_by(hull.vertices[k]), game.n_actions)
        joints.append(tuple(zip(*(actions.tolist() for actions in paid), strict=True)))
    return PayoffSet(
        vertices=tuple(payoffs[k] for k in order),
        plays=tuple(CorrelatedDistribution.from_weights(game.n_actions, {j[0]: 1}) for j in joints),
        facets=tuple(in_payoffs(row, denominators) for row in hull.facets),
        equations=tuple(in_payoffs(row, denominators) for row in hull.equations),
        joint_actions=tuple(joints),
    )


@dataclass(frozen=True, slots=True)
class IndividuallyRational:
    """Feasible payoffs that are at least every player's minmax value.

    Attributes
    ----------
    payoffs : PayoffSet
    minmax : tuple of Minmax
        Each player's minmax value, with the punishment that holds it there.
    side : {"exact", "inner"}
        "inner" where some minmax value is only known from above: then the set may be larger.
    """

    payoffs: PayoffSet
    minmax: tuple[Minmax, ...]
    side: Literal["exact", "inner"]

    def __contains__(self, payoffs: Any) -> bool:
        return payoffs in self.payoffs


def individually_rational_payoffs(
    game: NormalFormGame,
    punishers: Literal["correlated", "independent"] = "correlated",
    *,
    seed: int = 0,
) -> IndividuallyRational:
    """Find the feasible payoffs that give every player at least its minmax value.

    Parameters
    ----------
    game : NormalFormGame
    punishers : {"correlated", "independent"}
        Whether the others may correlate their actions to punish; the same for two players.
    seed : int
        For independent punishers of three or more players, see :func:`gametheory.minmax`.

    Returns
    -------
    IndividuallyRational
        Exact, or for independent punishers perhaps a part of the set; it says which. Of the set
        for correlated punishers no equilibrium payoff is missing.

    Raises
    ------
    UnsupportedGame
        As for :func:`feasible_payoffs` and :func:`gametheory.minmax`.

    Notes
    -----
    Shoham and Leyton-Brown (2009), Multiagent Systems, section 6.1, on enforceable payoffs.

    Examples
    --------
    >>> dilemma = NormalFormGame.symmetric([[-1, -3], [0, -2]])
    >>> found = individually_rational_payoffs(dilemma)
    >>> [tuple(map(str, vertex)) for vertex in found.payoffs.vertices]
    [('-2', '-2'), ('-1/2', '-2'), ('-1', '-1'), ('-2', '-1/2')]
    >>> (-1, -1) in found, (0, -3) in found
    (True, False)
    """
    feasible = feasible_payoffs(game)
    levels = tuple(
        minmax(game, player, punishers=punishers, seed=seed) for player in range(game.n_players)
    )
    side: Literal["exact", "inner"] = (
        "exact" if all(level.side == "exact" for level in levels) else "inner"
    )
    corners = _above(feasible, [level.value for level in levels])
    return IndividuallyRational(_built(feasible, corners), levels, side)


def _above(feasible: PayoffSet, levels: list[Fraction]) -> list[Payoffs]:
    """Find the vertices of the part of a set where no payoff is below its level.

    As gains over the levels they are rays of a cone in an orthant, with one coordinate more.
    """

    def row(facet: Any) -> list[int]:
        slack = facet.slack(levels)
        factor = slack.denominator
        return [*(a * factor for a in facet.normal), -slack.numerator]

    search = extreme_rays(
        [row(equation) for equation in feasible.equations],
        [row(facet) for facet in feasible.facets],
        len(levels) + 1,
    )
    return [
        tuple(level + Fraction(gain, ray[-1]) for level, gain in zip(levels, ray, strict=False))
        for ray in finish(search)
        if ray[-1]
    ]


def _built(feasible: PayoffSet, corners: list[Payoffs]) -> PayoffSet:
    """Describe a part of a set by its vertices, each with a distribution that pays it."""
    if not corners:
        return PayoffSet((), (), (), (), ())
    n = len(corners[0])
    scales = [
        math.lcm(*(point[i].denominator for point in [*corners, *feasible.vertices]))
        for i in range(n)
    ]
    ordered = sorted(set(corners))
    points = _scaled(ordered, scales)
    hull = finish(convex_hull(points))
    order = counterclockwise(ordered) if n == 2 else list(range(len(ordered)))
    known = dict(zip(feasible.vertices, feasible.joint_actions, strict=True))
    base = _scaled(feasible.vertices, scales)
    plays = []
    for k in order:
        if ordered[k] in known:
            weights: Any = [int(vertex == ordered[k]) for vertex in feasible.vertices]
        else:
            weights = finish(convex_weights(base, [Fraction(x) for x in points[k].tolist()]))
        if isinstance(weights, str):
            raise UnsupportedGame(f"no exact distribution for a vertex: {weights}")
        plays.append(_mixed(feasible.plays, weights))
    return PayoffSet(
        vertices=tuple(ordered[k] for k in order),
        plays=tuple(plays),
        facets=tuple(in_payoffs(row, scales) for row in hull.facets),
        equations=tuple(in_payoffs(row, scales) for row in hull.equations),
        joint_actions=tuple(known.get(ordered[k], ()) for k in order),
    )


def _mixed(plays: tuple[CorrelatedDistribution, ...], weights: Any) -> CorrelatedDistribution:
    """Mix pure ways to play."""
    scale = math.lcm(*(Fraction(w).denominator for w in weights))
    return CorrelatedDistribution.from_weights(
        plays[0].n_actions,
        {play.support[0]: int(w * scale) for play, w in zip(plays, weights, strict=True) if w},
    )


def _scaled(points: Any, scales: list[int]) -> Any:
    return np.array(
        [[int(u * s) for u, s in zip(point, scales, strict=True)] for point in points], dtype=object
    )


def _divided(integers: list[int], denominators: tuple[int, ...]) -> Payoffs:
    return tuple(Fraction(k, d) for k, d in zip(integers, denominators, strict=True))


def _check(game: Any) -> None:
    if not isinstance(game, NormalFormGame):
        raise UnsupportedGame(
            f"{type(game).__name__!r} has no joint actions", valid="a NormalFormGame"
        )
