"""Policies at late positions: what they lose, by hand and by the exact values of all actions."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from marl_bridge.cli import app
from marl_bridge.environments.position_reading import InvalidPosition
from marl_bridge.environments.positions import PositionSolver, solve_position
from marl_bridge.errors import InvalidPolicy, UnknownProbabilities
from marl_bridge.policies.memory import MemoryPolicy
from marl_bridge.policies.policy import UniformRandomPolicy
from marl_bridge.position_check import PositionReport, check_positions, late_positions

TICTACTOE = "classic/tictactoe-v3"
CONNECT_FOUR = "classic/connect-four-v3"


def first_legal(observation: Any, mask: Any) -> int:
    return int(np.flatnonzero(mask)[0])


def test_losses_by_hand() -> None:
    """4,0,8: threatens nothing yet; 4,0,1 must be answered at 7; 4,1 is won for player_1."""
    report = check_positions(TICTACTOE, first_legal, ["4,0,1", "4,1", "0,1,3,4"])
    assert [check.agent for check in report.checks] == ["player_2", "player_1", "player_1"]
    assert [check.value for check in report.checks] == [0.0, 1.0, 1.0]
    assert [check.probabilities for check in report.checks] == [{2: 1.0}, {0: 1.0}, {2: 1.0}]
    for check in report.checks:
        chosen = next(iter(check.probabilities))
        after = [action for _, action in check.solution.position] + [chosen]
        assert check.achieved == solve_position(TICTACTOE, after).values[check.agent]
        assert check.lost == check.value - check.achieved
    assert report.checks[0].lost == 1.0  # 7 follows
    assert report.worst is not None
    assert report.mean_lost == sum(check.lost for check in report.checks) / 3


def test_random_policy_loses_the_mean() -> None:
    report = check_positions(TICTACTOE, "random", ["4,0,8,2"])
    (check,) = report.checks
    values = [action.lower for action in check.solution.actions]
    assert check.probabilities == dict.fromkeys((1, 3, 5, 6, 7), 0.2)
    assert check.achieved == pytest.approx(sum(values) / 5, abs=1e-12)
    assert not check.optimal
    assert report.worst is check


def test_an_optimal_policy_loses_nothing() -> None:
    positions = late_positions(TICTACTOE, "random", ply=5, count=6, seed=3)
    best: dict[bytes, int] = {}

    class Optimal:
        """Looks the optimum up, by what it is shown."""

        def act(self, view: Any, rng: Any) -> int:
            return best[np.asarray(view.observation).tobytes()]

        def probabilities(self, view: Any) -> Any:
            p = np.zeros(9)
            p[self.act(view, None)] = 1.0
            return p

    from marl_bridge.environments.opening import open_environment
    from marl_bridge.environments.position_reading import read_position

    with PositionSolver(TICTACTOE) as solver:
        solved = [solver.solve(position).best_actions[-1] for position in positions]
    for position, action in zip(positions, solved, strict=True):
        driver = open_environment(TICTACTOE).driver()
        read_position(driver, position)
        seen = driver.view(driver.acting[0]).observation
        best[np.asarray(seen).tobytes()] = action
    report = check_positions(TICTACTOE, Optimal(), positions)
    assert report.mean_lost == 0.0
    assert report.worst is None
    assert all(check.optimal for check in report.checks)
    assert "Nothing is lost at 6 of 6" in str(report)


def test_memories_are_replayed() -> None:
    seen: list[Any] = []

    def step(observation: Any, mask: Any, memory: int, last: Any) -> tuple[Any, int]:
        seen.append((memory, last))
        p = np.zeros(9)
        p[np.flatnonzero(mask)[memory]] = 1.0
        return p, memory + 1

    report = check_positions(TICTACTOE, MemoryPolicy(step, start=0), ["4,0,8,2"])
    assert seen == [(0, None), (0, None), (1, 4), (1, 0), (2, 8)]
    assert report.checks[0].probabilities == {5: 1.0}  # the third of 1, 3, 5, 6, 7


def test_late_positions_are_the_policies_own_play() -> None:
    one = late_positions(CONNECT_FOUR, "random", ply=20, count=4, seed=1)
    more = late_positions(CONNECT_FOUR, "random", ply=20, count=6, seed=1)
    assert more[:4] == one
    assert len(set(more)) == 6
    assert all(len(position) == 20 for position in more)
    assert late_positions(CONNECT_FOUR, "random", ply=20, count=4, seed=2) != one
    alone = late_positions(TICTACTOE, first_legal, ply=4, count=5)
    assert alone == ((("player_1", 0), ("player_2", 1), ("player_1", 2), ("player_2", 3)),)
    assert len(late_positions(TICTACTOE, first_legal, ply=4, count=5, explore=0.5)) == 5
    assert late_positions(TICTACTOE, "random", ply=0) == ((),)


def test_wrong_arguments_say_what_is_wrong() -> None:
    with pytest.raises(InvalidPosition, match="goes on after 9"):
        late_positions(TICTACTOE, "random", ply=9, count=1)
    with pytest.raises(InvalidPosition, match="explore is 2"):
        late_positions(TICTACTOE, "random", ply=1, explore=2)
    with pytest.raises(InvalidPosition, match="nobody acts"):
        check_positions(TICTACTOE, "random", ["0,1,3,4,6"])

    class Actor:
        def act(self, view: Any, rng: Any) -> int:
            return 0

    with pytest.raises(UnknownProbabilities, match="cannot state"):
        check_positions(TICTACTOE, Actor(), ["4,0,8,2"])
    with pytest.raises(InvalidPolicy, match="illegal"):
        check_positions(TICTACTOE, lambda observation, mask: 4, ["4,0,8,2"])


def test_policies_may_make_generators() -> None:
    """The environment's are intercepted while it is searched, the policies' are not."""

    class Noisy(UniformRandomPolicy):
        def probabilities(self, view: Any) -> Any:
            np.random.default_rng(3).random()
            return super().probabilities(view)

    assert check_positions(TICTACTOE, Noisy(), ["4,0,8,2"]).mean_lost is not None


def test_unsolved_positions_are_counted_as_such() -> None:
    report = check_positions(TICTACTOE, "random", ["4", "4,0,8,2,6"], time_limit=0.0)
    assert isinstance(report, PositionReport)
    assert report.solved == ()
    assert report.mean_lost is None
    assert "No position was solved" in str(report)
    assert json.dumps(report.to_dict())


def test_command_lines() -> None:
    run = CliRunner().invoke
    solved = run(app, ["solve-position", TICTACTOE, "--position", "4,0,8,2", "--json"])
    assert json.loads(solved.stdout)["best_actions"] == [1]
    assert solved.exit_code == 0
    told = run(app, ["solve-position", TICTACTOE, "--position", "4,0,8,2", "--quiet"])
    assert "optimal actions" in told.stdout
    late = run(app, ["solve-position", TICTACTOE, "--time-limit", "0", "--quiet", "--attempt"])
    assert (late.exit_code, "time limit" in late.stdout) == (1, True)
    checked = run(
        app,
        ["check-positions", TICTACTOE, "--ply", "5", "--count", "2", "--max-lost", "0", "--json"],
    )
    assert json.loads(checked.stdout)["positions"] == 2
    assert checked.exit_code == (1 if json.loads(checked.stdout)["mean_lost"] else 0)
    table = run(app, ["check-positions", TICTACTOE, "--position", "4,0,1", "--quiet"])
    assert "the mean value lost" in table.stdout
    for wrong in (
        ["check-positions", TICTACTOE],
        ["check-positions", TICTACTOE, "--ply", "3", "--position", "4"],
        ["solve-position", TICTACTOE, "--position", "4,4"],
        ["solve-position", TICTACTOE, "--returns", "1"],
        ["solve-position", TICTACTOE, "--env-kwargs", "["],
    ):
        assert run(app, wrong).exit_code == 2
