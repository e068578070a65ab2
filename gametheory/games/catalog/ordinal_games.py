"""All 78 games of two players with two actions each, when payoffs are strict ranks."""

from __future__ import annotations

from functools import cache
from itertools import permutations, product

from gametheory.games.catalog.known_facts import KnownFacts
from gametheory.games.catalog.parameters import whole
from gametheory.games.catalog.registry import game
from gametheory.games.normal_form import NormalFormGame

__all__ = ["ordinal_2x2"]

Cells = tuple[tuple[int, ...], ...]
"""Both payoffs at (0, 0), (0, 1), (1, 0), (1, 1)."""


def _same_game(cells: Cells) -> tuple[Cells, ...]:
    """Return the eight ways to write a game: rows, columns and players exchanged or not."""
    a, b, c, d = cells
    written: list[Cells] = []
    for p, q, r, s in ((a, b, c, d), (c, d, a, b), (b, a, d, c), (d, c, b, a)):
        written += [(p, q, r, s), tuple((theirs, mine) for mine, theirs in (p, r, q, s))]
    return tuple(written)


@cache
def _all_games() -> tuple[Cells, ...]:
    """Return the largest way to write each game, in decreasing order."""
    ranks = list(permutations((4, 3, 2, 1)))
    games = {max(_same_game(tuple(zip(*pair, strict=True)))) for pair in product(ranks, ranks)}
    return tuple(sorted(games, reverse=True))


def _ordinal_facts(index: int = 1) -> KnownFacts:
    cells = _all_games()[index - 1]
    # Which row is better against each column, and which column against each row.
    rows = [int(cells[2 + column][0] > cells[column][0]) for column in range(2)]
    columns = [int(cells[2 * row + 1][1] > cells[2 * row][1]) for row in range(2)]
    pure = [(r, c) for r in range(2) for c in range(2) if (r, c) == (rows[c], columns[r])]
    return KnownFacts.of(
        "ranks have no ties: a game with two pure equilibria has a mixed one between them, one "
        "with none has a mixed one only, and otherwise somebody has a dominant action",
        dominant_actions=tuple(a if a == b else None for a, b in (rows, columns)),
        pure_equilibria=tuple(pure),
        n_equilibria=3 if len(pure) == 2 else 1,
    )


@game(
    source="Rapoport and Guyer (1966), A taxonomy of 2 x 2 games, General Systems 11, pages "
    "203-214",
    summary="the 78 strict ordinal games: every story that two players with two actions can tell",
    facts=_ordinal_facts,
)
def ordinal_2x2(index: int = 1) -> NormalFormGame:
    """Build one of the 78 games in which both players rank the four outcomes from 1 to 4.

    Games are the same if exchanging rows, columns or players makes them equal. ``index`` counts
    them from 1 to 78 in decreasing order of their cells, each written in its largest way; that is
    not the numbering of Rapoport and Guyer.
    """
    a, b, c, d = _all_games()[whole("index", index, 1, 78) - 1]
    matrices = [[[a[i], b[i]], [c[i], d[i]]] for i in range(2)]
    return NormalFormGame(matrices, title=f"Ordinal 2 x 2 game {index}")
