"""Sources that many games of the catalog share."""

from __future__ import annotations

__all__ = ["GAMUT"]

GAMUT = "Nudelman, Wortman, Shoham and Leyton-Brown (2004), Run the GAMUT, AAMAS-04"
"""The suite of game generators whose families the catalog holds, where they fit a tensor."""
