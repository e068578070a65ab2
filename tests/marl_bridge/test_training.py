"""Training: traces, checkpoints and the environments that matrix games become."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import gametheory as gt
from marl_bridge import train
from marl_bridge.errors import InvalidCheckpoint, InvalidEnvironment
from marl_bridge.learners.plain_state import load_state, save_state
from marl_bridge.learners.registry import learners
from marl_bridge.worlds.matrix_game import MatrixGameEnv

PENNIES = gt.catalog.load("matching_pennies")
RPS = "classic/rps-v2"
ONE_ROUND = {"max_cycles": 1}


def test_a_matrix_game_is_trained_on_and_its_play_is_counted():
    training = train(PENNIES, episodes=400, seed=1)
    trace = training.trace
    assert trace.joint_counts.shape == (100, 2, 2)
    assert trace.joint_counts.sum(axis=(1, 2)).tolist() == trace.episodes.tolist()
    last = trace.joint_counts[-1]
    earned = (PENNIES.payoffs[0] * last).sum() / 400
    assert trace.returns[:, 0].mean() == pytest.approx(earned)
    row = PENNIES.payoffs[0] @ last.sum(axis=0) / 400
    assert trace.regrets[-1, 0] == pytest.approx(max(row.max() - earned, 0))
    many = train(PENNIES, episodes=10, env_kwargs={"rounds": 7, "memory": 1})
    assert many.trace.joint_counts[-1].sum() == 70
    assert len(many.policies[PENNIES.players[0]]) <= 5  # the start and four joint actions


def test_policies_are_kept_on_request():
    training = train(RPS, episodes=20, env_kwargs=ONE_ROUND, keep_policies=True)
    assert len(training.trace.policies) == 20
    assert training.trace.policies[-1] == training.policies
    assert train(RPS, episodes=20, env_kwargs=ONE_ROUND).trace.policies == ()


@pytest.mark.parametrize("learner", [learner.name for learner in learners() if not learner.extra])
def test_a_resumed_training_ends_as_one_that_was_never_interrupted(learner, tmp_path, monkeypatch):
    whole = train(PENNIES, learner, episodes=60, seed=3)
    monkeypatch.setattr("marl_bridge.learners.training._SAVE_EVERY", -1.0)
    path = tmp_path / "training.json"

    def stop(done, total):
        if done == 37:
            raise KeyboardInterrupt

    cut = train(PENNIES, learner, episodes=60, seed=3, checkpoint=path, progress=stop)
    assert cut.interrupted and cut.episodes == 37
    resumed = train(PENNIES, learner, episodes=60, seed=3, checkpoint=path)
    assert not resumed.interrupted and resumed.episodes == 60
    assert resumed.policies == whole.policies
    assert_array_equal(resumed.trace.returns, whole.trace.returns)
    assert_array_equal(resumed.trace.joint_counts, whole.trace.joint_counts)
    again = train(PENNIES, learner, episodes=60, seed=3, checkpoint=path)  # nothing left to do
    assert again.policies == whole.policies


def test_foreign_and_damaged_checkpoints_are_refused(tmp_path):
    path = tmp_path / "training.json"
    train(PENNIES, episodes=10, checkpoint=path)
    with pytest.raises(InvalidCheckpoint, match=r"another training: \{'seed': 0\}"):
        train(PENNIES, episodes=10, seed=1, checkpoint=path)
    text = path.read_text()
    for damaged in ("", "{}", text[:-20], text.replace('"done"', '"dune"')):
        path.write_text(damaged)
        with pytest.raises(InvalidCheckpoint, match="no checkpoint of a training"):
            train(PENNIES, episodes=10, checkpoint=path)
    with pytest.raises(InvalidCheckpoint, match="cannot write"):
        train(PENNIES, episodes=10, checkpoint=tmp_path / "missing" / "training.json")
    with pytest.raises(InvalidEnvironment, match="does not take"):
        train(PENNIES, episodes=10, temperature=3)


def test_plain_states_are_read_back_as_they_were(tmp_path):
    state = {
        "a": [1, 2.5, None, True, "text", float("inf"), 2**80],
        "b": {b"\x00\xff": (1, (2,)), 3: np.arange(6.0).reshape(2, 3)},
        "c": np.float64(0.1),
    }
    save_state(tmp_path / "s", state)
    read = load_state(tmp_path / "s")
    assert_array_equal(read["b"].pop(3), state["b"].pop(3))
    assert read == state
    with pytest.raises(TypeError, match="a object is no plain data"):
        save_state(tmp_path / "t", {"x": object()})
    assert [p.name for p in tmp_path.iterdir()] == ["s"]


def test_a_killed_training_goes_on_from_a_whole_file(tmp_path):
    path = tmp_path / "training.json"
    script = (
        "import sys, gametheory as gt, marl_bridge.learners.training as t\n"
        "t._SAVE_EVERY = -1.0\n"
        "t.train(gt.catalog.load('matching_pennies'), episodes=200_000, seed=5, "
        "checkpoint=sys.argv[1])\n"
    )
    done = 0
    for _ in range(2):
        process = subprocess.Popen([sys.executable, "-c", script, str(path)])
        for _ in range(600):
            if path.exists() and load_state(path)["done"] > done:
                break
            time.sleep(0.05)
        process.kill()
        process.wait()
        now = load_state(path)["done"]
        assert now > done
        done = now


def test_matrix_environments_pass_pettingzoos_own_tests():
    from pettingzoo.test import parallel_api_test

    for kwargs in ({}, {"rounds": 5, "memory": 2}):
        env = MatrixGameEnv(gt.catalog.load("shapley"), **kwargs)
        parallel_api_test(env, num_cycles=20)
    with pytest.raises(InvalidEnvironment, match="0 rounds"):
        MatrixGameEnv(PENNIES, rounds=0)


def test_a_matrix_environment_extracts_to_the_game_it_came_from():
    from marl_bridge import extract

    game = extract(lambda: MatrixGameEnv(gt.catalog.load("prisoners_dilemma"))).game
    form = gt.strategic_form(game)
    assert_array_equal(form.payoffs, gt.catalog.load("prisoners_dilemma").payoffs)


def test_checkpoints_hold_no_code(tmp_path: Path):
    path = tmp_path / "training.json"
    train(PENNIES, episodes=10, checkpoint=path)
    head, content = path.read_text().splitlines()
    assert json.loads(head)["format"] == "marl_bridge/training"
    assert json.loads(content)


def test_learners_answer_to_the_names_that_the_field_uses():
    for short, name in (
        ("iql", "independent-q"),
        ("cql", "central-q"),
        ("faq", "frequency-adjusted-q"),
    ):
        assert train(PENNIES, short, episodes=1).learner == name
    words = [word for learner in learners() for word in (learner.name, *learner.also)]
    assert len(words) == len(set(words))


def test_a_training_ends_when_its_seconds_are_over():
    training = train(PENNIES, episodes=10**9, seconds=0.01)
    assert 0 < training.episodes < 10**9 and not training.interrupted
    with pytest.raises(InvalidEnvironment, match="seconds"):
        train(PENNIES, seconds=0.0)
