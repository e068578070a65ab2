"""What floats can prove of one vertex of a best-response polytope, every rounding accounted for.

All matrices are positive, each entry within one rounding of the true one, and all bounds hold for
the true ones. A sum of k products is off by at most ``(k + 2) * 2^-53`` times the sum of the
products' sizes; a little more is taken everywhere, for the data and for the bounds' own roundings.

Of a basis, ``K`` is the matrix of its tight rows and used columns: k of each.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from gametheory.kernels.compiling import inner

__all__ = ["PERTURBED", "SIMPLE", "UNPROVEN", "has_no_reply", "prove_simple", "workspace"]

UNPROVEN: Final = 0
PERTURBED: Final = 1  # simple, but perhaps not with right-hand sides of one
SIMPLE: Final = 2

_UNIT = 2.0**-53
_ROUNDED_BOUNDS = 1.0 + 1e-9
_LEAST_PIVOT = 1e-11
_WORST_INVERSE = 1e-6
_LEAST_GAIN = 1e-10  # smaller ones are left to exact arithmetic


def workspace(n: int, m: int) -> tuple[Any, Any]:
    """Allocate what the proofs write to: floats and indices.

    Examples
    --------
    >>> [array.shape for array in workspace(5, 2)]
    [(6, 3), (3, 3)]
    """
    most = min(n, m)
    return np.empty((most + 4, most + 1)), np.empty((3, most + 1), dtype=np.int64)


@inner
def prove_simple(M: Any, b: Any, T: Any, basic: Any, nonbasic: Any, work: Any, index: Any) -> int:
    """Prove a basis to be that of a simple vertex of {x >= 0, M x <= b}.

    Parameters
    ----------
    M, b : ndarray of float64, shapes (n, m) and (n,)
        b is at least one.
    T : ndarray of float64, shape (n, m + 1)
        The basis's approximate dictionary; its last column is the solution.
    basic, nonbasic : ndarray of int64
        The variables of its rows and columns.
    work, index
        See :func:`workspace`.

    Returns
    -------
    int
        SIMPLE if it is also a simple vertex of {x >= 0, M x <= 1}; PERTURBED if it is one for b
        only as far as is known; UNPROVEN.

    Notes
    -----
    The dictionary holds an approximate inverse Y of K. With ``|I - Y K| <= d < 1`` in the maximum
    norm, K is regular and ``|x - K^-1 b| <= |Y| |b - K x| / (1 - d)``. All used x and all slacks
    of other rows must be larger than that bound moves them.
    """
    n, m = M.shape
    x = work[0]
    k = np.int64(0)  # typed, as a literal would have its callees compiled twice
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


@inner
def _solution_error(
    M: Any, b: Any, T: Any, nonbasic: Any, k: Any, work: Any, index: Any
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


@inner
def _invert(K: Any, k: Any, swaps: Any) -> bool:
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


@inner
def has_no_reply(N: Any, basic: Any, nonbasic: Any, work: Any, index: Any) -> bool:
    """Whether it is proven that a simple vertex x is part of no equilibrium.

    The reply y would have ``K' y = 1`` with K' the columns of N for x's tight rows and the rows of
    x's support, y >= 0, and ``N y <= 1`` elsewhere. Numbers z for the support, and 1 or nothing
    for one better action, whose combination of these has nonnegative coefficients and a negative
    right-hand side refute that (Farkas 1902); the inverse of K' suggests them.

    Parameters
    ----------
    N : ndarray of float64, shape (m, n)
        The player's payoffs, positive; x's tight rows are its columns.
    basic, nonbasic, work, index
        As in :func:`prove_simple`.
    """
    m, n = N.shape
    used, tight, y, z = index[0], index[2], work[0], work[1]
    K = work[4 : 4 + min(m, n)]
    k = np.int64(0)
    for r in range(n):
        if basic[r] < m:
            used[k] = basic[r]
            k += 1
    k = np.int64(0)
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
    if y[worst] < -_LEAST_GAIN:
        for a in range(k):
            z[a] = K[worst, a]
        return _refutes(N, used, tight, z, np.int64(-1), k)
    better: Any = np.int64(-1)
    most_earned = 1.0 + _LEAST_GAIN
    for i in range(m):
        earned = 0.0
        for t in range(k):
            earned += N[i, tight[t]] * y[t]
        if earned > most_earned:
            better, most_earned = i, earned
    if better < 0:
        return False
    for a in range(k):
        z[a] = 0.0
        for t in range(k):
            z[a] -= N[better, tight[t]] * K[t, a]
    return _refutes(N, used, tight, z, better, k)


@inner
def _refutes(N: Any, used: Any, tight: Any, z: Any, better: Any, k: Any) -> bool:
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
    above: float = total + k * lift * _ROUNDED_BOUNDS + rounding * (size + k * lift)
    return above < 0.0
