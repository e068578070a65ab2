"""Files that run code when they are loaded, and the consent this needs."""

from __future__ import annotations

import importlib
import pickle
import warnings
from pathlib import Path
from typing import Any

from gametheory.errors import MissingExtra
from marl_bridge.environments.loading import is_file
from marl_bridge.errors import InvalidPolicy

__all__ = ["CodeNotAllowed", "load_pickled", "load_torch_file", "require_code_allowed"]


class CodeNotAllowed(InvalidPolicy):
    """A file could run any code while it is loaded, and nobody said that it may."""


def require_code_allowed(path: str, kind: str, *, allowed: bool) -> None:
    """Refuse a file that could run code, unless that was allowed.

    Raises
    ------
    CodeNotAllowed
        Unless ``allowed``.

    Examples
    --------
    >>> require_code_allowed("model.zip", "a model", allowed=True)
    """
    if not allowed:
        raise CodeNotAllowed(
            f"loading {path!r}, {kind}, can run any code that is in the file",
            valid="a saved table (.npz or .json), which runs none",
            hint="if you trust whoever made the file: --allow-code on the command line, "
            "allow_code=True in Python",
        )


def load_pickled(path: str | Path, *, allow_code: bool = False) -> Any:
    """Unpickle a policy.

    Raises
    ------
    CodeNotAllowed
        Unless ``allow_code``.
    InvalidPolicy
        If the file is missing or cannot be unpickled.
    """
    where = Path(path)
    if not is_file(where):
        raise _no_file(where, "does not exist")
    require_code_allowed(str(path), "a pickle", allowed=allow_code)
    try:
        with where.open("rb") as file:
            return pickle.load(file)
    except Exception as error:  # whatever its code raises
        raise _no_file(where, f"cannot be unpickled ({error})") from error


def load_torch_file(path: str | Path, *, allow_code: bool = False) -> Any:
    """Load a whole network: a pickled module or a TorchScript archive.

    Raises
    ------
    CodeNotAllowed
        Unless ``allow_code``.
    InvalidPolicy
        If the file is missing, damaged, or holds weights without a network.
    MissingExtra
        If torch is not installed.
    """
    where = Path(path)
    if not is_file(where):
        raise _no_file(where, "does not exist")
    require_code_allowed(str(path), "a torch file", allowed=allow_code)
    try:
        torch: Any = importlib.import_module("torch")
    except ImportError as error:
        raise MissingExtra.of("torch", "loading a network") from error
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*looks like a TorchScript archive")
            network = torch.load(where, map_location="cpu", weights_only=False)
    except Exception as error:  # whatever its code raises
        raise _no_file(where, f"cannot be loaded ({error})") from error
    if not callable(network):
        raise InvalidPolicy(
            f"the file {str(path)!r} holds weights without their network",
            valid="a pickled torch.nn.Module or TorchScript",
            hint="name what builds the network too: 'file.py:build@weights.pt'",
        )
    return network


def _no_file(path: Path, fault: str) -> InvalidPolicy:
    return InvalidPolicy(f"the policy file {str(path)!r} {fault}", hint="check the path")
