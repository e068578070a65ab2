"""A profile for games that no other method of this library can take: large, and not zero-sum.

Regret minimization makes each player's regrets about its own past play vanish. Beyond two-player
constant-sum games that does not make the averages an equilibrium; how close they come is a fact
of the game, which the certificate states.
"""

from __future__ import annotations

from gametheory.algorithms.extensive_form.agent_logit_path import agent_logit_applies
from gametheory.algorithms.registry import Search, algorithms, register
from gametheory.games.extensive_form import ExtensiveFormGame

__all__ = ["best_effort"]

_MOST_WORK = 2e10  # terminal histories times iterations: about a minute


def _is_needed(game: ExtensiveFormGame) -> bool:
    """Whether there is neither a linear program nor a branch to follow."""
    constant_sum = game.n_players == 2 and game.is_constant_sum()
    return not constant_sum and bool(agent_logit_applies(game))


@register(
    "best-effort",
    concepts=("nash",),
    form=ExtensiveFormGame,
    automatic=_is_needed,
    rank=90,
    guarantee="none but its certificate: the best of the profiles that regret minimization came by",
    cost="about a minute; fewer iterations on larger games",
    source="Tammelin (2014), arXiv:1407.5042; used beyond what is proven there",
)
def best_effort(game: ExtensiveFormGame, *, max_iterations: int | None = None) -> Search:
    """Yield better and better profiles, as far as regret minimization leads.

    Parameters
    ----------
    game : ExtensiveFormGame
    max_iterations : int, optional
        As many as take about a minute if left out.

    Yields
    ------
    Approximation or None

    Returns
    -------
    Outcome
        ITERATION_LIMIT, unless the game's solution was reached on the way.
    """
    limit = max_iterations
    if limit is None:
        limit = max(100, int(_MOST_WORK / (game.n_terminals * game.n_players)))
    (variant,) = (algorithm for algorithm in algorithms() if algorithm.name == "cfr+")
    return (yield from variant.run(game, max_iterations=limit))
