"""Where the record is kept."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from marl_bridge.arguments import require_path

__all__ = ["VARIABLE", "record_path"]

VARIABLE = "MARL_BRIDGE_RECORD"
_OFF = ("", "0", "off", "no", "none")


def record_path(
    given: str | Path | None = None, environ: Mapping[str, str] | None = None
) -> Path | None:
    """Choose the record's file.

    Parameters
    ----------
    given : path-like, optional
        Taken as it is.
    environ : mapping, optional
        The environment variables; those of the process if None.

    Returns
    -------
    Path or None
        ``given``; else what the variable MARL_BRIDGE_RECORD says, None if it is empty or "off";
        else ``marl_bridge/record.sqlite`` in the user's folder for data: ``XDG_DATA_HOME``, or
        ``~/.local/share``, or ``LOCALAPPDATA`` on Windows.

    Examples
    --------
    >>> record_path("mine.sqlite").name
    'mine.sqlite'
    >>> record_path(environ={"MARL_BRIDGE_RECORD": "off"}) is None
    True
    >>> record_path(environ={"XDG_DATA_HOME": "/data"}).as_posix()
    '/data/marl_bridge/record.sqlite'
    """
    if given is not None:
        require_path(record=given)
        return Path(given).expanduser()
    values = os.environ if environ is None else environ
    named = values.get(VARIABLE)
    if named is not None:
        return None if named.strip().lower() in _OFF else Path(named).expanduser()
    return _data_folder(values) / "marl_bridge" / "record.sqlite"


def _data_folder(values: Mapping[str, str]) -> Path:
    if values.get("XDG_DATA_HOME"):
        return Path(values["XDG_DATA_HOME"])
    if sys.platform == "win32" and values.get("LOCALAPPDATA"):
        return Path(values["LOCALAPPDATA"])
    return Path.home() / ".local" / "share"
