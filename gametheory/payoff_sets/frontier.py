"""Pareto dominance by any distribution over joint actions, and the frontier that nothing dominates.

Shoham and Leyton-Brown (2009), Multiagent Systems, section 3.3.1, define dominance and optimality;
here the alternatives are all distributions over joint actions, whose payoffs are a polytope.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

import numpy as np

from gametheory.algorithms.normal_form.exact_hull import upper_hull
from gametheory.algorithms.normal_form.maxima import maxima
from gametheory.algorithms.normal_form.payoff_vectors import integer_vectors, payoff_vectors
from gametheory.algorithms.normal_form.smallest_gain import smallest_gain
from gametheory.algorithms.normal_form.supporting_weights import supporting_weights
from gametheory.concepts.pareto import JointPlay, dominating_joint_action, exact_payoffs_of
from gametheory.errors import UnsupportedGame
from gametheory.games.correlated_distribution import CorrelatedDistribution
from gametheory.games.normal_form import NormalFormGame
from gametheory.linear_programs import finish
from gametheory.payoff_sets.records import PayoffFacet, Payoffs, in_payoffs, read_payoffs

__all__ = ["ParetoDominance", "ParetoFrontier", "pareto_dominance", "pareto_frontier"]


@dataclass(frozen=True, slots=True)
class ParetoFrontier:
    """The payoffs of distributions over joint actions that nothing dominates; exact.

    Attributes
    ----------
    vertices : tuple of tuple of Fraction
        Each player's payoff, in lexicographic order: for two players along the frontier.
    joint_actions : tuple of tuple
        For each vertex all joint actions that pay exactly that.
    facets : tuple of PayoffFacet
        The facets of all that is feasible or worse: ``normal @ payoffs <= offset`` holds for all
        distributions, with equality somewhere, and no entry of a normal is negative. Feasible
        payoffs are on the frontier exactly if the normals of the facets on which they lie have a
        sum that is positive for every player.
    """

    vertices: tuple[Payoffs, ...]
    joint_actions: tuple[tuple[tuple[int, ...], ...], ...]
    facets: tuple[PayoffFacet, ...]

    def supporting_weights(self, payoffs: Any) -> tuple[int, ...]:
        """Return positive weights by which feasible payoffs have the largest weighted sum.

        Empty where there are none: some distribution dominates the payoffs.
        """
        point = read_payoffs(payoffs, len(self.vertices[0]))
        tight = [facet.normal for facet in self.facets if facet.slack(point) == 0]
        weights = tuple(map(sum, zip(*tight, strict=True)))
        return weights if weights and all(weights) else ()


def pareto_frontier(game: NormalFormGame) -> ParetoFrontier:
    """Find the Pareto frontier of the payoffs of all distributions over joint actions.

    Parameters
    ----------
    game : NormalFormGame
        Of two players with any number of actions; of more players the frontier has to have a few
        thousand facets at most.

    Returns
    -------
    ParetoFrontier

    Raises
    ------
    UnsupportedGame
        There are too many facets, or the payoffs have no reasonable common denominator.

    Examples
    --------
    >>> chicken = NormalFormGame.symmetric([[6, 2], [7, 0]])
    >>> frontier = pareto_frontier(chicken)
    >>> frontier.joint_actions
    (((0, 1),), ((0, 0),), ((1, 0),))
    >>> [(facet.normal, facet.offset) for facet in frontier.facets]
    [((0, 1), 7), ((1, 0), 7), ((1, 4), 30), ((4, 1), 30)]
    >>> frontier.supporting_weights((4, "13/2")), frontier.supporting_weights((4, 6))
    ((1, 4), ())
    """
    if not isinstance(game, NormalFormGame):
        raise UnsupportedGame(
            f"{type(game).__name__!r} has no joint actions", valid="a NormalFormGame"
        )
    vectors = payoff_vectors(game)
    best = np.flatnonzero(finish(maxima(vectors.ranks))).tolist()
    points, denominators = integer_vectors(game, vectors.cells[vectors.starts[best]])
    hull = finish(upper_hull(points))
    joints = []
    for v in hull.vertices:
        paid = np.unravel_index(vectors.paid_by(best[v]), game.n_actions)
        joints.append(tuple(zip(*(actions.tolist() for actions in paid), strict=True)))
    return ParetoFrontier(
        vertices=tuple(
            tuple(Fraction(k, d) for k, d in zip(points[v].tolist(), denominators, strict=True))
            for v in hull.vertices
        ),
        joint_actions=tuple(joints),
        facets=tuple(in_payoffs(row, denominators) for row in hull.facets),
    )


@dataclass(frozen=True, slots=True)
class ParetoDominance:
    """Whether something dominates a way to play, with the proof of either.

    Attributes
    ----------
    dominated : bool
    payoffs : tuple of Fraction
        What the way to play pays.
    witness : tuple of int, CorrelatedDistribution or None
        A joint action, or a distribution, that dominates it and is dominated by nothing of its
        kind itself.
    witness_payoffs : tuple of Fraction
        Empty where nothing dominates.
    weights : tuple of Fraction
        Against distributions, where nothing dominates: weights of the players for which no joint
        action has a larger weighted sum of payoffs; positive, or for strict dominance not
        negative. Empty otherwise.
    """

    dominated: bool
    payoffs: Payoffs
    witness: tuple[int, ...] | CorrelatedDistribution | None = None
    witness_payoffs: Payoffs = ()
    weights: Payoffs = ()


def pareto_dominance(
    game: NormalFormGame,
    play: JointPlay,
    *,
    against: Literal["pure", "correlated"] = "correlated",
    strictly: bool = False,
) -> ParetoDominance:
    """Say whether something is better for some players and worse for none.

    Parameters
    ----------
    game : NormalFormGame
    play : MixedProfile, CorrelatedDistribution, or sequence of int or str
        A joint action has one index or label for each player.
    against : {"correlated", "pure"}
        What may dominate it: a distribution over joint actions, or only a joint action.
    strictly : bool
        Whether it has to be better for every player.

    Returns
    -------
    ParetoDominance
        Exact.

    Raises
    ------
    InvalidProfile
        The way to play does not belong to the game.
    UnsupportedGame
        ``against`` is neither, or a linear program could not be solved exactly.

    Examples
    --------
    >>> battle = NormalFormGame.bimatrix([[2, 0], [0, 1]], [[1, 0], [0, 2]])
    >>> from gametheory.games.profiles import MixedProfile
    >>> mixed = MixedProfile([["2/3", "1/3"], ["1/3", "2/3"]])
    >>> pareto_dominance(battle, mixed, against="pure").witness
    (0, 0)
    >>> pareto_dominance(battle, (0, 0)).weights
    (Fraction(1, 1), Fraction(1, 1))
    """
    if against not in ("pure", "correlated"):
        raise UnsupportedGame(f"against={against!r}", valid="'pure' or 'correlated'")
    payoffs = exact_payoffs_of(game, play)
    if against == "pure":
        joint = dominating_joint_action(game, play, strictly=strictly)
        if joint is None:
            return ParetoDominance(False, payoffs)
        return ParetoDominance(True, payoffs, joint, exact_payoffs_of(game, joint))
    vectors = payoff_vectors(game)
    best = np.flatnonzero(finish(maxima(vectors.ranks)))
    cells = vectors.cells[vectors.starts[best]]
    points, scales = integer_vectors(game, cells)
    found: Any
    if strictly:
        rows = [
            [Fraction(u, d) for u, d in zip(row, scales, strict=True)] for row in points.tolist()
        ]
        found = finish(smallest_gain(rows, payoffs))
        dominated = not isinstance(found, str) and found.value > 0
        weights = () if isinstance(found, str) or dominated else found.weights
    else:
        target = [p * d for p, d in zip(payoffs, scales, strict=True)]
        found = finish(supporting_weights(points, target))
        dominated = not isinstance(found, str) and bool(found.mixture)
        scaled = () if isinstance(found, str) else found.weights
        weights = tuple(w * d for w, d in zip(scaled, scales, strict=False))
    if isinstance(found, str):
        raise UnsupportedGame(f"the linear program was not solved: {found}", where=repr(game))
    if not dominated:
        return ParetoDominance(False, payoffs, weights=weights)
    witness = _distribution(game, cells.tolist(), found.mixture)
    return ParetoDominance(True, payoffs, witness, exact_payoffs_of(game, witness))


def _distribution(game: NormalFormGame, cells: list[int], mixture: Any) -> CorrelatedDistribution:
    scale = math.lcm(*(p.denominator for p in mixture))
    joints = zip(*(a.tolist() for a in np.unravel_index(cells, game.n_actions)), strict=True)
    return CorrelatedDistribution.from_weights(
        game.n_actions,
        {joint: int(p * scale) for joint, p in zip(joints, mixture, strict=True) if p},
    )
