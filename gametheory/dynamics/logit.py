"""The logit dynamic: from time to time players choose anew, better actions more likely.

dx_i/dt = exp(rationality * F_i) / sum_j exp(rationality * F_j) - x_i, where F_i is what action i
earns. Fudenberg and Levine (1998), The Theory of Learning in Games, chapter 4.
"""

from __future__ import annotations

from gametheory.dynamics.flows import flow_trace
from gametheory.dynamics.recording import number
from gametheory.dynamics.registry import register
from gametheory.games.normal_form import NormalFormGame
from gametheory.games.profiles import MixedProfile
from gametheory.solution import Trace

__all__ = ["logit"]


@register(
    "logit",
    guarantee="rest points are exactly the logit equilibria of the same rationality; converges to "
    "one in two-player zero-sum games and in potential games",
    source="Fudenberg and Levine (1998), The Theory of Learning in Games; Hofbauer and Sandholm "
    "(2007), Journal of Economic Theory 132",
)
def logit(
    game: NormalFormGame,
    *,
    rationality: float = 1.0,
    start: MixedProfile | None = None,
    horizon: float | None = None,
    populations: str = "each",
    tolerance: float = 1e-9,
    record: int = 200,
    spacing: str = "even",
) -> Trace:
    """Follow the logit dynamic.

    Parameters
    ----------
    game : NormalFormGame
        Any number of players.
    rationality : float
        At least 0, per unit of the game's payoffs, as for
        :class:`gametheory.games.quantal_response.LogitEquilibrium`.
    start : MixedProfile, optional
        Uniform play if left out.
    horizon : float, optional
        The last time; 100 if left out.
    populations : {"each", "one"}
        A population for each player, or one that plays all roles of a symmetric game.
    tolerance : float
        Error allowed in a step of a probability.
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

    Examples
    --------
    >>> pennies = NormalFormGame.zero_sum([[2, -1], [-1, 1]])
    >>> logit(pennies, rationality=100.0).iterates[0][-1].round(2)
    array([0.4, 0.6])
    """
    return flow_trace(
        game,
        "logit",
        start=start,
        horizon=horizon,
        populations=populations,
        tolerance=tolerance,
        record=record,
        spacing=spacing,
        rationality=number("rationality", rationality),
    )
