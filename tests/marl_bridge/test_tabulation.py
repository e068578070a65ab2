"""Policies as behavior profiles."""

from __future__ import annotations

import numpy as np
import pytest

import marl_bridge
from gametheory import BehaviorProfile
from marl_bridge.errors import InvalidPolicy, UnknownProbabilities
from tests.marl_bridge.environments import Coordination, OddOneOut


@pytest.mark.parametrize("make", [Coordination, OddOneOut])
def test_random_play_is_the_uniform_profile(make):
    e = marl_bridge.extract(make)
    assert marl_bridge.tabulate("random", e) == BehaviorProfile.uniform(e.game)


def test_each_observation_is_asked_once_and_the_environment_never():
    e = marl_bridge.extract(OddOneOut)
    asked = []

    def watch(observation, mask):
        asked.append(int(observation))
        return np.array([0.25, 0.75])

    profile = marl_bridge.tabulate(watch, e)
    assert len(asked) == len(e.views) == 4  # two agents see nothing, the third 0 or 1
    assert all(list(profile[i]) == [0.25, 0.75] for i in range(len(profile)))


def test_probabilities_of_legal_actions_are_taken_in_their_order():
    e = marl_bridge.extract("classic/tictactoe-v3")
    weights = np.arange(1.0, 10.0)

    def by_number(observation, mask):
        return weights * mask / (weights * mask).sum()

    profile = marl_bridge.tabulate(by_number, e)
    infoset = 150_000
    legal = e.view(infoset).legal_indices()
    expected = weights[legal] / weights[legal].sum()
    assert profile[infoset] == pytest.approx(expected)


class Silent:
    """Acts, and tells nobody how."""

    def act(self, view, rng):
        return 0


def test_policies_without_probabilities_are_named():
    e = marl_bridge.extract(OddOneOut)
    with pytest.raises(UnknownProbabilities, match=r"Silent.*'first'.*what to do"):
        marl_bridge.tabulate(Silent(), e)
    with pytest.raises(InvalidPolicy):
        marl_bridge.tabulate({"first": "random"}, e)
