"""Trembling-hand perfection of two-player equilibria: undominated, and therefore robust.

An equilibrium of a two-player game is perfect if and only if neither strategy is weakly dominated,
by a mixed strategy. One exact linear program for each player either finds the strategy that
dominates, or its dual variables are a fully mixed belief against which the strategy is a best
response, which is the direction in which the opponent may tremble.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gametheory.errors import InvalidProfile, UnsupportedGame
from gametheory.games.normal_form import NormalFormGame
from gametheory.games.profiles import MixedProfile
from gametheory.linear_programs import LinearProgram, finish, optimize
from gametheory.rationals import shown, to_fraction

__all__ = [
    "Perfection",
    "Undominated",
    "check_profile",
    "check_two_players",
    "is_trembling_hand_perfect",
    "own_payoffs",
    "profitable_deviation",
    "read_share",
    "undominated",
]

Strategy = tuple[Fraction, ...]


@dataclass(frozen=True, slots=True)
class Undominated:
    """Whether a strategy is weakly dominated, with the witness.

    Attributes
    ----------
    holds : bool
        True when no mixed strategy earns at least as much everywhere and more somewhere.
    dominating : tuple of Fraction or None
        A strategy that does.
    belief : tuple of Fraction or None
        Where there is none: a fully mixed strategy of the opponent against which the strategy is
        a best response.
    """

    holds: bool
    dominating: Strategy | None = None
    belief: Strategy | None = None

    def __bool__(self) -> bool:
        return self.holds


@dataclass(frozen=True, slots=True)
class Perfection:
    """Whether a profile is a trembling-hand perfect equilibrium, with the witness.

    Attributes
    ----------
    holds : bool
    reason : str
        Why it is not; empty if it is.
    profile : MixedProfile
        The one that was tested.
    player : int or None
        Whose strategy fails.
    dominating : tuple of Fraction or None
        A strategy of that player that weakly dominates its own.
    trembles : MixedProfile or None
        Of a perfect equilibrium: the fully mixed profile toward which both players tremble.
    """

    holds: bool
    reason: str
    profile: MixedProfile
    player: int | None = None
    dominating: Strategy | None = None
    trembles: MixedProfile | None = None

    def __bool__(self) -> bool:
        return self.holds

    def perturbed(self, size: Fraction | int | str) -> MixedProfile:
        """Return the fully mixed profile of trembles of a given size.

        Each player's strategy of the tested profile is a best response to it, for every size
        between 0 and 1: this is what makes the equilibrium perfect.

        Raises
        ------
        InvalidProfile
            The equilibrium is not perfect, or the size is not above 0 and at most 1.
        """
        share = read_share(size, "size")
        if self.trembles is None:
            raise InvalidProfile(f"there are no trembles: {self.reason}", valid="a perfect one")
        pairs = zip(self.profile.exact, self.trembles.exact, strict=True)
        return MixedProfile(
            [
                [(1 - share) * p + share * q for p, q in zip(own, tremble, strict=True)]
                for own, tremble in pairs
            ]
        )

    def __str__(self) -> str:
        return "trembling-hand perfect" if self.holds else f"not perfect: {self.reason}"


def is_trembling_hand_perfect(game: NormalFormGame, profile: MixedProfile) -> Perfection:
    """Test whether a profile is a trembling-hand perfect equilibrium, exactly.

    Parameters
    ----------
    game : NormalFormGame
        Two players.
    profile : MixedProfile
        Read exactly: a profile of floats that is only almost an equilibrium is not one. (See the
        ``nearby`` profile of its certificate.)

    Returns
    -------
    Perfection
        True in a condition when it holds; with the dominating strategy, or the trembles.

    Raises
    ------
    InvalidProfile
        The profile is not one of this game.
    UnsupportedGame
        The game does not have two players, or its payoffs are too wide for exact programs.

    Notes
    -----
    Selten (1975), "Reexamination of the perfectness concept for equilibrium points in extensive
    games", International Journal of Game Theory 4; that undominated equilibria of two-player games
    are perfect: van Damme (1991), Stability and Perfection of Nash Equilibria, chapter 3. For more
    players this fails. Cost: two linear programs of the size of the game.

    Examples
    --------
    >>> entry = NormalFormGame.bimatrix([[0, 0], [-1, 1]], [[2, 2], [-1, 1]])
    >>> deterred = MixedProfile.pure(entry, (0, 0))
    >>> print(is_trembling_hand_perfect(entry, deterred))
    not perfect: the strategy of player 1 is weakly dominated by (0, 1)
    >>> entered = is_trembling_hand_perfect(entry, MixedProfile.pure(entry, (1, 1)))
    >>> bool(entered)
    True
    >>> print(entered.perturbed("1/10"))
    ((1/20, 19/20), (1/20, 19/20))
    """
    check_two_players(game)
    check_profile(game, profile)
    deviation = profitable_deviation(game, profile)
    if deviation:
        return Perfection(False, deviation, profile)
    beliefs: list[Strategy] = []
    for player in (0, 1):
        test = undominated(game, player, profile.exact[player])
        if test.belief is None:
            shown = ", ".join(map(str, test.dominating or ()))
            reason = f"the strategy of {game.players[player]} is weakly dominated by ({shown})"
            return Perfection(False, reason, profile, player, test.dominating)
        beliefs.insert(0, test.belief)
    return Perfection(True, "", profile, trembles=MixedProfile(beliefs))


def undominated(game: NormalFormGame, player: int, strategy: Any) -> Undominated:
    """Test whether a mixed strategy is weakly dominated by a mixed strategy, exactly.

    Parameters
    ----------
    game : NormalFormGame
        Two players.
    player : {0, 1}
    strategy : sequence of numbers
        Probabilities of the player's actions.

    Returns
    -------
    Undominated

    Raises
    ------
    InvalidProfile
        There is no such player, or the strategy is none of its own.
    UnsupportedGame
        The game does not have two players, or its payoffs are too wide for an exact program.

    Notes
    -----
    One linear program looks for the belief. Where there is none, its dual variables are a direction
    in which the strategy may be changed that loses nowhere and gains somewhere; it depends on the
    support of the strategy only.

    Examples
    --------
    >>> game = NormalFormGame.bimatrix([[2, 0], [0, 2], [1, 1]], [[0, 0], [0, 0], [0, 0]])
    >>> undominated(game, 0, [0, 0, 1]).belief
    (Fraction(1, 2), Fraction(1, 2))
    """
    check_two_players(game)
    if player not in (0, 1):
        raise InvalidProfile(f"there is no player {player}", where="player", valid="0 or 1")
    (own,) = MixedProfile([strategy]).exact
    if len(own) != game.n_actions[player]:
        raise InvalidProfile(
            f"{len(own)} probabilities for the {game.n_actions[player]} actions of "
            f"{game.players[player]}",
            where="strategy",
        )
    support = [action for action, p in enumerate(own) if p]
    others = [action for action in range(len(own)) if action != support[0]]
    table = own_payoffs(game, player)
    gains = table[others] - table[support[0]]
    answer = finish(optimize(_belief_program(gains, [others.index(a) for a in support[1:]])))
    if isinstance(answer, str):
        raise UnsupportedGame(f"the linear program was not solved: {answer}", where=repr(game))
    n = table.shape[1]
    if not all(answer.weights[:n]):
        direction = dict(zip(others, answer.duals, strict=False))
        direction[support[0]] = -sum(direction.values())
        return Undominated(False, dominating=_shifted(own, direction))
    weights = [m + r for m, r in zip(answer.weights[:n], answer.weights[n:], strict=True)]
    return Undominated(True, belief=tuple(Fraction(w, sum(weights)) for w in weights))


def _belief_program(gains: NDArray[np.object_], used: list[int]) -> LinearProgram:
    """Find weights on the opponent's actions against which nothing gains, as many positive as can.

    ``gains`` has a row for each action but one in the support: what is gained by it instead. It is
    zero for the others in the support, the rows ``used``. A weight is a mark in [0, 1] plus the
    rest; sums of solutions are solutions, so the optimum has every mark one that can be positive.
    """
    n = gains.shape[1]
    limits = np.eye(n, 2 * n, dtype=int).astype(object)
    return LinearProgram.dense(
        [1] * n + [0] * n,
        np.vstack([np.hstack([gains, gains]), limits]),
        [0] * len(gains) + [1] * n,
        equalities=used,
    )


def _shifted(own: Strategy, direction: dict[int, int]) -> Strategy:
    """Go as far in a direction as probabilities allow."""
    step = min(own[action] / -change for action, change in direction.items() if change < 0)
    return tuple(p + step * direction[action] for action, p in enumerate(own))


def own_payoffs(game: NormalFormGame, player: int) -> NDArray[np.object_]:
    """Return a player's payoffs as Python integers, up to a positive factor; own actions are rows.

    Raises
    ------
    UnsupportedGame
        They have no common denominator of reasonable size.
    """
    read = game.integer_payoffs[player]
    if read is None:
        raise UnsupportedGame(
            "the payoffs have no common denominator of reasonable size", where=repr(game)
        )
    table: NDArray[np.object_] = read.integers.astype(object)
    divisor = max(math.gcd(*table.ravel().tolist()), 1)
    reduced: NDArray[np.object_] = table // divisor
    return reduced if player == 0 else reduced.T


def read_share(number: Any, name: str) -> Fraction:
    """Read a number above 0 and at most 1; InvalidProfile if it is none."""
    try:
        share = to_fraction(number)
    except ValueError:
        share = Fraction(0)
    if not 0 < share <= 1:
        valid = "a number above 0 and at most 1"
        raise InvalidProfile(f"{name} {shown(number)} is out of range", where=name, valid=valid)
    return share


def check_two_players(game: NormalFormGame) -> None:
    """Raise UnsupportedGame unless this is a two-player game in normal form."""
    if not isinstance(game, NormalFormGame) or game.n_players != 2:
        raise UnsupportedGame(
            f"{game!r} is not a two-player game in normal form",
            valid="a NormalFormGame with two players",
        )


def check_profile(game: NormalFormGame, profile: MixedProfile) -> None:
    """Raise InvalidProfile unless this is a profile of the game."""
    if not isinstance(profile, MixedProfile):
        raise InvalidProfile(f"a {type(profile).__name__} is no profile", valid="a MixedProfile")
    profile.check_fits(game)


def profitable_deviation(game: NormalFormGame, profile: MixedProfile) -> str:
    """Say which deviation gains; "" if the profile is an equilibrium, exactly."""
    for player in (0, 1):
        against = np.array(profile.exact[1 - player], dtype=object)
        payoffs = (own_payoffs(game, player) @ against).tolist()
        used = min(payoffs[action] for action in profile.support()[player])
        if used < max(payoffs):
            better = game.actions[player][payoffs.index(max(payoffs))]
            return f"no equilibrium, as {game.players[player]} gains by {better}"
    return ""
