"""Two-player games with known numbers of equilibria, random ones, and oracles for both."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

Strategy = tuple[Fraction, ...]
Pair = tuple[Strategy, ...]


def solved(matrix: list[list[Fraction]]) -> list[Fraction] | None:
    """Solution z of ``matrix z = 1``, None if the matrix is singular."""
    rows = [[*row, Fraction(1)] for row in matrix]
    for step in range(len(rows)):
        pivot = next((r for r in range(step, len(rows)) if rows[r][step]), None)
        if pivot is None:
            return None
        rows[step], rows[pivot] = rows[pivot], rows[step]
        rows[step] = [entry / rows[step][step] for entry in rows[step]]
        for r, row in enumerate(rows):
            if r != step:
                rows[r] = [a - row[step] * b for a, b in zip(row, rows[step], strict=True)]
    return [row[-1] for row in rows]


def vertices(constraints: Any) -> dict[Strategy, frozenset[int]]:
    """Vertices of {x >= 0, M x <= 1} other than 0, scaled to sum 1, with their tight rows."""
    M = [[Fraction(int(entry)) for entry in row] for row in constraints]
    found = {}
    for k in range(1, min(len(M), len(M[0])) + 1):
        for tight in combinations(range(len(M)), k):
            for used in combinations(range(len(M[0])), k):
                x = solved([[M[j][i] for i in used] for j in tight])
                if x is None or min(x) < 0:
                    continue
                earned = [sum(row[i] * p for i, p in zip(used, x, strict=True)) for row in M]
                if max(earned) > 1:
                    continue
                strategy = [Fraction(0)] * len(M[0])
                for i, p in zip(used, x, strict=True):
                    strategy[i] = p / sum(x)
                found[tuple(strategy)] = frozenset(j for j, e in enumerate(earned) if e == 1)
    return found


def brute_force(A: Any, B: Any) -> set[Pair]:
    A, B = np.asarray(A), np.asarray(B)
    columns = vertices(A - A.min() + 1)
    return {
        (x, y)
        for x, replies in vertices((B - B.min() + 1).T).items()
        for y, best in columns.items()
        if replies >= {j for j, p in enumerate(y) if p}
        and best >= {i for i, p in enumerate(x) if p}
    }


def matrix_pairs(largest: int, highest: int) -> st.SearchStrategy[Any]:
    sides = st.integers(1, largest)
    return st.tuples(sides, sides).flatmap(
        lambda shape: arrays(np.int64, (2, *shape), elements=st.integers(0, highest))
    )


def gambit(A: Any, B: Any) -> set[Pair]:
    pygambit = pytest.importorskip("pygambit", reason="neither lrsnash nor pygambit is installed")
    game = pygambit.Game.from_arrays(A, B)
    found = pygambit.nash.enummixed_solve(game, rational=True).equilibria
    return {
        tuple(tuple(Fraction(str(p[s])) for s in player.strategies) for player in game.players)
        for p in found
    }


# Games whose number of extreme equilibria is known

SEXES = np.array([[[2, 0], [0, 1]], [[1, 0], [0, 2]]], dtype=object)
ISSUE_82 = [
    [[0, 0, 6, 0, 0], [0, 0, 3, 2, 1], [4, 3, 0, 0, 1]],
    [[3, 0, 2, 1, 0], [0, 2, 0, 0, 4], [4, 0, 2, 4, 4]],
]
ISSUE_231 = np.array(
    [
        [0, -1, -1, -1, 1, -1],
        [1, 0, 1, -1, -1, -1],
        [1, -1, 0, -1, -1, 1],
        [1, 1, 1, 0, -1, -1],
        [-1, 1, 1, 1, 0, -1],
        [1, 1, -1, 1, 1, 0],
    ]
)
ISSUE_67 = [
    [
        [52.46337363, 69.47195938, 0.0, 54.14372075],
        [77.0, 88.0, 84.85714286, 92.4],
        [77.78571429, 87.35294118, 93.5, 91.38461538],
        [66.37100751, 43.4530444, 0.0, 60.36191831],
    ],
    [
        [23.52690518, 17.35459006, 88.209, 20.8021711],
        [16.17165, 0.0, 14.00142857, 6.46866],
        [0.0, 5.76529412, 0.0, 0.0],
        [15.68327304, 40.68156322, 84.00857143, 11.06596804],
    ],
]
# von Stengel (1999), "New maximal numbers of equilibria in bimatrix games", Discrete and
# Computational Geometry 21; the second matrix by the column player's actions.
STENGEL = [
    [
        [9504, -660, 19976, -20526, 1776, -8976],
        [-111771, 31680, -130944, 168124, -8514, 52764],
        [397584, -113850, 451176, -586476, 29216, -178761],
        [171204, -45936, 208626, -263076, 14124, -84436],
        [1303104, -453420, 1227336, -1718376, 72336, -461736],
        [737154, -227040, 774576, -1039236, 48081, -300036],
    ],
    [
        [72336, -461736, 1227336, -1718376, 1303104, -453420],
        [48081, -300036, 774576, -1039236, 737154, -227040],
        [29216, -178761, 451176, -586476, 397584, -113850],
        [14124, -84436, 208626, -263076, 171204, -45936],
        [1776, -8976, 19976, -20526, 9504, -660],
        [-8514, 52764, -130944, 168124, -111771, 31680],
    ],
]
COPIED = np.array([0, 0, 1])
KNOWN: dict[str, tuple[Any, Any, int]] = {
    # Avis, Rosenberg, Savani and von Stengel (2010), Economic Theory 42
    "Avis et al.": ([[0, 6], [2, 5], [3, 3]], [[1, 0], [0, 2], [4, 3]], 3),
    "von Stengel 3x2": ([[3, 3], [2, 5], [0, 6]], [[3, 2], [2, 6], [3, 1]], 3),
    "degenerate 3x2": ([[3, 3], [2, 5], [0, 6]], [[3, 3], [2, 6], [3, 1]], 3),
    "nashpy issue 82": (-np.array(ISSUE_82[0]), -np.array(ISSUE_82[1]), 8),
    "nashpy issue 222": ([[-3, 3], [-3, 5]], [[2, 7], [4, 2]], 2),
    "nashpy issue 231": (ISSUE_231, -ISSUE_231, 1),
    "nashpy issue 67": (*ISSUE_67, 1),
    "all zero": (np.zeros((3, 3)), np.zeros((3, 3)), 9),
    "duplicate rows": (SEXES[0][COPIED], SEXES[1][COPIED], 5),
    "duplicate both": (SEXES[0][COPIED][:, COPIED], SEXES[1][COPIED][:, COPIED], 9),
    "1x3": ([[1, 2, 3]], [[5, 5, 1]], 2),
    "3x1": ([[1], [1], [0]], [[5], [0], [7]], 2),
    "1x1": ([[0]], [[0]], 1),
    "times 1e-9": (SEXES[0] * 1e-9, SEXES[1] * 1e-9, 3),
    "times 1e9": (SEXES[0] * 10**9, SEXES[1] * 10**9, 3),
    "plus 1e9": (SEXES[0] + 10**9, SEXES[1] + 10**9, 3),
    "plus 1e17": (SEXES[0] + 10**17, SEXES[1] + 10**17, 3),
    "beyond 2^63": (SEXES[0] * 2**63 + 1, SEXES[1] * 10**30, 3),
    "a wide range": (SEXES[0] * 10**300, SEXES[1] * Fraction(1, 10**300), 3),
    "two scales": ([[10**40, 0], [0, 1]], [[1, 0], [0, 10**40]], 3),
    "three scales": ([[10**80, 1], [0, 2]], [[10**80, 0], [1, 3]], 3),
    "int8": (np.array([[127, -128], [-128, 1]], np.int8), np.eye(2, dtype=np.int8), 3),
    "one huge payoff": ([[2, 0, 0], [0, 1, 0]], [[1, 0, -(10**40)], [0, 2, -(10**40)]], 3),
    "1 x 199": (np.ones((1, 199)), np.arange(199)[None, :] // 10, 9),
    "2 x 63": (np.eye(2, 63), np.eye(2, 63), 3),
    "von Stengel 6x6": (STENGEL[0], np.transpose(STENGEL[1]), 75),
}
