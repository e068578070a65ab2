"""Which equilibria survive small mistakes: tests of one profile, each with its witness.

Nothing here searches for equilibria; :func:`gametheory.solve` finds those to be tested.
"""

from __future__ import annotations

from gametheory.refinements.perfection import (
    Perfection,
    Undominated,
    is_trembling_hand_perfect,
    undominated,
)
from gametheory.refinements.properness import Properness, is_epsilon_proper, is_proper

__all__ = [
    "Perfection",
    "Properness",
    "Undominated",
    "is_epsilon_proper",
    "is_proper",
    "is_trembling_hand_perfect",
    "undominated",
]
