"""What two players can expect together: one picture of payoffs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gametheory.errors import UnsupportedGame
from gametheory.games.normal_form import NormalFormGame
from gametheory.plots.figures import COLORS, GRAY, INK, axes_for, plain

__all__ = ["plot_payoffs"]

_MOST_LABELS = 25  # joint actions whose names find a place
_NOTHING: tuple[Any, ...] = ()


def plot_payoffs(
    game: NormalFormGame,
    *,
    solutions: Sequence[Any] | None = None,
    concept: str = "nash",
    mixed_frontier: bool = False,
    time_limit: float | None = 10.0,
    ax: Any = None,
) -> Any:
    """Draw the payoffs of a two-player game and where solutions lie among them.

    Parameters
    ----------
    game : NormalFormGame
        Of two players.
    solutions : sequence of Solution, optional
        Whose payoffs are marked; if left out, all Nash equilibria and the correlated equilibrium
        of the largest sum of payoffs.
    concept : str
        What to solve for where ``solutions`` is left out: another concept is marked instead of
        these two.
    mixed_frontier : bool
        Whether to draw the Pareto frontier of independent mixed strategies too, which need not
        be convex and takes a moment.
    time_limit : float or None
        Seconds to look for each kind of solution.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure if left out.

    Returns
    -------
    matplotlib.axes.Axes
        Light, what distributions over joint actions can pay; darker, what gives both players
        their minmax values at least.

    Raises
    ------
    UnsupportedGame
        The game is none of two players in normal form, or it cannot be solved for the concept.
    MissingExtra
        matplotlib is not installed.

    Examples
    --------
    >>> chicken = NormalFormGame.symmetric([[6, 2], [7, 0]])
    >>> ax = plot_payoffs(chicken, mixed_frontier=True)  # doctest: +SKIP
    """
    from gametheory.payoff_sets import (
        individually_rational_payoffs,
        mixed_pareto_frontier,
        pareto_frontier,
    )

    if not isinstance(game, NormalFormGame) or game.n_players != 2:
        raise UnsupportedGame(
            f"{game!r:.80} has no picture of payoffs", valid="a NormalFormGame of two players"
        )
    found = _solutions(game, concept, time_limit) if solutions is None else list(solutions)
    ax = axes_for(ax, (6.4, 5.4))
    _polygon(ax, _feasible(game), "feasible", "#56b4e9", 0.22)
    rational = individually_rational_payoffs(game)
    _polygon(ax, _floats(rational.payoffs.vertices), "individually rational", "#56b4e9", 0.45)
    minmax = [float(level.value) for level in rational.minmax]
    style = {"color": GRAY, "linewidth": 1.0, "linestyle": (0, (4, 3)), "zorder": 1}
    ax.axvline(minmax[0], label="minmax values", **style)
    ax.axhline(minmax[1], **style)
    frontier = _floats(pareto_frontier(game).vertices)
    ax.plot(
        *frontier.T,
        color=COLORS[1],
        linewidth=2.6,
        label="Pareto frontier",
        zorder=3,
        marker="o" if len(frontier) == 1 else "",
        markersize=4,
    )
    if mixed_frontier:
        curve = _floats(mixed_pareto_frontier(game).payoffs)
        ax.plot(  # points, not a line: this frontier can have gaps
            *curve.T,
            color=COLORS[2],
            marker="o",
            markersize=3,
            linestyle="none",
            zorder=4,
            label="mixed Pareto frontier",
        )
    _pure(ax, game)
    _marks(ax, found)
    ax.set_xlabel(plain(f"payoff of {game.players[0]}"))
    ax.set_ylabel(plain(f"payoff of {game.players[1]}"))
    if game.title:
        ax.set_title(plain(game.title), loc="left")
    ax.margins(x=0.22, y=0.12)
    ax.legend(
        frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.13), ncols=3, fontsize="small"
    )
    return ax


def _solutions(game: NormalFormGame, concept: str, time_limit: float | None) -> list[Any]:
    from gametheory.solve import solve

    if concept != "nash":
        return [solve(game, concept, time_limit=time_limit)]
    return [
        solve(game, find="all", time_limit=time_limit),
        solve(game, "correlated", objective="welfare", time_limit=time_limit),
    ]


def _feasible(game: NormalFormGame) -> Any:
    from gametheory.payoff_sets import feasible_payoffs

    return _floats(feasible_payoffs(game).vertices)


def _floats(points: Sequence[Any]) -> Any:
    return np.array([[float(u) for u in point] for point in points]).reshape(-1, 2)


def _polygon(ax: Any, vertices: Any, label: str, color: str, strength: float) -> None:
    if len(vertices):
        wide = 1.0 if len(vertices) > 2 else 6.0  # a set without area is a thick line
        ax.fill(
            *vertices.T,
            facecolor=color,
            edgecolor=color,
            alpha=strength,
            linewidth=wide,
            label=label,
            zorder=0 if strength < 0.3 else 1,
        )


def _pure(ax: Any, game: NormalFormGame) -> None:
    """Mark what joint actions pay, with the names of those that pay the same at one place."""
    names: dict[tuple[float, float], list[str]] = {}
    for joint in np.ndindex(*game.n_actions):
        at = float(game.payoffs[(0, *joint)]), float(game.payoffs[(1, *joint)])
        names.setdefault(at, []).append(
            ", ".join(game.actions[i][action] for i, action in enumerate(joint))
        )
    points = np.array(list(names))
    ax.plot(
        *points.T,
        marker="o",
        markersize=5,
        color=INK,
        linestyle="none",
        label="joint actions",
        zorder=4,
    )
    if len(names) > _MOST_LABELS:
        return
    center = points.mean(axis=0)
    for at, chosen in names.items():
        text = "\n".join(chosen[:3]) + (f"\n+{len(chosen) - 3} more" if len(chosen) > 3 else "")
        up = at[1] >= center[1]
        ax.annotate(
            "\n".join(map(plain, text.split("\n"))),
            at,
            xytext=(0, 8 if up else -8),
            textcoords="offset points",
            ha="center",
            va="bottom" if up else "top",
            fontsize="small",
            color=INK,
            zorder=6,
        )


def _marks(ax: Any, solutions: Sequence[Any]) -> None:
    """Mark the payoffs of solutions, each kind by a marker of its own."""
    marks = (("*", 14, COLORS[5]), ("D", 12, COLORS[2]), ("s", 9, COLORS[3]), ("^", 10, COLORS[0]))
    for number, solution in enumerate(solutions):
        points = _floats([c.payoffs for c in solution.certificates if len(c.payoffs) == 2])
        if not len(points):
            continue
        marker, size, color = marks[number % len(marks)]
        hollow = marker != "*"  # what lies below stays visible
        ax.plot(
            *points.T,
            marker=marker,
            markersize=size,
            linestyle="none",
            markerfacecolor="none" if hollow else color,
            markeredgewidth=2 if hollow else 0.8,
            markeredgecolor=color if hollow else INK,
            label=_name(solution),
            zorder=5,
        )


def _name(solution: Any) -> str:
    if solution.concept == "nash":
        return "Nash equilibria" if len(solution.equilibria) > 1 else "Nash equilibrium"
    if solution.concept == "correlated" and solution.parameters.get("objective") == "welfare":
        return "correlated equilibrium of the largest sum"
    return plain(solution.concept)
