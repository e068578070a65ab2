"""Payoff tables against exact games, with roles, workers, schedules and every refusal."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import marl_bridge
from gametheory.errors import MissingExtra, UnsupportedGame
from marl_bridge.empirical_game import EmpiricalGame, payoff_tensor
from marl_bridge.environments.opening import open_environment
from marl_bridge.errors import InvalidEnvironment, InvalidPolicy
from marl_bridge.intervals import InvalidSamples
from marl_bridge.rollouts import rollouts
from tests.marl_bridge.chance_environments import Kuhn
from tests.marl_bridge.environments import HigherCard, MatchingPennies, OddOneOut

SIDES = {"heads": lambda seen, mask: 0, "tails": lambda seen, mask: 1}
KUHN = {
    "random": "random",
    "bold": lambda seen, mask: 1,
    "timid": lambda seen, mask: 0,
    "honest": lambda seen, mask: [0.0, 1.0] if seen[0] == 2 else [2 / 3, 1 / 3],
}


def kuhn(**options: Any) -> EmpiricalGame:
    return payoff_tensor(Kuhn, KUHN, **{"ranges": (-2, 2), "episodes": 60, **options})


@pytest.fixture(scope="module")
def exact() -> np.ndarray:
    """The expected returns in Kuhn poker, from its game tree."""
    extraction = marl_bridge.extract(Kuhn)
    table = np.empty((2, len(KUHN), len(KUHN)))
    for i, first in enumerate(KUHN.values()):
        for j, second in enumerate(KUHN.values()):
            profile = marl_bridge.tabulate({"first": first, "second": second}, extraction)
            table[:, i, j] = extraction.game.expected_payoffs(profile)
    return table


def test_payoffs_that_are_certain_are_found_exactly() -> None:
    table = payoff_tensor(MatchingPennies, SIDES, episodes=7, ranges=(-1, 1))
    assert_array_equal(table.means, [[[1, -1], [-1, 1]], [[-1, 1], [1, -1]]])
    assert table.game.is_zero_sum() and table.complete and table.certified
    assert table.game.actions == (("heads", "tails"),) * 2
    assert_array_equal(table.counts, 7)
    assert (table.lower <= table.means).all() and (table.means <= table.upper).all()
    assert table.episodes == 28 and table.rounds == 1 and table.truncated == 0


def test_intervals_hold_the_exact_returns(exact: np.ndarray) -> None:
    table = kuhn(episodes=200)
    assert (table.lower <= exact).all() and (exact <= table.upper).all()
    assert_allclose(table.means, exact, atol=table.epsilon)
    assert table.epsilon < 1.0
    alone = table.figure(("bold", "random"), "first", alone=True)
    together = table.figure(("bold", 0), 0)
    assert together.lower < alone.lower < alone.value < alone.upper < together.upper
    assert alone.value == together.value and together.episodes == 200


@pytest.mark.slow
def test_all_intervals_hold_at_once_as_often_as_promised(exact: np.ndarray) -> None:
    for options in ({"episodes": 40}, {"episodes": 20, "target_width": 2.0}):
        held = [
            bool(((t.lower <= exact) & (exact <= t.upper)).all())
            for t in (kuhn(seed=seed, confidence=0.8, **options) for seed in range(60))
        ]
        assert np.mean(held) >= 0.8


def test_equal_seeds_give_equal_tables_for_any_number_of_workers() -> None:
    one = kuhn()
    assert kuhn().digest == one.digest != kuhn(seed=1).digest
    pytest.importorskip("joblib")
    assert kuhn(workers=3, backend="threading").digest == one.digest
    assert kuhn(workers=2).digest == one.digest


@pytest.mark.slow
@pytest.mark.parametrize("workers", [2, 3])
def test_ray_gives_the_same_table(workers: int) -> None:
    pytest.importorskip("ray")
    assert kuhn(workers=workers, backend="ray").digest == kuhn().digest


def test_a_larger_population_contains_the_same_episodes() -> None:
    small = payoff_tensor(Kuhn, {name: KUHN[name] for name in ("timid", "random")}, episodes=60)
    large = kuhn()
    places = [list(KUHN).index(name) for name in ("timid", "random")]
    assert_array_equal(small.means, large.means[np.ix_([0, 1], places, places)])


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_the_size_of_tasks_changes_nothing(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    module = sys.modules["marl_bridge.empirical_game.payoff_tensor"]
    monkeypatch.setattr(module, "chunk_size", lambda *_: size)
    assert kuhn(episodes=20, workers=2, backend="threading").digest == kuhn(episodes=20).digest


def test_agents_of_one_role_are_played_once_and_permuted() -> None:
    population = {"zero": lambda seen, mask: 0, "one": lambda seen, mask: 1, "random": "random"}
    table = payoff_tensor(OddOneOut, population, symmetric=True, episodes=30, ranges=(-1, 2))
    assert len(table.layout.cells) == 10  # multisets of three out of three, not 27
    assert table.episodes == 300
    assert table.game.is_symmetric()
    # Who differs from both others takes 1 from each; the environment names the seats.
    assert table.means[:, 0, 0, 1].tolist() == [-1, -1, 2]
    assert table.means[:, 1, 0, 1].tolist() == [-1, 2, -1]
    assert table.roles == {"agent": ("first", "second", "third")}


def test_lots_make_a_game_with_different_seats_symmetric() -> None:
    rules = {"random": "random", "first": lambda seen, mask: int(mask.argmax())}
    seats = payoff_tensor("classic/tictactoe-v3", rules, episodes=150, ranges=(-1, 1))
    lots = payoff_tensor(
        "classic/tictactoe-v3", rules, episodes=150, ranges=(-1, 1), symmetric=True
    )
    assert seats.means[0, 1, 1] == 1.0 and not seats.game.is_symmetric()
    assert lots.game.is_symmetric() and lots.game.is_zero_sum()
    assert lots.means[0, 1, 1] == 0.0  # whoever begins wins, and each begins as often
    expected = (seats.means[0, 1, 0] + seats.means[1, 0, 1]) / 2
    assert lots.means[0, 1, 0] == pytest.approx(expected, abs=0.25)
    assert len(lots.layout.cells) == 3


def test_roles_share_populations_and_others_stand_alone() -> None:
    odd = {"a": lambda seen, mask: 0, "b": lambda seen, mask: 1}
    table = payoff_tensor(
        OddOneOut,
        {"pair": odd, "third": {"b": odd["b"]}},
        roles={"pair": ["first", "second"]},
        episodes=5,
    )
    assert table.means.shape == (3, 2, 2, 1)
    assert len(table.layout.cells) == 3
    assert table.means[:, 0, 0, 0].tolist() == [-1, -1, 2]
    assert table.means[:, 0, 1, 0].tolist() == [2, -1, -1]
    with pytest.raises(InvalidPolicy, match="one role and different populations"):
        payoff_tensor(
            OddOneOut,
            {"first": odd, "second": {"a": odd["a"]}, "third": odd},
            roles={"pair": ["first", "second"]},
        )


def test_cells_go_on_until_they_are_narrow_and_the_rest_is_left() -> None:
    table = kuhn(episodes=40, target_width=1.5)
    widths = (table.upper - table.lower).max(axis=0)
    assert (widths <= 1.5).all()
    assert table.rounds > 1 and table.counts.min() < table.counts.max()
    assert table.method == "betting sequence"
    assert kuhn(episodes=40, target_width=1.5, workers=2, backend="threading").digest == (
        table.digest
    )
    for spread in (table.counts[0], table.counts[1]):
        assert_array_equal(spread, table.counts[0])


def test_a_budget_goes_to_the_widest_cells() -> None:
    first = kuhn(episodes=40, target_width=10.0)  # nobody goes on
    table = kuhn(episodes=40, target_width=0.1, max_episodes=16 * 40 + 35)
    assert table.episodes == 16 * 40 + 30  # three more looks of ten episodes
    widths = (first.upper - first.lower).max(axis=0).ravel()
    widest = np.argsort(-widths, kind="stable")[:3]
    assert_array_equal(np.flatnonzero(table.counts[0].ravel() > 40), np.sort(widest))
    assert any("wider than 0.1" in note for note in table.notes)


def test_missing_cells_are_said_to_be_missing() -> None:
    table = kuhn(profiles=[("bold", "timid"), (0, 3)], episodes=20)
    assert not table.complete and len(table.missing) == 14
    assert ("random", "honest") not in table.missing
    assert np.isnan(table.means[0, 0, 0]) and table.counts[0, 0, 0] == 0
    assert (table.lower[0, 0, 0], table.upper[0, 0, 0]) == (-2, 2)
    assert table.figure((0, 0), 0).note == "never played"
    with pytest.raises(UnsupportedGame, match="14 of 16 joint policies were never played"):
        _ = table.game
    assert table.completed().payoffs[0, 0, 0] == 0.0
    assert "not played" in str(table)
    budget = kuhn(max_episodes=90)
    assert len(budget.missing) == 15
    blind = kuhn(profiles=[(0, 0)], ranges=None)
    with pytest.raises(UnsupportedGame, match="nothing bounds what they earn"):
        blind.completed()
    assert blind.to_dict()["epsilon"] is None


def test_without_ranges_nothing_is_certified() -> None:
    table = kuhn(ranges=None)
    assert not table.certified and table.method == "student-t"
    assert "heuristic" in str(table)
    assert "heuristic" in table.figure((0, 0), 0).note
    assert not table.solve().guarantee.certified


def test_returns_outside_their_range_are_refused() -> None:
    with pytest.raises(InvalidSamples, match="outside the bounds"):
        kuhn(ranges=(-1, 1))


@pytest.mark.parametrize("workers", [1, 2])
def test_ctrl_c_keeps_what_was_played(workers: int) -> None:
    def stop(done: int, total: int) -> None:
        if done >= 100:
            raise KeyboardInterrupt

    if workers > 1:
        pytest.importorskip("joblib")
    table = kuhn(progress=stop, episodes=1000, workers=workers, backend="threading")
    assert table.interrupted and 100 <= table.episodes < 16_000
    assert any("Interrupted" in note for note in table.notes)
    whole = kuhn(episodes=300)
    cell = int(table.counts[0].argmax())
    count = int(table.counts[0].ravel()[cell])
    returns = whole.samples.returns[cell][0, : min(count, 300)]
    assert_array_equal(table.samples.returns[cell][0, : returns.size], returns)


class Locked:
    """A policy that no other process can be given."""

    def __init__(self) -> None:
        self.lock = threading.Lock()

    def act(self, view: Any, rng: np.random.Generator) -> int:
        with self.lock:
            return int(rng.integers(2))


def test_what_cannot_be_sent_is_named() -> None:
    pytest.importorskip("joblib")
    population = {"random": "random", "locked": Locked()}
    with pytest.raises(InvalidPolicy, match="'locked' of 'first' cannot be sent"):
        payoff_tensor(Kuhn, population, workers=2)
    alone = payoff_tensor(Kuhn, population, episodes=20)
    threads = payoff_tensor(Kuhn, population, episodes=20, workers=2, backend="threading")
    assert alone.digest == threads.digest
    lock = threading.Lock()
    with pytest.raises(InvalidEnvironment, match="cannot be sent"):
        payoff_tensor(lambda: lock and Kuhn(), {"random": "random"}, workers=2)


def _illegal(seen: Any, mask: Any) -> int:
    return 7


@pytest.mark.parametrize("backend", ["threading", "loky"])
def test_errors_of_workers_come_home_as_they_are(backend: Any) -> None:
    pytest.importorskip("joblib")
    cells = [("random", "random"), ("random", "wrong")]
    with pytest.raises(InvalidPolicy, match="7"):
        payoff_tensor(
            Kuhn,
            {"random": "random", "wrong": _illegal},
            profiles=cells,
            workers=2,
            backend=backend,
        )


@pytest.mark.parametrize(("module", "backend"), [("joblib", "loky"), ("ray", "ray")])
def test_missing_extras_are_named(
    module: str, backend: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("joblib")
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtra, match=r"gametheory-toolkit\[(pettingzoo|ray)\]"):
        kuhn(workers=2, backend=backend)
    if module == "joblib":
        assert kuhn(episodes=5).complete


BAD: dict[str, Callable[[], Any]] = {
    "workers is 0": lambda: kuhn(workers=0),
    "unknown backend 'dask'": lambda: kuhn(backend="dask"),
    "episodes is 0": lambda: kuhn(episodes=0),
    "target_width is -1": lambda: kuhn(target_width=-1.0),
    "confidence is 1": lambda: kuhn(confidence=1.0),
    "seed is -1": lambda: kuhn(seed=-1),
    "the range of 'first' is": lambda: kuhn(ranges=(1, -1)),
    "ranges are given for": lambda: kuhn(ranges={"first": (-2, 2)}),
    "both symmetric and roles": lambda: kuhn(symmetric=True, roles={"all": ["first"]}),
    "there is no agent 'third'": lambda: kuhn(roles={"all": ["third"]}),
    "has the roles 'a' and 'b'": lambda: kuhn(roles={"a": ["first"], "b": ["first"]}),
    "no joint policy is wanted": lambda: kuhn(profiles=[]),
    "has no policy 'sly'": lambda: kuhn(profiles=[("sly", "bold")]),
    "is no joint policy": lambda: kuhn(profiles=["bold"]),
    "is no population": lambda: payoff_tensor(Kuhn, {"first": 3, "second": 3}),
    "no population for 'second'": lambda: payoff_tensor(Kuhn, {"first": KUHN}),
    "the population is empty": lambda: payoff_tensor(Kuhn, {}),
    "populations for 'x'": lambda: payoff_tensor(Kuhn, {"first": KUHN, "x": KUHN}),
    "is no policy": lambda: payoff_tensor(Kuhn, {"x": 3}),
    "1,000,000 joint policies": lambda: payoff_tensor(
        Kuhn, {str(k): "random" for k in range(1000)}
    ),
}


@pytest.mark.parametrize("message", list(BAD))
def test_bad_arguments_are_refused(message: str) -> None:
    with pytest.raises((InvalidEnvironment, InvalidPolicy), match=message):
        BAD[message]()


def test_sequences_of_policies_and_single_agents_work() -> None:
    table = payoff_tensor(Kuhn, {"first": ["random"], "second": {"bold": KUHN["bold"]}}, episodes=5)
    assert table.names == (("policy 0",), ("bold",))
    assert table.solve().guarantee.epsilon.value == 0.0


@pytest.mark.parametrize("backend", ["threading", "loky"])
@pytest.mark.parametrize("seats", ["fixed", "balanced"])
def test_rollouts_are_the_same_for_any_number_of_workers(backend: Any, seats: Any) -> None:
    pytest.importorskip("joblib")
    source = open_environment(HigherCard)
    policies = ["random", lambda seen, mask: int(seen > 0)]
    given: Any = (
        policies if seats == "balanced" else dict(zip(("dealer", "guest"), policies, strict=True))
    )
    alone = rollouts(source, given, episodes=51, seats=seats)
    many = rollouts(source, given, episodes=51, seats=seats, workers=3, backend=backend)
    assert_array_equal(alone.returns, many.returns)
    assert_array_equal(alone.lengths, many.lengths)
    if seats == "balanced":
        assert_array_equal(alone.policy_returns, many.policy_returns)


def test_rollouts_of_workers_can_be_interrupted() -> None:
    pytest.importorskip("joblib")

    def stop(done: int, total: int) -> None:
        if done > 60:
            raise KeyboardInterrupt

    source = open_environment(HigherCard)
    cut = rollouts(source, "random", episodes=4000, workers=2, backend="threading", progress=stop)
    assert cut.interrupted and 4 <= len(cut) < 4000
    assert_array_equal(cut.returns, rollouts(source, "random", episodes=len(cut)).returns)


@pytest.mark.slow
def test_knights_archers_and_zombies_with_roles() -> None:
    roles = {"archer": ["archer_0", "archer_1"], "knight": ["knight_0", "knight_1"]}
    populations = {
        "archer": {"random": "random", "shoot": lambda seen, mask: 4},
        "knight": {"random": "random"},
    }
    options: dict[str, Any] = {"roles": roles, "episodes": 2, "max_steps": 60, "ranges": (0, 60)}
    name = "butterfly/knights-archers-zombies-v11"
    table = payoff_tensor(name, populations, **options)
    assert table.means.shape == (4, 2, 2, 1, 1) and len(table.layout.cells) == 3
    assert_array_equal(table.means[0, 0, 1], table.means[1, 1, 0])
    assert table.digest == payoff_tensor(name, populations, workers=2, **options).digest
