"""Proper equilibria: robust to mistakes of which costly ones are far less likely.

Myerson (1978): a fully mixed profile is epsilon-proper if a player that earns less by one action
than by another takes it at most epsilon times as often; proper equilibria are limits of such
profiles. Whether there is such a sequence is decided by a finite search for lexicographic
probability systems: :mod:`.lexicographic`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from gametheory.errors import InvalidProfile, UnsupportedGame
from gametheory.games.normal_form import NormalFormGame
from gametheory.games.profiles import MixedProfile
from gametheory.refinements.lexicographic import Budget, Side, find_systems
from gametheory.refinements.perfection import (
    check_profile,
    check_two_players,
    is_trembling_hand_perfect,
    own_payoffs,
    read_share,
)

__all__ = ["Properness", "is_epsilon_proper", "is_proper"]

Strategy = tuple[Fraction, ...]

_TRIED = tuple(Fraction(1, 10**k) for k in (1, 3, 6))
_MOST_HALVINGS = 100_000


@dataclass(frozen=True, slots=True)
class Properness:
    """Whether a profile is a proper equilibrium, with the witness.

    Attributes
    ----------
    holds : bool
    reason : str
        Why it is not; empty if it is.
    game : NormalFormGame
    profile : MixedProfile
        The one that was tested.
    levels : tuple of two tuples of strategies
        Of a proper equilibrium: each player's own strategy, then its trembles, each infinitely
        less likely than the one before. Empty otherwise.
    steps : int
        How many the search took.
    """

    holds: bool
    reason: str
    game: NormalFormGame
    profile: MixedProfile
    levels: tuple[tuple[Strategy, ...], ...] = ()
    steps: int = 0

    def __bool__(self) -> bool:
        return self.holds

    def epsilon_proper(self, epsilon: Fraction | int | str) -> MixedProfile:
        """Return an epsilon-proper profile; as epsilon tends to 0 these tend to the equilibrium.

        Trembles are mixed in with powers of a number that is halved until Myerson's inequalities
        hold, exactly.

        Raises
        ------
        InvalidProfile
            The equilibrium is not proper, or epsilon is not above 0 and at most 1.
        """
        bound = read_share(epsilon, "epsilon")
        if not self.holds:
            raise InvalidProfile(f"there are no trembles: {self.reason}", valid="a proper one")
        size = bound
        for _ in range(_MOST_HALVINGS):
            profile = MixedProfile.from_weights([_mixed(own, size) for own in self.levels])
            if is_epsilon_proper(self.game, profile, bound):
                return profile
            size /= 2
        raise ArithmeticError("the levels are no witness of properness")

    def __str__(self) -> str:
        return "proper" if self.holds else f"not proper: {self.reason}"


def is_proper(
    game: NormalFormGame, profile: MixedProfile, *, max_steps: int = 20_000
) -> Properness:
    """Test whether a profile is a proper equilibrium, exactly.

    Parameters
    ----------
    game : NormalFormGame
        Two players.
    profile : MixedProfile
        Read exactly: a profile of floats that is only almost an equilibrium is not one.
    max_steps : int
        How many steps the search may take, each at most one linear program: less than a
        millisecond in games of a few actions.

    Returns
    -------
    Properness
        True in a condition when it holds, with the trembles, of which epsilon-proper profiles for
        several epsilons were built and checked. False after all rankings were excluded.

    Raises
    ------
    InvalidProfile
        The profile is not one of this game.
    UnsupportedGame
        The game does not have two players, or so many actions tie against the equilibrium that
        the steps allowed did not settle it.

    Notes
    -----
    Myerson (1978), "Refinements of the Nash equilibrium concept", International Journal of Game
    Theory 7. By lexicographic probability systems: Blume, Brandenburger and Dekel (1991),
    "Lexicographic probabilities and equilibrium refinements", Econometrica 59.

    An action's rank follows its payoff against the opponent's strategy; only actions outside the
    support that tie there can be ranked in several ways, n of them in 1, 3, 13, 75, 541, ... ways.
    Generic equilibria have one ranking; the worst case is exponential.

    Examples
    --------
    Myerson's game: two of its three equilibria are perfect, and one is proper.

    >>> game = NormalFormGame.symmetric([[1, 0, -9], [0, 0, -7], [-9, -7, -7]])
    >>> for action in range(3):
    ...     equilibrium = MixedProfile.pure(game, (action, action))
    ...     print(bool(is_trembling_hand_perfect(game, equilibrium)), is_proper(game, equilibrium))
    True proper
    True not proper: no ranking of mistakes agrees with the players' preferences
    False not proper: the strategy of player 0 is weakly dominated by (0, 1, 0)
    """
    check_two_players(game)
    check_profile(game, profile)
    perfect = is_trembling_hand_perfect(game, profile)
    if not perfect:
        return Properness(False, perfect.reason, game, profile)
    first, second = (
        Side(own_payoffs(game, player), _weights(profile.exact[player])) for player in (0, 1)
    )
    budget = Budget(max_steps)
    found = find_systems(first, second, budget)
    if found is None:
        reason = "no ranking of mistakes agrees with the players' preferences"
        return Properness(False, reason, game, profile, steps=budget.used)
    levels = tuple(
        tuple(tuple(Fraction(w, sum(level)) for w in level) for level in own) for own in found
    )
    witness = Properness(True, "", game, profile, levels, budget.used)
    for epsilon in _TRIED:
        witness.epsilon_proper(epsilon)
    return witness


def is_epsilon_proper(
    game: NormalFormGame, profile: MixedProfile, epsilon: Fraction | int | str
) -> bool:
    """Check Myerson's inequalities exactly; any number of players.

    Parameters
    ----------
    game : NormalFormGame
    profile : MixedProfile
    epsilon : Fraction, int or str
        Above 0 and at most 1.

    Returns
    -------
    bool
        Whether the profile is fully mixed, and each action that earns less than another one is
        taken at most epsilon times as often.

    Raises
    ------
    InvalidProfile
        The profile is not one of this game, or epsilon is out of range.
    UnsupportedGame
        This is no game in normal form.

    Examples
    --------
    >>> game = NormalFormGame.symmetric([[1, 0], [0, 0]])
    >>> is_epsilon_proper(game, MixedProfile([["9/10", "1/10"], ["8/9", "1/9"]]), "1/8")
    True
    """
    if not isinstance(game, NormalFormGame):
        raise UnsupportedGame(f"{game!r} is not in normal form", valid="a NormalFormGame")
    check_profile(game, profile)
    bound = read_share(epsilon, "epsilon")
    for player, strategy in enumerate(profile.exact):
        if not all(strategy):
            return False
        payoffs: Any = np.moveaxis(game.exact_payoffs[player], player, 0)
        others = [*profile.exact[:player], *profile.exact[player + 1 :]]
        for other in reversed(others):
            payoffs = payoffs @ np.array(other, dtype=object)
        if not _respects(payoffs.tolist(), strategy, bound):
            return False
    return True


def _respects(payoffs: list[Fraction], strategy: Strategy, bound: Fraction) -> bool:
    """Whether all that earn less are taken at most so often as those that earn more allow."""
    rarest = None  # of all actions that earn more than those at hand
    for payoff in sorted(set(payoffs), reverse=True):
        odds = [p for p, earned in zip(strategy, payoffs, strict=True) if earned == payoff]
        if rarest is not None and max(odds) > bound * rarest:
            return False
        rarest = min(odds) if rarest is None else min(rarest, *odds)
    return True


def _mixed(levels: tuple[Strategy, ...], size: Fraction) -> list[int]:
    """Add up the levels times powers of a size, as integers."""
    total = [Fraction(0)] * len(levels[0])
    for k, level in enumerate(levels):
        total = [t + size**k * p for t, p in zip(total, level, strict=True)]
    scale = math.lcm(*(t.denominator for t in total))
    return [int(t * scale) for t in total]


def _weights(strategy: Strategy) -> tuple[int, ...]:
    scale = math.lcm(*(p.denominator for p in strategy))
    return tuple(int(p * scale) for p in strategy)
