"""Copies of an environment's state: taken as bytes, so that equal bytes are equal states.

``copy.deepcopy`` is wrong for PettingZoo environments: gymnasium's EzPickle makes it build a
new one from the constructor's arguments. Here the objects' own attributes are pickled, past
every ``__getstate__`` of an environment. What never changes or must not be copied (spaces,
random generators, pictures, classes and functions) is shared between the copies.
"""

from __future__ import annotations

import copyreg
import io
import pickle
import random
import types
from collections.abc import Callable
from typing import Any

import numpy as np

from marl_bridge.environments.driver import Driver
from marl_bridge.environments.factories import generator_state
from marl_bridge.environments.lazy_shuffle import attributes_of, is_blank_class
from marl_bridge.environments.script import Script
from marl_bridge.environments.scripted_random import is_scripted_class

__all__ = ["Snapshots"]

_PICTURES = frozenset({"Surface", "Font", "Clock", "Sound"})
_GENERATORS = (np.random.Generator, np.random.RandomState, np.random.BitGenerator, random.Random)
_DEFINITIONS = (type, types.FunctionType, types.ModuleType)

_Reducer = Callable[[Any], Any]
_new = copyreg.__newobj__  # type: ignore[attr-defined]  # pickle knows it by its name


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
        self._values: dict[Any, int] = {}
        self._spaces_by_value = spaces_by_value
        self._copied: set[type] = set()
        self._kinds: dict[type, str] = {}
        self._reducers: dict[type, _Reducer | None] = {}
        self._share = self._sharing()

    def take(self, driver: Driver) -> bytes:
        """Return the whole state of an environment and its driver.

        Raises
        ------
        Exception
            Whatever pickling raises for a state that cannot be copied.
        """
        buffer = io.BytesIO()
        _Pickler(buffer, self._share, self._reducers).dump(driver)
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

    def _sharing(self) -> Callable[[Any], int | None]:
        """Make the function that numbers what copies share; None for what each has of its own.

        It is called for every object of a state, hundreds of times a snapshot, so it looks
        nothing up twice.
        """
        copied, values, rest = self._copied, self._values, self._number

        def share(item: Any) -> int | None:
            type_ = type(item)
            if type_ in copied:
                return None
            if type_ is str:  # by value: whether two equal strings are one object is no state
                try:
                    return values[item]
                except KeyError:
                    pass
            return rest(item)

        return share

    def _number(self, item: Any) -> int | None:
        """Say which number an object is shared by; None if it is copied."""
        type_ = type(item)
        kind = self._kinds.get(type_)
        if kind is None:
            kind = self._kinds[type_] = _kind(type_)
            if not kind:
                self._copied.add(type_)
        if not kind or (kind == "dtype" and item.isbuiltin != 1):
            return None
        if kind == "string":
            return self._number_of_value(item, item)
        if kind == "dtype":
            return self._number_of_value((kind, item.str), item)
        if kind == "space" and self._spaces_by_value:
            return self._number_of_value((kind, repr(item)), item)
        return self._number_of_object(item, kind)

    def _number_of_value(self, value: Any, item: Any) -> int:
        """Give all objects of one value the same number."""
        number = self._values.get(value)
        if number is None:
            number = self._values[value] = len(self._shared)
            self._shared.append(item)
        return number

    def _number_of_object(self, item: Any, kind: str) -> int:
        """Give each object its own number."""
        number = self._index.get(id(item))
        if number is None:
            number = self._index[id(item)] = len(self._shared)
            self._shared.append(item)  # keeps the object alive, so its id stays its own
            if kind == "generator":
                self.generators.append(item)
                self._generator_states.append(generator_state(item))
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
        "dtype": issubclass(type_, np.dtype),
        "picture": picture,
    }
    return next((kind for kind, fits in kinds.items() if fits), "")


def _reducer(type_: type) -> _Reducer | None:
    """Choose how objects of a class are taken apart; None for pickle's own way."""
    from gymnasium.utils import EzPickle
    from pettingzoo import AECEnv, ParallelEnv

    if is_blank_class(type_):
        return _reduce_blank
    if issubclass(type_, (EzPickle, AECEnv, ParallelEnv)):
        return _reduce_environment
    if type_ is np.ndarray:
        return _reduce_array
    return _reduce_plain if _is_plain(type_) else None


def _is_plain(type_: type) -> bool:
    """Tell whether a class's objects are their ``__dict__``, and pickle is told nothing else."""
    own = ("__reduce_ex__", "__reduce__", "__getstate__", "__new__", "__getattribute__")
    told = {"__slots__", "__class__", "__getnewargs__", "__getnewargs_ex__"}
    classes = [base for base in type_.__mro__ if base is not object]
    return (
        type_.__dictoffset__ != 0
        and all(getattr(type_, name) is getattr(object, name) for name in own)
        and not any(told & vars(base).keys() for base in classes)
        and type_ not in copyreg.dispatch_table
    )


def _reduce_plain(item: Any) -> Any:
    return _new, (type(item),), item.__dict__ or None


def _reduce_environment(item: Any) -> Any:
    return _blank, (type(item),), item.__dict__, None, None, _set_attributes


def _reduce_blank(item: Any) -> Any:
    """Take a card apart without looking at it: looking draws."""
    return _blank, (type(item),), attributes_of(item)["_deck"], None, None, _put_back


def _reduce_array(item: Any) -> Any:
    """Take an array of plain numbers apart into what C puts together; others are pickle's."""
    if item.dtype.isbuiltin != 1 or item.dtype.hasobject or not item.flags.c_contiguous:
        return NotImplemented
    content = item.tobytes()
    buffer = bytearray(content) if item.flags.writeable else content
    return np.ndarray, (item.shape, item.dtype, buffer)


def _set_attributes(instance: Any, attributes: dict[str, Any]) -> None:
    instance.__dict__.update(attributes)


def _put_back(blank: Any, deck: Any) -> None:
    attributes_of(blank)["_deck"] = deck


def _blank(type_: type) -> Any:
    return object.__new__(type_)


class _Pickler(pickle.Pickler):
    """Pickles environments attribute by attribute, whatever their classes say."""

    def __init__(
        self,
        file: io.BytesIO,
        share: Callable[[Any], int | None],
        reducers: dict[type, _Reducer | None],
    ) -> None:
        super().__init__(file, protocol=pickle.HIGHEST_PROTOCOL)
        self.persistent_id = share  # type: ignore[method-assign]
        self._reducers = reducers

    def reducer_override(self, item: Any) -> Any:
        type_ = type(item)
        try:
            reduce = self._reducers[type_]
        except KeyError:
            reduce = self._reducers[type_] = _reducer(type_)
        return NotImplemented if reduce is None else reduce(item)


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, shared: list[Any]) -> None:
        super().__init__(file)
        self.persistent_load = shared.__getitem__  # type: ignore[method-assign]
