"""AIVAT: unbiased whatever anybody does, by exact expectations over the tree and by episodes."""

from __future__ import annotations

import numpy as np
import pytest

import gametheory
from gametheory.errors import InvalidProfile
from gametheory.games.behavior_profile import BehaviorProfile
from gametheory.games.catalog import load
from gametheory.games.extensive_form import ExtensiveFormGame
from gametheory.games.sampled_histories import sample_plays
from marl_bridge.environments.extraction import Extraction, extract
from marl_bridge.errors import InvalidEnvironment, InvalidPolicy
from marl_bridge.estimation.aivat import aivat
from marl_bridge.estimation.aivat_values import aivat_values
from tests.marl_bridge.chance_environments import Kuhn
from tests.marl_bridge.environments import Coordination, OddOneOut

GAMES = ("kuhn_poker", "leduc_poker", "outside_option", "matching_pennies_tree")


def random_profile(game: ExtensiveFormGame, seed: int) -> BehaviorProfile:
    rng = np.random.default_rng(seed)
    rows = [rng.dirichlet(np.ones(size)) for size in game.infoset_n_actions.tolist()]
    return BehaviorProfile(game, np.concatenate(rows))


@pytest.fixture(scope="module")
def three_players() -> ExtensiveFormGame:
    return extract(OddOneOut).game


@pytest.fixture(scope="module")
def kuhn() -> Extraction:
    return extract(Kuhn)


def subsets(n: int) -> list[list[int]]:
    return [[p for p in range(n) if mask >> p & 1] for mask in range(2**n)]


@pytest.mark.parametrize("name", [*GAMES, "three players"])
def test_the_exact_expectation_is_that_of_the_payoffs(
    name: str, three_players: ExtensiveFormGame
) -> None:
    # Whatever is known, whatever the others play, and with a value function of pure noise.
    game = three_players if name == "three players" else load(name)
    truth = random_profile(game, 0)
    expected = game.expected_payoffs(truth)
    reach = game.sequence_form.reach(truth.probabilities)
    noise = np.random.default_rng(1).normal(size=(game.n_players, game.n_nodes))
    for known in subsets(game.n_players):
        for values in (noise, BehaviorProfile.uniform(game), truth):
            corrected = aivat_values(game, truth, known=known, values=values)
            each = corrected.of(np.arange(game.n_terminals))
            assert each @ reach == pytest.approx(expected, abs=1e-10)
            low, high = corrected.ranges.T[:, :, None]
            assert ((each >= low) & (each <= high))[:, reach > 0].all()


def test_ranges_are_the_smallest_that_hold() -> None:
    game = load("kuhn_poker")
    truth = random_profile(game, 3)
    corrected = aivat_values(game, truth, known=[1], values=random_profile(game, 4))
    each = corrected.of(np.arange(game.n_terminals))
    assert np.array_equal(corrected.ranges[:, 0], each.min(axis=1))
    assert np.array_equal(corrected.ranges[:, 1], each.max(axis=1))


def test_nothing_is_left_to_chance_when_all_policies_are_known() -> None:
    game = load("leduc_poker")
    truth = random_profile(game, 5)
    corrected = aivat_values(game, truth, known=[0, 1], values=BehaviorProfile.uniform(game))
    assert corrected.record.max() == 0
    assert corrected.of_record[:, 0] == pytest.approx(game.expected_payoffs(truth), abs=1e-12)


def test_an_indifferent_opponent_leaves_no_variance() -> None:
    # Against an equilibrium all that an equilibrium plays is worth the same.
    game = load("kuhn_poker")
    equilibrium = gametheory.solve(game).profile
    corrected = aivat_values(game, equilibrium, known=[0], values=equilibrium)
    reach = game.sequence_form.reach(equilibrium.probabilities)
    each = corrected.of(np.flatnonzero(reach > 0))
    assert each[0] == pytest.approx(-1 / 18, abs=1e-12)


def test_sampled_leduc_is_unbiased_with_a_tenth_of_the_episodes() -> None:
    game = load("leduc_poker")
    equilibrium, uniform = gametheory.solve(game).profile, BehaviorProfile.uniform(game)
    careless = BehaviorProfile(game, 0.7 * equilibrium.probabilities + 0.3 * uniform.probabilities)
    for opponent, guess in ((careless, equilibrium), (uniform, uniform)):
        corrected = aivat_values(game, equilibrium, known=[0], values=guess)
        actual = equilibrium.replace(opponent, 1, game)
        exact = game.expected_payoffs(actual)[0]
        reach = game.sequence_form.reach(actual.probabilities)
        each = corrected.of(np.arange(game.n_terminals))[0]
        variance = reach @ (each - exact) ** 2
        assert reach @ (game.terminal_payoffs[0] - exact) ** 2 / variance > 10
        better = corrected.of(sample_plays(game, actual, 10_000))[0]
        assert abs(better.mean() - exact) < 3 * np.sqrt(variance) / 100


def test_what_does_not_fit_is_refused() -> None:
    game = load("kuhn_poker")
    uniform = BehaviorProfile.uniform(game)
    with pytest.raises(InvalidProfile, match="no player 2"):
        aivat_values(game, uniform, known=[2], values=uniform)
    with pytest.raises(InvalidProfile, match="value function has shape"):
        aivat_values(game, uniform, known=[0], values=np.zeros(3))
    with pytest.raises(InvalidProfile, match="another game"):
        aivat_values(load("leduc_poker"), uniform, known=[0], values=uniform)


def test_real_episodes_are_found_in_the_tree(kuhn: Extraction) -> None:
    def bluffer(observation, mask):  # its actions alone are seen, not its probabilities
        return int(observation[0] != 1)

    found = aivat(
        Kuhn,
        {"first": "random", "second": bluffer},
        kuhn,
        known=["first"],
        episodes=300,
        confidence=0.999,
    )
    assert len(found.episodes) == 300
    exact = 0.0  # first: uniform; second bets or calls with 0 and 2, checks or folds with 1
    for own in range(3):
        for other in range(3):
            if own != other:
                exact += _value_against_bluffer(own, other) / 6
    assert found.returns["first"].contains(exact)
    assert found.plain["first"].contains(exact)
    assert found.returns["first"].width < found.plain["first"].width
    assert found.returns["first"].method == "betting, AIVAT"
    assert np.allclose(found.corrected.sum(axis=0), 0.0)


def _value_against_bluffer(own: int, other: int) -> float:
    """Value of uniform play with a card against a card whose holder bets unless it is a 1."""
    show = 1.0 if own > other else -1.0
    if other == 1:  # folds to a bet, checks behind
        return 0.5 * 1.0 + 0.5 * show
    return 0.5 * 2 * show + 0.5 * (0.5 * -1.0 + 0.5 * 2 * show)


def test_several_unknown_agents_that_act_at_once() -> None:
    extraction = extract(Coordination)
    found = aivat(Coordination, "random", extraction, known=[], episodes=60)
    # With nobody known and no chance, what was guessed right is all that is left: the returns.
    exact = extraction.game.expected_payoffs(BehaviorProfile.uniform(extraction.game))
    assert found.returns["left"].contains(float(exact[0]))
    assert found.corrected == pytest.approx(found.episodes.returns)


def test_other_environments_and_agents_are_refused(kuhn: Extraction) -> None:
    with pytest.raises(InvalidPolicy, match="no agent 'third'"):
        aivat(Kuhn, "random", kuhn, known=["third"])
    with pytest.raises(InvalidEnvironment, match="other agents"):
        aivat(Coordination, "random", kuhn, known=["first"])
