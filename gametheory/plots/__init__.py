"""Pictures: what a dynamic did, where a game's payoffs lie, and the tree of a game.

Figures need the extra [plot], which is matplotlib; the SVG of a tree needs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gametheory.lazy import make_lazy

if TYPE_CHECKING:
    from gametheory.games.tree_svg import tree_svg
    from gametheory.plots.heat_map import plot_heat_map
    from gametheory.plots.logit_branch import plot_logit_branch
    from gametheory.plots.payoffs import plot_payoffs
    from gametheory.plots.simplex import plot_simplex
    from gametheory.plots.square import plot_square
    from gametheory.plots.traces import plot_trace

__all__ = [
    "plot_heat_map",
    "plot_logit_branch",
    "plot_payoffs",
    "plot_simplex",
    "plot_square",
    "plot_trace",
    "tree_svg",
]

make_lazy(
    __name__,
    {
        "plot_heat_map": "gametheory.plots.heat_map",
        "plot_logit_branch": "gametheory.plots.logit_branch",
        "plot_payoffs": "gametheory.plots.payoffs",
        "plot_simplex": "gametheory.plots.simplex",
        "plot_square": "gametheory.plots.square",
        "plot_trace": "gametheory.plots.traces",
        "tree_svg": "gametheory.games.tree_svg",
    },
)
