"""The list of named games: a game is one function and one decorator."""

from __future__ import annotations

import difflib
import importlib
import inspect
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

from gametheory.errors import InvalidGame

__all__ = ["CatalogEntry", "catalog", "game", "load"]

Build = TypeVar("Build", bound=Callable[..., Any])

_FORMS = {"NormalFormGame": "normal form", "ExtensiveFormGame": "extensive form"}


@dataclass(frozen=True, slots=True)
class CatalogEntry:
    """One named game.

    Attributes
    ----------
    name : str
        What :func:`load` knows it by.
    form : {"normal form", "extensive form"}
        The kind of game it is.
    n_players : int
        Number of players, with default parameters.
    citation : str
        Who described it where.
    summary : str
        One line on what it shows.
    build : callable
        ``build(**parameters)`` is the game.
    """

    name: str
    form: str
    n_players: int
    citation: str
    summary: str
    build: Callable[..., Any]

    @property
    def parameters(self) -> dict[str, Any]:
        """The names of the game's parameters, with their default values."""
        signature = inspect.signature(self.build)
        return {name: parameter.default for name, parameter in signature.parameters.items()}


_REGISTERED: dict[str, CatalogEntry] = {}


def game(*, source: str, summary: str, n_players: int = 2) -> Callable[[Build], Build]:
    """Put a game into the catalog under its function's name.

    Every parameter of the function needs a default value, and its return annotation tells the
    game's form.

    Parameters
    ----------
    source : str
        Author (year) and the place, as precisely as is certain.
    summary : str
        One line on what the game shows.
    n_players : int
        Number of players, with default parameters.
    """

    def add(build: Build) -> Build:
        name = build.__name__
        if name in _REGISTERED:
            raise ValueError(f"two games of the catalog are called {name!r}")
        form = _FORMS[str(inspect.signature(build).return_annotation)]
        _REGISTERED[name] = CatalogEntry(name, form, n_players, source, summary, build)
        return build

    return add


@cache
def _import_all() -> None:
    package = importlib.import_module(__package__)
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{package.__name__}.{module.name}")


def catalog() -> tuple[CatalogEntry, ...]:
    """List the named games, in alphabetical order.

    Examples
    --------
    >>> print(next(entry.citation for entry in catalog() if entry.name == "climbing"))
    Claus and Boutilier (1998), AAAI-98, pages 746-752
    """
    _import_all()
    return tuple(_REGISTERED[name] for name in sorted(_REGISTERED))


def load(name: str, **parameters: Any) -> Any:
    """Build a named game.

    Parameters
    ----------
    name : str
        As listed by :func:`catalog`; hyphens and capitals do not matter.
    **parameters
        The game's own, see ``CatalogEntry.parameters``.

    Returns
    -------
    NormalFormGame or ExtensiveFormGame

    Raises
    ------
    InvalidGame
        There is no such game or parameter, or the parameter's value makes no game.

    Examples
    --------
    >>> load("prisoners_dilemma").n_actions
    (2, 2)
    >>> load("penalty", k=-100).payoffs[0].tolist()
    [[10.0, 0.0, -100.0], [0.0, 2.0, 0.0], [-100.0, 0.0, 10.0]]
    """
    _import_all()
    entry = _REGISTERED.get(str(name).lower().replace("-", "_").replace(" ", "_"))
    if entry is None:
        close = difflib.get_close_matches(str(name).lower(), _REGISTERED, n=3)
        raise InvalidGame(
            f"the catalog has no game {name!r}",
            where="name",
            valid=f"perhaps {' or '.join(close)}" if close else "",
            hint="list the names with gametheory.catalog.catalog() or `gametheory catalog`",
        )
    unknown = [key for key in parameters if key not in entry.parameters]
    if unknown:
        raise InvalidGame(
            f"{entry.name} has no parameter {unknown[0]!r}",
            where="parameters",
            valid=", ".join(entry.parameters) or "no parameter at all",
        )
    return entry.build(**parameters)
