"""Classic games in extensive form."""

from __future__ import annotations

from fractions import Fraction
from itertools import permutations
from typing import Any

from gametheory.games.behavior_profile import BehaviorProfile
from gametheory.games.catalog.known_facts import KnownFacts
from gametheory.games.catalog.parameters import whole
from gametheory.games.catalog.registry import game
from gametheory.games.extensive_form import ExtensiveFormGame
from gametheory.games.game_tree import GameTree

__all__ = [
    "beer_quiche",
    "centipede",
    "chain_store",
    "kuhn_poker",
    "selten_horse",
    "trust",
    "ultimatum",
]


def _kuhn_facts() -> KnownFacts:
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
    summary="poker with three cards and one bet; value -1/18 to the first player",
    facts=_kuhn_facts,
)
def kuhn_poker() -> ExtensiveFormGame:
    """Deal one of three cards to each of two players, who may bet once; the higher card wins."""
    tree = GameTree(["first", "second"], title="Kuhn poker")
    cards = "JQK"
    deals = {a + b: Fraction(1, 6) for a, b in permutations(cards, 2)}
    for deal, node in tree.root.chance(deals).items():
        mine, theirs = deal[0], deal[1]
        sign = 1 if cards.index(mine) > cards.index(theirs) else -1
        opening = node.decision("first", f"first holds {mine}", ["check", "bet"])
        reply = opening["check"].decision(
            "second", f"second holds {theirs} after a check", ["check", "bet"]
        )
        reply["check"].terminal([sign, -sign])
        answer = reply["bet"].decision(
            "first", f"first holds {mine} after check and bet", ["fold", "call"]
        )
        answer["fold"].terminal([-1, 1])
        answer["call"].terminal([2 * sign, -2 * sign])
        reply = opening["bet"].decision(
            "second", f"second holds {theirs} after a bet", ["fold", "call"]
        )
        reply["fold"].terminal([1, -1])
        reply["call"].terminal([2 * sign, -2 * sign])
    return tree.build()


@game(
    source="Selten (1978), The chain store paradox, Theory and Decision 9",
    summary="a threat to fight entry that is not carried out",
)
def chain_store() -> ExtensiveFormGame:
    """Play one period of the chain-store game: only entry and sharing is subgame perfect."""
    tree = GameTree(["entrant", "chain store"], title="Chain store, one period")
    start = tree.root.decision("entrant", "entry", ["in", "out"])
    start["out"].terminal([1, 5])
    reply = start["in"].decision("chain store", "reply", ["cooperate", "fight"])
    reply["cooperate"].terminal([2, 2])
    reply["fight"].terminal([0, 0])
    return tree.build()


@game(
    source="McKelvey and Palfrey (1992), An experimental study of the centipede game, "
    "Econometrica 60, Figure 1 (in dimes); Rosenthal (1981)",
    summary="taking at once is the only subgame-perfect path; passing pays both more",
)
def centipede(steps: Any = 4) -> ExtensiveFormGame:
    """Let two players in turn take the larger of two piles or pass, which doubles both."""
    whole("steps", steps, 1, 200)
    tree = GameTree(["first", "second"], title=f"Centipede with {steps} steps")
    node = tree.root
    for step in range(steps):
        mover = step % 2
        choice = node.decision(mover, f"step {step + 1}", ["take", "pass"])
        choice["take"].terminal(_piles(step))
        node = choice["pass"]
    node.terminal(_piles(steps))
    return tree.build()


def _piles(step: int) -> list[int]:
    """Return the payoffs when the player of a step takes: four times the other's pile."""
    large, small = 4 * 2**step, 2**step
    return [large, small] if step % 2 == 0 else [small, large]


@game(
    source="Gueth, Schmittberger and Schwarze (1982), An experimental analysis of ultimatum "
    "bargaining, Journal of Economic Behavior and Organization 3",
    summary="two subgame-perfect equilibria: offer nothing, or the smallest positive amount",
)
def ultimatum(pie: Any = 4) -> ExtensiveFormGame:
    """Let a proposer offer a share of a pie; if the responder rejects, both get nothing."""
    whole("pie", pie, 1, 1000)
    tree = GameTree(["proposer", "responder"], title=f"Ultimatum game, pie of {pie}")
    offers = tree.root.decision("proposer", "offer", [str(share) for share in range(pie + 1)])
    for share, (label, node) in enumerate(offers.items()):
        reply = node.decision("responder", f"offered {label}", ["accept", "reject"])
        reply["accept"].terminal([pie - share, share])
        reply["reject"].terminal([0, 0])
    return tree.build()


@game(
    source="Kreps (1990), Corporate culture and economic theory",
    summary="one-sided prisoner's dilemma: trust would pay both, and is abused",
)
def trust() -> ExtensiveFormGame:
    """Let one player trust another, who then honors or abuses it."""
    tree = GameTree(["truster", "trustee"], title="Trust game")
    start = tree.root.decision("truster", "start", ["trust", "do not trust"])
    start["do not trust"].terminal([0, 0])
    reply = start["trust"].decision("trustee", "trusted", ["honor", "abuse"])
    reply["honor"].terminal([10, 10])
    reply["abuse"].terminal([-5, 15])
    return tree.build()


@game(
    source="Selten (1975), Reexamination of the perfectness concept, International Journal of "
    "Game Theory 4, Figure 1",
    summary="three players, no proper subgame: an unreasonable equilibrium is subgame perfect",
    n_players=3,
)
def selten_horse() -> ExtensiveFormGame:
    """Ask the third player without telling it which of the other two gave up the safe end."""
    tree = GameTree(["1", "2", "3"], title="Selten's horse")
    first = tree.root.decision("1", "1", ["R", "L"])
    second = first["R"].decision("2", "2", ["R", "L"])
    second["R"].terminal([1, 1, 1])
    ends = {
        second["L"]: ([4, 4, 0], [0, 0, 1]),
        first["L"]: ([3, 2, 2], [0, 0, 0]),
    }
    for node, (right, left) in ends.items():
        third = node.decision("3", "3", ["R", "L"])
        third["R"].terminal(right)
        third["L"].terminal(left)
    return tree.build()


@game(
    source="Cho and Kreps (1987), Signaling games and stable equilibria, Quarterly Journal of "
    "Economics 102, pages 179-221",
    summary="signaling: pooling on beer and pooling on quiche; only beer is intuitive",
)
def beer_quiche() -> ExtensiveFormGame:
    """Let a surly or wimpish sender choose breakfast, and a receiver whether to fight.

    The sender gains 1 from its favorite breakfast and 2 from peace, the receiver 1 from fighting
    the wimp or leaving the surly in peace.
    """
    tree = GameTree(["sender", "receiver"], title="Beer-quiche")
    types = tree.root.chance({"surly": Fraction(9, 10), "wimp": Fraction(1, 10)})
    favorite = {"surly": "beer", "wimp": "quiche"}
    for kind, node in types.items():
        for meal, reply in node.decision("sender", kind, ["beer", "quiche"]).items():
            replies = reply.decision("receiver", f"saw {meal}", ["fight", "peace"])
            pleasure = int(meal == favorite[kind])
            replies["fight"].terminal([pleasure, int(kind == "wimp")])
            replies["peace"].terminal([pleasure + 2, int(kind == "surly")])
    return tree.build()
