"""A fingerprint of an environment: its code, its arguments, and the versions of what it runs on.

If two fingerprints are equal the environments should be too. So the text of every module that an
environment's classes come from and refer to goes in, where it is the user's own; of installed
packages the version goes in, and the text of the package that the environment lives in. What
cannot be seen through (a class typed into a prompt, an argument that is no plain data) gives no
fingerprint. Files that an environment reads, and global variables that change while a program
runs, are not seen.
"""

from __future__ import annotations

import functools
import json
import platform
import sys
import types
from collections.abc import Iterable, Iterator, Mapping
from hashlib import blake2b
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from marl_bridge.environments.opening import EnvironmentSource
from marl_bridge.environments.safe_values import UnsafeValue, encode

__all__ = ["NoFingerprint", "describe", "source_fingerprint"]

SCHEMA = 1
_VERSIONED = ("numpy", "pettingzoo", "gymnasium", "gametheory-toolkit")
_OWN = ("marl_bridge.environments", "gametheory.games")
_NOT_FOLLOWED = ("numpy", "gymnasium", "gametheory", "marl_bridge", "builtins")
_FRAMEWORK = "pettingzoo.utils"
_INSTALLED = ("site-packages", "dist-packages")
_MOST_FILES = 2000


class NoFingerprint(Exception):
    """An environment cannot be told from others; the text says why."""


def source_fingerprint(
    source: EnvironmentSource, make: Any, env_kwargs: Mapping[str, Any] | None
) -> str:
    """Digest everything that an environment's game depends on.

    Parameters
    ----------
    source : EnvironmentSource
    make : str, module or callable
        As it was given.
    env_kwargs : mapping, optional

    Raises
    ------
    NoFingerprint
        If something has no text or content that could be compared.

    Examples
    --------
    >>> from marl_bridge.environments.opening import open_environment
    >>> source = open_environment("classic/tictactoe-v3")
    >>> print_ = source_fingerprint(source, "classic/tictactoe-v3", None)
    >>> print_ == source_fingerprint(source, "tictactoe_v3", {})
    True
    """
    env = source.new()
    try:
        classes = list(_wrapper_classes(env))
    finally:
        env.close()
    start = {class_.__module__ for class_ in classes}
    given: Any = source.name
    if not isinstance(make, str):
        given = describe(make)
        start |= _modules_of(make)
    facts = {
        "schema": SCHEMA,
        "python": [platform.python_implementation(), platform.python_version()],
        "machine": [sys.byteorder, platform.machine()],
        "versions": {name: _version(name) for name in _VERSIONED},
        "own": {name: _folder_digest(_module_file(sys.modules[name]).parent) for name in _OWN},
        "environment": [source.name, source.api, given],
        "env_kwargs": describe(dict(sorted((env_kwargs or {}).items()))),
        "classes": [describe(class_) for class_ in classes if not _is_framework(class_)],
        "modules": _module_facts(start),
        "files": _code_files(classes),
    }
    return blake2b(json.dumps(facts, sort_keys=True).encode(), digest_size=20).hexdigest()


def _wrapper_classes(env: Any) -> Iterator[type]:
    """List the classes of an environment and its wrappers, with their bases."""
    seen: dict[type, None] = {}
    while env is not None:
        seen |= dict.fromkeys(type(env).__mro__)
        env = env.__dict__.get("env", env.__dict__.get("aec_env", env.__dict__.get("par_env")))
    yield from (class_ for class_ in seen if class_.__module__ != "builtins")


def _is_framework(class_: type) -> bool:
    return class_.__module__.partition(".")[0] in ("gymnasium", "typing", "abc") or (
        class_.__module__.startswith(_FRAMEWORK)
    )


def describe(value: Any) -> Any:
    """Describe a value as JSON: plain data by content, functions and classes by their code.

    Raises
    ------
    NoFingerprint
        For any other object.

    Examples
    --------
    >>> describe(lambda n: n + 1) == describe(lambda n: n + 2)
    False
    """
    return _Describer().of(value)


class _Describer:
    """Describes values; one that is met again inside itself is only named."""

    def __init__(self) -> None:
        self._inside: set[int] = set()

    def of(self, value: Any) -> Any:
        if isinstance(value, types.FunctionType | type | functools.partial):
            return self._defined(value)
        if isinstance(value, types.ModuleType | types.BuiltinFunctionType):
            return ["named", getattr(value, "__module__", None), value.__name__]
        if type(value) in (list, tuple):
            return [type(value).__name__, [self.of(item) for item in value]]
        if type(value) is dict:
            return ["dict", [[self.of(key), self.of(item)] for key, item in value.items()]]
        try:
            return ["plain", encode(value)]
        except UnsafeValue as unsafe:
            raise NoFingerprint(f"it depends on {unsafe}") from unsafe

    def _defined(self, value: Any) -> Any:
        if _is_installed(value):
            top = value.__module__.partition(".")[0]
            return ["installed", value.__module__, value.__qualname__, _version(top)]
        if id(value) in self._inside:
            return ["again", getattr(value, "__qualname__", "")]
        self._inside.add(id(value))
        try:
            return self._definition(value)
        finally:
            self._inside.discard(id(value))

    def _definition(self, value: Any) -> Any:
        if isinstance(value, functools.partial):
            parts = (value.func, value.args, dict(value.keywords))
            return ["partial", [self.of(part) for part in parts]]
        name = [value.__module__, value.__qualname__]
        if isinstance(value, type):
            return ["class", name, self._attributes(value)]
        cells = [cell.cell_contents for cell in value.__closure__ or ()]
        known = (value.__defaults__, value.__kwdefaults__, cells)
        outside = [
            [used, self.of(value.__globals__[used])]
            for used in value.__code__.co_names
            if used in value.__globals__
        ]
        return ["function", name, _code(value.__code__), [self.of(part) for part in known], outside]

    def _attributes(self, class_: type) -> Any:
        """Describe what a class holds as far as it is plain: it may be changed while running."""
        listed = []
        for name, held in sorted(vars(class_).items()):
            inner = getattr(held, "__func__", getattr(held, "fget", held))
            if isinstance(inner, types.FunctionType):
                listed.append([name, _code(inner.__code__)])
            elif not name.startswith("__"):
                try:
                    listed.append([name, encode(held)])
                except UnsafeValue:
                    listed.append([name, type(held).__qualname__])
        return listed


def _is_installed(value: Any) -> bool:
    """Tell whether a class or function comes with Python or an installed package."""
    name = getattr(value, "__module__", None)
    if isinstance(value, functools.partial) or not isinstance(name, str) or name == "__main__":
        return False
    module = sys.modules.get(name)
    file = None if module is None else _file_or_none(module)
    in_python = name.partition(".")[0] in sys.stdlib_module_names
    return in_python or (file is not None and any(part in _INSTALLED for part in file.parts))


def _code(code: types.CodeType) -> Any:
    constants = [
        _code(constant)
        if isinstance(constant, types.CodeType)
        else repr(sorted(map(repr, constant)))
        if isinstance(constant, frozenset)
        else repr(constant)
        for constant in code.co_consts
    ]
    return [code.co_code.hex(), constants, list(code.co_names), list(code.co_varnames)]


def _modules_of(value: Any) -> set[str]:
    """Name the modules that a callable comes from."""
    if isinstance(value, functools.partial):
        parts = (value.func, *value.args, *value.keywords.values())
        return set().union(*(_modules_of(part) for part in parts))
    if isinstance(value, types.ModuleType):
        return {value.__name__}
    name = getattr(value, "__module__", None)
    return {name} if isinstance(name, str) else set()


def _code_files(classes: Iterable[type]) -> list[str]:
    """Digest the files that methods come from: two modules may have one name, not one file."""
    files = {
        Path(held.__code__.co_filename)
        for class_ in classes
        for held in vars(class_).values()
        if isinstance(held, types.FunctionType) and not _is_installed(class_)
    }
    return sorted(_file_digest(file) for file in files if file.is_file())


def _module_facts(start: Iterable[str]) -> dict[str, str]:
    """Digest the texts of modules and of those they refer to; versions of installed ones."""
    facts: dict[str, str] = {}
    own = frozenset(start)
    todo = sorted(own)
    entered = set(todo)
    while todo:
        name = todo.pop()
        top = name.partition(".")[0]
        if top in _NOT_FOLLOWED or (top in sys.stdlib_module_names and name != "__main__"):
            continue
        module = sys.modules.get(name)
        if module is None:
            raise NoFingerprint(f"its module {name} is not loaded")
        is_start = name in own
        if name.startswith(_FRAMEWORK):
            continue
        file = _file_or_none(module)
        if file is None and not hasattr(module, "__path__"):
            raise NoFingerprint(f"it is defined in {name}, which is no file")
        installed = file is not None and any(part in _INSTALLED for part in file.parts)
        if installed and not is_start:
            facts[f"version of {top}"] = _version(top) or _file_digest(file)
            continue
        if file is not None:
            facts[name] = _file_digest(file)
        package = sys.modules.get(getattr(module, "__package__", None) or "")
        if is_start and file is not None and package is not None and hasattr(package, "__path__"):
            facts[f"folder of {name}"] = _folder_digest(file.parent)
        for referred in _referred(module):
            if referred not in entered:
                entered.add(referred)
                todo.append(referred)
    return facts


def _referred(module: types.ModuleType) -> Iterator[str]:
    """Name the modules that a module's names come from."""
    for held in list(vars(module).values()):
        if isinstance(held, types.ModuleType):
            yield held.__name__
        elif isinstance(held, type | types.FunctionType):
            name = held.__module__
            if isinstance(name, str) and name in sys.modules:
                yield name


def _file_or_none(module: types.ModuleType) -> Path | None:
    name = getattr(module, "__file__", None)
    return Path(name) if isinstance(name, str) and Path(name).is_file() else None


def _module_file(module: types.ModuleType) -> Path:
    file = _file_or_none(module)
    if file is None:
        raise NoFingerprint(f"{module.__name__} is no file")
    return file


def _file_digest(file: Path | None) -> str:
    if file is None:
        return ""
    try:
        return blake2b(file.read_bytes(), digest_size=16).hexdigest()
    except OSError as error:
        raise NoFingerprint(f"{file.name} cannot be read") from error


def _folder_digest(folder: Path) -> str:
    """Digest all Python files of a folder and those below."""
    files = sorted(folder.rglob("*.py"))
    if len(files) > _MOST_FILES:
        raise NoFingerprint(f"its package has more than {_MOST_FILES:,} files")
    digest = blake2b(digest_size=16)
    for file in files:
        digest.update(f"{file.relative_to(folder).as_posix()} {_file_digest(file)}\n".encode())
    return digest.hexdigest()


@functools.cache
def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return str(getattr(sys.modules.get(name), "__version__", ""))
