"""Ratings that do not change when somebody is entered twice."""

from __future__ import annotations

from typing import Any

import numpy as np

from gametheory.games.normal_form import NormalFormGame
from gametheory.testing.case import Case
from gametheory.testing.registry import relation
from gametheory.testing.strategies import zero_sum_games

__all__: list[str] = []


def _tournaments() -> Any:
    return zero_sum_games(skew_symmetric=True)


@relation(
    "clones-change-no-rating",
    asserts="An agent entered twice has the same Nash average as before, twice, and "
    "so have the others.",
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
    wanted = before.ratings[entered]
    # The equilibrium is known to within its entropy's tolerance, and so are the ratings.
    case.require(
        np.abs(after.ratings - wanted).max() <= 1e-5 * (1 + game.payoff_range),
        f"ratings {wanted.tolist()} become {after.ratings.tolist()} with agent {clone} twice",
    )
