"""Game trees as .efg files, exactly, without a limit on depth.

``EFG 2 R "title" { players } "comment"`` and then the nodes, each before its children and these
in the order of its actions:

- ``c "name" infoset "label" { "action" probability ... } outcome``
- ``p "name" player infoset "label" { "action" ... } outcome``
- ``t "name" outcome``

where an outcome is a number, and its name and payoffs ``"name" { 1, 1/2 }``. What an information
set or an outcome is may be left out where its number comes again. Payoffs of outcomes on the way
to a terminal node add up; outcome 0 pays nothing.
"""

from __future__ import annotations

import re
from array import array
from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gametheory.formats.efg_writing import to_text
from gametheory.formats.gambit_text import (
    END,
    STRING,
    WORD,
    Tokens,
    filled,
    unescaped,
)
from gametheory.games.extensive_form import CHANCE, TERMINAL, ExtensiveFormGame
from gametheory.rationals import to_fraction

__all__ = ["from_text", "to_text"]

_MOST_PAYOFFS = 30_000_000
_FEW = 100  # chance's actions that are read at once
_LONGEST_SUM = 13_287  # bits: 4,000 digits, as of every number in a file
Payoffs = tuple[float | Fraction, ...]

_NODE = re.compile(
    r"""{s} (?=([cpt]))
    (?: t {s} {text} {s} ({whole})
    | p {s} {text} {s} ({whole}) {s} ({whole})
      (?: {s} {kept} {s} \{{ ({s} (?: {text} {s} )*+ ) \}} )? {s} ({whole})
    | c {s} {text} {s} ({whole})
      (?: {s} {kept} {s} \{{ ({s} (?: {text} {s} {number} {s} )*+ ) \}} )? {s} ({whole})
    )
    (?: {s} {text} {s} \{{ {s} ({number} (?: (?: {s} , {s} | [ \t\r\n\v\f]++ ) {number} )*+ )
        {s} ,?+ {s} \}}
    | (?! {s} " ) )""".format(
        s=r"[ \t\r\n\v\f]*+",
        text=r'"[^"\\]*+ (?: \\. [^"\\]*+ )*+"',
        kept=r'"( [^"\\]*+ (?: \\. [^"\\]*+ )*+ )"',
        whole=r"[0-9]{1,18}+ (?![-+./0-9A-Za-z_])",
        number=r"[-+.0-9][-+./0-9A-Za-z_]*+",
    ),
    re.DOTALL | re.VERBOSE,
)
_STRING = re.compile(r'"([^"\\]*+(?:\\.[^"\\]*+)*+)"', re.DOTALL)


def from_text(text: str, name: str = "") -> ExtensiveFormGame:
    """Read a game from the text of an .efg file.

    Parameters
    ----------
    text : str
    name : str
        The file's name, for error messages.

    Raises
    ------
    GameFormatError
        With line and column: the text breaks the format, chance probabilities do not sum to one,
        or a player forgets what it knew or did.

    Notes
    -----
    Payoffs at inner nodes are added to those of the terminal nodes below, exactly. Information
    sets without a label of their own are called "player:number", and repeated names of chance's
    actions are numbered. The names of nodes and outcomes
    and the comment are not kept. Cost: about 8 microseconds a node.

    Examples
    --------
    >>> from_text('''EFG 2 R "entry" { "A" "B" }
    ... p "" 1 1 "start" { "in" "out" } 1 "fee" { -1 0 }
    ... p "" 2 1 "reply" { "fight" "share" } 0
    ... t "" 2 "war" { 0 0 }
    ... t "" 3 "peace" { 2.5 2 }
    ... t "" 0''').exact_payoffs[0].tolist()
    [Fraction(-1, 1), Fraction(-1, 1), Fraction(3, 2)]
    """
    tokens = Tokens(text, name)
    tokens.expect("EFG")
    tokens.expect("2")
    if tokens.kind != WORD or tokens.value not in ("R", "D"):
        raise tokens.unexpected("R or D, the kind of numbers")
    tokens.advance()
    title = tokens.string("the title")
    at = tokens.start
    names, places = tokens.strings("a player's name")
    if not names:
        raise tokens.wrong("there are no players", at=at, valid="at least one name")
    tokens.distinct(names, places, "players")
    if tokens.kind == STRING:
        tokens.advance()
    players = filled(names, lambda i: f"player {i}")
    return _TreeReader(tokens, players).read(title)


class _Infoset:
    """An information set, or a chance event, while the tree is read."""

    __slots__ = (
        "actions",
        "first_sequence",
        "index",
        "labels",
        "number",
        "odds",
        "open",
        "parent",
        "player",
        "raw_label",
        "source",
    )

    def __init__(
        self,
        index: int,
        owner: tuple[int, int],
        described: tuple[str, tuple[str, ...], tuple[Fraction, ...]],
        labels: tuple[int, ...],
        first_sequence: int,
    ) -> None:
        self.index, self.labels, self.first_sequence = index, labels, first_sequence
        self.player, self.number = owner
        self.raw_label, self.actions, self.odds = described
        self.parent = -1  # the player's last sequence before it; -1 until it is first met
        self.open = False  # whether the node being read lies below it
        self.source = ("", "")  # how the file writes its label and actions


_TERMINAL = _Infoset(-1, (TERMINAL, 0), ("", (), ()), (), 0)  # stands for "no information set"


class _TreeReader:
    """Reads the nodes, and collects them as arrays in the order of the file.

    Nodes in the usual form are matched by one regular expression; what does not match, or is not
    plainly right, is read again token by token, which knows what is wrong and where.
    """

    def __init__(self, tokens: Tokens, players: tuple[str, ...]) -> None:
        self.tokens, self.players = tokens, players
        self.at = tokens.start
        self.infosets: dict[tuple[int, int], _Infoset] = {}
        self.in_order: list[_Infoset] = []
        self.n_sequences = 1  # 0 is that of a player who has not chosen yet
        self.labels: dict[str, int] = {}
        self.outcomes: dict[int, Payoffs] = {0: (0.0,) * len(players)}
        self.mentions: dict[int, int] = {}
        self.odds: dict[str, tuple[Fraction, ...]] = {}  # by how the file writes them
        self.lists: dict[str, tuple[str, ...]] = {}  # actions, by how the file writes them
        self.numbered: dict[tuple[str, ...], tuple[int, ...]] = {}  # labels, by actions
        self.path: list[_Infoset] = []  # the information sets above the node being read
        self.ranks: list[int] = []  # how many actions of each have been followed
        self.player, self.infoset, self.n_children = array("i"), array("i"), array("i")
        self.label, self.depth, self.outcome = array("i"), array("i"), array("q")
        self.start = array("q")

    def read(self, title: str) -> ExtensiveFormGame:
        """Read all nodes and build the game."""
        self._read_nodes()
        for number, at in self.mentions.items():
            if number not in self.outcomes:
                raise self.tokens.wrong(
                    f"outcome {number} has no payoffs",
                    at=at,
                    valid=f'{number} "name" {{ one payoff for each player }}',
                )
        self._check_size()
        return self._build(title, self._terminal_payoffs())

    def _read_nodes(self) -> None:
        last = [0] * len(self.players)  # each player's last sequence
        before: list[int] = []  # what it was above each node of the path
        path, ranks = self.path, self.ranks
        label = -1
        while True:
            infoset = self._quick_node() or self._node()
            self.label.append(label)
            self.depth.append(len(path))
            if infoset is not _TERMINAL:
                self.player.append(infoset.player)
                self.infoset.append(infoset.index)
                self.n_children.append(len(infoset.labels))
                before.append(self._enter(infoset, last) if infoset.player >= 0 else 0)
                path.append(infoset)
                ranks.append(0)
            else:
                self.player.append(TERMINAL)
                self.infoset.append(-1)
                self.n_children.append(0)
                while path and ranks[-1] == len(path[-1].labels):
                    infoset = path.pop()
                    infoset.open = False
                    ranks.pop()
                    above = before.pop()
                    if infoset.player >= 0:
                        last[infoset.player] = above
                if not path:
                    break
            infoset = path[-1]
            rank = ranks[-1]
            label = infoset.labels[rank]
            if infoset.player >= 0:
                last[infoset.player] = infoset.first_sequence + rank
            ranks[-1] = rank + 1
        self.tokens.seek(self.at)
        if self.tokens.kind != END:
            raise self.tokens.wrong(
                "there is more after the last node",
                valid="the end of the file",
                hint="check the nodes' actions: each leads to one node",
            )

    def _enter(self, infoset: _Infoset, last: list[int]) -> int:
        """Check recall where a node is met; return the player's last sequence before it."""
        before = last[infoset.player]
        if infoset.parent < 0:
            infoset.parent = before
        if infoset.open or infoset.parent != before:
            label = infoset.raw_label or f"{infoset.player + 1}:{infoset.number}"
            twice = "is met twice on one path (absent-mindedness)"
            raise self.tokens.wrong(
                f"player {self.players[infoset.player]!r} forgets what it knew or did: "
                f"information set {label!r} "
                + (twice if infoset.open else "is met after different own choices"),
                at=self.start[-1],
                valid="perfect recall: every node of an information set comes after the same "
                "information sets and actions of its player",
                hint="give the nodes different information sets",
            )
        infoset.open = True
        return before

    def _quick_node(self) -> _Infoset | None:
        """Read a node that is in the usual form and plainly right; None for any other."""
        found = _NODE.match(self.tokens.text, self.at)
        if found is None:
            return None
        kind, paid = found[1], found[12]
        infoset: _Infoset | None = _TERMINAL
        group = 2  # of the outcome's number
        if kind == "p":
            group = 7
            infoset = self._quick_infoset(int(found[3]) - 1, int(found[4]), found[5], found[6])
        elif kind == "c":
            group = 11
            infoset = self._quick_infoset(CHANCE, int(found[8]), found[9], found[10])
        if infoset is None:
            return None
        number = int(found[group])
        if paid is None:
            if number not in self.outcomes:
                self.mentions.setdefault(number, found.start(group))
        else:
            payoffs = self._quick_payoffs(paid)
            if payoffs is None or self.outcomes.setdefault(number, payoffs) != payoffs:
                return None
        self.start.append(found.start(1))
        self.outcome.append(number)
        self.at = found.end()
        return infoset

    def _quick_infoset(
        self, player: int, number: int, label: str | None, actions: str | None
    ) -> _Infoset | None:
        known = self.infosets.get((player, number))
        if known is not None:
            return known if actions is None or known.source == (label, actions) else None
        if label is None or actions is None or number < 1:
            return None
        raw = self.lists.get(actions)
        if raw is None:
            raw = tuple(map(unescaped, _STRING.findall(actions)))
            if not raw or len(set(raw)) < len(raw):
                return None
            self.lists[actions] = raw
        odds = self._quick_odds(_STRING.sub(" ", actions)) if player == CHANCE else ()
        if odds is None or (player != CHANCE and not 0 <= player < len(self.players)):
            return None
        infoset = self._add_infoset(player, number, unescaped(label), raw, odds)
        infoset.source = (label, actions)
        return infoset

    def _quick_odds(self, text: str) -> tuple[Fraction, ...] | None:
        """Read chance probabilities that are plainly right; None for any others."""
        known = self.odds.get(text)
        if known is not None:
            return known
        try:
            odds = tuple(map(to_fraction, text.split()))
        except ValueError:
            return None
        if len(odds) > _FEW or min(odds, default=-1) < 0 or sum(odds) != 1:
            return None
        self.odds[text] = odds
        return odds

    def _quick_payoffs(self, paid: str) -> Payoffs | None:
        quick = self.tokens.quick_payoff
        row = [quick(number) for number in paid.replace(",", " ").split()]
        if len(row) != len(self.players) or None in row:
            return None
        return tuple(row)  # type: ignore[arg-type]

    def _node(self) -> _Infoset:
        """Read a node token by token."""
        tokens = self.tokens
        tokens.seek(self.at)
        kind, start = tokens.value, tokens.start
        if tokens.kind == END and self.path:
            missing = sum(len(one.labels) for one in self.path) - sum(self.ranks) + 1
            raise tokens.wrong(
                f"the file ends, but nodes are still to come: {missing:,}",
                valid="one node for each action, in depth-first order",
            )
        if tokens.kind != WORD or kind not in ("c", "p", "t"):
            raise tokens.unexpected("a node: c, p or t")
        tokens.advance()
        tokens.string("the node's name")
        infoset = _TERMINAL
        if kind == "c":
            infoset = self._read_infoset(CHANCE)
        elif kind == "p":
            at = tokens.start
            player = tokens.integer("the player's number", least=1) - 1
            if player >= len(self.players):
                raise tokens.wrong(
                    f"there is no player {player + 1}", at=at, valid=f"1 to {len(self.players)}"
                )
            infoset = self._read_infoset(player)
        self.outcome.append(self._read_outcome())
        self.start.append(start)
        self.at = tokens.start
        return infoset

    def _read_infoset(self, player: int) -> _Infoset:
        tokens = self.tokens
        at = tokens.start
        number = tokens.integer("the information set's number", least=1)
        known = self.infosets.get((player, number))
        if tokens.kind != STRING:
            if known is None:
                raise tokens.wrong(
                    f"information set {number} has no actions",
                    at=at,
                    valid='its label and { "action" ... } where it is first mentioned',
                )
            return known
        label = tokens.string("the information set's label")
        at = tokens.start
        raw, places, odds = self._read_actions(chance=player == CHANCE)
        if known is None:
            if not raw:
                raise tokens.wrong("there are no actions", at=at, valid="at least one")
            if player == CHANCE:
                self._check_sum(odds, at)
            else:
                tokens.distinct(raw, places, "actions")
            return self._add_infoset(player, number, label, raw, odds)
        if (label, tuple(raw), tuple(odds)) != (known.raw_label, known.actions, known.odds):
            raise tokens.wrong(
                f"information set {number} is described differently than before",
                at=at,
                valid=f"label {known.raw_label!r:.60}, actions {list(known.actions)!s:.200}",
                hint="repeat it as it was, or leave the description out",
            )
        return known

    def _read_actions(self, *, chance: bool) -> tuple[list[str], list[int], list[Fraction]]:
        tokens = self.tokens
        if not chance:
            return (*tokens.strings("an action's name"), [])
        labels: list[str] = []
        places: list[int] = []
        odds: list[Fraction] = []
        tokens.expect("{")
        while not tokens.at("}"):
            places.append(tokens.start)
            labels.append(tokens.string("an action's name"))
            at = tokens.start
            odds.append(tokens.exact("the action's probability"))
            if not 0 <= odds[-1] <= 1:
                raise tokens.wrong("a chance probability outside 0 to 1", at=at, valid="0 to 1")
        tokens.advance()
        return labels, places, odds

    def _check_sum(self, odds: Sequence[Fraction], at: int) -> None:
        total = Fraction(0)
        for one in odds:
            total += one
            if total.denominator.bit_length() > _LONGEST_SUM:
                raise self.tokens.wrong(
                    "the chance probabilities' sum has more than 4,000 digits", at=at, valid="1"
                )
        if total != 1:
            sum_text = str(total) if len(str(total)) < 40 else f"{float(total):.17g}"
            raise self.tokens.wrong(
                f"the chance probabilities sum to {sum_text}, not to 1",
                at=at,
                valid="probabilities that sum to exactly 1",
                hint="write fractions: 1/3 instead of 0.333333",
            )

    def _add_infoset(
        self, player: int, number: int, label: str, raw: Sequence[str], odds: Sequence[Fraction]
    ) -> _Infoset:
        known, raw = self.labels, tuple(raw)
        labels = self.numbered.get(raw)
        if labels is None:
            labels = tuple([known.setdefault(action, len(known)) for action in filled(raw, str)])
            self.numbered[raw] = labels
        described = (label, raw, tuple(odds))
        infoset = _Infoset(
            len(self.in_order), (player, number), described, labels, self.n_sequences
        )
        self.n_sequences += len(labels)
        self.infosets[player, number] = infoset
        self.in_order.append(infoset)
        return infoset

    def _read_outcome(self) -> int:
        tokens = self.tokens
        at = tokens.start
        number = tokens.integer("the outcome's number", least=0)
        if tokens.kind != STRING:
            self.mentions.setdefault(number, at)
            return number
        tokens.advance()
        tokens.expect("{")
        payoffs = tokens.payoffs(len(self.players))
        if self.outcomes.setdefault(number, payoffs) != payoffs:
            raise tokens.wrong(
                f"outcome {number} has other payoffs than before"
                if number
                else "outcome 0 pays nothing, but payoffs are given",
                at=at,
                valid=f"{', '.join(map(str, self.outcomes[number])):.200}",
                hint="give it another number",
            )
        return number

    def _check_size(self) -> None:
        n_terminals = self.player.count(TERMINAL)
        if n_terminals * len(self.players) > _MOST_PAYOFFS:
            raise self.tokens.wrong(
                f"{n_terminals:,} terminal nodes for {len(self.players):,} players",
                at=0,
                valid=f"at most {_MOST_PAYOFFS:,} payoffs",
            )

    def _terminal_payoffs(self) -> NDArray[Any]:
        """Payoffs at the terminal nodes in the order of the file, shape (n_terminals, n_players).

        Outcomes on the way are added, exactly.
        """
        number = {outcome: row for row, outcome in enumerate(self.outcomes)}
        rows = list(self.outcomes.values())
        exact = all(type(payoff) is float for row in rows for payoff in row)
        table = np.array(rows, dtype=np.float64 if exact else object)
        outcome = np.array([number[one] for one in self.outcome], np.int64)
        terminal = np.frombuffer(self.player, np.intc) == TERMINAL
        if not outcome[~terminal].any():  # row 0 is outcome 0
            at_terminals: NDArray[Any] = table[outcome[terminal]]
            return at_terminals
        return self._summed(rows, outcome.tolist())

    def _summed(self, rows: Sequence[Payoffs], outcome: Sequence[int]) -> NDArray[Any]:
        fractions = [tuple([Fraction(payoff) for payoff in row]) for row in rows]
        path: list[tuple[Fraction, ...]] = []  # what is paid down to each node above
        sums: list[tuple[float | Fraction, ...]] = []
        exact = True
        for node, (player, depth, row) in enumerate(
            zip(self.player, self.depth, outcome, strict=True)
        ):
            paid = path[depth - 1] if depth else fractions[0]
            if row:
                paid = tuple(a + b for a, b in zip(paid, fractions[row], strict=True))
                self._check_paid(paid, node)
            if player == TERMINAL:
                near = tuple(map(float, paid))
                exact = exact and near == paid
                sums.append(near if near == paid else paid)
            else:
                del path[depth:]
                path.append(paid)
        return np.array(sums, dtype=np.float64 if exact else object)

    def _check_paid(self, paid: Sequence[Fraction], node: int) -> None:
        for payoff in paid:
            bits = max(payoff.numerator.bit_length(), payoff.denominator.bit_length())
            try:
                float(payoff)
            except OverflowError:
                bits = _LONGEST_SUM + 1
            if bits > _LONGEST_SUM:
                raise self.tokens.wrong(
                    "the payoffs on the way to this node sum to too long a number",
                    at=self.start[node],
                    valid="sums of at most 4,000 digits, magnitudes up to 1.8e308",
                )

    def _build(self, title: str, payoffs: NDArray[Any]) -> ExtensiveFormGame:
        """Put the nodes into level order; within a level they keep the order of the file."""
        depth = np.frombuffer(self.depth, np.intc)
        order = np.argsort(depth, kind="stable")
        player = np.frombuffer(self.player, np.intc)[order]
        infoset = np.frombuffer(self.infoset, np.intc)[order]
        infosets = self.in_order
        chance = infoset[player == CHANCE].tolist()
        which, number = self._renumbered(player, infoset)
        terminal = order[player == TERMINAL]
        rank = np.cumsum(np.frombuffer(self.player, np.intc) == TERMINAL) - 1
        return ExtensiveFormGame(
            players=self.players,
            title=title,
            node_player=player.astype(np.int16 if len(self.players) < 2**15 else np.int32),
            node_infoset=number,
            n_children=np.frombuffer(self.n_children, np.intc)[order],
            node_label=np.frombuffer(self.label, np.intc)[order],
            chance_probabilities=np.array(
                [p for event in chance for p in infosets[event].odds], dtype=object
            ),
            terminal_payoffs=np.ascontiguousarray(payoffs[rank[terminal]].T),
            level_sizes=np.bincount(depth),
            infoset_observation=np.arange(len(which)),
            action_labels=tuple(self.labels),
            observation_labels=_unique_names([infosets[one] for one in which]),
            unique_observations=True,
        )

    def _renumbered(
        self, player: NDArray[Any], infoset: NDArray[Any]
    ) -> tuple[list[int], NDArray[Any]]:
        """Renumber information sets player by player, each player's as they appear by level."""
        used, first = np.unique(infoset[player >= 0], return_index=True)
        owner = player[player >= 0][first]
        which = used[np.lexsort((first, owner))]
        number = np.full(
            len(self.in_order) + 1, -1, np.int32
        )  # the last is that of terminal nodes, -1
        number[which] = np.arange(which.size)
        return which.tolist(), number[infoset]


def _unique_names(infosets: Sequence[_Infoset]) -> tuple[str, ...]:
    """Name every information set so that no two are the same; labels that do that are kept."""
    count = Counter(infoset.raw_label for infoset in infosets)
    taken = set(count)
    names = []
    for infoset in infosets:
        label = infoset.raw_label
        if label and count[label] == 1:
            names.append(label)
            continue
        name = f"{infoset.player + 1}:{infoset.number}"
        name = f"{label} [{name}]" if label else name
        while name in taken:
            name += "'"
        taken.add(name)
        names.append(name)
    return tuple(names)
