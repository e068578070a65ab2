"""Copies of an environment's state: taken as bytes, so that equal bytes are equal states.

``copy.deepcopy`` is wrong for PettingZoo environments: gymnasium's EzPickle makes it build a
new one from the constructor's arguments. Here the objects' own attributes are pickled, past
every ``__getstate__`` of an environment. What never changes or must not be copied (spaces,
random generators, pictures, classes and functions) is shared between the copies.
"""

from __future__ import annotations

import io
import pickle
import random
import types
from collections.abc import Callable
from typing import Any

import numpy as np

from marl_bridge.environments.driver import Driver

__all__ = ["Snapshots"]

_PICTURES = frozenset({"Surface", "Font", "Clock", "Sound"})
_GENERATORS = (np.random.Generator, np.random.RandomState, np.random.BitGenerator, random.Random)
_DEFINITIONS = (type, types.FunctionType, types.ModuleType)


class Snapshots:
    """Takes and restores snapshots of drivers of one environment.

    Attributes
    ----------
    generators : list
        The random generators met in the environment's state. They are shared, not copied: an
        environment that draws from one while it is played cannot be copied (see :meth:`draws`).
    """

    def __init__(self) -> None:
        self.generators: list[Any] = []
        self._generator_states: list[Any] = []
        self._shared: list[Any] = []
        self._index: dict[int, int] = {}
        self._strings: dict[str, int] = {}
        self._kinds: dict[type, str] = {}

    def take(self, driver: Driver) -> bytes:
        """Return the whole state of an environment and its driver.

        Raises
        ------
        Exception
            Whatever pickling raises for a state that cannot be copied.
        """
        buffer = io.BytesIO()
        _Pickler(buffer, self._share).dump(driver)
        return buffer.getvalue()

    def restore(self, snapshot: bytes) -> Driver:
        """Build an independent driver in the state of a snapshot."""
        driver: Driver = _Unpickler(io.BytesIO(snapshot), self._shared).load()
        return driver

    def draws(self) -> str:
        """Name a generator that was drawn from since it was first met; "" if there is none."""
        for generator, state in zip(self.generators, self._generator_states, strict=True):
            if _generator_state(generator) != state:
                return type(generator).__name__
        return ""

    def _share(self, item: Any) -> int | None:
        """Return the number of what copies share, None for what each has of its own.

        Called for every object of a state, a hundred times a snapshot: most common cases first.
        """
        kind = self._kinds.get(type(item))
        if kind == "own":
            return None
        if kind == "string":  # by value: whether two equal strings are one object is no state
            number = self._strings.get(item)
            if number is None:
                number = self._strings[item] = len(self._shared)
                self._shared.append(item)
            return number
        if kind is None:
            self._kinds[type(item)] = _kind(type(item))
            return self._share(item)
        number = self._index.get(id(item))
        if number is None:
            number = self._index[id(item)] = len(self._shared)
            self._shared.append(item)  # keeps the object alive, so its id stays its own
            if kind == "generator":
                self.generators.append(item)
                self._generator_states.append(_generator_state(item))
        return number


def _kind(type_: type) -> str:
    from gymnasium.spaces import Space

    if type_ is str:
        return "string"
    if issubclass(type_, _GENERATORS):
        return "generator"
    if issubclass(type_, (Space, *_DEFINITIONS)):
        return "constant"
    if type_.__module__.startswith("pygame") and type_.__name__ in _PICTURES:
        return "picture"
    return "own"


def _generator_state(generator: Any) -> str:
    if isinstance(generator, np.random.Generator):
        return repr(generator.bit_generator.state)
    if isinstance(generator, np.random.BitGenerator):
        return repr(generator.state)
    if isinstance(generator, np.random.RandomState):
        return repr(generator.get_state(legacy=False))
    return repr(generator.getstate())


def _set_attributes(instance: Any, attributes: dict[str, Any]) -> None:
    instance.__dict__.update(attributes)


def _blank(type_: type) -> Any:
    return object.__new__(type_)


class _Pickler(pickle.Pickler):
    """Pickles environments attribute by attribute, whatever their classes say."""

    def __init__(self, file: io.BytesIO, share: Callable[[Any], int | None]) -> None:
        super().__init__(file, protocol=pickle.HIGHEST_PROTOCOL)
        self.persistent_id = share  # type: ignore[method-assign]
        self._environments = _environment_types()

    def reducer_override(self, item: Any) -> Any:
        if isinstance(item, self._environments):
            return _blank, (type(item),), item.__dict__, None, None, _set_attributes
        return NotImplemented


def _environment_types() -> tuple[type, ...]:
    from gymnasium.utils import EzPickle
    from pettingzoo import AECEnv, ParallelEnv

    return EzPickle, AECEnv, ParallelEnv


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, shared: list[Any]) -> None:
        super().__init__(file)
        self.persistent_load = shared.__getitem__  # type: ignore[method-assign]
