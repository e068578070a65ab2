"""All extreme equilibria of a two-player game, in exact arithmetic, degenerate or not.

1. Remove strictly dominated actions and take the smaller best-response polytope.
2. Visit all its vertices by lexicographic pivoting on integer dictionaries.
3. For each vertex, find the vertices of the face of the opponent's strategies that are in
   equilibrium with it.
"""

from __future__ import annotations

from gametheory.algorithms.normal_form.best_response_polytopes import (
    BestResponsePolytope,
    Vertex,
    best_response_polytope,
    equilibrium_profile,
    facing_vertices,
    why_not_bimatrix,
)
from gametheory.algorithms.normal_form.integer_dictionary import IntegerDictionary, walk_bases
from gametheory.algorithms.registry import Outcome, Search, register
from gametheory.games.normal_form import NormalFormGame

__all__ = ["exact_enumeration", "lexicographic_enumeration"]


@register(
    "lexicographic-enumeration",
    concepts=("nash",),
    form=NormalFormGame,
    applies=why_not_bimatrix,
    guarantee="every extreme equilibrium once, exactly, whether the game is degenerate or not",
    cost="the vertices of the smaller best-response polytope, exponentially many in general",
    source="Avis, Rosenberg, Savani and von Stengel (2010), Economic Theory 42",
    finds="all",
    rank=12,
)
def lexicographic_enumeration(game: NormalFormGame) -> Search:
    """Yield every extreme equilibrium of a two-player game, in exact arithmetic only.

    Parameters
    ----------
    game : NormalFormGame
        Two players.

    Yields
    ------
    MixedProfile or None
        Exact profiles as they are found, in a fixed order; None between pieces of work.

    Returns
    -------
    Outcome
        ``iterations`` counts the bases visited, of which a degenerate vertex has several.

    Notes
    -----
    Pivoting: Avis (2000), "lrs: a revised implementation of the reverse search vertex enumeration
    algorithm", in Polytopes - Combinatorics and Computation.

    Examples
    --------
    >>> constant = NormalFormGame.zero_sum([[0, 0]])
    >>> [str(profile) for profile in lexicographic_enumeration(constant) if profile is not None]
    ['((1), (1, 0))', '((1), (0, 1))']
    """
    polytope = best_response_polytope(game)
    yield None
    return (yield from exact_enumeration(game, polytope, set()))


def exact_enumeration(
    game: NormalFormGame, polytope: BestResponsePolytope, known: set[Vertex]
) -> Search:
    """Yield the equilibria of all vertices that are not known yet; see the algorithm above."""
    dictionary = IntegerDictionary(polytope.constraints)
    bases = 0
    for new in walk_bases(dictionary):
        yield None
        if not new:
            continue
        bases += 1
        strategy = dictionary.support()
        vertex = Vertex(tuple(sorted(strategy)), dictionary.tight())
        if vertex.support and vertex not in known:
            known.add(vertex)
            for pair in facing_vertices(polytope, vertex, strategy):
                yield None if pair is None else equilibrium_profile(game, polytope, pair)
    return Outcome(iterations=bases, complete=True)
