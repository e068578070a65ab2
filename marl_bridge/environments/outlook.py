"""What can be known of an environment's optimum: from its size, its chance, and a short try."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from gametheory.games.extensive_form import TERMINAL
from marl_bridge.environments.opening import Make
from marl_bridge.environments.size_estimate import SizeEstimate
from marl_bridge.errors import ExtractionRefused, InvalidEnvironment

if TYPE_CHECKING:
    from marl_bridge.environments.extraction import Extraction

__all__ = [
    "BOUNDS_ONLY",
    "EXACT",
    "LATE",
    "TOO_LARGE",
    "Attempt",
    "Outlook",
    "attempt_extraction",
    "in_words",
    "outlook",
]

EXACT = "exact tree"
LATE = "exact from late positions"
TOO_LARGE = "too large: bounds only"
BOUNDS_ONLY = "bounds only"

# What extract() unrolls by default, and what a machine steps through in a quarter of an hour.
_MOST_HISTORIES = 5_000_000
_PATIENCE = 900.0
# A position is solved within a minute, so far as one step costs what it did in random play.
_LATE_PATIENCE = 60.0
_REWARD_TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True)
class Attempt:
    """A short try at extracting the game.

    Attributes
    ----------
    finished : bool
    states : int
        Distinct states found.
    seconds : float
    refused : str
        Why there is no game, "" when it finished or only ran out of time.
    return_sums : tuple of float or None
        Lowest and highest sum of all agents' returns over all legal episodes: proven.
    """

    finished: bool
    states: int
    seconds: float
    refused: str = ""
    return_sums: tuple[float, float] | None = None

    @property
    def zero_sum(self) -> bool | None:
        """Whether returns cancel in every legal episode; None when that was not found out."""
        if self.return_sums is None:
            return None
        return max(map(abs, self.return_sums)) <= _REWARD_TOLERANCE


@dataclass(frozen=True, slots=True)
class Outlook:
    """The verdict and why."""

    verdict: str
    reason: str


class _OutOfTimeError(Exception):
    """The try has had its time; not an error that any code but this should see."""


def attempt_extraction(
    make: Make, *, env_kwargs: Mapping[str, Any] | None, api: Any, seed: int, seconds: float
) -> Attempt:
    """Extract the game for so many seconds.

    Parameters
    ----------
    make, env_kwargs, api
        See :func:`~marl_bridge.environments.opening.open_environment`.
    seed : int
    seconds : float
        Looked at whenever the extraction reports its progress.
    """
    from marl_bridge.environments.extraction import extract
    from marl_bridge.environments.forecast import HopelessSize

    started, states = time.perf_counter(), 0

    def watch(n_states: int, most: int) -> None:
        nonlocal states
        states = n_states
        if time.perf_counter() - started > seconds or n_states > 0.95 * most:
            raise _OutOfTimeError

    def passed() -> float:
        return time.perf_counter() - started

    try:
        found = extract(
            make,
            env_kwargs=env_kwargs,
            api=api,
            seed=seed,
            time_limit=2 * seconds,
            progress=watch,
        )
    except _OutOfTimeError:
        return Attempt(False, states, passed())
    except HopelessSize:
        return Attempt(False, states, passed())  # for its size, as if the time had run out
    except ExtractionRefused as error:
        late = passed() > seconds  # refused for being slow, whatever the words
        return Attempt(False, states, passed(), "" if late else error.what)
    except InvalidEnvironment as error:
        return Attempt(False, states, passed(), error.what)
    except Exception as error:  # of the environment: the page tells it like all else
        return Attempt(False, states, passed(), f"{type(error).__name__}: {error}")
    return Attempt(True, found.graph.n_states, passed(), "", _return_sums(found))


def _return_sums(found: Extraction) -> tuple[float, float]:
    over = np.flatnonzero(found.graph.player == TERMINAL).tolist()
    sums = [float(np.sum(np.asarray(found.graph.payoffs[state], dtype=float))) for state in over]
    return min(sums), max(sums)


def outlook(
    *,
    size: SizeEstimate | None,
    unlisted: str,
    unrepeatable: str,
    chance: str,
    continuous: str,
    attempt: Attempt | None,
    hidden: str,
    n_agents: int,
    may_be_zero_sum: bool,
) -> Outlook:
    """Say what can be known, from what was measured.

    Parameters
    ----------
    size : SizeEstimate or None
        None when the actions cannot be listed.
    unlisted : str
        Why the actions cannot be listed, "" when they can.
    unrepeatable : str
        How episodes fail to repeat from their seed, "" when they do.
    chance, continuous : str
        Where random draws, and continuous ones, were seen; "" when nowhere.
    attempt : Attempt or None
        None when the tree is too large to try.
    hidden : str
        What is hidden from the next agent to act, or why that is not known; "" when nothing is.
    n_agents : int
    may_be_zero_sum : bool
        Whether no episode was seen whose returns do not cancel.
    """
    if size is None or unrepeatable:
        reason = f"infinitely many actions: {unlisted}"
        if size is not None:
            reason = f"episodes do not repeat from a seed: {unrepeatable}"
        return Outlook(BOUNDS_ONLY, reason)
    if attempt is not None and attempt.finished:
        return Outlook(
            EXACT, f"extracted in {attempt.seconds:.1f} s: {attempt.states:,} distinct states"
        )
    if continuous or (attempt is not None and attempt.refused):
        words = attempt.refused if attempt is not None else ""
        return Outlook(BOUNDS_ONLY, words or f"continuous chance: {continuous}")
    if attempt is not None and (seconds := _whole_tree(size, attempt)) is not None:
        return Outlook(EXACT, _promise(size, attempt, seconds))
    whole = f"about {in_words(size.log10_histories)} histories"
    if chance:
        return Outlook(TOO_LARGE, _too_much_chance(size, whole, chance, attempt))
    obstacles = {
        "more than two agents": n_agents > 2,
        "one agent alone": n_agents < 2,
        "returns do not cancel": not may_be_zero_sum,
        hidden: bool(hidden),
    }
    obstacle = next((what for what, holds in obstacles.items() if holds), "")
    return _late_outlook(size, whole, obstacle)


def _late_outlook(size: SizeEstimate, whole: str, obstacle: str) -> Outlook:
    most = min(_MOST_HISTORIES, _LATE_PATIENCE * size.steps_per_second)
    late = size.late_enough(most)
    if obstacle or late is None:
        few = f"at no depth of random play fewer than {in_words(np.log10(most))} are left"
        return Outlook(TOO_LARGE, f"{whole}; late positions are no way out: {obstacle or few}")
    return Outlook(
        LATE,
        f"{whole} from the start; after {late.steps} random steps about "
        f"{in_words(late.log10_histories)} are left in the mean",
    )


def _promise(size: SizeEstimate, attempt: Attempt, seconds: float) -> str:
    pace = f"{attempt.states / attempt.seconds:,.0f} states/s"
    most = "about" if size.log10_with_chance == size.log10_histories else "at most about"
    return (
        f"not finished in {attempt.seconds:.0f} s; {most} {in_words(_most(size))} "
        f"histories take up to {max(1, math.ceil(seconds / 60))} min at {pace}"
    )


def _too_much_chance(size: SizeEstimate, whole: str, chance: str, attempt: Attempt | None) -> str:
    tried = counted = ""
    if size.log10_with_chance is not None:
        counted = f", {in_words(size.log10_with_chance)} with every draw counted"
    if attempt is not None:
        tried = f"; no end after {attempt.seconds:.0f} s and {attempt.states:,} states"
    return f"{whole} before its chance ({chance}) is counted{counted}{tried}"


def _most(size: SizeEstimate) -> float:
    """Return the logarithm of the histories of an extraction that merges nothing."""
    return math.inf if size.log10_with_chance is None else size.log10_with_chance


def _whole_tree(size: SizeEstimate, attempt: Attempt) -> float | None:
    """Estimate the seconds of a whole extraction; None when it is out of reach."""
    if size.cut or _most(size) > math.log10(_MOST_HISTORIES) or not attempt.states:
        return None
    seconds = 10 ** _most(size) / (attempt.states / attempt.seconds)
    return seconds if seconds <= _PATIENCE else None


def in_words(logarithm: float) -> str:
    """Write a number given by its decimal logarithm.

    Examples
    --------
    >>> in_words(1.114), in_words(5.7403), in_words(29.1)
    ('13', '550,000', '10^29')
    """
    if logarithm >= 9:
        return f"10^{logarithm:.0f}"
    value = 10.0**logarithm
    digits = max(0, int(logarithm) - 1)
    return f"{round(value) if value < 1000 else round(value, -digits):,.0f}"
