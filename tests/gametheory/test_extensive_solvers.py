"""Backward induction and the sequence-form linear program, judged by certificates and oracles."""

from __future__ import annotations

import pickle
from dataclasses import replace
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import gametheory as gt
from gametheory import BehaviorProfile, GameTree, NormalFormGame, Status, UnsupportedGame
from gametheory.algorithms.registry import _REGISTERED, Outcome, algorithms
from gametheory.linear_programs import float_simplex
from tests.gametheory import observed_games as og
from tests.gametheory.test_extensive_concepts import small
from tests.gametheory.test_extensive_form import kuhn


@given(og.rules(perfect_information=True))
def test_backward_induction_is_certified_exact(rules):
    game = og.game_of(rules)
    solution = gt.solve(game, "subgame-perfect")
    assert solution.status == Status.CERTIFIED_EXACT
    assert solution.certificate.epsilon == 0
    assert gt.verify(game, solution.profile, "nash").exact


@given(og.rules(perfect_information=True, steps=3))
def test_all_subgame_perfect_equilibria_match_brute_force(rules):
    assume(small(rules))
    game = og.game_of(rules)
    assume(np.prod(game.infoset_n_actions, dtype=float) <= 200)
    solution = gt.solve(game, "subgame-perfect", find="all")
    found = {tuple(profile.probabilities) for profile in solution.equilibria}
    assert solution.complete == (len(found) == 1)  # where actions tie, mixtures may do as well
    assert len(found) == len(solution.equilibria)
    every = product(*(range(n) for n in game.infoset_n_actions.tolist()))
    perfect = {
        tuple(profile.probabilities)
        for profile in (BehaviorProfile.pure(game, np.array(a, dtype=int)) for a in every)
        if gt.verify(game, profile, "subgame-perfect").exact
    }
    assert found == perfect


def test_entry_deterrence_has_one_subgame_perfect_equilibrium():
    # Selten (1978), "The chain store paradox": enter, and the incumbent shares.
    tree = GameTree(["entrant", "incumbent"])
    enter = tree.root.decision("entrant", "start", ["in", "out"])
    enter["out"].terminal([1, 5])
    reply = enter["in"].decision("incumbent", "entry", ["cooperate", "fight"])
    reply["cooperate"].terminal([2, 2])
    reply["fight"].terminal([0, 0])
    solution = gt.solve(tree.build(), "subgame-perfect", find="all")
    assert solution.complete
    assert len(solution.equilibria) == 1
    assert solution.payoffs.tolist() == [2, 2]


def test_ties_that_floats_would_break_are_kept():
    # 3 x 0.1 is not 0.3 in floats, but the lottery of thirds is worth exactly 1/10.
    tree = GameTree(["A"])
    choice = tree.root.decision("A", "start", ["sure", "lottery"])
    choice["sure"].terminal([Fraction(1, 10)])
    for node in choice["lottery"].chance({x: Fraction(1, 3) for x in "abc"}).values():
        node.terminal([Fraction(1, 10)])
    solution = gt.solve(tree.build(), "subgame-perfect", find="all")
    assert len(solution.equilibria) == 2


def test_kuhn_poker_has_value_minus_one_eighteenth_exactly():
    # Kuhn (1950), "A simplified two-person poker", pages 97-103.
    solution = gt.solve(kuhn())
    assert solution.method == "sequence-form-lp"
    assert solution.status == Status.CERTIFIED_EXACT
    assert solution.certificate.payoffs == (Fraction(-1, 18), Fraction(1, 18))


@given(og.rules(n_players=2, zero_sum=True), st.sampled_from([None, True, False]))
def test_sequence_form_lp_is_an_equilibrium(rules, exact):
    game = og.game_of(rules)
    solution = gt.solve(game, "minimax", method="sequence-form-lp", exact=exact)
    assert solution.epsilon <= 1e-12 * (game.payoff_range or 1.0)
    if exact is not False:
        assert solution.status == Status.CERTIFIED_EXACT
        assert gt.verify(game, solution.profile, "nash").exact


def test_leduc_poker_is_solved_to_rounding():
    game = gt.catalog.load("leduc_poker")
    solution = gt.solve(game)
    assert solution.method == "sequence-form-lp"
    assert solution.payoffs[0] == pytest.approx(-0.085606424078, abs=1e-12)
    assert solution.epsilon < 1e-12


@pytest.mark.slow
def test_leduc_poker_is_solved_exactly_on_request():
    game = gt.catalog.load("leduc_poker")
    solution = gt.solve(game, "minimax", exact=True)
    assert solution.status == Status.CERTIFIED_EXACT
    assert float(solution.certificate.payoffs[0]) == pytest.approx(-0.085606424078, abs=1e-12)


def test_interior_points_help_where_the_simplex_method_gives_up(monkeypatch):
    monkeypatch.setattr(float_simplex, "_MOST_ITERATIONS", -100_000)  # none is allowed
    solution = gt.solve(kuhn(), "minimax", exact=False)
    assert solution.epsilon < 1e-9
    assert solution.payoffs[0] == pytest.approx(-1 / 18)


@given(og.rules(n_players=2, zero_sum=True, steps=3))
def test_sequence_form_value_is_the_value_of_the_strategic_form(rules):
    assume(small(rules))
    game = og.game_of(rules)
    sizes = {i.label: len(i.actions) for i in game.information_sets}
    rows, columns = (list(og.pure_behaviors(rules, p)) for p in (0, 1))
    matrix = [
        [
            og.expected_payoffs(rules, og.with_pure(og.with_pure({}, r, sizes), c, sizes))[0]
            for c in columns
        ]
        for r in rows
    ]
    value = gt.solve(NormalFormGame.zero_sum(matrix), "minimax").payoffs[0]
    found = gt.solve(game, "nash", method="sequence-form-lp").payoffs[0]
    assert found == pytest.approx(value, abs=1e-7)


def test_methods_refuse_what_they_cannot_do_and_say_why():
    with pytest.raises(UnsupportedGame, match="perfect information"):
        gt.solve(kuhn(), "subgame-perfect", method="backward-induction")
    tree = GameTree(["A", "B"])
    first = tree.root.decision("A", "A", ["x", "y"])
    for i, node in enumerate(first.values()):
        for j, end in enumerate(node.decision("B", "B", ["x", "y"]).values()):
            end.terminal([i + j, i * j])
    with pytest.raises(UnsupportedGame, match="constant-sum"):
        gt.solve(tree.build(), "nash", method="sequence-form-lp")
    with pytest.raises(UnsupportedGame, match="exact='maybe'"):
        gt.solve(kuhn(), method="sequence-form-lp", exact="maybe")
    with pytest.raises(UnsupportedGame, match="unknown concept 'best'"):
        gt.solve(kuhn(), "best")
    with pytest.raises(UnsupportedGame, match="unknown method 'magic'"):
        gt.solve(kuhn(), method="magic")


def wide_ties(levels: int) -> gt.ExtensiveFormGame:
    tree = GameTree(["A", "B"])
    frontier = [tree.root]
    for level in range(levels):
        nodes = []
        for i, node in enumerate(frontier):
            children = node.decision("AB"[level % 2], f"{level}.{i}", ["l", "r"])
            nodes += children.values()
        frontier = nodes
    for node in frontier:
        node.terminal([0, 0])
    return tree.build()


def test_a_time_limit_returns_what_was_found():
    solution = gt.solve(wide_ties(5), "subgame-perfect", find="all", time_limit=0.2)
    assert solution.status == Status.TIME_LIMIT
    assert solution.equilibria
    assert not solution.complete
    assert "time limit" in solution.reason
    assert all(certificate.exact for certificate in solution.certificates)


def test_ctrl_c_keeps_what_was_found():
    def stop_after_three(found, seconds):
        if found == 3:
            raise KeyboardInterrupt

    solution = gt.solve(wide_ties(5), "subgame-perfect", find="all", callback=stop_after_three)
    assert len(solution.equilibria) == 3
    assert solution.reason == "interrupted"
    assert not solution.complete


def corners(value):
    tree = GameTree(["A", "B"])
    first = tree.root.decision("A", "A", ["l", "r"])
    for i, node in enumerate(first.values()):
        for j, end in enumerate(node.decision("B", "B", ["l", "r"]).values()):
            end.terminal([value, -value] if i == j else [-value, value])
    return tree.build()


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("scale", [1e-300, 1.0, 1.7e308])
def test_the_whole_range_of_floats(scale):
    matrix = NormalFormGame.zero_sum([[scale, -scale], [-scale, scale]])
    for game in (corners(scale), matrix):
        solution = gt.solve(game)
        assert solution.status == Status.CERTIFIED_EXACT
        assert solution.payoffs.tolist() == [0, 0]


def test_payoffs_beyond_floats_are_refused():
    with pytest.raises(gt.InvalidGame, match=r"too large.*root > l > l.*rescale"):
        corners(10**400)


def test_solutions_can_be_sent_to_another_process():
    solution = gt.solve(kuhn())
    again = pickle.loads(pickle.dumps(solution))
    assert again.profile == solution.profile
    assert again.certificates == solution.certificates


def test_a_rejected_candidate_makes_an_answer_incomplete(monkeypatch):
    def claims_everything(game):
        yield BehaviorProfile.uniform(game)
        yield BehaviorProfile.pure(game, [0, 0])
        return Outcome(complete=True)

    wrong = replace(algorithms(concept="subgame-perfect")[0], run=claims_everything)
    monkeypatch.setitem(_REGISTERED, wrong.name, wrong)
    solution = gt.solve(gt.catalog.load("chain_store"), "subgame-perfect", find="all")
    assert len(solution.equilibria) == 1
    assert not solution.complete
    assert "1 candidates failed the certificate" in solution.reason
