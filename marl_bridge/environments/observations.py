"""Keys of observations: equal observations, however nested, have equal bytes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from marl_bridge.errors import InvalidEnvironment

__all__ = ["observation_key"]

_HEADERS: dict[tuple[Any, tuple[int, ...]], bytes] = {}


def observation_key(observation: Any) -> bytes:
    """Turn an observation into bytes that can be a dictionary's key, on any machine.

    Arrays give their type, shape and content, so arrays of other shapes or types differ; the
    order of a mapping's entries does not matter; Python and NumPy scalars of the same value
    are the same.

    Parameters
    ----------
    observation : array, number, str, bytes, None, or a mapping or sequence of these
        What the agent was shown.

    Raises
    ------
    InvalidEnvironment
        If the observation holds any other object.

    Examples
    --------
    >>> observation_key(3) == observation_key(np.int64(3))
    True
    >>> observation_key({"hand": 1, "pot": np.zeros(2)}) == observation_key(
    ...     {"pot": np.zeros(2), "hand": np.int8(1)})
    True
    >>> observation_key(np.zeros(4)) == observation_key(np.zeros((2, 2)))
    False
    """
    kind = type(observation)
    if kind is int or kind is np.int64:
        key: bytes = b"i%d;" % observation
        return key
    if kind is np.ndarray and observation.ndim and observation.dtype.kind in "biu":
        content: bytes = observation.tobytes()
        return _header(observation) + content
    return b"".join(_parts(observation))


def _header(array: np.ndarray[Any, Any]) -> bytes:
    kind = (array.dtype, array.shape)
    header = _HEADERS.get(kind)
    if header is None:
        header = _HEADERS[kind] = f"a{array.dtype.str}{array.shape}:".encode()
    return header


def _parts(observation: Any) -> list[bytes]:
    """List the key's parts, outermost first; an explicit stack instead of recursion."""
    parts: list[bytes] = []
    todo = [observation]
    while todo:
        item = todo.pop()
        if isinstance(item, Mapping):
            names = sorted(item, key=lambda name: (type(name).__name__, str(name)))
            parts.append(b"m%d:" % len(names))
            todo += [part for name in reversed(names) for part in (item[name], name)]
        elif isinstance(item, tuple | list):
            parts.append(b"t%d:" % len(item))
            todo += reversed(item)
        else:
            parts.append(_leaf(item))
    return parts


def _leaf(item: Any) -> bytes:
    if isinstance(item, np.ndarray | np.generic) and item.ndim == 0:
        item = item.item()
    if isinstance(item, np.ndarray) and item.dtype.kind in "biufcSU":
        # Adding 0.0 makes the two zeros one, so that equal arrays have equal bytes.
        return _header(item) + (item + 0.0 if item.dtype.kind in "fc" else item).tobytes()
    if isinstance(item, bool | np.bool_):
        return b"b1" if item else b"b0"
    if isinstance(item, float | complex):
        return f"f{item + 0.0!r};".encode()
    if isinstance(item, int):
        return b"i%d;" % item
    if item is None:
        return b"n"
    if isinstance(item, str | bytes):
        raw = item.encode() if isinstance(item, str) else item
        return b"%c%d:" % (b"s" if isinstance(item, str) else b"y", len(raw)) + raw
    raise InvalidEnvironment(
        f"an observation holds a {type(item).__name__}, which has no stable key",
        valid="arrays, numbers, strings, and mappings or sequences of these",
        hint="wrap the environment so that it shows arrays or numbers",
    )
