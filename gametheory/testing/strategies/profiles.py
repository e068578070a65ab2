"""Profiles of a given game, in Fractions, with and without zeros."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np

from gametheory.games.behavior_profile import BehaviorProfile
from gametheory.games.correlated_distribution import CorrelatedDistribution
from gametheory.games.extensive_form import ExtensiveFormGame
from gametheory.games.normal_form import NormalFormGame
from gametheory.games.profiles import MixedProfile
from gametheory.testing.extra import strategies

__all__ = ["behavior_profiles", "joint_distributions", "mixed_profiles"]


def _weights(size: int) -> Any:
    st = strategies()
    return st.lists(st.integers(0, 4), min_size=size, max_size=size).filter(any)


def mixed_profiles(game: NormalFormGame) -> Any:
    """Draw exact mixed profiles of a game.

    Returns
    -------
    SearchStrategy of MixedProfile

    Examples
    --------
    >>> from hypothesis import given, settings
    >>> chicken = NormalFormGame.bimatrix([[6, 2], [7, 0]], [[6, 7], [2, 0]])
    >>> @settings(max_examples=5, database=None)
    ... @given(mixed_profiles(chicken))
    ... def test(profile):
    ...     profile.check_fits(chicken)
    >>> test()
    """
    return strategies().tuples(*map(_weights, game.n_actions)).map(MixedProfile.from_weights)


def behavior_profiles(game: ExtensiveFormGame) -> Any:
    """Draw exact behavior profiles of a tree.

    Returns
    -------
    SearchStrategy of BehaviorProfile
    """
    st = strategies()

    def built(drawn: tuple[list[int], ...]) -> BehaviorProfile:
        shares = [Fraction(w, sum(weights)) for weights in drawn for w in weights]
        return BehaviorProfile(game, np.array(shares, dtype=object))

    return st.tuples(*map(_weights, game.infoset_n_actions.tolist())).map(built)


def joint_distributions(game: NormalFormGame) -> Any:
    """Draw exact distributions over a game's joint actions.

    Returns
    -------
    SearchStrategy of CorrelatedDistribution
    """
    cells = list(np.ndindex(*game.n_actions))
    return _weights(math.prod(game.n_actions)).map(
        lambda drawn: CorrelatedDistribution.from_weights(
            game.n_actions, dict(zip(cells, drawn, strict=True))
        )
    )
