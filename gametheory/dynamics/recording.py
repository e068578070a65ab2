"""What every dynamic needs: where it starts, when it is looked at, and the trace of what was seen.

A dynamic is handed to :func:`follow` as two functions: ``advance(steps)`` goes on from its own
state, and ``read()`` says what that state is. It is advanced in pieces of about 50 ms, so that
Ctrl-C is heard, and ends with what has been reached. How long the pieces take changes nothing in
the result.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gametheory.dynamics.unit_payoffs import UnitPayoffs, unit_payoffs
from gametheory.errors import InvalidProfile, UnsupportedGame
from gametheory.games.normal_form import NormalFormGame
from gametheory.games.profiles import MixedProfile
from gametheory.solution import Trace

__all__ = [
    "Record",
    "choice",
    "count",
    "follow",
    "number",
    "profile_regrets",
    "record_steps",
    "starting_strategies",
    "trace_of",
]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_PIECE = 0.05  # seconds
_CELLS_AT_ONCE = 2**22


@dataclass(frozen=True, slots=True)
class Record:
    """What a dynamic has come to at one time.

    Attributes
    ----------
    time : float
        Rounds played or time passed.
    iterate, average : ndarray of float64, shape (M,)
        All players' strategies one after the other, and their averages so far; M is the sum of
        the numbers of actions, or that of one population.
    regrets : ndarray of float64, shape (n,)
        Each player's external regret a round, or a unit of time, in payoff units.
    """

    time: float
    iterate: Floats
    average: Floats
    regrets: Floats


def starting_strategies(game: NormalFormGame, start: MixedProfile | None) -> Floats:
    """Return the profile a dynamic starts from as one flat vector; uniform play if None.

    Raises
    ------
    InvalidProfile
        ``start`` is not a profile of the game.

    Examples
    --------
    >>> game = NormalFormGame.zero_sum([[1, -1], [-1, 1]])
    >>> starting_strategies(game, None)
    array([0.5, 0.5, 0.5, 0.5])
    """
    if start is None:
        return np.concatenate([np.full(size, 1.0 / size) for size in game.n_actions])
    if not isinstance(start, MixedProfile):
        raise InvalidProfile(
            f"a {type(start).__name__} is not a profile",
            where="start",
            valid="a MixedProfile of the game, or None for uniform play",
        )
    start.check_fits(game)
    return np.concatenate([strategy / strategy.sum() for strategy in start.strategies])


def count(name: str, value: Any, least: int = 1) -> int:
    """Return an option that is a whole number of at least ``least``, or say what is wrong."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
        raise UnsupportedGame(f"{name} is {value!r}", where=name, valid=f"an integer >= {least}")
    return int(value)


def number(name: str, value: Any, least: float = 0.0, most: float = math.inf) -> float:
    """Return an option that is a finite number within bounds, or say what is wrong."""
    try:
        result = float(value)
    except (TypeError, ValueError, OverflowError):
        result = math.nan
    if not (math.isfinite(result) and least <= result <= most):
        bounds = f"from {least:g} to {most:g}" if most < math.inf else f"of at least {least:g}"
        raise UnsupportedGame(f"{name} is {value!r}", where=name, valid=f"a finite number {bounds}")
    return result


def choice(name: str, value: Any, valid: Sequence[str]) -> str:
    """Return an option that is one of a few words, or say what is wrong."""
    if value not in valid:
        raise UnsupportedGame(f"{name} is {value!r}", where=name, valid=f"one of {list(valid)}")
    return str(value)


def record_steps(steps: int, record: int, spacing: str = "log") -> Integers:
    """Say after which steps a dynamic is looked at.

    Parameters
    ----------
    steps : int
        The last one, always included.
    record : int
        How many records there are, at most.
    spacing : {"log", "even"}
        From step 1 on by equal factors, as far as whole numbers go, or at equal distances.

    Returns
    -------
    ndarray of int64
        Increasing.

    Raises
    ------
    UnsupportedGame
        A number is no positive integer, or there is no such spacing.

    Examples
    --------
    >>> record_steps(1000, 4).tolist(), record_steps(1000, 4, "even").tolist()
    ([1, 10, 100, 1000], [250, 500, 750, 1000])
    """
    steps, record = count("rounds", steps), count("record", record)
    if choice("spacing", spacing, ("log", "even")) == "even" or record == 1:
        places = np.arange(1, record + 1) * (steps / record)
    else:
        places = np.geomspace(1, steps, record)
    whole = np.unique(np.rint(places).astype(np.int64))
    return np.append(whole[(whole > 0) & (whole < steps)], steps)


def follow(
    stops: Integers, advance: Callable[[int], None], read: Callable[[], Record]
) -> list[Record]:
    """Run a dynamic up to each of some steps and look at it there.

    Parameters
    ----------
    stops : ndarray of int64
        Increasing numbers of steps; 0 is the start.
    advance : callable
        ``advance(steps)`` goes on by so many steps. An interrupt may come between any two
        bytecodes: keep all state in arrays that one compiled call changes, or in one object
        that one assignment replaces.
    read : callable
        ``read()`` describes the state, its time included, also before the first step.

    Returns
    -------
    list of Record
        One for each stop; after Ctrl-C those reached, and the state at that moment.

    Examples
    --------
    >>> total = np.zeros(1)
    >>> def advance(steps): total[0] += steps
    >>> def read(): return Record(float(total[0]), total, total, total)
    >>> records = follow(np.array([1, 5]), advance, read)
    >>> [record.time for record in records]
    [1.0, 5.0]
    """
    records: list[Record] = []
    piece, done = 1, 0
    try:
        for stop in stops.tolist():
            while done < stop:
                steps = min(piece, stop - done)
                begun = time.perf_counter()
                advance(steps)
                seconds = time.perf_counter() - begun
                done += steps
                if seconds > _PIECE:
                    piece = max(piece // 2, 1)
                elif seconds < _PIECE / 2 and steps == piece:
                    piece *= 2
            records.append(read())
    except KeyboardInterrupt:
        last = read()
        if not records or records[-1].time < last.time:
            records.append(last)
    return records


def profile_regrets(
    game: NormalFormGame, strategies: Sequence[Floats], payoffs: UnitPayoffs | None = None
) -> Floats:
    """Return what each player could gain by its best deviation, at many profiles at once.

    Parameters
    ----------
    game : NormalFormGame
    strategies : sequence of ndarray, each of shape (k, m_i)
        One a player: its strategy in each of k profiles.
    payoffs : UnitPayoffs, optional
        Of the game, where they are at hand.

    Returns
    -------
    ndarray of float64, shape (k, n_players)
        In payoff units, never negative; the sum over players is NashConv.

    Examples
    --------
    >>> game = NormalFormGame.zero_sum([[1, -1], [-1, 1]])
    >>> profile_regrets(game, [np.array([[1, 0], [0.5, 0.5]]), np.array([[0.5, 0.5], [1, 0]])])
    array([[0., 1.],
           [1., 0.]])
    """
    scaled = payoffs or unit_payoffs(game)
    k, n = len(strategies[0]), game.n_players
    regrets = np.empty((k, n))
    at_once = max(1, _CELLS_AT_ONCE * max(game.n_actions) // scaled.tensors[0].size)
    for first in range(0, k, at_once):
        rows = slice(first, first + at_once)
        some = [np.asarray(strategy[rows], dtype=np.float64) for strategy in strategies]
        for player in range(n):
            regrets[rows, player] = _regrets_of(scaled.tensors[player], player, some)
    return regrets * scaled.unit


def _regrets_of(tensor: Floats, player: int, strategies: Sequence[Floats]) -> Floats:
    """One player's regrets at each profile, in the tensor's units."""
    own = strategies[player].T
    values = np.moveaxis(tensor, player, 0)
    others = [*strategies[:player], *strategies[player + 1 :]]
    # The last axis becomes the profile: one matrix product, then smaller sums.
    values = values @ others.pop().T if others else values[:, None]
    while others:
        values = (values * others.pop().T).sum(axis=-2)
    values = np.broadcast_to(values, own.shape)
    result: Floats = ((values.max(axis=0) - values) * own).sum(axis=0)
    return result


def trace_of(
    game: NormalFormGame,
    records: Sequence[Record],
    joint_average: NDArray[Any] | None = None,
    payoffs: UnitPayoffs | None = None,
) -> Trace:
    """Build a dynamic's trace from its records.

    Parameters
    ----------
    game : NormalFormGame
    records : sequence of Record
        At least one. Vectors as long as one player's are one population that plays all roles.
    joint_average : array, shape (m_1, ..., m_n), optional
        The average of the joint play, where it is defined.
    payoffs : UnitPayoffs, optional
        Of the game, where they are at hand.

    Returns
    -------
    Trace
        With ``gaps`` and ``iterate_gaps`` computed here; its arrays are read-only.
    """
    scaled = payoffs or unit_payoffs(game)
    iterates = _split(game, np.array([record.iterate for record in records]))
    averages = _split(game, np.array([record.average for record in records]))
    roles = game.n_players if len(iterates) == 1 else 1
    gaps, iterate_gaps = (
        profile_regrets(game, each * roles, scaled).sum(axis=1) for each in (averages, iterates)
    )
    joint = np.empty(0) if joint_average is None else np.array(joint_average, dtype=np.float64)
    trace = Trace(
        times=np.array([record.time for record in records], dtype=np.float64),
        iterates=iterates,
        averages=averages,
        regrets=np.array([record.regrets for record in records]),
        gaps=gaps,
        iterate_gaps=iterate_gaps,
        joint_average=joint,
    )
    for array in (*iterates, *averages, trace.times, trace.regrets, gaps, iterate_gaps, joint):
        array.setflags(write=False)
    return trace


def _split(game: NormalFormGame, flat: Floats) -> tuple[Floats, ...]:
    """Cut rows of all players' strategies into one array a player."""
    if flat.shape[1] == game.n_actions[0]:
        return (flat,)
    places = np.cumsum(game.n_actions)[:-1]
    return tuple(np.ascontiguousarray(part) for part in np.split(flat, places, axis=1))
