"""Small trees that textbooks and articles made famous."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from gametheory.games.behavior_profile import BehaviorProfile
from gametheory.games.catalog.behaviors import pure_behavior
from gametheory.games.catalog.known_facts import KnownFacts
from gametheory.games.catalog.parameters import whole
from gametheory.games.catalog.registry import game
from gametheory.games.extensive_form import ExtensiveFormGame
from gametheory.games.game_tree import GameTree, TreeNode

__all__ = [
    "burning_money",
    "centipede",
    "chain_store",
    "matching_pennies_tree",
    "outside_option",
    "selten_horse",
]


def _pennies_facts() -> KnownFacts:
    return KnownFacts.of(
        "von Neumann (1928): each side half of the time",
        value=Fraction(0),
        equilibria=(BehaviorProfile(matching_pennies_tree(), [Fraction(1, 2)] * 4),),
    )


@game(
    source="von Neumann (1928), Zur Theorie der Gesellschaftsspiele, Mathematische Annalen 100",
    summary="matching pennies with one information set each: hidden is the same as simultaneous",
    facts=_pennies_facts,
)
def matching_pennies_tree() -> ExtensiveFormGame:
    """Let the second player choose without seeing the first one's coin; equal coins win for it."""
    tree = GameTree(["first", "second"], title="Matching pennies as a tree")
    sides = ["heads", "tails"]
    for mine, node in tree.root.decision("first", "first", sides).items():
        for theirs, end in node.decision("second", "second", sides).items():
            sign = 1 if mine != theirs else -1
            end.terminal([sign, -sign])
    return tree.build()


def _chain_store_facts() -> KnownFacts:
    tree = chain_store()
    return KnownFacts.of(
        "Selten (1978), The chain store paradox: entry is met by sharing, or deterred by a threat",
        equilibria=(
            pure_behavior(tree, {"entry": "in", "reply": "cooperate"}),
            pure_behavior(tree, {"entry": "out", "reply": "fight"}),
        ),
    )


@game(
    source="Selten (1978), The chain store paradox, Theory and Decision 9",
    summary="a threat to fight entry that is not carried out",
    facts=_chain_store_facts,
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


def _centipede_facts(steps: Any = 4) -> KnownFacts:
    take = {f"step {step + 1}": "take" for step in range(steps)}
    return KnownFacts.of(
        "Rosenthal (1981), Games of perfect information, predatory pricing and the chain-store "
        "paradox, Journal of Economic Theory 25: backward induction",
        equilibria=(pure_behavior(centipede(steps), take),),
    )


@game(
    source="McKelvey and Palfrey (1992), An experimental study of the centipede game, "
    "Econometrica 60, Figure 1 (in dimes); Rosenthal (1981)",
    summary="taking at once is the only subgame-perfect path; passing pays both more",
    facts=_centipede_facts,
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


def _horse_facts() -> KnownFacts:
    tree = selten_horse()
    return KnownFacts.of(
        "Selten (1975), Reexamination of the perfectness concept: a reasonable equilibrium and an "
        "unreasonable one",
        equilibria=(
            pure_behavior(tree, {"1": "R", "2": "R", "3": "L"}),
            pure_behavior(tree, {"1": "L", "2": "R", "3": "R"}),
        ),
    )


@game(
    source="Selten (1975), Reexamination of the perfectness concept, International Journal of "
    "Game Theory 4, Figure 1",
    summary="three players, no proper subgame: an unreasonable equilibrium is subgame perfect",
    n_players=3,
    facts=_horse_facts,
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


def _battle(node: TreeNode, after: str, cost: int = 0) -> None:
    """Play battle of the sexes, whose first player has paid a cost."""
    for mine, behind in node.decision("first", f"first{after}", ["mine", "yours"]).items():
        for theirs, end in behind.decision("second", f"second{after}", ["mine", "yours"]).items():
            # each names its own favorite "mine": they meet where one says "mine", one "yours"
            if mine == theirs:
                end.terminal([-cost, 0])
            else:
                end.terminal([3 - cost, 1] if mine == "mine" else [1 - cost, 3])


def _outside_facts() -> KnownFacts:
    tree = outside_option()
    enter = {"start": "in", "first after in": "mine", "second after in": "yours"}
    stay = {"start": "out", "first after in": "yours", "second after in": "mine"}
    return KnownFacts.of(
        "Kohlberg and Mertens (1986): entering tells what the first player will do; the other "
        "equilibrium is subgame perfect as well",
        equilibria=(pure_behavior(tree, enter), pure_behavior(tree, stay)),
    )


@game(
    source="Kohlberg and Mertens (1986), On the strategic stability of equilibria, Econometrica "
    "54, pages 1003-1037",
    summary="forward induction: to give up a safe payoff says which equilibrium is meant",
    facts=_outside_facts,
)
def outside_option() -> ExtensiveFormGame:
    """Let the first player end the game with 2 for both, or play battle of the sexes."""
    tree = GameTree(["first", "second"], title="Battle of the sexes with an outside option")
    start = tree.root.decision("first", "start", ["out", "in"])
    start["out"].terminal([2, 2])
    _battle(start["in"], " after in")
    return tree.build()


def _burning_facts() -> KnownFacts:
    tree = burning_money()
    keep, burn = "keeping", "burning"
    favorite = {
        "start": "keep",
        **{f"first after {what}": "mine" for what in (keep, burn)},
        **{f"second after {what}": "yours" for what in (keep, burn)},
    }
    given_in = {
        "start": "keep",
        **{f"first after {what}": "yours" for what in (keep, burn)},
        **{f"second after {what}": "mine" for what in (keep, burn)},
    }
    return KnownFacts.of(
        "Ben-Porath and Dekel (1992): only the first survives iterated weak dominance",
        equilibria=(pure_behavior(tree, favorite), pure_behavior(tree, given_in)),
    )


@game(
    source="Ben-Porath and Dekel (1992), Signaling future actions and the potential for "
    "sacrifice, Journal of Economic Theory 57, pages 36-51",
    summary="forward induction: that one could burn money, and did not, is enough",
    facts=_burning_facts,
)
def burning_money() -> ExtensiveFormGame:
    """Let the first player burn 1 or not, in sight of the other, before battle of the sexes."""
    tree = GameTree(["first", "second"], title="Burning money")
    start = tree.root.decision("first", "start", ["keep", "burn"])
    _battle(start["keep"], " after keeping")
    _battle(start["burn"], " after burning", cost=1)
    return tree.build()
