"""The strategic form of a game tree: every player chooses a whole pure strategy at once.

Von Neumann and Morgenstern (1944); reduced as in Kuhn (1953), "Extensive games and the problem of
information", Contributions to the Theory of Games II.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gametheory.errors import UnsupportedGame
from gametheory.games.extensive_form import ExtensiveFormGame
from gametheory.games.integer_payoffs import integer_payoffs
from gametheory.games.normal_form import NormalFormGame
from gametheory.games.pure_strategies import (
    PureStrategies,
    count_strategies,
    list_strategies,
    shown_count,
)
from gametheory.games.sequence_form import chance_reach

__all__ = ["strategic_form", "strategy_payoffs"]

Floats = NDArray[np.float64]
Ints = NDArray[Any]

_EXACT_BITS = 52  # of integers in floats, the sign aside
_SMALLEST_POWER = 900  # of two, by which floats of whole numbers are divided without loss


def strategic_form(
    game: ExtensiveFormGame, *, reduced: bool = True, limit: int = 1_000_000
) -> NormalFormGame:
    """Build the strategic form of a game tree, with exact payoffs.

    Parameters
    ----------
    game : ExtensiveFormGame
    reduced : bool
        Whether strategies leave out the information sets that their own choices exclude, so that
        equivalent ones appear once.
    limit : int
        Refuse forms with more joint strategies than that.

    Returns
    -------
    NormalFormGame
        Actions are pure strategies in the order of
        :func:`~gametheory.games.pure_strategies.pure_strategies`, named by the actions that they
        choose; "-" for a player who never acts.

    Raises
    ------
    UnsupportedGame
        If the form is larger than ``limit``, with its size.

    Notes
    -----
    Payoffs are products of 0/1 realization plans with the payoffs over sequences, taken in pieces
    of integers that floats hold exactly. :func:`~gametheory.games.realization.behavior_of` and
    :func:`~gametheory.games.realization.mixed_of` lead from its mixed profiles to behavior
    profiles and back.

    Examples
    --------
    >>> from gametheory.games.catalog import load
    >>> print(strategic_form(load("outside_option")))
    Battle of the sexes with an outside option: first, second; 3 x 2 actions
               mine  yours
       out, *  2, 2   2, 2
     in, mine  0, 0   3, 1
    in, yours  1, 3   0, 0
    """
    counts = count_strategies(game, reduced=reduced)
    size = math.prod(counts)
    if size > limit:
        raise UnsupportedGame(
            f"the {'reduced ' * reduced}strategic form has {shown_count(size)} joint strategies, "
            f"{' x '.join(map(shown_count, counts))}",
            where=repr(game),
            valid=f"at most {limit:,}",
            hint="solve trees by the sequence form, or raise the limit",
        )
    strategies = [
        list_strategies(game, player, int(count), reduced=reduced)
        for player, count in enumerate(counts)
    ]
    return NormalFormGame(
        strategy_payoffs(game, strategies),
        players=game.players,
        actions=[listed.labels() for listed in strategies],
        title=game.title,
    )


def strategy_payoffs(game: ExtensiveFormGame, strategies: Sequence[PureStrategies]) -> NDArray[Any]:
    """Compute what every combination of pure strategies pays, exactly.

    Parameters
    ----------
    game : ExtensiveFormGame
    strategies : sequence of PureStrategies
        One for each player.

    Returns
    -------
    ndarray, shape (n_players, m_1, ..., m_n)
        Floats where these are exact, else Fractions.
    """
    ends, plans = [], []
    for player, listed in enumerate(strategies):
        last, end = np.unique(game.sequence_form.terminal_sequences[player], return_inverse=True)
        ends.append(end)
        plans.append(listed.plans()[:, last])
    sums = _Sums(plans, ends)
    payoffs = [sums.exact(weights) for weights in _weighted(game)]
    if any(table.dtype == object for table in payoffs):
        payoffs = [table.astype(object) for table in payoffs]
    return np.stack(payoffs)


def _weighted(game: ExtensiveFormGame) -> Iterator[NDArray[Any]]:
    """Each player's terminal payoffs times chance's reach probabilities, exactly."""
    if not game.chance_children.size:
        yield from game.terminal_payoffs if game.payoffs_are_exact else game.exact_payoffs
        return
    reach = chance_reach(game, game.terminals, game.exact_chance)
    for payoffs in game.exact_payoffs:
        yield reach * payoffs


class _Sums:
    """Sums over terminal histories, for every combination of 0/1 realization plans.

    Two players' plans, those of most strategies, are multiplied as matrices; the others' select
    the terminal histories that take part.
    """

    def __init__(self, plans: list[NDArray[np.bool_]], ends: list[Ints]) -> None:
        order = sorted(range(len(plans)), key=lambda player: len(plans[player]))
        self.shape = tuple(map(len, plans))
        self.order = order
        self.plans = [plans[player] for player in order]
        self.ends = [ends[player] for player in order]
        if len(order) == 1:  # a second player who has nothing to choose
            self.plans.insert(0, np.ones((1, 1), np.bool_))
            self.ends.insert(0, np.zeros_like(self.ends[0]))

    def exact(self, weights: NDArray[Any]) -> NDArray[Any]:
        """Sum exact weights, shape (n_terminals,); the result has an axis for each player."""
        whole = integer_payoffs(weights)
        if whole is None:  # denominators without end: slowly, as Fractions
            return self._arranged(self._table(weights, object))
        integers = whole.integers.tolist()
        bits = _EXACT_BITS - len(integers).bit_length()
        largest = max(map(abs, integers)).bit_length()
        pieces = [
            self._table(_piece(integers, low, bits), np.float64)
            for low in range(0, max(largest, 1), bits)
        ]
        return self._arranged(_divided(pieces, bits, whole.denominator))

    def _table(self, weights: NDArray[Any], dtype: Any) -> NDArray[Any]:
        table = np.zeros(tuple(map(len, self.plans)), dtype)
        rows, columns = (plan.astype(dtype) for plan in self.plans[-2:])
        shape = rows.shape[1], columns.shape[1]
        for place, chosen in self._selections((), np.arange(weights.size)):
            entries = np.zeros(shape, dtype)
            np.add.at(entries, (self.ends[-2][chosen], self.ends[-1][chosen]), weights[chosen])
            table[place] = (rows @ entries) @ columns.T
        return table

    def _selections(
        self, place: tuple[int, ...], chosen: Ints
    ) -> Iterator[tuple[tuple[int, ...], Ints]]:
        """Terminal histories that each combination of the other players' strategies allows."""
        player = len(place)
        if player == len(self.plans) - 2:
            yield place, chosen
            return
        for strategy, plan in enumerate(self.plans[player]):
            allowed = chosen[plan[self.ends[player][chosen]]]
            yield from self._selections((*place, strategy), allowed)

    def _arranged(self, table: NDArray[Any]) -> NDArray[Any]:
        """Put the axes into the order of the players."""
        if len(self.order) == 1:
            table = table[0]
        arranged: NDArray[Any] = np.ascontiguousarray(table.transpose(np.argsort(self.order)))
        return arranged


def _piece(integers: list[int], low: int, bits: int) -> Floats:
    """Cut some binary digits out of each integer, with its sign."""
    mask = (1 << bits) - 1
    digits = [(abs(n) >> low & mask) * (1 if n > 0 else -1) for n in integers]
    return np.array(digits, dtype=np.float64)


def _divided(pieces: list[Floats], bits: int, denominator: int) -> NDArray[Any]:
    """Put pieces together and divide by a common denominator, exactly."""
    power = denominator.bit_length() - 1
    if len(pieces) == 1 and denominator == 1 << power and power <= _SMALLEST_POWER:
        return np.ldexp(pieces[0], -power)
    if len(pieces) == 1:
        values, which = np.unique(pieces[0], return_inverse=True)
        numerators = [int(value) for value in values.tolist()]
    else:
        which = np.arange(pieces[0].size)
        columns = zip(*(piece.ravel().tolist() for piece in pieces), strict=True)
        numerators = [
            sum(int(digit) << bits * place for place, digit in enumerate(digits))
            for digits in columns
        ]
    table = np.empty(len(numerators), dtype=object)
    table[:] = [Fraction(numerator, denominator) for numerator in numerators]
    divided: NDArray[Any] = table[which].reshape(pieces[0].shape)
    return divided
