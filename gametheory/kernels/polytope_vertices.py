"""All vertices of a best-response polytope {x >= 0, M x <= b}, visited in floats and proven.

The walk is depth first over bases, with a hash table of those seen. What makes it a theorem:

1. Every vertex seen is proven simple: exactly m constraints are tight.
2. Two simple vertices whose tight sets differ by one exchange are the two ends of an edge. The
   walk ends when each vertex seen has a seen neighbor across each of its m tight constraints, so
   no ratio test needs to be trusted.
3. The graph of a polytope is connected (Balinski 1961). So all vertices were seen.

A vertex that is proven to have no reply in equilibrium is passed over; the others are found. A
key is a set of variables in bits: unknowns that are basic, slacks that are not; the bit after the
last variable is always set, so that no key is zero.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gametheory.kernels.compiling import compiled, inner
from gametheory.kernels.vertex_proofs import (
    PERTURBED,
    UNPROVEN,
    has_no_reply,
    prove_simple,
    workspace,
)

__all__ = ["ENDED", "FOUND", "FULL", "RUNNING", "SEEN", "UNCLEAR", "Walk", "advance", "begin"]
__all__ += ["grown"]

RUNNING: Final = 0
ENDED: Final = 1
FULL: Final = 2  # the hash table should grow
UNCLEAR: Final = 3  # some vertex is degenerate, or too close to it for floats

SEEN, FOUND = 0, 1  # where ``state`` holds how many
_PIVOTS, _FRESH, _DEPTH, _NEXT = 2, 3, 4, 5

_LEAST_PIVOT = 1e-11
_PIVOTS_BETWEEN_REFRESHES = 100
_FIRST_LENGTH = 1 << 11

_NO_BIT = np.int64(-1)  # typed, as a literal would have its callees compiled twice


class Walk(NamedTuple):
    """The arrays that hold a walk.

    The dictionary T says of row r: ``basic[r] + sum_c T[r, c] * nonbasic[c] = T[r, -1]``. Variables
    0 to m-1 are the unknowns, variable m+j is the slack of row j; ``place`` is a nonbasic
    variable's column, or ~row of a basic one.
    """

    M: NDArray[np.float64]
    N: NDArray[np.float64]
    b: NDArray[np.float64]
    T: NDArray[np.float64]
    basic: NDArray[np.int64]
    nonbasic: NDArray[np.int64]
    place: NDArray[np.int64]
    key: NDArray[np.uint64]
    table: NDArray[np.uint64]
    path: NDArray[np.int32]
    found: NDArray[np.uint64]
    state: NDArray[np.int64]
    work: NDArray[np.float64]
    indices: NDArray[np.int64]


def begin(M: NDArray[np.float64], N: NDArray[np.float64], b: NDArray[np.float64]) -> Walk:
    """Allocate a walk that stands at the origin.

    Parameters
    ----------
    M : ndarray, shape (n, m)
        Positive, each entry within one rounding of the true one, columns of maximum about 1.
    N : ndarray, shape (m, n)
        The player's own payoffs, likewise.
    b : ndarray, shape (n,)
        One, or a little more to make the polytope simple.

    Examples
    --------
    >>> payoffs = np.array([[1.0, 0.5], [0.5, 1.0]])
    >>> walk = begin(payoffs, payoffs, np.ones(2))
    >>> advance(walk, 100) == ENDED, int(walk.state[SEEN]), int(walk.state[FOUND])
    (True, 4, 3)
    """
    n, m = M.shape
    words = (m + n) // 64 + 1
    work, indices = workspace(n, m)
    walk = Walk(
        M=np.ascontiguousarray(M),
        N=np.ascontiguousarray(N),
        b=np.ascontiguousarray(b),
        T=np.empty((n, m + 1)),
        basic=np.empty(n, dtype=np.int64),
        nonbasic=np.empty(m, dtype=np.int64),
        place=np.empty(m + n, dtype=np.int64),
        key=np.zeros(words, dtype=np.uint64),
        table=np.zeros((_FIRST_LENGTH, words), dtype=np.uint64),
        path=np.empty((_FIRST_LENGTH // 2, 2), dtype=np.int32),
        found=np.empty((64, words), dtype=np.uint64),
        state=np.zeros(6, dtype=np.int64),
        work=work,
        indices=indices,
    )
    walk.key[-1] = np.uint64(1) << np.uint64((m + n) % 64)
    return walk


def grown(walk: Walk) -> Walk:
    """Return the walk with a hash table and a path twice as long."""
    table = np.zeros((2 * len(walk.table), walk.table.shape[1]), dtype=np.uint64)
    _rehash(walk.table, table)
    path = np.empty((2 * len(walk.path), 2), dtype=np.int32)
    path[: len(walk.path)] = walk.path
    return walk._replace(table=table, path=path)


@inner
def _word(key: Any, w: int, first: Any, second: Any) -> Any:
    """Word w of the key with two bits turned (-1: none)."""
    word = key[w]
    if first >> 6 == w:
        word ^= np.uint64(1) << np.uint64(first & 63)
    if second >> 6 == w:
        word ^= np.uint64(1) << np.uint64(second & 63)
    return word


@inner
def _slot(table: Any, key: Any, first: Any, second: Any) -> Any:
    """Where the key with two bits turned is, or ~place where it belongs."""
    words = key.shape[0]
    mask = np.uint64(table.shape[0] - 1)
    mixed = np.uint64(0)
    for w in range(words):
        mixed = (mixed ^ _word(key, w, first, second)) * np.uint64(0x9E3779B97F4A7C15)
        mixed ^= mixed >> np.uint64(29)
    place = mixed & mask
    while True:
        same, empty = True, True
        for w in range(words):
            entry = table[place, w]
            same = same and entry == _word(key, w, first, second)
            empty = empty and entry == np.uint64(0)
        if same:
            return np.int64(place)
        if empty:
            return ~np.int64(place)
        place = (place + np.uint64(1)) & mask


@inner
def _store(key: Any, table: Any, row: int) -> None:
    for w in range(key.shape[0]):
        table[row, w] = key[w]


@compiled
def _rehash(old: Any, new: Any) -> None:
    """Copy all keys into a larger table."""
    words = old.shape[1]
    for place in range(old.shape[0]):
        occupied = False
        for w in range(words):
            occupied = occupied or old[place, w] != np.uint64(0)
        if occupied:
            slot = ~_slot(new, old[place], _NO_BIT, _NO_BIT)
            _store(old[place], new, slot)


@inner
def _turn(key: Any, variable: int) -> None:
    key[variable >> 6] ^= np.uint64(1) << np.uint64(variable & 63)


@inner
def _has(key: Any, variable: int) -> Any:
    return (key[variable >> 6] >> np.uint64(variable & 63)) & np.uint64(1) != np.uint64(0)


@inner
def _pivot(walk: Any, row: Any, column: Any) -> None:
    """Exchange a basic with a nonbasic variable."""
    T = walk.T
    n, width = T.shape
    inverse = 1.0 / T[row, column]
    T[row, column] = 1.0
    for c in range(width):
        T[row, c] *= inverse
    for r in range(n):
        factor = T[r, column]
        if r != row and factor != 0.0:
            T[r, column] = 0.0
            for c in range(width):
                T[r, c] -= factor * T[row, c]
    leaving, entering = walk.basic[row], walk.nonbasic[column]
    walk.basic[row], walk.nonbasic[column] = entering, leaving
    walk.place[entering], walk.place[leaving] = ~row, column


@inner
def _to_origin(walk: Any) -> None:
    """Write the dictionary of the basis of all slacks."""
    n, m = walk.M.shape
    for r in range(n):
        walk.basic[r] = m + r
        walk.place[m + r] = ~r
        walk.T[r, m] = walk.b[r]
        for c in range(m):
            walk.T[r, c] = walk.M[r, c]
    for c in range(m):
        walk.nonbasic[c] = c
        walk.place[c] = c


@inner
def _refresh(walk: Any) -> bool:
    """Compute the dictionary of the key's basis anew, by the largest pivots; False if singular."""
    n, m = walk.M.shape
    _to_origin(walk)
    while True:
        row: Any = np.int64(0)
        column: Any = np.int64(0)
        largest, missing = 0.0, False
        for c in range(m):
            if walk.nonbasic[c] < m and _has(walk.key, walk.nonbasic[c]):
                missing = True
                for r in range(n):
                    size = abs(walk.T[r, c])
                    if size > largest and walk.basic[r] >= m and _has(walk.key, walk.basic[r]):
                        largest, row, column = size, r, c
        if not missing:
            return True
        if not largest > _LEAST_PIVOT:
            return False
        _pivot(walk, row, column)


@inner
def _leaving_row(T: Any, column: int) -> int:
    """Return the row that first stops the growth of a column's variable; -1 if none does."""
    last = T.shape[1] - 1
    best, value, rate = -1, 1.0, 0.0
    for r in range(T.shape[0]):
        entry = T[r, column]
        if entry > _LEAST_PIVOT and T[r, last] * rate < value * entry:
            best, value, rate = r, T[r, last], entry
    return best


@inner
def _unseen_neighbor(walk: Any, variable: int) -> tuple[int, int, int]:
    """Return the next variable whose growth leads to a basis not seen, the row and the slot.

    The variable is m + n if there is none; the row is -1 if the dictionary is wrong.
    """
    while variable < walk.place.shape[0]:
        column = walk.place[variable]
        if column >= 0:
            row = _leaving_row(walk.T, column)
            if row < 0:
                return variable, -1, -1
            slot = _slot(walk.table, walk.key, variable, walk.basic[row])
            if slot < 0:
                return variable, row, ~slot
        variable += 1
    return variable, 0, -1


@inner
def _arrive(walk: Any) -> int:
    """Prove the vertex just reached, with a fresh dictionary if this one has grown stale."""
    state = walk.state
    fresh = state[_PIVOTS] > state[_FRESH] + _PIVOTS_BETWEEN_REFRESHES
    while True:
        if fresh:
            state[_FRESH] = state[_PIVOTS]
            if not _refresh(walk):
                return UNPROVEN
        level = prove_simple(
            walk.M, walk.b, walk.T, walk.basic, walk.nonbasic, walk.work, walk.indices
        )
        if fresh or level != UNPROVEN:
            return level
        fresh = True


@compiled
def advance(walk: Any, steps: int) -> int:
    """Take so many steps at most and return RUNNING, ENDED, FULL or UNCLEAR.

    ``walk.found[: walk.state[FOUND]]`` are the keys of the vertices that may have a reply; the
    caller takes them and sets the count back to zero. A vertex takes two steps: there and back.
    """
    key, table, path, state = walk.key, walk.table, walk.path, walk.state
    if state[SEEN] == 0:
        _to_origin(walk)
        _store(key, table, ~_slot(table, key, _NO_BIT, _NO_BIT))
        state[SEEN] = 1
    for _ in range(steps):
        variable, row, slot = _unseen_neighbor(walk, state[_NEXT])
        state[_NEXT] = variable
        if row < 0:
            return UNCLEAR
        forward = variable < walk.place.shape[0]
        if forward:
            if state[SEEN] == path.shape[0]:
                return FULL
            if state[FOUND] == walk.found.shape[0]:
                return RUNNING
            left = walk.basic[row]
            path[state[_DEPTH], 0], path[state[_DEPTH], 1] = variable, left
            column = walk.place[variable]
        else:
            if state[_DEPTH] == 0:
                return ENDED
            variable, left = path[state[_DEPTH] - 1, 0], path[state[_DEPTH] - 1, 1]
            row, column = ~walk.place[variable], walk.place[left]
        _turn(key, variable)
        _turn(key, left)
        _pivot(walk, row, column)
        state[_PIVOTS] += 1
        if not forward:
            state[_DEPTH] -= 1
            state[_NEXT] = variable + 1
            continue
        _store(key, table, slot)
        state[_DEPTH] += 1
        state[SEEN] += 1
        state[_NEXT] = 0
        level = _arrive(walk)
        if level == UNPROVEN:
            return UNCLEAR
        if level == PERTURBED or not has_no_reply(
            walk.N, walk.basic, walk.nonbasic, walk.work, walk.indices
        ):
            _store(key, walk.found, state[FOUND])
            state[FOUND] += 1
    return RUNNING
