"""Roots of the indifference equations on one support, to any precision, and exactly if rational.

Floats find a root and prove that it is the only one in a small box; here it is refined in
integer arithmetic with the float inverse of the Jacobian, about fifty bits a step.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gametheory.games.normal_form import NormalFormGame

__all__ = ["ExactRoot", "SupportSystem", "keeps_apart", "unit_payoffs"]

_BITS = 144  # a rational root is found exactly if its denominators are below 2^64
_STEPS_WITHOUT_GAIN = 3


class ExactRoot(NamedTuple):
    """A root in order of the system's actions.

    Attributes
    ----------
    strategies : tuple of tuple of Fraction
        Probabilities of the actions in each support.
    gains : tuple of Fraction
        What actions outside the supports pay more than those inside, of the payoff range.
    error : Fraction
        Bound on the error of every figure; zero if the root is rational and found exactly.
    """

    strategies: tuple[tuple[Fraction, ...], ...]
    gains: tuple[Fraction, ...]
    error: Fraction


def unit_payoffs(game: NormalFormGame) -> NDArray[np.float64]:
    """Return payoffs moved and scaled to [0, 1] for each player, shape (n, m_1 * ... * m_n).

    Differences are taken exactly, before rounding: each entry is within 2^-51 of its exact
    value, and equal payoffs stay equal.

    Examples
    --------
    >>> unit_payoffs(NormalFormGame.symmetric([[10**30, 10**30 + 2], [10**30 + 1, 10**30]]))
    array([[0. , 1. , 0.5, 0. ],
           [0. , 0.5, 1. , 0. ]])
    """
    return np.stack([_to_unit(_exact(game, player)) for player in range(game.n_players)])


def keeps_apart(game: NormalFormGame, unit: NDArray[np.float64]) -> bool:
    """Whether payoffs that differ exactly still differ in ``unit_payoffs(game)``."""
    return all(
        len(np.unique(unit[player])) == len(set(_exact(game, player).ravel().tolist()))
        for player in range(game.n_players)
    )


def _exact(game: NormalFormGame, player: int) -> NDArray[Any]:
    integers = game.integer_payoffs[player]
    return game.exact_payoffs[player] if integers is None else integers.integers


def _to_unit(payoffs: NDArray[Any]) -> NDArray[np.float64]:
    flat = payoffs.ravel()
    lowest, highest = flat.min(), flat.max()
    if lowest == highest:
        return np.zeros(len(flat))
    moved = flat - lowest
    if moved.dtype == object:
        return np.array([float(x / (highest - lowest)) for x in moved.tolist()])
    unit: NDArray[np.float64] = moved.astype(np.float64) / float(highest - lowest)
    return unit


class SupportSystem:
    """The indifference equations on one support, in exact arithmetic.

    Parameters
    ----------
    game : NormalFormGame
    order : sequence of sequences of int
        Each player's actions, those of the support first.
    size : sequence of int
        How many are in the support.
    """

    def __init__(
        self, game: NormalFormGame, order: Sequence[Sequence[int]], size: Sequence[int]
    ) -> None:
        self.size = tuple(size)
        self.gains: list[NDArray[Any]] = []  # against the first action, own axis first
        self.ranges: list[Any] = []
        for player in range(game.n_players):
            payoffs = _exact(game, player).astype(object)
            inside = [list(o[:k]) for o, k in zip(order, size, strict=True)]
            inside[player] = list(order[player])
            tensor = np.moveaxis(payoffs[np.ix_(*inside)], player, 0)
            self.gains.append(tensor[1:] - tensor[:1])
            self.ranges.append((payoffs.max() - payoffs.min()) or 1)

    def solve(self, point: NDArray[np.float64], inverse: NDArray[np.float64]) -> ExactRoot | None:
        """Refine a root from floats.

        Parameters
        ----------
        point : ndarray, shape (sum of size,)
            Near a root that is proven to be isolated, with a Krawczyk factor below 0.99.
        inverse : ndarray, shape (sum of size, sum of size)
            Of the Jacobian there, for payoffs of range one; for each player its first equation
            says that probabilities sum to one, the others that its actions pay alike.

        Returns
        -------
        ExactRoot or None
            None if the refinement stalls.
        """
        exact = self._linear()
        if exact is None:
            refined = self._refine(point, inverse, _BITS)
            if refined is None:
                return None
            exact = self._rational(refined, _BITS)
            if exact is None:
                strategies = self._split(refined)
                return ExactRoot(strategies, self._outside(strategies), Fraction(1, 1 << 120))
        return ExactRoot(exact, self._outside(exact), Fraction(0))

    def _linear(self) -> tuple[tuple[Fraction, ...], ...] | None:
        """Solve exactly if only two players mix: the equations of one are linear in the other."""
        mixing = [player for player, size in enumerate(self.size) if size > 1]
        if len(mixing) != 2 or not all(isinstance(r, int) for r in self.ranges):
            return None
        from flint import fmpz_mat

        strategies: list[tuple[Fraction, ...]] = [(Fraction(1),)] * len(self.size)
        for own, other in (mixing, mixing[::-1]):
            size = self.size[own]
            alike = self.gains[own][: size - 1].reshape(size - 1, size).tolist()
            right = fmpz_mat([[0]] * (size - 1) + [[1]])
            try:
                solution = fmpz_mat([*alike, [1] * size]).solve(right)
            except ZeroDivisionError:
                return None
            strategies[other] = tuple(
                Fraction(int(solution[k, 0].p), int(solution[k, 0].q)) for k in range(size)
            )
        return tuple(strategies)

    def _refine(
        self, point: NDArray[np.float64], inverse: NDArray[np.float64], bits: int
    ) -> list[Fraction] | None:
        """Newton's method with one inverse; probabilities are integers over a power of two."""
        scale = 1 << (bits + 32)
        current = [round(math.ldexp(x, 60)) * scale >> 60 for x in point.tolist()]
        good, stalled = 40, 0  # bits that are right
        while stalled < _STEPS_WITHOUT_GAIN:
            residual = self._residual(self._split(current), [scale] * len(self.size))
            step = inverse @ [_shifted(x, good, y) for x, y in residual]
            for k, change in enumerate(step.tolist()):
                current[k] -= round(math.ldexp(change, 60)) * (scale >> good) >> 60
            largest = float(np.abs(step).max())
            reached = good - int(np.frexp(largest)[1]) if largest else bits
            if reached >= bits:
                return [Fraction(x, scale) for x in current]
            stalled = 0 if reached > good + 8 else stalled + 1
            good = max(good, reached)
        return None

    def _rational(
        self, refined: list[Fraction], bits: int
    ) -> tuple[tuple[Fraction, ...], ...] | None:
        """Read simple fractions from the digits, if they solve the equations exactly."""
        rational = []
        for x in refined:
            near = x.limit_denominator(1 << (bits // 2 - 8))
            if abs(near - x) * (1 << (bits - 16)) > 1:
                return None
            rational.append(near)
        strategies = self._split(rational)
        solves = not any(x for x, _ in self._residual(*_integers(strategies)))
        return strategies if solves else None

    def _split(self, flat: Sequence[Any]) -> tuple[tuple[Any, ...], ...]:
        ends = np.cumsum(self.size).tolist()
        return tuple(tuple(flat[e - k : e]) for e, k in zip(ends, self.size, strict=True))

    def _expected(
        self, player: int, numerators: Sequence[Sequence[int]], denominators: Sequence[int]
    ) -> list[tuple[Any, Any]]:
        """Gains of the player's actions, as numerator and denominator, of the payoff range."""
        tensor, divisor = self.gains[player], self.ranges[player]
        for other in range(len(self.size) - 1, -1, -1):
            if other != player:
                tensor = tensor @ np.array(numerators[other], dtype=object)
                divisor = divisor * denominators[other]
        return [(gain, divisor) for gain in tensor.tolist()]

    def _residual(
        self, numerators: Sequence[Sequence[int]], denominators: Sequence[int]
    ) -> list[tuple[Any, Any]]:
        residual: list[tuple[Any, Any]] = []
        for player, size in enumerate(self.size):
            total = denominators[player]
            residual.append((sum(numerators[player]) - total, total))
            residual += self._expected(player, numerators, denominators)[: size - 1]
        return residual

    def _outside(self, strategies: tuple[tuple[Fraction, ...], ...]) -> tuple[Fraction, ...]:
        integers = _integers(strategies)
        return tuple(
            Fraction(gain) / divisor
            for player, size in enumerate(self.size)
            for gain, divisor in self._expected(player, *integers)[size - 1 :]
        )


def _integers(
    strategies: tuple[tuple[Fraction, ...], ...],
) -> tuple[list[list[int]], list[int]]:
    denominators = [math.lcm(*(p.denominator for p in strategy)) for strategy in strategies]
    numerators = [
        [p.numerator * (d // p.denominator) for p in strategy]
        for strategy, d in zip(strategies, denominators, strict=True)
    ]
    return numerators, denominators


def _shifted(numerator: Any, bits: int, denominator: Any) -> float:
    """Return numerator * 2^bits / denominator, rounded once; ints or Fractions."""
    return float(numerator * (1 << bits) / denominator)
