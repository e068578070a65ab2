"""Two-player zero-sum stochastic games with a few states."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from gametheory.games.stochastic_game import StochasticGame
from gametheory.testing.extra import strategies
from gametheory.testing.strategies.normal_form import tensors

__all__ = ["stochastic_games"]


def stochastic_games() -> Any:
    """Draw discounted zero-sum games of one to three states with two actions each.

    Returns
    -------
    SearchStrategy of StochasticGame

    Examples
    --------
    >>> from hypothesis import given, settings
    >>> @settings(max_examples=5, database=None)
    ... @given(stochastic_games())
    ... def test(game):
    ...     assert game.is_zero_sum()
    >>> test()
    """
    st = strategies()
    discounts = st.sampled_from([Fraction(1, 2), Fraction(3, 4), Fraction(9, 10)])

    def built(drawn: tuple[Any, Any, Fraction]) -> StochasticGame:
        rewards, weights, discount = drawn
        stages = [np.stack([A, -A]) for A in rewards]
        rows = [w + 1 for w in weights]
        odds = [
            np.vectorize(Fraction, otypes=[object])(row, row.sum(axis=-1, keepdims=True))
            for row in rows
        ]
        return StochasticGame(stages, odds, discount)

    def of_size(states: int) -> Any:
        return st.tuples(
            tensors((states, 2, 2)), tensors((states, 2, 2, states), st.integers(0, 3)), discounts
        )

    return st.integers(1, 3).flatmap(of_size).map(built)
