"""Our own worlds play by their rules, and their optimum is what can be told by hand."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

import gametheory as gt
from gametheory.concepts.stochastic import best_response_values, player_regrets
from gametheory.games.catalog.rosenthal import rosenthal_potential
from gametheory.games.strategic_form import strategic_form
from marl_bridge import extract, open_environment, rollouts
from marl_bridge.environments.script import ChoiceNeeded, Script
from marl_bridge.environments.scripted_random import ScriptedGenerator
from marl_bridge.errors import InvalidEnvironment, InvalidPolicy
from marl_bridge.policies.stationary import policies_of, stationary_profile
from marl_bridge.worlds import (
    CongestionEnv,
    CoordinationGridEnv,
    ForagingEnv,
    Roads,
    SoccerEnv,
    congestion_game,
    coordination_game,
    foraging_game,
    soccer_game,
)
from marl_bridge.worlds.grids import ACTIONS, target
from marl_bridge.worlds.lotteries import draw, make_lottery
from marl_bridge.worlds.soccer import SoccerPosition

STAND, NORTH, SOUTH, EAST, WEST = range(5)
LOAD = 5

# ---- soccer --------------------------------------------------------------------------------


def _after(game: gt.StochasticGame, state: str, joint: tuple[int, int]) -> dict[str, Fraction]:
    number = game.states.index(state)
    row = int(game.row_offsets[number]) + joint[0] * len(ACTIONS) + joint[1]
    edges = range(int(game.first[row]), int(game.first[row + 1]))
    return {game.states[game.next_states[e]]: game.exact_probabilities[e] for e in edges}


def _earned(game: gt.StochasticGame, state: str, joint: tuple[int, int]) -> list[float]:
    return game.stages[game.states.index(state)].payoffs[(slice(None), *joint)].tolist()


KICKOFF = {"A32* B11": Fraction(1, 2), "A32 B11*": Fraction(1, 2)}


@pytest.mark.parametrize(
    ("state", "joint", "after", "earned"),
    [
        ("A32* B11", (NORTH, EAST), {"A31* B21": 1}, 0),
        ("A00* B43", (NORTH, SOUTH), {"A00* B43": 1}, 0),  # walls
        ("A01* B43", (WEST, STAND), KICKOFF, 1),
        ("A02* B43", (WEST, STAND), KICKOFF, 1),
        ("A00* B43", (WEST, STAND), {"A00* B43": 1}, 0),  # beside the goal
        ("A01 B43*", (WEST, STAND), {"A01 B43*": 1}, 0),  # without the ball
        ("A41* B13", (EAST, STAND), {"A41* B13": 1}, 0),  # no goal of its own
        ("A00 B42*", (STAND, EAST), KICKOFF, -1),
        # A runs into B who stands: the ball is B's, nobody moves.
        ("A21* B11", (WEST, STAND), {"A21 B11*": 1}, 0),
        ("A21 B11*", (WEST, STAND), {"A21 B11*": 1}, 0),
        # B leaves: A follows if B goes first, and loses the ball if not.
        ("A21* B11", (WEST, NORTH), {"A11* B10": Fraction(1, 2), "A21 B10*": Fraction(1, 2)}, 0),
        # Both run into each other: if A goes first it loses the ball, and gets it back from B.
        ("A21* B11", (WEST, EAST), {"A21 B11*": Fraction(1, 2), "A21* B11": Fraction(1, 2)}, 0),
        # A is before the goal, and B comes too late in either order.
        ("A01* B02", (WEST, NORTH), KICKOFF, 1),
    ],
)
def test_soccer_by_its_rules(state, joint, after, earned):
    game = soccer_game()
    assert _after(game, state, joint) == after
    assert _earned(game, state, joint) == [earned, -earned]


def _mirrored(label: str, width: int, height: int) -> str:
    """Turn the pitch by half a turn and swap the players."""
    a, b = label.split()
    cells = [(width - 1 - int(w[1]), height - 1 - int(w[2])) for w in (b, a)]
    return str(SoccerPosition(cells[0], cells[1], 1 if a.endswith("*") else 0))


def _solve_and_mirror(width: int, height: int) -> float:
    game = soccer_game(width, height)
    solution = gt.solve(game, "minimax")
    assert solution.status in (gt.Status.CERTIFIED_EPSILON, gt.Status.CERTIFIED_EXACT)
    values = game.values(solution.profile)[0]
    other = [game.states.index(_mirrored(label, width, height)) for label in game.states]
    assert_allclose(values, -values[other], atol=1e-7)
    assert 0 < values[game.start] < 1
    ending = soccer_game(width, height, "9/10", True)
    # After a goal a new kickoff is worth nothing: to end there is the same.
    there = gt.solve(ending, "minimax")
    assert there.payoffs[0] == pytest.approx(values[game.start], abs=1e-7)
    return float(values[game.start])


def test_small_soccer_is_the_same_for_both():
    _solve_and_mirror(3, 2)


@pytest.mark.slow
def test_littmans_soccer_is_the_same_for_both():
    assert _solve_and_mirror(5, 4) == pytest.approx(0.2184844, abs=1e-6)


def test_goals_are_earned_when_they_are_scored():
    env = SoccerEnv(stop_by_chance=False, max_steps=200, render_mode="ansi")
    rng = np.random.default_rng(0)
    goals = 0
    for seed in range(30):
        env.reset(seed=seed)
        while env.agents:
            before = env.render()
            _, rewards, *_ = env.step({a: int(rng.integers(5)) for a in env.agents})
            assert rewards["A"] in (-1.0, 0.0, 1.0) and rewards["A"] == -rewards["B"]
            if rewards["A"]:
                goals += 1
                assert env.game.states[env.state()[0]] in KICKOFF
                # The scorer stood before the goal; it may have got the ball in this very step.
                rows = [line.split() for line in before.splitlines()[1:3]]
                edge, scorer = (0, "A") if rewards["A"] > 0 else (-1, "B")
                assert scorer in [row[edge][0] for row in rows]
    assert goals > 20


def test_rewards_have_the_stage_payoffs_as_their_mean():
    game = soccer_game(2, 2)
    found = extract(lambda: SoccerEnv(2, 2, stop_by_chance=False, max_steps=1)).game
    uniform = found.expected_payoffs(gt.BehaviorProfile.uniform(found))
    starts = [game.states.index("A11* B00"), game.states.index("A11 B00*")]
    means = np.mean([game.stages[s].payoffs.reshape(2, -1).mean(axis=1) for s in starts], axis=0)
    assert_allclose(uniform, means, atol=1e-15)


@pytest.mark.parametrize("size", [(1, 4), (5, 3), (11, 4)])
def test_odd_pitches_are_refused(size):
    with pytest.raises(InvalidEnvironment, match="a pitch of"):
        soccer_game(*size)


# ---- foraging ------------------------------------------------------------------------------


def test_one_forager_goes_the_shortest_way():
    game = foraging_game(4, 4, agents=[(0, 0, 1)], foods=[(3, 3, 1)], discount="9/10")
    none = gt.StationaryProfile.uniform(game)
    # Five steps beside the food, then load: the reward of one comes in the sixth step.
    assert best_response_values(game, none, 0)[game.start] == pytest.approx(0.9**5)


def test_heavy_food_takes_two():
    agents = [(0, 0, 1), (2, 0, 2)]
    env = ForagingEnv(3, 1, agents=agents, foods=[(1, 0, 3)])
    env.reset()
    assert env.action_space("agent_0").n == 6
    *_, terminations, _, _ = env.step({"agent_0": LOAD, "agent_1": STAND})
    assert not any(terminations.values())
    _, rewards, terminations, _, _ = env.step({"agent_0": LOAD, "agent_1": LOAD})
    assert rewards == {"agent_0": pytest.approx(1 / 3), "agent_1": pytest.approx(2 / 3)}
    assert all(terminations.values()) and env.agents == []


def test_foragers_do_not_share_a_cell():
    agents, foods = [(0, 0, 1), (2, 0, 1)], [(3, 1, 1)]
    env = ForagingEnv(4, 2, agents=agents, foods=foods, render_mode="ansi")
    shown, _ = env.reset()
    assert shown["agent_0"]["action_mask"].tolist() == [1] * 5 + [0]
    start = env.render()
    env.step({"agent_0": EAST, "agent_1": WEST})  # both want one cell
    assert env.render() == start
    env.step({"agent_0": LOAD, "agent_1": NORTH})  # masked, and off the grid
    assert env.render() == start
    env.step({"agent_0": EAST, "agent_1": STAND})
    assert env.render() == ".  A1 B1 .\n.  .  .  f1"
    env.step({"agent_0": EAST, "agent_1": EAST})  # a cell that is being left is not free
    assert env.render() == ".  A1 .  B1\n.  .  .  f1"
    env.step({"agent_0": STAND, "agent_1": SOUTH})  # onto the food
    assert env.render() == ".  A1 .  B1\n.  .  .  f1"


@pytest.mark.parametrize("shared", [False, True])
def test_rewards_of_a_play_sum_to_one(shared):
    env = ForagingEnv(shared=shared, max_steps=None)
    rng = np.random.default_rng(1)
    for seed in range(5):
        shown, _ = env.reset(seed=seed)
        total = np.zeros(2)
        while env.agents:
            actions = {
                a: int(rng.choice(np.flatnonzero(o["action_mask"]))) for a, o in shown.items()
            }
            shown, rewards, *_ = env.step(actions)
            total += list(rewards.values())
        assert total.sum() == pytest.approx(2 if shared else 1)
        assert not shared or total[0] == total[1]


def test_three_foragers():
    agents = [(0, 0, 1), (2, 0, 1), (0, 2, 1)]
    game = foraging_game(3, 3, agents=agents, foods=[(1, 1, 3)])
    assert game.n_players == 3
    # Together from the start: beside the food after one step each, no two on one cell.
    assert game.is_constant_sum() is False and game.n_states > 100


def test_two_things_on_a_cell_are_refused():
    for agents, foods in (
        ([(0, 0, 1), (0, 0, 1)], [(1, 1, 1)]),
        ([(0, 0, 1)], [(0, 0, 1)]),
        ([(0, 0, 1)], []),
        ([(9, 0, 1)], [(1, 1, 1)]),
        ([(0, 0, 0)], [(1, 1, 1)]),
    ):
        with pytest.raises(InvalidEnvironment):
            foraging_game(3, 3, agents=agents, foods=foods)


# ---- the coordination grid -----------------------------------------------------------------


def _going_to(game: gt.StochasticGame, goal: tuple[int, int]) -> gt.StationaryProfile:
    """Let both go to a goal, columns first, and stand there."""

    def way(x: int, y: int) -> int:
        if x != goal[0]:
            return EAST if x < goal[0] else WEST
        return STAND if y == goal[1] else SOUTH if y < goal[1] else NORTH

    rows = []
    for label in game.states:
        cells = [(int(text[0]), int(text[1])) for text in label.split()]
        rows.append([np.eye(len(ACTIONS))[way(*cell)] for cell in cells])
    return gt.StationaryProfile(rows)


def test_meeting_at_either_goal_is_worth_what_it_says():
    game = coordination_game()
    for goal, worth in (((1, 0), 2), ((1, 2), 1)):
        paid = game.expected_payoffs(_going_to(game, goal))
        assert_allclose(paid, [worth * 0.9] * 2)  # two steps each, the reward with the second
        for player in range(2):  # so both are equilibria, from the start on
            best = best_response_values(game, _going_to(game, goal), player)
            assert best[game.start] == pytest.approx(worth * 0.9)


def test_who_is_alone_at_a_goal_pays_for_both():
    env = CoordinationGridEnv(penalty="1/2", slip=0)
    env.reset()
    env.step({"agent_0": EAST, "agent_1": STAND})
    _, rewards, *_ = env.step({"agent_0": NORTH, "agent_1": STAND})
    assert rewards == {"agent_0": -0.5, "agent_1": -0.5}
    _, rewards, terminations, *_ = env.step({"agent_0": STAND, "agent_1": NORTH})
    assert rewards["agent_0"] == -0.5 and not any(terminations.values())
    _, rewards, terminations, *_ = env.step({"agent_0": STAND, "agent_1": WEST})
    assert rewards["agent_0"] == 2.0 and all(terminations.values())


def test_slips_are_drawn_and_paid_for_as_they_come():
    found = extract(
        lambda: CoordinationGridEnv(
            2, 1, starts=[(0, 0), (0, 0)], goals=[(1, 0, 4)], penalty=1, slip="1/4", max_steps=1
        )
    ).game
    form = strategic_form(found)
    # Both east: met with 9/16, one alone with 6/16.
    assert form.exact_payoffs[0][EAST, EAST] == 4 * Fraction(9, 16) - Fraction(6, 16)
    assert set(found.terminal_payoffs[0].tolist()) == {4.0, -1.0, 0.0}


def test_odd_grids_are_refused():
    for kwargs in (
        {"slip": 1},
        {"goals": []},
        {"starts": [(0, 0)]},
        {"starts": [(0, 0), (3, 0)]},
        {"width": 0},
        {"penalty": "much"},
    ):
        with pytest.raises(InvalidEnvironment):
            coordination_game(**kwargs)


def test_targets():
    assert [target((1, 1), a) for a in range(5)] == [(1, 1), (1, 0), (1, 2), (2, 1), (0, 1)]


# ---- congestion ----------------------------------------------------------------------------

roads = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 4)), min_size=1, max_size=4)


@given(roads, st.integers(1, 60))
def test_greedy_loads_are_an_equilibrium_and_minimize_the_potential(pairs, n_agents):
    made = Roads.linear(pairs, n_agents)
    loads = made.equilibrium_loads()
    assert loads.sum() == n_agents and not made.gains(loads).any()
    rng = np.random.default_rng(n_agents)
    for _ in range(10):
        other = rng.multinomial(n_agents, np.ones(len(pairs)) / len(pairs))
        assert made.potential(loads) <= made.potential(other)
        assert made.total_delay(made.optimal_loads()) <= made.total_delay(other)


@given(roads, st.integers(1, 20), st.integers(0, 10**6))
def test_the_potential_changes_by_what_a_change_gains(pairs, n_agents, seed):
    made = Roads.linear(pairs, n_agents)
    rng = np.random.default_rng(seed)
    loads = rng.multinomial(n_agents, np.ones(len(pairs)) / len(pairs))
    one = int(rng.choice(np.flatnonzero(loads)))
    step = np.zeros(len(pairs), dtype=int)
    step[one] -= 1
    step[int(rng.integers(len(pairs)))] += 1
    other = int(np.argmax(step)) if step.any() else one
    gain = made.met(loads)[one] - made.met(loads + step)[other]
    assert made.potential(loads) - made.potential(loads + step) == gain


def test_rounds_are_the_normal_form():
    pairs, n_agents = [(0, 2), (2, 1), (5, 0)], 4
    game = congestion_game(n_agents, pairs)
    env = CongestionEnv(n_agents, pairs)
    for joint in product(range(3), repeat=n_agents):
        env.reset()
        _, rewards, *_ = env.step(dict(zip(env.agents, joint, strict=True)))
        assert list(rewards.values()) == game.payoffs[(slice(None), *joint)].tolist()
    facts = rosenthal_potential(np.eye(3, dtype=int), -env.roads.delays, n_agents)
    loads = np.bincount([0, 0, 1, 2], minlength=3)
    assert facts.potential[0, 0, 1, 2] == -env.roads.potential(loads)
    best = -game.payoffs.sum(axis=0).max()
    assert env.roads.total_delay(env.roads.optimal_loads()) == best
    assert_array_equal(strategic_form(extract(game).game).payoffs, game.payoffs)


def test_a_thousand_drivers():
    env = CongestionEnv(1000)
    loads = env.roads.equilibrium_loads()
    assert not env.roads.gains(loads).any()
    env.reset()
    chosen = np.repeat(np.arange(3), loads)
    shown, rewards, *_ = env.step(dict(zip(env.agents, chosen.tolist(), strict=True)))
    assert_array_equal(env.loads, loads)
    assert_array_equal(shown["driver_999"], loads)
    assert -sum(rewards.values()) == env.roads.total_delay(loads)
    with pytest.raises(InvalidEnvironment, match=r"'driver_7' plays 3"):
        env.reset()
        env.step({agent: 3 if agent == "driver_7" else 0 for agent in env.agents})
    with pytest.raises(InvalidEnvironment, match="joint actions"):
        congestion_game(30)


# ---- lotteries -----------------------------------------------------------------------------


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=6).filter(any))
def test_lotteries_are_exact_where_they_are_extracted(weights):
    total = sum(weights)
    odds = [Fraction(w, total) for w in weights]
    lottery = make_lottery(range(10, 10 + len(odds)), odds)
    expected = {10 + i: p for i, p in enumerate(odds) if p}
    assert lottery[0] == tuple(expected)
    script = Script()
    try:
        with script.follow(()):
            drawn = draw(lottery, ScriptedGenerator(script))
        assert expected == {drawn: 1}
    except ChoiceNeeded as needed:
        assert [p for _, p in needed.outcomes] == list(expected.values())
        for place, (outcome, _) in enumerate(needed.outcomes):
            with script.follow((outcome,)):
                assert draw(lottery, ScriptedGenerator(script)) == list(expected)[place]


def test_lotteries_are_drawn_as_they_say():
    rng = np.random.default_rng(0)
    for odds in (["1/4", "3/4"], ["1/3"] * 3, ["1/2", "1/3", "1/6"]):
        exact = [Fraction(p) for p in odds]
        lottery = make_lottery(range(len(odds)), exact)
        counts = np.bincount([draw(lottery, rng) for _ in range(4000)], minlength=len(odds))
        # Six standard errors of a share of 4,000 are below 0.048.
        assert_allclose(counts / 4000, [float(p) for p in exact], atol=0.048)


# ---- policies as strategies ----------------------------------------------------------------


def test_policies_are_strategies_and_back():
    env = SoccerEnv(3, 2)
    solution = gt.solve(env.game, "minimax")
    optimal = policies_of(env, solution.profile)
    told = stationary_profile(env, optimal)
    for one, other in zip(told, solution.profile, strict=True):
        assert_allclose(np.concatenate(list(one)), np.concatenate(list(other)), atol=1e-15)
    assert player_regrets(env.game, told).max() < 1e-7
    # Played, they earn what the game says: undiscounted, for chance ends the plays.
    source = open_environment(lambda: SoccerEnv(3, 2))
    values = env.game.values(stationary_profile(env, {"A": optimal["A"], "B": "random"}))[0]
    starts = [env.game.states.index(name) for name in ("A21* B00", "A21 B00*")]
    expected = values[starts].mean()
    returns = rollouts(source, {"A": optimal["A"], "B": "random"}, episodes=2000).returns
    error = returns[0].std() / np.sqrt(returns[0].size)
    assert abs(returns[0].mean() - expected) < 5 * error
    assert expected > 10 * error  # against a random player it wins


def test_masked_actions_get_no_probability():
    env = ForagingEnv()
    uniform = gt.StationaryProfile.uniform(env.game)
    assert stationary_profile(env, "random") == uniform
    assert stationary_profile(env, policies_of(env, uniform)) == uniform
    with pytest.raises(InvalidPolicy, match="the profile has"):
        policies_of(env, gt.StationaryProfile.uniform(soccer_game(3, 2)))
    with pytest.raises(InvalidEnvironment, match="a CongestionEnv is no StochasticGameEnv"):
        stationary_profile(CongestionEnv(), "random")


@pytest.mark.slow
def test_littmans_soccer_by_value_iteration_written_anew():
    from scipy.optimize import linprog

    width, height = 5, 4
    cells = list(product(range(width), range(height)))
    states = [(a, b, who) for a in cells for b in cells if a != b for who in "AB"]
    number = {state: i for i, state in enumerate(states)}
    kickoff = [number[(3, 2), (1, 1), who] for who in "AB"]
    steps = [(0, 0), (0, -1), (0, 1), (1, 0), (-1, 0)]

    def act(state, who, step):
        a, b, ball = state
        mine, other = (a, b) if who == "A" else (b, a)
        aim = (mine[0] + step[0], mine[1] + step[1])
        if ball == who and aim[1] in (1, 2) and aim[0] == (-1 if who == "A" else width):
            return None
        if aim not in cells:
            return state
        if aim == other:
            return (a, b, "B" if who == "A" else "A") if ball == who else state
        return (aim, b, ball) if who == "A" else (a, aim, ball)

    stage, leads = np.zeros((len(states), 5, 5)), np.zeros((len(states), 25, len(states)))
    for i, state in enumerate(states):
        for x, y in product(range(5), repeat=2):
            for one, other in ((("A", x), ("B", y)), (("B", y), ("A", x))):
                scorer, now = one[0], act(state, one[0], steps[one[1]])
                if now is not None:
                    scorer, now = other[0], act(now, other[0], steps[other[1]])
                if now is not None:
                    leads[i, 5 * x + y, number[now]] += 0.5
                    continue
                stage[i, x, y] += 0.5 if scorer == "A" else -0.5
                leads[i, 5 * x + y, kickoff] += 0.25

    def value(matrix):
        if matrix.min(axis=1).max() >= matrix.max(axis=0).min():
            return matrix.min(axis=1).max()
        n, m = matrix.shape
        found = linprog(
            np.append(np.zeros(n), -1),
            A_ub=np.c_[-matrix.T, np.ones(m)],
            b_ub=np.zeros(m),
            A_eq=[np.append(np.ones(n), 0)],
            b_eq=[1],
            bounds=[(0, None)] * n + [(None, None)],
        )
        return -found.fun

    values, change = np.zeros(len(states)), 1.0
    while change > 1e-6:
        worth = stage + 0.9 * (leads.reshape(-1, len(states)) @ values).reshape(-1, 5, 5)
        new = np.array([value(matrix) for matrix in worth])
        change, values = float(np.abs(new - values).max()), new
    solution = gt.solve(soccer_game(), "minimax")
    assert values[kickoff[0]] == pytest.approx(solution.payoffs[0], abs=1e-5)
    assert values[kickoff[1]] == pytest.approx(-solution.payoffs[0], abs=1e-5)
