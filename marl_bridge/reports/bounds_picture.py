"""The picture of best responses: for each agent what is earned, and at least, exactly, at most."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING

from marl_bridge.reports.scale import LEFT, RIGHT, Scale
from marl_bridge.reports.words import gain_in_words, number, printable

if TYPE_CHECKING:
    from marl_bridge.exploitation.bounds import BestResponseBounds, ExploitationReport

__all__ = ["bounds_legend", "bounds_picture"]

ROW = 62  # pixels per agent
TRACK = 42  # the middle of the marks below the top of the row
NAME = 22  # characters of an agent's name that fit a phone


def bounds_picture(bounds: ExploitationReport) -> str:
    """Draw one row per agent over a common axis, as inline SVG."""
    marks = [mark for agent in bounds.agents for mark in _marks(agent)]
    scale = Scale.over(marks)
    height = ROW * len(bounds.agents) + 26
    words = "; ".join(f"{agent.agent} gains {gain_in_words(agent)}" for agent in bounds.agents)
    lines = [f'<svg role="img" height="{height}" aria-label="{_text(words)}">']
    lines += scale.grid(height)
    for row, agent in enumerate(bounds.agents):
        lines.append(f'<svg y="{ROW * row}" height="{ROW}" width="100%">')
        lines += _row(agent, scale)
        lines.append("</svg>")
    return "\n".join([*lines, "</svg>"])


def bounds_legend(bounds: ExploitationReport) -> str:
    """Explain the marks of :func:`bounds_picture`."""
    marks = [
        ('<circle class="exact" cx="13" cy="8" r="5.5"/>', "own return"),
        ('<path class="bound" d="M10 1 L18 8 L10 15"/>', "a learned response earns at least"),
    ]
    if any(agent.exact is not None for agent in bounds.agents):
        marks.append(('<path class="best" d="M13 2 L19 8 L13 14 L7 8 Z"/>', "exact best response"))
    if any(agent.upper is not None for agent in bounds.agents):
        marks.append(('<path class="bound" d="M16 1 L8 8 L16 15"/>', "at most, by a relaxation"))
    items = (
        f'<li><svg aria-hidden="true" viewBox="0 0 26 16">{mark}</svg> {text}</li>'
        for mark, text in marks
    )
    return f'<ul class="legend">{"".join(items)}</ul>'


def _text(text: object) -> str:
    return escape(printable(text), quote=True)


def _marks(agent: BestResponseBounds) -> list[float]:
    figures = (agent.lower, agent.exact, agent.upper)
    return [agent.own_return.value, *(figure.value for figure in figures if figure is not None)]


def _row(agent: BestResponseBounds, scale: Scale) -> Iterator[str]:
    name = agent.agent if len(agent.agent) <= NAME else agent.agent[: NAME - 1] + "\u2026"
    yield f'<text x="{LEFT}%" y="20">{_text(name)}</text>'
    gain = f"gains {gain_in_words(agent)}".replace("-", "\u2212")
    yield f'<text class="soft" x="{RIGHT}%" y="20" text-anchor="end">{_text(gain)}</text>'
    yield f'<line class="grid" x1="{LEFT}%" x2="{RIGHT}%" y1="{TRACK}" y2="{TRACK}"/>'
    highest = agent.upper or agent.exact
    if highest is not None:
        start, end = scale.percent(agent.lower.value), scale.percent(highest.value)
        yield (
            f'<rect class="between" x="{start:.3f}%" width="{max(end - start, 0.2):.3f}%" '
            f'y="{TRACK - 5}" height="10"/>'
        )
    yield _mark(agent.lower.value, scale, '<path class="bound" d="M-8 -7 L0 0 L-8 7"/>')
    if agent.upper is not None:
        yield _mark(agent.upper.value, scale, '<path class="bound" d="M8 -7 L0 0 L8 7"/>')
    if agent.exact is not None:
        diamond = '<path class="best" d="M0 -7 L7 0 L0 7 L-7 0 Z"/>'
        yield _mark(agent.exact.value, scale, diamond)
    at = scale.at(agent.own_return.value)
    yield f'<circle class="exact" cx="{at}" cy="{TRACK}" r="5.5"/>'


def _mark(value: float, scale: Scale, shape: str) -> str:
    title = f"<title>{number(value)}</title>"
    return f'<svg x="{scale.at(value)}" y="{TRACK}" overflow="visible">{title}{shape}</svg>'
