"""Records and arrays as plain data for JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from fractions import Fraction
from typing import Any

import numpy as np

__all__ = ["plain"]


def plain(value: object) -> Any:
    """Reduce a value to what JSON knows: dictionaries, lists, text, numbers, true, false, null.

    Infinite and undefined numbers become None, records dictionaries, arrays lists, sets sorted
    lists of text; anything unknown becomes its text.

    Examples
    --------
    >>> plain({"shape": np.arange(2), "share": Fraction(1, 3), "end": float("inf")})
    {'shape': [0, 1], 'share': '1/3', 'end': None}
    """
    reduced: Any = value
    if isinstance(value, Enum):
        reduced = plain(value.value)
    elif isinstance(value, np.generic | np.ndarray):
        reduced = plain(value.tolist())
    elif isinstance(value, float):
        reduced = value if math.isfinite(value) else None
    elif is_dataclass(value) and not isinstance(value, type):
        reduced = {item.name: plain(getattr(value, item.name)) for item in fields(value)}
    elif isinstance(value, Mapping):
        reduced = {str(key): plain(item) for key, item in value.items()}
    elif isinstance(value, tuple | list):
        reduced = [plain(item) for item in value]
    elif isinstance(value, set | frozenset):
        reduced = sorted(str(item) for item in value)
    elif isinstance(value, Fraction) or not isinstance(value, str | int | None):
        reduced = str(value)
    return reduced
