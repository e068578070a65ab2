"""Game trees written as .efg files, exactly; :mod:`gametheory.formats.efg` tells the format."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from gametheory.formats.extensive_form_json import unique_labels
from gametheory.formats.gambit_text import number_text, quoted
from gametheory.games.extensive_form import CHANCE, TERMINAL, ExtensiveFormGame

__all__ = ["to_text"]


def to_text(game: ExtensiveFormGame) -> str:
    """Write a game as the text of an .efg file; nothing is rounded.

    Raises
    ------
    GameFormatError
        If a payoff or a probability has more digits than readers take.

    Examples
    --------
    >>> from gametheory.games.game_tree import GameTree
    >>> tree = GameTree(["A", "B"], title="a choice")
    >>> children = tree.root.decision("A", "start", ["left", "right"])
    >>> children["left"].terminal([1, Fraction(1, 3)])
    >>> children["right"].terminal([0, 0])
    >>> print(to_text(tree.build()), end="")
    EFG 2 R "a choice" { "A" "B" }
    ""
    <BLANKLINE>
    p "" 1 1 "start" { "left" "right" } 0
    t "" 1 "" { 1, 1/3 }
    t "" 2 "" { 0, 0 }
    """
    names = " ".join(map(quoted, game.players))
    lines = [f"EFG 2 R {quoted(game.title)} {{ {names} }}", '""', ""]
    infosets = _infoset_lines(game)
    actions = [quoted(label) for label in game.action_labels]
    payoffs = _payoff_texts(game)
    chance = _chance_texts(game)
    player, infoset = game.node_player.tolist(), game.node_infoset.tolist()
    low, size = game.first_child.tolist(), game.n_children.tolist()
    label = game.node_label.tolist()
    terminal = np.cumsum(game.node_player == TERMINAL) - 1
    event = np.cumsum(game.node_player == CHANCE)
    outcomes: dict[str, int] = {}
    stack = [0]
    while stack:
        node = stack.pop()
        children = range(low[node], low[node] + size[node])
        if player[node] == TERMINAL:
            paid = payoffs[terminal[node]]
            lines.append(f't "" {outcomes.setdefault(paid, len(outcomes) + 1)} "" {{ {paid} }}')
        elif player[node] == CHANCE:
            odds = " ".join(f"{actions[label[child]]} {chance[child]}" for child in children)
            lines.append(f'c "" {event[node]} "" {{ {odds} }} 0')
        else:
            lines.append(infosets[infoset[node]])
        stack.extend(reversed(children))
    lines.append("")
    return "\n".join(lines)


def _infoset_lines(game: ExtensiveFormGame) -> list[str]:
    """Lines of the nodes of each information set; its number counts those of its player."""
    lines = []
    first = np.concatenate([[0], np.cumsum(game.n_infosets)])
    labels = unique_labels(game)
    for infoset, player in enumerate(game.infoset_player.tolist()):
        actions = " ".join(map(quoted, game.infoset_actions(infoset)))
        head = f'p "" {player + 1} {infoset - first[player] + 1} {quoted(labels[infoset])}'
        lines.append(f"{head} {{ {actions} }} 0")
    return lines


def _payoff_texts(game: ExtensiveFormGame) -> list[str]:
    """Payoffs of each terminal node, as they stand between the braces."""
    if game.payoffs_are_exact:
        values, which = np.unique(game.terminal_payoffs, return_inverse=True)
        texts = [number_text(Fraction(value)) for value in values.tolist()]
        columns: Any = which.reshape(game.terminal_payoffs.shape).T.tolist()
        return [", ".join([texts[i] for i in column]) for column in columns]
    return [", ".join(map(number_text, column)) for column in game.exact_payoffs.T.tolist()]


def _chance_texts(game: ExtensiveFormGame) -> dict[int, str]:
    """Probability of each child of a chance node."""
    return {
        child: number_text(p)
        for child, p in zip(game.chance_children.tolist(), game.exact_chance, strict=True)
    }
