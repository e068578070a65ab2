"""The list of relations: a relation is one small function and one :func:`relation`."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from gametheory.errors import UnsupportedGame
from gametheory.testing.subjects import Subject

__all__ = ["Relation", "relation", "relation_named", "relations"]


@dataclass(frozen=True)
class Relation:
    """Something that holds for every correct solver of a concept.

    Attributes
    ----------
    name : str
    subject : str
        What it is about: "zero-sum values", "trees", ...
    concepts : tuple of str
        The concepts whose solvers it is checked on; empty for the library's own functions.
    tags : frozenset of str
        What the games must be, such as "zero-sum".
    needs : str
        The same in words.
    asserts : str
        What holds, in one sentence.
    source : str
        Whose theorem it is; "" where it follows from the definitions.
    check : callable
        ``check(case)`` raises RelationFailed if it does not hold.
    forms : tuple of type
        The forms of games it takes; empty for all.
    examples : callable or None
        ``examples()`` is its own Hypothesis strategy, where it needs no solver.
    only : callable
        ``only(subject)`` is False where it says nothing of a solver for another reason.
    """

    name: str
    subject: str
    concepts: tuple[str, ...]
    tags: frozenset[str]
    needs: str
    asserts: str
    source: str
    check: Callable[[Any], None]
    forms: tuple[type, ...] = ()
    examples: Callable[[], Any] | None = None
    only: Callable[[Subject], bool] = lambda subject: True

    def applies(self, subject: Subject) -> bool:
        """Whether it says anything about a solver."""
        if not self.concepts:
            return subject.concept == ""
        return (
            subject.concept in self.concepts
            and (not self.forms or subject.form in self.forms)
            and self.only(subject)
            and any(self.tags <= one.tags for one in subject.families)
        )

    def __str__(self) -> str:
        return self.name


_REGISTERED: dict[str, Relation] = {}


def relation(
    name: str,
    *,
    asserts: str,
    needs: str,
    concepts: tuple[str, ...] = (),
    tags: tuple[str, ...] = (),
    forms: tuple[type, ...] = (),
    source: str = "",
    examples: Callable[[], Any] | None = None,
    only: Callable[[Subject], bool] = lambda subject: True,
) -> Callable[[Callable[[Any], None]], Callable[[Any], None]]:
    """Make a function of a :class:`~gametheory.testing.case.Case` known to ``check_algorithm``.

    Parameters are the attributes of :class:`Relation`, ``tags`` and the like as tuples.

    Raises
    ------
    ValueError
        If the name is taken.
    """

    def add(check: Callable[[Any], None]) -> Callable[[Any], None]:
        if name in _REGISTERED:
            raise ValueError(f"two relations are called {name!r}")
        _REGISTERED[name] = Relation(
            name,
            check.__module__.rpartition(".")[2].replace("_", " "),
            concepts,
            frozenset(tags),
            needs,
            asserts,
            source,
            check,
            forms,
            examples,
            only,
        )
        return check

    return add


@cache
def _import_all() -> None:
    package = importlib.import_module("gametheory.testing.relations")
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{package.__name__}.{module.name}")


def relations(subject: Subject | None = None) -> tuple[Relation, ...]:
    """List the relations, by what they are about and by name; those of equilibria come first.

    Parameters
    ----------
    subject : Subject, optional
        Only those that say something about this solver.

    Examples
    --------
    >>> [one.name for one in relations() if one.subject == "quantal response"]
    ['rationality-in-units-of-payoff', 'uniform-at-rationality-zero']
    """
    _import_all()
    known = sorted(
        _REGISTERED.values(), key=lambda one: (one.subject != "equilibria", one.subject, one.name)
    )
    return tuple(one for one in known if subject is None or one.applies(subject))


def relation_named(name: str | Relation) -> Relation:
    """Return the relation of that name; UnsupportedGame if there is none."""
    if isinstance(name, Relation):
        return name
    known = {one.name: one for one in relations()}
    if name not in known:
        raise UnsupportedGame(f"unknown relation {name!r}", valid=f"one of {sorted(known)}")
    return known[name]
