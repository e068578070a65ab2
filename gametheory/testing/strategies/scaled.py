"""Badly scaled games: one player in millionths, another in billions, all far from zero."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from gametheory.games.extensive_form import ExtensiveFormGame
from gametheory.games.normal_form import NormalFormGame
from gametheory.testing.extra import strategies
from gametheory.testing.strategies.normal_form import BIMATRIX_SHAPES, tensors
from gametheory.testing.strategies.trees import trees
from gametheory.testing.transformations.affine import map_payoffs

__all__ = ["badly_scaled_games", "badly_scaled_trees"]

_LARGEST_POWER = 9


def badly_scaled_games(*, zero_sum: bool = False) -> Any:
    """Draw two-player games whose payoffs differ by many orders of magnitude between players.

    Payoffs are Fractions: small integers times a power of ten from 1e-9 to 1e9 for each player,
    plus a constant of such a size.

    Parameters
    ----------
    zero_sum : bool
        Whether the payoffs sum to zero.

    Returns
    -------
    SearchStrategy of NormalFormGame

    Examples
    --------
    >>> from hypothesis import given, settings
    >>> @settings(max_examples=5, database=None)
    ... @given(badly_scaled_games(zero_sum=True))
    ... def test(game):
    ...     assert game.is_zero_sum()
    >>> test()
    """
    st = strategies()

    def scaled(drawn: tuple[Any, list[tuple[Fraction, int, Fraction]]]) -> NormalFormGame:
        payoffs, maps = drawn
        for player, (scale, steps, step) in enumerate(maps):
            payoffs[player] = payoffs[player] * scale + steps * step
        return NormalFormGame.zero_sum(payoffs[0]) if zero_sum else NormalFormGame(payoffs)

    games = st.sampled_from(BIMATRIX_SHAPES).flatmap(lambda shape: tensors((2, *shape)))
    return st.tuples(games, st.lists(_maps(), min_size=2, max_size=2)).map(scaled)


def badly_scaled_trees(*, zero_sum: bool = False) -> Any:
    """Draw two-player trees with such payoffs.

    Parameters
    ----------
    zero_sum : bool
        Whether the payoffs sum to zero.

    Returns
    -------
    SearchStrategy of ExtensiveFormGame
    """
    st = strategies()

    def scaled(drawn: tuple[ExtensiveFormGame, list[tuple[Fraction, int, Fraction]]]) -> Any:
        game, maps = drawn
        (a, k, b), (c, m, d) = maps

        def mapped(row: tuple[Any, ...]) -> tuple[Any, ...]:
            own = row[0] * a + k * b
            return own, -own if zero_sum else row[1] * c + m * d

        return map_payoffs(game, mapped)

    games = trees(n_players=2, zero_sum=zero_sum)
    return st.tuples(games, st.lists(_maps(), min_size=2, max_size=2)).map(scaled)


def _maps() -> Any:
    """Draw a scale, and a constant as so many steps of a power of ten."""
    st = strategies()
    power = st.integers(-_LARGEST_POWER, _LARGEST_POWER).map(lambda k: Fraction(10) ** k)
    return st.tuples(power, st.integers(-3, 3), power)
