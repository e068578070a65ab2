"""Two-player zero-sum games, symmetric ones among them."""

from __future__ import annotations

from typing import Any

from gametheory.games.normal_form import NormalFormGame
from gametheory.testing.extra import strategies
from gametheory.testing.strategies.normal_form import BIMATRIX_SHAPES, tensors

__all__ = ["zero_sum_games"]


def zero_sum_games(*, skew_symmetric: bool = False) -> Any:
    """Draw two-player zero-sum games.

    Parameters
    ----------
    skew_symmetric : bool
        Only matrices with A' = -A, in which both players are in the same position.

    Returns
    -------
    SearchStrategy of NormalFormGame

    Examples
    --------
    >>> from hypothesis import given, settings
    >>> @settings(max_examples=5, database=None)
    ... @given(zero_sum_games(skew_symmetric=True))
    ... def test(game):
    ...     assert game.is_symmetric()
    >>> test()
    """
    st = strategies()
    if skew_symmetric:
        square = st.sampled_from((2, 3, 4)).flatmap(lambda m: tensors((m, m)))
        return square.map(lambda A: NormalFormGame.zero_sum(A - A.T))
    shapes = st.sampled_from((*BIMATRIX_SHAPES, (4, 3)))
    return shapes.flatmap(tensors).map(NormalFormGame.zero_sum)
