"""Games in which an informed player sends a message."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from gametheory.games.catalog.behaviors import pure_behavior
from gametheory.games.catalog.known_facts import KnownFacts
from gametheory.games.catalog.parameters import number, whole
from gametheory.games.catalog.registry import game
from gametheory.games.extensive_form import ExtensiveFormGame
from gametheory.games.game_tree import GameTree

__all__ = ["beer_quiche", "cheap_talk", "lewis_signaling"]

_PLAYERS = ("sender", "receiver")
_MOST_STATES = 30


def _beer_quiche_facts() -> KnownFacts:
    tree = beer_quiche()
    beer = {"surly": "beer", "wimp": "beer", "saw beer": "peace", "saw quiche": "fight"}
    quiche = {"surly": "quiche", "wimp": "quiche", "saw beer": "fight", "saw quiche": "peace"}
    return KnownFacts.of(
        "Cho and Kreps (1987), Signaling games and stable equilibria: the two pooling equilibria",
        equilibria=(pure_behavior(tree, beer), pure_behavior(tree, quiche)),
    )


@game(
    source="Cho and Kreps (1987), Signaling games and stable equilibria, Quarterly Journal of "
    "Economics 102, pages 179-221",
    summary="signaling: pooling on beer and pooling on quiche; only beer is intuitive",
    facts=_beer_quiche_facts,
)
def beer_quiche() -> ExtensiveFormGame:
    """Let a surly or wimpish sender choose breakfast, and a receiver whether to fight.

    The sender gains 1 from its favorite breakfast and 2 from peace, the receiver 1 from fighting
    the wimp or leaving the surly in peace.
    """
    tree = GameTree(_PLAYERS, title="Beer-quiche")
    types = tree.root.chance({"surly": Fraction(9, 10), "wimp": Fraction(1, 10)})
    favorite = {"surly": "beer", "wimp": "quiche"}
    for kind, node in types.items():
        for meal, reply in node.decision("sender", kind, ["beer", "quiche"]).items():
            replies = reply.decision("receiver", f"saw {meal}", ["fight", "peace"])
            pleasure = int(meal == favorite[kind])
            replies["fight"].terminal([pleasure, int(kind == "wimp")])
            replies["peace"].terminal([pleasure + 2, int(kind == "surly")])
    return tree.build()


def _lewis_facts(n_states: int = 2) -> KnownFacts:
    tree = lewis_signaling(n_states)
    told = _talk(n_states, range(n_states), range(n_states))
    babbled = _talk(n_states, [0] * n_states, [0] * n_states)
    return KnownFacts.of(
        "Lewis (1969), Convention: a signaling system reaches the largest payoff there is; where "
        "messages mean nothing, nobody alone can give them a meaning",
        equilibria=(pure_behavior(tree, told), pure_behavior(tree, babbled)),
    )


def _talk(n: int, messages: Any, actions: Any) -> dict[str, str]:
    """Write down which message each state sends and which action each message brings."""
    sent = {f"state {s + 1}": f"message {m + 1}" for s, m in zip(range(n), messages, strict=True)}
    done = {f"heard message {m + 1}": str(a + 1) for m, a in zip(range(n), actions, strict=True)}
    return sent | done


@game(
    source="Lewis (1969), Convention: A Philosophical Study, Harvard University Press",
    summary="common interests: messages come to mean something, or nothing",
    facts=_lewis_facts,
)
def lewis_signaling(n_states: int = 2) -> ExtensiveFormGame:
    """Send one of as many messages as there are equally likely states; both want the right action.

    Both get 1 if the receiver's action has the number of the state, otherwise 0.
    """
    n = whole("n_states", n_states, 1, _MOST_STATES)
    return _sender_receiver(
        n, f"Lewis signaling with {n} states", lambda state, action: [int(state == action)] * 2
    )


def _cheap_talk_facts(n_states: int = 3, bias: Any = "1/4") -> KnownFacts:
    tree = cheap_talk(n_states, bias)
    middle = (n_states - 1) // 2
    babbling = _talk(n_states, [0] * n_states, [middle] * n_states)
    equilibria = [pure_behavior(tree, babbling)]
    if abs(number("bias", bias)) <= Fraction(1, 2):
        truth = _talk(n_states, range(n_states), range(n_states))
        equilibria.insert(0, pure_behavior(tree, truth))
    return KnownFacts.of(
        "babbling always is an equilibrium; on whole numbers truth is one up to a bias of 1/2, "
        "where the neighboring action becomes better: Crawford and Sobel (1982)",
        equilibria=tuple(equilibria),
    )


@game(
    source="Crawford and Sobel (1982), Strategic information transmission, Econometrica 50, "
    "pages 1431-1451, on whole numbers",
    summary="talk is free: how much of it is believed depends on how far interests differ",
    facts=_cheap_talk_facts,
)
def cheap_talk(n_states: int = 3, bias: Any = "1/4") -> ExtensiveFormGame:
    """Tell an equally likely state to a receiver, whose best action is that state.

    The sender's best action is higher by the bias; both lose the square of the distance.
    """
    n = whole("n_states", n_states, 1, _MOST_STATES)
    shift = number("bias", bias)
    return _sender_receiver(
        n,
        f"Cheap talk with {n} states, bias {shift}",
        lambda state, action: [-((action - state - shift) ** 2), -((action - state) ** 2)],
    )


def _sender_receiver(n: int, title: str, payoffs: Any) -> ExtensiveFormGame:
    """Let chance draw one of n states, the sender a message and the receiver an action."""
    tree = GameTree(_PLAYERS, title=title)
    numbers = [str(k + 1) for k in range(n)]
    states = tree.root.chance({f"state {k}": Fraction(1, n) for k in numbers})
    for state, (label, node) in enumerate(states.items()):
        sent = node.decision("sender", label, [f"message {k}" for k in numbers])
        for message, heard in sent.items():
            done = heard.decision("receiver", f"heard {message}", numbers)
            for action, end in enumerate(done.values()):
                end.terminal(payoffs(state, action))
    return tree.build()
