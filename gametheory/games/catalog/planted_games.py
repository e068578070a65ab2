"""Random games built around their only equilibrium, with the proof that there is no other."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gametheory.games.catalog.draws import Draws
from gametheory.games.catalog.known_facts import KnownFacts, pure_profile, two_player_profiles
from gametheory.games.catalog.parameters import (
    MOST_RULED_PAYOFFS,
    action_sizes,
    check_size,
    number,
    require,
    whole,
    whole_numbers,
)
from gametheory.games.catalog.registry import game
from gametheory.games.normal_form import NormalFormGame

__all__ = [
    "generalized_shapley",
    "planted_bimatrix",
    "planted_dominance",
    "planted_zero_sum",
]

_SPREAD = 9  # weights are drawn from 1 to this, other integers from minus this to this


class _Plant(NamedTuple):
    """A matrix for the row player and both planted strategies, as integer weights."""

    matrix: NDArray[np.object_]
    row_weights: list[int]
    column_weights: list[int]


def _supports(
    n_rows: int, n_columns: int, row_support: Any, column_support: Any
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Check the planted supports of a game that is not too large."""
    sizes = whole("n_rows", n_rows, 1, 10**6), whole("n_columns", n_columns, 1, 10**6)
    check_size(sizes, "n_rows, n_columns", MOST_RULED_PAYOFFS)
    rows = whole_numbers("row_support", row_support, 0, sizes[0] - 1)
    columns = whole_numbers("column_support", column_support, 0, sizes[1] - 1)
    for name, support in (("row_support", rows), ("column_support", columns)):
        require(
            len(set(support)) == len(support), f"{name} is {support}", name, "different actions"
        )
    require(
        len(rows) == len(columns),
        f"{len(rows)} rows and {len(columns)} columns",
        "row_support, column_support",
        "equally many: so it is in every zero-sum game with one equilibrium",
    )
    return tuple(sorted(rows)), tuple(sorted(columns))


def _balanced(size: int, draws: Draws) -> NDArray[np.object_]:
    """Draw an integer matrix of rank size - 1 whose rows and columns all sum to zero.

    It borders a product of two triangular matrices with ones on their diagonals, which is
    regular, with minus its row and column sums.
    """
    lower, upper = draws.integers(-1, 1, (2, size - 1, size - 1)).astype(object)
    core = (np.tril(lower, -1) + np.eye(size - 1, dtype=object)) @ (
        np.triu(upper, 1) + np.eye(size - 1, dtype=object)
    )
    balanced = np.zeros((size, size), dtype=object)
    balanced[:-1, :-1] = core
    balanced[:-1, -1] = -core.sum(axis=1)
    balanced[-1] = -balanced[:-1].sum(axis=0)
    return balanced


def _plant(
    sizes: tuple[int, int],
    supports: tuple[tuple[int, ...], tuple[int, ...]],
    value: Fraction,
    draws: Draws,
) -> _Plant:
    """Draw the matrix of a zero-sum game with one equilibrium, of these supports and value."""
    rows, columns = supports
    weights = draws.integers(1, _SPREAD, (2, len(rows))).astype(object)
    x, y = np.zeros(sizes[0], dtype=object), np.zeros(sizes[1], dtype=object)
    x[list(rows)], y[list(columns)] = weights
    matrix = draws.integers(-_SPREAD, _SPREAD, sizes).astype(object)
    slacks = draws.integers(1, _SPREAD, (sum(sizes),)).astype(object)
    matrix[np.ix_(rows, columns)] = value + (
        _balanced(len(rows), draws) * Fraction(1) / np.outer(*weights)
    )
    # Outside the supports: rows pay their player less than the value, columns theirs.
    for i in sorted(set(range(sizes[0])) - set(rows)):
        earned = matrix[i] @ y / Fraction(sum(weights[1]))
        matrix[i, list(columns)] += value - earned - slacks[i]
    for j in sorted(set(range(sizes[1])) - set(columns)):
        earned = x @ matrix[:, j] / Fraction(sum(weights[0]))
        matrix[list(rows), j] += value - earned + slacks[sizes[0] + j]
    return _Plant(matrix, x.tolist(), y.tolist())


def _zero_sum_plant(
    n_rows: int, n_columns: int, row_support: Any, column_support: Any, *, value: Any, seed: int
) -> tuple[_Plant, Fraction]:
    supports = _supports(n_rows, n_columns, row_support, column_support)
    worth = number("value", value)
    return _plant((n_rows, n_columns), supports, worth, Draws(seed)), worth


def _zero_sum_facts(
    n_rows: int = 4,
    n_columns: int = 4,
    row_support: Any = (0, 1),
    column_support: Any = (1, 2),
    *,
    value: Any = "1/2",
    seed: int = 0,
) -> KnownFacts:
    plant, worth = _zero_sum_plant(
        n_rows, n_columns, row_support, column_support, value=value, seed=seed
    )
    return KnownFacts.of(
        "the proof in the documentation of planted_zero_sum",
        value=worth,
        n_equilibria=1,
        equilibria=two_player_profiles((plant.row_weights, plant.column_weights)),
    )


@game(
    source="Bohnenblust, Karlin and Shapley (1950), Solutions of discrete, two-person games, "
    "Contributions to the Theory of Games I",
    summary="a random zero-sum game with the given value and supports of its only equilibrium",
    facts=_zero_sum_facts,
)
def planted_zero_sum(
    n_rows: int = 4,
    n_columns: int = 4,
    row_support: Any = (0, 1),
    column_support: Any = (1, 2),
    *,
    value: Any = "1/2",
    seed: int = 0,
) -> NormalFormGame:
    """Draw a zero-sum game with a given value and one equilibrium, of given supports.

    Both supports have the same size k; the strategies are drawn. Payoffs are Fractions.

    Notes
    -----
    Inside the supports the payoffs are v + C_ij / (x_i y_j), where C has rank k - 1 and rows and
    columns that sum to zero, and x, y are the planted strategies up to a factor. So x and y make
    the opponent indifferent at v. A row outside is shifted until y makes it pay less than v, a
    column outside until x makes it pay more, so (x, y) is an equilibrium. Let (x', y') be
    another one. Equilibria of zero-sum games can be exchanged, so (x, y') is an equilibrium too:
    y' is a best reply to x and lies in y's support; and all rows in x's support, which are played
    in it, pay v against y'. Hence C applied to y'_j / y_j is 0, which for rank k - 1 leaves only
    multiples of the vector of ones: y' = y. In the same way x' = x.
    """
    plant, worth = _zero_sum_plant(
        n_rows, n_columns, row_support, column_support, value=value, seed=seed
    )
    return NormalFormGame.zero_sum(plant.matrix, title=f"Planted zero-sum game, value {worth}")


def _bimatrix_plant(
    n_rows: int, n_columns: int, row_support: Any, column_support: Any, seed: int
) -> tuple[_Plant, NDArray[np.object_]]:
    """Return the row player's plant, and the column player's matrix."""
    sizes = n_rows, n_columns
    supports = _supports(n_rows, n_columns, row_support, column_support)
    draws = Draws(seed)
    plant = _plant(sizes, supports, Fraction(0), draws)
    factor = draws.integers(1, _SPREAD).astype(object)
    to_row = draws.integers(-_SPREAD, _SPREAD, (1, n_columns)).astype(object)
    to_column = draws.integers(-_SPREAD, _SPREAD, (n_rows, 1)).astype(object)
    return plant._replace(matrix=plant.matrix + to_row), to_column - factor * plant.matrix


def _bimatrix_facts(
    n_rows: int = 3,
    n_columns: int = 3,
    row_support: Any = (0, 1, 2),
    column_support: Any = (0, 1, 2),
    seed: int = 0,
) -> KnownFacts:
    plant, _ = _bimatrix_plant(n_rows, n_columns, row_support, column_support, seed)
    return KnownFacts.of(
        "Moulin and Vial (1978), and the proof in the documentation of planted_zero_sum",
        n_equilibria=1,
        equilibria=two_player_profiles((plant.row_weights, plant.column_weights)),
    )


@game(
    source="Moulin and Vial (1978), International Journal of Game Theory 7, pages 201-221, on "
    "strategically zero-sum games",
    summary="a random bimatrix game with one equilibrium, by default completely mixed",
    facts=_bimatrix_facts,
)
def planted_bimatrix(
    n_rows: int = 3,
    n_columns: int = 3,
    row_support: Any = (0, 1, 2),
    column_support: Any = (0, 1, 2),
    seed: int = 0,
) -> NormalFormGame:
    """Draw a game of two players with one equilibrium, of given supports of the same size.

    Notes
    -----
    Take the matrix M of :func:`planted_zero_sum`. The row player gets M plus a random number for
    each column, the column player minus a positive multiple of M plus a random number for each
    row. What the opponent alone decides and positive factors change no best reply, so the
    equilibria are those of the zero-sum game: one. In general payoffs sum to no constant.
    """
    plant, columns = _bimatrix_plant(n_rows, n_columns, row_support, column_support, seed)
    return NormalFormGame.bimatrix(plant.matrix, columns, title=f"Planted bimatrix game {seed}")


def _shapley_stakes(n_actions: int, largest: int, seed: int) -> NDArray[np.int64]:
    size = whole("n_actions", n_actions, 1, 10**6)
    check_size((size, size), "n_actions", MOST_RULED_PAYOFFS)
    return Draws(seed).integers(1, whole("largest", largest, 1, 10**6), (2, size))


def _shapley_facts(n_actions: int = 4, largest: int = 9, seed: int = 0) -> KnownFacts:
    stakes = [[int(stake) for stake in row] for row in _shapley_stakes(n_actions, largest, seed)]
    # The row player wins on the diagonal, the column player one to the right of it.
    columns = [Fraction(1, stake) for stake in stakes[0]]
    rows = [Fraction(1, stake) for stake in stakes[1]]
    return KnownFacts.of(
        "the proof in the documentation of generalized_shapley",
        n_equilibria=1,
        equilibria=two_player_profiles((rows, columns)),
    )


@game(
    source="Shapley (1964), Advances in Game Theory, Annals of Mathematics Studies 52, pages 1-28",
    summary="one player wants to match, the other to be one ahead in a circle; random stakes",
    facts=_shapley_facts,
)
def generalized_shapley(n_actions: int = 4, largest: int = 9, seed: int = 0) -> NormalFormGame:
    """Draw a game of Shapley's kind: payoffs a_i at (i, i) and b_i at (i, i + 1), 0 elsewhere.

    Indices go around a circle and a, b are drawn from 1 to ``largest``; 1 gives Shapley's game
    of any size.

    Notes
    -----
    The only equilibrium is completely mixed: rows in proportion to 1 / b, columns to 1 / a. For
    whatever the column player plays, some row pays more than 0, so each row that is played pays,
    and its own column is played: supp(x) is in supp(y). Likewise the row before each column that
    is played is played. So supp(x) holds, with i, also i - 1, all around the circle: both play
    everything, and to be indifferent their opponents' probabilities are as stated.
    """
    own, ahead = _shapley_stakes(n_actions, largest, seed)
    A = np.diag(own)
    B = np.roll(np.diag(ahead), 1, axis=1)
    return NormalFormGame.bimatrix(A, B, title=f"Generalized Shapley game {seed}")


def _dominance_plant(
    n_players: int, n_actions: Any, seed: int
) -> tuple[NDArray[np.int64], tuple[int, ...]]:
    """Return payoffs and the only profile that survives the elimination of dominated actions."""
    sizes = action_sizes(n_players, n_actions)
    draws = Draws(seed)
    payoffs = draws.integers(-100, 100, (len(sizes), *sizes))
    kept = tuple(draws.chosen(1, size)[0] for size in sizes)
    others = [(i, k) for i, size in enumerate(sizes) for k in range(size) if k != kept[i]]
    left = [np.ones(size, dtype=bool) for size in sizes]
    for turn in draws.chosen(len(others), len(others)):
        player, action = others[turn]
        # Worse than the planted action wherever the others' actions are still there.
        rest = np.ix_(*(there for j, there in enumerate(left) if j != player))
        slab = np.moveaxis(payoffs[player], player, 0)
        better = slab[(kept[player], *rest)]
        slab[(action, *rest)] = better - draws.integers(1, 100, better.shape)
        left[player][action] = False
    return payoffs, kept


def _dominance_facts(n_players: int = 3, n_actions: Any = 3, seed: int = 0) -> KnownFacts:
    payoffs, kept = _dominance_plant(n_players, n_actions, seed)
    return KnownFacts.of(
        "Luce and Raiffa (1957), Games and Decisions, on dominance: what is eliminated is played "
        "in no equilibrium",
        pure_equilibria=(kept,),
        equilibria=(pure_profile(payoffs.shape[1:], kept),),
        n_equilibria=1,
    )


@game(
    source="Moulin (1979), Econometrica 47, pages 1337-1351, on dominance solvable games",
    summary="a random game that iterated strict dominance reduces to one planted joint action",
    n_players=3,
    facts=_dominance_facts,
)
def planted_dominance(n_players: int = 3, n_actions: Any = 3, seed: int = 0) -> NormalFormGame:
    """Draw a game in which all actions but one of each player are eliminated, one after another.

    In a random order each of them is made worse than its player's planted action against all
    that is left of the others' actions; elsewhere payoffs stay random.
    """
    payoffs, _ = _dominance_plant(n_players, n_actions, seed)
    return NormalFormGame(payoffs, title=f"Dominance-solvable game {seed}")
