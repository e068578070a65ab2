"""Games in normal form of any shape."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from gametheory.games.normal_form import NormalFormGame
from gametheory.testing.extra import strategies

__all__ = ["BIMATRIX_SHAPES", "SHAPES", "normal_form_games", "tensors"]

BIMATRIX_SHAPES = ((2, 2), (2, 3), (3, 2), (3, 3), (1, 2), (2, 1), (1, 1), (2, 4))
SHAPES = (*BIMATRIX_SHAPES, (3,), (2, 2, 2), (2, 1, 2), (3, 2, 2), (2, 2, 2, 2))


def tensors(shape: Sequence[int], numbers: Any = None) -> Any:
    """Draw arrays of exact numbers, object dtype.

    Parameters
    ----------
    shape : sequence of int
    numbers : strategy, optional
        What to draw the entries from; integers from -4 to 4 if left out.
    """
    st = strategies()
    size = math.prod(shape)
    entries = st.integers(-4, 4) if numbers is None else numbers

    def arranged(drawn: list[Any]) -> Any:
        array = np.empty(size, dtype=object)
        array[:] = drawn
        return array.reshape(tuple(shape))

    return st.lists(entries, min_size=size, max_size=size).map(arranged)


def normal_form_games(
    *, n_players: int | None = None, shape: Sequence[int] | None = None, numbers: Any = None
) -> Any:
    """Draw games of one to four players, some with a single action.

    Parameters
    ----------
    n_players : int, optional
        Only games of that many players, one to four.
    shape : sequence of int, optional
        Only games with these numbers of actions.
    numbers : strategy, optional
        What to draw the payoffs from; integers from -4 to 4 if left out.

    Returns
    -------
    SearchStrategy of NormalFormGame

    Raises
    ------
    MissingExtra
        If Hypothesis is not installed.

    Examples
    --------
    >>> from hypothesis import given, settings
    >>> @settings(max_examples=5, database=None)
    ... @given(normal_form_games(shape=(2, 3)))
    ... def test(game):
    ...     assert game.n_actions == (2, 3)
    >>> test()
    """
    known = [one for one in SHAPES if n_players in (None, len(one))]
    shapes = strategies().sampled_from([tuple(shape)] if shape is not None else known)
    return shapes.flatmap(lambda m: tensors((len(m), *m), numbers)).map(NormalFormGame)
