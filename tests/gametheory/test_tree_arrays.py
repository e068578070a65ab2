"""Trees read from arrays: the same games as from simulators, and every mistake by its name."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import gametheory as gt
from gametheory import CHANCE, TERMINAL, ExtensiveFormGame, InvalidGame
from gametheory.games.own_choices import chain_depths, last_choices
from tests.gametheory import observed_games as og

KUHN = gt.catalog.load("kuhn_poker")


def arrays(game: ExtensiveFormGame, order: np.ndarray | None = None) -> dict:
    """Take a game apart, its nodes renumbered so that old node ``order[k]`` becomes k."""
    order = np.arange(game.n_nodes) if order is None else order
    place = np.argsort(order)
    chance = np.full(game.n_nodes, Fraction(0), dtype=object)
    chance[game.chance_children] = game.exact_chance
    terminal = np.flatnonzero(game.node_player[order] == TERMINAL)
    column = np.searchsorted(game.terminals, order[terminal])
    return {
        "parent": np.append(-1, place[game.parent[order[1:]]]),
        "player": game.node_player[order],
        "infoset": game.node_infoset[order],
        "payoffs": game.exact_payoffs[:, column],
        "chance": chance[order],
        "action": game.node_label[order],
        "players": game.players,
        "title": game.title,
        "action_labels": game.action_labels,
        "infoset_labels": [infoset.label for infoset in game.information_sets],
    }


@given(og.rules(), st.randoms(use_true_random=False))
def test_taking_a_game_apart_and_building_it_again(rules, random):
    game = og.game_of(rules)
    assert ExtensiveFormGame.from_arrays(**arrays(game)) == game
    # Any order that keeps siblings in order gives the same tree.
    keys = {0: (0.0,)}
    for node in range(1, game.n_nodes):
        keys[node] = (random.random(), node)
    order = np.array(sorted(keys, key=lambda node: keys[node]))
    order = np.concatenate([[0], order[order > 0]])
    rank = {node: k for k, node in enumerate(order.tolist())}
    for node in range(game.n_nodes):
        low, count = int(game.first_child[node]), int(game.n_children[node])
        places = sorted(rank[child] for child in range(low, low + count))
        for child, place in zip(range(low, low + count), places, strict=True):
            order[place] = child
    assert ExtensiveFormGame.from_arrays(**arrays(game, order)) == game


def test_defaults_name_things_by_their_numbers():
    game = ExtensiveFormGame.from_arrays(
        parent=[-1, 0, 0, 1, 1],
        player=[CHANCE, 0, TERMINAL, TERMINAL, TERMINAL],
        infoset=[-1, 7, -1, -1, -1],
        payoffs=[[1, 2, 3]],
        chance=[0, 0.25, 0.75, 0, 0],
    )
    assert game.players == ("player 0",)
    assert [(s.label, s.actions) for s in game.information_sets] == [("7", ("0", "1"))]
    assert gt.solve(game, "subgame-perfect").payoffs == pytest.approx([0.25 * 3 + 0.75 * 1])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"parent": [[-1]]}, "parent has shape"),
        ({"parent": np.zeros(3)}, "parent has shape"),
        ({"player": [0]}, "player has 1 entries"),
        ({"parent": {5: 5}}, r"circle"),
        ({"parent": {5: 99}}, r"node 5 has the parent 99"),
        ({"parent": {0: 3}}, r"node 0 has the parent 3"),
        ({"player": {5: 7}}, r"node 5 has the player 7"),
        ({"player": {5: TERMINAL}}, r"TERMINAL"),
        ({"infoset": {10: -1}}, r"node 10 has the infoset -1"),
        ({"payoffs": np.zeros((2, 3))}, r"payoffs have shape \(2, 3\)"),
        ({"payoffs": np.full((2, 30), np.nan)}, "payoffs"),
        ({"chance": None}, "there are no probabilities"),
        ({"chance": {1: Fraction(1, 2)}}, r"sum to 7/6; where: node 0"),
        ({"chance": {1: 0.5, 2: -0.5}}, "chance probability -0.5"),
        ({"chance": [1.0]}, r"chance has shape \(1,\)"),
        ({"players": ["x", "x"]}, "label 'x' is used twice"),
        ({"action": {1: 99}}, "actions are numbered"),
        ({"action": {2: 0, 1: 0}}, "two actions are called"),
        ({"infoset_labels": ["one"]}, "1 labels for information sets"),
    ],
)
def test_mistakes_are_told_by_name(change, message):
    given = arrays(KUHN)
    for name, value in change.items():
        if isinstance(value, dict):
            given[name] = np.array(given[name])
            for index, entry in value.items():
                given[name][index] = entry
        else:
            given[name] = value
    with pytest.raises(InvalidGame, match=message):
        ExtensiveFormGame.from_arrays(**given)


def test_two_owners_forgetting_and_absent_mindedness():
    given = arrays(KUHN)
    given["infoset"] = np.where(given["player"] >= 0, 0, -1)
    with pytest.raises(InvalidGame, match="share an information set"):
        ExtensiveFormGame.from_arrays(**given)
    given["infoset"] = np.where(given["player"] >= 0, given["player"], -1)
    with pytest.raises(InvalidGame, match=r"different actions|absent-minded"):
        ExtensiveFormGame.from_arrays(**given)
    driver = {
        "parent": [-1, 0, 0, 2, 2],
        "player": [0, TERMINAL, 0, TERMINAL, TERMINAL],
        "infoset": [0, -1, 0, -1, -1],
        "payoffs": [[0, 4, 1]],
    }
    with pytest.raises(InvalidGame, match=r"absent-minded.*information set '0'"):
        ExtensiveFormGame.from_arrays(**driver)


@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(-1, 2)), max_size=60))
def test_last_choices_and_depths_by_walking_up(nodes):
    parent = np.array([-1, *(number % (k + 1) for k, (number, _) in enumerate(nodes))])
    mover = np.array([-5, *(who for _, who in nodes)])
    for player in range(-1, 3):
        found = last_choices(parent, mover, player)
        for node in range(parent.size):
            at = node
            while at and mover[at] != player:
                at = int(parent[at])
            assert found[node] == at
    depth = chain_depths(parent)
    assert all(depth[n] == depth[parent[n]] + 1 for n in range(1, parent.size))


def test_memory_is_counted():
    game = gt.catalog.load("leduc_poker")
    before = game.nbytes
    assert before < 60 * game.n_nodes
    assert game.sequence_form.terminal_chance.size == game.n_terminals
    assert before < game.nbytes < 120 * game.n_nodes
