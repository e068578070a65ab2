"""Ways through strategies, read from traces and profiles, and how they are drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gametheory.errors import UnsupportedGame
from gametheory.games.profiles import MixedProfile
from gametheory.plots.figures import COLORS
from gametheory.solution import Trace

__all__ = ["Path", "draw_path", "read_paths"]

Path = tuple[NDArray[np.float64], ...]  # one array a player, shape (k, m_i)


def read_paths(source: Any, which: str) -> list[Path]:
    """Read one way from a trace or from profiles in order, several from several traces.

    Raises
    ------
    UnsupportedGame
        It is nothing of the kind.

    Examples
    --------
    >>> profiles = [MixedProfile([[1, 0], [0, 1]]), MixedProfile([[0, 1], [0, 1]])]
    >>> [path[0].tolist() for path in read_paths(profiles, "iterates")]
    [[[1.0, 0.0], [0.0, 1.0]]]
    """
    if which not in ("iterates", "averages"):
        raise UnsupportedGame(f"which is {which!r}", valid="'iterates' or 'averages'")
    if isinstance(source, MixedProfile):
        source = [source]
    traces: Any = [source] if isinstance(source, Trace) else source
    if isinstance(traces, Sequence) and traces and all(isinstance(t, Trace) for t in traces):
        paths: list[Path] = [getattr(trace, which) for trace in traces]
        if all(paths):
            return paths
    elif (
        isinstance(traces, Sequence)
        and traces
        and all(isinstance(p, MixedProfile) and p.n_actions == traces[0].n_actions for p in traces)
    ):
        n = len(traces[0])
        return [tuple(np.array([profile[i] for profile in traces]) for i in range(n))]
    raise UnsupportedGame(
        f"nothing to draw in {source!r:.80}",
        where="trace",
        valid="a Trace of a dynamic, several, or profiles of one game in order",
    )


def draw_path(ax: Any, points: NDArray[np.float64], number: int, label: str | None) -> None:
    """Draw one way: a ring where it starts, a dot where it ends, arrowheads between."""
    color = COLORS[number % len(COLORS)]
    ax.plot(points[:, 0], points[:, 1], color=color, linewidth=1.4, label=label, zorder=2)
    ax.plot(
        *points[0],
        marker="o",
        markersize=7,
        markerfacecolor="white",
        markeredgecolor=color,
        linestyle="none",
        zorder=4,
    )
    ax.plot(*points[-1], marker="o", markersize=6, color=color, linestyle="none", zorder=4)
    lengths = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    if lengths[-1] <= 0:
        return
    for share in (0.25, 0.6) if lengths[-1] > 0.5 else (0.5,):
        k = int(np.searchsorted(lengths, share * lengths[-1]))
        start, end = points[max(k - 1, 0)], points[max(k, 1)]
        if np.hypot(*(end - start)) > 0:
            tip = start + (end - start) * 0.5
            ax.annotate(
                "",
                xy=tip + 1e-3 * (end - start) / np.hypot(*(end - start)),
                xytext=tip,
                arrowprops={"arrowstyle": "-|>", "color": color, "mutation_scale": 13},
                zorder=3,
            )
