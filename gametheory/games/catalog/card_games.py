"""Games of bidding with cards."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from gametheory.games.catalog.known_facts import KnownFacts
from gametheory.games.catalog.parameters import flag, require, whole
from gametheory.games.catalog.registry import game
from gametheory.games.extensive_form import CHANCE, ExtensiveFormGame
from gametheory.games.game_state import SIMULTANEOUS

__all__ = ["goofspiel"]

_PLAYERS = ("first", "second")
_ORDERS = ("descending", "ascending", "random")
_PAYOFFS = ("win_loss", "point_difference", "total_points")
_MOST_CARDS = 6  # seven would be 47 million histories
_MOST_CARDS_TO_TELL = 5  # where bids are shown, too many positions differ
_MOST_CARDS_IN_RANDOM_ORDER = 4


def _goofspiel_facts(
    cards: int = 5, prizes: str = "descending", payoff: str = "win_loss", revealed: bool = False
) -> KnownFacts:
    if payoff == "total_points":
        return KnownFacts()
    return KnownFacts.of("the players are symmetric and the game is zero-sum", value=Fraction(0))


@game(
    source="Ross (1971), Goofspiel: the game of pure strategy, Journal of Applied Probability 8, "
    "pages 621-625; with hidden bids: Lanctot (2013), Monte Carlo sampling and regret "
    "minimization for equilibrium computation and decision-making in large extensive form games",
    summary="both bid a card for each prize at the same time; value 0 by symmetry",
    facts=_goofspiel_facts,
)
def goofspiel(
    cards: int = 5, prizes: str = "descending", payoff: str = "win_loss", revealed: bool = False
) -> ExtensiveFormGame:
    """Let two players bid cards 1 to ``cards`` for prizes 1 to ``cards``; equal bids win nothing.

    In each round a prize is shown and both bid a card of their hand at the same time; the higher
    one wins as many points as the prize says. The last round leaves no choice and plays itself.

    Parameters
    ----------
    cards : int
        Number of cards in a hand, and of prizes.
    prizes : {"descending", "ascending", "random"}
        The order of the prizes.
    payoff : {"win_loss", "point_difference", "total_points"}
        1 for more points and -1 for fewer; own points minus the other's; or own points.
    revealed : bool
        Whether bids are shown after a round. Otherwise players are told only who won.
    """
    require(prizes in _ORDERS, f"prizes is {prizes!r}", "prizes", f"one of {list(_ORDERS)}")
    require(payoff in _PAYOFFS, f"payoff is {payoff!r}", "payoff", f"one of {list(_PAYOFFS)}")
    told = flag("revealed", revealed)
    most = _MOST_CARDS_TO_TELL if told else _MOST_CARDS
    whole("cards", cards, 1, _MOST_CARDS_IN_RANDOM_ORDER if prizes == "random" else most)
    return ExtensiveFormGame.from_state(
        _Goofspiel.start(cards, prizes, payoff, told),
        players=_PLAYERS,
        title=f"Goofspiel with {cards} cards, {prizes} prizes"
        + ("" if revealed else ", hidden bids"),
    )


@dataclass
class _Goofspiel:
    """A position; those that differ only in what nobody needs any more are merged.

    Attributes
    ----------
    rules : tuple
        The order of the prizes, what is paid, and whether bids are shown.
    hands : tuple of tuple of int
        Each player's cards.
    left : tuple of int
        Prizes still to come, in order unless the order is random.
    prize : int or None
        The prize at stake; None where chance has to choose it, and at the end.
    points : tuple of int
    told : tuple of str
        What both were told of each round.
    """

    rules: tuple[str, str, bool]
    hands: tuple[tuple[int, ...], ...]
    left: tuple[int, ...]
    prize: int | None = None
    points: tuple[int, int] = (0, 0)
    told: tuple[str, ...] = ()

    @classmethod
    def start(cls, cards: int, prizes: str, payoff: str, revealed: bool) -> _Goofspiel:
        hand = tuple(range(1, cards + 1))
        left = hand[::-1] if prizes == "descending" else hand
        state = cls((prizes, payoff, revealed), (hand, hand), left)
        state._advance()
        return state

    def _advance(self) -> None:
        """Show the next prize unless chance chooses it; play a last round by itself."""
        if self.left and (self.rules[0] != "random" or len(self.hands[0]) == 1):
            self.prize, self.left = self.left[0], self.left[1:]
        if self.prize is not None and len(self.hands[0]) == 1:
            self._bid(self.hands[0][0], self.hands[1][0])

    def _bid(self, first: int, second: int) -> None:
        prize = self.prize or 0
        winner = None if first == second else int(second > first)
        won = [prize * (player == winner) for player in (0, 1)]
        self.points = self.points[0] + won[0], self.points[1] + won[1]
        self.hands = tuple(
            tuple(card for card in hand if card != bid)
            for hand, bid in zip(self.hands, (first, second), strict=True)
        )
        said = f"{prize} to {'nobody' if winner is None else _PLAYERS[winner]}"
        self.told = (*self.told, said + (f" at {first}:{second}" if self.rules[2] else ""))
        self.prize = None

    @property
    def current_player(self) -> int:
        return CHANCE if self.prize is None else SIMULTANEOUS

    def legal_actions(self, player: int | None = None) -> Sequence[int]:
        return self.hands[player or 0]

    def chance_outcomes(self) -> Iterable[tuple[int, Fraction]]:
        return [(prize, Fraction(1, len(self.left))) for prize in self.left]

    def apply(self, action: Any) -> None:
        if self.prize is None:
            self.prize = action
            self.left = tuple(prize for prize in self.left if prize != action)
        else:
            self._bid(*action)
            self._advance()

    def clone(self) -> _Goofspiel:
        return replace(self)

    def information_state(self, player: int) -> str:
        past = "".join(f", {said}" for said in self.told)
        return f"{_PLAYERS[player]} sees prize {self.prize}{past}"

    def state_key(self) -> tuple[Any, ...]:
        return self.hands, self.prize, self.told

    def is_terminal(self) -> bool:
        return not self.hands[0]

    def returns(self) -> Sequence[int]:
        mine, theirs = self.points
        if self.rules[1] == "total_points":
            return mine, theirs
        if self.rules[1] == "point_difference":
            return mine - theirs, theirs - mine
        sign = (mine > theirs) - (mine < theirs)
        return sign, -sign
