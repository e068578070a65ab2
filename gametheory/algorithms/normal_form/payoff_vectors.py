"""A game's distinct payoff vectors, and the joint actions that pay each."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gametheory.concepts.pareto import exact_entries
from gametheory.errors import UnsupportedGame
from gametheory.games.integer_payoffs import integer_payoffs
from gametheory.games.normal_form import NormalFormGame

__all__ = ["PayoffVectors", "integer_vectors", "payoff_vectors"]


class PayoffVectors(NamedTuple):
    """Distinct payoff vectors by the players' ranks, and where they are.

    Attributes
    ----------
    ranks : ndarray of int64, shape (k, n_players)
        The larger a player's payoff, the higher; equal payoffs have equal ranks. Rows are in
        lexicographic order.
    cells : ndarray of int64, shape (n_cells,)
        Joint actions by number, the last player fastest, grouped by payoff vector.
    starts : ndarray of int64, shape (k + 1,)
        Vector v is paid by ``cells[starts[v]:starts[v + 1]]``, in increasing order.
    """

    ranks: NDArray[np.int64]
    cells: NDArray[np.int64]
    starts: NDArray[np.int64]

    def paid_by(self, vector: int) -> NDArray[np.int64]:
        """Joint actions that pay a vector, by number."""
        return self.cells[self.starts[vector] : self.starts[vector + 1]]


def payoff_vectors(game: NormalFormGame) -> PayoffVectors:
    """Sort a game's joint actions by what they pay; exact, and for any payoffs.

    Examples
    --------
    >>> found = payoff_vectors(NormalFormGame.symmetric([[2, 0], [2, 1]]))
    >>> found.ranks.tolist(), found.paid_by(0).tolist()
    ([[0, 2], [1, 1], [2, 0], [2, 2]], [1])
    """
    # Comparing floats is exact where they are the payoffs and not roundings of them.
    ranks = np.stack(
        [np.unique(own.ravel(), return_inverse=True)[1].ravel() for own in exact_entries(game)], 1
    )
    order = np.lexsort(ranks.T[::-1])
    ordered = ranks[order]
    new = np.append(True, (ordered[1:] != ordered[:-1]).any(axis=1))
    starts = np.append(np.flatnonzero(new), len(order))
    return PayoffVectors(ordered[new].astype(np.int64), order.astype(np.int64), starts)


def integer_vectors(
    game: NormalFormGame, cells: NDArray[np.int64]
) -> tuple[NDArray[np.object_], tuple[int, ...]]:
    """Return the payoffs of some joint actions as ``integers / denominators``.

    Parameters
    ----------
    game : NormalFormGame
    cells : ndarray of int64
        Joint actions by number.

    Returns
    -------
    integers : ndarray of Python ints, shape (len(cells), n_players)
    denominators : tuple of int
        One for each player, without a factor that all its integers have too.

    Raises
    ------
    UnsupportedGame
        A player's payoffs have no common denominator of reasonable size.
    """
    columns, denominators = [], []
    for player, own in enumerate(exact_entries(game)):
        read = integer_payoffs(own.ravel()[cells])
        if read is None:
            raise UnsupportedGame(
                f"the payoffs of {game.players[player]} have no common denominator of reasonable "
                "size",
                where=repr(game),
            )
        integers = read.integers.astype(object)
        divisor = math.gcd(read.denominator, *integers.tolist())
        columns.append(integers // divisor)
        denominators.append(read.denominator // divisor)
    return np.stack(columns, axis=1), tuple(denominators)
