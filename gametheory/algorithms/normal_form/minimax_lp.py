"""Minimax strategies of a two-player constant-sum game, by linear programming.

1. One linear program gives the row player's strategy; its dual variables are the column
   player's (Dantzig 1951, equivalent to von Neumann's theorem of 1928).
2. Its vertex is a pair of supports. The rational system "every action in use does equally
   well" on those supports gives the exact strategies (Shapley and Snow 1950).
3. They are accepted only if they prove each other optimal in exact arithmetic; otherwise the
   floats of step 1 are returned, and their certificate says how far they may be off.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gametheory.algorithms.normal_form.exact_kernel import (
    guarantee,
    integer_matrix,
    kernel_strategy,
)
from gametheory.algorithms.registry import Outcome, Search, register
from gametheory.games.normal_form import NormalFormGame
from gametheory.games.profiles import MixedProfile
from gametheory.solution import Status

__all__ = ["minimax_lp"]

Floats = NDArray[np.float64]

# What counts as zero, of the payoff range: first a trustful reading of the program's answer,
# then stricter and laxer ones. The exact check decides, so a wrong reading costs only time.
_ZEROS = (1e-9, 1e-12, 1e-7, 1e-5)


def _applies(game: NormalFormGame) -> str:
    if game.n_players != 2:
        return f"it needs two players and the game has {game.n_players}"
    if game.is_constant_sum():
        return ""
    return "it needs payoffs that sum to the same number in every cell, exactly"


@register(
    "minimax-lp",
    concepts=("minimax", "nash"),
    form=NormalFormGame,
    applies=_applies,
    guarantee="one minimax profile; exact rational strategies whenever the exact check of the "
    "program's supports succeeds, floats otherwise",
    cost="one linear program of m variables and n constraints, and exact linear systems of the "
    "size of the supports",
    source="Dantzig (1951), in Koopmans (ed.), Activity Analysis of Production and Allocation, "
    "pages 330-335; von Neumann (1928), Mathematische Annalen 100; Shapley and Snow (1950), in "
    "Contributions to the Theory of Games I",
    rank=5,
)
def minimax_lp(game: NormalFormGame) -> Search:
    """Yield one profile of minimax strategies.

    Parameters
    ----------
    game : NormalFormGame
        Two-player and constant-sum.

    Yields
    ------
    MixedProfile or None
        None between the attempts at exact strategies, then the profile.

    Returns
    -------
    Outcome
        ``iterations`` counts the simplex steps. NUMERICAL_FAILURE, with the solver's own words,
        if the linear program was not solved.

    Examples
    --------
    >>> pennies = NormalFormGame.zero_sum([[2, -1], [-1, 1]])
    >>> next(profile for profile in minimax_lp(pennies) if profile is not None)
    MixedProfile([[2/5, 3/5], [2/5, 3/5]])
    """
    scaled = _to_unit_range(game)
    if scaled is None:  # every profile is minimax
        yield MixedProfile.uniform(game)
        return Outcome()
    program = _solve_program(scaled)
    if not program.success:
        return Outcome(
            iterations=int(program.nit),
            status=Status.NUMERICAL_FAILURE,
            reason=f"the linear program was not solved: {program.message}",
        )
    row = _distribution(program.x[:-1])
    column = _distribution(-program.ineqlin.marginals)
    exact = yield from _exact_profile(game, scaled, row, column)
    yield exact or MixedProfile([row, column])
    return Outcome(iterations=int(program.nit))


def _to_unit_range(game: NormalFormGame) -> Floats | None:
    """Player 0's payoffs moved and scaled to [0, 1], which changes no strategy; None if all equal.

    Differences are taken before rounding where payoffs are not floats.
    """
    payoffs: NDArray[Any] = game.payoffs[0] if game.payoffs_are_exact else game.exact_payoffs[0]
    lowest, highest = payoffs.min(), payoffs.max()
    if lowest == highest:
        return None
    # Halves first: the range of floats may overflow.
    scaled: Floats = (payoffs / 2 - lowest / 2) / (highest / 2 - lowest / 2)
    return scaled.astype(np.float64)


def _solve_program(payoffs: Floats) -> Any:
    """Maximize v subject to payoffs' x >= v, sum(x) = 1, x >= 0, at a vertex."""
    from scipy.optimize import linprog

    n_rows, n_columns = payoffs.shape
    return linprog(
        np.append(np.zeros(n_rows), -1.0),
        A_ub=np.hstack([-payoffs.T, np.ones((n_columns, 1))]),
        b_ub=np.zeros(n_columns),
        A_eq=np.append(np.ones(n_rows), 0.0)[None, :],
        b_eq=[1.0],
        bounds=[(0, None)] * n_rows + [(None, None)],
        method="highs-ds",
    )


def _distribution(weights: Floats) -> Floats:
    clipped = np.clip(weights, 0.0, None)
    normalized: Floats = clipped / clipped.sum()
    return normalized


def _exact_profile(
    game: NormalFormGame, scaled: Floats, row: Floats, column: Floats
) -> Generator[None, None, MixedProfile | None]:
    """Return strategies that prove each other optimal, None if no reading of the floats does."""
    matrix = integer_matrix(game.exact_payoffs[0])
    if matrix is None:
        return None
    transposed = [[-entry for entry in line] for line in zip(*matrix, strict=True)]
    lower = upper = None  # the best exact guarantees so far, and who gives them
    for zero in _ZEROS:
        if lower is None or upper is None or lower[0] < -upper[0]:
            yield None
            lower = _better(lower, _read(matrix, scaled, row, column, zero))
            upper = _better(upper, _read(transposed, -scaled.T, column, row, zero))
        if lower and upper and lower[0] == -upper[0]:
            return MixedProfile([lower[1], upper[1]])
    return None


def _read(
    matrix: list[list[int]], payoffs: Floats, own: Floats, other: Floats, zero: float
) -> tuple[Any, Any] | None:
    """Own strategy on the supports that ``zero`` tells apart, with what it guarantees exactly."""
    received = own @ payoffs
    tight = np.flatnonzero((received <= received.min() + zero) | (other > zero))
    strategy = kernel_strategy(matrix, np.flatnonzero(own > zero), tight, own)
    return None if strategy is None else (guarantee(matrix, strategy), strategy)


def _better(first: tuple[Any, Any] | None, second: tuple[Any, Any] | None) -> Any:
    if first is None or second is None:
        return first or second
    return second if second[0] > first[0] else first
