"""How a population is weighed before it is responded to: the restricted game's solution.

A solver maps the restricted game to weights of joint choices of strategies. Those of "nash",
"alpha-rank" and "uniform" are products of one distribution a player.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gametheory.algorithms.normal_form.simplex_vertex import simplex_vertex
from gametheory.errors import UnsupportedGame
from gametheory.evaluation import alpha_rank
from gametheory.games.normal_form import NormalFormGame
from gametheory.solve import solve

__all__ = ["CORRELATED", "META_SOLVERS", "marginals", "meta_solver"]

Floats = NDArray[np.float64]

_NOISE = 1e-12

CORRELATED = ("correlated", "coarse-correlated")
"""Those whose weights tie the players' choices together."""


def meta_solver(name: str) -> Callable[[NormalFormGame], Floats]:
    """Look a solver up.

    Raises
    ------
    UnsupportedGame
        If there is none of this name.
    """
    if name not in META_SOLVERS:
        raise UnsupportedGame(
            f"there is no meta-solver {name!r}", valid=" or ".join(map(repr, META_SOLVERS))
        )
    return META_SOLVERS[name]


def marginals(joint: Floats) -> list[Floats]:
    """Return each player's own distribution.

    Examples
    --------
    >>> [m.tolist() for m in marginals(np.array([[0.5, 0.0], [0.25, 0.25]]))]
    [[0.5, 0.5], [0.75, 0.25]]
    """
    axes = range(joint.ndim)
    return [joint.sum(axis=tuple(a for a in axes if a != player)) for player in axes]


def _product(strategies: Any) -> Floats:
    joint: Floats = reduce(np.multiply.outer, [np.asarray(s, dtype=np.float64) for s in strategies])
    return joint


def _nash(game: NormalFormGame) -> Floats:
    """One Nash equilibrium; of a zero-sum game by the simplex method in floats."""
    if game.n_players == 2 and np.allclose(game.payoffs[0], -game.payoffs[1], atol=1e-12, rtol=0):
        return _minimax(game.payoffs[0])
    return _product(solve(game, "nash").profile)


def _minimax(payoffs: Floats) -> Floats:
    lowest, width = float(payoffs.min()), float(np.ptp(payoffs))
    if width <= 0.0:
        return np.full(payoffs.shape, 1.0 / payoffs.size)
    steps = simplex_vertex(np.ascontiguousarray((payoffs - lowest) / width))
    while True:
        try:
            next(steps)
        except StopIteration as end:
            vertex = end.value[0]
            break
    if vertex is None:  # rounding broke the pivots down: exact arithmetic does not mind
        return _product(solve(NormalFormGame.zero_sum(payoffs), "minimax").profile)
    return _product((vertex.row, vertex.column))


def _uniform(game: NormalFormGame) -> Floats:
    return np.full(game.n_actions, 1.0 / float(np.prod(game.n_actions)))


def _alpha_rank(game: NormalFormGame) -> Floats:
    if game.payoff_range <= 0.0:
        return _uniform(game)
    return _product(alpha_rank(game).action_masses)


def _correlated(game: NormalFormGame) -> Floats:
    """Return the CE of highest total payoff: no action gains by another one, told the first."""
    return _best_welfare(game, lambda gains: [gains[told] for told in range(len(gains))])


def _coarse_correlated(game: NormalFormGame) -> Floats:
    """Return the CCE of highest total payoff: no action gains whatever would be told."""
    return _best_welfare(game, lambda gains: [gains.sum(axis=0)])


def _best_welfare(game: NormalFormGame, constraints: Callable[[Floats], list[Floats]]) -> Floats:
    """Solve the linear program over distributions of joint actions, in floats.

    ``constraints`` takes gains of shape (told, other action, joint action) and returns what must
    not gain, each of shape (other action, joint action).
    """
    from scipy.optimize import linprog

    rows = []
    for player, size in enumerate(game.n_actions):
        payoffs = game.payoffs[player]
        gains = np.zeros((size, size, payoffs.size))
        for told in range(size):
            for other in range(size):
                change = np.zeros_like(payoffs)
                where = (slice(None),) * player
                change[(*where, told)] = payoffs[(*where, other)] - payoffs[(*where, told)]
                gains[told, other] = change.ravel()
        rows += constraints(gains)
    program = linprog(
        -game.payoffs.sum(axis=0).ravel(),
        A_ub=np.concatenate(rows),
        b_ub=np.zeros(sum(map(len, rows))),
        A_eq=np.ones((1, game.payoffs[0].size)),
        b_eq=[1.0],
        method="highs",
    )
    if program.x is None:
        raise UnsupportedGame(f"the restricted game's program was not solved: {program.message}")
    weights = np.where(program.x > _NOISE, program.x, 0.0)
    return np.asarray((weights / weights.sum()).reshape(game.n_actions))


META_SOLVERS: dict[str, Callable[[NormalFormGame], Floats]] = {
    "nash": _nash,
    "uniform": _uniform,
    "alpha-rank": _alpha_rank,
    "coarse-correlated": _coarse_correlated,
    "correlated": _correlated,
}
