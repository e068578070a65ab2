"""How good strategies are: rankings of the actions of a game, each with what it means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gametheory.lazy import make_lazy

if TYPE_CHECKING:
    from gametheory.evaluation.alpha_rank import AlphaRanking, alpha_rank
    from gametheory.evaluation.nash_averaging import NashAverage, nash_averaging

__all__ = ["AlphaRanking", "NashAverage", "alpha_rank", "nash_averaging"]

make_lazy(
    __name__,
    {
        "AlphaRanking": "gametheory.evaluation.alpha_rank",
        "NashAverage": "gametheory.evaluation.nash_averaging",
        "alpha_rank": "gametheory.evaluation.alpha_rank",
        "nash_averaging": "gametheory.evaluation.nash_averaging",
    },
)
