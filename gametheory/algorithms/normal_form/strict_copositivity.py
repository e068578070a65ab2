"""Whether a quadratic form is positive on all vectors without negative entries, exactly.

A symmetric matrix is strictly copositive if and only if each principal part whose cofactors of
the last row are all positive has a positive determinant: Keller's criterion, in Hadeler (1983),
"On copositive matrices", Linear Algebra and its Applications 49. That takes a look at every part,
so the matrix is made smaller first by what is decided at a glance. In general the question is
co-NP-complete: Murty and Kabadi (1987), Mathematical Programming 39.
"""

from __future__ import annotations

from collections.abc import Generator
from itertools import combinations
from typing import Any

__all__ = ["is_strictly_copositive"]

Matrix = list[list[int]]


def is_strictly_copositive(matrix: Matrix) -> Generator[None, None, bool]:
    """Decide whether z' M z > 0 for every z >= 0 but 0.

    Parameters
    ----------
    matrix : list of lists of int
        Symmetric.

    Yields
    ------
    None
        While at work.

    Returns
    -------
    bool

    Notes
    -----
    Cost: at worst an exact determinant for each part of the matrix, 2^n of them.
    """
    n = len(matrix)
    if any(matrix[i][i] <= 0 for i in range(n)):
        return False
    for part in _parts_that_matter(matrix):
        if _is_definite(matrix, part):
            continue
        for size in range(2, len(part) + 1):
            for rows in combinations(part, size):
                yield None
                if _refutes(matrix, rows):
                    return False
    return True


def _parts_that_matter(matrix: Matrix) -> list[tuple[int, ...]]:
    """Find the components of the graph that joins i and j where M[i, j] < 0.

    Between components no entry is negative, so the whole is strictly copositive if each of them
    is; one of a single row is, its diagonal entry being positive.
    """
    rest, found = set(range(len(matrix))), []
    while rest:
        component = {min(rest)}
        new = set(component)
        while new:
            new = {j for i in new for j in rest if matrix[i][j] < 0} - component
            component |= new
        rest -= component
        if len(component) > 1:
            found.append(tuple(sorted(component)))
    return found


def _is_definite(matrix: Matrix, part: tuple[int, ...]) -> bool:
    """Whether all leading principal minors are positive: then the part is positive definite."""
    return all(_determinant(matrix, part[:size]) > 0 for size in range(2, len(part) + 1))


def _determinant(matrix: Matrix, rows: tuple[int, ...]) -> int:
    from flint import fmpz_mat

    return int(fmpz_mat([[matrix[i][j] for j in rows] for i in rows]).det())


def _refutes(matrix: Matrix, rows: tuple[int, ...]) -> bool:
    """Whether a principal part has all cofactors of its last row positive, but not its determinant.

    These cofactors c solve M c = det * e_last, so they are a vector with c' M c <= 0.
    """
    from flint import fmpz_mat

    part = fmpz_mat([[matrix[i][j] for j in rows] for i in rows])
    determinant = part.det()
    if determinant > 0:
        return False
    if determinant < 0:
        last = fmpz_mat([[0]] * (len(rows) - 1) + [[1]])
        solution: Any = part.solve(last)
        weights, scale = solution.numer_denom()
        return all(weight * scale < 0 for weight in weights.entries())
    kernel, nullity = part.nullspace()
    if nullity != 1:
        return False  # the cofactors are all 0
    column = [int(kernel[i, 0]) for i in range(len(rows))]
    return min(column) > 0 or max(column) < 0
