"""One equilibrium by simplicial subdivision of the product of strategy simplices.

1. Every point of a grid is labeled by an action that gains most there. From the start, a path of
   simplices whose vertices carry different labels leads to one in which, for some player, every
   action is a label or out of use: there, nobody gains more than the grid's fineness allows (van
   der Laan, Talman and van der Heyden 1987).
2. Newton's method on the actions in use turns a good approximation into the equilibrium itself.
3. Until it does, the grid is refined and the path begun anew where it ended.
"""

from __future__ import annotations

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
from gametheory.solution import Status

__all__ = ["simplicial_subdivision"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_FINEST = 2**40  # beyond it, labels are decided by rounding
_OPERATIONS_A_CALL = 1e7


@register(
    "simplicial-subdivision",
    concepts=("nash",),
    form=NormalFormGame,
    guarantee="one equilibrium, from any start: on every grid the path ends, and the ends "
    "approach equilibria as the grid is refined; only an equilibrium accurate to rounding is "
    "returned",
    cost="one pass over the payoffs for each simplex; their number grows exponentially with the "
    "number of actions in the worst case",
    source="van der Laan, Talman and van der Heyden (1987), Mathematics of Operations Research 12",
    rank=24,
)
def simplicial_subdivision(
    game: NormalFormGame, start: MixedProfile | None = None, refinement: int = 2
) -> Search:
    """Yield one equilibrium, found by a path of simplices on finer and finer grids.

    Parameters
    ----------
    game : NormalFormGame
        With any number of players.
    start : MixedProfile, optional
        Where the first path begins, rounded to the grid; left out, near uniform play. Other
        starts may lead to other equilibria.
    refinement : int
        At least 2: how many times finer each grid is than the one before.

    Yields
    ------
    MixedProfile or None
        None while the path is followed, then the equilibrium: floats accurate to rounding,
        exact zeros.

    Returns
    -------
    Outcome
        ``iterations`` counts the grid points that were labeled. ITERATION_LIMIT if no grid up
        to 2^40 led to an equilibrium.

    Raises
    ------
    InvalidProfile
        The start is not a profile of this game.
    UnsupportedGame
        The refinement is no integer of at least 2.

    Notes
    -----
    The path is the one of the integer labeling by the largest gain, with the directions of the
    Q-triangulation and without a proper labeling of the boundary: coordinates that reach zero
    are passed over by the directions until their action becomes a label.

    Examples
    --------
    >>> pennies = NormalFormGame.zero_sum([[3, -1], [-1, 1]])
    >>> search = simplicial_subdivision(pennies)
    >>> print(next(profile for profile in search if profile is not None))
    ((0.333333, 0.666667), (0.333333, 0.666667))
    """
    if isinstance(refinement, bool) or not isinstance(refinement, int) or refinement < 2:
        raise UnsupportedGame(f"refinement {refinement!r}", valid="an integer of at least 2")
    scaled = unit_game(game)
    profile = MixedProfile.uniform(game) if start is None else start
    profile.check_fits(game)
    approximation = np.concatenate(profile.strategies)
    fineness, labeled = 2 * max(game.n_actions), 0
    while fineness <= _FINEST:
        grid = _Grid(scaled, fineness, approximation)
        while grid.running():
            yield None
        labeled += grid.labeled
        if grid.broken():
            return Outcome(labeled, status=Status.NUMERICAL_FAILURE, reason="the path broke off")
        approximation = grid.center()
        solution = refine_on_support(scaled, approximation)
        if solution is not None:
            yield MixedProfile(profile_of(scaled, solution))
            return Outcome(labeled)
        fineness *= refinement
    return Outcome(
        labeled,
        status=Status.ITERATION_LIMIT,
        reason="no grid up to the finest showed which actions an equilibrium uses",
    )


class _Grid:
    """The path on one grid: the kernel's arrays, and how many points were labeled."""

    def __init__(self, game: UnitGame, fineness: int, start: Floats) -> None:
        from gametheory.kernels import simplicial_subdivision as kernel

        size = len(start)
        self.game, self.fineness, self.labeled = game, fineness, 0
        self.status = kernel.RUNNING
        self.grid = np.zeros((kernel.N_ROWS, size + 1), dtype=np.int64)
        self.state = np.zeros(kernel.STATE_LENGTH, dtype=np.int64)
        self.strategies, self.values = np.empty(size), np.empty(size)
        kernel.restart(self.grid, self.state, _rounded(game, fineness, start))
        cost = 4.0 * game.flat.payoffs.size + 10.0 * size
        self.points_a_call = max(1, int(_OPERATIONS_A_CALL / cost))

    def running(self) -> bool:
        """Do a bounded piece of work; whether there is more to do."""
        from gametheory.kernels import simplicial_subdivision as kernel

        self.status, labeled = kernel.trace(
            self.game.flat,
            self.fineness,
            self.grid,
            self.state,
            self.strategies,
            self.values,
            self.game.local.work,
            self.points_a_call,
        )
        self.labeled += labeled
        return bool(self.status == kernel.RUNNING)

    def broken(self) -> bool:
        """Whether the path ended elsewhere than at an approximate equilibrium."""
        from gametheory.kernels import simplicial_subdivision as kernel

        return bool(self.status == kernel.BROKEN)

    def center(self) -> Floats:
        """Return the barycenter of the present simplex; flat."""
        from gametheory.kernels import simplicial_subdivision as kernel

        kernel.center(self.game.flat, self.grid, self.state, self.strategies)
        return self.strategies.copy()


def _rounded(game: UnitGame, fineness: int, strategies: Floats) -> Integers:
    """Round a profile to a point of the grid; the last entry is padding."""
    point: list[int] = []
    for strategy in profile_of(game, strategies):
        scaled = strategy * fineness
        down = np.floor(scaled).astype(np.int64)
        missing = fineness - int(down.sum())
        down[np.argsort(down - scaled, kind="stable")[: max(missing, 0)]] += 1
        if missing < 0:
            down[int(np.argmax(down))] += missing
        point += down.tolist()
    return np.array([*point, 0], dtype=np.int64)
