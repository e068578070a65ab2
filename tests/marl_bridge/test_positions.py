"""Values of late positions against plain minimax on boards of our own, and what is refused."""

from __future__ import annotations

import math
from functools import cache
from typing import Any, ClassVar

import numpy as np
import pytest

from marl_bridge.environments.forecast import HopelessSize
from marl_bridge.environments.position_reading import InvalidPosition, parse_position
from marl_bridge.environments.positions import PositionSolver, solve_position
from marl_bridge.errors import ExtractionRefused, InvalidEnvironment
from tests.marl_bridge.environments import (
    Coordination,
    HigherCard,
    MatchingPennies,
    OddOneOut,
    Pointing,
)

CONNECT_FOUR = "classic/connect-four-v3"
TICTACTOE = "classic/tictactoe-v3"

Board = tuple[tuple[int, ...], ...]  # discs by column, from below


def four_in_a_row(board: Board, column: int) -> bool:
    """Whether the disc that was dropped last makes four."""
    row = len(board[column]) - 1
    who = board[column][row]

    def run(dx: int, dy: int) -> int:
        x, y, length = column + dx, row + dy, 0
        while 0 <= x < 7 and 0 <= y < len(board[x]) and board[x][y] == who:
            x, y, length = x + dx, y + dy, length + 1
        return length

    return any(run(dx, dy) + run(-dx, -dy) >= 3 for dx, dy in ((1, 0), (0, 1), (1, 1), (1, -1)))


def dropped(board: Board, column: int, who: int) -> Board:
    return tuple((*c, who) if i == column else c for i, c in enumerate(board))


def plain_value(board: Board, who: int) -> int:
    """Player 0's result by minimax without pruning and without merging."""
    return (min if who else max)(value for _, value in plain_actions(board, who, plain_value))


def plain_actions(board: Board, who: int, value: Any) -> list[tuple[int, int]]:
    found = []
    for column in range(7):
        if len(board[column]) == 6:
            continue
        after = dropped(board, column, who)
        if four_in_a_row(after, column):
            found.append((column, -1 if who else 1))
        elif sum(map(len, after)) == 42:
            found.append((column, 0))
        else:
            found.append((column, value(after, 1 - who)))
    return found


@cache
def merged_value(board: Board, who: int) -> int:
    """The same, each board once."""
    return (min if who else max)(value for _, value in plain_actions(board, who, merged_value))


def random_positions(empty: int, count: int, seed: int) -> list[tuple[list[int], Board]]:
    rng = np.random.default_rng(np.random.SeedSequence(seed))
    found: list[tuple[list[int], Board]] = []
    while len(found) < count:
        board: Board = ((),) * 7
        actions: list[int] = []
        won = False
        while not won and len(actions) < 42 - empty:
            column = int(rng.choice([c for c in range(7) if len(board[c]) < 6]))
            board = dropped(board, column, len(actions) % 2)
            won = four_in_a_row(board, column)
            actions.append(column)
        if not won:
            found.append((actions, board))
    return found


def agree(count: int, empty: int, seed: int, value: Any) -> None:
    with PositionSolver(CONNECT_FOUR) as solver:
        for actions, board in random_positions(empty, count, seed):
            who = len(actions) % 2
            solution = solver.solve(actions)
            sign = -1 if who else 1
            expected = {column: sign * v for column, v in plain_actions(board, who, value)}
            assert {a.action: a.lower for a in solution.actions} == expected
            assert all(a.exact for a in solution.actions)
            best = max(expected.values())
            assert solution.acting == f"player_{who}"
            assert solution.values == {f"player_{who}": best, f"player_{1 - who}": -best}
            assert solution.best_actions == tuple(a for a, v in expected.items() if v == best)
            assert solution.verified
            assert not solution.stopped


def test_connect_four_agrees_with_plain_minimax() -> None:
    agree(6, 8, seed=0, value=plain_value)


@pytest.mark.slow
def test_connect_four_agrees_with_plain_minimax_on_many_positions() -> None:
    agree(40, 8, seed=1, value=plain_value)


@pytest.mark.slow
@pytest.mark.parametrize("empty", [12, 15])
def test_connect_four_agrees_with_minimax_on_earlier_positions(empty: int) -> None:
    agree(10, empty, seed=2, value=merged_value)


def test_tictactoe_is_a_draw_whatever_comes_first() -> None:
    solution = solve_position(TICTACTOE)
    assert solution.values == {"player_1": 0.0, "player_2": 0.0}
    assert [(a.action, a.lower, a.upper) for a in solution.actions] == [
        (square, 0.0, 0.0) for square in range(9)
    ]
    assert solution.verified
    assert len(solution.line) == 9  # a draw fills the board
    assert [agent for agent, _ in solution.line] == ["player_1", "player_2"] * 4 + ["player_1"]
    after = solve_position(TICTACTOE, solution.line)
    assert (after.acting, after.values, after.actions) == ("", solution.values, ())


def test_value_and_words_of_a_lost_position() -> None:
    solution = solve_position(TICTACTOE, [("player_1", 4), ("player_2", 1), ("player_1", 0)])
    assert solution.values == {"player_1": 1.0, "player_2": -1.0}
    assert {a.lower for a in solution.actions} == {-1.0}
    text = str(solution)
    assert "4,1,0" in text
    assert "both strategies checked" in text
    facts = solution.to_dict()
    assert facts["values"] == {"player_1": 1.0, "player_2": -1.0}
    assert facts["actions"][0] == {"action": 2, "lower": -1.0, "upper": -1.0}


def test_known_returns_shorten_the_search_and_are_held_to() -> None:
    position = random_positions(14, 1, seed=3)[0][0]
    free = solve_position(CONNECT_FOUR, position, verify=False)
    ranged = solve_position(CONNECT_FOUR, position, return_range=(-1, 1))
    assert free.values == ranged.values
    assert free.actions == ranged.actions
    assert ranged.states <= free.states
    assert ranged.verified > free.verified
    with pytest.raises(ExtractionRefused, match="player 0 gets"):
        solve_position(TICTACTOE, "4,1", return_range=(0, 0.5))


def test_limits_leave_proven_bounds() -> None:
    position, board = random_positions(16, 1, seed=4)[0]
    value = merged_value(board, len(position) % 2)
    with PositionSolver(CONNECT_FOUR) as solver:
        for limit in (0, 30, 300):
            stopped = solver.solve(position, max_states=limit)
            lower, upper = stopped.bounds["player_0"]
            assert lower <= value <= upper
            assert not stopped.stopped or stopped.line == ()
        late = solver.solve(position, time_limit=0.0, refuse_hopeless=False)
    assert late.stopped == "time limit"
    assert late.values == {}
    assert late.best_actions == ()
    assert late.bounds["player_1"][0] == -math.inf


def test_ctrl_c_leaves_proven_bounds() -> None:
    def interrupt(states: int) -> None:
        if states == 50:
            raise KeyboardInterrupt

    solution = solve_position(TICTACTOE, progress=interrupt)
    assert solution.stopped == "interrupted"
    lower, upper = solution.bounds["player_1"]
    assert lower <= 0 <= upper


def test_the_start_of_connect_four_is_refused_with_an_estimate() -> None:
    with pytest.raises(HopelessSize, match=r"about 10\^\d+ histories") as refusal:
        solve_position(CONNECT_FOUR)
    assert 20 < refusal.value.log10_lower < refusal.value.log10_histories < 36


class Open(MatchingPennies):
    """Matching pennies with the first choice shown: who chooses last wins."""

    metadata: ClassVar[dict[str, Any]] = {"name": "open_pennies_v0", "render_modes": []}

    def observe(self, agent: str) -> int:
        return self.choices.get("matcher", 2)


class NoConflict(Open):
    metadata: ClassVar[dict[str, Any]] = {"name": "no_conflict_v0", "render_modes": []}

    def payoffs(self) -> dict[str, float]:
        first, second = (self.choices[agent] for agent in self.order)
        return {"matcher": float(first), "mismatcher": float(second)}


def test_an_environment_of_ones_own() -> None:
    solution = solve_position(Open, env_kwargs={})
    assert solution.values == {"matcher": -1.0, "mismatcher": 1.0}
    assert solve_position(Open, [1]).best_actions == (0,)


@pytest.mark.parametrize(
    ("make", "position", "words"),
    [
        (MatchingPennies, (), "look alike to agent 'mismatcher'"),
        (MatchingPennies, (1,), "look alike to agent 'mismatcher'"),
        (HigherCard, (), "chance"),
        ("classic/leduc-holdem-v4", (), "chance"),
        ("classic/rps-v2", (), "look alike"),
        (Coordination, (), "at the same time"),
        (OddOneOut, (), "3 agents"),
        (Pointing, (), "action space"),
        (NoConflict, (), "add up to"),
    ],
)
def test_refusals_say_why(make: Any, position: Any, words: str) -> None:
    with pytest.raises(ExtractionRefused, match=words):
        solve_position(make, position)


@pytest.mark.parametrize(
    ("position", "words"),
    [
        ([9], "cannot choose 9"),
        ([4, 4], "'player_2' cannot choose 4"),
        ([("player_2", 4)], "'player_2' does not act there"),
        ([("player_1", 4, 0)], "no sequence"),
        (7, "no sequence"),
        ("4,x", "'x' is no action"),
        ("0,1,3,4,6,2", "over after 5 actions"),
    ],
)
def test_wrong_positions_say_what_is_wrong(position: Any, words: str) -> None:
    with pytest.raises(InvalidPosition, match=words):
        solve_position(TICTACTOE, position)


def test_parsing() -> None:
    assert parse_position(" 3, 3 2,,4 ") == (3, 3, 2, 4)
    with pytest.raises(InvalidEnvironment):
        solve_position("classic/no-such-game-v0")
