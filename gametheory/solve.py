"""One function over all algorithms: choose, run within limits, certify, report."""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

from gametheory.algorithms.registry import Algorithm, Approximation, Outcome, algorithms
from gametheory.certificates import MAX_RELATIVE_EPSILON, verify, violation_scale
from gametheory.concepts.equilibrium_index import equilibrium_index
from gametheory.concepts.nash_components import nash_components
from gametheory.errors import UnsupportedGame
from gametheory.games.normal_form import NormalFormGame
from gametheory.solution import Certificate, Solution, Status, Trace

__all__ = ["solve"]


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
    game : NormalFormGame, ExtensiveFormGame or StochasticGame
    concept : str
        "nash", "correlated", "maxmin", ...: docs/concepts.md and ``gametheory methods`` list them.
    method : str
        An algorithm's name, or "auto" for the best one that takes this game and, should it fail,
        the next best.
    find : {"one", "all"}
        All: of a game with infinitely many equilibria, the extreme ones; ``components`` then
        describes the others. ``complete`` tells whether these are proven to be all.
    time_limit : float, optional
        Seconds; what was found until then is returned.
    seed : int, optional
        For algorithms that draw random numbers.
    callback : callable, optional
        Called as ``callback(n_found, seconds)`` while the search goes on.
    **options
        The algorithm's own, such as ``objective="egalitarian"`` for "correlated".

    Returns
    -------
    Solution
        Ctrl-C and the time limit return what was found, with ``complete=False``. Of a method that
        only comes closer to a solution that is its best profile so far, with the violation that
        its certificate states.

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
    willing = _choose(game, concept, method, find)
    # An option narrows the choice to the methods that have it; the first one says so if none has.
    chosen = [a for a in willing if set(options) <= set(_option_names(a))] or willing[:1]
    accepted = [_options(algorithm, options, seed) for algorithm in chosen]
    limit = float("inf") if time_limit is None else time_limit
    search = _Search(game, concept, find=find, limit=limit, callback=callback)
    for algorithm, arguments in zip(chosen, accepted, strict=True):
        search.run(algorithm, arguments)
        if search.ended():
            break
    else:
        if search.outcome.status is Status.INFEASIBLE:
            # None of the algorithm's own kind: that says nothing of the wider concept.
            raise UnsupportedGame(
                f"{search.outcome.reason}, and no method of this version finds {concept!r} beyond "
                "that",
                where=repr(game),
                hint=_HINT,
            )
    complete = search.complete()
    structure = _structure(game, concept, search) if complete else _Structure()
    return Solution(
        concept=concept,
        equilibria=tuple(certificate.profile for certificate in search.certificates),
        status=search.status(),
        complete=complete and not structure.contradiction,
        certificates=tuple(search.certificates),
        method=search.algorithm.name,
        guarantee=search.algorithm.guarantee,
        iterations=search.outcome.iterations,
        seconds=time.perf_counter() - started,
        reason=structure.contradiction or search.reason(),
        components=structure.components,
        indices=structure.indices,
        trace=Trace(tuple(search.found_after)),
        parameters={"find": find, "time_limit": time_limit, "game": repr(game), **arguments},
    )


def _choose(game: Any, concept: str, method: str, find: str) -> tuple[Algorithm, ...]:
    """Pick the named algorithm, or those that take the game, the preferred one first."""
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
    refusals, taking = [], []
    for algorithm in algorithms(concept=concept, form=type(game)):
        if method == algorithm.name or (method == "auto" and algorithm.automatic(game)):
            reason = algorithm.applies(game)
            if reason:
                refusals.append(f"{algorithm.name}: {reason}")
            else:
                taking.append(algorithm)
    if not taking:
        who = "no method of this version finds" if method == "auto" else f"{method!r} does not find"
        why = "; ".join(refusals) or "none takes this kind of game"
        raise UnsupportedGame(
            f"{who} {concept!r} for this game: {why}", where=repr(game), hint=_HINT
        )
    thorough = [algorithm for algorithm in taking if _finds_all(algorithm, concept)]
    return tuple(thorough if find == "all" and thorough else taking)


def _finds_all(algorithm: Algorithm, concept: str) -> bool:
    """Whether the algorithm can find every solution of the concept, not of a narrower one."""
    return algorithm.finds == "all" and algorithm.concepts[0] == concept


_HINT = "ask for another concept, or verify a profile of your own with gametheory.verify"


def _options(algorithm: Algorithm, options: dict[str, Any], seed: int | None) -> dict[str, Any]:
    """Refuse options that the algorithm does not have; hand the seed to those that draw."""
    accepted = _option_names(algorithm)
    unknown = [name for name in options if name not in accepted]
    if unknown:
        raise UnsupportedGame(
            f"{algorithm.name!r} has no option {unknown[0]!r}",
            valid=f"one of {accepted}" if accepted else "no options",
        )
    return {**options, "seed": seed} if seed is not None and "seed" in accepted else options


@dataclass(frozen=True, slots=True)
class _Structure:
    """What the complete set of a two-player game's equilibria looks like."""

    components: tuple[Any, ...] = ()
    indices: tuple[int | None, ...] = ()
    contradiction: str = ""


def _structure(game: Any, concept: str, search: _Search) -> _Structure:
    """Find the components and, as a check of completeness, the sum of the indices."""
    if concept != "nash" or game.n_players != 2 or not isinstance(game, NormalFormGame):
        return _Structure()
    profiles = [certificate.profile for certificate in search.certificates]
    components = nash_components(profiles)
    indices = tuple(equilibrium_index(game, profile) for profile in profiles)
    total = sum(index for index in indices if index is not None)
    if None in indices or total == 1:
        return _Structure(components, indices)
    return _Structure(
        components,
        indices,
        f"the indices of the {len(profiles)} equilibria sum to {total} instead of 1, so some "
        "are missing: please report this game",
    )


def _option_names(algorithm: Algorithm) -> list[str]:
    """All parameters of its generator but the game."""
    return list(inspect.signature(algorithm.run).parameters)[1:]


class _Search:
    """Runs algorithms' generators, certifies what they yield and watches the clock."""

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
        self.tolerance = MAX_RELATIVE_EPSILON * violation_scale(game, concept)
        self.certificates: list[Certificate] = []
        self.found_after: list[float] = []
        self.rejected: list[Certificate] = []
        self.approximation: Approximation | None = None
        self.missed = False  # whether the best that there is violates more than was asked for
        self.stopped = ""

    def run(self, algorithm: Algorithm, options: dict[str, Any]) -> None:
        """Follow one algorithm until it ends, or enough is found, or time is up."""
        self.algorithm, self.outcome = algorithm, Outcome()
        search = algorithm.run(self.game, **options)
        try:
            while not self._enough():
                found = next(search)
                if isinstance(found, Approximation):
                    self._approach(found)
                elif found is not None:
                    self._certify(found)
                if self.callback:
                    self.callback(len(self.certificates), time.perf_counter() - self.started)
            if algorithm.finds == "one" and not self.stopped and self.approximation is None:
                next(search)  # what finds one is done, and says what it took
        except StopIteration as end:
            self.outcome = end.value
        except KeyboardInterrupt:
            self.stopped = "interrupted"
        finally:
            search.close()
        self._settle_for_approximation()

    def _approach(self, found: Approximation) -> None:
        """Keep the best profile so far; it is a solution if the certificate agrees."""
        self.approximation = found
        if found.good_enough:
            certificate = verify(self.game, found.profile(), self.concept)
            if certificate.epsilon <= max(found.target, self.tolerance):
                self._accept(certificate)

    def _settle_for_approximation(self) -> None:
        """Return the best profile so far where there is nothing better, and say how good it is."""
        best = self.approximation
        if best is None:
            return
        self.outcome = replace(
            self.outcome, iterations=max(self.outcome.iterations, best.iterations)
        )
        if not self.certificates:
            certificate = verify(self.game, best.profile(), self.concept)
            self._accept(certificate)
            self.missed = certificate.epsilon > max(best.target, self.tolerance)

    def ended(self) -> bool:
        """Whether no other algorithm has to be asked."""
        proven_infeasible = (
            self.outcome.status is Status.INFEASIBLE and self.concept == self.algorithm.concepts[0]
        )
        return bool(self.certificates or self.stopped or proven_infeasible)

    def _enough(self) -> bool:
        if self.find == "one" and self.certificates:
            return True
        if time.perf_counter() - self.started > self.limit:
            self.stopped = f"the time limit of {self.limit:g} s was reached"
        return bool(self.stopped)

    def _certify(self, profile: Any) -> None:
        certificate = verify(self.game, profile, self.concept)
        near = certificate.nearby
        if near is not None and near.profile is not None:  # the floats stand for this one
            certificate = verify(self.game, near.profile, self.concept)
        if certificate.epsilon <= self.tolerance:
            self._accept(certificate)
        else:
            self.rejected.append(certificate)

    def _accept(self, certificate: Certificate) -> None:
        self.certificates.append(certificate)
        self.found_after.append(time.perf_counter() - self.started)

    def complete(self) -> bool:
        """Whether all that exist were found: a candidate that failed may hide another one."""
        own = self.algorithm.concepts[0] == self.concept
        return own and self.outcome.complete and not self.rejected

    def status(self) -> Status:
        """How the search ended, judged by the certificates."""
        found = bool(self.certificates) and not self.missed
        if self.stopped and (self.find == "all" or not found):
            return Status.TIME_LIMIT
        if self.outcome.status is not None and not (self.find == "one" and found):
            return self.outcome.status
        if not self.certificates:
            return Status.NUMERICAL_FAILURE if self.rejected else Status.INFEASIBLE
        if all(_is_settled(certificate) for certificate in self.certificates):
            return Status.CERTIFIED_EXACT
        proven = all(_is_settled(one) or one.nearby for one in self.certificates)
        return Status.CERTIFIED_ISOLATED if proven else Status.CERTIFIED_EPSILON

    def reason(self) -> str:
        """Why nothing (more) was found."""
        if self.rejected:
            worst = max(float(certificate.epsilon) for certificate in self.rejected)
            return f"{len(self.rejected)} candidates failed the certificate, by up to {worst:.3g}"
        if self.missed:
            why = self.stopped or self.outcome.reason
            epsilon = float(self.certificates[0].epsilon)
            return f"{why}: the best profile so far is off by {epsilon:.3g}"
        return self.stopped or self.outcome.reason


def _is_settled(certificate: Certificate) -> bool:
    """Whether nothing is violated, and the best is proven to be the best where that was asked."""
    is_best = certificate.objective_value is None or certificate.objective_gap == 0
    return certificate.exact and is_best
