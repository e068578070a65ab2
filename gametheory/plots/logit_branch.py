"""The principal branch of logit equilibria: from even play to a Nash equilibrium."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gametheory.errors import UnsupportedGame
from gametheory.games.normal_form import NormalFormGame
from gametheory.plots.figures import COLORS, DASHES, GRAY, axes_for, plain

__all__ = ["plot_logit_branch"]


def plot_logit_branch(
    game: NormalFormGame,
    *,
    player: int | None = None,
    max_rationality: float | None = None,
    ax: Any = None,
) -> Any:
    """Draw each action's probability along the principal branch of logit equilibria.

    Parameters
    ----------
    game : NormalFormGame
    player : int, optional
        Whose actions; everybody's if left out.
    max_rationality : float, optional
        Where to end, per unit of the game's payoffs; left out, a thousand over the largest range
        of a player's payoffs.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure if left out.

    Returns
    -------
    matplotlib.axes.Axes
        The axis of rationalities is even up to one over the payoff range, then logarithmic.

    Raises
    ------
    UnsupportedGame
        There is no such player, or the rationality is not valid.
    MissingExtra
        matplotlib is not installed.

    Examples
    --------
    >>> stag_hunt = NormalFormGame.symmetric([[4, 0], [3, 2]])
    >>> ax = plot_logit_branch(stag_hunt, player=0)  # doctest: +SKIP
    """
    from gametheory.solve import solve

    if not isinstance(game, NormalFormGame):
        raise UnsupportedGame(f"{game!r:.80} is no game in normal form")
    if player is not None and not 0 <= player < game.n_players:
        raise UnsupportedGame(
            f"there is no player {player}", where="player", valid=f"0 to {game.n_players - 1}"
        )
    unit = game.payoff_range or 1.0
    end = 1000.0 / unit if max_rationality is None else max_rationality
    branch = solve(game, "logit-qre", "logit-branch", find="all", max_rationality=end).equilibria
    ax = axes_for(ax)
    at = np.array([point.rationality for point in branch])
    for i in range(game.n_players) if player is None else [player]:
        for k, action in enumerate(game.actions[i]):
            name = f"{game.players[i]}: {action}" if player is None else action
            shares = [point[i][k] for point in branch]
            style, color = DASHES[k % len(DASHES)], COLORS[i % len(COLORS)]
            if player is not None:
                color = COLORS[k % len(COLORS)]
            wide = 1.8 if player is not None else max(3.4 - 1.4 * i, 1.2)  # equal ones stay visible
            ax.plot(at, shares, linestyle=style, color=color, linewidth=wide, label=plain(name))
    ax.set_xscale("symlog", linthresh=1.0 / unit)
    last = float(at.max())
    exponents = range(math.ceil(-math.log10(unit)), math.floor(math.log10(last or 1.0)) + 1)
    ax.set_xticks([0.0, *(10.0**k for k in exponents)])
    ax.set_xlim(0.0, last or None)
    ax.set_ylim(-0.03, 1.03)
    ax.set_xlabel("rationality, per payoff unit")
    ax.set_ylabel("probability")
    ax.grid(visible=True, color=GRAY, alpha=0.25, linewidth=0.6)
    ax.legend(frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return ax
