"""Exact games out of unmodified environments, and the reasons for refusing the others."""

from __future__ import annotations

import threading
from typing import ClassVar

import numpy as np
import pytest

import gametheory as gt
import marl_bridge
from gametheory import BehaviorProfile
from marl_bridge.errors import ExtractionRefused
from marl_bridge.rollouts import rollouts
from tests.marl_bridge.environments import (
    Coordination,
    MatchingPennies,
    OddOneOut,
    Pointing,
)


@pytest.fixture(scope="module")
def tictactoe():
    return marl_bridge.extract("classic/tictactoe-v3")


def test_tictactoe_has_its_states_and_histories(tictactoe):
    # Tictactoe has 5,478 reachable positions and 255,168 ways to be played to an end.
    assert tictactoe.audit.n_states == 5478
    assert tictactoe.audit.n_edges == 16167
    assert tictactoe.audit.mechanism == "copy"
    assert tictactoe.game.n_nodes == 549_946
    assert tictactoe.game.n_terminals == 255_168
    assert tictactoe.game.has_perfect_information()
    assert tictactoe.game.is_constant_sum()


def test_tictactoe_is_a_draw_with_an_exact_certificate(tictactoe):
    solution = gt.solve(tictactoe.game, "subgame-perfect")
    assert solution.payoffs.tolist() == [0, 0]
    assert solution.certificate.exact
    assert solution.certificate.concept == "subgame-perfect"


def test_best_responses_to_random_tictactoe(tictactoe):
    uniform = BehaviorProfile.uniform(tictactoe.game)
    values = [gt.best_response_value(tictactoe.game, uniform, p) for p in (0, 1)]
    assert np.round(values, 5).tolist() == [0.99479, 0.92487]


def test_what_agents_were_shown_is_kept(tictactoe):
    for infoset in (0, 1000, 290_000):
        view = tictactoe.view(infoset)
        record = tictactoe.game.information_sets[infoset]
        assert view.agent == tictactoe.game.players[record.player]
        assert [str(a) for a in view.legal_indices()] == list(record.actions)
        taken = int((np.asarray(view.observation) != 0).sum())
        assert len(tictactoe.game.history(record.nodes[0])) == taken
    assert tictactoe.return_ranges == {"player_1": (-1, 1), "player_2": (-1, 1)}


@pytest.mark.parametrize("api", ["aec", "parallel"])
@pytest.mark.parametrize(("rounds", "n_infosets", "n_nodes"), [(1, 2, 13), (2, 20, 121)])
def test_rock_paper_scissors_stays_simultaneous(api, rounds, n_infosets, n_nodes):
    e = marl_bridge.extract("classic/rps-v2", env_kwargs={"max_cycles": rounds}, api=api)
    assert sum(e.game.n_infosets) == n_infosets
    assert e.game.n_nodes == n_nodes
    second = [i for i in e.game.information_sets if i.player == 1]
    assert all(len(infoset.nodes) % 3 == 0 for infoset in second)
    solution = gt.solve(e.game)
    assert solution.payoffs.tolist() == [0, 0]
    assert solution.certificate.exact


def test_a_custom_aec_class_needs_nothing_but_the_api():
    e = marl_bridge.extract(MatchingPennies)
    assert e.game.n_infosets == (1, 1)
    solution = gt.solve(e.game)
    assert solution.certificate.exact
    assert solution.payoffs.tolist() == [0, 0]
    assert [list(p) for p in (solution.profile[0], solution.profile[1])] == [[0.5, 0.5]] * 2


def test_a_custom_parallel_class_keeps_masks_and_simultaneity():
    e = marl_bridge.extract(Coordination)
    assert e.audit.joint_steps
    # first round 2 x 2, then whoever played 0 has one action left: (2 + 1) x (2 + 1) ends.
    assert e.game.n_terminals == 9
    assert e.game.terminal_payoffs.max() == 4
    assert {len(i.actions) for i in e.game.information_sets} == {1, 2}


@pytest.mark.parametrize("make", [MatchingPennies, OddOneOut, Coordination])
def test_expected_payoffs_agree_with_episodes(make):
    e = marl_bridge.extract(make)
    uniform = BehaviorProfile.uniform(e.game)
    played = rollouts(marl_bridge.open_environment(make), "random", episodes=3000, seed=5)
    spread = played.returns.std(axis=1) / np.sqrt(len(played))
    error = np.abs(played.returns.mean(axis=1) - e.game.expected_payoffs(uniform))
    assert (error <= 4.5 * spread + 1e-12).all()


class Locked(OddOneOut):
    """Holds something that cannot be pickled, as many simulators do."""

    def __init__(self) -> None:
        super().__init__()
        self.lock = threading.Lock()


def test_environments_that_cannot_be_copied_are_replayed():
    copied, replayed = marl_bridge.extract(OddOneOut), marl_bridge.extract(Locked)
    assert (copied.audit.mechanism, replayed.audit.mechanism) == ("copy", "replay")
    assert replayed.audit.copy_microseconds is None
    assert "lock" in replayed.audit.copy_refused
    assert copied.audit.copy_refused == ""
    np.testing.assert_array_equal(copied.game.node_infoset, replayed.game.node_infoset)
    np.testing.assert_array_equal(copied.game.terminal_payoffs, replayed.game.terminal_payoffs)


class Remembering(MatchingPennies):
    """Keeps its score outside the object: episodes depend on those before."""

    games: ClassVar[list[int]] = [0]

    def payoffs(self) -> dict[str, float]:
        Remembering.games[0] += 1
        return {"matcher": float(Remembering.games[0]), "mismatcher": 0.0}


class Rolling(MatchingPennies):
    """Draws from the global generator when it pays."""

    def payoffs(self) -> dict[str, float]:
        won = float(np.random.randint(1, 3))  # noqa: NPY002
        return {"matcher": won, "mismatcher": -won}


class LateDice(MatchingPennies):
    """Draws from a generator of its own, without any effect that shows."""

    def reset(self, seed=None, options=None):
        super().reset(seed, options)
        self.generator = np.random.default_rng(0)

    def step(self, action):
        self.generator.random()
        super().step(action)


@pytest.mark.parametrize(
    ("make", "options", "message"),
    [
        (Rolling, {}, r"uses chance: .*global generator, numpy\.random\.randint, at tests"),
        (LateDice, {}, r"uses chance: .*Generator\.random, which is continuous, at tests"),
        (Remembering, {}, r"copied nor replayed|does not follow|different episodes"),
        (Pointing, {}, r"'a' has the action space Box.*valid: finitely many actions"),
        ("classic/connect_four-v3", {}, r"about 10\^27 histories .*max_states=100,000"),
        ("classic/tictactoe-v3", {"max_states": 4000}, "more than 4,000 states.*what to do"),
        ("classic/leduc-holdem-v4", {"time_limit": 0.6}, r"no end after 0.6 s.*time_limit"),
        ("butterfly/knights_archers_zombies-v11", {}, "reused instance differs from a fresh one"),
    ],
)
def test_what_cannot_be_extracted_is_refused_with_the_reason(make, options, message):
    with pytest.raises(ExtractionRefused, match=message):
        marl_bridge.extract(make, **options)


def test_too_many_histories_are_refused_when_the_game_is_asked_for():
    e = marl_bridge.extract("classic/rps-v2", env_kwargs={"max_cycles": 3}, max_histories=1000)
    assert e.audit.n_states > 1000
    with pytest.raises(gt.UnsupportedGame, match=r"more than 1,000 histories.*max_histories"):
        _ = e.game


def test_extractions_repeat():
    one, two = (marl_bridge.extract(Coordination, seed=seed) for seed in (0, 7))
    assert one.game == two.game
