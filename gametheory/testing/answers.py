"""A solver's answer as plain data: nested tuples of numbers that no class of the library judges."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from gametheory.errors import InvalidProfile
from gametheory.games.behavior_profile import BehaviorProfile
from gametheory.games.correlated_distribution import CorrelatedDistribution
from gametheory.games.elimination import IteratedElimination
from gametheory.games.extensive_form import ExtensiveFormGame
from gametheory.games.normal_form import NormalFormGame
from gametheory.games.profiles import MixedProfile
from gametheory.games.stationary_profile import StationaryProfile

__all__ = ["Answer", "answer_of", "read_profile"]


@dataclass(frozen=True)
class Answer:
    """One solution.

    Attributes
    ----------
    plain : object
        Of a profile, tuples of probabilities for each player; of a distribution, a mapping from
        joint actions to probabilities; of a tree's profile, a mapping from the labels of
        information sets to probabilities; of an elimination, tuples of actions; of a stationary
        profile, a profile for each state.
    epsilon : Fraction or float
        The violation, in payoff units, that it may have by its own account.
    value : Fraction or None
        What the solver says it is worth, where that is the answer: a leader's payoff.
    levels : tuple of Fraction
        What the solver says each player gets.
    claim : object
        What the solver returned.
    exact : bool
        Whether violations can be computed without rounding.
    """

    plain: Any
    epsilon: Any
    claim: Any
    exact: bool
    value: Fraction | None = None
    levels: tuple[Fraction, ...] = ()


def answer_of(
    game: Any,
    claim: Any,
    epsilon: Any,
    *,
    value: Fraction | None = None,
    levels: tuple[Fraction, ...] = (),
) -> Answer:
    """Take a profile, or whatever else solves a game, apart."""
    exact = True
    plain: Any
    if isinstance(claim, MixedProfile):
        plain = claim.exact
    elif isinstance(claim, CorrelatedDistribution):
        plain = dict(claim.exact)
    elif isinstance(claim, IteratedElimination):
        plain = tuple(map(tuple, claim.actions))
    elif isinstance(claim, StationaryProfile):
        plain, exact = claim.exact, False  # its values are sums without end, known in floats
    elif isinstance(claim, BehaviorProfile):
        exact = claim.is_given_exactly or claim.is_pure()
        numbers = (claim.exact if exact else claim.probabilities).tolist()
        bounds = game.action_offsets.tolist()
        plain = {
            game.infoset_label(k): tuple(numbers[bounds[k] : bounds[k + 1]])
            for k in range(len(bounds) - 1)
        }
    else:
        raise InvalidProfile(
            f"a {type(claim).__name__} is no solution of a {type(game).__name__}",
            where="what the solver returned",
            valid="one of the library's own profiles, or vectors of probabilities",
        )
    return Answer(plain, epsilon, claim, exact, value, levels)


def read_profile(game: Any, found: Any, concept: str) -> Any:
    """Make the library's record of what a user's solver returned, if it is none yet."""
    if not isinstance(found, list | tuple | np.ndarray | Mapping):
        return found
    if isinstance(game, ExtensiveFormGame):
        if isinstance(found, Mapping):
            return BehaviorProfile.from_mapping(game, found)
        return BehaviorProfile(game, np.asarray(found))
    if isinstance(game, NormalFormGame) and "correlated" in concept:
        return CorrelatedDistribution(found)
    if isinstance(game, NormalFormGame):
        vectors: Any = found
        return MixedProfile(vectors)
    raise InvalidProfile(
        f"a {type(found).__name__} is no solution of a {type(game).__name__}",
        valid="one of the library's own profiles",
    )
