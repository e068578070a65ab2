"""Badly scaled games: one player in millionths, another in billions, all far from zero."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from gametheory.games.normal_form import NormalFormGame
from gametheory.testing.extra import strategies
from gametheory.testing.strategies.normal_form import BIMATRIX_SHAPES, tensors

__all__ = ["badly_scaled_games"]

_LARGEST_POWER = 9


def badly_scaled_games() -> Any:
    """Draw two-player games whose payoffs differ by many orders of magnitude between players.

    Payoffs are Fractions: small integers times a power of ten from 1e-9 to 1e9 for each player,
    plus a constant of such a size.

    Returns
    -------
    SearchStrategy of NormalFormGame

    Examples
    --------
    >>> from hypothesis import find
    >>> far = find(badly_scaled_games(), lambda game: game.payoffs.max() > 1e8)
    >>> far.n_actions
    (1, 1)
    """
    st = strategies()
    power = st.integers(-_LARGEST_POWER, _LARGEST_POWER).map(lambda k: Fraction(10) ** k)
    numbers = st.tuples(power, st.integers(-3, 3), power)

    def scaled(drawn: tuple[Any, list[tuple[Fraction, int, Fraction]]]) -> NormalFormGame:
        payoffs, maps = drawn
        for player, (scale, steps, step) in enumerate(maps):
            payoffs[player] = payoffs[player] * scale + steps * step
        return NormalFormGame(payoffs)

    games = st.sampled_from(BIMATRIX_SHAPES).flatmap(lambda shape: tensors((2, *shape)))
    return st.tuples(games, st.lists(numbers, min_size=2, max_size=2)).map(scaled)
