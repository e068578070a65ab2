"""One equilibrium by iterated polymatrix approximation.

1. At the iterate the payoffs are replaced by their linear approximation. That is a polymatrix
   game: everybody plays one two-player game against each other player.
2. Its equilibria along a random ray of perturbations form a piecewise linear path, which
   complementary pivoting follows from the dominance-solvable end to the polymatrix game itself.
3. The equilibrium there is the next approximation. Once its support repeats, Newton's method
   on that support takes over, which is what step 1 and 2 amount to from then on.

Govindan and Wilson (2004), "Computing Nash equilibria by iterated polymatrix approximation",
Journal of Economic Dynamics and Control 28. Different from there: the iterate is the weighted
mean of the approximations so far, the k-th with weight proportional to k, which runs in circles
less often than the last approximation does; and a run that does not settle starts again with
another ray, and in the end with the global Newton method.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from gametheory.algorithms.normal_form.global_newton import global_newton
from gametheory.algorithms.normal_form.perturbation_rays import (
    TOLERANCE,
    cut_by_player,
    draw_ray,
    favorites,
    game_arrays,
)
from gametheory.algorithms.registry import Outcome, Search, register
from gametheory.games.normal_form import NormalFormGame
from gametheory.games.profiles import MixedProfile

if TYPE_CHECKING:
    from gametheory.kernels.equilibrium_newton import GameArrays

__all__ = ["iterated_polymatrix"]

_OPERATIONS_A_CALL = 10_000_000  # about 10 ms


@register(
    "iterated-polymatrix",
    concepts=("nash",),
    form=NormalFormGame,
    guarantee="one equilibrium to within rounding, or an honest failure; whether a run settles "
    "is not known beforehand, so several are tried, and the global Newton method after them",
    cost="a few passes over the payoffs and some tens of pivots of an M x M tableau for each "
    "approximation, M being the number of all players' actions",
    source="Govindan and Wilson (2004), Journal of Economic Dynamics and Control 28; damping by "
    "averages and restarts are this implementation's",
    rank=21,
)
def iterated_polymatrix(
    game: NormalFormGame, *, seed: int = 0, restarts: int = 20, max_iterations: int = 30
) -> Search:
    """Yield one equilibrium.

    Parameters
    ----------
    game : NormalFormGame
    seed : int
        Determines the rays.
    restarts : int
        Further rays to try when one fails, before the global Newton method is asked.
    max_iterations : int
        Polymatrix approximations for each ray.

    Yields
    ------
    MixedProfile or None
        None between pieces of work, then the equilibrium, in floats.

    Returns
    -------
    Outcome
        ``iterations`` counts the polymatrix games solved, and the global Newton method's steps
        if it failed as well: then ITERATION_LIMIT or NUMERICAL_FAILURE, as that says.

    Examples
    --------
    >>> game = NormalFormGame.bimatrix([[3, 0], [2, 1]], [[0, 1], [1, 0]])
    >>> profile = next(p for p in iterated_polymatrix(game) if p is not None)
    >>> [strategy.round(9).tolist() for strategy in profile]
    [[0.5, 0.5], [0.5, 0.5]]
    """
    arrays, iterations = game_arrays(game), 0
    for attempt in range(restarts + 1):
        ray = draw_ray(game.n_actions, seed, attempt)
        profile, made = yield from _run(arrays, ray, max_iterations)
        iterations += made
        if profile is not None:
            yield profile
            return Outcome(iterations=iterations)
    return (yield from _first_of(global_newton(game, seed=seed), iterations))


def _run(
    arrays: GameArrays, ray: NDArray[np.float64], max_iterations: int
) -> Generator[None, None, tuple[MixedProfile | None, int]]:
    """Follow one ray; the equilibrium, if any, and the number of approximations."""
    from gametheory.kernels.iterated_polymatrix import (
        FOUND,
        WORKING,
        iterate_polymatrix,
        new_path,
    )

    path = new_path(ray, favorites(arrays, ray))
    most_pivots = 500 + 30 * len(ray)
    piece = _OPERATIONS_A_CALL // (3 * arrays.payoffs.size + len(ray) * (len(ray) + 2))
    piece = max(1, min(piece, 1000))
    outcome = WORKING
    while outcome == WORKING:
        outcome = iterate_polymatrix(arrays, path, piece, max_iterations, most_pivots, TOLERANCE)
        yield None
    profile = cut_by_player(arrays, path.target) if outcome == FOUND else None
    return profile, path.iterations


def _first_of(search: Search, iterations: int) -> Search:
    """Yield what another method finds first, and nothing after it."""
    while True:
        try:
            profile = next(search)
        except StopIteration as end:
            failed: Outcome = end.value
            return replace(failed, iterations=failed.iterations + iterations)
        yield profile
        if profile is not None:
            search.close()
            return Outcome(iterations=iterations)
