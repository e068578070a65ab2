"""Subgame-perfect equilibria with imperfect information, and their certificate."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import gametheory as gt
from gametheory import (
    BehaviorProfile,
    ExtensiveFormGame,
    GameTree,
    MixedProfile,
    Status,
    UnsupportedGame,
)
from gametheory.algorithms.extensive_form.backward_induction import backward_induction
from gametheory.algorithms.extensive_form.strategic_form_equilibria import (
    strategic_form_equilibria,
    why_too_large,
)
from gametheory.algorithms.extensive_form.subgame_composition import subgame_composition
from gametheory.algorithms.normal_form.vertex_enumeration import vertex_enumeration
from gametheory.algorithms.registry import Outcome
from gametheory.games.catalog import load
from gametheory.games.pure_strategies import count_strategies, pure_strategies
from gametheory.games.realization import behavior_of, reached_information_sets, realization_plan
from gametheory.games.strategic_form import strategic_form
from gametheory.games.subgames import subgame, subgame_roots
from tests.gametheory import observed_games as og
from tests.gametheory import plain_trees as plain

SEEDS = st.integers(0, 2**32)
TREES = og.rules().map(og.game_of) | plain.irregular_trees()


def drained(search):
    """All profiles of a generator, and its outcome."""
    found = []
    while True:
        try:
            profile = next(search)
        except StopIteration as end:
            return found, end.value
        if profile is not None:
            found.append(profile)


def is_small(game: ExtensiveFormGame, most: int = 40) -> bool:
    return math.prod(count_strategies(game, reduced=False)) <= most


def simultaneous(node, first: str, second: str, actions, payoffs, name: str = "") -> None:
    """Let two players choose at the same time; ``payoffs[i][j]`` is a terminal's."""
    for i, after in enumerate(node.decision(first, f"{first} {name}", actions).values()):
        for j, end in enumerate(after.decision(second, f"{second} {name}", actions).values()):
            end.terminal(payoffs[i][j])


# The certificate


def judge(game, certificate, regrets: list[Fraction]) -> None:
    assert certificate.epsilon == max(certificate.regrets)
    if game.has_perfect_information():  # gains by single actions: smaller, but 0 in the same cases
        assert (certificate.epsilon == 0) == (max(regrets) == 0)
        assert certificate.epsilon <= max(regrets)
    else:
        assert list(certificate.regrets) == regrets


@given(TREES, SEEDS)
def test_the_certificate_is_the_largest_regret_in_any_subgame(game, seed):
    assume(is_small(game, 64))
    profile = plain.exact_profile(game, seed)
    certificate = gt.verify(game, profile, "subgame-perfect")
    judge(game, certificate, plain.largest_regrets(game, profile))
    assert list(certificate.payoffs) == plain.payoffs(game, plain.choices_of(game, profile))
    assert certificate.arithmetic == "rational"


@given(og.rules(chance=False), SEEDS)
def test_the_certificate_of_pure_profiles(rules, seed):
    game = og.game_of(rules)
    assume(is_small(game, 64))
    actions = np.random.default_rng(seed).integers(0, game.infoset_n_actions)
    profile = BehaviorProfile.pure(game, actions)
    certificate = gt.verify(game, profile, "subgame-perfect")
    judge(game, certificate, plain.largest_regrets(game, profile))


@given(og.rules(perfect_information=True), SEEDS)
def test_both_routes_of_the_certificate_agree_on_what_is_perfect(rules, seed):
    from gametheory.certificates import extensive_form as proof

    game = og.game_of(rules)
    profile = gt.solve(game, "subgame-perfect").profile
    other = BehaviorProfile.pure(
        game, np.random.default_rng(seed).integers(0, game.infoset_n_actions)
    )
    for claim in (profile, other):
        odds = proof._edge_probabilities(game, claim)
        values = proof._values(game, claim)
        roots = proof._subgame_roots(game)
        assert np.flatnonzero(roots).tolist() == np.flatnonzero(game.n_children).tolist()
        whole = max(
            (
                best - Fraction(values[player, root])
                for player in range(game.n_players)
                for root, best in proof._best_in_subgames(game, odds, roots, player).items()
            ),
            default=0,
        )
        one_shot = gt.verify(game, claim, "subgame-perfect").epsilon
        assert (whole == 0) == (one_shot == 0)
        assert whole >= one_shot


@given(og.rules(), SEEDS)
def test_in_the_whole_game_the_certificate_is_that_of_nash(rules, seed):
    game = og.game_of(rules)
    profile = og.draw_profile(game, seed)
    regrets = gt.verify(game, profile, "nash").regrets
    perfect = gt.verify(game, profile, "subgame-perfect")
    if subgame_roots(game).tolist() == [0] and not game.has_perfect_information():
        assert perfect.regrets == regrets
    elif not game.has_perfect_information():
        assert all(one >= other for one, other in zip(perfect.regrets, regrets, strict=True))


def test_a_threat_that_is_empty_only_in_a_simultaneous_subgame_is_found():
    game = load("outside_option")
    # Out, and then (mine, mine): worth 0 to each, so that staying out seems right.
    profile = BehaviorProfile.pure(game, [0, 0, 0])
    assert gt.verify(game, profile, "nash").exact
    certificate = gt.verify(game, profile, "subgame-perfect")
    assert certificate.regrets == (1, 1)


# Subgame-perfect equilibria


def canonical(game: ExtensiveFormGame, profile: BehaviorProfile) -> tuple[Fraction, ...]:
    """The profile, uniform where the player's own choices since the last subgame exclude it."""
    probabilities = profile.exact.copy()
    settled = np.zeros(game.infoset_player.size, bool)
    for root in subgame_roots(game)[::-1].tolist():
        part = subgame(game, root)
        here = part.restrict(profile)
        new = ~settled[part.infosets]
        for player in range(game.n_players):
            allowed = reached_information_sets(part.game, here, player=player)
            for number, infoset in enumerate(part.infosets.tolist()):
                if new[number] and not allowed[number] and game.infoset_player[infoset] == player:
                    size = int(game.infoset_n_actions[infoset])
                    low = int(game.action_offsets[infoset])
                    probabilities[low : low + size] = Fraction(1, size)
        settled[part.infosets] = True
    return tuple(probabilities.tolist())


@given(TREES)
def test_every_equilibrium_found_is_perfect_and_no_pure_one_is_missing(game):
    assume(is_small(game, 30))
    found, outcome = drained(subgame_composition(game))
    assert len(found) == len(set(found))
    for profile in found:
        assert max(plain.largest_regrets(game, profile)) <= 1e-12
    if game.n_players < 3:
        assert outcome.reason == "" or "infinitely many" in outcome.reason
        assert all(max(plain.largest_regrets(game, profile)) == 0 for profile in found)
    known = {canonical(game, profile) for profile in found}
    for actions in product(*(range(n) for n in game.infoset_n_actions.tolist())):
        profile = BehaviorProfile.pure(game, np.array(actions, dtype=int))
        if max(plain.largest_regrets(game, profile)) == 0:
            assert canonical(game, profile) in known


@given(og.rules(perfect_information=True, steps=3))
def test_with_perfect_information_it_finds_what_backward_induction_finds(rules):
    game = og.game_of(rules)
    assume(is_small(game, 200))
    one, _ = drained(subgame_composition(game))
    other, _ = drained(backward_induction(game))
    assert {tuple(p.exact.tolist()) for p in one} == {tuple(p.exact.tolist()) for p in other}
    assert len(one) == len(other)


def test_entry_before_a_battle_of_the_sexes():
    # Three equilibria of the battle; entry pays 3, 1 or 3/4, and staying out 2.
    solution = gt.solve(load("outside_option"), "subgame-perfect", find="all")
    assert solution.method == "subgame-composition"
    assert solution.status == Status.CERTIFIED_EXACT
    assert solution.complete
    assert {certificate.payoffs for certificate in solution.certificates} == {(3, 1), (2, 2)}
    assert len(solution.equilibria) == 3
    mixed = [p for p in solution.equilibria if not p.is_pure()]
    assert [p.exact.tolist() for p in mixed] == [
        [1, 0, Fraction(3, 4), Fraction(1, 4), Fraction(3, 4), Fraction(1, 4)]
    ]


def test_entry_before_a_market_for_two():
    # Enter, and then both choose fight or share at once: sharing dominates, so entry pays.
    tree = GameTree(["entrant", "incumbent"])
    start = tree.root.decision("entrant", "start", ["out", "in"])
    start["out"].terminal([0, 4])
    market = [[[-3, -1], [1, -2]], [[-2, -1], [3, 1]]]
    simultaneous(start["in"], "entrant", "incumbent", ["fight", "share"], market)
    game = tree.build()
    solution = gt.solve(game, "subgame-perfect", find="all")
    assert solution.complete
    assert solution.payoffs.tolist() == [3, 1]
    assert solution.profile.is_pure()
    assert len(solution.equilibria) == 1
    # That (out; fight, fight) is Nash, and rests on a threat, is what perfection rules out.
    assert gt.verify(game, BehaviorProfile.pure(game, [0, 0, 0]), "nash").exact
    assert gt.verify(game, BehaviorProfile.pure(game, [0, 0, 0]), "subgame-perfect").epsilon == 1


def repeated(stage, rounds: int) -> ExtensiveFormGame:
    """Both see what was done and play the stage again; payoffs add up."""
    tree = GameTree(["A", "B"])
    waiting = [(tree.root, (0, 0), "")]
    for last in range(rounds - 1, -1, -1):
        following = []
        for node, paid, past in waiting:
            for i, after in enumerate(node.decision("A", f"A{past}", ["c", "d"]).values()):
                for j, end in enumerate(after.decision("B", f"B{past}", ["c", "d"]).values()):
                    total = tuple(p + q for p, q in zip(paid, stage[i][j], strict=True))
                    if last:
                        following.append((end, total, past + f"{i}{j}"))
                    else:
                        end.terminal(total)
        waiting = following
    return tree.build()


DILEMMA = [[(3, 3), (0, 4)], [(4, 0), (1, 1)]]
BATTLE = [[(2, 1), (0, 0)], [(0, 0), (1, 2)]]


@pytest.mark.parametrize("rounds", [2, 3])
def test_a_repeated_dilemma_has_one_perfect_equilibrium(rounds):
    game = repeated(DILEMMA, rounds)
    assert subgame_roots(game).size == sum(4**k for k in range(rounds))
    solution = gt.solve(game, "subgame-perfect", find="all")
    assert solution.complete
    assert solution.status == Status.CERTIFIED_EXACT
    (only,) = solution.equilibria
    assert only.probabilities.tolist() == [0.0, 1.0] * game.infoset_player.size
    assert solution.payoffs.tolist() == [rounds, rounds]


def test_a_battle_repeated_twice():
    # After each of four first outcomes any of three equilibria may follow: 81 continuations, and
    # each makes a first stage, whose equilibria the plain enumeration counts.
    game = repeated(BATTLE, 2)
    solution = gt.solve(game, "subgame-perfect", find="all")
    pays = [(2, 1), (1, 2), (Fraction(2, 3), Fraction(2, 3))]
    expected = 0
    for after in product(pays, repeat=4):
        table = np.empty((2, 2, 2), dtype=object)
        for (i, j), then in zip(np.ndindex(2, 2), after, strict=True):
            table[:, i, j] = [Fraction(p) + q for p, q in zip(BATTLE[i][j], then, strict=True)]
        expected += len(drained(vertex_enumeration(gt.NormalFormGame(table)))[0])
    assert len(solution.equilibria) == len(set(solution.equilibria)) == expected
    assert solution.complete
    assert solution.status == Status.CERTIFIED_EXACT


def test_selten_horse_is_one_stage():
    # Selten (1975), figure 1: both pure equilibria are subgame perfect, as there is no subgame.
    game = load("selten_horse")
    solution = gt.solve(game, "subgame-perfect", find="all")
    assert {(1, 1, 1), (3, 2, 2)} <= {c.payoffs for c in solution.certificates}
    assert not solution.complete  # they lie in continua
    assert "undecided" in solution.reason
    assert solution.status == Status.CERTIFIED_EXACT


def test_a_tie_that_matters_to_others_leaves_the_answer_incomplete():
    # B is indifferent; A enters only if B helps with a chance of a half, in between the pure ones.
    tree = GameTree(["A", "B"])
    start = tree.root.decision("A", "start", ["out", "in", "gamble"])
    start["out"].terminal([0, 0])
    help_ = start["in"].decision("B", "B", ["help", "harm"])
    help_["help"].terminal([1, 5])
    help_["harm"].terminal([-1, 5])
    simultaneous(start["gamble"], "A", "B", ["l", "r"], [[[-3, 3], [-5, 4]], [[-5, 4], [-4, 3]]])
    solution = gt.solve(tree.build(), "subgame-perfect", find="all")
    assert {tuple(c.payoffs) for c in solution.certificates} == {(1, 5), (0, 0)}
    assert not solution.complete
    assert "infinitely many equilibria with different payoffs" in solution.reason
    assert "stage at in" in solution.reason


def test_three_players_after_a_choice_and_inexact_payoffs_below():
    # The last stage's only equilibrium is irrational.
    tree = GameTree(["A", "B", "C"])
    start = tree.root.decision("A", "start", ["stop", "go"])
    start["stop"].terminal([0, 0, 0])
    form = _irrational()
    for a, one in start["go"].decision("A", "A", ["0", "1"]).items():
        for b, two in one.decision("B", "B", ["0", "1"]).items():
            for c, end in two.decision("C", "C", ["0", "1"]).items():
                end.terminal(form[:, int(a), int(b), int(c)].tolist())
    game = tree.build()
    solution = gt.solve(game, "subgame-perfect", find="all")
    assert len(solution.equilibria) == 1
    assert 0 < solution.epsilon < 1e-14
    assert not solution.complete
    assert "rounded" in solution.reason
    # The same stage at the root carries nothing further up, so nothing is lost.
    part = subgame(game, int(subgame_roots(game)[1]))
    alone = gt.solve(part.game, "subgame-perfect", find="all")
    assert alone.complete
    assert len(alone.equilibria) == 1


def _irrational() -> np.ndarray:
    """Three players, two actions: the first random game whose only equilibrium has roots."""
    rng = np.random.default_rng(0)
    while True:
        payoffs = rng.integers(0, 10, (3, 2, 2, 2))
        game = gt.NormalFormGame(payoffs)
        solution = gt.solve(game, find="all")
        if solution.complete and len(solution.equilibria) == 1 and solution.epsilon > 0:
            return payoffs


def test_large_constant_sum_stages_go_to_the_linear_program():
    # Twelve signals for one player, four for the other: too many strategies to list.
    tree = GameTree(["A", "B"])
    start = tree.root.decision("A", "start", ["leave", "play"])
    start["leave"].terminal([-1, 1])
    signals = 12
    drawn = start["play"].chance({str(k): Fraction(1, signals) for k in range(signals)})
    for k, node in enumerate(drawn.values()):
        for i, after in enumerate(node.decision("A", f"A {k}", ["x", "y", "z"]).values()):
            for j, end in enumerate(after.decision("B", f"B {k % 4}", ["x", "y", "z"]).values()):
                worth = ((i - j) % 3 + k) % 3 - 1
                end.terminal([worth, -worth])
    game = tree.build()
    assert why_too_large(count_strategies(game))
    solution = gt.solve(game, "subgame-perfect")
    assert solution.method == "subgame-composition"
    assert solution.status == Status.CERTIFIED_EXACT
    everything = gt.solve(game, "subgame-perfect", find="all")
    assert not everything.complete
    assert "linear programming" in everything.reason
    best = gt.solve(game, "minimax")
    assert solution.certificate.payoffs == best.certificate.payoffs


def test_stages_that_are_too_large_are_refused_with_the_reason():
    tree = GameTree(["A", "B", "C"])
    start = tree.root.decision("A", "start", ["leave", "play"])
    start["leave"].terminal([0, 0, 0])
    many = [str(k) for k in range(41)]
    for i, one in enumerate(start["play"].decision("A", "A", many).values()):
        for j, two in enumerate(one.decision("B", "B", ["x", "y"]).values()):
            for k, end in enumerate(two.decision("C", "C", ["x", "y"]).values()):
                end.terminal([i * j, j - k, k * i])
    game = tree.build()
    with pytest.raises(UnsupportedGame, match="42 strategies of one player, more than 40"):
        gt.solve(game, "nash", method="strategic-form")
    with pytest.raises(UnsupportedGame, match="stage at play has 41 strategies of one player"):
        gt.solve(game, "subgame-perfect")
    with pytest.raises(UnsupportedGame, match="backward induction does the same"):
        gt.solve(load("chain_store"), "subgame-perfect", method="subgame-composition")
    with pytest.raises(UnsupportedGame, match=r"joint strategies.*more than 100,000"):
        gt.solve(load("leduc_poker"), method="strategic-form")


def test_a_large_tree_of_small_stages_is_solved():
    game = repeated(DILEMMA, 5)
    assert why_too_large(count_strategies(game))
    solution = gt.solve(game, "subgame-perfect", find="all")
    assert solution.complete
    assert solution.payoffs.tolist() == [5, 5]
    assert len(solution.equilibria) == 1


def test_a_time_limit_returns_what_was_found():
    game = repeated(BATTLE, 3)
    solution = gt.solve(game, "subgame-perfect", find="all", time_limit=0.5)
    assert solution.status == Status.TIME_LIMIT
    assert solution.equilibria
    assert not solution.complete
    assert all(certificate.exact for certificate in solution.certificates)


def test_ten_thousand_levels_with_a_simultaneous_end():
    levels = 10_000
    inner = 2 * np.arange(levels)
    parent = np.append(-1, np.repeat(inner, 2))
    player = np.full(2 * levels + 1, -2)
    player[inner] = np.arange(levels) % 2
    infoset = np.full(2 * levels + 1, -1)
    infoset[inner] = np.arange(levels)
    last = 2 * levels  # where both choose at once
    tail = [last, last, last + 1, last + 1, last + 2, last + 2]
    parent = np.append(parent, tail)
    player[last], infoset[last] = 0, levels
    player = np.append(player, [1, 1, -2, -2, -2, -2])
    infoset = np.append(infoset, [levels + 1, levels + 1, -1, -1, -1, -1])
    ends = np.zeros((2, levels + 4))
    ends[:, :levels] = -1  # leaving the chain is worse than matching pennies at its end
    ends[:, levels:] = [[1, -1, -1, 1], [-1, 1, 1, -1]]
    game = ExtensiveFormGame.from_arrays(parent, player, infoset, ends)
    solution = gt.solve(game, "subgame-perfect", find="all")
    assert solution.status == Status.CERTIFIED_EXACT
    assert solution.complete
    assert len(solution.equilibria) == 1
    assert solution.payoffs.tolist() == [0, 0]


# The strategic form as a method


@given(
    og.rules(n_players=2).map(og.game_of)
    | og.rules(n_players=2, zero_sum=True).map(og.game_of)
    | st.builds(plain.irregular_tree, SEEDS, n_players=st.just(2), n_inner=st.integers(1, 7))
)
def test_the_strategic_form_finds_every_equilibrium_of_its_own(game):
    assume(is_small(game))
    found, outcome = drained(strategic_form_equilibria(game))
    assert outcome.complete
    assert all(gt.verify(game, profile, "nash").exact for profile in found)
    assert len(found) == len(set(found))
    form = strategic_form(game)
    behaviors = {behavior_of(game, mixed) for mixed in drained(vertex_enumeration(form))[0]}
    assert set(found) <= behaviors
    for behavior in behaviors - set(found):  # lies between two others
        assert not _is_vertex(game, form, behavior)
    for behavior in found:
        assert _is_vertex(game, form, behavior)


def _is_vertex(game, form, behavior) -> bool:
    """Whether no direction keeps a plan in equilibrium both ways, by floats over sequences."""
    plans = [pure_strategies(game, p).plans().astype(float) for p in (0, 1)]
    own = [realization_plan(game, behavior, p).astype(float) for p in (0, 1)]
    for player in (0, 1):
        treeplex = game.sequence_form.treeplexes[player]
        inner = [np.eye(1, treeplex.n_sequences, 0)[0]]
        for level in treeplex.levels:
            for number, parent in enumerate(level.parents):
                row = np.zeros(treeplex.n_sequences)
                row[level.sequences[level.owner == number]] = 1
                row[parent] -= 1
                inner.append(row)
        rows = [*inner, *np.eye(treeplex.n_sequences)[own[player] == 0]]
        # What each reply pays the opponent, as a function of the player's sequences.
        ends = game.sequence_form.terminal_sequences
        worth = game.sequence_form.terminal_chance * game.terminal_payoffs[1 - player]
        replies = []
        for plan in plans[1 - player]:
            row = np.zeros(treeplex.n_sequences)
            np.add.at(row, ends[player], worth * plan[ends[1 - player]])
            replies.append(row)
        paid = np.array(replies) @ own[player]
        best = [row for row, p in zip(replies, paid, strict=True) if p > paid.max() - 1e-9]
        rows += [row - best[0] for row in best[1:]]
        if np.linalg.matrix_rank(np.array(rows)) < treeplex.n_sequences:
            return False
    return True


def test_kuhn_poker_has_a_segment_of_equilibria():
    # Kuhn (1950): the first player bluffs up to a third; the second has one equilibrium strategy.
    game = load("kuhn_poker")
    found, outcome = drained(strategic_form_equilibria(game))
    assert outcome.complete
    bluffs = [profile.exact[1] for profile in found]
    assert sorted(bluffs) == [0, Fraction(1, 3)]


def test_three_players_general_sum_trees_are_solved():
    tree = GameTree(["A", "B", "C"])
    for i, one in enumerate(tree.root.decision("A", "A", ["x", "y"]).values()):
        for j, two in enumerate(one.decision("B", "B", ["x", "y"]).values()):
            for k, end in enumerate(two.decision("C", "C", ["x", "y"]).values()):
                end.terminal([int(i == j), int(j != k), int(k != i)])
    solution = gt.solve(tree.build(), "nash", find="all")
    assert solution.method == "strategic-form"
    assert solution.equilibria
    assert solution.epsilon <= 1e-14


def test_options_of_other_concepts_are_not_taken():
    with pytest.raises(UnsupportedGame, match="no option"):
        gt.solve(load("outside_option"), "subgame-perfect", objective="x")


def test_outcomes_say_why_nothing_was_found(monkeypatch):
    from gametheory.algorithms.extensive_form import strategic_form_equilibria as module

    def finds_nothing(game):
        yield None
        return Outcome(reason="gave up")

    monkeypatch.setattr(module, "polynomial_support_enumeration", finds_nothing)
    solution = gt.solve(load("selten_horse"), "subgame-perfect")
    assert solution.status == Status.NUMERICAL_FAILURE
    assert "gave up" in solution.reason
    assert solution.equilibria == ()


def test_certificates_of_mixed_claims():
    game = load("outside_option")
    with pytest.raises(gt.InvalidProfile):
        gt.verify(game, MixedProfile([[1, 0, 0], [1, 0]]), "subgame-perfect")


def test_decisions_of_one_player_take_no_list_of_strategies():
    # Thirty signals of chance, each with three replies: 3**30 strategies, one of them best.
    tree = GameTree(["A", "B"])
    start = tree.root.decision("B", "start", ["ask", "guess"])
    simultaneous(start["guess"], "A", "B", ["l", "r"], [[[2, 0], [0, 2]], [[0, 1], [1, 0]]])
    nothing = start["ask"].decision("A", "A first", ["wait", "go"])
    for name, node in nothing.items():
        signals = node.chance({str(k): Fraction(1, 30) for k in range(30)})
        for k, signal in enumerate(signals.values()):
            for i, end in enumerate(signal.decision("A", f"{k // 2} {name}", [*"xyz"]).values()):
                end.terminal([(i + k // 2) % 3 + (name == "go"), 1])
    game = tree.build()
    assert count_strategies(game)[0] > 1e6
    solution = gt.solve(game, "subgame-perfect")
    assert solution.status == Status.CERTIFIED_EXACT
    everything = gt.solve(game, "subgame-perfect", find="all")
    assert not everything.complete
    assert "too many to list" in everything.reason
    assert gt.solve(game, "nash", method="subgame-composition").certificate.exact
