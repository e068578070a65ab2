from __future__ import annotations

import math
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy import stats

from marl_bridge.intervals import (
    Interval,
    InvalidSamples,
    betting,
    betting_sequence,
    bootstrap,
    empirical_bernstein,
    empirical_bernstein_sequence,
    hoeffding,
    hoeffding_sequence,
    student_t,
)

FIXED = (hoeffding, empirical_bernstein, betting)
RUNNING = (hoeffding_sequence, empirical_bernstein_sequence, betting_sequence)

samples = st.lists(st.floats(0.0, 1.0), min_size=1, max_size=40)
finite = st.floats(allow_nan=False, allow_infinity=False)


@given(samples, st.floats(-5, 5), st.floats(0.125, 8))
def test_intervals_contain_the_mean_lie_within_the_bounds_and_move_with_them(
    x: list[float], low: float, width: float
) -> None:
    scaled = [low + width * value for value in x]
    for method in FIXED:
        unit = method(x, lower=0, upper=1)
        assert 0.0 <= unit.lower <= np.mean(x) + 1e-12
        assert np.mean(x) - 1e-12 <= unit.upper <= 1.0
        moved = method(scaled, lower=low, upper=low + width)
        assert moved.lower == pytest.approx(low + width * unit.lower, abs=1e-6)
        assert moved.upper == pytest.approx(low + width * unit.upper, abs=1e-6)


@given(samples)
def test_more_confidence_is_wider_and_mirrored_samples_mirror_the_interval(
    x: list[float],
) -> None:
    narrow, wide = (betting(x, lower=0, upper=1, confidence=c) for c in (0.8, 0.99))
    mirrored = betting([1.0 - value for value in x], lower=0, upper=1, confidence=0.8)
    assert mirrored.lower == pytest.approx(1.0 - narrow.upper, abs=1e-6)
    assert wide.width >= narrow.width - 0.05  # the bets differ, the order almost never does


def test_hoeffding_is_the_formula() -> None:
    radius = 4.0 * math.sqrt(math.log(2 / 0.1) / (2 * 1000))
    interval = hoeffding([1.0] * 500 + [-1.0] * 500, lower=-2, upper=2, confidence=0.9)
    assert interval.lower == pytest.approx(-radius)
    assert interval.upper == pytest.approx(radius)


def test_betting_excludes_exactly_the_means_whose_capital_reached_the_threshold() -> None:
    rng = np.random.default_rng(0)
    x = rng.beta(2, 5, 60)
    interval, n, threshold = betting(x, lower=0, upper=1), 60, 2 / 0.05

    def capital(m: float) -> float:
        """Equations (26) and (27) written out, sample by sample."""
        mean, variance, seen, squares = 0.5, 0.25, 0.0, 0.0
        up = down = best = 1.0
        for i, value in enumerate(x, start=1):
            bet = math.sqrt(2 * math.log(2 / 0.05) / (n * variance))
            up *= 1 + min(bet, 0.75 / m) * (value - m)
            down *= 1 - min(bet, 0.75 / (1 - m)) * (value - m)
            best = max(best, up, down)
            seen += value
            mean = (0.5 + seen) / (i + 1)
            squares += (value - mean) ** 2
            variance = (0.25 + squares) / (i + 1)
        return best

    for m in np.linspace(0.01, 0.99, 99):
        assert (capital(m) < threshold) == (m in interval), m
    assert capital(interval.lower) >= threshold * (1 - 1e-9)
    assert capital(interval.upper) >= threshold * (1 - 1e-9)


def test_betting_is_narrow_where_the_variance_is_small() -> None:
    x = np.random.default_rng(1).beta(10, 30, 1000)
    assert betting(x, lower=0, upper=1).width < 0.02 < hoeffding(x, lower=0, upper=1).width


@given(finite, finite, finite, st.integers(1, 30))
@example(0.0, 1e300, -1e300, 30)
@example(0.0, 5e-324, 0.0, 30)
@example(-1.7e308, 1.7e308, 1.6e308, 30)
@example(1e-300, 3e-300, 2e-300, 1)
@example(1.0, 1.0 + 2**-52, 1.0, 30)
def test_rounding_never_excludes_the_mean_of_constant_samples(
    a: float, b: float, c: float, n: int
) -> None:
    low, mean, high = sorted((a, b, c))
    for method in FIXED:
        interval = method([mean] * n, lower=low, upper=high)
        assert low <= interval.lower <= mean <= interval.upper <= high
    for method in RUNNING:
        interval = method([mean] * n, lower=low, upper=high)
        assert bool(interval.covers(mean).all())
        assert interval.lower.min() >= low
        assert interval.upper.max() <= high


@pytest.mark.parametrize("scale", [1e-300, 1e-160, 1.0, 1e160, 1e300])
@pytest.mark.parametrize("method", [*FIXED, *RUNNING])
def test_tiny_and_huge_payoffs_are_scaled_like_others(
    method: Callable[..., Interval], scale: float
) -> None:
    x = np.random.default_rng(3).integers(-1, 2, 200).astype(float)
    usual, moved = (
        method(x, lower=-1, upper=1),
        method(x * scale, lower=-scale, upper=scale),
    )
    assert np.allclose(np.divide(moved.lower, scale), usual.lower, rtol=0, atol=1e-9)
    assert np.allclose(np.divide(moved.upper, scale), usual.upper, rtol=0, atol=1e-9)


@pytest.mark.parametrize("method", [*FIXED, *RUNNING])
def test_many_means_at_once_are_each_as_alone(method: Callable[..., Interval]) -> None:
    rng = np.random.default_rng(4)
    lower, upper = np.array([0.0, -2.0, 5.0]), np.array([1.0, 3.0, 5.0])
    x = lower[:, None] + (upper - lower)[:, None] * rng.beta(1, 4, (3, 70))
    together = method(x, lower=lower, upper=upper, confidence=0.9)
    for row in range(3):
        alone = method(x[row], lower=lower[row], upper=upper[row], confidence=0.9)
        assert np.array_equal(together.lower[row], alone.lower)
        assert np.array_equal(together.upper[row], alone.upper)
    shared = method(x[:2], lower=-2, upper=3)
    assert np.array_equal(shared.lower[1], method(x[1], lower=-2, upper=3).lower)
    assert together.n == 70
    assert not together.heuristic


@pytest.mark.parametrize("method", [*FIXED, *RUNNING])
def test_one_side_has_the_whole_risk(method: Callable[..., Interval]) -> None:
    x = np.random.default_rng(5).beta(2, 3, 80)
    # 1 - 0.75 and 1 - 0.5 are exact: a quarter is half of a half.
    both = method(x, lower=0, upper=1, confidence=0.5)
    below = method(x, lower=0, upper=1, confidence=0.75, side="lower")
    above = method(x, lower=0, upper=1, confidence=0.75, side="upper")
    assert np.allclose(below.lower, both.lower, rtol=0, atol=1e-12)
    assert np.allclose(above.upper, both.upper, rtol=0, atol=1e-12)
    assert np.all(np.equal(below.upper, 1.0))
    assert np.all(np.equal(above.lower, 0.0))
    assert below.side == "lower"


def test_empirical_bernstein_is_the_formula() -> None:
    x = np.random.default_rng(6).uniform(-1, 3, 200)
    interval = empirical_bernstein(x, lower=-1, upper=3, confidence=0.9)
    log = math.log(4 / 0.1)  # ln(2 / d) with d = 0.05 for each end
    radius = math.sqrt(2 * np.var(x, ddof=1) * log / 200) + 7 * 4 * log / (3 * 199)
    assert interval.upper == pytest.approx(x.mean() + radius, rel=1e-12)
    assert interval.lower == pytest.approx(x.mean() - radius, rel=1e-12)
    one = empirical_bernstein([0.5], lower=0, upper=1)
    assert (one.lower, one.upper) == (0.0, 1.0)


@pytest.mark.parametrize("method", FIXED)
def test_single_constant_and_degenerate_samples(method: Callable[..., Interval]) -> None:
    assert method([0.5], lower=0, upper=1).width > 0.9
    for value in (0.0, 1.0):
        interval = method([value] * 200, lower=0, upper=1)
        assert value in interval
        assert interval.width < 0.1
    point = method([2.0, 2.0], lower=2, upper=2)
    assert (point.lower, point.upper) == (2.0, 2.0)


def test_student_t_agrees_with_scipy_and_knows_nothing_from_one_sample() -> None:
    x = np.random.default_rng(2).normal(size=30)
    interval = student_t(x, 0.9)
    expected = stats.ttest_1samp(x, 0.0).confidence_interval(0.9)
    assert (interval.lower, interval.upper) == pytest.approx((expected.low, expected.high))
    single = student_t([3.0])
    assert (single.lower, single.upper) == (-math.inf, math.inf)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([],), r"shape \(0,\).*play at least one episode"),
        (([[[1.0]]],), r"shape \(1, 1, 1\)"),
        (([0.5, math.nan],), "sample 1 is nan"),
        (([0.5, 1.5],), r"sample 1 is 1.5, outside the bounds \[0, 1\].*student_t"),
    ],
)
def test_wrong_samples_are_named(arguments: Any, message: str) -> None:
    for method in (*FIXED, *RUNNING):
        with pytest.raises(InvalidSamples, match=message):
            method(*arguments, lower=0, upper=1)


def test_wrong_bounds_and_confidence() -> None:
    with pytest.raises(InvalidSamples, match=r"bounds are \[1, 0\]"):
        betting([0.5], lower=1, upper=0)
    with pytest.raises(InvalidSamples, match="finite"):
        hoeffding([0.5], lower=0, upper=math.inf)
    with pytest.raises(InvalidSamples, match=r"lower\[1\], upper\[1\]"):
        betting([[0.5], [0.5]], lower=[0, 1], upper=[1, 0])
    with pytest.raises(InvalidSamples, match="samples of 3 means and bounds for 2"):
        hoeffding([[0.5]] * 3, lower=[0, 0], upper=1)
    with pytest.raises(InvalidSamples, match="shapes"):
        hoeffding([[0.5]] * 3, lower=[0, 0], upper=[1, 1, 1])
    with pytest.raises(InvalidSamples, match="side is 'left'"):
        hoeffding([0.5], lower=0, upper=1, side="left")  # type: ignore[arg-type]
    with pytest.raises(InvalidSamples, match="not numbers"):
        hoeffding(["a"], lower=0, upper=1)  # type: ignore[list-item]
    with pytest.raises(InvalidSamples, match="confidence is 'high'"):
        student_t([0.5], "high")  # type: ignore[arg-type]
    for confidence in (0.0, 1.0, 95):
        with pytest.raises(InvalidSamples, match=f"confidence is {confidence}"):
            student_t([0.5], confidence)
    assert issubclass(InvalidSamples, ValueError)


def test_bounds_forgive_the_rounding_of_sums_and_nothing_else() -> None:
    assert betting([0.1 + 0.2] * 10, lower=0, upper=0.3).upper <= 0.3
    for low, high, value in ((0.0, 1e-300, 1e-298), (1e9, 1e9 + 1, 1e9 + 1.01), (0, 1, 1 + 1e-8)):
        with pytest.raises(InvalidSamples, match="outside the bounds"):
            hoeffding([value], lower=low, upper=high)


def test_heuristics_say_so_and_bear_any_scale() -> None:
    x = np.random.default_rng(7).exponential(size=(2, 60))
    for method in (student_t, bootstrap):
        usual, huge, tiny = (method(x * scale) for scale in (1.0, 1e305, 1e-305))
        assert usual.heuristic
        assert np.allclose(huge.lower / 1e305, usual.lower)
        assert np.allclose(tiny.upper / 1e-305, usual.upper)
        below = method(x[0], side="lower", confidence=0.975)
        assert below.lower == pytest.approx(usual.lower[0], rel=1e-9)
        assert below.upper == math.inf
    with pytest.raises(InvalidSamples, match="resamples is 0"):
        bootstrap([1.0], resamples=0)


def test_bootstrap_agrees_with_scipy() -> None:
    x = np.random.default_rng(8).exponential(size=80)
    interval = bootstrap(x, resamples=20_000, seed=1)
    assert interval == bootstrap(x, resamples=20_000, seed=1)
    expected = stats.bootstrap(
        (x,), np.mean, n_resamples=20_000, method="percentile", rng=np.random.default_rng(2)
    ).confidence_interval
    # Standard error of a quantile of 20,000 resampled means: about 1.5% of the width.
    assert interval.lower == pytest.approx(expected.low, abs=0.03 * interval.width)
    assert interval.upper == pytest.approx(expected.high, abs=0.03 * interval.width)


def test_intervals_are_values() -> None:
    many = hoeffding([[0.5, 0.2], [0.1, 0.0]], lower=0, upper=1)
    again = pickle.loads(pickle.dumps(many))
    assert many == again
    assert hash(many) == hash(again)
    assert many != Interval(0.0, 1.0)
    assert many != "an interval"
    assert many.covers([0.3, 2.0]).tolist() == [True, False]
    assert [0.3, 2.0] not in many
    assert Interval(1.0, 2.0) == Interval(1.0, 2.0)
    assert Interval(1.0, 2.0).covers(2.0) is True
