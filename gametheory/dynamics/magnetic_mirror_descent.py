"""Magnetic mirror descent: multiplicative steps, drawn back to a magnet.

Each player's logarithms of probabilities become
(logs + s * temperature * log(magnet) + s * payoffs) / (1 + s * temperature), s being the step:
Sokota, D'Orazio, Kolter, Loizou, Lanctot, Mitliagkas, Brown and Kroer (2023), "A unified approach
to reinforcement learning, quantal response equilibria, and two-player zero-sum games", ICLR
(arXiv 2206.05825). At rest each player plays magnet * exp(payoffs / temperature), normalized: with
a uniform magnet the logit equilibrium of rationality 1 / temperature.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gametheory.dynamics.gradient_rounds import Schedule, gradient_trace, positive
from gametheory.dynamics.recording import number, starting_strategies
from gametheory.dynamics.registry import register
from gametheory.dynamics.rounds import STEEPEST, Rounds
from gametheory.errors import InvalidProfile
from gametheory.games.normal_form import NormalFormGame
from gametheory.games.profiles import MixedProfile
from gametheory.solution import Trace

__all__ = ["magnetic_mirror_descent"]

Floats = NDArray[np.float64]

_TEMPERATURE = 0.1  # of the payoff range


@register(
    "magnetic-mirror-descent",
    guarantee="in two-player zero-sum games, at a fixed temperature and with the default step, the "
    "divergence of the strategies from the regularized equilibrium (with a uniform magnet the "
    "logit equilibrium) falls at least by the factor 1 / (1 + step * temperature) each round; "
    "with falling temperature convergence to Nash equilibria is observed only",
    source="Sokota et al. (2023), ICLR, arXiv 2206.05825, Theorem 3.4",
)
def magnetic_mirror_descent(
    game: NormalFormGame,
    *,
    start: MixedProfile | None = None,
    rounds: int = 10_000,
    temperature: float | None = None,
    annealing: float = 0.0,
    step: float | None = None,
    magnet: MixedProfile | None = None,
    record: int = 200,
    spacing: str = "log",
) -> Trace:
    """Follow magnetic mirror descent.

    Parameters
    ----------
    game : NormalFormGame
        Any number of players.
    start : MixedProfile, optional
        All probabilities positive; uniform play if left out.
    rounds : int
        How many.
    temperature : float, optional
        How strongly strategies are drawn to the magnet, in payoff units; a tenth of the payoff
        range if left out.
    annealing : float
        From 0 to 1: in round t the temperature is temperature / t**annealing.
    step : float, optional
        Step size, per unit of payoff. If left out it is the largest for which convergence is
        proven, temperature / L^2 in each round, with L half the payoff range.
    magnet : MixedProfile, optional
        All probabilities positive; uniform play if left out.
    record, spacing
        How many records there are, and how they are spaced.

    Returns
    -------
    Trace
        ``averages`` and ``regrets`` are per round; regrets are of the game itself.

    Raises
    ------
    UnsupportedGame, InvalidProfile
        An option, the start or the magnet is not valid for this game.

    Notes
    -----
    L bounds how much faster the payoffs change, as the largest difference from their middle, than
    the strategies, in the sum of absolute changes; the divergence, summed over players, is that
    of Kullback and Leibler of the equilibrium from the strategies.

    Examples
    --------
    >>> pennies = NormalFormGame.zero_sum([[2, -1], [-1, 1]])
    >>> trace = magnetic_mirror_descent(pennies, temperature=0.5)
    >>> trace.iterates[0][-1].round(6), trace.iterates[1][-1].round(6)
    (array([0.449132, 0.550868]), array([0.379582, 0.620418]))
    """
    _check_positive(starting_strategies(game, start), "start")
    drawn_to = starting_strategies(game, magnet)
    _check_positive(drawn_to, "magnet")
    decay = number("annealing", annealing, 0.0, 1.0)

    def schedule(played: Rounds) -> Schedule:
        unit, width = played.who.payoffs.unit, float(played.ranges.max()) or 1.0
        if temperature is None:
            heat = _TEMPERATURE * width
        else:
            heat = min(positive("temperature", temperature) / unit, STEEPEST)
        size = heat / (width / 2) ** 2 if step is None else positive("step", step) * unit
        steps = np.full(game.n_players, min(size, STEEPEST))
        return Schedule(steps, decay if step is None else 0.0, heat, decay, drawn_to)

    return gradient_trace(
        game,
        "magnetic",
        start=start,
        schedule=schedule,
        rounds=rounds,
        record=record,
        spacing=spacing,
    )


def _check_positive(strategies: Floats, name: str) -> None:
    if not (strategies > 0).all():
        raise InvalidProfile(
            f"{name} has a probability of {strategies.min()}",
            where=name,
            valid="positive probabilities: what has none at first never gets any",
        )
