"""What the methods that follow a ray of perturbed games share.

A ray pays each player something for each action, whatever the others do; lambda times the ray
is added to the payoffs. For large lambda the game is solved by dominance, at lambda = 0 it is
the game itself, and between the two there is a path of equilibria.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gametheory.games.normal_form import NormalFormGame
from gametheory.games.profiles import MixedProfile

if TYPE_CHECKING:
    from gametheory.kernels.equilibrium_newton import GameArrays

__all__ = ["TOLERANCE", "cut_by_player", "draw_ray", "favorites", "game_arrays", "unit_payoffs"]

Floats = NDArray[np.float64]

TOLERANCE = 1e-13
"""Regret, of each player's own payoff range, up to which a profile counts as an equilibrium."""

_OVERFLOW = 2.0**1022


def unit_payoffs(game: NormalFormGame) -> Floats:
    """Return each player's payoffs, flat, moved and scaled to [0, 1]; zeros where all are equal.

    Differences are taken exactly, or rounded once, before anything else is.

    Returns
    -------
    ndarray of float64, shape (n, m_1 * ... * m_n)

    Examples
    --------
    >>> unit_payoffs(NormalFormGame([[10**17, 10**17 + 4, 10**17 + 1]]))
    array([[0.  , 1.  , 0.25]])
    """
    if game.payoffs_are_exact:
        floats = game.payoffs.reshape(game.n_players, -1)
        if np.abs(floats).max() >= _OVERFLOW:
            floats = floats / 2
        return _over_largest(floats - floats.min(axis=1, keepdims=True))
    rows = []
    for player, integers in enumerate(game.integer_payoffs):
        numbers = (game.exact_payoffs[player] if integers is None else integers.integers).reshape(
            1, -1
        )
        rows.append(_over_largest(numbers - numbers.min()))
    return np.concatenate(rows)


def _over_largest(moved: NDArray[Any]) -> Floats:
    largest = moved.max(axis=1, keepdims=True)
    scaled: Floats = (moved / np.where(largest > 0, largest, 1)).astype(np.float64)
    return scaled


def game_arrays(game: NormalFormGame) -> GameArrays:
    """Lay a game out for the kernels, each player's payoffs scaled to [0, 1]."""
    from gametheory.kernels.equilibrium_newton import GameArrays

    payoffs = unit_payoffs(game)
    offsets = np.concatenate([[0], np.cumsum(game.n_actions)]).astype(np.int64)
    size = int(offsets[-1])
    return GameArrays(
        payoffs,
        offsets,
        values=np.zeros(size),
        jacobian=np.zeros((size, size)),
        work=np.zeros((4, payoffs.shape[1])),
    )


def draw_ray(n_actions: tuple[int, ...], seed: int, attempt: int) -> Floats:
    """Draw a flat ray with one favorite action and one least liked action for each player.

    Both stand apart from the player's other actions by at least 1/8: as unit payoffs differ by
    at most one, the game is solved by dominance wherever lambda is above 8 or below -8.
    """
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(attempt,)))
    drawn = rng.random(sum(n_actions))
    ray = 0.25 + 0.5 * drawn
    start = 0
    for size, scale in zip(n_actions, rng.uniform(0.5, 1.0, len(n_actions)).tolist(), strict=True):
        own = slice(start, start + size)
        if size > 1:
            ray[start + int(drawn[own].argmin())] = 0.0
            ray[start + int(drawn[own].argmax())] = 1.0
        ray[own] *= scale
        start += size
    return ray


def favorites(arrays: GameArrays, ray: Floats) -> Floats:
    """Return the flat profile in which everybody takes the action that the ray likes best."""
    profile = np.zeros_like(ray)
    for start, end in zip(arrays.offsets[:-1].tolist(), arrays.offsets[1:].tolist(), strict=True):
        profile[start + int(np.argmax(ray[start:end]))] = 1.0
    return profile


def cut_by_player(arrays: GameArrays, strategies: Floats) -> MixedProfile:
    """Turn a flat profile into one with a vector for each player."""
    return MixedProfile(np.split(strategies, arrays.offsets[1:-1]))
