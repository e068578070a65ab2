"""All pure Nash equilibria, by looking at every joint action.

A joint action is an equilibrium when each player's payoff is the largest of those its player
reaches by changing its own action alone. Nash (1951), "Non-cooperative games", Annals of
Mathematics 54, pages 286-295.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gametheory.algorithms.registry import Outcome, Search, register
from gametheory.games.normal_form import NormalFormGame
from gametheory.games.profiles import MixedProfile
from gametheory.solution import Status

__all__ = ["pure_enumeration"]


@register(
    "pure-enumeration",
    concepts=("pure-nash", "nash"),
    form=NormalFormGame,
    guarantee="all pure equilibria, compared exactly, in lexicographic order; none that is mixed",
    cost="one pass over the payoffs: n_players * m_1 * ... * m_n comparisons",
    source="Nash (1951), Annals of Mathematics 54",
    finds="all",
    rank=10,
)
def pure_enumeration(game: NormalFormGame) -> Search:
    """Yield every pure equilibrium, in lexicographic order of the joint actions.

    Parameters
    ----------
    game : NormalFormGame

    Yields
    ------
    MixedProfile
        Pure, with exact probabilities.

    Returns
    -------
    Outcome
        ``complete`` speaks of the pure equilibria; INFEASIBLE when there is none.

    Examples
    --------
    >>> coordination = NormalFormGame.symmetric([[1, 0], [0, 1]])
    >>> [profile.support() for profile in pure_enumeration(coordination)]
    [((0,), (0,)), ((1,), (1,))]
    """
    found = 0
    for joint_action in np.argwhere(_is_equilibrium(game)):
        found += 1
        yield MixedProfile.pure(game, joint_action.tolist())
    return Outcome(
        iterations=game.payoffs[0].size,
        complete=True,
        status=None if found else Status.INFEASIBLE,
        reason="" if found else "the game has no pure equilibrium",
    )


def _is_equilibrium(game: NormalFormGame) -> NDArray[np.bool_]:
    """Whether each joint action is an equilibrium, shape (m_1, ..., m_n)."""
    # Comparing floats is exact where they are the payoffs and not roundings of them.
    payoffs: NDArray[Any] = game.payoffs if game.payoffs_are_exact else game.exact_payoffs
    equilibrium = np.ones(game.n_actions, dtype=np.bool_)
    for player, own in enumerate(payoffs):
        equilibrium &= (own == own.max(axis=player, keepdims=True)).astype(np.bool_)
    return equilibrium
