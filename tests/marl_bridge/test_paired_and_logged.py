"""Paired differences, control variates, balanced seats, sequential stopping, logged regrets."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gametheory
from gametheory.errors import InvalidProfile
from gametheory.games.normal_form import NormalFormGame
from marl_bridge.environments.extraction import extract
from marl_bridge.environments.opening import open_environment
from marl_bridge.errors import InvalidEnvironment
from marl_bridge.estimation.common_numbers import episodes_on_common_numbers
from marl_bridge.estimation.control_variates import ControlVariates, fit_controls
from marl_bridge.estimation.logged_regret import logged_regret, logged_regrets
from marl_bridge.estimation.paired import compare
from marl_bridge.estimation.returns import estimate, more_episodes
from marl_bridge.figures import Figure
from marl_bridge.intervals import InvalidSamples
from marl_bridge.policies.tabulation import tabulate
from tests.marl_bridge.chance_environments import Kuhn
from tests.marl_bridge.environments import MatchingPennies

TWO = {"first": (-2.0, 2.0), "second": (-2.0, 2.0)}
UNIT = {"matcher": (-1.0, 1.0), "mismatcher": (-1.0, 1.0)}


def passive(observation, mask):
    return 0


def nearly_passive(observation, mask):
    return np.array([0.95, 0.05])


def test_equal_policies_have_no_paired_difference() -> None:
    found = compare(Kuhn, "random", "random", episodes=40, ranges=TWO)
    assert found.differences["first"].value == 0.0
    assert found.variance_ratio("first") == float("inf")
    assert found.team.value == 0.0
    assert "paired" in found.team.method


def test_pairing_leaves_the_difference_and_less_variance() -> None:
    told = []
    found = compare(
        Kuhn,
        {"first": nearly_passive, "second": "random"},
        {"first": passive, "second": "random"},
        episodes=400,
        ranges=TWO,
        confidence=0.99,
        progress=lambda done, total: told.append((done, total)),
    )
    assert found.variance_ratio("first") > 5
    extraction = extract(Kuhn)
    exact = [
        extraction.game.expected_payoffs(
            tabulate({"first": policy, "second": "random"}, extraction)
        )[0]
        for policy in (nearly_passive, passive)
    ]
    assert found.differences["first"].contains(float(exact[0] - exact[1]))
    assert told[-1] == (800, 800)
    assert json.loads(json.dumps(found.to_dict()))["episodes"] == 400


def test_others_draw_the_same_numbers_whatever_one_agent_draws() -> None:
    seen: list[list[int]] = [[], []]

    def watched(log):
        class Watched:
            def act(self, view, rng):
                log.append(int(rng.integers(1000)))
                return 0

        return Watched()

    class Greedy:
        def act(self, view, rng):
            rng.random(100)
            return 0

    source = open_environment(MatchingPennies)
    for log, other in zip(seen, (passive, Greedy()), strict=True):
        policies = {"matcher": other, "mismatcher": watched(log)}
        episodes_on_common_numbers(source, policies, episodes=10, seed=3)
    assert seen[0] == seen[1]
    assert len(set(seen[0])) > 5


def test_control_variates_widen_the_range_and_narrow_the_interval() -> None:
    rng = np.random.default_rng(0)
    luck = rng.uniform(-1, 1, (2, 4000))
    payoff = 2 * luck[0] - luck[1] + rng.uniform(-0.1, 0.1, 4000)
    controls = fit_controls(payoff[:500], luck[:, :500], [0, 0], [(-1, 1)] * 2)
    assert controls.coefficients == pytest.approx([2, -1], abs=0.01)
    figure = controls.estimate(payoff[500:], luck[:, 500:], (-3.1, 3.1))
    assert figure.contains(0.0)
    assert figure.width < 0.1
    low, high = controls.bounds(-3.1, 3.1)
    assert low < -6 < 6 < high
    with pytest.raises(InvalidSamples, match="outside its range"):
        controls.correct([0.0], [[2.0], [0.0]])
    with pytest.raises(InvalidSamples, match="1 controls"):
        controls.correct([0.0], [[0.0]])
    with pytest.raises(InvalidSamples, match="mean is outside"):
        ControlVariates([1.0], [3.0], [(0, 1)])


def test_balanced_seats_say_who_earns_what_where() -> None:
    # The matcher's seat wins against a copy: so whoever sits there wins.
    found = estimate(
        MatchingPennies, [passive, passive], episodes=39, seats="balanced", ranges=UNIT
    )
    assert len(found.episodes) == 40
    assert [figure.value for figure in found.policies] == [0.0, 0.0]
    assert found.returns["matcher"].value == 1.0
    assert [seat["matcher"].value for seat in found.in_seats] == [1.0, 1.0]
    assert [seat["mismatcher"].value for seat in found.in_seats] == [-1.0, -1.0]
    assert found.in_seats[0]["matcher"].episodes == 20
    assert found.policies[0].episodes == 40
    assert found.in_seats[0]["matcher"].lower > 0.0 > found.policies[0].lower
    assert len(found.to_dict()["policies"]) == 2


def test_stopping_at_a_width_and_running_out() -> None:
    found = estimate(MatchingPennies, "random", ranges=UNIT, until_width=0.4, episodes=5000)
    assert len(found.episodes) < 1000
    for figure in found.returns.values():
        assert figure.width <= 0.4
        assert figure.contains(0.0)
        assert "any time" in figure.method
    again = estimate(MatchingPennies, "random", ranges=UNIT, until_width=0.4, episodes=5000)
    assert again.to_dict() == found.to_dict()
    short = estimate(MatchingPennies, "random", ranges=UNIT, until_width=0.01, episodes=100)
    assert len(short.episodes) == 100
    assert "not as narrow as 0.01" in short.returns["matcher"].note
    with pytest.raises(InvalidEnvironment, match="until_width"):
        estimate(MatchingPennies, "random", until_width=0.1)


def test_episodes_that_are_still_needed_suffice() -> None:
    first = estimate(MatchingPennies, "random", ranges=UNIT, episodes=300).returns["matcher"]
    more = more_episodes(first, 0.75 * first.width)
    assert 200 < more < 300
    longer = estimate(MatchingPennies, "random", ranges=UNIT, episodes=300 + more)
    assert longer.returns["matcher"].width <= 0.76 * first.width
    assert more_episodes(first, first.width) == 0
    with pytest.raises(InvalidSamples, match="width is 0"):
        more_episodes(first, 0)
    with pytest.raises(InvalidSamples, match="rests on 1"):
        more_episodes(Figure(0, -np.inf, np.inf, 0.95, "estimate", "student-t", 1), 1.0)


games = st.tuples(st.integers(1, 3), st.integers(1, 3), st.integers(0, 2**32 - 1))


@given(games)
@settings(max_examples=40, deadline=None)
def test_regrets_of_logs_are_those_of_their_empirical_distribution(shape) -> None:
    rows, columns, seed = shape
    rng = np.random.default_rng(seed)
    game = NormalFormGame(rng.integers(-5, 6, (2, rows, columns)))
    log = np.stack([rng.integers(rows, size=12), rng.integers(columns, size=12)], axis=1)
    joint = np.zeros((rows, columns))
    np.add.at(joint, tuple(log.T), 1 / 12)
    found = list(logged_regrets(game, log).values())
    swap = [regret.swap.value for regret in found]
    external = [max(regret.external.value, 0.0) for regret in found]
    assert swap == pytest.approx(gametheory.swap_regrets(game, joint), abs=1e-12)
    assert external == pytest.approx(gametheory.external_regrets(game, joint), abs=1e-12)
    for regret, size in zip(found, (rows, columns), strict=True):
        # Swap regret is at least internal and external, at most m times internal (Blum, Mansour).
        assert -1e-12 <= regret.internal.value <= regret.swap.value + 1e-12
        assert regret.external.value <= regret.swap.value + 1e-12
        assert regret.swap.value <= size * regret.internal.value + 1e-12
        assert regret.against(regret.best_map).value == pytest.approx(regret.swap.value)
        fixed = [regret.best_action] * size
        assert regret.against(fixed).value == pytest.approx(regret.external.value)
        assert regret.against(range(size)).value == 0.0


def test_logs_of_three_players() -> None:
    payoffs = np.random.default_rng(0).normal(size=(3, 2, 3, 2))
    game = NormalFormGame(payoffs)
    log = np.array([[0, 2, 1], [1, 0, 0], [0, 2, 1]])
    regret = list(logged_regrets(game, log).values())[1]
    earned = sum(payoffs[1][tuple(joint)] for joint in log)
    best = max(sum(payoffs[1][a, b, c] for a, _, c in log) for b in range(3))
    assert regret.external.value == pytest.approx((best - earned) / 3)
    assert regret.external.episodes == 3
    assert regret.to_dict()["rounds"] == 3


def test_logs_that_are_none_are_refused() -> None:
    game = NormalFormGame.zero_sum([[1, -1], [-1, 1]])
    for wrong in ([[0, 2]], [[0, -1]], [[0.0, 1.0]], [], [[0, 0, 0]]):
        with pytest.raises(InvalidProfile):
            logged_regrets(game, wrong)
    with pytest.raises(InvalidProfile, match="not finite"):
        logged_regret([0], [[np.nan]])
    with pytest.raises(InvalidProfile, match="deviation"):
        logged_regret([0], [[1.0, 2.0]]).against([0, 2])
