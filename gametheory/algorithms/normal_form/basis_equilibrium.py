"""The equilibrium that a pair of bases stands for, in exact rational arithmetic.

A float algorithm that pivots is right about which actions are used and which replies are best,
long after its numbers are no longer exact. These name two square systems of equations: every
best reply earns its player the same. Solved in integers, they give an equilibrium to the last
digit; whether it is one is then checked, again in integers, so nothing rests on a float.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gametheory.games.integer_payoffs import integer_payoffs
from gametheory.games.normal_form import NormalFormGame
from gametheory.games.profiles import MixedProfile

__all__ = ["Basis", "basis_equilibrium"]

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

# A system of k equations in b-bit integers takes about k^3 b units: here, half a second.
_EXACT_WORK = 300**3 * 64
_FLOAT_REGRET = 1e-9  # of the payoff range


class Basis(NamedTuple):
    """A basis of one player's best-response polytope.

    Attributes
    ----------
    tight : ndarray of int, shape (k,)
        Replies of the opponent that are equally good.
    used : ndarray of int, shape (k,)
        The player's actions that may have positive probability.
    """

    tight: Indices
    used: Indices


def basis_equilibrium(
    game: NormalFormGame, scaled: tuple[Floats, Floats], bases: tuple[Basis, Basis]
) -> MixedProfile | None:
    """Solve for the equilibrium of a pair of bases.

    Parameters
    ----------
    game : NormalFormGame
        Two players.
    scaled : pair of ndarray
        Each player's payoffs moved and scaled to [1, 2], own actions first; used only where
        exact solving is out of reach.
    bases : pair of Basis
        One for each player's strategy.

    Returns
    -------
    MixedProfile or None
        Exact, and checked exactly. Where that would take more than about a second (supports of
        more than about 300 actions with payoffs of 53 bits), or where the payoffs have no common
        denominator of reasonable size: floats with exact zeros, whose largest regret is at most
        1e-9 of the payoff range, usually near 1e-15 of it. None if the bases are singular or
        stand for no equilibrium.

    Examples
    --------
    >>> game = NormalFormGame.bimatrix([[3, 3], [2, 5], [0, 6]], [[3, 2], [2, 6], [3, 1]])
    >>> scaled = 1 + game.payoffs[0] / 6, 1 + (game.payoffs[1].T - 1) / 5
    >>> rows, columns = np.array([1, 2]), np.array([0, 1])
    >>> basis_equilibrium(game, scaled, (Basis(columns, rows), Basis(rows, columns)))
    MixedProfile([[0, 1/3, 2/3], [1/3, 2/3]])
    """
    own, facing = bases
    A, B = _against(game, 0, facing.used), _against(game, 1, own.used)
    if A is None or B is None:
        return _float_equilibrium(scaled, bases)
    blocks = B[own.tight], A[facing.tight]
    if max(map(_exact_work, blocks)) > _EXACT_WORK:
        return _float_equilibrium(scaled, bases)
    x, y = map(_solve, blocks)
    if x is None or y is None:
        return None
    if not (_replies_best(A, y, own.used, x) and _replies_best(B, x, facing.used, y)):
        return None
    return MixedProfile.from_weights(
        [_spread(x, own.used, len(A)), _spread(y, facing.used, len(B))]
    )


def _against(game: NormalFormGame, player: int, used: Indices) -> NDArray[Any] | None:
    """Read the player's payoffs against the actions in use as integers; own actions are rows."""
    chosen = (slice(None), used) if player == 0 else (used, slice(None))
    if game.payoffs_are_exact:  # as integers that are no longer than these entries need
        read = integer_payoffs(game.payoffs[player][chosen])
        integers = None if read is None else read.integers
    else:
        whole = game.integer_payoffs[player]
        integers = None if whole is None else whole.integers[chosen]
    return integers if integers is None or player == 0 else integers.T


def _exact_work(block: NDArray[Any]) -> int:
    return len(block) ** 3 * max(int(block.max() - block.min()).bit_length(), 1)


def _solve(block: NDArray[Any]) -> list[int] | None:
    """Weights that make all payoffs in the block alike; None if they are not one strategy.

    Moved so that all entries are positive, a block whose solution is a strategy is invertible.
    """
    if len(block) == 1:
        return [1]
    from flint import fmpz_mat

    system = fmpz_mat((block - block.min() + 1).tolist())
    try:
        solution: Any = system.solve(fmpz_mat([[1]] * len(block)))
    except ZeroDivisionError:
        return None
    weights = [int(weight) for weight in solution.numer_denom()[0].entries()]
    return None if min(weights) < 0 else weights


def _replies_best(
    payoffs: NDArray[Any], weights: list[int], used: Indices, reply: list[int]
) -> bool:
    """Whether the reply's actions are best against the weights, exactly."""
    from flint import fmpz_mat

    earned = (fmpz_mat(payoffs.tolist()) * fmpz_mat([[weight] for weight in weights])).entries()
    best = max(earned)
    return all(
        earned[action] == best
        for action, weight in zip(used.tolist(), reply, strict=True)
        if weight
    )


def _spread(weights: list[int], used: Indices, size: int) -> list[int]:
    strategy = [0] * size
    for action, weight in zip(used.tolist(), weights, strict=True):
        strategy[action] = weight
    return strategy


def _float_equilibrium(
    scaled: tuple[Floats, Floats], bases: tuple[Basis, Basis]
) -> MixedProfile | None:
    """Solve in floats, with one refinement; None if a regret is more than rounding."""
    A, B = scaled
    x, y = _float_strategy(B, bases[0]), _float_strategy(A, bases[1])
    if x is None or y is None:
        return None
    for payoffs, strategy, against in ((A, x, y), (B, y, x)):
        earned = payoffs @ against
        if not earned.max() - strategy @ earned <= _FLOAT_REGRET:  # a NaN is refused, too
            return None
    return MixedProfile([x, y])


def _float_strategy(payoffs: Floats, basis: Basis) -> Floats | None:
    block = payoffs[np.ix_(basis.tight, basis.used)]
    ones = np.ones(len(block))
    try:
        weights = np.linalg.solve(block, ones)
        missing = ones - (block.astype(np.longdouble) @ weights).astype(np.float64)
        weights += np.linalg.solve(block, missing)
    except np.linalg.LinAlgError:
        return None
    strategy = np.zeros(payoffs.shape[1])
    strategy[basis.used] = np.clip(weights, 0.0, None)
    total = strategy.sum()
    return strategy / total if total > 0 else None
