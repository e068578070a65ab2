"""Named games, each with its source.

A new game is one function in a module of this folder, decorated with
:func:`gametheory.games.catalog.registry.game`; modules are found by themselves.
"""

from __future__ import annotations

from gametheory.games.catalog.registry import CatalogEntry, catalog, load

__all__ = ["CatalogEntry", "catalog", "load"]
