"""Checkpoints of long searches: everything that the next iteration depends on, in one file.

A file is written whole or not at all, so a search that is killed, by whatever signal and at
whatever moment, leaves its last checkpoint behind. Who resumes it gets, to the last bit, what an
uninterrupted search would have given. A disk that fails in the middle of a search is a warning:
the search goes on, and the file is what it was.
"""

from __future__ import annotations

import io
import json
import os
import time
import warnings
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gametheory.errors import GameFormatError
from gametheory.files import read_arrays, write_atomically

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
            If it is no checkpoint, or one of another search, or cannot be written.
        """
        if not self._exists():
            return
        try:
            arrays = read_arrays(self.path)
            search = json.loads(str(arrays.pop("search")))
        except (OSError, ValueError, KeyError, RecursionError) as error:
            raise GameFormatError(
                f"this is no checkpoint: {error}",
                where=str(self.path),
                hint="name a file that such a search has written, or one that does not exist yet",
            ) from error
        self._check(search, arrays, state)
        for name, array in state.items():
            array[...] = arrays[name]

    def _exists(self) -> bool:
        """Whether there is a file; finds out before a search, not after it, that none can be."""
        try:
            if self.path.exists():
                return True
            self.path.parent.mkdir(parents=True, exist_ok=True)
            writable = os.access(self.path.parent, os.W_OK)
            why = "no permission to write there"
        except OSError as error:
            writable, why = False, error.strerror or str(error)
        if not writable:
            raise GameFormatError(
                f"the checkpoint cannot be written: {why}",
                where=str(self.path),
                hint="name a file in a folder that can be written",
            )
        return False

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
        kept, own = (
            {name: (array.shape, array.dtype) for name, array in some.items()}
            for some in (arrays, state)
        )
        if kept != own:
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
        """Write the file, or warn that it cannot be written."""
        content = io.BytesIO()
        arrays: dict[str, Any] = dict(state)
        np.savez(content, search=np.array(json.dumps(self.search)), **arrays)
        try:
            write_atomically(self.path, content.getvalue(), durable=True)
        except OSError as error:
            warnings.warn(
                f"the checkpoint {self.path} is not written ({error.strerror or error}); "
                "the search goes on, and the file is what it was before",
                stacklevel=2,
            )
        self.saved = time.monotonic()
