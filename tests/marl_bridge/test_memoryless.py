"""What policies forget that know their last observation alone, and what that costs."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from gymnasium.spaces import Discrete

import gametheory as gt
import marl_bridge
from gametheory import BehaviorProfile
from gametheory.errors import InvalidProfile
from tests.marl_bridge.chance_environments import Kuhn
from tests.marl_bridge.environments import Coordination


@pytest.fixture(scope="module")
def rounds():
    return marl_bridge.extract("classic/rps-v2", env_kwargs={"max_cycles": 2}, recall="observation")


def test_what_is_forgotten_is_reported(rounds):
    first = rounds.memoryless.reports[0]
    # The observation is the opponent's last action; one's own is forgotten: 1 + 3, and 1 + 9.
    assert (first.n_observations, first.n_information_sets, first.n_confused) == (4, 10, 3)
    one, other = first.example.one, first.example.other
    assert [seen for seen, _ in one] == [seen for seen, _ in other]
    assert one != other
    told = rounds.to_dict()["recall"]
    assert told["by_last_observation"] == "imperfect"
    assert "4 observations for 10 information sets" in told["agents"]["player_0"]["in_words"]
    assert "recall" not in marl_bridge.extract(Kuhn).to_dict()


def test_observations_that_tell_all_forget_nothing():
    e = marl_bridge.extract(Kuhn, recall="observation")
    assert e.memoryless.is_perfect
    assert e.to_dict()["recall"]["by_last_observation"] == "perfect"
    assert e.memoryless.reports[1].example is None


@pytest.mark.slow
def test_leduc_holdem_has_186_observations_for_576_information_sets():
    reports = marl_bridge.extract("classic/leduc-holdem-v4").memoryless.reports
    assert sum(report.n_observations for report in reports) == 186
    assert sum(report.n_information_sets for report in reports) == 576
    assert sum(report.n_confused for report in reports) == 174


def profiles(e, n, seed):
    """Draw memoryless profiles, as tabulated policies are."""
    rng = np.random.default_rng(seed)
    game = e.game
    for _ in range(n):
        rows = [rng.dirichlet(np.ones(view.legal_indices().size)) for view in e.views]
        flat = [rows[shown] for shown in game.infoset_observation]
        yield BehaviorProfile(game, np.concatenate(flat))


def test_projecting_a_memoryless_profile_changes_nothing(rounds):
    for profile in profiles(rounds, 5, 0):
        assert rounds.memoryless.is_memoryless(profile)
        projected = rounds.memoryless.project(profile)
        np.testing.assert_allclose(projected.probabilities, profile.probabilities)


def test_forgetting_costs_what_the_memory_was_good_for(rounds):
    game, seen = rounds.game, rounds.memoryless
    table = [np.zeros(len(infoset.actions)) for infoset in game.information_sets]
    for number, infoset in enumerate(game.information_sets):
        own = game.own_actions(infoset.nodes[0], infoset.player)
        table[number][int(own[0]) if own else 0] = 1.0  # repeat the own first action
    rng = np.random.default_rng(1)
    for number, infoset in enumerate(game.information_sets):
        if not game.own_actions(infoset.nodes[0], infoset.player):
            table[number][:] = rng.dirichlet(np.ones(3))
    remembering = BehaviorProfile(game, np.concatenate(table))
    assert not seen.is_memoryless(remembering)
    forgetting = seen.project(remembering)
    assert seen.is_memoryless(forgetting)
    # Nothing shows the own first action, so that repeating it becomes the mixture it was drawn by.
    for infoset in range(1, game.n_infosets[0]):
        np.testing.assert_allclose(forgetting[infoset], forgetting[0])
    with pytest.raises(InvalidProfile, match=r"different things.*project\(\)"):
        seen.response_bounds(remembering, 0)


def test_the_best_memoryless_response_lies_within_its_bounds(rounds):
    game, seen = rounds.game, rounds.memoryless
    mine = [number for number, view in enumerate(rounds.views) if view.agent == "player_0"]
    for profile in profiles(rounds, 3, 2):
        bounds = seen.response_bounds(profile, "player_0")
        assert bounds.now == pytest.approx(game.expected_payoffs(profile)[0])
        best = -np.inf
        for choice in itertools.product(range(3), repeat=len(mine)):
            chosen = dict(zip(mine, choice, strict=True))
            flat = profile.probabilities.copy()
            for infoset in range(sum(game.n_infosets)):
                shown = int(game.infoset_observation[infoset])
                if shown in chosen:
                    start = int(game.action_offsets[infoset])
                    flat[start : start + 3] = np.eye(3)[chosen[shown]]
            best = max(best, game.expected_payoffs(BehaviorProfile(game, flat))[0])
        assert bounds.now <= bounds.memoryless <= best + 1e-9
        assert best <= bounds.with_memory + 1e-9
        assert bounds.with_memory == pytest.approx(gt.best_response_value(game, profile, 0))


class Forgetful(Coordination):
    """Two rounds that look the same: 1 for choosing differently in them, and a bystander."""

    def _observations(self):
        return dict.fromkeys(self.agents, 0)

    def observation_space(self, agent):
        return Discrete(1)

    def reset(self, seed=None, options=None):
        self.chosen = []
        return super().reset(seed, options)

    def step(self, actions):
        self.chosen.append(actions["left"])
        seen, rewards, *others = super().step(actions)
        rewards = dict.fromkeys(rewards, 0.0)
        if len(self.chosen) == 2:
            rewards["left"] = float(self.chosen[0] != self.chosen[1])
        return seen, rewards, *others


def test_what_needs_a_memory_is_out_of_reach_of_pure_forgetful_responses():
    e = marl_bridge.extract(Forgetful)
    bounds = e.memoryless.response_bounds(BehaviorProfile.uniform(e.game), "left")
    # Pure memoryless policies earn 0; the coin that it has now is the best one: 1/2.
    assert (bounds.now, bounds.memoryless, bounds.with_memory) == (0.5, 0.5, 1.0)


def test_an_agent_that_is_not_there_is_named(rounds):
    uniform = BehaviorProfile.uniform(rounds.game)
    with pytest.raises(InvalidProfile, match=r"no agent 'third'"):
        rounds.memoryless.response_bounds(uniform, "third")
