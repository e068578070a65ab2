"""Payoffs as the dynamics read them: between 0 and 1, whatever the game's own scale.

No dynamic here changes when a constant is added to a player's payoffs, so it is taken away
exactly, before rounding to floats: differences of payoffs are right however large the payoffs.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gametheory.games.normal_form import NormalFormGame
from gametheory.rationals import to_fraction

__all__ = ["UnitPayoffs", "unit_payoffs"]

Floats = NDArray[np.float64]

_WIDEST = 2**62  # differences above do not fit int64
_EXACT = 2**53  # integers up to here are floats


class UnitPayoffs(NamedTuple):
    """A game's payoffs, moved and scaled.

    Attributes
    ----------
    tensors : ndarray of float64, shape (n_players, m_1, ..., m_n)
        Each player's payoffs minus its lowest one, over ``unit``.
    unit : float
        The smallest power of two that is at least the largest range of a player's payoffs, in
        payoff units; 1.0 if no payoffs differ. Dividing by it rounds nothing, so that sums of
        integer payoffs over many rounds, and ties between them, are exact.
    widths : ndarray of float64, shape (n_players,)
        The range of each player's entries in ``tensors``; the largest is above 1/2, none above 1.
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
    unit = _power_of_two(max(ranges))
    tensors = np.zeros(game.payoffs.shape)
    for tensor, (numbers, denominator) in zip(tensors, moved, strict=True):
        scale = unit * denominator
        if numbers.dtype == np.int64 and int(numbers.max()) <= _EXACT and scale < _EXACT:
            tensor[...] = numbers / float(scale)
        else:
            flat = [float(to_fraction(x) / scale) for x in numbers.ravel().tolist()]
            tensor[...] = np.reshape(flat, tensor.shape)
    widths = tensors.reshape(game.n_players, -1).max(axis=1)
    return UnitPayoffs(tensors, _as_float(unit), widths)


def _power_of_two(width: Fraction) -> Fraction:
    """Find the smallest one that is at least ``width``; 1 for 0."""
    if width == 0:
        return Fraction(1)
    exponent = width.numerator.bit_length() - width.denominator.bit_length()
    power = Fraction(2) ** (exponent - 1)
    while power < width:
        power *= 2
    return power


def _as_float(unit: Fraction) -> float:
    """At most the largest power of two that a float holds."""
    return float(min(unit, Fraction(2) ** 1023))


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
