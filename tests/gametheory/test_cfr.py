"""Regret minimization on trees against the textbook's recursion, peers' figures and its bounds."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from fractions import Fraction
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings

import gametheory as gt
from gametheory import BehaviorProfile, GameTree, Status
from gametheory.algorithms.extensive_form import checkpoints, sequence_form_lp
from gametheory.algorithms.extensive_form.approach import _Measure, behavior_of
from gametheory.algorithms.extensive_form.cfr_schedules import VARIANTS, schedule
from gametheory.algorithms.extensive_form.counterfactual_regret import RegretMinimization
from gametheory.games.sequence_layout import lay_out
from tests.gametheory import observed_games as og


class Textbook:
    """Counterfactual regrets by recursion over histories, as in the papers; nothing is shared."""

    def __init__(self, game, name, *, alternating=True, number=float):
        self.game, self.variant, self.alternating = game, VARIANTS[name], alternating
        self.number = number
        self.n_actions = game.infoset_n_actions.tolist()
        self.strategy = [[number(1) / n] * n for n in self.n_actions]
        self.regrets = [[number(0)] * n for n in self.n_actions]
        self.sums = [[number(0)] * n for n in self.n_actions]
        chance = dict(zip(game.chance_children.tolist(), game.exact_chance, strict=True))
        self.chance = {node: number(p) for node, p in chance.items()}
        payoffs = game.exact_payoffs.T.tolist()
        self.payoffs = dict(zip(game.terminals.tolist(), payoffs, strict=True))
        self.time = 0

    def walk(self, node, player, others, own, found, reach):
        """Return the player's value; collect counterfactual values and own reach."""
        game = self.game
        if node in self.payoffs:
            return self.number(self.payoffs[node][player])
        first, mover = int(game.first_child[node]), int(game.node_player[node])
        children = range(first, first + int(game.n_children[node]))
        if mover == gt.CHANCE:
            return sum(
                self.chance[c] * self.walk(c, player, others * self.chance[c], own, found, reach)
                for c in children
            )
        infoset = int(game.node_infoset[node])
        odds = self.strategy[infoset]
        if mover != player:
            return sum(
                p * self.walk(c, player, others * p, own, found, reach)
                for p, c in zip(odds, children, strict=True)
            )
        reach[infoset] = own
        values = [
            self.walk(c, player, others, own * p, found, reach)
            for p, c in zip(odds, children, strict=True)
        ]
        sums = found.setdefault(infoset, [self.number(0)] * len(values))
        for a, value in enumerate(values):
            sums[a] += others * value
        return sum(p * v for p, v in zip(odds, values, strict=True))

    def look(self, player):
        found, reach = {}, {}
        self.walk(0, player, self.number(1), self.number(1), found, reach)
        return found, reach

    def average(self, player, weight):
        _, reach = self.look(player)
        for infoset, own in reach.items():
            for a, p in enumerate(self.strategy[infoset]):
                self.sums[infoset][a] += weight * own * p

    def discount(self, exponent, t):
        if abs(exponent) == float("inf"):
            return self.number(exponent > 0)
        power = self.number(t) ** exponent
        return power / (power + 1)

    def update(self, found):
        rule, t = self.variant, self.time
        for infoset, values in found.items():
            mean = sum(p * v for p, v in zip(self.strategy[infoset], values, strict=True))
            size = sum(abs(v) for v in values)
            expected = []
            for a, value in enumerate(values):
                regret = value - mean
                if self.number is float and abs(regret) <= 1e-14 * size:
                    regret = 0.0
                old = self.regrets[infoset][a]
                kept = self.discount(rule.positive if old > 0 else rule.negative, t - 1)
                new = old * kept + regret
                if rule.negative == -float("inf"):
                    new = max(new, self.number(0))
                self.regrets[infoset][a] = new
                guess = new * self.discount(rule.positive, t)
                guess += self.number(rule.prediction) * regret
                expected.append(max(guess, self.number(0)))
            total, n = sum(expected), len(values)
            self.strategy[infoset] = [
                e / total if total > 0 else self.number(1) / n for e in expected
            ]

    def iterate(self):
        self.time += 1
        weight = self.number(self.time) ** int(self.variant.averages[0])
        players = range(self.game.n_players)
        if self.alternating:
            for player in players:
                self.update(self.look(player)[0])
                self.average(player, weight)
        else:
            for player in players:
                self.average(player, weight)
            for found in [self.look(player)[0] for player in players]:
                self.update(found)

    def averages(self):
        """The average behavior where the player's own play leads, nan elsewhere."""
        rows = []
        for row in self.sums:
            total = float(sum(row))
            rows += [float(x) / total if total > 1e-300 else np.nan for x in row]
        return np.array(rows)

    def flat(self):
        return np.array([float(p) for row in self.strategy for p in row])


def odd_tree():
    """Chance with probability 0, single actions, sets that are never reached, uneven depth."""
    tree = GameTree(["A", "B"])
    deal = tree.root.chance({"x": Fraction(1, 2), "never": 0, "y": Fraction(1, 2)})
    ghost = deal["never"].decision("B", "ghost", ["u", "v", "w"])
    for label, payoff in (("u", 5), ("v", 1), ("w", -3)):
        ghost[label].terminal([payoff, -payoff])
    for i, name in enumerate("xy"):
        only = deal[name].decision("A", f"forced {name}", ["go"])["go"]
        choice = only.decision("A", f"choice {name}", ["stop", "on"])
        choice["stop"].terminal([i, -i])
        reply = choice["on"].decision("B", "reply", ["a", "b", "c"])
        for j, label in enumerate("abc"):
            payoff = (2 * i - 1) * (j - 1) + j
            reply[label].terminal([payoff, -payoff])
    return tree.build()


GAMES = {
    "Kuhn poker": partial(gt.catalog.load, "kuhn_poker"),
    "Kuhn poker, 3 players": partial(gt.catalog.load, "kuhn_poker", n_players=3),
    "odd tree": odd_tree,
}


def start(game, name, *, alternating=True, restarts=False, grouped=True):
    layout = lay_out(game.sequence_form, grouped=grouped)
    return RegretMinimization(layout, VARIANTS[name], alternating=alternating, restarts=restarts)


def behavior(game, run, plan):
    return behavior_of(game, run.layout, plan).probabilities


def assert_agrees(game, name, alternating, grouped, iterations, tolerance):
    book = Textbook(game, name, alternating=alternating)
    run = start(game, name, alternating=alternating, grouped=grouped)
    reachable = ~np.isnan(_reached(game, book))
    for t in range(1, iterations + 1):
        book.iterate()
        run.advance(t, t + 1)
        average = behavior(game, run, next(iter(run.plans())))
        expected = book.averages()
        known = ~np.isnan(expected)
        assert np.abs(average - expected)[known].max(initial=0) <= tolerance
        position = run.layout.position
        strategy = np.concatenate(
            [
                run.x.strategy[position[low + 1 : high]]
                for low, high in zip(
                    run.layout.sequence_start[:-1], run.layout.sequence_start[1:], strict=True
                )
            ]
        )
        assert np.abs(strategy - book.flat())[reachable].max(initial=0) <= tolerance


def _reached(game, book):
    """Nan at information sets that chance never allows."""
    rows = [[np.nan] * n for n in book.n_actions]
    for player in range(game.n_players):
        for infoset in book.look(player)[0]:
            rows[infoset] = [0.0] * book.n_actions[infoset]
    return np.array([x for row in rows for x in row])


@pytest.mark.parametrize("grouped", [True, False], ids=["grouped", "plain"])
@pytest.mark.parametrize("alternating", [True, False], ids=["alternating", "simultaneous"])
@pytest.mark.parametrize("name", VARIANTS)
@pytest.mark.parametrize("game", GAMES.values(), ids=GAMES)
def test_every_variant_does_what_the_textbook_does(game, name, alternating, grouped):
    assert_agrees(game(), name, alternating, grouped, iterations=12, tolerance=1e-11)


@settings(max_examples=40)
@given(og.rules())
def test_random_trees_with_chance_and_up_to_three_players(rules):
    game = og.game_of(rules)
    for name in ("cfr+", "pdcfr+"):
        assert_agrees(game, name, True, True, iterations=6, tolerance=1e-10)
    assert_agrees(game, "dcfr", False, False, iterations=6, tolerance=1e-10)


def test_the_first_iterations_are_right_in_rational_arithmetic():
    game = gt.catalog.load("kuhn_poker")
    exact = Textbook(game, "cfr+", number=Fraction)
    run = start(game, "cfr+")
    for t in range(1, 5):
        exact.iterate()
        run.advance(t, t + 1)
    average = behavior(game, run, next(iter(run.plans())))
    known = ~np.isnan(exact.averages())
    assert np.abs(average - exact.averages())[known].max() <= 1e-14


def test_leduc_poker_takes_as_many_iterations_as_elsewhere():
    # LiteEFG 1.0.0, CFR+ with linear averaging: after 127 iterations the players' gains are
    # 0.0049676328024225586 and 0.014972169615439221, and it is the first below 0.01 on average.
    game = gt.catalog.load("leduc_poker")
    run = start(game, "cfr+")
    measure = _Measure(run.layout)
    exploitability = {}
    for t in range(1, 1719):
        run.advance(t, t + 1)
        if t in (126, 127, 452, 453, 1717, 1718):
            measure.best([next(iter(run.plans()))])
            exploitability[t] = measure.regrets.sum() / 2
        if t == 127:
            gains = [0.0049676328024225586, 0.014972169615439221]
            assert measure.regrets.sum() == pytest.approx(sum(gains), rel=1e-5)
    assert exploitability[127] <= 1e-2 < exploitability[126]
    assert exploitability[453] <= 1e-3 < exploitability[452]
    assert exploitability[1718] <= 1e-4 < exploitability[1717]


def test_rounding_does_not_choose_among_tied_actions():
    # With a test for a positive sum this is 3.6e-3: most of battleship's late shots are tied.
    game = gt.catalog.load("battleship")
    run = start(game, "cfr+")
    run.advance(1, 327)
    measure = _Measure(run.layout)
    measure.best([next(iter(run.plans()))])
    assert measure.regrets.sum() / 2 <= 1e-6


@pytest.mark.parametrize("scale", [1e-9, 3.0, 1e12])
def test_payoffs_in_another_unit_change_nothing(scale):
    tree = GameTree(["A", "B"])
    choice = tree.root.decision("A", "A", ["l", "r"])
    for i, node in enumerate(choice.values()):
        for j, end in enumerate(node.decision("B", "B", ["l", "m", "r"]).values()):
            payoff = [[3, -1, 0], [-2, 1, 0]][i][j]
            end.terminal([payoff * scale, -payoff * scale])
    game = tree.build()
    run = start(game, "sapcfr+")
    run.advance(1, 101)
    reference = Textbook(game, "sapcfr+")
    for _ in range(100):
        reference.iterate()
    average = behavior(game, run, next(iter(run.plans())))
    assert average == pytest.approx(reference.averages(), abs=1e-9)


@pytest.mark.parametrize("name", ["cfr+", "dcfr"])
def test_a_large_sum_for_taking_part_hides_nothing(name):
    tree = GameTree(["A", "B"])
    choice = tree.root.decision("A", "A", ["l", "r"])
    for i, node in enumerate(choice.values()):
        for j, end in enumerate(node.decision("B", "B", ["l", "m", "r"]).values()):
            payoff = [[3, -1, 4], [-2, 1, 2]][i][j]
            end.terminal([10**12 + payoff, -(10**12) - payoff])
    solution = gt.solve(tree.build(), method=name, target=1e-3)
    assert solution.status is Status.CERTIFIED_EPSILON
    assert solution.iterations < 2000


@settings(max_examples=30)
@given(og.rules())
def test_what_solve_returns_is_as_good_as_it_says(rules):
    game = og.game_of(rules)
    for name in ("cfr+", "mmd"):
        solution = gt.solve(game, method=name, max_iterations=30, target=0.01)
        epsilon = float(solution.certificate.epsilon)
        assert gt.max_regret(game, solution.profile) == pytest.approx(epsilon, abs=1e-12)
        met = epsilon <= max(0.01, 1e-6 * game.payoff_range)
        assert (solution.status is Status.ITERATION_LIMIT) != met


@given(og.rules(n_players=2, zero_sum=True))
@settings(max_examples=25)
def test_the_regret_bound_of_cfr(rules):
    # Zinkevich et al. (2007), Theorems 3 and 4: a player's average regret is at most the payoff
    # range times the sum over its information sets of sqrt(actions / T).
    game = og.game_of(rules)
    T = 50
    run = start(game, "cfr", alternating=False)
    run.advance(1, T + 1)
    profile = behavior_of(game, run.layout, next(iter(run.plans())))
    bound = game.payoff_range * np.sqrt(game.infoset_n_actions / T).sum()
    assert gt.nash_conv(game, profile) <= bound + 1e-9


@settings(max_examples=40)
@given(og.rules())
def test_regrets_of_plans_are_those_of_the_profile(rules):
    game = og.game_of(rules)
    profile = og.draw_profile(game, 3)
    expected = gt.player_regrets(game, profile)
    for grouped in (True, False):
        layout = lay_out(game.sequence_form, grouped=grouped)
        plan = np.zeros(layout.n_positions)
        for player, treeplex in enumerate(game.sequence_form.treeplexes):
            low, high = layout.sequence_start[player : player + 2]
            there = layout.position[low:high]
            plan[there] = treeplex.realization_plan(profile.probabilities)
        measure = _Measure(layout)
        measure.best([plan])
        assert measure.regrets == pytest.approx(expected, abs=1e-12)


def test_blocks_are_found_where_the_game_has_them():
    layout = lay_out(gt.catalog.load("liars_dice", sides=4).sequence_form)
    assert layout.entry_value.size <= 500  # of 8,160 payoffs, the others are the same once more
    assert layout.sparse_value.size <= 200


@pytest.mark.parametrize("name", VARIANTS)
def test_solve_reaches_the_target_and_says_so(name):
    game = gt.catalog.load("kuhn_poker")
    solution = gt.solve(game, method=name, target=0.004)
    assert solution.status is Status.CERTIFIED_EPSILON
    assert 0 < solution.certificate.epsilon <= 0.004
    assert gt.max_regret(game, solution.profile) == pytest.approx(
        float(solution.certificate.epsilon), abs=1e-12
    )
    assert solution.iterations > 0
    assert solution.reason == ""
    assert gt.solve(game, method=name, target=0.004).profile == solution.profile


def test_minimax_asks_for_the_sum_of_both_regrets():
    solution = gt.solve(gt.catalog.load("kuhn_poker"), "minimax", method="cfr+", target=0.01)
    assert solution.status is Status.CERTIFIED_EPSILON
    assert solution.certificate.epsilon <= 0.01


def test_too_few_iterations_give_the_best_profile_and_the_reason():
    game = gt.catalog.load("kuhn_poker")
    solution = gt.solve(game, method="cfr", max_iterations=20)
    assert solution.status is Status.ITERATION_LIMIT
    assert solution.iterations == 20
    assert 0 < solution.certificate.epsilon < 0.2
    assert "20 iterations" in solution.reason and "off by" in solution.reason
    assert not solution.complete


def test_a_time_limit_gives_the_best_profile():
    game = gt.catalog.load("leduc_poker")
    gt.solve(game, method="cfr", max_iterations=1)  # compiles
    calls = []
    solution = gt.solve(
        game,
        method="cfr",
        time_limit=0.1,
        max_iterations=10**9,
        callback=lambda found, seconds: calls.append(found),
    )
    assert solution.status is Status.TIME_LIMIT
    assert "time limit" in solution.reason
    assert solution.certificate.epsilon < 1
    assert set(calls) == {0}


def test_ctrl_c_gives_the_best_profile():
    def interrupt(found, seconds):
        calls.append(found)
        if len(calls) > 40:
            raise KeyboardInterrupt

    calls: list[int] = []
    solution = gt.solve(gt.catalog.load("kuhn_poker"), method="cfr", target=0.0, callback=interrupt)
    assert (solution.status, len(solution.equilibria)) == (Status.TIME_LIMIT, 1)
    assert solution.reason.startswith("interrupted")
    assert solution.certificate.epsilon < 0.1


def test_more_players_and_other_sums_are_as_good_as_their_certificate():
    game = gt.catalog.load("kuhn_poker", n_players=3)
    solution = gt.solve(game, method="cfr+", target=1e-3)
    assert solution.status is Status.CERTIFIED_EPSILON
    tree = GameTree(["A", "B"])
    first = tree.root.decision("A", "A", ["x", "y"])
    for i, node in enumerate(first.values()):
        for j, end in enumerate(node.decision("B", "B", ["x", "y"]).values()):
            end.terminal([[[2, 0], [0, 1]][i][j], [[1, 0], [0, 2]][i][j]])
    battle = tree.build()
    found = gt.solve(battle, method="cfr+", max_iterations=500)
    assert found.certificate.epsilon == gt.verify(battle, found.profile).epsilon


def test_only_who_asks_for_it_gets_an_approximation():
    kuhn = gt.catalog.load("kuhn_poker")
    automatic = {method.name for method in gt.methods() if method.automatic(kuhn)}
    assert not automatic & {*VARIANTS, "mmd"}
    assert gt.solve(kuhn).method not in VARIANTS


def test_where_a_linear_program_takes_too_long_cfr_plus_is_the_default(monkeypatch):
    monkeypatch.setattr(sequence_form_lp, "_MANY_SEQUENCES", 20)
    kuhn = gt.catalog.load("kuhn_poker")
    assert gt.solve(kuhn).method == "cfr+"
    assert gt.solve(kuhn, "minimax").epsilon <= 1e-5
    assert gt.solve(kuhn, method="sequence-form-lp").status == "certified_exact"


@pytest.mark.parametrize("name", ["cfr+", "sapcfr+"])
def test_restarts_converge_in_a_straight_line(name):
    game = gt.catalog.load("kuhn_poker")
    solution = gt.solve(game, method=name, restarts=True, target=1e-12)
    assert solution.certificate.epsilon <= 1e-12
    assert solution.iterations < 400
    again = gt.solve(game, method=name, restarts=True, target=1e-12)
    assert again.profile == solution.profile


def test_leduc_poker_to_a_millionth():
    solution = gt.solve(gt.catalog.load("leduc_poker"), method="cfr+", restarts=True, target=1e-6)
    assert solution.status is Status.CERTIFIED_EPSILON
    assert solution.iterations < 6000
    assert float(solution.certificate.payoffs[0]) == pytest.approx(-0.085606424078, abs=1e-6)


@pytest.mark.parametrize("restarts", [False, True])
@pytest.mark.parametrize("name", ["cfr+", "dcfr", "pdcfr+"])
def test_a_resumed_search_does_the_same_to_the_last_bit(name, restarts, tmp_path):
    game = gt.catalog.load("goofspiel", cards=4)
    options = {"method": name, "restarts": restarts, "target": 0.0}
    whole = gt.solve(game, max_iterations=700, checkpoint=tmp_path / "whole", **options)
    file = tmp_path / "parts"
    calls: list[int] = []

    def interrupt(found, seconds):
        calls.append(found)
        if len(calls) == 17:
            raise KeyboardInterrupt

    gt.solve(game, max_iterations=700, checkpoint=file, callback=interrupt, **options)
    gt.solve(game, max_iterations=430, checkpoint=file, **options)
    parts = gt.solve(game, max_iterations=700, checkpoint=file, **options)
    assert parts.iterations == whole.iterations == 700
    assert np.array_equal(parts.profile.probabilities, whole.profile.probabilities)
    with np.load(file) as first, np.load(tmp_path / "whole") as second:
        assert set(first.files) == set(second.files)
        for name_of_array in first.files:
            assert np.array_equal(first[name_of_array], second[name_of_array]), name_of_array


_KILLED = """
import sys
import gametheory as gt
from gametheory.algorithms.extensive_form import checkpoints
checkpoints._SECONDS = 0.0
gt.solve(gt.catalog.load("kuhn_poker"), method="dcfr", target=0.0, max_iterations=10**9,
         checkpoint=sys.argv[1])
"""


def test_a_killed_search_leaves_a_whole_checkpoint(tmp_path):
    file = tmp_path / "checkpoint"
    process = subprocess.Popen([sys.executable, "-c", _KILLED, str(file)], env=dict(os.environ))
    while not file.exists():
        assert process.poll() is None
        time.sleep(0.01)
    time.sleep(0.2)
    process.send_signal(signal.SIGKILL)
    process.wait()
    with np.load(file) as saved:
        done = int(saved["clock"][0])
    game = gt.catalog.load("kuhn_poker")
    options = {"method": "dcfr", "target": 0.0, "max_iterations": done + 500}
    resumed = gt.solve(game, checkpoint=file, **options)
    whole = gt.solve(game, checkpoint=tmp_path / "whole", **options)
    assert np.array_equal(resumed.profile.probabilities, whole.profile.probabilities)


def test_a_checkpoint_of_another_search_is_refused(tmp_path):
    game = gt.catalog.load("kuhn_poker")
    file = tmp_path / "checkpoint"
    gt.solve(game, method="cfr+", max_iterations=10, checkpoint=file)
    with pytest.raises(gt.GameFormatError, match="its method is 'cfr\\+'"):
        gt.solve(game, method="cfr", checkpoint=file)
    with pytest.raises(gt.GameFormatError, match="its game is"):
        gt.solve(odd_tree(), method="cfr+", checkpoint=file)
    with pytest.raises(gt.GameFormatError, match="its alternating is True"):
        gt.solve(game, method="cfr+", alternating=False, checkpoint=file)
    content = file.read_bytes()
    for broken in (b"", b"hello", content[: len(content) // 2]):
        file.write_bytes(broken)
        with pytest.raises(gt.GameFormatError, match="no checkpoint"):
            gt.solve(game, method="cfr+", checkpoint=file)


def test_checkpoints_are_written_now_and_then(tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoints, "_SECONDS", 0.0)
    file = tmp_path / "new folder" / "checkpoint"
    seen = []
    gt.solve(
        gt.catalog.load("kuhn_poker"),
        method="cfr+",
        max_iterations=50,
        checkpoint=file,
        callback=lambda found, seconds: seen.append(file.exists()),
    )
    assert seen[0] is False and all(seen[1:])


@pytest.mark.parametrize(
    "options",
    [
        {"max_iterations": 0},
        {"check_every": 0},
        {"target": -1.0},
        {"target": float("nan")},
        {"averages": ()},
        {"averages": (-1.0,)},
        {"averages": "many"},
        {"gamma": 2.0},
    ],
)
def test_nonsense_is_refused(options):
    with pytest.raises(gt.UnsupportedGame, match=next(iter(options))):
        gt.solve(gt.catalog.load("kuhn_poker"), method="cfr+", **options)


def test_schedules_are_those_of_the_papers_however_they_are_cut():
    t = np.arange(1, 3001, dtype=float)
    rows, weights = schedule(VARIANTS["dcfr"], 1, 3001)
    assert rows[:, 0] == pytest.approx((t - 1) ** 1.5 / ((t - 1) ** 1.5 + 1))
    assert rows[1:, 1] == pytest.approx(0.5)
    assert weights[:, 0] == pytest.approx(t**2)
    rows, weights = schedule(VARIANTS["pdcfr+"], 1, 3001)
    assert rows[:, 2] == pytest.approx(t**2.3 / (t**2.3 + 1))
    assert weights[:, 0] == pytest.approx(t**5)
    parts = [schedule(VARIANTS["pdcfr+"], a, b) for a, b in ((1, 2), (2, 1025), (1025, 3001))]
    assert np.array_equal(rows, np.concatenate([part[0] for part in parts]))
    assert np.array_equal(weights, np.concatenate([part[1] for part in parts]))
    rows, _ = schedule(VARIANTS["cfr+"], 1, 3)
    assert rows.tolist() == [[1, 0, 1, 0], [1, 0, 1, 0]]


def test_a_game_without_decisions():
    tree = GameTree(["A", "B"])
    for payoff, node in enumerate(tree.root.chance({"x": 0.5, "y": 0.5}).values()):
        node.terminal([payoff, -payoff])
    solution = gt.solve(tree.build(), method="cfr+")
    assert solution.certificate.exact


def test_profiles_sum_to_one_everywhere():
    game = gt.catalog.load("goofspiel", cards=4)
    profile = gt.solve(game, method="pcfr+", max_iterations=200).profile
    sums = np.add.reduceat(profile.probabilities, game.action_offsets[:-1])
    assert np.abs(sums - 1).max() <= 1e-14
    assert isinstance(profile, BehaviorProfile)
