"""Drawn trees: well-formed whatever the labels are, all of the game in them."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import gametheory as gt
from gametheory.games.catalog import catalog, load
from gametheory.games.tree_layout import tree_layout
from gametheory.games.tree_svg import MOST_IN_NOTEBOOKS
from gametheory.plots import tree_svg

SVG = "{http://www.w3.org/2000/svg}"
LARGEST = 500
TREES = {
    entry.name: load(entry.name)
    for entry in catalog()
    if "extensive" in entry.form and load(entry.name).n_nodes <= LARGEST
}


def texts(root: ET.Element) -> list[str]:
    """What can be read in the picture, the text for the pointer left out."""
    found = []
    for element in root.iter(f"{SVG}text"):
        parts = [element.text or ""]
        for child in element:
            parts += [child.text or ""] if child.tag == f"{SVG}tspan" else []
            parts.append(child.tail or "")
        found.append("".join(parts))
    return found


def of_class(root: ET.Element, name: str) -> list[ET.Element]:
    return [e for e in root.iter() if name in e.get("class", "").split()]


def one_choice(
    labels: list[str], player: str = "A", infoset: str = "start"
) -> gt.ExtensiveFormGame:
    tree = gt.GameTree([player])
    for payoff, leaf in enumerate(tree.root.decision(player, infoset, labels).values()):
        leaf.terminal([payoff])
    return tree.build()


def test_the_catalog_has_trees_of_several_kinds() -> None:
    assert len(TREES) >= 10
    assert any(game.n_players == 3 for game in TREES.values())


@pytest.mark.parametrize("name", TREES)
def test_every_tree_of_the_catalog_is_drawn_whole(name: str) -> None:
    game = TREES[name]
    root = ET.fromstring(tree_svg(game))
    assert len(of_class(root, "gt-edge")) == game.n_nodes - 1
    assert len(of_class(root, "gt-payoffs")) == len(of_class(root, "gt-end")) == game.n_terminals
    decisions = int((game.node_infoset >= 0).sum())
    in_legend = game.n_players
    assert len(of_class(root, "gt-node")) == decisions + in_legend
    drawn = sorted(int(e.get("data-infoset", "")) for e in of_class(root, "gt-infoset"))
    assert drawn == [s.index for s in game.information_sets if len(s.nodes) > 1]
    payoffs = ["".join(e.itertext()) for e in of_class(root, "gt-payoffs")]
    for t in range(game.n_terminals):
        read = [float(Fraction(x)) for x in payoffs[t].split(", ")]
        assert read == pytest.approx(game.terminal_payoffs[:, t].tolist(), rel=1e-5)


@pytest.mark.parametrize("name", TREES)
def test_nothing_lies_outside_or_on_another_node(name: str) -> None:
    root = ET.fromstring(tree_svg(TREES[name]))
    width, height = float(root.get("width", "")), float(root.get("height", ""))
    for element in root.iter():
        for key in ("x", "cx"):
            assert 0 <= float(element.get(key, "0")) <= width
        for key in ("y", "cy"):
            assert 0 <= float(element.get(key, "0")) <= height
        for x, y in re.findall(r"([\d.-]+)[ ,]([\d.-]+)", element.get("points", "")):
            assert 0 <= float(x) <= width
            assert 0 <= float(y) <= height


@pytest.mark.parametrize("name", TREES)
def test_layout_keeps_nodes_apart_and_information_sets_in_one_column(name: str) -> None:
    game = TREES[name]
    places = tree_layout(game)
    spots = list(zip(places.column.tolist(), places.row.tolist(), strict=True))
    assert len(set(spots)) == game.n_nodes
    for column in set(places.column.tolist()):
        rows = sorted(row for c, row in spots if c == column)
        assert all(b - a >= 0.5 for a, b in pairwise(rows))
    inner = np.arange(1, game.n_nodes)
    assert (places.column[inner] > places.column[game.parent[inner]]).all()
    for infoset in game.information_sets:  # players of these games can agree on what came first
        assert len({int(places.column[node]) for node in infoset.nodes}) == 1
    lanes: dict[tuple[int, int], list[tuple[float, float]]] = {}
    for k, nodes in enumerate(places.links):
        if nodes:
            span = float(places.row[nodes[0]]), float(places.row[nodes[-1]])
            lanes.setdefault((int(places.column[nodes[0]]), places.lane[k]), []).append(span)
    for spans in lanes.values():
        assert all(high < low for (_, high), (low, _) in pairwise(sorted(spans)))


def test_a_straight_line_meets_no_other_node() -> None:
    game = TREES["kuhn_poker"]
    places = tree_layout(game)
    assert any(places.lane)
    for k, nodes in enumerate(places.links):
        if nodes and not places.lane[k]:
            column = places.column == places.column[nodes[0]]
            rows = places.row[column]
            low, high = places.row[nodes[0]], places.row[nodes[-1]]
            assert ((rows >= low) & (rows <= high)).sum() == len(nodes)


def test_where_nobody_can_agree_on_what_came_first_columns_are_depths() -> None:
    tree = gt.GameTree(["A", "B"])
    sides = tree.root.chance({"l": Fraction(1, 2), "r": Fraction(1, 2)})
    for first, second, node in (("A", "B", sides["l"]), ("B", "A", sides["r"])):
        for after in node.decision(first, f"only of {first}", ["x", "y"]).values():
            for leaf in after.decision(second, f"only of {second}", ["x", "y"]).values():
                leaf.terminal([1, 2])
    game = tree.build()
    places = tree_layout(game)
    assert places.column.tolist() == [0, 1, 1, 2, 2, 2, 2, *[3] * 8]
    root = ET.fromstring(tree_svg(game))
    assert len(of_class(root, "gt-infoset")) == 2


@given(
    st.lists(st.text(max_size=60), min_size=1, max_size=4, unique=True),
    st.text(min_size=1, max_size=60),
    st.text(min_size=1, max_size=60),
)
def test_any_labels_make_well_formed_xml(labels: list[str], player: str, infoset: str) -> None:
    game = one_choice(labels, player, infoset)
    root = ET.fromstring(tree_svg(game).encode("utf-8"))
    assert len(of_class(root, "gt-label")) == len(labels)


@pytest.mark.parametrize("label", ["<b>&amp;\"'</b>", "]]>", "</svg>", "a & b", "\N{SNOWMAN}"])
def test_labels_are_text_wherever_they_stand(label: str) -> None:
    tree = gt.GameTree([label + "p", "Bob"], title=label)
    nodes = tree.root.chance({label + "c": Fraction(1, 3), "other": Fraction(2, 3)})
    for node in nodes.values():
        for payoff, leaf in enumerate(node.decision(label + "p", label + "i", [label]).values()):
            leaf.terminal([payoff, 0])
    root = ET.fromstring(tree_svg(tree.build()))
    shown = texts(root)
    for text in (label, label + "p", f"{label}c 1/3", label + "i"):
        assert text in shown


def test_control_characters_are_replaced() -> None:
    root = ET.fromstring(tree_svg(one_choice(["a\x00b\x1b[31m", "\ud800"])))
    assert {"a\ufffdb\ufffd[31m", "\ufffd"} <= set(texts(root))


def test_long_labels_are_cut_and_told_whole() -> None:
    label = "raise to " + "one hundred " * 10
    text = tree_svg(one_choice([label, "fold"]))
    root = ET.fromstring(text)
    assert not any(label in shown for shown in texts(root))
    assert label in [e.text for e in root.iter(f"{SVG}title")]


def test_a_profile_writes_its_probabilities_and_thickens_edges() -> None:
    game = load("kuhn_poker")
    profile = gt.solve(game).profile
    root = ET.fromstring(tree_svg(game, profile))
    labels = [e.text for e in of_class(root, "gt-label")]
    widths = [e.get("style") for e in of_class(root, "gt-edge")]
    seen = set()
    for child in range(1, game.n_nodes):
        parent = int(game.parent[child])
        infoset = int(game.node_infoset[parent])
        action = game.action_labels[int(game.node_label[child])]
        if infoset < 0:
            assert widths[child - 1] is None
            continue
        place = child - int(game.first_child[parent])
        p = profile.exact[int(game.action_offsets[infoset]) + place]
        seen.add(p)
        assert labels[child - 1] == f"{action} {p}"
        assert widths[child - 1] == f"stroke-width:{1.2 + 3.6 * float(p):.2f}"
    assert {Fraction(0), Fraction(1), Fraction(1, 3)} <= seen
    assert len(of_class(root, "gt-never")) == 2 * sum(label.endswith(" 0") for label in labels)
    assert "first: -0.05556" in texts(root)


def test_nodes_carry_short_names_and_otherwise_numbers() -> None:
    numbers = [e.text for e in of_class(ET.fromstring(tree_svg(load("selten_horse"))), "gt-number")]
    assert set(numbers) == {"1", "2", "3"}  # these players' names
    numbers = [e.text for e in of_class(ET.fromstring(tree_svg(load("kuhn_poker"))), "gt-number")]
    assert set(numbers) == {"0", "1"}


def test_both_color_schemes_and_either_alone() -> None:
    game = load("trust")
    both, light, dark = (tree_svg(game, theme=t) for t in ("auto", "light", "dark"))
    assert "prefers-color-scheme:dark" in both
    assert "prefers-color-scheme" not in light + dark
    assert "#ffffff" in light
    assert "#ffffff" not in dark


def luminance(color: str) -> float:
    """Relative luminance of sRGB (WCAG 2.1)."""
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_colors_are_read_on_their_background_and_shapes_tell_players_apart(theme: str) -> None:
    tree = gt.GameTree([f"player {i}" for i in range(12)])
    node = tree.root
    for i in range(12):
        branches = node.decision(f"player {i}", f"turn {i}", ["end", "on"])
        branches["end"].terminal([0] * 12)
        node = branches["on"]
    node.terminal([1] * 12)
    text = tree_svg(tree.build(), theme=theme)  # type: ignore[arg-type]
    page = re.search(r"gt-page\{fill:(#\w{6})", text)
    inks = re.findall(r"gt-ink\d\{fill:(#\w{6})", text) + re.findall(r"text\{fill:(#\w{6})", text)
    assert page
    assert len(set(inks)) >= 7
    for ink in inks:
        dark, light = sorted([luminance(ink), luminance(page.group(1))])
        assert (light + 0.05) / (dark + 0.05) >= 4.5  # WCAG 2.1, level AA
    legend = of_class(ET.fromstring(text), "gt-node")[:12]
    marks = [(e.tag, e.get("class"), len(e.get("points", "").split())) for e in legend]
    assert len(set(marks)) == 12


def test_what_cannot_be_drawn_is_refused_with_the_reason() -> None:
    with pytest.raises(gt.UnsupportedGame, match="9,457 histories"):
        tree_svg(load("leduc_poker"))
    assert tree_svg(load("kuhn_poker"), max_nodes=58)
    with pytest.raises(gt.UnsupportedGame, match="at most 57"):
        tree_svg(load("kuhn_poker"), max_nodes=57)
    with pytest.raises(gt.UnsupportedGame, match="theme"):
        tree_svg(load("trust"), theme="blue")  # type: ignore[arg-type]
    with pytest.raises(gt.UnsupportedGame, match="no tree"):
        tree_svg(load("chicken"))  # type: ignore[arg-type]
    with pytest.raises(gt.InvalidProfile, match="another game"):
        tree_svg(load("trust"), gt.BehaviorProfile.uniform(load("kuhn_poker")))
    with pytest.raises(gt.InvalidProfile, match="MixedProfile"):
        tree_svg(load("trust"), gt.MixedProfile([[1]]))  # type: ignore[arg-type]


def test_notebooks_show_small_trees() -> None:
    assert load("kuhn_poker")._repr_svg_() == tree_svg(load("kuhn_poker"))
    large = load("dark_hex")
    assert large.n_nodes > MOST_IN_NOTEBOOKS
    assert large._repr_svg_() is None


def test_a_game_without_decisions_is_a_picture_too() -> None:
    tree = gt.GameTree(["A"])
    tree.root.terminal([Fraction(1, 3)])
    root = ET.fromstring(tree_svg(tree.build()))
    assert [e for e in texts(root) if "1/3" in e]
