"""How solutions are found: one algorithm a file, listed by the registry."""

from gametheory.algorithms.registry import (
    Algorithm,
    Approximation,
    Outcome,
    Search,
    algorithms,
    register,
)

__all__ = ["Algorithm", "Approximation", "Outcome", "Search", "algorithms", "register"]
