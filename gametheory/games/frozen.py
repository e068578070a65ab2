"""Read-only arrays: what a game is made of cannot be changed by accident, copies included."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

__all__ = ["FrozenArrays", "array_bytes", "freeze"]


def freeze(attributes: Mapping[str, Any]) -> None:
    """Make the arrays among an object's attributes read-only."""
    for attribute in attributes.values():
        if isinstance(attribute, np.ndarray):
            attribute.setflags(write=False)


def array_bytes(attributes: Mapping[str, Any]) -> int:
    """Add up the bytes of the arrays among an object's attributes, and in the objects there.

    Entries of object arrays count as the pointers that they are.
    """
    total = 0
    for attribute in attributes.values():
        if isinstance(attribute, np.ndarray):
            total += attribute.nbytes
        elif isinstance(attribute, FrozenArrays):
            total += array_bytes(attribute.__dict__)
        elif isinstance(attribute, tuple):
            parts = (part.__dict__ for part in attribute if isinstance(part, FrozenArrays))
            total += sum(map(array_bytes, parts))
    return total


class FrozenArrays:
    """Keeps an object's arrays read-only in pickled copies, which forget the flag."""

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        freeze(state)
