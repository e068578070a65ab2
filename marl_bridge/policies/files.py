"""Tables of policies on disk: NumPy archives without pickle, or JSON, with a hash inside.

The hash is over the content, not the file, and is the same in both forms. It tells a file that was
damaged or edited from the one that was saved; it is no signature.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gametheory.files import read_arrays, write_atomically
from marl_bridge.errors import InvalidPolicy
from marl_bridge.policies.content_hash import hash_of_table

__all__ = ["DamagedPolicy", "load", "save"]

Table = dict[bytes, NDArray[np.float64]]

_FORMAT = "marl_bridge.TabularPolicy"
_VERSION = 2
_HEX = 64  # digits of a SHA-256


class DamagedPolicy(InvalidPolicy):
    """A saved policy is not the one that was saved: its content and its hash differ."""


def save(path: Path, table: Mapping[bytes, NDArray[np.float64]], default: str) -> Path:
    """Write a table to ``path``, a ``.npz`` or ``.json`` file.

    Raises
    ------
    InvalidPolicy
        If the suffix is another.
    """
    entries = sorted(table.items())
    sha256 = hash_of_table(table, default)
    if path.suffix == ".json":
        rows = [[key.hex(), row.tolist()] for key, row in entries]
        document = {"format": _FORMAT, "version": _VERSION, "default": default}
        document |= {"sha256": sha256, "rows": rows}
        return write_atomically(path, json.dumps(document).encode())
    if path.suffix != ".npz":
        raise _wrong_file(path, f"cannot be written: unknown suffix {path.suffix!r}")
    arrays: dict[str, Any] = {
        "format": np.array([_FORMAT, str(_VERSION), default, sha256]),
        "keys": np.frombuffer(b"".join(key for key, _ in entries), dtype=np.uint8),
        "key_ends": np.cumsum([len(key) for key, _ in entries], dtype=np.int64),
        "rows": np.concatenate([row for _, row in entries]) if entries else np.zeros(0),
        "row_ends": np.cumsum([row.size for _, row in entries], dtype=np.int64),
    }
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return write_atomically(path, file.getvalue())


def load(path: Path) -> tuple[Table, str]:
    """Read a table and its default.

    Raises
    ------
    InvalidPolicy
        If the file is missing, or not one that :func:`save` wrote.
    DamagedPolicy
        If its content is not what was saved.
    """
    try:
        if not path.is_file():
            raise _wrong_file(path, "does not exist")
        read = _from_json if path.suffix == ".json" else _from_npz
        table, default, sha256 = read(path)
        found = hash_of_table(table, default)
    except InvalidPolicy:
        raise
    except (ValueError, LookupError, TypeError, OSError, OverflowError, RecursionError) as error:
        raise _wrong_file(path, f"is no saved policy ({error})") from error
    if found != sha256:
        raise DamagedPolicy(
            f"the policy file {str(path)!r} is not what was saved: its content has the SHA-256 "
            f"{found[:12]}... and not {sha256[:12]}...",
            valid="a file that nobody changed after TabularPolicy.save wrote it",
            hint="get the file again from where it came, or train and save the policy again",
        )
    return table, default


def _from_json(path: Path) -> tuple[Table, str, str]:
    document: Any = json.loads(path.read_text(encoding="utf-8"))
    _require_format(*(document[key] for key in ("format", "version", "default", "sha256")))
    table = {bytes.fromhex(key): np.array(row, dtype=np.float64) for key, row in document["rows"]}
    return table, document["default"], document["sha256"]


def _from_npz(path: Path) -> tuple[Table, str, str]:
    archive = read_arrays(path)
    name, version, default, sha256 = archive["format"].tolist()
    _require_format(name, int(version), default, sha256)
    kinds = [archive[key].dtype for key in ("keys", "rows", "key_ends", "row_ends")]
    if kinds != [np.uint8, np.float64, np.int64, np.int64]:
        raise ValueError(f"its arrays are of {', '.join(map(str, kinds))}")
    keys, rows = archive["keys"].tobytes(), archive["rows"]
    key_ends, row_ends = archive["key_ends"].tolist(), archive["row_ends"].tolist()
    table = {
        keys[a:b]: rows[c:d]
        for a, b, c, d in zip(
            [0, *key_ends][:-1], key_ends, [0, *row_ends][:-1], row_ends, strict=True
        )
    }
    return table, default, sha256


def _require_format(name: Any, version: Any, default: Any, sha256: Any) -> None:
    if name != _FORMAT or version != _VERSION:
        raise ValueError(f"format {name!r}, version {version!r}")
    if default not in ("uniform", "error"):
        raise ValueError(f"its default is {default!r}")
    if not isinstance(sha256, str) or len(sha256) != _HEX:
        raise ValueError(f"its hash is {sha256!r}")


def _wrong_file(path: Path, fault: str) -> InvalidPolicy:
    return InvalidPolicy(
        f"the policy file {str(path)!r} {fault}",
        valid="a .npz or .json file written by TabularPolicy.save",
    )
