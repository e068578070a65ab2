"""Symmetric games: what is paid depends on the own action and on what the others do, not who."""

from __future__ import annotations

from typing import Any

from gametheory.games.normal_form import NormalFormGame
from gametheory.testing.extra import strategies
from gametheory.testing.strategies.normal_form import tensors

__all__ = ["symmetric_games"]


def symmetric_games(*, n_players: int = 2) -> Any:
    """Draw symmetric games of two to four actions (two for three players and more).

    Parameters
    ----------
    n_players : int

    Returns
    -------
    SearchStrategy of NormalFormGame

    Examples
    --------
    >>> from hypothesis import given, settings
    >>> @settings(max_examples=5, database=None)
    ... @given(symmetric_games(n_players=3))
    ... def test(game):
    ...     assert game.is_symmetric()
    >>> test()
    """
    st = strategies()
    if n_players == 2:
        sizes = st.sampled_from((2, 3, 1, 4))
        return sizes.flatmap(lambda m: tensors((m, m))).map(NormalFormGame.symmetric)

    def built(table: Any) -> NormalFormGame:
        """Pay table[own action, number of others with action 1]."""
        return NormalFormGame.from_function(
            lambda joint: [table[own, sum(joint) - own] for own in joint], (2,) * n_players
        )

    return tensors((2, n_players)).map(built)
