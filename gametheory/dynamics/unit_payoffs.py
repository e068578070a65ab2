"""Payoffs as the dynamics read them: between 0 and 1, whatever the game's own scale.

No dynamic here changes when a constant is added to a player's payoffs, so it is taken away
exactly, before rounding to floats: differences of payoffs are right however large the payoffs.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gametheory.games.normal_form import NormalFormGame
from gametheory.rationals import to_fraction

__all__ = ["UnitPayoffs", "unit_payoffs"]

Floats = NDArray[np.float64]

_WIDEST = 2**62  # differences above do not fit int64


class UnitPayoffs(NamedTuple):
    """A game's payoffs, moved and scaled.

    Attributes
    ----------
    tensors : ndarray of float64, shape (n_players, m_1, ..., m_n)
        Each player's payoffs minus its lowest one, over ``unit``.
    unit : float
        The largest range of a player's payoffs, in payoff units; 1.0 if no payoffs differ.
    widths : ndarray of float64, shape (n_players,)
        The range of each player's entries in ``tensors``, at most 1.
    """

    tensors: Floats
    unit: float
    widths: Floats


def unit_payoffs(game: NormalFormGame) -> UnitPayoffs:
    """Move each player's lowest payoff to 0 and scale all payoffs by one number.

    Examples
    --------
    >>> game = NormalFormGame.bimatrix([[10**17, 10**17 + 4]], [[0, 1]])
    >>> unit_payoffs(game)
    UnitPayoffs(tensors=array([[[0.  , 1.  ]],
           [[0.  , 0.25]]]), unit=4.0, widths=array([1.  , 0.25]))
    """
    moved = [_from_zero(game, player) for player in range(game.n_players)]
    ranges = [to_fraction(numbers.max()) / denominator for numbers, denominator in moved]
    unit = max(ranges) or 1
    tensors = np.zeros(game.payoffs.shape)
    widths = np.array([float(width / unit) for width in ranges])
    for tensor, (numbers, _), width in zip(tensors, moved, widths, strict=True):
        if width:
            tensor[...] = (numbers / numbers.max()).astype(np.float64) * width
    largest = np.finfo(np.float64).max
    return UnitPayoffs(tensors, float(min(unit, to_fraction(largest))), widths)


def _from_zero(game: NormalFormGame, player: int) -> tuple[NDArray[Any], int]:
    """One player's payoffs minus the lowest, exactly: numbers over a denominator."""
    exact = game.integer_payoffs[player]
    if exact is None:  # an absurd common denominator
        fractions = game.exact_payoffs[player]
        return fractions - fractions.min(), 1
    integers = exact.integers
    if integers.dtype == np.int64 and int(integers.max()) - int(integers.min()) > _WIDEST:
        integers = integers.astype(object)
    return integers - integers.min(), exact.denominator
