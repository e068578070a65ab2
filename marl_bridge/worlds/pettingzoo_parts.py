"""What environments are made of, from PettingZoo and Gymnasium; without them the error says so."""

from __future__ import annotations

from gametheory.errors import MissingExtra

try:
    from gymnasium.spaces import Box, Dict, Discrete, MultiDiscrete, Space
    from gymnasium.utils import seeding
    from pettingzoo import AECEnv, ParallelEnv
except ImportError as error:
    raise MissingExtra.of("pettingzoo", "an environment of marl_bridge.worlds") from error

__all__ = [
    "AECEnv",
    "Box",
    "Dict",
    "Discrete",
    "MultiDiscrete",
    "ParallelEnv",
    "Space",
    "seeding",
]
