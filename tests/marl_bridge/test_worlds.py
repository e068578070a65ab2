"""Games as environments: PettingZoo's own tests, whole episodes, and the way back to the game."""

from __future__ import annotations

import copy
import pickle
import sys
import warnings
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from pettingzoo import AECEnv
from pettingzoo.test import api_test, parallel_api_test, parallel_seed_test, seed_test
from pettingzoo.utils import parallel_to_aec

import gametheory as gt
from gametheory.errors import MissingExtra
from gametheory.games.game_tree import GameTree, TreeNode
from gametheory.games.strategic_form import strategic_form
from marl_bridge import check, estimate, extract, open_environment, train
from marl_bridge.environments.driver import drive
from marl_bridge.environments.observations import observation_key
from marl_bridge.errors import InvalidEnvironment
from marl_bridge.worlds import (
    CongestionEnv,
    CoordinationGridEnv,
    ForagingEnv,
    MatrixGameEnv,
    SoccerEnv,
    StochasticGameEnv,
    TreeGameEnv,
    difference,
    environment_of,
)
from marl_bridge.worlds.opening import WORLDS


def _random_tree(seed: int, depth: int = 4) -> gt.ExtensiveFormGame:
    """Draw a tree of three players; each sees one bit of what was done before it acts."""
    rng = np.random.default_rng(np.random.SeedSequence([seed, 77]))
    n_actions: dict[str, int] = {}
    tree = GameTree(["x", "y", "z"], title=f"random {seed}")

    def grow(node: TreeNode, left: int, pasts: list[str], bit: int) -> None:
        kind = rng.random()
        if left == 0 or (kind < 0.15 and left < depth):
            node.terminal([int(v) for v in rng.integers(-9, 10, 3)])
        elif kind < 0.4:
            weights = [int(w) for w in rng.integers(0, 4, rng.integers(1, 4))]
            weights[0] += 1
            if rng.random() < 0.3:
                weights[-1] *= 10**7 + 19  # no fraction that floats would give back
            children = node.chance(
                {f"c{i}": Fraction(w, sum(weights)) for i, w in enumerate(weights)}
            )
            for i, child in enumerate(children.values()):
                grow(child, left - 1, pasts, (bit + i) % 2)
        else:
            player = int(rng.integers(3))
            label = f"{player}:{pasts[player]}{bit}"
            count = n_actions.setdefault(label, int(rng.integers(1, 4)))
            actions = [f"a{i}" for i in range(count)]
            for i, child in enumerate(node.decision(player, label, actions).values()):
                after = list(pasts)
                after[player] += f"{bit}{i},"
                grow(child, left - 1, after, (bit + i) % 2)

    grow(tree.root, depth, ["", "", ""], 0)
    return tree.build()


def _walk(discount: Any = "9/10", ends: Any = "1/7") -> gt.StochasticGame:
    """Two players on three states: numbers of actions differ, chance is of all kinds."""

    def step(state: int, joint: tuple[int, ...]) -> tuple[list[int], dict[int, Any]]:
        earned = [3 * state - joint[0], joint[0] * joint[1]]
        if state == 0:
            return earned, {(1 + joint[0]) % 3: 1}
        if state == 1:
            return earned, {0: "1/2", 2: "1/2"} if joint[1] else {0: "1/3", 2: "2/3"}
        rest = 1 - Fraction(ends)
        return earned, {0: rest / 2, 1: rest / 3, 2: rest / 6}

    return gt.StochasticGame.from_function(
        step, 0, lambda state: (2, 1 + state), discount, title="walk"
    )


def _endless() -> gt.StochasticGame:
    return gt.StochasticGame([[[[3, 0], [5, 1]], [[3, 5], [0, 1]]]], [np.ones((2, 2, 1))], 0.5)


WORLDS_BUILT: dict[str, Callable[[], Any]] = {
    "matrix": lambda: MatrixGameEnv(gt.catalog.load("shapley")),
    "repeated": lambda: MatrixGameEnv(gt.catalog.load("prisoners_dilemma"), rounds=5, memory=2),
    "three players": lambda: MatrixGameEnv(gt.catalog.load("dispersion"), rounds=2, memory=1),
    "kuhn": lambda: TreeGameEnv(gt.catalog.load("kuhn_poker")),
    "random tree": lambda: TreeGameEnv(_random_tree(3, depth=6)),
    "stochastic": lambda: StochasticGameEnv(_walk(), max_steps=30, start=["0", "2"]),
    "stopping": lambda: StochasticGameEnv(_walk(), stop_by_chance=True),
    "soccer": lambda: SoccerEnv(3, 2),
    "foraging": lambda: ForagingEnv(3, 3, agents=[(0, 0, 1), (2, 2, 2)], foods=[(1, 1, 3)]),
    "coordination": lambda: CoordinationGridEnv(slip="1/5"),
    "congestion": lambda: CongestionEnv(7, rounds=4),
}
every_world = pytest.mark.parametrize("build", WORLDS_BUILT.values(), ids=WORLDS_BUILT)


def _is_turn_based(build: Callable[[], Any]) -> bool:
    return isinstance(build(), AECEnv)


@every_world
def test_pettingzoos_own_tests(build, capsys):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # on names of agents, and sizes that differ
        if _is_turn_based(build):
            api_test(build(), num_cycles=60)
            seed_test(build, num_cycles=60)
            return
        api_test(parallel_to_aec(build()), num_cycles=60)
        seed_test(lambda: parallel_to_aec(build()), num_cycles=60)
        parallel_api_test(build(), num_cycles=60)
        parallel_seed_test(build, num_cycles=60)


def _trace(env: Any, seed: int, *, copied: str = "") -> list[Any]:
    """Play an episode at random, all that is shown and earned noted; copy it in the middle."""
    driver = drive(env)
    rng = np.random.default_rng(np.random.SeedSequence([seed, 5]))
    driver.reset(seed=seed)
    noted: list[Any] = []
    while driver.acting and len(noted) < 80:
        actions = {}
        for agent in driver.acting:
            view = driver.view(agent)
            mask = None if view.mask is None else view.mask.tolist()
            actions[agent] = int(rng.choice(view.legal_indices()))
            noted.append((agent, observation_key(view.observation), mask, actions[agent]))
            shown = driver.env.observation_space(agent)
            raw = (
                view.observation
                if view.mask is None
                else {"observation": view.observation, "action_mask": view.mask.astype(np.int8)}
            )
            assert shown.contains(raw)
        noted.append(driver.env.state().tolist())
        if copied and len(noted) > 3:
            other = pickle.loads(pickle.dumps(driver.env))
            driver.env = other if copied == "pickle" else copy.deepcopy(driver.env)
        driver.step(actions)
        noted.append(dict(driver.returns))
    return noted


@every_world
def test_whole_episodes_are_their_seed_and_actions(build):
    used = build()
    traces = [_trace(build(), seed) for seed in range(4)]
    for seed, trace in enumerate(traces):
        assert _trace(used, seed) == trace  # an instance that has played others before
        assert _trace(build(), seed, copied="pickle") == trace
        assert _trace(build(), seed, copied="deepcopy") == trace
    # Without a seed the generator goes on: episodes after one seed are alike as well.
    one, other = build(), build()
    for env in (one, other):
        env.reset(seed=1)
    assert _trace_unseeded(one) == _trace_unseeded(other)


def _trace_unseeded(env: Any) -> list[Any]:
    states = []
    for _ in range(3):
        env.reset()
        states.append(env.state().tolist())
    return states


def test_copies_go_ways_of_their_own():
    env = StochasticGameEnv(_walk(), max_steps=30)
    env.reset(seed=0)
    twin = copy.deepcopy(env)
    before = twin.state().tolist()
    for _ in range(5):
        env.step(dict.fromkeys(env.agents, 0))
    assert twin.state().tolist() == before
    assert twin.game is env.game


# ---- there and back ------------------------------------------------------------------------

TREES = ("kuhn_poker", "selten_horse", "beer_quiche", "burning_money", "myerson_card_game")


@pytest.mark.parametrize("name", TREES)
def test_trees_of_the_catalog_come_back(name):
    game = gt.catalog.load(name)
    found = extract(lambda: TreeGameEnv(game))
    assert difference(game, found.game) == ""
    assert found.game.n_infosets == game.n_infosets
    assert found.audit.mask_leaks == ()


@pytest.mark.parametrize("seed", range(4))
def test_random_trees_come_back(seed):
    game = _random_tree(seed)
    assert difference(game, extract(lambda: TreeGameEnv(game)).game) == ""


@pytest.mark.slow
def test_large_trees_come_back():
    games = [gt.catalog.load("leduc_poker"), gt.catalog.load("kuhn_poker", n_players=3)]
    for game in [*games, *(_random_tree(seed, depth=7) for seed in range(10, 40))]:
        assert difference(game, extract(lambda game=game: TreeGameEnv(game)).game) == ""


def test_differences_are_found():
    def play(odds: Any = "1/3", payoff: Any = 1, seen: bool = False, player: int = 1) -> Any:
        tree = GameTree(["a", "b"])
        dealt = tree.root.chance({"l": Fraction(odds), "r": 1 - Fraction(odds)})
        for card, node in dealt.items():
            first = node.decision(0, f"a {card}", ["x", "y"])
            first["x"].terminal([payoff, 0])
            reply = first["y"].decision(player, f"b {card}" if seen else "b", ["u", "v"])
            reply["u"].terminal([2, 0])
            reply["v"].terminal([0, 2])
        return tree.build()

    base = play()
    assert difference(base, play()) == ""
    assert "chance has" in difference(base, play(odds="1/4"))
    assert "after l x: one pays [1.0, 0.0]" in difference(base, play(payoff=3))
    for one, other in ((base, play(seen=True)), (play(seen=True), base)):
        assert "the information sets" in difference(one, other)
    assert "player 0" in difference(base, play(seen=True, player=0))
    other = gt.catalog.load("kuhn_poker", n_players=3)
    assert difference(base, other) == "one has 2 players, the other 3"
    assert "goes on in" in difference(base, gt.catalog.load("kuhn_poker"))


def test_chance_that_leaves_nothing_open_is_passed_over():
    plain = GameTree(["a"])
    ends = plain.root.decision("a", "s", ["x", "y"])
    ends["x"].terminal([1])
    ends["y"].terminal([2])
    tree = GameTree(["a"])
    ways = tree.root.chance({"no": 0, "yes": 1})
    ways["no"].terminal([9])
    ends = ways["yes"].decision("a", "s", ["x", "y"])
    ends["x"].terminal([1])
    ends["y"].terminal([2])
    game = tree.build()
    assert difference(game, plain.build()) == difference(plain.build(), game) == ""
    assert difference(game, extract(lambda: TreeGameEnv(game)).game) == ""


def test_a_tree_of_chance_alone_pays_at_once():
    tree = GameTree(["a", "b"])
    for i, node in enumerate(tree.root.chance({"l": Fraction(1, 4), "r": Fraction(3, 4)}).values()):
        node.terminal([i, -i])
    env = TreeGameEnv(tree.build())
    paid = []
    for seed in range(400):
        env.reset(seed=seed)
        assert env.terminations == {"a": True, "b": True}
        paid.append(env.last()[1])
    assert 0.65 < np.mean(paid) < 0.85  # three quarters, at more than four standard errors


def test_agents_off_turn_are_shown_nothing():
    env = TreeGameEnv(gt.catalog.load("kuhn_poker"))
    env.reset(seed=0)
    shown = env.observe("second")
    assert shown["action_mask"].tolist() == [0, 0] and shown["observation"] == 6
    with pytest.raises(InvalidEnvironment, match=r"'first' plays 2.*from 0 to 1"):
        env.step(2)


@pytest.mark.parametrize("name", ["prisoners_dilemma", "shapley", "dispersion"])
def test_matrix_games_come_back(name):
    game = gt.catalog.load(name)
    for api in ("parallel", "aec"):
        found = strategic_form(extract(game, api=api).game)
        assert found.players == game.players
        assert_array_equal(found.payoffs, game.payoffs)


def test_repeated_games_pay_the_sum_and_remember():
    game = gt.catalog.load("prisoners_dilemma")
    forgetful = extract(game, env_kwargs={"rounds": 2}).game
    remembering = extract(game, env_kwargs={"rounds": 2, "memory": 1}).game
    # In round two a player knows its own action alone, or the joint one.
    assert forgetful.n_infosets == (3, 3) and remembering.n_infosets == (5, 5)
    first = remembering.terminal_payoffs.T.reshape(2, 2, 2, 2, 2)
    expected = game.payoffs[:, :, :, None, None] + game.payoffs[:, None, None]
    assert_array_equal(np.moveaxis(first, -1, 0), expected)


def test_states_of_repeated_games_merge():
    game = gt.catalog.load("prisoners_dilemma")
    # Payoffs so far tell histories apart, the count of what was played does not.
    found = extract(game, env_kwargs={"rounds": 6, "memory": 1})
    assert found.audit.n_states < 2_000 < 4**6


def _unrolled(game: gt.StochasticGame, steps: int) -> gt.ExtensiveFormGame:
    """Build by hand the tree of a play of so many steps, undiscounted."""
    tree = GameTree(list(game.players), title="by hand")
    exact, first = game.exact_probabilities, game.first

    def grow(node: TreeNode, state: int, left: int, paid: Any, pasts: list[str]) -> None:
        if left == 0 or state < 0:
            node.terminal(list(paid))
            return
        stage = game.stages[state]
        labels = [f"{i}:{past}{state}" for i, past in enumerate(pasts)]
        rows = node.decision(0, labels[0], [f"{a}" for a in range(stage.n_actions[0])])
        for a, reply in enumerate(rows.values()):
            cells = reply.decision(1, labels[1], [f"{b}" for b in range(stage.n_actions[1])])
            for b, end in enumerate(cells.values()):
                row = int(game.row_offsets[state]) + a * stage.n_actions[1] + b
                after = range(int(first[row]), int(first[row + 1]))
                odds = {f"{game.next_states[e]}": exact[e] for e in after}
                over = 1 - sum(odds.values(), Fraction(0))
                if over:
                    odds["-1"] = over
                now = paid + stage.payoffs[:, a, b]
                known = [f"{pasts[0]}{state}{a},", f"{pasts[1]}{state}{b},"]
                if left == 1 or len(odds) == 1:
                    to = -1 if left == 1 else int(next(iter(odds)))
                    grow(end, to, left - 1, now, known)
                    continue
                for to, child in end.chance(odds).items():
                    grow(child, int(to), left - 1, now, known)

    grow(tree.root, game.start, steps, np.zeros(2), ["", ""])
    return tree.build()


def test_stochastic_games_come_back():
    game = _walk()
    found = extract(game, env_kwargs={"max_steps": 3}, max_states=300_000).game
    by_hand = _unrolled(game, 3)
    assert found.n_infosets == by_hand.n_infosets
    # The last step draws a state that nobody sees any more: more histories, the same game.
    assert found.infoset_n_actions.tolist() == by_hand.infoset_n_actions.tolist()
    rng = np.random.default_rng(3)
    for _ in range(5):
        drawn = np.concatenate([rng.dirichlet(np.ones(n)) for n in by_hand.infoset_n_actions])
        paid = [g.expected_payoffs(gt.BehaviorProfile(g, drawn)) for g in (found, by_hand)]
        assert_allclose(paid[0], paid[1], rtol=1e-12)


def test_the_discount_is_realized_by_chance_or_by_the_reader():
    game = _walk(discount="1/2")
    steps = 3
    stopping = extract(
        game, env_kwargs={"max_steps": steps, "stop_by_chance": True}, max_states=300_000
    ).game
    counted = extract(game, env_kwargs={"max_steps": steps}, discount=0.5, max_states=300_000).game
    expected = np.zeros(2)
    weights = np.zeros(game.n_states)
    weights[game.start] = 1.0
    uniform = gt.StationaryProfile.uniform(game)
    joint = game.joint_probabilities(uniform)
    payoffs = np.concatenate([s.payoffs.reshape(2, -1) for s in game.stages], axis=1)
    continuation = np.asarray(game.continuation.todense())
    for _ in range(steps):
        cells = joint * np.repeat(weights, np.diff(game.row_offsets))
        expected += payoffs @ cells
        weights = cells @ continuation
    for found in (stopping, counted):
        got = found.expected_payoffs(gt.BehaviorProfile.uniform(found))
        assert_allclose(got, expected, rtol=1e-12)


# ---- opening -------------------------------------------------------------------------------


def test_games_are_environments_by_their_names_and_files(tmp_path):
    named = open_environment("games/climbing")
    assert (named.name, named.api) == ("games/climbing", "parallel")
    assert open_environment("games/kuhn_poker").api == "aec"
    path = tmp_path / "mine.efg"
    gt.save_game(gt.catalog.load("kuhn_poker"), path)
    extracted = extract(str(path)).game
    assert float(gt.solve(extracted, "minimax").payoffs[0]) == pytest.approx(-1 / 18)
    with pytest.raises(gt.errors.GameFormatError, match="No such file"):
        open_environment(str(tmp_path / "other.nfg"))


def test_ids_of_our_own():
    for name in WORLDS:
        source = open_environment(name)
        assert (source.name, source.api) == (name, "parallel")
        assert open_environment(name, api="aec").api == "aec"
        source.driver().reset(seed=0)
    assert open_environment("worlds/coordination_grid").name == "worlds/coordination-grid"
    with pytest.raises(InvalidEnvironment) as caught:
        open_environment("worlds/chess")
    assert all(name in str(caught.value) for name in WORLDS)
    with pytest.raises(InvalidEnvironment, match="did you mean 'worlds/soccer'"):
        open_environment("socer")
    with pytest.raises(InvalidEnvironment, match="does not take the argument 'colour'"):
        open_environment("worlds/soccer", env_kwargs={"colour": 3})


def test_games_open_as_they_are_meant():
    assert open_environment(gt.catalog.load("shapley")).api == "parallel"
    source = open_environment(gt.catalog.load("kuhn_poker"))
    assert source.api == "aec" and "Kuhn" in source.name
    assert open_environment(_walk(), env_kwargs={"max_steps": 5}).name == "walk"
    with pytest.raises(InvalidEnvironment, match="no parallel API"):
        open_environment(gt.catalog.load("kuhn_poker"), api="parallel")
    with pytest.raises(InvalidEnvironment, match="a dict is no game"):
        environment_of({})
    with pytest.raises(InvalidEnvironment, match="'no such state'"):
        StochasticGameEnv(_walk(), start="no such state")
    with pytest.raises(InvalidEnvironment, match="no episode would ever end"):
        StochasticGameEnv(_endless(), stop_by_chance=False)
    assert StochasticGameEnv(_endless()).stop_by_chance
    assert not StochasticGameEnv(_endless(), max_steps=3).stop_by_chance
    with pytest.raises(InvalidEnvironment, match="max_steps is 0"):
        StochasticGameEnv(_walk(), max_steps=0)


def test_the_bridge_takes_games():
    game = gt.catalog.load("kuhn_poker")
    report = check(game, "random", episodes=200)
    assert report.exploitability == pytest.approx(11 / 24)
    assert train(game, episodes=20).episodes == 20
    paid = estimate(_endless(), lambda observation, mask: 1, episodes=400)
    # Both defect: 1 a step, and two steps on average.
    assert abs(paid.returns["player 0"].value - 2) < 0.4  # more than five standard errors
    assert train(_walk(), episodes=20, env_kwargs={"max_steps": 5}).episodes == 20


def test_without_pettingzoo(monkeypatch):
    for module in [
        m
        for m in sys.modules
        if m.startswith(("marl_bridge.worlds.matrix", "marl_bridge.worlds.petting"))
    ]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "pettingzoo", None)
    with pytest.raises(MissingExtra, match=r"gametheory-toolkit\[pettingzoo\]"):
        environment_of(gt.catalog.load("shapley"))
