"""Policies with a memory: in play, and as exact behavior profiles."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from gymnasium.spaces import Box, Discrete

import marl_bridge
from gametheory import BehaviorProfile
from marl_bridge.environments.driver import View
from marl_bridge.environments.opening import open_environment
from marl_bridge.errors import InvalidPolicy, UnknownProbabilities
from marl_bridge.policies.memory import MemoryPolicy, begin_episode
from marl_bridge.policies.policy import DistributionPolicy, as_policy
from tests.marl_bridge.environments import Coordination

UNIFORM = np.full(3, 1 / 3)


def next_of_own(observation: Any, mask: Any, memory: Any, last: Any) -> Any:
    """Anything first, then always what beats the own action before: needs its own history."""
    return (UNIFORM if last is None else np.eye(3)[(last + 1) % 3]), memory


def counting(observation: Any, mask: Any, memory: list[int], last: Any) -> Any:
    """Mix by the number of turns so far, in a memory that is changed in place."""
    memory.append(0)
    return np.array([len(memory), 1.0, 1.0]) / (len(memory) + 2), memory


def view(observation: Any = 7, agent: str = "zoe", n: int = 3) -> View:
    return View(agent, observation, None, Discrete(n))


@pytest.fixture(scope="module")
def two_rounds() -> marl_bridge.Extraction:
    return marl_bridge.extract("classic/rps-v2", env_kwargs={"max_cycles": 2})


def test_a_recurrent_policy_is_evaluated_exactly(two_rounds) -> None:
    # Its first action is seen, so its second one is known: worth 1 to a best response.
    report = marl_bridge.check(
        "classic/rps-v2",
        {"player_0": MemoryPolicy(next_of_own), "player_1": "random"},
        env_kwargs={"max_cycles": 2},
        episodes=50,
    )
    gains = [agent.best_response_gain for agent in report.agents]
    assert gains == pytest.approx([0.0, 1.0])
    assert report.nash_conv == pytest.approx(1.0)
    assert [agent.exact_return for agent in report.agents] == pytest.approx([0.0, 0.0])


def test_profiles_replay_the_own_history_of_each_information_set(two_rounds) -> None:
    game = two_rounds.game
    profile = marl_bridge.tabulate(MemoryPolicy(next_of_own), two_rounds)
    seen = 0
    for infoset in range(game.infoset_player.size):
        player = int(game.infoset_player[infoset])
        own = game.own_actions(int(game.infoset_first_node[infoset]), player)
        expected = UNIFORM if not own else np.eye(3)[(int(own[-1]) + 1) % 3]
        assert profile[infoset] == pytest.approx(expected)
        seen += bool(own)
    assert seen == 18  # two agents, three own and three other first actions


def test_memories_changed_in_place_do_not_leak_between_branches(two_rounds) -> None:
    profile = marl_bridge.tabulate(MemoryPolicy(counting, start=[]), two_rounds)
    game = two_rounds.game
    for infoset in range(game.infoset_player.size):
        player = int(game.infoset_player[infoset])
        turn = 1 + len(game.own_actions(int(game.infoset_first_node[infoset]), player))
        assert profile[infoset] == pytest.approx(np.array([turn, 1, 1]) / (turn + 2))


def test_a_memory_that_is_never_used_changes_nothing() -> None:
    e = marl_bridge.extract(Coordination)

    def plain(observation, mask):
        weights = np.array([1.0, 3.0 + observation[0]]) * mask
        return weights / weights.sum()

    def idle(observation, mask, memory, last):
        return plain(observation, mask), memory

    expected = marl_bridge.tabulate(plain, e)
    assert marl_bridge.tabulate(MemoryPolicy(idle), e) == expected
    mixed = marl_bridge.tabulate({"left": MemoryPolicy(idle), "right": "random"}, e)
    uniform = BehaviorProfile.uniform(e.game)
    for infoset, player in enumerate(e.game.infoset_player.tolist()):
        assert list(mixed[infoset]) == list((uniform if player else expected)[infoset])


def _mostly_rock(observation: Any, mask: Any) -> np.ndarray:
    return np.array([0.5, 0.25, 0.25])


def test_episodes_agree_with_the_exact_profile(two_rounds) -> None:
    def step(observation, mask, memory, last):
        return np.roll([0.7, 0.2, 0.1], memory + (last or 0)), memory + 1

    policies = {"player_0": MemoryPolicy(step, start=0), "player_1": _mostly_rock}
    exact = two_rounds.game.expected_payoffs(marl_bridge.tabulate(policies, two_rounds))
    source = open_environment("classic/rps-v2", env_kwargs={"max_cycles": 2})
    episodes = marl_bridge.rollouts(source, policies, episodes=2000, seed=3)
    errors = episodes.returns.std(axis=1) / np.sqrt(len(episodes))
    assert (np.abs(episodes.returns.mean(axis=1) - exact) < 4 * errors).all()
    again = marl_bridge.rollouts(source, policies, episodes=5, seed=3)
    assert np.array_equal(again.returns, episodes.returns[:, :5])


def record(observation: Any, mask: Any, memory: int, last: Any) -> Any:
    return (memory, memory + 1)


def test_an_episode_starts_with_its_generator_or_when_it_is_told() -> None:
    policy, rng = MemoryPolicy(record, start=0), np.random.default_rng(0)
    assert [policy.act(view(), rng) for _ in range(3)] == [0, 1, 2]
    assert policy.act(view(agent="yan"), rng) == 0  # a memory for each seat
    assert policy.act(view(), np.random.default_rng(0)) == 0
    begin_episode([policy, "random"])
    # Told once, it is always told: a generator for each turn no longer starts an episode.
    assert [policy.act(view(), np.random.default_rng(i)) for i in range(3)] == [0, 1, 2]
    begin_episode([policy])
    assert policy.act(view(), rng) == 0
    assert pickle.loads(pickle.dumps(policy)).act(view(), rng) == 0


def test_policies_with_a_memory_have_no_probabilities_at_an_observation() -> None:
    policy = MemoryPolicy(next_of_own)
    assert as_policy(policy) is policy
    assert not isinstance(policy, DistributionPolicy)


def test_wrong_answers_are_named(two_rounds) -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(InvalidPolicy, match=r"'zoe' returned 3.*what to do: return answer, memory"):
        MemoryPolicy(lambda o, m, memory, last: 3).act(view(), rng)
    with pytest.raises(InvalidPolicy, match=r"'zoe' chose action 9, which does not exist"):
        MemoryPolicy(lambda o, m, memory, last: (9, None)).act(view(), rng)
    with pytest.raises(InvalidPolicy, match=r"probabilities of shape \(2,\)"):
        marl_bridge.tabulate(MemoryPolicy(lambda o, m, memory, last: ([0.5, 0.5], 0)), two_rounds)
    with pytest.raises(UnknownProbabilities, match="samples its own actions"):
        marl_bridge.tabulate(
            MemoryPolicy(lambda o, m, memory, last: (int(rng.integers(3)), 0)), two_rounds
        )
    with pytest.raises(InvalidPolicy, match="Discrete action space"):
        MemoryPolicy(next_of_own).distribution(View("zoe", 0, None, Box(0, 1, (2,))), None, None)
