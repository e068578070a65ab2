"""Whether two game trees are one game, whatever their labels and numbers are."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gametheory.games.extensive_form import CHANCE, TERMINAL, ExtensiveFormGame

__all__ = ["difference"]

_Children = Callable[[int], list[int]]


def difference(one: ExtensiveFormGame, other: ExtensiveFormGame) -> str:
    """Name the first difference between two game trees; "" if they are the same game.

    They are if there is a one-to-one map of their histories, children in order, that keeps who
    acts, what chance does, what is paid, and which histories are of one information set. Chance
    outcomes of probability zero, and chance nodes with one possible outcome, are passed over.
    Labels and titles are not compared, and payoffs as floats.

    Parameters
    ----------
    one, other : ExtensiveFormGame

    Returns
    -------
    str
        With the labels of the history in ``one`` at which it is.

    Examples
    --------
    >>> from gametheory.games.catalog import load
    >>> difference(load("kuhn_poker"), load("kuhn_poker"))
    ''
    >>> difference(load("kuhn_poker"), load("leduc_poker"))[:20]
    'after the start: one'
    """
    if one.n_players != other.n_players:
        return f"one has {one.n_players} players, the other {other.n_players}"
    games = _Side(one), _Side(other)
    sets: tuple[dict[int, int], dict[int, int]] = ({}, {})
    todo = [(games[0].passed(0), games[1].passed(0))]
    while todo:
        pair = todo.pop()
        owners = tuple(side.owner[node] for side, node in zip(games, pair, strict=True))
        after = [side.children(node) for side, node in zip(games, pair, strict=True)]
        found = ""
        if owners[0] != owners[1]:
            found = f"one has {_who(owners[0])} there, the other {_who(owners[1])}"
        elif owners[0] == TERMINAL:
            paid = [side.paid(node) for side, node in zip(games, pair, strict=True)]
            found = "" if paid[0] == paid[1] else f"one pays {paid[0]}, the other {paid[1]}"
        elif len(after[0]) != len(after[1]):
            found = f"one goes on in {len(after[0])} ways, the other in {len(after[1])}"
        elif owners[0] == CHANCE:
            odds = [[side.odds[c] for c in cs] for side, cs in zip(games, after, strict=True)]
            found = "" if odds[0] == odds[1] else f"chance has {odds[0]} and {odds[1]}"
        else:
            mine, yours = (side.infoset[node] for side, node in zip(games, pair, strict=True))
            if sets[0].setdefault(mine, yours) != yours or sets[1].setdefault(yours, mine) != mine:
                found = "the information sets hold other histories"
        if found:
            return f"after {' '.join(one.history(pair[0])) or 'the start'}: {found}"
        todo += [
            (games[0].passed(a), games[1].passed(b))
            for a, b in zip(after[0][::-1], after[1][::-1], strict=True)
        ]
    return ""


class _Side:
    """One of the games, as lists."""

    def __init__(self, game: ExtensiveFormGame) -> None:
        self.owner, self.infoset = game.node_player.tolist(), game.node_infoset.tolist()
        self._first, self._count = game.first_child.tolist(), game.n_children.tolist()
        chance = game.chance_children.tolist()
        self.odds = dict(zip(chance, game.exact_chance.tolist(), strict=True))
        self._terminal = {node: place for place, node in enumerate(game.terminals.tolist())}
        self._payoffs = game.terminal_payoffs

    def children(self, node: int) -> list[int]:
        after = range(self._first[node], self._first[node] + self._count[node])
        if self.owner[node] != CHANCE:
            return list(after)
        return [child for child in after if self.odds[child]]

    def passed(self, node: int) -> int:
        """Go on through chance nodes that leave nothing open."""
        while self.owner[node] == CHANCE and len(self.children(node)) == 1:
            node = self.children(node)[0]
        return node

    def paid(self, node: int) -> list[float]:
        return [float(x) for x in np.asarray(self._payoffs[:, self._terminal[node]])]


def _who(owner: int) -> str:
    return {CHANCE: "chance", TERMINAL: "an end"}.get(owner, f"player {owner}")
