"""Discounted returns, and bounds on the value of games that were cut at a depth limit."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

import gametheory as gt
import marl_bridge
from gametheory import BehaviorProfile
from gametheory.games.extensive_form import TERMINAL
from marl_bridge.environments.frontier import CutPosition
from marl_bridge.errors import InvalidEnvironment
from tests.marl_bridge.chance_environments import Kuhn
from tests.marl_bridge.environments import Coordination, OddOneOut

TWO_ROUNDS = {"max_cycles": 2}


def payoffs(game: gt.ExtensiveFormGame) -> list[tuple[float, ...]]:
    return sorted(map(tuple, game.terminal_payoffs.T.tolist()))


@pytest.mark.parametrize("api", ["aec", "parallel"])
def test_a_reward_after_the_second_own_action_is_discounted_once(api):
    e = marl_bridge.extract("classic/rps-v2", env_kwargs=TWO_ROUNDS, api=api, discount=0.5)
    once = [0, 1, -1]
    expected = sorted(
        (first + 0.5 * second, -first - 0.5 * second) for first in once * 3 for second in once * 3
    )
    assert payoffs(e.game) == expected
    assert e.discount == 0.5
    assert e.audit.zero_sum == "proven"


def test_in_turns_the_two_sides_of_a_payoff_are_discounted_by_their_own_turns():
    e = marl_bridge.extract("classic/tictactoe-v3", discount=0.5)
    assert e.audit.zero_sum == "refuted"
    found = {e.graph.payoffs[state] for state in np.flatnonzero(e.graph.player == TERMINAL)}
    # The first player wins by its third to fifth action, the second by its third or fourth.
    wins = {(0.5 ** (k - 1), -(0.5 ** (k - 2))) for k in (3, 4, 5)}
    losses = {(-(0.5 ** (k - 1)), 0.5 ** (k - 1)) for k in (3, 4)}
    assert found == wins | losses | {(0.0, 0.0)}


def test_a_discount_of_one_or_zero_is_one_too():
    plain = marl_bridge.extract(Coordination).game
    assert marl_bridge.extract(Coordination, discount=1).game == plain
    first = marl_bridge.extract(Coordination, discount=0)
    assert first.game.terminal_payoffs.max() == 2


def test_ends_by_a_limit_and_by_the_rules_are_told_apart():
    e = marl_bridge.extract("classic/rps-v2", env_kwargs=TWO_ROUNDS)
    np.testing.assert_array_equal(e.truncated, e.graph.player == TERMINAL)
    assert not marl_bridge.extract(OddOneOut).truncated.any()


@pytest.mark.parametrize(
    ("make", "env_kwargs", "frontier", "value", "depths"),
    [
        (Kuhn, {}, (-2, 2), -1 / 18, range(1, 5)),
        ("classic/rps-v2", TWO_ROUNDS, (-2, 2), 0, range(1, 6)),
        ("classic/tictactoe-v3", {}, (-1, 1), 0, (1, 4)),
    ],
)
def test_bounds_contain_the_value_at_every_depth(make, env_kwargs, frontier, value, depths):
    check_bounds(make, env_kwargs, frontier, value, depths)


@pytest.mark.slow
def test_bounds_contain_the_value_of_tictactoe_at_every_depth():
    check_bounds("classic/tictactoe-v3", {}, (-1, 1), 0, range(1, 11))


def check_bounds(make, env_kwargs, frontier, value, depths):
    e = None
    for depth in depths:
        e = marl_bridge.extract(make, env_kwargs=env_kwargs, depth_limit=depth, frontier=frontier)
        bounds = [e.value_bounds(agent) for agent in e.graph.players]
        assert bounds[0].lower <= value <= bounds[0].upper
        assert bounds[1].lower <= -value <= bounds[1].upper
        if e.is_exact:
            assert bounds[0].upper - bounds[0].lower < 1e-9
            assert bounds[0].side == "exact"
        else:
            assert "middles" in e.approximations[0]
            assert e.audit.zero_sum == "not refuted up to the depth limit"
    assert e is not None
    if not e.is_exact:
        return
    assert e.game.n_nodes == marl_bridge.extract(make, env_kwargs=env_kwargs).game.n_nodes


def test_deeper_limits_and_better_intervals_narrow_the_bounds():
    def still(position: CutPosition) -> dict[str, tuple[int, int]]:
        rounds = 2 - position.steps
        assert set(position.acting) == set(position.views) == set(position.agents)
        return dict.fromkeys(position.agents, (-rounds, rounds))

    widths = []
    for depth in (1, 2):
        e = marl_bridge.extract(
            "classic/rps-v2",
            env_kwargs=TWO_ROUNDS,
            api="parallel",
            depth_limit=depth,
            frontier=still,
        )
        bounds = e.value_bounds()
        assert bounds.contains(0)
        widths.append(bounds.upper - bounds.lower)
    assert widths == pytest.approx([2, 0], abs=1e-9)


LINES = [(0, 1, 2), (3, 4, 5), (6, 7, 8), (0, 3, 6), (1, 4, 7), (2, 5, 8), (0, 4, 8), (2, 4, 6)]


@cache
def best(board: tuple[int, ...], mover: int) -> int:
    """Value for player 1 of a tictactoe board with its marks 1 and 2."""
    for line in LINES:
        if board[line[0]] and len({board[square] for square in line}) == 1:
            return 1 if board[line[0]] == 1 else -1
    free = [square for square in range(9) if not board[square]]
    if not free:
        return 0
    after = [best((*board[:s], mover, *board[s + 1 :]), 3 - mover) for s in free]
    return max(after) if mover == 1 else min(after)


@pytest.mark.parametrize("guess", [False, True])
def test_a_value_function_that_is_right_gives_the_value(guess):
    def value(position: CutPosition) -> dict[str, float | tuple[float, float]]:
        board = tuple(int(square) for square in position.env.unwrapped.board.squares)
        won = float(best(board, 1 + position.agents.index(position.acting[0])))
        if guess:
            return {"player_1": won, "player_2": -won}
        return {"player_1": (won, won), "player_2": (-won, -won)}

    e = marl_bridge.extract("classic/tictactoe-v3", depth_limit=4, frontier=value)
    assert e.frontier.states.size == 756
    assert gt.solve(e.game, "subgame-perfect").payoffs.tolist() == [0, 0]
    bounds = e.value_bounds()
    if guess:
        assert not e.frontier.is_bound
        assert "no bound" in bounds.note
        assert (bounds.value, bounds.lower, bounds.upper) == (0, -np.inf, np.inf)
        assert e.return_ranges["player_1"] == (-np.inf, np.inf)
    else:
        assert (bounds.lower, bounds.upper) == (0, 0)
        assert e.return_ranges["player_1"] == (-1, 1)


def test_a_discounted_frontier_counts_from_the_rewards_to_come():
    e = marl_bridge.extract(
        "classic/rps-v2",
        env_kwargs=TWO_ROUNDS,
        api="parallel",
        discount=0.5,
        depth_limit=1,
        frontier=(0, 1),
    )
    assert sorted(set(e.frontier.low[:, 0])) == [-1, 0, 1]
    np.testing.assert_allclose(e.frontier.high - e.frontier.low, 0.5)


def test_returns_up_to_the_limit_are_those_of_cut_episodes():
    e = marl_bridge.extract(Kuhn, depth_limit=2, frontier=(0, 0))
    uniform = BehaviorProfile.uniform(e.game)
    # After two actions only "bet, fold" and showdowns are paid: 1/4 for the bluff, else even.
    assert e.game.expected_payoffs(uniform) == pytest.approx([0.25, -0.25])
    assert e.audit.expected_returns == pytest.approx((0.25, -0.25))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"discount": 1.5}, "discount is 1.5; where: discount"),
        ({"discount": float("nan")}, "discount is nan"),
        ({"depth_limit": 0, "frontier": (0, 1)}, "depth_limit is 0.*from 1"),
        ({"depth_limit": 2}, "without anything on what is still to be earned"),
        ({"frontier": (0, 1)}, "without a depth limit"),
        ({"depth_limit": 2, "frontier": (1, 0)}, "no interval.*lower one first"),
        ({"depth_limit": 2, "frontier": (0, np.inf)}, "no interval"),
        ({"depth_limit": 1, "frontier": lambda _: 0}, "returned 0.*for each of"),
        ({"depth_limit": 1, "frontier": lambda _: {"left": "x", "right": 0}}, "agent 'left'"),
        ({"recall": "perfect"}, "'history' or 'observation'"),
        ({"chance": "sample"}, "sample:1000"),
    ],
)
def test_bad_arguments_are_refused_in_words(options, message):
    with pytest.raises(InvalidEnvironment, match=message):
        marl_bridge.extract(Coordination, **options)


def test_bounds_are_for_two_agents_and_for_those_there_are():
    three = marl_bridge.extract(OddOneOut, depth_limit=1, frontier=(-2, 2))
    with pytest.raises(gt.UnsupportedGame, match="two players"):
        three.value_bounds()
    two = marl_bridge.extract(Kuhn)
    assert two.value_bounds("second").contains(1 / 18)
    with pytest.raises(InvalidEnvironment, match=r"no agent 'third'.*first, second"):
        two.value_bounds("third")
