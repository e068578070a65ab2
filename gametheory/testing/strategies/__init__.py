"""Hypothesis strategies for games and profiles, one kind a file.

Each function returns a strategy, to be used in any Hypothesis test. What is drawn is small, exact,
and shrinks towards games with few actions and payoffs of zero.

>>> from hypothesis import given, settings
>>> @settings(max_examples=5, database=None)
... @given(zero_sum_games())
... def test(game):
...     assert game.is_zero_sum()
>>> test()
"""

from __future__ import annotations

from gametheory.testing.strategies.degenerate import degenerate_games
from gametheory.testing.strategies.generic import generic_games
from gametheory.testing.strategies.imperfect_recall import imperfect_recall_trees
from gametheory.testing.strategies.normal_form import normal_form_games
from gametheory.testing.strategies.potential import potential_games
from gametheory.testing.strategies.profiles import (
    behavior_profiles,
    joint_distributions,
    mixed_profiles,
)
from gametheory.testing.strategies.scaled import badly_scaled_games, badly_scaled_trees
from gametheory.testing.strategies.simultaneous import simultaneous_trees
from gametheory.testing.strategies.stochastic import stochastic_games
from gametheory.testing.strategies.symmetric import symmetric_games
from gametheory.testing.strategies.trees import trees
from gametheory.testing.strategies.zero_sum import zero_sum_games

__all__ = [
    "badly_scaled_games",
    "badly_scaled_trees",
    "behavior_profiles",
    "degenerate_games",
    "generic_games",
    "imperfect_recall_trees",
    "joint_distributions",
    "mixed_profiles",
    "normal_form_games",
    "potential_games",
    "simultaneous_trees",
    "stochastic_games",
    "symmetric_games",
    "trees",
    "zero_sum_games",
]
