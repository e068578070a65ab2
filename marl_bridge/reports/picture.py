"""The picture of a report: every agent's interval, exact return, optimum and best response.

The drawings take the width of the page: lengths along the axis are percentages, heights are
pixels, so that text keeps its size on a phone.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from html import escape

from marl_bridge.reports.report import AgainstRandom, AgentReport, Report
from marl_bridge.reports.words import interval, number, percent, printable

__all__ = ["legend", "picture", "shares_bar"]

ROW = 62  # pixels per agent
TRACK = 42  # the middle of the marks below the top of the row
NAME = 22  # characters of an agent's name that fit a phone
LEFT, RIGHT = 2.0, 98.0  # percent of the width between which the axis runs


def picture(agents: Sequence[AgentReport]) -> str:
    """Draw one row per agent over a common axis, as inline SVG.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> figure = SimpleNamespace(value=0.5, lower=0.25, upper=0.75)
    >>> picture([AgentReport("player_1", figure, exact_return=0.4)]).count("<circle")
    1
    """
    low, high = _range(agents)
    ticks = _ticks(low, high)
    height = ROW * len(agents) + 26
    words = "; ".join(_row_in_words(agent) for agent in agents)
    lines = [f'<svg role="img" height="{height}" aria-label="{_text(words)}">']
    for tick in ticks:
        at = _at(tick, low, high)
        lines.append(f'<line class="grid" x1="{at}" x2="{at}" y1="0" y2="{height - 22}"/>')
        label = f"{tick:g}".replace("-", "\u2212")
        lines.append(
            f'<text class="soft" x="{at}" y="{height - 6}" text-anchor="middle">{label}</text>'
        )
    for row, agent in enumerate(agents):
        lines.append(f'<svg y="{ROW * row}" height="{ROW}" width="100%">')
        lines += _row(agent, low, high)
        lines.append("</svg>")
    return "\n".join([*lines, "</svg>"])


def legend(report: Report) -> str:
    """Explain the marks of :func:`picture`."""
    marks = [
        (
            '<rect class="interval" x="1" y="3" width="24" height="10" rx="3"/>'
            '<line class="mean" x1="13" x2="13" y1="2" y2="14"/>',
            "empirical return with its interval",
        )
    ]
    if report.exact:
        marks.append(('<circle class="exact" cx="13" cy="8" r="5.5"/>', "exact return"))
    if report.solution_status:
        line = '<line class="value" x1="13" x2="13" y1="0" y2="16"/>'
        marks.append((line, "theoretical value"))
    if report.exact:
        arrow = (
            '<line class="gain" x1="0" x2="14" y1="8" y2="8"/>'
            '<path class="best" d="M18 2 L24 8 L18 14 L12 8 Z"/>'
        )
        marks.append((arrow, "what a best response would earn"))
    items = (
        f'<li><svg aria-hidden="true" viewBox="0 0 26 16">{mark}</svg> {text}</li>'
        for mark, text in marks
    )
    return f'<ul class="legend">{"".join(items)}</ul>'


def shares_bar(shares: AgainstRandom) -> str:
    """Draw wins, draws and losses as one bar of full width."""
    parts = {"wins": shares.wins, "draws": shares.draws, "losses": shares.losses}
    bars, at = [], 0.0
    for name, share in parts.items():
        width = 100 * _clip(share, 0.0, 1.0)
        bars.append(f'<rect class="{name}" x="{at:.2f}%" width="{width:.2f}%" height="8"/>')
        at += width
    words = ", ".join(f"{percent(share)} {name}" for name, share in parts.items())
    return f'<svg role="img" aria-label="{_text(words)}">{"".join(bars)}</svg>'


def _text(text: object) -> str:
    return escape(printable(text), quote=True)


def _row_in_words(agent: AgentReport) -> str:
    exact = "" if agent.exact_return is None else f", exact {number(agent.exact_return)}"
    value = "" if agent.optimal_value is None else f", value {number(agent.optimal_value)}"
    return f"{agent.agent}: {interval(agent.empirical_return)}{exact}{value}"


def _row(agent: AgentReport, low: float, high: float) -> Iterable[str]:
    figure = agent.empirical_return
    name = agent.agent if len(agent.agent) <= NAME else agent.agent[: NAME - 1] + "\u2026"
    yield f'<text x="{LEFT}%" y="20">{_text(name)}</text>'
    if agent.best_response_gain is not None:
        gain = f"best response gains {number(agent.best_response_gain)}"
        yield f'<text class="soft" x="{RIGHT}%" y="20" text-anchor="end">{gain}</text>'
    axis = f'y1="{TRACK}" y2="{TRACK}"'
    yield f'<line class="grid" x1="{LEFT}%" x2="{RIGHT}%" {axis}/>'
    start, end = (_percent(_clip(x, low, high), low, high) for x in (figure.lower, figure.upper))
    yield (
        f'<rect class="interval" x="{start:.3f}%" width="{max(end - start, 0.2):.3f}%" '
        f'y="{TRACK - 7}" height="14" rx="3"/>'
    )
    if agent.optimal_value is not None:
        at = _at(agent.optimal_value, low, high)
        yield f'<line class="value" x1="{at}" x2="{at}" y1="{TRACK - 14}" y2="{TRACK + 14}"/>'
    if math.isfinite(figure.value):
        at = _at(figure.value, low, high)
        yield f'<line class="mean" x1="{at}" x2="{at}" y1="{TRACK - 9}" y2="{TRACK + 9}"/>'
    if agent.exact_return is not None and agent.best_response_value is not None:
        ends = (_at(x, low, high) for x in (agent.exact_return, agent.best_response_value))
        yield '<line class="gain" x1="{}" x2="{}" {}/>'.format(*ends, axis)
    if agent.best_response_value is not None:
        at = _at(agent.best_response_value, low, high)
        diamond = '<path class="best" d="M0 -7 L7 0 L0 7 L-7 0 Z"/>'
        yield f'<svg x="{at}" y="{TRACK}" overflow="visible">{diamond}</svg>'
    if agent.exact_return is not None:
        at = _at(agent.exact_return, low, high)
        yield f'<circle class="exact" cx="{at}" cy="{TRACK}" r="5.5"/>'


def _range(agents: Sequence[AgentReport]) -> tuple[float, float]:
    """Choose the ends of the axis: all marks, and never so close that a hair looks wide."""
    marks: list[float] = []
    others: list[float] = []  # not drawn, but they tell how large returns of this game are
    for agent in agents:
        figure, random = agent.empirical_return, agent.against_random
        exact = (agent.exact_return, agent.optimal_value, agent.best_response_value)
        marks += [figure.value, figure.lower, figure.upper, *(x for x in exact if x is not None)]
        others += [] if random is None else [random.expected_return]
        others += [] if agent.worst_case_return is None else [agent.worst_case_return]
    marks = [mark for mark in marks if math.isfinite(mark)] or [0.0]
    low, high = min(marks), max(marks)
    scale = max([1e-6, *(abs(mark) for mark in [*marks, *others])])
    pad = max(0.06 * (high - low), 0.1 * scale - (high - low) / 2)
    return low - pad, high + pad


def _ticks(low: float, high: float, wanted: int = 7) -> list[float]:
    """Choose round numbers, 1, 2 or 5 times a power of ten apart."""
    raw = (high - low) / wanted
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(m * power for m in (1, 2, 5, 10) if m * power >= raw)
    first, last = math.ceil(low / step), math.floor(high / step)
    return [round(k * step, 12) for k in range(first, last + 1)]


def _clip(x: float, low: float, high: float) -> float:
    return min(max(x, low), high)


def _percent(x: float, low: float, high: float) -> float:
    return LEFT + (RIGHT - LEFT) * (x - low) / (high - low)


def _at(x: float, low: float, high: float) -> str:
    return f"{_percent(x, low, high):.3f}%"
