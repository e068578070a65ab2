"""Populations that move in continuous time: one driver for all mean dynamics.

A **mean dynamic** says how fast the share of each action grows when actions earn what they earn:
Sandholm (2010), Population Games and Evolutionary Dynamics, chapter 4. One population may play all
roles of a symmetric game, or each player may be a population of its own.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gametheory.dynamics.recording import (
    Record,
    choice,
    count,
    follow,
    number,
    record_steps,
    starting_strategies,
    trace_of,
)
from gametheory.dynamics.unit_payoffs import UnitPayoffs, unit_payoffs
from gametheory.errors import InvalidProfile, UnsupportedGame
from gametheory.games.normal_form import NormalFormGame
from gametheory.games.profiles import MixedProfile
from gametheory.solution import Trace

__all__ = ["GRID", "Populations", "default_horizon", "flow_trace", "populations_of"]

Floats = NDArray[np.float64]
Rule = Literal["replicator", "brown-von-neumann-nash", "smith", "logit"]

GRID = 2**12
"""Equal parts of the horizon, between which records are made."""
_RULES = ("replicator", "brown-von-neumann-nash", "smith", "logit")  # as the kernel numbers them
_STEPS_A_CALL = 20_000
_FINEST = 1e-13


class Populations(NamedTuple):
    """Who plays a game.

    Attributes
    ----------
    game : NormalFormGame
    payoffs : UnitPayoffs
        Of the game.
    start : ndarray of float64, shape (M,)
        Where the populations start, one after the other.
    sizes : tuple of int
        Each population's number of actions.
    """

    game: NormalFormGame
    payoffs: UnitPayoffs
    start: Floats
    sizes: tuple[int, ...]

    @property
    def is_one(self) -> bool:
        """Whether one population plays all roles."""
        return len(self.sizes) < self.game.n_players

    def record(
        self, time: float, iterate: Floats, average: Floats, earned: Floats, realized: Floats
    ) -> Record:
        """Describe a state.

        Parameters
        ----------
        time : float
        iterate, average : ndarray of float64, shape (M,)
            The average up to rounding; it is made to sum to one here.
        earned : ndarray of float64, shape (M,)
            What each action earned on average, in units of ``payoffs``.
        realized : ndarray of float64, shape (P,)
            What each population earned on average.
        """
        best = np.array([part.max() for part in self.each(earned)])
        regrets = np.maximum(best - realized, 0.0) * self.payoffs.unit
        sums = np.repeat([part.sum() for part in self.each(average)], self.sizes)
        for_players = np.repeat(regrets, self.game.n_players) if self.is_one else regrets
        return Record(time, iterate, average / sums, for_players)

    def starting_record(self) -> Record:
        """Describe the start."""
        earned = self.action_payoffs(self.start)
        return self.record(0.0, self.start, self.start, earned, self.inner(self.start, earned))

    def inner(self, one: Floats, other: Floats) -> Floats:
        """Multiply two vectors and add up within each population, shape (P,)."""
        return np.array([part.sum() for part in self.each(one * other)])

    def each(self, flat: Floats) -> list[Floats]:
        """Cut a vector of all populations' entries into one vector a population."""
        return np.split(flat, np.cumsum(self.sizes)[:-1])

    def action_payoffs(self, flat: Floats) -> Floats:
        """Return what actions earn at a state, in units of ``payoffs``, shape (M,)."""
        roles = self.each(flat) * (self.game.n_players if self.is_one else 1)
        found = []
        for population in range(len(self.sizes)):
            values = np.moveaxis(self.payoffs.tensors[population], population, 0)
            for other in reversed(roles[:population] + roles[population + 1 :]):
                values = values @ other
            found.append(values)
        return np.concatenate(found)


def populations_of(
    game: NormalFormGame, populations: str, start: MixedProfile | None
) -> Populations:
    """Read who plays and where they start.

    Parameters
    ----------
    game : NormalFormGame
    populations : {"each", "one"}
        A population for each player, or one that plays all roles of a symmetric game.
    start : MixedProfile or None
        Uniform play if None. One population's is any profile of equal strategies.

    Raises
    ------
    UnsupportedGame
        One population for a game that is not symmetric, or another word.
    InvalidProfile
        Not a profile of the game, or of unequal strategies where there is one population.
    """
    flat = starting_strategies(game, start)
    scaled = unit_payoffs(game)
    if choice("populations", populations, ("each", "one")) == "each":
        return Populations(game, scaled, flat, game.n_actions)
    if not game.is_symmetric():
        raise UnsupportedGame(
            "one population cannot play all roles: the game is not symmetric",
            where=repr(game),
            valid="populations='each', or a symmetric game",
        )
    size = game.n_actions[0]
    rows = flat.reshape(game.n_players, size)
    if (rows != rows[0]).any():
        raise InvalidProfile(
            "the strategies differ, and one population has only one",
            where="start",
            valid="the same strategy for each player",
            hint="or take populations='each'",
        )
    return Populations(game, scaled, rows[0].copy(), (size,))


def default_horizon(payoffs: UnitPayoffs) -> float:
    """Return 100 over the payoff range: how long it takes to gain 100 ranges; 100 if that is 0."""
    width = payoffs.unit * float(payoffs.widths.max())
    return 100.0 / width if width else 100.0


def flow_trace(
    game: NormalFormGame,
    rule: Rule,
    *,
    start: MixedProfile | None,
    horizon: float | None,
    populations: str,
    tolerance: float,
    record: int,
    spacing: str,
    rationality: float | None = None,
) -> Trace:
    """Follow a mean dynamic.

    Parameters
    ----------
    game : NormalFormGame
    rule : str
        Whose velocity the kernel has.
    start, populations
        See :func:`populations_of`.
    horizon : float or None
        The last time; by default 100 over the payoff range, and 100 for the logit dynamic.
    tolerance : float
        Error allowed in a step, of a probability, or of a logarithm of one for the replicator
        dynamic, and of the integrals over time, relative where these exceed 1.
    record, spacing
        See :func:`gametheory.dynamics.recording.record_steps`. Time 0 is recorded besides.
    rationality : float, optional
        Of the logit dynamic, per unit of the game's payoffs.

    Returns
    -------
    Trace
        ``averages`` are over time, ``regrets`` per unit of time.

    Raises
    ------
    UnsupportedGame
        An option is not valid; it says what is.
    """
    who = populations_of(game, populations, start)
    unit = who.payoffs.unit
    is_logit = rationality is not None
    default = 100.0 if is_logit else default_horizon(who.payoffs)
    end = number("horizon", default if horizon is None else horizon)
    engine = _Engine(
        who,
        _RULES.index(rule),
        rationality=(rationality or 0.0) * unit,
        unit=1.0 if is_logit else unit,
        horizon=end,
        tolerance=number("tolerance", tolerance, _FINEST, 1e-2),
    )
    stops = record_steps(GRID, count("record", record), spacing)
    records = follow(np.insert(stops, 0, 0) if end else np.zeros(1, np.int64), *engine.functions)
    return trace_of(game, records, payoffs=who.payoffs)


class _Engine:
    """A flow, where it is, and the arrays that the kernel works on."""

    def __init__(
        self,
        who: Populations,
        rule: int,
        *,
        rationality: float,
        unit: float,
        horizon: float,
        tolerance: float,
    ) -> None:
        from gametheory.kernels.mean_dynamics import REPLICATOR, Flow
        from gametheory.kernels.support_newton import FlatGame

        game = who.game
        offsets = np.concatenate([[0], np.cumsum(game.n_actions)]).astype(np.int64)
        tensors = who.payoffs.tensors.reshape(game.n_players, -1)
        n_populations = len(who.sizes)
        self.who, self.horizon, self.tolerance = who, horizon, tolerance
        self.grid = horizon * unit / GRID  # in the kernel's unit of time
        self.flow = Flow(FlatGame(tensors, offsets), n_populations, rule, rationality)
        self.logarithmic = rule == REPLICATOR
        self.state = np.zeros(3 * len(who.start) + n_populations)
        with np.errstate(divide="ignore"):
            self.state[: len(who.start)] = np.log(who.start) if self.logarithmic else who.start
        self.clock = np.array([0.0, 0.0, min(self.grid, 0.01)])
        self.slopes = np.zeros((8, len(self.state)))
        self.work = np.zeros((4, max(tensors.shape[1], int(offsets[-1]))))
        self.goal = 0

    @property
    def functions(self) -> Any:
        return self.advance, self.read

    def advance(self, steps: int) -> None:
        from gametheory.kernels.mean_dynamics import integrate

        self.goal += steps
        while self.clock[0] < self.goal:
            integrate(
                self.flow,
                self.state,
                self.clock,
                self.goal,
                self.grid,
                self.tolerance,
                _STEPS_A_CALL,
                self.slopes,
                self.work,
            )

    def read(self) -> Record:
        size = len(self.who.start)
        strategies, played, earned = (self.state[k * size : (k + 1) * size] for k in range(3))
        if self.logarithmic:
            iterate = np.concatenate([_softmax(part) for part in self.who.each(strategies)])
        else:
            iterate = strategies.copy()
        passed = self.clock[0] * self.grid + self.clock[1]
        if passed == 0:
            return self.who.starting_record()
        time = self.horizon * (passed / (GRID * self.grid))
        return self.who.record(
            time, iterate, played / passed, earned / passed, self.state[3 * size :] / passed
        )


def _softmax(weights: Floats) -> Floats:
    odds = np.exp(weights - weights.max())
    result: Floats = odds / odds.sum()
    return result
