"""Following the agent logit correspondence by a predictor and a corrector.

A point is the vector of all log probabilities and, last, the rationality per payoff range. Steps
are taken along the curve's arc, so that it may turn back in the rationality.
"""

from __future__ import annotations

import math
from collections.abc import Generator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gametheory.games.extensive_form import ExtensiveFormGame

__all__ = ["AgentLogitBranch", "terminal_paths"]

Floats = NDArray[np.float64]

_FIRST_STEP = 0.1
_LEAST_STEP = 1e-11
_BIFURCATION_STEP = 1e-3  # a change of orientation over a shorter step is no jump elsewhere
_STEP_PAST_BIFURCATION = 0.05
_LARGEST_GROWTH = 2.0
_MOST_CORRECTIONS = 7
_MOST_REFINEMENTS = 3
_CONVERGED = 1e-8  # Newton squares it once more
_SMALL_RESIDUAL, _ROUNDING = 1e-11, 1e-15
_COMPILED_SIZE = 100
_SPARSE = 0.1  # of entries that are not zero
_LARGEST_CORRECTION = 0.5
_LARGEST_NOISE = 1e-3
_IDEAL_CORRECTION, _IDEAL_CONTRACTION, _IDEAL_COSINE = 0.05, 0.1, 0.97
_LEAST_COSINE = 0.7
_ROOM = 0.7  # of the change allowed


def terminal_paths(game: ExtensiveFormGame) -> Any:
    """List players' actions on the way to each terminal history that chance allows.

    Payoffs are moved and scaled so that each player's lie in [0, 1], by the largest range of any.
    """
    from gametheory.kernels.agent_responses import TerminalPaths

    reach = game.sequence_form.terminal_chance
    possible = np.flatnonzero(reach > 0)
    nodes = game.terminals[possible].astype(np.int64)
    steps = []
    while nodes.any():
        parents = np.maximum(game.parent[nodes], 0)
        made = (nodes > 0) & (game.node_player[parents] >= 0)
        infosets = np.where(made, game.node_infoset[parents], 0)
        flat = game.action_offsets[infosets] + nodes - game.first_child[parents]
        steps.append(np.where(made, flat, -1))
        nodes = np.where(nodes > 0, parents, 0)
    table = np.array(steps[::-1], np.int64).reshape(len(steps), len(possible)).T
    there = table >= 0
    starts = np.concatenate([[0], np.cumsum(there.sum(axis=1))])
    lowest = game.terminal_payoffs.min(axis=1, keepdims=True)
    unit = float(game.payoff_range) or 1.0
    payoffs = game.terminal_payoffs[:, possible] / unit - lowest / unit
    owner = np.repeat(game.infoset_player, game.infoset_n_actions).astype(np.int64)
    return TerminalPaths(
        starts,
        np.ascontiguousarray(table[there]),
        np.log(reach[possible]),
        np.ascontiguousarray(payoffs),
        owner,
        game.action_offsets.astype(np.int64),
    )


class _Correction(NamedTuple):
    """A point on the curve, the tangent there, by how much steps may grow, the orientation."""

    point: Floats
    tangent: Floats
    growth: float
    sign: float


class AgentLogitBranch:
    """The principal branch, being followed.

    Parameters
    ----------
    game : ExtensiveFormGame
    most_change : float
        By how much a step may change a probability.

    Attributes
    ----------
    point : ndarray, shape (n_actions + 1,)
    steps : int
    stalled : bool
        Whether no step leads on.
    bifurcations : list of float
        The rationalities where the orientation changed.
    """

    def __init__(self, game: ExtensiveFormGame, most_change: float) -> None:
        counts = game.infoset_n_actions
        self.paths = terminal_paths(game)
        self.most_change = most_change
        self.point = np.append(-np.log(np.repeat(counts, counts)), 0.0)
        size = self.point.size
        self._values, self._weights = np.zeros(size - 1), np.zeros(self.paths.actions.size)
        self._system, self._right = np.zeros((size, size), order="C"), np.zeros(size)
        self._unit = np.zeros(size)
        self._unit[-1] = 1.0
        self._tangent = np.zeros(0)
        self._before = np.zeros(0)
        self._step, self._last_step, self._sign = _FIRST_STEP, _FIRST_STEP, 0.0
        self.steps, self.stalled = 0, False
        self.bifurcations: list[float] = []

    @property
    def rationality(self) -> float:
        """Where the branch has come to, per payoff range."""
        return float(self.point[-1])

    def follow(self, target: float, most_steps: int) -> Generator[None, None, None]:
        """Take steps until a rationality is reached; yields after each that leads on."""
        if not self._tangent.size:
            self._begin()
        while self.rationality < target and not self.stalled and self.steps < most_steps:
            if self._advance(target):
                self.steps += 1
                yield None

    def _begin(self) -> None:
        found = self._correct(self.point, self._unit, fixed=True)
        if found is None:
            self.stalled = True
            self._tangent = self._before = self._unit
            return
        self._tangent = self._before = found.tangent
        self._sign = found.sign

    def _advance(self, target: float) -> bool:
        """Try one step; a failure makes the next one shorter."""
        step, landing = self._step, False
        if self.point[-1] + step * self._tangent[-1] >= target:
            step, landing = (target - self.point[-1]) / self._tangent[-1], True
        bend = 0.5 * step / self._last_step
        trial = self.point + step * (self._tangent + bend * (self._tangent - self._before))
        if landing:
            trial[-1] = target
        found = self._correct(trial, self._tangent, fixed=landing)
        cosine = change = 0.0
        failed = found is None
        if found is not None:
            cosine = float(self._tangent @ found.tangent)
            moved = np.exp(np.minimum(found.point[:-1], 1.0)) - np.exp(self.point[:-1])
            change = float(np.abs(moved).max(initial=0.0)) / self.most_change
            failed = cosine < _LEAST_COSINE or change > 1.0
            failed = failed or (not landing and bool(found.point[-1] > target))
        turned = found is not None and not failed and found.sign != self._sign
        if found is None or failed or (turned and step > _BIFURCATION_STEP):
            self._step = step * (0.25 if turned else 0.5)
            self.stalled = self._step < _LEAST_STEP * (1.0 + self.rationality)
            return False
        growth = min(
            found.growth,
            math.sqrt((1.0 - _IDEAL_COSINE) / max(1.0 - cosine, 1e-12)),
            _ROOM / max(change, 1e-12),
            _LARGEST_GROWTH,
        )
        self._step = (max(self._step, step) if landing else step) * max(0.5, growth)
        self._last_step = step
        if turned:
            self.bifurcations.append(float(found.point[-1]))
            self._sign = found.sign
            self._step = _STEP_PAST_BIFURCATION
        self.point, self._before, self._tangent = found.point, self._tangent, found.tangent
        return True

    def _correct(self, trial: Floats, along: Floats, *, fixed: bool) -> _Correction | None:
        """Move a point to the curve at right angles to the tangent, or at its own rationality."""
        trial = trial.copy()
        last, growth = 1.0, _LARGEST_GROWTH
        across = self._unit if fixed else along
        for correction in range(_MOST_CORRECTIONS):
            residual = self._linearize(trial, across)
            solved = _solve(self._system, self._right, self._unit) if residual < np.inf else None
            if solved is None:
                return None
            length = float((np.abs(solved.move) / (1.0 + np.abs(trial))).max())
            if not length <= _LARGEST_CORRECTION:
                return None
            noise = False
            if correction == 0:
                growth = min(growth, math.sqrt(_IDEAL_CORRECTION / max(length, 1e-12)))
            elif length > _CONVERGED and length > 0.5 * last:
                moved = np.abs(solved.move[:-1]) * np.exp(np.minimum(trial[:-1], 1.0))
                if length > _LARGEST_NOISE or moved.max(initial=0.0) > _CONVERGED:
                    return None
                noise = True  # logarithms of tiny probabilities are no more certain than that
            elif length > _CONVERGED:
                growth = min(growth, math.sqrt(_IDEAL_CONTRACTION * last / max(length, 1e-12)))
            trial += solved.move
            last = length
            if length <= _CONVERGED or noise:
                tangent = solved.tangent / float(np.linalg.norm(solved.tangent))
                return _Correction(self._refine(trial, across), tangent, growth, solved.sign)
        return None

    def _refine(self, trial: Floats, across: Floats) -> Floats:
        """Correct a point again while that helps: payoffs are multiplied by large numbers."""
        best, smallest = trial, np.inf
        for _ in range(_MOST_REFINEMENTS):
            residual = self._linearize(trial, across)
            if not residual < 0.5 * smallest:
                break
            best, smallest = trial, residual
            if residual <= _SMALL_RESIDUAL + _ROUNDING * abs(float(trial[-1])):
                break
            solved = _solve(self._system, self._right, self._unit)
            if solved is None:
                break
            trial = trial + solved.move
        return best

    def _linearize(self, trial: Floats, across: Floats) -> float:
        """Fill the equations in, and return the largest residual; infinite if there is a NaN."""
        from gametheory.kernels.agent_responses import linearize, responses

        responses(self.paths, trial[:-1], self._values, self._weights)
        linearize(self.paths, trial, self._values, self._weights, self._system, self._right)
        self._system[-1], self._right[-1] = across, 0.0
        residual = float(np.abs(self._right).max())
        return residual if residual < np.inf else np.inf


class _Solved(NamedTuple):
    """A Newton step, the direction in which the last variable grows, the determinant's sign."""

    move: Floats
    tangent: Floats
    sign: float


def _solve(system: Floats, right: Floats, unit: Floats) -> _Solved | None:
    """Solve for both right-hand sides; with the sign of the determinant."""
    size = right.size
    if size <= _COMPILED_SIZE:  # libraries of linear algebra are slow to start
        from gametheory.kernels.support_newton import eliminate

        table = np.column_stack([system, right, unit])
        sign = eliminate(table, size, size + 2, 0.0)
        return None if sign == 0.0 else _Solved(table[:, size], table[:, size + 1], sign)
    if np.count_nonzero(system) < _SPARSE * size * size:
        return _solve_sparse(system, right, unit)
    from scipy.linalg.lapack import dgetrf, dgetrs

    factors, pivots, info = dgetrf(system.T)  # of the transposed: nothing has to be reordered
    if info != 0:
        return None
    both, _ = dgetrs(factors, pivots, np.stack([right, unit], axis=1), trans=1)
    flips = int((pivots != np.arange(size)).sum()) + int((np.diag(factors) < 0).sum())
    return _Solved(both[:, 0], both[:, 1], -1.0 if flips % 2 else 1.0)


def _solve_sparse(system: Floats, right: Floats, unit: Floats) -> _Solved | None:
    from scipy.sparse import csc_array
    from scipy.sparse.linalg import splu

    try:
        factors = splu(csc_array(system))
    except RuntimeError:  # SuperLU's word for a singular matrix
        return None
    diagonal = factors.U.diagonal()
    flips = _parity(factors.perm_r) + _parity(factors.perm_c) + int((diagonal < 0).sum())
    sign = -1.0 if flips % 2 else 1.0
    return _Solved(factors.solve(right), factors.solve(unit), sign)


def _parity(permutation: NDArray[Any]) -> int:
    """Count by how many exchanges a permutation comes about: its length less its cycles."""
    cycles, left = 0, np.ones(permutation.size, bool)
    following = permutation.tolist()
    for start in range(permutation.size):
        if left[start]:
            cycles += 1
            at = start
            while left[at]:
                left[at] = False
                at = following[at]
    return permutation.size - cycles
