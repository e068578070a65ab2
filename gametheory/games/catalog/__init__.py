"""Named games and families of games, each with its source and what is known about it.

A new game is one function in a module of this folder, decorated with
:func:`gametheory.games.catalog.registry.game`; modules are found by themselves. Parameters, which
all have default values, make it a family; a ``seed`` among them makes it a random one.
"""

from __future__ import annotations

from gametheory.games.catalog.known_facts import KnownFacts
from gametheory.games.catalog.registry import CatalogEntry, catalog, facts, find, load

__all__ = ["CatalogEntry", "KnownFacts", "catalog", "facts", "find", "load"]
