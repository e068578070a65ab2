"""Certified regrets: right about equilibria, right about what can be exploited, honest in words."""

from __future__ import annotations

import json

import numpy as np
import pytest

import gametheory
from gametheory.errors import InvalidProfile
from gametheory.games.behavior_profile import BehaviorProfile
from gametheory.games.catalog import load
from gametheory.games.correlated_distribution import CorrelatedDistribution
from gametheory.games.extensive_form import ExtensiveFormGame
from gametheory.games.normal_form import NormalFormGame
from gametheory.games.profiles import MixedProfile
from gametheory.games.sampled_histories import sample_plays
from marl_bridge.environments.extraction import extract
from marl_bridge.errors import InvalidEnvironment, InvalidPolicy
from marl_bridge.estimation.deviations import Deviations, deviations_of, pure_deviations
from marl_bridge.estimation.logged_regret import counterfactual_payoffs
from marl_bridge.estimation.sampled_equilibrium import (
    TriedActions,
    certify_equilibrium,
    epsilon_equilibrium,
)
from marl_bridge.estimation.sampled_regret import (
    DeviationGains,
    certified_regret,
    certify_regret,
)
from marl_bridge.intervals import InvalidSamples
from tests.marl_bridge.chance_environments import Kuhn
from tests.marl_bridge.environments import MatchingPennies

UNIT = {"matcher": (-1.0, 1.0), "mismatcher": (-1.0, 1.0)}
ALWAYS = [lambda observation, mask, choice=choice: choice for choice in range(2)]
CHICKEN = NormalFormGame.bimatrix([[6, 2], [7, 0]], [[6, 7], [2, 0]])


def random_pure(game: ExtensiveFormGame, number: int, seed: int) -> list[BehaviorProfile]:
    rng = np.random.default_rng(seed)
    return [BehaviorProfile.pure(game, rng.integers(game.infoset_n_actions)) for _ in range(number)]


def gains_of(game, profile, deviations, episodes, seed):
    """Both players' gains by deviations, on plays with common random numbers."""
    found = {}
    for player in range(2):
        changed = [profile.replace(each, player, game) for each in deviations]
        plays = sample_plays(game, [profile, *changed], episodes, seed=seed)
        payoffs = game.terminal_payoffs[player]
        bounds = (float(payoffs.min()), float(payoffs.max()))
        found[str(player)] = DeviationGains.of(payoffs[plays[1:]] - payoffs[plays[0]], bounds)
    return found


def cycle(actions: int) -> NormalFormGame:
    """A game like rock-paper-scissors: against uniform play all actions earn nothing."""
    half = np.random.default_rng(7).uniform(-1, 1, actions // 2)
    payoff = np.concatenate([[0.0], half, -half[::-1]])
    return NormalFormGame.zero_sum(payoff[np.subtract.outer(range(actions), range(actions))])


def gains_in_a_cycle(game: NormalFormGame, episodes: int, seed: int) -> dict[str, DeviationGains]:
    """Both players' gains from 50 of 51 actions, instead of uniform play."""
    told = np.random.default_rng(seed).integers(game.n_actions[0], size=(episodes, 2))
    gains = [
        TriedActions.of(told[:, i], counterfactual_payoffs(game, told, i), (-1, 1)).gains
        for i in range(2)
    ]
    return {str(i): DeviationGains.of(part.T[:50], (-1, 1)) for i, part in enumerate(gains)}


def false_alarms(runs: int, episodes: int) -> tuple[float, float]:
    """Shares of runs in which an equilibrium, or the best mean alone, looks exploitable."""
    game = cycle(51)
    assert gametheory.nash_conv(game, MixedProfile.uniform(game)) < 1e-12
    alarms = naive = 0
    for seed in range(runs):
        gains = gains_in_a_cycle(game, episodes, seed)
        alarms += certified_regret(gains).exploitable
        best = gains["0"].gains[gains["0"].gains.mean(axis=1).argmax()]
        naive += best.mean() > 1.96 * best.std() / np.sqrt(episodes)
    return alarms / runs, naive / runs


def test_an_equilibrium_is_rarely_called_exploitable() -> None:
    alarms, naive = false_alarms(100, 200)
    assert alarms <= 0.05
    assert naive > 0.2  # the largest of 50 means fools a usual interval


@pytest.mark.slow
def test_false_alarms_over_a_thousand_runs() -> None:
    alarms, naive = false_alarms(1000, 400)
    assert alarms <= 0.05
    assert naive > 0.2


@pytest.mark.slow
def test_false_alarms_at_an_equilibrium_of_kuhn_poker() -> None:
    game = load("kuhn_poker")
    equilibrium = gametheory.solve(game).profile
    deviations = random_pure(game, 50, 0)
    true = max(game.expected_payoffs(equilibrium.replace(d, 0, game))[0] for d in deviations)
    alarms = misses = 0
    for seed in range(1000):
        found = certified_regret(gains_of(game, equilibrium, deviations, 200, seed))
        alarms += found.exploitable
        misses += not found.regrets["0"].contains(max(true + 1 / 18, 0.0))
    assert alarms <= 50
    assert misses <= 50


def test_a_plug_in_maximum_grows_with_the_number_of_deviations() -> None:
    rng = np.random.default_rng(0)
    draws = rng.choice([-0.5, 0.5], (400, 50, 100)).mean(axis=2)
    plugged = [draws[:, :m].max(axis=1).clip(0).mean() for m in (2, 10, 50)]
    assert 0.02 < plugged[0] < plugged[1] < plugged[2]
    assert plugged[2] > 0.1


def test_intervals_contain_the_regrets_of_exploitable_play() -> None:
    game = load("kuhn_poker")
    profile = BehaviorProfile.uniform(game)
    response = gametheory.best_response(game, profile, 0)
    response = response.replace(gametheory.best_response(game, profile, 1), 1, game)
    deviations = [*random_pure(game, 9, 1), response]
    found = certified_regret(gains_of(game, profile, deviations, 4000, 3))
    exact = gametheory.player_regrets(game, profile)
    for player in range(2):
        assert found.regrets[str(player)].contains(float(exact[player]))
    assert found.nash_conv.lower == sum(figure.lower for figure in found.regrets.values())
    assert found.nash_conv.contains(float(exact.sum()))
    assert found.exploitable
    assert not found.complete
    assert found.regrets["0"].deviations == "the 10 deviations given"
    assert "others may gain more" in found.nash_conv.note
    assert "no deviation tested gains more" in found.certificate
    assert json.loads(json.dumps(found.to_dict()))["complete"] is False


def test_environments_are_certified_against_all_pure_strategies() -> None:
    extraction = extract(Kuhn)
    pure = {agent: pure_deviations(extraction, agent) for agent in ("first", "second")}
    assert [len(part) for part in pure.values()] == [27, 64]
    some = {"first": Deviations(pure["first"].policies[:3], "three of them")}
    found = certify_regret(Kuhn, "random", some, extraction=extraction, episodes=100)
    assert not found.complete
    assert found.nash_conv.deviations == "first: three of them"
    again = certify_regret(Kuhn, "random", some, extraction=extraction, episodes=100)
    assert found.to_dict() == again.to_dict()


def test_a_complete_class_certifies_an_epsilon_nash_equilibrium() -> None:
    extraction = extract(MatchingPennies)
    pure = {agent: pure_deviations(extraction, agent) for agent in UNIT}
    told = []
    found = certify_regret(
        MatchingPennies,
        "random",
        pure,
        ranges=UNIT,
        episodes=600,
        progress=lambda done, total: told.append((done, total)),
    )
    assert found.complete
    assert not found.exploitable
    assert found.nash_conv.note == ""
    assert "epsilon-Nash" in found.certificate
    assert found.epsilon < 0.4
    assert told[-1] == (3000, 3000)
    one = certify_regret(
        MatchingPennies, "random", {"matcher": pure["matcher"]}, ranges=UNIT, episodes=20
    )
    assert not one.complete  # the other agent was not tried at all


def test_what_proves_nothing_is_refused() -> None:
    with pytest.raises(InvalidEnvironment, match="nothing bounds the returns"):
        certify_regret(MatchingPennies, "random", {"matcher": ALWAYS})
    with pytest.raises(InvalidPolicy, match="unknown agent 'nobody'"):
        certify_regret(MatchingPennies, "random", {"nobody": ALWAYS}, ranges=UNIT)
    with pytest.raises(InvalidPolicy, match="without a policy"):
        deviations_of({"matcher": []}, tuple(UNIT))
    with pytest.raises(InvalidPolicy, match="no agent 'nobody'"):
        pure_deviations(extract(MatchingPennies), "nobody")
    with pytest.raises(InvalidSamples, match="shape"):
        DeviationGains.of([[1.0]], (0, 1))
    with pytest.raises(InvalidSamples, match="outside the bounds"):
        certified_regret({"row": DeviationGains.of([[2.0, 0.0, 0.0]], (0, 1))})
    nothing = DeviationGains.of(np.zeros((2, 10)), (0, 1))
    for wrong in ({"choosing": 1.0}, {"confidence": 0.0}):
        with pytest.raises(InvalidSamples):
            certified_regret({"row": nothing}, **wrong)


def tried_of(game: NormalFormGame, told) -> dict[str, TriedActions]:
    return {
        name: TriedActions.of(
            told[:, i],
            counterfactual_payoffs(game, told, i),
            (float(game.payoffs[i].min()), float(game.payoffs[i].max())),
        )
        for i, name in enumerate(game.players)
    }


@pytest.mark.parametrize(
    ("joint", "concept"),
    [
        ([["1/2", "1/4"], ["1/4", 0]], "ce"),
        ([["1/2", "1/4"], ["1/4", 0]], "cce"),
        ([["1/4", "1/4"], ["1/4", "1/4"]], "nash"),
        ([[1, 0], [0, 0]], "ce"),
        ([[0, "1/2"], ["1/4", "1/4"]], "ce"),
        ([[0, "1/2"], ["1/4", "1/4"]], "cce"),
    ],
)
def test_epsilon_is_between_its_bounds(joint, concept) -> None:
    device = CorrelatedDistribution(joint)
    regrets = gametheory.swap_regrets if concept == "ce" else gametheory.external_regrets
    exact = regrets(CHICKEN, device)
    found = epsilon_equilibrium(tried_of(CHICKEN, device.sample(3000, seed=2)), concept)
    for figure, regret in zip(found.regrets.values(), exact, strict=True):
        assert figure.contains(float(regret))
    assert found.epsilon.contains(float(exact.max()))
    assert found.epsilon.width < 1.5
    assert found.certificate.startswith("an epsilon-")


def test_epsilon_is_rarely_positive_in_equilibrium() -> None:
    device = CorrelatedDistribution([["1/2", "1/4"], ["1/4", 0]])
    told = device.sample(60 * 200, seed=4).reshape(60, 200, 2)
    alarms = sum(epsilon_equilibrium(tried_of(CHICKEN, t), "ce").epsilon.lower > 0 for t in told)
    assert alarms <= 3


def test_devices_over_populations_of_policies() -> None:
    populations = {"matcher": ALWAYS, "mismatcher": ALWAYS}
    even = MixedProfile([["1/2", "1/2"], ["1/2", "1/2"]])
    found = certify_equilibrium(
        MatchingPennies, populations, even, "nash", ranges=UNIT, episodes=300
    )
    assert found.epsilon.lower == 0.0
    assert "others were not tested" in found.note
    same = CorrelatedDistribution([["1/2", 0], [0, "1/2"]])  # the matcher always wins
    found = certify_equilibrium(MatchingPennies, populations, same, "ce", ranges=UNIT, episodes=300)
    assert found.regrets["matcher"].lower == 0.0
    assert found.regrets["mismatcher"].contains(2.0)
    assert found.regrets["mismatcher"].lower > 1.5
    with pytest.raises(InvalidProfile, match="draw independently"):
        certify_equilibrium(MatchingPennies, populations, same, "nash", ranges=UNIT)
    with pytest.raises(InvalidProfile, match="sizes"):
        certify_equilibrium(
            MatchingPennies, {**populations, "matcher": ["random"]}, even, ranges=UNIT
        )
    with pytest.raises(InvalidPolicy, match="populations are given"):
        certify_equilibrium(MatchingPennies, {"matcher": ALWAYS}, even, ranges=UNIT)
