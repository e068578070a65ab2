"""Small board games in which players do not see each other's stones or ships."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Any

from gametheory.games.catalog.known_facts import KnownFacts
from gametheory.games.catalog.parameters import flag, require, whole
from gametheory.games.catalog.registry import game
from gametheory.games.extensive_form import ExtensiveFormGame
from gametheory.games.game_state import GameState
from gametheory.games.game_tree import GameTree, TreeNode

__all__ = ["battleship", "dark_hex", "dark_tic_tac_toe"]

_PLAYERS = ("first", "second")
_MOST_CELLS = 6  # nine cells would make more than a billion histories
_MOST_SALVOS = 300_000


def _cell(columns: int, cell: int) -> str:
    """Name a cell by its column's letter and its row's number."""
    return f"{'abcdefghijklmnopqrstuvwxyz'[cell % columns]}{cell // columns + 1}"


def _grid(rows: int, columns: int) -> tuple[int, int]:
    whole("rows", rows, 1, _MOST_CELLS)
    whole("columns", columns, 1, _MOST_CELLS)
    require(
        rows * columns <= _MOST_CELLS,
        f"a board of {rows} rows and {columns} columns",
        "rows, columns",
        f"at most {_MOST_CELLS} cells",
    )
    return rows, columns


@dataclass(frozen=True)
class _DarkRules:
    """A board on which players place stones that the other one does not see.

    Attributes
    ----------
    rows, columns : int
    abrupt : bool
        Whether trying an occupied cell costs the turn.
    count_turns : bool
        Whether players are told that the other one tried an occupied cell.
    won : callable
        ``won(player, stones)``: whether these cells, a bit mask, win.
    """

    rows: int
    columns: int
    abrupt: bool
    count_turns: bool
    won: Callable[[int, int], bool]

    @property
    def n_cells(self) -> int:
        return self.rows * self.columns


@dataclass
class _DarkBoard:
    """A position: each player's stones, and those of the other one that it has run into."""

    rules: _DarkRules
    stones: tuple[int, int] = (0, 0)
    found: tuple[int, int] = (0, 0)
    current_player: int = 0
    turns: str = ""  # who tried a cell, in order, where that is told

    def legal_actions(self, player: int | None = None) -> Sequence[str]:
        known = self.stones[self.current_player] | self.found[self.current_player]
        return [
            _cell(self.rules.columns, cell)
            for cell in range(self.rules.n_cells)
            if not known >> cell & 1
        ]

    def apply(self, action: Any) -> None:
        mover, columns = self.current_player, self.rules.columns
        bit = next(
            1 << cell for cell in range(self.rules.n_cells) if _cell(columns, cell) == action
        )
        if self.rules.count_turns:
            self.turns += str(mover + 1)
        taken = bool(self.stones[1 - mover] & bit)
        if taken:
            self.found = _added(self.found, mover, bit)
        else:
            self.stones = _added(self.stones, mover, bit)
        if not taken or self.rules.abrupt:
            self.current_player = 1 - mover

    def clone(self) -> _DarkBoard:
        return _DarkBoard(self.rules, self.stones, self.found, self.current_player, self.turns)

    def chance_outcomes(self) -> Iterable[tuple[str, Fraction]]:
        return ()

    def information_state(self, player: int) -> str:
        marks = "xo"
        seen = [
            marks[player]
            if self.stones[player] >> cell & 1
            else marks[1 - player]
            if self.found[player] >> cell & 1
            else "."
            for cell in range(self.rules.n_cells)
        ]
        columns = self.rules.columns
        board = "/".join(
            "".join(seen[start : start + columns]) for start in range(0, len(seen), columns)
        )
        turns = f", turns {self.turns}" if self.turns else ""
        return f"{_PLAYERS[player]} sees {board}{turns}"

    def state_key(self) -> tuple[Any, ...]:
        return self.stones, self.found, self.current_player, self.turns

    def _winner(self) -> int | None:
        return next((p for p in (0, 1) if self.rules.won(p, self.stones[p])), None)

    def is_terminal(self) -> bool:
        full = self.stones[0] | self.stones[1] == 2**self.rules.n_cells - 1
        return full or self._winner() is not None

    def returns(self) -> Sequence[int]:
        return {None: (0, 0), 0: (1, -1), 1: (-1, 1)}[self._winner()]


def _added(masks: tuple[int, int], player: int, bit: int) -> tuple[int, int]:
    return (masks[0] | bit, masks[1]) if player == 0 else (masks[0], masks[1] | bit)


def _dark_game(board: GameState, title: str) -> ExtensiveFormGame:
    return ExtensiveFormGame.from_state(board, players=_PLAYERS, title=title)


def _dark_hex_facts(
    rows: int = 2, columns: int = 2, abrupt: bool = False, count_turns: bool = False
) -> KnownFacts:
    if (rows, columns, abrupt) != (2, 2, False):
        return KnownFacts()
    return KnownFacts.of(
        "the first player takes a cell of the short diagonal and then whichever it can of the two "
        "cells in the other row that adjoin it: the second can block only one",
        value=Fraction(1),
    )


@game(
    source="Nash (1952), Some games and machines for playing them, RAND Corporation, on Hex; "
    "without seeing the other's stones as in OpenSpiel (dark_hex)",
    summary="Hex in the dark: who tries an occupied cell tries again",
    facts=_dark_hex_facts,
)
def dark_hex(
    rows: int = 2, columns: int = 2, abrupt: bool = False, count_turns: bool = False
) -> ExtensiveFormGame:
    """Connect the top and the bottom (first) or the left and the right (second) side of a board.

    Players place stones in turn and see only their own, and those of the other that they ran
    into. Cells touch along rows, along columns and from upper right to lower left.

    Parameters
    ----------
    rows, columns : int
        At most six cells.
    abrupt : bool
        Whether trying an occupied cell costs the turn; otherwise the player tries another one.
    count_turns : bool
        Whether players are told how often the other one has tried a cell.
    """
    _grid(rows, columns)

    @cache
    def won(player: int, stones: int) -> bool:
        cells = [divmod(cell, columns) for cell in range(rows * columns) if stones >> cell & 1]
        depth = rows - 1 if player == 0 else columns - 1
        reached = {cell for cell in cells if cell[player] == 0}
        frontier = list(reached)
        while frontier:
            r, c = frontier.pop()
            for near in (
                (r, c - 1),
                (r, c + 1),
                (r - 1, c),
                (r + 1, c),
                (r - 1, c + 1),
                (r + 1, c - 1),
            ):
                if near in cells and near not in reached:
                    reached.add(near)
                    frontier.append(near)
        return any(cell[player] == depth for cell in reached)

    rules = _DarkRules(rows, columns, flag("abrupt", abrupt), flag("count_turns", count_turns), won)
    return _dark_game(_DarkBoard(rules), _dark_title("Hex", rules))


def _dark_title(name: str, rules: _DarkRules) -> str:
    kind = "Abrupt dark" if rules.abrupt else "Dark"
    told = ", turns counted" if rules.count_turns else ""
    return f"{kind} {name} {rules.rows} x {rules.columns}{told}"


@game(
    source="Tic-tac-toe without seeing the other's stones: Lanctot (2013), Monte Carlo sampling "
    "and regret minimization for equilibrium computation and decision-making in large extensive "
    "form games, on phantom tic-tac-toe",
    summary="tic-tac-toe in the dark on a small board: who tries an occupied cell loses the turn",
)
def dark_tic_tac_toe(
    rows: int = 2, columns: int = 3, line: int = 2, abrupt: bool = True, count_turns: bool = False
) -> ExtensiveFormGame:
    """Be the first with ``line`` stones side by side in a row, a column or a diagonal.

    Players see only their own stones, and those of the other that they ran into. A full board
    without a line is a draw.

    Parameters
    ----------
    rows, columns : int
        At most six cells.
    line : int
    abrupt : bool
        Whether trying an occupied cell costs the turn; otherwise the player tries another one.
    count_turns : bool
        Whether players are told how often the other one has tried a cell.
    """
    _grid(rows, columns)
    whole("line", line, 1, max(rows, columns))
    lines = []
    for r in range(rows):
        for c in range(columns):
            for dr, dc in ((0, 1), (1, 0), (1, 1), (1, -1)):
                end_row, end_column = r + dr * (line - 1), c + dc * (line - 1)
                if end_row < rows and 0 <= end_column < columns:
                    lines.append(sum(1 << (r + dr * k) * columns + c + dc * k for k in range(line)))

    def won(player: int, stones: int) -> bool:
        return any(stones & cells == cells for cells in lines)

    rules = _DarkRules(rows, columns, flag("abrupt", abrupt), flag("count_turns", count_turns), won)
    return _dark_game(_DarkBoard(rules), f"{_dark_title('tic-tac-toe', rules)}, {line} in a line")


@game(
    source="Farina, Ling, Fang and Sandholm (2019), Correlation in extensive-form games: "
    "saddle-point formulation and benchmarks, NeurIPS 32",
    summary="each hides a ship, then they shoot in turn; the first to shoot is ahead",
)
def battleship(rows: int = 2, columns: int = 2, ship: int = 2, shots: int = 3) -> ExtensiveFormGame:
    """Hide a ship, then shoot in turn at the other's cells until a ship is sunk or shots run out.

    A player learns whether its shots hit, and where the other one shot. Sinking the other's ship
    wins 1. Nobody shoots at a cell twice.

    Parameters
    ----------
    rows, columns : int
    ship : int
        Cells that a ship covers, in a row or a column.
    shots : int
        Shots of each player, at most one a cell.
    """
    whole("rows", rows, 1, 26)
    whole("columns", columns, 1, 26)
    n_cells = rows * columns
    whole("ship", ship, 1, max(rows, columns))
    whole("shots", shots, 1, n_cells)
    ships = _placements(rows, columns, ship)
    size = (len(ships) * math.perm(n_cells, shots)) ** 2
    require(
        size <= _MOST_SALVOS,
        f"{len(ships)} places for a ship and {shots} shots at {n_cells} cells make {size} plays",
        "rows, columns, ship, shots",
        f"at most {_MOST_SALVOS} plays",
    )
    tree = GameTree(_PLAYERS, title=f"Battleship {rows} x {columns}")
    names = dict(ships)
    for mine, node in tree.root.decision("first", "first places", list(names)).items():
        for theirs, after in node.decision("second", "second places", list(names)).items():
            _Battle((mine, theirs), (names[mine], names[theirs]), columns, n_cells, shots).play(
                after, ((), ())
            )
    return tree.build()


def _placements(rows: int, columns: int, ship: int) -> list[tuple[str, frozenset[int]]]:
    """Return every ship, named by its first cell and direction, with its cells."""
    across = [(r * columns + c, 1, "right") for r in range(rows) for c in range(columns - ship + 1)]
    down = [
        (r * columns + c, columns, "down") for r in range(rows - ship + 1) for c in range(columns)
    ]
    return [
        (
            f"{_cell(columns, start)} {way}" if ship > 1 else _cell(columns, start),
            frozenset(start + step * k for k in range(ship)),
        )
        for start, step, way in across + (down if ship > 1 else [])
    ]


@dataclass(frozen=True)
class _Battle:
    """The shooting, once both ships lie hidden."""

    names: tuple[str, str]
    ships: tuple[frozenset[int], frozenset[int]]
    columns: int
    n_cells: int
    shots: int

    def play(self, node: TreeNode, fired: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
        """Let the player to act shoot, with the cells that each has shot at."""
        sunk = [self.ships[1 - player] <= set(fired[player]) for player in (0, 1)]
        mover = (len(fired[0]) + len(fired[1])) % 2
        if any(sunk) or len(fired[mover]) == self.shots:
            payoff = sunk[0] - sunk[1]
            node.terminal([payoff, -payoff])
            return
        open_cells = [cell for cell in range(self.n_cells) if cell not in fired[mover]]
        choices = {_cell(self.columns, cell): cell for cell in open_cells}
        for choice, after in node.decision(mover, self._seen(mover, fired), list(choices)).items():
            then = (*fired[mover], choices[choice])
            self.play(after, (then, fired[1]) if mover == 0 else (fired[0], then))

    def _seen(self, player: int, fired: tuple[tuple[int, ...], tuple[int, ...]]) -> str:
        target = self.ships[1 - player]
        own = [
            f"{_cell(self.columns, cell)} {'hit' if cell in target else 'missed'}"
            for cell in fired[player]
        ]
        incoming = [_cell(self.columns, cell) for cell in fired[1 - player]]
        seen = f"{_PLAYERS[player]} at {self.names[player]}"
        seen += f": {', '.join(own)}" if own else ""
        return seen + (f"; shot at {' '.join(incoming)}" if incoming else "")
