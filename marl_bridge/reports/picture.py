"""The picture of a report: every agent's interval, exact return, optimum and best response.

The drawings take the width of the page: lengths along the axis are percentages, heights are
pixels, so that text keeps its size on a phone.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from html import escape

from marl_bridge.reports.report import AgainstRandom, AgentReport, Report
from marl_bridge.reports.scale import LEFT, RIGHT, Scale
from marl_bridge.reports.words import interval, number, percent, printable

__all__ = ["legend", "picture", "shares_bar"]

ROW = 62  # pixels per agent
TRACK = 42  # the middle of the marks below the top of the row
NAME = 22  # characters of an agent's name that fit a phone


def picture(agents: Sequence[AgentReport]) -> str:
    """Draw one row per agent over a common axis, as inline SVG.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> figure = SimpleNamespace(value=0.5, lower=0.25, upper=0.75)
    >>> picture([AgentReport("player_1", figure, exact_return=0.4)]).count("<circle")
    1
    """
    scale = _scale(agents)
    height = ROW * len(agents) + 26
    words = "; ".join(_row_in_words(agent) for agent in agents)
    lines = [f'<svg role="img" height="{height}" aria-label="{_text(words)}">']
    lines += scale.grid(height)
    for row, agent in enumerate(agents):
        lines.append(f'<svg y="{ROW * row}" height="{ROW}" width="100%">')
        lines += _row(agent, scale)
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
        width = 100 * min(max(share, 0.0), 1.0)
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


def _row(agent: AgentReport, scale: Scale) -> Iterable[str]:
    figure = agent.empirical_return
    name = agent.agent if len(agent.agent) <= NAME else agent.agent[: NAME - 1] + "\u2026"
    yield f'<text x="{LEFT}%" y="20">{_text(name)}</text>'
    if agent.best_response_gain is not None:
        gain = f"best response gains {number(agent.best_response_gain)}"
        yield f'<text class="soft" x="{RIGHT}%" y="20" text-anchor="end">{gain}</text>'
    axis = f'y1="{TRACK}" y2="{TRACK}"'
    yield f'<line class="grid" x1="{LEFT}%" x2="{RIGHT}%" {axis}/>'
    start, end = (scale.percent(x) for x in (figure.lower, figure.upper))
    yield (
        f'<rect class="interval" x="{start:.3f}%" width="{max(end - start, 0.2):.3f}%" '
        f'y="{TRACK - 7}" height="14" rx="3"/>'
    )
    if agent.optimal_value is not None:
        at = scale.at(agent.optimal_value)
        yield f'<line class="value" x1="{at}" x2="{at}" y1="{TRACK - 14}" y2="{TRACK + 14}"/>'
    if math.isfinite(figure.value):
        at = scale.at(figure.value)
        yield f'<line class="mean" x1="{at}" x2="{at}" y1="{TRACK - 9}" y2="{TRACK + 9}"/>'
    if agent.exact_return is not None and agent.best_response_value is not None:
        ends = (scale.at(x) for x in (agent.exact_return, agent.best_response_value))
        yield '<line class="gain" x1="{}" x2="{}" {}/>'.format(*ends, axis)
    if agent.best_response_value is not None:
        at = scale.at(agent.best_response_value)
        diamond = '<path class="best" d="M0 -7 L7 0 L0 7 L-7 0 Z"/>'
        yield f'<svg x="{at}" y="{TRACK}" overflow="visible">{diamond}</svg>'
    if agent.exact_return is not None:
        at = scale.at(agent.exact_return)
        yield f'<circle class="exact" cx="{at}" cy="{TRACK}" r="5.5"/>'


def _scale(agents: Sequence[AgentReport]) -> Scale:
    """Choose an axis for all marks of all agents."""
    marks: list[float] = []
    others: list[float] = []
    for agent in agents:
        figure, random = agent.empirical_return, agent.against_random
        exact = (agent.exact_return, agent.optimal_value, agent.best_response_value)
        marks += [figure.value, figure.lower, figure.upper, *(x for x in exact if x is not None)]
        others += [] if random is None else [random.expected_return]
        others += [] if agent.worst_case_return is None else [agent.worst_case_return]
    return Scale.over(marks, others)
