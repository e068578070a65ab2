"""Empirical games: play every joint policy of some populations, and reason about the table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gametheory.lazy import make_lazy

if TYPE_CHECKING:
    from marl_bridge.empirical_game.chunk_store import CheckpointRefused
    from marl_bridge.empirical_game.guarantees import (
        EmpiricalSolution,
        RegretBounds,
        regret_bounds,
    )
    from marl_bridge.empirical_game.payoff_tensor import payoff_tensor
    from marl_bridge.empirical_game.rankings import Ranking, Rankings, rank
    from marl_bridge.empirical_game.record import EmpiricalGame

__all__ = [
    "CheckpointRefused",
    "EmpiricalGame",
    "EmpiricalSolution",
    "Ranking",
    "Rankings",
    "RegretBounds",
    "payoff_tensor",
    "rank",
    "regret_bounds",
]

make_lazy(
    __name__,
    {
        "CheckpointRefused": "marl_bridge.empirical_game.chunk_store",
        "EmpiricalGame": "marl_bridge.empirical_game.record",
        "EmpiricalSolution": "marl_bridge.empirical_game.guarantees",
        "Ranking": "marl_bridge.empirical_game.rankings",
        "Rankings": "marl_bridge.empirical_game.rankings",
        "RegretBounds": "marl_bridge.empirical_game.guarantees",
        "payoff_tensor": "marl_bridge.empirical_game.payoff_tensor",
        "rank": "marl_bridge.empirical_game.rankings",
        "regret_bounds": "marl_bridge.empirical_game.guarantees",
    },
)
