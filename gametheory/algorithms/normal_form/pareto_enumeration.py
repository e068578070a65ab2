"""All pure Pareto-optimal profiles: joint actions that nothing dominates.

Nothing that is pure, or nothing at all: a joint action that no other one dominates may still be
dominated by a distribution over joint actions. Shoham and Leyton-Brown (2009), Multiagent Systems,
section 3.3.1.
"""

from __future__ import annotations

from collections.abc import Generator
from fractions import Fraction
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from gametheory.algorithms.normal_form.exact_hull import upper_hull
from gametheory.algorithms.normal_form.maxima import maxima
from gametheory.algorithms.normal_form.payoff_vectors import integer_vectors, payoff_vectors
from gametheory.algorithms.normal_form.supporting_weights import supporting_weights
from gametheory.algorithms.registry import Outcome, Search, register
from gametheory.errors import UnsupportedGame
from gametheory.games.normal_form import NormalFormGame
from gametheory.games.pareto_profile import ParetoProfile
from gametheory.games.profiles import MixedProfile
from gametheory.linear_programs import finish
from gametheory.solution import Status

__all__ = ["pareto_enumeration", "pareto_optima"]

_FEW_PLAYERS = 3  # whose payoffs have few facets; beyond, one linear program for each vector


@register(
    "pareto-enumeration",
    concepts=("pareto",),
    form=NormalFormGame,
    finds="all",
    guarantee="all pure Pareto-optimal profiles, exactly, in lexicographic order: dominated by no "
    "joint action, or with against='correlated' by no distribution over joint actions, with the "
    "weights that prove it",
    cost="sorting N joint actions, and N (log N)^(n - 2) comparisons for n > 2 players; against "
    "distributions a convex hull, from four players on a linear program for each payoff vector",
    source="Kung, Luccio and Preparata (1975), Journal of the ACM 22; Shoham and Leyton-Brown "
    "(2009), Multiagent Systems, section 3.3.1",
    rank=10,
)
def pareto_enumeration(
    game: NormalFormGame, *, against: Literal["pure", "correlated"] = "pure"
) -> Search:
    """Yield every pure Pareto-optimal profile, in lexicographic order of the joint actions.

    Parameters
    ----------
    game : NormalFormGame
        Any number of players; a million joint actions take seconds.
    against : {"pure", "correlated"}
        What must not dominate: joint actions, or distributions over them.

    Yields
    ------
    MixedProfile, ParetoProfile or None
        None while at work. Against distributions a :class:`ParetoProfile` with its weights.

    Returns
    -------
    Outcome
        ``complete`` speaks of the pure profiles. ``iterations`` counts payoff vectors.

    Raises
    ------
    UnsupportedGame
        ``against`` is neither; or, against distributions, the payoffs are too wide.

    Examples
    --------
    >>> dilemma = NormalFormGame.symmetric([[3, 0], [5, 1]])
    >>> [p.support() for p in pareto_enumeration(dilemma) if p is not None]
    [((0,), (0,)), ((0,), (1,)), ((1,), (0,))]
    >>> dilemma = NormalFormGame.symmetric([[2, 0], [5, 1]])
    >>> print(*[p for p in pareto_enumeration(dilemma, against="correlated") if p is not None])
    ((1, 0), (0, 1)) ((0, 1), (1, 0))
    """
    if against not in ("pure", "correlated"):
        raise UnsupportedGame(f"against={against!r}", valid="'pure' or 'correlated'")
    vectors = payoff_vectors(game)
    best = np.flatnonzero((yield from maxima(vectors.ranks))).tolist()
    if against == "pure":
        optimal = np.sort(np.concatenate([vectors.paid_by(v) for v in best]))
        for cell in optimal:
            yield MixedProfile.pure(game, _joint_action(game, cell))
        return Outcome(iterations=len(vectors.ranks), complete=True)
    weights = yield from _weights(game, vectors.cells[vectors.starts[best]])
    if isinstance(weights, str):
        return Outcome(status=Status.NUMERICAL_FAILURE, reason=f"the linear program: {weights}")
    proven = [
        (int(cell), proof)
        for v, proof in zip(best, weights, strict=True)
        if proof
        for cell in vectors.paid_by(v)
    ]
    for cell, proof in sorted(proven):
        pure = MixedProfile.pure(game, _joint_action(game, cell))
        yield ParetoProfile([list(strategy) for strategy in pure.exact], proof)
    return Outcome(iterations=len(vectors.ranks), complete=True)


def pareto_optima(game: NormalFormGame) -> NDArray[np.bool_]:
    """Mark the joint actions that no joint action Pareto dominates, shape ``n_actions``.

    Exact, for any number of players; see :func:`pareto_enumeration` for profiles with a
    certificate.

    Examples
    --------
    >>> pareto_optima(NormalFormGame.symmetric([[3, 0], [5, 1]])).tolist()
    [[True, True], [True, False]]
    """
    if not isinstance(game, NormalFormGame):
        raise UnsupportedGame(
            f"{type(game).__name__!r} has no joint actions", valid="a NormalFormGame"
        )
    vectors = payoff_vectors(game)
    kept = np.repeat(finish(maxima(vectors.ranks)), np.diff(vectors.starts))
    marked = np.zeros(game.payoffs[0].size, dtype=np.bool_)
    marked[vectors.cells[kept]] = True
    return marked.reshape(game.n_actions)


def _joint_action(game: NormalFormGame, cell: int | np.int64) -> list[int]:
    return [int(action) for action in np.unravel_index(cell, game.n_actions)]


Proofs = list[tuple[Fraction, ...]]


def _weights(game: NormalFormGame, cells: NDArray[np.int64]) -> Generator[None, None, Proofs | str]:
    """Find for each maximum the weights that prove it, () where a distribution dominates it."""
    points, denominators = integer_vectors(game, cells)
    few = game.n_players <= _FEW_PLAYERS
    proofs = yield from (_by_facets(points) if few else _by_programs(points))
    if isinstance(proofs, str):
        return proofs
    return [
        tuple(weight * d for weight, d in zip(proof, denominators, strict=False))
        for proof in proofs
    ]


def _by_facets(points: NDArray[np.object_]) -> Generator[None, None, Proofs | str]:
    """Add up the normals of the facets that meet in each point."""
    hull = yield from upper_hull(points)
    total = np.zeros(points.shape, dtype=object)
    for normal, offset in hull.facets:
        row = np.array(normal, dtype=object)
        total[np.asarray(points @ row == offset, dtype=np.bool_)] += row
    return [tuple(map(Fraction, row)) if all(row) else () for row in total.tolist()]


def _by_programs(points: NDArray[np.object_]) -> Generator[None, None, Proofs | str]:
    """Solve a linear program for each point that no earlier weights prove."""
    proofs: Proofs = [()] * len(points)
    settled = np.zeros(len(points), dtype=np.bool_)
    for k, point in enumerate(points):
        if settled[k]:
            continue
        answer = yield from supporting_weights(points, point.tolist())
        if isinstance(answer, str):
            return answer
        if answer.weights:
            sums = points @ np.array(answer.weights, dtype=object)
            for tied in np.flatnonzero(np.asarray(sums == sums[k], dtype=np.bool_)).tolist():
                proofs[tied], settled[tied] = answer.weights, True
        yield None
    return proofs
