"""Strategic forms of trees, and Kuhn's theorem, against expected payoffs in plain Fractions."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gametheory import (
    BehaviorProfile,
    ExtensiveFormGame,
    GameTree,
    InvalidProfile,
    MixedProfile,
    UnsupportedGame,
)
from gametheory.games.catalog import load
from gametheory.games.pure_strategies import count_strategies, pure_strategies
from gametheory.games.realization import (
    behavior_of,
    exact_expected_payoffs,
    mixed_of,
    reached_information_sets,
    realization_plan,
)
from gametheory.games.strategic_form import strategic_form
from tests.gametheory import observed_games as og
from tests.gametheory import plain_trees as plain

SEEDS = st.integers(0, 2**32)
TREES = og.rules().map(og.game_of) | plain.irregular_trees()


def is_small(game: ExtensiveFormGame, most: int = 60) -> bool:
    return math.prod(count_strategies(game, reduced=False)) <= most


def behavior_of_pure(game, strategies, rows) -> BehaviorProfile:
    """One action everywhere: the strategies', and the first where these say nothing."""
    actions = np.zeros(game.infoset_player.size, int)
    for listed, row in zip(strategies, rows, strict=True):
        actions[listed.infosets] = np.maximum(listed.choices[row], 0)
    return BehaviorProfile.pure(game, actions)


@given(TREES, st.booleans())
def test_payoffs_are_those_of_the_pure_behaviors(game, reduced):
    assume(is_small(game))
    form = strategic_form(game, reduced=reduced)
    strategies = [pure_strategies(game, p, reduced=reduced) for p in range(game.n_players)]
    assert form.n_actions == tuple(map(len, strategies))
    for rows in np.ndindex(*form.n_actions):
        profile = behavior_of_pure(game, strategies, rows)
        expected = plain.payoffs(game, plain.choices_of(game, profile))
        assert form.exact_payoffs[(slice(None), *rows)].tolist() == expected


@given(TREES)
def test_reduced_strategies_are_the_different_realization_plans(game):
    assume(is_small(game, 500))
    for player in range(game.n_players):
        every = pure_strategies(game, player, reduced=False)
        reduced = pure_strategies(game, player)
        assert len(every) == count_strategies(game, reduced=False)[player]
        assert len(reduced) == count_strategies(game)[player]
        different = {tuple(row) for row in every.plans().tolist()}
        assert different == {tuple(row) for row in reduced.plans().tolist()}
        assert len(different) == len(reduced)
        assert sorted(reduced.choices.tolist()) == reduced.choices.tolist()
        for row, choices in enumerate(reduced.choices):
            flat = np.zeros(int(game.action_offsets[-1]))
            flat[game.action_offsets[:-1]] = 1  # the first action where nothing is said
            for infoset, choice in zip(reduced.infosets, choices, strict=True):
                low = game.action_offsets[infoset]
                flat[low : low + game.infoset_n_actions[infoset]] = 0
                flat[low + max(choice, 0)] = 1
            plan = game.sequence_form.treeplexes[player].realization_plan(flat)
            said = np.zeros(plan.size, bool)
            said[0] = True
            first = game.action_offsets[reduced.infosets[0]] if reduced.infosets.size else 0
            for infoset, choice in zip(reduced.infosets, choices, strict=True):
                if choice >= 0:
                    said[1 + game.action_offsets[infoset] - first + choice] = True
            assert (reduced.plans()[row] == said).all()
            assert (plan[said] == 1).all()


@pytest.mark.parametrize(
    "scale",
    [
        1,
        10**30,
        Fraction(1, 3),
        Fraction(7, 10**25),
        0.1,
        1e300,
        5e-324,
        Fraction(2**80 + 1, 3**40),
    ],
)
def test_payoffs_of_any_size_stay_exact(scale):
    tree = GameTree(["A", "B", "C"])
    start = tree.root.chance({"x": Fraction(1, 3), "y": Fraction(2, 3)})
    ends = {}
    for x, node in start.items():
        for a, after in node.decision("A", f"A{x}", ["l", "r"]).items():
            for b, last in after.decision("B", "B", ["l", "r"]).items():
                for c, end in last.decision("C", f"C{b}", ["l", "r"]).items():
                    number = len(ends) + 1
                    ends[x, a, b, c] = [number * scale, -(number**2) * scale, scale]
                    end.terminal(ends[x, a, b, c])
    form = strategic_form(tree.build())
    assert form.n_actions == (4, 2, 4)
    exact = form.exact_payoffs
    for a, b, c in np.ndindex(4, 2, 4):
        left, right = ("lr"[d] for d in divmod(a, 2))
        third = "lr"[c % 2] if b else "lr"[c // 2]
        for player in range(3):
            one, two = (
                Fraction(ends[x, own, "lr"[b], third][player])
                for x, own in (("x", left), ("y", right))
            )
            assert exact[player, a, b, c] == one / 3 + two * Fraction(2, 3)


def test_strategies_are_named_by_their_choices():
    game = load("outside_option")
    form = strategic_form(game)
    assert form.players == game.players
    assert form.actions == (("out, *", "in, mine", "in, yours"), ("mine", "yours"))
    assert form.payoffs[0].tolist() == [[2, 2], [0, 3], [1, 0]]
    full = strategic_form(game, reduced=False)
    assert full.actions[0] == ("out, mine", "out, yours", "in, mine", "in, yours")


def test_players_without_a_choice_have_one_strategy():
    tree = GameTree(["A", "idle"])
    ends = tree.root.decision("A", "A", ["l", "r"])
    ends["l"].terminal([1, 2])
    ends["r"].terminal([3, 4])
    form = strategic_form(tree.build())
    assert form.actions == (("l", "r"), ("-",))
    assert form.payoffs.tolist() == [[[1], [3]], [[2], [4]]]
    only = GameTree(["A"])
    only.root.terminal([7])
    assert strategic_form(only.build()).payoffs.tolist() == [[7]]


def test_labels_that_run_together_are_numbered():
    tree = GameTree(["A"])
    for first in tree.root.decision("A", "one", ["a", "a, b"]).values():
        for end in first.decision("A", f"two {id(first)}", ["b, c", "c"]).values():
            end.terminal([0])
    labels = strategic_form(tree.build()).actions[0]
    assert len(set(labels)) == len(labels) == 4


def test_large_forms_are_refused_with_their_size():
    game = load("liars_dice", sides=4)
    with pytest.raises(UnsupportedGame, match=r"joint strategies.*at most 1,000,000"):
        strategic_form(game)
    with pytest.raises(UnsupportedGame, match=r"reduced pure strategies.*at most 1,000,000"):
        pure_strategies(game, 0)
    with pytest.raises(UnsupportedGame, match="1,728 joint strategies, 27 x 64"):
        strategic_form(load("kuhn_poker"), limit=1_000)
    with pytest.raises(InvalidProfile, match="player 2"):
        pure_strategies(game, 2)


def test_deep_trees_are_counted_and_refused_without_recursion():
    levels = 10_000
    parent = np.repeat(2 * np.arange(levels), 2)
    player = np.full(2 * levels + 1, -2)
    player[0 : 2 * levels : 2] = np.arange(levels) % 2
    game = ExtensiveFormGame.from_arrays(
        np.append(-1, parent), player, np.arange(2 * levels + 1), np.zeros((2, levels + 1))
    )
    assert count_strategies(game) == (levels / 2 + 1, levels / 2 + 1)
    with pytest.raises(UnsupportedGame, match="joint strategies"):
        strategic_form(game)
    assert len(pure_strategies(game, 0)) == levels // 2 + 1
    assert reached_information_sets(game, BehaviorProfile.uniform(game)).all()


@given(TREES, SEEDS, st.booleans())
def test_mixed_strategies_realize_what_the_behavior_does(game, seed, reduced):
    assume(is_small(game))
    profile = plain.exact_profile(game, seed)
    mixed = mixed_of(game, profile, reduced=reduced)
    form = strategic_form(game, reduced=reduced)
    expected = plain.payoffs(game, plain.choices_of(game, profile))
    assert _expected(form, mixed) == expected
    assert list(exact_expected_payoffs(game, profile)) == expected
    back = behavior_of(game, mixed, reduced=reduced)
    for player in range(game.n_players):
        before, after = (realization_plan(game, p, player) for p in (profile, back))
        assert before.tolist() == after.tolist()
        assert all(isinstance(number, Fraction | int) for number in before.tolist())


@given(TREES, SEEDS, SEEDS, st.booleans())
def test_behavior_realizes_what_mixed_strategies_do_against_any_opponents(
    game, seed, others, reduced
):
    assume(is_small(game))
    form = strategic_form(game, reduced=reduced)
    rng = np.random.default_rng(seed)
    weights = [
        rng.integers(0, 3, size) + (np.arange(size) == rng.integers(size))
        for size in form.n_actions
    ]
    mixed = MixedProfile.from_weights([vector.tolist() for vector in weights])
    behavior = behavior_of(game, mixed, reduced=reduced)
    against = plain.exact_profile(game, others)
    against_mixed = mixed_of(game, against, reduced=reduced)
    for player in range(game.n_players):
        one = list(against_mixed.exact)
        one[player] = mixed.exact[player]
        choices = plain.choices_of(game, against)
        own = np.flatnonzero(game.infoset_player == player).tolist()
        mine = plain.choices_of(game, behavior)
        choices.update({infoset: mine[infoset] for infoset in own})
        assert _expected(form, MixedProfile(one)) == plain.payoffs(game, choices)
        allowed = reached_information_sets(game, behavior, player=player)
        for infoset in set(own) - set(np.flatnonzero(allowed).tolist()):
            assert len(set(mine[infoset])) == 1  # uniform where it does not matter


def _expected(form, mixed: MixedProfile) -> list[Fraction]:
    total = [Fraction(0)] * form.n_players
    for rows in product(*map(range, form.n_actions)):
        weight = math.prod(mixed.exact[player][row] for player, row in enumerate(rows))
        if weight:
            paid = form.exact_payoffs[(slice(None), *rows)].tolist()
            total = [t + weight * p for t, p in zip(total, paid, strict=True)]
    return total


@given(TREES, SEEDS)
def test_reached_information_sets_have_a_history_of_positive_probability(game, seed):
    profile = plain.exact_profile(game, seed)
    choices = plain.choices_of(game, profile)
    for player in (None, *range(game.n_players)):
        reached = set()
        waiting = [0]
        while waiting:
            node = waiting.pop()
            mover = int(game.node_player[node])
            kids = plain.children(game, node)
            if mover >= 0 and player in (None, mover):
                reached.add(int(game.node_infoset[node]))
                odds = choices[int(game.node_infoset[node])]
                kids = [kid for kid, weight in zip(kids, odds, strict=True) if weight]
            waiting += kids
        found = reached_information_sets(game, profile, player=player)
        assert set(np.flatnonzero(found).tolist()) == reached


def test_probabilities_too_small_for_floats_still_reach():
    tiny = Fraction(1, 10**400)
    tree = GameTree(["A", "B"])
    dealt = tree.root.chance({"rare": tiny, "else": 1 - tiny, "never": 0})
    for name, node in dealt.items():
        for after in node.decision("A", f"A {name}", ["l", "r"]).values():
            for end in after.decision("B", f"B {name}", ["l", "r"]).values():
                end.terminal([1, 0])
    game = tree.build()
    rarely = BehaviorProfile(game, np.array([1 - tiny, tiny] * 6, dtype=object))
    reached = dict(
        zip(
            (infoset.label for infoset in game.information_sets),
            reached_information_sets(game, rarely).tolist(),
            strict=True,
        )
    )
    assert {label for label, is_reached in reached.items() if not is_reached} == {
        "A never",
        "B never",
    }


def test_profiles_that_do_not_fit_are_refused():
    game = load("outside_option")
    with pytest.raises(InvalidProfile, match="2 probabilities for the 3 reduced pure strategies"):
        behavior_of(game, MixedProfile([[1, 0], [1, 0]]))
    with pytest.raises(InvalidProfile, match="1 strategies and the game 2 players"):
        behavior_of(game, MixedProfile([[1, 0, 0]]))
    other = BehaviorProfile.uniform(load("kuhn_poker"))
    for refuse in (mixed_of, exact_expected_payoffs, reached_information_sets):
        with pytest.raises(InvalidProfile, match="another game"):
            refuse(game, other)
    with pytest.raises(InvalidProfile, match="player 5"):
        realization_plan(game, BehaviorProfile.uniform(game), 5)


def test_plans_of_floats_are_floats():
    game = load("kuhn_poker")
    plan = realization_plan(game, og.draw_profile(game, 1), 0)
    assert plan.dtype == np.float64
    assert realization_plan(game, BehaviorProfile.pure(game, [0] * 12), 0).dtype == object
