"""The best that players can do together, by four objectives, with a proof that it is the best.

Welfare is linear in a distribution over joint actions, so a joint action is best. The egalitarian
optimum is a linear program. The Nash product over a disagreement point has a concave logarithm:
two players' optimum is a rational point on one edge of the Pareto frontier; for more players it is
the solution of a barrier problem in as many variables as players, rounded to rationals, with a
bound on what is missing that is proven in rational arithmetic.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal, NamedTuple

import numpy as np

from gametheory.algorithms.normal_form.exact_hull import upper_hull
from gametheory.algorithms.normal_form.maxima import maxima
from gametheory.algorithms.normal_form.maxmin import security_levels
from gametheory.algorithms.normal_form.payoff_vectors import integer_vectors, payoff_vectors
from gametheory.algorithms.normal_form.smallest_gain import smallest_gain
from gametheory.concepts.welfare import read_point
from gametheory.errors import UnsupportedGame
from gametheory.games.correlated_distribution import CorrelatedDistribution
from gametheory.games.normal_form import NormalFormGame
from gametheory.linear_programs import finish
from gametheory.payoff_sets.largest_product import largest_product
from gametheory.payoff_sets.records import Payoffs
from gametheory.rationals import shown

__all__ = ["OBJECTIVES", "SocialOptimum", "social_optimum"]

OBJECTIVES = ("welfare", "egalitarian", "nash-product", "proportional-fairness")


@dataclass(frozen=True, slots=True)
class SocialOptimum:
    """The best way to play by an objective, and how good anything else can be at most.

    Attributes
    ----------
    objective : str
    over : {"pure", "correlated"}
        The alternatives: joint actions, or distributions over them.
    play : CorrelatedDistribution
    payoffs : tuple of Fraction
    value : Fraction
        The objective's, exactly: a sum, a smallest payoff, or a product. The product of payoffs
        stands for proportional fairness, which is its logarithm.
    upper : Fraction
        No alternative is worth more. Equal to ``value`` where the optimum is exact.
    disagreement : tuple of Fraction
        What the Nash product measures from; zeros for proportional fairness, else empty.
    """

    objective: str
    over: Literal["pure", "correlated"]
    play: CorrelatedDistribution
    payoffs: Payoffs
    value: Fraction
    upper: Fraction
    disagreement: Payoffs = ()

    @property
    def exact(self) -> bool:
        """Whether nothing is better, not even slightly."""
        return self.value == self.upper

    @property
    def joint_action(self) -> tuple[int, ...] | None:
        """The joint action that is played for sure, if there is one."""
        return self.play.support[0] if len(self.play.support) == 1 else None


def social_optimum(
    game: NormalFormGame,
    objective: Literal[
        "welfare", "egalitarian", "nash-product", "proportional-fairness"
    ] = "welfare",
    over: Literal["pure", "correlated"] = "correlated",
    *,
    disagreement: Sequence[Any] | None = None,
) -> SocialOptimum:
    """Find the best way to play for all players together.

    Parameters
    ----------
    game : NormalFormGame
    objective : {"welfare", "egalitarian", "nash-product", "proportional-fairness"}
        See :mod:`gametheory.concepts.welfare`. Proportional fairness is the Nash product over
        the disagreement point zero.
    over : {"correlated", "pure"}
        All distributions over joint actions, or joint actions only.
    disagreement : sequence of numbers, optional
        One for each player, for the Nash product; the security levels if left out.

    Returns
    -------
    SocialOptimum
        Never Pareto dominated by an alternative, but for a Nash product that is not exact. Exact,
        except for products over distributions of three or more players, which are within a
        factor of 1 + 1e-9 of ``upper`` as a rule; ``upper`` is proven whatever happens. Of
        several optima one that is no worse in welfare than the others if the objective is
        egalitarian, the first joint action otherwise.

    Raises
    ------
    UnsupportedGame
        There is no such objective; no alternative gives every player its disagreement payoff, or
        more than zero for proportional fairness.
    InvalidProfile
        The disagreement point has the wrong length, or entries that are no numbers.

    Examples
    --------
    >>> chicken = NormalFormGame.symmetric([[6, 2], [7, 0]])
    >>> social_optimum(chicken).joint_action
    (0, 0)
    >>> battle = NormalFormGame.bimatrix([[2, 0], [0, 1]], [[1, 0], [0, 2]])
    >>> fair = social_optimum(battle, "nash-product")
    >>> fair.play, fair.value, fair.exact
    (CorrelatedDistribution({(0, 0): 1/2, (1, 1): 1/2}, n_actions=(2, 2)), Fraction(25, 36), True)
    """
    if not isinstance(game, NormalFormGame):
        raise UnsupportedGame(
            f"{type(game).__name__!r} has no joint actions", valid="a NormalFormGame"
        )
    if objective not in OBJECTIVES:
        raise UnsupportedGame(f"objective {objective!r}", valid=f"one of {list(OBJECTIVES)}")
    if over not in ("pure", "correlated"):
        raise UnsupportedGame(f"over={over!r}", valid="'pure' or 'correlated'")
    if disagreement is not None and objective != "nash-product":
        raise UnsupportedGame(
            f"the objective {objective!r} has no disagreement point",
            where="disagreement",
            hint="ask for 'nash-product'",
        )
    outcomes = _outcomes(game)
    if objective == "welfare" or (objective == "egalitarian" and over == "pure"):
        measure = _welfare if objective == "welfare" else _egalitarian
        best = max(range(len(outcomes.payoffs)), key=lambda k: (measure(outcomes.payoffs[k]), -k))
        value = measure(outcomes.payoffs[best])[0]
        mixture = {best: Fraction(1)}
        return _record(game, outcomes, mixture, (objective, over, value, value))
    if objective == "egalitarian":
        fair = _solved(smallest_gain(outcomes.payoffs, [Fraction(0)] * game.n_players), game)
        mixture = {k: p for k, p in enumerate(fair.mixture) if p}
        return _record(game, outcomes, mixture, (objective, over, fair.value, fair.value))
    point = _disagreement(game, objective, disagreement)
    return _product(game, outcomes, objective, over, point)


class _Outcomes(NamedTuple):
    """One joint action for each Pareto-optimal payoff vector: nothing else can be best."""

    joints: list[tuple[int, ...]]
    payoffs: list[Payoffs]


def _outcomes(game: NormalFormGame) -> _Outcomes:
    vectors = payoff_vectors(game)
    cells = np.sort(vectors.cells[vectors.starts[:-1][finish(maxima(vectors.ranks))]])
    points, scales = integer_vectors(game, cells)
    joints = zip(*(a.tolist() for a in np.unravel_index(cells, game.n_actions)), strict=True)
    payoffs = [
        tuple(Fraction(u, d) for u, d in zip(row, scales, strict=True)) for row in points.tolist()
    ]
    return _Outcomes(list(joints), payoffs)


def _welfare(payoffs: Payoffs) -> tuple[Fraction, ...]:
    return (sum(payoffs, Fraction(0)),)


def _egalitarian(payoffs: Payoffs) -> tuple[Fraction, ...]:
    return min(payoffs), sum(payoffs, Fraction(0))


def _disagreement(
    game: NormalFormGame, objective: str, disagreement: Sequence[Any] | None
) -> Payoffs:
    if objective == "proportional-fairness":
        return (Fraction(0),) * game.n_players
    return security_levels(game) if disagreement is None else read_point(game, disagreement)


def _product(
    game: NormalFormGame, outcomes: _Outcomes, objective: str, over: Any, point: Payoffs
) -> SocialOptimum:
    """Maximize the product of gains over a point, among outcomes that lose to it nowhere."""
    gains = [
        tuple(u - d for u, d in zip(payoffs, point, strict=True)) for payoffs in outcomes.payoffs
    ]
    if over == "pure":
        fit = [k for k, gain in enumerate(gains) if min(gain) >= 0]
        best = max(fit, key=lambda k: (math.prod(gains[k]), -k), default=-1)
        smallest = min(gains[best]) if fit else Fraction(-1)
        mixture = {best: Fraction(1)}
    else:
        fair = _solved(smallest_gain(gains, [Fraction(0)] * game.n_players), game)
        smallest = fair.value
        mixture = {k: p for k, p in enumerate(fair.mixture) if p}
    proportional = objective == "proportional-fairness"
    if smallest < 0 or (proportional and smallest == 0):
        what = "joint action" if over == "pure" else "distribution over joint actions"
        wanted = "more than zero" if proportional else f"its disagreement payoff {_shown(point)}"
        raise UnsupportedGame(
            f"no {what} gives every player {wanted}",
            where=repr(game),
            hint="name a lower disagreement point, with objective='nash-product'",
        )
    if over == "pure" or smallest == 0:  # 0: some player gains nothing whatever is played
        gained = _mean(gains, mixture)
        value = math.prod(gained, start=Fraction(1))
        upper = value
    else:
        mixture = largest_product(gains, mixture, _edges(gains) if game.n_players == 2 else None)
        gained = _mean(gains, mixture)
        value = math.prod(gained, start=Fraction(1))
        upper = _bound(gains, gained, value)
    return _record(game, outcomes, mixture, (objective, over, value, upper), point)


def _shown(point: Payoffs) -> str:
    return f"({', '.join(map(shown, point))})"


def _edges(gains: list[Payoffs]) -> list[int]:
    """Order the vertices of two players' Pareto frontier along it."""
    scale = math.lcm(*(u.denominator for row in gains for u in row))
    points = np.array([[int(u * scale) for u in row] for row in gains], dtype=object)
    return sorted(finish(upper_hull(points)).vertices, key=lambda k: gains[k])


def _bound(gains: list[Payoffs], gained: Payoffs, value: Fraction) -> Fraction:
    """Bound the product from above: by the mean of ratios, as a product of n is at most its power.

    For any alternative with gains h: prod(h_i / g_i) <= (sum(h_i / g_i) / n)^n, and the sum is
    linear, so it is largest at a joint action.
    """
    n = len(gained)
    largest = max(
        sum((h / g for h, g in zip(row, gained, strict=True)), Fraction(0)) for row in gains
    )
    return value * max(math.prod([largest / n] * n), Fraction(1))


def _mean(rows: list[Payoffs], mixture: dict[int, Fraction]) -> Payoffs:
    n = len(rows[0])
    return tuple(sum((p * rows[k][i] for k, p in mixture.items()), Fraction(0)) for i in range(n))


def _record(
    game: NormalFormGame,
    outcomes: _Outcomes,
    mixture: dict[int, Fraction],
    claim: tuple[str, Any, Fraction, Fraction],
    point: Payoffs = (),
) -> SocialOptimum:
    objective, over, value, upper = claim
    scale = math.lcm(*(p.denominator for p in mixture.values()))
    weights = {outcomes.joints[k]: int(p * scale) for k, p in mixture.items()}
    play = CorrelatedDistribution.from_weights(game.n_actions, weights)
    payoffs = _mean(outcomes.payoffs, mixture)
    return SocialOptimum(objective, over, play, payoffs, value, upper, point)


def _solved(search: Any, game: NormalFormGame) -> Any:
    answer = finish(search)
    if isinstance(answer, str):
        raise UnsupportedGame(f"the linear program was not solved: {answer}", where=repr(game))
    return answer
