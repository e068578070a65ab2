from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from marl_bridge.environments.driver import View
from marl_bridge.environments.opening import open_environment
from marl_bridge.errors import InvalidEnvironment, InvalidPolicy
from marl_bridge.policies.policy import TabularPolicy, observation_key
from marl_bridge.rollouts import rollouts
from tests.marl_bridge.environments import (
    Coordination,
    HigherCard,
    MatchingPennies,
    OddOneOut,
    Pointing,
)

HEADS = TabularPolicy({observation_key(0): [1.0, 0.0]})
TAILS = TabularPolicy({observation_key(0): [0.0, 1.0]})


@pytest.mark.parametrize(
    "make", ["tictactoe", "rps", "leduc_holdem", Coordination, HigherCard, Pointing]
)
def test_episodes_depend_on_seed_and_number_alone(make: Any) -> None:
    source = open_environment(make)
    few = rollouts(source, "random", episodes=4, seed=3)
    many = rollouts(source, "random", episodes=9, seed=3)
    assert few.returns.shape == (len(few.agents), 4)
    assert_array_equal(few.returns, many.returns[:, :4])
    assert_array_equal(few.lengths, many.lengths[:4])
    other = rollouts(source, "random", episodes=9, seed=4)
    assert not (
        np.array_equal(many.returns, other.returns) and np.array_equal(many.lengths, other.lengths)
    )


def test_knights_archers_zombies_is_reproducible() -> None:
    source = open_environment("knights_archers_zombies")
    first, second = (rollouts(source, "random", episodes=2, max_steps=200) for _ in range(2))
    assert_array_equal(first.returns, second.returns)
    assert first.truncated.all()
    assert_array_equal(first.lengths, [200, 200])


def test_returns_and_endings_of_known_play() -> None:
    source = open_environment(MatchingPennies, env_kwargs={"stake": 3.0})
    played = rollouts(source, {"matcher": HEADS, "mismatcher": TAILS}, episodes=5)
    assert_array_equal(played.of("matcher"), [-3.0] * 5)
    assert_array_equal(played.of("mismatcher"), [3.0] * 5)
    assert_array_equal(played.lengths, [2] * 5)
    assert not played.truncated.any()

    ones = rollouts(open_environment(Coordination), lambda observation, mask: 1, episodes=2)
    assert_array_equal(ones.returns, [[4.0, 4.0], [4.0, 4.0]])
    assert ones.truncated.all()


def test_zero_sum_environments_stay_zero_sum() -> None:
    for make in ("tictactoe", "rps", "leduc_holdem", OddOneOut, HigherCard):
        played = rollouts(open_environment(make), "random", episodes=20)
        assert np.allclose(played.returns.sum(axis=0), 0.0)


def test_balanced_seats_rotate_every_policy_through_every_seat() -> None:
    seats: list[tuple[str, int]] = []

    def player(number: int) -> Any:
        class Noted:
            def act(self, view: View, rng: np.random.Generator) -> int:
                seats.append((view.agent, number))
                return int(number == 0)

        return Noted()

    source = open_environment(OddOneOut)
    played = rollouts(source, [player(j) for j in range(3)], episodes=4, seats="balanced")
    assert len(played) == 6  # rounded up to a multiple of three
    for agent in played.agents:
        for number in range(3):
            assert seats.count((agent, number)) == 2
    # Policy 0 is the odd one in every seat.
    assert played.policy_returns is not None
    assert_array_equal(played.policy_returns, [[2.0] * 6, [-1.0] * 6, [-1.0] * 6])
    assert_array_equal(played.returns[:, 0], [2.0, -1.0, -1.0])
    assert_array_equal(played.returns[:, 1], [-1.0, 2.0, -1.0])


def test_reused_instances_change_nothing_where_reset_forgets() -> None:
    source = open_environment("tictactoe")
    fresh = rollouts(source, "random", episodes=20)
    reused = rollouts(source, "random", episodes=20, instances="reused")
    assert_array_equal(fresh.returns, reused.returns)


def test_ctrl_c_returns_the_finished_episodes() -> None:
    def stop(done: int, total: int) -> None:
        assert total == 10
        if done == 3:
            raise KeyboardInterrupt

    source = open_environment("tictactoe")
    cut = rollouts(source, "random", episodes=10, progress=stop)
    whole = rollouts(source, "random", episodes=10)
    assert cut.interrupted
    assert not whole.interrupted
    assert_array_equal(cut.returns, whole.returns[:, :3])

    balanced = rollouts(source, ["random"] * 2, episodes=10, seats="balanced", progress=stop)
    assert len(balanced) == 2
    nothing = rollouts(source, "random", episodes=10, progress=lambda done, total: _interrupt())
    assert len(nothing) == 1


def _interrupt() -> None:
    raise KeyboardInterrupt


def test_what_is_wrong_is_named() -> None:
    source = open_environment("tictactoe")
    with pytest.raises(InvalidPolicy, match=r"'player_2' chose the illegal action 0.*\[1, 2"):
        rollouts(source, lambda observation, mask: 0, episodes=1)
    with pytest.raises(InvalidPolicy, match="no policy for 'player_2'"):
        rollouts(source, {"player_1": "random"}, episodes=1)
    with pytest.raises(InvalidPolicy, match="3 policies for 2 seats"):
        rollouts(source, ["random"] * 3, episodes=1, seats="balanced")
    with pytest.raises(InvalidPolicy, match="balanced seats rotate a sequence"):
        rollouts(source, "random", episodes=1, seats="balanced")
    with pytest.raises(InvalidPolicy, match="unknown seats 'musical'"):
        rollouts(source, "random", episodes=1, seats="musical")  # type: ignore[arg-type]
    with pytest.raises(InvalidEnvironment, match=r"episodes is 0.*at least 1"):
        rollouts(source, "random", episodes=0)


def test_actions_of_any_policy_are_checked() -> None:
    class Cheat:
        def act(self, view: View, rng: np.random.Generator) -> int:
            return 9

    with pytest.raises(InvalidPolicy, match="chose action 9, which does not exist"):
        rollouts(open_environment("tictactoe"), Cheat(), episodes=1)
