"""The compiled path of matrix games against the environment's: the same play, number by number."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import gametheory as gt
from gametheory.errors import UnsupportedGame
from marl_bridge import train
from marl_bridge.environments.opening import open_environment
from marl_bridge.errors import InvalidEnvironment
from marl_bridge.learners.draws import Draws
from marl_bridge.learners.hysteretic_q import HystereticQ
from marl_bridge.learners.independent_q import IndependentQ
from marl_bridge.learners.matrix_rounds import has_matrix_rule
from marl_bridge.learners.registry import learners
from marl_bridge.worlds.opening import environment_of

RULES = [
    known.name
    for known in learners()
    if isinstance(known.start, type) and "matrix_rule" in vars(known.start)
]
GAMES = {
    "climbing": gt.catalog.load("climbing"),
    "three players, 2 x 3 x 1": gt.NormalFormGame(
        np.random.default_rng(0).normal(size=(3, 2, 3, 1))
    ),
    "one action each": gt.NormalFormGame.bimatrix([[2.0]], [[1.0]]),
    "all the same": gt.NormalFormGame.bimatrix(np.zeros((2, 3)), np.zeros((2, 3))),
}


def options(name: str) -> dict[str, Any]:
    return {"payoff_range": (-40.0, 40.0)} if name == "exp3" else {}


def rows(training: Any) -> list[list[float]]:
    return [next(iter(policy.table.values())).tolist() for policy in training.policies.values()]


def test_every_independent_learner_has_a_rule() -> None:
    assert len(RULES) >= 10


@pytest.mark.parametrize("game", GAMES.values(), ids=GAMES)
@pytest.mark.parametrize("name", RULES)
def test_both_paths_play_the_same(name: str, game: gt.NormalFormGame) -> None:
    by_env, compiled = (
        train(game, name, episodes=450, seed=7, compiled=path, **options(name))
        for path in (False, True)
    )
    assert np.array_equal(by_env.trace.joint_counts, compiled.trace.joint_counts)
    assert np.allclose(by_env.trace.returns, compiled.trace.returns, rtol=1e-12, atol=1e-12)
    for one, other in zip(rows(by_env), rows(compiled), strict=True):
        assert one == pytest.approx(other, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("name", RULES)
def test_the_paths_may_change_in_the_middle(name: str) -> None:
    game = GAMES["climbing"]
    source = open_environment(environment_of(game))
    known = next(known for known in learners() if known.name == name)
    mixed = known.start(source, episodes=300, seed=3, **options(name))
    plain = known.start(source, episodes=300, seed=3, **options(name))
    from marl_bridge.learners.matrix_rounds import MatrixRounds

    rounds = MatrixRounds(game, mixed)
    for part in range(3):
        for _ in range(50):
            mixed.run_episode()
        rounds.play(50)
        copy = known.start(source, episodes=300, seed=3, **options(name))
        copy.restore(mixed.state())
        mixed, rounds = copy, MatrixRounds(game, copy)
        for _ in range(100):
            plain.run_episode()
        assert mixed.state()["tables"].keys() == plain.state()["tables"].keys(), part
        for one, other in zip(mixed.policies().values(), plain.policies().values(), strict=True):
            for key, row in one.table.items():
                assert row == pytest.approx(other.table[key], rel=1e-9)


def test_a_derived_learner_inherits_no_rule() -> None:
    class Other(IndependentQ):
        def learn(self, entry: Any, action: int, reward: float, following: Any) -> None:
            entry.values[action] = reward

    source = open_environment(environment_of(GAMES["climbing"]))
    assert not has_matrix_rule(Other(source, episodes=1))
    assert has_matrix_rule(HystereticQ(source, episodes=1))


@pytest.mark.parametrize(
    ("make", "learner", "more"),
    [
        ("classic/rps-v2", "independent-q", {}),
        (GAMES["climbing"], "jal-am", {}),
        (GAMES["climbing"], "independent-q", {"env_kwargs": {"rounds": 3}}),
        (GAMES["climbing"], "independent-q", {"env_kwargs": {"rounds": 1, "memory": 1}}),
    ],
)
def test_what_cannot_be_compiled_is_said(make: Any, learner: str, more: dict[str, Any]) -> None:
    with pytest.raises(UnsupportedGame, match="compiled"):
        train(make, learner, episodes=1, compiled=True, **more)


def test_a_payoff_out_of_range_is_refused_on_both_paths() -> None:
    for path in (False, True):
        with pytest.raises(InvalidEnvironment, match="payoff_range"):
            train(GAMES["climbing"], "exp3", episodes=200, compiled=path)


def test_a_compiled_training_goes_on_from_its_checkpoint(tmp_path: Any) -> None:
    game, path = GAMES["climbing"], tmp_path / "half"
    done = []

    def stop(played: int, total: int) -> None:
        done.append(played)
        if played >= total / 2 and len(done) < 1_000:
            done.extend([0] * 1_000)
            raise KeyboardInterrupt

    whole = train(game, "wolf-phc", episodes=5_000, compiled=True)
    train(game, "wolf-phc", episodes=5_000, compiled=True, checkpoint=path, progress=stop)
    resumed = train(game, "wolf-phc", episodes=5_000, compiled=True, checkpoint=path)
    assert rows(resumed) == rows(whole)
    assert np.array_equal(resumed.trace.joint_counts[-1], whole.trace.joint_counts[-1])


@given(st.lists(st.tuples(st.sampled_from(["one", "ahead", "skip"]), st.integers(0, 5_000))))
def test_draws_keep_their_order_however_they_are_asked_for(asked: list[tuple[str, int]]) -> None:
    total = sum(n for _, n in asked) + len(asked) + 1
    expected = np.random.default_rng(np.random.SeedSequence(1)).random(total)
    draws, place = Draws(np.random.SeedSequence(1)), 0
    for kind, n in asked:
        if kind == "one":
            assert draws.uniform() == expected[place]
            place += 1
        elif kind == "ahead":
            assert np.array_equal(draws.ahead(n)[:n], expected[place : place + n])
        else:
            draws.skip(n)
            place += n
    other = Draws(np.random.SeedSequence(2))
    other.restore(draws.state())
    assert other.uniform() == draws.uniform() == expected[place]
