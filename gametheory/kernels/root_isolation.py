"""Boxes that hold exactly one root of the indifference equations, by Krawczyk's test.

Payoffs are multilinear, so that the Jacobian's variation over a box has a simple bound.

Krawczyk (1969), "Newton-Algorithmen zur Bestimmung von Nullstellen mit Fehlerschranken",
Computing 4.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from gametheory.kernels.compiling import inner
from gametheory.kernels.multilinear_roots import Restriction, Roots, next_joint

__all__ = ["evaluation_error", "isolate"]

_ROUNDING: Final = 2.0**-52
_SMALLEST_BOX: Final = 1e-10


@inner
def evaluation_error(game: Restriction, roots: Roots) -> float:
    """Bound the error of values and gradients at the point: of rounding, and of the payoffs."""
    n_joint, mass = 1, 1.0
    for player in range(len(game.size)):
        n_joint *= game.size[player]
        total = 0.0
        for unknown in range(game.offsets[player], game.offsets[player + 1]):
            total += abs(roots.point[unknown])
        mass *= max(1.0, total)
    return (2 * n_joint + 8 * len(game.size) + 16) * _ROUNDING * mass


@inner
def isolate(game: Restriction, roots: Roots) -> tuple[float, float]:
    """Prove that a box around the point holds exactly one root.

    Call it after :func:`converge`. Krawczyk's image of a small box lies inside that box, so
    that it holds a root. In the large box, the mean Jacobian J between two roots satisfies
    ``|I - P J| < 1`` with the inverse P of the point's, so that the roots are equal; roots have
    probabilities that sum to one, which narrows what J may be.

    Returns
    -------
    tuple of float
        The radii of the large and of the small box; zeros if there is no proof.
    """
    error = evaluation_error(game, roots)
    small = 4.0 * _krawczyk(game, roots, 0.0, error, False)[1] + 4.0 * _ROUNDING
    while True:
        if not small < _SMALLEST_BOX:
            return 0.0, 0.0
        linear, offset = _krawczyk(game, roots, small, error, False)
        if linear + offset / small < 0.99:
            break
        small *= 8.0
    radius = 1.0
    while radius > small:
        linear = _krawczyk(game, roots, radius, error, True)[0]
        if linear < 0.99:
            return radius, small
        radius *= 0.75 if linear < 2.0 else 0.5
    return small, small


@inner
def _krawczyk(
    game: Restriction, roots: Roots, radius: float, error: float, between_roots: bool
) -> tuple[float, float]:
    """Bound, over all rows, |I - P J| + |P| times the variation of J in the box, and |P f|."""
    size, inverse = game.offsets[-1], roots.inverse
    if between_roots and len(game.size) == 3:
        _variation_between_roots(game, roots, radius)
    else:
        _variation(game, roots, radius)
    largest, farthest = 0.0, 0.0
    for row in range(size):
        offset, linear, total = 0.0, 0.0, 0.0
        for k in range(size):
            weight = abs(inverse[row, k])
            offset += weight * (abs(roots.residual[k]) + 2.0 * error)
            linear += weight * roots.work[k, 0]
            total += weight
        linear += 2.0 * size * total * error * (size + 1)
        for column in range(size):
            entry = -1.0 if row == column else 0.0
            for k in range(size):
                entry += inverse[row, k] * roots.jacobian[k, column]
            linear += abs(entry)
        largest = max(largest, linear)
        farthest = max(farthest, offset)
    return largest, farthest


@inner
def _variation(game: Restriction, roots: Roots, radius: float) -> None:
    """Bound how far each row of the Jacobian moves in the box, in ``roots.work[:, 0]``."""
    n, size, offsets, digits = len(game.size), game.size, game.offsets, game.digits
    for row in range(offsets[-1]):
        roots.work[row, 0] = 0.0
    for player in range(n):
        digits[:] = 0
        n_others = 1
        for other in range(n):
            if other != player:
                n_others *= size[other]
        for others in range(n_others):
            for other in range(n):
                if other == player:
                    continue
                low, high = 1.0, 1.0
                for third in range(n):
                    if third not in (player, other):
                        chance = abs(roots.point[offsets[third] + digits[third]])
                        low *= chance
                        high *= chance + radius
                for action in range(1, size[player]):
                    gain = game.payoffs[player, action, others] - game.payoffs[player, 0, others]
                    roots.work[offsets[player] + action, 0] += abs(gain) * (high - low)
            next_joint(digits, size, player)


@inner
def _variation_between_roots(game: Restriction, roots: Roots, radius: float) -> None:
    """Bound the same for three players where all probabilities sum to one.

    A derivative is linear in the third player's probabilities. Their changes sum to zero, so a
    constant may be taken off its coefficients: the middle of their range.
    """
    size = game.size
    for row in range(game.offsets[-1]):
        roots.work[row, 0] = 0.0
    for player in range(3):
        for other in range(3):
            if other == player:
                continue
            third = 3 - player - other
            by_other = size[third] if other < third else 1
            by_third = 1 if other < third else size[other]
            for action in range(1, size[player]):
                total = 0.0
                for taken in range(size[other]):
                    low, high = np.inf, -np.inf
                    for k in range(size[third]):
                        others = taken * by_other + k * by_third
                        gain = (
                            game.payoffs[player, action, others] - game.payoffs[player, 0, others]
                        )
                        low, high = min(low, gain), max(high, gain)
                    middle = (low + high) / 2.0
                    for k in range(size[third]):
                        others = taken * by_other + k * by_third
                        gain = (
                            game.payoffs[player, action, others] - game.payoffs[player, 0, others]
                        )
                        total += abs(gain - middle)
                roots.work[game.offsets[player] + action, 0] += radius * total
