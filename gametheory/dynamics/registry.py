"""The list of dynamics: a dynamic is one file and one :func:`register`."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

from gametheory.games.normal_form import NormalFormGame
from gametheory.solution import Trace

__all__ = ["Dynamic", "dynamics", "register"]

Run = TypeVar("Run", bound=Callable[..., Trace])


@dataclass(frozen=True, slots=True)
class Dynamic:
    """One way in which players change what they play.

    Attributes
    ----------
    name : str
        The name :func:`gametheory.dynamics.simulate` knows it by.
    applies : callable
        ``applies(game)`` is "" if the dynamic is defined for this game, else the reason why not.
    run : callable
        ``run(game, **options)`` is the :class:`gametheory.solution.Trace`.
    guarantee : str
        What is proven of it, with the conditions; "none" where nothing is.
    source : str
        Who published it, with the equation where certain.
    """

    name: str
    applies: Callable[[NormalFormGame], str]
    run: Callable[..., Trace]
    guarantee: str
    source: str

    @property
    def options(self) -> dict[str, Any]:
        """Its options, with their default values."""
        parameters = list(inspect.signature(self.run).parameters.values())[1:]
        return {parameter.name: parameter.default for parameter in parameters}


_REGISTERED: dict[str, Dynamic] = {}


def register(
    name: str,
    *,
    guarantee: str,
    source: str,
    applies: Callable[[NormalFormGame], str] = lambda game: "",
) -> Callable[[Run], Run]:
    """Make a function that runs a dynamic known to ``simulate`` and to the contract tests."""

    def add(run: Run) -> Run:
        if name in _REGISTERED:
            raise ValueError(f"two dynamics are called {name!r}")
        _REGISTERED[name] = Dynamic(name, applies, run, guarantee, source)
        return run

    return add


@cache
def _import_all() -> None:
    package = importlib.import_module(__package__)
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{package.__name__}.{module.name}")


def dynamics() -> tuple[Dynamic, ...]:
    """List the registered dynamics, in alphabetical order."""
    _import_all()
    return tuple(_REGISTERED[name] for name in sorted(_REGISTERED))
