"""Pictures: what a dynamic did, where a game's payoffs lie, and the tree of a game.

Figures need the extra [plot], which is matplotlib; the SVG of a tree needs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gametheory.lazy import make_lazy

if TYPE_CHECKING:
    from gametheory.games.tree_svg import tree_svg

__all__ = ["tree_svg"]

make_lazy(__name__, {"tree_svg": "gametheory.games.tree_svg"})
