"""Copies of an environment's state whose bytes are the same in every process.

What copies share (classes, spaces, strings) is written into them as a number. Usually that is its
place in a list, which depends on what was met before; here it is a digest of what it is. So the
keys of states can be written to a checkpoint and compared with those of another day.
"""

from __future__ import annotations

import types
from collections import Counter
from hashlib import blake2b
from typing import Any

from marl_bridge.environments.copying import Snapshots
from marl_bridge.environments.factories import generator_state

__all__ = ["StableSnapshots"]


class StableSnapshots(Snapshots):
    """Takes and restores snapshots; equal states have equal bytes in every process."""

    def __init__(self) -> None:
        super().__init__()
        self._shared: dict[int, Any] = {}  # type: ignore[assignment]
        self._alike: Counter[str] = Counter()

    def _number_of_value(self, value: Any, item: Any) -> int:
        """Give all objects of one value the digest of the value."""
        number = self._values.get(value)
        if number is None:
            number = self._values[value] = _digest(f"value {value!r}")
            self._shared[number] = item
        return number

    def _number_of_object(self, item: Any, kind: str) -> int:
        """Give each object a digest of its name."""
        number = self._index.get(id(item))
        if number is None:
            name = f"{kind} {_name(item)}"
            number = self._index[id(item)] = _digest(f"{name} {self._alike[name]}")
            self._alike[name] += 1
            self._shared[number] = item  # keeps the object alive, so its id stays its own
            if kind == "generator":
                self.generators.append(item)
                self._generator_states.append(generator_state(item))
        return number


def _digest(text: str) -> int:
    raw = text.encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(raw, digest_size=7).digest(), "big")


def _name(item: Any) -> str:
    """Name an object by what it is; objects of one name are told apart in the order met."""
    from gymnasium.spaces import Space

    if isinstance(item, types.ModuleType):
        return item.__name__
    if isinstance(item, type | types.FunctionType):
        return f"{item.__module__}.{item.__qualname__}"
    if isinstance(item, Space):
        return repr(item)
    return f"{type(item).__module__}.{type(item).__qualname__}"
