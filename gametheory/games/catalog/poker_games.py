"""Small poker games: private cards, public betting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from gametheory.games.behavior_profile import BehaviorProfile
from gametheory.games.catalog.known_facts import KnownFacts
from gametheory.games.catalog.parameters import flag, require, whole
from gametheory.games.catalog.registry import game
from gametheory.games.extensive_form import ExtensiveFormGame
from gametheory.games.game_tree import GameTree, TreeNode

__all__ = ["kuhn_poker", "leduc_poker", "myerson_card_game"]

_PLAYERS = ("first", "second", "third", "fourth", "fifth")
_RANKS = "A23456789TJQK"  # the last ones are dealt, so that three are J, Q, K
_SUITS = "shdc"
_RAISES = (2, 4)  # Leduc: chips a raise in each round
_MOST_RAISES = 2
_MOST_CARDS = 16  # different ones in Leduc poker: some 300,000 histories


def _deal(node: TreeNode, deck: Mapping[str, int]) -> dict[str, TreeNode]:
    """Deal one card of a deck that holds so many of each."""
    left = {card: count for card, count in deck.items() if count}
    size = sum(left.values())
    return dict(node.chance({card: Fraction(count, size) for card, count in left.items()}))


def _without(deck: Mapping[str, int], card: str) -> dict[str, int]:
    return {one: count - (one == card) for one, count in deck.items()}


def _kuhn_facts(n_players: int = 2) -> KnownFacts:
    if n_players != 2:
        return KnownFacts()
    tree = kuhn_poker()
    third = Fraction(1, 3)
    return KnownFacts.of(
        "Kuhn (1950), A simplified two-person poker, Contributions to the Theory of Games I",
        value=Fraction(-1, 18),
        equilibria=tuple(_kuhn_equilibrium(tree, bluff) for bluff in (Fraction(0), third)),
    )


def _kuhn_equilibrium(tree: ExtensiveFormGame, bluff: Fraction) -> BehaviorProfile:
    """Return the equilibrium in which the first player bluffs with a jack this often, up to 1/3."""
    boldness = {  # how often to bet or to call
        "first holds J": bluff,
        "first holds Q": Fraction(0),
        "first holds K": 3 * bluff,
        "first holds J after check and bet": Fraction(0),
        "first holds Q after check and bet": bluff + Fraction(1, 3),
        "first holds K after check and bet": Fraction(1),
        "second holds J after a check": Fraction(1, 3),
        "second holds Q after a check": Fraction(0),
        "second holds K after a check": Fraction(1),
        "second holds J after a bet": Fraction(0),
        "second holds Q after a bet": Fraction(1, 3),
        "second holds K after a bet": Fraction(1),
    }
    bold = [boldness[infoset.label] for infoset in tree.information_sets]
    return BehaviorProfile(tree, [p for often in bold for p in (1 - often, often)])


@game(
    source="Kuhn (1950), A simplified two-person poker, Contributions to the Theory of Games I",
    summary="poker with a card each and one bet; value -1/18 to the first of two players",
    facts=_kuhn_facts,
)
def kuhn_poker(n_players: int = 2) -> ExtensiveFormGame:
    """Deal each player one of ``n_players + 1`` cards and let them bet once; the highest card wins.

    Everybody puts one chip into the pot. In turn players check, until one bets a chip; then all
    others in turn fold or call. The rules for more than two players are those of OpenSpiel.
    """
    n = whole("n_players", n_players, 2, len(_PLAYERS))
    cards = _RANKS[-n - 1 :]
    tree = GameTree(_PLAYERS[:n], title="Kuhn poker" + (f", {n} players" if n > 2 else ""))

    def deal(node: TreeNode, hands: str) -> None:
        if len(hands) == n:
            bet(node, hands, ())
            return
        for card, after in _deal(node, dict.fromkeys(cards, 1) | dict.fromkeys(hands, 0)).items():
            deal(after, hands + card)

    def bet(node: TreeNode, hands: str, played: tuple[str, ...]) -> None:
        bettor = played.index("bet") if "bet" in played else None
        if len(played) == (n if bettor is None else bettor + n):
            node.terminal(_kuhn_payoffs([cards.index(card) for card in hands], played))
            return
        mover = len(played) % n
        seen = f"{_PLAYERS[mover]} holds {hands[mover]}{_kuhn_past(played)}"
        choices = ["check", "bet"] if bettor is None else ["fold", "call"]
        for choice, after in node.decision(mover, seen, choices).items():
            bet(after, hands, (*played, choice))

    deal(tree.root, "")
    return tree.build()


def _kuhn_past(played: Sequence[str]) -> str:
    """Describe what was played, in words."""
    if len(played) < 2:
        return f" after a {played[0]}" if played else ""
    return f" after {', '.join(played[:-1])} and {played[-1]}"


def _kuhn_payoffs(strength: Sequence[int], played: Sequence[str]) -> list[int]:
    n = len(strength)
    paid = [1] * n
    for step, choice in enumerate(played):
        paid[step % n] += choice in ("bet", "call")
    staying = [player for player in range(n) if paid[player] == max(paid)]
    winner = max(staying, key=lambda player: strength[player])
    return [sum(paid) * (player == winner) - paid[player] for player in range(n)]


@game(
    source="Southey, Bowling, Larson, Piccione, Burch, Billings and Rayner (2005), Bayes' bluff: "
    "opponent modelling in poker, UAI-05, pages 550-558",
    summary="poker with six cards, two rounds of betting and a public card",
)
def leduc_poker(
    ranks: int = 3, suits: int = 2, suit_isomorphism: bool = False
) -> ExtensiveFormGame:
    """Bet on a private card, then on that card and a public one; a pair beats the higher card.

    Both put one chip into the pot. A raise costs 2 chips in the first round and 4 in the second,
    with at most two raises a round; the first player begins each. Equal ranks share the pot.

    Parameters
    ----------
    ranks, suits : int
        The deck; jack, queen and king of two suits by default.
    suit_isomorphism : bool
        Show ranks only. Suits decide nothing, so the value stays and the tree shrinks.
    """
    whole("ranks", ranks, 2, len(_RANKS))
    whole("suits", suits, 1, len(_SUITS))
    plain = flag("suit_isomorphism", suit_isomorphism)
    require(
        ranks * suits >= 3 and (ranks if plain else ranks * suits) <= _MOST_CARDS,
        f"a deck of {ranks * suits} cards",
        "ranks, suits",
        f"at least 3 cards, at most {_MOST_CARDS} different ones",
    )
    kept = _RANKS[-ranks:]
    deck = (
        dict.fromkeys(kept, suits)
        if plain
        else {rank + suit: 1 for rank in kept for suit in _SUITS[:suits]}
    )
    tree = GameTree(_PLAYERS[:2], title="Leduc poker")
    for mine, node in _deal(tree.root, deck).items():
        rest = _without(deck, mine)
        for theirs, after in _deal(node, rest).items():
            _LeducHand((mine, theirs), _without(rest, theirs)).play(after)
    return tree.build()


class _LeducHand:
    """The betting on one deal."""

    def __init__(self, cards: tuple[str, str], deck: Mapping[str, int]) -> None:
        self.cards, self.deck = cards, deck

    def play(self, node: TreeNode) -> None:
        self._bet(node, "", ((),), (1, 1))

    def _bet(
        self, node: TreeNode, board: str, rounds: tuple[tuple[str, ...], ...], paid: tuple[int, int]
    ) -> None:
        """Let the player to act choose, with what was played in each round and what was paid."""
        now = rounds[-1]
        mover = len(now) % 2
        behind = paid[mover] < paid[1 - mover]
        choices = ["fold", "call"] if behind else ["check"]
        if sum(choice in ("bet", "raise") for choice in now) < _MOST_RAISES:
            choices.append("raise" if behind else "bet")
        seen = f"{_PLAYERS[mover]} holds {self.cards[mover]}"
        seen += f", board {board}" if board else ""
        played = " / ".join(" ".join(each) for each in rounds).strip()
        seen += f": {played}" if played else ""
        for choice, after in node.decision(mover, seen, choices).items():
            if choice == "fold":
                lost = paid[mover]
                after.terminal([-lost, lost] if mover == 0 else [lost, -lost])
                continue
            owed = paid[1 - mover] + _RAISES[len(rounds) - 1] * (choice in ("bet", "raise"))
            then = (owed, paid[1]) if mover == 0 else (paid[0], owed)
            so_far = (*rounds[:-1], (*now, choice))
            if choice == "call" or (choice == "check" and now):
                self._close(after, board, so_far, then)
            else:
                self._bet(after, board, so_far, then)

    def _close(
        self, node: TreeNode, board: str, rounds: tuple[tuple[str, ...], ...], paid: tuple[int, int]
    ) -> None:
        """Turn the public card after the first round, the private ones after the second."""
        if not board:
            for card, after in _deal(node, self.deck).items():
                self._bet(after, card, (*rounds, ()), paid)
            return
        strength = [(card[0] == board[0], _RANKS.index(card[0])) for card in self.cards]
        sign = (strength[0] > strength[1]) - (strength[0] < strength[1])
        node.terminal([sign * paid[1], -sign * paid[0]])


def _myerson_facts() -> KnownFacts:
    tree = myerson_card_game()
    third = Fraction(1, 3)
    mix: dict[str, dict[str, Fraction | int]] = {
        "first holds red": {"raise": 1},
        "first holds black": {"raise": third, "fold": 2 * third},
        "raised": {"meet": 2 * third, "pass": third},
    }
    return KnownFacts.of(
        "to bluff one time in three makes meeting and passing cost the second player the same, to "
        "meet two times in three makes raising and folding with black pay the first the same",
        value=third,
        equilibria=(BehaviorProfile.from_mapping(tree, mix),),
    )


@game(
    source="Myerson (1991), Game Theory: Analysis of Conflict, section 2.1",
    summary="one player sees a card and may bluff: value 1/3",
    facts=_myerson_facts,
)
def myerson_card_game() -> ExtensiveFormGame:
    """Let a player who sees a red or black card raise or fold, and the other one meet or pass.

    Each puts a dollar into the pot, and another one by raising or meeting. The pot is the first
    player's if its card is red or if the second passes, otherwise the second's.
    """
    tree = GameTree(_PLAYERS[:2], title="Myerson's card game")
    for color, node in _deal(tree.root, {"red": 1, "black": 1}).items():
        sign = 1 if color == "red" else -1
        opening = node.decision("first", f"first holds {color}", ["raise", "fold"])
        opening["fold"].terminal([sign, -sign])
        reply = opening["raise"].decision("second", "raised", ["meet", "pass"])
        reply["meet"].terminal([2 * sign, -2 * sign])
        reply["pass"].terminal([1, -1])
    return tree.build()
