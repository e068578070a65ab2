"""Environments of our own: games as PettingZoo environments, so that the bridge runs both ways."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gametheory.lazy import make_lazy

if TYPE_CHECKING:
    from marl_bridge.worlds.congestion import CongestionEnv, Roads, congestion_game
    from marl_bridge.worlds.coordination_grid import CoordinationGridEnv, coordination_game
    from marl_bridge.worlds.foraging import ForagingEnv, foraging_game
    from marl_bridge.worlds.matrix_game import MatrixGameEnv
    from marl_bridge.worlds.opening import environment_of
    from marl_bridge.worlds.sameness import difference
    from marl_bridge.worlds.soccer import SoccerEnv, soccer_game
    from marl_bridge.worlds.stochastic_game import StochasticGameEnv
    from marl_bridge.worlds.tree_game import TreeGameEnv

__all__ = [
    "CongestionEnv",
    "CoordinationGridEnv",
    "ForagingEnv",
    "MatrixGameEnv",
    "Roads",
    "SoccerEnv",
    "StochasticGameEnv",
    "TreeGameEnv",
    "congestion_game",
    "coordination_game",
    "difference",
    "environment_of",
    "foraging_game",
    "soccer_game",
]

make_lazy(
    __name__,
    {
        "CongestionEnv": "marl_bridge.worlds.congestion",
        "CoordinationGridEnv": "marl_bridge.worlds.coordination_grid",
        "ForagingEnv": "marl_bridge.worlds.foraging",
        "MatrixGameEnv": "marl_bridge.worlds.matrix_game",
        "Roads": "marl_bridge.worlds.congestion",
        "SoccerEnv": "marl_bridge.worlds.soccer",
        "StochasticGameEnv": "marl_bridge.worlds.stochastic_game",
        "TreeGameEnv": "marl_bridge.worlds.tree_game",
        "congestion_game": "marl_bridge.worlds.congestion",
        "coordination_game": "marl_bridge.worlds.coordination_grid",
        "difference": "marl_bridge.worlds.sameness",
        "environment_of": "marl_bridge.worlds.opening",
        "foraging_game": "marl_bridge.worlds.foraging",
        "soccer_game": "marl_bridge.worlds.soccer",
    },
)
