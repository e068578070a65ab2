"""The list of algorithms: an algorithm is one file and one :func:`register`.

An algorithm is a generator. It yields each profile it finds, or None to say that it is still
at work (``solve`` looks at the clock then), and returns an :class:`Outcome`. One that only comes
closer and closer to a solution yields an :class:`Approximation` whenever it has a better one.
Limits, Ctrl-C and certificates are the business of ``solve``, so no algorithm repeats them.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Generator
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from gametheory.solution import Status

__all__ = ["Algorithm", "Approximation", "Outcome", "Search", "algorithms", "register"]


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


@dataclass(frozen=True, slots=True)
class Approximation:
    """The best profile so far of a search that need not end with a solution.

    It is certified when the algorithm takes it to be good enough, and the search goes on if it
    turns out not to be; or when the search ends for another reason, and is then returned with
    whatever violation its certificate states.

    Attributes
    ----------
    profile : callable
        ``profile()`` builds it: few of them are ever looked at.
    target : float
        The violation asked for, in payoff units.
    good_enough : bool
        Whether the algorithm takes it to be within the target.
    iterations : int
        The algorithm's steps so far.
    """

    profile: Callable[[], Any]
    target: float
    good_enough: bool
    iterations: int


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
    automatic : callable
        ``automatic(game)`` tells whether ``method="auto"`` may take it: not where others solve
        what it only approximates.
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
    automatic: Callable[[Any], bool] = lambda game: True


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
    automatic: bool | Callable[[Any], bool] = True,
) -> Callable[[Callable[..., Search]], Callable[..., Search]]:
    """Make a generator function known to ``solve``, the command line and the contract tests."""

    def add(run: Callable[..., Search]) -> Callable[..., Search]:
        if name in _REGISTERED:
            raise ValueError(f"two algorithms are called {name!r}")
        _REGISTERED[name] = Algorithm(
            name,
            concepts,
            form,
            applies,
            run,
            finds,
            rank,
            guarantee,
            cost,
            source,
            automatic if callable(automatic) else lambda game: automatic,
        )
        return run

    return add


@cache
def _import_all() -> None:
    for family in ("normal_form", "extensive_form", "stochastic"):
        package = importlib.import_module(f"gametheory.algorithms.{family}")
        for module in pkgutil.iter_modules(package.__path__):
            importlib.import_module(f"{package.__name__}.{module.name}")


def algorithms(*, concept: str | None = None, form: type | None = None) -> tuple[Algorithm, ...]:
    """List the registered algorithms, those that ``method="auto"`` prefers first.

    Examples
    --------
    >>> [algorithm.name for algorithm in algorithms(concept="subgame-perfect")]
    ['backward-induction', 'subgame-composition']
    """
    _import_all()
    chosen = (
        algorithm
        for algorithm in _REGISTERED.values()
        if (concept is None or concept in algorithm.concepts)
        and (form is None or issubclass(form, algorithm.form))
    )
    return tuple(sorted(chosen, key=lambda algorithm: (algorithm.rank, algorithm.name)))
