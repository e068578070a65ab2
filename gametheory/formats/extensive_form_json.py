"""Game trees as JSON: nested nodes, as one would write them by hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from gametheory.errors import GameFormatError
from gametheory.formats.document_head import VERSION, check_head
from gametheory.games.extensive_form import CHANCE, ExtensiveFormGame
from gametheory.games.game_tree import GameTree, TreeNode
from gametheory.rationals import decode, encode

__all__ = ["FORMAT", "from_document", "to_document", "unique_labels"]

FORMAT = "gametheory/extensive-form"
_KEYS = {"format", "version", "title", "players", "root"}


def to_document(game: ExtensiveFormGame) -> dict[str, Any]:
    """Describe a game as a JSON document; exact numbers stay exact.

    Every node is one of ``{"payoffs": [...]}``, ``{"player": ..., "infoset": ..., "actions":
    {label: node}}`` and ``{"chance": {label: {"probability": p, "node": node}}}``.
    """
    labels = unique_labels(game)
    chance = dict(zip(game.chance_children.tolist(), game.exact_chance, strict=True))
    nodes: list[dict[str, Any]] = [{} for _ in range(game.n_nodes)]
    payoffs = iter(game.exact_payoffs.T[::-1].tolist())
    for node in range(game.n_nodes - 1, -1, -1):
        low = int(game.first_child[node])
        children = range(low, low + int(game.n_children[node]))
        named = {game.action_labels[game.node_label[c]]: c for c in children}
        player = int(game.node_player[node])
        if player == CHANCE:
            outcomes = {
                label: {"probability": encode(chance[c]), "node": nodes[c]}
                for label, c in named.items()
            }
            nodes[node] = {"chance": outcomes}
        elif player >= 0:
            nodes[node] = {
                "player": game.players[player],
                "infoset": labels[int(game.node_infoset[node])],
                "actions": {label: nodes[c] for label, c in named.items()},
            }
        else:
            nodes[node] = {"payoffs": [encode(payoff) for payoff in next(payoffs)]}
    return {
        "format": FORMAT,
        "version": VERSION,
        "title": game.title,
        "players": list(game.players),
        "root": nodes[0],
    }


def unique_labels(game: ExtensiveFormGame) -> list[str]:
    """Labels of the information sets, numbered where two would be the same."""
    labels = [game.infoset_label(infoset) for infoset in range(game.infoset_player.size)]
    count = Counter(labels)
    taken = set(labels)
    unique = []
    for i, label in enumerate(labels):
        new = label if count[label] == 1 else f"{label} [{i}]"
        while count[label] > 1 and new in taken:
            new += "'"
        taken.add(new)
        unique.append(new)
    return unique


def from_document(document: Mapping[str, Any]) -> ExtensiveFormGame:
    """Build the game that a document describes.

    Raises
    ------
    GameFormatError
        Naming the node and the key.
    InvalidGame
        If the nodes do not make a game.
    """
    check_head(document, FORMAT, _KEYS, optional=True)
    players = document.get("players")
    if not isinstance(players, list):
        raise GameFormatError(f"players: {players!r}", where="players", valid="a list of names")
    tree = GameTree([str(player) for player in players], title=str(document.get("title", "")))
    stack: list[tuple[TreeNode, Any]] = [(tree.root, document.get("root"))]
    while stack:
        node, described = stack.pop()
        stack += reversed(_describe(node, described))
    return tree.build()


def _describe(node: TreeNode, described: Any) -> list[tuple[TreeNode, Any]]:
    """Describe one node of the tree; return its children with their descriptions."""
    if not isinstance(described, Mapping):
        raise _wrong(node, f"{described!r} is no node")
    if "payoffs" in described:
        payoffs = described["payoffs"]
        if not isinstance(payoffs, list):
            raise _wrong(node, f"payoffs {payoffs!r} are no list")
        node.terminal([decode(p, f"{node}, payoffs[{i}]") for i, p in enumerate(payoffs)])
        return []
    if "chance" in described:
        outcomes = _mapping(node, described["chance"], "chance")
        odds: dict[str, Fraction | float] = {}
        for label, outcome in outcomes.items():
            if not isinstance(outcome, Mapping) or {"probability", "node"} - set(outcome):
                raise _wrong(node, f"outcome {label!r} lacks 'probability' or 'node'")
            odds[label] = decode(outcome["probability"], f"{node}, outcome {label!r}")
        children = node.chance(odds)
        return [(children[label], outcomes[label]["node"]) for label in outcomes]
    if {"player", "infoset", "actions"} <= set(described):
        actions = _mapping(node, described["actions"], "actions")
        children = node.decision(described["player"], described["infoset"], list(actions))
        return [(children[label], actions[label]) for label in actions]
    raise _wrong(node, f"a node with the keys {sorted(described)}")


def _mapping(node: TreeNode, value: Any, key: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise _wrong(node, f"{key} {value!r} is no object")
    return value


def _wrong(node: TreeNode, what: str) -> GameFormatError:
    return GameFormatError(
        what,
        where=str(node),
        valid='{"payoffs": [...]}, {"player", "infoset", "actions": {label: node}} or '
        '{"chance": {label: {"probability", "node"}}}',
    )
