"""Guarantees: what a solution of the sampled game is worth in the true one.

If every mean is within epsilon of the truth, an exact equilibrium of the means is a
2 epsilon-equilibrium of the true game: Viqueira, Cousins and Greenwald (2019), "Improved algorithms
for learning equilibria in simulation-based games", arXiv:1905.13379. The intervals of the single
payoffs say more: a regret is a linear function of the payoffs, so its largest value within the
intervals takes the upper end of each payoff with a positive coefficient and the lower end of the
others. The coefficients' absolute values sum to 2 at most, so this is never worse than the
violation on the means plus 2 epsilon.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gametheory.concepts.correlated import external_regrets, swap_regrets
from gametheory.errors import InvalidProfile, UnsupportedGame
from gametheory.games.correlated_distribution import CorrelatedDistribution
from gametheory.games.profiles import MixedProfile
from gametheory.solution import Solution
from marl_bridge.figures import Figure, Side

if TYPE_CHECKING:
    from marl_bridge.empirical_game.record import EmpiricalGame

__all__ = ["EmpiricalSolution", "RegretBounds", "regret_bounds", "solve_empirical"]

Floats = NDArray[np.float64]
_CONCEPTS = ("nash", "correlated", "coarse-correlated")


@dataclass(frozen=True, slots=True)
class RegretBounds:
    """What each player can gain, in the true game, over a profile.

    Attributes
    ----------
    regrets : tuple of Figure
        Of each player: the gain on the means between its bounds.
    epsilon : Figure
        An upper bound on the largest one: the profile is an equilibrium up to that.
    nash_conv : Figure
        Of the sum of the gains; of a correlated profile their CE or CCE gap.
    uniform_epsilon : float
        The weaker bound: the gain on the means plus twice the table's ``epsilon``.
    unknown : tuple of tuple of str
        Joint policies that were never played and matter here.
    certified : bool
        Whether the bounds are guaranteed and finite.
    """

    regrets: tuple[Figure, ...]
    epsilon: Figure
    nash_conv: Figure
    uniform_epsilon: float
    unknown: tuple[tuple[str, ...], ...]
    certified: bool


@dataclass(frozen=True, slots=True)
class EmpiricalSolution:
    """Solutions of the means, and what each is worth in the true game.

    Attributes
    ----------
    solution : Solution
        As :func:`gametheory.solve` gives it.
    guarantees : tuple of RegretBounds
        Of each solution.
    """

    solution: Solution
    guarantees: tuple[RegretBounds, ...]

    @property
    def profile(self) -> Any:
        """The first solution."""
        return self.solution.profile

    @property
    def guarantee(self) -> RegretBounds:
        """The first solution's guarantee; LookupError where there is no solution."""
        if not self.guarantees:
            raise LookupError(f"no equilibrium was found: {self.solution.reason}")
        return self.guarantees[0]

    @property
    def epsilon(self) -> float:
        """The first solution is an equilibrium of the true game up to that."""
        return self.guarantee.epsilon.value

    def __str__(self) -> str:
        lines = [str(self.solution)]
        for bounds in self.guarantees[:1]:
            kind = "" if bounds.certified else " (heuristic)"
            lines.append(
                f"  in the true game: epsilon at most {bounds.epsilon.value:.3g} with probability "
                f"{bounds.epsilon.confidence:g}{kind}"
            )
        return "\n".join(lines)


def solve_empirical(
    table: EmpiricalGame, concept: str, method: str = "auto", **options: Any
) -> EmpiricalSolution:
    """Solve the game of the means and bound the solutions' regrets in the true game.

    Raises
    ------
    UnsupportedGame
        If payoffs are missing and nothing bounds them, or intervals say nothing of the concept.
    """
    from gametheory.solve import solve

    _require_known(concept)
    solution = solve(table.completed(), concept, method, **options)
    bounds = tuple(regret_bounds(table, profile, concept) for profile in solution.equilibria)
    return EmpiricalSolution(solution, bounds)


def regret_bounds(table: EmpiricalGame, profile: Any, concept: str = "nash") -> RegretBounds:
    """Bound each player's regret in the true game.

    Parameters
    ----------
    table : EmpiricalGame
    profile : MixedProfile, CorrelatedDistribution or array_like of shape ``n_actions``
        Anyone's, not only a solution.
    concept : {"nash", "correlated", "coarse-correlated"}
        Of "correlated" the regrets are those of a player that is told its policy; its bound is the
        sum of those of each policy it may be told, which need not be reached together.

    Returns
    -------
    RegretBounds
        They hold for all profiles at once, with the table's confidence: the profile may be chosen
        after the table was seen. Infinite where payoffs that matter were never played and have no
        range.

    Raises
    ------
    InvalidProfile
        If the profile is not one of this game.
    UnsupportedGame
        If intervals say nothing of the concept.
    """
    _require_known(concept)
    joint = _joint(table, profile, concept)
    swap = concept == "correlated"
    uppers, lowers = [], []
    unknown: set[tuple[int, ...]] = set()
    for player in range(len(table.players)):
        coefficients = _coefficients(joint, player, swap=swap)
        ends = _ends(coefficients, table, player)
        # Told a policy, take the best other one; without, the best of all.
        lower, upper = (rows.max(axis=1).sum() for rows in ends)
        lowers.append(max(float(lower), 0.0))
        uppers.append(max(float(upper), 0.0))
        needed = (coefficients != 0).any(axis=(0, 1)) & (table.counts[player] == 0)
        unknown.update(tuple(cell) for cell in np.argwhere(needed).tolist())
    values = _on_means(table, joint, swap=swap)
    worst = float(max(uppers))
    twice = 2.0 * table.epsilon + (float(np.max(values)) if values is not None else np.inf)
    estimates = [np.nan] * len(uppers) if values is None else values.tolist()
    return RegretBounds(
        regrets=tuple(
            _figure(table, value, low, high)
            for value, low, high in zip(estimates, lowers, uppers, strict=True)
        ),
        epsilon=_figure(table, worst, max(lowers), worst, side="upper bound"),
        nash_conv=_figure(table, float(np.sum(estimates)), sum(lowers), sum(uppers)),
        uniform_epsilon=twice,
        unknown=tuple(table.profile_names(cell) for cell in sorted(unknown)),
        certified=table.certified and bool(np.isfinite(worst)),
    )


def _figure(
    table: EmpiricalGame, value: float, lower: float, upper: float, side: Side = "estimate"
) -> Figure:
    note = "" if table.certified else "heuristic intervals: nothing is certified"
    return Figure(value, lower, upper, table.confidence, side, table.method, table.episodes, note)


def _require_known(concept: str) -> None:
    if concept not in _CONCEPTS:
        raise UnsupportedGame(
            f"intervals of payoffs do not say what {concept!r} of the means is worth",
            where="concept",
            valid=", ".join(map(repr, _CONCEPTS)),
            hint="gametheory.solve(table.game, ...) solves the means as they are",
        )


def _joint(table: EmpiricalGame, profile: Any, concept: str) -> Floats:
    """Return the distribution over joint policies."""
    shape = table.means.shape[1:]
    if isinstance(profile, MixedProfile):
        if profile.n_actions != shape:
            raise InvalidProfile(
                f"the profile has {profile.n_actions} policies", valid=f"{shape}", where="profile"
            )
        joint = np.ones(())
        for strategy in profile.strategies:
            joint = np.multiply.outer(joint, strategy)
        return joint
    if concept == "nash":
        raise InvalidProfile(
            f"a {type(profile).__name__} is no profile of independent strategies",
            where="profile",
            valid="a MixedProfile",
        )
    if isinstance(profile, CorrelatedDistribution):
        profile.check_fits(table.completed())
        profile = profile.probabilities
    joint = np.asarray(profile, dtype=np.float64)
    if joint.shape != shape or not (joint >= 0).all() or abs(joint.sum() - 1.0) > 1e-9:
        raise InvalidProfile(
            f"no distribution over joint policies, of shape {joint.shape}",
            where="profile",
            valid=f"nonnegative numbers of shape {shape} that sum to one",
        )
    return joint


def _coefficients(joint: Floats, player: int, *, swap: bool) -> Floats:
    """Return the coefficients of each gain, shape (told, taken, m_1, ..., m_n).

    ``told`` has one entry where the player decides before it is told.
    """
    own = np.moveaxis(joint, player, 0)
    size = len(own)
    told = np.zeros((size, *own.shape))
    told[np.arange(size), np.arange(size)] = own
    given = told if swap else told.sum(axis=0, keepdims=True)
    found = np.empty((len(given), size, *own.shape))
    for number, before in enumerate(given):
        for taken in range(size):
            row = -before
            # Against itself a policy gains nothing, whatever it earns: that cancels, exactly.
            row[taken] = np.delete(before, taken, axis=0).sum(axis=0)
            found[number, taken] = row
    return np.moveaxis(found, 2, player + 2)


def _ends(coefficients: Floats, table: EmpiricalGame, player: int) -> tuple[Floats, Floats]:
    """Bound each gain within the intervals, shape (told, taken); rounded outward."""
    low, high = table.lower[player], table.upper[player]
    axes = tuple(range(2, coefficients.ndim))

    def total(ends_of_gains: Floats, ends_of_losses: Floats) -> Floats:
        up, down = coefficients > 0, coefficients < 0
        terms = np.zeros_like(coefficients)
        np.multiply(coefficients, ends_of_gains, out=terms, where=up)
        np.multiply(coefficients, ends_of_losses, out=terms, where=down)
        # Rounding: of the coefficients, sums of products of up to n probabilities; of the terms;
        # and of their sum.
        steps = sum(coefficients.shape) + low.size + 8
        slack = 2.0 * steps * np.finfo(np.float64).eps * np.abs(terms).sum(axis=axes)
        sign = 1.0 if ends_of_gains is high else -1.0
        return np.asarray(terms.sum(axis=axes) + sign * slack)

    return total(low, high), total(high, low)


def _on_means(table: EmpiricalGame, joint: Floats, *, swap: bool) -> Floats | None:
    """Return the regrets on the means, None where some are missing and have no range."""
    try:
        game = table.completed()
    except UnsupportedGame:
        return None
    return swap_regrets(game, joint) if swap else external_regrets(game, joint)
