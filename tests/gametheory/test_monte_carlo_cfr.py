"""Sampled regret minimization: unbiased over all its draws, on trees as on simulators."""

from __future__ import annotations

import json
import pickle
from dataclasses import replace
from fractions import Fraction
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gametheory as gt
from gametheory import BehaviorProfile, ExtensiveFormGame, GameTree, Status
from gametheory.algorithms.extensive_form.monte_carlo_cfr import SAMPLINGS, MonteCarlo
from gametheory.algorithms.extensive_form.simulator_cfr import SimulatorCFR, monte_carlo_cfr
from gametheory.games.catalog.card_games import _Goofspiel
from gametheory.games.game_state import SIMULTANEOUS
from gametheory.games.tabulated_policy import profile_of
from tests.gametheory import observed_games as og
from tests.gametheory.played_trees import PlayedTree, counterfactual_regrets


def odd_tree():
    """Chance with probability 0 in every place, single actions, sets that are never reached."""
    tree = GameTree(["A", "B"])
    odds = {"no": 0, "x": Fraction(1, 3), "never": 0, "y": Fraction(2, 3), "nor": 0}
    deal = tree.root.chance(odds)
    for name in ("no", "never", "nor"):
        ghost = deal[name].decision("B", f"ghost {name}", ["u", "v"])
        ghost["u"].terminal([5, -5])
        ghost["v"].terminal([-50, 50])
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


class Enumerated(SimulatorCFR):
    """One that is told what to draw, and notes with what probability it would have."""

    script: tuple[int, ...] = ()

    def _pick(self, weights):
        if len(weights) == 1:
            return 0
        if len(self.taken) == len(self.script):
            self.script = (*self.script, next(i for i, w in enumerate(weights) if w > 0))
        position = self.script[len(self.taken)]
        self.taken.append((position, list(weights)))
        self.probability *= weights[position]
        return position

    def begin(self, script, regrets):
        self.script, self.taken, self.probability = script, [], 1.0
        for key, entry in self.table.items():
            entry.regrets[:] = type(entry.regrets)("d", regrets[key])
            entry.averages[:] = type(entry.averages)("d", [0.0] * len(entry.averages))
            entry.baselines[:] = type(entry.baselines)("d", self.expected[key])

    def following(self):
        """The next sequence of draws in lexicographic order, or None."""
        for depth in reversed(range(len(self.taken))):
            position, weights = self.taken[depth]
            for other in range(position + 1, len(weights)):
                if weights[other] > 0:
                    return (*self.script[:depth], other)
        return None


def enumerated(state, game, sampling, seed):
    """All tables filled in, with random regrets; also the flat strategy and the keys in order."""
    learner = Enumerated(state, sampling=sampling, baselines=0.2 * (seed % 2))
    learner.expected = {}
    rng = np.random.default_rng(seed)
    keys, regrets, flat = [], {}, []

    class Turnlike:
        pass

    for infoset in game.information_sets:
        turn = Turnlike()
        turn.player, turn.information_state = infoset.player, infoset.label
        turn.actions = infoset.actions
        entry = learner._entry(turn)
        key = (infoset.player, infoset.label)
        keys.append(key)
        regrets[key] = rng.integers(-2, 5, len(infoset.actions)).astype(float).tolist()
        entry.regrets[:] = type(entry.regrets)("d", regrets[key])
        flat += entry.strategy()
        learner.expected[key] = rng.integers(-3, 4, len(entry.baselines)).astype(float).tolist()
    return learner, keys, regrets, np.array(flat)


def expected_changes(learner, keys, regrets, traverse):
    """Expectation of what a traversal adds to regrets and to averages, over all its draws."""
    size = sum(map(len, regrets.values()))
    changes, averages, total = np.zeros(size), np.zeros(size), 0.0
    before = np.concatenate([regrets[key] for key in keys])
    script: tuple[int, ...] | None = ()
    while script is not None:
        learner.begin(script, regrets)
        traverse()
        after = np.concatenate([learner.table[key].regrets for key in keys])
        sums = np.concatenate([learner.table[key].averages for key in keys])
        changes += learner.probability * (after - before)
        averages += learner.probability * sums
        total += learner.probability
        script = learner.following()
    assert total == pytest.approx(1, abs=1e-12)
    return changes, averages


def check_unbiased(state, game, sampling, seed):
    learner, keys, regrets, flat = enumerated(state, game, sampling, seed)
    for player in range(game.n_players):
        changes, _ = expected_changes(learner, keys, regrets, partial(learner._traverse, player))
        exact, _ = counterfactual_regrets(game, flat, player)
        scale = max(1.0, np.abs(game.terminal_payoffs).max())
        assert changes == pytest.approx(np.array(exact), abs=1e-12 * scale)


@pytest.mark.parametrize("sampling", SAMPLINGS)
@pytest.mark.parametrize(
    "game", [gt.catalog.load("kuhn_poker"), odd_tree()], ids=["Kuhn poker", "odd tree"]
)
def test_sampled_regrets_are_right_on_average(game, sampling):
    for seed in range(3):
        check_unbiased(PlayedTree(game), game, sampling, seed)


@settings(max_examples=25)
@given(og.rules(), st.integers(0, 1000))
def test_sampled_regrets_of_random_games_are_right_on_average(rules, seed):
    game = og.game_of(rules)
    for sampling in SAMPLINGS:
        check_unbiased(PlayedTree(game), game, sampling, seed)


def check_averages(state, game, sampling, seeds):
    """What an iteration adds is the strategy, times its reach, times what no strategy changes."""
    factors = []
    for seed in seeds:
        learner, keys, regrets, flat = enumerated(state, game, sampling, seed)
        added = np.zeros(flat.size)
        others_too = sampling != "chance" and game.n_players != 2
        for player in range(game.n_players):
            walk = learner._average_walk if others_too else learner._traverse
            added += expected_changes(learner, keys, regrets, partial(walk, player))[1]
        expected = np.zeros(flat.size)
        for player in range(game.n_players):
            for infoset, reach in counterfactual_regrets(game, flat, player)[1].items():
                there = slice(*game.action_offsets[infoset : infoset + 2])
                expected[there] = reach * flat[there]
        positive = expected > 0
        assert np.abs(added[~positive]).max(initial=0) == 0
        ratio = np.full(flat.size, np.nan)
        ratio[positive] = added[positive] / expected[positive]
        factors.append(ratio)
    for infoset in range(len(game.information_sets)):
        there = slice(*game.action_offsets[infoset : infoset + 2])
        seen = np.concatenate([ratio[there] for ratio in factors])
        seen = seen[~np.isnan(seen)]
        assert seen == pytest.approx(np.full(seen.size, seen[0] if seen.size else 0), rel=1e-11)


@pytest.mark.parametrize("sampling", SAMPLINGS)
def test_averages_are_weighted_with_own_reach(sampling):
    kuhn = gt.catalog.load("kuhn_poker")
    check_averages(PlayedTree(kuhn), kuhn, sampling, range(3))


@settings(max_examples=15)
@given(og.rules())
def test_averages_are_weighted_with_own_reach_whatever_the_number_of_players(rules):
    game = og.game_of(rules)
    for sampling in SAMPLINGS:
        check_averages(PlayedTree(game), game, sampling, range(2))


def check_same(game, state, sampling, iterations, *, plus=False, seed=3, baselines=0.2):
    """The kernel and the simulator make the same draws and reach the same numbers."""
    tree = MonteCarlo(game, sampling, baselines=baselines, plus=plus, seed=seed)
    tree.advance(1, iterations + 1)
    simulated = SimulatorCFR(state, sampling=sampling, baselines=baselines, plus=plus, seed=seed)
    simulated.run(iterations=iterations)
    start = None if isinstance(state, PlayedTree) else state  # labels are information states
    found = {
        name: profile_of(game, partial(_entry_of, simulated, name), state=start)
        for name in ("strategy", "average")
    }
    assert found["average"].probabilities == pytest.approx(tree.average(), abs=1e-10)
    assert found["strategy"].probabilities == pytest.approx(tree.x.strategy, abs=1e-7)
    return tree, simulated


def _entry_of(simulated, name, player, known, actions):
    entry = simulated.table.get((player, known))
    return [1 / len(actions)] * len(actions) if entry is None else getattr(entry, name)()


@pytest.mark.parametrize("plus", [False, True], ids=["", "plus"])
@pytest.mark.parametrize("sampling", SAMPLINGS)
@pytest.mark.parametrize("game", GAMES.values(), ids=GAMES)
def test_trees_and_simulators_reach_the_same_numbers(game, sampling, plus):
    held = game()
    iterations = {"external": 200, "outcome": 400, "chance": 60}[sampling]
    check_same(held, PlayedTree(held), sampling, iterations, plus=plus)
    if sampling == "outcome":
        check_same(held, PlayedTree(held), sampling, iterations, plus=plus, baselines=0.0)


@settings(max_examples=30)
@given(og.rules(), st.sampled_from(SAMPLINGS))
def test_random_games_reach_the_same_numbers(rules, sampling):
    check_same(og.game_of(rules), og.Position(rules), sampling, 20)


@pytest.mark.parametrize("sampling", SAMPLINGS)
@pytest.mark.parametrize("prizes", ["descending", "random"])
def test_simultaneous_and_mergeable_states_are_those_of_the_tree(sampling, prizes):
    state = _Goofspiel.start(3, prizes, "win_loss", False)
    game = ExtensiveFormGame.from_state(state)
    check_same(game, state, sampling, 60)


def test_games_of_open_spiel_reach_the_same_numbers():
    pytest.importorskip("pyspiel")
    from gametheory.games.open_spiel import start_of

    for name in ("leduc_poker", "goofspiel(num_cards=3,imp_info=True,points_order=descending)"):
        start = start_of(name)
        game = ExtensiveFormGame.from_state(start)
        check_same(game, start, "external", 50)
        learned = monte_carlo_cfr(start, iterations=20)
        if name == "leduc_poker":  # its information states are the labels
            assert profile_of(game, learned) == profile_of(game, learned, state=start)


def test_the_stream_is_xoshiro256_plus_plus():
    from gametheory.kernels.monte_carlo_cfr import fill_uniform

    mask = 2**64 - 1

    def rotated(x, k):
        return ((x << k) | (x >> (64 - k))) & mask

    words = [1, 2, 3, 4]
    expected = []
    for _ in range(200):
        expected.append((rotated((words[0] + words[3]) & mask, 23) + words[0]) & mask)
        shifted = (words[1] << 17) & mask
        words[2] ^= words[0]
        words[3] ^= words[1]
        words[1] ^= words[2]
        words[0] ^= words[3]
        words[2] ^= shifted
        words[3] = rotated(words[3], 45)
    # the first outputs from the state 1, 2, 3, 4, as its authors' C code prints them
    assert expected[:2] == [41943041, 58720359]
    out = np.empty(200)
    fill_uniform(np.array([1, 2, 3, 4], np.uint64), out)
    assert out.tolist() == [(number >> 11) * 2.0**-53 for number in expected]


@pytest.mark.parametrize("sampling", SAMPLINGS)
def test_iterations_may_be_cut_anywhere(sampling):
    game = gt.catalog.load("leduc_poker")
    whole = MonteCarlo(game, sampling, seed=1)
    parts = MonteCarlo(game, sampling, seed=1)
    whole.advance(1, 101)
    for first, last in ((1, 2), (2, 40), (40, 41), (41, 101)):
        parts.advance(first, last)
    for name, array in whole.arrays().items():
        assert np.array_equal(array, parts.arrays()[name]), name
    other = MonteCarlo(game, sampling, seed=2)
    other.advance(1, 101)
    assert not np.array_equal(whole.x.regrets, other.x.regrets)


@pytest.mark.parametrize(
    ("sampling", "iterations", "exploitability"),
    [("external", 100_000, 0.1), ("outcome", 1_000_000, 0.15), ("chance", 100_000, 0.1)],
)
def test_leduc_poker_converges(sampling, iterations, exploitability):
    game = gt.catalog.load("leduc_poker")
    run = MonteCarlo(game, sampling, seed=1)
    run.advance(1, iterations + 1)
    profile = BehaviorProfile(game, run.average())
    assert gt.exploitability(game, profile) < exploitability
    value = float(game.expected_payoffs(profile)[0])
    assert value == pytest.approx(-0.085606424078, abs=exploitability)


def test_baselines_save_iterations():
    game = gt.catalog.load("leduc_poker")
    mean = {}
    for rate in (0.0, 0.2):
        found = []
        for seed in range(3):
            run = MonteCarlo(game, "outcome", baselines=rate, seed=seed)
            run.advance(1, 200_001)
            found.append(gt.exploitability(game, BehaviorProfile(game, run.average())))
        mean[rate] = np.mean(found)
    assert mean[0.2] < 0.85 * mean[0.0]


@pytest.mark.parametrize("plus", [False, True], ids=["", "plus"])
@pytest.mark.parametrize("sampling", SAMPLINGS)
def test_kuhn_poker_converges(sampling, plus):
    game = gt.catalog.load("kuhn_poker")
    limits = {"target": 0.02, "max_iterations": 1_000_000}
    solution = gt.solve(game, method=f"mccfr-{sampling}", plus=plus, **limits)
    assert solution.status is Status.CERTIFIED_EPSILON
    assert 0 < solution.certificate.epsilon <= 0.02
    assert float(solution.certificate.payoffs[0]) == pytest.approx(-1 / 18, abs=0.02)
    assert solution.method == f"mccfr-{sampling}"


@pytest.mark.parametrize("sampling", SAMPLINGS)
def test_kuhn_poker_with_three_players(sampling):
    game = gt.catalog.load("kuhn_poker", n_players=3)
    solution = gt.solve(game, method=f"mccfr-{sampling}", target=0.03)
    assert solution.certificate.epsilon <= 0.03


def test_the_bound_on_regret_holds():
    # Zinkevich et al. (2007), Theorems 3 and 4, for full iterations; sampled ones add noise that
    # shrinks at the same rate: within five times the bound, and by 1/sqrt(T).
    game = gt.catalog.load("kuhn_poker")
    for sampling in SAMPLINGS:
        for T in (1_000, 16_000):
            run = MonteCarlo(game, sampling, seed=0)
            run.advance(1, T + 1)
            bound = game.payoff_range * np.sqrt(game.infoset_n_actions / T).sum()
            assert gt.nash_conv(game, BehaviorProfile(game, run.average())) <= 5 * bound


@pytest.mark.parametrize("sampling", SAMPLINGS)
def test_a_resumed_search_does_the_same_to_the_last_bit(sampling, tmp_path):
    game = gt.catalog.load("goofspiel", cards=4)
    options = {"method": f"mccfr-{sampling}", "target": 0.0, "seed": 4}
    whole = gt.solve(game, max_iterations=700, checkpoint=tmp_path / "whole", **options)
    file = tmp_path / "parts"
    calls: list[int] = []

    def interrupt(found, seconds):
        calls.append(found)
        if len(calls) == 17:
            raise KeyboardInterrupt

    stopped = gt.solve(game, max_iterations=700, checkpoint=file, callback=interrupt, **options)
    assert stopped.reason.startswith("interrupted") and len(stopped.equilibria) == 1
    gt.solve(game, max_iterations=430, checkpoint=file, **options)
    parts = gt.solve(game, max_iterations=700, checkpoint=file, **options)
    assert parts.iterations == whole.iterations == 700
    assert np.array_equal(parts.profile.probabilities, whole.profile.probabilities)
    with np.load(file) as first, np.load(tmp_path / "whole") as second:
        assert set(first.files) == set(second.files)
        for name in first.files:
            assert np.array_equal(first[name], second[name]), name
    with pytest.raises(gt.GameFormatError, match="its seed is 4"):
        gt.solve(game, checkpoint=file, **{**options, "seed": 5})


def test_limits_give_the_best_profile_and_the_reason():
    game = gt.catalog.load("leduc_poker")
    solution = gt.solve(game, method="mccfr-external", max_iterations=50)
    assert solution.status is Status.ITERATION_LIMIT and solution.iterations == 50
    gt.solve(game, method="mccfr-outcome", max_iterations=1)  # compiles
    solution = gt.solve(game, method="mccfr-outcome", max_iterations=10**9, time_limit=1.0)
    assert solution.status is Status.TIME_LIMIT
    assert solution.certificate.epsilon < gt.max_regret(game, BehaviorProfile.uniform(game))


@pytest.mark.parametrize(
    ("method", "options"),
    [
        ("mccfr-external", {"max_iterations": 0}),
        ("mccfr-external", {"seed": -1}),
        ("mccfr-external", {"seed": 0.5}),
        ("mccfr-external", {"exploration": 0.5}),
        ("mccfr-outcome", {"exploration": 0.0}),
        ("mccfr-outcome", {"exploration": float("nan")}),
        ("mccfr-outcome", {"exploration": "much"}),
        ("mccfr-outcome", {"baselines": 1.5}),
        ("mccfr-outcome", {"baselines": True}),
        ("mccfr-external", {"baselines": 0.5}),
        ("mccfr-chance", {"target": -1}),
    ],
)
def test_nonsense_is_refused(method, options):
    with pytest.raises(gt.UnsupportedGame, match=next(iter(options))):
        gt.solve(gt.catalog.load("kuhn_poker"), method=method, **options)


def chain(depth):
    """Two players may stop in turn, and who stops gets what the other one would lose."""
    n = 2 * depth + 1
    parent = [-1] + [2 * ((i - 1) // 2) for i in range(1, n)]
    player = [(i // 2) % 2 if i % 2 == 0 and i < n - 1 else gt.TERMINAL for i in range(n)]
    infoset = [i // 2 for i in range(n)]
    ends = [i for i in range(n) if player[i] == gt.TERMINAL]
    payoffs = [[(1 if i % 4 == 1 else -1) * (i + 1) / n for i in ends]]
    payoffs.append([-p for p in payoffs[0]])
    return ExtensiveFormGame.from_arrays(parent, player, infoset, payoffs)


@pytest.mark.parametrize("sampling", SAMPLINGS)
def test_chains_of_any_depth(sampling):
    game = chain(5_000)
    tree = MonteCarlo(game, sampling, seed=0)
    tree.advance(1, 4)
    assert np.isfinite(tree.x.regrets).all() and tree.x.averages.any()
    small = chain(1_000)
    check_same(small, PlayedTree(small), sampling, 2)


@pytest.mark.parametrize("sampling", SAMPLINGS)
@pytest.mark.parametrize("power", [-1060, 40, 1015])
def test_payoffs_in_another_unit_change_nothing(sampling, power):
    averages = []
    for scale in (1.0, 2.0**power):
        tree = GameTree(["A", "B"])
        choice = tree.root.decision("A", "A", ["l", "r"])
        for i, node in enumerate(choice.values()):
            for j, end in enumerate(node.decision("B", "B", ["l", "m", "r"]).values()):
                payoff = [[3, -1, 0], [-2, 1, 0]][i][j]
                end.terminal([payoff * scale, -payoff * scale])
        run = MonteCarlo(tree.build(), sampling, seed=6)
        run.advance(1, 2001)
        averages.append(run.average())
    assert np.array_equal(*averages)


def test_games_without_a_choice():
    tree = GameTree(["A", "B"])
    tree.root.terminal([1, -1])
    game = tree.build()
    for sampling in SAMPLINGS:
        solution = gt.solve(game, method=f"mccfr-{sampling}", max_iterations=3)
        assert solution.certificate.epsilon == 0
        assert monte_carlo_cfr(PlayedTree(game), sampling=sampling, iterations=3).rows() == []


def test_a_single_player_maximizes():
    tree = GameTree(["A"])
    for label, end in tree.root.decision("A", "A", ["a", "b", "c"]).items():
        end.terminal([{"a": 1, "b": 3, "c": 2}[label]])
    game = tree.build()
    for sampling in SAMPLINGS:
        run = MonteCarlo(game, sampling, seed=0)
        run.advance(1, 20_001)
        assert run.average()[1] > 0.97


# Simulators


def test_a_learned_strategy_can_be_asked_kept_and_written_down():
    game = gt.catalog.load("kuhn_poker")
    learned = monte_carlo_cfr(PlayedTree(game), iterations=1500, seed=1)
    assert (learned.iterations, learned.stopped) == (1500, "iterations")
    assert learned.information_sets == (6, 6) and learned.n_players == 2
    assert learned.histories > 3000 and learned.nbytes > 12 * 100
    assert learned.exploitability is None and "exploitability unknown" in repr(learned)
    profile = profile_of(game, learned)
    assert gt.exploitability(game, profile) < 0.1
    (player, known), (actions, odds) = next(iter(learned.table.items()))
    assert learned(player, known, actions).tolist() == list(odds)
    assert learned(player, known, actions[::-1]).tolist() == list(odds[::-1])
    assert learned(0, "nowhere", ["a", "b"]).tolist() == [0.5, 0.5]
    with pytest.raises(gt.InvalidProfile, match="were legal there before"):
        learned(player, known, ["something else", "b"])
    rows = json.loads(json.dumps(learned.rows()))
    assert len(rows) == 12 and rows[0]["probabilities"] == list(odds)
    copy = pickle.loads(pickle.dumps(learned))
    assert dict(copy.table) == dict(learned.table)
    with pytest.raises(TypeError):
        learned.table[player, known] = None
    again = monte_carlo_cfr(PlayedTree(game), iterations=1500, seed=1)
    assert dict(again.table) == dict(learned.table)


def test_a_learner_goes_on_where_it_was_a_copy_on_disk_too():
    state = PlayedTree(gt.catalog.load("leduc_poker"))
    whole = SimulatorCFR(state, seed=3).run(iterations=60).strategy()
    parts = SimulatorCFR(state, seed=3).run(iterations=20)
    parts = pickle.loads(pickle.dumps(parts)).run(iterations=40)
    assert dict(parts.strategy().table) == dict(whole.table)
    assert parts.strategy().iterations == 60


def test_simulated_limits_and_ctrl_c_keep_what_was_reached():
    state = PlayedTree(gt.catalog.load("leduc_poker"))
    learned = monte_carlo_cfr(state, time_limit=1.0)
    assert learned.stopped == "time limit" and learned.iterations > 0

    def interrupt(iterations, seconds):
        calls.append((iterations, seconds))
        raise KeyboardInterrupt

    calls: list[tuple[int, float]] = []
    learned = monte_carlo_cfr(state, iterations=10**9, progress=interrupt)
    assert learned.stopped == "interrupted" and len(calls) == 1
    assert learned.iterations == calls[0][0] > 0 and learned.table
    learned = monte_carlo_cfr(state, iterations=10**9, max_information_sets=100)
    assert learned.stopped == "information sets" and sum(learned.information_sets) == 100


def test_a_bar_is_shown_on_standard_error_only(capsys):
    state = PlayedTree(gt.catalog.load("kuhn_poker"))
    monte_carlo_cfr(state, iterations=50, progress=True)
    monte_carlo_cfr(state, time_limit=0.05, progress=True)
    assert capsys.readouterr().out == ""


class Endless:
    """Two actions at each of many steps, all the first player's."""

    def __init__(self, step=0):
        self.step = step
        self.current_player = 0

    def legal_actions(self, player=None):
        return ("a", "b")

    def apply(self, action):
        self.step += 1

    def clone(self):
        return Endless(self.step)

    def information_state(self, player):
        return self.step

    def is_terminal(self):
        return self.step == 3000

    def returns(self):
        return (1.0, -1.0)


def test_histories_too_rare_to_weight_are_refused():
    with pytest.raises(gt.UnsupportedGame, match="too rare for outcome sampling"):
        monte_carlo_cfr(Endless(), sampling="outcome", iterations=3)


@pytest.mark.parametrize("sampling", ["external", "chance"])
def test_time_limits_are_kept_within_an_iteration(sampling):
    # A traversal would try 2^3000 sequences of actions.
    seen = []
    learned = monte_carlo_cfr(
        Endless(), sampling=sampling, time_limit=0.3, progress=lambda *told: seen.append(told)
    )
    assert (learned.stopped, learned.iterations) == ("time limit", 0)
    # How many histories depends on the machine; leaving the first traversal does not.
    assert len(seen) > 1 and learned.histories > 0


class Seats:
    """Simultaneous states at which all, some or one of three players choose."""

    seats = ((0, 1, 2), (2,), (0, 2))

    def __init__(self, past=()):
        self.past = past
        self.current_player = SIMULTANEOUS

    def legal_actions(self, player=None):
        return ("l", "r", "m")[: 2 + player // 2] if player in self.seats[len(self.past)] else ()

    def apply(self, action):
        chosen = tuple(a is not None for a in action)
        assert chosen == tuple(p in self.seats[len(self.past)] for p in range(3))
        self.past = (*self.past, action)

    def clone(self):
        return type(self)(self.past)

    def information_state(self, player):
        return player, tuple(action[player] for action in self.past)

    def is_terminal(self):
        return len(self.past) == len(self.seats)

    def returns(self):
        text = "".join(a or "" for action in self.past for a in action)
        return [text.count("l"), text.count("r") * len(set(text)), len(text) - 2]


@pytest.mark.parametrize("sampling", SAMPLINGS)
def test_seats_may_be_empty_at_simultaneous_states(sampling):
    check_same(ExtensiveFormGame.from_state(Seats()), Seats(), sampling, 100)


class Forgetful(Seats):
    """Offers other actions where it shows the same."""

    seats = ((0,), (0,))

    def legal_actions(self, player=None):
        return ("l", "r", "m")[: 2 + len(self.past)] if player == 0 else ()

    def information_state(self, player):
        return "here"


class Stranger(Seats):
    """Lets a player act whom nobody pays."""

    def __init__(self, past=()):
        super().__init__(past)
        self.current_player = 7

    def legal_actions(self, player=None):
        return ("l",)

    def apply(self, action):
        self.past = (*self.past, (action,))


@pytest.mark.parametrize(
    ("state", "message"),
    [
        (Forgetful(), "3 actions are legal where 2 were before"),
        (Stranger(), "player 7 has to act"),
    ],
)
def test_states_that_contradict_one_another_are_named(state, message):
    with pytest.raises(gt.InvalidGame, match=message):
        monte_carlo_cfr(state, iterations=2)


def test_states_that_break_the_protocol_are_named():
    rules = og.Rules(
        2, (0, 1, 0), (2, 2, 2), (frozenset({0, 1}),) * 3, ((Fraction(1, 2),) * 2,) * 3, {}
    )
    good = og.Position(rules)
    cases = {
        "no action": (lambda s: setattr(s, "legal_actions", lambda p=None: ()), "legal actions"),
        "odds": (
            lambda s: (
                setattr(s, "rules", replace(rules, movers=(-1, 1, 0))),
                setattr(s, "chance_outcomes", lambda: [(0, 0.5), (1, 0.4)]),
            ),
            "sum to 0.9",
        ),
        "payoffs": (lambda s: setattr(s, "returns", lambda: (float("nan"), 0)), "payoffs"),
    }
    for spoil, message in cases.values():

        class Spoiled(og.Position):
            def clone(self, spoil=spoil):
                copy = Spoiled(self.rules, self.history)
                spoil(copy)
                return copy

        with pytest.raises(gt.InvalidGame, match=message):
            monte_carlo_cfr(Spoiled(good.rules), iterations=2)


@pytest.mark.parametrize(
    "options",
    [
        {"sampling": "average"},
        {"iterations": 0},
        {"iterations": 2.5},
        {"time_limit": -1},
        {"time_limit": float("nan")},
        {"seed": None},
        {"exploration": 0},
        {"sampling": "outcome", "baselines": -1},
        {"max_information_sets": 0},
    ],
)
def test_simulated_nonsense_is_refused(options):
    with pytest.raises(gt.UnsupportedGame, match=list(options)[-1]):
        monte_carlo_cfr(PlayedTree(gt.catalog.load("kuhn_poker")), **options)


@pytest.mark.slow
def test_a_game_too_big_to_hold_in_bounded_memory():
    # Two dice each: 1,296 rolls and 2^24 sequences of bids, over 10^10 histories.
    pytest.importorskip("pyspiel")
    import tracemalloc

    from gametheory.games.open_spiel import start_of

    tracemalloc.start()
    learned = monte_carlo_cfr(
        start_of("liars_dice(numdice=2)"), time_limit=20, max_information_sets=50_000
    )
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert learned.stopped in ("time limit", "information sets")
    assert 1000 < sum(learned.information_sets) <= 50_000
    assert learned.nbytes < 700 * sum(learned.information_sets)
    assert peak < 4000 * 50_000  # OpenSpielState keeps names of actions for each information state
    assert abs(sum(next(iter(learned.table.values()))[1]) - 1) < 1e-12
