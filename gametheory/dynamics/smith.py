"""The Smith dynamic: players compare with one another and switch to what earns more.

dx_i/dt = sum_j x_j * [F_i - F_j]+ - x_i * sum_j [F_j - F_i]+, where F_i is what action i earns and
[.]+ the positive part. Smith (1984), "The stability of a dynamic model of traffic assignment",
Transportation Science 18.
"""

from __future__ import annotations

from gametheory.dynamics.flows import flow_trace
from gametheory.dynamics.registry import register
from gametheory.games.normal_form import NormalFormGame
from gametheory.games.profiles import MixedProfile
from gametheory.solution import Trace

__all__ = ["smith"]


@register(
    "smith",
    guarantee="rest points are exactly the Nash equilibria; potentials increase; converges to the "
    "minimax strategies in two-player zero-sum games",
    source="Smith (1984), Transportation Science 18; Hofbauer and Sandholm (2009), Journal of "
    "Economic Theory 144",
)
def smith(
    game: NormalFormGame,
    *,
    start: MixedProfile | None = None,
    horizon: float | None = None,
    populations: str = "each",
    tolerance: float = 1e-9,
    record: int = 200,
    spacing: str = "even",
) -> Trace:
    """Follow the Smith dynamic, also known as pairwise comparison.

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
    >>> hawk_dove = NormalFormGame.symmetric([[-1, 4], [0, 2]])
    >>> smith(hawk_dove, populations="one").iterates[0][-1].round(3)
    array([0.667, 0.333])
    """
    return flow_trace(
        game,
        "smith",
        start=start,
        horizon=horizon,
        populations=populations,
        tolerance=tolerance,
        record=record,
        spacing=spacing,
    )
