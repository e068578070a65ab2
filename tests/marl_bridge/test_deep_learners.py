"""Learners with networks: they need the extra "torch"."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest
from gymnasium.spaces import Box, Dict, Discrete, Sequence, Tuple

import gametheory as gt
import marl_bridge
from marl_bridge.learners.registry import learners
from marl_bridge.policies.specs import policies_from, save_policies
from tests.marl_bridge.environments import MatchingPennies


class NamedParts(MatchingPennies):
    """Shows an array and a number by name."""

    def observation_space(self, agent):
        return Dict({"table": Box(0, 1, (2, 2)), "turn": Discrete(2, start=1)})

    def observe(self, agent):
        return {"table": np.eye(2, dtype=np.float32), "turn": 1 + self.order.index(agent)}


class Pair(MatchingPennies):
    """Shows two numbers without names."""

    def observation_space(self, agent):
        return Tuple((Discrete(2), Discrete(3)))

    def observe(self, agent):
        return self.order.index(agent), 2


class Endless(MatchingPennies):
    """Shows as many numbers as it likes."""

    def observation_space(self, agent):
        return Sequence(Discrete(2))


class Pushing(MatchingPennies):
    """Takes a force."""

    def action_space(self, agent):
        return Box(-1, 1, (1,))


PENNIES = gt.catalog.load("matching_pennies")
PPO = {"episodes": 3, "steps": 128, "n_steps": 64}
SMALL = {"batch_size": 8, "update_every": 3}
DEEP = [learner.name for learner in learners() if learner.extra == "torch"]


needs_torch = pytest.mark.skipif(find_spec("torch") is None, reason="torch is not installed")
needs_sb3 = pytest.mark.skipif(find_spec("sb3_contrib") is None, reason="it is not installed")
NETWORKS = pytest.mark.parametrize(
    ("learner", "arguments"),
    [
        pytest.param("self-play-ppo", PPO, marks=needs_sb3),
        pytest.param("self-play-ppo", {**PPO, "average": True}, marks=needs_sb3),
        pytest.param("nfsp", {"episodes": 60, **SMALL}, marks=needs_torch),
    ],
)


@pytest.mark.parametrize("learner", DEEP)
def test_without_the_extra_a_learner_says_what_to_install(learner):
    if find_spec("torch") is not None:
        pytest.skip("it is installed")
    with pytest.raises(gt.MissingExtra, match=r"pip install 'gametheory-toolkit\[torch\]'"):
        marl_bridge.train(PENNIES, learner, episodes=1)


@NETWORKS
def test_learning_repeats_and_resumes(learner, arguments, tmp_path, monkeypatch):
    extraction = marl_bridge.extract(PENNIES)

    def train(**more):
        return marl_bridge.train(PENNIES, learner, seed=2, **arguments, **more)

    def table(training):
        return marl_bridge.tabulate(training.policies, extraction).probabilities

    whole, again = train(), train()
    assert np.array_equal(table(whole), table(again))
    assert not np.allclose(table(whole), 0.5, atol=1e-3)  # it learned something
    path = tmp_path / "training.json"
    monkeypatch.setattr("marl_bridge.learners.training._SAVE_EVERY", -1.0)

    def stop(done, total):
        if done == total * 2 // 3:
            raise KeyboardInterrupt

    assert train(checkpoint=path, progress=stop).interrupted
    resumed = train(checkpoint=path)
    assert np.allclose(table(whole), table(resumed), atol=1e-6)
    assert np.array_equal(whole.trace.returns, resumed.trace.returns)


def test_a_model_that_reads_through_a_function_is_not_saved(tmp_path):
    pytest.importorskip("sb3_contrib")
    training = marl_bridge.train(PENNIES, "self-play-ppo", **{**PPO, "episodes": 1})
    with pytest.raises(marl_bridge.InvalidPolicy, match="through a function"):
        save_policies(training.policies, tmp_path / "models")


def test_saved_networks_play_as_they_did(tmp_path):
    pytest.importorskip("sb3_contrib")
    training = marl_bridge.train(
        "classic/tictactoe-v3", "self-play-ppo", episodes=1, steps=128, n_steps=64
    )
    save_policies(training.policies, tmp_path)
    agents = list(training.policies)
    with pytest.raises(marl_bridge.InvalidPolicy, match="allow"):
        policies_from([str(tmp_path)], agents)
    loaded = policies_from([str(tmp_path)], agents, allow_code=True)
    one, two = (
        marl_bridge.rollouts(
            marl_bridge.open_environment("classic/tictactoe-v3"), policies, episodes=20
        )
        for policies in (training.policies, loaded)
    )
    assert np.array_equal(one.returns, two.returns)


@pytest.mark.parametrize(
    ("make", "env_kwargs"),
    [
        ("classic/tictactoe-v3", {}),  # an array and a mask, one after the other
        ("classic/rps-v2", {"max_cycles": 2}),  # a number, at once
        (NamedParts, {}),
    ],
)
def test_average_networks_are_masked_and_read_from_files(make, env_kwargs, tmp_path):
    pytest.importorskip("torch")
    arguments = {"batch_size": 8, "update_every": 2, "replay": 16, "reservoir": 12}
    training = marl_bridge.train(make, "nfsp", episodes=30, env_kwargs=env_kwargs, **arguments)
    save_policies(training.policies, tmp_path)
    loaded = policies_from([str(tmp_path)], list(training.policies), allow_code=True)
    source = marl_bridge.open_environment(make, env_kwargs=env_kwargs)
    one, two = (
        marl_bridge.rollouts(source, policies, episodes=10)
        for policies in (training.policies, loaded)
    )
    assert np.array_equal(one.returns, two.returns)


@needs_torch
@pytest.mark.parametrize(
    "option",
    [{"anticipatory": 1.5}, {"batch_size": 0}, {"hidden": (8, 0)}, {"replay": 2.5}, {"units": 3}],
)
def test_options_that_make_no_sense_are_refused(option):
    with pytest.raises(marl_bridge.InvalidEnvironment, match=next(iter(option))):
        marl_bridge.train(PENNIES, "nfsp", episodes=1, **option)


@needs_torch
def test_what_cannot_become_a_vector_or_be_listed_is_refused():
    with pytest.raises(marl_bridge.InvalidEnvironment, match="cannot become one vector"):
        marl_bridge.train(Endless, "nfsp", episodes=1)
    with pytest.raises(marl_bridge.InvalidPolicy, match="the learner 'nfsp' has no list"):
        marl_bridge.train(Pushing, "nfsp", episodes=1)


@needs_torch
def test_observations_of_which_no_tensor_can_be_made_are_flattened_by_a_function():
    training = marl_bridge.train(Pair, "nfsp", episodes=20, batch_size=4, update_every=2)
    report = marl_bridge.check(Pair, training.policies, record=False)
    assert report.exact and 0.0 <= report.nash_conv <= 2.0


@needs_torch
def test_the_unit_of_rewards_makes_no_difference():
    one, million = (
        marl_bridge.train(
            MatchingPennies, "nfsp", episodes=60, env_kwargs={"stake": stake}, **SMALL
        )
        for stake in (1.0, 2.0**20)
    )
    assert np.array_equal(one.trace.returns * 2.0**20, million.trace.returns)


@pytest.mark.slow
@needs_torch
@pytest.mark.parametrize("seed", range(3))
def test_average_networks_come_close_to_equilibrium_in_kuhn_poker(seed):
    extraction = marl_bridge.extract("games/kuhn_poker")
    training = marl_bridge.train("games/kuhn_poker", "nfsp", seed=seed)
    profile = marl_bridge.tabulate(training.policies, extraction)
    assert gt.exploitability(extraction.game, profile) < 0.1  # uniform play: 0.458


@pytest.mark.slow
@needs_sb3
@pytest.mark.parametrize("seed", range(2))
def test_averages_of_self_play_come_closer_to_equilibrium_than_uniform_play(seed):
    extraction = marl_bridge.extract("games/kuhn_poker")
    training = marl_bridge.train(
        "games/kuhn_poker", "self-play-ppo", seed=seed, episodes=10, average=True
    )
    profile, uniform = (
        marl_bridge.tabulate(policies, extraction) for policies in (training.policies, "random")
    )
    found, before = (gt.exploitability(extraction.game, p) for p in (profile, uniform))
    assert found < before / 2  # reached: 0.11 and 0.46
