"""Exact potential games: a common payoff plus what each player cannot influence.

Every exact potential game has this form: Monderer and Shapley (1996), "Potential games", Games and
Economic Behavior 14.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gametheory.games.normal_form import NormalFormGame
from gametheory.testing.extra import strategies
from gametheory.testing.strategies.normal_form import tensors

__all__ = ["potential_games"]

_SHAPES = ((2, 2), (2, 3), (3, 3), (2, 2, 2), (3, 2, 2))


def potential_games() -> Any:
    """Draw exact potential games of two or three players.

    Returns
    -------
    SearchStrategy of NormalFormGame

    Examples
    --------
    >>> from hypothesis import given, settings
    >>> @settings(max_examples=5, database=None)
    ... @given(potential_games())
    ... def test(game):
    ...     assert game.is_potential()
    >>> test()
    """
    st = strategies()

    def built(drawn: tuple[Any, Any]) -> NormalFormGame:
        potential, dummies = drawn
        payoffs = [
            # the entries where the player takes its first action do not depend on its action
            potential + np.take(dummy, [0], axis=player)
            for player, dummy in enumerate(dummies)
        ]
        return NormalFormGame(np.stack(payoffs))

    return (
        st.sampled_from(_SHAPES)
        .flatmap(lambda shape: st.tuples(tensors(shape), tensors((len(shape), *shape))))
        .map(built)
    )
