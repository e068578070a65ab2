"""Equilibria by the global Newton method: the path of a perturbed game's equilibria, followed.

1. lambda times a random ray is added to the payoffs. Where lambda is large the equilibrium is
   known: everybody takes the action the ray likes best.
2. The equilibria of all perturbed games form a manifold that is homeomorphic to the space of
   perturbations (Kohlberg and Mertens 1986, Econometrica 54), so that for almost every ray those
   above it form a path without branches, which is followed from there until lambda is -infinity.
3. Wherever lambda passes zero, the profile is an equilibrium of the game itself. Newton's method
   on its support sharpens it, and it is yielded only if its regret says so.

Govindan and Wilson (2003), "A global Newton method to compute Nash equilibria", Journal of
Economic Theory 110. Different from there: the path is parametrized by its length, with step
control and correction after each step, and changes of support are located by Newton's method.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

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
from gametheory.solution import Status

if TYPE_CHECKING:
    from gametheory.kernels.equilibrium_newton import GameArrays

__all__ = ["global_newton"]

_OPERATIONS_A_CALL = 10_000_000  # about 10 ms
_DOMINANT = 9.0  # rays are drawn so that lambda above 8 decides everything
_ZEROS = (1e-9, 1e-12, 1e-6, 1e-4)  # readings of which probabilities are zero; regret decides
_SAME = 1e-9


@register(
    "global-newton",
    concepts=("nash",),
    form=NormalFormGame,
    guarantee="an odd number of equilibria of a generic game, to within rounding; nothing that "
    "is not an equilibrium",
    cost="several linear systems of the size of the supports, and passes over the payoffs, for "
    "each of some hundred steps",
    source="Govindan and Wilson (2003), Journal of Economic Theory 110",
    rank=22,
)
def global_newton(
    game: NormalFormGame, *, seed: int = 0, restarts: int = 5, max_steps: int = 20_000
) -> Search:
    """Yield each equilibrium that the path of one ray meets.

    Parameters
    ----------
    game : NormalFormGame
    seed : int
        Determines the rays.
    restarts : int
        Further rays to try when one finds nothing, or breaks off early.
    max_steps : int
        Steps, the ones taken back included, for each ray.

    Yields
    ------
    MixedProfile or None
        None between pieces of work, and equilibria in floats, each once.

    Returns
    -------
    Outcome
        ``iterations`` counts steps. ITERATION_LIMIT or NUMERICAL_FAILURE when no ray found any.

    Examples
    --------
    >>> game = NormalFormGame.bimatrix([[3, 0], [2, 1]], [[0, 1], [1, 0]])
    >>> [profile] = [p for p in global_newton(game) if p is not None]
    >>> [strategy.round(9).tolist() for strategy in profile]
    [[0.5, 0.5], [0.5, 0.5]]
    """
    arrays, steps, limited = game_arrays(game), 0, False
    for attempt in range(restarts + 1):
        ray = draw_ray(game.n_actions, seed, attempt)
        found, made = yield from _follow(arrays, ray, max_steps)
        steps += made
        limited = limited or made >= max_steps
        if found:
            return Outcome(iterations=steps)
    return Outcome(
        iterations=steps,
        status=Status.ITERATION_LIMIT if limited else Status.NUMERICAL_FAILURE,
        reason=f"none of {restarts + 1} rays led to an equilibrium: the game is degenerate, or "
        "its payoffs are too far apart for floats",
    )


def _follow(
    arrays: GameArrays, ray: NDArray[np.float64], max_steps: int
) -> Generator[MixedProfile | None, None, tuple[int, int]]:
    """Follow one ray to its end; the number of equilibria yielded, and of steps."""
    from gametheory.kernels.global_newton import AT_ZERO, WORKING, follow_ray, new_ray_path

    path = new_ray_path(arrays, ray, favorites(arrays, ray), _DOMINANT)
    unknowns = len(path.point)
    piece = _OPERATIONS_A_CALL // (10 * (3 * arrays.payoffs.size + unknowns**3))
    found: list[NDArray[np.float64]] = []
    outcome = WORKING
    while outcome in (WORKING, AT_ZERO) and path.steps < max_steps:
        outcome = follow_ray(arrays, path, max(1, min(piece, 200)))
        if outcome == AT_ZERO:
            profile = _equilibrium(arrays, np.where(path.in_use, path.point[: len(ray)], 0.0))
            if profile is not None and all(abs(profile - p).max() > _SAME for p in found):
                found.append(profile)
                yield cut_by_player(arrays, profile)
        yield None
    return len(found), path.steps


def _equilibrium(arrays: GameArrays, near: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Sharpen a profile, whatever of it is zero; None unless that gives an equilibrium."""
    from gametheory.kernels.equilibrium_newton import polish_equilibrium

    for zero in _ZEROS:
        profile = np.where(near > zero, near, 0.0)
        if polish_equilibrium(arrays, profile) <= TOLERANCE:
            return profile
    return None
