"""The list of algorithms: an algorithm is one file and one :func:`register`.

An algorithm is a generator. It yields each profile it finds, or None to say that it is still
at work (``solve`` looks at the clock then), and returns an :class:`Outcome`. Limits, Ctrl-C
and certificates are the business of ``solve``, so no algorithm repeats them.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Generator
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from gametheory.solution import Status

__all__ = ["Algorithm", "Outcome", "Search", "algorithms", "register"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a search ended.

    Attributes
    ----------
    iterations : int
        The algorithm's own count of its steps.
    complete : bool
        True when the profiles yielded are all there are.
    status : Status or None
        INFEASIBLE, ITERATION_LIMIT or NUMERICAL_FAILURE when the search ended so.
    reason : str
        Why nothing (more) was found.
    """

    iterations: int = 0
    complete: bool = False
    status: Status | None = None
    reason: str = ""


Search = Generator[Any, None, Outcome]


@dataclass(frozen=True, slots=True)
class Algorithm:
    """One way to find solutions.

    Attributes
    ----------
    name : str
        The name ``solve(..., method=name)`` knows it by.
    concepts : tuple of str
        The concepts its profiles satisfy.
    form : type
        The class of games it takes.
    applies : callable
        ``applies(game)`` is "" if the algorithm can take this game, else the reason why not.
    run : callable
        ``run(game, **options)`` is a generator, see the module's text.
    finds : {"one", "all"}
        Whether it goes on until it has found all that there are.
    rank : int
        ``method="auto"`` takes the applicable algorithm of lowest rank; one that finds all if
        all are asked for.
    guarantee, cost, source : str
        What it promises, what it takes, who published it.
    """

    name: str
    concepts: tuple[str, ...]
    form: type
    applies: Callable[[Any], str]
    run: Callable[..., Search]
    finds: Literal["one", "all"]
    rank: int
    guarantee: str
    cost: str
    source: str


_REGISTERED: dict[str, Algorithm] = {}


def register(
    name: str,
    *,
    concepts: tuple[str, ...],
    form: type,
    guarantee: str,
    cost: str,
    source: str,
    rank: int,
    finds: Literal["one", "all"] = "one",
    applies: Callable[[Any], str] = lambda game: "",
) -> Callable[[Callable[..., Search]], Callable[..., Search]]:
    """Make a generator function known to ``solve``, the command line and the contract tests."""

    def add(run: Callable[..., Search]) -> Callable[..., Search]:
        if name in _REGISTERED:
            raise ValueError(f"two algorithms are called {name!r}")
        _REGISTERED[name] = Algorithm(
            name, concepts, form, applies, run, finds, rank, guarantee, cost, source
        )
        return run

    return add


@cache
def _import_all() -> None:
    for family in ("normal_form", "extensive_form"):
        package = importlib.import_module(f"gametheory.algorithms.{family}")
        for module in pkgutil.iter_modules(package.__path__):
            importlib.import_module(f"{package.__name__}.{module.name}")


def algorithms(*, concept: str | None = None, form: type | None = None) -> tuple[Algorithm, ...]:
    """List the registered algorithms, those that ``method="auto"`` prefers first.

    Examples
    --------
    >>> [algorithm.name for algorithm in algorithms(concept="subgame-perfect")]
    ['backward-induction']
    """
    _import_all()
    chosen = (
        algorithm
        for algorithm in _REGISTERED.values()
        if (concept is None or concept in algorithm.concepts)
        and (form is None or issubclass(form, algorithm.form))
    )
    return tuple(sorted(chosen, key=lambda algorithm: (algorithm.rank, algorithm.name)))
