"""Exact proofs that no equilibrium uses a support, for games with ties.

On a support, joint actions have positive probabilities: positive weights that satisfy the
inequalities of correlated equilibrium, as equations for actions of the support. By Stiemke's
theorem there are none if some combination of these conditions is nowhere negative and not zero.
Floats suggest the combination; rational arithmetic checks it. Unlike a proof in floats this one
holds where an equilibrium of a smaller support is next to the larger one.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gametheory.algorithms.normal_form.multilinear_systems import SupportSystem

__all__ = ["Refutation", "refute_exactly"]

_MAX_ENTRIES = 100_000
_SIMPLE_DENOMINATOR = 10_000
_POSITIVE = 1e-6


class Refutation(NamedTuple):
    """Whether there is a proof, and positive weights if there seem to be some.

    Attributes
    ----------
    proven : bool
        No equilibrium has the support. False is no answer.
    weights : ndarray or None
        Of the support's joint actions, one axis for each player; they sum to one.
    """

    proven: bool
    weights: NDArray[np.float64] | None


def refute_exactly(system: SupportSystem) -> Refutation:
    """Try to prove that no equilibrium has this support.

    Examples
    --------
    >>> from gametheory.games.normal_form import NormalFormGame
    >>> coordination = NormalFormGame.symmetric([[1, 0], [1, 1]])
    >>> refute_exactly(SupportSystem(coordination, [[0, 1], [0, 1]], (2, 2)))
    Refutation(proven=True, weights=None)
    """
    from scipy.optimize import linprog

    n_joint = int(np.prod(system.size))
    n_rows = sum(k * len(g) for k, g in zip(system.size, system.gains, strict=True))
    if not n_rows or n_rows * n_joint > _MAX_ENTRIES:
        return Refutation(False, None)
    rows, free = _conditions(system)
    floats = rows.astype(np.float64)
    program = linprog(
        -floats.sum(axis=0),
        A_ub=np.vstack([floats, -floats]),
        b_ub=np.concatenate([np.ones(n_joint), np.zeros(n_joint)]),
        bounds=[(None if f else 0, None) for f in free],
    )
    if not program.success:
        return Refutation(False, None)
    if -program.fun < _POSITIVE:  # the dual solution: what exceeds one in the weights
        weights = 1.0 + np.clip(-program.ineqlin.marginals[n_joint:], 0.0, None)
        return Refutation(False, (weights / weights.sum()).reshape(system.size))
    multipliers = [Fraction(u).limit_denominator(_SIMPLE_DENOMINATOR) for u in program.x.tolist()]
    combined = (rows @ np.array(multipliers, dtype=object)).tolist()
    signs = all(f or u >= 0 for f, u in zip(free, multipliers, strict=True))
    return Refutation(signs and min(combined) >= 0 and max(combined) > 0, None)


def _conditions(system: SupportSystem) -> tuple[NDArray[Any], list[bool]]:
    """One column for each condition, one row for each joint action; and which are equations."""
    size = system.size
    columns, free = [], []
    for player, (gains, span) in enumerate(zip(system.gains, system.ranges, strict=True)):
        for action, gain in enumerate(gains):
            for own in range(size[player]):
                column = np.full(size, Fraction(0), dtype=object)
                at: list[Any] = [slice(None)] * len(size)
                at[player] = own
                column[tuple(at)] = gain * (Fraction(1) / span)
                columns.append(column.ravel())
                free.append(action < size[player] - 1)
    return np.stack(columns, axis=1), free
