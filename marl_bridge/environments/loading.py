"""Importing a user's module by its dotted name or its file."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

from marl_bridge.errors import InvalidEnvironment

__all__ = ["is_file", "is_folder", "is_importable", "load_module"]


def is_importable(dotted: str) -> bool:
    """Say whether a dotted name is that of a module that can be found."""
    if not all(part.isidentifier() for part in dotted.split(".")):
        return False
    try:
        return importlib.util.find_spec(dotted) is not None
    except ImportError:
        return False


def is_file(path: str | Path) -> bool:
    """Say whether there is a file; False for what no file can be called.

    Examples
    --------
    >>> is_file("a" * 5000)
    False
    """
    try:
        return Path(path).is_file()
    except OSError:  # such as a name that is too long
        return False


def is_folder(path: str | Path) -> bool:
    """Say whether there is a folder; False for what no folder can be called."""
    try:
        return Path(path).is_dir()
    except OSError:
        return False


def load_module(place: str, written: str) -> ModuleType:
    """Import a module by its dotted name or from a file.

    Parameters
    ----------
    place : str
        A dotted name, or a path that ends in ".py".
    written : str
        What the user wrote, for the error message.

    Raises
    ------
    InvalidEnvironment
        If there is no such module or file.
    """
    if not place.endswith(".py"):
        if not is_importable(place):
            raise InvalidEnvironment(
                f"there is no module {place!r}",
                where=repr(written),
                hint="check the spelling and that the module's folder is on PYTHONPATH",
            )
        return importlib.import_module(place)
    path = Path(place)
    if not is_file(path):
        raise InvalidEnvironment(
            f"there is no file {place!r}", where=repr(written), hint="check the path"
        )
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise InvalidEnvironment(f"{place!r} is no Python file", where=repr(written))
    module = importlib.util.module_from_spec(spec)
    sys.modules.setdefault(path.stem, module)  # its dataclasses and pickles look here
    spec.loader.exec_module(module)
    return module
