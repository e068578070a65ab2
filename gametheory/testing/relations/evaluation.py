"""Ratings that do not change when somebody is entered twice.

That is proven for what is earned against one equilibrium. Where a game has several, the most even
one of them is another one with the clone: with wins of agent 2 over agent 1 alone, agents 0 and 2
are even, agent 1 earns -1/2 against their equal mixture, and -2/3 once agent 2 is there twice.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gametheory.games.normal_form import NormalFormGame
from gametheory.solve import solve
from gametheory.testing.case import Case
from gametheory.testing.registry import relation
from gametheory.testing.strategies import zero_sum_games

__all__: list[str] = []


def _tournaments() -> Any:
    return zero_sum_games(skew_symmetric=True)


@relation(
    "clones-change-no-rating",
    asserts="An agent entered twice is rated like itself and the value stays; where the "
    "equilibrium is unique, so do all ratings.",
    needs="nothing: tournaments are drawn",
    source="Balduzzi et al. (2018), Advances in Neural Information Processing Systems 31",
    examples=_tournaments,
)
def _clones_change_no_rating(case: Case) -> None:
    from gametheory.evaluation import nash_averaging

    game: NormalFormGame = case.game
    agents = list(range(game.n_actions[0]))
    clone = case.choice(len(agents))
    entered = [*agents, clone]
    wins = game.exact_payoffs[0]
    before = nash_averaging(game)
    after = nash_averaging(NormalFormGame.zero_sum(wins[np.ix_(entered, entered)]))
    slack = 1e-9 * (1 + game.payoff_range)
    case.require(
        abs(after.value - before.value) <= slack,
        f"the value {before.value} becomes {after.value} with agent {clone} twice",
    )
    case.require(
        abs(after.ratings[clone] - after.ratings[-1]) <= slack,
        f"agent {clone} and its clone are rated {after.ratings[clone]} and {after.ratings[-1]}",
    )
    everything = solve(game, find="all")
    if not everything.complete or len(everything.equilibria) > 1:
        return  # the clone moves the most even one of several equilibria
    wanted = before.ratings[entered]
    case.require(
        np.abs(after.ratings - wanted).max() <= slack,
        f"ratings {wanted.tolist()} become {after.ratings.tolist()} with agent {clone} twice",
    )
