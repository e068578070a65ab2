"""What is measured of a run besides NashConv: Pareto distance, welfare, convergence reached.

The kinds of convergence are those of Albrecht, Christianos and Schäfer (2024), Multi-Agent
Reinforcement Learning, section 5.2, from the strongest on: policies to an equilibrium, their
averages to one, their payoffs to those of one, and no regret.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

import gametheory as gt

from .games import StudyGame

__all__ = [
    "CONVERGENCE",
    "TOLERANCE",
    "convergence",
    "late_regret",
    "pareto_distance",
    "signed_regrets",
    "welfare_ratio",
]

TOLERANCE = 0.01
"""What counts as zero, as a share of the game's largest payoff range."""

CONVERGENCE = {
    "nash": "policies reach a Nash equilibrium",
    "average": "the policies' average reaches a Nash equilibrium",
    "payoffs": "mean payoffs reach those of a Nash equilibrium",
    "no-regret": "external regret of late play is gone",
    "none": "none of these",
}
"""The kinds of convergence, the strongest first."""


def pareto_distance(game: StudyGame, payoffs: Sequence[float]) -> float:
    """Return how much more every player could have at once, in payoff units.

    That is the distance, in the largest norm, from the boundary of what some distribution over
    joint actions pays, or more: zero exactly for weakly Pareto-optimal payoffs.

    Examples
    --------
    >>> from .games import studied
    >>> round(pareto_distance(studied("prisoners_dilemma"), (-2, -2)), 9)
    1.0
    """
    room = [
        (offset - float(np.dot(normal, payoffs))) / sum(normal) for normal, offset in game.frontier
    ]
    return max(0.0, min(room, default=0.0))


def welfare_ratio(game: StudyGame, payoffs: Sequence[float]) -> float | None:
    """Place the sum of payoffs between the worst (0) and the best joint action (1).

    None where all joint actions have the same sum.

    Examples
    --------
    >>> from .games import studied
    >>> welfare_ratio(studied("chicken"), (3, 6)), welfare_ratio(studied("shapley"), (0.5, 0.5))
    (0.75, 1.0)
    """
    low, high = game.welfare_ends
    return None if high <= low else (sum(payoffs) - low) / (high - low)


def signed_regrets(game: StudyGame, counts: NDArray[np.int64]) -> list[list[float]]:
    """Return what each player would have earned more by each fixed action, per round.

    Parameters
    ----------
    game : StudyGame
        A matrix game.
    counts : ndarray of int, shape (m_1, ..., m_n)
        How often each joint action was played.

    Examples
    --------
    >>> from .games import studied
    >>> signed_regrets(studied("matching_pennies"), np.array([[3, 1], [0, 0]]))[1]
    [-0.5, 1.5]
    """
    joint, found = counts / counts.sum(), []
    for player, own in enumerate(game.game.payoffs):
        others = joint.sum(axis=player)
        table = np.moveaxis(own, player, 0)
        fixed = table.reshape(len(table), -1) @ others.ravel()
        found.append([float(u) for u in fixed - float((own * joint).sum())])
    return found


def late_regret(game: StudyGame, counts: NDArray[np.int64]) -> float:
    """Return the largest external regret in the last quarter of the records, per round."""
    late = counts[-1] - counts[(3 * len(counts)) // 4 - 1] if len(counts) > 1 else counts[-1]
    return float(gt.external_regrets(game.game, late / late.sum()).max())


def convergence(
    game: StudyGame,
    *,
    gaps: Sequence[float],
    average_gap: float,
    mean_payoffs: Sequence[float],
    regret: float | None,
    averages: bool,
) -> str:
    """Say which kind of convergence a run reached: a key of :data:`CONVERGENCE`.

    Parameters
    ----------
    game : StudyGame
    gaps : sequence of float
        NashConv of the policies, record by record: the last quarter has to be small.
    average_gap : float
        NashConv of the policies' average.
    mean_payoffs : sequence of float
        What policies pay, on average over the last half of the records.
    regret : float or None
        Largest external regret of late play; None where play is not recorded.
    averages : bool
        Whether the learner's policies are averages themselves.
    """
    small = TOLERANCE * game.scale
    late = gaps[(3 * len(gaps)) // 4 :]
    if max(late) <= small:
        return "average" if averages else "nash"
    if average_gap <= small:
        return "average"
    if any(
        all(abs(own - u) <= small for own, u in zip(mean_payoffs, paid, strict=True))
        for paid in game.equilibrium_payoffs
    ):
        return "payoffs"
    return "no-regret" if regret is not None and regret <= small else "none"
