"""A learner's state as a text that executes nothing when it is read."""

from __future__ import annotations

import base64
import errno
import hashlib
import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from gametheory.files import write_atomically
from marl_bridge.errors import InvalidCheckpoint

__all__ = ["is_there", "load_state", "save_state"]

_FORMAT = "marl_bridge/training"
_VERSION = 1


def save_state(path: Path, state: dict[str, Any]) -> None:
    """Write a state, replacing the file in one piece: a kill leaves the old one or the new one.

    Parameters
    ----------
    path : Path
    state : dict
        Of None, truth values, numbers, text, bytes, arrays, and lists, tuples and dictionaries
        of these.

    Raises
    ------
    InvalidCheckpoint
        If the file cannot be written.
    """
    content = json.dumps(_encode(state), separators=(",", ":"))
    document = json.dumps({"format": _FORMAT, "version": _VERSION, "sha256": _digest(content)})
    try:
        _require_room(path)
        write_atomically(path, f"{document}\n{content}\n".encode(), durable=True)
    except OSError as error:
        raise _unwritable(path, error.strerror) from error


def is_there(path: Path) -> bool:
    """Whether there is such a file.

    Raises
    ------
    InvalidCheckpoint
        If there is none, and none can be written.
    """
    try:
        if path.exists():
            return True
        _require_room(path)
    except OSError as error:
        raise _unwritable(path, error.strerror) from error
    return False


def _require_room(path: Path) -> None:
    if not path.parent.is_dir():
        raise _unwritable(path, os.strerror(errno.ENOENT))
    if not os.access(path.parent, os.W_OK):
        raise _unwritable(path, os.strerror(errno.EACCES))


def _unwritable(path: Path, why: str | None) -> InvalidCheckpoint:
    return InvalidCheckpoint(
        f"cannot write {str(path)!r}: {why}",
        where="checkpoint",
        hint="name a file in a folder that exists and has room",
    )


def load_state(path: Path) -> dict[str, Any]:
    """Read a state that :func:`save_state` wrote.

    Raises
    ------
    InvalidCheckpoint
        If the file cannot be read, is none of these, or was changed.
    """
    try:
        head, _, content = path.read_text(encoding="utf-8").partition("\n")
        document = json.loads(head)
        content = content.rstrip("\n")
        known = document["format"] == _FORMAT and document["version"] == _VERSION
        if not known or document["sha256"] != _digest(content):
            raise ValueError("it is damaged, or of another version")
        state: dict[str, Any] = _decode(json.loads(content))
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise InvalidCheckpoint(
            f"{str(path)!r} is no checkpoint of a training: {error}",
            where="checkpoint",
            valid="a file that train(..., checkpoint=...) wrote",
            hint="name another file, or delete this one to begin anew",
        ) from error
    return state


def _digest(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()


def _encode(value: Any) -> Any:
    """Write what JSON does not know as a dictionary of one entry, named after its kind."""
    item = value.item() if isinstance(value, np.generic) else value
    if isinstance(item, list):
        return [_encode(part) for part in item]
    if isinstance(item, tuple):
        return {"tuple": [_encode(part) for part in item]}
    if isinstance(item, bytes):
        return {"bytes": base64.b64encode(item).decode()}
    if isinstance(item, dict):
        return {"dict": [[_encode(key), _encode(part)] for key, part in item.items()]}
    if isinstance(item, np.ndarray) and item.dtype.kind in "biuf":
        raw = base64.b64encode(np.ascontiguousarray(item).tobytes()).decode()
        return {"array": [item.dtype.str, list(item.shape), raw]}
    if item is not None and not isinstance(item, (bool, int, float, str)):
        raise TypeError(f"a {type(item).__name__} is no plain data")
    return item


def _decode(value: Any) -> Any:
    if isinstance(value, list):
        return [_decode(item) for item in value]
    if not isinstance(value, dict):
        return value
    [(kind, content)] = value.items()
    if kind == "tuple":
        return tuple(_decode(item) for item in content)
    if kind == "bytes":
        return base64.b64decode(content)
    if kind == "dict":
        return {_decode(key): _decode(item) for key, item in content}
    dtype, shape, raw = content
    return np.frombuffer(base64.b64decode(raw), dtype=dtype).reshape(shape).copy()
