"""Dictionaries of a polytope {x >= 0, M x <= 1} in integers of any size, and a walk over its bases.

Degenerate vertices have several bases. A lexicographic ratio test treats the right-hand side as
if 1 were 1 + e^(j+1) in row j for an infinitely small e > 0: the perturbed polytope is simple,
its graph is connected, and every vertex of the true polytope is the limit of one of its vertices
(Dantzig, Orden and Wolfe 1955; Avis 2000 on lrs). Divisions are exact (Edmonds 1967, Bareiss
1968), so nothing is ever rounded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

__all__ = ["IntegerDictionary", "walk_bases"]


class IntegerDictionary:
    """The equations of {x >= 0, M x <= 1} solved for one variable a row; it changes by pivots.

    Variables 0 to m-1 are the entries of x, variable m+j is the slack of row j. Row r says
    ``denominator * basic[r] + sum_c rows[r][c] * nonbasic[c] = rows[r][-1]``.

    Parameters
    ----------
    constraints : sequence of sequences of int, shape (n, m)
        The matrix M. The dictionary starts at the origin.

    Examples
    --------
    >>> dictionary = IntegerDictionary([[2, 1], [1, 3]])
    >>> dictionary.pivot(dictionary.leaving_row(0), 0)
    >>> dictionary.support(), dictionary.tight()
    ({0: 1}, (0,))
    """

    def __init__(self, constraints: Sequence[Sequence[int]]) -> None:
        self.n_unknowns = len(constraints[0])
        self.rows = [[*row, 1] for row in constraints]
        self.denominator = 1
        self.nonbasic = list(range(self.n_unknowns))
        self.basic = list(range(self.n_unknowns, self.n_unknowns + len(constraints)))
        self.key = 0  # bit v: variable v is a basic unknown or a nonbasic slack

    def support(self) -> dict[int, int]:
        """Return the unknowns that are positive, each with its value times the denominator."""
        basics = zip(self.basic, self.rows, strict=True)
        return {v: row[-1] for v, row in basics if v < self.n_unknowns and row[-1]}

    def tight(self) -> tuple[int, ...]:
        """Return the rows of M that hold with equality, in increasing order."""
        m = self.n_unknowns
        basics = zip(self.basic, self.rows, strict=True)
        tight = [v - m for v, row in basics if v >= m and not row[-1]]
        return tuple(sorted([*tight, *(v - m for v in self.nonbasic if v >= m)]))

    def neighbor(self, row: int, column: int) -> int:
        """Return the key after a pivot."""
        return self.key ^ (1 << self.basic[row]) ^ (1 << self.nonbasic[column])

    def pivot(self, row: int, column: int) -> None:
        """Exchange a basic with a nonbasic variable; the same pivot again undoes it."""
        self.key = self.neighbor(row, column)
        source, denominator = self.rows[row], self.denominator
        pivot = source[column]
        for r, target in enumerate(self.rows):
            if r == row:
                continue
            factor = target[column]
            if factor:
                self.rows[r] = [
                    (pivot * t - factor * s) // denominator
                    for t, s in zip(target, source, strict=True)
                ]
            else:
                self.rows[r] = [pivot * t // denominator for t in target]
            self.rows[r][column] = -factor
        source[column] = denominator
        self.denominator = pivot
        self.basic[row], self.nonbasic[column] = self.nonbasic[column], self.basic[row]

    def leaving_row(self, column: int) -> int:
        """Return the row that lexicographically first stops the growth of a nonbasic variable."""
        best = -1
        for row, entries in enumerate(self.rows):
            if entries[column] > 0 and (best < 0 or self._stops_before(row, best, column)):
                best = row
        return best

    def _stops_before(self, first: int, second: int, column: int) -> bool:
        one, other = self.rows[first], self.rows[second]
        p, q = one[column], other[column]
        difference = one[-1] * q - other[-1] * p
        if difference:
            return difference < 0
        column_of = {v: c for c, v in enumerate(self.nonbasic)}
        for slack in range(self.n_unknowns, self.n_unknowns + len(self.rows)):
            if slack in column_of:
                c = column_of[slack]
                difference = one[c] * q - other[c] * p
            else:  # a basic slack's column is a unit vector
                difference = (self.basic[first] == slack) * q - (self.basic[second] == slack) * p
            if difference:
                return difference < 0
        return False


def walk_bases(
    dictionary: IntegerDictionary, may_enter: Iterable[int] | None = None
) -> Iterator[bool]:
    """Lead the dictionary through every lexicographically feasible basis.

    Yields True at each basis when it is first reached, and False after each step back.

    Depth first: a pivot to a basis not seen before, and back when all neighbors were seen. Two
    pivots and (number of columns) ratio tests a basis; the bases seen are remembered.

    Parameters
    ----------
    dictionary : IntegerDictionary
        Bounded and feasible; it ends where it began.
    may_enter : iterable of int, optional
        The variables that need not stay zero. With the others fixed this walks over a face.

    Examples
    --------
    >>> square = IntegerDictionary([[1, 0], [0, 1]])
    >>> [square.tight() for new in walk_bases(square) if new]
    [(), (0,), (0, 1), (1,)]
    """
    allowed = frozenset(dictionary.nonbasic + dictionary.basic if may_enter is None else may_enter)
    seen, path, column = {dictionary.key}, [], 0
    yield True
    while True:
        while column < len(dictionary.nonbasic):
            if dictionary.nonbasic[column] in allowed:
                row = dictionary.leaving_row(column)
                key = dictionary.neighbor(row, column)
                if key not in seen:
                    seen.add(key)
                    dictionary.pivot(row, column)
                    path.append((row, column))
                    yield True
                    column = -1
            column += 1
        if not path:
            return
        row, column = path.pop()
        dictionary.pivot(row, column)
        yield False
        column += 1
