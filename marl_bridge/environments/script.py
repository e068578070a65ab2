"""A script of chance: the outcomes of an environment's draws, decided from outside.

While an environment runs under a script, every draw is answered from a tape. Past the tape's end
the script either draws by itself, for trial episodes, or stops the environment with
:class:`ChoiceNeeded`, which lists the outcomes and their probabilities: the caller puts one of
them on the tape, returns to where the environment stood, and runs it again.
"""

from __future__ import annotations

import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

__all__ = [
    "ChoiceNeeded",
    "DrawRefused",
    "Interrupted",
    "Outcome",
    "Script",
    "Tape",
    "TapeMismatch",
    "Unlisted",
    "as_fractions",
    "call_site",
]

_LARGEST_DENOMINATOR = 10**6
_ROUNDING = 4 * 2.0**-52  # of a probability that was computed in a few steps, relative
_ONE_THREAD = "draws in the thread that calls reset and step"
_NOT_CALLERS = ("marl_bridge.environments.", "numpy.", "random", "gymnasium.spaces")


@dataclass(frozen=True, slots=True)
class Outcome:
    """One outcome of a draw: its number among ``of``, shown by its label."""

    number: int
    of: int
    label: str

    def __str__(self) -> str:
        return self.label


Tape = tuple[Outcome, ...]


class Interrupted(BaseException):
    """The environment was stopped in the middle; no Exception, so that it does not catch it."""


class ChoiceNeeded(Interrupted):
    """The tape is at its end and the environment draws.

    Attributes
    ----------
    outcomes : tuple of (Outcome, Fraction)
        All outcomes of positive probability.
    site : str
        What was drawn, and where in the environment's code.
    """

    def __init__(self, outcomes: tuple[tuple[Outcome, Fraction], ...], site: str) -> None:
        super().__init__(site)
        self.outcomes, self.site = outcomes, site


class DrawRefused(Interrupted):
    """The environment draws something that cannot become a chance node."""

    def __init__(self, what: str, valid: str) -> None:
        super().__init__(what)
        self.what, self.valid = what, valid


class Unlisted(Interrupted):
    """A draw without a list of outcomes, where the script lets it happen all the same."""


class TapeMismatch(Interrupted):
    """Run again, the environment draws something else than before."""


class Script:
    """Answers the draws of one environment.

    Attributes
    ----------
    active : bool
        Whether the environment is running; only then do factories hand out scripted generators.
    calls : Counter of str
        Calls of generators, by the place in the environment's code.
    seeds : list
        Seeds that generators were made from since the list was last cleared.
    clock_shift : float
        Seconds added to every clock that the environment reads.
    clock_reads : Counter of str
        Reads of a clock, by place.
    """

    def __init__(self) -> None:
        self.active = False
        self.calls: Counter[str] = Counter()
        self.seeds: list[Any] = []
        self.clock_shift = 0.0
        self.clock_reads: Counter[str] = Counter()
        self._thread = threading.get_ident()
        self._tape: list[Outcome] = []
        self._position = 0
        self._rng: np.random.Generator | None = None
        self._stopped_by: Interrupted | None = None

    @property
    def here(self) -> bool:
        """Whether the environment is running, in this thread."""
        return self.active and threading.get_ident() == self._thread

    @property
    def tape(self) -> Tape:
        """The outcomes on the tape, those drawn by the script included."""
        return tuple(self._tape)

    @contextmanager
    def follow(
        self, tape: Sequence[Outcome], rng: np.random.Generator | None = None
    ) -> Iterator[None]:
        """Run an environment on a tape, and draw past its end if a generator is given.

        Raises
        ------
        Interrupted
            Also where the environment caught it and went on.
        """
        self._tape, self._position, self._rng = list(tape), 0, rng
        self._stopped_by = None
        self.active = True
        try:
            yield
        except Exception:  # the environment's answer to being stopped
            if self._stopped_by is None:
                raise
        finally:
            self.active = False
        if self._stopped_by is not None:
            raise self._stopped_by
        if self._position < len(self._tape):
            raise TapeMismatch("it draws less often than before")

    def stop(self, reason: Interrupted) -> Interrupted:
        """Note why the environment is stopped, for the case that it does not let it happen."""
        if self._stopped_by is None:
            self._stopped_by = reason
        return self._stopped_by

    def refuse(self, what: str, valid: str) -> Interrupted:
        """Build the error for a draw that cannot become a chance node."""
        return self.stop(DrawRefused(f"{what} at {call_site()}", valid))

    def leave_to(self, method: str, original: Callable[[], Any]) -> Any:
        """Let the original generator answer what was :class:`Unlisted`; "" draws nothing."""
        return original()

    def called(self, method: str) -> str:
        """Count a call of a generator and return its site."""
        site = f"{method} at {call_site()}"
        self.calls[site] += 1
        return site

    def choose(
        self,
        weights: Sequence[Fraction | int],
        label: Callable[[int], str],
        site: str,
    ) -> int:
        """Answer a draw.

        Parameters
        ----------
        weights : sequence of Fraction or int
            Relative weights of the outcomes.
        label : callable
            Gives the label of an outcome's number.
        site : str

        Returns
        -------
        int
            The number of the outcome.
        """
        if threading.get_ident() != self._thread:  # nobody would catch what is raised there
            self.stop(DrawRefused(f"it draws in a thread of its own, {site},", _ONE_THREAD))
            return next(number for number, weight in enumerate(weights) if weight)
        if self._stopped_by is not None:
            raise self._stopped_by
        possible = [number for number, weight in enumerate(weights) if weight]
        if len(possible) == 1:
            return possible[0]
        if self._position < len(self._tape):
            outcome = self._tape[self._position]
            self._position += 1
            if outcome.of != len(weights):
                raise self.stop(TapeMismatch(f"{site} has {len(weights)} outcomes this time"))
            return outcome.number
        if self._rng is not None:
            cumulated = np.cumsum([float(weights[number]) for number in possible])
            place = int(np.searchsorted(cumulated, self._rng.random() * cumulated[-1], "right"))
            number = possible[min(place, len(possible) - 1)]
            self._tape.append(Outcome(number, len(weights), ""))
            self._position += 1
            return number
        total = sum(weights)
        labels = _distinct([label(number) for number in possible])
        outcomes = tuple(
            (Outcome(number, len(weights), name), Fraction(weights[number]) / total)
            for number, name in zip(possible, labels, strict=True)
        )
        raise self.stop(ChoiceNeeded(outcomes, site))


def _distinct(labels: list[str]) -> list[str]:
    """Tell labels that occur more than once apart by numbers."""
    counts = Counter(labels)
    seen: Counter[str] = Counter()
    named = []
    for label in labels:
        seen[label] += 1
        named.append(f"{label} #{seen[label]}" if counts[label] > 1 else label)
    return named


def call_site() -> str:
    """Name the module and line of the environment's code that is running."""
    frame = sys._getframe(1)
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        if not module.startswith(_NOT_CALLERS):
            return f"{module}:{frame.f_lineno}"
        frame = frame.f_back  # type: ignore[assignment]
    return "an unknown place"


def as_fractions(probabilities: Sequence[Any]) -> list[Fraction]:
    """Turn probabilities into exact ones that sum to 1.

    Floats within rounding of fractions with small denominators that sum to 1 are those;
    otherwise the floats are taken as they are and divided by their sum.

    Examples
    --------
    >>> [str(p) for p in as_fractions([0.1, 0.2, 0.7])]
    ['1/10', '1/5', '7/10']
    >>> as_fractions([1 / 3, 1 / 3, 1 / 3])[0]
    Fraction(1, 3)
    """
    given = [p if isinstance(p, Fraction | int) else Fraction(float(p)) for p in probabilities]
    simple = [Fraction(p).limit_denominator(_LARGEST_DENOMINATOR) for p in given]
    close = all(abs(s - p) <= _ROUNDING * p for s, p in zip(simple, given, strict=True))
    if close and sum(simple) == 1:
        return simple
    total = sum(given)
    return [Fraction(p) / total for p in given]
