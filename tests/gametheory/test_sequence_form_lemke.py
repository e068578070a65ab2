"""Lemke's algorithm on the sequence form: exact certificates, other methods, hard cases."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gametheory as gt
from gametheory import BehaviorProfile, ExtensiveFormGame, GameTree, InvalidProfile, UnsupportedGame
from gametheory.algorithms.extensive_form import sequence_form_lemke as lemke
from gametheory.algorithms.extensive_form.sequence_pairs import pair_payoffs, plans_of
from gametheory.algorithms.extensive_form.tracing_in_floats import FloatPath
from gametheory.algorithms.extensive_form.tracing_in_integers import IntegerPath
from gametheory.algorithms.extensive_form.tracing_program import program_of
from gametheory.algorithms.extensive_form.tracing_solution import behavior_of, exact_plans
from gametheory.formats import efg
from gametheory.games.catalog import load
from gametheory.solution import Solution, Status
from tests.gametheory import observed_games as og


def solve(game: ExtensiveFormGame, **options: Any) -> Solution:
    return gt.solve(game, method="sequence-form-lemke", **options)


def ended(search: Any) -> Any:
    while True:
        try:
            next(search)
        except StopIteration as end:
            return end.value


def with_payoffs(game: ExtensiveFormGame, payoffs: Any) -> ExtensiveFormGame:
    return ExtensiveFormGame.from_arrays(
        parent=game.parent,
        player=game.node_player,
        infoset=game.node_infoset,
        payoffs=payoffs,
        chance=chance_of(game),
    )


def chance_of(game: ExtensiveFormGame) -> Any:
    chance = np.full(game.n_nodes, Fraction(1), dtype=object)
    chance[game.chance_children] = game.exact_chance
    return chance


def perturbed(name: str, seed: int, size: int, **parameters: Any) -> ExtensiveFormGame:
    """A game of the catalog with integers added to its payoffs: no longer zero-sum."""
    game = load(name, **parameters)
    noise = np.random.default_rng(seed).integers(-size, size + 1, game.terminal_payoffs.shape)
    return with_payoffs(game, game.terminal_payoffs + noise)


@given(og.rules(n_players=2, steps=5), st.sampled_from([None, 0, 1, 2]))
@settings(max_examples=120)
def test_every_equilibrium_is_certified_exact(rules: og.Rules, seed: int | None) -> None:
    game = og.game_of(rules)
    solution = solve(game, seed=seed)
    assert solution.status == Status.CERTIFIED_EXACT
    assert solution.certificate.epsilon == 0
    assert solution.profile.is_given_exactly


@given(og.rules(n_players=2, steps=5), st.integers(0, 3))
@settings(max_examples=50)
def test_floats_find_the_way_and_integers_the_numbers(rules: og.Rules, seed: int) -> None:
    game = og.game_of(rules)
    program = program_of(game, lemke._prior(game, None, seed))
    path = FloatPath(program)
    used = ended(path.follow(10_000))
    plans = ended(exact_plans(program, used))
    parts = [behavior_of(*both) for both in zip(program.plans, plans, used, strict=True)]
    profile = BehaviorProfile(game, np.concatenate(parts))
    assert gt.verify(game, profile).epsilon == 0
    for exact, rounded in zip(plans, path.weights(), strict=True):
        np.testing.assert_allclose(
            rounded, [float(w / Fraction(exact[0])) for w in exact], atol=1e-9
        )


@given(og.rules(n_players=2, steps=5))
@settings(max_examples=50)
def test_floats_alone_are_accurate_to_rounding(rules: og.Rules) -> None:
    game = og.game_of(rules)
    assert solve(game, exact=False).epsilon <= 1e-12 * (game.payoff_range or 1.0)


@given(og.rules(n_players=2, zero_sum=True))
@settings(max_examples=50)
def test_constant_sums_have_the_value_of_the_linear_program(rules: og.Rules) -> None:
    game = og.game_of(rules)
    value = gt.solve(game, method="sequence-form-lp").certificate.payoffs
    assert solve(game).certificate.payoffs == value


@given(og.rules(n_players=2, steps=4))
@settings(max_examples=50)
def test_the_path_is_the_one_that_theory_describes(rules: og.Rules) -> None:
    # It begins with best replies to the prior, and z falls from 1; rays do not occur.
    game = og.game_of(rules)
    prior = og.draw_profile(game, 1)
    program = program_of(game, prior)
    path = IntegerPath(program)
    assert not isinstance(ended(path.follow()), str)
    for player, treeplex in enumerate(game.sequence_form.treeplexes):
        best, _ = treeplex.best_response(game.sequence_form.gains(prior.probabilities, player))
        plans = program.plans[player]
        totals, pivots = plans.best_reply(program.prior.gains[player])
        # Integers are in units of the player's own and of the other one's plan.
        ours = np.abs(program.payoffs.entries[player]).max(initial=0)
        theirs = np.abs(plain_pairs(game, player)).max()
        if ours:
            assert float(Fraction(totals[0]) / Fraction(ours)) == pytest.approx(best / theirs)
        assert (program.prior.slacks[player] >= 0).all()
        assert not program.prior.slacks[player][pivots].any()


def plain_pairs(game: ExtensiveFormGame, player: int) -> Any:
    form = game.sequence_form
    table = np.zeros(game.n_sequences)
    np.add.at(
        table,
        tuple(form.terminal_sequences.astype(np.int64)),
        form.terminal_chance * form.terminal_payoffs[player],
    )
    return table


@given(og.rules(n_players=2, steps=5), st.integers(0, 9))
@settings(max_examples=50)
def test_coordinates_without_equations_say_what_plans_say(rules: og.Rules, seed: int) -> None:
    game = og.game_of(rules)
    profile = og.draw_profile(game, seed)
    plans = [plans_of(treeplex) for treeplex in game.sequence_form.treeplexes]
    weights = [t.realization_plan(profile.probabilities) for t in game.sequence_form.treeplexes]
    rng = np.random.default_rng(seed)
    tables = []
    for own, plan in zip(plans, weights, strict=True):
        pivots = own.first + rng.integers(0, own.count)
        coordinates = plan.copy()
        coordinates[pivots] = 0.0
        np.testing.assert_allclose(own.expand(coordinates, pivots), plan, atol=1e-12)
        tables.append((coordinates, pivots))
    for player in (0, 1):
        pairs = pair_payoffs(game)
        table = pairs.table(player, game.n_sequences).astype(float)
        worth = weights[player] @ table @ weights[1 - player]
        plans[player].eliminate(table, tables[player][1])
        plans[1 - player].eliminate(table.T, tables[1 - player][1])
        assert tables[player][0] @ table @ tables[1 - player][0] == pytest.approx(worth, abs=1e-6)
        scale = np.abs(plain_pairs(game, player)).max() or 1.0
        unit = np.abs(pairs.entries[player]).max(initial=0) or 1
        expected = game.expected_payoffs(profile)[player]
        assert worth / float(unit) == pytest.approx(expected / scale, abs=1e-9)


@pytest.mark.parametrize("seed", [53, *range(10)])
def test_ties_among_best_replies_to_the_prior_lead_nowhere_back(seed: int) -> None:
    # Hardly any history pays anything: all is tied, and the path must not return to its beginning.
    rng = np.random.default_rng(seed)
    n_actions = (1, 3, 3, 2, 3)
    payoffs = {
        history: (int(rng.integers(-1, 2)), int(rng.integers(-1, 2)))
        if rng.random() < 0.15
        else (0, 0)
        for history in product(*map(range, n_actions))
    }
    odds = tuple((Fraction(1, n),) * n for n in n_actions)
    rules = og.Rules(2, (0, 1, 0, 1, 0), n_actions, (frozenset(),) * 5, odds, payoffs)
    game = og.game_of(rules)
    program = program_of(game, lemke._prior(game, None, None))
    assert not isinstance(ended(IntegerPath(program).follow()), str)
    assert solve(game).status == Status.CERTIFIED_EXACT


@pytest.mark.parametrize("seed", range(5))
def test_general_sum_kuhn_poker(seed: int) -> None:
    solution = gt.solve(perturbed("kuhn_poker", seed, 2))
    assert solution.method == "sequence-form-lemke"
    assert solution.status == Status.CERTIFIED_EXACT


@pytest.mark.parametrize("seed", [None, 3])
def test_hundreds_of_sequences_are_exact(seed: int | None) -> None:
    solution = solve(perturbed("goofspiel", 0, 1, cards=4), seed=seed)
    assert solution.status == Status.CERTIFIED_EXACT


@pytest.mark.slow
def test_leduc_poker_is_exact() -> None:
    solution = solve(load("leduc_poker"))
    assert solution.status == Status.CERTIFIED_EXACT
    assert float(solution.certificate.payoffs[0]) == pytest.approx(-0.085606424078, abs=1e-12)


def test_beer_and_quiche_pool() -> None:
    # Cho and Kreps (1987): both equilibrium outcomes pool; the surly type pools on beer or quiche.
    game = load("beer_quiche")
    for seed in (None, *range(10)):
        profile = solve(game, seed=seed).profile
        named = {
            i.label: dict(zip(i.actions, profile[i.index], strict=True))
            for i in game.information_sets
        }
        assert named["surly"] == named["wimp"]
        assert max(named["surly"].values()) == 1.0


def test_priors_reach_different_equilibria() -> None:
    tree = GameTree(["A", "B"])
    first = tree.root.decision("A", "A", ["x", "y"])
    for i, node in enumerate(first.values()):
        for j, end in enumerate(node.decision("B", "B", ["x", "y"]).values()):
            end.terminal([2 * (i == j == 0) + (i == j == 1), (i == j == 0) + 2 * (i == j == 1)])
    game = tree.build()
    for actions in product((0, 1), repeat=2):
        prior = BehaviorProfile.pure(game, np.array(actions))
        profile = solve(game, prior=prior).profile
        assert gt.verify(game, profile).exact
        if actions[0] == actions[1]:
            assert profile == prior
    reached = {solve(game, seed=seed).profile for seed in range(20)}
    assert len(reached) >= 2
    assert solve(game, seed=5).profile == solve(game, seed=5).profile


@pytest.mark.parametrize("scale", [10**30, 1, Fraction(1, 10**30)])
def test_scale_changes_nothing(scale: Any) -> None:
    game = perturbed("kuhn_poker", 1, 2)
    payoffs = game.exact_payoffs.copy()
    payoffs[0] = payoffs[0] * scale + scale
    assert solve(with_payoffs(game, payoffs)).profile == solve(game).profile


def test_single_actions_chance_that_never_happens_and_idle_players() -> None:
    tree = GameTree(["A", "B"])
    luck = tree.root.chance({"never": 0, "always": 1})
    for end in luck["never"].decision("B", "B never", ["p", "q"]).values():
        end.terminal([100, -100])
    only = luck["always"].decision("A", "A only", ["z"])["z"]
    choice = only.decision("A", "A", ["x", "y"])
    choice["x"].terminal([1, 0])
    choice["y"].terminal([2, 0])
    game = tree.build()
    solution = solve(game)
    assert solution.status == Status.CERTIFIED_EXACT
    assert solution.payoffs.tolist() == [2, 0]


def test_nobody_decides() -> None:
    tree = GameTree(["A", "B"])
    tree.root.terminal([1, 2])
    assert solve(tree.build()).payoffs.tolist() == [1, 2]


def test_where_rounding_misleads_integers_take_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lemke, "_INTEGERS_AT_ONCE", 0)

    def misled(path: FloatPath, most_steps: int) -> Any:
        yield None
        return "misled"

    monkeypatch.setattr(FloatPath, "follow", misled)
    game = perturbed("kuhn_poker", 0, 2)
    assert solve(game).status == Status.CERTIFIED_EXACT
    monkeypatch.setattr(lemke, "_INTEGERS_AT_LAST", 0)
    solution = solve(game)
    assert solution.status == Status.NUMERICAL_FAILURE
    assert solution.reason == "misled"


def test_a_path_that_is_given_up_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lemke, "_INTEGERS_AT_LAST", 0)
    game = perturbed("goofspiel", 0, 1, cards=4)
    solution = solve(game, max_pivots=5)
    assert solution.status == Status.ITERATION_LIMIT
    assert solution.reason == "the path has not ended after 5 pivots"
    assert solution.iterations == 5


def test_bad_input_is_refused() -> None:
    game = load("kuhn_poker")
    with pytest.raises(UnsupportedGame, match="two players"):
        solve(load("selten_horse"))
    with pytest.raises(InvalidProfile, match="another game"):
        solve(game, prior=BehaviorProfile.uniform(load("beer_quiche")))
    with pytest.raises(InvalidProfile, match="prior"):
        solve(game, prior=[1, 2])
    with pytest.raises(UnsupportedGame, match="seed"):
        solve(game, prior=BehaviorProfile.uniform(game), seed=1)


@pytest.mark.parametrize("seed", range(3))
def test_gambit_solves_the_same_games(seed: int, tmp_path: Path) -> None:
    gambit = pytest.importorskip("pygambit")
    game = perturbed("kuhn_poker", seed, 2)
    file = tmp_path / "game.efg"
    file.write_text(efg.to_text(game))
    theirs = gambit.read_efg(str(file))
    (found, *_) = gambit.nash.lcp_solve(theirs).equilibria
    numbers = [
        Fraction(int(p.numerator), int(p.denominator))
        for player in theirs.players
        for infoset in player.infosets
        for p in (found[action] for action in infoset.actions)
    ]
    assert found.max_regret() == 0
    labels = [i.label for player in theirs.players for i in player.infosets]
    if labels == [i.label for i in game.information_sets]:
        assert gt.verify(game, BehaviorProfile(game, numbers)).exact


@pytest.mark.slow
@given(og.rules(n_players=2, steps=6), st.sampled_from([None, 0]))
@settings(max_examples=800)
def test_thousands_of_trees_are_certified_exact(rules: og.Rules, seed: int | None) -> None:
    assert solve(og.game_of(rules), seed=seed).status == Status.CERTIFIED_EXACT
