"""A normal-form game as people see it: a table in plain text or HTML."""

from __future__ import annotations

import math
from fractions import Fraction
from html import escape
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from gametheory.games.normal_form import NormalFormGame

__all__ = ["html_table", "payoff_text", "text_table"]

_LARGEST_TABLE = 400  # cells; beyond that a table tells less than its shape
_MOST_TABLES = 16


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
    """Return the game's payoffs as HTML, or one line if they are too many.

    Of more than two players there is a table for each joint action of all but the first two. A
    player's best responses are underlined, so the cells in which all is underlined are the pure
    equilibria.
    """
    others = game.n_actions[2:]
    if game.payoffs[0].size > _LARGEST_TABLE or math.prod(others) > _MOST_TABLES:
        return f"<p>{escape(_summary(game))}</p>"
    cells = _html_cells(game)
    caption = f"{_summary(game)}; best responses underlined"
    if len(others) == 0:
        return _html_slice(game, cells.reshape(game.n_actions[0], -1), caption)
    tables = [f"<p>{escape(caption)}</p>"]
    for joint in np.ndindex(*others):
        chosen = ", ".join(
            f"{game.players[i]}: {game.actions[i][action]}" for i, action in enumerate(joint, 2)
        )
        tables.append(_html_slice(game, cells[(slice(None), slice(None), *joint)], chosen))
    return "".join(tables)


def _html_slice(game: NormalFormGame, cells: NDArray[np.object_], caption: str) -> str:
    """Write one table: player 0 chooses the row and player 1, if there is one, the column."""
    rows, columns = cells.shape
    lines = [f"<table><caption>{escape(caption)}</caption><thead>"]
    if game.n_players > 1:
        name = escape(game.players[1])
        lines.append(f'<tr><td></td><td></td><th colspan="{columns}">{name}</th></tr>')
    heads = game.actions[1] if game.n_players > 1 else ("payoff",)
    cols = "".join(f'<th scope="col">{escape(head)}</th>' for head in heads)
    lines.append(f"<tr><td></td><td></td>{cols}</tr></thead><tbody>")
    for i, label in enumerate(game.actions[0]):
        side = f'<th rowspan="{rows}">{escape(game.players[0])}</th>' if i == 0 else ""
        paid = "".join(f"<td>{cell}</td>" for cell in cells[i])
        lines.append(f'<tr>{side}<th scope="row">{escape(label)}</th>{paid}</tr>')
    return "".join([*lines, "</tbody></table>"])


def _html_cells(game: NormalFormGame) -> NDArray[np.object_]:
    """Write what each joint action pays, with best responses underlined; exactly compared."""
    exact = game.exact_payoffs
    cells = np.empty(game.n_actions, dtype=object)
    best = [exact[i].max(axis=i, keepdims=True) for i in range(game.n_players)]
    answers = [exact[i] == best[i] for i in range(game.n_players)]
    for joint in np.ndindex(*game.n_actions):
        paid = [(payoff_text(exact[(i, *joint)]), answers[i][joint]) for i in range(len(answers))]
        cells[joint] = ", ".join(f"<u>{text}</u>" if is_best else text for text, is_best in paid)
    return cells


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
