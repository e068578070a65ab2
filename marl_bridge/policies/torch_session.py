"""Running torch without importing it, and without leaving a trace in the caller's modules."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np

__all__ = ["evaluating", "is_torch_module", "seeded"]


# A module's mode and torch's generator belong to all threads of a process.
_LOCK = threading.RLock()


def is_torch_module(thing: Any) -> bool:
    """Say whether something is a ``torch.nn.Module``, by the names of its classes.

    Examples
    --------
    >>> is_torch_module(print)
    False
    """
    return any(
        base.__module__ == "torch.nn.modules.module" and base.__qualname__ == "Module"
        for base in type(thing).__mro__
    )


@contextlib.contextmanager
def evaluating(thing: Any) -> Iterator[None]:
    """Switch gradients off, and a module to evaluation: dropout would sample.

    Modules are left in the mode they were in. Does nothing where torch was never imported.
    """
    torch = sys.modules.get("torch")
    if torch is None:
        yield
        return
    with _LOCK:
        training = []
        if is_torch_module(thing):
            training = [part for part in thing.modules() if part.training]
        for part in training:
            part.training = False
        try:
            with torch.no_grad():
                yield
        finally:
            for part in training:
                part.training = True


@contextlib.contextmanager
def seeded(rng: np.random.Generator) -> Iterator[None]:
    """Let torch draw from the episode's stream, and restore its own generator afterwards."""
    torch = sys.modules.get("torch")
    if torch is None:
        yield
        return
    with _LOCK, torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(rng.integers(2**31)))
        yield
