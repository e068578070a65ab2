"""Reading and writing games, profiles and certificates as JSON files."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from gametheory.errors import GameFormatError
from gametheory.files import write_atomically
from gametheory.formats import extensive_form_json, normal_form_json
from gametheory.formats.profile_json import (
    Claim,
    claim_from_document,
    profile_from_document,
    recheck_certificate,
)
from gametheory.games.extensive_form import ExtensiveFormGame
from gametheory.games.normal_form import NormalFormGame
from gametheory.solution import Certificate

__all__ = [
    "game_from_document",
    "game_to_document",
    "load_certificate",
    "load_claim",
    "load_game",
    "load_profile",
    "save_certificate",
    "save_game",
    "save_profile",
]

_READERS: dict[str, Callable[[Mapping[str, Any]], NormalFormGame | ExtensiveFormGame]] = {
    extensive_form_json.FORMAT: extensive_form_json.from_document,
    "gametheory/normal-form": normal_form_json.from_document,
}


_DEPTH = "at most about 300 actions in a row"


def game_to_document(game: NormalFormGame | ExtensiveFormGame) -> dict[str, Any]:
    """Describe a game of either form as a JSON document."""
    if isinstance(game, NormalFormGame):
        return normal_form_json.to_document(game)
    return extensive_form_json.to_document(game)


def game_from_document(document: Any) -> NormalFormGame | ExtensiveFormGame:
    """Build the game that a document describes, by its "format"."""
    known = sorted(_READERS)
    if not isinstance(document, Mapping) or document.get("format") not in _READERS:
        found = document.get("format") if isinstance(document, Mapping) else type(document).__name__
        raise GameFormatError(f"unknown format {found!r}", where='key "format"', valid=str(known))
    return _READERS[document["format"]](document)


def load_game(path: str | Path) -> NormalFormGame | ExtensiveFormGame:
    """Read a game from a .json file.

    Raises
    ------
    GameFormatError
        If there is no such file, or it does not describe a game; with line or key.
    """
    return game_from_document(_read(path))


def save_game(game: NormalFormGame | ExtensiveFormGame, path: str | Path) -> Path:
    """Write a game to a .json file; all of it or nothing."""
    return _write(game_to_document(game), path)


def load_profile(path: str | Path, game: Any) -> Any:
    """Read a profile, or whatever else solves a game, from a .json file."""
    return profile_from_document(_read(path), game)


def save_profile(profile: Any, path: str | Path) -> Path:
    """Write a profile to a .json file; all of it or nothing."""
    return _write(profile.to_document(), path)


def load_certificate(path: str | Path, game: Any) -> Certificate:
    """Read a certificate from a .json file and verify it again; a false one is refused."""
    return recheck_certificate(_read(path), game)


def load_claim(path: str | Path, game: Any) -> Claim:
    """Read a profile, or a certificate without believing it, from a .json file."""
    return claim_from_document(_read(path), game)


def save_certificate(certificate: Certificate, path: str | Path) -> Path:
    """Write a certificate to a .json file; all of it or nothing."""
    return _write(certificate.to_document(), path)


def _read(path: str | Path) -> Any:
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise GameFormatError(
            f"cannot read {str(path)!r}: {error.strerror}", hint="check the path"
        ) from error
    except UnicodeDecodeError as error:
        raise GameFormatError(
            f"{str(path)!r} is no text file: {error}", valid="JSON in UTF-8"
        ) from error
    except json.JSONDecodeError as error:
        raise GameFormatError(
            f"{str(path)!r} is not JSON: {error.msg}",
            where=f"line {error.lineno}, column {error.colno}",
            valid="a JSON document",
        ) from error
    except RecursionError as error:
        raise GameFormatError(f"{str(path)!r} is nested too deeply", valid=_DEPTH) from error


def _write(document: Mapping[str, Any], path: str | Path) -> Path:
    target = Path(path)
    try:
        text = json.dumps(document, indent=1, ensure_ascii=False)
    except RecursionError as error:
        raise GameFormatError("the game is nested too deeply for JSON", valid=_DEPTH) from error
    try:
        return write_atomically(target, (text + "\n").encode())
    except OSError as error:
        raise GameFormatError(
            f"cannot write {str(path)!r}: {error.strerror}", hint="check the folder"
        ) from error
