"""The linear program over correlated equilibria: sparse rows, exact integers.

A variable for each joint action; for each player, each action it may be told and each other one it
may take, a row that says that it gains nothing. For coarse equilibria these are summed over what
it is told. A last row makes the variables a distribution.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gametheory.errors import InvalidGame, UnsupportedGame
from gametheory.games.exact_array import exact_array
from gametheory.games.normal_form import NormalFormGame
from gametheory.games.optimality_proof import Incentive, OptimalityProof
from gametheory.linear_programs import LinearProgram

__all__ = [
    "IncentiveRows",
    "Objective",
    "incentive_rows",
    "narrowed",
    "program_for",
    "proof_of",
    "read_objective",
    "refusal",
]

_FITS = 2**61  # integers of this size can be added and subtracted in int64


class IncentiveRows(NamedTuple):
    """Rows ``sum(values * weights[columns]) <= 0``, and the deviations they are about.

    Attributes
    ----------
    incentives : list of Incentive
    columns : list of ndarray of int64
        Joint actions by number, the last player fastest.
    values : list of ndarray of int64 or of Python ints
        What the deviation gains, times ``denominators`` of its player.
    denominators : list of int
        For each player.
    """

    incentives: list[Incentive]
    columns: list[NDArray[np.int64]]
    values: list[NDArray[Any]]
    denominators: list[int]


def refusal(game: NormalFormGame) -> str:
    """Say why the program cannot be written; "" if it can."""
    if None in game.integer_payoffs:
        return "the payoffs have no common denominator of reasonable size"
    return ""


def incentive_rows(game: NormalFormGame, *, coarse: bool) -> IncentiveRows:
    """List what every deviation gains; rows in which nothing can be gained are left out."""
    rows = IncentiveRows([], [], [], [])
    cells = np.arange(math.prod(game.n_actions)).reshape(game.n_actions)
    for player, size in enumerate(game.n_actions):
        integers, denominator = _payoffs(game, player)
        own = np.moveaxis(integers, player, 0).reshape(size, -1)
        told = np.moveaxis(cells, player, 0).reshape(size, -1)
        rows.denominators.append(denominator)
        for obeyed in [None] if coarse else range(size):
            for taken in range(size):
                gains = own[taken] - (own if obeyed is None else own[obeyed])
                cells_met = told if obeyed is None else told[obeyed]
                _append(rows, (player, obeyed, taken), cells_met.ravel(), gains.ravel())
    return rows


def _append(
    rows: IncentiveRows, incentive: Incentive, columns: NDArray[np.int64], values: NDArray[Any]
) -> None:
    nonzero = values != 0
    if (values > 0).any():
        rows.incentives.append(incentive)
        rows.columns.append(columns[nonzero])
        rows.values.append(values[nonzero])


def _payoffs(game: NormalFormGame, player: int) -> tuple[NDArray[Any], int]:
    read = game.integer_payoffs[player]
    if read is None:
        raise ArithmeticError("refused before")
    integers = read.integers
    small = integers.dtype != object and int(np.abs(integers).max()) < _FITS
    return integers if small else integers.astype(object), read.denominator


class Objective(NamedTuple):
    """What is to be large: the smallest of some expected values, each times ``scale``.

    Attributes
    ----------
    name : str
        As in :class:`gametheory.games.optimality_proof.OptimalityProof`.
    tables : list of ndarray of Python ints, each of shape (n_cells,)
    scale : int
        Positive.
    values : tuple of Fraction
        The custom objective's own.
    """

    name: str
    tables: list[NDArray[Any]]
    scale: int
    values: tuple[Fraction, ...] = ()


def read_objective(game: NormalFormGame, objective: Any) -> Objective:
    """Read an objective: a word, a player's index, or an array of shape ``n_actions``.

    Raises
    ------
    UnsupportedGame
        It is none of these.
    """
    words = ("welfare", "egalitarian", *(f"player {i}" for i in range(game.n_players)))
    if isinstance(objective, int) and not isinstance(objective, bool):
        objective = f"player {objective}"
    if isinstance(objective, str):
        if objective not in words:
            raise UnsupportedGame(
                f"objective {objective!r}",
                valid=f"one of {list(words)}, or an array of shape {game.n_actions}",
            )
        return _named(game, objective)
    try:
        entries = exact_array(objective, name="objective")
    except InvalidGame as error:
        raise UnsupportedGame(str(error), where="objective") from None
    if entries.shape != game.n_actions:
        raise UnsupportedGame(
            f"an objective of shape {entries.shape}",
            valid=f"one of {list(words)}, or an array of shape {game.n_actions}",
        )
    values = tuple(Fraction(entry) for entry in entries.ravel().tolist())
    scale = math.lcm(*(value.denominator for value in values))
    table = np.array([value.numerator * (scale // value.denominator) for value in values], object)
    return Objective("custom", [table], scale, values)


def _named(game: NormalFormGame, name: str) -> Objective:
    payoffs = [_payoffs(game, player) for player in range(game.n_players)]
    if name.startswith("player"):
        integers, denominator = payoffs[int(name.removeprefix("player "))]
        return Objective(name, [integers.ravel()], denominator)
    common = math.lcm(*(denominator for _, denominator in payoffs))
    tables = [(i.astype(object) * (common // d)).ravel() for i, d in payoffs]
    if name == "egalitarian":
        return Objective(name, tables, common)
    return Objective(name, [sum(tables[1:], start=tables[0])], common)


def program_for(game: NormalFormGame, rows: IncentiveRows, objective: Objective) -> LinearProgram:
    """Write the program: joint actions and, where there are several tables, the smallest value.

    That last variable is in units of the largest entry, so that its column is no larger or smaller
    than the others.
    """
    n_cells = math.prod(game.n_actions)
    cells = np.arange(n_cells)
    ones = np.ones(n_cells, dtype=np.int64)
    several = len(objective.tables) > 1
    written = list(zip(rows.columns, rows.values, strict=True))
    if several:
        above = np.append(cells, n_cells)
        unit = _unit(objective)
        written += [(above, np.append(-table, unit)) for table in objective.tables]
        goal: NDArray[Any] = np.append(np.zeros(n_cells, dtype=np.int64), 1)
    else:
        goal = narrowed(objective.tables[0])
    bounds = np.zeros(len(written) + 1, dtype=np.int64)
    bounds[-1] = 1
    return LinearProgram.sparse(
        goal,
        [*((columns, narrowed(values)) for columns, values in written), (cells, ones)],
        bounds,
        equalities=[len(bounds) - 1],
        free=[n_cells] if several else [],
    )


def _unit(objective: Objective) -> int:
    return max(int(abs(entry)) for table in objective.tables for entry in table.tolist()) or 1


def narrowed(integers: NDArray[Any]) -> NDArray[Any]:
    """Return the integers as int64 where they fit."""
    if integers.dtype != object or max(map(abs, integers.tolist()), default=0) >= _FITS:
        return integers
    return integers.astype(np.int64)


def proof_of(
    rows: IncentiveRows, objective: Objective, duals: list[int], dual_scale: int
) -> OptimalityProof:
    """Read the dual variables, those of the incentive rows first, as weights and prices."""
    several = len(objective.tables) > 1
    n = len(rows.incentives)
    whole = dual_scale if several else dual_scale * objective.scale
    prices = {
        incentive: Fraction(y * rows.denominators[incentive[0]], whole)
        for incentive, y in zip(rows.incentives, duals, strict=False)
        if y
    }
    if not several:
        return OptimalityProof(objective.name, (Fraction(1),), prices, objective.values)
    unit = _unit(objective)
    weights = tuple(Fraction(y * unit, dual_scale) for y in duals[n : n + len(objective.tables)])
    in_units = {i: price * unit / objective.scale for i, price in prices.items()}
    return OptimalityProof(objective.name, weights, in_units)
