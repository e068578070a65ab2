from __future__ import annotations

import importlib.util
import math
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from scipy import stats

from marl_bridge.intervals import (
    InvalidSamples,
    betting,
    empirical_bernstein,
    episodes_for_width,
    expected_width,
    hoeffding,
)


def _benchmark() -> ModuleType:
    path = Path(__file__).parents[2] / "benchmarks" / "interval_coverage.py"
    spec = importlib.util.spec_from_file_location("interval_coverage", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


benchmark = _benchmark()


def test_limits_of_a_coverage_are_those_of_clopper_and_pearson() -> None:
    for covered, n in ((0, 10), (9, 10), (10, 10), (962, 1000)):
        expected = stats.binomtest(covered, n).proportion_ci(0.95, "exact").low
        assert benchmark.lower_limit(covered, n) == pytest.approx(expected, abs=1e-12)


def test_rows_have_the_means_and_variances_they_state() -> None:
    assert len(benchmark.ROWS) >= 20
    assert any(row.name == "Bernoulli(0.01)" and row.n == 30 for row in benchmark.ROWS)
    rng = np.random.default_rng(0)
    for row in benchmark.ROWS:
        x = row.draw(rng, (200_000 // row.n, row.n))
        error = math.sqrt(row.variance / x.size)
        assert x.mean() == pytest.approx(row.mean, abs=5 * error), row.name
        assert x.var() == pytest.approx(row.variance, rel=0.25), row.name
        assert row.lower <= x.min() <= x.max() <= row.upper


def test_a_sample_of_the_benchmark_keeps_every_promise() -> None:
    """At 95%, methods that are no heuristic cover at least 94.5% by the lower limit."""
    rows = tuple(row for row in benchmark.ROWS if row.n <= 50)
    rows += tuple(row for row in benchmark.ROWS if row.n == 300 and row.low_variance)
    seen = set()
    for kind, results in benchmark.run(rows, 1000, 0):
        assert benchmark.broken_promises(kind, results) == []
        seen.add(kind)
        rare = results[0].row.name == "Bernoulli(0.01)"
        if kind == "heuristic" and rare:  # the reason why they are called that
            assert max(result.coverage for result in results) < 0.5
    assert seen == set(benchmark.METHODS)


@pytest.mark.slow
def test_the_whole_benchmark_keeps_every_promise() -> None:
    for kind, results in benchmark.run(benchmark.ROWS, 10_000, 0):
        assert benchmark.broken_promises(kind, results) == []


@pytest.mark.parametrize("side", ["two-sided", "upper"])
def test_planned_hoeffding_samples_are_the_fewest(side: Any) -> None:
    for width in (0.05, 0.3, 1.9, 2.0):
        n = episodes_for_width("hoeffding", width, lower=-1, upper=1, side=side)
        log = math.log(2 / 0.05 if side == "two-sided" else 1 / 0.05)
        exact = (2 if side == "two-sided" else 0.5) * 2**2 * log / width**2
        assert n == (1 if width >= 2.0 else math.ceil(exact))
    found = hoeffding([0.0] * 738, lower=-10, upper=10, confidence=0.95)
    assert found.width == pytest.approx(expected_width("hoeffding", 738, lower=-10, upper=10))


@pytest.mark.parametrize("row", benchmark.ROWS, ids=lambda row: f"{row.name}, {row.n}")
def test_planned_widths_are_about_those_found(row: Any) -> None:
    x = row.draw(np.random.default_rng(1), (200, row.n))
    bounds = {"lower": row.lower, "upper": row.upper}
    planned = expected_width("betting", row.n, variance=row.variance, **bounds)
    assert betting(x, **bounds).width.mean() == pytest.approx(planned, rel=0.25)
    for name in ("betting", "empirical-bernstein"):
        width = expected_width(name, row.n, variance=row.variance, **bounds)
        n = episodes_for_width(name, width, variance=row.variance, **bounds)
        assert n <= row.n
        assert expected_width(name, n, variance=row.variance, **bounds) <= width


def test_planned_bernstein_widths_are_the_formula_at_the_variance() -> None:
    x = np.random.default_rng(2).uniform(-1, 1, 500)
    variance = float(x.var(ddof=1))
    sides: list[tuple[Any, int]] = [("two-sided", 2), ("lower", 1)]
    for side, ends in sides:
        found = empirical_bernstein(x, lower=-1, upper=1, side=side)
        planned = expected_width(
            "empirical-bernstein", 500, lower=-1, upper=1, variance=variance, side=side
        )
        assert planned == pytest.approx(ends * (x.mean() - found.lower), rel=1e-9)
    # Two samples at both ends: their variance with n - 1 below is twice the largest.
    largest = expected_width("empirical-bernstein", 500, lower=-1, upper=1)
    assert largest == expected_width("empirical-bernstein", 500, lower=-1, upper=1, variance=2.0)


def test_plans_that_cannot_be() -> None:
    for width in (0.0, -1.0, math.nan, math.inf):
        with pytest.raises(InvalidSamples, match="the width is"):
            episodes_for_width("hoeffding", width, lower=0, upper=1)
    with pytest.raises(InvalidSamples, match="no plan for method 'student-t'"):
        episodes_for_width("student-t", 0.1, lower=0, upper=1)
    with pytest.raises(InvalidSamples, match="takes more than"):
        episodes_for_width("betting", 1e-12, lower=0, upper=1)
    for variance in (-0.1, 0.51, math.nan):
        with pytest.raises(InvalidSamples, match="the variance is"):
            expected_width("betting", 10, lower=0, upper=1, variance=variance)
    with pytest.raises(InvalidSamples, match="n is 0"):
        expected_width("betting", 0, lower=0, upper=1)
    with pytest.raises(InvalidSamples, match="bounds are"):
        expected_width("betting", 10, lower=1, upper=0)
    assert expected_width("betting", 10, lower=1, upper=1, variance=0.0) == 0.0
    assert episodes_for_width("betting", 0.1, lower=3, upper=3) == 1
    assert 0 < expected_width("betting", 10, lower=-8e307, upper=8e307) < math.inf
