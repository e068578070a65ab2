"""The payoffs of a two-player game as a colored table."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from gametheory.errors import InvalidGame, UnsupportedGame
from gametheory.games.normal_form import NormalFormGame
from gametheory.plots.figures import INK, axes_for, plain

__all__ = ["plot_heat_map"]

_MOST_NUMBERS = 150  # cells that are written into
_DARK = 0.62  # of the largest distance from the middle color: white letters from here on


def plot_heat_map(
    game: NormalFormGame,
    *,
    player: int = 0,
    lower: ArrayLike | None = None,
    upper: ArrayLike | None = None,
    ax: Any = None,
) -> Any:
    """Draw one player's payoffs as a colored table.

    Parameters
    ----------
    game : NormalFormGame
        Of two players.
    player : int
        Whose payoffs.
    lower, upper : array_like, shape (m_1, m_2), optional
        Ends of intervals, written below the payoffs.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure if left out.

    Returns
    -------
    matplotlib.axes.Axes
        Blue is more, orange is less. White is zero where payoffs have both signs, and the middle
        of the range otherwise.

    Raises
    ------
    UnsupportedGame
        The game is none of two players in normal form, or has no such player.
    InvalidGame
        The intervals have another shape than the table.
    MissingExtra
        matplotlib is not installed.

    Examples
    --------
    >>> chicken = NormalFormGame.symmetric([[6, 2], [7, 0]])
    >>> ax = plot_heat_map(chicken)  # doctest: +SKIP
    """
    if not isinstance(game, NormalFormGame) or game.n_players != 2:
        raise UnsupportedGame(
            f"{game!r:.80} has no table of payoffs", valid="a NormalFormGame of two players"
        )
    if player not in (0, 1):
        raise UnsupportedGame(f"there is no player {player!r}", where="player", valid="0 or 1")
    payoffs = game.payoffs[player]
    ends = _intervals(lower, upper, payoffs.shape)
    rows, columns = payoffs.shape
    ax = axes_for(ax, (2.6 + 0.8 * min(columns, 16), 1.9 + 0.55 * min(rows, 16)))
    from matplotlib.colors import LinearSegmentedColormap

    low, high = float(payoffs.min()), float(payoffs.max())
    middle = 0.0 if low < 0.0 < high else low + (high - low) / 2
    reach = max(high - middle, middle - low) or 1.0
    colors = LinearSegmentedColormap.from_list("payoffs", ["#d55e00", "#ffffff", "#0072b2"])
    image = ax.imshow(payoffs, cmap=colors, vmin=middle - reach, vmax=middle + reach, aspect="auto")
    if payoffs.size <= _MOST_NUMBERS:
        digits = _digits(payoffs, high - low, fine=ends is not None)
        for cell, payoff in np.ndenumerate(payoffs):
            text = _written(payoff, digits)
            if ends is not None:
                text += f"\n[{_written(ends[0][cell], digits)}, {_written(ends[1][cell], digits)}]"
            dark = abs(payoff - middle) > _DARK * reach
            ax.text(
                cell[1],
                cell[0],
                text,
                ha="center",
                va="center",
                fontsize="small" if ends is None else "x-small",
                color="white" if dark else INK,
            )
    ax.set_xticks(range(columns), map(plain, game.actions[1]), rotation=45, ha="right")
    ax.set_yticks(range(rows), map(plain, game.actions[0]))
    ax.set_ylabel(plain(game.players[0]))
    ax.set_xlabel(plain(game.players[1]))
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    ax.figure.colorbar(image, ax=ax, label=plain(f"payoff of {game.players[player]}"))
    if game.title:
        ax.set_title(plain(game.title), loc="left")
    return ax


def _digits(payoffs: Any, width: float, *, fine: bool) -> int:
    """Choose the decimals: none for integers, else two digits of the range at least."""
    if not fine and (payoffs == np.round(payoffs)).all():
        return 0
    return int(np.clip(2 - math.floor(math.log10(width)), 0, 9)) if width > 0 else 2


def _written(number: float, digits: int) -> str:
    return f"{round(float(number), digits) + 0.0:.{digits}f}"  # never -0


def _intervals(lower: Any, upper: Any, shape: tuple[int, ...]) -> tuple[Any, Any] | None:
    if lower is None and upper is None:
        return None
    ends = tuple(
        np.full(shape, fill) if given is None else np.asarray(given, dtype=np.float64)
        for given, fill in ((lower, -np.inf), (upper, np.inf))
    )
    for name, end in zip(("lower", "upper"), ends, strict=True):
        if end.shape != shape:
            raise InvalidGame(f"{name} has shape {end.shape}", where=name, valid=f"{shape}")
    return ends[0], ends[1]
