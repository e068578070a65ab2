"""Agent logit equilibria: closed forms, the equations themselves, limits, other programs."""

from __future__ import annotations

import math
import pickle
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gametheory as gt
from gametheory import BehaviorProfile, ExtensiveFormGame, GameTree, InvalidProfile, UnsupportedGame
from gametheory.algorithms.extensive_form import agent_logit_path as algorithm
from gametheory.algorithms.registry import Approximation
from gametheory.certificates.agent_logit import certify_agent_logit
from gametheory.formats import efg, load_claim, save_certificate, save_profile
from gametheory.games.agent_quantal_response import AgentLogitEquilibrium
from gametheory.games.catalog import load
from gametheory.games.normal_form import NormalFormGame
from gametheory.solution import Solution, Status
from tests.gametheory import observed_games as og

CATALOG = ["kuhn_poker", "beer_quiche", "outside_option", "burning_money", "centipede"]


def limit(game: ExtensiveFormGame) -> Solution:
    return gt.solve(game, method="agent-logit-path")


def at(game: ExtensiveFormGame, rationality: float) -> AgentLogitEquilibrium:
    solution = gt.solve(game, "agent-logit-qre", rationality=rationality)
    profile = solution.profile
    assert isinstance(profile, AgentLogitEquilibrium)
    assert profile.rationality == rationality
    return profile


def branch(game: ExtensiveFormGame, **options: Any) -> list[AgentLogitEquilibrium]:
    return [p for p in algorithm.agent_logit_branch(game, **options) if p is not None]


def softmax(payoffs: Any) -> Any:
    odds = np.exp(payoffs - np.max(payoffs))
    return odds / odds.sum()


def responses(game: ExtensiveFormGame, profile: AgentLogitEquilibrium) -> Any:
    """Logit responses by recursion over the tree, with logarithms as weights."""
    logs = profile.log_probabilities
    chance = dict(zip(game.chance_children.tolist(), game.chance_probabilities, strict=True))
    payoffs = dict(zip(game.terminals.tolist(), game.terminal_payoffs.T, strict=True))

    def edge(node: int, child: int) -> float:
        if game.node_player[node] < 0:
            return math.log(chance[child]) if chance[child] else -math.inf
        first = game.action_offsets[game.node_infoset[node]]
        return float(logs[first + child - game.first_child[node]])

    def children(node: int) -> range:
        first = int(game.first_child[node])
        return range(first, first + int(game.n_children[node]))

    def value(node: int) -> Any:
        if node in payoffs:
            return payoffs[node]
        return sum(math.exp(edge(node, child)) * value(child) for child in children(node))

    def reach(node: int) -> float:
        return 0.0 if node == 0 else reach(game.parent[node]) + edge(int(game.parent[node]), node)

    answer = np.zeros_like(logs)
    for infoset in game.information_sets:
        ways = np.array([reach(node) for node in infoset.nodes])
        beliefs = softmax(ways) if np.isfinite(ways).any() else np.zeros(len(ways))
        expected = sum(
            belief * np.array([value(child)[infoset.player] for child in children(node)])
            for belief, node in zip(beliefs, infoset.nodes, strict=True)
        )
        low, high = game.action_offsets[infoset.index : infoset.index + 2]
        answer[low:high] = softmax(profile.rationality * expected)
    return answer


@given(og.rules(steps=4), st.floats(0.01, 5.0))
@settings(max_examples=30)
def test_points_satisfy_the_equations(rules: og.Rules, rationality: float) -> None:
    game = og.game_of(rules)
    point = at(game, rationality)
    np.testing.assert_allclose(point.probabilities, responses(game, point), atol=1e-9)
    certificate = certify_agent_logit(game, point)
    assert certificate.epsilon < 1e-9
    np.testing.assert_allclose(
        [float(p) for p in certificate.payoffs], game.expected_payoffs(point), atol=1e-9
    )


@given(og.rules(steps=4))
@settings(max_examples=20)
def test_whole_branches_satisfy_the_equations(rules: og.Rules) -> None:
    game = og.game_of(rules)
    points = branch(game, resolution=0.1)
    assert certify_agent_logit(game, points[0]).exact
    assert points[-1].rationality == pytest.approx(1e4 / (game.payoff_range or 1.0))
    for point in points:
        assert certify_agent_logit(game, point).epsilon < 1e-9
    for one, other in pairwise(points):
        moved = np.abs(one.probabilities - other.probabilities).max(initial=0.0)
        assert moved < 0.1001


@given(og.rules(perfect_information=True), st.floats(0.0, 4.0))
@settings(max_examples=40)
def test_perfect_information_is_solved_backward(rules: og.Rules, rationality: float) -> None:
    game = og.game_of(rules)
    values = np.zeros((game.n_nodes, game.n_players))
    values[game.terminals] = game.terminal_payoffs.T
    odds = np.ones(game.n_nodes)
    odds[game.chance_children] = game.chance_probabilities
    expected = np.zeros(int(game.action_offsets[-1]))
    for node in range(game.n_nodes - 1, -1, -1):
        first = int(game.first_child[node])
        there = slice(first, first + int(game.n_children[node]))
        player = int(game.node_player[node])
        if player >= 0:
            odds[there] = softmax(rationality * values[there, player])
            low = int(game.action_offsets[game.node_infoset[node]])
            expected[low : low + game.n_children[node]] = odds[there]
        if game.n_children[node]:
            values[node] = odds[there] @ values[there]
    np.testing.assert_allclose(at(game, rationality).probabilities, expected, atol=1e-10)


@given(og.rules(steps=5))
@settings(max_examples=50)
def test_limits_are_equilibria(rules: og.Rules) -> None:
    game = og.game_of(rules)
    assert limit(game).epsilon <= 1e-9 * (game.payoff_range or 1.0)


@pytest.mark.parametrize("name", CATALOG)
def test_limits_of_the_catalog(name: str) -> None:
    game = load(name)
    assert limit(game).epsilon <= 1e-12 * game.payoff_range


def test_four_players_and_auto() -> None:
    rng = np.random.default_rng(0)
    tree = GameTree(["A", "B", "C", "D"])
    nodes = [tree.root]
    for player in ("A", "B", "C", "D"):
        nodes = [
            child for node in nodes for child in node.decision(player, player, ["x", "y"]).values()
        ]
    for node in nodes:
        node.terminal(rng.integers(-9, 10, 4).tolist())
    game = tree.build()
    assert limit(game).epsilon <= 1e-12 * game.payoff_range
    assert gt.solve(game).epsilon <= 1e-6 * game.payoff_range


def test_simultaneous_decisions_are_the_normal_form() -> None:
    rng = np.random.default_rng(3)
    payoffs = rng.integers(-5, 6, (2, 3, 3))
    tree = GameTree(["row", "column"])
    labels = ["a", "b", "c"]
    for i, node in enumerate(tree.root.decision("row", "row", labels).values()):
        for j, end in enumerate(node.decision("column", "column", labels).values()):
            end.terminal(payoffs[:, i, j].tolist())
    game, matrix = tree.build(), NormalFormGame(payoffs)
    for rationality in (0.1, 1.0, 7.0):
        theirs = gt.solve(matrix, "logit-qre", rationality=rationality).profile
        np.testing.assert_allclose(
            at(game, rationality).probabilities, np.concatenate(theirs.strategies), atol=1e-9
        )


def test_a_player_alone_answers_like_a_logit() -> None:
    tree = GameTree(["A"])
    for k, node in enumerate(tree.root.decision("A", "A", ["x", "y", "z"]).values()):
        node.terminal([k])
    np.testing.assert_allclose(at(tree.build(), 2.0).probabilities, softmax([0.0, 2.0, 4.0]))


def test_seltens_horse_ends_at_its_reasonable_equilibrium() -> None:
    # Selten (1975): the sequential equilibria have both first players pass.
    game = load("selten_horse")
    profile = limit(game).profile
    assert profile[game.information_sets.find("1", "1").index].tolist() == [1, 0]
    assert profile[game.information_sets.find("2", "2").index].tolist() == [1, 0]
    # The third player's belief makes it indifferent in the limit: the first's mistakes weigh 1/3.
    late = branch(game)[-1]
    logs = late.log_probabilities
    assert logs is not None
    first, second = (game.information_sets.find(p, p).index for p in ("1", "2"))
    ways = softmax([logs[game.action_offsets[i] + 1] for i in (first, second)])
    np.testing.assert_allclose(ways, [1 / 3, 2 / 3], atol=1e-2)


def test_incredible_threats_do_not_survive() -> None:
    tree = GameTree(["entrant", "incumbent"])
    enter = tree.root.decision("entrant", "start", ["in", "out"])
    enter["out"].terminal([1, 5])
    reply = enter["in"].decision("incumbent", "entry", ["cooperate", "fight"])
    reply["cooperate"].terminal([2, 2])
    reply["fight"].terminal([0, 0])
    solution = limit(tree.build())
    assert solution.status == Status.CERTIFIED_EXACT
    assert solution.payoffs.tolist() == [2, 2]


def test_chance_that_never_happens_and_single_actions() -> None:
    tree = GameTree(["A", "B", "C"])
    luck = tree.root.chance({"never": 0, "always": 1})
    for k, end in enumerate(luck["never"].decision("B", "B never", ["p", "q"]).values()):
        end.terminal([100 * k, -100 * k, 0])
    only = luck["always"].decision("A", "A only", ["z"])["z"]
    choice = only.decision("C", "C", ["x", "y"])
    choice["x"].terminal([1, 0, 1])
    choice["y"].terminal([2, 0, 3])
    game = tree.build()
    assert limit(game).payoffs.tolist() == [2, 0, 3]
    point = at(game, 2.0)
    assert certify_agent_logit(game, point).epsilon < 1e-12
    never = game.information_sets.find("B", "B never").index
    assert point[never].tolist() == [0.5, 0.5]


def test_nobody_decides() -> None:
    tree = GameTree(["A", "B", "C"])
    tree.root.terminal([1, 2, 3])
    game = tree.build()
    assert limit(game).payoffs.tolist() == [1, 2, 3]
    assert certify_agent_logit(game, at(game, 1.0)).epsilon == 0


def test_hardly_reached_information_sets_have_beliefs() -> None:
    game = load("beer_quiche")
    for point in branch(game, max_rationality=1e4):
        assert certify_agent_logit(game, point).epsilon < 1e-9
    late = branch(game)[-1]
    assert late.probabilities.min() == 0.0  # in floats
    bare = AgentLogitEquilibrium(game, late.probabilities, late.rationality)
    with pytest.raises(InvalidProfile, match="probability zero"):
        certify_agent_logit(game, bare)


def test_a_certificate_tells_what_is_wrong() -> None:
    game = load("kuhn_poker")
    point = at(game, 3.0)
    assert gt.verify(game, point, "agent-logit-qre").epsilon < 1e-12
    wrong = AgentLogitEquilibrium(game, point.probabilities, 3.5, point.log_probabilities)
    assert gt.verify(game, wrong, "agent-logit-qre").epsilon > 1e-3
    even = AgentLogitEquilibrium.uniform(game)
    assert gt.verify(game, even, "agent-logit-qre").exact
    with pytest.raises(InvalidProfile, match="BehaviorProfile"):
        gt.verify(game, BehaviorProfile.uniform(game), "agent-logit-qre")
    with pytest.raises(InvalidProfile, match="rationality"):
        certify_agent_logit(game, BehaviorProfile.uniform(game))


def test_records_are_values() -> None:
    game = load("selten_horse")
    point = at(game, 1.5)
    again = pickle.loads(pickle.dumps(point))
    assert again == point
    assert hash(again) == hash(point)
    assert repr(point) == "<AgentLogitEquilibrium: 3 information sets, rationality 1.5>"
    assert point != AgentLogitEquilibrium(game, point.probabilities, 1.5)
    assert point != BehaviorProfile(game, point.probabilities)
    document = point.to_document()
    assert document["format"] == "gametheory/agent-logit-equilibrium"
    assert document["rationality"] == 1.5
    assert not isinstance(AgentLogitEquilibrium.pure(game, [0, 0, 0]), AgentLogitEquilibrium)
    with pytest.raises(ValueError, match="read-only"):
        point.log_probabilities[0] = 0.0  # type: ignore[index]


@pytest.mark.parametrize("rationality", [-1, math.inf, math.nan, "fast"])
def test_bad_rationality_is_refused(rationality: Any) -> None:
    game = load("selten_horse")
    with pytest.raises(UnsupportedGame, match="rationality"):
        gt.solve(game, "agent-logit-qre", rationality=rationality)
    with pytest.raises(InvalidProfile, match="rationality"):
        AgentLogitEquilibrium(game, BehaviorProfile.uniform(game).probabilities, rationality)


def test_bad_logarithms_and_resolutions_are_refused() -> None:
    game = load("selten_horse")
    even = BehaviorProfile.uniform(game).probabilities
    for logs in (np.log(even)[1:], np.log(even) + 1e-6, np.full(6, -np.inf)):
        with pytest.raises(InvalidProfile, match="logarithms"):
            AgentLogitEquilibrium(game, even, 0.0, logs)
    with pytest.raises(UnsupportedGame, match="resolution"):
        gt.solve(game, "agent-logit-qre", find="all", resolution=2)


def test_large_games_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(algorithm, "_MOST_ACTIONS", 5)
    with pytest.raises(UnsupportedGame, match="up to 5 actions"):
        limit(load("selten_horse"))


def test_games_that_are_too_large_get_the_best_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(algorithm, "_MOST_ACTIONS", 5)
    game = load("kuhn_poker", n_players=3)
    solution = gt.solve(game)
    assert solution.method == "best-effort"
    assert solution.epsilon <= 1e-5 * game.payoff_range
    short = gt.solve(game, method="best-effort", max_iterations=10)
    assert short.status == Status.ITERATION_LIMIT
    assert short.iterations == 10
    assert 1e-6 < short.epsilon < game.payoff_range


@pytest.mark.parametrize("n_players", [3, 4])
def test_poker_with_more_players_is_solved_to_rounding(n_players: int) -> None:
    game = load("kuhn_poker", n_players=n_players)
    solution = gt.solve(game)
    assert solution.method == "agent-logit-path"
    assert solution.epsilon <= 1e-12 * game.payoff_range


def test_what_is_found_on_the_way_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    game = load("selten_horse")
    monkeypatch.setattr(algorithm, "_MOST_STEPS", 5)
    solution = limit(game)
    assert solution.status == Status.ITERATION_LIMIT
    assert "after 5 steps" in solution.reason
    assert solution.iterations == 5
    assert 0 < solution.epsilon < game.payoff_range
    first = next(algorithm.agent_logit_path(game))
    assert isinstance(first, Approximation)


@pytest.mark.parametrize("factor", [1e9, 1e-9])
def test_scale_changes_nothing(factor: float) -> None:
    game = load("outside_option")
    scaled = ExtensiveFormGame.from_arrays(
        parent=game.parent,
        player=game.node_player,
        infoset=game.node_infoset,
        payoffs=game.terminal_payoffs * factor + factor,
    )
    np.testing.assert_allclose(
        limit(scaled).profile.probabilities, limit(game).profile.probabilities, atol=1e-9
    )
    np.testing.assert_allclose(
        at(scaled, 2.0 / factor).probabilities, at(game, 2.0).probabilities, atol=1e-9
    )


def test_linear_algebra_of_libraries_gives_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    from gametheory.algorithms.extensive_form import agent_logit_branch

    game = load("kuhn_poker")
    ours = branch(game)
    monkeypatch.setattr(agent_logit_branch, "_COMPILED_SIZE", 0)
    theirs = branch(game)
    assert len(ours) == len(theirs)
    np.testing.assert_allclose(ours[-1].probabilities, theirs[-1].probabilities, atol=1e-8)
    np.testing.assert_allclose(
        [p.rationality for p in ours], [p.rationality for p in theirs], rtol=1e-5
    )


@pytest.mark.parametrize("name", ["selten_horse", "kuhn_poker"])
def test_gambit_finds_the_same_points(name: str, tmp_path: Path) -> None:
    pytest.importorskip("pygambit")
    import pygambit
    from pygambit import qre

    game = load(name)
    file = tmp_path / "game.efg"
    file.write_text(efg.to_text(game))
    theirs = pygambit.read_efg(str(file))
    for rationality in (0.5, 3.0):
        (point,) = qre.logit_solve_lambda(theirs, rationality)
        flat = iter([point[k] for k in range(len(point))])
        ours = at(game, rationality)
        for infoset in (i for player in theirs.players for i in player.infosets):
            mine = game.information_sets.find(infoset.player.label, infoset.label)
            expected = [next(flat) for _ in infoset.actions]
            np.testing.assert_allclose(ours[mine.index], expected, atol=1e-6)


@pytest.mark.slow
@given(og.rules(steps=6))
@settings(max_examples=500)
def test_hundreds_of_limits(rules: og.Rules) -> None:
    game = og.game_of(rules)
    assert limit(game).epsilon <= 1e-9 * (game.payoff_range or 1.0)


def test_exact_figures_at_rationality_zero() -> None:
    game = load("kuhn_poker")
    point = at(game, 0)
    assert set(point.exact.tolist()) == {Fraction(1, 2)}


def test_rationality_survives_the_way_through_a_file(tmp_path: Path) -> None:
    game = gt.catalog.load("selten_horse")
    solution = gt.solve(game, "agent-logit-qre", rationality=3)
    save_profile(solution.profile, tmp_path / "profile.json")
    assert gt.load_profile(tmp_path / "profile.json", game) == solution.profile
    save_certificate(solution.certificate, tmp_path / "certificate.json")
    claim = load_claim(tmp_path / "certificate.json", game)
    assert claim.profile.rationality == 3
    assert claim.supported_by(gt.verify(game, claim.profile, claim.concept))
