"""What a dynamic comes to: gaps and regrets over time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gametheory.errors import UnsupportedGame
from gametheory.plots.figures import COLORS, DASHES, GRAY, INK, axes_for, plain
from gametheory.solution import Trace

__all__ = ["plot_trace"]

_KINDS = ("gaps", "iterate_gaps", "regrets")


def plot_trace(
    trace: Trace,
    *,
    show: Sequence[str] = _KINDS,
    bound: Callable[[Any], Any] | Sequence[float] | NDArray[Any] | None = None,
    bound_label: str = "bound",
    players: Sequence[str] | None = None,
    ax: Any = None,
) -> Any:
    """Draw how far a dynamic is from equilibrium, and its players' regrets, over time.

    Parameters
    ----------
    trace : Trace
        Of a dynamic, as :func:`gametheory.simulate` returns it.
    show : sequence of {"gaps", "iterate_gaps", "regrets"}
        As far as the trace has them: NashConv of the averages, NashConv of the iterates, each
        player's external regret a round.
    bound : callable or sequence of float, optional
        A line to compare with: a function of the times, or its value at each of them.
    bound_label : str
    players : sequence of str, optional
        Their names.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure if left out.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    UnsupportedGame
        The trace is not that of a dynamic, or something else does not fit it.
    MissingExtra
        matplotlib is not installed.

    Notes
    -----
    The value axis is logarithmic: where a value is 0 or less its line is interrupted, and a line
    that is nowhere positive is only mentioned in the legend. The time axis is logarithmic where
    most records are early ones.

    Examples
    --------
    >>> import gametheory as gt
    >>> pennies = gt.NormalFormGame.zero_sum([[2, -1], [-1, 1]])
    >>> trace = gt.simulate(pennies, "regret-matching-plus", rounds=1000)
    >>> ax = plot_trace(trace, bound=lambda t: 6 / t**0.5)  # doctest: +SKIP
    """
    _check(trace, show)
    lines = _lines(trace, show, players)
    limit = _bound(bound, trace.times)
    ax = axes_for(ax)
    for values, label, style in lines:
        _line(ax, trace.times, values, label, style)
    if limit is not None:
        style = {"color": GRAY, "linestyle": (0, (1, 1)), "linewidth": 2.2}
        _line(ax, trace.times, limit, bound_label, style)
    if any((line.get_ydata() > 0).any() for line in ax.get_lines() if line.get_ydata().size):
        ax.set_yscale("log", nonpositive="mask")
    if _early(trace.times):
        ax.set_xscale("log")
    ax.set_xlabel("rounds, or time")
    ax.set_ylabel("payoff units")
    ax.grid(visible=True, which="major", color=GRAY, alpha=0.25, linewidth=0.6)
    ax.legend(frameon=False)
    return ax


def _check(trace: Any, show: Sequence[str]) -> None:
    if not isinstance(trace, Trace) or not trace.times.size:
        raise UnsupportedGame(
            "there is no dynamic to draw",
            where="trace",
            valid="a Trace of a dynamic",
            hint="make one with gametheory.simulate",
        )
    unknown = [kind for kind in show if kind not in _KINDS]
    if isinstance(show, str) or unknown or not len(show):
        raise UnsupportedGame(f"show is {show!r}", where="show", valid=f"some of {list(_KINDS)}")


def _lines(
    trace: Trace, show: Sequence[str], players: Sequence[str] | None
) -> list[tuple[NDArray[np.float64], str, dict[str, Any]]]:
    """Values, label and style of each line."""
    lines: list[tuple[NDArray[np.float64], str, dict[str, Any]]] = []
    if "gaps" in show and trace.gaps.size:
        style = {"color": INK, "linewidth": 2.2, "zorder": 3}
        lines.append((trace.gaps, "NashConv of the averages", style))
    if "iterate_gaps" in show and trace.iterate_gaps.size:
        style = {"color": INK, "linewidth": 1.2, "linestyle": DASHES[1]}
        lines.append((trace.iterate_gaps, "NashConv of the iterates", style))
    if "regrets" in show and trace.regrets.size:
        count = trace.regrets.shape[1]
        if players is not None and len(players) != count:
            raise UnsupportedGame(
                f"{len(players)} names for {count} players", where="players", valid=f"{count} names"
            )
        one = len(trace.iterates) == 1 and count == 1
        names = players or (["population"] if one else [f"player {i}" for i in range(count)])
        for i, name in enumerate(names):
            style = {
                "color": COLORS[i % len(COLORS)],
                "linewidth": max(2.4 - 0.8 * i, 1.0),  # one below the other stays visible
                "linestyle": DASHES[i % len(DASHES)],
            }
            lines.append((trace.regrets[:, i], f"external regret of {name}", style))
    return lines


def _line(ax: Any, times: Any, values: Any, label: str, style: dict[str, Any]) -> None:
    never = not bool((np.asarray(values) > 0).any())
    ax.plot(times, values, label=plain(label) + (" (never positive)" if never else ""), **style)


def _bound(bound: Any, times: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Values of the line to compare with."""
    if bound is None:
        return None
    with np.errstate(divide="ignore", invalid="ignore"):
        values = np.asarray(bound(times) if callable(bound) else bound)
    try:
        values = np.broadcast_to(values.astype(np.float64), times.shape)
    except (TypeError, ValueError):
        raise UnsupportedGame(
            f"the bound has shape {values.shape}", where="bound", valid=f"{times.shape}"
        ) from None
    return np.where(np.isfinite(values), values, np.nan)


def _early(times: NDArray[np.float64]) -> bool:
    """Whether most records are in the first quarter, so that equal factors spread them evenly."""
    return bool(times.size > 2 and np.median(times) < times[-1] / 4 and (times > 0).any())
