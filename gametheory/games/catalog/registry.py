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
from gametheory.games.catalog.known_facts import KnownFacts

__all__ = ["CatalogEntry", "catalog", "facts", "find", "game", "load"]

Build = TypeVar("Build", bound=Callable[..., Any])

_FORMS = {"NormalFormGame": "normal form", "ExtensiveFormGame": "extensive form"}


@dataclass(frozen=True, slots=True)
class CatalogEntry:
    """One named game, or one family of games if it has parameters.

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
    known : callable or None
        ``known(**parameters)`` are the facts known about that game, for parameters that make one.
    """

    name: str
    form: str
    n_players: int
    citation: str
    summary: str
    build: Callable[..., Any]
    known: Callable[..., KnownFacts] | None = None

    @property
    def parameters(self) -> dict[str, Any]:
        """The names of the game's parameters, with their default values."""
        return _parameters(self.build)

    @property
    def is_family(self) -> bool:
        """Whether there are parameters, so that the entry stands for many games."""
        return bool(self.parameters)

    @property
    def is_random(self) -> bool:
        """Whether payoffs are drawn from a ``seed``: equal seeds make equal games everywhere."""
        return "seed" in self.parameters


def _parameters(function: Callable[..., Any]) -> dict[str, Any]:
    signature = inspect.signature(function)
    return {name: parameter.default for name, parameter in signature.parameters.items()}


_REGISTERED: dict[str, CatalogEntry] = {}


def game(
    *,
    source: str,
    summary: str,
    n_players: int = 2,
    facts: Callable[..., KnownFacts] | None = None,
) -> Callable[[Build], Build]:
    """Put a game, or a family of games, into the catalog under its function's name.

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
    facts : callable, optional
        Takes the game's own parameters and returns the :class:`KnownFacts` of that game. A
        parameter that is not written as the game's default is a mistake and raises ValueError.
    """

    def add(build: Build) -> Build:
        name = build.__name__
        if name in _REGISTERED:
            raise ValueError(f"two games of the catalog are called {name!r}")
        if facts is not None and _parameters(facts) != _parameters(build):
            raise ValueError(f"the facts of {name!r} take other parameters than the game")
        form = _FORMS[str(inspect.signature(build).return_annotation)]
        _REGISTERED[name] = CatalogEntry(name, form, n_players, source, summary, build, facts)
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
    >>> load("random_game", n_actions=2, seed=7).payoffs[0].tolist()
    [[-16.0, 64.0], [-92.0, -22.0]]
    """
    entry = find(name)
    _check_names(entry, parameters)
    return entry.build(**parameters)


def facts(name: str, **parameters: Any) -> KnownFacts:
    """Return what is known in closed form about a game of the catalog.

    Parameters
    ----------
    name, **parameters
        As for :func:`load`.

    Returns
    -------
    KnownFacts
        Each fact with its source; empty, and false, where nothing is stated.

    Raises
    ------
    InvalidGame
        As for :func:`load`.

    Examples
    --------
    >>> known = facts("inspection")
    >>> print(known.equilibria[0], known.unique)
    ((1/4, 3/4), (1/2, 1/2)) True
    >>> facts("minimum_effort", n_players=2, n_actions=3).pure_equilibria
    ((0, 0), (1, 1), (2, 2))
    """
    entry = find(name)
    load(name, **parameters)  # facts are stated of games only: wrong parameters are refused here
    return KnownFacts() if entry.known is None else entry.known(**parameters)


def find(name: str) -> CatalogEntry:
    """Return the entry of a name; InvalidGame with the closest names if there is none."""
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
    return entry


def _check_names(entry: CatalogEntry, parameters: dict[str, Any]) -> None:
    unknown = [key for key in parameters if key not in entry.parameters]
    if unknown:
        raise InvalidGame(
            f"{entry.name} has no parameter {unknown[0]!r}",
            where="parameters",
            valid=", ".join(entry.parameters) or "no parameter at all",
        )
