"""Read-only arrays: what a game is made of cannot be changed by accident, copies included."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

__all__ = ["FrozenArrays", "freeze"]


def freeze(attributes: Mapping[str, Any]) -> None:
    """Make the arrays among an object's attributes read-only."""
    for attribute in attributes.values():
        if isinstance(attribute, np.ndarray):
            attribute.setflags(write=False)


class FrozenArrays:
    """Keeps an object's arrays read-only in pickled copies, which forget the flag."""

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        freeze(state)
