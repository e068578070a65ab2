"""Learners with networks: they need the extra "torch"."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest

import gametheory as gt
import marl_bridge
from marl_bridge.learners.registry import learners
from marl_bridge.policies.specs import policies_from, save_policies

PENNIES = gt.catalog.load("matching_pennies")
DEEP = [learner.name for learner in learners() if learner.extra == "torch"]


@pytest.mark.skipif(importlib.util.find_spec("sb3_contrib") is not None, reason="it is installed")
@pytest.mark.parametrize("learner", DEEP)
def test_without_the_extra_a_learner_says_what_to_install(learner):
    with pytest.raises(gt.MissingExtra, match=r"pip install 'gametheory-toolkit\[torch\]'"):
        marl_bridge.train(PENNIES, learner, episodes=1)


def test_self_play_repeats_resumes_and_is_saved(tmp_path, monkeypatch):
    pytest.importorskip("sb3_contrib")
    arguments = {"episodes": 3, "steps": 128, "n_steps": 64, "seed": 2}
    extraction = marl_bridge.extract(PENNIES)

    def table(training):
        return marl_bridge.tabulate(training.policies, extraction).probabilities

    whole, again = (marl_bridge.train(PENNIES, "self-play-ppo", **arguments) for _ in range(2))
    assert np.array_equal(table(whole), table(again))
    path = tmp_path / "training.json"
    monkeypatch.setattr("marl_bridge.learners.training._SAVE_EVERY", -1.0)

    def stop(done, total):
        if done == 2:
            raise KeyboardInterrupt

    marl_bridge.train(PENNIES, "self-play-ppo", checkpoint=path, progress=stop, **arguments)
    resumed = marl_bridge.train(PENNIES, "self-play-ppo", checkpoint=path, **arguments)
    assert np.allclose(table(whole), table(resumed), atol=1e-6)
    with pytest.raises(marl_bridge.InvalidPolicy, match="through a function"):
        save_policies(whole.policies, tmp_path / "models")


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
