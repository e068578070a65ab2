"""Maxmin strategies and security levels, by one exact linear program for each player.

The opponents count as one adversary that picks a joint action, so the value of the program is also
the minmax value against opponents that may correlate (von Neumann's theorem of 1928 for the
matrix of the player's actions by the opponents' joint actions): its dual variables are the
punishment.
"""

from __future__ import annotations

import math
from collections.abc import Generator
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gametheory.algorithms.registry import Outcome, Search, register
from gametheory.errors import InvalidProfile, UnsupportedGame
from gametheory.games.correlated_distribution import CorrelatedDistribution
from gametheory.games.normal_form import NormalFormGame
from gametheory.games.profiles import MixedProfile
from gametheory.games.security import SecurityProfile
from gametheory.linear_programs import LinearProgram, Optimum, finish, optimize
from gametheory.solution import Status

__all__ = [
    "PayoffMatrix",
    "Security",
    "maxmin_lp",
    "payoff_matrix",
    "security",
    "security_levels",
    "security_margins",
]

_FITS = 2**61  # integers of this size can be subtracted in int64


class PayoffMatrix(NamedTuple):
    """A player's payoffs as ``(entries + lowest) / denominator``.

    Attributes
    ----------
    entries : ndarray of nonnegative integers, shape (m_player, opponents' joint actions)
        The smallest is 0; the last opponent's action varies fastest.
    lowest, denominator : int
    """

    entries: NDArray[Any]
    lowest: int
    denominator: int


class Security(NamedTuple):
    """What one player can guarantee itself.

    Attributes
    ----------
    level : Fraction
        The maxmin value.
    strategy : tuple of Fraction
    punishment : CorrelatedDistribution
        Over the opponents' joint actions: against it no action earns more than the level.
    iterations : int
        Simplex steps.
    """

    level: Fraction
    strategy: tuple[Fraction, ...]
    punishment: CorrelatedDistribution
    iterations: int


def _refusal(game: NormalFormGame) -> str:
    if None in game.integer_payoffs:
        return "the payoffs have no common denominator of reasonable size"
    return ""


@register(
    "maxmin-lp",
    concepts=("maxmin",),
    form=NormalFormGame,
    applies=_refusal,
    guarantee="a maxmin strategy for every player, exactly, with the punishment by the others "
    "that proves that nothing guarantees more",
    cost="for each player one linear program with a variable for each action and a row for each "
    "joint action of the others, solved exactly",
    source="von Neumann (1928), Mathematische Annalen 100; Shoham and Leyton-Brown (2009), "
    "Multiagent Systems, section 3.4.1",
    rank=10,
)
def maxmin_lp(game: NormalFormGame) -> Search:
    """Yield one profile of maxmin strategies; any number of players.

    Parameters
    ----------
    game : NormalFormGame

    Yields
    ------
    SecurityProfile or None
        None while at work, then the profile.

    Returns
    -------
    Outcome
        ``iterations`` counts simplex steps. NUMERICAL_FAILURE, with the reason, if a linear
        program could not be solved exactly.

    Notes
    -----
    A maxmin profile is no equilibrium as a rule: each player guards against opponents who want to
    hurt it. In two-player constant-sum games it is one (the minimax theorem).

    Examples
    --------
    >>> battle = NormalFormGame.bimatrix([[2, 0], [0, 1]], [[1, 0], [0, 2]])
    >>> found = next(profile for profile in maxmin_lp(battle) if profile is not None)
    >>> print(found)
    ((1/3, 2/3), (2/3, 1/3))
    """
    strategies, punishments, iterations = [], [], 0
    for player in range(game.n_players):
        yield None
        found = yield from security(game, player)
        if isinstance(found, str):
            return Outcome(
                iterations,
                status=Status.NUMERICAL_FAILURE,
                reason=f"the linear program of {game.players[player]}: {found}",
            )
        strategies.append(found.strategy)
        punishments.append(found.punishment)
        iterations += found.iterations
    yield SecurityProfile(strategies, punishments)
    return Outcome(iterations)


def security_levels(game: NormalFormGame) -> tuple[Fraction, ...]:
    """Return every player's maxmin value, exactly: what it can guarantee itself.

    No equilibrium, correlated ones included, gives a player less; see :func:`security_margins`.

    Raises
    ------
    UnsupportedGame
        This is no game in normal form, or its payoffs are too wide for an exact linear program.

    Examples
    --------
    >>> battle = NormalFormGame.bimatrix([[2, 0], [0, 1]], [[1, 0], [0, 2]])
    >>> security_levels(battle)
    (Fraction(2, 3), Fraction(2, 3))
    """
    if not isinstance(game, NormalFormGame):
        raise UnsupportedGame(f"{game!r} is not in normal form", valid="a NormalFormGame")
    reason = _refusal(game)
    levels = []
    for player in range(0 if reason else game.n_players):
        found = finish(security(game, player))
        if isinstance(found, str):
            reason = found
            break
        levels.append(found.level)
    if reason:
        raise UnsupportedGame(f"no exact security levels: {reason}", where=repr(game))
    return tuple(levels)


def security_margins(game: NormalFormGame, profile: MixedProfile) -> tuple[Fraction, ...]:
    """Return by how much each player's expected payoff exceeds its security level, exactly.

    A negative margin proves that the profile is no Nash equilibrium: the player had better play
    its maxmin strategy.

    Raises
    ------
    InvalidProfile
        The profile is not one of this game.
    UnsupportedGame
        As for :func:`security_levels`.

    Examples
    --------
    >>> dilemma = NormalFormGame.symmetric([[2, 0], [3, 1]])
    >>> security_margins(dilemma, MixedProfile.pure(dilemma, (0, 1)))
    (Fraction(-1, 1), Fraction(2, 1))
    """
    if not isinstance(profile, MixedProfile):
        raise InvalidProfile(f"a {type(profile).__name__} is no profile", valid="a MixedProfile")
    profile.check_fits(game)
    payoffs = []
    for table in game.exact_payoffs:
        expected: Any = table
        for strategy in reversed(profile.exact):
            expected = expected @ np.array(strategy, dtype=object)
        payoffs.append(Fraction(expected))
    return tuple(p - level for p, level in zip(payoffs, security_levels(game), strict=True))


def security(game: NormalFormGame, player: int) -> Generator[None, None, Security | str]:
    """Find one player's maxmin strategy and the punishment; a str says why it failed."""
    matrix = payoff_matrix(game, player)
    answer = yield from optimize(_program(matrix))
    if isinstance(answer, str):
        return answer
    return _read(game, player, matrix, answer)


def payoff_matrix(game: NormalFormGame, player: int) -> PayoffMatrix:
    """Lay out a player's payoffs as integers, its actions by the others' joint actions."""
    read = game.integer_payoffs[player]
    if read is None:
        raise UnsupportedGame(_refusal(game), where=repr(game))
    table, denominator = read
    if table.dtype == object or int(np.abs(table).max()) >= _FITS:
        table = table.astype(object)
    lowest = int(table.min())
    rows = np.moveaxis(table, player, 0).reshape(table.shape[player], -1) - lowest
    divisor = math.gcd(*rows.ravel().tolist(), lowest, denominator)
    return PayoffMatrix(rows // divisor, lowest // divisor, denominator // divisor)


def _program(matrix: PayoffMatrix) -> LinearProgram:
    """Maximize v with v * unit <= x @ entries, sum(x) <= 1, x and v >= 0.

    Nothing is lost by the inequality: entries are nonnegative. The last variable is in units of
    the largest entry, so that its column is no larger or smaller than the others.
    """
    entries = matrix.entries
    n_actions, n_joint = entries.shape
    unit = np.full((n_joint, 1), _unit(matrix), dtype=entries.dtype)
    rows = np.hstack([-entries.T, unit])
    total = np.append(np.ones(n_actions, dtype=entries.dtype), 0)
    return LinearProgram.dense([0] * n_actions + [1], np.vstack([rows, total]), [0] * n_joint + [1])


def _unit(matrix: PayoffMatrix) -> int:
    return max(int(matrix.entries.max()), 1)


def _read(game: NormalFormGame, player: int, matrix: PayoffMatrix, answer: Optimum) -> Security:
    """Read the program's vertex as a strategy, its dual variables as the punishment."""
    level = (answer.value * _unit(matrix) + matrix.lowest) / matrix.denominator
    weights = answer.weights[:-1]
    if not any(weights):  # all guarantee the smallest payoff, so the program did not choose
        weights = [1] + [0] * (len(weights) - 1)
    duals = answer.duals[:-1]
    others = game.n_actions[:player] + game.n_actions[player + 1 :]
    joints = np.stack(np.unravel_index(np.arange(len(duals)), others), axis=-1) if others else [()]
    chosen = {tuple(map(int, joint)): y for joint, y in zip(joints, duals, strict=True) if y}
    total = sum(weights)
    return Security(
        level=Fraction(level),
        strategy=tuple(Fraction(w, total) for w in weights),
        punishment=CorrelatedDistribution.from_weights(others, chosen),
        iterations=answer.iterations,
    )
