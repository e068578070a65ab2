"""The local record: every check and every sampled payoff, and the ranking they give.

>>> import tempfile, pathlib
>>> import marl_bridge
>>> from marl_bridge.records import leaderboard, record_check
>>> path = pathlib.Path(tempfile.mkdtemp()) / "record.sqlite"
>>> report = marl_bridge.check(
...     "classic/rps-v2", "random", env_kwargs={"max_cycles": 1}, episodes=20
... )
>>> record_check(report, path, policies="random") == path
True
>>> [standing.gap.upper for standing in leaderboard("classic/rps-v2", path)[0].ranked]
[0.0]
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gametheory.lazy import make_lazy

if TYPE_CHECKING:
    from marl_bridge.records.database import Record
    from marl_bridge.records.entries import CellEntry, CheckEntry, Gap, PolicyLabel, SeatEntry
    from marl_bridge.records.errors import (
        InvalidEntry,
        RecordDamaged,
        RecordError,
        RecordUnavailable,
        RecordWarning,
    )
    from marl_bridge.records.leaderboard import Leaderboard, SeatStanding, Standing, leaderboard
    from marl_bridge.records.leaderboard_page import write_leaderboard
    from marl_bridge.records.places import record_path
    from marl_bridge.records.recording import record_cells, record_check, require_usable

__all__ = [
    "CellEntry",
    "CheckEntry",
    "Gap",
    "InvalidEntry",
    "Leaderboard",
    "PolicyLabel",
    "Record",
    "RecordDamaged",
    "RecordError",
    "RecordUnavailable",
    "RecordWarning",
    "SeatEntry",
    "SeatStanding",
    "Standing",
    "leaderboard",
    "record_cells",
    "record_check",
    "record_path",
    "require_usable",
    "write_leaderboard",
]

make_lazy(
    __name__,
    {
        "CellEntry": "marl_bridge.records.entries",
        "CheckEntry": "marl_bridge.records.entries",
        "Gap": "marl_bridge.records.entries",
        "InvalidEntry": "marl_bridge.records.errors",
        "Leaderboard": "marl_bridge.records.leaderboard",
        "PolicyLabel": "marl_bridge.records.entries",
        "Record": "marl_bridge.records.database",
        "RecordDamaged": "marl_bridge.records.errors",
        "RecordError": "marl_bridge.records.errors",
        "RecordUnavailable": "marl_bridge.records.errors",
        "RecordWarning": "marl_bridge.records.errors",
        "SeatEntry": "marl_bridge.records.entries",
        "SeatStanding": "marl_bridge.records.leaderboard",
        "Standing": "marl_bridge.records.leaderboard",
        "leaderboard": "marl_bridge.records.leaderboard",
        "record_cells": "marl_bridge.records.recording",
        "record_check": "marl_bridge.records.recording",
        "record_path": "marl_bridge.records.places",
        "require_usable": "marl_bridge.records.recording",
        "write_leaderboard": "marl_bridge.records.leaderboard_page",
    },
)
