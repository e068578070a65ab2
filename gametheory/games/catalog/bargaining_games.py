"""Bargaining and trust in extensive form."""

from __future__ import annotations

from typing import Any

from gametheory.games.catalog.behaviors import pure_behavior
from gametheory.games.catalog.known_facts import KnownFacts
from gametheory.games.catalog.parameters import number, require, whole
from gametheory.games.catalog.registry import game
from gametheory.games.extensive_form import ExtensiveFormGame
from gametheory.games.game_tree import GameTree, TreeNode

__all__ = ["alternating_offers", "trust", "ultimatum"]

_MOST_OFFERS = 20_000


def _ultimatum_facts(pie: Any = 4) -> KnownFacts:
    tree = ultimatum(pie)
    accept = {f"offered {share}": "accept" for share in range(pie + 1)}
    nothing = {**accept, "offer": "0"}
    a_little = {**accept, "offer": "1", "offered 0": "reject"}
    return KnownFacts.of(
        "backward induction: whoever is offered something accepts, and may reject nothing",
        equilibria=(pure_behavior(tree, nothing), pure_behavior(tree, a_little)),
    )


@game(
    source="Gueth, Schmittberger and Schwarze (1982), An experimental analysis of ultimatum "
    "bargaining, Journal of Economic Behavior and Organization 3",
    summary="two subgame-perfect equilibria: offer nothing, or the smallest positive amount",
    facts=_ultimatum_facts,
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
    source="Stahl (1972), Bargaining Theory; Rubinstein (1982), Perfect equilibrium in a "
    "bargaining model, Econometrica 50, pages 97-109",
    summary="offers in turn for a pie that shrinks with every refusal",
)
def alternating_offers(pie: int = 4, rounds: int = 2, discount: Any = "1/2") -> ExtensiveFormGame:
    """Offer shares of a pie in turn; after a refusal the other player offers and all is worth less.

    Parameters
    ----------
    pie : int
        Shares are whole numbers up to it.
    rounds : int
        After so many refusals both get nothing.
    discount : number
        What a share is worth after one more round, from 0 to 1.
    """
    whole("pie", pie, 1, 1000)
    whole("rounds", rounds, 1, 10)
    factor = number("discount", discount)
    require(0 <= factor <= 1, f"discount {factor}", "discount", "0 <= discount <= 1")
    size = (pie + 1) ** rounds
    require(
        size <= _MOST_OFFERS,
        f"{rounds} rounds about a pie of {pie} make {size} plays",
        "pie, rounds",
        f"at most {_MOST_OFFERS} plays",
    )
    names = ("first", "second")
    tree = GameTree(names, title=f"Alternating offers, pie of {pie}, {rounds} rounds")

    def offer(node: TreeNode, refused: tuple[int, ...]) -> None:
        proposer = len(refused) % 2
        past = f" after {', '.join(map(str, refused))} was refused" if refused else ""
        shares = [str(share) for share in range(pie + 1)]
        made = node.decision(proposer, f"{names[proposer]} offers{past}", shares)
        for share, (label, offered) in enumerate(made.items()):
            seen = f"{names[1 - proposer]} is offered {label}{past}"
            reply = offered.decision(1 - proposer, seen, ["accept", "refuse"])
            worth = factor ** len(refused)
            kept, given = worth * (pie - share), worth * share
            reply["accept"].terminal([kept, given] if proposer == 0 else [given, kept])
            if len(refused) + 1 == rounds:
                reply["refuse"].terminal([0, 0])
            else:
                offer(reply["refuse"], (*refused, share))

    offer(tree.root, ())
    return tree.build()


def _trust_facts() -> KnownFacts:
    return KnownFacts.of(
        "backward induction: abuse pays the trustee more, and costs the truster",
        equilibria=(pure_behavior(trust(), {"start": "do not trust", "trusted": "abuse"}),),
    )


@game(
    source="Kreps (1990), Corporate culture and economic theory",
    summary="one-sided prisoner's dilemma: trust would pay both, and is abused",
    facts=_trust_facts,
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
