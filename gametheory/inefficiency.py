"""What selfish play costs: welfare at the worst and at the best equilibrium against the optimum.

Koutsoupias and Papadimitriou (1999), "Worst-case equilibria", STACS 99, for the worst; Anshelevich,
Dasgupta, Kleinberg, Tardos, Wexler and Roughgarden (2004), "The price of stability for network
design with fair cost allocation", FOCS 2004, for the best. Welfare is the sum of the payoffs. Where
it is positive, the price is the optimum over the equilibrium's; payoffs that are costs have a
negative sum, and the price is the equilibrium's over the optimum's. Both are at least one.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

import numpy as np

from gametheory.errors import UnsupportedGame
from gametheory.games.normal_form import NormalFormGame
from gametheory.payoff_sets.social_optimum import SocialOptimum, social_optimum
from gametheory.rationals import shown
from gametheory.solution import Certificate
from gametheory.solve import solve

__all__ = ["EquilibriumPrice", "price_of_anarchy", "price_of_stability"]

_CONCEPTS = ("nash", "pure-nash", "correlated", "coarse-correlated")

Concept = Literal["nash", "pure-nash", "correlated", "coarse-correlated"]


@dataclass(frozen=True, slots=True)
class EquilibriumPrice:
    """How much better the optimum is than an equilibrium.

    Attributes
    ----------
    price : Fraction
        At least one.
    concept : str
    measure : {"payoffs", "costs"}
        Whether welfare is positive, so that the price is ``optimum / welfare``, or negative, so
        that it is ``welfare / optimum``.
    welfare : Fraction
        The equilibrium's.
    optimum : SocialOptimum
        The joint action of the largest welfare.
    equilibrium : MixedProfile or CorrelatedDistribution
        The worst or the best one.
    certificate : Certificate
        That it is an equilibrium; for correlated ones also that none is worse, or better.
    exact : bool
        False where an equilibrium's probabilities are irrational, so that the figures are those
        of rational profiles very close to it.
    """

    price: Fraction
    concept: str
    measure: Literal["payoffs", "costs"]
    welfare: Fraction
    optimum: SocialOptimum
    equilibrium: Any
    certificate: Certificate
    exact: bool


def price_of_anarchy(
    game: NormalFormGame, concept: Concept = "nash", *, time_limit: float | None = None
) -> EquilibriumPrice:
    """Compare the largest welfare with that of the worst equilibrium.

    Parameters
    ----------
    game : NormalFormGame
    concept : {"nash", "pure-nash", "correlated", "coarse-correlated"}
        Which equilibria. For "nash" all of them have to be found; correlated ones are a linear
        program.
    time_limit : float, optional
        Seconds for finding the equilibria.

    Returns
    -------
    EquilibriumPrice

    Raises
    ------
    UnsupportedGame
        There is no equilibrium of that kind, not all were found, or welfare is neither positive
        at the equilibrium nor negative at the optimum: then a ratio has no meaning.

    Notes
    -----
    A two-player game with infinitely many Nash equilibria has them in products of polytopes, on
    each of which welfare is bilinear, so that it is smallest and largest at pairs of vertices: the
    extreme equilibria, which are found.

    Examples
    --------
    Two drivers choose between a road that takes 2 and one that takes as long as it has drivers:

    >>> pigou = NormalFormGame.symmetric([[-2, -2], [-1, -2]])
    >>> found = price_of_anarchy(pigou)
    >>> found.price, found.measure, found.optimum.joint_action
    (Fraction(4, 3), 'costs', (0, 1))
    """
    return _price(game, concept, time_limit, sign=-1)


def price_of_stability(
    game: NormalFormGame, concept: Concept = "nash", *, time_limit: float | None = None
) -> EquilibriumPrice:
    """Compare the largest welfare with that of the best equilibrium.

    Parameters, errors and what it returns are as for :func:`price_of_anarchy`.

    Examples
    --------
    >>> dilemma = NormalFormGame.symmetric([[3, 0], [5, 1]])
    >>> price_of_stability(dilemma).price
    Fraction(3, 1)
    """
    return _price(game, concept, time_limit, sign=1)


def _price(
    game: NormalFormGame, concept: str, time_limit: float | None, *, sign: int
) -> EquilibriumPrice:
    if not isinstance(game, NormalFormGame):
        raise UnsupportedGame(f"{type(game).__name__!r} has no welfare", valid="a NormalFormGame")
    if concept not in _CONCEPTS:
        raise UnsupportedGame(f"concept {concept!r}", valid=f"one of {list(_CONCEPTS)}")
    if concept in ("nash", "pure-nash"):
        certificates = _all_equilibria(game, concept, time_limit)
    else:
        certificates = (_extreme_correlated(game, concept, time_limit, sign),)
    certificate = max(certificates, key=lambda one: sign * _welfare(one))
    exact = all(one.exact for one in certificates)
    optimum = social_optimum(game, "welfare", "pure")
    welfare = _welfare(certificate)
    measure: Literal["payoffs", "costs"]
    if welfare > 0:
        price, measure = optimum.value / welfare, "payoffs"
    elif optimum.value < 0:
        price, measure = welfare / optimum.value, "costs"
    else:
        raise UnsupportedGame(
            f"the optimum has a welfare of {shown(optimum.value)} and the equilibrium one of "
            f"{shown(welfare)}: "
            "their ratio has no meaning",
            where=repr(game),
            valid="a positive welfare at the equilibrium, or a negative one at the optimum",
            hint="compare the two welfares themselves, or shift payoffs to a meaningful zero",
        )
    return EquilibriumPrice(
        price, concept, measure, welfare, optimum, certificate.profile, certificate, exact
    )


def _all_equilibria(
    game: NormalFormGame, concept: str, time_limit: float | None
) -> tuple[Certificate, ...]:
    solution = solve(game, concept, find="all", time_limit=time_limit)
    if not solution.complete or not solution.certificates:
        raise UnsupportedGame(
            f"not all {concept} equilibria are known: "
            + (solution.reason or f"{solution.method} finds {len(solution.equilibria)}"),
            where=repr(game),
            hint="ask for concept='correlated', whose price of anarchy is no smaller",
        )
    return solution.certificates


def _extreme_correlated(
    game: NormalFormGame, concept: str, time_limit: float | None, sign: int
) -> Certificate:
    """Find the correlated equilibrium of the smallest (-1) or largest (1) welfare."""
    objective: Any = game.exact_payoffs.sum(axis=0) * sign
    solution = solve(game, concept, objective=np.asarray(objective), time_limit=time_limit)
    if not solution.certificates or solution.certificates[0].objective_gap != 0:
        raise UnsupportedGame(
            f"the extreme {concept} equilibrium was not found exactly: "
            f"{solution.reason or solution.status}",
            where=repr(game),
        )
    return solution.certificates[0]


def _welfare(certificate: Certificate) -> Fraction:
    return sum(certificate.payoffs, Fraction(0))
