from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from marl_bridge.intervals import Interval, InvalidSamples, betting, hoeffding, student_t

samples = st.lists(st.floats(0.0, 1.0), min_size=1, max_size=40)


@given(samples, st.floats(-5, 5), st.floats(0.125, 8))
def test_intervals_contain_the_mean_lie_within_the_bounds_and_move_with_them(
    x: list[float], low: float, width: float
) -> None:
    scaled = [low + width * value for value in x]
    for method in (hoeffding, betting):
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


@pytest.mark.parametrize("method", [hoeffding, betting])
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
    for method in (hoeffding, betting):
        with pytest.raises(InvalidSamples, match=message):
            method(*arguments, lower=0, upper=1)


def test_wrong_bounds_and_confidence() -> None:
    with pytest.raises(InvalidSamples, match=r"bounds are \[1, 0\]"):
        betting([0.5], lower=1, upper=0)
    with pytest.raises(InvalidSamples, match="finite"):
        hoeffding([0.5], lower=0, upper=math.inf)
    for confidence in (0.0, 1.0, 95):
        with pytest.raises(InvalidSamples, match=f"confidence is {confidence}"):
            student_t([0.5], confidence)
    assert issubclass(InvalidSamples, ValueError)


def test_bounds_forgive_the_rounding_of_sums() -> None:
    assert betting([0.1 + 0.2] * 10, lower=0, upper=0.3).upper <= 0.3


def _bernoulli(p: float) -> Callable[[np.random.Generator, int], Any]:
    return lambda rng, n: rng.binomial(1, p, n).astype(float)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("draw", "mean", "n", "widths"),
    [
        (_bernoulli(0.5), 0.5, 50, (0.384, 0.333)),
        (_bernoulli(0.02), 0.02, 50, (0.213, 0.124)),
        (lambda rng, n: rng.beta(10, 30, n), 0.25, 1000, (0.086, 0.012)),
    ],
)
def test_coverage_and_width(
    draw: Callable[[np.random.Generator, int], Any],
    mean: float,
    n: int,
    widths: tuple[float, float],
) -> None:
    """Nominal 95% intervals over 1,000 data sets cover, at about the widths of the literature.

    The comparison is figure 2 of Waudby-Smith and Ramdas (2024) at three of its distributions.
    """
    rng = np.random.default_rng(0)
    for method, width in zip((hoeffding, betting), widths, strict=True):
        found = [method(draw(rng, n), lower=0, upper=1) for _ in range(1000)]
        assert np.mean([mean in interval for interval in found]) >= 0.95
        assert np.mean([interval.width for interval in found]) == pytest.approx(width, rel=0.15)


@pytest.mark.slow
def test_student_t_does_not_cover_rare_payoffs() -> None:
    rng = np.random.default_rng(0)
    found = [student_t(_bernoulli(0.02)(rng, 50)) for _ in range(1000)]
    assert np.mean([0.02 in interval for interval in found]) < 0.75
