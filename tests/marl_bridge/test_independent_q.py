from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from gametheory.errors import UnsupportedGame
from marl_bridge.environments.opening import open_environment
from marl_bridge.errors import InvalidEnvironment, InvalidPolicy
from marl_bridge.learners import train
from marl_bridge.learners.registry import learners
from marl_bridge.learners.schedules import Schedule
from marl_bridge.policies.policy import observation_key
from marl_bridge.rollouts import rollouts
from tests.marl_bridge.environments import Coordination, HigherCard, MatchingPennies, Pointing


def test_each_card_is_played_as_it_pays_against_random_play() -> None:
    training = train(
        HigherCard, episodes=4000, exploration=Schedule(1, 1, 1), step_size=Schedule(0.2, 0.01, 1)
    )
    # Card 0: playing returns -3/8, folding -1/8; card 1: 1/8 and -1/8; card 2: 5/8 and -1/8.
    for agent, policy in training.policies.items():
        assert policy.table[observation_key(1)].tolist() == [0.0, 1.0], agent
        assert policy.table[observation_key(2)].tolist() == [0.0, 1.0], agent
        assert policy.table[observation_key(0)].tolist() == [1.0, 0.0], agent


def test_simultaneous_rounds_are_learned_to_the_team_optimum() -> None:
    training = train(Coordination, episodes=500)
    played = rollouts(open_environment(Coordination), training.policies, episodes=3)
    assert_array_equal(played.returns, np.full((2, 3), 4.0))


def test_equal_seeds_learn_the_same() -> None:
    first, second, third = (train("tictactoe", episodes=200, seed=seed) for seed in (0, 0, 1))
    assert first.policies == second.policies
    assert first.policies != third.policies
    assert_array_equal(first.trace.returns, second.trace.returns)


def test_the_curve_holds_block_means() -> None:
    training = train(MatchingPennies, episodes=250)
    assert training.trace.returns.shape == (125, 2)
    assert training.trace.episodes[-1] == training.episodes == 250
    assert np.allclose(training.trace.returns.sum(axis=1), 0.0)
    assert not training.interrupted


def test_ctrl_c_keeps_what_was_learned() -> None:
    def stop(done: int, total: int) -> None:
        if done >= 60:
            raise KeyboardInterrupt

    training = train("tictactoe", episodes=100, progress=stop)
    assert training.interrupted
    assert training.episodes in (59, 60)
    assert len(training.policies["player_1"]) > 60
    assert training.trace.episodes[-1] == training.episodes


def test_a_short_training_beats_random_play_in_both_seats() -> None:
    training = train("tictactoe", episodes=10_000)
    source = open_environment("tictactoe")
    for agent, other in (("player_1", "player_2"), ("player_2", "player_1")):
        policies = {agent: training.policies[agent], other: "random"}
        played = rollouts(source, policies, episodes=300, instances="reused")
        assert (played.of(agent) == 1.0).mean() > 0.75


def test_learned_policies_are_greedy_and_ties_are_uniform() -> None:
    training = train("tictactoe", episodes=300)
    for policy in training.policies.values():
        for row in policy.table.values():
            positive = row[row > 0]
            assert np.allclose(positive, 1.0 / positive.size)


def test_learners_are_listed_with_their_promise() -> None:
    known = {learner.name: learner for learner in learners()}
    assert "none" in known["independent-q"].promise
    assert "1992" in known["independent-q"].source
    assert all(learner.promise and learner.source for learner in known.values())
    with pytest.raises(UnsupportedGame, match=r"no learner 'sarsa'.*'independent-q'"):
        train("tictactoe", "sarsa")


def test_what_cannot_be_learned_says_why() -> None:
    with pytest.raises(InvalidPolicy, match=r"a tabular learner.*Discrete action space"):
        train(Pointing, episodes=1)
    with pytest.raises(InvalidEnvironment, match=r"discount is 1\.5"):
        train("tictactoe", episodes=1, discount=1.5)
    with pytest.raises(InvalidEnvironment, match=r"does not take \['temperature'\]"):
        train("tictactoe", episodes=1, temperature=1.0)
    with pytest.raises(InvalidEnvironment, match="episodes is 0"):
        train("tictactoe", episodes=0)
