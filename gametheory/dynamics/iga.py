"""IGA and WoLF-IGA: infinitesimal gradient ascent in games of two players with two actions each.

With x and y the probabilities of the first actions, x moves as fast as the row player gains by its
first action over its second, times a rate, and stays where it would leave [0, 1]; y likewise:
Singh, Kearns and Mansour (2000), "Nash convergence of gradient dynamics in general-sum games",
UAI. In WoLF-IGA ("win or learn fast") a player's rate is smaller while it wins, which is while its
strategy earns more than an equilibrium strategy of its own would against the opponent: Bowling and
Veloso (2002), "Multiagent learning using a variable learning rate", Artificial Intelligence 136.

Between the lines on which somebody's gain or rate changes its sign both coordinates are monotone
and the motion is linear, so that it and its integrals have closed forms. With p the product of
both slopes and S(t) = sinh(sqrt(p) t) / sqrt(p), a coordinate is
x + x' S(t) + x'' * 2 S(t/2)^2, and with T = S(t/2) / cosh(sqrt(p) t/2) the time at which it comes
to a line solves a quadratic equation in T, whatever the sign of p. Nothing is approximated but by
rounding.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gametheory.dynamics.flows import GRID, Populations, default_horizon, populations_of
from gametheory.dynamics.recording import Record, count, follow, number, record_steps, trace_of
from gametheory.dynamics.registry import register
from gametheory.errors import InvalidProfile, UnsupportedGame
from gametheory.games.normal_form import NormalFormGame
from gametheory.games.profiles import MixedProfile
from gametheory.solution import Trace

__all__ = ["iga", "wolf_iga"]

Floats = NDArray[np.float64]

_SHARPEST = 30.0  # of sqrt(p) * t in one leg: further on rounding errors have grown too large
_SLOWEST = 1e-3
_FLAT = 1e-2  # of p * t^2, where a series is better than a difference
_REGRET = 1e-9  # of payoffs of unit range, of an equilibrium that was given


def _refusal(game: NormalFormGame) -> str:
    if game.n_actions == (2, 2):
        return ""
    return f"it is of shape {game.n_actions}; the way is known in closed form for 2x2 games"


@register(
    "iga",
    applies=_refusal,
    guarantee="strategies converge to a Nash equilibrium, or average payoffs converge to the "
    "payoffs of one",
    source="Singh, Kearns and Mansour (2000), UAI, Theorem 1",
)
def iga(
    game: NormalFormGame,
    *,
    start: MixedProfile | None = None,
    horizon: float | None = None,
    record: int = 200,
    spacing: str = "even",
) -> Trace:
    """Follow infinitesimal gradient ascent.

    Parameters
    ----------
    game : NormalFormGame
        Two players with two actions each.
    start : MixedProfile, optional
        Uniform play if left out.
    horizon : float, optional
        The last time; 100 over the payoff range if left out.
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
    Around a mixed equilibrium at which both players' gains turn into each other's losses play
    goes round on an ellipse. Cost: a few operations for each quarter of a round.

    Examples
    --------
    >>> pennies = NormalFormGame.zero_sum([[1, -1], [-1, 1]])
    >>> start = MixedProfile([[0.75, 0.25], [0.5, 0.5]])
    >>> trace = iga(pennies, start=start, horizon=np.pi / 2, record=2)
    >>> trace.iterates[0][:, 0].round(6).tolist(), trace.averages[0][-1].round(6).tolist()
    ([0.75, 0.25, 0.75], [0.5, 0.5])
    """
    return _follow(game, start, (1.0, 1.0), None, horizon=horizon, record=record, spacing=spacing)


@register(
    "wolf-iga",
    applies=_refusal,
    guarantee="strategies converge to a Nash equilibrium if slow is less than 1",
    source="Bowling and Veloso (2002), Artificial Intelligence 136",
)
def wolf_iga(
    game: NormalFormGame,
    *,
    start: MixedProfile | None = None,
    horizon: float | None = None,
    slow: float = 0.25,
    equilibrium: MixedProfile | None = None,
    record: int = 200,
    spacing: str = "even",
) -> Trace:
    """Follow infinitesimal gradient ascent with a smaller rate while winning.

    Parameters
    ----------
    game : NormalFormGame
        Two players with two actions each.
    start : MixedProfile, optional
        Uniform play if left out.
    horizon : float, optional
        The last time; 100 over the payoff range if left out.
    slow : float
        The rate while winning, from 0.001 to 1; while losing it is 1.
    equilibrium : MixedProfile, optional
        The Nash equilibrium whose payoff tells winning from losing. If left out the first pure
        one, or the mixed one where there is no pure one.
    record, spacing
        How many records there are after the start, and how they are spaced.

    Returns
    -------
    Trace
        ``averages`` are over time, ``regrets`` per unit of time.

    Raises
    ------
    UnsupportedGame, InvalidProfile
        An option, the start or the equilibrium is not valid for this game.

    Notes
    -----
    Where IGA would follow an ellipse around a mixed equilibrium, each half round makes the
    distance from it ``slow`` times as large.

    Examples
    --------
    >>> pennies = NormalFormGame.zero_sum([[1, -1], [-1, 1]])
    >>> trace = wolf_iga(pennies, start=MixedProfile([[0.75, 0.25], [0.5, 0.5]]))
    >>> bool(trace.iterate_gaps[-1] < 1e-9)
    True
    """
    rate = number("slow", slow, _SLOWEST, 1.0)
    return _follow(
        game, start, (rate, 1.0), equilibrium, horizon=horizon, record=record, spacing=spacing
    )


def _follow(
    game: NormalFormGame,
    start: MixedProfile | None,
    rates: tuple[float, float],
    equilibrium: MixedProfile | None,
    *,
    horizon: float | None,
    record: int,
    spacing: str,
) -> Trace:
    who = populations_of(game, "each", start)
    end = number("horizon", default_horizon(who.payoffs) if horizon is None else horizon)
    if not math.isfinite(end * who.payoffs.unit):
        raise UnsupportedGame(
            f"horizon is {end:g}, for payoffs that differ by about {who.payoffs.unit:g}",
            where="horizon",
            valid="a number whose product with the payoff range is finite",
        )
    plane = _plane(who, rates, equilibrium)
    walk = _Walk(who, plane, end)
    stops = record_steps(GRID, count("record", record), spacing)
    stops = np.insert(stops, 0, 0) if end else np.zeros(1, int)
    return trace_of(game, follow(stops, walk.advance, walk.read), payoffs=who.payoffs)


class _Gain(NamedTuple):
    """What a player gains by its first action, linear in the opponent's first probability.

    Attributes
    ----------
    slope, base : float
        The gain is slope * probability + base.
    zero : float
        Where it is zero, if that is a probability; NaN otherwise.
    """

    slope: float
    base: float
    zero: float

    def at(self, probability: float) -> float:
        if math.isnan(self.zero):
            return self.slope * probability + self.base
        return self.slope * (probability - self.zero)


class _Plane(NamedTuple):
    """The square of strategies.

    Attributes
    ----------
    gains : pair of _Gain
        Of the row and of the column player.
    winning : pair of float
        The equilibrium's probabilities, by which winning is told.
    rates : pair of float
        While winning and while losing.
    lines : pair of tuple of float
        For each coordinate where motions change, increasing, from 0 to 1.
    """

    gains: tuple[_Gain, _Gain]
    winning: tuple[float, float]
    rates: tuple[float, float]
    lines: tuple[tuple[float, ...], tuple[float, ...]]


def _plane(
    who: Populations, rates: tuple[float, float], equilibrium: MixedProfile | None
) -> _Plane:
    A, B = who.payoffs.tensors
    gains = _gain(A), _gain(B.T)
    center = gains[1].zero, gains[0].zero
    if equilibrium is None:
        winning = _first_equilibrium(A, B, center)
    else:
        winning = _given_equilibrium(who, equilibrium)
    lines = []
    for k in (0, 1):
        inside = {value for value in (center[k], winning[k]) if not math.isnan(value)}
        lines.append(tuple(sorted(inside | {0.0, 1.0})))
    return _Plane(gains, winning, rates, (lines[0], lines[1]))


def _gain(payoffs: Floats) -> _Gain:
    (first, second), (third, fourth) = payoffs.tolist()
    slope, base = (first - third) - (second - fourth), second - fourth
    inside = _sign(slope) * _sign(base) <= 0 and abs(slope) >= abs(base) and slope != 0
    return _Gain(slope, base, abs(base / slope) if inside else math.nan)


def _first_equilibrium(A: Floats, B: Floats, center: tuple[float, float]) -> tuple[float, float]:
    for i, j in np.ndindex(2, 2):
        if A[i, j] >= A[1 - i, j] and B[i, j] >= B[i, 1 - j]:
            return 1.0 - i, 1.0 - j
    return center


def _given_equilibrium(who: Populations, profile: MixedProfile) -> tuple[float, float]:
    given = populations_of(who.game, "each", profile).start
    payoffs = who.action_payoffs(given)
    highest = np.repeat([part.max() for part in who.each(payoffs)], who.sizes)
    regret = float(who.inner(given, highest - payoffs).max())
    if regret > _REGRET:
        raise InvalidProfile(
            f"somebody could gain {regret * who.payoffs.unit:g}",
            where="equilibrium",
            valid="a Nash equilibrium of the game",
        )
    return float(given[0]), float(given[2])


class _Leg(NamedTuple):
    """A piece of the way on which both coordinates are monotone.

    Attributes
    ----------
    time, duration : float
    place : pair of float
        Where it begins.
    speed, turn : pair of float
        First and second derivatives there.
    product : float
        The third derivatives are this times the first.
    rates : pair of float
        0 for a coordinate that stays.
    target : pair of float
        What the coordinate comes to at the end, exactly; NaN if that is not a line.
    played, realized : ndarray of float64, shapes (4,) and (2,)
        Integrals of the strategies and of what players earn, until it begins.
    """

    time: float
    duration: float
    place: tuple[float, float]
    speed: tuple[float, float]
    turn: tuple[float, float]
    product: float
    rates: tuple[float, float]
    target: tuple[float, float]
    played: Floats
    realized: Floats


class _Walk:
    """Where the players are: a leg, and how far on the grid. Time is in units of the payoffs."""

    def __init__(self, who: Populations, plane: _Plane, horizon: float) -> None:
        self.who, self.plane, self.horizon, self.done = who, plane, horizon, 0
        self.unit = who.payoffs.unit
        place = float(who.start[0]), float(who.start[2])
        self.leg = _leg_from(plane, 0.0, place, np.zeros(4), np.zeros(2))

    def advance(self, steps: int) -> None:
        goal = self.done + steps
        time = self.horizon * self.unit * goal / GRID
        while self.leg.time + self.leg.duration < time:
            leg = self.leg
            place, played, realized = self._at(leg, leg.duration)
            snapped = (
                place[0] if math.isnan(leg.target[0]) else leg.target[0],
                place[1] if math.isnan(leg.target[1]) else leg.target[1],
            )
            self.leg = _leg_from(self.plane, leg.time + leg.duration, snapped, played, realized)
        self.done = goal

    def read(self) -> Record:
        # An interrupt may have come between the last leg and the clock.
        time = max(self.horizon * self.unit * self.done / GRID, self.leg.time)
        if time == 0:
            return self.who.starting_record()
        (x, y), played, realized = self._at(self.leg, time - self.leg.time)
        earned = self.who.action_payoffs(played)  # linear between two players
        return self.who.record(
            time / self.unit,
            np.array([x, 1 - x, y, 1 - y]),
            played / time,
            earned / time,
            realized / time,
        )

    def _at(self, leg: _Leg, passed: float) -> tuple[tuple[float, float], Floats, Floats]:
        """Place and integrals some time after a leg begins."""
        first, second, third = _series(leg.product, passed)
        ends, integrals = [], []
        for at, speed, turn in zip(leg.place, leg.speed, leg.turn, strict=True):
            ends.append(min(max(at + speed * first + turn * second, 0.0), 1.0))
            integrals.append(min(max(at * passed + speed * second + turn * third, 0.0), passed))
        x, y = integrals
        played = leg.played + np.array([x, passed - x, y, passed - y])
        # What the second action earns, and the gain of the first one where that is played: while
        # its probability moves, the gain is that motion over the rate.
        realized = leg.realized + self._of_second_actions(x, y, passed)
        for k, (gain, other) in enumerate(zip(self.plane.gains, (y, x), strict=True)):
            if leg.rates[k]:
                realized[k] += (ends[k] ** 2 - leg.place[k] ** 2) / 2 / leg.rates[k]
            else:
                realized[k] += leg.place[k] * (gain.slope * other + gain.base * passed)
        return (ends[0], ends[1]), played, realized

    def _of_second_actions(self, x: float, y: float, passed: float) -> Floats:
        A, B = self.who.payoffs.tensors
        rows, columns = A[1] @ [y, passed - y], [x, passed - x] @ B[:, 1]
        return np.array([rows, columns])


def _series(product: float, t: float) -> tuple[float, float, float]:
    """Return S(t) and its first two integrals."""
    first, half = _sine(product, t), _sine(product, t / 2)
    second, square = 2 * half * half, product * t * t
    if abs(square) < _FLAT:
        terms = 1 / 6 + square * (1 / 120 + square * (1 / 5040 + square / 362880))
        return first, second, t**3 * terms
    return first, second, (first - t) / product


def _sine(product: float, t: float) -> float:
    """Return sinh(sqrt(p) t) / sqrt(p), which is a sine for negative p."""
    root = math.sqrt(abs(product))
    if root * t < 1e-8:
        return t
    return (math.sinh(root * t) if product > 0 else math.sin(root * t)) / root


def _leg_from(
    plane: _Plane, time: float, place: tuple[float, float], played: Floats, realized: Floats
) -> _Leg:
    gains = plane.gains[0].at(place[1]), plane.gains[1].at(place[0])
    ways = _ways(plane, place, gains)
    rates = [0.0, 0.0]
    for k in (0, 1):
        if ways[k]:
            own = place[k] - plane.winning[k] or float(ways[k])
            # The gain's sign is that of the way, unless the way is barred: then rates do not count.
            rates[k] = plane.rates[0] if own * ways[k] > 0 else plane.rates[1]
    speed = rates[0] * gains[0], rates[1] * gains[1]
    slopes = rates[0] * plane.gains[0].slope, rates[1] * plane.gains[1].slope
    turn = slopes[0] * speed[1], slopes[1] * speed[0]
    product = slopes[0] * slopes[1]
    duration, target = math.inf, (math.nan, math.nan)
    for k in (0, 1):
        if ways[k]:
            line = _next(plane.lines[k], place[k], ways[k])
            after = _time_to(line - place[k], speed[k], turn[k], product)
            if after < duration:
                duration, target = after, (line, math.nan) if k == 0 else (math.nan, line)
            elif after == duration < math.inf:
                target = target[0], line
    longest = (
        (_SHARPEST if product > 0 else math.pi) / math.sqrt(abs(product)) if product else duration
    )
    if duration > longest:
        duration, target = longest, (math.nan, math.nan)
    return _Leg(
        time, duration, place, speed, turn, product, (rates[0], rates[1]), target, played, realized
    )


def _ways(plane: _Plane, place: tuple[float, float], gains: tuple[float, float]) -> tuple[int, int]:
    """Say in which direction each coordinate moves from now on: -1, 0 or 1.

    Where a gain is zero its sign is about to become that of its change, and where a coordinate is
    at an end of [0, 1] it may not go further.
    """
    ways = [_allowed(place[k], _sign(gains[k])) for k in (0, 1)]
    for k in (0, 1):
        if gains[k] == 0:
            change = _sign(plane.gains[k].slope) * ways[1 - k]
            ways[k] = _allowed(place[k], change)
    return ways[0], ways[1]


def _sign(value: float) -> int:
    return (value > 0) - (value < 0)


def _allowed(place: float, way: int) -> int:
    return 0 if (place == 0 and way < 0) or (place == 1 and way > 0) else way


def _next(lines: tuple[float, ...], place: float, way: int) -> float:
    """Find the next line that way; there is one, as [0, 1] is not left."""
    if way > 0:
        return min(line for line in lines if line > place)
    return max(line for line in lines if line < place)


def _time_to(distance: float, speed: float, turn: float, product: float) -> float:
    """Solve speed * S(t) + turn * 2 S(t/2)^2 = distance for the first positive time.

    With T as in the module's text, S(t) = 2 T / (1 - p T^2) and 2 S(t/2)^2 = 2 T^2 / (1 - p T^2).
    """
    sign = math.copysign(1.0, distance)
    c, b, a = -abs(distance), 2 * speed * sign, 2 * turn * sign + product * abs(distance)
    found = _first_positive_root(a, b, c)
    root = math.sqrt(abs(product))
    if math.isinf(found) or root * found < 1e-8:
        return 2 * found
    if product > 0:
        return 2 * math.atanh(root * found) / root if root * found < 1 else math.inf
    return 2 * math.atan(root * found) / root


def _first_positive_root(a: float, b: float, c: float) -> float:
    """Solve a T^2 + b T + c = 0, b not negative, c negative; infinity if there is no solution."""
    inside = b * b - 4 * a * c
    if inside < 0:
        return math.inf
    below = b + math.sqrt(inside)  # without cancellation
    return -2 * c / below if below > 0 else math.inf
