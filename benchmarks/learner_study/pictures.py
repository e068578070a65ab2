"""Pictures of a study, by game: learning curves, ways through strategies, and payoffs."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

import gametheory as gt
from gametheory.files import write_atomically
from gametheory.plots.figures import COLORS, DASHES, GRAY, INK, MARKERS, plain
from gametheory.plots.paths import draw_path
from gametheory.plots.payoffs import plot_payoffs
from gametheory.plots.simplex import plot_simplex, to_plane
from gametheory.plots.square import plot_square

from .budgets import FAMILIES
from .games import StudyGame, studied
from .measures import TOLERANCE
from .promises import gap_bound, regret_bounds
from .summary import Cell, Study
from .work import pool_of

__all__ = ["draw_all"]

_COLUMNS = 5
_BOUND = {"color": GRAY, "linewidth": 2.4, "linestyle": (0, (1, 1)), "zorder": 1}


def draw_all(study: Study, folder: Path, *, workers: int = 1) -> dict[str, dict[str, Path]]:
    """Draw every game of a study, several at once.

    Returns
    -------
    dict of str to dict of str to Path
        For each game PNG files by kind: "curves", "paths" and "payoffs", as far as it has them.
    """
    played = {
        name: [c for c in (study.cells[learner, name] for learner in study.learners) if c.runs]
        for name in study.games
    }
    drawn = [(name, cells, folder) for name, cells in played.items() if cells]
    if workers == 1:
        return {name: _draw(name, cells, folder) for name, cells, folder in drawn}
    with pool_of(workers) as pool:
        found = pool.map(_draw, *zip(*drawn, strict=True)) if drawn else iter(())
        return dict(zip([name for name, _, _ in drawn], found, strict=True))


def _draw(name: str, cells: list[Cell], folder: Path) -> dict[str, Path]:
    game = studied(name)
    figures = {"curves": _curves(game, cells)}
    if game.picture and any("path" in run for cell in cells for run in cell.runs):
        figures["paths"] = _paths(game, cells)
    if game.form == "matrix" and game.game.n_players == 2 and game.frontier:
        figures["payoffs"] = _payoffs(game, cells)
    return {kind: _write(figure, folder / f"{name}-{kind}.png") for kind, figure in figures.items()}


def _write(figure: Any, path: Path) -> Path:
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=90)
    return write_atomically(path, content.getvalue())


def _figure(width: float, height: float) -> Any:
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def _curves(game: StudyGame, cells: Sequence[Cell]) -> Any:
    """NashConv of the policies on the way, a panel a family; and regret against its bounds."""
    groups = [[c for c in cells if c.family == family] for family in FAMILIES]
    panels: list[Any] = [group for group in groups if group]
    bandits = [c for c in cells if regret_bounds(c.learner, game, 1) is not None]
    columns = min(3, len(panels) + bool(bandits))
    rows = -(-(len(panels) + bool(bandits)) // columns)
    figure = _figure(5.0 * columns, 4.0 * rows)
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for ax, group in zip(axes, panels, strict=False):
        _gap_panel(ax, game, group)
    used = len(panels)
    if bandits:
        _regret_panel(axes[used], game, bandits)
        used += 1
    for ax in axes[used:]:
        ax.set_visible(False)
    return figure


def _gap_panel(ax: Any, game: StudyGame, cells: Sequence[Cell]) -> None:
    _equilibrium(ax, game, "equilibrium")
    bounded: list[str] = []
    for number, cell in enumerate(cells):
        curves = [run["curve"] for run in cell.runs]
        steps = curves[0]["steps"]
        _line(ax, steps, np.median([c["nash_conv"] for c in curves], axis=0), cell.learner, number)
        least = [c.get("least_count") for c in curves]
        bounds = [
            gap_bound(cell.learner, game, t, None if None in least else min(c[k] for c in least))
            for k, t in enumerate(steps)
        ]
        if None not in bounds:
            ax.plot(steps, bounds, **_BOUND)
            bounded.append(cell.learner)
    if bounded:
        ax.plot([], [], label=f"proven bound: {', '.join(bounded)}", **_BOUND)
    family = FAMILIES[cells[0].family]
    _finish(ax, game, family[0].upper() + family[1:], "NashConv, median")
    if cells[0].family == "tree":
        ax.set_xscale("log")
        ax.set_xlabel("iterations on the tree")
    else:
        ax.set_xlabel("episodes")


def _regret_panel(ax: Any, game: StudyGame, cells: Sequence[Cell]) -> None:
    _equilibrium(ax, game, "no regret")
    for number, cell in enumerate(cells):
        curves = [run["curve"] for run in cell.runs]
        steps = curves[0]["steps"]
        worst = []
        for k in range(len(steps)):
            mean = [
                np.mean([c["regrets"][k][player] for c in curves], axis=0).max()
                for player in range(game.game.n_players)
            ]
            worst.append(max(mean))
        _line(ax, steps, worst, cell.learner, number)
        tables = regret_bounds(cell.learner, game, cell.runs[0]["episodes"])
        assert tables is not None
        bound = [max(table[t - 1] for table in tables) for t in steps]
        style = {**_BOUND, "color": COLORS[number % len(COLORS)]}
        ax.plot(steps, bound, label=f"proven bound: {cell.learner}", **style)
    _finish(ax, game, "External regret per round of play", "worst player, mean")
    ax.set_xlabel("episodes")


def _equilibrium(ax: Any, game: StudyGame, label: str) -> None:
    """Draw the line at zero, and what counts as zero."""
    ax.axhline(0.0, color=INK, linewidth=1.6, zorder=1, label=label)
    ax.axhspan(0.0, TOLERANCE * game.scale, color=GRAY, alpha=0.22, linewidth=0, zorder=0)


def _line(ax: Any, steps: Any, values: Any, label: str, number: int) -> None:
    ax.plot(
        steps,
        values,
        label=plain(label),
        color=COLORS[number % len(COLORS)],
        linestyle=DASHES[(number // len(COLORS) + number) % len(DASHES)],
        marker=MARKERS[number % len(MARKERS)],
        markersize=5,
        markevery=(number % 3, 4),
        linewidth=1.5,
        zorder=3,
    )


def _finish(ax: Any, game: StudyGame, title: str, values: str) -> None:
    ax.set_yscale("symlog", linthresh=TOLERANCE * game.scale)
    top = 4.0 * max(game.scale, ax.dataLim.y1 if np.isfinite(ax.dataLim.y1) else 0.0)
    ax.set_ylim(-0.3 * TOLERANCE * game.scale, min(top, 20.0 * game.scale))
    ax.set_title(title, loc="left", fontsize=10)
    ax.set_ylabel(f"{values}, payoff units", fontsize=9)
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(visible=True, axis="y", color=GRAY, alpha=0.25, linewidth=0.6)
    ax.tick_params(labelsize=8)
    ax.legend(frameon=False, fontsize=7.5, ncols=2, loc="upper left", bbox_to_anchor=(0, -0.16))


def _paths(game: StudyGame, cells: Sequence[Cell]) -> Any:
    """Show the way of the policies through the strategies, a panel a learner."""
    shown = [cell for cell in cells if any("path" in run for run in cell.runs)]
    columns = min(_COLUMNS, len(shown))
    rows = -(-len(shown) // columns)
    figure = _figure(2.7 * columns, 2.75 * rows + 0.6)
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for ax, cell in zip(axes, shown, strict=False):
        profiles = [
            [gt.MixedProfile(profile) for profile in run["path"]]
            for run in cell.runs
            if "path" in run
        ]
        _path_panel(ax, game, cell, profiles)
    for ax in axes[len(shown) :]:
        ax.set_visible(False)
    first, second = game.game.players
    if game.picture == "square":
        figure.supxlabel(plain(f"{first}: probability of {game.game.actions[0][0]}"), fontsize=10)
        figure.supylabel(plain(f"{second}: probability of {game.game.actions[1][0]}"), fontsize=10)
    else:
        figure.supxlabel(plain(f"strategies of {first}; corners: its actions"), fontsize=10)
    figure.legend(
        handles=_path_legend(),
        loc="outside upper center",
        ncols=4,
        frameon=False,
        fontsize=9,
    )
    return figure


def _path_panel(ax: Any, game: StudyGame, cell: Cell, profiles: list[list[Any]]) -> None:
    draw = plot_square if game.picture == "square" else plot_simplex
    draw(profiles[0], game=game.game, ax=ax)
    for number, others in enumerate(profiles[1:], 1):
        if game.picture == "square":
            points = np.array([[p[0][0], p[1][0]] for p in others])
        else:
            points = to_plane([p[0] for p in others])
        draw_path(ax, points, number, None)
    if ax.get_legend() is not None:
        ax.get_legend().remove()
    ax.set_xlabel("")
    ax.set_ylabel("")
    ax.tick_params(labelsize=7)
    for text in ax.texts:
        text.set_fontsize(7.5)
    ax.set_title(plain(cell.learner), loc="left", fontsize=9)


def _path_legend() -> list[Any]:
    from matplotlib.lines import Line2D

    ring: dict[str, Any] = {"marker": "o", "linestyle": "none", "color": INK, "markersize": 7}
    return [
        Line2D([], [], **{**ring, "markerfacecolor": "white"}, label="first record"),
        Line2D([], [], **ring, label="what was learned"),
        Line2D([], [], color=INK, linewidth=1.4, label="the way, a color a seed"),
        Line2D([], [], **{**ring, "marker": "*", "markersize": 12}, label="Nash equilibria"),
    ]


def _payoffs(game: StudyGame, cells: Sequence[Cell]) -> Any:
    """Show the payoff polygon, its Nash, CE and Pareto sets, and where learners end."""
    figure = _figure(7.4, 6.6)
    ax = figure.subplots()
    found = gt.solve(game.game, find="all")
    plot_payoffs(game.game, solutions=[found], mixed_frontier=True, ax=ax)
    correlated = gt.solve(game.game, "correlated", find="all")
    paid = np.array([[float(u) for u in c.payoffs] for c in correlated.certificates])
    corners = _hull(paid)
    ax.plot(
        *np.vstack([corners, corners[:1]]).T,
        color=COLORS[3],
        linewidth=2.2,
        linestyle=DASHES[1],
        marker="D" if len(corners) == 1 else "",
        markersize=12,
        markerfacecolor="none",
        label="correlated equilibria",
        zorder=4,
    )
    rng = np.random.default_rng(0)  # spreads what would lie on one point
    width = 0.012 * game.scale
    for number, family in enumerate(FAMILIES):
        ends = [run["payoffs"] for c in cells if c.family == family for run in c.runs]
        if ends:
            points = np.array(ends) + rng.uniform(-width, width, (len(ends), 2))
            ax.plot(
                *points.T,
                marker=MARKERS[1:][number],
                markersize=5,
                markerfacecolor="none",
                markeredgecolor=COLORS[number],
                markeredgewidth=1.0,
                linestyle="none",
                alpha=0.8,
                zorder=7,
                label=plain(f"learned: {family}"),
            )
    ax.set_title("")
    ax.legend(
        frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.1), ncols=3, fontsize="small"
    )
    return figure


def _hull(points: Any) -> Any:
    """Return the corners of the convex hull of points in the plane, in order."""
    from gametheory.payoff_sets.records import counterclockwise

    unique = sorted({(round(float(x), 9), round(float(y), 9)) for x, y in points})
    if len(unique) < 3:
        return np.array(unique)
    lower: list[Any] = []
    upper: list[Any] = []
    for side, order in ((lower, unique), (upper, unique[::-1])):
        for p in order:
            while len(side) > 1 and _turn(side[-2], side[-1], p) <= 1e-12:
                side.pop()
            side.append(p)
    corners = sorted({*lower, *upper})
    return np.array([corners[k] for k in counterclockwise(corners)])


def _turn(a: Any, b: Any, c: Any) -> float:
    return float((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]))
