"""The table of payoffs as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from marl_bridge.empirical_game.record import EmpiricalGame

__all__ = ["payoff_rows", "table_text"]

_MOST_ROWS = 40


def payoff_rows(table: EmpiricalGame) -> list[tuple[str, ...]]:
    """List a row for each joint policy: the policies, each player's payoff, and the episodes.

    Joint policies that are one cell by symmetry share a row: the first of them is shown.
    """
    import numpy as np

    rows: list[tuple[str, ...]] = []
    seen: set[bytes] = set()
    for joint in np.ndindex(table.means.shape[1:]):
        at = (slice(None), *joint)
        cells = table.layout.cell_of[at]
        mark = np.sort(cells).tobytes() if not table.reduced else bytes(str(joint), "ascii")
        if (cells >= 0).all() and mark in seen:
            continue
        seen.add(mark)
        figures = [table.figure(joint, player) for player in range(len(table.players))]
        counts = sorted({figure.episodes for figure in figures})
        rows.append(
            (
                *table.profile_names(joint),
                *(str(figure) if figure.episodes else "not played" for figure in figures),
                " to ".join(map(str, sorted({counts[0], counts[-1]}))),
            )
        )
    return rows


def table_text(table: EmpiricalGame) -> str:
    """Write the table, its confidence and what a reader must know."""
    rows = payoff_rows(table)
    header = (*table.players, *(f"payoff of {player}" for player in table.players), "episodes")
    shown = [header, *rows[:_MOST_ROWS]]
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in shown]
    if len(rows) > _MOST_ROWS:
        lines.append(f"... and {len(rows) - _MOST_ROWS} more joint policies")
    return "\n".join([*lines, *closing_words(table)])


def closing_words(table: EmpiricalGame) -> list[str]:
    """Say how sure the table is, and what a reader must know."""
    kind = "guaranteed" if table.certified else "heuristic"
    words = [
        f"All intervals at once at {table.confidence:.0%}, {kind} ({table.method}); every mean is "
        f"within {table.epsilon:.3g} of its interval's ends."
    ]
    return [*words, *table.notes]
