"""Checkpoints of long searches: everything that the next iteration depends on, in one file.

A file is written whole or not at all, so a search that is killed, by whatever signal and at
whatever moment, leaves its last checkpoint behind. Who resumes it gets, to the last bit, what an
uninterrupted search would have given.
"""

from __future__ import annotations

import io
import json
import time
import zipfile
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gametheory.errors import GameFormatError
from gametheory.files import write_atomically

__all__ = ["Checkpoint"]

_FORMAT = "gametheory/checkpoint 1"
_SECONDS = 10.0  # between two checkpoints


class Checkpoint:
    """One search's file.

    Parameters
    ----------
    path : str or path-like
    search : mapping
        What identifies the search, plain data: the game's digest, the method, its options.
    """

    def __init__(self, path: str | PathLike[str], search: Mapping[str, Any]) -> None:
        self.path = Path(path)
        self.search = {"format": _FORMAT, **search}
        self.saved = time.monotonic()

    def resume(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Read the arrays of the state from the file, if there is one.

        Raises
        ------
        GameFormatError
            If it is no checkpoint, or one of another search.
        """
        if not self.path.exists():
            return
        try:
            with np.load(self.path, allow_pickle=False) as file:
                search = json.loads(str(file["search"]))
                arrays = {name: file[name] for name in file.files if name != "search"}
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            raise GameFormatError(
                f"this is no checkpoint: {error}",
                where=str(self.path),
                hint="name a file that such a search has written, or one that does not exist yet",
            ) from error
        self._check(search, arrays, state)
        for name, array in state.items():
            array[...] = arrays[name]

    def _check(
        self, search: Any, arrays: Mapping[str, Any], state: Mapping[str, NDArray[Any]]
    ) -> None:
        known = search if isinstance(search, dict) else {}
        for key, value in self.search.items():
            if known.get(key) != value:
                raise GameFormatError(
                    f"this is the checkpoint of another search: its {key} is {known.get(key)!r}",
                    where=str(self.path),
                    valid=f"{value!r}",
                    hint="name another file, or remove this one to start again",
                )
        if {k: v.shape for k, v in arrays.items()} != {k: v.shape for k, v in state.items()}:
            raise GameFormatError(
                "the arrays in this checkpoint are not those of the search",
                where=str(self.path),
                hint="it was written by another version: remove it to start again",
            )

    def save_now_and_then(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Write the file if the last time was a while ago."""
        if time.monotonic() - self.saved > _SECONDS:
            self.save(state)

    def save(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Write the file."""
        content = io.BytesIO()
        arrays: dict[str, Any] = dict(state)
        np.savez(content, search=np.array(json.dumps(self.search)), **arrays)
        write_atomically(self.path, content.getvalue())
        self.saved = time.monotonic()
