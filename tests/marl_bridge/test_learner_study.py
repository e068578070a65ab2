from __future__ import annotations

import math
import os
import signal
import sqlite3
import subprocess
import sys
import time
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gametheory as gt
from benchmarks.learner_study.budgets import FAMILIES, SIZES, family_of
from benchmarks.learner_study.cells import Task, run, seed_of
from benchmarks.learner_study.games import GAMES, studied
from benchmarks.learner_study.measures import (
    TOLERANCE,
    convergence,
    pareto_distance,
    signed_regrets,
    welfare_ratio,
)
from benchmarks.learner_study.page import to_document
from benchmarks.learner_study.profiles import reader
from benchmarks.learner_study.promises import PROMISES, promise_of, regret_bounds, value_error
from benchmarks.learner_study.store import Store
from benchmarks.learner_study.summary import Study, gather
from benchmarks.learner_study.tables import write_csv, write_json
from benchmarks.learner_study.work import do
from marl_bridge.learners.registry import find_learner, learners

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("cfr", "exp3", "minimax-q", "nash-q")
PLAYED = ("chicken", "matching_pennies")
TASKS = [
    Task("tiny", learner, game, 0, index)
    for index in range(SIZES["tiny"].seeds)
    for game in PLAYED
    for learner in NAMES
]


def test_promises_name_registered_learners_and_games_that_are_studied() -> None:
    known = {learner.name for learner in learners()}
    for promise in PROMISES:
        assert set(promise.learners) <= known
        fitting = [name for name in GAMES if promise.kinds <= studied(name).kinds]
        assert fitting, promise.says
        assert promise.says
        assert promise.source
        for learner in promise.learners:
            assert any(promise_of(learner, studied(name)) is promise for name in fitting)


def test_every_learner_has_a_budget_in_every_size() -> None:
    for learner, size in product(learners(), SIZES.values()):
        assert family_of(learner) in FAMILIES
        assert size.episodes_of(learner, studied("kuhn_poker")) >= 1
    assert len(GAMES) >= 12
    assert SIZES["standard"].seeds >= 20


def test_kinds_of_games() -> None:
    assert "zero-sum" in studied("kuhn_poker").kinds
    assert "zero-sum" in studied("raising_stakes").kinds
    assert "common payoff" in studied("climbing").kinds
    assert "potential" in studied("congestion").kinds
    assert not {"potential", "zero-sum"} & studied("shapley").kinds
    assert studied("kuhn_poker").equilibrium_payoffs == (
        (pytest.approx(-1 / 18), pytest.approx(1 / 18)),
    )


@pytest.mark.parametrize(
    ("game", "payoffs", "distance"),
    [
        ("prisoners_dilemma", (-2, -2), 1.0),
        ("prisoners_dilemma", (-1, -1), 0.0),
        ("chicken", (14 / 3, 14 / 3), 4 / 3),  # to the edge x + 4 y = 30, or 4 x + y = 30
        ("climbing", (5, 5), 6.0),
        ("matching_pennies", (0.3, -0.3), 0.0),
    ],
)
def test_pareto_distance(game: str, payoffs: tuple[float, ...], distance: float) -> None:
    assert pareto_distance(studied(game), payoffs) == pytest.approx(distance, abs=1e-12)


def test_welfare_ratio() -> None:
    assert welfare_ratio(studied("climbing"), (11, 11)) == 1.0
    assert welfare_ratio(studied("climbing"), (-30, -30)) == 0.0
    assert welfare_ratio(studied("matching_pennies"), (1, -1)) is None


@pytest.mark.parametrize("name", ["chicken", "shapley", "jordan"])
def test_regrets_follow_their_definition(name: str) -> None:
    game = studied(name)
    counts = np.random.default_rng(7).integers(1, 9, game.game.n_actions)
    plays = [joint for joint in np.ndindex(*counts.shape) for _ in range(counts[joint])]
    found = signed_regrets(game, counts)
    for player, own in enumerate(game.game.payoffs):
        earned = sum(own[joint] for joint in plays)
        for action in range(game.game.n_actions[player]):
            fixed = sum(own[(*j[:player], action, *j[player + 1 :])] for j in plays)
            assert found[player][action] == pytest.approx((fixed - earned) / len(plays))
    external = gt.external_regrets(game.game, counts / counts.sum())
    assert external == pytest.approx([max(0.0, *regrets) for regrets in found])


def test_kinds_of_convergence_the_strongest_first() -> None:
    game = studied("chicken")
    small, large = 0.5 * TOLERANCE * game.scale, 2.0 * TOLERANCE * game.scale
    far, near = [large] * 8, [large] * 6 + [small] * 2
    away = (0.0, 0.0)

    def reached(gaps: Any = far, average: float = large, paid: Any = away, regret: Any = None,
                averages: bool = False) -> str:  # fmt: skip
        return convergence(
            game, gaps=gaps, average_gap=average, mean_payoffs=paid, regret=regret,
            averages=averages,
        )  # fmt: skip

    assert reached(near, small) == "nash"
    assert reached(near, averages=True) == "average"
    assert reached([*near[:-1], large]) == "none"  # only for a moment
    assert reached(average=small) == "average"
    assert reached(paid=(14 / 3, 14 / 3)) == "payoffs"
    assert reached(regret=small) == "no-regret"
    assert reached(regret=large) == "none"


def test_averages_of_a_tree_weigh_by_what_is_reached() -> None:
    read, game = reader("kuhn_poker"), reader("kuhn_poker").game  # type: ignore[attr-defined]
    rng = np.random.default_rng(1)
    raw = rng.random((2, len(gt.BehaviorProfile.uniform(game).probabilities)))
    owner = np.repeat(np.arange(game.infoset_n_actions.size), game.infoset_n_actions)
    flats = [x / np.bincount(owner, x)[owner] for x in raw]
    second = game.infoset_player[owner] == 1
    flats[1][second] = flats[0][second]  # only the first player differs: payoffs are linear in it
    profiles = [gt.BehaviorProfile(game, flat) for flat in flats]
    averaged = read.payoffs(read.average(profiles))
    assert averaged == pytest.approx(np.mean([read.payoffs(p) for p in profiles], axis=0))


def test_the_bound_of_regret_matching_covers_one_estimate() -> None:
    # The recursion's V_t against the squared length of an estimate, enumerated.
    rng = np.random.default_rng(3)
    game = studied("shapley")
    bounds = regret_bounds("regret-matching", game, 1)
    assert bounds is not None
    n, g = 3, 0.3
    worst = 0.0
    for _ in range(300):
        p = (1 - g) * rng.dirichlet([0.3] * n) + g / n
        paid = rng.uniform(-1, 1, n)
        length = 0.0
        for action in range(n):
            estimate = np.full(n, -paid[action])
            estimate[action] += paid[action] / p[action]
            length += p[action] * float(estimate @ estimate)
        worst = max(worst, length)
    assert math.sqrt(worst) <= bounds[0][0] <= 3.0 * math.sqrt(worst)


@pytest.mark.parametrize("learner", ["exp3", "regret-matching", "nash-q", "central-q", "cfr"])
def test_proven_bounds_hold_and_a_broken_one_is_seen(learner: str) -> None:
    game = studied("matching_pennies")
    seeds = 1 if learner == "cfr" else 20  # what CFR learns does not depend on the seed
    runs = [run(Task("tiny", learner, game.name, 5, index)) for index in range(seeds)]
    promise = promise_of(learner, game)
    assert promise is not None
    assert promise.check is not None
    assert promise.check(game, runs).holds
    far = 100.0 * game.scale
    broken = [
        {
            **r,
            "nash_conv": far,
            "payoffs": [-far, -far],
            "regrets": [[far, far]] * 2,
            "curve": {**r["curve"], "nash_conv": [far] * len(r["curve"]["steps"])},
            "least_count": 200,
        }
        for r in runs
    ]
    assert not promise.check(game, broken).holds


def test_values_are_as_close_as_the_bound_says() -> None:
    game = studied("climbing")
    assert value_error(game, 0) == 30.0
    assert value_error(game, 3) == pytest.approx(30.0 * 0.95**3)


def test_seeds_of_more_runs_leave_the_first_ones() -> None:
    assert len({seed_of(0, k) for k in range(50)} | {seed_of(1, k) for k in range(50)}) == 100


def gathered(store: Store) -> Study:
    chosen = [find_learner(name) for name in NAMES]
    return gather(store, SIZES["tiny"], 0, learners=chosen, games=PLAYED, skipped={})


def written(store: Store, folder: Path) -> list[bytes]:
    study = gathered(store)
    paths = [*write_csv(study, folder), write_json(study, folder / "results.json")]
    return [path.read_bytes() for path in paths]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[bytes]]:
    folder = tmp_path_factory.mktemp("whole")
    store = Store(folder / "runs.sqlite")
    outcome = do(TASKS, store, workers=1, report=lambda task: None)
    assert not outcome.failures
    assert gathered(store).complete
    return folder, written(store, folder)


def test_a_run_that_was_interrupted_ends_with_the_same_bytes(
    whole: tuple[Path, list[bytes]], tmp_path: Path
) -> None:
    store = Store(tmp_path / "runs.sqlite")
    seen: list[Task] = []

    def stop(task: Task) -> None:
        seen.append(task)
        if len(seen) == 5:
            raise KeyboardInterrupt

    assert do(TASKS, store, workers=1, report=stop).interrupted
    part = gathered(store)
    assert not part.complete
    assert "not complete" in to_document(part, {})
    left = [t for t in TASKS if (t.learner, t.game, t.index) not in store.done()]
    assert len(left) == len(TASKS) - 5
    do(left, store, workers=1, report=lambda task: None)
    assert written(store, tmp_path) == whole[1]


def test_a_killed_run_resumes_with_the_same_bytes(
    whole: tuple[Path, list[bytes]], tmp_path: Path
) -> None:
    script = ROOT / "benchmarks" / "learners_vs_equilibria.py"
    options = ["--size", "tiny", "--workers", "1", "--no-pictures", "--out", str(tmp_path)]
    wanted = ["--learners", ",".join(NAMES), "--games", ",".join(PLAYED)]
    process = subprocess.Popen(
        [sys.executable, str(script), *options, *wanted],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    try:
        while process.poll() is None and _kept(tmp_path) < 2:
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
    finally:
        process.wait()
    (path,) = (tmp_path / "tiny").glob("*.sqlite")
    store = Store(path)
    done = store.done()
    assert len(done) >= 2
    do(
        [t for t in TASKS if (t.learner, t.game, t.index) not in done],
        store,
        workers=1,
        report=lambda task: None,
    )
    assert written(store, tmp_path / "again") == whole[1]


def _kept(folder: Path) -> int:
    for path in (folder / "tiny").glob("*.sqlite"):
        try:
            with sqlite3.connect(path, timeout=5.0) as file:
                return int(file.execute("select count(*) from runs").fetchone()[0])
        except sqlite3.OperationalError:  # the table is not there yet
            return 0
    return 0


def test_the_page_asks_nothing_of_the_network(whole: tuple[Path, list[bytes]]) -> None:
    page = to_document(gathered(Store(whole[0] / "runs.sqlite")), {})
    assert "<script" not in page
    assert "http:" not in page
    assert "https:" not in page
    assert all(name in page for name in NAMES)
    assert "returns that sum to zero" in page  # why minimax-q does not play chicken


@pytest.mark.slow
def test_results_do_not_depend_on_the_number_of_workers(
    whole: tuple[Path, list[bytes]], tmp_path: Path
) -> None:
    store = Store(tmp_path / "runs.sqlite")
    do(TASKS[::-1], store, workers=2, report=lambda task: None)
    assert written(store, tmp_path) == whole[1]
