"""All extreme equilibria of a two-player game: fast in floats, complete by proof, exact.

1. Remove strictly dominated actions and take the smaller best-response polytope, its right-hand
   sides raised by tiny unequal amounts so that no vertex is degenerate.
2. Visit all vertices in compiled floats, each with a proof that it is a simple vertex; a list of
   simple vertices that is closed under adjacency is the list of all. Nearly all are refuted at
   once as having no reply in equilibrium, by a Farkas certificate that is safe against rounding.
3. What is left is decided in exact arithmetic. The few vertices that the raised right-hand sides
   may have changed are checked exactly on the true polytope. If all are feasible there, every
   vertex of the true polytope was visited: one that is the only maximizer of some objective is
   the solution of the basis that is optimal for it on the raised polytope.
4. If a proof fails, the sides are raised by other amounts, and in the end the lexicographic
   enumeration in exact integers takes over.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gametheory.algorithms.normal_form.best_response_polytopes import (
    BestResponsePolytope,
    Matrix,
    Vertex,
    best_response_polytope,
    equilibrium_profile,
    exact_vertex,
    facing_vertices,
    why_not_bimatrix,
)
from gametheory.algorithms.normal_form.lexicographic_enumeration import exact_enumeration
from gametheory.algorithms.registry import Outcome, Search, register
from gametheory.games.normal_form import NormalFormGame
from gametheory.solution import Status

__all__ = ["vertex_enumeration"]

# By how much right-hand sides are raised, one attempt after the other. Less changes fewer
# vertices; more keeps degenerate ones further apart.
_RAISES = (2.0**-40, 2.0**-34, 2.0**-28, 2.0**-22)
_WIDEST = 2.0**200  # ratio of payoffs, beyond which floats are not tried
_WORK_A_CALL = 4_000_000  # entries of dictionaries: some ten milliseconds


class _Walked(NamedTuple):
    """How a walk in floats ended: its number of vertices, and whether it is proven complete."""

    vertices: int
    proven: bool
    full: bool = False


@register(
    "vertex-enumeration",
    concepts=("nash",),
    form=NormalFormGame,
    applies=why_not_bimatrix,
    guarantee="every extreme equilibrium once, exactly; completeness is proven with rounding "
    "bounds, and where those do not suffice by lexicographic enumeration in exact integers",
    cost="microseconds for each vertex of the smaller best-response polytope, of which there are "
    "exponentially many in general (random games: 5,000 at 12 actions, 50,000 at 15)",
    source="Mangasarian (1964), Journal of the Society for Industrial and Applied Mathematics 12; "
    "Avis, Rosenberg, Savani and von Stengel (2010), Economic Theory 42",
    finds="all",
    rank=11,
)
def vertex_enumeration(game: NormalFormGame, *, max_vertices: int = 30_000_000) -> Search:
    """Yield every extreme equilibrium of a two-player game.

    Parameters
    ----------
    game : NormalFormGame
        Two players.
    max_vertices : int
        Stop there with ITERATION_LIMIT; a vertex takes 25 to 60 bytes, more beyond 63 actions.

    Yields
    ------
    MixedProfile or None
        Exact profiles as they are found, in a fixed order; None between pieces of work.

    Returns
    -------
    Outcome
        ``iterations`` counts the vertices visited; ``complete`` is a proven claim.

    Notes
    -----
    An extreme equilibrium is a pair of vertices of the two best-response polytopes; the set of
    all equilibria is made of convex combinations of extreme ones. Only the polytope of the player
    with fewer actions left is enumerated. That a polytope's graph is connected: Balinski (1961),
    Pacific Journal of Mathematics 11.

    Examples
    --------
    >>> coordination = NormalFormGame.symmetric([[1, 0], [0, 1]])
    >>> for profile in vertex_enumeration(coordination):
    ...     if profile is not None:
    ...         print(profile)
    ((1, 0), (1, 0))
    ((1/2, 1/2), (1/2, 1/2))
    ((0, 1), (0, 1))
    """
    polytope = best_response_polytope(game)
    yield None
    known: set[Vertex] = set()
    visited = 0
    for attempt, raised in enumerate(_RAISES if _floats_suffice(polytope) else ()):
        right = 1.0 + raised * (
            1.0 + np.random.default_rng(attempt).random(len(polytope.constraints))
        )
        walked = yield from _walk(game, polytope, right, known, max_vertices)
        visited += walked.vertices
        if walked.proven:
            return Outcome(iterations=visited, complete=True)
        if walked.full:
            return Outcome(
                iterations=visited,
                status=Status.ITERATION_LIMIT,
                reason=f"the polytope has more than max_vertices={max_vertices} vertices",
            )
    outcome = yield from exact_enumeration(game, polytope, known)
    return Outcome(iterations=visited + outcome.iterations, complete=outcome.complete)


def _floats_suffice(polytope: BestResponsePolytope) -> bool:
    """Whether no payoff vanishes beside another in floats."""
    matrices = (polytope.constraints, polytope.payoffs)
    return all(max(map(max, matrix)) < _WIDEST for matrix in matrices)


def _unit_columns(matrix: Matrix) -> NDArray[np.float64]:
    """Divide columns by powers of two to bring their maxima into [0.5, 1), one rounding an entry.

    That rescales the unknowns of the polytope and changes no sign of any.
    """
    powers = [1 << max(column).bit_length() for column in zip(*matrix, strict=True)]
    return np.array([[p / power for p, power in zip(row, powers, strict=True)] for row in matrix])


def _walk(
    game: NormalFormGame,
    polytope: BestResponsePolytope,
    right: NDArray[np.float64],
    known: set[Vertex],
    max_vertices: int,
) -> Generator[Any, None, _Walked]:
    """Walk over the polytope with raised right-hand sides; yield the equilibria of its vertices.

    ``known`` are the vertices whose equilibria were yielded before.
    """
    from gametheory.kernels import polytope_vertices as kernel

    walk = kernel.begin(_unit_columns(polytope.constraints), _unit_columns(polytope.payoffs), right)
    piece = max(1, _WORK_A_CALL // (8 * len(polytope.constraints) * len(polytope.payoffs)))
    code = kernel.RUNNING
    while code in (kernel.RUNNING, kernel.FULL):
        code = kernel.advance(walk, piece)
        for used, tight in _bases(walk.found[: walk.state[kernel.FOUND]], polytope):
            exact = exact_vertex(polytope.constraints, used, tight)
            if exact is None:
                return _Walked(int(walk.state[kernel.SEEN]), proven=False)
            if exact[0] not in known:
                known.add(exact[0])
                for pair in facing_vertices(polytope, *exact):
                    yield None if pair is None else equilibrium_profile(game, polytope, pair)
        walk.state[kernel.FOUND] = 0
        if code == kernel.FULL:
            if walk.state[kernel.SEEN] >= max_vertices:
                return _Walked(int(walk.state[kernel.SEEN]), proven=False, full=True)
            walk = kernel.grown(walk)
        yield None
    return _Walked(int(walk.state[kernel.SEEN]), proven=code == kernel.ENDED)


def _bases(
    keys: NDArray[np.uint64], polytope: BestResponsePolytope
) -> Iterator[tuple[list[int], list[int]]]:
    """Read keys as used columns and tight rows."""
    n, m = len(polytope.constraints), len(polytope.payoffs)
    if not len(keys):
        return
    octets = keys.astype("<u8").view(np.uint8).reshape(len(keys), -1)
    for bits in np.unpackbits(octets, axis=1, bitorder="little")[:, : m + n]:
        variables = np.flatnonzero(bits)
        used = variables[variables < m].tolist()
        yield used, (variables[len(used) :] - m).tolist()
