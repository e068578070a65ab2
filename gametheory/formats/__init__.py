"""Reading and writing games as .json, .nfg and .efg files, profiles and certificates as JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from gametheory.errors import GameFormatError
from gametheory.files import write_atomically
from gametheory.formats import efg, extensive_form_json, nfg, normal_form_json
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

_GAMBIT: dict[str, Callable[[str, str], NormalFormGame | ExtensiveFormGame]] = {
    ".nfg": nfg.from_text,
    ".efg": efg.from_text,
}
_SUFFIXES = (".json", *_GAMBIT)
_DEPTH = "at most about 300 actions in a row"
_NO_LIMIT = "an .efg file has no such limit"


def game_to_document(game: NormalFormGame | ExtensiveFormGame) -> dict[str, Any]:
    """Describe a game of either form as a JSON document."""
    if isinstance(game, NormalFormGame):
        return normal_form_json.to_document(game)
    return extensive_form_json.to_document(game)


def game_from_document(document: Any) -> NormalFormGame | ExtensiveFormGame:
    """Build the game that a document describes, by its "format"."""
    known = sorted(_READERS)
    found = document.get("format") if isinstance(document, Mapping) else type(document).__name__
    if not isinstance(document, Mapping) or not isinstance(found, str) or found not in _READERS:
        raise GameFormatError(
            f"unknown format {found!r:.80}", where='key "format"', valid=str(known)
        )
    return _READERS[found](document)


def load_game(path: str | Path) -> NormalFormGame | ExtensiveFormGame:
    """Read a game from a .json, .nfg or .efg file.

    A file of any other name is read as what its first word says it is.

    Raises
    ------
    GameFormatError
        If there is no such file, or it does not describe a game; with line and column, or key.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "game.nfg"
    ...     _ = path.write_text('NFG 1 R "a choice" { "A" } { { "left" "right" } } 1 1/3')
    ...     load_game(path).actions
    (('left', 'right'),)
    """
    text = _text(path)
    suffix = Path(path).suffix.lower()
    if suffix not in _SUFFIXES:
        suffix = "." + text.lstrip()[:3].lower()
    if suffix in _GAMBIT:
        return _GAMBIT[suffix](text, str(path))
    return game_from_document(_document(text, path))


def save_game(game: NormalFormGame | ExtensiveFormGame, path: str | Path) -> Path:
    """Write a game to a .json, .nfg or .efg file; all of it or nothing.

    Raises
    ------
    GameFormatError
        If the format does not hold such games, or the file cannot be written.
    """
    suffix = Path(path).suffix.lower()
    if suffix == ".json":
        return _write(game_to_document(game), path)
    if suffix == ".nfg" and isinstance(game, NormalFormGame):
        return _write_text(nfg.to_text(game), path)
    if suffix == ".efg" and isinstance(game, ExtensiveFormGame):
        return _write_text(efg.to_text(game), path)
    if suffix in _GAMBIT:
        form, own = ("normal", ".nfg") if suffix == ".efg" else ("extensive", ".efg")
        raise GameFormatError(
            f"cannot write {str(path)!r}: the game is in {form} form",
            valid=".nfg files for games in normal form, .efg files for trees",
            hint=f"write a {own} or a .json file",
        )
    raise GameFormatError(
        f"cannot write {str(path)!r}: its suffix names no format", valid=", ".join(_SUFFIXES)
    )


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
    return _document(_text(path), path)


def _text(path: str | Path) -> str:
    """Read a file of UTF-8, with or without a byte order mark; line ends stay as they are."""
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise GameFormatError(
            f"cannot read {str(path)!r}: {error.strerror}", hint="check the path"
        ) from error
    except ValueError as error:  # a null character in the path
        raise GameFormatError(
            f"cannot read {str(path)!r}: {error}", hint="check the path"
        ) from error
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8-sig", "replace")
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        raise GameFormatError(
            f"{str(path)!r} is no text in UTF-8: {error.reason}",
            where=f"{path}:{line}:{column}",
            valid="UTF-8",
            hint="save it in that encoding",
        ) from error


def _document(text: str, path: str | Path) -> Any:
    try:
        document = json.loads(text, object_pairs_hook=_distinct)
        if "\\ud" in text.lower():  # of the characters beyond 65,535, one may be cut in halves
            json.dumps(document, ensure_ascii=False).encode()
        return document
    except UnicodeEncodeError as error:
        raise GameFormatError(
            f"{str(path)!r} holds {error.object[error.start]!r}, which is half a character",
            valid="labels of whole Unicode characters",
        ) from error
    except json.JSONDecodeError as error:
        raise GameFormatError(
            f"{str(path)!r} is not JSON: {error.msg}",
            where=f"line {error.lineno}, column {error.colno}",
            valid="a JSON document",
        ) from error
    except GameFormatError as error:
        raise GameFormatError(
            f"{str(path)!r}: {error.what}", valid=error.valid, hint=error.hint
        ) from error
    except ValueError as error:  # an integer of thousands of digits
        raise GameFormatError(
            f"{str(path)!r} holds a number of too many digits", valid="at most 4,300 digits"
        ) from error
    except RecursionError as error:
        raise GameFormatError(
            f"{str(path)!r} is nested too deeply", valid=_DEPTH, hint=_NO_LIMIT
        ) from error


def _distinct(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """Make an object, whose keys must differ: JSON would keep the last and forget the others."""
    document = dict(pairs)
    if len(document) < len(pairs):
        count = Counter(key for key, _ in pairs)
        twice = next(key for key in count if count[key] > 1)
        raise GameFormatError(
            f"an object has the key {twice!r:.80} twice", valid="keys that tell things apart"
        )
    return document


def _write(document: Mapping[str, Any], path: str | Path) -> Path:
    try:
        text = json.dumps(document, indent=1, ensure_ascii=False)
    except RecursionError as error:
        raise GameFormatError(
            "the game is nested too deeply for JSON", valid=_DEPTH, hint=_NO_LIMIT
        ) from error
    return _write_text(text + "\n", path)


def _write_text(text: str, path: str | Path) -> Path:
    try:
        return write_atomically(Path(path), text.encode())
    except UnicodeEncodeError as error:
        raise GameFormatError(
            f"cannot write {str(path)!r}: a label holds {text[error.start]!r}, which is half a "
            "character",
            valid="labels of whole Unicode characters",
        ) from error
    except OSError as error:
        raise GameFormatError(
            f"cannot write {str(path)!r}: {error.strerror}", hint="check the folder"
        ) from error
