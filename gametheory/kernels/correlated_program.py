"""The conditions on an equilibrium in a cell, as a linear program in correlated weights.

A cell is a product of simplices, one for each player, and a profile in it gives weights, the
products of the players' own, to the joint vertices of the cell. Forget that they are products:
an equilibrium in which each player uses exactly the first ``support[p]`` actions then satisfies

    for each player p, each vertex v of p's simplex and each action a of p:
    the sum over the others' joint vertices o of weight(v, o) * gain(a, o) is = 0 or <= 0,

where gain is the payoff of a less that of p's first action; equality holds for actions of the
support. These are the inequalities of correlated equilibrium, with equality on the support.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gametheory.kernels.compiling import inner

__all__ = ["BASIC", "COLUMNS", "EQUALITIES", "FREE", "ROWS", "Program", "new_program", "write_rows"]

Array = NDArray[Any]

# places in Program.sizes
EQUALITIES: Final = 0
ROWS: Final = 1
COLUMNS: Final = 2
BASIC: Final = 3
FREE: Final = 4


class Program(NamedTuple):
    """The arrays of one linear program, used again for every cell.

    Attributes
    ----------
    sizes : ndarray of int64, shape (5,)
        Numbers of equalities, rows, columns, basic variables, and free columns of the tableau.
    rows : ndarray of float64, shape (max rows, max columns)
        The conditions, equalities first.
    tableau : ndarray of float64, shape (max rows + 1, max columns + 1)
        Condensed: basic columns are not stored. The last row is the objective.
    basic, nonbasic : ndarray of int64
        Weights by their column; the slack of row r is variable ``columns + r``.
    kept : ndarray of bool, shape (max rows,)
        Rows that the proof may use.
    square, multipliers : ndarray of float64, shapes (max rows, max rows) and (max rows,)
    weights : ndarray of float64, shape (max columns,)
        Weights that sum to one and satisfy the rows roughly, when FEASIBLE.
    """

    sizes: Array
    rows: Array
    tableau: Array
    basic: Array
    nonbasic: Array
    kept: Array
    square: Array
    multipliers: Array
    weights: Array


def new_program(max_rows: int, max_columns: int) -> Program:
    """Allocate a program of at most this size.

    Examples
    --------
    >>> new_program(18, 27).tableau.shape
    (19, 28)
    """
    return Program(
        sizes=np.zeros(5, np.int64),
        rows=np.zeros((max_rows, max_columns)),
        tableau=np.zeros((max_rows + 1, max_columns + 1)),
        basic=np.zeros(max_rows, np.int64),
        nonbasic=np.zeros(max_columns, np.int64),
        kept=np.zeros(max_rows, np.bool_),
        square=np.zeros((max_rows, max_rows)),
        multipliers=np.zeros(max_rows),
        weights=np.zeros(max_columns),
    )


@inner
def write_rows(
    program: Program, n_actions: Array, support: Array, columns: Array, payoffs: Array
) -> None:
    """Write the conditions on the weights into ``program.rows``.

    Parameters
    ----------
    program : Program
    n_actions, support : ndarray of int64, shape (n,)
        How many actions each player has and uses.
    columns : ndarray of int64, shape (n, max actions, max others)
        The joint vertex made of the player's own vertex and the others' joint vertex.
    payoffs : ndarray of float64, shape (n, max actions, max others)
        Payoff of the player's action, those of the support first, at the others' vertices.
    """
    n_columns = 1
    for player in range(len(support)):
        n_columns *= support[player]
    row = 0
    for outside in range(2):
        for player in range(len(support)):
            first = support[player] if outside else 1
            last = n_actions[player] if outside else support[player]
            for vertex in range(support[player]):
                for action in range(first, last):
                    for column in range(n_columns):
                        program.rows[row, column] = 0.0
                    for others in range(n_columns // support[player]):
                        program.rows[row, columns[player, vertex, others]] = (
                            payoffs[player, action, others] - payoffs[player, 0, others]
                        )
                    row += 1
        program.sizes[ROWS if outside else EQUALITIES] = row
    program.sizes[COLUMNS] = n_columns
