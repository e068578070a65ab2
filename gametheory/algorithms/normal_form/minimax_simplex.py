"""Minimax strategies of a two-player constant-sum game, by the simplex method, compiled.

1. Scale the payoffs to B between 1 and 2. The column player's linear program is then: maximize
   sum(y) subject to B y <= 1, y >= 0 (Dantzig 1951). It starts at y = 0, in one phase.
2. Pivot on the dense dictionary, choosing the steepest edge (Goldfarb and Reid 1977), until it is
   optimal; its reduced costs are then the row player's strategy.
3. From its basis on, find the exact strategies: :mod:`.exact_kernel`.
"""

from __future__ import annotations

from gametheory.algorithms.normal_form.interior_point import interior_point
from gametheory.algorithms.normal_form.matrix_game import exact_or_float, refusal, scaled_payoffs
from gametheory.algorithms.normal_form.simplex_vertex import simplex_vertex
from gametheory.algorithms.registry import Outcome, Search, register
from gametheory.games.normal_form import NormalFormGame
from gametheory.games.profiles import MixedProfile

__all__ = ["minimax_simplex"]

_MOST_ACTIONS = 1600  # of both players; interior points are faster beyond, as measured


def _applies(game: NormalFormGame) -> str:
    reason = refusal(game)
    if not reason and sum(game.n_actions) > _MOST_ACTIONS:
        return f"beyond {_MOST_ACTIONS} actions in all interior-point is the faster"
    return reason


@register(
    "minimax-simplex",
    concepts=("minimax", "nash"),
    form=NormalFormGame,
    applies=_applies,
    guarantee="one minimax profile; exact rational strategies, always with up to 40 actions in "
    "all and otherwise unless that is predicted to take more than ten seconds",
    cost="m n operations a pivot, about m + n pivots; then exact linear systems of the size of "
    "the supports",
    source="Dantzig (1951), in Koopmans (ed.), Activity Analysis of Production and Allocation, "
    "pages 330-335; Goldfarb and Reid (1977), Mathematical Programming 12; Shapley and Snow "
    "(1950), in Contributions to the Theory of Games I",
    rank=3,
)
def minimax_simplex(game: NormalFormGame) -> Search:
    """Yield one profile of minimax strategies.

    Parameters
    ----------
    game : NormalFormGame
        Two-player and constant-sum.

    Yields
    ------
    MixedProfile or None
        None while at work, then the profile.

    Returns
    -------
    Outcome
        ``iterations`` counts the pivots. Where rounding breaks the simplex down, ``interior-point``
        goes on.

    Examples
    --------
    >>> pennies = NormalFormGame.zero_sum([[2, -1], [-1, 1]])
    >>> next(profile for profile in minimax_simplex(pennies) if profile is not None)
    MixedProfile([[2/5, 3/5], [2/5, 3/5]])
    """
    scaled = scaled_payoffs(game)
    if scaled is None:  # every profile is minimax
        yield MixedProfile.uniform(game)
        return Outcome()
    vertex, steps = yield from simplex_vertex(scaled)
    if vertex is None:
        return (yield from interior_point(game))
    yield (yield from exact_or_float(game, vertex))
    return Outcome(iterations=steps)
