"""Typed errors of the bridge, in the form of :mod:`gametheory.errors`."""

from __future__ import annotations

from gametheory.errors import GameTheoryError, UnsupportedGame

__all__ = [
    "AuditFailed",
    "ExtractionRefused",
    "InvalidCheckpoint",
    "InvalidEnvironment",
    "InvalidPolicy",
    "UnknownProbabilities",
]


class InvalidEnvironment(GameTheoryError, ValueError):
    """There is no such environment, or it does not follow PettingZoo's API."""


class InvalidPolicy(GameTheoryError, ValueError):
    """A policy returned something that is no legal action or no distribution over them."""


class ExtractionRefused(UnsupportedGame):
    """The environment's exact game cannot be extracted; the message says why."""


class AuditFailed(ExtractionRefused):
    """A check of the audit failed: the environment is not the game that was extracted.

    Attributes
    ----------
    check : str
        Which one: "determinism", "seed", "reset", "episodes" or "mean".
    """

    def __init__(
        self, what: str, *, check: str, where: str = "", valid: str = "", hint: str = ""
    ) -> None:
        self.check = check
        super().__init__(what, where=where, valid=valid, hint=hint)


class InvalidCheckpoint(GameTheoryError, ValueError):
    """A file is no checkpoint of this work, is in use, or cannot be written."""


class UnknownProbabilities(InvalidPolicy):
    """A policy acts, but cannot state the probabilities it acts with."""
