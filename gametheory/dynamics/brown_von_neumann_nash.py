"""The Brown-von Neumann-Nash dynamic: actions that beat the average grow, all others shrink.

dx_i/dt = k_i - x_i * sum_j k_j, where k_i is what action i earns above the population's average,
if that is positive, and 0 otherwise. Brown and von Neumann (1950), "Solutions of games by
differential equations", in Contributions to the Theory of Games I.
"""

from __future__ import annotations

from gametheory.dynamics.flows import flow_trace
from gametheory.dynamics.registry import register
from gametheory.games.normal_form import NormalFormGame
from gametheory.games.profiles import MixedProfile
from gametheory.solution import Trace

__all__ = ["brown_von_neumann_nash"]


@register(
    "brown-von-neumann-nash",
    guarantee="rest points are exactly the Nash equilibria; potentials increase; converges to the "
    "minimax strategies in two-player zero-sum games",
    source="Brown and von Neumann (1950), Contributions to the Theory of Games I; Hofbauer and "
    "Sandholm (2009), Journal of Economic Theory 144",
)
def brown_von_neumann_nash(
    game: NormalFormGame,
    *,
    start: MixedProfile | None = None,
    horizon: float | None = None,
    populations: str = "each",
    tolerance: float = 1e-9,
    record: int = 200,
    spacing: str = "even",
) -> Trace:
    """Follow the Brown-von Neumann-Nash dynamic.

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
    >>> brown_von_neumann_nash(hawk_dove, populations="one").iterates[0][-1].round(3)
    array([0.667, 0.333])
    """
    return flow_trace(
        game,
        "brown-von-neumann-nash",
        start=start,
        horizon=horizon,
        populations=populations,
        tolerance=tolerance,
        record=record,
        spacing=spacing,
    )
