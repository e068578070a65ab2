"""A table of two agents' returns whose cells are shaded by what the first one earns."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from marl_bridge.reports.report import Meetings
from marl_bridge.reports.words import number, printable

__all__ = ["heat_map"]

_DARKEST = 0.55  # opacity: the numbers stay readable on it, in light and in dark


def heat_map(meetings: Meetings, agents: Sequence[str]) -> str:
    """Build an HTML table: orange where the first agent earns little, blue where much.

    Both colors are told apart without color vision by the numbers, which every cell shows, and
    by their opacity, which grows with the distance from the middle.
    """
    values = [pair[0] for row in meetings.returns for pair in row]
    low, high = min(values), max(values)
    first, second = (_text(agent) for agent in agents)
    heads = "".join(f'<th scope="col">{_text(name)}</th>' for name in meetings.columns)
    rows = []
    for name, row in zip(meetings.rows, meetings.returns, strict=True):
        cells = "".join(_cell(pair, low, high) for pair in row)
        rows.append(f'<tr><th scope="row">{_text(name)}</th>{cells}</tr>\n')
    return (
        '<table class="heat">\n'
        f"<caption>Rows: what {first} does. Columns: what {second} does. Each cell: what they "
        "earn, the first above the second. A best response is one to the other's policy.</caption>"
        f"<thead><tr><td></td>{heads}</tr></thead>\n<tbody>\n{''.join(rows)}</tbody></table>\n"
    )


def _cell(pair: tuple[float, float], low: float, high: float) -> str:
    share = 0.5 if high <= low else (pair[0] - low) / (high - low)
    kind = "much" if share >= 0.5 else "little"
    opacity = _DARKEST * abs(2.0 * share - 1.0)
    one, other = (number(value).replace("-", "\u2212") for value in pair)
    return (
        f'<td class="{kind}" style="--opacity:{opacity:.3f}">'
        f"<span>{one}</span><small>{other}</small></td>"
    )


def _text(text: object) -> str:
    return escape(printable(text), quote=True)
