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
    save_policies(whole.policies, tmp_path / "models")
    agents = list(PENNIES.players)
    with pytest.raises(marl_bridge.InvalidPolicy, match="allow"):
        policies_from([str(tmp_path / "models")], agents)
    loaded = policies_from([str(tmp_path / "models")], agents, allow_code=True)
    assert np.allclose(marl_bridge.tabulate(loaded, extraction).probabilities, table(whole))


@pytest.mark.slow
def test_self_play_on_kuhn_poker_falls_below_a_tenth():
    pytest.importorskip("sb3_contrib")
    kuhn = gt.catalog.load("kuhn_poker")
    training = marl_bridge.train(kuhn, "self-play-ppo", episodes=60, seed=1, ent_coef=0.05)
    extraction = marl_bridge.extract(kuhn)
    profile = marl_bridge.tabulate(training.policies, extraction)
    print(gt.exploitability(extraction.game, profile))
