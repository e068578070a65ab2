"""A game in extensive form as people see it: its tree as one SVG text, without other packages.

Players differ in color, in shape and in the number that they carry, so that no picture depends on
seeing colors. The picture brings its own background and follows the reader's light or dark setting.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from fractions import Fraction
from html import escape
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

from gametheory.errors import InvalidProfile, UnsupportedGame
from gametheory.games.payoff_table import payoff_text
from gametheory.games.tree_layout import TreeLayout, tree_layout

if TYPE_CHECKING:
    from gametheory.games.behavior_profile import BehaviorProfile
    from gametheory.games.extensive_form import ExtensiveFormGame

__all__ = ["MOST_IN_NOTEBOOKS", "tree_svg"]

MOST_IN_NOTEBOOKS = 150  # histories; a larger tree is drawn when it is asked for

CHANCE = -1  # as in the game's arrays
TERMINAL = -2

_MARGIN, _RADIUS, _ROW, _FAN = 18.0, 9.0, 32.0, 34.0
_LANE_FIRST, _LANE_NEXT = 15.0, 8.0
_SIZE, _SMALL = 13.0, 11.0  # of letters
_LONGEST = 36  # letters of a label; the rest is told when the pointer rests on it

# Dark and light enough to be read on their background, and told apart without color vision.
_LIGHT = ("#0066a8", "#b84a00", "#00734f", "#96417f", "#4d3000", "#1f2a6b")
_DARK = ("#6cb8f0", "#f29a5c", "#4fd0a5", "#e596cd", "#fff0b0", "#dfe3ff")
_DASHES = ("5 4", "2 3", "9 3 2 3")  # of neighboring lanes
_SHAPES = ("circle", "square", "triangle", "hexagon", "pentagon")

_OUTSIDE_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def tree_svg(
    game: ExtensiveFormGame,
    profile: BehaviorProfile | None = None,
    *,
    max_nodes: int = 500,
    theme: Literal["auto", "light", "dark"] = "auto",
) -> str:
    """Draw a game tree from left to right.

    Parameters
    ----------
    game : ExtensiveFormGame
    profile : BehaviorProfile, optional
        Its probabilities are written at the actions, which are drawn the thicker the likelier
        they are; those never taken are faint.
    max_nodes : int
        Refuse trees of more histories.
    theme : {"auto", "light", "dark"}
        "auto" follows the reader's setting.

    Returns
    -------
    str
        One ``<svg>`` element: write it to a file, or show it with ``IPython.display.SVG``.
        Information sets of several histories are joined by dashed lines; what is too long for
        its place is shown when the pointer rests on it.

    Raises
    ------
    UnsupportedGame
        The tree has more than ``max_nodes`` histories, or there is no such theme.
    InvalidProfile
        The profile is none of this game.

    Examples
    --------
    >>> from gametheory.games.catalog import load
    >>> picture = tree_svg(load("selten_horse"))
    >>> picture[:4], picture.count('class="gt-infoset')
    ('<svg', 1)
    """
    _check(game, profile, max_nodes, theme)
    return "".join(_Picture(game, profile, theme).parts())


def _check(
    game: ExtensiveFormGame, profile: BehaviorProfile | None, max_nodes: int, theme: str
) -> None:
    from gametheory.games.behavior_profile import BehaviorProfile
    from gametheory.games.extensive_form import ExtensiveFormGame

    if not isinstance(game, ExtensiveFormGame):
        raise UnsupportedGame(f"{game!r:.80} is no tree", valid="an ExtensiveFormGame")
    if theme not in ("auto", "light", "dark"):
        raise UnsupportedGame(f"theme {theme!r}", valid="'auto', 'light' or 'dark'")
    if game.n_nodes > max_nodes:
        raise UnsupportedGame(
            f"the tree has {game.n_nodes:,} histories, too many to be read in a picture",
            where=repr(game),
            valid=f"at most {max_nodes:,} histories",
            hint="pass a larger max_nodes",
        )
    if profile is not None:
        if not isinstance(profile, BehaviorProfile):
            raise InvalidProfile(
                f"a {type(profile).__name__} does not say what is done in a tree",
                where="profile",
                valid="a BehaviorProfile of the game",
            )
        profile.check_fits(game)


class _Picture:
    """One tree with the place of everything, written piece by piece."""

    def __init__(
        self, game: ExtensiveFormGame, profile: BehaviorProfile | None, theme: str
    ) -> None:
        self.game, self.profile, self.theme = game, profile, theme
        self.places: TreeLayout = tree_layout(game)
        self.labels, self.weights = self._edges()
        names = game.players
        self.marks = names if max(map(len, names)) <= 2 else tuple(map(str, range(len(names))))
        self.payoffs = [
            [payoff_text(game.exact_payoffs[i, t]) for i in range(game.n_players)]
            for t in range(game.n_terminals)
        ]
        self.legend, legend_width = self._legend()
        column_x = self._column_positions()
        self.x = [column_x[c] for c in self.places.column.tolist()]
        head = _MARGIN + 22.0 * len(self.legend) + (26.0 if game.title else 0.0)
        self.y = [head + _ROW * (row + 0.6) for row in self.places.row.tolist()]
        right = [x + _RADIUS for x in self.x]
        for t, node in enumerate(game.terminals.tolist()):
            right[node] = self.x[node] + 8 + _width(", ".join(self.payoffs[t]), _SIZE)
        title = _width(_short(game.title, 80), 16.0)
        self.width = max(*right, legend_width, title + _MARGIN, 160.0) + _MARGIN
        self.height = head + _ROW * (game.n_terminals + 0.2) + _MARGIN / 2

    def _edges(self) -> tuple[list[str], list[float | None]]:
        """Label of the edge to each history, and its probability where there is one."""
        game = self.game
        labels = [game.action_labels[int(k)] if k >= 0 else "" for k in game.node_label]
        weights: list[float | None] = [None] * game.n_nodes
        written: dict[int, Fraction] = {}
        for child, p in zip(game.chance_children.tolist(), game.exact_chance, strict=True):
            written[child] = p
        if self.profile is not None:
            exact = self.profile.exact
            for child in range(1, game.n_nodes):
                parent = int(game.parent[child])
                infoset = int(game.node_infoset[parent])
                if infoset >= 0:
                    place = child - int(game.first_child[parent])
                    written[child] = exact[int(game.action_offsets[infoset]) + place]
        for child, p in written.items():
            weights[child] = float(p)
            labels[child] = f"{_short(labels[child])} {_probability(p)}"
        return labels, weights

    def _column_positions(self) -> list[float]:
        """Left to right: the fan, the longest label of a column, and the lanes of the next."""
        game, column = self.game, self.places.column.tolist()
        n_columns = max(column) + 1
        widest, self.lanes = [0.0] * n_columns, [0] * n_columns
        for child in range(1, game.n_nodes):
            source = column[int(game.parent[child])]
            widest[source] = max(widest[source], _width(_short(self.labels[child]), _SIZE))
        for infoset, node in enumerate(game.infoset_first_node.tolist()):
            c = column[node]
            self.lanes[c] = max(self.lanes[c], self.places.lane[infoset])
            parent = int(game.parent[node])
            if parent >= 0:
                named = _width(_short(game.infoset_label(infoset)), _SMALL)
                widest[c - 1] = max(widest[c - 1], named)  # it ends where the edge ends
        root = _width(_short(game.infoset_label(0)), _SMALL) / 2 if game.node_infoset[0] >= 0 else 0
        x = [_MARGIN + max(_RADIUS, root)]
        for c in range(1, n_columns):
            beside = _RADIUS + 4
            if self.lanes[c]:
                beside = _LANE_FIRST + _LANE_NEXT * self.lanes[c]
            x.append(x[-1] + _FAN + widest[c - 1] + 8 + beside)
        return x

    def _legend(self) -> tuple[list[list[tuple[float, int, str]]], float]:
        """Rows of (x, player, text), and how wide they are."""
        game = self.game
        entries = [(i, _short(name)) for i, name in enumerate(game.players)]
        if self.profile is not None:
            expected = game.expected_payoffs(self.profile).tolist()
            entries = [(i, f"{name}: {expected[i]:.4g}") for i, name in entries]
        if bool((game.node_player == CHANCE).any()):
            entries.append((CHANCE, "chance"))
        rows: list[list[tuple[float, int, str]]] = [[]]
        at = widest = _MARGIN
        for player, text in entries:
            wide = 2 * _RADIUS + 8 + _width(text, _SIZE) + 16
            if rows[-1] and at + wide > 640:
                rows.append([])
                at = _MARGIN
            rows[-1].append((at, player, text))
            at += wide
            widest = max(widest, at)
        return rows, widest

    def parts(self) -> Iterator[str]:
        """Write the picture from back to front."""
        game = self.game
        name = game.title or "game tree"
        width, height = f"{self.width:.0f}", f"{self.height:.0f}"
        yield (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="gt-tree" role="img" width="{width}" '
            f'height="{height}" viewBox="0 0 {width} {height}">'
            f"<title>{_text(name)}</title><style>{_style(self.theme)}</style>"
            f'<rect class="gt-page" width="{width}" height="{height}"/>'
        )
        top = _MARGIN
        if game.title:
            yield (
                f'<text class="gt-title" x="{_MARGIN:g}" y="{top + 6:g}">'
                f"{_text(_short(game.title, 80))}</text>"
            )
            top += 26
        for number, row in enumerate(self.legend):
            for x, player, text in row:
                y = top + 22 * number
                yield self._mark(x + _RADIUS, y, player)
                yield f'<text x="{x + 2 * _RADIUS + 7:.1f}" y="{y + 4.5:.1f}">{_text(text)}</text>'
        for infoset, nodes in enumerate(self.places.links):
            if nodes:
                yield self._link(infoset, nodes)
        for child in range(1, game.n_nodes):
            yield self._edge(child)
        for child in range(1, game.n_nodes):
            yield self._edge_label(child)
        named: set[int] = set()
        for node, player in enumerate(game.node_player.tolist()):
            if player == TERMINAL:
                continue
            yield self._node(node, player)
            infoset = int(game.node_infoset[node])
            if infoset >= 0 and (infoset not in named or self.places.lane[infoset]):
                named.add(infoset)  # once, or at each history where lines are hard to follow
                yield self._infoset_label(node, infoset, player)
        for t, node in enumerate(game.terminals.tolist()):
            yield self._terminal(t, node)
        yield "</svg>\n"

    def _link(self, infoset: int, nodes: Sequence[int]) -> str:
        """Join the histories of an information set, top to bottom."""
        lane = self.places.lane[infoset]
        away = _LANE_FIRST + _LANE_NEXT * (lane - 1) if lane else 0.0
        path = []
        for upper, lower in pairwise(nodes):
            x, start = self.x[upper], self.y[upper] + _RADIUS
            end_x, end = self.x[lower], self.y[lower] - _RADIUS
            half = (end - start) / 2
            bend = min(10.0, half)
            path.append(f"M{x:.1f} {start:.1f}")
            if x != end_x:
                path.append(f"C{x:.1f} {start + half:.1f} {end_x:.1f} {end - half:.1f}")
                path.append(f" {end_x:.1f} {end:.1f}")
            elif away:
                path.append(f"Q{x - away:.1f} {start:.1f} {x - away:.1f} {start + bend:.1f}")
                path.append(f"V{end - bend:.1f}Q{x - away:.1f} {end:.1f} {x:.1f} {end:.1f}")
            else:
                path.append(f"V{end:.1f}")
        color = _color(int(self.game.infoset_player[infoset]))
        dashes = _DASHES[lane % len(_DASHES)]
        return (
            f'<path class="gt-infoset {color}" data-infoset="{infoset}" '
            f'stroke-dasharray="{dashes}" d="{"".join(path)}">'
            f"<title>{_text(self._infoset_words(infoset))}</title></path>"
        )

    def _edge(self, child: int) -> str:
        parent = int(self.game.parent[child])
        x, y = self.x[parent] + _RADIUS, self.y[parent]
        end = self.x[child] - (_RADIUS if self.game.node_player[child] != TERMINAL else 0)
        weight, player = self.weights[child], int(self.game.node_player[parent])
        kind, style = "gt-edge", ""
        if weight is not None and player >= 0:
            kind += f" {_color(player)}" if weight > 0 else " gt-never"
            style = f' style="stroke-width:{1.2 + 3.6 * weight:.2f}"'
        turn = self.x[parent] + _FAN
        return (
            f'<path class="{kind}"{style} d="M{x:.1f} {y:.1f}L{turn:.1f} {self.y[child]:.1f}'
            f'H{end:.1f}"/>'
        )

    def _edge_label(self, child: int) -> str:
        label = self.labels[child]
        x, y = self.x[int(self.game.parent[child])] + _FAN + 2, self.y[child] - 5.5
        kind = "gt-label gt-never" if self._is_never(child) else "gt-label"
        return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}">{self._told(child, label)}</text>'

    def _told(self, child: int, label: str) -> str:
        """Write a label, with the whole of it for the pointer where it was cut."""
        action = self.game.action_labels[int(self.game.node_label[child])]
        shown = label if self.weights[child] is not None else _short(label)
        whole = f"<title>{_text(action)}</title>" if len(action) > _LONGEST else ""
        return _text(shown) + whole

    def _is_never(self, child: int) -> bool:
        weight = self.weights[child]
        return weight == 0.0 and int(self.game.node_player[int(self.game.parent[child])]) >= 0

    def _node(self, node: int, player: int) -> str:
        infoset = int(self.game.node_infoset[node])
        words = "chance" if infoset < 0 else self._infoset_words(infoset)
        history = " ".join(self.game.history(node))
        told = _text(f"{words}\nafter {history}" if history else words)
        return f"<g><title>{told}</title>{self._mark(self.x[node], self.y[node], player)}</g>"

    def _mark(self, x: float, y: float, player: int) -> str:
        return _mark(x, y, player, "" if player == CHANCE else self.marks[player])

    def _infoset_words(self, infoset: int) -> str:
        player = int(self.game.infoset_player[infoset])
        return f"{self.game.players[player]} at {self.game.infoset_label(infoset)}"

    def _infoset_label(self, node: int, infoset: int, player: int) -> str:
        whole = self.game.infoset_label(infoset)
        if whole == self.game.players[player]:
            return ""
        label = _text(_short(whole))
        below = f'y="{self.y[node] + _RADIUS + 5:.1f}"'
        kind = f'class="gt-small gt-ink{player % len(_LIGHT)}"'
        if node == 0:
            middle = f'text-anchor="middle" x="{self.x[node]:.1f}"'
            return f'<text {kind} {middle} y="{self.y[node] + _RADIUS + 13:.1f}">{label}</text>'
        lane = self.lanes[int(self.places.column[node])]
        left = _LANE_FIRST + _LANE_NEXT * (lane - 1) + 4 if lane else _RADIUS + 2
        return (
            f'<text {kind} text-anchor="end" x="{self.x[node] - left:.1f}" {below}>{label}</text>'
        )

    def _terminal(self, t: int, node: int) -> str:
        numbers = ", ".join(
            f'<tspan class="gt-ink{i % len(_LIGHT)}">{_text(payoff)}</tspan>'
            for i, payoff in enumerate(self.payoffs[t])
        )
        x, y = self.x[node], self.y[node]
        return (
            f'<circle class="gt-end" cx="{x:.1f}" cy="{y:.1f}" r="2.2"/>'
            f'<text class="gt-payoffs" x="{x + 8:.1f}" y="{y + 4.5:.1f}">{numbers}</text>'
        )


def _mark(x: float, y: float, player: int, name: str) -> str:
    """Draw a node: its player's shape, in its player's color, with its name or number."""
    if player == CHANCE:
        r = 7.0
        points = f"{x - r:.1f},{y:.1f} {x:.1f},{y - r:.1f} {x + r:.1f},{y:.1f} {x:.1f},{y + r:.1f}"
        return f'<polygon class="gt-chance" points="{points}"/>'
    kind, r = f'class="gt-node {_color(player)}"', _RADIUS
    shape = _SHAPES[(player + player // len(_SHAPES)) % len(_SHAPES)]
    drop = 4.0
    if shape == "circle":
        drawn = f'<circle {kind} cx="{x:.1f}" cy="{y:.1f}" r="{r:g}"/>'
    elif shape == "square":
        drawn = f'<rect {kind} x="{x - 8:.1f}" y="{y - 8:.1f}" width="16" height="16"/>'
    else:
        corners = {
            "triangle": ((-10, 8), (0, -11), (10, 8)),
            "hexagon": ((-10, 0), (-5, -9), (5, -9), (10, 0), (5, 9), (-5, 9)),
            "pentagon": ((0, -10), (10, -2), (6, 9), (-6, 9), (-10, -2)),
        }[shape]
        points = " ".join(f"{x + dx:.1f},{y + dy:.1f}" for dx, dy in corners)
        drawn = f'<polygon {kind} points="{points}"/>'
        drop = 5.5 if shape == "triangle" else 4.0
    number = f'<text class="gt-number" x="{x:.1f}" y="{y + drop:.1f}">{_text(name)}</text>'
    return drawn + number


def _color(player: int) -> str:
    return f"gt-p{player % len(_LIGHT)}"


def _style(theme: str) -> str:
    """Rules of both color schemes: plain ones, which every program that shows SVG understands."""
    shapes = (
        f".gt-tree text{{font:{_SIZE:g}px system-ui,'Helvetica Neue',Arial,sans-serif;"
        "paint-order:stroke;stroke-width:3px;stroke-linejoin:round}"
        f".gt-tree .gt-small{{font-size:{_SMALL:g}px;font-style:italic}}"
        ".gt-tree .gt-title{font-size:16px;font-weight:600}"
        ".gt-tree .gt-number{font-size:11px;font-weight:600;text-anchor:middle;stroke:none}"
        ".gt-tree .gt-payoffs{font-weight:600}"
        ".gt-tree .gt-edge{fill:none;stroke-width:1.2;stroke-linejoin:round}"
        ".gt-tree .gt-infoset{fill:none;stroke-width:1.8}"
        ".gt-tree .gt-node{stroke-width:2}"
        ".gt-tree .gt-never{opacity:.5}"
    )
    light, dark = (
        _scheme("#ffffff", "#1c2330", "#6b7482", _LIGHT),
        _scheme("#14171d", "#e8ebf1", "#98a2b3", _DARK),
    )
    if theme == "light":
        return shapes + light
    if theme == "dark":
        return shapes + dark
    return f"{shapes}{light}@media screen and (prefers-color-scheme:dark){{{dark}}}"


def _scheme(page: str, ink: str, soft: str, colors: Sequence[str]) -> str:
    rules = [
        f".gt-tree .gt-page{{fill:{page}}}",
        f".gt-tree text{{fill:{ink};stroke:{page}}}",
        f".gt-tree .gt-edge{{stroke:{soft}}}",
        f".gt-tree .gt-end,.gt-tree .gt-chance{{fill:{ink};stroke:none}}",
    ]
    for k, color in enumerate(colors):
        rules.append(f".gt-tree .gt-p{k}{{stroke:{color}}}.gt-tree .gt-ink{k}{{fill:{color}}}")
    return "".join([*rules, f".gt-tree .gt-node{{fill:{page}}}"])


def _text(text: object) -> str:
    """Escape for XML, and replace what XML cannot hold: labels are other people's."""
    return escape(_OUTSIDE_XML.sub("\ufffd", str(text)), quote=True)


def _short(label: str, longest: int = _LONGEST) -> str:
    flat = " ".join(label.split())
    return flat if len(flat) <= longest else flat[: longest - 1] + "\u2026"


def _probability(p: Fraction) -> str:
    return str(p) if p.denominator < 1000 else f"{float(p):.3g}"


def _width(text: str, size: float) -> float:
    """Guess how wide a text is: nothing here knows the reader's fonts, so rather too wide."""
    wide = sum(1.0 if unicodedata.east_asian_width(c) in "WF" else 0.6 for c in text)
    return wide * size
