"""Minimax strategies of a two-player constant-sum game, by linear programming.

1. One linear program gives the row player's strategy; its dual variables are the column
   player's (Dantzig 1951, equivalent to von Neumann's theorem of 1928).
2. From the supports of its vertex on, find the exact strategies: :mod:`.exact_kernel`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gametheory.algorithms.normal_form.matrix_game import (
    Vertex,
    distribution,
    exact_or_float,
    refusal,
    scaled_payoffs,
)
from gametheory.algorithms.registry import Outcome, Search, register
from gametheory.games.normal_form import NormalFormGame
from gametheory.games.profiles import MixedProfile
from gametheory.solution import Status

__all__ = ["minimax_lp"]

Floats = NDArray[np.float64]

_ZERO = 1e-9  # of a probability, in what the program returns; the exact end repairs misreadings


@register(
    "minimax-lp",
    concepts=("minimax", "nash"),
    form=NormalFormGame,
    applies=refusal,
    guarantee="one minimax profile; exact rational strategies, always with up to 40 actions in "
    "all and otherwise unless that is predicted to take more than ten seconds",
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
        None while at work, then the profile.

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
    scaled = scaled_payoffs(game)
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
    row, column = distribution(program.x[:-1]), distribution(-program.ineqlin.marginals)
    vertex = Vertex(row, column, np.flatnonzero(row > _ZERO), np.flatnonzero(column > _ZERO))
    yield (yield from exact_or_float(game, vertex))
    return Outcome(iterations=int(program.nit))


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
