"""Whether a point is a convex combination of others, exactly."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

__all__ = ["in_convex_hull"]


def in_convex_hull(point: Sequence[Fraction], vertices: Sequence[Sequence[Fraction]]) -> bool:
    """Whether ``point`` lies in the convex hull of ``vertices``.

    Parameters
    ----------
    point : sequence of Fraction, length d
    vertices : sequence of sequences of Fraction, each of length d

    Notes
    -----
    The first phase of the simplex method in rational arithmetic, with the rule of Bland (1977),
    "New finite pivoting rules for the simplex method", Mathematics of Operations Research 2,
    which ends for every input. Each pivot costs d times the number of vertices.

    Examples
    --------
    >>> corners = [(Fraction(1), Fraction(0)), (Fraction(0), Fraction(1))]
    >>> in_convex_hull((Fraction(1, 3), Fraction(2, 3)), corners)
    True
    >>> in_convex_hull((Fraction(1, 3), Fraction(1, 3)), corners)
    False
    """
    columns = [[*vertex, Fraction(1)] for vertex in vertices]
    target = [*point, Fraction(1)]
    # Rows of [columns | target] with a right side that is not negative; artificial variables,
    # numbered after the columns, begin as the basis and never come back.
    tableau = [
        [entry * sign for entry in (*line, right)]
        for *line, right in zip(*columns, target, strict=True)
        for sign in [-1 if right < 0 else 1]
    ]
    basis = [len(columns) + r for r in range(len(tableau))]
    while True:
        infeasibility = _infeasibility(tableau, basis, len(columns))
        if infeasibility[-1] == 0:
            return True
        entering = next((k for k, gain in enumerate(infeasibility[:-1]) if gain > 0), None)
        if entering is None:
            return False
        _pivot(tableau, basis, entering)


def _infeasibility(
    tableau: list[list[Fraction]], basis: list[int], n_columns: int
) -> list[Fraction]:
    """Sum of the rows that artificial variables hold: what is missing, and what each column gains.

    Columns of the basis gain nothing: they are zero in every other row.
    """
    held = [row for row, variable in zip(tableau, basis, strict=True) if variable >= n_columns]
    return [sum(entries, Fraction(0)) for entries in zip(*held, strict=True)] or [Fraction(0)]


def _pivot(tableau: list[list[Fraction]], basis: list[int], entering: int) -> None:
    """Bring a column into the basis, in place of the row of least ratio and lowest number."""
    leaving = min(
        (r for r, row in enumerate(tableau) if row[entering] > 0),
        key=lambda r: (tableau[r][-1] / tableau[r][entering], basis[r]),
    )
    pivot = tableau[leaving][entering]
    tableau[leaving] = [entry / pivot for entry in tableau[leaving]]
    for r, row in enumerate(tableau):
        if r != leaving and row[entering]:
            factor = row[entering]
            tableau[r] = [
                entry - factor * other for entry, other in zip(row, tableau[leaving], strict=True)
            ]
    basis[leaving] = entering
