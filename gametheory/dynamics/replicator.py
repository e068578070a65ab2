"""The replicator dynamic: what earns more than the average spreads.

dx_i/dt = x_i * (F_i - sum_j x_j * F_j), where F_i is what action i earns: Taylor and Jonker (1978),
"Evolutionary stable strategies and game dynamics", Mathematical Biosciences 40. In generations,
x_i becomes x_i * fitness_i / (average fitness), the fitness being payoffs made positive: Hofbauer
and Sigmund (1998), Evolutionary Games and Population Dynamics.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gametheory.dynamics.flows import Populations, flow_trace, populations_of
from gametheory.dynamics.recording import (
    Record,
    count,
    follow,
    number,
    record_steps,
    trace_of,
)
from gametheory.dynamics.registry import register
from gametheory.errors import UnsupportedGame
from gametheory.games.normal_form import NormalFormGame
from gametheory.games.profiles import MixedProfile
from gametheory.solution import Trace

__all__ = ["discrete_replicator", "replicator"]

Floats = NDArray[np.float64]


@register(
    "replicator",
    guarantee="strictly dominated actions die out; limits from inside are Nash equilibria; "
    "evolutionarily stable strategies are asymptotically stable with one population; potentials "
    "increase; in two-player zero-sum games the time averages from inside converge to the minimax "
    "strategies",
    source="Taylor and Jonker (1978), Mathematical Biosciences 40; Hofbauer and Sigmund (1998), "
    "Evolutionary Games and Population Dynamics",
)
def replicator(
    game: NormalFormGame,
    *,
    start: MixedProfile | None = None,
    horizon: float | None = None,
    populations: str = "each",
    tolerance: float = 1e-9,
    record: int = 200,
    spacing: str = "even",
) -> Trace:
    """Follow the replicator dynamic in continuous time.

    Parameters
    ----------
    game : NormalFormGame
        Any number of players.
    start : MixedProfile, optional
        Uniform play if left out.
    horizon : float, optional
        The last time; 100 over the payoff range if left out.
    populations : {"each", "one"}
        A population for each player, or one that plays all roles of a symmetric game.
    tolerance : float
        Error allowed in a step of the logarithm of a probability.
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
    The dynamic is integrated in the logarithms of the probabilities, in which it only adds up
    payoffs (Hofbauer, Sorin and Viossat 2009, "Time average replicator and best-reply dynamics",
    Mathematics of Operations Research 34): what starts positive stays positive.

    Examples
    --------
    >>> hawk_dove = NormalFormGame.symmetric([[-1, 4], [0, 2]])
    >>> replicator(hawk_dove, populations="one").iterates[0][-1].round(3)
    array([0.667, 0.333])
    """
    return flow_trace(
        game,
        "replicator",
        start=start,
        horizon=horizon,
        populations=populations,
        tolerance=tolerance,
        record=record,
        spacing=spacing,
    )


@register(
    "discrete-replicator",
    guarantee="strictly dominated actions die out; in symmetric two-player games of common "
    "interest the average payoff increases; no convergence in zero-sum games: interior states "
    "move outwards",
    source="Hofbauer and Sigmund (1998), Evolutionary Games and Population Dynamics; Losert and "
    "Akin (1983), Journal of Mathematical Biology 17",
)
def discrete_replicator(
    game: NormalFormGame,
    *,
    start: MixedProfile | None = None,
    generations: int = 1000,
    background: float | None = None,
    populations: str = "each",
    record: int = 200,
    spacing: str = "even",
) -> Trace:
    """Follow the replicator dynamic in generations.

    Parameters
    ----------
    game : NormalFormGame
        Any number of players.
    start : MixedProfile, optional
        Uniform play if left out.
    generations : int
        How many.
    background : float, optional
        The fitness of an action that earns its player's lowest payoff, positive; what is earned
        above that is added. The payoff range if left out.
    populations : {"each", "one"}
        A population for each player, or one that plays all roles of a symmetric game.
    record, spacing
        How many records there are after the start, and how they are spaced.

    Returns
    -------
    Trace
        ``averages`` and ``regrets`` are per generation.

    Raises
    ------
    UnsupportedGame, InvalidProfile
        An option, or the start, is not valid for this game.

    Examples
    --------
    >>> hawk_dove = NormalFormGame.symmetric([[-1, 4], [0, 2]])
    >>> discrete_replicator(hawk_dove, populations="one").iterates[0][-1].round(3)
    array([0.667, 0.333])
    """
    who = populations_of(game, populations, start)
    base = float(who.payoffs.widths.max()) or 1.0
    if background is not None:
        base = number("background", background) / who.payoffs.unit
        if base == 0:
            raise UnsupportedGame("background is 0", where="background", valid="a positive number")
    walk = _Generations(who, base)
    stops = record_steps(count("generations", generations), record, spacing)
    return trace_of(game, follow(np.insert(stops, 0, 0), walk.advance, walk.read))


class _State(NamedTuple):
    """After some generations: the next one's strategies, and sums over those before."""

    generation: int
    strategies: Floats
    played: Floats
    earned: Floats
    realized: Floats


class _Generations:
    """Populations from generation to generation."""

    def __init__(self, who: Populations, background: float) -> None:
        zeros = np.zeros(len(who.start))
        self.who, self.background = who, background
        self.state = _State(0, who.start, zeros, zeros, np.zeros(len(who.sizes)))

    def advance(self, steps: int) -> None:
        for _ in range(steps):
            self.state = self._next(self.state)

    def _next(self, state: _State) -> _State:
        x = state.strategies
        payoffs = self.who.action_payoffs(x)
        grown = x * (self.background + payoffs)
        sums = np.repeat([part.sum() for part in self.who.each(grown)], self.who.sizes)
        return _State(
            state.generation + 1,
            grown / sums,
            state.played + x,
            state.earned + payoffs,
            state.realized + self.who.inner(x, payoffs),
        )

    def read(self) -> Record:
        done = self.state.generation
        if done == 0:
            return self.who.starting_record()
        sums = self.state.played, self.state.earned, self.state.realized
        played, earned, realized = (total / done for total in sums)
        return self.who.record(float(done), self.state.strategies, played, earned, realized)
