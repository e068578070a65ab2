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
from marl_bridge.environments.factories import generator_state
from marl_bridge.environments.lazy_shuffle import attributes_of, is_blank
from marl_bridge.environments.script import Script
from marl_bridge.environments.scripted_random import is_scripted_class

__all__ = ["Snapshots"]

_PICTURES = frozenset({"Surface", "Font", "Clock", "Sound"})
_GENERATORS = (np.random.Generator, np.random.RandomState, np.random.BitGenerator, random.Random)
_DEFINITIONS = (type, types.FunctionType, types.ModuleType)


class Snapshots:
    """Takes and restores snapshots of drivers of one environment.

    Parameters
    ----------
    spaces_by_value : bool
        Take equal spaces for one and the same, to compare instances that have their own.

    Attributes
    ----------
    generators : list
        The random generators met in the environment's state. They are shared, not copied: an
        environment that draws from one while it is played cannot be copied (see :meth:`draws`).
    """

    def __init__(self, *, spaces_by_value: bool = False) -> None:
        self.generators: list[Any] = []
        self._generator_states: list[Any] = []
        self._shared: list[Any] = []
        self._index: dict[int, int] = {}
        self._strings = _Numbers(self._shared)
        self._kinds = _Kinds()
        self._share = self._sharing(by_value=spaces_by_value)

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
            if generator_state(generator) != state:
                return type(generator).__name__
        return ""

    @property
    def classes(self) -> tuple[type, ...]:
        """The classes of the objects met in snapshots."""
        return tuple(self._kinds)

    def _sharing(self, *, by_value: bool) -> Callable[[Any], int | None]:
        """Make the function that numbers what copies share; None for what each has of its own.

        It is called for every object of a state, hundreds of times a snapshot, so it looks
        nothing up twice.
        """
        kinds, strings, index, shared = self._kinds, self._strings, self._index, self._shared

        def share(item: Any) -> int | None:
            kind = kinds[type(item)]
            if not kind:
                return None
            if kind == "string":  # by value: whether two equal strings are one object is no state
                return strings[item]
            if kind == "space" and by_value:
                return strings[repr(item)]
            number = index.get(id(item))
            if number is None:
                number = index[id(item)] = len(shared)
                shared.append(item)  # keeps the object alive, so its id stays its own
                if kind == "generator":
                    self.generators.append(item)
                    self._generator_states.append(generator_state(item))
            return number

        return share


class _Kinds(dict[type, str]):
    """The kind of each class of objects met so far; "" for what is copied."""

    def __missing__(self, type_: type) -> str:
        kind = self[type_] = _kind(type_)
        return kind


class _Numbers(dict[str, int]):
    """The number of each string met so far."""

    def __init__(self, shared: list[Any]) -> None:
        super().__init__()
        self._shared = shared

    def __missing__(self, text: str) -> int:
        number = self[text] = len(self._shared)
        self._shared.append(text)
        return number


def _kind(type_: type) -> str:
    """Say what a class's objects are to copies: shared in some way, or "" for copied."""
    from gymnasium.spaces import Space

    picture = type_.__module__.startswith("pygame") and type_.__name__ in _PICTURES
    kinds = {
        "string": type_ is str,
        "constant": issubclass(type_, (Script, *_DEFINITIONS)) or is_scripted_class(type_),
        "generator": issubclass(type_, _GENERATORS),
        "space": issubclass(type_, Space),
        "picture": picture,
    }
    return next((kind for kind, fits in kinds.items() if fits), "")


def _set_attributes(instance: Any, attributes: dict[str, Any]) -> None:
    instance.__dict__.update(attributes)


def _set_unseen(blank: Any, attributes: dict[str, Any]) -> None:
    attributes_of(blank).update(attributes)


def _blank(type_: type) -> Any:
    return object.__new__(type_)


class _Pickler(pickle.Pickler):
    """Pickles environments attribute by attribute, whatever their classes say."""

    def __init__(self, file: io.BytesIO, share: Callable[[Any], int | None]) -> None:
        super().__init__(file, protocol=pickle.HIGHEST_PROTOCOL)
        self.persistent_id = share  # type: ignore[method-assign]
        self._environments = _environment_types()

    def reducer_override(self, item: Any) -> Any:
        if is_blank(item):  # before anything looks at it: looking draws a card
            return _blank, (type(item),), attributes_of(item), None, None, _set_unseen
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
