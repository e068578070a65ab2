"""Subgames, found and taken out, against the definition."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gametheory import BehaviorProfile, ExtensiveFormGame, UnsupportedGame
from gametheory.games.catalog import load
from gametheory.games.subgames import cut, subgame, subgame_roots
from tests.gametheory import observed_games as og
from tests.gametheory import plain_trees as plain

SEEDS = st.integers(0, 2**32)
TREES = og.rules().map(og.game_of) | plain.irregular_trees(most_inner=15)


@given(TREES)
def test_roots_are_those_of_the_definition(game):
    assert subgame_roots(game).tolist() == plain.roots(game)


@given(TREES, SEEDS)
def test_subgames_are_the_game_from_there_on(game, seed):
    profile = plain.exact_profile(game, seed)
    choices = plain.choices_of(game, profile)
    for root in subgame_roots(game).tolist():
        part = subgame(game, root)
        inside = sorted(plain.below(game, root))
        assert part.nodes.tolist() == inside
        assert part.game.players == game.players
        here = part.restrict(profile)
        assert here.is_given_exactly
        assert plain.payoffs(part.game, plain.choices_of(part.game, here)) == plain.payoffs(
            game, choices, root
        )
        for number, infoset in enumerate(part.infosets.tolist()):
            assert part.game.infoset_actions(number) == game.infoset_actions(infoset)
            assert part.nodes[part.game.infoset_nodes(number)].tolist() == (
                game.infoset_nodes(infoset).tolist()
            )
        assert subgame_roots(part.game).size == np.isin(subgame_roots(game), inside).sum()
        depth = len(game.history(root))
        for node, original in enumerate(part.nodes.tolist()):
            assert part.game.history(node) == game.history(original)[depth:]


@given(TREES)
def test_what_is_no_subgame_is_refused_with_the_reason(game):
    begun = set(subgame_roots(game).tolist())
    for node in range(game.n_nodes):
        if node not in begun:
            match = "lies partly outside" if game.n_children[node] else "is terminal"
            with pytest.raises(UnsupportedGame, match=match):
                subgame(game, node)
    with pytest.raises(UnsupportedGame, match="there is no history"):
        subgame(game, game.n_nodes)


def test_selten_horse_has_no_proper_subgame():
    # Selten (1975), International Journal of Game Theory 4, figure 1.
    assert subgame_roots(load("selten_horse")).tolist() == [0]


def test_the_whole_game_is_its_first_subgame():
    for name in ("kuhn_poker", "outside_option", "beer_quiche"):
        game = load(name)
        assert subgame(game, 0).game == game


def test_a_cut_ends_where_it_is_told_and_pays_what_it_is_told():
    game = load("outside_option")
    leaves = np.zeros(game.n_nodes, bool)
    leaves[subgame_roots(game)] = True
    worth = np.arange(2 * game.n_nodes).reshape(2, -1).astype(object)
    stage = cut(game, 0, leaves, worth)
    assert stage.nodes.tolist() == [0, 1, 2]
    assert stage.game.terminal_payoffs.tolist() == [[1, 2], [game.n_nodes + 1, game.n_nodes + 2]]


def test_subgames_of_hidden_actions_keep_names_and_survive_pickling():
    game = load("goofspiel", cards=3)
    roots = subgame_roots(game).tolist()
    assert len(roots) > 1
    part = subgame(game, roots[1])
    assert pickle.loads(pickle.dumps(part)).game == part.game
    with pytest.raises(ValueError, match="read-only"):
        part.nodes[0] = 1
    labels = [part.game.infoset_label(i) for i in range(part.infosets.size)]
    assert len(set(labels)) == len(labels)
    part.restrict(BehaviorProfile.uniform(game)).check_fits(part.game)


def test_long_chains_and_wide_trees():
    levels = 10_000
    parent = np.append(-1, np.repeat(2 * np.arange(levels), 2))
    player = np.full(2 * levels + 1, -2)
    player[0 : 2 * levels : 2] = 0
    chain = ExtensiveFormGame.from_arrays(
        parent, player, np.arange(2 * levels + 1), np.zeros((1, levels + 1))
    )
    assert subgame_roots(chain).tolist() == sorted(np.flatnonzero(chain.n_children).tolist())
    assert subgame(chain, 2).game.n_nodes == 2 * levels - 1
    n = 2**17 - 1
    inner = np.arange(n) < n // 2
    wide = ExtensiveFormGame.from_arrays(
        np.append(-1, np.arange(n - 1) // 2),
        np.where(inner, 0, -2),
        np.arange(n),
        np.zeros((1, n // 2 + 1)),
    )
    assert subgame_roots(wide).size == n // 2
