"""What is left of a game after dominated actions are taken out, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from operator import index
from typing import TYPE_CHECKING, Any, Literal

from gametheory.errors import GameFormatError, InvalidProfile
from gametheory.games.correlated_distribution import CorrelatedDistribution
from gametheory.rationals import decode, encode, shown

if TYPE_CHECKING:
    from gametheory.games.normal_form import NormalFormGame

__all__ = ["Elimination", "IteratedElimination"]


@dataclass(frozen=True, slots=True)
class Elimination:
    """One action taken out, and the strategy that dominates it.

    Attributes
    ----------
    round : int
        Counted from 1; all eliminations of a round refer to the game left by those before it.
    player, action : int
    witness : tuple of Fraction
        The player's strategy that dominates the action.
    """

    round: int
    player: int
    action: int
    witness: tuple[Fraction, ...]


@dataclass(frozen=True)
class IteratedElimination:
    """Rounds of eliminations, and the beliefs that save the actions that survive.

    Attributes
    ----------
    n_actions : tuple of int
    dominance : {"strict", "weak"}
    by : {"mixed", "pure"}
        Which strategies may dominate.
    eliminations : tuple of Elimination
        In the order of the rounds.
    beliefs : mapping from (player, action) to CorrelatedDistribution
        For each surviving action a distribution over the joint actions of the others, in the
        order of the players, against which no surviving action is better: with strict dominance
        any, with weak dominance one that gives every surviving joint action positive
        probability. Empty where only pure strategies may dominate.
    """

    n_actions: tuple[int, ...]
    dominance: Literal["strict", "weak"]
    by: Literal["mixed", "pure"]
    eliminations: tuple[Elimination, ...]
    beliefs: Mapping[tuple[int, int], CorrelatedDistribution]

    @property
    def n_rounds(self) -> int:
        """Number of rounds in which something was eliminated."""
        return max((one.round for one in self.eliminations), default=0)

    @property
    def actions(self) -> tuple[tuple[int, ...], ...]:
        """Each player's surviving actions."""
        return self.left_after(self.n_rounds)

    def left_after(self, rounds: int) -> tuple[tuple[int, ...], ...]:
        """Return each player's actions that the first so many rounds leave."""
        out = {(one.player, one.action) for one in self.eliminations if one.round <= rounds}
        return tuple(
            tuple(a for a in range(size) if (player, a) not in out)
            for player, size in enumerate(self.n_actions)
        )

    def check_fits(self, game: NormalFormGame) -> None:
        """Raise InvalidProfile unless this speaks of a game with these numbers of actions."""
        if game.n_actions != self.n_actions:
            raise InvalidProfile(
                f"the eliminations are of a game with {self.n_actions} actions",
                where="elimination",
                valid=f"one with {game.n_actions} actions",
            )
        named = [(one.player, one.action) for one in self.eliminations]
        for player, action in (*named, *self.beliefs):
            if not (0 <= player < game.n_players and 0 <= action < game.n_actions[player]):
                raise InvalidProfile(
                    f"there is no action {shown(action)} of player {shown(player)}",
                    where="eliminations, beliefs",
                    valid=f"actions of a game with {game.n_actions} actions",
                )
        for (player, _), belief in self.beliefs.items():
            others = (*game.n_actions[:player], *game.n_actions[player + 1 :])
            if belief.n_actions != others:
                raise InvalidProfile(
                    f"a belief is over joint actions of shape {belief.n_actions}",
                    where="beliefs",
                    valid=f"the others' joint actions, of shape {others}",
                )

    def to_document(self) -> dict[str, Any]:
        """Describe the eliminations and beliefs as a JSON document."""
        return {
            "format": "gametheory/iterated-elimination",
            "version": 1,
            "n_actions": list(self.n_actions),
            "dominance": self.dominance,
            "by": self.by,
            "eliminations": [
                [one.round, one.player, one.action, [encode(p) for p in one.witness]]
                for one in self.eliminations
            ],
            "beliefs": [
                [player, action, belief.to_document()]
                for (player, action), belief in self.beliefs.items()
            ],
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> IteratedElimination:
        """Read what ``to_document`` wrote.

        Raises
        ------
        GameFormatError
            The document does not describe eliminations.
        """
        try:
            return cls(
                tuple(map(index, document["n_actions"])),
                "weak" if document["dominance"] == "weak" else "strict",
                "pure" if document["by"] == "pure" else "mixed",
                tuple(
                    Elimination(
                        index(number),
                        index(player),
                        index(action),
                        tuple(Fraction(decode(p, "eliminations")) for p in witness),
                    )
                    for number, player, action, witness in document["eliminations"]
                ),
                {
                    (index(player), index(action)): CorrelatedDistribution.from_document(belief)
                    for player, action, belief in document["beliefs"]
                },
            )
        except (KeyError, TypeError, ValueError) as error:
            raise GameFormatError(
                f"no eliminations: {error}", where="eliminations, beliefs"
            ) from None

    def __hash__(self) -> int:
        return hash((self.n_actions, self.dominance, self.by, self.eliminations))

    def __str__(self) -> str:
        left = ", ".join("{" + ", ".join(map(str, actions)) + "}" for actions in self.actions)
        return f"{left} left after {self.n_rounds} rounds of {self.dominance} dominance"
