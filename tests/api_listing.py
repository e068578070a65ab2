"""Lists what the packages offer: every public name with its signature, fields and methods."""

from __future__ import annotations

import dataclasses
import enum
import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from typing import Any

__all__ = ["listing", "public_packages"]

_PACKAGES = ("gametheory", "marl_bridge")
_ADDRESS = re.compile(r" at 0x[0-9a-f]+")


def public_packages() -> list[str]:
    """Packages that say what they offer, and the modules that are offered as a whole."""
    found = ["marl_bridge.testing"]
    for name in _PACKAGES:
        package = importlib.import_module(name)
        found.append(name)
        for one in pkgutil.walk_packages(package.__path__, f"{name}."):
            if one.ispkg and hasattr(importlib.import_module(one.name), "__all__"):
                found.append(one.name)
    return sorted(set(found), key=lambda name: (name.count("."), name))


def listing() -> list[str]:
    """Describe everything, a line for each thing that a user's program may depend on."""
    lines = [
        "# Written by `make playthroughs`; a line that goes or changes breaks somebody's program.",
    ]
    described: dict[int, str] = {}
    for name in public_packages():
        module = importlib.import_module(name)
        for public in sorted(module.__all__):
            thing, path = getattr(module, public), f"{name}.{public}"
            if inspect.isclass(thing) or inspect.isroutine(thing):
                first = described.setdefault(id(thing), path)
                if first != path:
                    lines.append(f"{path} is {first}")
                    continue
            lines += _describe(path, thing)
    return [*lines, *_registered()]


def _describe(name: str, thing: Any) -> Iterator[str]:
    if inspect.isclass(thing):
        yield from _describe_class(name, thing)
    elif inspect.isroutine(thing):
        yield f"{name}{_signature(thing)}"
    elif inspect.ismodule(thing):
        yield f"{name}: module"
    elif type(thing).__module__ == "builtins" and not callable(thing):
        yield f"{name}: {type(thing).__name__}"
    else:
        yield f"{name}: {_annotation(thing)}"


def _describe_class(name: str, thing: type) -> Iterator[str]:
    bases = ", ".join(base.__name__ for base in thing.__bases__ if base is not object)
    yield f"class {name}({bases})"
    if issubclass(thing, enum.Enum):
        yield from (f"{name}.{member.name} = {member.value!r}" for member in thing)
        return
    if not getattr(thing, "_is_protocol", False):
        yield f"{name}.__init__{_signature(thing)}"
    if dataclasses.is_dataclass(thing):
        for field in dataclasses.fields(thing):
            yield f"{name}.{field.name}: {_annotation(field.type)}"
    fields = set(getattr(thing, "__dataclass_fields__", ()))
    for member, value in _members(thing):
        if member in fields:
            continue
        if isinstance(value, property):
            yield f"{name}.{member}: property"
        elif isinstance(value, classmethod | staticmethod):
            kind = type(value).__name__
            yield f"{name}.{member}{_signature(value.__func__, kind == 'classmethod')} [{kind}]"
        elif inspect.isfunction(value):
            yield f"{name}.{member}{_signature(value, bound=True)}"
        else:
            yield f"{name}.{member}"


def _members(thing: type) -> list[tuple[str, Any]]:
    """Public attributes of a class and of those of ours that it extends."""
    found: dict[str, Any] = {}
    for one in reversed(thing.__mro__):
        if one.__module__.partition(".")[0] in _PACKAGES:
            own = dict(vars(one))
            own.update(dict.fromkeys(set(vars(one).get("__annotations__", ())) - set(own)))
            found.update({k: v for k, v in own.items() if not k.startswith("_")})
    return sorted(found.items())


def _signature(thing: Any, bound: bool = False) -> str:
    """Write a signature with annotations as they stand in the source."""
    try:
        signature = inspect.signature(thing)
    except ValueError:  # of C
        return "(...)"
    parameters = list(signature.parameters.values())[1 if bound else 0 :]
    parts: list[str] = []
    star = False
    for number, one in enumerate(parameters):
        after = parameters[number + 1] if number + 1 < len(parameters) else None
        text = one.name
        if one.kind is one.VAR_POSITIONAL:
            text, star = f"*{text}", True
        elif one.kind is one.VAR_KEYWORD:
            text = f"**{text}"
        elif one.kind is one.KEYWORD_ONLY and not star:
            parts.append("*")
            star = True
        if one.annotation is not one.empty:
            text += f": {_annotation(one.annotation)}"
        if one.default is not one.empty:
            text += f" = {_ADDRESS.sub('', repr(one.default))}"
        parts.append(text)
        if one.kind is one.POSITIONAL_ONLY and (after is None or after.kind is not one.kind):
            parts.append("/")
    result = signature.return_annotation
    ending = "" if result is signature.empty else f" -> {_annotation(result)}"
    return f"({', '.join(parts)}){ending}"


def _annotation(annotation: Any) -> str:
    if isinstance(annotation, str):
        return annotation
    return annotation.__name__ if inspect.isclass(annotation) else repr(annotation)


def _registered() -> Iterator[str]:
    """List the names that functions take: methods, dynamics, learners, games, environments."""
    from gametheory.algorithms.registry import algorithms
    from gametheory.dynamics import dynamics
    from gametheory.games.catalog import catalog
    from marl_bridge.learners.registry import learners

    for method in algorithms():
        yield f"method {method.name}: {', '.join(method.concepts)}"
    for dynamic in dynamics():
        yield f"dynamic {dynamic.name}"
    for learner in learners():
        yield f"learner {', '.join((learner.name, *learner.also))}"
    for game in catalog():
        yield f"game {game.name}({', '.join(f'{k}={v!r}' for k, v in game.parameters.items())})"
