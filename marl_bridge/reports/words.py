"""Figures in words, the same in the terminal and in HTML."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from marl_bridge.exploitation.bounds import BestResponseBounds
    from marl_bridge.figures import Figure
    from marl_bridge.reports.report import Report

__all__ = [
    "fact",
    "gain_in_words",
    "interval",
    "mapping_rows",
    "number",
    "percent",
    "printable",
    "sampling_line",
    "status_line",
]

ABSENT = "-"


def number(value: float | None, *, digits: int = 4) -> str:
    """Write a number with a fixed number of decimals; a tiny one never reads as zero.

    Examples
    --------
    >>> number(0.5), number(-0.0), number(3e-9), number(None), number(float("-inf"))
    ('0.5000', '0.0000', '3.0e-09', '-', '-inf')
    """
    if value is None or math.isnan(value):
        return ABSENT
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    if value == 0:  # also the negative zero
        return f"{0.0:.{digits}f}"
    tiny, huge = 0.5 * 10.0**-digits, 1e7
    return f"{value:.{digits}f}" if tiny <= abs(value) < huge else f"{value:.1e}"


def interval(figure: Figure) -> str:
    """Write a figure's value with its interval.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> interval(SimpleNamespace(value=0.25, lower=0.125, upper=0.375))
    '0.2500 [0.1250, 0.3750]'
    """
    return f"{number(figure.value)} [{number(figure.lower)}, {number(figure.upper)}]"


def gain_in_words(bounds: BestResponseBounds) -> str:
    """Write what deviating alone gains: exactly, or between what is proven."""
    if bounds.gain_exact is not None:
        return number(bounds.gain_exact)
    if bounds.gain_upper is None:
        return f"at least {number(bounds.gain_lower)}"
    return f"{number(bounds.gain_lower)} to {number(bounds.gain_upper)}"


def percent(share: float) -> str:
    """Write a probability in percent; "0 %" and "100 %" only when it is exactly so.

    Examples
    --------
    >>> percent(0.875), percent(1.0), percent(0.99999), percent(1e-6)
    ('87.5 %', '100 %', '>99.9 %', '<0.1 %')
    """
    if share <= 0:
        return "0 %"
    if share >= 1:
        return "100 %"
    if share > 0.999:
        return ">99.9 %"
    return "<0.1 %" if share < 0.001 else f"{100 * share:.1f} %"


def printable(text: object) -> str:
    r"""Replace control characters: names come from other people's code.

    Examples
    --------
    >>> printable("a\x1b[31mb") == "a\ufffd[31mb"
    True
    """
    return "".join(c if c.isprintable() else "\ufffd" for c in str(text).replace("\n", " "))


def fact(value: object) -> str:
    """Write one entry of an audit or of the parameters.

    Examples
    --------
    >>> fact(549946), fact({"max_cycles": 3}), fact(1.25), fact(True)
    ('549,946', 'max_cycles=3', '1.25', 'yes')
    """
    if value is None or isinstance(value, bool):
        return "none" if value is None else ("yes" if value else "no")
    if isinstance(value, int | float):
        return f"{value:,}" if isinstance(value, int) else f"{value:,.4g}"
    if isinstance(value, Mapping):
        return ", ".join(f"{printable(k)}={printable(v)}" for k, v in value.items()) or "none"
    if isinstance(value, tuple | list):
        between = " / " if all(isinstance(item, int) for item in value) else ", "
        return between.join(fact(item) for item in value) or "none"
    return printable(value)


def mapping_rows(values: Mapping[str, object]) -> list[tuple[str, str]]:
    """Write a mapping as rows of label and text; identifiers that must be typed again stay exact.

    Examples
    --------
    >>> mapping_rows({"information_sets": (1200, 3), "seed": 20000})
    [('information sets', '1,200 / 3'), ('seed', '20000')]
    """
    verbatim = ("seed", "episodes", "confidence")
    return [
        (
            printable(key).removeprefix("n_").replace("_", " "),
            printable(value) if key in verbatim else fact(value),
        )
        for key, value in values.items()
    ]


def status_line(report: Report) -> str:
    """Say how the theoretical value was obtained, and what is not known and why."""
    sentences = []
    if report.solution_status:
        names = {"": "equilibrium", "nash": "Nash equilibrium"}
        concept = names.get(report.solution_concept, f"{report.solution_concept} equilibrium")
        status = report.solution_status.replace("_", " ")
        which = "" if report.value_is_unique else "what one equilibrium pays, others may differ; "
        sentences.append(f"Theoretical value: {which}{concept}, {status}.")
    elif report.exact:
        why = report.why_not_solved.rstrip(".") or "the game was not solved"
        sentences.append(f"No theoretical value is available: {why}.")
    if not report.exact:
        missing = "exact figures are" if report.solution_status else "exact optimum is"
        why = report.why_not_exact.rstrip(".") or "the reason was not recorded"
        sentences.append(f"No {missing} available: {why}.")
    if report.why_no_bounds:
        sentences.append(f"No best response was learned: {report.why_no_bounds.rstrip('.')}.")
    return printable(" ".join(sentences))


def sampling_line(report: Report) -> str:
    """Say how the intervals were found, and what has to be known about them."""
    figures = {agent.agent: agent.empirical_return for agent in report.agents}
    figures["team"] = report.team_return
    methods = dict.fromkeys(figure.method for figure in figures.values())
    first = report.team_return
    lines = [
        f"Intervals: {100 * first.confidence:g} % confidence each, {', '.join(methods)}, "
        f"{first.episodes:,} episodes.",
        *_notes(figures),
    ]
    if report.interrupted:
        lines.append("Interrupted: the figures speak of the episodes played so far.")
    return printable(" ".join(lines))


def _notes(figures: Mapping[str, Figure]) -> list[str]:
    """Tell each remark once, with the names of those it is about unless it is about all."""
    about: dict[str, list[str]] = {}
    for name, figure in figures.items():
        for remark in figure.note.rstrip(".").split("; "):
            if remark:
                about.setdefault(remark, []).append(name)
    together: dict[str, list[str]] = {}
    for remark, names in about.items():
        who = "" if len(names) == len(figures) else f"{', '.join(names)}: "
        together.setdefault(who, []).append(remark)
    return [f"{who or 'Note: '}{'; '.join(remarks)}." for who, remarks in together.items()]
