"""Environments at the edge of PettingZoo's API, and beyond it."""

from __future__ import annotations

import numpy as np
import pytest
from gymnasium.spaces import Discrete

import gametheory as gt
import marl_bridge
from marl_bridge.errors import ExtractionRefused, InvalidEnvironment
from tests.marl_bridge.environments import Coordination, MatchingPennies


class Endless(MatchingPennies):
    """The agents take turns for ever."""

    def step(self, action):
        agent = self.agent_selection
        self._cumulative_rewards[agent] = 0.0
        self.agent_selection = self.order[1 - self.order.index(agent)]


class UndefinedReward(MatchingPennies):
    """Pays NaN."""

    def payoffs(self):
        return {"matcher": float("nan"), "mismatcher": 0.0}


class NothingAllowed(Coordination):
    """Masks every action."""

    def _observations(self):
        observations = super()._observations()
        for seen in observations.values():
            seen["action_mask"][:] = 0
        return observations


class Lingering(Coordination):
    """Leaves agents that are done in ``agents``."""

    def step(self, actions):
        agents = list(self.agents)
        answer = super().step(actions)
        self.agents = agents
        return answer


class Alone(MatchingPennies):
    """One agent."""

    order = ("solo",)

    def payoffs(self):
        return {"solo": float(self.choices["solo"])}


class Shifted(MatchingPennies):
    """Actions are 5 and 6."""

    def action_space(self, agent):
        return Discrete(2, start=5)

    def step(self, action):
        super().step(None if action is None else int(action) - 5)


class Impatient(MatchingPennies):
    """Truncates instead of terminating, and pays in the same step."""

    def step(self, action):
        super().step(action)
        if any(self.terminations.values()):
            self.truncations = dict.fromkeys(self.agents, True)
            self.terminations = dict.fromkeys(self.agents, False)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (Endless, ExtractionRefused, "no history of the game ends"),
        (UndefinedReward, ExtractionRefused, r"payoffs \(nan, 0.0\).*terminal state"),
        (NothingAllowed, InvalidEnvironment, r"'left'.*mask allows no action.*what to do"),
    ],
)
def test_environments_without_a_game_are_refused(make, error, message):
    with pytest.raises(error, match=message):
        marl_bridge.extract(make)


@pytest.mark.parametrize("make", [Shifted, Impatient])
def test_numbering_and_truncation_do_not_change_the_game(make):
    plain, odd = marl_bridge.extract(MatchingPennies).game, marl_bridge.extract(make).game
    assert odd.terminal_payoffs.tolist() == plain.terminal_payoffs.tolist()
    assert gt.solve(odd).payoffs.tolist() == [0, 0]
    report = marl_bridge.check(make, "random", episodes=100)
    assert report.nash_conv == pytest.approx(0, abs=1e-12)


def test_shifted_actions_keep_their_names():
    e = marl_bridge.extract(Shifted)
    assert e.game.information_sets[0].actions == ("5", "6")
    profile = marl_bridge.tabulate(lambda observation, mask: 6, e)
    assert list(profile[0]) == [0, 1]


def test_agents_that_linger_are_done_all_the_same():
    game, same = marl_bridge.extract(Lingering).game, marl_bridge.extract(Coordination).game
    assert game.terminal_payoffs.tolist() == same.terminal_payoffs.tolist()


def test_one_agent_alone_has_an_optimum():
    report = marl_bridge.check(Alone, lambda observation, mask: 0, episodes=50)
    assert report.agents[0].optimal_value == 1
    assert report.agents[0].best_response_gain == 1
    assert "can gain by deviating" in report.verdict[0]


def test_a_class_defined_in_a_function_can_be_extracted():
    class Local(MatchingPennies):
        pass

    assert marl_bridge.extract(Local).audit.mechanism == "copy"


def test_extraction_leaves_the_global_generators_alone():
    before = np.random.get_state(legacy=False)["state"]["key"].tolist()  # noqa: NPY002
    marl_bridge.extract(MatchingPennies)
    assert np.random.get_state(legacy=False)["state"]["key"].tolist() == before  # noqa: NPY002
