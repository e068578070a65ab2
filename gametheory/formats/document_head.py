"""What every JSON document of a game begins with: its format, its version, and no unknown keys."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from gametheory.errors import GameFormatError

__all__ = ["VERSION", "check_head"]

VERSION = 1


def check_head(document: Any, form: str, keys: Collection[str], *, optional: bool = False) -> None:
    """Refuse a document of another format or version, or with other keys.

    Parameters
    ----------
    document : object
        What a JSON file holds.
    form : str
        The format that it has to name.
    keys : collection of str
        All that it may hold.
    optional : bool
        Whether the version may be left out.

    Raises
    ------
    GameFormatError
        It names the key.
    """
    if not isinstance(document, dict):
        raise GameFormatError(f"the document is a {type(document).__name__}", valid="a JSON object")
    if document.get("format") != form:
        raise GameFormatError(
            f"the format is {document.get('format')!r:.80}", where="format", valid=repr(form)
        )
    version = document.get("version", VERSION if optional else None)
    if version != VERSION or isinstance(version, bool):
        raise GameFormatError(
            f"the version is {version!r:.80}",
            where="version",
            valid=str(VERSION),
            hint="a newer release of gametheory-toolkit may read it",
        )
    unknown = sorted(str(key) for key in document if key not in keys)
    if unknown:
        raise GameFormatError(
            f"there is an unknown key {unknown[0]!r:.80}",
            where=unknown[0][:80],
            valid=", ".join(sorted(keys)),
        )
