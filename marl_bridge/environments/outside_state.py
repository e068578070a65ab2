"""What an environment keeps outside its instances: in classes, modules, default values, caches.

Copies of an instance do not hold it, and replays start with what earlier episodes left there. So
caches are emptied now and then while an extraction is audited, and whatever else has changed by
the end is named.
"""

from __future__ import annotations

import sys
import types
from collections.abc import Iterable, Iterator
from typing import Any

from marl_bridge.environments.copying import Snapshots
from marl_bridge.environments.hash_order import own_classes

__all__ = ["OutsideState"]

_NO_DATA = (
    type,
    types.ModuleType,
    property,
    types.GetSetDescriptorType,
    types.MemberDescriptorType,
    types.BuiltinFunctionType,
)
_Place = tuple[str, Any]


class OutsideState:
    """Watches the data outside of instances that some classes can reach.

    Parameters
    ----------
    classes : iterable of type
        The classes of an environment's state; those of Python and of the libraries below are
        left out.

    Examples
    --------
    >>> Counting = type("Counting", (), {"games": [1, 2], "__module__": "example"})
    >>> outside = OutsideState([Counting])
    >>> Counting().games.append(3)
    >>> outside.changed()
    ('Counting.games',)
    """

    def __init__(self, classes: Iterable[type]) -> None:
        self._classes = own_classes(classes)
        self._snapshots = Snapshots()
        self._caches: dict[str, Any] = {}
        self._before = self._look()

    def clear_caches(self) -> None:
        """Empty all caches made by ``functools``: what is right in them is computed again."""
        for cache in self._caches.values():
            cache.cache_clear()

    def changed(self) -> tuple[str, ...]:
        """Name what is not what it was at the beginning."""
        now = self._look()
        return tuple(
            name for name, before in self._before.items() if now.get(name, before) != before
        )

    def _look(self) -> dict[str, bytes]:
        """Digest all data by name; what cannot be pickled is left out."""
        found: dict[str, bytes] = {}
        for name, data in self._places():
            try:
                found[name] = self._snapshots.take(data)
            except Exception:  # whatever pickling raises
                continue
        return found

    def _places(self) -> Iterator[_Place]:
        modules = dict.fromkeys(class_.__module__ for class_ in self._classes)
        for class_ in self._classes:
            for name, held in list(vars(class_).items()):
                yield from self._data(f"{class_.__qualname__}.{name}", name, held)
        for module in modules:
            known = vars(sys.modules[module]) if module in sys.modules else {}
            for name, held in list(known.items()):
                if getattr(held, "__module__", module) == module:
                    yield from self._data(f"{module}.{name}", name, held)

    def _data(self, place: str, name: str, held: Any) -> Iterator[_Place]:
        """List the data at one place: the thing itself, or what a function keeps."""
        function = getattr(held, "__func__", getattr(held, "fget", held))
        if hasattr(function, "cache_clear") and hasattr(function, "__wrapped__"):
            self._caches[place] = function
            function = function.__wrapped__
        if isinstance(function, types.FunctionType):
            kept = (function.__defaults__, function.__kwdefaults__)
            yield f"a default value of {place}", kept
            yield f"what {place} encloses", _enclosed(function)
        elif not (name.startswith("__") or isinstance(function, _NO_DATA)):
            yield place, function


def _enclosed(function: types.FunctionType) -> list[Any]:
    found = []
    for cell in function.__closure__ or ():
        try:
            found.append(cell.cell_contents)
        except ValueError:  # an empty cell
            continue
    return found
