"""One function over all algorithms: choose, run within limits, certify, report."""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable
from typing import Any, Literal

from gametheory.algorithms.registry import Algorithm, Outcome, algorithms
from gametheory.certificates import verify
from gametheory.errors import UnsupportedGame
from gametheory.solution import Certificate, Solution, Status, Trace

__all__ = ["solve"]

_MAX_RELATIVE_EPSILON = 1e-6
"""An answer whose violation is larger than this part of the payoff range is a failure."""


def solve(
    game: Any,
    concept: str = "nash",
    method: str = "auto",
    *,
    find: Literal["one", "all"] = "one",
    time_limit: float | None = None,
    seed: int | None = None,
    callback: Callable[[int, float], None] | None = None,
    **options: Any,
) -> Solution:
    """Find solutions of a game, each with an independent certificate.

    Parameters
    ----------
    game : NormalFormGame or ExtensiveFormGame
    concept : {"nash", "pure-nash", "minimax", "subgame-perfect"}
    method : str
        An algorithm's name, or "auto" for the best one that takes this game.
    find : {"one", "all"}
    time_limit : float, optional
        Seconds; what was found until then is returned.
    seed : int, optional
        For algorithms that draw random numbers.
    callback : callable, optional
        Called as ``callback(n_found, seconds)`` while the search goes on.
    **options
        Handed to the algorithm.

    Returns
    -------
    Solution
        Ctrl-C and the time limit return what was found, with ``complete=False``.

    Raises
    ------
    UnsupportedGame
        If no algorithm, or not the one named, can take this game; it says why.

    Examples
    --------
    >>> from gametheory.games.catalog import load
    >>> solution = solve(load("rock_paper_scissors"))
    >>> print(solution.profile)
    ((1/3, 1/3, 1/3), (1/3, 1/3, 1/3))
    >>> print(solution.certificate)
    nash: exact (rational arithmetic)
    """
    started = time.perf_counter()
    if find not in ("one", "all"):
        raise UnsupportedGame(f"find={find!r}", valid="'one' or 'all'")
    algorithm = _choose(game, concept, method)
    options = _options(algorithm, options, seed)
    limit = float("inf") if time_limit is None else time_limit
    search = _Search(game, concept, find=find, limit=limit, callback=callback)
    search.run(algorithm, options)
    if search.outcome.status is Status.INFEASIBLE and concept != algorithm.concepts[0]:
        # None of the algorithm's own kind: that says nothing of the wider concept.
        raise UnsupportedGame(
            f"{search.outcome.reason}, and no method of this version finds {concept!r} beyond that",
            where=repr(game),
            hint=_HINT,
        )
    return Solution(
        concept=concept,
        equilibria=tuple(certificate.profile for certificate in search.certificates),
        status=search.status(),
        complete=search.complete() and concept == algorithm.concepts[0],
        certificates=tuple(search.certificates),
        method=algorithm.name,
        guarantee=algorithm.guarantee,
        iterations=search.outcome.iterations,
        seconds=time.perf_counter() - started,
        reason=search.reason(),
        trace=Trace(tuple(search.found_after)),
        parameters={"find": find, "time_limit": time_limit, "game": repr(game), **options},
    )


def _choose(game: Any, concept: str, method: str) -> Algorithm:
    """Pick the named algorithm, or the first that takes the game."""
    known = algorithms()
    if not any(concept in algorithm.concepts for algorithm in known):
        raise UnsupportedGame(
            f"unknown concept {concept!r}",
            valid=f"one of {sorted({c for algorithm in known for c in algorithm.concepts})}",
        )
    if method != "auto" and method not in {algorithm.name for algorithm in known}:
        raise UnsupportedGame(
            f"unknown method {method!r}",
            valid=f"'auto' or one of {sorted(algorithm.name for algorithm in known)}",
        )
    refusals = []
    for algorithm in algorithms(concept=concept, form=type(game)):
        if method not in ("auto", algorithm.name):
            continue
        reason = algorithm.applies(game)
        if not reason:
            return algorithm
        refusals.append(f"{algorithm.name}: {reason}")
    who = "no method of this version finds" if method == "auto" else f"{method!r} does not find"
    why = "; ".join(refusals) or "none takes this kind of game"
    raise UnsupportedGame(f"{who} {concept!r} for this game: {why}", where=repr(game), hint=_HINT)


_HINT = "ask for another concept, or verify a profile of your own with gametheory.verify"


def _options(algorithm: Algorithm, options: dict[str, Any], seed: int | None) -> dict[str, Any]:
    """Refuse options that the algorithm does not have; hand the seed to those that draw."""
    accepted = list(inspect.signature(algorithm.run).parameters)[1:]
    unknown = [name for name in options if name not in accepted]
    if unknown:
        raise UnsupportedGame(
            f"{algorithm.name!r} has no option {unknown[0]!r}",
            valid=f"one of {accepted}" if accepted else "no options",
        )
    return {**options, "seed": seed} if seed is not None and "seed" in accepted else options


class _Search:
    """Runs an algorithm's generator, certifies what it yields and watches the clock."""

    def __init__(
        self,
        game: Any,
        concept: str,
        *,
        find: str,
        limit: float,
        callback: Callable[[int, float], None] | None,
    ) -> None:
        self.game, self.concept, self.find = game, concept, find
        self.limit, self.callback = limit, callback
        self.started = time.perf_counter()
        self.certificates: list[Certificate] = []
        self.found_after: list[float] = []
        self.rejected: list[Certificate] = []
        self.stopped = ""
        self.outcome = Outcome()

    def run(self, algorithm: Algorithm, options: dict[str, Any]) -> None:
        try:
            search = algorithm.run(self.game, **options)
            while not self._enough():
                profile = next(search)
                if profile is not None:
                    self._certify(profile)
                if self.callback:
                    self.callback(len(self.certificates), time.perf_counter() - self.started)
        except StopIteration as end:
            self.outcome = end.value
        except KeyboardInterrupt:
            self.stopped = "interrupted"

    def _enough(self) -> bool:
        if self.find == "one" and self.certificates:
            return True
        if time.perf_counter() - self.started > self.limit:
            self.stopped = f"the time limit of {self.limit:g} s was reached"
        return bool(self.stopped)

    def _certify(self, profile: Any) -> None:
        certificate = verify(self.game, profile, self.concept)
        scale = self.game.payoff_range or 1.0
        if certificate.epsilon <= _MAX_RELATIVE_EPSILON * scale:
            self.certificates.append(certificate)
            self.found_after.append(time.perf_counter() - self.started)
        else:
            self.rejected.append(certificate)

    def complete(self) -> bool:
        """Whether all that exist were found: a candidate that failed may hide another one."""
        return self.outcome.complete and not self.rejected

    def status(self) -> Status:
        """How the search ended, judged by the certificates."""
        if self.stopped and (self.find == "all" or not self.certificates):
            return Status.TIME_LIMIT
        if self.outcome.status is not None:
            return self.outcome.status
        if not self.certificates:
            return Status.NUMERICAL_FAILURE if self.rejected else Status.INFEASIBLE
        exact = all(certificate.exact for certificate in self.certificates)
        return Status.CERTIFIED_EXACT if exact else Status.CERTIFIED_EPSILON

    def reason(self) -> str:
        """Why nothing (more) was found."""
        if self.rejected:
            worst = max(float(certificate.epsilon) for certificate in self.rejected)
            return f"{len(self.rejected)} candidates failed the certificate, by up to {worst:.3g}"
        return self.stopped or self.outcome.reason
