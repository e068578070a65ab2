"""Checking a solver: relations on drawn games, and the smallest game on which one fails."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from gametheory.algorithms.registry import Algorithm
from gametheory.errors import UnsupportedGame
from gametheory.testing.case import Case
from gametheory.testing.extra import hypothesis
from gametheory.testing.failures import RelationFailed
from gametheory.testing.registry import Relation, relation_named, relations
from gametheory.testing.reports import CheckReport, Outcome
from gametheory.testing.subjects import LIBRARY, Subject, subject_of

__all__ = ["check_algorithm", "check_relation", "relations_of"]

Solver = str | Algorithm | Callable[..., Any] | Subject
_LARGEST_DRAW = 2**16 - 1


def check_algorithm(
    algorithm: Solver,
    *,
    concept: str | None = None,
    form: str = "normal",
    games: Sequence[str] | None = None,
    find: str = "one",
    tolerance: float = 1e-6,
    examples: int = 20,
    seed: int = 0,
    shrink: bool = True,
    keep_going: bool = False,
) -> CheckReport:
    """Check every relation that applies to a solver on games drawn at random.

    Parameters
    ----------
    algorithm : str or callable
        The name of a registered algorithm, or ``algorithm(game)`` that returns a profile of the
        library, vectors that make one, or a Solution. It may raise UnsupportedGame, or return
        None, where it cannot solve a game.
    concept : str, optional
        What it finds; "nash" if left out, of a registered algorithm its first one.
    form : {"normal", "tree"}
        The form of games that a callable takes.
    games : sequence of str, optional
        Only games of these families, of ``gametheory.testing.FAMILIES``.
    find : {"one", "all"}
        Whether a callable returns a list of all solutions.
    tolerance : float
        Violation allowed to a callable, as a part of the payoff range.
    examples : int
        Games drawn for each relation.
    seed : int
        Equal seeds draw equal games.
    shrink : bool
        Whether to look for the smallest game on which a relation fails.
    keep_going : bool
        Whether to go on after a failure and report it, instead of raising it.

    Returns
    -------
    CheckReport
        Print it; ``report.failed`` names the relations that fail.

    Raises
    ------
    RelationFailed
        With the relation, the smallest game found, as JSON, and the numbers that repeat it.
    MissingExtra
        If Hypothesis is not installed.
    UnsupportedGame
        If there is no such algorithm, concept or family, or no relation says anything of it.

    Examples
    --------
    >>> report = check_algorithm("lemke-howson", examples=2)
    >>> report.holds, "support-indifference" in str(report)
    (True, True)
    """
    subject = subject_of(
        algorithm, concept=concept, form=form, games=games, find=find, tolerance=tolerance
    )
    applicable = relations_of(subject)
    if not applicable:
        raise UnsupportedGame(
            f"no relation says anything about {subject.name!r} and {subject.concept!r}",
            hint="gametheory.testing.RELATIONS lists the concepts that there are relations for",
        )
    outcomes = []
    for one in applicable:
        found = _outcome(one, subject, examples=examples, seed=seed, shrink=shrink)
        if found.failure is not None and not keep_going:
            raise found.failure
        outcomes.append(found)
    return CheckReport(subject.name, subject.concept, tuple(outcomes))


def check_relation(
    relation: str | Relation,
    algorithm: Solver | None = None,
    *,
    concept: str | None = None,
    form: str = "normal",
    games: Sequence[str] | None = None,
    find: str = "one",
    tolerance: float = 1e-6,
    examples: int = 20,
    seed: int = 0,
    shrink: bool = True,
    game: Any = None,
    draw: int = 0,
) -> Outcome:
    """Check one relation on drawn games, or on one game that is given.

    Parameters
    ----------
    relation : str or Relation
    algorithm : str or callable, optional
        As for :func:`check_algorithm`; left out where the relation is about the library.
    concept, form, games, find, tolerance, examples, seed, shrink
        As for :func:`check_algorithm`.
    game : object, optional
        Check this game alone, such as a counterexample that was found before.
    draw : int
        Of that counterexample.

    Returns
    -------
    Outcome

    Raises
    ------
    RelationFailed, MissingExtra, UnsupportedGame
        As for :func:`check_algorithm`.

    Examples
    --------
    >>> check_relation("write-read-round-trip", examples=2).verdict
    'holds'
    """
    one = relation_named(relation)
    subject = LIBRARY
    if algorithm is not None:
        subject = subject_of(
            algorithm, concept=concept, form=form, games=games, find=find, tolerance=tolerance
        )
    if not one.applies(subject):
        raise UnsupportedGame(
            f"{one.name!r} says nothing about {subject.name!r} and {subject.concept!r}",
            valid=f"solvers of {one.concepts}" if one.concepts else "no solver",
            hint=f"it needs {one.needs}",
        )
    if game is not None:
        done = Case(one, subject, game, draw, None).run()
        return Outcome(one.name, one.asserts, int(done), int(not done))
    found = _outcome(one, subject, examples=examples, seed=seed, shrink=shrink)
    if found.failure is not None:
        raise found.failure
    return found


def relations_of(algorithm: Solver | None = None, **about: Any) -> tuple[Relation, ...]:
    """List the relations that say something about a solver, for ``pytest.mark.parametrize``.

    Parameters
    ----------
    algorithm : str or callable, optional
        As for :func:`check_algorithm`; those about the library itself if left out.
    **about
        ``concept``, ``form``, ``games`` and ``find``, as for :func:`check_algorithm`.

    Examples
    --------
    >>> "value-shifts" in map(str, relations_of("minimax-lp"))
    True
    """
    return relations(LIBRARY if algorithm is None else subject_of(algorithm, **about))


def _games(one: Relation, subject: Subject) -> Any:
    if one.examples is not None:
        return one.examples()
    fitting = [each for each in subject.families if one.tags <= each.tags]
    return hypothesis().strategies.one_of([each.games() for each in fitting])


def _outcome(one: Relation, subject: Subject, *, examples: int, seed: int, shrink: bool) -> Outcome:
    """Draw games until one fails, then the smallest that does."""
    h = hypothesis()
    counts = [0, 0]

    def property_(game: Any, draw: int) -> None:
        done = Case(one, subject, game, draw, seed).run()
        counts[not done] += 1

    settings = h.settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=False,
        report_multiple_bugs=False,
        phases=[h.Phase.generate, h.Phase.shrink] if shrink else [h.Phase.generate],
        suppress_health_check=list(h.HealthCheck),
        verbosity=h.Verbosity.quiet,
    )
    draws = h.strategies.integers(0, _LARGEST_DRAW)
    test = settings(h.seed(seed)(h.given(_games(one, subject), draws)(property_)))
    failure = None
    try:
        test()
    except RelationFailed as error:
        failure = error
    return Outcome(one.name, one.asserts, counts[0], counts[1], failure)
