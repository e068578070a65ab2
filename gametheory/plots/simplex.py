"""Ways through the mixed strategies over three actions: a triangle."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gametheory.errors import UnsupportedGame
from gametheory.games.normal_form import NormalFormGame
from gametheory.games.profiles import MixedProfile
from gametheory.plots.equilibrium_sets import equilibrium_sets, symmetric_sets
from gametheory.plots.figures import GRAY, INK, axes_for, plain
from gametheory.plots.paths import draw_path, read_paths
from gametheory.solution import Trace

__all__ = ["plot_simplex", "to_plane"]

_CORNERS = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, 0.75**0.5]])


def to_plane(strategies: Any) -> NDArray[np.float64]:
    """Place strategies over three actions in an equilateral triangle of side 1.

    Examples
    --------
    >>> to_plane([[1, 0, 0], [0, 1, 0], [0.25, 0.25, 0.5]]).round(3).tolist()
    [[0.0, 0.0], [1.0, 0.0], [0.5, 0.433]]
    """
    points: NDArray[np.float64] = np.asarray(strategies, dtype=np.float64) @ _CORNERS
    return points


def plot_simplex(
    trace: Trace | Sequence[Trace] | Sequence[MixedProfile],
    *,
    player: int = 0,
    which: str = "iterates",
    game: NormalFormGame | None = None,
    ax: Any = None,
) -> Any:
    """Draw how one player's strategy over three actions changes.

    Parameters
    ----------
    trace : Trace, or sequence of Trace or MixedProfile
        A dynamic, several runs, or profiles in order.
    player : int
        Whose strategy; 0 is the population where there is one.
    which : {"iterates", "averages"}
        What to take from a trace.
    game : NormalFormGame, optional
        Gives the corners their names, and its Nash equilibria are marked: what the player does
        in them, or for one population the symmetric ones.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure if left out.

    Returns
    -------
    matplotlib.axes.Axes
        A ring marks where a way starts, a dot where it ends.

    Raises
    ------
    UnsupportedGame
        The player has not three actions, or there is nothing to draw.
    MissingExtra
        matplotlib is not installed.

    Examples
    --------
    >>> import gametheory as gt
    >>> rps = gt.NormalFormGame.symmetric([[0, -1, 1], [1, 0, -1], [-1, 1, 0]])
    >>> start = gt.MixedProfile([[0.6, 0.2, 0.2], [0.6, 0.2, 0.2]])
    >>> trace = gt.simulate(rps, "replicator", start=start)
    >>> ax = plot_simplex(trace, game=rps)  # doctest: +SKIP
    """
    paths = read_paths(trace, which)
    for path in paths:
        _check(path, player, game)
    alone = len(paths[0]) == 1 and game is not None and game.n_players > 1
    names = ("0", "1", "2") if game is None else game.actions[player]
    ax = axes_for(ax, (5.2, 4.8))
    _triangle(ax, names)
    if game is not None:
        sets = equilibrium_sets(game)
        hulls = symmetric_sets(sets) if alone else tuple(dict.fromkeys(s[player] for s in sets))
        _equilibria(ax, hulls)
    for number, path in enumerate(paths):
        draw_path(ax, to_plane(path[player]), number, f"run {number}" if len(paths) > 1 else None)
    if ax.get_legend_handles_labels()[0]:
        ax.legend(frameon=False, loc="upper right", bbox_to_anchor=(1.08, 1.0))
    return ax


def _check(path: Any, player: int, game: NormalFormGame | None) -> None:
    if not 0 <= player < len(path):
        raise UnsupportedGame(
            f"there is no player {player}", where="player", valid=f"0 to {len(path) - 1}"
        )
    count = path[player].shape[1]
    if count != 3:
        raise UnsupportedGame(
            f"player {player} has {count} actions",
            valid="a player with three actions",
            hint="plot_square draws two players with two actions each" if count == 2 else "",
        )
    if game is not None and (player >= game.n_players or game.n_actions[player] != 3):
        raise UnsupportedGame(f"{game!r:.80} is not the game of this trace", where="game")


def _triangle(ax: Any, names: Sequence[str]) -> None:
    """Draw the simplex, with lines where an action has probability 1/4, 1/2 and 3/4."""
    for axis in range(3):
        for share in (0.25, 0.5, 0.75):
            ends = np.zeros((2, 3))
            ends[:, axis] = share
            ends[0, (axis + 1) % 3] = ends[1, (axis + 2) % 3] = 1 - share
            ax.plot(*to_plane(ends).T, color=GRAY, linewidth=0.6, alpha=0.35, zorder=1)
    ax.plot(*_CORNERS[[0, 1, 2, 0]].T, color=INK, linewidth=1.1, zorder=1)
    places = (("right", "top"), ("left", "top"), ("center", "bottom"))
    for corner, name, (side, level) in zip(_CORNERS, names, places, strict=True):
        away = corner + 0.045 * (corner - _CORNERS.mean(axis=0))
        ax.text(*away, plain(name), ha=side, va=level, color=INK)
    ax.set_aspect("equal")
    ax.set_xlim(-0.15, 1.15)
    ax.set_ylim(-0.1, 0.98)
    ax.axis("off")


def _equilibria(ax: Any, hulls: Sequence[Any]) -> None:
    label: str | None = "Nash equilibria"
    for hull in hulls:
        points = to_plane([[float(p) for p in x] for x in hull])
        if len(points) > 2:
            around = np.arctan2(*(points - points.mean(axis=0)).T)
            points = points[np.argsort(around)]
        if len(points) > 1:
            ax.fill(*points.T, facecolor=INK, edgecolor=INK, alpha=0.25, linewidth=4, zorder=2)
        ax.plot(
            *points.T,
            marker="*",
            markersize=13,
            color=INK,
            markeredgecolor="white",
            linestyle="none",
            label=label,
            zorder=5,
        )
        label = None
