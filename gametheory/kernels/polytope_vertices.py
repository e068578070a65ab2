"""Vertices of a best-response polytope {x >= 0, M x <= 1}, found in floats and proven.

The walk is depth first over the bases, with a hash table of those seen. What makes it a theorem:

1. Every vertex seen is proven simple: its float dictionary contains an approximate inverse Y of
   the matrix K of its tight rows and used columns. With ``|I - Y K| <= a < 1`` in the maximum
   norm, K is regular and ``|x - K^-1 1| <= |Y| |1 - K x| / (1 - a)``. All used x and all other
   slacks are larger than that, roundings included, so no other constraint is tight.
2. Two simple vertices whose tight sets differ by one exchange are the two ends of an edge. The
   walk ends when each vertex seen has a seen neighbor across each of its m tight constraints; so
   no ratio test needs to be trusted.
3. The graph of a polytope is connected (Balinski 1961). So all vertices were seen.

For each vertex x an opponent's reply y solves ``N y = 1, y >= 0`` on x's used actions and tight
rows, and ``N y <= 1`` elsewhere. Nearly all are refuted at once by numbers z with ``z' N >= 0``
and ``z' 1 < 0`` (Farkas), checked with their roundings. The others are handed to the caller.

A key is a set of variables in bits: unknowns that are basic, slacks that are not; the bit after
the last variable is always set, so that no key is zero.
"""

from __future__ import annotations

from functools import partial
from typing import Any, Final, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["ENDED", "FULL", "RUNNING", "UNCLEAR", "Walk", "advance", "begin", "grown"]

RUNNING: Final = 0
ENDED: Final = 1
FULL: Final = 2  # the hash table should grow
UNCLEAR: Final = 3  # degenerate, or too close to it for floats

SEEN, FOUND, PIVOTS = 0, 1, 2  # where ``state`` holds how many
_DEPTH, _NEXT, _FRESH = 3, 4, 5

UNPROVEN: Final = 0
PERTURBED: Final = 1  # simple, but with right-hand sides of one it might not be a simple vertex
SIMPLE: Final = 2

_UNIT = 2.0**-53
_ROUNDED_BOUNDS = 1.0 + 1e-9  # the bounds are computed in floats themselves
_LEAST_PIVOT = 1e-11
_WORST_INVERSE = 1e-6
_PIVOTS_BETWEEN_REFRESHES = 100
_FULLEST = 0.5

_compiled = partial(njit, cache=True, error_model="numpy")
_inner = partial(_compiled, no_cpython_wrapper=True)


class Walk(NamedTuple):
    """The arrays that hold a walk; see :func:`begin`."""

    constraints: NDArray[np.float64]
    payoffs: NDArray[np.float64]
    right: NDArray[np.float64]
    dictionary: NDArray[np.float64]
    basic: NDArray[np.int64]
    nonbasic: NDArray[np.int64]
    place: NDArray[np.int64]
    key: NDArray[np.uint64]
    table: NDArray[np.uint64]
    path: NDArray[np.int32]
    found: NDArray[np.uint64]
    state: NDArray[np.int64]
    work: NDArray[np.float64]
    index: NDArray[np.int64]


def begin(
    constraints: NDArray[np.float64], payoffs: NDArray[np.float64], right: NDArray[np.float64]
) -> Walk:
    """Allocate a walk that stands at the origin.

    Parameters
    ----------
    constraints : ndarray, shape (n, m)
        M: positive, each entry within one rounding of the true one, columns of maximum about 1.
    payoffs : ndarray, shape (m, n)
        N: likewise.
    right : ndarray, shape (n,)
        b: one, or a little more to make the polytope simple.

    Examples
    --------
    >>> payoffs = np.array([[1.0, 0.5], [0.5, 1.0]])
    >>> walk = begin(payoffs, payoffs, np.ones(2))
    >>> advance(walk, 100) == ENDED, int(walk.state[SEEN]), int(walk.state[FOUND])
    (True, 4, 3)
    """
    n, m = constraints.shape
    words = (m + n) // 64 + 1
    most = min(m, n)
    walk = Walk(
        np.ascontiguousarray(constraints),
        np.ascontiguousarray(payoffs),
        np.ascontiguousarray(right),
        np.empty((n, m + 1)),
        np.empty(n, dtype=np.int64),
        np.empty(m, dtype=np.int64),
        np.empty(m + n, dtype=np.int64),
        np.zeros(words, dtype=np.uint64),
        np.zeros((1 << 10, words), dtype=np.uint64),
        np.empty((1 << 10, 2), dtype=np.int32),
        np.empty((64, words), dtype=np.uint64),
        np.zeros(6, dtype=np.int64),
        np.empty((most + 4, most + 1)),
        np.empty((3, most + 1), dtype=np.int64),
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


def advance(walk: Walk, vertices: int) -> int:
    """Visit up to so many new vertices and return RUNNING, ENDED, FULL or UNCLEAR.

    ``walk.found[: walk.state[FOUND]]`` are the keys of the vertices that may have a reply; the
    caller takes them and sets the count back to zero.
    """
    return int(_advance(*walk, vertices))


@_inner
def _slot(table: Any, key: Any, first: int, second: int) -> int:
    """Where the key with two bits turned is (>= 0), or ~place where it belongs; -1: turn none."""
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
            same = same and table[place, w] == _word(key, w, first, second)
            empty = empty and table[place, w] == np.uint64(0)
        if same:
            return np.int64(place)
        if empty:
            return ~np.int64(place)
        place = (place + np.uint64(1)) & mask


@_inner
def _word(key: Any, w: int, first: int, second: int) -> Any:
    """Word w of the key with two bits turned."""
    word = key[w]
    if first >> 6 == w:
        word ^= np.uint64(1) << np.uint64(first & 63)
    if second >> 6 == w:
        word ^= np.uint64(1) << np.uint64(second & 63)
    return word


@_compiled
def _rehash(old: Any, new: Any) -> None:
    """Copy all keys into a larger table."""
    last = old.shape[1] - 1
    for place in range(old.shape[0]):
        occupied = False
        for w in range(last + 1):
            occupied = occupied or old[place, w] != np.uint64(0)
        if occupied:
            to = ~_slot(new, old[place], -1, -1)
            for w in range(last + 1):
                new[to, w] = old[place, w]


@_inner
def _pivot(T: Any, basic: Any, nonbasic: Any, place: Any, row: int, column: int) -> None:
    """Exchange a basic with a nonbasic variable."""
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
    leaving, entering = basic[row], nonbasic[column]
    basic[row], nonbasic[column] = entering, leaving
    place[entering], place[leaving] = ~row, column


@_inner
def _to_origin(M: Any, b: Any, T: Any, basic: Any, nonbasic: Any, place: Any) -> None:
    """Write the dictionary of the basis of all slacks."""
    n, m = M.shape
    for r in range(n):
        basic[r] = m + r
        place[m + r] = ~r
        T[r, m] = b[r]
        for c in range(m):
            T[r, c] = M[r, c]
    for c in range(m):
        nonbasic[c] = c
        place[c] = c


@_inner
def _refresh(M: Any, b: Any, T: Any, basic: Any, nonbasic: Any, place: Any, key: Any) -> bool:
    """Compute the dictionary of the key's basis anew, by the largest pivots; False if singular."""
    n, m = M.shape
    _to_origin(M, b, T, basic, nonbasic, place)
    while True:
        largest, row, column, missing = 0.0, 0, 0, False
        for c in range(m):
            if nonbasic[c] < m and _has(key, nonbasic[c]):
                missing = True
                for r in range(n):
                    if basic[r] >= m and _has(key, basic[r]) and abs(T[r, c]) > largest:
                        largest, row, column = abs(T[r, c]), r, c
        if not missing:
            return True
        if largest < _LEAST_PIVOT:
            return False
        _pivot(T, basic, nonbasic, place, row, column)


@_inner
def _has(key: Any, variable: int) -> bool:
    return (key[variable >> 6] >> np.uint64(variable & 63)) & np.uint64(1) == np.uint64(1)


@_inner
def _leaving_row(T: Any, column: int) -> int:
    """Return the row that first stops the growth of a column's variable; -1 if none does."""
    last = T.shape[1] - 1
    best, value, rate = -1, 1.0, 0.0
    for r in range(T.shape[0]):
        if T[r, column] > _LEAST_PIVOT and T[r, last] * rate < value * T[r, column]:
            best, value, rate = r, T[r, last], T[r, column]
    return best


@_inner
def _proof(M: Any, b: Any, T: Any, basic: Any, nonbasic: Any, work: Any, index: Any) -> int:
    """Prove the dictionary's basis to be that of a simple vertex; UNPROVEN, PERTURBED or SIMPLE."""
    n, m = M.shape
    x = work[0]
    k = 0
    for r in range(n):
        if basic[r] < m:
            if not T[r, m] > 0.0:
                return UNPROVEN
            x[k], index[0, k], index[1, k] = T[r, m], basic[r], r
            k += 1
    error, moved = _solution_error(M, b, T, nonbasic, k, work, index)
    if not error < np.inf:
        return UNPROVEN
    level = SIMPLE
    for a in range(k):
        if not x[a] > error:
            return UNPROVEN
        if not x[a] > error + moved:
            level = PERTURBED
    rounding = (k + 4) * _UNIT * _ROUNDED_BOUNDS
    for r in range(n):
        if basic[r] >= m:
            j = basic[r] - m
            earned, weight = 0.0, 0.0
            for a in range(k):
                entry = M[j, index[0, a]]
                earned += entry * x[a]
                weight += entry
            slack = b[j] - earned - rounding * (b[j] + earned)
            weight *= _ROUNDED_BOUNDS
            if not slack > error * weight:
                return UNPROVEN
            if not slack > (error + moved) * weight + (b[j] - 1.0):
                level = PERTURBED
    return level


@_inner
def _solution_error(
    M: Any, b: Any, T: Any, nonbasic: Any, k: int, work: Any, index: Any
) -> tuple[float, float]:
    """Bound |x - K^-1 b| and |K^-1 (b - 1)| in the maximum norm; inf if K may be singular."""
    x, residuals, row_sums, row = work[0], work[1], work[2], work[3]
    most = min(M.shape)
    K = work[4 : 4 + most]
    rounding = (k + 4) * _UNIT * _ROUNDED_BOUNDS
    tight = 0
    residual, shift = 0.0, 0.0
    for c in range(M.shape[1]):
        if nonbasic[c] >= M.shape[1]:
            j = nonbasic[c] - M.shape[1]
            index[2, tight] = c
            earned, weight = 0.0, 0.0
            for a in range(k):
                entry = M[j, index[0, a]]
                K[tight, a] = entry
                earned += entry * x[a]
                weight += entry
            row_sums[tight] = weight
            residuals[tight] = abs(b[j] - earned) + rounding * (b[j] + earned)
            residual = max(residual, residuals[tight])
            shift = max(shift, b[j] - 1.0)
            tight += 1
    norm, distance = 0.0, 0.0
    for a in range(k):
        length, product = 0.0, 0.0
        for c in range(k):
            row[c] = 0.0
        row[a] = -1.0
        for t in range(k):
            entry = T[index[1, a], index[2, t]]
            length += abs(entry)
            product += abs(entry) * row_sums[t]
            for c in range(k):
                row[c] += entry * K[t, c]
        off = 0.0
        for c in range(k):
            off += abs(row[c])
        norm = max(norm, length)
        distance = max(distance, off + rounding * (1.0 + product))
    if not distance < _WORST_INVERSE:
        return np.inf, np.inf
    norm *= _ROUNDED_BOUNDS / (1.0 - 2.0 * distance)
    return norm * residual, norm * shift


@_inner
def _invert(K: Any, k: int, swaps: Any) -> bool:
    """Invert a k x k matrix in place with row pivoting (Gauss and Jordan); False if singular."""
    for p in range(k):
        row = p
        for r in range(p + 1, k):
            if abs(K[r, p]) > abs(K[row, p]):
                row = r
        swaps[p] = row
        if not abs(K[row, p]) > _LEAST_PIVOT:
            return False
        if row != p:
            for c in range(k):
                K[p, c], K[row, c] = K[row, c], K[p, c]
        inverse = 1.0 / K[p, p]
        K[p, p] = 1.0
        for c in range(k):
            K[p, c] *= inverse
        for r in range(k):
            if r != p:
                factor = K[r, p]
                K[r, p] = 0.0
                for c in range(k):
                    K[r, c] -= factor * K[p, c]
    for p in range(k - 1, -1, -1):
        if swaps[p] != p:
            for r in range(k):
                K[r, p], K[r, swaps[p]] = K[r, swaps[p]], K[r, p]
    return True


@_inner
def _has_no_reply(N: Any, key: Any, basic: Any, nonbasic: Any, work: Any, index: Any) -> bool:
    """Whether it is proven that no y >= 0 on the tight rows' columns makes the support best."""
    m, n = N.shape
    used, tight, y, z = index[0], index[2], work[0], work[1]
    K = work[4 : 4 + min(m, n)]
    k = 0
    for r in range(n):
        if basic[r] < m:
            used[k] = basic[r]
            k += 1
    k = 0
    for c in range(m):
        if nonbasic[c] >= m:
            tight[k] = nonbasic[c] - m
            k += 1
    for a in range(k):
        for t in range(k):
            K[a, t] = N[used[a], tight[t]]
    if not _invert(K, k, index[1]):
        return False
    worst = 0
    for t in range(k):
        y[t] = 0.0
        for a in range(k):
            y[t] += K[t, a]
        if y[t] < y[worst]:
            worst = t
    if y[worst] < 0.0:
        for a in range(k):
            z[a] = K[worst, a]
        return _refutes(N, used, tight, z, -1, k)
    better, most_earned = -1, 1.0
    for i in range(m):
        earned = 0.0
        for t in range(k):
            earned += N[i, tight[t]] * y[t]
        if earned > most_earned and not _has(key, i):
            better, most_earned = i, earned
    if better < 0:
        return False
    for a in range(k):
        z[a] = 0.0
        for t in range(k):
            z[a] -= N[better, tight[t]] * K[t, a]
    return _refutes(N, used, tight, z, better, k)


@_inner
def _refutes(N: Any, used: Any, tight: Any, z: Any, better: int, k: int) -> bool:
    """Check Farkas's numbers, z for the support and 1 for a better action, with their roundings.

    Where the combination of a column misses zero by a little, a little is added to all of z.
    """
    rounding = (k + 5) * _UNIT * _ROUNDED_BOUNDS
    lift = 0.0
    for t in range(k):
        combined = N[better, tight[t]] if better >= 0 else 0.0
        size, weight = combined, 0.0
        for a in range(k):
            entry = N[used[a], tight[t]]
            combined += z[a] * entry
            size += abs(z[a]) * entry
            weight += entry
        lift = max(lift, (rounding * size - combined) / weight)
    lift *= 1.0 + 1e-6
    total = 1.0 if better >= 0 else 0.0
    size = total
    for a in range(k):
        total += z[a]
        size += abs(z[a])
    return total + k * lift * _ROUNDED_BOUNDS + rounding * (size + k * lift) < 0.0


@_compiled
def _advance(
    M: Any,
    N: Any,
    b: Any,
    T: Any,
    basic: Any,
    nonbasic: Any,
    place: Any,
    key: Any,
    table: Any,
    path: Any,
    found: Any,
    state: Any,
    work: Any,
    index: Any,
    vertices: int,
) -> int:
    n, m = M.shape
    if state[SEEN] == 0:
        _to_origin(M, b, T, basic, nonbasic, place)
        _remember(table, key, _slot(table, key, -1, -1))
        state[SEEN] = 1
    variable = state[_NEXT]
    while True:
        while variable < m + n:
            column = place[variable]
            if column < 0:
                variable += 1
                continue
            row = _leaving_row(T, column)
            if row < 0:
                return UNCLEAR
            slot = _slot(table, key, variable, basic[row])
            if slot >= 0:
                variable += 1
                continue
            if vertices == 0 or state[FOUND] == found.shape[0] or _is_full(table, path, state):
                state[_NEXT] = variable
                return FULL if _is_full(table, path, state) else RUNNING
            vertices -= 1
            path[state[_DEPTH], 0], path[state[_DEPTH], 1] = variable, basic[row]
            state[_DEPTH] += 1
            _turn(key, variable)
            _turn(key, basic[row])
            _remember(table, key, ~slot)
            _pivot(T, basic, nonbasic, place, row, column)
            state[SEEN] += 1
            state[PIVOTS] += 1
            if state[PIVOTS] > state[_FRESH] + _PIVOTS_BETWEEN_REFRESHES:
                state[_FRESH] = state[PIVOTS]
                if not _refresh(M, b, T, basic, nonbasic, place, key):
                    return UNCLEAR
            level = _proof(M, b, T, basic, nonbasic, work, index)
            if level == UNPROVEN:
                state[_FRESH] = state[PIVOTS]
                if _refresh(M, b, T, basic, nonbasic, place, key):
                    level = _proof(M, b, T, basic, nonbasic, work, index)
                if level == UNPROVEN:
                    return UNCLEAR
            if level == PERTURBED or not _has_no_reply(N, key, basic, nonbasic, work, index):
                found[state[FOUND]] = key
                state[FOUND] += 1
            variable = 0
        if state[_DEPTH] == 0:
            state[_NEXT] = variable
            return ENDED
        state[_DEPTH] -= 1
        variable, left = path[state[_DEPTH], 0], path[state[_DEPTH], 1]
        _turn(key, variable)
        _turn(key, left)
        _pivot(T, basic, nonbasic, place, ~place[variable], place[left])
        state[PIVOTS] += 1
        variable += 1


@_inner
def _is_full(table: Any, path: Any, state: Any) -> bool:
    return state[SEEN] > _FULLEST * table.shape[0] or state[_DEPTH] == path.shape[0]


@_inner
def _turn(key: Any, variable: int) -> None:
    key[variable >> 6] ^= np.uint64(1) << np.uint64(variable & 63)


@_inner
def _remember(table: Any, key: Any, slot: int) -> None:
    to = ~slot if slot < 0 else slot
    for w in range(key.shape[0]):
        table[to, w] = key[w]
