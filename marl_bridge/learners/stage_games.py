"""Stage games solved in floats, thousands of times a second: what learners of joint actions ask.

Nothing is certified here. A learner's values are estimates, so the last digits of a stage's
solution do not matter; that it solves the stage up to rounding is checked all the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gametheory.algorithms.normal_form.lemke_howson import float_equilibrium
from gametheory.games.normal_form import NormalFormGame
from gametheory.solve import solve

__all__ = ["best_correlated", "equilibrium", "minimax", "product", "pure"]

Floats = NDArray[np.float64]

_NOISE = 1e-12
_TOLERANCE = 1e-9  # of the payoff range
_MOST_CELLS = 150  # of the dense program; HiGHS is faster beyond


def product(strategies: Sequence[Any]) -> Floats:
    """Multiply strategies to the probabilities of joint actions.

    Examples
    --------
    >>> product([[0.5, 0.5], [0.0, 1.0]])
    array([[0. , 0.5],
           [0. , 0.5]])
    """
    joint: Floats = np.ones(())
    for strategy in strategies:
        joint = np.multiply.outer(joint, np.asarray(strategy, dtype=np.float64))
    return joint


def pure(shape: Sequence[int], cell: int) -> Floats:
    """Put all weight on one joint action, counted row by row.

    Examples
    --------
    >>> pure((2, 2), 2).tolist()
    [[0.0, 0.0], [1.0, 0.0]]
    """
    joint = np.zeros(shape)
    joint.flat[cell] = 1.0
    return joint


def minimax(payoffs: Floats) -> tuple[float, Floats, Floats]:
    """Solve a matrix game.

    Parameters
    ----------
    payoffs : ndarray, shape (m, n)
        Of the row player, who maximizes.

    Returns
    -------
    value : float
    row, column : ndarray
        Minimax strategies; pure ones, the first, where there is a saddle point.

    Examples
    --------
    >>> value, row, column = minimax(np.array([[2.0, -1.0], [-1.0, 1.0]]))
    >>> round(value, 12), row.round(12).tolist()
    (0.2, [0.4, 0.6])
    """
    secured, conceded = payoffs.min(axis=1), payoffs.max(axis=0)
    best, worst = int(secured.argmax()), int(conceded.argmin())
    if secured[best] >= conceded[worst]:
        return float(secured[best]), pure(secured.shape, best), pure(conceded.shape, worst)
    from gametheory.kernels import minimax_simplex as kernel

    lowest, width = float(payoffs.min()), float(np.ptp(payoffs))
    start = kernel.at_origin(np.ascontiguousarray((payoffs - lowest) / width))
    found = _pivoted(*start[:3])
    if found is not None:
        row, column = found[0] / found[0].sum(), found[1] / found[1].sum()
        if float((payoffs @ column).max() - (row @ payoffs).min()) <= _TOLERANCE * width:
            return float(row @ payoffs @ column), row, column
    # Rounding broke the pivots down: exact arithmetic does not mind.
    row, column = map(_floats, solve(NormalFormGame.zero_sum(payoffs), "minimax").profile)
    return float(row @ payoffs @ column), row, column


def _pivoted(dictionary: Floats, basic: Any, nonbasic: Any) -> tuple[Floats, Floats] | None:
    """Pivot to the prices of the rows and the variables at the optimum; None if it fails."""
    from gametheory.kernels import minimax_simplex as kernel

    m, n = len(basic), len(nonbasic)
    norms, counts = np.empty(n + 1), np.zeros(2, dtype=np.int64)
    kernel.measure(dictionary, norms)
    if kernel.pivots(dictionary, basic, nonbasic, norms, counts, 50 * (m + n)) != kernel.OPTIMAL:
        return None
    prices, variables = kernel.weights(dictionary, basic, nonbasic)
    return prices, variables


def equilibrium(payoffs: Floats, welfare: Floats) -> list[Floats]:
    """Find a Nash equilibrium, always the same one of equal games.

    The pure one of largest welfare, the first at ties; where there is none, the one at the end of
    Lemke and Howson's paths, or of more than two players the one that ``solve`` finds.

    Parameters
    ----------
    payoffs : ndarray, shape (k, m_1, ..., m_k)
    welfare : ndarray, shape (m_1, ..., m_k)

    Examples
    --------
    >>> stag_hunt = np.array([[[4.0, 0.0], [3.0, 2.0]], [[4.0, 3.0], [0.0, 2.0]]])
    >>> [strategy.tolist() for strategy in equilibrium(stag_hunt, stag_hunt.sum(axis=0))]
    [[1.0, 0.0], [1.0, 0.0]]
    """
    stable = np.ones(welfare.shape, dtype=np.bool_)
    for player, own in enumerate(payoffs):
        stable &= own >= own.max(axis=player, keepdims=True)
    if stable.any():
        cell = np.unravel_index(int(np.where(stable, welfare, -np.inf).argmax()), welfare.shape)
        return [pure((m,), int(a)) for m, a in zip(welfare.shape, cell, strict=True)]
    if len(payoffs) == 2:
        found = float_equilibrium(payoffs[0], payoffs[1])
        if found is not None and _largest_gain(payoffs, found) <= _TOLERANCE:
            return list(found)
    return [_floats(strategy) for strategy in solve(NormalFormGame(payoffs), "nash").profile]


def _largest_gain(payoffs: Floats, pair: tuple[Floats, Floats]) -> float:
    """Return what a player can gain in a two-player game, as part of its payoff range."""
    x, y = pair
    gains = []
    for own, earned in ((payoffs[0], payoffs[0] @ y), (payoffs[1], x @ payoffs[1])):
        gains.append((earned.max() - x @ own @ y) / (float(np.ptp(own)) or 1.0))
    return float(max(gains))


def best_correlated(payoffs: Floats, everybody: Floats, objective: str) -> Floats:
    """Find the correlated equilibrium that is best by an objective.

    Parameters
    ----------
    payoffs : ndarray, shape (k, m_1, ..., m_k)
        Of those who act: none gains by another action than the one it is told.
    everybody : ndarray, shape (n, m_1, ..., m_k)
        Payoffs of all whom the objective counts.
    objective : {"utilitarian", "egalitarian"}
        The sum of all payoffs, or the smallest one.

    Returns
    -------
    ndarray, shape (m_1, ..., m_k)
        Probabilities of joint actions.

    Examples
    --------
    >>> chicken = np.array([[[6.0, 2.0], [7.0, 0.0]], [[6.0, 7.0], [2.0, 0.0]]])
    >>> best_correlated(chicken, chicken, "utilitarian").round(12).tolist()
    [[0.5, 0.25], [0.25, 0.0]]
    """
    sizes = payoffs.shape[1:]
    goals = everybody.reshape(len(everybody), -1)
    if objective == "utilitarian":
        goals = goals.sum(axis=0, keepdims=True)
    cell = _best_pure(payoffs, goals)
    if cell is not None:
        return pure(sizes, cell)
    lowest, width = float(goals.min()), float(np.ptp(goals)) or 1.0
    program = _Program(_incentives(payoffs), (goals - lowest) / width + 1.0)
    weights = program.solved() if goals.shape[1] <= _MOST_CELLS else None
    if weights is None:
        weights = program.solved_by_highs()
    weights = np.where(weights > _NOISE, weights, 0.0)
    return np.asarray((weights / weights.sum()).reshape(sizes))


def _best_pure(payoffs: Floats, goals: Floats) -> int | None:
    """Find a pure equilibrium that no distribution at all can beat, if there is one."""
    worth = goals.min(axis=0)
    worth = np.where(worth >= goals.max(axis=1).min(), worth, -np.inf)
    for cell in np.flatnonzero(worth > -np.inf).tolist():
        at = np.unravel_index(cell, payoffs.shape[1:])
        for player, own in enumerate(payoffs):
            line = own[(*at[:player], slice(None), *at[player + 1 :])]
            if line[at[player]] < line.max():
                break
        else:
            return int(cell)
    return None


def _incentives(payoffs: Floats) -> Floats:
    """List what each deviation gains at each joint action, in units of the payoff range."""
    sizes, n_cells = payoffs.shape[1:], payoffs[0].size
    cells = np.arange(n_cells).reshape(sizes)
    rows = []
    for player, (size, earned) in enumerate(zip(sizes, payoffs, strict=True)):
        own = np.moveaxis(earned, player, 0).reshape(size, -1) / (float(np.ptp(earned)) or 1.0)
        met = np.moveaxis(cells, player, 0).reshape(size, -1)
        gains = np.zeros((size, size, n_cells))
        for told in range(size):
            gains[told][:, met[told]] = own - own[told]
        rows.append(gains[~np.eye(size, dtype=np.bool_)])
    return np.concatenate(rows)


class _Program(NamedTuple):
    """Maximize the smallest of some goals over distributions of cells that nobody deviates from.

    Attributes
    ----------
    incentives : ndarray, shape (n_rows, n_cells)
        None of them may be positive in expectation.
    goals : ndarray, shape (n_goals, n_cells)
        From 1 to 2.
    """

    incentives: Floats
    goals: Floats

    def solved(self) -> Floats | None:
        """Pivot from the origin in a dense dictionary; None if rounding spoiled the result.

        No weight at all satisfies the incentives too, and as goals are positive the optimum uses
        all weight that there is. Multipliers of the rows then prove how much more is possible.
        """
        (n_rows, n_cells), n_goals = self.incentives.shape, len(self.goals)
        several = n_goals > 1
        m, n = n_rows + 1 + (n_goals if several else 0), n_cells + int(several)
        dictionary = np.zeros((m + 1, n + 1))
        dictionary[:n_rows, :n_cells] = self.incentives
        dictionary[n_rows, :n_cells] = dictionary[n_rows, n] = 1.0
        if several:  # the last variable is below all goals
            dictionary[n_rows + 1 : m, :n_cells] = -self.goals
            dictionary[n_rows + 1 : m, n_cells] = 1.0
            dictionary[m, n_cells] = -1.0
        else:
            dictionary[m, :n_cells] = -self.goals[0]
        optimum = _pivoted(dictionary, np.arange(n, n + m), np.arange(n))
        if optimum is None:
            return None
        prices, found = optimum
        weights = found[:n_cells] / found[:n_cells].sum()
        shares = prices[n_rows + 1 :] if several else np.ones(1)
        if not shares.sum() > 0.0:
            return None
        shares, prices = shares / shares.sum(), prices[:n_rows] / shares.sum()
        bound = float((shares @ self.goals - prices @ self.incentives).max())
        reached = float((self.goals @ weights).min())
        gained = float((self.incentives @ weights).max(initial=0.0))
        return weights if max(bound - reached, gained) <= _TOLERANCE else None

    def solved_by_highs(self) -> Floats:
        """Solve it by HiGHS, which is slower to start and takes any size."""
        from scipy.optimize import linprog
        from scipy.sparse import csr_array

        (n_rows, n_cells), n_goals = self.incentives.shape, len(self.goals)
        below = np.vstack([self.incentives, -self.goals])
        last = np.concatenate([np.zeros(n_rows), np.ones(n_goals)])[:, None]
        program = linprog(
            np.append(np.zeros(n_cells), -1.0),
            A_ub=csr_array(np.hstack([below, last])),
            b_ub=np.zeros(n_rows + n_goals),
            A_eq=np.append(np.ones(n_cells), 0.0)[None, :],
            b_eq=[1.0],
            method="highs",
        )
        if program.x is None:
            raise ArithmeticError(f"a stage's linear program was not solved: {program.message}")
        return np.asarray(program.x[:n_cells])


def _floats(strategy: Any) -> Floats:
    return np.asarray(strategy, dtype=np.float64)
