"""Packages whose public names are imported when they are first used."""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType

TYPE_CHECKING = False  # importing typing would take longer than all the rest
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

__all__ = ["make_lazy"]


class _LazyPackage(ModuleType):
    """A package that looks its public names up in their modules."""

    def __getattr__(self, name: str) -> Any:
        home = self.__dict__["_homes"].get(name)
        if home is None:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        module, colon, attribute = home.partition(":")
        value: Any = import_module(module)
        if attribute or not colon:
            value = getattr(value, attribute or name)
        setattr(self, name, value)
        return value

    def __setattr__(self, name: str, value: Any) -> None:
        # Importing a submodule puts it into its package under its own name. Where the public
        # name is a function of that submodule (package.solve.solve), the function stays.
        home = self.__dict__.get("_homes", {}).get(name)
        if isinstance(value, ModuleType) and home == value.__name__:
            value = getattr(value, name)
        super().__setattr__(name, value)

    def __dir__(self) -> list[str]:
        return sorted({*self.__dict__["__all__"], *self.__dict__})


def make_lazy(package: str, homes: Mapping[str, str]) -> None:
    """Let a package load its public names on first use (PEP 562, for functions too).

    Parameters
    ----------
    package : str
        The package's ``__name__``.
    homes : mapping of str to str
        The module that holds each public name, as "module", or "module:attribute" where the
        name is another there, or "module:" where the name stands for the module itself.
    """
    module = sys.modules[package]
    module.__dict__["_homes"] = dict(homes)
    module.__class__ = _LazyPackage
