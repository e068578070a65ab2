"""Replacing what makes random generators, and clocks, while an environment is extracted.

An environment may make its generators anywhere, also inside ``reset``, so the factories are
replaced wherever a module holds them: ``numpy.random.default_rng`` and the like, and names
imported from there. The replacements answer from the script only while it runs the environment, in
its thread; at any other time they are the originals.
"""

from __future__ import annotations

import datetime
import gc
import random
import secrets
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from marl_bridge.environments.script import Script, Unlisted, call_site
from marl_bridge.environments.scripted_random import (
    ScriptedGenerator,
    ScriptedRandom,
    ScriptedRandomState,
    is_scripted_class,
)

__all__ = ["generator_state", "global_generators", "intercepted", "real_generators"]

_GENERATORS = (np.random.Generator, np.random.RandomState, random.Random)
_UNTOUCHED = ("marl_bridge.environments.", "numpy.random.bit_generator")
_GLOBAL_VALID = "generators of the environment's own, such as gymnasium's np_random"


@contextmanager
def intercepted(script: Script) -> Iterator[None]:
    """Replace factories, global generators and clocks, and put the originals back afterwards."""
    pairs = _replacements(script)
    _swap({id(original): replacement for original, replacement in pairs})
    try:
        yield
    finally:
        _swap({id(replacement): original for original, replacement in pairs})


def _swap(exchange: dict[int, Any]) -> None:
    """Exchange objects in the names of all modules."""
    for module in list(sys.modules.values()):
        name = getattr(module, "__name__", "")
        if name.startswith(_UNTOUCHED) or not hasattr(module, "__dict__"):
            continue
        names = vars(module)
        for held_as, held in list(names.items()):
            if id(held) in exchange:
                names[held_as] = exchange[id(held)]


def _replacements(script: Script) -> list[tuple[Any, Any]]:
    """List the originals with what replaces them, neither ever equal to another."""
    from gymnasium.utils import seeding

    generator = ScriptedGenerator(script)
    state, plain = ScriptedRandomState(script), ScriptedRandom(script)
    pairs: list[tuple[Any, Any]] = [
        (np.random.default_rng, _factory(script, np.random.default_rng, lambda: generator)),
        (seeding.np_random, _factory(script, seeding.np_random, lambda: (generator, 0))),
        (np.random.Generator, _StandIn(script, np.random.Generator, generator)),
        (np.random.RandomState, _StandIn(script, np.random.RandomState, state)),
        (random.Random, _StandIn(script, random.Random, plain)),
        (random.SystemRandom, _StandIn(script, random.SystemRandom, plain)),
        (datetime.datetime, _shifted_datetime(script)),
    ]
    pairs += [(f, _refused(script, f"numpy.random.{name}", f)) for name, f in _numpy_globals()]
    pairs += [(f, _refused(script, f"random.{name}", f)) for name, f in _bound(random)]
    pairs += [(f, _refused(script, f"secrets.{name}", f)) for name, f in _bound(secrets)]
    pairs += [
        (f, _refused(script, f"secrets.{f.__name__}", f))
        for f in (secrets.randbelow, secrets.token_bytes, secrets.token_hex)
    ]
    for name in ("time", "monotonic", "perf_counter"):
        pairs.append((getattr(time, name), _shifted(script, name, 1)))
        pairs.append((getattr(time, f"{name}_ns"), _shifted(script, f"{name}_ns", 10**9)))
    return pairs


def _factory(script: Script, original: Callable[..., Any], make: Callable[[], Any]) -> Any:
    def made(seed: Any = None) -> Any:
        if not script.here:
            return original(seed)
        script.seeds.append(_seed_of(seed))
        return make()

    return made


class _StandIn:
    """Passes for a class of generators, but builds scripted ones while the script runs."""

    def __init__(self, script: Script, original: Any, scripted: Any) -> None:
        self._script, self._original, self._scripted = script, original, scripted

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if not self._script.here:
            return self._original(*args, **kwargs)
        seed = args[0] if args else next(iter(kwargs.values()), None)
        self._script.seeds.append(_seed_of(seed))
        return self._scripted

    def __mro_entries__(self, bases: Any) -> tuple[Any]:
        return (self._original,)  # of a class that is defined meanwhile

    def __instancecheck__(self, instance: Any) -> bool:
        return isinstance(instance, self._original)

    def __subclasscheck__(self, subclass: type) -> bool:
        return issubclass(subclass, self._original)

    def __or__(self, other: Any) -> Any:
        return self._original | other

    def __ror__(self, other: Any) -> Any:
        return other | self._original

    def __getattr__(self, name: str) -> Any:
        return getattr(self._original, name)


def _seed_of(given: Any) -> Any:
    """Read the seed out of whatever a generator is made from."""
    if isinstance(given, np.random.BitGenerator):
        given = given.seed_seq
    if isinstance(given, np.random.SeedSequence):
        return (given.entropy, given.spawn_key)
    return given


def _numpy_globals() -> list[tuple[str, Any]]:
    """List the functions of NumPy's global generator."""
    owner = np.random.mtrand._rand
    names = [name for name in dir(np.random) if not name.startswith("_")]
    found = [(name, getattr(np.random, name)) for name in names]
    return [
        (name, f) for name, f in found if getattr(f, "__self__", None) is owner or name == "seed"
    ]


def _bound(module: Any) -> list[tuple[str, Any]]:
    """List the methods of a module's hidden generator that it offers as functions."""
    names = [name for name in dir(module) if not name.startswith("_")]
    found = [(name, getattr(module, name)) for name in names]
    return [
        (name, f) for name, f in found if isinstance(getattr(f, "__self__", None), random.Random)
    ]


def _refused(script: Script, name: str, original: Any) -> Any:
    """Make a function that refuses to draw from a global generator."""

    def refused(*args: Any, **kwargs: Any) -> Any:
        if not script.here:
            return original(*args, **kwargs)
        if name.endswith(".seed"):  # seeding alone draws nothing, and must not change the caller's
            return None
        reason = script.refuse(f"it draws from the global generator, {name},", _GLOBAL_VALID)
        if not isinstance(reason, Unlisted):
            raise reason
        return script.leave_to(name, lambda: original(*args, **kwargs))

    return refused


def _shifted(script: Script, name: str, unit: int) -> Any:
    original = getattr(time, name)

    def clock() -> Any:
        if not script.here:
            return original()
        script.clock_reads[f"time.{name} at {call_site()}"] += 1
        return original() + int(script.clock_shift * unit)

    return clock


def _shifted_datetime(script: Script) -> Any:
    original = datetime.datetime

    class _Datetime(type(original)):  # type: ignore[misc]
        def __instancecheck__(cls, instance: Any) -> bool:
            return isinstance(instance, original)

    def read(name: str) -> Any:
        def clock(cls: Any, *args: Any, **kwargs: Any) -> Any:
            now = getattr(original, name)(*args, **kwargs)
            if not script.here:
                return now
            script.clock_reads[f"datetime.{name} at {call_site()}"] += 1
            return now + datetime.timedelta(seconds=script.clock_shift)

        return classmethod(clock)

    names: dict[str, Any] = {name: read(name) for name in ("now", "utcnow", "today")}
    shifted: Any = None

    def new(cls: Any, *args: Any, **kwargs: Any) -> Any:
        return original.__new__(original if cls is shifted else cls, *args, **kwargs)

    names["__new__"] = new
    shifted = _Datetime("datetime", (original,), names)
    return shifted


def real_generators() -> list[tuple[Any, Any]]:
    """List all generators alive that do not answer from a script, with their states."""
    alive = [item for item in gc.get_objects() if issubclass(type(item), _GENERATORS)]
    return [(item, generator_state(item)) for item in alive if not is_scripted_class(type(item))]


def global_generators() -> tuple[Any, Any]:
    """Return the state of the global generators, for comparing."""
    return random.getstate(), _legacy_state(np.random.get_state())  # noqa: NPY002


def _legacy_state(state: Any) -> tuple[Any, ...]:
    return tuple(part.tobytes() if isinstance(part, np.ndarray) else part for part in state)


def generator_state(generator: Any) -> Any:
    """Describe the state of a generator, for comparing; "" if it has none to show."""
    if isinstance(generator, np.random.Generator):
        return repr(generator.bit_generator.state)
    if isinstance(generator, np.random.BitGenerator):
        return repr(generator.state)
    if isinstance(generator, np.random.RandomState):
        return _legacy_state(generator.get_state())
    if isinstance(generator, random.SystemRandom):
        return ""
    return generator.getstate()
