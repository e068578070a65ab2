"""Exact equilibria next to approximate ones.

Once it is known which actions are in use, a two-player equilibrium is a solution of linear
equations: each action in use earns its player the same. Solved in rational arithmetic, these turn
a rounded equilibrium into the exact one beside it. What comes out is only a candidate until it
has been certified, so a support that was read wrongly costs time, never truth.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gametheory.certificates.normal_form import certify_nash
from gametheory.games.normal_form import NormalFormGame
from gametheory.games.profiles import MixedProfile

__all__ = ["nearby_exact_equilibrium", "support_readings"]

_NEARBY = 1e-6
"""An exact equilibrium further than this from a float profile, in any probability, is another."""

_NOISE = 1e-9
"""Probabilities below this may be zeros that an algorithm missed."""

_TIE = 1e-9
"""Actions that miss the best payoff by less than this part of the range may be as good."""

_SIMPLE_DENOMINATOR = 1_000

# Ranks are read modulo a prime. It can only read a rank too low, and then no candidate passes.
_PRIME = 2**61 - 1


def nearby_exact_equilibrium(
    game: NormalFormGame, profile: MixedProfile, *, max_operations: float = 2e9
) -> MixedProfile | None:
    """Find the exact equilibrium that an approximate one stands for, by solving on its support.

    Parameters
    ----------
    game : NormalFormGame
    profile : MixedProfile
        An approximate equilibrium with exact zeros, or with noise below 1e-9 in their place.
    max_operations : float
        A linear solve that would take more operations than this is not begun. About
        ``k**3 * (b + log2(k))`` are needed with k actions in use and payoffs of b bits; a second
        does about 1e9 of them.

    Returns
    -------
    MixedProfile or None
        Probabilities that are exact, all within 1e-6 of the given ones, and certified: no player
        gains anything. None if none was found, which proves nothing.

    Raises
    ------
    InvalidProfile
        The profile is not one of this game.

    Notes
    -----
    With two players the equations are linear. Where they leave probabilities open, in degenerate
    games, the largest ones are taken as given. With more players they are linear if at most two
    of them mix; otherwise only equilibria in simple fractions are recognized, and
    :func:`gametheory.certificates.isolation.isolate` proves what has no rational coordinates.

    Cost: one exact linear solve for each player and one certificate.

    Examples
    --------
    >>> stag_hunt = NormalFormGame.symmetric([[4, 0], [3, 2]])
    >>> rounded = MixedProfile([[0.6666666667, 0.3333333333]] * 2)
    >>> nearby_exact_equilibrium(stag_hunt, rounded)
    MixedProfile([[2/3, 1/3], [2/3, 1/3]])
    """
    profile.check_fits(game)
    tried: list[MixedProfile] = []
    for candidate in _candidates(game, profile, max_operations):
        if candidate in tried or not _is_near(candidate, profile):
            continue
        if certify_nash(game, candidate).exact:
            return candidate
        tried.append(candidate)
    return None


def _candidates(
    game: NormalFormGame, profile: MixedProfile, max_operations: float
) -> Iterator[MixedProfile]:
    """Yield what the equilibrium may be, the likeliest first."""
    readings = support_readings(profile)
    for supports in readings:
        yield from _solved_on(game, profile, supports, max_operations)
    for supports in readings:
        yield from _simple_fractions(profile, supports)


def support_readings(profile: MixedProfile) -> list[list[NDArray[np.intp]]]:
    """Return what each player's actions in use may be: all, and those that are not just noise."""
    readings = [[np.flatnonzero(s > least) for s in profile] for least in (0.0, _NOISE)]
    same = all(len(exact) == len(clean) for exact, clean in zip(*readings, strict=True))
    return readings[:1] if same else readings


def _is_near(candidate: MixedProfile, profile: MixedProfile) -> bool:
    pairs = zip(candidate, profile, strict=True)
    return all(float(np.abs(new - old).max()) <= _NEARBY for new, old in pairs)


def _simple_fractions(
    profile: MixedProfile, supports: list[NDArray[np.intp]]
) -> Iterator[MixedProfile]:
    """Yield the profile in fractions of small denominators, if its probabilities are near some."""
    weights = []
    for strategy, support in zip(profile, supports, strict=True):
        simple = [Fraction(0)] * len(strategy)
        for action in support.tolist():
            simple[action] = Fraction(strategy[action]).limit_denominator(_SIMPLE_DENOMINATOR)
        if sum(simple) != 1:
            return
        weights.append(_numerators(simple))
    yield MixedProfile.from_weights(weights)


def _solved_on(
    game: NormalFormGame,
    profile: MixedProfile,
    supports: list[NDArray[np.intp]],
    max_operations: float,
) -> Iterator[MixedProfile]:
    """Yield solutions of the indifference equations where at most two players mix."""
    by_size = sorted(range(game.n_players), key=lambda player: -len(supports[player]))
    pair = sorted(by_size[:2])
    if len(pair) < 2 or any(len(supports[player]) > 1 for player in by_size[2:]):
        return
    choices = []
    for own, other in (pair, pair[::-1]):
        matrix = _payoff_matrix(game, own, other, supports)
        if matrix is None or _operations(matrix) > max_operations:
            return
        approximate = profile[other][supports[other]]
        choices.append(list(_indifferent(matrix, supports[own], approximate)))
    for of_second, of_first in product(*choices):
        weights = [[int(a in support) for a in range(m)] for m, support in _sized(game, supports)]
        for player, numbers in zip(pair, (of_first, of_second), strict=True):
            for action, number in zip(supports[player].tolist(), numbers, strict=True):
                weights[player][action] = number
        yield MixedProfile.from_weights(weights)


def _sized(
    game: NormalFormGame, supports: list[NDArray[np.intp]]
) -> list[tuple[int, frozenset[int]]]:
    return [(m, frozenset(s.tolist())) for m, s in zip(game.n_actions, supports, strict=True)]


def _payoff_matrix(
    game: NormalFormGame, own: int, other: int, supports: list[NDArray[np.intp]]
) -> NDArray[Any] | None:
    """Return a player's payoffs, all own actions by the other's support; the rest play as read."""
    read = game.integer_payoffs[own]
    if read is None:
        return None
    reached = [[int(support[0])] for support in supports]
    reached[own] = list(range(game.n_actions[own]))
    reached[other] = supports[other].tolist()
    tensor: NDArray[Any] = np.moveaxis(read.integers[np.ix_(*reached)], own, 0)
    return tensor.reshape(len(tensor), -1)


def _operations(matrix: NDArray[Any]) -> float:
    """Estimate the work of an exact solve: the answer's bits grow with the number of unknowns."""
    size = matrix.shape[1]
    bits = max(int(matrix.max()) - int(matrix.min()), 1).bit_length()
    return float(size) ** 3 * (bits + math.log2(size))


def _indifferent(
    matrix: NDArray[Any], support: NDArray[np.intp], approximate: NDArray[np.float64]
) -> Iterator[list[int]]:
    """Yield opponents' strategies that make all own actions in use, and those that tie, equal.

    Payoffs are taken relative to one action in use, in integers: then shifts of any size cancel
    and the common payoff drops out of the equations.
    """
    base = support[0]
    relative = matrix - matrix[base]
    payoffs = _scaled(relative) @ approximate
    tied = np.flatnonzero(payoffs >= payoffs[support].max() - _TIE)
    others = tied[~np.isin(tied, support)]
    systems = [np.concatenate([support[1:], others]), support[1:]]
    for rows in systems if others.size else systems[1:]:
        solution = _null_vector(relative[rows], approximate)
        if solution is not None:
            yield solution


def _scaled(integers: NDArray[Any]) -> NDArray[np.float64]:
    """Convert integers of any size to floats between -1 and 1."""
    largest = max(int(integers.max()), -int(integers.min()), 1)
    if integers.dtype != object:
        return integers / float(largest)
    excess = max(largest.bit_length() - 1_000, 0)
    floats: NDArray[np.float64] = (integers >> excess).astype(np.float64)
    return floats / float(largest >> excess)


def _null_vector(system: NDArray[Any], approximate: NDArray[np.float64]) -> list[int] | None:
    """Solve ``system @ x == 0`` for the ray of nonnegative integers nearest to ``approximate``.

    Independent unknowns are solved for, small ones first; what stays open is taken from
    ``approximate``. Only independent equations are used: an inconsistent system gives a vector
    that solves some of them.
    """
    order = np.argsort(approximate, kind="stable")
    size = len(order)
    if len(system) == size - 1:
        solution = _solve(system, range(size - 1), order[:-1], order[-1:], approximate)
        if solution is not None:
            return solution
    basic = order[_pivots(system[:, order])]
    equations = _pivots(system[:, basic].T)
    given = order[~np.isin(order, basic)]
    return _solve(system, equations, basic, given, approximate) if given.size else None


def _solve(
    system: NDArray[Any],
    equations: Sequence[int],
    basic: NDArray[np.intp],
    given: NDArray[np.intp],
    approximate: NDArray[np.float64],
) -> list[int] | None:
    """Solve some equations for the basic unknowns; None if singular or not nonnegative."""
    from flint import fmpz_mat

    taken = _numerators([Fraction(float(approximate[k])) for k in given])
    answer = dict(zip(given.tolist(), taken, strict=True))
    rows = system[np.array(equations, dtype=np.intp)]
    if len(rows):
        left = fmpz_mat(rows[:, basic].tolist())
        right = fmpz_mat(rows[:, given].tolist()) * fmpz_mat([[-n] for n in taken])
        try:
            solved: Any = left.solve(right)
        except ZeroDivisionError:
            return None
        numerators, scale = solved.numer_denom()
        answer = {k: n * int(scale) for k, n in answer.items()}
        answer.update(zip(basic.tolist(), map(int, numerators.entries()), strict=True))
    solution = [answer[k] for k in range(len(approximate))]
    return solution if min(solution) >= 0 else None


def _pivots(matrix: NDArray[Any]) -> list[int]:
    """Return the first maximal set of independent columns."""
    from flint import fmpz_mat, nmod_mat

    if 0 in matrix.shape:
        return []
    reduced, rank = nmod_mat(fmpz_mat(matrix.tolist()), _PRIME).rref()
    pivots, column = [], 0
    for row in range(rank):
        while int(reduced[row, column]) == 0:
            column += 1
        pivots.append(column)
        column += 1
    return pivots


def _numerators(fractions: Sequence[Fraction]) -> list[int]:
    scale = math.lcm(*(f.denominator for f in fractions))
    return [f.numerator * (scale // f.denominator) for f in fractions]
