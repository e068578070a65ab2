"""The main job on real and custom environments."""

from __future__ import annotations

import json
import pickle

import numpy as np
import pytest

import gametheory as gt
import marl_bridge
from marl_bridge import optimum
from marl_bridge.errors import InvalidEnvironment, InvalidPolicy
from tests.marl_bridge.chance_environments import Continuous
from tests.marl_bridge.environments import Coordination, MatchingPennies, OddOneOut


def first_legal(observation, mask):
    return int(np.flatnonzero(mask)[0])


@pytest.fixture(scope="module")
def first_square():
    """Tictactoe, both agents taking the first free square."""
    return marl_bridge.check("classic/tictactoe-v3", first_legal, episodes=200)


def test_a_policy_that_beats_random_but_not_its_best_response_is_called_exploitable(first_square):
    player_1 = first_square.agents[0]
    assert player_1.against_random.wins > 0.5
    assert player_1.worst_case_return == -1
    sentence = first_square.verdict[1]
    assert "player_1 is exploitable" in sentence
    assert "of its games against random play, but" in sentence
    assert "holds it to -1.0000" in sentence
    assert first_square.nash_conv == pytest.approx(
        sum(agent.best_response_gain for agent in first_square.agents)
    )


def test_tictactoe_values_are_certified(first_square):
    assert first_square.exact
    assert first_square.team_optimum is None
    assert [agent.optimal_value for agent in first_square.agents] == [0, 0]
    assert first_square.solution_concept == "subgame-perfect"
    assert first_square.solution_status == "certified_exact"
    assert first_square.facts["n_histories"] == 549_946


def test_a_solved_policy_is_called_optimal():
    e = marl_bridge.extract("classic/rps-v2", env_kwargs={"max_cycles": 1})
    assert gt.solve(e.game).certificate.exact
    report = marl_bridge.check(
        "classic/rps-v2",
        lambda observation, mask: np.full(3, 1 / 3),
        env_kwargs={"max_cycles": 1},
        episodes=200,
    )
    assert report.nash_conv == pytest.approx(0, abs=1e-12)
    assert "are an equilibrium" in report.verdict[0]
    assert "player_0 plays optimally" in report.verdict[1]


@pytest.mark.parametrize("make", [MatchingPennies, OddOneOut, Coordination])
def test_custom_classes_are_checked_like_the_classics(make):
    report = marl_bridge.check(make, "random", episodes=500)
    assert report.exact
    for agent in report.agents:
        assert agent.empirical_return.method == "betting"
        assert agent.empirical_return.contains(agent.exact_return)
    assert any("Every interval contains the exact" in sentence for sentence in report.verdict)
    assert json.loads(report.to_json())["exact"] is True


def test_aec_and_parallel_give_the_same_figures():
    reports = [
        marl_bridge.check(make, "random", episodes=100, env_kwargs={"max_cycles": 2})
        for make in ("classic/rps-v2", "pettingzoo.classic.rps_v2")
    ]
    assert reports[0].nash_conv == reports[1].nash_conv


def test_general_sum_games_speak_of_gains():
    report = marl_bridge.check(
        Coordination, lambda observation, mask: int(np.flatnonzero(mask)[0]), episodes=50
    )
    assert report.exploitability is None
    assert report.team_optimum == 8
    assert not report.value_is_unique  # each equilibrium pays something else
    assert "others may differ" in " ".join(str(report).split())
    assert any("earn 6.0000 of the 8.0000" in sentence for sentence in report.verdict)
    # both play 0, then both must play 1: 1 + 2; no single deviation pays more
    assert [agent.exact_return for agent in report.agents] == [3, 3]
    assert all("best responds to the others" in sentence for sentence in report.verdict[1:3])


def test_games_that_are_not_solved_in_time_say_so(monkeypatch):
    monkeypatch.setattr(optimum, "_PATIENCE", 0.0)
    report = marl_bridge.check(Coordination, "random", episodes=20)
    assert report.exact
    assert report.solution_status == ""
    assert report.agents[0].optimal_value is None
    assert "time limit" in report.why_not_solved
    assert report.why_not_solved[:20] in " ".join(str(report).split())


def test_continuous_chance_gives_estimates_and_the_reason():
    report = marl_bridge.check(Continuous, "random", episodes=200, learn=0)
    assert not report.exact
    assert "uses chance" in report.why_not_exact
    assert report.agents[0].exact_return is None
    assert report.agents[0].optimal_value is None
    assert report.agents[0].empirical_return.method == "student-t"
    assert "No exact optimum is available" in str(report)


def test_knights_archers_zombies_has_returns_and_a_plain_refusal():
    with pytest.warns(UserWarning, match=r"knights_archers_zombies_v10.*-v11"):
        report = marl_bridge.check("knights_archers_zombies_v10", "random", episodes=3, learn=0)
    assert len(report.agents) == 4
    total = sum(agent.empirical_return.value for agent in report.agents)
    assert report.team_return.value == pytest.approx(total)
    assert "No exact optimum is available" in str(report)
    assert "a reused instance differs from a fresh one" in report.why_not_exact


def test_a_policy_that_samples_for_itself_is_estimated_against_the_known_value():
    rng = np.random.default_rng(0)
    report = marl_bridge.check(
        MatchingPennies, lambda o, m: int(rng.integers(2)), episodes=100, learn=0
    )
    assert not report.exact
    assert "samples its own actions" in report.why_not_exact
    assert [agent.optimal_value for agent in report.agents] == [0, 0]
    assert report.agents[0].exact_return is None
    assert "certified exact" in str(report)


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        (lambda o, m: 0, r"player_2.*\b0\b.*legal"),
        (lambda o, m: 99, "99"),
        (lambda o, m: np.ones(4) / 4, r"4.*9|9.*4"),
        (lambda o, m: np.full(9, np.nan), "nan"),
        (lambda o, m: np.ones(9), "9"),
        (lambda o, m: "left", "left"),
    ],
)
def test_bad_policies_are_refused_by_name(policy, message):
    with pytest.raises(InvalidPolicy, match=message):
        marl_bridge.check("classic/tictactoe-v3", policy, episodes=5)


def test_unknown_environments_are_refused_with_a_suggestion():
    with pytest.raises(InvalidEnvironment, match="tictactoe"):
        marl_bridge.check("classic/tictactoo-v3", "random")


def test_ctrl_c_keeps_the_finished_episodes():
    def stop(done, total):
        if done == 7:
            raise KeyboardInterrupt

    report = marl_bridge.check(MatchingPennies, "random", episodes=100, progress=stop)
    assert report.interrupted
    assert report.agents[0].empirical_return.episodes in (6, 7)
    assert report.exact


def test_equal_seeds_give_equal_reports():
    one, two = (marl_bridge.check(OddOneOut, "random", episodes=50, seed=4) for _ in range(2))
    assert one.agents == two.agents
    assert one.team_return == two.team_return


def test_a_trained_policy_is_told_apart_from_the_optimum():
    training = marl_bridge.train("classic/tictactoe-v3", episodes=3000, seed=0)
    report = marl_bridge.check("classic/tictactoe-v3", training.policies, episodes=300)
    for agent in report.agents:
        assert agent.empirical_return.contains(agent.exact_return)
    first = report.agents[0]
    assert first.against_random.wins > 0.5 > first.optimal_value > first.worst_case_return
    assert "player_1 is exploitable: it wins" in " ".join(report.verdict)
    shown = str(report)
    assert f"{first.exact_return:.4f}" in shown
    assert f"{first.empirical_return.value:.4f}" in shown


def test_reports_can_be_sent_to_another_process():
    report = marl_bridge.check(MatchingPennies, "random", episodes=20)
    assert pickle.loads(pickle.dumps(report)) == report


def test_a_learned_response_stands_beside_the_exact_one():
    report = marl_bridge.check(MatchingPennies, "random", episodes=300, learn=0.2)
    for agent, bounds in zip(report.agents, report.bounds.agents, strict=True):
        assert bounds.agent == agent.agent
        assert bounds.lower.value <= agent.best_response_value + 1e-9
        assert bounds.exact.value == pytest.approx(agent.best_response_value)
    told = report.to_dict()
    assert told["bounds"]["schema"].startswith("marl_bridge.exploitation.bounds")
    assert json.loads(report.to_json())["certified_nash_conv"] == report.nash_conv
    assert "Best responses to the others' policies" in str(report)
    assert report.meetings.returns[0][0] == pytest.approx([a.exact_return for a in report.agents])
    best = report.meetings.returns[2][0][0], report.meetings.returns[0][2][1]
    assert best == pytest.approx([a.best_response_value for a in report.agents])


def test_where_no_game_is_known_a_response_is_learned_and_nothing_is_claimed():
    report = marl_bridge.check(Continuous, "random", episodes=200, learn=0.2)
    assert not report.exact and report.certified_nash_conv is None
    assert report.bounds is not None and "exploitab" not in " ".join(report.verdict)
    certified = marl_bridge.check(
        Continuous,
        "random",
        episodes=200,
        learn=0.2,
        ranges=dict.fromkeys(("first", "second"), (-9, 9)),
    )
    assert certified.bounds.certified


def test_long_episodes_are_no_place_to_learn_unasked(monkeypatch):
    monkeypatch.setitem(marl_bridge.check.__globals__, "_EVALUATION_PATIENCE", 0.0)
    report = marl_bridge.check(Continuous, "random", episodes=20)
    assert report.bounds is None and "learn=10" in report.why_no_bounds
    assert "No best response was learned" in str(report)


def test_a_check_is_recorded_on_request(tmp_path):
    path = tmp_path / "record.sqlite"
    marl_bridge.check(MatchingPennies, "random", episodes=50, record=path)
    [ranked] = marl_bridge.leaderboard("matching_pennies_v0", path)
    assert len(ranked.ranked) == 1
