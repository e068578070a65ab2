"""A normal-form game as people see it: a table in plain text or HTML."""

from __future__ import annotations

from fractions import Fraction
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gametheory.games.normal_form import NormalFormGame

__all__ = ["html_table", "payoff_text", "text_table"]

_LARGEST_TABLE = 400  # cells; beyond that a table tells less than its shape


def text_table(game: NormalFormGame) -> str:
    """Return the game's payoffs as aligned text, or one line if they are too many."""
    if not _fits(game):
        return _summary(game)
    rows = _rows(game)
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    lines = [
        "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    return "\n".join([_summary(game), *lines])


def html_table(game: NormalFormGame) -> str:
    """Return the game's payoffs as an HTML table, or one line if they are too many."""
    if not _fits(game):
        return f"<p>{escape(_summary(game))}</p>"
    head, *body = _rows(game)
    cells = "".join(f'<th scope="col">{escape(label)}</th>' for label in head)
    lines = [f"<tr>{cells}</tr>"]
    for label, *payoffs in body:
        cells = "".join(f"<td>{escape(cell)}</td>" for cell in payoffs)
        lines.append(f'<tr><th scope="row">{escape(label)}</th>{cells}</tr>')
    return f"<table><caption>{escape(_summary(game))}</caption>{''.join(lines)}</table>"


def _fits(game: NormalFormGame) -> bool:
    return game.n_players <= 2 and game.payoffs[0].size <= _LARGEST_TABLE


def _summary(game: NormalFormGame) -> str:
    sizes = " x ".join(map(str, game.n_actions))
    title = f"{game.title}: " if game.title else ""
    return f"{title}{', '.join(game.players)}; {sizes} actions"


def _rows(game: NormalFormGame) -> list[list[str]]:
    """Header row, then one row for each action of player 0."""
    columns = game.actions[1] if game.n_players == 2 else ("payoff",)
    cells = game.exact_payoffs.reshape(game.n_players, game.n_actions[0], -1)
    body = [
        [label, *(", ".join(map(payoff_text, cells[:, i, j])) for j in range(len(columns)))]
        for i, label in enumerate(game.actions[0])
    ]
    return [["", *columns], *body]


def payoff_text(payoff: Fraction) -> str:
    """Write a payoff so that it can be read: 7, 1/3, or 0.333778 where it is no short fraction."""
    if payoff.denominator == 1 and abs(payoff) < 10**24:
        return str(payoff)
    return str(payoff) if 1 < payoff.denominator <= 100 else f"{float(payoff):.6g}"
