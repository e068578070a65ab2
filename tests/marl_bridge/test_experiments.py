"""The guided experiments run, their pages show what they write, and what they prove holds."""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gametheory as gt

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS, PAGES = ROOT / "benchmarks" / "experiments", ROOT / "docs" / "experiments"
NAMES = (
    "central_and_independent",
    "credit_assignment",
    "equilibrium_selection",
    "non_stationarity",
    "scaling",
)
FEW: dict[str, dict[str, Any]] = {
    "central_and_independent": {"LEARNERS": ("independent-q", "central-q")},
    "credit_assignment": {"LEARNERS": {"vdn": ("vdn", {})}},
    "equilibrium_selection": {"LEARNERS": ("independent-q",), "SWEPT": ("independent-q",)},
}
RPS, SHAPLEY = gt.catalog.load("rock_paper_scissors"), gt.catalog.load("shapley")


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(SCRIPTS)
    return importlib.import_module


def pictures(page: str) -> list[str]:
    return re.findall(r"!\[[^\]]+\]\(([^)]+)\)", page)


def test_every_script_has_a_page() -> None:
    assert {path.stem for path in SCRIPTS.glob("*.py")} - {"common"} == set(NAMES)
    assert {path.stem for path in PAGES.glob("*.md")} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_page_shows_the_pictures_and_tables_there_are(name: str) -> None:
    page = (PAGES / f"{name}.md").read_text("utf-8")
    shown = pictures(page)
    assert shown and {path.name for path in PAGES.glob(f"{name}_*.png")} == set(shown)
    assert all((PAGES / file).stat().st_size < 150_000 for file in shown)
    tables = re.findall(r"<!-- table: (.+?) -->\n(.*?)<!-- end -->", page, re.DOTALL)
    assert tables and all(table.startswith("| ") for _, table in tables)
    assert f"python benchmarks/experiments/{name}.py --write" in page
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page):
        assert (PAGES / target).exists(), target
    for word in re.findall(r"`(worlds/[\w-]+)`", page):
        assert gt_world(word)


def gt_world(word: str) -> bool:
    from marl_bridge.worlds.opening import WORLDS

    return word in WORLDS


@pytest.mark.parametrize("name", NAMES)
def test_script_writes_its_pictures_and_tables(
    name: str, script: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("matplotlib")
    pytest.importorskip("pettingzoo")
    tiny = lambda self, full, quick: max(2, quick // 8)  # noqa: E731
    monkeypatch.setattr(script("common").Experiment, "size", tiny)
    monkeypatch.setattr(script("common"), "PIXELS_PER_INCH", 30)
    for constant, few in FEW.get(name, {}).items():
        monkeypatch.setattr(script(name), constant, few)
    script(name).main(["--quick", "--seeds", "2", "--to", str(tmp_path)])
    page = (PAGES / f"{name}.md").read_text("utf-8")
    assert {path.name for path in tmp_path.glob("*.png")} == set(pictures(page))
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in tmp_path.glob("*.png"))
    written = (tmp_path / f"{name}.md").read_text("utf-8")
    keys = re.findall(r"<!-- table: (.+?) -->", page)
    assert re.findall(r"^## (.+)$", written, re.MULTILINE) == keys


def test_pages_are_only_renewed_by_full_runs(script: Any, capsys: Any) -> None:
    for wrong in (["--write", "--quick"], ["--write", "--seeds", "3"], ["--seeds", "1"]):
        with pytest.raises(SystemExit):
            script("common").Experiment("scaling", "Text.", wrong, seeds=5)
    assert "--seeds: at least 2" in capsys.readouterr().err


def test_write_puts_tables_between_their_marks(
    script: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    common = script("common")
    monkeypatch.setattr(common, "DOCS", tmp_path)
    page = tmp_path / "a.md"
    page.write_text("one\n<!-- table: b -->\nold\n<!-- end -->\ntwo\n", "utf-8")
    experiment = common.Experiment("a", "Text.", ["--write"], seeds=3)
    experiment.table("b", ("x", "y"), [(1, 2)])
    experiment.close()
    table = "| x | y |\n|---|---|\n| 1 | 2 |"
    assert page.read_text("utf-8") == f"one\n<!-- table: b -->\n{table}\n<!-- end -->\ntwo\n"
    experiment.table("c", ("x",), [(1,)])
    with pytest.raises(SystemExit):
        experiment.close()


def interior(seed: int) -> gt.MixedProfile:
    rng = np.random.default_rng(seed)
    return gt.MixedProfile(rng.dirichlet((4, 4, 4), size=2).tolist())


def kl(trace: gt.Trace) -> Any:
    return sum(-np.log(3 * strategy).mean(axis=1) for strategy in trace.iterates)


@pytest.mark.parametrize("seed", range(20))
def test_hedge_leaves_and_optimistic_hedge_comes_to_the_equilibrium(seed: int) -> None:
    follow = {"start": interior(seed), "rate": 0.1, "spacing": "even"}
    away = gt.simulate(RPS, "hedge", rounds=1000, record=1000, **follow)
    assert (np.diff(kl(away)) > 0).all() and kl(away)[-1] > 1.3 * kl(away)[0]
    # Its averages come closer all the same, as its regret is small.
    assert away.gaps[-1] < away.iterate_gaps[-1] / 5
    home = gt.simulate(RPS, "optimistic-hedge", rounds=12_000, record=100, **follow)
    late = kl(home)[home.times > 1000]
    assert (np.diff(late[late > 1e-12]) < 0).all() and home.iterate_gaps[-1] < 1e-5
    last = gt.MixedProfile([strategy[-1].tolist() for strategy in home.iterates])
    assert gt.nash_conv(RPS, last) < 1e-5


@pytest.mark.parametrize("actions", [(i, j) for i in range(3) for j in range(3)])
def test_fictitious_play_cycles_in_shapleys_game(actions: tuple[int, int], script: Any) -> None:
    module = script("non_stationarity")
    trace = gt.simulate(
        SHAPLEY, "fictitious-play", actions=list(actions), rounds=30_000, record=2000
    )
    low, high = module.limit_cycle()
    late = trace.gaps[trace.times > 1000]
    assert low - 0.002 < late.min() and late.max() < high + 0.01
    for k in (-1, -500):
        averages = gt.MixedProfile([(a[k] / a[k].sum()).tolist() for a in trace.averages])
        assert abs(gt.nash_conv(SHAPLEY, averages) - trace.gaps[k]) < 1e-9
    # Changes come at times that grow by the square of the root of r^3 = r^2 + 1.
    assert abs(module.GROWTH**3 - module.GROWTH**2 - 1) < 1e-12
    assert abs(module.last_growth(trace) / module.GROWTH**2 - 1) < 0.01


@pytest.mark.parametrize("dynamic", ["replicator", "best-response", "iga"])
def test_basins_of_the_stag_hunt_end_where_theory_says(dynamic: str, script: Any) -> None:
    module = script("equilibrium_selection")
    for x in (0.25, 0.45, 0.58, 0.75, 0.9):
        (y,) = module.separatrix(dynamic, np.array([x]))
        for far in (-0.02, 0.02):
            start = 1.0 if np.isnan(y) else y + far
            if 0 < start < 1:
                assert module.ends_at_stag(dynamic, x, start) == (far > 0)


def test_difference_rewards_have_the_team_reward_as_their_potential(script: Any) -> None:
    module = script("credit_assignment")
    roads = module.CongestionEnv(n_agents=5).roads
    rng = np.random.default_rng(0)
    for _ in range(50):
        others = rng.multinomial(4, [1 / 3] * 3)
        with_one = others + np.eye(3, dtype=int)
        given = np.array(
            [module.rewards_of(roads, w, "difference")[r] for r, w in enumerate(with_one)]
        )
        total = np.array([roads.total_delay(w) for w in with_one])
        assert np.allclose(np.diff(given), -np.diff(total))


@pytest.mark.parametrize("n", [2, 4, 7])
def test_equilibria_of_the_roads_are_those_that_nobody_gains_by_leaving(
    n: int, script: Any
) -> None:
    module = script("scaling")
    roads = module.three_roads(n)
    loads = [np.array((a, b, n - a - b)) for a in range(n + 1) for b in range(n + 1 - a)]
    stable = [module.ratio(roads, one) for one in loads if not roads.gains(one).any()]
    assert sorted(stable) == pytest.approx(sorted(module.equilibria(roads)))
