"""Ways through the mixed profiles of a 2x2 game: a square."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gametheory.errors import UnsupportedGame
from gametheory.games.normal_form import NormalFormGame
from gametheory.games.profiles import MixedProfile
from gametheory.plots.equilibrium_sets import equilibrium_sets
from gametheory.plots.figures import GRAY, INK, axes_for, plain
from gametheory.plots.paths import draw_path, read_paths
from gametheory.solution import Trace

__all__ = ["plot_square"]


def plot_square(
    trace: Trace | Sequence[Trace] | Sequence[MixedProfile],
    *,
    which: str = "iterates",
    game: NormalFormGame | None = None,
    ax: Any = None,
) -> Any:
    """Draw how two players with two actions each change what they do.

    Parameters
    ----------
    trace : Trace, or sequence of Trace or MixedProfile
        A dynamic, several runs, or profiles in order.
    which : {"iterates", "averages"}
        What to take from a trace.
    game : NormalFormGame, optional
        Names the axes; all its Nash equilibria are marked, sets of them as lines or areas.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure if left out.

    Returns
    -------
    matplotlib.axes.Axes
        Across, how often player 0 takes its first action, and upwards, player 1. A ring marks
        where a way starts, a dot where it ends.

    Raises
    ------
    UnsupportedGame
        It is no 2x2 game, or one population, or there is nothing to draw.
    MissingExtra
        matplotlib is not installed.

    Examples
    --------
    >>> import gametheory as gt
    >>> pennies = gt.NormalFormGame.zero_sum([[1, -1], [-1, 1]])
    >>> start = gt.MixedProfile([[0.8, 0.2], [0.5, 0.5]])
    >>> trace = gt.simulate(pennies, "iga", start=start)
    >>> ax = plot_square(trace, game=pennies)  # doctest: +SKIP
    """
    paths = read_paths(trace, which)
    for path in paths:
        sizes = tuple(part.shape[1] for part in path)
        if sizes != (2, 2):
            one = " of one population" if len(sizes) == 1 else ""
            raise UnsupportedGame(
                f"the strategies{one} have {sizes} actions", valid="two players with two actions"
            )
    if game is not None and game.n_actions != (2, 2):
        raise UnsupportedGame(f"{game!r:.80} is no 2x2 game", where="game")
    ax = axes_for(ax, (5.2, 4.8))
    if game is not None:
        _equilibria(ax, game)
    for number, path in enumerate(paths):
        points = np.column_stack([path[0][:, 0], path[1][:, 0]])
        draw_path(ax, points, number, f"run {number}" if len(paths) > 1 else None)
    players = ("player 0", "player 1") if game is None else game.players
    actions = ("its first action",) * 2 if game is None else [a[0] for a in game.actions]
    ax.set_xlabel(plain(f"{players[0]}: probability of {actions[0]}"))
    ax.set_ylabel(plain(f"{players[1]}: probability of {actions[1]}"))
    ax.set_aspect("equal")
    ax.set_xlim(-0.04, 1.04)
    ax.set_ylim(-0.04, 1.04)
    ax.grid(visible=True, color=GRAY, alpha=0.25, linewidth=0.6)
    if ax.get_legend_handles_labels()[0]:
        ax.legend(frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return ax


def _equilibria(ax: Any, game: NormalFormGame) -> None:
    label: str | None = "Nash equilibria"
    for first, second in equilibrium_sets(game):
        x, y = ([float(strategy[0]) for strategy in side] for side in (first, second))
        left, right, low, high = min(x), max(x), min(y), max(y)
        if (left, low) != (right, high):
            around = [left, right, right, left], [low, low, high, high]
            ax.fill(*around, facecolor=INK, edgecolor=INK, alpha=0.25, linewidth=5, zorder=2)
        ends = sorted({(a, b) for a in (left, right) for b in (low, high)})
        ax.plot(
            *zip(*ends, strict=True),
            marker="*",
            markersize=13,
            color=INK,
            markeredgecolor="white",
            linestyle="none",
            label=label,
            zorder=5,
        )
        label = None
