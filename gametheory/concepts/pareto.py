"""Pareto dominance: an outcome that is at least as good for all players, and better for some.

Shoham and Leyton-Brown (2009), Multiagent Systems, section 3.3.1; Albrecht, Christianos and Schäfer
(2024), Multi-Agent Reinforcement Learning, section 4.8. An outcome dominates strictly if it is
better for every player; what nothing dominates is Pareto optimal, what nothing dominates strictly
is weakly Pareto optimal. Everything here is exact.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gametheory.errors import InvalidProfile, UnsupportedGame
from gametheory.games.correlated_distribution import CorrelatedDistribution
from gametheory.games.normal_form import NormalFormGame
from gametheory.games.profiles import MixedProfile

__all__ = ["JointPlay", "dominates", "dominating_joint_action", "exact_entries", "exact_payoffs_of"]

JointPlay = MixedProfile | CorrelatedDistribution | Sequence[int | str]
"""One way to play: independent strategies, a distribution over joint actions, a joint action."""


def dominates(
    payoffs: Sequence[Fraction], others: Sequence[Fraction], *, strictly: bool = False
) -> bool:
    """Whether payoffs Pareto dominate others: no player has less, and some player has more.

    Parameters
    ----------
    payoffs, others : sequence of numbers, one for each player
        Compared as they are: Fractions and ints exactly.
    strictly : bool
        Whether every player has to have more.

    Raises
    ------
    InvalidProfile
        They are not of one length.

    Examples
    --------
    >>> dominates((2, 1), (1, 1)), dominates((2, 1), (1, 1), strictly=True)
    (True, False)
    >>> dominates((1, 1), (1, 1))
    False
    """
    if len(payoffs) != len(others):
        raise InvalidProfile(
            f"{len(payoffs)} payoffs against {len(others)}", valid="one payoff for each player"
        )
    pairs = list(zip(payoffs, others, strict=True))
    if strictly:
        return all(own > other for own, other in pairs)
    return all(own >= other for own, other in pairs) and any(own > other for own, other in pairs)


def exact_payoffs_of(game: NormalFormGame, play: JointPlay) -> tuple[Fraction, ...]:
    """Return every player's expected payoff, exactly.

    Parameters
    ----------
    game : NormalFormGame
    play : MixedProfile, CorrelatedDistribution, or sequence of int or str
        A joint action has one index or label for each player.

    Raises
    ------
    InvalidProfile
        It does not belong to the game.
    UnsupportedGame
        The game is not in normal form.

    Examples
    --------
    >>> battle = NormalFormGame.bimatrix([[2, 0], [0, 1]], [[1, 0], [0, 2]])
    >>> exact_payoffs_of(battle, CorrelatedDistribution([["1/2", 0], [0, "1/2"]]))
    (Fraction(3, 2), Fraction(3, 2))
    """
    weights, scale = _weights(game, play)
    return tuple(
        sum((weight * Fraction(own[joint]) for joint, weight in weights.items()), Fraction(0))
        / scale
        for own in exact_entries(game)
    )


def _weights(game: NormalFormGame, play: JointPlay) -> tuple[dict[Any, int], int]:
    """Joint actions with positive integer weights, and their sum."""
    if not isinstance(game, NormalFormGame):
        raise UnsupportedGame(
            f"{type(game).__name__!r} has no joint actions", valid="a NormalFormGame"
        )
    if isinstance(play, MixedProfile):
        play.check_fits(game)
        play = CorrelatedDistribution.from_profile(play)
    if isinstance(play, CorrelatedDistribution):
        play.check_fits(game)
        return dict(play.weights), play.scale
    if isinstance(play, str) or not hasattr(play, "__len__"):
        raise InvalidProfile(
            f"a {type(play).__name__} is no way to play the game",
            valid="a MixedProfile, a CorrelatedDistribution, or one action for each player",
        )
    return {game.action_indices(play): 1}, 1


def exact_entries(game: NormalFormGame) -> NDArray[Any]:
    """Return the payoffs as floats where they are that exactly, otherwise as Fractions."""
    return game.payoffs if game.payoffs_are_exact else game.exact_payoffs


def dominating_joint_action(
    game: NormalFormGame, play: JointPlay, *, strictly: bool = False
) -> tuple[int, ...] | None:
    """Return a joint action that Pareto dominates a way to play, None if there is none.

    Of several the one that pays the first player most, then the second, and so on: no joint action
    dominates it in turn. Among equals the first in lexicographic order. Parameters and errors are
    as for :func:`exact_payoffs_of`.

    Examples
    --------
    >>> dilemma = NormalFormGame.symmetric([[-1, -3], [0, -2]])
    >>> dominating_joint_action(dilemma, (1, 1))
    (0, 0)
    >>> dominating_joint_action(dilemma, (0, 1)) is None
    True
    """
    fit = np.ones(math.prod(game.n_actions), dtype=np.bool_)
    better = np.zeros_like(fit)
    entries = exact_entries(game).reshape(game.n_players, -1)
    for own, payoff in zip(entries, exact_payoffs_of(game, play), strict=True):
        bound = payoff if own.dtype == object else _rounded_up(payoff)
        exactly = not isinstance(bound, float) or Fraction(bound) == payoff
        at_least = np.asarray(own >= bound, dtype=np.bool_)
        more = np.asarray(own > bound, dtype=np.bool_) if exactly else at_least
        fit &= more if strictly else at_least
        better |= more
    cells = np.flatnonzero(fit & better)
    if not len(cells):
        return None
    for own in entries:
        paid = own[cells]
        cells = cells[np.asarray(paid == paid.max(), dtype=np.bool_)]
    return tuple(int(action) for action in np.unravel_index(cells[0], game.n_actions))


def _rounded_up(number: Fraction) -> float:
    """Return the smallest float that is at least a number."""
    near = float(number)
    return near if Fraction(near) >= number else math.nextafter(near, math.inf)
