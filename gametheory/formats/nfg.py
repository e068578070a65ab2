"""Games in strategic form as .nfg files, exactly; both versions that Gambit reads and writes.

``NFG 1 R "title" { players } { strategies } "comment"``, where strategies are counts or lists of
labels, and then either the payoffs of every cell, or a list of outcomes with payoffs and the
number of each cell's outcome, 0 for payoffs of zero. The first player's strategy varies fastest.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from gametheory.errors import GameFormatError
from gametheory.formats.gambit_text import (
    END,
    NUMBER,
    STRING,
    WORD,
    Tokens,
    filled,
    number_text,
    quoted,
)
from gametheory.games.normal_form import NormalFormGame

__all__ = ["from_text", "to_text"]

_MOST_PLAYERS = 31  # an array has one axis for each, and NumPy's limit was 32


def from_text(text: str, name: str = "") -> NormalFormGame:
    """Read a game from the text of an .nfg file.

    Parameters
    ----------
    text : str
    name : str
        The file's name, for error messages.

    Raises
    ------
    GameFormatError
        With line and column.

    Notes
    -----
    Unnamed players and strategies get the toolkit's names; a comment is not kept.

    Examples
    --------
    >>> game = from_text('NFG 1 R "" { "A" "B" } { 2 2 }  3 3  5 0  0 5  1/3 1')
    >>> print(game.payoffs[1].tolist(), game.exact_payoffs[0, 1, 1])
    [[3.0, 5.0], [0.0, 1.0]] 1/3
    """
    tokens = Tokens(text, name)
    tokens.expect("NFG")
    tokens.expect("1")
    if tokens.kind != WORD or tokens.value not in ("R", "D"):
        raise tokens.unexpected("R or D, the kind of numbers")
    tokens.advance()
    title = tokens.string("the title")
    players = _players(tokens)
    n_actions, actions = _strategies(tokens, players)
    if tokens.kind == STRING:
        tokens.advance()
    n_cells = math.prod(n_actions)
    by_outcome = tokens.at("{")
    n_numbers = n_cells if by_outcome else n_cells * len(players)
    if n_numbers > len(text) // 2 + 1:  # a number takes a digit and the space before it
        raise tokens.wrong(
            f"{' x '.join(map(str, n_actions)):.80} strategies need {_count_text(n_numbers)} "
            f"{'outcomes' if by_outcome else 'payoffs'}, more than the file can hold",
            hint="the file is cut off, or a count is wrong",
        )
    read = _outcomes if by_outcome else _payoffs
    flat = read(tokens, len(players), n_cells)
    entries = np.array(flat, dtype=np.float64 if _all_floats(flat) else object)
    tensor = entries.reshape(*n_actions[::-1], len(players)).T  # the first player varies fastest
    return NormalFormGame(tensor, players=players, actions=actions, title=title)


def _count_text(count: int) -> str:
    """Write a count, by its magnitude where it is too long to read."""
    return f"{count:,}" if count < 10**15 else f"about 10^{int(math.log10(count))}"


def _players(tokens: Tokens) -> tuple[str, ...]:
    at = tokens.start
    names, places = tokens.strings("a player's name")
    if not 1 <= len(names) <= _MOST_PLAYERS:
        raise tokens.wrong(f"{len(names)} players", at=at, valid=f"1 to {_MOST_PLAYERS} players")
    tokens.distinct(names, places, "players")
    return filled(names, lambda i: f"player {i}")


def _strategies(
    tokens: Tokens, players: Sequence[str]
) -> tuple[list[int], list[tuple[str, ...]] | None]:
    """Read each player's number of strategies and, where they are given, their labels."""
    tokens.expect("{")
    counts: list[int] = []
    labels: list[tuple[str, ...]] = []
    named = tokens.at("{")
    for number, player in enumerate(players, 1):
        what = f"strategies of player {number}, {player!r:.60}"
        if tokens.at("}"):
            raise tokens.wrong(f"strategies for {number - 1} of {len(players)} players")
        if not named:
            counts.append(tokens.integer(f"the number of {what}", least=1))
            continue
        at = tokens.start
        own, places = tokens.strings("a strategy's name")
        if not own:
            raise tokens.wrong(f"no {what}", at=at, valid="at least one strategy")
        tokens.distinct(own, places, what)
        counts.append(len(own))
        labels.append(filled(own, str))
    tokens.expect("}")
    return counts, labels if named else None


def _payoffs(tokens: Tokens, n_players: int, n_cells: int) -> list[float | Fraction]:
    """Read the payoffs of every cell."""
    n_payoffs = n_cells * n_players
    flat: list[float | Fraction] = []
    while len(flat) < n_payoffs:
        if tokens.kind != NUMBER:
            raise tokens.unexpected(f"payoff {len(flat) + 1:,} of {n_payoffs:,}")
        flat.append(tokens.payoff("the payoff"))
    _expect_end(tokens, f"{n_payoffs:,} payoffs")
    return flat


def _outcomes(tokens: Tokens, n_players: int, n_cells: int) -> list[float | Fraction]:
    """Read the outcomes, and the number of every cell's outcome; return the payoffs of cells."""
    tokens.expect("{")
    rows: list[tuple[float | Fraction, ...]] = [(0.0,) * n_players]
    while not tokens.at("}"):
        tokens.expect("{")
        tokens.string("an outcome's name")
        rows.append(tokens.payoffs(n_players))
    tokens.advance()
    flat: list[float | Fraction] = []
    for cell in range(1, n_cells + 1):
        if tokens.kind != NUMBER:
            raise tokens.unexpected(f"the outcome of cell {cell:,} of {n_cells:,}")
        at = tokens.start
        outcome = tokens.integer("an outcome's number", least=0)
        if outcome >= len(rows):
            raise tokens.wrong(
                f"there is no outcome {outcome}", at=at, valid=f"0 to {len(rows) - 1}"
            )
        flat += rows[outcome]
    _expect_end(tokens, f"the outcomes of {n_cells:,} cells")
    return flat


def _expect_end(tokens: Tokens, after: str) -> None:
    if tokens.kind != END:
        raise tokens.wrong(
            f"there is more after {after}", valid="the end of the file", hint="check the counts"
        )


def _all_floats(numbers: Sequence[float | Fraction]) -> bool:
    return all(type(number) is float for number in numbers)


def to_text(game: NormalFormGame) -> str:
    """Write a game as the text of an .nfg file, payoff version; nothing is rounded.

    Raises
    ------
    GameFormatError
        If the game has more players, or its payoffs more digits, than readers take.

    Examples
    --------
    >>> print(to_text(NormalFormGame([["1/3", 2]], title="a choice")), end="")
    NFG 1 R "a choice" { "player 0" }
    { { "0" "1" } }
    <BLANKLINE>
    1/3
    2
    """
    if game.n_players > _MOST_PLAYERS:
        raise GameFormatError(
            f"{game.n_players} players", valid=f"at most {_MOST_PLAYERS} in an .nfg file"
        )
    known: dict[Fraction, str] = {}
    cells = []
    for row in game.exact_payoffs.T.reshape(-1, game.n_players).tolist():
        cells.append(" ".join(known.get(x) or known.setdefault(x, number_text(x)) for x in row))
    head = f"NFG 1 R {quoted(game.title)} {_braced(game.players)}"
    strategies = "\n  ".join(map(_braced, game.actions))
    return f"{head}\n{{ {strategies} }}\n\n" + "\n".join(cells) + "\n"


def _braced(labels: Sequence[str]) -> str:
    return "{ " + " ".join(map(quoted, labels)) + " }"
