"""What is put to the test: a registered algorithm, or anybody's function from games to profiles."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from gametheory.algorithms.registry import Algorithm, algorithms
from gametheory.errors import InvalidProfile, UnsupportedGame
from gametheory.games.extensive_form import ExtensiveFormGame
from gametheory.games.normal_form import NormalFormGame
from gametheory.solution import Certificate, Solution, Status
from gametheory.solve import solve
from gametheory.testing.answers import Answer, answer_of, read_profile
from gametheory.testing.failures import NothingFound
from gametheory.testing.families import FAMILIES, Family, family

__all__ = ["LIBRARY", "Subject", "subject_of"]

_FORMS = {"normal": NormalFormGame, "tree": ExtensiveFormGame}
_FEW_ITERATIONS = 300
_REJECTED = "failed the certificate"
_ITERATING = frozenset(
    {"best-effort", "cfr", "cfr+", "dcfr", "linear-cfr", "mccfr-chance", "mccfr-external"}
    | {"mccfr-outcome", "mmd", "pcfr+", "pdcfr+", "sapcfr+"}
)  # they come closer and closer: what they have after few iterations is checked as what it is


@dataclass(frozen=True)
class Subject:
    """A solver under test.

    Attributes
    ----------
    name : str
    concept : str
        What it is asked for; "" for the library's own functions.
    form : type or None
    finds_all : bool
        Whether it claims to list all solutions.
    find : callable
        ``find(game, **options)`` is a tuple of answers and whether they are proven complete.
        Raises NothingFound where the solver refuses or gives up.
    candidates : tuple of str
        Names of the families it may be tried on.
    refuses : callable
        ``refuses(game)`` tells whether it would not take a game.
    options : frozenset of str
        The options that ``find`` takes.
    """

    name: str
    concept: str
    form: type | None
    finds_all: bool
    find: Callable[..., tuple[tuple[Answer, ...], bool]]
    candidates: tuple[str, ...] = FAMILIES
    refuses: Callable[[Any], bool] = lambda game: False
    options: frozenset[str] = field(default_factory=frozenset)

    @cached_property
    def families(self) -> tuple[Family, ...]:
        """The families of which it takes every sample."""
        known = (family(name) for name in self.candidates)
        return tuple(
            one
            for one in known
            if one.form is self.form and not any(map(self.refuses, one.samples()))
        )


def _nothing(game: Any, **options: Any) -> tuple[tuple[Answer, ...], bool]:
    raise NothingFound


LIBRARY = Subject("library", "", None, False, _nothing)
"""Stands for the library's own functions, in relations that need no solver."""


def subject_of(
    algorithm: str | Algorithm | Callable[..., Any] | Subject,
    *,
    concept: str | None = None,
    form: str = "normal",
    games: Sequence[str] | None = None,
    find: str = "one",
    tolerance: float = 1e-6,
    name: str | None = None,
) -> Subject:
    """Prepare a solver for the relations; parameters as of ``check_algorithm``."""
    if isinstance(algorithm, Subject):
        return algorithm
    if games is not None:
        for one in games:
            family(one)
    if isinstance(algorithm, str):
        known = {one.name: one for one in algorithms()}
        if algorithm not in known:
            raise UnsupportedGame(
                f"unknown algorithm {algorithm!r}", valid=f"a callable or one of {sorted(known)}"
            )
        algorithm = known[algorithm]
    if isinstance(algorithm, Algorithm):
        return _registered(algorithm, concept or algorithm.concepts[0], games)
    if not callable(algorithm):
        raise UnsupportedGame(
            f"a {type(algorithm).__name__} is no solver",
            where="algorithm",
            valid="the name of a registered algorithm, or a function from a game to a profile",
        )
    if form not in _FORMS:
        raise UnsupportedGame(f"form={form!r}", valid=f"one of {sorted(_FORMS)}")
    if find not in ("one", "all"):
        raise UnsupportedGame(f"find={find!r}", valid="'one' or 'all'")
    return Subject(
        name or str(getattr(algorithm, "__name__", type(algorithm).__name__)),
        concept or "nash",
        _FORMS[form],
        find == "all",
        _finder(algorithm, concept or "nash", find == "all", tolerance),
        tuple(games) if games is not None else FAMILIES,
    )


def _registered(algorithm: Algorithm, concept: str, games: Iterable[str] | None) -> Subject:
    if concept not in algorithm.concepts:
        raise UnsupportedGame(
            f"{algorithm.name!r} does not find {concept!r}", valid=f"one of {algorithm.concepts}"
        )
    finds_all = algorithm.finds == "all" and algorithm.concepts[0] == concept
    names = frozenset(list(inspect.signature(algorithm.run).parameters)[1:])
    few = {"max_iterations": _FEW_ITERATIONS} if algorithm.name in _ITERATING else {}

    def find(game: Any, **options: Any) -> tuple[tuple[Answer, ...], bool]:
        try:
            solution = solve(
                game,
                concept,
                algorithm.name,
                find="all" if finds_all else "one",
                **{**few, **options},
            )
        except UnsupportedGame as refusal:
            raise NothingFound(str(refusal)) from refusal
        if _REJECTED in solution.reason:  # solve lets no wrong profile out, but here it counts
            raise InvalidProfile(f"its own answers are none: {solution.reason}")
        found = tuple(_certified(game, one) for one in solution.certificates)
        if not found and solution.status is not Status.INFEASIBLE:
            raise NothingFound(solution.reason)
        return found, solution.complete

    def refuses(game: Any) -> bool:
        return bool(algorithm.applies(game)) or (
            concept == "minimax" and not (game.n_players == 2 and game.is_constant_sum())
        )

    return Subject(
        algorithm.name,
        concept,
        algorithm.form,
        finds_all,
        find,
        tuple(games) if games is not None else FAMILIES,
        refuses,
        names,
    )


def _certified(game: Any, certificate: Certificate) -> Answer:
    return answer_of(
        game,
        certificate.profile,
        certificate.epsilon,
        value=certificate.objective_value,
        levels=certificate.payoffs,
    )


def _finder(
    solver: Callable[..., Any], concept: str, finds_all: bool, tolerance: float
) -> Callable[..., tuple[tuple[Answer, ...], bool]]:
    def find(game: Any, **options: Any) -> tuple[tuple[Answer, ...], bool]:
        try:
            found = solver(game, **options)
        except UnsupportedGame as refusal:
            raise NothingFound(str(refusal)) from refusal
        if found is None:
            raise NothingFound("the solver returned None")
        epsilon = tolerance * (float(game.payoff_range) or 1.0)
        if isinstance(found, Solution):
            claims, complete = found.equilibria, found.complete
        elif finds_all and isinstance(found, Iterable) and not isinstance(found, Mapping):
            claims, complete = tuple(found), True
        else:
            claims, complete = (found,), False
        read = [read_profile(game, claim, concept) for claim in claims]
        for claim in read:
            if hasattr(claim, "check_fits"):
                claim.check_fits(game)
        return tuple(answer_of(game, claim, epsilon) for claim in read), complete

    return find
