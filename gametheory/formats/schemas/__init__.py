"""JSON Schemas (draft 2020-12) of the documents that the toolkit writes, for other programs."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

from gametheory.errors import GameFormatError

__all__ = ["NAMES", "load"]

NAMES = ("normal_form", "extensive_form", "profile", "certificate")


def load(name: str) -> dict[str, Any]:
    """Return one of the schemas, as a document.

    Parameters
    ----------
    name : {"normal_form", "extensive_form", "profile", "certificate"}

    Notes
    -----
    A schema says how a document is written. Whether its numbers make a game, or a profile of
    some game, only reading it tells. Schemas refer to one another by their ``$id``.

    Examples
    --------
    >>> load("normal_form")["required"]
    ['format', 'version', 'payoffs']
    """
    if name not in NAMES:
        raise GameFormatError(f"there is no schema {name!r:.80}", valid=", ".join(NAMES))
    text = resources.files(__name__).joinpath(f"{name}.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema
