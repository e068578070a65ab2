"""Which of several strict equilibria to expect: risk dominance, p-dominance, payoff dominance.

Risk dominance (Harsanyi and Selten 1988) compares two strict equilibria of a two-player game in
the game with only their actions: that one dominates from which a deviation costs more, the two
players' losses multiplied. p-dominance (Morris, Rob and Shin 1995) judges one joint action, of any
number of players: how sure of the others must everybody be for it to be best? In a symmetric game
of two actions the risk-dominant equilibrium is the one that is p-dominant for some p below 1/2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from gametheory.errors import InvalidProfile, UnsupportedGame
from gametheory.games.normal_form import NormalFormGame

__all__ = [
    "PDominance",
    "RiskDominance",
    "p_dominance",
    "payoff_dominates",
    "risk_dominance",
    "risk_dominant_equilibrium",
    "strict_equilibria",
]

JointAction = tuple[int, ...]
Joint = Sequence[int | str]


@dataclass(frozen=True, slots=True)
class RiskDominance:
    """How two strict equilibria compare.

    Attributes
    ----------
    first, second : tuple of int
        The equilibria.
    first_losses, second_losses : tuple of two Fractions
        What each player loses if it alone changes to its action of the other equilibrium.
    """

    first: JointAction
    second: JointAction
    first_losses: tuple[Fraction, Fraction]
    second_losses: tuple[Fraction, Fraction]

    @property
    def products(self) -> tuple[Fraction, Fraction]:
        """The products of the two players' losses, at the first equilibrium and at the second."""
        (a, b), (c, d) = self.first_losses, self.second_losses
        return a * b, c * d

    @property
    def dominant(self) -> JointAction | None:
        """The equilibrium that risk-dominates the other one; None if the products are equal."""
        at_first, at_second = self.products
        if at_first == at_second:
            return None
        return self.first if at_first > at_second else self.second


@dataclass(frozen=True, slots=True)
class PDominance:
    """How sure of the others each player must be.

    Attributes
    ----------
    actions : tuple of int
    player_levels : tuple of (Fraction or None)
        For each player the smallest p such that its action is best whatever it believes, as long
        as it expects the others' actions with probability p at least. None: not even if sure.
    """

    actions: JointAction
    player_levels: tuple[Fraction | None, ...]

    @property
    def level(self) -> Fraction | None:
        """The smallest p for which the joint action is p-dominant; None if it is for no p.

        It is at most 1 for pure Nash equilibria, below 1 for strict ones, and 0 if everybody's
        action is best whatever the others do.
        """
        levels = [level for level in self.player_levels if level is not None]
        return max(levels) if len(levels) == len(self.player_levels) else None


def strict_equilibria(game: NormalFormGame) -> tuple[JointAction, ...]:
    """Return all joint actions from which every unilateral deviation costs, in order; exactly.

    Examples
    --------
    >>> strict_equilibria(NormalFormGame.symmetric([[4, 0], [3, 2]]))
    ((0, 0), (1, 1))
    """
    _check(game)
    strict = np.ones(game.n_actions, dtype=bool)
    exact: Any = game.payoffs if game.payoffs_are_exact else game.exact_payoffs
    for player, paid in enumerate(exact):
        best = paid == paid.max(axis=player, keepdims=True)
        strict &= best & (best.sum(axis=player, keepdims=True) == 1)
    return tuple(tuple(joint) for joint in np.argwhere(strict).tolist())


def risk_dominance(game: NormalFormGame, first: Joint, second: Joint) -> RiskDominance:
    """Compare two strict equilibria of a two-player game by risk dominance, exactly.

    Parameters
    ----------
    game : NormalFormGame
        Two players.
    first, second : sequences of int or str
        Two different strict equilibria, actions by index or label.

    Raises
    ------
    InvalidProfile
        One of them is no strict equilibrium, or they are the same.
    UnsupportedGame
        The game does not have two players.

    Notes
    -----
    Where there are other actions, they do not matter for the comparison, so the relation need not
    be transitive among three equilibria. Harsanyi and Selten's general definition, by the tracing
    procedure, gives the same in games of two actions each.

    References
    ----------
    Harsanyi and Selten (1988), A General Theory of Equilibrium Selection in Games, MIT Press.

    Examples
    --------
    >>> hunt = NormalFormGame.symmetric([[4, 0], [3, 2]], actions=[["Stag", "Hare"]] * 2)
    >>> found = risk_dominance(hunt, ("Stag", "Stag"), ("Hare", "Hare"))
    >>> found.products, found.dominant
    ((Fraction(1, 1), Fraction(4, 1)), (1, 1))
    """
    _check_two(game)
    one, other = _read(game, first, "first"), _read(game, second, "second")
    strict = strict_equilibria(game)
    for where, joint in (("first", one), ("second", other)):
        if joint not in strict:
            raise InvalidProfile(
                f"{_shown(game, joint)} is no strict equilibrium",
                where=where,
                valid=f"one of {[_shown(game, joint) for joint in strict]}",
            )
    if one == other:
        raise InvalidProfile(
            f"both are {_shown(game, one)}", where="second", valid="another strict equilibrium"
        )
    return _compared(game, one, other)


def risk_dominant_equilibrium(game: NormalFormGame) -> JointAction | None:
    """Return the strict equilibrium of a two-player game that risk-dominates all others.

    None if there is no strict equilibrium, or none that dominates all others. A single one
    dominates.

    Raises
    ------
    UnsupportedGame
        The game does not have two players.

    Examples
    --------
    >>> risk_dominant_equilibrium(NormalFormGame.symmetric([[4, 0], [3, 2]]))
    (1, 1)
    """
    _check_two(game)
    strict = strict_equilibria(game)
    for one in strict:
        if all(_compared(game, one, other).dominant == one for other in strict if other != one):
            return one
    return None


def p_dominance(game: NormalFormGame, actions: Joint) -> PDominance:
    """Return the smallest p for which a joint action is p-dominant, exactly; any number of players.

    Parameters
    ----------
    game : NormalFormGame
    actions : sequence of int or str
        One for each player, by index or label.

    Raises
    ------
    InvalidProfile
        These are no actions of the players.
    UnsupportedGame
        This is no game in normal form.

    Notes
    -----
    A player's belief is any distribution on the others' joint actions, correlated if there are
    several others. Against another action of its own let d be the player's advantage if the
    others do as expected, and e the least one if they do anything else. The worst beliefs put p
    on the one and the rest on the other, and p d + (1 - p) e >= 0 from p = -e / (d - e) on.

    References
    ----------
    Morris, Rob and Shin (1995), "p-Dominance and belief potential", Econometrica 63.
    Kajii and Morris (1997), "The robustness of equilibria to incomplete information",
    Econometrica 65, for a p of each player and more than two of them.

    Examples
    --------
    >>> hunt = NormalFormGame.symmetric([[4, 0], [3, 2]])
    >>> p_dominance(hunt, (0, 0)).level, p_dominance(hunt, (1, 1)).level
    (Fraction(2, 3), Fraction(1, 3))
    """
    _check(game)
    joint = _read(game, actions, "actions")
    return PDominance(joint, tuple(_player_level(game, joint, i) for i in range(game.n_players)))


def payoff_dominates(game: NormalFormGame, first: Joint, second: Joint) -> bool:
    """Whether every player earns more in the first joint action than in the second, exactly.

    Raises
    ------
    InvalidProfile
        These are no actions of the players.
    UnsupportedGame
        This is no game in normal form.

    References
    ----------
    Harsanyi and Selten (1988), A General Theory of Equilibrium Selection in Games, MIT Press.

    Examples
    --------
    >>> payoff_dominates(NormalFormGame.symmetric([[4, 0], [3, 2]]), (0, 0), (1, 1))
    True
    """
    _check(game)
    one, other = _read(game, first, "first"), _read(game, second, "second")
    return all(_payoff(game, i, one) > _payoff(game, i, other) for i in range(game.n_players))


def _compared(game: NormalFormGame, one: JointAction, other: JointAction) -> RiskDominance:
    (a, b), (c, d) = one, other
    return RiskDominance(
        one,
        other,
        (
            _payoff(game, 0, (a, b)) - _payoff(game, 0, (c, b)),
            _payoff(game, 1, (a, b)) - _payoff(game, 1, (a, d)),
        ),
        (
            _payoff(game, 0, (c, d)) - _payoff(game, 0, (a, d)),
            _payoff(game, 1, (c, d)) - _payoff(game, 1, (c, b)),
        ),
    )


def _player_level(game: NormalFormGame, joint: JointAction, player: int) -> Fraction | None:
    paid = np.moveaxis(game.exact_payoffs[player], player, 0)
    paid = paid.reshape(len(paid), -1)
    others = game.n_actions[:player] + game.n_actions[player + 1 :]
    expected = int(
        np.ravel_multi_index(joint[:player] + joint[player + 1 :], others) if others else 0
    )
    level = Fraction(0)
    for action, row in enumerate(paid):
        if action == joint[player]:
            continue
        advantage = (paid[joint[player]] - row).tolist()
        sure = advantage.pop(expected)
        if sure < 0:
            return None
        worst = min(advantage, default=sure)
        if worst < 0:
            level = max(level, -worst / (sure - worst))
    return level


def _payoff(game: NormalFormGame, player: int, joint: JointAction) -> Fraction:
    return Fraction(game.exact_payoffs[(player, *joint)])


def _read(game: NormalFormGame, joint: Joint, where: str) -> JointAction:
    if isinstance(joint, str) or not hasattr(joint, "__len__"):
        raise InvalidProfile(
            f"{joint!r} is no joint action", where=where, valid="one action for each player"
        )
    return game.action_indices(joint)


def _check(game: NormalFormGame) -> None:
    if not isinstance(game, NormalFormGame):
        raise UnsupportedGame(f"{game!r} is not in normal form", valid="a NormalFormGame")


def _check_two(game: NormalFormGame) -> None:
    _check(game)
    if game.n_players != 2:
        raise UnsupportedGame(
            f"risk dominance of a game of {game.n_players} players",
            where=repr(game),
            valid="a game of two players",
            hint="p_dominance is defined for any number of players",
        )


def _shown(game: NormalFormGame, joint: JointAction) -> str:
    return "(" + ", ".join(game.actions[i][a] for i, a in enumerate(joint)) + ")"
