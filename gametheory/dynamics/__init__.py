"""Learning and evolution on known payoffs: how players come to play what they play.

A new dynamic is one file here and one :func:`gametheory.dynamics.registry.register`.
"""

from __future__ import annotations

from gametheory.dynamics.registry import Dynamic, dynamics
from gametheory.dynamics.simulate import simulate

__all__ = ["Dynamic", "dynamics", "simulate"]
