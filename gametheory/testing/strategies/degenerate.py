"""Games that are degenerate on purpose: ties everywhere, and actions that exist twice."""

from __future__ import annotations

from typing import Any

import numpy as np

from gametheory.games.normal_form import NormalFormGame
from gametheory.testing.extra import strategies
from gametheory.testing.strategies.normal_form import tensors

__all__ = ["degenerate_games"]


def degenerate_games() -> Any:
    """Draw two-player games with payoffs 0 and 1 whose actions may be copies of one another.

    Such games have continua of equilibria, best responses outside of supports, and ties that
    pivoting rules have to break.

    Returns
    -------
    SearchStrategy of NormalFormGame

    Examples
    --------
    >>> from hypothesis import given, settings
    >>> @settings(max_examples=5, database=None)
    ... @given(degenerate_games())
    ... def test(game):
    ...     assert set(game.payoffs.ravel()) <= {0, 1}
    >>> test()
    """
    st = strategies()

    def copied(drawn: tuple[Any, list[int], list[int]]) -> NormalFormGame:
        payoffs, rows, columns = drawn
        return NormalFormGame(payoffs[np.ix_((0, 1), rows, columns)])

    which = st.lists(st.integers(0, 1), min_size=2, max_size=3)
    return st.tuples(tensors((2, 2, 2), st.integers(0, 1)), which, which).map(copied)
