"""Typed errors of the bridge, in the form of :mod:`gametheory.errors`."""

from __future__ import annotations

from gametheory.errors import GameTheoryError, UnsupportedGame

__all__ = ["ExtractionRefused", "InvalidEnvironment", "InvalidPolicy", "UnknownProbabilities"]


class InvalidEnvironment(GameTheoryError, ValueError):
    """There is no such environment, or it does not follow PettingZoo's API."""


class InvalidPolicy(GameTheoryError, ValueError):
    """A policy returned something that is no legal action or no distribution over them."""


class ExtractionRefused(UnsupportedGame):
    """The environment's exact game cannot be extracted; the message says why."""


class UnknownProbabilities(InvalidPolicy):
    """A policy acts, but cannot state the probabilities it acts with."""
