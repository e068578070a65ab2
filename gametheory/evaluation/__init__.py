"""How good strategies are: rankings of the actions of a game, each with what it means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gametheory.lazy import make_lazy

if TYPE_CHECKING:
    from gametheory.evaluation.alpha_rank import AlphaRanking, alpha_rank
    from gametheory.evaluation.elo import EloRatings, elo_ratings
    from gametheory.evaluation.nash_averaging import NashAverage, nash_averaging

__all__ = [
    "AlphaRanking",
    "EloRatings",
    "NashAverage",
    "alpha_rank",
    "elo_ratings",
    "nash_averaging",
]

make_lazy(
    __name__,
    {
        "AlphaRanking": "gametheory.evaluation.alpha_rank",
        "EloRatings": "gametheory.evaluation.elo",
        "NashAverage": "gametheory.evaluation.nash_averaging",
        "alpha_rank": "gametheory.evaluation.alpha_rank",
        "elo_ratings": "gametheory.evaluation.elo",
        "nash_averaging": "gametheory.evaluation.nash_averaging",
    },
)
