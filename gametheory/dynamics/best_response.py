"""The best-response dynamic, leg by leg: a few players at a time switch to a best response.

dx/dt = b - x with b a best response to x: Gilboa and Matsui (1991), "Social stability and
equilibrium", Econometrica 59; Matsui (1992), "Best response dynamics and socially stable
strategies", Journal of Economic Theory 57. While b stays a best response the solution is
x(t + s) = b + exp(-s) * (x(t) - b), and when another action becomes as good follows from a linear
equation, so nothing is approximated but by rounding.

Where several actions tie, b has to stay a best response on the way: it is an equilibrium of the
game between the tied actions. There may be several, and then several solutions. A state that is
an equilibrium is left alone, and otherwise the equilibrium with the smallest support, the first
in lexicographic order, is taken.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gametheory.dynamics.flows import GRID, Populations, populations_of
from gametheory.dynamics.recording import Record, count, follow, number, record_steps, trace_of
from gametheory.dynamics.registry import register
from gametheory.games.normal_form import NormalFormGame
from gametheory.games.profiles import MixedProfile
from gametheory.solution import Trace

__all__ = ["best_response_dynamic"]

Floats = NDArray[np.float64]
Actions = tuple[int, ...]

_TIE = 1e-12  # of payoffs of unit range
_UNUSED = 1e-12  # of a probability
_INSTANT = 1e-14  # of time
_MOST_INSTANTS = 100  # one after the other: switches that pile up have come to a rest


def _refusal(game: NormalFormGame) -> str:
    if game.n_players == 2:
        return ""
    return f"it has {game.n_players} players; the legs are straight, and exact, between two"


@register(
    "best-response",
    applies=_refusal,
    guarantee="rest points are exactly the Nash equilibria; in two-player zero-sum games the "
    "duality gap is exp(-t) times the one at the start; potentials increase",
    source="Gilboa and Matsui (1991), Econometrica 59; Hofbauer and Sorin (2006), Discrete and "
    "Continuous Dynamical Systems B 6",
)
def best_response_dynamic(
    game: NormalFormGame,
    *,
    start: MixedProfile | None = None,
    horizon: float = 8.0,
    populations: str = "each",
    record: int = 200,
    spacing: str = "even",
) -> Trace:
    """Follow the best-response dynamic.

    Parameters
    ----------
    game : NormalFormGame
        Two players.
    start : MixedProfile, optional
        Uniform play if left out.
    horizon : float
        The last time; in one unit of time 1 - 1/e of a population switches. Where play cycles
        ever faster towards an equilibrium, the number of legs grows with exp(horizon).
    populations : {"each", "one"}
        A population for each player, or one that plays both roles of a symmetric game.
    record, spacing
        How many records there are after the start, and how they are spaced.

    Returns
    -------
    Trace
        ``averages`` are over time, ``regrets`` per unit of time.

    Raises
    ------
    UnsupportedGame, InvalidProfile
        An option, or the start, is not valid for this game.

    Notes
    -----
    Actions tie within 1e-12 of the payoff range. An iterate at time t is the average play of
    continuous fictitious play at time exp(t).

    Examples
    --------
    >>> pennies = NormalFormGame.zero_sum([[1, -1], [-1, 1]])
    >>> trace = best_response_dynamic(pennies, start=MixedProfile([[1, 0], [1, 0]]), horizon=4)
    >>> trace.iterate_gaps[-1] / trace.iterate_gaps[0], np.exp(-4)  # doctest: +ELLIPSIS
    (np.float64(0.0183...), np.float64(0.0183...))
    """
    who = populations_of(game, populations, start)
    end = number("horizon", horizon)
    walk = _Walk(who, end)
    stops = record_steps(GRID, count("record", record), spacing)
    records = follow(np.insert(stops, 0, 0) if end else np.zeros(1, int), walk.advance, walk.read)
    return trace_of(game, records, payoffs=who.payoffs)


class _Leg(NamedTuple):
    """A straight piece of the way.

    Attributes
    ----------
    time, duration : float
        When it begins, and how long the target stays a best response.
    start, target : ndarray of float64, shape (M,)
    played : ndarray of float64, shape (M,)
        The integral of the state over time until it begins.
    realized : ndarray of float64, shape (P,)
        The integral of the average payoffs.
    instants : int
        How many legs of no length have just been passed.
    """

    time: float
    duration: float
    start: Floats
    target: Floats
    played: Floats
    realized: Floats
    instants: int


class _Walk:
    """Where the populations are: a leg, and how far on the grid."""

    def __init__(self, who: Populations, horizon: float) -> None:
        self.who, self.horizon, self.done = who, horizon, 0
        nothing = np.zeros(len(who.start)), np.zeros(len(who.sizes))
        self.leg = self._leg_from(0.0, who.start, *nothing, 0)

    def advance(self, steps: int) -> None:
        goal = self.done + steps
        time = self.horizon * goal / GRID
        while self.leg.time + self.leg.duration < time:
            self.leg = self._after(self.leg)
        self.done = goal

    def read(self) -> Record:
        time = self.horizon * self.done / GRID
        if time == 0:
            return self.who.starting_record()
        state, played, realized = self._at(self.leg, max(time - self.leg.time, 0.0))
        earned = self.who.action_payoffs(played)  # linear between two players
        return self.who.record(time, state, played / time, earned / time, realized / time)

    def _at(self, leg: _Leg, passed: float) -> tuple[Floats, Floats, Floats]:
        """State and integrals some time after a leg begins."""
        left, gone = math.exp(-passed), -math.expm1(-passed)
        way = leg.start - leg.target
        played = leg.played + leg.target * passed + way * gone
        there, along = self.who.action_payoffs(leg.target), self.who.action_payoffs(way)
        realized = (
            leg.realized
            + self.who.inner(leg.target, there) * passed
            + (self.who.inner(leg.target, along) + self.who.inner(way, there)) * gone
            + self.who.inner(way, along) * (-math.expm1(-2 * passed) / 2)
        )
        return leg.target + way * left, played, realized

    def _after(self, leg: _Leg) -> _Leg:
        instants = leg.instants + 1 if leg.duration <= _INSTANT else 0
        return self._leg_from(leg.time + leg.duration, *self._at(leg, leg.duration), instants)

    def _leg_from(
        self, time: float, state: Floats, played: Floats, realized: Floats, instants: int
    ) -> _Leg:
        payoffs = self.who.action_payoffs(state)
        highest = np.repeat([part.max() for part in self.who.each(payoffs)], self.who.sizes)
        behind = highest - payoffs
        tied = behind <= _TIE
        if instants >= _MOST_INSTANTS or not (state[~tied] > _UNUSED).any():
            return _Leg(time, math.inf, state, state, played, realized, instants)
        target = _target(self.who, tied)
        duration = _until_another_is_best(self.who, target, behind, tied)
        return _Leg(time, duration, state, target, played, realized, instants)


def _until_another_is_best(
    who: Populations, target: Floats, behind: Floats, tied: NDArray[np.bool_]
) -> float:
    """Time until an action that is behind now has caught up with the target."""
    payoffs = who.action_payoffs(target)
    there = np.repeat(who.inner(target, payoffs), who.sizes) - payoffs
    catching = ~tied & (there < 0)
    if not catching.any():
        return math.inf
    left = -there[catching] / (behind[catching] - there[catching])
    return -math.log(float(left.max()))


def _target(who: Populations, tied: NDArray[np.bool_]) -> Floats:
    """Find an equilibrium of the game between the tied actions."""
    offsets = np.cumsum([0, *who.sizes[:-1]])
    sets = [tuple(np.flatnonzero(part).tolist()) for part in who.each(tied.astype(np.float64))]
    one, other = sets[0], sets[-1]
    A = who.payoffs.tensors[0][np.ix_(one, other)]
    B = A.T if who.is_one else who.payoffs.tensors[1][np.ix_(one, other)]
    target = np.zeros(len(tied))
    for k, (strategy, actions) in enumerate(
        zip(_first_equilibrium(A, B, symmetric=who.is_one), sets, strict=False)
    ):
        target[[offsets[k] + action for action in actions]] = strategy
    return target


def _first_equilibrium(A: Floats, B: Floats, *, symmetric: bool) -> tuple[Floats, Floats]:
    """Find the first equilibrium by size of support; every game has one with square supports."""
    for rows, columns in _supports(*A.shape, symmetric=symmetric):
        y = _indifferent(A[np.ix_(rows, columns)], columns, A.shape[1])
        x = y if symmetric else _indifferent(B[np.ix_(rows, columns)].T, rows, A.shape[0])
        if x is None or y is None:
            continue
        row_pays, column_pays = A @ y, x @ B
        if (
            row_pays.max() - row_pays @ x <= _TIE * 10
            and column_pays.max() - column_pays @ y <= _TIE * 10
        ):
            return x, y
    return np.eye(A.shape[0])[0], np.eye(A.shape[1])[0]  # rounding alone leads here


def _supports(m: int, n: int, *, symmetric: bool) -> Iterator[tuple[Actions, Actions]]:
    for size in range(1, min(m, n) + 1):
        for rows in combinations(range(m), size):
            for columns in [rows] if symmetric else combinations(range(n), size):
                yield rows, columns


def _indifferent(payoffs: Floats, actions: Actions, n: int) -> Floats | None:
    """Find the strategy on some actions against which all rows earn the same, if there is one."""
    size = len(actions)
    system = np.zeros((size + 1, size + 1))
    system[:size, :size], system[:size, size], system[size, :size] = payoffs, -1.0, 1.0
    right = np.append(np.zeros(size), 1.0)
    try:
        weights = np.linalg.solve(system, right)[:size]
    except np.linalg.LinAlgError:
        return None
    if not (weights >= -_UNUSED).all():
        return None
    strategy = np.zeros(n)
    strategy[list(actions)] = np.maximum(weights, 0.0)
    result: Floats = strategy / strategy.sum()
    return result
