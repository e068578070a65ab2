"""What can be wrong with a record's file."""

from __future__ import annotations

from gametheory.errors import GameTheoryError

__all__ = ["InvalidEntry", "RecordDamaged", "RecordError", "RecordUnavailable", "RecordWarning"]


class RecordError(GameTheoryError):
    """The record's file cannot be used."""


class InvalidEntry(RecordError, ValueError):
    """What is to be recorded is no report and no empirical game."""


class RecordDamaged(RecordError, ValueError):
    """The file is no record, is damaged, or was written by a newer version."""


class RecordUnavailable(RecordError, OSError):
    """The file cannot be reached, read or written: permissions, a full disk, another process."""


class RecordWarning(UserWarning):
    """Something was not recorded; what was to be recorded is unharmed."""
