"""Independent tabular learners: what is proven of them, and what they are known to do."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

import gametheory as gt
import marl_bridge
from marl_bridge.environments.driver import View
from marl_bridge.errors import InvalidEnvironment
from marl_bridge.learners.draws import Draws
from marl_bridge.learners.entries import DrawnEntry, Entry, Table
from marl_bridge.learners.frequency_adjusted_q import FrequencyAdjustedQ
from marl_bridge.learners.registry import find_learner, learners
from marl_bridge.learners.schedules import Schedule

CLIMBING, PENNIES = (gt.catalog.load(name) for name in ("climbing", "matching_pennies"))
OWN = (
    "actor-critic",
    "boltzmann-q",
    "exp3",
    "frequency-adjusted-q",
    "hysteretic-q",
    "independent-q",
    "lenient-q",
    "regret-matching",
    "reinforce",
    "wolf-phc",
)


def rows(training):
    """Each agent's policy in a game of one observation."""
    return [next(iter(policy.table.values())) for policy in training.policies.values()]


def played(game, training):
    """What the most probable joint action pays the first player."""
    return float(game.payoffs[0][tuple(int(row.argmax()) for row in rows(training))])


@pytest.mark.parametrize("learner", OWN)
def test_every_learner_solves_a_game_with_a_dominant_action(learner):
    dilemma = gt.catalog.load("prisoners_dilemma")
    options = {"payoff_range": (-3.0, 0.0)} if learner == "exp3" else {}
    training = marl_bridge.train(dilemma, learner, episodes=3000, seed=0, **options)
    assert all(row[1] > 0.9 for row in rows(training))


@pytest.mark.parametrize("learner", OWN)
def test_every_learner_plays_legal_actions_in_an_environment(learner):
    training = marl_bridge.train("classic/tictactoe-v3", learner, episodes=30, seed=0)
    figures = marl_bridge.estimate("classic/tictactoe-v3", training.policies, episodes=5)
    assert set(figures.returns) == {"player_1", "player_2"}


def test_forgiving_learners_find_the_best_more_often():
    def best(learner):
        return sum(
            played(CLIMBING, marl_bridge.train(CLIMBING, learner, episodes=3000, seed=s)) == 11.0
            for s in range(10)
        )

    assert best("independent-q") == 0 < best("hysteretic-q")


def test_frequency_adjustment_divides_the_step_by_the_probability():
    learning = FrequencyAdjustedQ(marl_bridge.open_environment(PENNIES), episodes=10, cap=0.1)
    entry = DrawnEntry(2)
    entry.legal, entry.values = [0, 1], [3.0, 0.0]
    learning.temperature, learning.alpha = 1.0, 0.5
    p = math.exp(3) / (math.exp(3) + 1)
    learning.choose(entry)
    assert entry.chances == pytest.approx([p, 1 - p])
    learning.learn(entry, 0, 4.0, None)
    assert entry.values[0] == pytest.approx(3.0 + 0.5 * (0.1 / p) * 1.0)
    entry.values = [3.0, 0.0]
    learning.learn(entry, 1, 1.0, None)
    assert entry.values[1] == pytest.approx(0.5)  # rarer than the cap: the whole step


def test_options_that_make_no_sense_are_refused():
    for learner, options, match in (
        ("exp3", {"payoff_range": (1.0, -1.0)}, "payoff_range"),
        ("exp3", {"payoff_range": (0.0, 0.5)}, "bounds on the returns"),
        ("boltzmann-q", {"temperature": Schedule(0.0, 0.0)}, "temperature"),
        ("hysteretic-q", {"pessimism": 2.0}, "pessimism"),
        ("wolf-phc", {"winning": -1.0}, "winning"),
        ("lenient-q", {"leniency": 0.0}, "leniency"),
    ):
        with pytest.raises(InvalidEnvironment, match=match):
            marl_bridge.train(PENNIES, learner, episodes=5, **options)


def test_places_are_drawn_in_proportion_to_their_weights():
    draws = Draws(np.random.SeedSequence(7))
    counts = np.bincount([draws.place([1.0, 0.0, 3.0]) for _ in range(4000)], minlength=3)
    assert counts[1] == 0 and counts[2] / 4000 == pytest.approx(0.75, abs=0.03)


def test_the_page_on_learners_says_what_the_registry_says():
    page = (Path(__file__).parents[2] / "docs" / "learners.md").read_text("utf-8")
    for learner in learners():
        assert f"| `{learner.name}` | {learner.promise}" in page


def test_masks_that_change_under_one_observation_have_entries_of_their_own():
    from gymnasium.spaces import Discrete

    table = Table(Entry)
    views = [
        View("a", 0, np.array(mask, dtype=bool), Discrete(3))
        for mask in ((1, 1, 0), (0, 1, 1), (1, 1, 0))
    ]
    first, second, third = (table.at(view) for view in views)
    assert first is third is not second
    assert (first.legal, second.legal) == ([0, 1], [1, 2])
    assert first.key == second.key


def test_returns_are_weighed_by_the_chance_that_their_action_had_when_it_was_taken():
    learning = find_learner("regret-matching").start(
        marl_bridge.open_environment(PENNIES), episodes=10
    )
    seen = []

    def credit(entry, place, earned):
        seen.append((place, entry.chances[place], earned))
        entry.values[place] += 1.0  # the first to be credited must not change the others' weights

    learning.credit = credit
    entry = DrawnEntry(2)
    entry.legal = [0, 1]
    entry.values = [3.0, 1.0]
    drawn = learning.chances(entry)
    places = []
    for turn in range(3):  # three turns at one observation
        places.append(learning.choose(entry))
        learning.learn(entry, places[-1], 1.0, entry if turn < 2 else None)
    assert seen == [(p, drawn[p], k + 1.0) for k, p in enumerate(reversed(places))]
