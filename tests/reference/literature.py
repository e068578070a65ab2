"""Read ``literature.toml``: its games, its profiles and a plain evaluation of its trees."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import Any

from gametheory import BehaviorProfile, ExtensiveFormGame, GameTree, MixedProfile, NormalFormGame
from gametheory.games.catalog import load

__all__ = ["ABOUT", "Entry", "Outline", "entries", "numbers", "table"]

# What is no claim about the game.
ABOUT = {
    "name",
    "source",
    "where",
    "players",
    "actions",
    "payoffs",
    "tree",
    "catalog",
    "parameters",
}
# What says how another claim is meant, and is checked with it.
DETAILS = {"all_equilibria", "all_symmetric", "irrational", "rounded_value"}


def entries() -> list[Entry]:
    """Every game of the table, in its order."""
    with (Path(__file__).parent / "literature.toml").open("rb") as file:
        return [Entry(data) for data in tomllib.load(file)["game"]]


def numbers(text: str) -> list[Fraction]:
    """``"1/2 0.25 3"`` as Fractions."""
    return [Fraction(number) for number in text.split()]


def table(text: str) -> list[Any]:
    """A table of cells as nested lists, ``[player][row][column]``, with blocks one level deeper.

    A cell of one number gives one table alone, in a list.
    """
    blocks = [block.splitlines() for block in text.strip().split("\n\n")]
    cells = [[[c.split(",") for c in row.split()] for row in block] for block in blocks]
    rows, columns, count = len(cells[0]), len(cells[0][0]), len(cells[0][0][0])
    deep = len(blocks) > 1

    def entry(player: int, row: int, column: int) -> Any:
        along = [Fraction(block[row][column][player]) for block in cells]
        return along if deep else along[0]

    return [
        [[entry(player, row, column) for column in range(columns)] for row in range(rows)]
        for player in range(count)
    ]


@dataclass(frozen=True)
class Entry:
    """One game of the table.

    Attributes
    ----------
    data : dict
        What the file says.
    """

    data: dict[str, Any]

    @property
    def name(self) -> str:
        name: str = self.data["name"]
        return name

    @property
    def claims(self) -> list[str]:
        """What is claimed about the game."""
        return [key for key in self.data if key not in ABOUT | DETAILS]

    @cached_property
    def outline(self) -> Outline:
        """The tree as it is written."""
        return Outline(self.data["players"].split(), self.data["tree"])

    @cached_property
    def game(self) -> Any:
        """The game, built by the library."""
        if "catalog" in self.data:
            return load(self.data["catalog"], **self.data.get("parameters", {}))
        if "tree" in self.data:
            return self.outline.build()
        payoffs = table(self.data["payoffs"])
        labels = self.data.get("actions")
        named = [side.split() for side in labels.split("|")] if labels else None
        if len(payoffs) == 1:
            return NormalFormGame.zero_sum(payoffs[0], actions=named)
        return NormalFormGame(payoffs, actions=named)

    def labels(self, player: int) -> list[str]:
        """Return the actions' names, 1, 2, 3 ... if the file gives none."""
        if "actions" in self.data:
            return list(self.data["actions"].split("|")[player].split())
        if "catalog" in self.data:
            return list(self.game.actions[player])
        return [str(k + 1) for k in range(self.game.n_actions[player])]

    def joint(self, text: str) -> tuple[int, ...]:
        """``"U | L"`` as indices."""
        sides = [side.strip() for side in text.split("|")]
        return tuple(self.labels(player).index(side) for player, side in enumerate(sides))

    def subsets(self, text: str) -> tuple[tuple[int, ...], ...]:
        """``"U D | L"`` as indices of actions, for each player."""
        sides = [side.split() for side in text.split("|")]
        return tuple(
            tuple(self.labels(player).index(action) for action in side)
            for player, side in enumerate(sides)
        )

    def profile(self, text: str) -> MixedProfile:
        """A profile of a game in normal form: of one action each, or of probabilities."""
        sides = [side.split() for side in text.split("|")]
        sizes = self.game.n_actions
        if all(len(side) == 1 for side in sides) and max(sizes) > 1:
            joint = self.joint(text)
            return MixedProfile(
                [
                    [int(k == action) for k in range(size)]
                    for action, size in zip(joint, sizes, strict=True)
                ]
            )
        return MixedProfile([[Fraction(p) for p in side] for side in sides])

    def behavior(self, text: str) -> BehaviorProfile:
        """A profile of a tree: actions, or probabilities with a comma between information sets."""
        game: ExtensiveFormGame = self.game
        chosen: dict[str, dict[str, Any]] = {}
        for player, side in enumerate(text.split("|")):
            own = [infoset for infoset in game.information_sets if infoset.player == player]
            if "tree" in self.data:
                order = list(self.outline.infosets[player])
                own.sort(key=lambda infoset: order.index(infoset.label))
            parts = side.split(",") if any(c.isdigit() for c in side) else []
            if parts and "/" in side:
                for infoset, part in zip(own, parts, strict=True):
                    chosen[infoset.label] = dict(zip(infoset.actions, numbers(part), strict=True))
            else:
                for infoset, action in zip(own, side.split(), strict=True):
                    chosen[infoset.label] = {action: 1}
        return BehaviorProfile.from_mapping(game, chosen)


class Outline:
    """A tree as it is written, evaluated in Fractions by recursion over its lines.

    Parameters
    ----------
    players : list of str
    text : str
        One line a history, see ``literature.toml``.
    """

    def __init__(self, players: list[str], text: str) -> None:
        self.players = players
        self.lines: dict[tuple[str, ...], list[str]] = {}
        self.infosets: list[dict[str, list[str]]] = [{} for _ in players]
        for line in text.strip().splitlines():
            path, _, what = line.partition(":")
            words = what.split()
            self.lines[tuple(path.split())] = words
            if words[0] not in ("=", "chance"):
                self.infosets[players.index(words[0])].setdefault(words[1], words[2:])

    def build(self) -> ExtensiveFormGame:
        """Build the game with the library."""
        tree = GameTree(self.players)
        nodes = {(): tree.root}
        for path, words in sorted(self.lines.items(), key=lambda item: len(item[0])):
            node = nodes[path]
            if words[0] == "=":
                node.terminal([Fraction(payoff) for payoff in words[1:]])
                continue
            if words[0] == "chance":
                behind = node.chance(dict(self._odds(words)))
            else:
                behind = node.decision(words[0], words[1], words[2:])
            nodes |= {(*path, action): child for action, child in behind.items()}
        return tree.build()

    @staticmethod
    def _odds(words: list[str]) -> list[tuple[str, Fraction]]:
        pairs = [word.split("=") for word in words[1:]]
        return [(outcome, Fraction(odds)) for outcome, odds in pairs]

    def payoffs(self, plan: dict[str, dict[str, Fraction]]) -> list[Fraction]:
        """Expected payoffs where each information set plays as the plan says."""

        def worth(path: tuple[str, ...]) -> list[Fraction]:
            words = self.lines[path]
            if words[0] == "=":
                return [Fraction(payoff) for payoff in words[1:]]
            odds = self._odds(words) if words[0] == "chance" else list(plan[words[1]].items())
            total = [Fraction(0)] * len(self.players)
            for action, probability in odds:
                if probability:
                    behind = worth((*path, action))
                    total = [t + probability * b for t, b in zip(total, behind, strict=True)]
            return total

        return worth(())

    def strategies(self, player: int) -> list[dict[str, dict[str, Fraction]]]:
        """All pure strategies of a player, an action at each of its information sets."""
        sets = self.infosets[player]
        return [
            {label: {action: Fraction(1)} for label, action in zip(sets, chosen, strict=True)}
            for chosen in product(*sets.values())
        ]

    def regrets(self, plan: dict[str, dict[str, Fraction]]) -> list[Fraction]:
        """What each player gains by its best deviation, tried one by one."""
        now = self.payoffs(plan)
        return [
            max(self.payoffs(plan | other)[player] for other in self.strategies(player))
            - now[player]
            for player in range(len(self.players))
        ]

    def plan(self, profile: BehaviorProfile, game: ExtensiveFormGame) -> Any:
        """A profile of the library as a plan."""
        return {
            infoset.label: dict(zip(infoset.actions, game_part(profile, game, index), strict=True))
            for index, infoset in enumerate(game.information_sets)
        }


def game_part(profile: BehaviorProfile, game: ExtensiveFormGame, infoset: int) -> list[Fraction]:
    """The exact probabilities at one information set."""
    start, end = game.action_offsets[infoset : infoset + 2]
    return [Fraction(p) for p in profile.exact[start:end]]
