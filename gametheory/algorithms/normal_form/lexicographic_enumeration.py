"""All extreme equilibria of a two-player game, in exact arithmetic, degenerate or not.

1. Remove strictly dominated actions and take the smaller best-response polytope.
2. Visit all its vertices by lexicographic pivoting on integer dictionaries.
3. For each vertex, find the vertices of the face of the opponent's strategies that are in
   equilibrium with it.
"""

from __future__ import annotations

from gametheory.algorithms.normal_form.best_response_polytopes import (
    Vertex,
    best_response_polytope,
    equilibrium_profile,
    facing_vertices,
    why_not_bimatrix,
)
from gametheory.algorithms.normal_form.integer_dictionary import IntegerDictionary, walk_bases
from gametheory.algorithms.registry import Outcome, Search, register
from gametheory.games.normal_form import NormalFormGame

__all__ = ["lexicographic_enumeration"]


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
    """Yield every extreme equilibrium of a two-player game."""
    polytope = best_response_polytope(game)
    dictionary = IntegerDictionary(polytope.constraints.tolist())
    seen: set[Vertex] = set()
    bases = 0
    for _ in walk_bases(dictionary):
        bases += 1
        yield None
        vertex = Vertex(tuple(sorted(dictionary.support())), dictionary.tight())
        if vertex.support and vertex not in seen:
            seen.add(vertex)
            for pair in facing_vertices(polytope, vertex):
                yield None if pair is None else equilibrium_profile(game, polytope, pair)
    return Outcome(iterations=bases, complete=True)
