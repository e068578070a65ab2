"""The principal branch of the logit correspondence, and the equilibrium it leads to.

1. At rationality 0 everybody mixes evenly. From there the logit equilibria form a curve, for
   almost all games a smooth one that ends at a Nash equilibrium as the rationality grows
   without bound (McKelvey and Palfrey 1995).
2. The curve is followed in log probabilities, by predictor and corrector steps along its arc, so
   that it may turn back in the rationality (Turocy 2005).
3. Where the rationality is large, the actions in use stand out; Newton's method on them alone
   gives the limit itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gametheory.algorithms.normal_form.unit_game import (
    UnitGame,
    profile_of,
    refine_on_support,
    unit_game,
)
from gametheory.algorithms.registry import Outcome, Search, register
from gametheory.errors import UnsupportedGame
from gametheory.games.normal_form import NormalFormGame
from gametheory.games.profiles import MixedProfile
from gametheory.games.quantal_response import LogitEquilibrium
from gametheory.solution import Status

__all__ = ["logit_branch", "logit_equilibrium", "logit_path"]

Floats = NDArray[np.float64]

_SOURCE = (
    "McKelvey and Palfrey (1995), Games and Economic Behavior 10; Turocy (2005), Games and "
    "Economic Behavior 51"
)
_COST = (
    "usually 30 to 150 steps, each two or three passes over the payoffs and as many linear "
    "systems with one unknown an action"
)

# Rationalities are per payoff range here. Polishing begins at the first one; should it fail, as
# where an action is neither clearly used nor clearly not, it is tried again further on.
_POLISHING = (1e6, 1e7, 1e8, 1e9)
_LATE = 1e3  # from here on, a branch that numerical trouble ends is close to its limit
_LARGEST_RATIONALITY = 1e6
_MOST_STEPS = 20_000
_MOST_CHANGE = 0.25
_OPERATIONS_A_CALL = 1e7


@register(
    "logit-path",
    concepts=("nash",),
    form=NormalFormGame,
    guarantee="one equilibrium, the limit of the principal branch of logit equilibria; for almost "
    "all games the branch has one, and numerical trouble is reported",
    cost=_COST,
    source=_SOURCE,
    rank=23,
)
def logit_path(game: NormalFormGame) -> Search:
    """Yield the Nash equilibrium in which the principal branch of logit equilibria ends.

    Parameters
    ----------
    game : NormalFormGame
        With any number of players.

    Yields
    ------
    MixedProfile or None
        None while the branch is followed, then the equilibrium: floats accurate to rounding,
        exact zeros.

    Returns
    -------
    Outcome
        ``iterations`` counts the steps along the branch; NUMERICAL_FAILURE or ITERATION_LIMIT,
        with the place, if it could not be followed to its end.

    Notes
    -----
    The limit selects one equilibrium of each generic game, which need not be the one other
    methods find. At a bifurcation, as in games with symmetries, the branch is continued straight
    on.

    Examples
    --------
    >>> stag_hunt = NormalFormGame.symmetric([[4, 0], [3, 2]])
    >>> next(profile for profile in logit_path(stag_hunt) if profile is not None)
    MixedProfile([[0, 1], [0, 1]])
    """
    scaled = unit_game(game)
    path = _Path(scaled, _MOST_CHANGE)
    for rationality in _POLISHING:
        for _ in path.follow(rationality):
            yield None
        if path.rationality >= _LATE:
            solution = refine_on_support(scaled, path.strategies())
            if solution is not None:
                yield MixedProfile(profile_of(scaled, solution))
                return path.outcome()
        if path.trouble():
            return path.outcome()
    yield MixedProfile(profile_of(scaled, path.strategies()))
    return path.outcome("the limit's support does not stand out, so a late point stands for it")


@register(
    "logit-equilibrium",
    concepts=("logit-qre",),
    form=NormalFormGame,
    guarantee="the first logit equilibrium of the rationality asked for on the principal branch",
    cost=_COST,
    source=_SOURCE,
    rank=23,
)
def logit_equilibrium(game: NormalFormGame, rationality: float | None = None) -> Search:
    """Yield the logit equilibrium of one rationality.

    Parameters
    ----------
    game : NormalFormGame
    rationality : float, optional
        What payoffs, in the game's own units, are multiplied by. Left out, one over the largest
        range of a player's payoffs: the best action is then at most e = 2.718 times as likely
        as the worst one.

    Yields
    ------
    LogitEquilibrium or None

    Returns
    -------
    Outcome
        ``iterations`` counts the steps along the branch.

    Raises
    ------
    UnsupportedGame
        The rationality is not a finite number of at least 0.

    Examples
    --------
    >>> dilemma = NormalFormGame.symmetric([[2, 0], [3, 1]])
    >>> search = logit_equilibrium(dilemma, rationality=1.0)
    >>> next(point for point in search if point is not None)
    LogitEquilibrium([[0.268941, 0.731059], [0.268941, 0.731059]], rationality=1.0)
    """
    scaled = unit_game(game)
    wanted = 1.0 / _unit(scaled) if rationality is None else _checked(rationality, "rationality")
    if wanted <= 0.0:
        yield LogitEquilibrium.uniform(game)
        return Outcome()
    path = _Path(scaled, _MOST_CHANGE)
    for _ in path.follow(_in_units(scaled, wanted)):
        yield None
    if not path.trouble():
        yield LogitEquilibrium(profile_of(scaled, path.strategies()), wanted)
    return path.outcome()


@register(
    "logit-branch",
    concepts=("logit-qre",),
    form=NormalFormGame,
    guarantee="points of the principal branch, in order from the uniform profile on; other "
    "branches are not looked for",
    cost=_COST + ", more for a fine resolution",
    source=_SOURCE,
    rank=24,
    finds="all",
)
def logit_branch(
    game: NormalFormGame,
    max_rationality: float | None = None,
    rationality: float | None = None,
    resolution: float = 0.05,
) -> Search:
    """Yield the principal branch of logit equilibria, from the uniform profile on.

    Parameters
    ----------
    game : NormalFormGame
    max_rationality : float, optional
        Where to end, per unit of the game's own payoffs; left out, a million over the largest
        range of a player's payoffs.
    rationality : float, optional
        Yield only the branch's first equilibrium of this rationality.
    resolution : float
        Largest change of a probability between neighboring points.

    Yields
    ------
    LogitEquilibrium or None
        The first one exactly uniform, of rationality 0. The rationality need not increase all
        the way: the branch may turn.

    Returns
    -------
    Outcome
        ``reason`` says how far it was followed, and of bifurcations on the way. Never complete:
        there may be other equilibria of the same rationality.

    Raises
    ------
    UnsupportedGame
        A rationality that is not a finite number of at least 0, or a resolution not in (0, 1].

    Examples
    --------
    >>> pennies = NormalFormGame.zero_sum([[2, -1], [-1, 1]])
    >>> points = [point for point in logit_branch(pennies) if point is not None]
    >>> points[0]
    LogitEquilibrium([[1/2, 1/2], [1/2, 1/2]], rationality=0.0)
    >>> points[-1]
    LogitEquilibrium([[0.4, 0.6], [0.4, 0.6]], rationality=333333.3333333333)
    """
    if not 0.0 < resolution <= 1.0:
        raise UnsupportedGame(f"resolution {resolution!r}", valid="a number above 0, at most 1")
    if rationality is not None:
        return (yield from logit_equilibrium(game, rationality))
    scaled = unit_game(game)
    end = min(_LARGEST_RATIONALITY / _unit(scaled), float(np.finfo(np.float64).max))
    if max_rationality is not None:
        end = _checked(max_rationality, "max_rationality")
    yield LogitEquilibrium.uniform(game)
    path = _Path(scaled, resolution)
    for points in path.follow(_in_units(scaled, end)):
        yield None
        for point in points:
            at = min(float(point[-1]) / _unit(scaled), end)
            yield LogitEquilibrium(profile_of(scaled, np.exp(point[:-1])), at)
    how_far = path.rationality / _unit(scaled)
    return path.outcome(
        f"the principal branch up to rationality {how_far:.6g}; other branches were not looked for"
    )


class _Path:
    """A branch being followed: the kernel's arrays, and how many steps were taken."""

    def __init__(self, game: UnitGame, most_change: float) -> None:
        from gametheory.kernels import logit_path as kernel

        offsets, payoffs = game.flat.offsets, game.flat.payoffs
        size = int(offsets[-1])
        self.game = game
        self.steps = 0
        self.path = np.zeros((6, size + 1))
        self.path[0, :-1] = -np.log(np.repeat(np.diff(offsets), np.diff(offsets)))
        self.state = np.zeros(kernel.STATE_LENGTH)
        self.state[kernel.MOST_CHANGE] = most_change
        cost = 10.0 * len(payoffs) * payoffs.size + 3.0 * size**3
        self.attempts = int(np.clip(_OPERATIONS_A_CALL / cost, 1, 256))

    def follow(self, rationality: float) -> Iterator[Floats]:
        """Yield the points reached in bounded pieces of work, until a rationality is reached."""
        from gametheory.kernels import logit_path as kernel

        trail = np.empty((self.attempts, self.path.shape[1]))
        while self.path[0, -1] < rationality and not self.trouble():
            reached = kernel.advance(
                self.game.flat,
                self.path,
                self.state,
                trail,
                self.game.local,
                self.game.system,
                rationality,
                self.attempts,
            )
            self.steps += reached
            yield trail[:reached]

    @property
    def rationality(self) -> float:
        """Where the path has come to, per payoff range."""
        return float(self.path[0, -1])

    def strategies(self) -> Floats:
        """Probabilities at the present point; flat."""
        odds: Floats = np.exp(self.path[0, :-1])
        return np.concatenate(profile_of(self.game, odds))

    def trouble(self) -> Status | None:
        """Why the path cannot be followed further, None if it can."""
        from gametheory.kernels import logit_path as kernel

        if self.state[kernel.STALLED]:
            return Status.NUMERICAL_FAILURE
        return Status.ITERATION_LIMIT if self.steps >= _MOST_STEPS else None

    def outcome(self, reason: str = "") -> Outcome:
        """How it ended, and what was met on the way."""
        from gametheory.kernels import logit_path as kernel

        unit, status = _unit(self.game), self.trouble()
        remarks = [reason] if reason else []
        if status is Status.NUMERICAL_FAILURE:
            remarks = [f"no step leads on from rationality {self.rationality / unit:.6g}"]
        elif status is Status.ITERATION_LIMIT:
            at = self.rationality / unit
            remarks = [f"after {self.steps} steps the branch is at rationality {at:.6g}"]
        if self.state[kernel.BIFURCATIONS]:
            count, at = int(self.state[kernel.BIFURCATIONS]), self.state[kernel.BIFURCATION_AT]
            remarks.append(
                f"the branch bifurcates near rationality {at / unit:.6g}"
                + (f" and {count - 1} times before" if count > 1 else "")
                + " and was continued straight on"
            )
        return Outcome(iterations=self.steps, status=status, reason="; ".join(remarks))


def _unit(game: UnitGame) -> float:
    """Return the payoff range; 1 where it is zero, as any rationality then is like any other."""
    return float(game.unit) or 1.0


def _in_units(game: UnitGame, rationality: float) -> float:
    """Convert a rationality per unit of the game's payoffs to one per payoff range."""
    return float(Fraction(rationality) * (game.unit or 1))


def _checked(rationality: Any, name: str) -> float:
    number = float(rationality)
    if not 0.0 <= number < np.inf:
        raise UnsupportedGame(f"{name} {rationality!r}", valid="a finite number, 0 or larger")
    return number
